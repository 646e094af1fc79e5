//! Units of work: all of it or nothing, whatever happens to whoever asked.

use std::future::Future;
use std::pin::pin;
use std::task::{Context, Waker};
use std::time::{Duration, Instant};

use medilink_application::error::StoreError;
use medilink_application::ports::AuditLog;
use medilink_application::store::Store;
use medilink_persistence::GroupedAuditLog;
use medilink_tests::database::Raw;
use medilink_tests::{TestDatabase, on_both_databases};

use super::clinic::{Clinic, an_entry, insert};

on_both_databases! {
    a_dropped_unit_of_work_leaves_no_trace,
    a_commit_always_leaves_an_audit_entry,
    a_unit_that_is_dropped_at_any_await_is_whole_or_absent_and_harms_no_other,
    units_that_are_aborted_anywhere_lose_no_other,
    units_that_run_at_once_are_all_kept,
    a_unit_after_a_refused_one_is_kept,
    a_unit_is_dead_after_its_first_error,
    a_stale_unit_is_dead_too,
}

const APPOINTMENTS: &str = "SELECT count(*) FROM appointments";
const CHANGES: &str = "SELECT count(*) FROM appointment_changes";
const ENTRIES: &str = "SELECT count(*) FROM audit_entries";

async fn a_dropped_unit_of_work_leaves_no_trace(database: TestDatabase) {
    let clinic = Clinic::on(database).await;
    let appointment = clinic.appointment(0, 0, "09:00", "10:00");

    let mut work = clinic.store.begin().await.unwrap();
    insert(&mut *work, &appointment).await.unwrap();
    drop(work);

    clinic.book(&clinic.appointment(0, 0, "09:00", "10:00")).await.unwrap();
    assert_eq!(clinic.database.raw().await.count(APPOINTMENTS).await, 1);
}

async fn a_commit_always_leaves_an_audit_entry(database: TestDatabase) {
    let clinic = Clinic::on(database).await;
    let raw = clinic.database.raw().await;
    let before = raw.count(ENTRIES).await;

    clinic.book(&clinic.appointment(0, 0, "09:00", "10:00")).await.unwrap();
    clinic.store.begin().await.unwrap().commit(an_entry()).await.unwrap();

    assert_eq!(raw.count(ENTRIES).await, before + 2);
}

async fn a_unit_that_is_dropped_at_any_await_is_whole_or_absent_and_harms_no_other(
    database: TestDatabase,
) {
    let clinic = Clinic::on(database).await;
    let raw = clinic.database.raw().await;
    let mut kept = 0;
    // Each round drops a booking after one poll more, until one comes to its end.
    for polls in 1..400 {
        let doomed = clinic.appointment(0, 0, "09:00", "10:00");
        let other = clinic.appointment(1, 1, "09:00", "10:00");
        let (ended, neighbour) =
            tokio::join!(poll_times(clinic.book(&doomed), polls), clinic.book(&other));
        neighbour.unwrap();

        assert_eq!(abandoned(&clinic, &raw).await, 0, "after {polls} polls");
        // What was dropped in the middle of its commit may still be kept, but only as a whole.
        clinic.cancel(other.id).await;
        kept += 1;
        let found = raw.count(APPOINTMENTS).await - kept;
        assert!((0..=1).contains(&found), "after {polls} polls");
        if found == 1 {
            clinic.cancel(doomed.id).await;
            kept += 1;
        }
        assert_eq!(raw.count(CHANGES).await, 2 * kept, "after {polls} polls");
        if ended {
            assert_eq!(found, 1);
            return;
        }
    }
    panic!("no booking came to its end");
}

