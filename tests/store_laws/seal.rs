//! Seals: every entry gets one, and whatever is changed behind the program's back shows.

use std::net::IpAddr;
use std::sync::Arc;

use medilink_application::ports::AuditLog;
use medilink_application::store::Store;
use medilink_application::testing::{FixedClock, NOW, at};
use medilink_domain::audit::{AuditEntry, Origin, Outcome, Who};
use medilink_domain::checkpoint::Checkpoint;
use medilink_domain::id::{AuditEntryId, PatientId, RequestId, SessionId, UserId, Uuid};
use medilink_domain::inspection::{Findings, Flaw};
use medilink_domain::policy::Action;
use medilink_domain::user::Role;
use medilink_migrations::{Migrator, MigratorTrait};
use medilink_persistence::{GroupedAuditLog, SeaOrmStore, Sealer, inspect, migrate};
use medilink_security::SystemIds;
use medilink_tests::database::Raw;
use medilink_tests::{TestDatabase, on_both_databases};

use super::clinic::Clinic;

on_both_databases! {
    nobody_changes_or_deletes_a_seal,
    every_entry_is_sealed_once_whoever_seals,
    what_a_process_has_left_is_sealed_by_the_next_in_the_same_chain,
    a_chain_that_somebody_else_took_is_left_to_them,
    a_trail_in_use_has_no_flaws,
    a_change_of_any_column_is_found,
    what_was_taken_out_moved_or_put_in_is_found,
    an_end_that_was_cut_off_is_found_with_a_checkpoint_alone,
    an_entry_that_was_gone_before_its_seal_is_found,
    what_was_written_before_there_were_seals_is_sealed_too,
}

fn a_sealer(store: &SeaOrmStore, now: &str) -> Sealer {
    Sealer::new(store.clone(), Arc::new(FixedClock(at(now))), Arc::new(SystemIds))
}

/// Makes an entry with something in every column but the count.
fn an_entry(number: u128) -> AuditEntry {
    let id = Uuid::from_u128(number);
    let address = Some(IpAddr::from([192, 0, 2, 1]));
    AuditEntry::new(AuditEntryId::new(id), at(NOW), Action::ReadPatient, Outcome::Done)
        .by(Who { user: UserId::new(id), role: Role::Doctor, session: Some(SessionId::new(id)) })
        .from(Origin { request: RequestId::new(id), address })
        .about(PatientId::new(id))
        .touching(Some(PatientId::new(id)))
}

fn id(number: u128) -> AuditEntryId {
    AuditEntryId::new(Uuid::from_u128(number))
}

/// Commits entries, by their numbers.
async fn commit(clinic: &Clinic, numbers: impl IntoIterator<Item = u128>) {
    for number in numbers {
        let work = clinic.store.begin().await.unwrap();
        work.commit(an_entry(number)).await.unwrap();
    }
}

/// Makes a clinic with ten sealed entries, 1 to 10, and the one that its making has left behind them;
/// and lets the owner of the database do as they like.
async fn a_sealed_clinic(database: TestDatabase) -> (Clinic, Raw, Checkpoint) {
    let clinic = Clinic::on(database).await;
    commit(&clinic, 1..=10).await;
    a_sealer(&clinic.store, NOW).finish().await;
    let raw = clinic.database.raw().await;
    disarm(&clinic, &raw).await;
    let found = inspected(&clinic, &Checkpoint::default()).await;
    assert_eq!((found.flaws.clone(), found.sealed, found.waiting), (vec![], 11, 0));
    (clinic, raw, found.checkpoint)
}

async fn disarm(clinic: &Clinic, raw: &Raw) {
    if clinic.database.is_postgres() {
        for table in ["audit_entries", "audit_seals"] {
            raw.execute(&format!("ALTER TABLE {table} DISABLE TRIGGER USER")).await.unwrap();
        }
        return;
    }
    let guards = "SELECT name FROM sqlite_master WHERE type = 'trigger' AND name LIKE 'audit%'";
    for guard in raw.rows(guards).await {
        let guard: String = guard.try_get_by_index(0).unwrap();
        raw.execute(&format!("DROP TRIGGER {guard}")).await.unwrap();
    }
}

async fn inspected(clinic: &Clinic, since: &Checkpoint) -> Findings {
    inspect(&clinic.database.parsed_url(), since, |_| {}).await.unwrap()
}

async fn flaws(clinic: &Clinic) -> Vec<Flaw> {
    inspected(clinic, &Checkpoint::default()).await.flaws
}

/// Writes an id as the database does.
fn literal(clinic: &Clinic, number: u128) -> String {
    literal_in(&clinic.database, number)
}

