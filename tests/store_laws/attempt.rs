//! Attempts to sign in: counted one after the other, on all instances together.

use chrono::TimeDelta;
use medilink_application::attempt::{AttemptCounter, Target};
use medilink_application::store::Store;
use medilink_application::testing::{NOW, at};
use medilink_domain::attempt::Familiarity;
use medilink_tests::{TestDatabase, on_both_databases};

use super::clinic::{an_entry, new_id};

on_both_databases! {
    of_many_attempts_at_once_five_are_made,
    an_attempt_that_succeeds_is_forgiven_and_others_are_not,
    attempts_that_are_taken_back_at_once_leave_what_was_there,
}

async fn of_many_attempts_at_once_five_are_made(database: TestDatabase) {
    // Two instances.
    let stores = [database.store().await, database.store().await];
    let target = Target { account: new_id(), familiarity: Familiarity::Stranger };

    let attempts = (0..48).map(|number| stores[number % 2].count(target, at(NOW)));
    let outcomes = futures_util::future::join_all(attempts).await;

    let made = outcomes.iter().filter(|outcome| matches!(outcome, Ok(Ok(())))).count();
    let wait = outcomes.iter().filter(|outcome| matches!(outcome, Ok(Err(_)))).count();
    assert_eq!((made, wait), (5, 43));
    // Another account, and the owner's own device, wait for nothing.
    for other in [
        Target { familiarity: Familiarity::Known, ..target },
        Target { familiarity: Familiarity::SignedIn, ..target },
        Target { account: new_id(), ..target },
    ] {
        stores[0].count(other, at(NOW)).await.unwrap().unwrap();
    }
}

async fn an_attempt_that_succeeds_is_forgiven_and_others_are_not(database: TestDatabase) {
    let store = database.store().await;
    let target = Target { account: new_id(), familiarity: Familiarity::Stranger };
    for _ in 0..5 {
        store.count(target, at(NOW)).await.unwrap().unwrap();
    }
    let too_soon = store.count(target, at(NOW)).await.unwrap().unwrap_err();
    assert_eq!(too_soon.wait, TimeDelta::seconds(1));

    let mut work = store.begin().await.unwrap();
    work.attempts().forgive(target).await.unwrap();
    work.attempts().forgive(Target { account: new_id(), ..target }).await.unwrap();
    drop(work);
    assert!(store.count(target, at(NOW)).await.unwrap().is_err());
    let mut work = store.begin().await.unwrap();
    work.attempts().forgive(target).await.unwrap();
    work.commit(an_entry()).await.unwrap();

    let row = "SELECT CAST(in_a_row * 100 + in_day AS bigint) FROM attempts";
    assert_eq!(database.raw().await.count(row).await, 4);
    store.count(target, at(NOW)).await.unwrap().unwrap();
}

async fn attempts_that_are_taken_back_at_once_leave_what_was_there(database: TestDatabase) {
    // Two instances.
    let stores = [database.store().await, database.store().await];
    let target = Target { account: new_id(), familiarity: Familiarity::SignedIn };
    for _ in 0..2 {
        stores[0].count(target, at(NOW)).await.unwrap().unwrap();
    }

    let attempts = (0..24).map(async |number| {
        let store = &stores[number % 2];
        if store.count(target, at(NOW)).await.unwrap().is_ok() {
            store.take_back(target, at(NOW)).await.unwrap();
        }
    });
    futures_util::future::join_all(attempts).await;
    // What was never counted is nothing to take back.
    stores[0].take_back(Target { account: new_id(), ..target }, at(NOW)).await.unwrap();

    let row = "SELECT CAST(in_a_row * 100 + in_day AS bigint) FROM attempts";
    assert_eq!(database.raw().await.count(row).await, 202);
}
