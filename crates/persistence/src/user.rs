//! Users in the database.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use async_trait::async_trait;
use medilink_application::error::StoreError;
use medilink_application::page::{Found, Stretch};
use medilink_application::user::{
    Credentials, OwnProfile, Taken, UserFilter, UserQueries, UserRepository, UserView,
};
use medilink_domain::email::Email;
use medilink_domain::id::{DoctorId, PatientId, PharmacyId, UserId};
use medilink_domain::password::PasswordHash;
use medilink_domain::record::{Concept, Record};
use medilink_domain::text::{Phone, words};
use medilink_domain::time::Timestamp;
use medilink_domain::user::{Role, User, UserStatus, Username};
use sea_orm::sea_query::LockType;
use sea_orm::{
    ColumnTrait, Condition, EntityTrait, IdenStatic, Iterable, JoinType, Order, QueryFilter,
    QueryOrder, QuerySelect, RelationTrait, Select, Set, Value,
};
use uuid::Uuid;

use crate::entity::{doctor, patient, pharmacy, user, user_word};
use crate::page;
use crate::row::row;
use crate::search::Looked;
use crate::store::SeaOrmQueries;
use crate::stored::{Broken, Stored, any, one, optional, person_name, restored, revision};
use crate::transaction::Connection;
use crate::unit_of_work::SeaOrmUnitOfWork;

const TAKEN: &str = "\
SELECT EXISTS (SELECT 1 FROM users WHERE username_key = $1) AS username,
    EXISTS (SELECT 1 FROM users WHERE email_key = $2) AS email";

/// Adds the one row that says that there has been an administrator. On PostgreSQL, whoever is second
/// waits for the first.
const SET_UP: &str = "INSERT INTO set_ups (number, at) VALUES (1, $1) ON CONFLICT DO NOTHING";

/// The profile of a user, beside whatever else is selected of them. Each is one look into a unique index;
/// PostgreSQL takes twice as long to set up outer joins for the same. One that is archived is looked at
/// and left out, for indexes of those that are not would serve as well in an empty clinic, and a plan that
/// was made there is kept.
pub(crate) const OWN_PROFILE: &str = "\
    (SELECT CASE WHEN archived_at IS NULL THEN id END FROM doctors WHERE user_id = users.id)
        AS doctor_id,
    (SELECT CASE WHEN archived_at IS NULL THEN id END FROM patients WHERE user_id = users.id)
        AS patient_id,
    (SELECT id FROM pharmacies WHERE user_id = users.id) AS pharmacy_id";

/// The columns of a user by name. All that there are would be others after a later step of the
/// schema, and statements that are prepared already would fail.
static COLUMNS: LazyLock<String> = LazyLock::new(|| {
    let columns = user::Column::iter().map(|column| format!("users.{}", column.as_str()));
    columns.collect::<Vec<_>>().join(", ")
});

/// Reads the profile of one user.
static PROFILE_OF: LazyLock<String> =
    LazyLock::new(|| format!("SELECT {OWN_PROFILE} FROM users WHERE users.id = $1"));

/// Reads it, whether or not it is archived.
const PROFILE_OF_ARCHIVED: &str = "\
    SELECT (SELECT id FROM doctors WHERE user_id = users.id) AS doctor_id,
        (SELECT id FROM patients WHERE user_id = users.id) AS patient_id,
        (SELECT id FROM pharmacies WHERE user_id = users.id) AS pharmacy_id
    FROM users WHERE users.id = $1";

#[async_trait]
impl UserRepository for SeaOrmUnitOfWork {
    async fn find(&mut self, id: UserId) -> Result<Option<User>, StoreError> {
        one(user::Entity::find_by_id(id.as_uuid()), &self.transaction).await
    }

    async fn lock(&mut self, id: UserId) -> Result<Option<User>, StoreError> {
        let locked = user::Entity::find_by_id(id.as_uuid()).lock(LockType::NoKeyUpdate);
        one(locked, &self.transaction).await
    }

    async fn lock_active_admins(&mut self) -> Result<Vec<UserId>, StoreError> {
        let admins = user::Entity::find()
            .select_only()
            .column(user::Column::Id)
            .filter(user::Column::Role.eq(Role::Admin.as_str()))
            .filter(user::Column::Status.eq(UserStatus::Active.as_str()))
            .order_by_asc(user::Column::Id)
            .lock(LockType::NoKeyUpdate);
        let admins: Vec<Uuid> = self.transaction.rows(admins).await?;
        Ok(admins.into_iter().map(UserId::new).collect())
    }

    async fn profile(&mut self, id: UserId) -> Result<OwnProfile, StoreError> {
        self.own_profile(&PROFILE_OF, id).await
    }

    async fn profile_archived(&mut self, id: UserId) -> Result<OwnProfile, StoreError> {
        self.own_profile(PROFILE_OF_ARCHIVED, id).await
    }

    async fn set_up(&mut self, now: Timestamp) -> Result<bool, StoreError> {
        let statement = self.statement(SET_UP, [now.as_utc().into()]);
        Ok(self.transaction.execute(statement).await? == 1)
    }

    async fn taken(&mut self, username: &Username, email: &Email) -> Result<Taken, StoreError> {
        let statement = self.statement(TAKEN, [username.key().into(), email.key().into()]);
        let taken: Option<(bool, bool)> = self.transaction.row(statement).await?;
        let (username, email) = taken.unwrap_or_default();
        Ok(Taken { username, email })
    }

    async fn insert(&mut self, user: &User) -> Result<(), StoreError> {
        self.add(row(user)).await?;
        self.add_words::<user_word::Entity>(user.id.as_uuid(), search_words(user)).await
    }

