//! Who may use what.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

use serde_json::Value;

/// The direct dependencies that each crate may have. Only `persistence` and `migrations` reach
/// sea-orm, only `security` the cryptography, and the adapters do not see each other.
const ALLOWED: &[(&str, &[&str])] = &[
    (
        "medilink-domain",
        &[
            "chrono",
            "email_address",
            "jiff",
            "serde",
            "sha2",
            "strsim",
            "thiserror",
            "unicode-normalization",
            "utoipa",
            "uuid",
        ],
    ),
    (
        "medilink-application",
        &[
            "async-trait",
            "chrono",
            "medilink-domain",
            "mockall",
            "serde",
            "thiserror",
            "utoipa",
            "uuid",
        ],
    ),
    ("medilink-migrations", &["sea-orm-migration"]),
    (
        "medilink-persistence",
        &[
            "async-trait",
            "chrono",
            "medilink-application",
            "medilink-domain",
            "medilink-migrations",
            "rusqlite",
            "sea-orm",
            "sea-query-sqlx",
            "thiserror",
            "tokio",
            "tracing",
            "uuid",
        ],
    ),
    (
        "medilink-security",
        &[
            "argon2",
            "async-trait",
            "base64",
            "chrono",
            "getrandom",
            "hmac",
            "jsonwebtoken",
            "medilink-application",
            "medilink-domain",
            "serde",
            "sha2",
            "subtle",
            "thiserror",
            "thread-priority",
            "tokio",
            "uuid",
        ],
    ),
    (
        "medilink-http",
        &[
            "actix-cors",
            "actix-web",
            "futures-util",
            "governor",
            "ipnet",
            "medilink-application",
            "medilink-domain",
            "serde",
            "serde_json",
            "sha2",
            "thiserror",
            "tokio",
            "tracing",
            "utoipa",
            "utoipa-actix-web",
            "utoipa-swagger-ui",
            "uuid",
        ],
    ),
    (
        "medilink-server",
        &[
            "actix-web",
            "base64",
            "chrono",
            "clap",
            "dotenvy",
            "getrandom",
            "medilink-application",
            "medilink-domain",
            "medilink-http",
            "medilink-persistence",
            "medilink-security",
            "mimalloc",
            "rpassword",
            "strsim",
            "thiserror",
            "tokio",
            "tracing",
            "tracing-subscriber",
        ],
    ),
    ("medilink-yardstick", &["actix-web"]),
];

/// The licences under which the program may be given away with everything in it.
const LICENCES: &[&str] = &[
    "0BSD",
    "Apache-2.0",
    "Apache-2.0 WITH LLVM-exception",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "BSL-1.0",
    "CC0-1.0",
    "CDLA-Permissive-2.0",
    "ISC",
    "MIT",
    "MIT-0",
    "OpenSSL",
    "Unicode-3.0",
    "Unlicense",
    "Zlib",
];

#[test]
fn each_crate_uses_only_what_it_may() {
    let metadata = metadata();
    let used: BTreeMap<&str, BTreeSet<&str>> = metadata["packages"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|package| package["source"].is_null())
        .map(|package| {
            let normal = package["dependencies"].as_array().unwrap().iter();
            let normal = normal.filter(|dependency| dependency["kind"].is_null());
            let names = normal.map(|dependency| dependency["name"].as_str().unwrap());
            (package["name"].as_str().unwrap(), names.collect())
        })
        .filter(|(name, _)| *name != "medilink-tests")
        .collect();

    assert_eq!(used.len(), ALLOWED.len(), "a crate is missing from the list, or gone");
    for (name, allowed) in ALLOWED {
        let unexpected: Vec<_> =
            used[name].iter().filter(|dependency| !allowed.contains(dependency)).collect();
        assert!(unexpected.is_empty(), "{name} must not use {unexpected:?}");
        let unused: Vec<_> =
            allowed.iter().filter(|dependency| !used[name].contains(*dependency)).collect();
        assert!(unused.is_empty(), "{name} no longer uses {unused:?}: take it off the list");
    }
}

#[test]
fn every_licence_in_the_tree_is_on_the_list() {
    let metadata = metadata();
    let mut refused = Vec::new();
    for package in metadata["packages"].as_array().unwrap() {
        let licence = package["license"].as_str().unwrap_or("none");
        if !is_allowed(licence) {
            refused.push(format!("{}: {licence}", package["name"]));
        }
    }
    assert!(refused.is_empty(), "{refused:#?}");
}

/// Tells whether one of the alternatives has only licences on the list.
fn is_allowed(licence: &str) -> bool {
    let licence = licence.replace('/', " OR ").replace(['(', ')'], "");
    licence
        .split(" OR ")
        .any(|choice| choice.split(" AND ").all(|one| LICENCES.contains(&one.trim())))
}

fn metadata() -> Value {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .args(["metadata", "--format-version", "1", "--locked"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}
