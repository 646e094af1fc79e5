//! How SQL is written.

use std::fs;
use std::path::Path;

/// A statement that selects all columns changes its meaning when one is added, and running programs
/// have prepared it before: PostgreSQL then refuses it, and a worker of SQLite panics.
#[test]
fn no_statement_selects_all_columns() {
    let mut found = Vec::new();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../crates/persistence/src");
    for file in fs::read_dir(folder).unwrap() {
        let path = file.unwrap().path();
        if path.is_dir() {
            continue; // the rows, which have no SQL
        }
        for (number, line) in fs::read_to_string(&path).unwrap().lines().enumerate() {
            let line = line.to_lowercase();
            if line.contains(".*") || line.contains("select *") || line.contains("returning *") {
                found.push(format!("{}:{}", path.display(), number + 1));
            }
        }
    }
    assert_eq!(found, Vec::<String>::new(), "name the columns");
}
