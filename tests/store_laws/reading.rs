//! What PostgreSQL reads for what is asked most.
//!
//! The store asks on connections of its own, with the plans that it has there, and the server counts: the
//! entries that are read in each index, and the tables that are read from end to end. That says more
//! than a plan, which names an index even where it walks through all of it. How SQLite goes about the
//! same is shown by the plans beside the store.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use medilink_application::appointment::AppointmentSelection;
use medilink_application::audit::AuditSelection;
use medilink_application::doctor::DoctorFilter;
use medilink_application::page::Stretch;
use medilink_application::patient::{PatientFilter, PatientSelection};
use medilink_application::store::{Queries, Store};
use medilink_application::testing::{FixedClock, NOW, a_caller, at};
use medilink_domain::actor::Actor;
use medilink_domain::appointment::AppointmentStatus;
use medilink_domain::audit::Outcome;
use medilink_domain::care::CareWindow;
use medilink_domain::id::{AppointmentId, DoctorId, SessionId, UserId, Uuid};
use medilink_domain::policy::{Action, reach};
use medilink_domain::search::Search;
use medilink_domain::user::Role;
use medilink_persistence::{SeaOrmStore, Sealer};
use medilink_security::SystemIds;
use medilink_tests::TestDatabase;
use medilink_tests::database::Raw;

/// Every request asks for it, before anything else.
#[actix_web::test]
async fn who_sends_a_request_is_found_by_keys_alone() {
    let database = TestDatabase::postgres().await;
    fill(&database).await;
    let raw = database.raw().await;
    // As the server does by itself, sooner or later.
    raw.execute("VACUUM (ANALYZE)").await.unwrap();

    let before = counted(&raw).await;
    let store = database.store().await;
    let session = SessionId::new(id(SESSION, 700));
    let actor = store.queries().sessions().actor(session, at(NOW)).await.unwrap().unwrap();
    let read = end_of(store, &raw, before).await;

    assert_eq!(actor.doctor, Some(DoctorId::new(id(DOCTOR, 700))));
    let keys = ["doctors_user", "patients_user", "pharmacies_user", "sessions_pkey", "users_pkey"];
    assert!(keys.iter().all(|key| read.entries.contains_key(*key)), "{read:?}");
    // The session, the user and the doctor. The planner looks at the ends of indexes besides, once for
    // each connection, and at no row.
    assert!(read.walked.is_empty() && read.rows == 3, "{read:?}");
    assert!(read.entries.values().all(|count| *count <= 20), "{read:?}");
}

/// So it is on a connection that asked when the clinic was empty, and has kept its plan since.
#[actix_web::test]
async fn who_sends_a_request_is_found_by_keys_by_a_plan_of_an_empty_clinic() {
    let database = TestDatabase::postgres().await;
    let raw = database.raw().await;
    let session = SessionId::new(id(SESSION, 700));
    let store = database.store().await;
    let queries = store.queries();
    assert!(queries.sessions().actor(session, at(NOW)).await.unwrap().is_none());
    fill(&database).await;
    until_gone(&raw, "application_name <> 'medilink'").await;

    let before = counted(&raw).await;
    assert!(queries.sessions().actor(session, at(NOW)).await.unwrap().is_some());
    drop(queries);
    let read = end_of(store, &raw, before).await;

    assert!(read.walked.is_empty() && read.entries.values().all(|count| *count <= 2), "{read:?}");
}

/// Whoever looks for one of twenty thousand finds them by their name, and nobody else's record is read:
/// not for the page, and not for how many there are.
#[actix_web::test]
async fn a_search_for_a_rare_word_reads_what_it_finds() {
    let database = TestDatabase::postgres().await;
    fill(&database).await;
    let raw = database.raw().await;
    raw.execute("VACUUM (ANALYZE)").await.unwrap();
    let counted = Stretch { count: true, ..Stretch::default() };

    for actor in [an_admin(), a_coordinator()] {
        let selection = patients(actor, "p07919");
        let (found, read) = read_by(&database, &raw, async |queries| {
            queries.patients().list(&selection, &counted).await.unwrap()
        })
        .await;

        assert_eq!((found.items.len(), found.total), (1, Some(1)));
        assert!(read.walked.is_empty() && read.rows <= 4, "{read:?}");
    }
    let filter = DoctorFilter { search: Search::parse("d07919").ok(), ..DoctorFilter::default() };
    let (found, read) = read_by(&database, &raw, async |queries| {
        queries.doctors().list(&filter, &counted).await.unwrap()
    })
    .await;
    assert_eq!((found.items.len(), found.total), (1, Some(1)));
    assert!(read.walked.is_empty() && read.rows <= 4, "{read:?}");
}

