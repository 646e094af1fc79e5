//! Sessions: whose they are, and when they have ended.

use chrono::TimeDelta;
use medilink_application::store::Store;
use medilink_application::testing::{NOW, at};
use medilink_domain::id::SessionId;
use medilink_domain::session::Session;
use medilink_domain::user::UserStatus;
use medilink_tests::{TestDatabase, on_both_databases};

use super::clinic::{Clinic, an_entry, new_id};

on_both_databases! {
    a_session_names_its_user_until_it_ends,
}

async fn a_session_names_its_user_until_it_ends(database: TestDatabase) {
    let clinic = Clinic::on(database).await;
    let session = Session {
        id: SessionId::new(new_id()),
        user: clinic.user.id,
        refresh_hash: [7; 32],
        created_at: at(NOW),
        expires_at: at(NOW).saturating_add(TimeDelta::days(7)),
    };
    let mut work = clinic.store.begin().await.unwrap();
    work.sessions().insert(&session).await.unwrap();
    work.commit(an_entry()).await.unwrap();
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
