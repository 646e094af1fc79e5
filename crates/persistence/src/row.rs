//! Rows of either database, read column by column.
//!
//! A row says its fields once, in the order of its columns. Names are looked up nowhere: that takes
//! longer than reading what they name.

use chrono::{DateTime, NaiveDate, Utc};
use rusqlite::types::{FromSql, FromSqlError, FromSqlResult, ValueRef};
use sea_orm::sqlx::postgres::PgRow;
use sea_orm::sqlx::sqlite::SqliteRow;
use sea_orm::sqlx::{Decode, Postgres, Row as _, Sqlite, Type};
use sea_orm::{DbErr, QueryResult};
use uuid::Uuid;

/// A row, or a part of one: a column, or several that belong together.
pub(crate) trait Row: Sized + Send {
    /// Takes it from the columns that are left. The name is that of the field, if it has one.
    fn take(columns: &mut Columns<'_>, name: &'static str) -> Result<Self, DbErr>;

    /// Reads a row that sqlx has brought.
    fn read(row: &QueryResult) -> Result<Self, DbErr> {
        Self::take(&mut Columns::try_from(row)?, "")
    }
}

/// Lists the fields of a row in the order of its columns.
macro_rules! row {
    ($row:ident { $($field:ident),+ $(,)? }) => {
        impl $crate::row::Row for $row {
            fn take(
                columns: &mut $crate::row::Columns<'_>,
                _: &'static str,
            ) -> Result<Self, sea_orm::DbErr> {
                Ok(Self {
                    $($field: $crate::row::Row::take(columns, stringify!($field))?),+
                })
            }
        }
    };
}

pub(crate) use row;

/// The columns of a row that have not been read yet.
pub(crate) struct Columns<'row> {
    row: Source<'row>,
    next: usize,
}

#[derive(Clone, Copy)]
enum Source<'row> {
    Inline(&'row rusqlite::Row<'row>),
    Sqlite(&'row SqliteRow),
    Postgres(&'row PgRow),
}

impl Columns<'_> {
    /// Tells whether any are left.
    pub(crate) fn are_left(&self) -> bool {
        let length = match self.row {
            Source::Inline(row) => row.as_ref().column_count(),
            Source::Sqlite(row) => row.len(),
            Source::Postgres(row) => row.len(),
        };
        self.next < length
    }

    fn take<T: Column>(&mut self, name: &'static str) -> Result<Option<T>, DbErr> {
        let index = self.next;
        self.next += 1;
        let read = match self.row {
            Source::Inline(row) => {
                debug_assert!(
                    name.is_empty() || row.as_ref().column_name(index) == Ok(name),
                    "another order of columns: {name}"
                );
                row.get_ref(index).map_err(|error| error.to_string()).and_then(|it| match it {
                    ValueRef::Null => Ok(None),
                    it @ (ValueRef::Integer(_)
                    | ValueRef::Real(_)
                    | ValueRef::Text(_)
                    | ValueRef::Blob(_)) => {
                        T::inline(it).map(Some).map_err(|error| error.to_string())
                    }
                })
            }
            Source::Sqlite(row) => row.try_get(index).map_err(|error| error.to_string()),
            Source::Postgres(row) => {
                debug_assert!(
                    name.is_empty() || is_called(row, index, name),
                    "another order of columns: {name}"
                );
                // Here and in all tests the types are compared, too.
                let read = if cfg!(debug_assertions) {
                    row.try_get(index)
                } else {
                    row.try_get_unchecked(index)
                };
                read.map_err(|error| error.to_string())
            }
        };
        read.map_err(DbErr::Type)
    }
}

impl<'row> From<Source<'row>> for Columns<'row> {
    fn from(row: Source<'row>) -> Self {
        Self { row, next: 0 }
    }
}

impl<'row> From<&'row rusqlite::Row<'row>> for Columns<'row> {
    fn from(row: &'row rusqlite::Row<'row>) -> Self {
        Source::Inline(row).into()
    }
}

impl<'row> From<&'row PgRow> for Columns<'row> {
    fn from(row: &'row PgRow) -> Self {
        Source::Postgres(row).into()
    }
}

impl<'row> TryFrom<&'row QueryResult> for Columns<'row> {
    type Error = DbErr;

    fn try_from(row: &'row QueryResult) -> Result<Self, DbErr> {
        match (row.try_as_pg_row(), row.try_as_sqlite_row()) {
            (Some(row), _) => Ok(Source::Postgres(row).into()),
            (_, Some(row)) => Ok(Source::Sqlite(row).into()),
            (None, None) => Err(DbErr::Type("a row of neither database".to_owned())),
        }
    }
}

fn is_called(row: &PgRow, index: usize, name: &str) -> bool {
    use sea_orm::sqlx::Column;

    row.columns().get(index).is_some_and(|column| column.name() == name)
}

/// What a column holds.
pub(crate) trait Column:
    Send
    + Type<Sqlite>
    + Type<Postgres>
    + for<'row> Decode<'row, Sqlite>
    + for<'row> Decode<'row, Postgres>
{
    /// Reads what sea-orm has written in SQLite.
    fn inline(value: ValueRef<'_>) -> FromSqlResult<Self>;
}

macro_rules! is_stored_as_it_is {
    ($($type:ty),+) => {$(
        impl Column for $type {
            fn inline(value: ValueRef<'_>) -> FromSqlResult<Self> {
                FromSql::column_result(value)
            }
        }
    )+};
}

is_stored_as_it_is!(bool, i32, i64, String, Vec<u8>);

impl Column for Uuid {
    fn inline(value: ValueRef<'_>) -> FromSqlResult<Self> {
        Self::from_slice(value.as_blob()?).map_err(FromSqlError::other)
    }
}

impl Column for DateTime<Utc> {
    fn inline(value: ValueRef<'_>) -> FromSqlResult<Self> {
        let at = DateTime::parse_from_rfc3339(value.as_str()?).map_err(FromSqlError::other)?;
        Ok(at.with_timezone(&Utc))
    }
}

impl Column for NaiveDate {
    fn inline(value: ValueRef<'_>) -> FromSqlResult<Self> {
        value.as_str()?.parse().map_err(FromSqlError::other)
    }
}

impl<C: Column> Row for C {
    fn take(columns: &mut Columns<'_>, name: &'static str) -> Result<Self, DbErr> {
        columns.take(name)?.ok_or_else(|| DbErr::Type(format!("nothing in a column {name}")))
    }
}

impl<C: Column> Row for Option<C> {
    fn take(columns: &mut Columns<'_>, name: &'static str) -> Result<Self, DbErr> {
        columns.take(name)
    }
}

macro_rules! are_read_one_by_one {
    ($(($($row:ident),+)),+) => {$(
        impl<$($row: Row),+> Row for ($($row,)+) {
            fn take(columns: &mut Columns<'_>, _: &'static str) -> Result<Self, DbErr> {
                Ok(($($row::take(columns, "")?,)+))
            }
        }
    )+};
}

are_read_one_by_one!((A, B), (A, B, C), (A, B, C, D));
