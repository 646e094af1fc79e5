//! Short reads of SQLite, on the thread that asks.
//!
//! sqlx gives each connection to SQLite a thread of its own: a statement has to get there, and every
//! value is copied to bring it back. That takes several times as long as most reads. Through rusqlite,
//! which shares the SQLite library with sqlx, they run where they are asked for. A read that turns
//! out to be long is stopped and takes the other way, so that it holds up nobody who is served by the
//! same thread.

use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use chrono::{DateTime, SecondsFormat, Utc};
use rusqlite::types::{FromSql, FromSqlError, FromSqlResult, ToSqlOutput, ValueRef};
use rusqlite::{Connection, Error, ErrorCode, OpenFlags, Row, ToSql};
use sea_orm::{DbErr, FromQueryResult, RuntimeErr, Statement, Value};
use uuid::Uuid;

/// After how many steps of SQLite's machine it is looked whether a read is a long one.
const LOOK: i32 = 10_000;

/// At which look it is: in about two milliseconds. A page of a list takes a hundredth of that.
const LONG: u32 = 10;

/// A row that is read column by column, in the order in which its fields are written.
pub(crate) trait InlineRow: FromQueryResult + Field {}

impl<R: FromQueryResult + Field> InlineRow for R {}

/// A part of a row: one column, or another row.
pub(crate) trait Field: Sized {
    /// Takes it from the columns that are left. The name is that of the field.
    fn take(columns: &mut Columns<'_>, name: &'static str) -> rusqlite::Result<Self>;
}

/// Lists the fields of a row in the order of its columns.
macro_rules! inline_row {
    ($row:ident { $($field:ident),+ $(,)? }) => {
        impl $crate::inline::Field for $row {
            fn take(
                columns: &mut $crate::inline::Columns<'_>,
                _: &'static str,
            ) -> rusqlite::Result<Self> {
                Ok(Self {
                    $($field: $crate::inline::Field::take(columns, stringify!($field))?),+
                })
            }
        }
    };
}

pub(crate) use inline_row;

/// The columns of a row that have not been read yet.
pub(crate) struct Columns<'row> {
    row: &'row Row<'row>,
    next: usize,
}

impl Columns<'_> {
    fn take<T: FromSql>(&mut self, name: &'static str) -> rusqlite::Result<T> {
        let index = self.next;
        self.next += 1;
        debug_assert_eq!(self.row.as_ref().column_name(index), Ok(name), "another order of fields");
        self.row.get(index)
    }
}

macro_rules! is_one_column {
    ($($type:ty),+) => {$(
        impl Field for $type {
            fn take(columns: &mut Columns<'_>, name: &'static str) -> rusqlite::Result<Self> {
                columns.take(name)
            }
        }
    )+};
}

is_one_column!(bool, i64, String, Option<i32>, Option<i64>, Option<String>);

/// A value that sea-orm writes in its own way.
struct Stored<T>(T);

impl FromSql for Stored<Uuid> {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        let bytes = value.as_blob()?;
        Uuid::from_slice(bytes).map(Self).map_err(FromSqlError::other)
    }
}

impl FromSql for Stored<DateTime<Utc>> {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        let at = DateTime::parse_from_rfc3339(value.as_str()?).map_err(FromSqlError::other)?;
        Ok(Self(at.with_timezone(&Utc)))
    }
}

macro_rules! is_stored {
    ($($type:ty),+) => {$(
        impl Field for $type {
            fn take(columns: &mut Columns<'_>, name: &'static str) -> rusqlite::Result<Self> {
                columns.take(name).map(|Stored(value)| value)
            }
        }

        impl Field for Option<$type> {
            fn take(columns: &mut Columns<'_>, name: &'static str) -> rusqlite::Result<Self> {
                let stored: Option<Stored<$type>> = columns.take(name)?;
                Ok(stored.map(|Stored(value)| value))
            }
        }
    )+};
}

