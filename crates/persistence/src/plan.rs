//! How SQLite goes about the lists of appointments and of assignments, whatever they are narrowed by,
//! about care, and about what is free of a doctor's time.

use medilink_application::appointment::AppointmentSelection;
use medilink_application::assignment::AssignmentSelection;
use medilink_application::page::{Position, Stretch};
use medilink_application::testing::{NOW, an_actor, at};
use medilink_domain::appointment::{AppointmentOrder, AppointmentStatus};
use medilink_domain::care::CareWindow;
use medilink_domain::id::{DoctorId, PatientId, Uuid};
use medilink_domain::period::Period;
use medilink_domain::policy::{Action, reach};
use medilink_domain::user::Role;
use sea_orm::{ConnectionTrait, DatabaseConnection, DbBackend, QueryTrait, Statement};

use crate::appointment::{active_of_doctor, active_of_patient, page_of, seen, select};
use crate::assignment;
use crate::availability::{booked_within, open_from, slots_within};
use crate::connection::{self, DatabaseUrl};
use crate::patient::care;

#[tokio::test]
async fn every_list_of_appointments_reads_one_index_in_order() {
    let (_folder, database) = a_database().await;

    for role in [Role::Admin, Role::Coordinator, Role::Doctor, Role::Patient] {
        for filters in 0..32 {
            for order in [AppointmentOrder::Earliest, AppointmentOrder::Latest] {
                for after in [false, true] {
                    let (selection, stretch) = asked(role, filters, order, after);
                    let plan = plan(&database, &selection, &stretch).await;
                    let said = format!("{role} {filters:05b} {order:?} {after}: {plan:#?}");
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
            "EXPLAIN QUERY PLAN SELECT ends_at FROM appointments
            WHERE {party}_id = x'00' AND starts_at < '2030' AND id <> x'00'
                AND status IN ('scheduled', 'confirmed', 'checked_in', 'in_progress')
            ORDER BY starts_at DESC LIMIT 1"
        );
        let guard = Statement::from_string(DbBackend::Sqlite, guard);
        let steps = database.query_all_raw(guard).await.unwrap();
        let steps: Vec<String> =
            steps.iter().map(|step| step.try_get("", "detail").unwrap()).collect();
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
    assert!(steps[0].contains("INDEX appointments_patient_status "), "{steps:?}");
    assert!(steps[0].contains("(patient_id=? AND status=?)"), "{steps:?}");
}

/// A doctor may have had thousands of appointments, and a clinic millions.
#[tokio::test]
async fn care_is_found_in_a_stretch_of_an_index_for_each_of_its_parts() {
    let (_folder, database) = a_database().await;
    let doctor = DoctorId::new(Uuid::from_u128(30));
    let patient = PatientId::new(Uuid::from_u128(40));
    let since = CareWindow::default().since(at(NOW));

    for (named, party) in [(None, "doctor"), (Some(patient), "patient")] {
        let status = format!("appointments_{party}_status");
        let parts = ["assignments_active_pair", &status, &status];
        let plan = explained(&database, DbBackend::Sqlite.build(&care(doctor, since, named))).await;
        let looks: Vec<_> =
            plan.iter().filter(|it| it.starts_with("SEARCH") || it.starts_with("SCAN")).collect();
        assert_eq!(looks.len(), parts.len(), "{plan:#?}");
        for (step, index) in looks.iter().zip(parts) {
            assert!(step.starts_with("SEARCH") && step.contains(index), "{plan:#?}");
        }
    }
}

/// A list of everything is read from one end, and any other by what narrows it. What a doctor may see
/// is gathered first, and put in order then: it is never the whole clinic.
#[tokio::test]
async fn no_list_of_assignments_walks_them_all() {
    let (_folder, database) = a_database().await;

    for role in [Role::Admin, Role::Coordinator, Role::Doctor, Role::Patient] {
        for filters in 0..16_u8 {
            for after in [false, true] {
                let has = |bit: u8| filters & (1 << bit) != 0;
                let selection = AssignmentSelection {
                    actor: an_actor(role),
                    reach: reach(role, Action::ReadAssignment),
                    since: CareWindow::default().since(at(NOW)),
                    doctor: has(0).then(|| DoctorId::new(Uuid::from_u128(30))),
                    patient: has(1).then(|| PatientId::new(Uuid::from_u128(40))),
                    is_primary: has(2).then_some(true),
                    is_active: has(3).then_some(false),
                };
                let position = Position { key: NOW.to_owned(), id: Uuid::from_u128(9) };
                let stretch = Stretch { after: after.then_some(position), ..Stretch::default() };
                let list = assignment::seen(assignment::select(&selection));
                let list = assignment::page_of(list, &stretch).unwrap();
                let plan = explained(&database, list.build(DbBackend::Sqlite)).await;

                let said = format!("{role} {filters:04b} {after}: {plan:#?}");
                let is_everything = role == Role::Admin && filters == 0;
                let is_sorted = role == Role::Doctor && !has(0) && !has(1);
                for step in &plan {
                    let reads_in_order = !step.contains("TEMP B-TREE FOR ORDER BY");
                    assert!(reads_in_order || is_sorted, "{said}");
                    let walks = step.starts_with("SCAN a");
                    assert!(!walks || is_everything, "{said}");
                }
                if !is_sorted {
                    let index = match (role, has(0), has(1), has(2), has(3)) {
                        (Role::Patient, ..) | (_, _, true, ..) => "patient",
                        (_, true, ..) => "doctor",
                        (Role::Coordinator, ..) => "creator",
                        (_, _, _, true, true) => "state",
                        (_, _, _, true, false) => "primary",
                        (_, _, _, false, true) => "active",
                        (_, _, _, false, false) => "made",
                    };
                    let index = format!("assignments_{index}");
                    assert!(plan[0].split(' ').any(|word| word == index), "{said}");
                }
            }
        }
    }
}

/// Whoever looks for free times reads what lies around them, and nothing of a doctor's years.
#[tokio::test]
async fn what_is_offered_and_what_is_taken_is_found_in_a_stretch_of_an_index() {
    let (_folder, database) = a_database().await;
    let doctor = DoctorId::new(Uuid::from_u128(30));
    let patient = PatientId::new(Uuid::from_u128(40));
    let within = Period::new(at(NOW), at("2030-02-01T00:00:00Z")).unwrap();

    let both_ends = "starts_at>? AND starts_at<?";
    for (statement, index, bounds) in [
        (
            booked_within(active_of_doctor(doctor), within).build(DbBackend::Sqlite),
            "appointments_doctor",
            both_ends,
        ),
        (
            booked_within(active_of_patient(patient), within).build(DbBackend::Sqlite),
            "appointments_patient",
            both_ends,
        ),
        (slots_within(doctor, within).build(DbBackend::Sqlite), "time_slots_doctor", both_ends),
        (open_from(doctor, at(NOW)).build(DbBackend::Sqlite), "time_slots_doctor", "starts_at>?"),
    ] {
        let steps = explained(&database, statement).await;
        let looks: Vec<_> = steps.iter().filter(|it| !it.contains("TEMP B-TREE")).collect();
        assert!(looks.len() == 1 && looks[0].starts_with("SEARCH"), "{steps:#?}");
        assert!(looks[0].contains(index) && looks[0].contains(bounds), "{steps:#?}");
    }
}

/// Makes a database with the whole schema. It is gone with its folder.
async fn a_database() -> (tempfile::TempDir, DatabaseConnection) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("medilink.db");
    crate::migrate(&DatabaseUrl::Sqlite(path.clone())).await.unwrap();
    let database = connection::connect(connection::sqlite_readers(&path)).await.unwrap();
    (folder, database)
}

/// Makes a selection: each bit is a filter that is there.
fn asked(
    role: Role,
    filters: u8,
    order: AppointmentOrder,
    after: bool,
) -> (AppointmentSelection, Stretch) {
    let has = |bit: u8| filters & (1 << bit) != 0;
    let selection = AppointmentSelection {
        actor: an_actor(role),
        reach: reach(role, Action::ReadAppointment),
        doctor: has(0).then(|| DoctorId::new(Uuid::from_u128(30))),
        patient: has(1).then(|| PatientId::new(Uuid::from_u128(40))),
        status: has(2).then_some(AppointmentStatus::Completed),
        from: has(3).then(|| at(NOW)),
        to: has(4).then(|| at("2030-02-01T00:00:00Z")),
        order,
    };
    let position = Position { key: NOW.to_owned(), id: Uuid::from_u128(9) };
    (selection, Stretch { after: after.then_some(position), ..Stretch::default() })
}

/// Names the indexes whose first columns are compared with one value each, and of these the ones
/// that leave the fewest appointments.
fn narrowest(role: Role, selection: &AppointmentSelection) -> &'static str {
    let doctor = selection.doctor.is_some() || role == Role::Doctor;
    let patient = selection.patient.is_some() || role == Role::Patient;
    match (patient, doctor, role == Role::Coordinator, selection.status.is_some()) {
        (true, _, _, true) => "patient_status",
        (true, _, _, false) => "patient",
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

/// Returns the steps that SQLite would take.
async fn explained(database: &DatabaseConnection, statement: Statement) -> Vec<String> {
    let Statement { sql, values, .. } = statement;
    let explain = format!("EXPLAIN QUERY PLAN {sql}");
    let values = values.into_iter().flat_map(|values| values.0);
    let explain = Statement::from_sql_and_values(DbBackend::Sqlite, &explain, values);
    let steps = database.query_all_raw(explain).await.unwrap();
    steps.iter().map(|step| step.try_get("", "detail").unwrap()).collect()
}
