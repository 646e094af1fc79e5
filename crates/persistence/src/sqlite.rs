//! A connection to SQLite that does its work on the thread that asks.
//!
//! sqlx gives each connection to SQLite a thread of its own: a statement has to get there, and every
//! value is copied to bring it back. That takes several times as long as most statements. Through
//! rusqlite, which shares the SQLite library with sqlx, they run where they are asked for.

use std::borrow::Cow;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use chrono::SecondsFormat;
use rusqlite::types::{Null, ToSqlOutput};
use rusqlite::{CachedStatement, Connection, Error, ErrorCode, OpenFlags, ToSql};
use sea_orm::sqlx::{self, error::ErrorKind};
use sea_orm::{DbBackend, DbErr, RuntimeErr, Statement, Value};

use crate::row::{Columns, Row};
use crate::statement::KEPT;

/// One connection to a file.
pub(crate) struct Sqlite(Connection);

/// The write-ahead log.
pub(crate) struct Log {
    /// How many pages are in it.
    pub(crate) pages: i64,
    /// How many of them have been moved into the database.
    pub(crate) moved: i64,
}

/// Why a statement did not do what it should.
#[derive(Debug)]
pub(crate) enum Failure {
    /// SQLite has refused it.
    Refused(Error),
    /// A row is not what it should be.
    Unreadable(DbErr),
}

impl Sqlite {
    /// Opens a file that is there already.
    pub(crate) fn open(path: &Path, patience: Duration) -> rusqlite::Result<Self> {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(path, flags)?;
        connection.busy_timeout(patience)?;
        connection.pragma_update(None, "temp_store", "memory")?;
        connection.set_prepared_statement_cache_capacity(KEPT);
        Ok(Self(connection))
    }

    /// Lets it write, durably. The log is moved by who is asked to, and not at the end of a commit.
    pub(crate) fn writing(self) -> rusqlite::Result<Self> {
        self.0.pragma_update(None, "wal_autocheckpoint", 0)?;
        self.0.pragma_update(None, "journal_mode", "wal")?;
        self.0.pragma_update(None, "synchronous", "full")?;
        self.0.pragma_update(None, "foreign_keys", true)?;
        Ok(self)
    }

    /// Lets it read and do nothing else. A read stops when `is_long` says so, who is asked each time
    /// that SQLite has made so many steps.
    pub(crate) fn reading(
        self,
        steps: i32,
        is_long: impl FnMut() -> bool + Send + 'static,
    ) -> rusqlite::Result<Self> {
        self.0.pragma_update(None, "query_only", true)?;
        self.0.progress_handler(steps, Some(is_long))?;
        Ok(self)
    }

    /// Reads rows.
    pub(crate) fn rows<R: Row>(&self, statement: &Statement) -> Result<Vec<R>, Failure> {
        let mut prepared = self.prepare(statement)?;
        let mut found = Vec::new();
        let mut rows = prepared.raw_query();
        while let Some(row) = rows.next()? {
            found.push(R::take(&mut Columns::from(row), "").map_err(Failure::Unreadable)?);
        }
        Ok(found)
    }

    /// Does what a statement says. Returns how many rows that has changed.
    pub(crate) fn execute(&self, statement: &Statement) -> Result<u64, Failure> {
        let changed = self.prepare(statement)?.raw_execute()?;
        Ok(u64::try_from(changed).unwrap_or(u64::MAX))
    }

    /// Does what is said in SQL alone.
    pub(crate) fn run(&self, sql: &'static str) -> Result<(), DbErr> {
        self.execute(&Statement::from_string(DbBackend::Sqlite, sql))?;
        Ok(())
    }

    /// Tells whether a transaction is open.
    pub(crate) fn is_in_transaction(&self) -> bool {
        !self.0.is_autocommit()
    }

    /// Tells how long the write-ahead log is.
    pub(crate) fn log(&self) -> Result<Log, DbErr> {
        self.move_log("PRAGMA wal_checkpoint(NOOP)")
    }

    /// Moves of the write-ahead log what nobody reads into the database, unless somebody else does.
    pub(crate) fn checkpoint(&self) -> Result<(), DbErr> {
        self.move_log("PRAGMA wal_checkpoint(PASSIVE)").map(drop)
    }

    /// Moves what is in the write-ahead log into the database, and closes the connection.
    pub(crate) fn fold(self) -> Result<(), DbErr> {
        self.move_log("PRAGMA wal_checkpoint(TRUNCATE)")?;
        self.0.close().map_err(|(_, error)| Failure::from(error))?;
        Ok(())
    }

