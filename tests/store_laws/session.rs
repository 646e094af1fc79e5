//! Sessions: whose they are, how they go on, and when they have ended.

use chrono::TimeDelta;
use medilink_application::error::StoreError;
use medilink_application::page::{Limit, Stretch};
use medilink_application::store::Store;
use medilink_application::testing::{NOW, at};
use medilink_domain::id::SessionId;
use medilink_domain::record::Concept;
use medilink_domain::session::{Presented, Session};
use medilink_domain::text::DeviceName;
use medilink_domain::time::Timestamp;
use medilink_domain::user::UserStatus;
use medilink_tests::{TestDatabase, on_both_databases};

use super::clinic::{Clinic, an_entry, new_id};

on_both_databases! {
    a_session_names_its_user_until_it_ends,
    a_session_comes_out_as_it_went_in,
    a_refresh_token_is_found_before_and_after_its_use,
    a_token_that_moved_on_is_not_rotated,
    sessions_end_alone_together_or_all_but_one,
    a_list_shows_those_that_go_on_the_newest_first,
    of_many_who_refresh_at_once_one_rotates,
}

/// A session of the clinic's user that began so many minutes after [`NOW`].
pub(super) fn a_session(clinic: &Clinic, minutes: i64) -> Session {
    let now = at(NOW).saturating_add(TimeDelta::minutes(minutes));
    let id = new_id();
    let mut refresh_hash = [7; 32];
    refresh_hash[..16].copy_from_slice(id.as_bytes());
    Session {
        id: SessionId::new(id),
        user: clinic.user.id,
        refresh_hash,
        device: DeviceName::parse("Mozilla/5.0 (X11; Linux)").ok(),
        address: "2001:db8::7".parse().ok(),
        created_at: now,
        refreshed_at: now,
        expires_at: now.saturating_add(TimeDelta::days(7)),
        ended_at: None,
    }
}

pub(super) async fn keep(clinic: &Clinic, session: &Session) {
    let mut work = clinic.store.begin().await.unwrap();
    work.sessions().insert(session).await.unwrap();
    work.commit(an_entry()).await.unwrap();
}

async fn a_session_names_its_user_until_it_ends(database: TestDatabase) {
    let clinic = Clinic::on(database).await;
    let session = a_session(&clinic, 0);
    keep(&clinic, &session).await;
    let raw = clinic.database.raw().await;
    let queries = clinic.store.queries();
    let actor = async |days| {
        queries
            .sessions()
            .actor(session.id, at(NOW).saturating_add(TimeDelta::days(days)))
            .await
            .unwrap()
    };

    let found = actor(0).await.unwrap();
    assert_eq!((found.user, found.role), (clinic.user.id, clinic.user.role));
    assert_eq!((found.session, found.status), (session.id, UserStatus::Active));
    assert_eq!(actor(7).await, None);

    // Whatever is changed acts at once.
    raw.execute("UPDATE users SET role = 'admin', status = 'pending'").await.unwrap();
    assert_eq!(actor(0).await.unwrap().status, UserStatus::Pending);
    raw.execute("UPDATE users SET status = 'disabled'").await.unwrap();
    assert_eq!(actor(0).await, None);
    raw.execute("UPDATE users SET status = 'active'").await.unwrap();
    raw.execute("UPDATE sessions SET ended_at = created_at").await.unwrap();
    assert_eq!(actor(0).await, None);
}

async fn a_session_comes_out_as_it_went_in(database: TestDatabase) {
    let clinic = Clinic::on(database).await;
    let full = a_session(&clinic, 0);
    let bare = Session { device: None, address: None, ..a_session(&clinic, 1) };

    for session in [full, bare] {
        keep(&clinic, &session).await;
        let mut work = clinic.store.begin().await.unwrap();
        assert_eq!(work.sessions().lock(session.id).await.unwrap(), Some(session));
    }
}

async fn a_refresh_token_is_found_before_and_after_its_use(database: TestDatabase) {
    let clinic = Clinic::on(database).await;
    let mut session = a_session(&clinic, 0);
    let first = session.refresh_hash;
    keep(&clinic, &session).await;
    let later = at(NOW).saturating_add(TimeDelta::minutes(14));

    let mut work = clinic.store.begin().await.unwrap();
    let found = work.sessions().lock_by_refresh_token(first).await.unwrap();
    assert_eq!(found, Some((session.clone(), Presented::Current)));
    session.refresh(Presented::Current, [9; 32], TimeDelta::days(7), later);
    work.sessions().rotate(&session, first).await.unwrap();
    work.commit(an_entry()).await.unwrap();

    let mut work = clinic.store.begin().await.unwrap();
    let found = work.sessions().lock_by_refresh_token(first).await.unwrap();
    assert_eq!(found, Some((session.clone(), Presented::Used { at: later })));
    let found = work.sessions().lock_by_refresh_token([9; 32]).await.unwrap();
    assert_eq!(found, Some((session, Presented::Current)));
    assert_eq!(work.sessions().lock_by_refresh_token([1; 32]).await.unwrap(), None);
}

