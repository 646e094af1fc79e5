//! How SQLite goes about who sends a request, about the lists of appointments, of assignments, of
//! patients and of time slots, whatever they are narrowed by, about statistics, about care, and about
//! what is free of a doctor's time.

mod audit;

use medilink_application::appointment::{AppointmentSelection, ZoneDay};
use medilink_application::assignment::AssignmentSelection;
use medilink_application::page::{Position, Stretch};
use medilink_application::patient::{PatientFilter, PatientSelection};
use medilink_application::testing::{NOW, an_actor, at};
use medilink_application::time_slot::TimeSlotSelection;
use medilink_domain::appointment::{AppointmentOrder, AppointmentStatus};
use medilink_domain::care::CareWindow;
use medilink_domain::id::{DoctorId, PatientId, Uuid};
use medilink_domain::patient::{BloodGroup, Gender};
use medilink_domain::period::Period;
use medilink_domain::policy::{Action, reach};
use medilink_domain::statistics::StatisticsPeriod;
use medilink_domain::user::Role;
use medilink_domain::zone::Zone;
use sea_orm::{ConnectionTrait, DatabaseConnection, DbBackend, QueryTrait, Statement};

use crate::appointment::{active_of_doctor, active_of_patient, counts, page_of, seen, select};
use crate::availability::{booked_within, open_from, slots_within};
use crate::connection::{self, DatabaseUrl};
use crate::doctor::TIME_ZONES;
use crate::patient::{self, care};
use crate::search::Looked;
use crate::session::ACTOR;
use crate::{assignment, time_slot};

