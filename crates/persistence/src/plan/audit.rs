//! How SQLite goes about the lists of the audit trail.

use medilink_application::audit::AuditSelection;
use medilink_application::testing::{NOW, at};
use medilink_domain::audit::Outcome;
use medilink_domain::id::{AppointmentId, PatientId, TimeSlotId, UserId, Uuid};
use medilink_domain::policy::Action;
use sea_orm::{DbBackend, QueryTrait};

use super::{a_database, explained, pages};
use crate::audit;

/// Every entry is written once and read seldom, so there is an index for each thing that somebody looks
/// for, and not for every two of them. The narrowest is taken; only the list of everything, or of all
/// that was done, is read from one end. What is about an appointment is gathered from what touches its patient
/// and from what touches nobody.
#[tokio::test]
async fn no_list_of_the_audit_trail_walks_it() {
    let (_folder, database) = a_database().await;
    let user = UserId::new(Uuid::from_u128(10));
    let patient = PatientId::new(Uuid::from_u128(40));
    let appointment = AppointmentId::new(Uuid::from_u128(50));
    let slot = TimeSlotId::new(Uuid::from_u128(60));

    for filters in 0..128_u8 {
        for record in [None, Some(appointment.into()), Some(slot.into()), Some(patient.into())] {
            for stretch in pages(NOW) {
                let has = |bit: u8| filters & (1 << bit) != 0;
                let outcome = match (has(3), has(4)) {
                    (false, _) => None,
                    (true, false) => Some(Outcome::Done),
                    (true, true) => Some(Outcome::Denied),
                };
                let selection = AuditSelection {
                    user: has(0).then_some(user),
                    patient: has(1).then_some(patient),
                    action: has(2).then_some(Action::ReadPatient),
                    outcome,
                    record,
                    from: has(5).then(|| at(NOW)),
                    to: has(6).then(|| at("2030-02-01T00:00:00Z")),
                };
                let is_gathered = audit::is_gathered(&selection);
                let list = audit::select(&selection);
                let list = audit::page_of(list, is_gathered, &stretch).unwrap();
                let list = audit::with_username(list);
                let plan = explained(&database, list.build(DbBackend::Sqlite)).await;

                let said = format!("{selection:?} {stretch:?}: {plan:#?}");
                if is_gathered {
                    let mut looks = plan.iter().filter(|step| step.contains("audit_entries"));
                    assert!(looks.all(|look| look.starts_with("SEARCH")), "{said}");
                    for index in ["audit_entries_record ", "audit_entries_patient "] {
                        assert!(plan.iter().any(|step| step.contains(index)), "{index} {said}");
                    }
                    continue;
                }
                assert!(plan.iter().all(|step| !step.contains("TEMP B-TREE")), "{said}");
                let index = match (record, has(1), has(0), has(2), outcome) {
                    (_, true, ..) => "patient",
                    (Some(it), ..) if it.patient().is_none() => "record",
                    (Some(_), ..) => "patient",
                    (_, _, true, ..) => "user",
                    (_, _, _, true, Some(Outcome::Denied)) => "refused_action",
                    (_, _, _, true, _) => "action",
                    (_, _, _, _, Some(Outcome::Denied)) => "refused",
                    (_, _, _, _, _) => "at",
                };
                let index = format!("audit_entries_{index}");
                assert!(plan[0].split(' ').any(|word| word == index), "{index} {said}");
                let is_everything = index == "audit_entries_at";
                assert!(plan[0].starts_with("SEARCH") || is_everything, "{said}");
            }
        }
    }
}

#[tokio::test]
async fn an_access_log_reads_what_touched_one_patient_in_order() {
    let (_folder, database) = a_database().await;
    let patient = PatientId::new(Uuid::from_u128(40));

    for stretch in pages(NOW) {
        let list = audit::page_of(audit::select_access(patient), false, &stretch).unwrap();
        let plan = explained(&database, audit::with_names(list).build(DbBackend::Sqlite)).await;

        assert!(plan.iter().all(|step| step.starts_with("SEARCH")), "{plan:#?}");
        assert!(plan[0].contains("INDEX audit_entries_patient "), "{plan:#?}");
    }
}
