//! Users in the database.

use async_trait::async_trait;
use medilink_application::error::StoreError;
use medilink_application::user::{Credentials, Taken, UserQueries, UserRepository, UserView};
use medilink_domain::id::{DoctorId, PatientId, PharmacyId, UserId};
use medilink_domain::phi::Phi;
use medilink_domain::record::Concept;
use medilink_domain::text::{Name, Phone};
use medilink_domain::time::Timestamp;
use medilink_domain::user::{Email, PersonName, Role, User, UserStatus, Username, full_name};
use sea_orm::entity::prelude::DateTimeUtc;
use sea_orm::sea_query::LockType;
use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, FromQueryResult, QueryFilter, QuerySelect, Set,
    Statement, Unchanged,
};
use uuid::Uuid;

use crate::entity::user;
use crate::error::store_error;
use crate::restore::{Broken, optional};
use crate::store::SeaOrmQueries;
use crate::unit_of_work::SeaOrmUnitOfWork;

const TAKEN: &str = "\
SELECT EXISTS (SELECT 1 FROM users WHERE username_key = $1) AS username,
    EXISTS (SELECT 1 FROM users WHERE email_key = $2) AS email";

/// What is shown of a user, with the ids of the profiles.
const SHOWN: &str = "\
SELECT users.id, users.username, users.email, users.password_hash, users.first_name,
    users.last_name, users.phone, users.role, users.status, users.created_at, users.version,
    doctors.id AS doctor_id, patients.id AS patient_id, pharmacies.id AS pharmacy_id
FROM users
LEFT JOIN doctors ON doctors.user_id = users.id
LEFT JOIN patients ON patients.user_id = users.id
LEFT JOIN pharmacies ON pharmacies.user_id = users.id
WHERE ";

#[async_trait]
impl UserRepository for SeaOrmUnitOfWork {
    async fn lock(&mut self, id: UserId) -> Result<Option<User>, StoreError> {
        let found = user::Entity::find_by_id(id.as_uuid())
            .lock(LockType::NoKeyUpdate)
            .one(&self.transaction)
            .await
            .map_err(store_error)?;
        found.map(|row| restore(&row).map_err(|Broken| StoreError::Corrupt(id.into()))).transpose()
    }

    async fn taken(&mut self, username: &Username, email: &Email) -> Result<Taken, StoreError> {
        let statement = self.statement(TAKEN, [username.key().into(), email.key().into()]);
        let row = self.transaction.query_one_raw(statement).await.map_err(store_error)?;
        let Some(row) = row else { return Ok(Taken::default()) };
        Ok(Taken {
            username: row.try_get("", "username").map_err(store_error)?,
            email: row.try_get("", "email").map_err(store_error)?,
        })
    }

    async fn insert(&mut self, user: &User) -> Result<(), StoreError> {
        user::Entity::insert(row(user))
            .exec_without_returning(&self.transaction)
            .await
            .map_err(store_error)?;
        Ok(())
    }

    async fn update(&mut self, user: &User) -> Result<(), StoreError> {
        let updated = user::Entity::update_many()
            .set(user::ActiveModel { id: Unchanged(user.id.as_uuid()), ..row(user) })
            .filter(user::Column::Id.eq(user.id.as_uuid()))
            .filter(user::Column::Version.eq(user.version - 1))
            .exec(&self.transaction)
            .await
            .map_err(store_error)?;
        if updated.rows_affected == 0 { Err(StoreError::Stale(Concept::User)) } else { Ok(()) }
    }
}

#[async_trait]
impl UserQueries for SeaOrmQueries {
    async fn find(&self, id: UserId) -> Result<Option<UserView>, StoreError> {
        let sql = format!("{SHOWN} users.id = $1");
        let found = self.shown(self.statement(&sql, [id.as_uuid().into()])).await?;
        Ok(found.map(|found| found.view))
    }

