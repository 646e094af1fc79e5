//! Sessions in the database.

use std::sync::LazyLock;

use async_trait::async_trait;
use medilink_application::error::StoreError;
use medilink_application::session::{SessionQueries, SessionRepository};
use medilink_domain::actor::Actor;
use medilink_domain::id::{SessionId, UserId};
use medilink_domain::session::Session;
use medilink_domain::time::Timestamp;
use medilink_domain::user::{Role, UserStatus};
use sea_orm::{FromQueryResult, Set};
use uuid::Uuid;

use crate::entity::session;
use crate::error::store_error;
use crate::store::SeaOrmQueries;
use crate::stored::Broken;
use crate::unit_of_work::SeaOrmUnitOfWork;
use crate::user::{OWN_PROFILE_COLUMNS, OWN_PROFILE_JOINS, OwnProfileRow};

/// Who acts in a session that has not ended: everything that a request has to know of its caller.
static ACTOR: LazyLock<String> = LazyLock::new(|| {
    format!(
        "SELECT users.id AS user_id, users.role, users.status, {OWN_PROFILE_COLUMNS}
        FROM sessions JOIN users ON users.id = sessions.user_id {OWN_PROFILE_JOINS}
        WHERE sessions.id = $1 AND sessions.ended_at IS NULL AND $2 < sessions.expires_at
            AND users.status <> 'disabled'"
    )
});

#[async_trait]
impl SessionRepository for SeaOrmUnitOfWork {
    async fn insert(&mut self, session: &Session) -> Result<(), StoreError> {
        self.add(row(session)).await
    }
}

#[async_trait]
impl SessionQueries for SeaOrmQueries {
    async fn actor(&self, id: SessionId, now: Timestamp) -> Result<Option<Actor>, StoreError> {
        let statement = self.statement(&ACTOR, [id.as_uuid().into(), now.as_utc().into()]);
        let found =
            ActorRow::find_by_statement(statement).one(&self.0).await.map_err(store_error)?;
        found
            .map(|row| row.restore(id).map_err(|Broken| StoreError::Corrupt(id.into())))
            .transpose()
    }
}

#[derive(FromQueryResult)]
struct ActorRow {
    user_id: Uuid,
    role: String,
    status: String,
    #[sea_orm(nested)]
    profile: OwnProfileRow,
}

impl ActorRow {
    fn restore(self, session: SessionId) -> Result<Actor, Broken> {
        let profile = self.profile.restore();
        Ok(Actor {
            user: UserId::new(self.user_id),
            session,
            role: Role::parse(&self.role)?,
            status: UserStatus::parse(&self.status)?,
            doctor: profile.doctor,
            patient: profile.patient,
            pharmacy: profile.pharmacy,
        })
    }
}

fn row(session: &Session) -> session::ActiveModel {
    let Session { id, user, refresh_hash, created_at, expires_at } = session;
    session::ActiveModel {
        id: Set(id.as_uuid()),
        user_id: Set(user.as_uuid()),
        refresh_hash: Set(refresh_hash.to_vec()),
        created_at: Set(created_at.as_utc()),
        expires_at: Set(expires_at.as_utc()),
        ended_at: Set(None),
    }
}