is_stored!(Uuid, DateTime<Utc>);

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
        #[expect(clippy::wildcard_enum_match_arm, reason = "what is missing takes the other way")]
        let bound = match self.0 {
            Value::Bool(it) => one(*it),
            Value::Int(it) => one(*it),
            Value::BigInt(it) => one(*it),
            Value::BigUnsigned(it) => {
                let it = it.map(i64::try_from).transpose();
                one(it.map_err(|error| Error::ToSqlConversionFailure(error.into()))?)
            }
            Value::String(it) => one(it.as_deref()),
            Value::Bytes(it) => one(it.as_deref()),
            Value::Uuid(it) => one(it.as_ref().map(|it| &it.as_bytes()[..])),
            Value::ChronoDateTimeUtc(it) => {
                one(it.map(|it| it.to_rfc3339_opts(SecondsFormat::AutoSi, false)))
            }
            _ => return Err(Error::ToSqlConversionFailure("no short read binds it".into())),
        };
        Ok(bound.unwrap_or_else(|| ToSqlOutput::from(rusqlite::types::Null)))
    }
}

/// The connections for short reads: as many as threads have read at once.
pub(crate) struct Inline {
    path: PathBuf,
    /// Those on which nobody reads; none any more once they are closed.
    idle: Mutex<Option<Vec<Reader>>>,
}

impl Inline {
    /// Reads this file.
    pub(crate) const fn of(path: PathBuf) -> Self {
        Self { path, idle: Mutex::new(Some(Vec::new())) }
    }

    /// Closes every connection, and opens none any more.
    pub(crate) fn close(&self) {
        *self.idle() = None;
    }

    /// Reads rows, if that is soon done. Otherwise they have to be read in another way, which also
    /// tells what is wrong with the database.
    pub(crate) fn read<R: InlineRow>(
        &self,
        statement: &Statement,
    ) -> Result<Option<Vec<R>>, DbErr> {
        let idle = match &mut *self.idle() {
            Some(idle) => idle.pop(),
            None => return Ok(None),
        };
        let Some(reader) = idle.or_else(|| Reader::open(&self.path)) else { return Ok(None) };
        let outcome = reader.read(statement);
        let failure = outcome.as_ref().err().and_then(Error::sqlite_error_code);
        if matches!(failure, None | Some(ErrorCode::OperationInterrupted))
            && let Some(idle) = &mut *self.idle()
        {
            idle.push(reader);
        }
        match outcome {
            Ok(rows) => Ok(Some(rows)),
            Err(Error::ToSqlConversionFailure(_)) => Ok(None),
            Err(_) if failure.is_some() => Ok(None),
            Err(error) => Err(DbErr::Query(RuntimeErr::Internal(error.to_string()))),
        }
    }

    fn idle(&self) -> MutexGuard<'_, Option<Vec<Reader>>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

struct Reader {
    connection: Connection,
    /// How often the present read was looked at.
    looks: Arc<AtomicU32>,
}

impl Reader {
    fn open(path: &std::path::Path) -> Option<Self> {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(path, flags).ok()?;
        // Whoever is busy with the file must not hold up this thread.
        connection.busy_timeout(std::time::Duration::ZERO).ok()?;
        connection.pragma_update(None, "query_only", true).ok()?;
        connection.pragma_update(None, "temp_store", "memory").ok()?;
        connection.set_prepared_statement_cache_capacity(100);
        let looks = Arc::new(AtomicU32::new(0));
        let look = Arc::clone(&looks);
        let is_long = move || LONG <= look.fetch_add(1, Ordering::Relaxed);
        connection.progress_handler(LOOK, Some(is_long)).ok()?;
        Some(Self { connection, looks })
    }