/// The first page of a list and one in its middle read what they show, and one record more.
#[actix_web::test]
async fn a_page_reads_what_it_shows() {
    let database = TestDatabase::postgres().await;
    fill(&database).await;
    let raw = database.raw().await;
    for statement in APPOINTMENTS {
        raw.execute(statement).await.unwrap();
    }
    raw.execute("VACUUM (ANALYZE)").await.unwrap();

    for actor in [an_admin(), a_coordinator()] {
        let selection = patients(actor, "");
        let pages = async |queries: &dyn Queries| {
            let first = queries.patients().list(&selection, &Stretch::default()).await.unwrap();
            let after = Stretch { after: first.last, ..Stretch::default() };
            let next = queries.patients().list(&selection, &after).await.unwrap();
            first.items.len() + next.items.len()
        };
        let (shown, read) = read_by(&database, &raw, pages).await;
        assert_eq!(shown, 40);
        assert!(read.walked.is_empty() && read.rows <= 50, "patients: {read:?}");

        for status in [None, Some(AppointmentStatus::Cancelled)] {
            let selection = AppointmentSelection { status, ..AppointmentSelection::of(actor) };
            let pages = async |queries: &dyn Queries| {
                let list = queries.appointments();
                let first = list.list(&selection, &Stretch::default()).await.unwrap();
                let after = Stretch { after: first.last, ..Stretch::default() };
                let next = list.list(&selection, &after).await.unwrap();
                first.items.len() + next.items.len()
            };
            let (shown, read) = read_by(&database, &raw, pages).await;
            assert!(20 < shown, "there is a second page");
            // Each with its doctor and its patient, who are few enough here to be read together.
            let walked = read.walked.iter().filter(|table| *table == "appointments").count();
            assert!(walked == 0 && read.rows <= 150, "appointments, {status:?}: {read:?}");
        }
    }
    for outcome in [None, Some(Outcome::Denied)] {
        let selection = AuditSelection { outcome, ..AuditSelection::default() };
        let pages = async |queries: &dyn Queries| {
            let first = queries.audit().list(&selection, &Stretch::default()).await.unwrap();
            let after = Stretch { after: first.last, ..Stretch::default() };
            let next = queries.audit().list(&selection, &after).await.unwrap();
            first.items.len() + next.items.len()
        };
        let (shown, read) = read_by(&database, &raw, pages).await;
        assert_eq!(shown, 40);
        let walked = read.walked.iter().filter(|table| *table == "audit_entries").count();
        assert!(walked == 0 && read.rows <= 100, "audit, {outcome:?}: {read:?}");
    }
    // About an appointment, by an entry with its patient and by one without.
    for number in [7, 8] {
        let record = Some(AppointmentId::new(id(APPOINTMENT, number)).into());
        let selection = AuditSelection { record, ..AuditSelection::default() };
        let page = async |queries: &dyn Queries| {
            queries.audit().list(&selection, &Stretch::default()).await.unwrap().items.len()
        };
        let (shown, read) = read_by(&database, &raw, page).await;
        assert_eq!(shown, 1);
        let walked = read.walked.iter().filter(|table| *table == "audit_entries").count();
        assert!(walked == 0 && read.rows <= 20, "audit of {number}: {read:?}");
    }
}

/// A batch of seals looks up the entries that it seals, on a connection that sealed when there were few, and
/// has kept its plan since.
#[actix_web::test]
async fn a_seal_reads_the_entry_that_it_seals_by_a_plan_of_a_short_trail() {
    let database = TestDatabase::postgres().await;
    let raw = database.raw().await;
    let store = database.store().await;
    let mut sealer = Sealer::new(store.clone(), Arc::new(FixedClock(at(NOW))), Arc::new(SystemIds));
    let commit = async |from: u64, to: u64| {
        let entries = format!(
            "INSERT INTO audit_entries (id, at, action, outcome)
            SELECT ('00000000-0000-0007-0000-' || lpad(to_hex(n), 12, '0'))::uuid,
                '2030-01-01Z', 'log_in', 'done'
            FROM generate_series({from}, {to}) AS n"
        );
        raw.execute(&entries).await.unwrap();
    };
    raw.execute("VACUUM (ANALYZE)").await.unwrap();
    commit(1, 250).await;
    assert_eq!(sealer.seal_what_waits().await.unwrap(), 250);
    commit(251, 5250).await;

    let before = counted(&raw).await;
    assert_eq!(sealer.seal_what_waits().await.unwrap(), 5000);
    drop(sealer);
    let read = end_of(store, &raw, before).await;

    assert!(!read.walked.contains(&"audit_entries".to_owned()), "{read:?}");
    assert!(read.entries["audit_entries_pkey"] <= 5250, "{read:?}");
}

