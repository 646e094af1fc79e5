//! What a start in production refuses, what it switches on, and what is said of that beforehand.

use std::process::Command;

use medilink_tests::{Program, TestDatabase};
use reqwest::Method;
use serde_json::json;

/// Prepares a call of the program in production.
fn production(database: &TestDatabase) -> Command {
    let mut command = Program::command(database);
    command.env("MEDILINK_PROFILE", "production").env("MEDILINK_BIND", "127.0.0.1:0");
    command
}

/// Runs the program; returns its exit code, its output and what it complains of.
fn run(mut command: Command) -> (Option<i32>, String, String) {
    let output = command.output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (output.status.code(), text(&output.stdout), text(&output.stderr))
}

/// Checks the settings; returns the exit code, what is wrong and what is well, each by its name.
fn check(mut command: Command) -> (Option<i32>, Vec<String>, Vec<String>) {
    command.args(["config", "check"]);
    let (code, output, _) = run(command);
    let named = |verdict: &str| -> Vec<String> {
        let lines = output.lines().filter_map(|line| line.strip_prefix(verdict));
        lines.map(|line| line.trim().split(':').next().unwrap().to_owned()).collect()
    };
    (code, named("wrong "), named("ok "))
}

#[actix_web::test]
async fn production_does_not_start_without_a_name_or_open_to_every_page() {
    let database = TestDatabase::empty(false);
    let mut command = production(&database);
    command
        .env("MEDILINK_BIND", "0.0.0.0:0")
        .env("MEDILINK_CORS_ALLOWED_ORIGINS", "https://app.example.org, *")
        .arg("serve");

    let (code, _, complaints) = run(command);

    assert_eq!(code, Some(2), "{complaints}");
    let lines: Vec<_> = complaints.lines().collect();
    assert_eq!(lines.len(), 2, "{complaints}");
    assert!(lines[0].contains("MEDILINK_ALLOWED_HOSTS") && lines[0].contains("clinic.example.org"));
    assert!(lines[1].contains("MEDILINK_CORS_ALLOWED_ORIGINS"), "{complaints}");
    assert!(!database.folder().join("medilink.db").exists(), "nothing is made before");
}

#[actix_web::test]
async fn production_limits_sign_ins_and_means_what_it_says() {
    let database = TestDatabase::sqlite().await;
    let mut command = production(&database);
    command.arg("serve");
    let server = Program::start(command);
    let nobody = server.unknown();
    // Each attempt at another account, none of which has to wait for itself.
    let log_in = async |number| {
        let body = json!({"username": format!("nobody{number}"), "password": "not the password"});
        nobody.post("/api/v1/auth/login", body).await
    };

    let mut failed = 0;
    let refused = loop {
        let answer = log_in(failed).await;
        if answer.status == 429 {
            break answer.problem(429, "rate-limited");
        }
        assert_ne!(answer.header("strict-transport-security"), "");
        let _ = answer.problem(401, "wrong-credentials");
        failed += 1;
    };

    assert!(30 <= failed, "{failed} were answered");
    assert_eq!(refused.header("ratelimit-policy"), "\"sign-in\";q=30;w=60");
    let seconds = refused.header("retry-after").parse().unwrap();
    assert!((1..=3).contains(&seconds), "{seconds}");
    tokio::time::sleep(std::time::Duration::from_secs(seconds)).await;
    let _ = log_in(1000).await.problem(401, "wrong-credentials");
}

#[actix_web::test]
async fn development_counts_nothing_and_lets_a_page_on_this_machine_in() {
    let database = TestDatabase::sqlite().await;
    let server = Program::serve(&database);

    let headers = [("origin", "http://localhost:3000")];
    let answer = server.unknown().send(Method::GET, "/api/v1/doctors", &headers, None).await;

    let answer = answer.with_status(401);
    assert_eq!(answer.header("ratelimit"), "");
    assert_eq!(answer.header("strict-transport-security"), "");
    assert_eq!(answer.header("access-control-allow-origin"), "http://localhost:3000");
}

#[actix_web::test]
async fn good_settings_are_all_well_and_nothing_is_made() {
    let database = TestDatabase::empty(false);
    let mut reachable = production(&database);
    reachable
        .env("MEDILINK_BIND", "0.0.0.0:8000")
        .env("MEDILINK_ALLOWED_HOSTS", "clinic.example.org");

    for command in [production(&database), reachable] {
        let (code, wrong, ok) = check(command);
        assert_eq!((code, wrong), (Some(0), vec![]));
        for name in ["MEDILINK_BIND", "MEDILINK_DATABASE_URL", "MEDILINK_SECRET_KEY"] {
            assert!(ok.contains(&name.to_owned()), "{ok:?}");
        }
    }
    assert_eq!(std::fs::read_dir(database.folder()).unwrap().count(), 0);
}

