//! Rows whose time is over: they go, and no others.

use chrono::TimeDelta;
use medilink_application::attempt::{AttemptCounter, Target};
use medilink_application::store::Store;
use medilink_application::testing::{NOW, at};
use medilink_domain::attempt::Familiarity;
use medilink_domain::time::Timestamp;
use medilink_tests::{TestDatabase, on_both_databases};

use super::clinic::{Clinic, an_entry, new_id};
use super::session::a_session;

on_both_databases! {
    what_has_expired_goes_and_nothing_else,
    a_session_goes_with_the_tokens_that_have_continued_it,
}

const KEYS: &str = "SELECT count(*) FROM idempotency_keys";
const ATTEMPTS: &str = "SELECT count(*) FROM attempts";
const SESSIONS: &str = "SELECT count(*) FROM sessions";
const USED_TOKENS: &str = "SELECT count(*) FROM used_refresh_tokens";

fn after(hours: i64, seconds: i64) -> Timestamp {
    at(NOW).saturating_add(TimeDelta::hours(hours) + TimeDelta::seconds(seconds))
}

async fn what_has_expired_goes_and_nothing_else(database: TestDatabase) {
    let clinic = Clinic::on(database).await;
    let raw = clinic.database.raw().await;
    let counts =
        async || (raw.count(KEYS).await, raw.count(ATTEMPTS).await, raw.count(SESSIONS).await);
    for (key, now) in [("older", at(NOW)), ("newer", after(1, 0))] {
        let key = super::idempotency::a_key_of(key);
        let mut work = clinic.store.begin().await.unwrap();
        work.idempotency().reserve(clinic.user.id, &key, new_id(), now).await.unwrap();
        work.commit(an_entry()).await.unwrap();
    }
    let once = Target { account: new_id(), familiarity: Familiarity::Stranger };
    let again = Target { account: new_id(), familiarity: Familiarity::Stranger };
    for (target, now) in [(once, at(NOW)), (again, at(NOW)), (again, after(2, 0))] {
        clinic.store.count(target, now).await.unwrap().unwrap();
    }
    // One expires after 7 days, the other is ended after one.
    let [expires, mut ended] = [0, 1].map(|minutes| a_session(&clinic, minutes));
    ended.ended_at = Some(after(24, 0));
    super::session::keep(&clinic, &expires).await;
    super::session::keep(&clinic, &ended).await;

    for (hours, seconds, left) in [
        (0, 0, (2, 2, 2)),
        (24, 0, (2, 1, 2)),
        (24, 1, (1, 1, 2)),
        (25, 1, (0, 1, 2)),
        (26, -1, (0, 1, 2)),
        (26, 0, (0, 0, 2)),
        (31 * 24, 0, (0, 0, 2)),
        (31 * 24, 1, (0, 0, 1)),
        (37 * 24, 0, (0, 0, 1)),
        (37 * 24, 1, (0, 0, 0)),
    ] {
        clinic.store.forget_expired(after(hours, seconds)).await.unwrap();
        assert_eq!(counts().await, left, "after {hours} hours and {seconds} seconds");
    }
}

async fn a_session_goes_with_the_tokens_that_have_continued_it(database: TestDatabase) {
    let clinic = Clinic::on(database).await;
    let raw = clinic.database.raw().await;
    let mut session = a_session(&clinic, 0);
    super::session::keep(&clinic, &session).await;
    let used = session.refresh_hash;
    session.refresh_hash = [9; 32];
    let mut work = clinic.store.begin().await.unwrap();
    work.sessions().rotate(&session, used).await.unwrap();
    work.commit(an_entry()).await.unwrap();
    assert_eq!(raw.count(USED_TOKENS).await, 1);

    let gone = clinic.store.forget_expired(after(38 * 24, 0)).await.unwrap();

    assert_eq!(gone, 1);
    assert_eq!((raw.count(SESSIONS).await, raw.count(USED_TOKENS).await), (0, 0));
}