fn literal_in(database: &TestDatabase, number: u128) -> String {
    let id = Uuid::from_u128(number);
    if database.is_postgres() { format!("'{id}'") } else { format!("x'{}'", id.simple()) }
}

async fn nobody_changes_or_deletes_a_seal(database: TestDatabase) {
    let clinic = Clinic::on(database).await;
    a_sealer(&clinic.store, NOW).finish().await;
    let raw = clinic.database.raw().await;

    let mut attempts = vec![
        "UPDATE audit_seals SET number = 7",
        "DELETE FROM audit_seals",
        "UPDATE audit_seals SET hash = hash",
    ];
    if clinic.database.is_postgres() {
        attempts.push("TRUNCATE audit_seals");
        attempts.push("INSERT INTO audit_seals SELECT * FROM audit_seals ON CONFLICT (chain_id, number) DO UPDATE SET number = 7");
    } else {
        attempts.push("REPLACE INTO audit_seals SELECT * FROM audit_seals");
        attempts.push("REPLACE INTO audit_seals SELECT chain_id, 7, entry_id, digest, sealed_at, hash FROM audit_seals");
    }
    for attempt in attempts {
        let refused = raw.execute(attempt).await.unwrap_err().to_string();
        assert!(refused.contains("only grows"), "{attempt}: {refused}");
    }
    assert_eq!(raw.count("SELECT count(*) FROM audit_seals WHERE number = 1").await, 1);
    let again = raw.execute("INSERT INTO audit_seals SELECT chain_id, 2, entry_id, digest, sealed_at, hash FROM audit_seals");
    assert!(again.await.is_err(), "no entry is sealed twice");
}

async fn every_entry_is_sealed_once_whoever_seals(database: TestDatabase) {
    let clinic = Clinic::on(database).await;
    let log = GroupedAuditLog::start(&clinic.store);
    let records = (1..=700).map(|number| log.record(an_entry(number)));
    for recorded in futures_util::future::join_all(records).await {
        recorded.unwrap();
    }

    // Instances of one installation, each with a store of its own.
    let mut stores = vec![clinic.store.clone()];
    stores.push(clinic.database.store().await);
    stores.push(clinic.database.store().await);
    let mut sealers: Vec<_> = stores.iter().map(|store| a_sealer(store, NOW)).collect();
    let sealed = sealers.iter_mut().map(Sealer::seal_what_waits);
    let sealed = futures_util::future::join_all(sealed).await;

    let sealed: u64 = sealed.into_iter().map(Result::unwrap).sum();
    assert_eq!(sealed, 701, "with the one that the clinic's making has left");
    let found = inspected(&clinic, &Checkpoint::default()).await;
    assert_eq!((found.flaws, found.sealed, found.waiting), (vec![], 701, 0));
    assert!((1..=3).contains(&found.checkpoint.heads().len()), "{:?}", found.checkpoint);
}

async fn what_a_process_has_left_is_sealed_by_the_next_in_the_same_chain(database: TestDatabase) {
    let clinic = Clinic::on(database).await;
    commit(&clinic, 1..=3).await;
    let mut first = a_sealer(&clinic.store, NOW);
    assert_eq!(first.seal_what_waits().await.unwrap(), 4);
    commit(&clinic, 4..=5).await;
    // It ends here, without a word.
    drop(first);
    let left = inspected(&clinic, &Checkpoint::default()).await;
    assert_eq!((left.flaws, left.sealed, left.waiting), (vec![], 4, 2));

    let mut next = a_sealer(&clinic.store, "2030-01-06T12:01:00Z");
    assert_eq!(next.seal_what_waits().await.unwrap(), 2);
    next.finish().await;
    commit(&clinic, [6]).await;
    // What was let go of can be taken at once.
    a_sealer(&clinic.store, "2030-01-06T12:01:00Z").finish().await;

    let found = inspected(&clinic, &left.checkpoint).await;
    assert_eq!((found.flaws, found.sealed, found.waiting), (vec![], 7, 0));
    assert_eq!(found.checkpoint.heads().len(), 1);
}

