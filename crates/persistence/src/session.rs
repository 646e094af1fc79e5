//! Sessions in the database.

use std::sync::LazyLock;

use async_trait::async_trait;
use medilink_application::error::StoreError;
use medilink_application::page::{Found, Stretch};
use medilink_application::session::{SessionQueries, SessionRepository, SessionView};
use medilink_domain::actor::Actor;
use medilink_domain::id::{SessionId, UserId};
use medilink_domain::record::{Concept, Record};
use medilink_domain::session::{Presented, Session};
use medilink_domain::text::DeviceName;
use medilink_domain::time::Timestamp;
use medilink_domain::user::{Role, UserStatus};
use sea_orm::sea_query::{Expr, LockType};
use sea_orm::{ColumnTrait, EntityTrait, Order, QueryFilter, QuerySelect, Set};
use uuid::Uuid;

use crate::entity::{session, used_refresh_token};
use crate::page;
use crate::row::row;
use crate::store::SeaOrmQueries;
use crate::stored::{Broken, Stored, one, optional, restored};
use crate::transaction::Connection;
use crate::unit_of_work::SeaOrmUnitOfWork;
use crate::user::{OWN_PROFILE, OwnProfileRow};

/// Who acts in a session that has not ended: everything that a request has to know of its caller.
pub(crate) static ACTOR: LazyLock<String> = LazyLock::new(|| {
    format!(
        "SELECT users.id AS user_id, users.role, users.status, {OWN_PROFILE}
        FROM sessions JOIN users ON users.id = sessions.user_id
        WHERE sessions.id = $1 AND sessions.ended_at IS NULL AND $2 < sessions.expires_at
            AND users.status <> 'disabled'"
    )
});

#[async_trait]
impl SessionRepository for SeaOrmUnitOfWork {
    async fn lock(&mut self, id: SessionId) -> Result<Option<Session>, StoreError> {
        let locked = session::Entity::find_by_id(id.as_uuid()).lock(LockType::NoKeyUpdate);
        one(locked, &self.transaction).await
    }

    async fn lock_by_refresh_token(
        &mut self,
        hash: [u8; 32],
    ) -> Result<Option<(Session, Presented)>, StoreError> {
        let current = session::Entity::find()
            .filter(session::Column::RefreshHash.eq(hash.to_vec()))
            .lock(LockType::NoKeyUpdate);
        if let Some(session) = one(current, &self.transaction).await? {
            return Ok(Some((session, Presented::Current)));
        }
        // Whoever waited for the lock above no longer finds the token there: it was used meanwhile.
        let used = used_refresh_token::Entity::find_by_id(hash.to_vec());
        let used: Option<used_refresh_token::Model> = self.transaction.row(used).await?;
        let Some(used) = used else { return Ok(None) };
        let id = SessionId::new(used.session_id);
        let at = Timestamp::new(used.used_at).map_err(|_| StoreError::Corrupt(id.into()))?;
        let session = SessionRepository::lock(self, id).await?;
        Ok(session.map(|session| (session, Presented::Used { at })))
    }

    async fn insert(&mut self, session: &Session) -> Result<(), StoreError> {
        self.add(row(session)).await
    }

    async fn rotate(&mut self, session: &Session, used: [u8; 32]) -> Result<(), StoreError> {
        let rotate = session::Entity::update_many()
            .set(row(session))
            .filter(session::Column::Id.eq(session.id.as_uuid()))
            .filter(session::Column::RefreshHash.eq(used.to_vec()));
        if self.transaction.execute(rotate).await? == 0 {
            return Err(self.fail(StoreError::Stale(Concept::Session)));
        }
        self.add(used_refresh_token::ActiveModel {
            hash: Set(used.to_vec()),
            session_id: Set(session.id.as_uuid()),
            used_at: Set(session.refreshed_at.as_utc()),
        })
        .await
    }

