//! The program on PostgreSQL, signed in as somebody who owns nothing.

use medilink_tests::app::PASSWORD;
use medilink_tests::{LeastRights, Program};

use super::command_line::run;
use super::start::people;

#[actix_web::test]
async fn with_the_rights_that_the_page_gives_the_program_serves_and_cannot_touch_the_trail() {
    let rights = LeastRights::granted().await;
    let database = rights.program();
    let create = ["admin", "create", "--username", "root", "--email", "root@example.org"];
    run(&database, &[&create[..], &["--password-stdin"]].concat(), Some(PASSWORD));
    let mut server = Program::serve(&database);

    let admin = server.unknown().logs_in("root", PASSWORD).await;
    let (doctor, patient) = people(&server).await;
    patient.books(&doctor, "2030-01-07T09:00:00Z").await.created();
    assert_eq!(patient.get("/api/v1/appointments?count=true").await.ok()["total"], 1);
    let booked = "/api/v1/audit?action=book_appointment&count=true";
    assert_eq!(admin.get(booked).await.ok()["total"], 1);
    assert_eq!(server.unknown().get("/health/ready").await.ok()["status"], "ok");
    // A stop seals what is there.
    assert_eq!(server.stop(), Some(0));
    let verified = Program::command(&database).args(["audit", "verify"]).output().unwrap();
    let said = String::from_utf8_lossy(&verified.stdout);
    assert!(verified.status.success() && said.contains("; 0 wait for their seals"), "{said}");

    let raw = database.raw().await;
    let entries = raw.count("SELECT count(*) FROM audit_entries").await;
    let seals = raw.count("SELECT count(*) FROM audit_seals").await;
    assert!(5 < entries && entries == seals, "{entries} {seals}");
    for (attempt, refusal) in [
        ("UPDATE {table} SET {column} = {column}", "permission denied"),
        ("DELETE FROM {table}", "permission denied"),
        ("TRUNCATE {table}", "permission denied"),
        ("ALTER TABLE {table} DISABLE TRIGGER USER", "must be owner"),
        ("DROP TRIGGER {table}_only_grow ON {table}", "must be owner"),
        ("DROP TABLE {table}", "must be owner"),
    ] {
        for (table, column) in [("audit_entries", "at"), ("audit_seals", "sealed_at")] {
            let attempt = attempt.replace("{table}", table).replace("{column}", column);
            let refused = raw.execute(&attempt).await.unwrap_err().to_string();
            assert!(refused.contains(refusal), "{attempt}: {refused}");
        }
    }
    for attempt in ["DELETE FROM seaql_migrations", "CREATE TABLE something (id integer)"] {
        let refused = raw.execute(attempt).await.unwrap_err().to_string();
        assert!(refused.contains("permission denied"), "{attempt}: {refused}");
    }
    assert_eq!(raw.count("SELECT count(*) FROM audit_entries").await, entries);

    raw.0.close().await.unwrap();
    rights.revoke().await;
}

/// Whoever only verifies needs to read, and nothing else.
#[actix_web::test]
async fn a_role_that_may_only_read_verifies_the_trail() {
    let rights = LeastRights::granted().await;
    let (owner, program) = (rights.owner(), rights.program());
    let mut server = Program::serve(&program);
    people(&server).await;
    assert_eq!(server.stop(), Some(0));
    let raw = owner.raw().await;
    let verifier = program.name();
    let revoke =
        format!("REVOKE INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public FROM {verifier}");
    raw.execute(&revoke).await.unwrap();
    raw.0.close().await.unwrap();

    let verified = Program::command(&program).args(["audit", "verify"]).output().unwrap();

    let said = String::from_utf8_lossy(&verified.stdout);
    assert!(verified.status.success() && said.contains("medilink-audit-1:1:"), "{said}");
    rights.revoke().await;
}
