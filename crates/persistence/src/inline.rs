//! Short reads of SQLite, on the thread that asks.
//!
//! A read that turns out to be long is stopped and takes the other way, so that it holds up nobody who
//! is served by the same thread.

use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rusqlite::ErrorCode;
use sea_orm::{DbErr, Statement};

use crate::row::Row;
use crate::sqlite::{Failure, Sqlite};

/// After how many steps of SQLite's machine it is looked whether a read is a long one.
const LOOK: i32 = 10_000;

/// At which look it is: in about two milliseconds. A page of a list takes a hundredth of that.
const LONG: u32 = 10;

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
    pub(crate) fn read<R: Row>(&self, statement: &Statement) -> Result<Option<Vec<R>>, DbErr> {
        let idle = match &mut *self.idle() {
            Some(idle) => idle.pop(),
            None => return Ok(None),
        };
        let Some(reader) = idle.or_else(|| Reader::open(&self.path)) else { return Ok(None) };
        let outcome = reader.read(statement);
        let failure = outcome.as_ref().err().and_then(Failure::code);
        if matches!(failure, None | Some(ErrorCode::OperationInterrupted))
            && let Some(idle) = &mut *self.idle()
        {
            idle.push(reader);
        }
        match outcome {
            Ok(rows) => Ok(Some(rows)),
            Err(Failure::Refused(_)) => Ok(None),
            Err(Failure::Unreadable(error)) => Err(error),
        }
    }

    fn idle(&self) -> MutexGuard<'_, Option<Vec<Reader>>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

struct Reader {
    connection: Sqlite,
    /// How often the present read was looked at.
    looks: Arc<AtomicU32>,
}

impl Reader {
    fn open(path: &std::path::Path) -> Option<Self> {
        let looks = Arc::new(AtomicU32::new(0));
        let look = Arc::clone(&looks);
        let is_long = move || LONG <= look.fetch_add(1, Ordering::Relaxed);
        // Whoever is busy with the file must not hold up this thread.
        let connection = Sqlite::open(path, Duration::ZERO).ok()?.reading(LOOK, is_long).ok()?;
        Some(Self { connection, looks })
    }

    fn read<R: Row>(&self, statement: &Statement) -> Result<Vec<R>, Failure> {
        self.looks.store(0, Ordering::Relaxed);
        self.connection.rows(statement)
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use chrono::{DateTime, NaiveDate, Utc};
    use sea_orm::{ConnectionTrait, Database, DatabaseConnection, DbBackend, Value};
    use uuid::Uuid;

    use super::*;
    use crate::connection::{sqlite_migrator, sqlite_readers};
    use crate::reads::Reads;
    use crate::row::row;
    use crate::transaction::Connection as _;

    #[derive(Debug, Clone, PartialEq)]
    struct Everything {
        id: Uuid,
        other: Option<Uuid>,
        name: String,
        nickname: Option<String>,
        small: Option<i32>,
        large: i64,
        larger: Option<i64>,
        yes: bool,
        bytes: Vec<u8>,
        day: NaiveDate,
        at: DateTime<Utc>,
        later: Option<DateTime<Utc>>,
    }

    row!(Everything {
        id,
        other,
        name,
        nickname,
        small,
        large,
        larger,
        yes,
        bytes,
        day,
        at,
        later
    });

    const COLUMNS: &str =
        "id, other, name, nickname, small, large, larger, yes, bytes, day, at, later";

    async fn a_database(folder: &Path) -> (Reads, Inline, DatabaseConnection) {
        let path = folder.join("medilink.db");
        std::fs::write(&path, "").unwrap();
        let writer = Database::connect(sqlite_migrator(&path)).await.unwrap();
        let table = "CREATE TABLE everything (id uuid_text, other uuid_text, name text,
            nickname text, small integer, large bigint, larger bigint, yes boolean, bytes blob, day date_text, at text, later text)";
        writer.execute_unprepared(table).await.unwrap();
        let pool = Database::connect(sqlite_readers(&path)).await.unwrap();
        (Reads::of_sqlite(&path, pool), Inline::of(path), writer)
    }

    fn statement(sql: &str, values: impl IntoIterator<Item = Value>) -> Statement {
        Statement::from_sql_and_values(DbBackend::Sqlite, sql, values)
    }

    async fn keep(writer: &DatabaseConnection, row: &Everything) {
        let insert = "INSERT INTO everything VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
        let row = row.clone();
        let values: [Value; 12] = [
            row.id.into(),
            row.other.into(),
            row.name.into(),
            row.nickname.into(),
            row.small.into(),
            row.large.into(),
            row.larger.into(),
            row.yes.into(),
            row.bytes.into(),
            row.day.into(),
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
            bytes: vec![0, 255],
            day: "1924-02-29".parse().unwrap(),
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
        let rows = rows.iter().map(|row| Everything::read(row).unwrap());

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
            bytes: vec![0, 255],
            day: "1924-02-29".parse().unwrap(),
            at: "2026-03-29T01:00:00Z".parse().unwrap(),
            later: None,
        };
        keep(&writer, &row).await;

        let conditions: [(&str, Value); 10] = [
            ("id = ?", row.id.into()),
            ("id = CAST(? AS blob)", row.id.as_bytes().to_vec().into()),
            ("name = ?", "Ada".into()),
            ("small = ?", 5_i32.into()),
            ("large = ?", 6_i64.into()),
            ("1 = ?", 1_u64.into()),
            ("yes = ?", true.into()),
            ("bytes = ?", row.bytes.clone().into()),
            ("day = ?", row.day.into()),
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
        #[derive(Debug, PartialEq)]
        struct Total {
            total: i64,
        }
        row!(Total { total });
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
