//! How SQLite goes about the lists of appointments, whatever they are narrowed by, and about those
//! that are active.

use medilink_application::appointment::{AppointmentSelection, ZoneDay};
use medilink_application::page::Stretch;
use medilink_application::testing::{NOW, an_actor, at};
use medilink_domain::appointment::{AppointmentOrder, AppointmentStatus};
use medilink_domain::id::{DoctorId, PatientId, Uuid};
use medilink_domain::user::Role;
use medilink_domain::zone::Zone;
use sea_orm::{DatabaseConnection, DbBackend, QueryTrait, Statement};

use super::{a_database, explained, pages};
use crate::appointment::{active_of_doctor, active_of_patient, page_of, seen, select};

#[tokio::test]
async fn every_list_of_appointments_reads_one_index_in_order() {
    let (_folder, database) = a_database().await;

    for role in [Role::Admin, Role::Coordinator, Role::Doctor, Role::Patient] {
        for filters in 0..32 {
            for order in [AppointmentOrder::Earliest, AppointmentOrder::Latest] {
                for stretch in pages(NOW) {
                    let selection = asked(role, filters, order);
                    let plan = plan(&database, &selection, &stretch).await;
                    let said = format!("{role} {filters:05b} {order:?} {stretch:?}: {plan:#?}");
                    let index = format!("appointments_{}", narrowest(role, &selection));
                    assert!(plan[0].split(' ').any(|word| word == index), "{said}");
                    // A list of everything has nothing to seek, and is read from one end.
                    let is_good = |step: &String| {
                        !step.contains("TEMP B-TREE")
                            && (!step.contains("SCAN") || index == "appointments_start")
                    };
                    assert!(plan.iter().all(is_good), "{said}");
                }
            }
        }
    }
}

/// What lies ahead, and the day that it is where each doctor is, are found by the start of an
/// appointment: no index is left for one of a status, and none for the doctors of a zone.
#[tokio::test]
async fn the_lists_of_the_day_and_of_what_lies_ahead_read_one_index_in_order() {
    let (_folder, database) = a_database().await;

    for role in [Role::Admin, Role::Coordinator, Role::Doctor, Role::Patient] {
        let ahead = AppointmentSelection {
            active: true,
            from: Some(at(NOW)),
            ..AppointmentSelection::of(an_actor(role))
        };
        let zones = ["Europe/Berlin", "Pacific/Auckland"].map(|name| Zone::parse(name).unwrap());
        let days = zones
            .map(|zone| ZoneDay { time: zone.day_around(at(NOW)).unwrap(), zones: vec![zone] });
        let today = AppointmentSelection {
            from: days.iter().map(|day| day.time.starts_at()).min(),
            to: days.iter().map(|day| day.time.ends_at()).max(),
            days: days.to_vec(),
            ..AppointmentSelection::of(an_actor(role))
        };
        for selection in [ahead, today] {
            for stretch in pages(NOW) {
                let plan = plan(&database, &selection, &stretch).await;
                let said = format!("{role} {stretch:?}: {plan:#?}");
                let index = format!("appointments_{}", narrowest(role, &selection));
                assert!(plan[0].starts_with("SEARCH"), "{said}");
                assert!(plan[0].split(' ').any(|word| word == index), "{said}");
                assert!(plan[0].contains("starts_at>"), "{said}");
                let is_good =
                    |step: &String| !step.contains("TEMP B-TREE") && !step.contains("SCAN");
                assert!(plan.iter().all(is_good), "{said}");
            }
        }
    }
}

/// Whoever archives a doctor waits for no more than the appointments that are still to take place.
#[tokio::test]
async fn the_active_appointments_of_a_doctor_are_counted_in_an_index() {
    let (_folder, database) = a_database().await;

    let active = active_of_doctor(DoctorId::new(Uuid::from_u128(30)));
    let steps = explained(&database, active.build(DbBackend::Sqlite)).await;

    assert!(steps.len() == 1, "{steps:?}");
    assert!(steps[0].contains("INDEX appointments_doctor_status "), "{steps:?}");
    assert!(steps[0].contains("(doctor_id=? AND status=?)"), "{steps:?}");
}

/// The guards look for the neighbours of an appointment in one seek, however many there are.
#[tokio::test]
async fn the_guards_seek_among_the_active() {
    let (_folder, database) = a_database().await;

    for party in ["doctor", "patient"] {
        // The words of the triggers.
        let guard = format!(
            "SELECT ends_at FROM appointments
            WHERE {party}_id = x'00' AND starts_at < '2030' AND id <> x'00'
                AND status IN ('scheduled', 'confirmed', 'checked_in', 'in_progress')
            ORDER BY starts_at DESC LIMIT 1"
        );
        let guard = Statement::from_string(DbBackend::Sqlite, guard);
        let steps = explained(&database, guard).await;
        assert!(steps.len() == 1, "{steps:?}");
        assert!(steps[0].contains(&format!("INDEX appointments_{party}_active ")), "{steps:?}");
    }
}

/// Whoever archives a record waits for no more than the appointments that are still to take place.
#[tokio::test]
async fn the_active_appointments_of_a_patient_are_counted_in_an_index() {
    let (_folder, database) = a_database().await;

    let active = active_of_patient(PatientId::new(Uuid::from_u128(40)));
    let steps = explained(&database, active.build(DbBackend::Sqlite)).await;

    assert!(steps.len() == 1, "{steps:?}");
    assert!(steps[0].contains("INDEX appointments_patient (patient_id=?)"), "{steps:?}");
}

/// Makes a selection: each bit is a filter that is there.
fn asked(role: Role, filters: u8, order: AppointmentOrder) -> AppointmentSelection {
    let has = |bit: u8| filters & (1 << bit) != 0;
    AppointmentSelection {
        doctor: has(0).then(|| DoctorId::new(Uuid::from_u128(30))),
        patient: has(1).then(|| PatientId::new(Uuid::from_u128(40))),
        status: has(2).then_some(AppointmentStatus::Completed),
        from: has(3).then(|| at(NOW)),
        to: has(4).then(|| at("2030-02-01T00:00:00Z")),
        order,
        ..AppointmentSelection::of(an_actor(role))
    }
}

/// Names the indexes whose first columns are compared with one value each, and of these the ones
/// that leave the fewest appointments.
fn narrowest(role: Role, selection: &AppointmentSelection) -> &'static str {
    let doctor = selection.doctor.is_some() || role == Role::Doctor;
    let patient = selection.patient.is_some() || role == Role::Patient;
    match (patient, doctor, role == Role::Coordinator, selection.status.is_some()) {
        (true, _, _, _) => "patient",
        (_, true, true, _) => "creator_doctor",
        (_, true, _, true) => "doctor_status",
        (_, true, _, false) => "doctor",
        (_, _, true, true) => "creator_status",
        (_, _, true, false) => "creator",
        (_, _, _, true) => "status",
        (_, _, _, false) => "start",
    }
}

async fn plan(
    database: &DatabaseConnection,
    selection: &AppointmentSelection,
    stretch: &Stretch,
) -> Vec<String> {
    let list = page_of(seen(select(selection)), selection.order, stretch).unwrap();
    explained(database, list.build(DbBackend::Sqlite)).await
}