fn an_admin() -> Actor {
    a_caller(Role::Admin).actor
}

/// Who made every hundredth of the patients, the first one too.
fn a_coordinator() -> Actor {
    Actor { user: UserId::new(id(USER, 1002)), ..a_caller(Role::Coordinator).actor }
}

fn patients(actor: Actor, search: &str) -> PatientSelection {
    PatientSelection {
        reach: reach(actor.role, Action::ReadPatient),
        actor,
        since: CareWindow::default().since(at(NOW)),
        filter: PatientFilter { search: Search::parse(search).ok(), ..PatientFilter::default() },
    }
}

/// Asks a store that nobody else asks. Returns what it answers, and what was read for that.
async fn read_by<T>(
    database: &TestDatabase,
    raw: &Raw,
    ask: impl AsyncFnOnce(&dyn Queries) -> T,
) -> (T, Read) {
    let before = counted(raw).await;
    let store = database.store().await;
    let answer = ask(&*store.queries()).await;
    (answer, end_of(store, raw, before).await)
}

/// What was read for a question.
#[derive(Debug, Default)]
struct Read {
    /// Tables that were read from end to end.
    walked: Vec<String>,
    /// The entries that were read of each index into which somebody looked.
    entries: BTreeMap<String, i64>,
    /// The rows that were looked at because an index said so.
    rows: i64,
}

/// Ends a store, and returns what was read through it.
async fn end_of(store: SeaOrmStore, raw: &Raw, before: Counts) -> Read {
    store.close().await;
    drop(store);
    until_gone(raw, "application_name = 'medilink'").await;

    let mut read = Read::default();
    for (name, (looks, entries, rows)) in counted(raw).await {
        let (looks_before, entries_before, rows_before) =
            before.get(&name).copied().unwrap_or_default();
        if looks == looks_before || name.contains("seaql_migrations") {
            continue;
        }
        if let Some(table) = name.strip_prefix("table ") {
            read.walked.push(table.to_owned());
        } else {
            read.entries.insert(name, entries - entries_before);
            read.rows += rows - rows_before;
        }
    }
    read
}