    async fn any(&self) -> Result<bool, StoreError> {
        let first: Option<Uuid> = user::Entity::find()
            .select_only()
            .column(user::Column::Id)
            .into_tuple()
            .one(&self.0)
            .await
            .map_err(store_error)?;
        Ok(first.is_some())
    }

    async fn credentials(&self, key: &str) -> Result<Option<Credentials>, StoreError> {
        // A user name has no `@`, so a key is only ever one of the two.
        let column = if key.contains('@') { "email_key" } else { "username_key" };
        let sql = format!("{SHOWN} users.{column} = $1");
        self.shown(self.statement(&sql, [key.into()])).await
    }
}

impl SeaOrmQueries {
    async fn shown(&self, statement: Statement) -> Result<Option<Credentials>, StoreError> {
        let found =
            ShownRow::find_by_statement(statement).one(&self.0).await.map_err(store_error)?;
        let Some(row) = found else { return Ok(None) };
        let record = UserId::new(row.id).into();
        row.show().map(Some).map_err(|Broken| StoreError::Corrupt(record))
    }
}

#[derive(FromQueryResult)]
struct ShownRow {
    id: Uuid,
    username: String,
    email: String,
    password_hash: String,
    first_name: Option<String>,
    last_name: Option<String>,
    phone: Option<String>,
    role: String,
    status: String,
    created_at: DateTimeUtc,
    version: i64,
    doctor_id: Option<Uuid>,
    patient_id: Option<Uuid>,
    pharmacy_id: Option<Uuid>,
}

impl ShownRow {
    fn show(self) -> Result<Credentials, Broken> {
        let first_name = self.first_name.unwrap_or_default();
        let last_name = self.last_name.unwrap_or_default();
        let view = UserView {
            id: UserId::new(self.id),
            username: self.username,
            email: self.email,
            name: full_name(&first_name, &last_name),
            first_name,
            last_name,
            phone: self.phone,
            role: Role::parse(&self.role)?,
            status: UserStatus::parse(&self.status)?,
            doctor_id: self.doctor_id.map(DoctorId::new),
            patient_id: self.patient_id.map(PatientId::new),
            pharmacy_id: self.pharmacy_id.map(PharmacyId::new),
            created_at: Timestamp::new(self.created_at)?,
            version: self.version,
        };
        Ok(Credentials { view, password_hash: Phi::new(self.password_hash) })
    }
}

fn row(user: &User) -> user::ActiveModel {
    let User {
        id,
        username,
        email,
        password_hash,
        name,
        phone,
        role,
        status,
        created_at,
        updated_at,
        version,
    } = user;
    user::ActiveModel {
        id: Set(id.as_uuid()),
        username: Set(username.as_str().to_owned()),
        username_key: Set(username.key()),
        email: Set(email.as_str().to_owned()),
        email_key: Set(email.key()),
        password_hash: Set(password_hash.disclose().clone()),
        first_name: Set(name.first.as_ref().map(|it| it.disclose().to_owned())),
        last_name: Set(name.last.as_ref().map(|it| it.disclose().to_owned())),
        phone: Set(phone.as_ref().map(|it| it.disclose().to_owned())),
        role: Set(role.as_str().to_owned()),
        status: Set(status.as_str().to_owned()),
        created_at: Set(created_at.as_utc()),
        updated_at: Set(updated_at.as_utc()),
        version: Set(*version),
    }
}

fn restore(row: &user::Model) -> Result<User, Broken> {
    Ok(User {
        id: UserId::new(row.id),
        username: Username::parse(&row.username)?,
        email: Email::parse(&row.email)?,
        password_hash: Phi::new(row.password_hash.clone()),
        name: PersonName {
            first: optional(row.first_name.as_deref(), Name::parse)?,
            last: optional(row.last_name.as_deref(), Name::parse)?,
        },
        phone: optional(row.phone.as_deref(), Phone::parse)?,
        role: Role::parse(&row.role)?,
        status: UserStatus::parse(&row.status)?,
        created_at: Timestamp::new(row.created_at)?,
        updated_at: Timestamp::new(row.updated_at)?,
        version: row.version,
    })
}