    async fn update(&mut self, user: &User) -> Result<(), StoreError> {
        use user::Column;

        let columns = [Column::Id, Column::Version];
        let id = user.id.as_uuid();
        self.replace(Concept::User, columns, id, user.revision, row(user)).await?;
        self.replace_words::<user_word::Entity>(id, search_words(user)).await
    }
}

impl SeaOrmUnitOfWork {
    async fn own_profile(&self, sql: &str, id: UserId) -> Result<OwnProfile, StoreError> {
        let statement = self.statement(sql, [id.as_uuid().into()]);
        let found: Option<OwnProfileRow> = self.transaction.row(statement).await?;
        Ok(found.map(|row| row.restore()).unwrap_or_default())
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

    async fn list(
        &self,
        filter: &UserFilter,
        stretch: &Stretch,
    ) -> Result<Found<UserView>, StoreError> {
        let looked = Looked::up::<user_word::Entity>(filter.search.as_ref(), &self.0).await?;
        let id = (user::Entity, user::Column::Id);
        let total = page::total(&self.0, &select(filter, &looked), id, stretch).await?;
        let select = with_profiles(page_of(filter, &looked, stretch)?);
        let rows: Vec<ShownRow> = self.0.rows(select).await?;
        let found =
            page::found(rows, stretch, total, |last| page::at(last.user.created_at, last.user.id));
        found.try_map(|row| Ok(UserView::of(restored(&row.user)?, row.profile.restore())))
    }

    async fn is_set_up(&self) -> Result<bool, StoreError> {
        let statement = self.statement("SELECT number FROM set_ups", []);
        let number: Option<i32> = self.0.row(statement).await?;
        Ok(number.is_some())
    }

    async fn any(&self) -> Result<bool, StoreError> {
        any(user::Entity::find(), &self.0).await
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
        let sql =
            format!("SELECT {}, {OWN_PROFILE} FROM users WHERE users.{column} = $1", *COLUMNS);
        let statement = self.statement(&sql, [value.into()]);
        let found: Option<ShownRow> = self.0.row(statement).await?;
        let Some(ShownRow { user, profile }) = found else { return Ok(None) };
        let user = restored(&user)?;
        let password_hash = user.password_hash.clone();
        Ok(Some(Credentials { view: UserView::of(user, profile.restore()), password_hash }))
    }
}

/// Selects what a list should show.
pub(crate) fn select(filter: &UserFilter, looked: &Looked<'_>) -> Select<user::Entity> {
    let found = looked.gathered::<user_word::Entity>(user::Column::Id);
    user::Entity::find().filter(narrowed(filter)).filter(found)
}

/// Selects a stretch of it, the newest first.
pub(crate) fn page_of(
    filter: &UserFilter,
    looked: &Looked<'_>,
    stretch: &Stretch,
) -> Result<Select<user::Entity>, StoreError> {
    use user::Column;

    let found = looked.found::<user_word::Entity>(Column::Id);
    let select = user::Entity::find().filter(narrowed(filter)).filter(found);
    let columns = [Column::CreatedAt, Column::Id];
    page::by_instant(select, columns, Order::Desc, looked.is_gathered(), stretch)
}

/// Says in SQL what a list is narrowed by, but for words.
fn narrowed(filter: &UserFilter) -> Condition {
    use user::Column;

    let UserFilter { search: _, role, status } = filter;
    let mut conditions = Condition::all();
    if let Some(role) = role {
        conditions = conditions.add(Column::Role.eq(role.as_str()));
    }
    if let Some(status) = status {
        conditions = conditions.add(Column::Status.eq(status.as_str()));
    }
    conditions
}

/// Everything that a user is searched by.
fn search_words(user: &User) -> BTreeSet<String> {
    words(&format!("{} {} {}", user.name.full(), user.username.as_str(), user.email.disclose()))
}

/// Reads users with the ids of their profiles.
fn with_profiles(select: Select<user::Entity>) -> Select<user::Entity> {
    use user::Relation;

    select
        .join(JoinType::LeftJoin, Relation::Doctor.def())
        .join(JoinType::LeftJoin, Relation::Patient.def())
        .join(JoinType::LeftJoin, Relation::Pharmacy.def())
        .column_as(doctor::Column::Id, "doctor_id")
        .column_as(patient::Column::Id, "patient_id")
        .column_as(pharmacy::Column::Id, "pharmacy_id")
}

struct ShownRow {
    user: user::Model,
    profile: OwnProfileRow,
}

row!(ShownRow { user, profile });

/// The ids of a user's profile.
#[expect(clippy::struct_field_names, reason = "they are the names of columns")]
pub(crate) struct OwnProfileRow {
    doctor_id: Option<Uuid>,
    patient_id: Option<Uuid>,
    pharmacy_id: Option<Uuid>,
}

row!(OwnProfileRow { doctor_id, patient_id, pharmacy_id });

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
    let User {
        id,
        username,
        email,
        password_hash,
        name,
        phone,
        role,
        status,
        approved_at,
        revision,
    } = user;
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
        approved_at: Set(approved_at.map(Timestamp::as_utc)),
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
            name: person_name(self.first_name.as_deref(), self.last_name.as_deref())?,
            phone: optional(self.phone.as_deref(), Phone::parse)?,
            role: Role::parse(&self.role)?,
            status: UserStatus::parse(&self.status)?,
            approved_at: self.approved_at.map(Timestamp::new).transpose()?,
            revision: revision(self.created_at, self.updated_at, self.version)?,
        })
    }
}