async fn a_chain_that_somebody_else_took_is_left_to_them(database: TestDatabase) {
    let clinic = Clinic::on(database).await;
    let mut silent = a_sealer(&clinic.store, NOW);
    silent.seal_what_waits().await.unwrap();
    commit(&clinic, [1]).await;
    let mut other = a_sealer(&clinic.store, "2030-01-06T12:01:00Z");
    other.seal_what_waits().await.unwrap();
    commit(&clinic, [2]).await;

    // It comes back, and finds that it was taken for dead.
    silent.seal_what_waits().await.unwrap();
    commit(&clinic, [3]).await;
    other.seal_what_waits().await.unwrap();

    let found = inspected(&clinic, &Checkpoint::default()).await;
    assert_eq!((found.flaws, found.sealed), (vec![], 4));
    let mut lengths: Vec<_> = found.checkpoint.heads().iter().map(|head| head.length).collect();
    lengths.sort_unstable();
    assert_eq!(lengths, [1, 3]);
}

async fn a_trail_in_use_has_no_flaws(database: TestDatabase) {
    let clinic = Clinic::on(database).await;
    let log = GroupedAuditLog::start(&clinic.store);
    let running = a_sealer(&clinic.store, NOW).start();
    let mut other = a_sealer(&clinic.store, NOW);

    let write = async {
        for round in 0..30 {
            let records = (1..=20).map(|number| log.record(an_entry(round * 20 + number)));
            futures_util::future::join_all(records).await;
            other.seal_what_waits().await.unwrap();
        }
    };
    let look = async {
        let mut checkpoint = Checkpoint::default();
        for _ in 0..10 {
            let found = inspected(&clinic, &checkpoint).await;
            assert!(found.flaws.is_empty(), "{:?}", found.flaws);
            checkpoint = found.checkpoint;
        }
        checkpoint
    };
    let ((), checkpoint) = tokio::join!(write, look);
    running.stop().await;

    let found = inspected(&clinic, &checkpoint).await;
    assert_eq!((found.flaws, found.sealed, found.waiting), (vec![], 601, 0));
}

async fn a_change_of_any_column_is_found(database: TestDatabase) {
    let (clinic, raw, _) = a_sealed_clinic(database).await;
    let instant = if clinic.database.is_postgres() {
        "at + interval '1 microsecond'"
    } else {
        "'2030-01-06T12:00:00.001+00:00'"
    };
    commit(&clinic, 11..=13).await;
    let foreign = literal(&clinic, 99);
    // Whoever disarms the guards takes the queue away, too.
    for number in 11..=13 {
        let id = literal(&clinic, number);
        raw.execute(&format!("INSERT INTO audit_unsealed VALUES ({id})")).await.unwrap();
    }
    a_sealer(&clinic.store, NOW).finish().await;
    let changes = [
        ("at", instant),
        ("user_id", &foreign),
        ("role", "'admin'"),
        ("session_id", "NULL"),
        ("request_id", &foreign),
        ("address", "''"),
        ("action", "'nothing that anybody knows'"),
        ("outcome", "'denied'"),
        ("concept", "NULL"),
        ("record_id", &foreign),
        ("patient_id", "NULL"),
        ("count", "1"),
    ];

    let mut expected = Vec::new();
    for (number, (column, value)) in (1..).zip(changes) {
        let id = literal(&clinic, number);
        let change = format!("UPDATE audit_entries SET {column} = {value} WHERE id = {id}");
        assert_eq!(raw.execute(&change).await.unwrap().rows_affected(), 1, "{column}");
        expected.push(Flaw::Changed(self::id(number)));
        let mut found = flaws(&clinic).await;
        found.sort_by_key(ToString::to_string);
        assert_eq!(found, expected, "{column}");
    }
    let change =
        format!("UPDATE audit_entries SET id = {foreign} WHERE id = {}", literal(&clinic, 13));
    raw.execute(&change).await.unwrap();
    let found = flaws(&clinic).await;
    assert!(found.contains(&Flaw::Missing(id(13))), "{found:?}");
    assert!(found.contains(&Flaw::Unsealed(id(99))), "{found:?}");
    if !clinic.database.is_postgres() {
        // SQLite stores anything anywhere.
        let change =
            format!("UPDATE audit_entries SET at = x'00' WHERE id = {}", literal(&clinic, 1));
        raw.execute(&change).await.unwrap();
        assert_eq!(flaws(&clinic).await, found);
    }
}

