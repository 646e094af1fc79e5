//! `medilink audit verify`, as an operator calls it.

use std::process::Output;
use std::sync::atomic::{AtomicU32, Ordering};

use medilink_tests::{Program, TestDatabase, on_both_databases};
use serde_json::json;

on_both_databases! {
    a_trail_is_verified_while_it_is_in_use_and_after_a_stop_and_a_kill,
    a_trail_that_was_tampered_with_is_named_and_ends_with_code_1,
}

fn verify(database: &TestDatabase, words: &[&str]) -> Output {
    Program::command(database).args(["audit", "verify"]).args(words).output().unwrap()
}

fn said(output: &Output) -> String {
    let [out, err] = [&output.stdout, &output.stderr].map(|it| String::from_utf8_lossy(it));
    format!("{out}{err}")
}

/// Returns what is printed of a trail that is whole: how many are sealed, and the checkpoint.
fn whole(output: &Output) -> (u64, String) {
    assert_eq!(output.status.code(), Some(0), "{}", said(output));
    let out = String::from_utf8_lossy(&output.stdout).into_owned();
    let sealed = out.split(' ').next().unwrap().parse().unwrap();
    (sealed, out.lines().last().unwrap().to_owned())
}

/// Registers somebody new, and has them read their record.
async fn somebody_reads(server: &Program) {
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    let email = format!("patient{number}@example.org");
    let body = json!({"email": email, "password": "correct horse", "role": "patient"});
    let patient = server.unknown().registers(body).await;
    patient.get(&format!("/api/v1/patients/{}", patient.patient_id())).await.ok();
}

async fn a_trail_is_verified_while_it_is_in_use_and_after_a_stop_and_a_kill(
    database: TestDatabase,
) {
    let raw = database.raw().await;
    let entries = async || raw.count("SELECT count(*) FROM audit_entries").await.unsigned_abs();
    let mut server = Program::serve(&database);
    somebody_reads(&server).await;
    whole(&verify(&database, &[]));

    // A stop seals what is there.
    assert_eq!(server.stop(), Some(0));
    let (sealed, checkpoint) = whole(&verify(&database, &[]));
    assert_eq!(sealed, entries().await);
    assert!(checkpoint.starts_with("medilink-audit-1:1:"), "{checkpoint}");

    // What a kill leaves unsealed waits for the next start.
    let mut server = Program::serve(&database);
    somebody_reads(&server).await;
    server.kill();
    whole(&verify(&database, &["--checkpoint", &checkpoint]));
    assert_eq!(Program::serve(&database).stop(), Some(0));

    let file = database.folder().join("checkpoint");
    std::fs::write(&file, format!("as it was printed\n{checkpoint}\n")).unwrap();
    let (sealed, _) = whole(&verify(&database, &["--checkpoint-file", file.to_str().unwrap()]));
    assert_eq!(sealed, entries().await);
}

async fn a_trail_that_was_tampered_with_is_named_and_ends_with_code_1(database: TestDatabase) {
    let mut server = Program::serve(&database);
    somebody_reads(&server).await;
    server.stop();
    let (_, checkpoint) = whole(&verify(&database, &[]));
    let raw = database.raw().await;
    if database.is_postgres() {
        raw.execute("ALTER TABLE audit_entries DISABLE TRIGGER USER").await.unwrap();
        raw.execute("ALTER TABLE audit_seals DISABLE TRIGGER USER").await.unwrap();
    } else {
        for guard in ["audit_entries_keep", "audit_seals_stay"] {
            raw.execute(&format!("DROP TRIGGER {guard}")).await.unwrap();
        }
    }

    raw.execute("DELETE FROM audit_seals").await.unwrap();
    let cut = verify(&database, &["--checkpoint", &checkpoint]);
    assert_eq!(cut.status.code(), Some(1));
    let words = said(&cut);
    assert!(
        words.contains("was never sealed") && words.contains("of the checkpoint is gone"),
        "{words}"
    );
    assert!(!words.contains("medilink-audit-1:"), "nobody is given a checkpoint of that: {words}");

    for (words, remedy) in [
        (["--checkpoint", "medilink-audit-1:1"], "give a whole checkpoint"),
        (["--checkpoint-file", "nowhere"], "cannot read nowhere"),
    ] {
        let refused = verify(&database, &words);
        assert_eq!(refused.status.code(), Some(2));
        assert!(said(&refused).contains(remedy), "{}", said(&refused));
    }
}

#[actix_web::test]
async fn a_database_that_is_not_there_is_not_taken_for_an_empty_one() {
    let database = TestDatabase::empty(false);

    let refused = verify(&database, &[]);

    assert_eq!(refused.status.code(), Some(1));
    assert!(said(&refused).contains("medilink.db"), "{}", said(&refused));
    assert_eq!(std::fs::read_dir(database.folder()).unwrap().count(), 0);
}
