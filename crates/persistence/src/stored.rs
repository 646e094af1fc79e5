//! Stored rows: how each becomes the domain's type again, and how each is written.

use chrono::{DateTime, Utc};
use medilink_application::error::StoreError;
use medilink_domain::name::PersonName;
use medilink_domain::period::BookableTime;
use medilink_domain::record::{Concept, Record};
use medilink_domain::revision::Revision;
use medilink_domain::text::Name;
use medilink_domain::time::Timestamp;
use sea_orm::sea_query::Expr;
use sea_orm::{
    ActiveModelTrait, ColumnTrait, DbBackend, EntityTrait, IntoActiveModel, ModelTrait,
    QueryFilter, QuerySelect, Select,
};
use uuid::Uuid;

use crate::known;
use crate::row::Row;
use crate::statement::Selects;
use crate::transaction::Connection;
use crate::unit_of_work::SeaOrmUnitOfWork;

/// A stored value that breaks a rule.
pub(crate) struct Broken;

impl<E: std::error::Error> From<E> for Broken {
    fn from(_: E) -> Self {
        Self
    }
}

/// A row that holds a type of the domain.
pub(crate) trait Stored: ModelTrait {
    /// What it holds.
    type Held;

    /// Names the record.
    fn record(&self) -> Record;

    /// Reads it through the domain's own rules.
    fn restore(&self) -> Result<Self::Held, Broken>;
}

/// Restores a row; one that breaks a rule is named.
pub(crate) fn restored<M: Stored>(row: &M) -> Result<M::Held, StoreError> {
    row.restore().map_err(|Broken| StoreError::Corrupt(row.record()))
}

/// Reads the one row that is selected, or none.
pub(crate) async fn one<E, S, C>(
    select: S,
    connection: &C,
) -> Result<Option<<E::Model as Stored>::Held>, StoreError>
where
    E: EntityTrait<Model: Stored + Row>,
    S: Selects<E>,
    C: Connection,
{
    let row: Option<E::Model> = connection.row(select).await?;
    row.as_ref().map(restored).transpose().inspect_err(|_| connection.fail())
}

/// Tells whether any row is selected.
pub(crate) async fn any<E, C>(select: Select<E>, connection: &C) -> Result<bool, StoreError>
where
    E: EntityTrait,
    C: Connection,
{
    let first = select.select_only().expr_as(Expr::cust("1"), "found").limit(1);
    let found: Option<i32> = connection.row(first).await?;
    Ok(found.is_some())
}

/// Counts the rows that are selected.
pub(crate) async fn count<E, C>(select: Select<E>, connection: &C) -> Result<u64, StoreError>
where
    E: EntityTrait,
    C: Connection,
{
    let counted = select.select_only().expr_as(Expr::cust("count(*)"), "count");
    let count: Option<i64> = connection.row(counted).await?;
    Ok(count.unwrap_or_default().unsigned_abs())
}

impl SeaOrmUnitOfWork {
    /// Adds a row.
    pub(crate) async fn add<A>(&self, row: A) -> Result<(), StoreError>
    where
        A: ActiveModelTrait,
        <A::Entity as EntityTrait>::Model: IntoActiveModel<A>,
    {
        self.transaction.execute(known::insert(row, self.transaction.backend())).await?;
        Ok(())
    }

    /// Adds rows.
    pub(crate) async fn add_all<A>(&self, rows: Vec<A>) -> Result<(), StoreError>
    where
        A: ActiveModelTrait,
        <A::Entity as EntityTrait>::Model: IntoActiveModel<A>,
    {
        if self.transaction.backend() == DbBackend::Sqlite {
            // One statement, which is known already, for each: they have no way to go.
            for row in rows {
                self.add(row).await?;
            }
        } else if !rows.is_empty() {
            self.transaction.execute(A::Entity::insert_many(rows)).await?;
        }
        Ok(())
    }

    /// Replaces a row, if the store holds the version before.
    ///
    /// `columns` are those of the id and of the version.
    pub(crate) async fn replace<A>(
        &self,
        concept: Concept,
        columns: [<A::Entity as EntityTrait>::Column; 2],
        id: Uuid,
        revision: Revision,
        row: A,
    ) -> Result<(), StoreError>
    where
        A: ActiveModelTrait,
    {
        let [id_column, version_column] = columns;
        let mut row = row;
        row.not_set(id_column);
        let replace = A::Entity::update_many()
            .set(row)
            .filter(id_column.eq(id))
            .filter(version_column.eq(revision.version - 1));
        if self.transaction.execute(replace).await? == 0 {
            return Err(self.fail(StoreError::Stale(concept)));
        }
        Ok(())
    }
}

/// Reads a value that may be missing.
pub(crate) fn optional<T, E>(
    stored: Option<&str>,
    parse: impl FnOnce(&str) -> Result<T, E>,
) -> Result<Option<T>, E> {
    stored.map(parse).transpose()
}

/// Reads the name of a person.
pub(crate) fn person_name(first: Option<&str>, last: Option<&str>) -> Result<PersonName, Broken> {
    Ok(PersonName { first: optional(first, Name::parse)?, last: optional(last, Name::parse)? })
}

/// Reads a time that can be booked.
pub(crate) fn bookable_time(
    starts_at: DateTime<Utc>,
    ends_at: DateTime<Utc>,
) -> Result<BookableTime, Broken> {
    Ok(BookableTime::between(Timestamp::new(starts_at)?, Timestamp::new(ends_at)?)?)
}

/// Reads when a record was made and last changed, and how often.
pub(crate) fn revision(
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
    version: i64,
) -> Result<Revision, Broken> {
    Ok(Revision {
        created_at: Timestamp::new(created_at)?,
        updated_at: Timestamp::new(updated_at)?,
        version,
    })
}
