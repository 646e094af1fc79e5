//! The schema: a program goes on, and starts, on what a newer one has made of it.

use std::time::Duration;

use medilink_application::appointment::AppointmentSelection;
use medilink_application::assignment::AssignmentSelection;
use medilink_application::attempt::{AttemptCounter, Target};
use medilink_application::doctor::DoctorFilter;
use medilink_application::idempotency::IdempotencyKey;
use medilink_application::page::Stretch;
use medilink_application::pharmacy::PharmacyFilter;
use medilink_application::store::Store;
use medilink_application::testing::{NOW, at};
use medilink_domain::assignment::{Assignment, AssignmentTerms};
use medilink_domain::attempt::Familiarity;
use medilink_domain::care::CareWindow;
use medilink_domain::id::{AssignmentId, DoctorId, PharmacyId, UserId};
use medilink_domain::pharmacy::{Pharmacy, PharmacyProfile};
use medilink_domain::policy::{Action, reach};
use medilink_domain::search::Search;
use medilink_domain::statistics::CountedPeriod;
use medilink_domain::text::LicenseNumber;
use medilink_domain::user::Role;
use medilink_persistence::{MigrationState, migrate};
use medilink_tests::{TestDatabase, on_both_databases};

use super::clinic::{Clinic, a_doctor, a_patient, a_user, an_entry, insert, new_id};
use super::patient::a_whole_record;
use super::session::a_session;

on_both_databases! {
    a_column_that_is_added_under_an_open_store_harms_nobody,
    a_program_starts_on_a_newer_schema,
    steps_that_are_missing_before_those_of_a_newer_program_are_not_run,
    no_table_refers_to_doctors_that_is_not_handed_over_with_them,
    no_table_refers_to_pharmacies,
}

const NEWER: &str =
    "INSERT INTO seaql_migrations (version, applied_at) VALUES ('m9999_of_a_newer_program', 0)";

async fn a_column_that_is_added_under_an_open_store_harms_nobody(database: TestDatabase) {
    let clinic = Clinic::on(database).await;
    let raw = clinic.database.raw().await;
    use_everything(&clinic, "09").await;

    let tables = if clinic.database.is_postgres() {
        "SELECT tablename::text FROM pg_tables WHERE schemaname = 'public'"
    } else {
        "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%'"
    };
    let tables = raw.rows(tables).await;
    assert!(10 < tables.len());
    for table in tables {
        let table: String = table.try_get_by_index(0).unwrap();
        raw.execute(&format!("ALTER TABLE {table} ADD COLUMN added_later text")).await.unwrap();
    }

    use_everything(&clinic, "11").await;
}