async fn what_was_taken_out_moved_or_put_in_is_found(database: TestDatabase) {
    let (clinic, raw, checkpoint) = a_sealed_clinic(database).await;
    let chain = checkpoint.heads()[0].chain;
    let take_out = format!("DELETE FROM audit_entries WHERE id = {}", literal(&clinic, 4));
    raw.execute(&take_out).await.unwrap();
    assert_eq!(flaws(&clinic).await, [Flaw::Missing(id(4))]);

    // With its seal, it leaves a gap.
    let seal = format!("DELETE FROM audit_seals WHERE entry_id = {}", literal(&clinic, 4));
    raw.execute(&seal).await.unwrap();
    assert_eq!(flaws(&clinic).await, [Flaw::Gap(chain, 4, 4)]);

    // Closing the gap breaks the chain.
    raw.execute("UPDATE audit_seals SET number = number + 100 WHERE 4 < number").await.unwrap();
    raw.execute("UPDATE audit_seals SET number = number - 101 WHERE 100 < number").await.unwrap();
    let found = inspected(&clinic, &checkpoint).await;
    assert_eq!(found.flaws[0], Flaw::Displaced(id(5)));
    assert_eq!(found.flaws.last(), Some(&Flaw::Shortened(chain, 10, 11)));
    raw.execute("UPDATE audit_seals SET number = number + 101 WHERE 3 < number").await.unwrap();
    raw.execute("UPDATE audit_seals SET number = number - 100 WHERE 100 < number").await.unwrap();
    assert_eq!(flaws(&clinic).await, [Flaw::Gap(chain, 4, 4)]);

    // Two change places.
    for (from, to) in [(6, 60), (7, 6), (60, 7)] {
        let [from, to] = [from, to].map(|number| literal(&clinic, number));
        let rename = format!("UPDATE audit_entries SET id = {to} WHERE id = {from}");
        raw.execute(&rename).await.unwrap();
    }
    let expected = [Flaw::Gap(chain, 4, 4), Flaw::Changed(id(6)), Flaw::Changed(id(7))];
    assert_eq!(flaws(&clinic).await, expected);

    // One that nobody has sealed is put in.
    commit(&clinic, [20]).await;
    let found = flaws(&clinic).await;
    assert_eq!(found.last(), Some(&Flaw::Unsealed(id(20))));
}

async fn an_end_that_was_cut_off_is_found_with_a_checkpoint_alone(database: TestDatabase) {
    let (clinic, raw, checkpoint) = a_sealed_clinic(database).await;
    let chain = checkpoint.heads()[0].chain;

    raw.execute(
        "DELETE FROM audit_entries WHERE id IN (SELECT entry_id FROM audit_seals WHERE 8 < number)",
    )
    .await
    .unwrap();
    raw.execute("DELETE FROM audit_seals WHERE 8 < number").await.unwrap();

    assert_eq!(flaws(&clinic).await, []);
    let found = inspected(&clinic, &checkpoint).await;
    assert_eq!(found.flaws, [Flaw::Shortened(chain, 8, 11)]);

    raw.execute("DELETE FROM audit_entries").await.unwrap();
    raw.execute("DELETE FROM audit_seals").await.unwrap();
    assert_eq!(flaws(&clinic).await, []);
    assert_eq!(inspected(&clinic, &checkpoint).await.flaws, [Flaw::Gone(chain)]);
}

async fn an_entry_that_was_gone_before_its_seal_is_found(database: TestDatabase) {
    let clinic = Clinic::on(database).await;
    commit(&clinic, 1..=3).await;
    let raw = clinic.database.raw().await;
    disarm(&clinic, &raw).await;
    let take_out = format!("DELETE FROM audit_entries WHERE id = {}", literal(&clinic, 2));
    raw.execute(&take_out).await.unwrap();

    a_sealer(&clinic.store, NOW).finish().await;

    assert_eq!(flaws(&clinic).await, [Flaw::Missing(id(2))]);
}

async fn what_was_written_before_there_were_seals_is_sealed_too(migrated: TestDatabase) {
    let database = TestDatabase::empty(migrated.is_postgres());
    if !database.is_postgres() {
        std::fs::File::create(database.folder().join("medilink.db")).unwrap();
    }
    let raw = database.raw().await;
    let steps = Migrator::migrations();
    let before = steps.iter().take_while(|step| step.name() < "m0007").count();
    Migrator::up(&raw.0, u32::try_from(before).ok()).await.unwrap();
    for number in 1..=3 {
        let id = literal_in(&database, number);
        let insert = format!(
            "INSERT INTO audit_entries (id, at, action, outcome)
            VALUES ({id}, '2029-01-01T00:00:00+00:00', 'sign_in', 'failed')"
        );
        raw.execute(&insert).await.unwrap();
    }
    raw.0.close().await.unwrap();

    migrate(&database.parsed_url()).await.unwrap();
    a_sealer(&database.store().await, NOW).finish().await;

    let found = inspect(&database.parsed_url(), &Checkpoint::default(), |_| {}).await.unwrap();
    assert_eq!((found.flaws, found.sealed, found.late), (vec![], 3, 3));
}