    async fn end(&mut self, id: SessionId, now: Timestamp) -> Result<(), StoreError> {
        let end = session::Entity::update_many()
            .col_expr(session::Column::EndedAt, Expr::val(now.as_utc()))
            .filter(session::Column::Id.eq(id.as_uuid()))
            .filter(session::Column::EndedAt.is_null());
        self.transaction.execute(end).await?;
        Ok(())
    }

    async fn end_all(
        &mut self,
        user: UserId,
        except: Option<SessionId>,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let mut ended = session::Entity::update_many()
            .col_expr(session::Column::EndedAt, Expr::val(now.as_utc()))
            .filter(session::Column::UserId.eq(user.as_uuid()))
            .filter(session::Column::EndedAt.is_null());
        if let Some(except) = except {
            ended = ended.filter(session::Column::Id.ne(except.as_uuid()));
        }
        self.transaction.execute(ended).await?;
        Ok(())
    }
}

#[async_trait]
impl SessionQueries for SeaOrmQueries {
    async fn actor(&self, id: SessionId, now: Timestamp) -> Result<Option<Actor>, StoreError> {
        let statement = self.statement(&ACTOR, [id.as_uuid().into(), now.as_utc().into()]);
        let found: Option<ActorRow> = self.0.row(statement).await?;
        found
            .map(|row| row.restore(id).map_err(|Broken| StoreError::Corrupt(id.into())))
            .transpose()
    }

    async fn list(
        &self,
        user: UserId,
        now: Timestamp,
        stretch: &Stretch,
    ) -> Result<Found<SessionView>, StoreError> {
        use session::Column;

        let selected = session::Entity::find()
            .filter(Column::UserId.eq(user.as_uuid()))
            .filter(Column::EndedAt.is_null())
            .filter(Column::ExpiresAt.gt(now.as_utc()));
        let total = page::total(&self.0, &selected, (session::Entity, Column::Id), stretch).await?;

        let columns = [Column::CreatedAt, Column::Id];
        let page = page::by_instant(selected, columns, Order::Desc, false, stretch)?;
        let rows: Vec<session::Model> = self.0.rows(page).await?;
        let found = page::found(rows, stretch, total, |last| page::at(last.created_at, last.id));
        found.try_map(|row| restored(&row).map(SessionView::of))
    }
}

struct ActorRow {
    user_id: Uuid,
    role: String,
    status: String,
    profile: OwnProfileRow,
}

row!(ActorRow { user_id, role, status, profile });

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
    let Session {
        id,
        user,
        refresh_hash,
        device,
        address,
        created_at,
        refreshed_at,
        expires_at,
        ended_at,
    } = session;
    session::ActiveModel {
        id: Set(id.as_uuid()),
        user_id: Set(user.as_uuid()),
        refresh_hash: Set(refresh_hash.to_vec()),
        device: Set(device.as_ref().map(|it| it.disclose().to_owned())),
        address: Set(address.map(|it| it.to_string())),
        created_at: Set(created_at.as_utc()),
        refreshed_at: Set(refreshed_at.as_utc()),
        expires_at: Set(expires_at.as_utc()),
        ended_at: Set(ended_at.map(Timestamp::as_utc)),
    }
}

impl Stored for session::Model {
    type Held = Session;

    fn record(&self) -> Record {
        SessionId::new(self.id).into()
    }

    fn restore(&self) -> Result<Session, Broken> {
        Ok(Session {
            id: SessionId::new(self.id),
            user: UserId::new(self.user_id),
            refresh_hash: self.refresh_hash.as_slice().try_into()?,
            device: optional(self.device.as_deref(), DeviceName::parse)?,
            address: optional(self.address.as_deref(), str::parse)?,
            created_at: Timestamp::new(self.created_at)?,
            refreshed_at: Timestamp::new(self.refreshed_at)?,
            expires_at: Timestamp::new(self.expires_at)?,
            ended_at: self.ended_at.map(Timestamp::new).transpose()?,
        })
    }
}