/// Runs every statement of the store, each on a connection that has prepared it before if any has.
async fn use_everything(clinic: &Clinic, hour: &str) {
    let (user, session) = (a_user(), a_session(clinic, 0));
    let (mut doctor, patient) = (a_doctor(None), a_patient(&user));
    doctor.user = Some(user.id);
    let appointment = clinic.appointment(0, 0, &format!("{hour}:00"), &format!("{hour}:30"));
    let number = LicenseNumber::parse("DE-1").unwrap();
    let since = CareWindow::default().since(at(NOW));
    let target = Target { account: new_id(), familiarity: Familiarity::Known };
    let key = IdempotencyKey { key: hour.to_owned(), fingerprint: [1; 32] };

    clinic.store.ping().await.unwrap();
    clinic.store.count(target, at(NOW)).await.unwrap().unwrap();
    clinic.store.take_back(target, at(NOW)).await.unwrap();
    let mut work = clinic.store.begin().await.unwrap();
    work.users().taken(&user.username, &user.email).await.unwrap();
    work.users().insert(&user).await.unwrap();
    work.users().set_up(at(NOW)).await.unwrap();
    work.users().lock_active_admins().await.unwrap();
    work.users().profile(user.id).await.unwrap();
    work.users().profile_archived(user.id).await.unwrap();
    assert!(work.users().find(user.id).await.unwrap().is_some());
    let mut locked = work.users().lock(user.id).await.unwrap().unwrap();
    locked.revision.version += 1;
    work.users().update(&locked).await.unwrap();
    work.doctors().is_license_taken(&number, None).await.unwrap();
    work.doctors().is_license_entered(&number, Some(doctor.id)).await.unwrap();
    work.doctors().insert(&doctor).await.unwrap();
    assert!(work.doctors().find(doctor.id).await.unwrap().is_some());
    assert!(work.doctors().lock(doctor.id).await.unwrap().is_some());
    assert!(work.doctors().lock_of(user.id).await.unwrap().is_some());
    assert!(work.doctors().lock_archived(doctor.id).await.unwrap().is_some());
    assert!(work.doctors().lock_entry(&number).await.unwrap().is_none());
    work.doctors().hand_over(doctor.id, clinic.doctors[0].id, at(NOW)).await.unwrap();
    doctor.approve(at(NOW));
    work.doctors().update(&doctor).await.unwrap();
    work.patients().insert(&patient).await.unwrap();
    assert!(work.patients().find(patient.id).await.unwrap().is_some());
    assert!(work.patients().lock(patient.id).await.unwrap().is_some());
    let mut locked = work.patients().lock_archived(patient.id).await.unwrap().unwrap();
    locked.change(a_whole_record(), at(NOW)).unwrap();
    work.patients().update(&locked).await.unwrap();
    work.appointments().active_of_patient(patient.id).await.unwrap();
    work.patients().is_in_care(patient.id, doctor.id, since).await.unwrap();
    work.sessions().insert(&session).await.unwrap();
    let mut rotated = session.clone();
    rotated.refresh_hash[31] ^= 1;
    work.sessions().rotate(&rotated, session.refresh_hash).await.unwrap();
    assert!(work.sessions().lock(session.id).await.unwrap().is_some());
    for hash in [session.refresh_hash, rotated.refresh_hash] {
        assert!(work.sessions().lock_by_refresh_token(hash).await.unwrap().is_some());
    }
    work.sessions().end_all(clinic.user.id, Some(session.id), at(NOW)).await.unwrap();
    for _ in 0..2 {
        work.idempotency().reserve(clinic.user.id, &key, new_id(), at(NOW)).await.unwrap();
    }
    work.attempts().forgive(target).await.unwrap();
    insert(&mut *work, &appointment).await.unwrap();
    assert_eq!(work.appointments().active_of_doctor(appointment.doctor).await.unwrap(), 1);
    assert!(work.appointments().find(appointment.id).await.unwrap().is_some());
    work.commit(an_entry()).await.unwrap();
    clinic.cancel(appointment.id).await;

    let queries = clinic.store.queries();
    let stretch = Stretch { count: true, ..Stretch::default() };
    let selection = AppointmentSelection::of(clinic.actor(Role::Coordinator));
    let filter = DoctorFilter { search: Search::parse("em ch").ok(), ..DoctorFilter::default() };
    assert!(queries.appointments().find(appointment.id).await.unwrap().is_some());
    assert!(!queries.appointments().list(&selection, &stretch).await.unwrap().items.is_empty());
    assert!(queries.doctors().find(doctor.id).await.unwrap().is_some());
    assert!(queries.doctors().time_zone(doctor.id).await.unwrap().is_some());
    assert!(!queries.doctors().list(&filter, &stretch).await.unwrap().items.is_empty());
    let seen = queries.patients().find(patient.id, Some(doctor.id), since).await.unwrap();
    assert!(seen.is_some());
    assert!(queries.sessions().actor(session.id, at(NOW)).await.unwrap().is_some());
    let sessions = queries.sessions().list(clinic.user.id, at(NOW), &stretch).await.unwrap();
    assert!(!sessions.items.is_empty());
    assert!(queries.users().find(user.id).await.unwrap().is_some());
    assert!(queries.users().credentials_of(user.id).await.unwrap().is_some());
    assert!(queries.users().credentials(&user.username.key()).await.unwrap().is_some());
    assert!(queries.users().credentials(&user.email.key()).await.unwrap().is_some());
    assert!(queries.users().any().await.unwrap());
    assert!(queries.users().find(UserId::new(new_id())).await.unwrap().is_none());

    let mut work = clinic.store.begin().await.unwrap();
    work.sessions().end(session.id, at(NOW)).await.unwrap();
    work.commit(an_entry()).await.unwrap();
    use_assignments(clinic).await;
    use_pharmacies(clinic, user.id, number).await;
    use_statistics(clinic, doctor.id).await;
}

