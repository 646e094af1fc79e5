//! What is mounted is what the OpenAPI document says.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

#[test]
fn every_handler_is_an_operation_of_the_document() {
    let mut handlers = BTreeSet::new();
    let api = Path::new(env!("CARGO_MANIFEST_DIR")).join("../crates/http/src/api");
    for file in files_in(&api) {
        let source = fs::read_to_string(file).unwrap();
        for line in source.lines() {
            for method in ["get", "post", "put", "patch", "delete"] {
                if let Some(path) = line.strip_prefix(&format!("#[{method}(\"")) {
                    handlers.insert((method.to_owned(), path.trim_end_matches("\")]").to_owned()));
                }
            }
        }
        assert!(!source.contains(".route("), "a route that the document does not see");
    }

    let document = serde_json::to_value(medilink_http::openapi()).unwrap();
    let mut operations = BTreeSet::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        let path = path.strip_prefix("/api/v1").unwrap_or(path);
        for method in item.as_object().unwrap().keys().filter(|key| *key != "parameters") {
            operations.insert((method.clone(), path.to_owned()));
        }
    }
    assert_eq!(handlers, operations);
}

/// Returns the files in a folder, however deep.
fn files_in(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { files_in(&path) } else { vec![path] }).collect()
}