    fn read<R: InlineRow>(&self, statement: &Statement) -> rusqlite::Result<Vec<R>> {
        self.looks.store(0, Ordering::Relaxed);
        let mut prepared = self.connection.prepare_cached(&statement.sql)?;
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
        let mut found = Vec::new();
        let mut rows = prepared.raw_query();
        while let Some(row) = rows.next()? {
            found.push(R::take(&mut Columns { row, next: 0 }, "")?);
        }
        Ok(found)
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use sea_orm::{ConnectionTrait, Database, DatabaseConnection, DbBackend};

    use super::*;
    use crate::connection::{sqlite_readers, sqlite_writer};
    use crate::reads::Reads;

    #[derive(Debug, Clone, PartialEq, FromQueryResult)]
    struct Everything {
        id: Uuid,
        other: Option<Uuid>,
        name: String,
        nickname: Option<String>,
        small: Option<i32>,
        large: i64,
        larger: Option<i64>,
        yes: bool,
        at: DateTime<Utc>,
        later: Option<DateTime<Utc>>,
    }

    inline_row!(Everything { id, other, name, nickname, small, large, larger, yes, at, later });

    const COLUMNS: &str = "id, other, name, nickname, small, large, larger, yes, at, later";

    async fn a_database(folder: &Path) -> (Reads, Inline, DatabaseConnection) {
        let path = folder.join("medilink.db");
        std::fs::write(&path, "").unwrap();
        let writer = Database::connect(sqlite_writer(&path)).await.unwrap();
        let table = "CREATE TABLE everything (id uuid_text, other uuid_text, name text,
            nickname text, small integer, large bigint, larger bigint, yes boolean, at text, later text)";
        writer.execute_unprepared(table).await.unwrap();
        let pool = Database::connect(sqlite_readers(&path)).await.unwrap();
        (Reads::of_sqlite(&path, pool), Inline::of(path), writer)
    }

    fn statement(sql: &str, values: impl IntoIterator<Item = Value>) -> Statement {
        Statement::from_sql_and_values(DbBackend::Sqlite, sql, values)
    }

    async fn keep(writer: &DatabaseConnection, row: &Everything) {
        let insert = "INSERT INTO everything VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
        let row = row.clone();
        let values: [Value; 10] = [
            row.id.into(),
            row.other.into(),
            row.name.into(),
            row.nickname.into(),
            row.small.into(),
            row.large.into(),
            row.larger.into(),
            row.yes.into(),
            row.at.into(),
            row.later.into(),
        ];
        writer.execute_raw(statement(insert, values)).await.unwrap();
    }

    #[tokio::test]
    async fn what_sea_orm_writes_is_read_as_sea_orm_reads_it() {
        let folder = tempfile::tempdir().unwrap();
        let (_, inline, writer) = a_database(folder.path()).await;
        let full = Everything {
            id: Uuid::from_u128(7),
            other: Some(Uuid::from_u128(8)),
            name: "Zoë \u{1F9EA}".to_owned(),
            nickname: Some(String::new()),
            small: Some(-5),
            large: i64::MAX,
            larger: Some(i64::MIN),
            yes: true,
            at: "2026-03-29T01:00:00Z".parse().unwrap(),
            later: Some("2026-03-29T01:00:00.123456Z".parse().unwrap()),
        };
        let empty = Everything {
            id: Uuid::from_u128(9),
            other: None,
            nickname: None,
            small: None,
            larger: None,
            yes: false,
            later: None,
            ..full.clone()
        };
        keep(&writer, &full).await;
        keep(&writer, &empty).await;

        let all = statement(&format!("SELECT {COLUMNS} FROM everything ORDER BY id"), []);
        let read: Vec<Everything> = inline.read(&all).unwrap().unwrap();
        let rows = writer.query_all_raw(all).await.unwrap();
        let rows = rows.iter().map(|row| Everything::from_query_result(row, "").unwrap());

        assert_eq!(read, [full, empty]);
        assert_eq!(read, rows.collect::<Vec<_>>());
    }