async fn use_statistics(clinic: &Clinic, doctor: DoctorId) {
    let queries = clinic.store.queries();
    let statistics = queries.statistics();
    let period = CountedPeriod::new(Some(at(NOW)), Some(at("2030-02-01T00:00:00Z")), at(NOW));
    let period = period.unwrap();
    assert!(!statistics.users().await.unwrap().is_empty());
    assert!(0 < statistics.directory().await.unwrap().doctors);
    assert!(!statistics.appointments(period).await.unwrap().is_empty());
    statistics.published(period).await.unwrap();
    assert!(!statistics.doctors(&[doctor]).await.unwrap().is_empty());
    statistics.failed_sign_ins(at(NOW)).await.unwrap();
}

async fn use_pharmacies(clinic: &Clinic, user: UserId, number: LicenseNumber) {
    let id = PharmacyId::new(new_id());
    let license_number = LicenseNumber::parse(&format!("of {user}")).ok();
    let profile = PharmacyProfile { license_number, ..PharmacyProfile::default() };
    let mut pharmacy = Pharmacy { user: Some(user), ..Pharmacy::new(id, profile, at(NOW)) };
    let mut work = clinic.store.begin().await.unwrap();
    work.pharmacies().is_license_taken(&number, None).await.unwrap();
    work.pharmacies().is_license_entered(&number, Some(id)).await.unwrap();
    work.pharmacies().insert(&pharmacy).await.unwrap();
    assert!(work.pharmacies().find(id).await.unwrap().is_some());
    assert!(work.pharmacies().lock(id).await.unwrap().is_some());
    assert!(work.pharmacies().lock_of(user).await.unwrap().is_some());
    pharmacy.verify(at(NOW)).unwrap();
    work.pharmacies().update(&pharmacy).await.unwrap();
    assert!(work.pharmacies().lock_entry(&number).await.unwrap().is_none());
    let other = Pharmacy::new(PharmacyId::new(new_id()), PharmacyProfile::default(), at(NOW));
    work.pharmacies().insert(&other).await.unwrap();
    work.pharmacies().delete(other.id).await.unwrap();
    work.commit(an_entry()).await.unwrap();

    let queries = clinic.store.queries();
    let filter = PharmacyFilter { verified: Some(true), ..PharmacyFilter::default() };
    let stretch = Stretch { count: true, ..Stretch::default() };
    assert!(queries.pharmacies().find(id).await.unwrap().is_some());
    assert!(!queries.pharmacies().list(&filter, &stretch).await.unwrap().items.is_empty());
}

async fn use_assignments(clinic: &Clinic) {
    let (doctor, patient) = (a_doctor(None), a_patient(&clinic.user));
    let terms = AssignmentTerms { is_primary: true, is_active: true, reason: None, notes: None };
    let id = AssignmentId::new(new_id());
    let assignment = Assignment::new(id, &doctor, &patient, terms, clinic.user.id, at(NOW));
    let since = CareWindow::default().since(at(NOW));
    let mut work = clinic.store.begin().await.unwrap();
    work.doctors().insert(&doctor).await.unwrap();
    work.patients().insert(&patient).await.unwrap();
    work.assignments().insert(&assignment).await.unwrap();
    assert!(work.assignments().find(id).await.unwrap().is_some());
    assert!(work.assignments().lock_rivals(&assignment).await.unwrap().is_empty());
    let mut locked = work.assignments().lock(id).await.unwrap().unwrap();
    locked.revision.version += 1;
    work.assignments().update(&locked).await.unwrap();
    work.assignments().end_all_of_doctor(clinic.doctors[0].id, at(NOW)).await.unwrap();
    work.assignments().end_all_of_patient(clinic.patients[0].id, at(NOW)).await.unwrap();
    work.commit(an_entry()).await.unwrap();

    let queries = clinic.store.queries();
    let queries = queries.assignments();
    let stretch = Stretch { count: true, ..Stretch::default() };
    let selection = AssignmentSelection {
        actor: clinic.actor(Role::Doctor),
        reach: reach(Role::Doctor, Action::ReadAssignment),
        since,
        doctor: Some(doctor.id),
        patient: None,
        is_primary: None,
        is_active: None,
    };
    assert!(queries.find(id, Some(doctor.id), since).await.unwrap().unwrap().in_care);
    assert!(!queries.list(&selection, &stretch).await.unwrap().items.is_empty());
    assert!(!queries.doctors_of(patient.id, &stretch).await.unwrap().items.is_empty());
}