/// Counts the store's transactions that are open though nobody has them, once PostgreSQL has had a
/// moment to undo them.
async fn abandoned(clinic: &Clinic, raw: &Raw) -> i64 {
    const OPEN: &str = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()
        AND application_name = 'medilink' AND state LIKE 'idle in transaction%'";
    if !clinic.database.is_postgres() {
        return 0;
    }
    let mut open = 0;
    for _ in 0..100 {
        open = raw.count(OPEN).await;
        if open == 0 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    open
}

/// The same on several threads, where what one drops and what another awaits truly meet.
async fn units_that_are_aborted_anywhere_lose_no_other(database: TestDatabase) {
    let threads = std::thread::spawn(move || {
        tokio::runtime::Runtime::new().unwrap().block_on(abort_anywhere(database));
    });
    threads.join().unwrap();
}

async fn abort_anywhere(database: TestDatabase) {
    let clinic = Clinic::on(database).await;
    let mut acknowledged = 0;
    for round in 0..400_u64 {
        let units: Vec<_> = (0..8_u64)
            .map(|number| {
                let store = clinic.store.clone();
                let unit =
                    tokio::spawn(async move { store.begin().await?.commit(an_entry()).await });
                let doomed = number % 2 == 0;
                tokio::spawn(async move {
                    if doomed {
                        tokio::time::sleep(Duration::from_micros(37 * (round + number) % 900))
                            .await;
                        unit.abort();
                    }
                    unit.await.is_ok_and(|outcome| outcome.is_ok())
                })
            })
            .collect();
        for unit in units {
            acknowledged += i64::from(unit.await.unwrap());
        }
    }
    // A unit that was aborted may have been kept, but one that was acknowledged must be there.
    let raw = clinic.database.raw().await;
    let kept = raw.count(ENTRIES).await - 1;
    assert!(1600 <= acknowledged && acknowledged <= kept, "{acknowledged} of {kept}");
    // Nothing is left half open that would make the next commit no commit.
    clinic.book(&clinic.appointment(0, 0, "09:00", "10:00")).await.unwrap();
    assert_eq!(raw.count(APPOINTMENTS).await, 1);
}

async fn units_that_run_at_once_are_all_kept(database: TestDatabase) {
    let clinic = Clinic::on(database).await;
    let hours: Vec<_> = (0..20)
        .map(|hour| clinic.appointment(0, 0, &format!("{hour:02}:00"), &format!("{hour:02}:45")))
        .collect();

    let booked = futures_util::future::join_all(hours.iter().map(|hour| clinic.book(hour))).await;

    assert!(booked.iter().all(Result::is_ok));
    assert_eq!(clinic.database.raw().await.count(APPOINTMENTS).await, 20);
}

async fn a_unit_after_a_refused_one_is_kept(database: TestDatabase) {
    let clinic = Clinic::on(database).await;
    let times = [("09:00", "10:00"), ("09:30", "10:30"), ("11:00", "12:00"), ("11:30", "11:45")];
    let wanted = times.map(|(start, end)| clinic.appointment(0, 0, start, end));

    let outcomes =
        futures_util::future::join_all(wanted.iter().map(|wanted| clinic.book(wanted))).await;

    assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 2);
    assert_eq!(clinic.database.raw().await.count(APPOINTMENTS).await, 2);
}

async fn a_unit_is_dead_after_its_first_error(database: TestDatabase) {
    let clinic = Clinic::on(database).await;
    clinic.book(&clinic.appointment(0, 0, "09:00", "10:00")).await.unwrap();
    let kept = clinic.appointment(0, 0, "11:00", "12:00");

    let mut work = clinic.store.begin().await.unwrap();
    insert(&mut *work, &kept).await.unwrap();
    let refused = insert(&mut *work, &clinic.appointment(0, 0, "09:30", "10:30")).await;
    assert!(matches!(refused, Err(StoreError::Conflict(_))));
    let read = work.appointments().find(kept.id).await;
    let written = insert(&mut *work, &clinic.appointment(0, 0, "13:00", "14:00")).await;
    let committed = work.commit(an_entry()).await;

    assert!(read.is_err() && written.is_err() && committed.is_err());
    assert_eq!(clinic.database.raw().await.count(APPOINTMENTS).await, 1);
    clinic.book(&kept).await.unwrap();
}

async fn a_stale_unit_is_dead_too(database: TestDatabase) {
    let clinic = Clinic::on(database).await;
    let mut stale = clinic.user.clone();
    stale.revision.version += 2;

    let mut work = clinic.store.begin().await.unwrap();
    insert(&mut *work, &clinic.appointment(0, 0, "09:00", "10:00")).await.unwrap();
    assert!(matches!(work.users().update(&stale).await, Err(StoreError::Stale(_))));
    let committed = work.commit(an_entry()).await;

    assert!(committed.is_err());
    assert_eq!(clinic.database.raw().await.count(APPOINTMENTS).await, 0);
}

