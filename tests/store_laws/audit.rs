//! The audit trail only grows, and what was read is on it before anybody sees it.

use medilink_application::ports::AuditLog;
use medilink_domain::audit::{AuditEntry, Outcome};
use medilink_persistence::GroupedAuditLog;
use medilink_tests::{TestDatabase, on_both_databases};

use super::clinic::{Clinic, an_entry};

on_both_databases! {
    nobody_changes_or_deletes_an_entry,
    recorded_entries_are_all_kept,
    a_recorder_who_leaves_harms_no_other,
}

async fn nobody_changes_or_deletes_an_entry(database: TestDatabase) {
    let clinic = Clinic::on(database).await;
    let raw = clinic.database.raw().await;

    let mut attempts = vec![
        "UPDATE audit_entries SET outcome = 'failed'",
        "DELETE FROM audit_entries",
        "UPDATE audit_entries SET at = at",
    ];
    if clinic.database.is_postgres() {
        attempts.push("TRUNCATE audit_entries");
    }
    if clinic.database.is_postgres() {
        attempts.push("INSERT INTO audit_entries SELECT * FROM audit_entries ON CONFLICT (id) DO UPDATE SET outcome = 'failed'");
    } else {
        attempts.push("REPLACE INTO audit_entries SELECT * FROM audit_entries");
    }
    for attempt in attempts {
        let refused = raw.execute(attempt).await.unwrap_err().to_string();
        assert!(refused.contains("only grows"), "{refused}");
    }
    assert_eq!(raw.count("SELECT count(*) FROM audit_entries").await, 1);
}

async fn recorded_entries_are_all_kept(database: TestDatabase) {
    let clinic = Clinic::on(database).await;
    let log = GroupedAuditLog::start(clinic.store.clone());

    let records = (0..300).map(|_| log.record(refused()));
    let kept = futures_util::future::join_all(records).await;

    assert!(kept.iter().all(Result::is_ok));
    let raw = clinic.database.raw().await;
    let refusals = "SELECT count(*) FROM audit_entries WHERE outcome = 'denied'";
    assert_eq!(raw.count(refusals).await, 300);
}

async fn a_recorder_who_leaves_harms_no_other(database: TestDatabase) {
    let clinic = Clinic::on(database).await;
    let log = GroupedAuditLog::start(clinic.store.clone());

    for _ in 0..20 {
        let impatient = tokio::time::timeout(std::time::Duration::ZERO, log.record(refused()));
        let (_, patient) = tokio::join!(impatient, log.record(refused()));
        patient.unwrap();
    }
}

fn refused() -> AuditEntry {
    AuditEntry { outcome: Outcome::Denied, ..an_entry() }
}
