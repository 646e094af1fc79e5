//! Users in the database.

use std::sync::LazyLock;

use async_trait::async_trait;
use medilink_application::error::StoreError;
use medilink_application::user::{
    Credentials, OwnProfile, Taken, UserQueries, UserRepository, UserView,
};
use medilink_domain::email::Email;
use medilink_domain::id::{DoctorId, PatientId, PharmacyId, UserId};
use medilink_domain::name::PersonName;
use medilink_domain::password::PasswordHash;
use medilink_domain::record::{Concept, Record};
use medilink_domain::text::{Name, Phone};
use medilink_domain::user::{Role, User, UserStatus, Username};
use sea_orm::sea_query::LockType;
use sea_orm::{
    ConnectionTrait, EntityTrait, FromQueryResult, IdenStatic, Iterable, QuerySelect, Set, Value,
};
use uuid::Uuid;

use crate::entity::user;
use crate::error::store_error;
use crate::store::SeaOrmQueries;
use crate::stored::{Broken, Stored, one, optional, restored, revision};
use crate::unit_of_work::SeaOrmUnitOfWork;

const TAKEN: &str = "\
SELECT EXISTS (SELECT 1 FROM users WHERE username_key = $1) AS username,
    EXISTS (SELECT 1 FROM users WHERE email_key = $2) AS email";

/// The profile of a user, beside whatever else is selected of them.
pub(crate) const OWN_PROFILE_COLUMNS: &str =
    "doctors.id AS doctor_id, patients.id AS patient_id, pharmacies.id AS pharmacy_id";

/// Finds the profile of a user, by unique indexes.
pub(crate) const OWN_PROFILE_JOINS: &str = "\
LEFT JOIN doctors ON doctors.user_id = users.id
LEFT JOIN patients ON patients.user_id = users.id
LEFT JOIN pharmacies ON pharmacies.user_id = users.id";

/// The columns of a user by name. All that there are would be others after a later step of the
/// schema, and statements that are prepared already would fail.
static COLUMNS: LazyLock<String> = LazyLock::new(|| {
    let columns = user::Column::iter().map(|column| format!("users.{}", column.as_str()));
    columns.collect::<Vec<_>>().join(", ")
});

#[async_trait]
impl UserRepository for SeaOrmUnitOfWork {
    async fn find(&mut self, id: UserId) -> Result<Option<User>, StoreError> {
        one(user::Entity::find_by_id(id.as_uuid()), &self.transaction).await
    }

    async fn lock(&mut self, id: UserId) -> Result<Option<User>, StoreError> {
        let locked = user::Entity::find_by_id(id.as_uuid()).lock(LockType::NoKeyUpdate);
        one(locked, &self.transaction).await
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
        self.add(row(user)).await
    }

    async fn update(&mut self, user: &User) -> Result<(), StoreError> {
        use user::Column;

        let columns = [Column::Id, Column::Version];
        self.replace(Concept::User, columns, user.id.as_uuid(), user.revision, row(user)).await
    }
}

#[async_trait]
impl UserQueries for SeaOrmQueries {
    async fn find(&self, id: UserId) -> Result<Option<UserView>, StoreError> {
        Ok(self.shown("id", id.as_uuid()).await?.map(|found| found.view))
    }

    async fn credentials_of(&self, id: UserId) -> Result<Option<Credentials>, StoreError> {
        self.shown("id", id.as_uuid()).await
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
        self.shown(column, key).await
    }
}

impl SeaOrmQueries {
    /// Reads the user whose column has a value.
    async fn shown(
        &self,
        column: &str,
        value: impl Into<Value>,
    ) -> Result<Option<Credentials>, StoreError> {
        let sql = format!(
            "SELECT {}, {OWN_PROFILE_COLUMNS} FROM users {OWN_PROFILE_JOINS}
            WHERE users.{column} = $1",
            *COLUMNS
        );
        let statement = self.statement(&sql, [value.into()]);
        let found =
            ShownRow::find_by_statement(statement).one(&self.0).await.map_err(store_error)?;
        let Some(ShownRow { user, profile }) = found else { return Ok(None) };
        let user = restored(&user)?;
        let password_hash = user.password_hash.clone();
        Ok(Some(Credentials { view: UserView::of(user, profile.restore()), password_hash }))
    }
}

#[derive(FromQueryResult)]
struct ShownRow {
    #[sea_orm(nested)]
    user: user::Model,
    #[sea_orm(nested)]
    profile: OwnProfileRow,
}

/// The ids of a user's profile.
#[derive(FromQueryResult)]
#[expect(clippy::struct_field_names, reason = "they are the names of columns")]
pub(crate) struct OwnProfileRow {
    doctor_id: Option<Uuid>,
    patient_id: Option<Uuid>,
    pharmacy_id: Option<Uuid>,
}

impl OwnProfileRow {
    pub(crate) fn restore(&self) -> OwnProfile {
        OwnProfile {
            doctor: self.doctor_id.map(DoctorId::new),
            patient: self.patient_id.map(PatientId::new),
            pharmacy: self.pharmacy_id.map(PharmacyId::new),
        }
    }
}

fn row(user: &User) -> user::ActiveModel {
    let User { id, username, email, password_hash, name, phone, role, status, revision } = user;
    user::ActiveModel {
        id: Set(id.as_uuid()),
        username: Set(username.as_str().to_owned()),
        username_key: Set(username.key()),
        email: Set(email.disclose().to_owned()),
        email_key: Set(email.key()),
        password_hash: Set(password_hash.disclose().to_owned()),
        first_name: Set(name.first.as_ref().map(|it| it.disclose().to_owned())),
        last_name: Set(name.last.as_ref().map(|it| it.disclose().to_owned())),
        phone: Set(phone.as_ref().map(|it| it.disclose().to_owned())),
        role: Set(role.as_str().to_owned()),
        status: Set(status.as_str().to_owned()),
        created_at: Set(revision.created_at.as_utc()),
        updated_at: Set(revision.updated_at.as_utc()),
        version: Set(revision.version),
    }
}

impl Stored for user::Model {
    type Held = User;

    fn record(&self) -> Record {
        UserId::new(self.id).into()
    }

    fn restore(&self) -> Result<User, Broken> {
        Ok(User {
            id: UserId::new(self.id),
            username: Username::parse(&self.username)?,
            email: Email::parse(&self.email)?,
            password_hash: PasswordHash::new(self.password_hash.clone()),
            name: PersonName {
                first: optional(self.first_name.as_deref(), Name::parse)?,
                last: optional(self.last_name.as_deref(), Name::parse)?,
            },
            phone: optional(self.phone.as_deref(), Phone::parse)?,
            role: Role::parse(&self.role)?,
            status: UserStatus::parse(&self.status)?,
            revision: revision(self.created_at, self.updated_at, self.version)?,
        })
    }
}