#[actix_web::test]
async fn each_thing_that_production_refuses_is_a_finding() {
    let database = TestDatabase::empty(false);
    let demo = TestDatabase::empty(false);
    let mut filled = Program::command(&demo);
    filled.args(["serve", "--demo", "--bind", "127.0.0.1:0"]);
    let mut server = Program::start(filled);

    for (name, value, finding) in [
        ("MEDILINK_PROFILE", "development", "MEDILINK_PROFILE"),
        ("MEDILINK_BIND", "0.0.0.0:8000", "MEDILINK_ALLOWED_HOSTS"),
        ("MEDILINK_BIND", "nowhere", "MEDILINK_BIND"),
        ("MEDILINK_CORS_ALLOWED_ORIGINS", "*", "MEDILINK_CORS_ALLOWED_ORIGINS"),
        ("MEDILINK_SECRET_KEY", "", "MEDILINK_SECRET_KEY"),
        ("MEDILINK_SECRET_KEY", "short", "MEDILINK_SECRET_KEY"),
        ("MEDILINK_SECRET_KEY", &"ab".repeat(40), "MEDILINK_SECRET_KEY"),
        ("MEDILINK_SECRET_KEY", &"12345678".repeat(4), "MEDILINK_SECRET_KEY"),
        ("MEDILINK_SECRET_KEY", "change-me-please: 8f3k2l9x0qpvbn", "MEDILINK_SECRET_KEY"),
        ("MEDILINK_SECRET_KEY_ALSO_VALID", "short", "MEDILINK_SECRET_KEY_ALSO_VALID"),
        ("MEDILINK_DATABASE_URL", demo.url(), "MEDILINK_DATABASE_URL"),
        ("MEDILINK_HOSTS", "x", "MEDILINK_HOSTS"),
    ] {
        let mut command = production(&database);
        command.env(name, value);
        let (code, wrong, ok) = check(command);
        assert_eq!((code, wrong), (Some(2), vec![finding.to_owned()]), "{name}");
        assert!(!ok.contains(&finding.to_owned()), "{name}");
    }
    server.kill();
    let mut stopped = production(&demo);
    stopped.env("MEDILINK_SECRET_KEY", "short").env("MEDILINK_CORS_ALLOWED_ORIGINS", "*");
    let (_, wrong, _) = check(stopped);
    assert_eq!(wrong.len(), 3, "{wrong:?}");
}

#[actix_web::test]
async fn the_first_administrator_is_checked_until_there_has_been_one() {
    let database = TestDatabase::sqlite().await;
    let file = database.folder().join("password");
    let checked = |password: Option<&str>| {
        match password {
            Some(password) => std::fs::write(&file, password).unwrap(),
            None => std::fs::remove_file(&file).unwrap_or_default(),
        }
        let mut command = production(&database);
        command
            .env("MEDILINK_ADMIN_USERNAME", "root")
            .env("MEDILINK_ADMIN_EMAIL", "root@example.org")
            .env("MEDILINK_ADMIN_PASSWORD_FILE", &file);
        check(command)
    };

    for refused in [None, Some("short"), Some("root@example.org"), Some("admin123")] {
        let (code, wrong, _) = checked(refused);
        let named = vec!["MEDILINK_ADMIN_PASSWORD_FILE".to_owned()];
        assert_eq!((code, wrong), (Some(2), named), "{refused:?}");
    }
    assert_eq!(checked(Some("correct horse")).0, Some(0));
    let create = ["admin", "create", "--username", "root", "--email", "root@example.org"];
    let made = super::command_line::run(
        &database,
        &[&create[..], &["--password-stdin"]].concat(),
        Some("correct horse"),
    );
    assert!(made.status.success());
    // Nobody reads the file any more, and it may be gone.
    assert_eq!(checked(None).0, Some(0));
}

#[actix_web::test]
async fn a_database_is_looked_at_and_not_touched() {
    let migrated = TestDatabase::sqlite().await;
    let path = migrated.folder().join("medilink.db");
    let before =
        (std::fs::read(&path).unwrap(), std::fs::read_dir(migrated.folder()).unwrap().count());

    let (code, wrong, _) = check(production(&migrated));

    assert_eq!((code, wrong), (Some(0), vec![]));
    let after =
        (std::fs::read(&path).unwrap(), std::fs::read_dir(migrated.folder()).unwrap().count());
    assert!(before == after, "the file, or what lies beside it, has changed");

    let postgres = TestDatabase::postgres().await;
    assert_eq!(check(production(&postgres)).0, Some(0));
    let unmigrated = TestDatabase::empty(true);
    let (code, wrong, _) = check(production(&unmigrated));
    assert_eq!((code, wrong), (Some(2), vec!["MEDILINK_DATABASE_URL".to_owned()]));
}