/// Every request asks for it, before anything else.
#[tokio::test]
async fn who_sends_a_request_is_found_by_keys_alone() {
    let (_folder, database) = a_database().await;

    let steps =
        explained(&database, Statement::from_string(DbBackend::Sqlite, ACTOR.as_str())).await;

    // The session, its user, and the three profiles that a user may have.
    assert_eq!(steps.len(), 5, "{steps:#?}");
    let is_a_key = |step: &String| step.starts_with("SEARCH") && step.contains("INDEX");
    assert!(steps.iter().all(is_a_key), "{steps:#?}");
}

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
            for after in [false, true] {
                let position = Position { key: NOW.to_owned(), id: Uuid::from_u128(9) };
                let stretch = Stretch { after: after.then_some(position), ..Stretch::default() };
                let plan = plan(&database, &selection, &stretch).await;
                let said = format!("{role} {after}: {plan:#?}");
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

/// A clinic's whole day is counted from an index alone; a doctor's or a patient's is a few rows.
#[tokio::test]
async fn statistics_read_the_days_that_they_are_about() {
    let (_folder, database) = a_database().await;
    let day = at(NOW).date();
    let period = StatisticsPeriod::new(None, None, day).unwrap().days(&Zone::utc()).unwrap();

    for (role, index) in [
        (Role::Admin, "COVERING INDEX appointments_start "),
        (Role::Coordinator, "INDEX appointments_creator "),
        (Role::Doctor, "INDEX appointments_doctor "),
        (Role::Patient, "INDEX appointments_patient "),
    ] {
        let reach = reach(role, Action::ReadAppointment);
        let query = counts(DbBackend::Sqlite, &an_actor(role), &reach, &period);
        let plan = explained(&database, DbBackend::Sqlite.build(&query)).await;
        let looks: Vec<_> = plan.iter().filter(|step| step.contains("appointments")).collect();
        let said = format!("{role}: {plan:#?}");
        assert!(matches!(looks[..], [look] if look.starts_with("SEARCH")), "{said}");
        assert!(looks[0].contains(index) && looks[0].contains("starts_at<?"), "{said}");
    }
}

/// Each zone costs one seek, however many doctors are in it.
#[tokio::test]
async fn the_zones_of_doctors_are_found_in_their_index() {
    let (_folder, database) = a_database().await;

    let zones = Statement::from_string(DbBackend::Sqlite, TIME_ZONES);
    let plan = explained(&database, zones).await;

    let looks: Vec<_> = plan.iter().filter(|step| step.contains("doctors")).collect();
    assert!(!looks.is_empty(), "{plan:#?}");
    for step in looks {
        assert!(
            step.starts_with("SEARCH doctors USING COVERING INDEX doctors_time_zone"),
            "{plan:#?}"
        );
    }
}

/// Whether a slot is booked is one seek among the active appointments of its doctor.
#[tokio::test]
async fn every_list_of_time_slots_reads_one_index_in_order() {
    let (_folder, database) = a_database().await;

    for filters in 0..8_u8 {
        for available in [None, Some(true), Some(false)] {
            for after in [false, true] {
                let has = |bit: u8| filters & (1 << bit) != 0;
                let selection = TimeSlotSelection {
                    doctor: has(0).then(|| DoctorId::new(Uuid::from_u128(30))),
                    from: has(1).then(|| at(NOW)),
                    to: has(2).then(|| at("2030-02-01T00:00:00Z")),
                    available,
                    now: at(NOW),
                };
                let position = Position { key: NOW.to_owned(), id: Uuid::from_u128(9) };
                let stretch = Stretch { after: after.then_some(position), ..Stretch::default() };
                let list = time_slot::seen(time_slot::select(&selection));
                let list = time_slot::page_of(list, &stretch).unwrap();
                let plan = explained(&database, list.build(DbBackend::Sqlite)).await;

                let said = format!("{filters:03b} {available:?} {after}: {plan:#?}");
                let index = if has(0) { "time_slots_doctor" } else { "time_slots_start" };
                assert!(plan[0].split(' ').any(|word| word == index), "{said}");
                let is_everything = filters == 0 && available != Some(true) && !after;
                for step in &plan {
                    // The latest of the active is the last of its doctor's in the index.
                    assert!(!step.contains("TEMP B-TREE"), "{said}");
                    let walks = step.contains("SCAN") && !step.contains("CONSTANT");
                    assert!(!walks || (is_everything && step.contains("time_slots")), "{said}");
                    let seeks = "SEARCH appointments USING INDEX appointments_doctor_active \
                        (doctor_id=? AND starts_at<?)";
                    assert!(!step.contains("appointments") || step.starts_with(seeks), "{said}");
                }
                assert!(
                    plan.iter().any(|step| step.contains("appointments_doctor_active")),
                    "{said}"
                );
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

/// A word that is searched for, and how many records have it.
const RARE: (&str, u64) = ("lovelace", 7);
const COMMON: (&str, u64) = ("com", Looked::MOST_GATHERED);

/// Makes a selection of patients: each bit is a filter that is there.
fn asked_of_patients(role: Role, filters: u8, archived: bool) -> PatientSelection {
    let filter = PatientFilter {
        search: None,
        gender: (filters & 1 != 0).then_some(Gender::Female),
        blood_group: (filters & 2 != 0).then_some(BloodGroup::OPositive),
        archived,
    };
    PatientSelection {
        actor: an_actor(role),
        reach: reach(role, Action::ReadPatient),
        since: CareWindow::default().since(at(NOW)),
        filter,
    }
}

async fn patients(
    database: &DatabaseConnection,
    selection: &PatientSelection,
    words: &[(&str, u64)],
    after: bool,
) -> Vec<String> {
    let position = Position { key: "lovelace ada".to_owned(), id: Uuid::from_u128(9) };
    let stretch = Stretch { after: after.then_some(position), ..Stretch::default() };
    let mut plan = Vec::new();
    for part in patient::parts_of(selection, &Looked::of(words.to_vec()), &stretch) {
        plan.extend(explained(database, part.build(DbBackend::Sqlite)).await);
    }
    plan
}

/// Patients are read in the order of the index that knows all that the list is narrowed by. What a
/// doctor may see is gathered first: of those whose records they made no more than a page is read.
#[tokio::test]
async fn no_list_of_patients_walks_them_all() {
    let (_folder, database) = a_database().await;

    for role in [Role::Admin, Role::Coordinator, Role::Doctor] {
        for filters in 0..4 {
            for words in [&[][..], &[COMMON], &[COMMON, COMMON]] {
                for after in [false, true] {
                    let selection = asked_of_patients(role, filters, false);
                    let plan = patients(&database, &selection, words, after).await;
                    let said = format!("{role} {filters:02b} {words:?} {after}: {plan:#?}");
                    let creator = if role == Role::Admin { "" } else { "_creator" };
                    let by = match (filters & 1 != 0, filters & 2 != 0) {
                        (true, true) => "_gender_blood",
                        (true, false) => "_gender",
                        (false, true) => "_blood",
                        (false, false) if role == Role::Admin => "_present",
                        (false, false) => "",
                    };
                    let index = format!("patients{creator}{by}");
                    let read = plan.iter().find(|step| step.split(' ').any(|word| word == index));
                    let read = read.unwrap_or_else(|| panic!("{said}"));
                    let is_everything = role == Role::Admin && filters == 0;
                    assert!(read.starts_with("SEARCH") || is_everything, "{said}");
                    if role != Role::Doctor {
                        assert!(plan.iter().all(|step| !step.contains("TEMP B-TREE")), "{said}");
                    }
                    let of_words = plan.iter().filter(|step| step.contains("patient_words"));
                    for step in of_words {
                        let seek = "COVERING INDEX patient_words_patient (patient_id=? AND word>?";
                        assert!(step.contains(seek), "{said}");
                    }
                    let walks = plan.iter().filter(|step| step.starts_with("SCAN patients"));
                    let walked = usize::from(is_everything && !after);
                    assert_eq!(walks.count(), walked, "{said}");
                }
            }
        }
    }
}

/// Whoever looks for two words begins with those who have the rarer one.
#[tokio::test]
async fn a_search_begins_with_the_rarest_word() {
    let (_folder, database) = a_database().await;

    for role in [Role::Admin, Role::Coordinator] {
        for filters in 0..4 {
            for archived in [false, true] {
                for after in [false, true] {
                    let selection = asked_of_patients(role, filters, archived);
                    let plan = patients(&database, &selection, &[COMMON, RARE], after).await;

                    let said = format!("{role} {filters:02b} {archived} {after}: {plan:#?}");
                    // Of a coordinator's few it may be those who have the word instead.
                    let gathered = plan[0].starts_with("SEARCH")
                        && (plan[0].ends_with("id=?)") || plan[0].contains("(created_by=?"));
                    assert!(gathered, "{said}");
                    let of_words: Vec<_> =
                        plan.iter().filter(|step| step.contains("patient_words")).collect();
                    assert_eq!(of_words.len(), 2, "{said}");
                    assert!(of_words[0].contains("patient_words_1 (word>? AND word<?)"), "{said}");
                    assert!(of_words[1].contains("(patient_id=? AND word>? AND word<?)"), "{said}");
                }
            }
        }
    }
    // For the few whom a doctor cares for, the words of each are looked at.
    let plan =
        patients(&database, &asked_of_patients(Role::Doctor, 0, false), &[RARE], false).await;
    assert!(plan.iter().all(|step| !step.contains("SCAN patients")), "{plan:#?}");
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
        doctor: has(0).then(|| DoctorId::new(Uuid::from_u128(30))),
        patient: has(1).then(|| PatientId::new(Uuid::from_u128(40))),
        status: has(2).then_some(AppointmentStatus::Completed),
        from: has(3).then(|| at(NOW)),
        to: has(4).then(|| at("2030-02-01T00:00:00Z")),
        order,
        ..AppointmentSelection::of(an_actor(role))
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

mod overview;
mod pharmacy;