    #[tokio::test]
    async fn every_kind_of_value_finds_what_was_written() {
        let folder = tempfile::tempdir().unwrap();
        let (_, inline, writer) = a_database(folder.path()).await;
        let row = Everything {
            id: Uuid::from_u128(7),
            other: None,
            name: "Ada".to_owned(),
            nickname: None,
            small: Some(5),
            large: 6,
            larger: None,
            yes: true,
            at: "2026-03-29T01:00:00Z".parse().unwrap(),
            later: None,
        };
        keep(&writer, &row).await;

        let conditions: [(&str, Value); 8] = [
            ("id = ?", row.id.into()),
            ("id = CAST(? AS blob)", row.id.as_bytes().to_vec().into()),
            ("name = ?", "Ada".into()),
            ("small = ?", 5_i32.into()),
            ("large = ?", 6_i64.into()),
            ("1 = ?", 1_u64.into()),
            ("yes = ?", true.into()),
            ("at = ?", row.at.into()),
        ];
        for (condition, value) in conditions {
            let select = format!(
                "SELECT {COLUMNS} FROM everything WHERE {condition} AND other IS ? LIMIT ?"
            );
            let nothing = Value::Uuid(None);
            let found = inline.read(&statement(&select, [value, nothing, 1_u64.into()]));
            assert_eq!(found.unwrap(), Some(vec![row.clone()]), "{condition}");
        }
        let numbered = format!(
            "SELECT {COLUMNS} FROM everything WHERE large = $2 AND small = $1 AND large = $2"
        );
        let found = inline.read(&statement(&numbered, [5_i32.into(), 6_i64.into()]));
        assert_eq!(found.unwrap(), Some(vec![row]));
    }

    #[tokio::test]
    async fn a_read_that_is_long_takes_the_other_way() {
        #[derive(Debug, PartialEq, FromQueryResult)]
        struct Total {
            total: i64,
        }
        inline_row!(Total { total });
        let folder = tempfile::tempdir().unwrap();
        let (reads, inline, _writer) = a_database(folder.path()).await;
        let up_to = |last: i64| {
            let sql = "WITH RECURSIVE number(it) AS (
                SELECT 1 UNION ALL SELECT it + 1 FROM number WHERE it < ?
            ) SELECT sum(it) AS total FROM number";
            statement(sql, [last.into()])
        };

        assert_eq!(inline.read(&up_to(10)).unwrap(), Some(vec![Total { total: 55 }]));
        assert_eq!(inline.read::<Total>(&up_to(1_000_000)).unwrap(), None);
        assert_eq!(inline.read(&up_to(10)).unwrap(), Some(vec![Total { total: 55 }]));
        let total: Option<Total> = reads.row(up_to(1_000_000)).await.unwrap();
        assert_eq!(total, Some(Total { total: 500_000_500_000 }));
    }

    #[tokio::test]
    async fn nothing_is_written_and_what_is_wrong_is_told_by_the_other_way() {
        let folder = tempfile::tempdir().unwrap();
        let (reads, inline, _writer) = a_database(folder.path()).await;

        let missing = statement("SELECT id FROM nowhere", []);
        assert_eq!(inline.read::<Everything>(&missing).unwrap(), None);
        assert!(reads.rows::<Everything>(missing).await.is_err());
        let delete = statement(&format!("DELETE FROM everything RETURNING {COLUMNS}"), []);
        assert_eq!(inline.read::<Everything>(&delete).unwrap(), None);

        inline.close();
        let all = statement(&format!("SELECT {COLUMNS} FROM everything"), []);
        assert_eq!(inline.read::<Everything>(&all).unwrap(), None);
    }

    #[tokio::test]
    async fn a_value_of_another_kind_is_an_error_and_no_other_value() {
        let folder = tempfile::tempdir().unwrap();
        let (_, inline, writer) = a_database(folder.path()).await;
        writer.execute_unprepared("INSERT INTO everything (id) VALUES ('text')").await.unwrap();

        assert!(
            inline
                .read::<Everything>(&statement(&format!("SELECT {COLUMNS} FROM everything"), []))
                .is_err()
        );
    }
}