/// Nobody knows how the statement has ended, and PostgreSQL answers a commit after a failure as if all were
/// well. On SQLite no statement can be left.
#[actix_web::test]
async fn a_unit_is_dead_after_a_statement_that_nobody_waited_for() {
    let clinic = Clinic::on(TestDatabase::postgres().await).await;
    let left = clinic.appointment(0, 0, "11:00", "12:00");

    let mut work = clinic.store.begin().await.unwrap();
    insert(&mut *work, &clinic.appointment(0, 0, "09:00", "10:00")).await.unwrap();
    assert!(!poll_times(insert(&mut *work, &left), 1).await);
    let committed = work.commit(an_entry()).await;

    assert!(matches!(committed, Err(StoreError::Unavailable(_))), "{committed:?}");
    assert_eq!(clinic.database.raw().await.count(APPOINTMENTS).await, 0);
    clinic.book(&left).await.unwrap();
}

#[test]
fn a_store_may_end_where_there_is_no_runtime() {
    let system = actix_web::rt::System::new();
    let (database, store) = system.block_on(async {
        let database = TestDatabase::postgres().await;
        let store = database.store().await;
        store.ping().await.unwrap();
        (database, store)
    });

    std::thread::spawn(move || drop(store)).join().unwrap();

    system.block_on(async move { drop(database) });
}

/// A primary that was made a follower, or told to only read, is out of order: not our fault.
#[actix_web::test]
async fn a_server_that_only_reads_is_unavailable() {
    let clinic = Clinic::on(TestDatabase::postgres().await).await;
    let raw = clinic.database.raw().await;
    clinic.store.try_to_write().await.unwrap();
    let only_read =
        "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET default_transaction_read_only = on',
        current_database()); END $$";
    raw.execute(only_read).await.unwrap();
    // Of the connections that come from now on.
    let store = clinic.database.store().await;

    let work = store.begin().await.unwrap();
    let refused = work.commit(an_entry()).await;

    assert!(matches!(refused, Err(StoreError::Unavailable(_))), "{refused:?}");
    assert!(matches!(store.try_to_write().await, Err(StoreError::Unavailable(_))));
    store.ping().await.unwrap();
}

/// Bookings that wait for one doctor must not take every connection.
#[actix_web::test]
async fn reads_and_the_audit_log_go_on_while_bookings_wait() {
    const HELD: Duration = Duration::from_secs(2);

    let clinic = Clinic::on(TestDatabase::postgres().await).await;
    let log = GroupedAuditLog::start(&clinic.store);
    let raw = clinic.database.raw().await;
    let held = raw.transaction().await;
    held.execute("SELECT 1 FROM doctors FOR UPDATE").await.unwrap();
    let hours: Vec<_> = (0..40)
        .map(|number| {
            let (hour, minute) = (number / 2, 30 * (number % 2));
            let end = format!("{hour:02}:{:02}", minute + 25);
            clinic.appointment(0, 0, &format!("{hour:02}:{minute:02}"), &end)
        })
        .collect();
    let bookings = futures_util::future::join_all(hours.iter().map(|hour| clinic.book(hour)));

    let reads = async {
        // By now as many wait as may.
        tokio::time::sleep(HELD / 4).await;
        let began = Instant::now();
        for _ in 0..5 {
            clinic.store.queries().users().find(clinic.user.id).await.unwrap();
            log.record(an_entry()).await.unwrap();
        }
        let took = began.elapsed();
        tokio::time::sleep((HELD * 3 / 4).saturating_sub(took)).await;
        drop(held);
        took
    };
    let (booked, took) = tokio::join!(bookings, reads);

    assert!(took < HELD / 4, "{took:?}");
    assert!(booked.iter().all(Result::is_ok), "{booked:?}");
}

/// Polls a future so many times at the most, then drops it. Tells whether it came to its end.
async fn poll_times(future: impl Future, polls: usize) -> bool {
    let mut future = pin!(future);
    for _ in 0..polls {
        let mut context = Context::from_waker(Waker::noop());
        if future.as_mut().poll(&mut context).is_ready() {
            return true;
        }
        // The store goes on in between, so that each poll finds it a step further.
        tokio::time::sleep(Duration::from_micros(300)).await;
    }
    false
}
