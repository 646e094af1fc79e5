//! Sessions in the database.

use async_trait::async_trait;
use medilink_application::error::StoreError;
use medilink_application::session::{SessionQueries, SessionRepository};
use medilink_domain::id::{DoctorId, PatientId, PharmacyId, SessionId, UserId};
use medilink_domain::policy::Actor;
use medilink_domain::session::Session;
use medilink_domain::time::Timestamp;
use medilink_domain::user::{Role, UserStatus};
use sea_orm::{EntityTrait, FromQueryResult, Set};
use uuid::Uuid;

use crate::entity::session;
use crate::error::store_error;
use crate::restore::Broken;
use crate::store::SeaOrmQueries;
use crate::unit_of_work::SeaOrmUnitOfWork;

/// Who acts in a session that has not ended: everything that a request has to know of its caller.
const ACTOR: &str = "\
SELECT users.id AS user_id, users.role, users.status,
    doctors.id AS doctor_id, patients.id AS patient_id, pharmacies.id AS pharmacy_id
FROM sessions
JOIN users ON users.id = sessions.user_id
LEFT JOIN doctors ON doctors.user_id = users.id
LEFT JOIN patients ON patients.user_id = users.id
LEFT JOIN pharmacies ON pharmacies.user_id = users.id
WHERE sessions.id = $1 AND sessions.ended_at IS NULL AND $2 < sessions.expires_at
    AND users.status <> 'disabled'";

#[async_trait]
impl SessionRepository for SeaOrmUnitOfWork {
    async fn insert(&mut self, session: &Session) -> Result<(), StoreError> {
        session::Entity::insert(row(session))
            .exec_without_returning(&self.transaction)
            .await
            .map_err(store_error)?;
        Ok(())
    }
}

#[async_trait]
impl SessionQueries for SeaOrmQueries {
    async fn actor(&self, id: SessionId, now: Timestamp) -> Result<Option<Actor>, StoreError> {
        let statement = self.statement(ACTOR, [id.as_uuid().into(), now.as_utc().into()]);
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
    doctor_id: Option<Uuid>,
    patient_id: Option<Uuid>,
    pharmacy_id: Option<Uuid>,
}

impl ActorRow {
    fn restore(self, session: SessionId) -> Result<Actor, Broken> {
        Ok(Actor {
            user: UserId::new(self.user_id),
            session,
            role: Role::parse(&self.role)?,
            status: UserStatus::parse(&self.status)?,
            doctor: self.doctor_id.map(DoctorId::new),
            patient: self.patient_id.map(PatientId::new),
            pharmacy: self.pharmacy_id.map(PharmacyId::new),
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