    /// Moves the write-ahead log in one of SQLite's ways. Returns how it is then.
    fn move_log(&self, pragma: &'static str) -> Result<Log, DbErr> {
        let log = |row: &rusqlite::Row<'_>| Ok(Log { pages: row.get(1)?, moved: row.get(2)? });
        Ok(self.0.query_row(pragma, [], log).map_err(Failure::from)?)
    }

    fn prepare(&self, statement: &Statement) -> rusqlite::Result<CachedStatement<'_>> {
        let mut prepared = self.0.prepare_cached(&statement.sql)?;
        let values = statement.values.as_ref().map_or(&[][..], |values| &values.0);
        for index in 1..=prepared.parameter_count() {
            // `$2` is the second value wherever it stands, and a `?` the next.
            let number =
                prepared.parameter_name(index).and_then(|name| name.get(1..)?.parse().ok());
            let number: usize = number.unwrap_or(index);
            let value = number.checked_sub(1).and_then(|it| values.get(it));
            let value = value.ok_or(Error::InvalidParameterCount(number, values.len()))?;
            prepared.raw_bind_parameter(index, Bound(value))?;
        }
        Ok(prepared)
    }
}

impl Failure {
    /// Says why SQLite has refused, if it has.
    pub(crate) fn code(&self) -> Option<ErrorCode> {
        match self {
            Self::Refused(error) => error.sqlite_error_code(),
            Self::Unreadable(_) => None,
        }
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Refused(error)
    }
}

/// As sqlx would say it.
impl From<Failure> for DbErr {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Unreadable(error) => error,
            Failure::Refused(Error::SqliteFailure(error, message)) => {
                let message = message.unwrap_or_else(|| error.to_string());
                let refusal = Refusal { code: error.extended_code, message };
                let error = sqlx::Error::Database(Box::new(refusal));
                Self::Query(RuntimeErr::SqlxError(Arc::new(error)))
            }
            Failure::Refused(error) => Self::Query(RuntimeErr::Internal(error.to_string())),
        }
    }
}

/// What SQLite says when it refuses.
#[derive(Debug, thiserror::Error)]
#[error("(code: {code}) {message}")]
struct Refusal {
    code: i32,
    message: String,
}

impl sqlx::error::DatabaseError for Refusal {
    fn message(&self) -> &str {
        &self.message
    }

    fn code(&self) -> Option<Cow<'_, str>> {
        Some(self.code.to_string().into())
    }

    fn as_error(&self) -> &(dyn std::error::Error + Send + Sync + 'static) {
        self
    }

    fn as_error_mut(&mut self) -> &mut (dyn std::error::Error + Send + Sync + 'static) {
        self
    }

    fn into_error(self: Box<Self>) -> Box<dyn std::error::Error + Send + Sync + 'static> {
        self
    }

    fn kind(&self) -> ErrorKind {
        ErrorKind::Other
    }
}

/// A value of sea-orm, as it writes it.
struct Bound<'value>(&'value Value);

impl ToSql for Bound<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        fn one<'it, T>(it: Option<T>) -> Option<ToSqlOutput<'it>>
        where
            ToSqlOutput<'it>: From<T>,
        {
            it.map(ToSqlOutput::from)
        }
        #[expect(clippy::wildcard_enum_match_arm, reason = "no statement binds anything else")]
        let bound = match self.0 {
            Value::Bool(it) => one(*it),
            Value::Int(it) => one(*it),
            Value::Unsigned(it) => one(*it),
            Value::BigInt(it) => one(*it),
            Value::BigUnsigned(it) => {
                let it = it.map(i64::try_from).transpose();
                one(it.map_err(|error| Error::ToSqlConversionFailure(error.into()))?)
            }
            Value::String(it) => one(it.as_deref()),
            Value::Bytes(it) => one(it.as_deref()),
            Value::Uuid(it) => one(it.as_ref().map(|it| &it.as_bytes()[..])),
            Value::ChronoDate(it) => one(it.map(|it| it.to_string())),
            Value::ChronoDateTimeUtc(it) => {
                one(it.map(|it| it.to_rfc3339_opts(SecondsFormat::AutoSi, false)))
            }
            _ => return Err(Error::ToSqlConversionFailure("no column holds it".into())),
        };
        Ok(bound.unwrap_or_else(|| ToSqlOutput::from(Null)))
    }
}