async fn a_token_that_moved_on_is_not_rotated(database: TestDatabase) {
    let clinic = Clinic::on(database).await;
    let mut session = a_session(&clinic, 0);
    keep(&clinic, &session).await;
    session.refresh_hash = [9; 32];

    let mut work = clinic.store.begin().await.unwrap();
    let outcome = work.sessions().rotate(&session, [8; 32]).await;

    assert!(matches!(outcome, Err(StoreError::Stale(Concept::Session))));
}

async fn sessions_end_alone_together_or_all_but_one(database: TestDatabase) {
    let clinic = Clinic::on(database).await;
    let sessions = [0, 1, 2, 3].map(|minutes| a_session(&clinic, minutes));
    for session in &sessions {
        keep(&clinic, session).await;
    }
    let open = async || {
        let found = clinic.store.queries();
        let found = found.sessions().list(clinic.user.id, at(NOW), &Stretch::default()).await;
        found.unwrap().items.len()
    };
    let ends_at = |minutes| at(NOW).saturating_add(TimeDelta::minutes(minutes));

    let mut work = clinic.store.begin().await.unwrap();
    work.sessions().end(sessions[0].id, ends_at(10)).await.unwrap();
    work.commit(an_entry()).await.unwrap();
    assert_eq!(open().await, 3);
    let mut work = clinic.store.begin().await.unwrap();
    let kept = Some(sessions[3].id);
    work.sessions().end_all(clinic.user.id, kept, ends_at(20)).await.unwrap();
    work.commit(an_entry()).await.unwrap();
    assert_eq!(open().await, 1);
    let mut work = clinic.store.begin().await.unwrap();
    work.sessions().end_all(clinic.user.id, None, ends_at(30)).await.unwrap();
    // What has ended stays ended when it did.
    let first = work.sessions().lock(sessions[0].id).await.unwrap().unwrap();
    assert_eq!(first.ended_at, Some(ends_at(10)));
    work.commit(an_entry()).await.unwrap();
    assert_eq!(open().await, 0);
}

async fn a_list_shows_those_that_go_on_the_newest_first(database: TestDatabase) {
    let clinic = Clinic::on(database).await;
    for minutes in 0..5 {
        keep(&clinic, &a_session(&clinic, minutes)).await;
    }
    let queries = clinic.store.queries();
    let list = async |now: Timestamp, after| {
        let limit = Limit::parse("2").unwrap();
        let stretch = Stretch { after, limit, count: true };
        queries.sessions().list(clinic.user.id, now, &stretch).await.unwrap()
    };

    let mut shown = Vec::new();
    let mut after = None;
    loop {
        let page = list(at(NOW), after).await;
        assert_eq!(page.total, Some(5));
        shown.extend(page.items.iter().map(|session| session.created_at));
        after = page.last;
        if after.is_none() {
            break;
        }
    }
    let newest_first: Vec<_> =
        (0..5).rev().map(|minutes| at(NOW).saturating_add(TimeDelta::minutes(minutes))).collect();
    assert_eq!(shown, newest_first);

    let after_a_week = at(NOW).saturating_add(TimeDelta::days(7) + TimeDelta::minutes(2));
    assert_eq!(list(after_a_week, None).await.total, Some(2));
}

async fn of_many_who_refresh_at_once_one_rotates(database: TestDatabase) {
    let clinic = Clinic::on(database).await;
    let session = a_session(&clinic, 0);
    let presented = session.refresh_hash;
    keep(&clinic, &session).await;

    let refresh = async || {
        let mut work = clinic.store.begin().await.unwrap();
        let found = work.sessions().lock_by_refresh_token(presented).await.unwrap();
        let (mut session, token) = found.unwrap();
        session.refresh(token, [9; 32], TimeDelta::days(7), at(NOW));
        if token == Presented::Current {
            work.sessions().rotate(&session, presented).await.unwrap();
        }
        work.commit(an_entry()).await.unwrap();
        token
    };
    let outcomes = futures_util::future::join_all((0..8).map(|_| refresh())).await;

    let rotated = outcomes.iter().filter(|token| **token == Presented::Current).count();
    assert_eq!(rotated, 1);
}
