//! The audit trail only grows, and what was read is on it before anybody sees it.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Arc;

use medilink_application::audit::AuditSelection;
use medilink_application::page::{Limit, Stretch};
use medilink_application::ports::{AuditLog, RefusalCounter};
use medilink_application::store::Store;
use medilink_application::testing::{FixedClock, NOW, at};
use medilink_domain::audit::{AuditEntry, Outcome};
use medilink_domain::checkpoint::Checkpoint;
use medilink_domain::id::{AppointmentId, AuditEntryId};
use medilink_domain::record::Record;
use medilink_persistence::{GroupedAuditLog, RefusalLog, Sealer, inspect};
use medilink_security::SystemIds;
use medilink_tests::{TestDatabase, on_both_databases};

use super::clinic::{Clinic, an_entry, new_id};

on_both_databases! {
    nobody_changes_or_deletes_an_entry,
    recorded_entries_are_all_kept,
    a_recorder_who_leaves_harms_no_other,
    what_was_counted_is_written_down_before_the_end,
    what_a_record_has_to_do_with_is_found_whether_it_names_the_patient_or_not,
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
    let log = GroupedAuditLog::start(&clinic.store);

    let records = (0..300).map(|_| log.record(refused()));
    let kept = futures_util::future::join_all(records).await;

    assert!(kept.iter().all(Result::is_ok));
    let raw = clinic.database.raw().await;
    let refusals = "SELECT count(*) FROM audit_entries WHERE outcome = 'denied'";
    assert_eq!(raw.count(refusals).await, 300);
}

async fn a_recorder_who_leaves_harms_no_other(database: TestDatabase) {
    let clinic = Clinic::on(database).await;
    let log = GroupedAuditLog::start(&clinic.store);

    for _ in 0..20 {
        let impatient = tokio::time::timeout(std::time::Duration::ZERO, log.record(refused()));
        let (_, patient) = tokio::join!(impatient, log.record(refused()));
        patient.unwrap();
    }
}

async fn what_was_counted_is_written_down_before_the_end(database: TestDatabase) {
    let clinic = Clinic::on(database).await;
    let (clock, ids) = (Arc::new(FixedClock(at(NOW))), Arc::new(SystemIds));
    let log = RefusalLog::new(clinic.store.clone(), clock.clone(), ids.clone());
    let running = log.start();
    // More than fit into one unit of work, and addresses of both versions.
    for number in 0..600_u16 {
        let [a, b] = number.to_be_bytes();
        log.count(Some(IpAddr::from([192, 0, a, b])), at(NOW));
    }
    for _ in 0..7 {
        log.count("2001:db8::7".parse().ok(), at(NOW));
        log.count(None, at(NOW));
    }

    running.stop().await;
    Sealer::new(clinic.store.clone(), clock, ids).finish().await;

    let raw = clinic.database.raw().await;
    let written =
        "SELECT count(*) FROM audit_entries WHERE action = 'authenticate' AND outcome = 'failed'";
    assert_eq!(raw.count(&format!("{written} AND count = 1")).await, 600);
    assert_eq!(raw.count(&format!("{written} AND count = 7")).await, 2);
    assert_eq!(raw.count(&format!("{written} AND address = '2001:db8::7'")).await, 1);
    let url = clinic.database.parsed_url();
    let found = inspect(&url, &Checkpoint::default(), |_| {}).await.unwrap();
    assert_eq!((found.flaws, found.sealed), (vec![], 603));
}

async fn what_a_record_has_to_do_with_is_found_whether_it_names_the_patient_or_not(
    database: TestDatabase,
) {
    let clinic = Clinic::on(database).await;
    let appointment = clinic.appointment(0, 0, "09:00", "09:30");
    let other = clinic.appointment(0, 0, "10:00", "10:30");
    clinic.book(&appointment).await.unwrap();
    clinic.book(&other).await.unwrap();
    let [patient, another] = [Some(clinic.patients[0].id), Some(clinic.patients[1].id)];
    let missing = AppointmentId::new(new_id());
    let user = clinic.user.id;
    let mut about: HashMap<Record, Vec<AuditEntryId>> = HashMap::new();
    for (record, patient) in [
        (appointment.id.into(), patient),
        (other.id.into(), patient),
        (user.into(), another),
        (appointment.id.into(), None),
        (missing.into(), None),
        (clinic.doctors[0].id.into(), None),
        (user.into(), None),
        (appointment.id.into(), patient),
    ] {
        let entry = AuditEntry { record: Some(record), patient, ..an_entry() };
        about.entry(record).or_default().insert(0, entry.id);
        clinic.store.begin().await.unwrap().commit(entry).await.unwrap();
    }

    for (record, expected) in about {
        let selection = AuditSelection { record: Some(record), ..AuditSelection::default() };
        let mut shown = Vec::new();
        let mut stretch = Stretch { limit: Limit::parse("1").unwrap(), ..Stretch::default() };
        loop {
            stretch.count = true;
            let page = clinic.store.queries().audit().list(&selection, &stretch).await.unwrap();
            assert_eq!(page.total, u64::try_from(expected.len()).ok(), "{record}");
            shown.extend(page.items.into_iter().map(|entry| entry.id));
            stretch.after = page.last;
            if stretch.after.is_none() {
                break;
            }
        }
        assert_eq!(shown, expected, "{record}");
        let of_patient = AuditSelection { patient, ..selection };
        let found = clinic.store.queries().audit().list(&of_patient, &Stretch::default()).await;
        let expected = if record == appointment.id.into() {
            2
        } else {
            usize::from(record == other.id.into())
        };
        assert_eq!(found.unwrap().items.len(), expected, "{record}");
    }
}

fn refused() -> AuditEntry {
    AuditEntry { outcome: Outcome::Denied, ..an_entry() }
}