async fn a_program_starts_on_a_newer_schema(database: TestDatabase) {
    let raw = database.raw().await;
    raw.execute(NEWER).await.unwrap();

    migrate(&database.parsed_url()).await.unwrap();
    let clinic = Clinic::on(database).await;

    clinic.book(&clinic.appointment(0, 0, "09:00", "10:00")).await.unwrap();
    let state = MigrationState::of(&clinic.database.parsed_url()).await.unwrap();
    assert_eq!(state.newer, ["m9999_of_a_newer_program"]);
    assert!(state.pending.is_empty() && state.applied[0] == "m0001_foundation");
    assert_eq!(raw.count("SELECT count(*) FROM appointments").await, 1);
}

async fn steps_that_are_missing_before_those_of_a_newer_program_are_not_run(
    database: TestDatabase,
) {
    let raw = database.raw().await;
    raw.execute(NEWER).await.unwrap();
    raw.execute("DELETE FROM seaql_migrations WHERE version LIKE 'm0002%'").await.unwrap();

    let refused = migrate(&database.parsed_url()).await.unwrap_err().to_string();

    assert!(refused.contains("m0002_sign_in") && refused.contains("m9999"), "{refused}");
    let run = "SELECT count(*) FROM seaql_migrations WHERE version LIKE 'm0002%'";
    assert_eq!(raw.count(run).await, 0);
}

/// Whoever waits for a lock on a table keeps all who come later waiting too.
#[actix_web::test]
async fn a_migration_that_waits_for_a_lock_lets_others_through() {
    let database = TestDatabase::postgres().await;
    let [holder, other, raw] = [database.raw().await, database.raw().await, database.raw().await];
    raw.execute("DROP TABLE used_refresh_tokens, attempts").await.unwrap();
    raw.execute("DELETE FROM seaql_migrations WHERE version LIKE 'm0002%'").await.unwrap();
    let held = holder.transaction().await;
    held.execute("LOCK TABLE sessions IN ROW EXCLUSIVE MODE").await.unwrap();

    let url = database.parsed_url();
    let migration = tokio::spawn(async move { migrate(&url).await });
    let waits =
        "SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = 'sessions'::regclass";
    while raw.count(waits).await == 0 {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let write = other.execute("DELETE FROM sessions");
    let written = tokio::time::timeout(Duration::from_secs(20), write).await;
    drop(held);

    written.expect("it is let through while the lock is held").unwrap();
    migration.await.unwrap().unwrap();
    assert_eq!(raw.count("SELECT count(*) FROM attempts").await, 0);
}

/// Whoever lets another table refer to doctors has to hand its rows over too, in `adoption.rs` of the
/// store.
async fn no_table_refers_to_doctors_that_is_not_handed_over_with_them(database: TestDatabase) {
    let referring = referring_to(&database, "doctors").await;

    // Words are made anew with each profile.
    assert_eq!(referring, ["appointments", "assignments", "doctor_words", "time_slots"]);
}

/// Whoever lets a table refer to pharmacies has to hand its rows over when an entry is adopted, as those
/// of doctors are: the registration's own profile is deleted then.
async fn no_table_refers_to_pharmacies(database: TestDatabase) {
    assert_eq!(referring_to(&database, "pharmacies").await, ["pharmacy_words"]);
}

async fn referring_to(database: &TestDatabase, table: &str) -> Vec<String> {
    let raw = database.raw().await;
    let referring = if database.is_postgres() {
        format!(
            "SELECT DISTINCT conrelid::regclass::text FROM pg_constraint
            WHERE contype = 'f' AND confrelid = '{table}'::regclass ORDER BY 1"
        )
    } else {
        format!(
            "SELECT DISTINCT tables.name FROM sqlite_master AS tables,
                pragma_foreign_key_list(tables.name) AS keys
            WHERE tables.type = 'table' AND keys.\"table\" = '{table}' ORDER BY 1"
        )
    };
    let rows = raw.rows(&referring).await;
    rows.iter().map(|row| row.try_get_by_index(0).unwrap()).collect()
}
