//! Units of work: all of it or nothing, whatever happens to whoever asked.

use std::future::Future;
use std::pin::pin;
use std::task::{Context, Waker};
use std::time::Duration;

use medilink_application::store::Store;
use medilink_tests::{TestDatabase, on_both_databases};

use super::clinic::{Clinic, an_entry, insert};

on_both_databases! {
    a_dropped_unit_of_work_leaves_no_trace,
    a_commit_always_leaves_an_audit_entry,
    a_unit_that_is_dropped_at_any_await_is_whole_or_absent_and_harms_no_other,
    units_that_are_aborted_anywhere_lose_no_other,
    units_that_run_at_once_are_all_kept,
    a_unit_after_a_refused_one_is_kept,
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
