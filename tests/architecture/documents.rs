//! The documents that are printed from the code are what the code would print.

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
        **creator** of the patient's record, or **none** of these. The best relation counts. \
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

fn is_current(path: &str, expected: &str) {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("..").join(path);
    if std::env::var_os(WRITE).is_some() {
        fs::write(&path, expected).unwrap();
    }
    let written = fs::read_to_string(&path).unwrap_or_default();
    assert!(written == expected, "{} is stale; `make docs` prints it anew", path.display());
}
