//! The documents that are printed from the code are what the code would print, and the tests that
//! the others name are there.

use std::fmt::Write;
use std::fs;
use std::path::PathBuf;

/// With this variable set, the documents are written instead of compared: `make docs`.
const WRITE: &str = "MEDILINK_TEST_WRITE_DOCS";

#[test]
fn the_page_of_problems_is_current() {
    let mut page = "# Problems\n\nFor those who write clients. Every answer that is not what was \
        asked for has the shape of RFC 9457, `application/problem+json`; programs switch on its \
        `code`. The list is closed, and printed by `make docs`.\n\n\
        | status | code | meaning |\n|---|---|---|\n"
        .to_owned();
    for kind in medilink_http::catalogue() {
        writeln!(page, "| {} | `{}` | {} |", kind.status, kind.code, kind.meaning).unwrap();
    }
    is_current("docs/errors.md", &page);
}

#[test]
fn the_page_of_the_policy_is_current() {
    let page = format!(
        "# Who may do what\n\nFor those who decide it. A row is an action, a column a role and how \
        the person stands to the patient or the record: it is their **own** (as the doctor whom it \
        names, or as the patient **self**), they **care** for the patient, they are the \
        **creator** of the patient's record or of the doctor's entry, or **none** of these. The best relation counts. \
        ✔ allowed, ✘ refused (403), · hidden (404). A list shows what its reader may read one by one, \
        and a doctor acts in their own name alone: books with themself, for example. The last two columns say what is open to people whom no \
        administrator has approved yet, and what shows a patient's data, which is on the audit \
        trail even if nothing is changed. Printed by `make docs`.\n\n{}",
        medilink_domain::policy::table()
    );
    is_current("docs/policy.md", &page);
}

#[test]
fn the_openapi_document_is_current() {
    let document = medilink_http::openapi().to_pretty_json().unwrap();
    is_current("docs/openapi.json", &format!("{document}\n"));
}

#[test]
fn every_test_that_a_page_names_is_there() {
    for page in ["docs/security.md", "docs/testing.md"] {
        let text = fs::read_to_string(at(page)).unwrap();
        let named = named_tests(&text);
        assert!(50 < named.len(), "{page} names {} tests; are they still read right?", named.len());
        let missing: Vec<_> = named
            .iter()
            .filter(|(file, test)| {
                !fs::read_to_string(at(file)).is_ok_and(|code| is_test(&code, test))
            })
            .map(|(file, test)| format!("{file}::{test}"))
            .collect();
        assert!(missing.is_empty(), "{page} names tests that are not there: {missing:#?}");
    }
}

/// Returns the file and the name of each test that a page names. Within the last cell of a row, a
/// name without a path is in the file that was named last.
fn named_tests(page: &str) -> Vec<(String, &str)> {
    let is_name = |span: &str| {
        let of_a_name = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
        span.contains('_') && span.chars().all(of_a_name)
    };
    let mut named = Vec::new();
    let mut last = String::new();
    for line in page.lines() {
        let row = line.strip_suffix('|').filter(|line| line.starts_with('|'));
        let cell = row.and_then(|row| row.rsplit('|').next());
        for span in cell.unwrap_or(line).split('`').skip(1).step_by(2) {
            if let Some((file, test)) = span.split_once(".rs::") {
                last = format!("{file}.rs");
                named.push((last.clone(), test));
            } else if cell.is_some() && is_name(span) {
                named.push((last.clone(), span));
            }
        }
    }
    named
}

/// Tells whether a file has a test of a name: marked as one, or run on both databases.
fn is_test(code: &str, name: &str) -> bool {
    let Some((before, _)) = code.split_once(&format!("fn {name}(")) else { return false };
    let above = before.rsplit('\n').skip(1).map(str::trim);
    let is_marked =
        above.take_while(|line| line.starts_with("#[")).any(|line| line.contains("test"));
    let both = code.split_once("on_both_databases! {").and_then(|(_, list)| list.split_once('}'));
    let is_on_both = both.is_some_and(|(list, _)| list.split(',').any(|test| test.trim() == name));
    is_marked || is_on_both
}

fn at(path: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("..").join(path)
}

fn is_current(path: &str, expected: &str) {
    let path = at(path);
    if std::env::var_os(WRITE).is_some() {
        fs::write(&path, expected).unwrap();
    }
    let written = fs::read_to_string(&path).unwrap_or_default();
    assert!(written == expected, "{} is stale; `make docs` prints it anew", path.display());
}
