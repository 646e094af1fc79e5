//! Idempotency keys: reserved once a day, and by one at a time.

use std::time::Duration;

use chrono::TimeDelta;
use medilink_application::idempotency::{IdempotencyKey, Reservation};
use medilink_application::store::Store;
use medilink_application::testing::{NOW, at};
use medilink_domain::id::Uuid;
use medilink_domain::time::Timestamp;
use medilink_tests::{TestDatabase, on_both_databases};

use super::clinic::{Clinic, an_entry, new_id};

on_both_databases! {
    a_key_is_reserved_once_in_24_hours,
    a_reservation_that_is_undone_was_none,
    a_second_reservation_waits_for_the_first,
    keys_that_have_expired_are_forgotten_and_no_others,
}

pub(super) fn a_key_of(key: &str) -> IdempotencyKey {
    IdempotencyKey { key: key.to_owned(), fingerprint: [1; 32] }
}

fn a_key(fingerprint: u8) -> IdempotencyKey {
    IdempotencyKey { key: "once".to_owned(), fingerprint: [fingerprint; 32] }
}

async fn reserve(
    clinic: &Clinic,
    key: &IdempotencyKey,
    record: Uuid,
    now: Timestamp,
) -> Reservation {
    let mut work = clinic.store.begin().await.unwrap();
    let reservation = work.idempotency().reserve(clinic.user.id, key, record, now).await.unwrap();
    work.commit(an_entry()).await.unwrap();
    reservation
}

async fn a_key_is_reserved_once_in_24_hours(database: TestDatabase) {
    let clinic = Clinic::on(database).await;
    let (first, second) = (new_id(), new_id());
    let later = |hours: i64, seconds: i64| {
        at(NOW).saturating_add(TimeDelta::hours(hours) + TimeDelta::seconds(seconds))
    };

    assert_eq!(reserve(&clinic, &a_key(1), first, at(NOW)).await, Reservation::First);
    assert_eq!(reserve(&clinic, &a_key(1), second, at(NOW)).await, Reservation::Replay(first));
    assert_eq!(reserve(&clinic, &a_key(2), second, at(NOW)).await, Reservation::Reused);
    assert_eq!(reserve(&clinic, &a_key(1), second, later(24, 0)).await, Reservation::Replay(first));
    assert_eq!(reserve(&clinic, &a_key(2), second, later(24, 1)).await, Reservation::First);
}

async fn a_reservation_that_is_undone_was_none(database: TestDatabase) {
    let clinic = Clinic::on(database).await;
    let mut work = clinic.store.begin().await.unwrap();
    work.idempotency().reserve(clinic.user.id, &a_key(1), new_id(), at(NOW)).await.unwrap();
    drop(work);

    assert_eq!(reserve(&clinic, &a_key(2), new_id(), at(NOW)).await, Reservation::First);
}

async fn keys_that_have_expired_are_forgotten_and_no_others(database: TestDatabase) {
    let clinic = Clinic::on(database).await;
    let mut work = clinic.store.begin().await.unwrap();
    let later = at(NOW).saturating_add(TimeDelta::hours(24));
    for number in 0..1200 {
        let key = IdempotencyKey { key: format!("old {number}"), fingerprint: [1; 32] };
        work.idempotency().reserve(clinic.user.id, &key, new_id(), at(NOW)).await.unwrap();
    }
    work.idempotency().reserve(clinic.user.id, &a_key(1), new_id(), later).await.unwrap();
    work.commit(an_entry()).await.unwrap();
    let raw = clinic.database.raw().await;
    let keys = "SELECT count(*) FROM idempotency_keys";

    clinic.store.forget_expired(later).await.unwrap();
    assert_eq!(raw.count(keys).await, 1201);
    clinic.store.forget_expired(later.saturating_add(TimeDelta::seconds(1))).await.unwrap();
    assert_eq!(raw.count(keys).await, 1);
}

async fn a_second_reservation_waits_for_the_first(database: TestDatabase) {
    let clinic = Clinic::on(database).await;
    let first = new_id();
    let mut work = clinic.store.begin().await.unwrap();
    work.idempotency().reserve(clinic.user.id, &a_key(1), first, at(NOW)).await.unwrap();

    let key = a_key(1);
    let second = reserve(&clinic, &key, new_id(), at(NOW));
    let commit = async {
        tokio::time::sleep(Duration::from_millis(100)).await;
        work.commit(an_entry()).await.unwrap();
    };
    let (second, ()) = tokio::join!(second, commit);

    assert_eq!(second, Reservation::Replay(first));
}