/// Waits until others have left the database: a connection says what it has read when it ends.
async fn until_gone(raw: &Raw, others: &str) {
    let open = format!(
        "SELECT count(*) FROM pg_stat_activity
        WHERE datname = current_database() AND pid <> pg_backend_pid() AND {others}"
    );
    while 0 < raw.count(&open).await {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

/// Of each table how often it was read from end to end; of each index how often it was looked into, how
/// many entries were read there, and how many rows because of them.
type Counts = BTreeMap<String, (i64, i64, i64)>;

async fn counted(raw: &Raw) -> Counts {
    let counts = "
        SELECT 'table ' || relname::text, seq_scan, 0::bigint, 0::bigint FROM pg_stat_user_tables
        UNION ALL
        SELECT indexrelname::text, idx_scan, idx_tup_read, idx_tup_fetch FROM pg_stat_user_indexes";
    let rows = raw.rows(counts).await;
    let number = |row: &sea_orm::QueryResult, index| row.try_get_by_index(index).unwrap();
    rows.iter()
        .map(|row| {
            let counts = (number(row, 1), number(row, 2), number(row, 3));
            (row.try_get_by_index(0).unwrap(), counts)
        })
        .collect()
}

const USER: u64 = 1;
const DOCTOR: u64 = 2;
const SESSION: u64 = 4;
const APPOINTMENT: u64 = 6;

/// Returns the id of a record by its number, as the statements below make it.
fn id(kind: u64, number: u64) -> Uuid {
    Uuid::from_u64_pair(kind, number)
}

/// Makes ten thousand doctors, twenty thousand patients and as many sessions.
async fn fill(database: &TestDatabase) {
    let raw = database.raw().await;
    for statement in PEOPLE {
        raw.execute(statement).await.unwrap();
    }
    raw.0.close().await.unwrap();
}

/// Numbers become ids: the kind, then the number. Names are in another order than their rows, as they are
/// anywhere.
const PEOPLE: &[&str] = &[
    "CREATE FUNCTION made(kind integer, number bigint) RETURNS uuid IMMUTABLE LANGUAGE sql AS $$
        SELECT ('00000000-0000-000' || kind || '-0000-' || lpad(to_hex(number), 12, '0'))::uuid
    $$",
    // A thousand are doctors, a hundred are coordinators, the others are patients.
    "INSERT INTO users (id, username, username_key, email, email_key, password_hash, role, status,
        created_at, updated_at, version)
    SELECT made(1, n), 'u' || n, 'u' || n, 'u' || n || '@example.org', 'u' || n || '@example.org', '',
        CASE WHEN n <= 1000 THEN 'doctor' WHEN n <= 1100 THEN 'coordinator' ELSE 'patient' END,
        'active', '2029-01-01Z', '2029-01-01Z', 1
    FROM generate_series(1, 5000) AS n",
    "INSERT INTO sessions (id, user_id, refresh_hash, created_at, refreshed_at, expires_at)
    SELECT made(4, n), made(1, 1 + (n - 1) % 5000), sha256(n::text::bytea), '2030-01-01Z',
        '2030-01-01Z', '2030-02-01Z'
    FROM generate_series(1, 20000) AS n",
    "INSERT INTO doctors (id, user_id, first_name, last_name, sort_name, specialization, city, city_key,
        is_available, is_verified, time_zone, booking, created_at, updated_at, version)
    SELECT made(2, n), CASE WHEN n <= 1000 THEN made(1, n) END, 'Emily', 'D' || n,
        'd' || lpad((n * 7919 % 10000)::text, 5, '0'),
        (ARRAY['general', 'cardiology', 'neurology', 'surgery'])[1 + n % 4],
        'City' || n % 25, 'city' || n % 25, n % 10 <> 0, n % 7 <> 0, 'UTC', 'open',
        '2029-01-01Z', '2029-01-01Z', 1
    FROM generate_series(1, 10000) AS n",
    "INSERT INTO doctor_words (word, doctor_id)
    SELECT word, made(2, n) FROM generate_series(1, 10000) AS n,
        LATERAL (VALUES ('emily'), ('d' || lpad((n * 7919 % 10000)::text, 5, '0'))) AS words (word)",
    "INSERT INTO patients (id, user_id, created_by, first_name, last_name, sort_name, gender, blood_group,
        created_at, updated_at, version)
    SELECT made(3, n), CASE WHEN n <= 3900 THEN made(1, 1100 + n) END, made(1, 1001 + n % 100),
        'Common', 'P' || n, 'p' || lpad((n * 7919 % 20000)::text, 5, '0'),
        (ARRAY['F', 'M', 'O', 'N'])[1 + n % 4],
        CASE WHEN n % 8 < 4 THEN 'O+' WHEN n % 8 < 7 THEN 'A+' ELSE 'AB-' END,
        '2029-01-01Z', '2029-01-01Z', 1
    FROM generate_series(1, 20000) AS n",
    "INSERT INTO patient_words (word, patient_id)
    SELECT word, made(3, n) FROM generate_series(1, 20000) AS n,
        LATERAL (VALUES ('common'), ('p' || lpad((n * 7919 % 20000)::text, 5, '0'))) AS words (word)",
    "INSERT INTO pharmacies (id, name, sort_name, is_verified, created_at, updated_at, version)
    SELECT made(5, n), 'Q' || n, 'q' || n, true, '2029-01-01Z', '2029-01-01Z', 1
    FROM generate_series(1, 1000) AS n",
];

/// Twenty appointments of each of the first thousand doctors, one after the other, and as many entries of the
/// audit trail. Every tenth appointment is cancelled, and every tenth entry a refusal.
const APPOINTMENTS: &[&str] = &[
    "INSERT INTO appointments (id, doctor_id, patient_id, patient_created_by, starts_at, ends_at, status,
        retrospective, created_by, created_at, updated_at, version)
    SELECT made(6, n), made(2, 1 + n % 1000), made(3, n), made(1, 1001 + n % 100),
        '2030-01-01Z'::timestamptz + n / 1000 * interval '1 hour',
        '2030-01-01Z'::timestamptz + n / 1000 * interval '1 hour' + interval '30 minutes',
        CASE WHEN n / 7 % 10 = 0 THEN 'cancelled' ELSE 'scheduled' END, false, made(1, 1001 + n % 100),
        '2029-01-01Z', '2029-01-01Z', 1
    FROM generate_series(1, 20000) AS n",
    "INSERT INTO audit_entries (id, at, action, outcome, concept, record_id, patient_id)
    SELECT made(7, n), '2030-01-01Z'::timestamptz + n * interval '1 second', 'read_appointment',
        CASE WHEN n % 10 = 0 THEN 'denied' ELSE 'done' END, 'appointment', made(6, n),
        CASE WHEN n % 2 = 0 THEN made(3, n) END
    FROM generate_series(1, 20000) AS n",
];
