//! Opening the two databases.

use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::Duration;

use sea_orm::sqlx::postgres::{PgConnectOptions, PgConnection};
use sea_orm::sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous};
use sea_orm::sqlx::{self, Connection};
use sea_orm::{ConnectOptions, ConnectionTrait, Database, DatabaseConnection, DbErr};

use crate::lane::Lanes;
use crate::sqlite::{Failure, Sqlite};
use crate::statement::KEPT;
use crate::turnstile::Turnstile;

/// Where the database is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DatabaseUrl {
    /// A file of its own.
    Sqlite(PathBuf),
    /// A server. It prints without its password.
    Postgres(PostgresUrl),
}

/// The address of a PostgreSQL server, password included.
#[derive(Clone, PartialEq, Eq)]
pub struct PostgresUrl(String);

impl std::fmt::Debug for PostgresUrl {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("[postgres]")
    }
}

/// A text that says where no database is.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DatabaseUrlError {
    /// It is neither of the two.
    #[error("give sqlite://PATH, like sqlite://data/medilink.db, or postgres://USER@HOST/NAME")]
    Neither,
    /// What it keeps is gone with the program.
    #[error("a database in memory forgets everything; give sqlite://PATH")]
    InMemory,
    /// It names a server, but cannot be read.
    #[error(
        "give postgres://USER:PASSWORD@HOST/NAME, and percent-encode / @ : # in the password, \
        such as %2F for /"
    )]
    Postgres,
}

impl FromStr for DatabaseUrl {
    type Err = DatabaseUrlError;

    fn from_str(raw: &str) -> Result<Self, DatabaseUrlError> {
        match raw.split_once("://") {
            Some(("sqlite", ":memory:")) => Err(DatabaseUrlError::InMemory),
            Some(("sqlite", path)) if !path.is_empty() && !path.contains(['?', '#']) => {
                Ok(Self::Sqlite(PathBuf::from(path)))
            }
            Some(("postgres" | "postgresql", rest)) if !rest.is_empty() => {
                // Behind the host, an @ was meant to stand before it.
                let path = rest.split('?').next().and_then(|it| it.split_once(['/', '#']));
                let is_cut = path.is_some_and(|(_, path)| path.contains('@'));
                if is_cut || PgConnectOptions::from_str(raw).is_err() {
                    return Err(DatabaseUrlError::Postgres);
                }
                Ok(Self::Postgres(PostgresUrl(raw.to_owned())))
            }
            _ => Err(DatabaseUrlError::Neither),
        }
    }
}

/// Why a database could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The file cannot be made or read.
    #[error("cannot open {path}: {source}")]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The folder is missing.
    #[error("make the folder {0} first, or choose another place with --database-url")]
    NoFolder(PathBuf),
    /// Nothing may be made or written there.
    #[error(
        "cannot write in {folder}/: {source}; let this user write there, or choose another place \
        with --database-url"
    )]
    Forbidden {
        /// The folder.
        folder: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The file is something else.
    #[error("{0} is not a SQLite database; choose another place with --database-url")]
    NotSqlite(PathBuf),
    /// There is no server, or none that answers.
    #[error("cannot reach PostgreSQL at {server}: {reason}; check MEDILINK_DATABASE_URL")]
    Unreachable {
        /// Host and port.
        server: String,
        /// Why.
        reason: String,
    },
    /// The database refuses.
    #[error("the database refuses: {0}")]
    Refused(String),
    /// The database answers with an error, or not at all.
    #[error("the database does not answer: {0}")]
    Database(#[from] DbErr),
    /// The schema is older than the program.
    #[error("the database's schema is older than the program; run `medilink migrate up`")]
    Outdated,
    /// A newer program was here, but steps of ours are missing.
    #[error(
        "the database lacks {pending}, but has {newer} of a newer program; \
        run `medilink migrate up` of the newest program that has used it"
    )]
    Diverged {
        /// The steps that are missing.
        pending: String,
        /// The last step of the newer program.
        newer: String,
    },
    /// The SQLite library has known faults.
    #[error("SQLite {0} is too old; it has to be 3.51.3 or later")]
    SqliteTooOld(String),
}

/// The oldest SQLite that is trusted with a write-ahead log.
const OLDEST_SQLITE: (u32, u32, u32) = (3, 51, 3);

/// How long a connection waits for another process's lock on the SQLite file.
const BUSY: Duration = Duration::from_secs(4);

/// Opens the lock files beside a SQLite file.
pub(crate) fn turnstile(path: &Path) -> Result<Turnstile, OpenError> {
    Turnstile::beside(path).map_err(|source| OpenError::File { path: path.to_owned(), source })
}

/// How one connection to SQLite is opened that migrates.
pub(crate) fn sqlite_migrator(path: &Path) -> ConnectOptions {
    let path = path.to_owned();
    let mut options = ConnectOptions::new("sqlite::memory:");
    options
        .max_connections(1)
        .min_connections(1)
        .idle_timeout(None::<Duration>)
        .max_lifetime(None::<Duration>)
        .test_before_acquire(false)
        .sqlx_logging(false)
        .map_sqlx_sqlite_opts(move |it| pragmas(it, &path));
    options
}

/// Opens the connection that writes to SQLite.
pub(crate) fn sqlite_writer(path: &Path) -> Result<Sqlite, Failure> {
    Ok(Sqlite::open(path, BUSY)?.writing()?)
}

/// How the connections that read from SQLite are opened. They cannot write.
pub(crate) fn sqlite_readers(path: &Path) -> ConnectOptions {
    let path = path.to_owned();
    let mut options = ConnectOptions::new("sqlite::memory:");
    options
        .max_connections(2 * cores())
        // A pool that kept some would need a runtime to the very end.
        .min_connections(0)
        .acquire_timeout(BUSY)
        .idle_timeout(None::<Duration>)
        .max_lifetime(None::<Duration>)
        .test_before_acquire(false)
        .sqlx_logging(false)
        .map_sqlx_sqlite_opts(move |it| pragmas(it, &path).pragma("query_only", "on"));
    options
}

/// How a connection to SQLite is opened that leaves no trace. Without a write-ahead log nobody has
/// the file open, and nothing else is made beside it.
pub(crate) fn sqlite_visitor(path: &Path) -> ConnectOptions {
    let path = path.to_owned();
    let mut log = path.clone().into_os_string();
    log.push("-wal");
    let is_alone = !Path::new(&log).exists();
    let mut options = ConnectOptions::new("sqlite::memory:");
    options.max_connections(1).sqlx_logging(false).map_sqlx_sqlite_opts(move |it| {
        it.in_memory(false)
            .shared_cache(false)
            .filename(&path)
            .create_if_missing(false)
            .read_only(true)
            .immutable(is_alone)
            .busy_timeout(BUSY)
    });
    options
}

fn pragmas(options: SqliteConnectOptions, path: &Path) -> SqliteConnectOptions {
    options
        .in_memory(false)
        .shared_cache(false)
        .filename(path)
        .create_if_missing(false)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .busy_timeout(BUSY)
        .foreign_keys(true)
        .pragma("temp_store", "memory")
}

/// How many connections to PostgreSQL there are at the most, in roads of how many lanes.
///
/// A road for each thread that serves and one for what goes on behind them, and lanes enough that on few
/// cores nobody waits for one; but a server of PostgreSQL has a hundred connections for everybody.
fn lanes_to_postgres() -> (u32, u32) {
    let roads = (cores() + 1).min(12);
    (roads, (48 / roads).min(8))
}

/// Makes lanes of the connections of a pool that was opened as [`postgres`] says.
pub(crate) fn lanes(pool: &DatabaseConnection) -> Lanes {
    let (roads, width) = lanes_to_postgres();
    let number = |it| usize::try_from(it).unwrap_or(1);
    Lanes::new(pool.get_postgres_connection_pool().clone(), number(roads), number(width))
}

/// How the connections to PostgreSQL are opened.
///
/// Nothing waits for ever: a statement, a lock and an idle transaction end before the deadline of
/// the request that they are for. Plans are generic, since planning a list anew for each set of
/// filters costs more than it gains.
pub(crate) fn postgres(url: &PostgresUrl) -> ConnectOptions {
    let (roads, width) = lanes_to_postgres();
    let mut options = ConnectOptions::new(url.0.clone());
    options
        .max_connections(roads * width)
        .min_connections(0)
        .acquire_timeout(Duration::from_secs(4))
        .connect_timeout(Duration::from_secs(4))
        .idle_timeout(None::<Duration>)
        .max_lifetime(None::<Duration>)
        .test_before_acquire(false)
        .sqlx_logging(false)
        .set_application_name("medilink")
        .map_sqlx_postgres_opts(|it| {
            it.statement_cache_capacity(KEPT).options([
                ("statement_timeout", "4500"),
                ("lock_timeout", "4000"),
                ("idle_in_transaction_session_timeout", "10000"),
                ("plan_cache_mode", "force_generic_plan"),
                // It takes longer to compile statistics of a large clinic than to count them.
                ("jit", "off"),
                // To undo what may not have begun is nothing to warn of.
                ("client_min_messages", "error"),
            ])
        });
    options
}

/// How one connection to PostgreSQL is opened that lasts for as long as a migration takes.
pub(crate) fn postgres_alone(url: &PostgresUrl) -> ConnectOptions {
    let mut options = ConnectOptions::new(url.0.clone());
    options
        .max_connections(1)
        .idle_timeout(None::<Duration>)
        .max_lifetime(None::<Duration>)
        .connect_timeout(Duration::from_secs(4))
        .sqlx_logging(false)
        .set_application_name("medilink migrate");
    options
}

/// How one connection to PostgreSQL is opened that migrates. It does not wait long for locks.
pub(crate) fn postgres_migrator(url: &PostgresUrl) -> ConnectOptions {
    let mut options = postgres_alone(url);
    options.map_sqlx_postgres_opts(|it| it.options([("lock_timeout", "3000")]));
    options
}

/// Refuses a SQLite library that is too old.
pub(crate) async fn assert_sqlite(connection: &DatabaseConnection) -> Result<(), OpenError> {
    let row = connection.query_one_raw(version_query()).await?;
    let version: String = match row {
        Some(row) => row.try_get_by_index(0)?,
        None => String::new(),
    };
    let mut parts = version.split('.').map(|part| part.parse().unwrap_or(0_u32));
    let mut next = || parts.next().unwrap_or(0);
    if (next(), next(), next()) < OLDEST_SQLITE {
        return Err(OpenError::SqliteTooOld(version));
    }
    Ok(())
}

fn version_query() -> sea_orm::Statement {
    sea_orm::Statement::from_string(sea_orm::DbBackend::Sqlite, "SELECT sqlite_version()")
}

/// Opens a pool of connections.
pub(crate) async fn connect(options: ConnectOptions) -> Result<DatabaseConnection, OpenError> {
    Ok(Database::connect(options).await?)
}

/// Calls on a PostgreSQL server once, to say what is wrong: a pool would only say that it waited.
pub(crate) async fn call_on(url: &PostgresUrl) -> Result<(), OpenError> {
    let Ok(options) = PgConnectOptions::from_str(&url.0) else { return Ok(()) };
    let server = options.get_socket().map_or_else(
        || format!("{}:{}", options.get_host(), options.get_port()),
        |socket| socket.display().to_string(),
    );
    let unreachable = |reason: String| OpenError::Unreachable { server, reason };
    match tokio::time::timeout(BUSY, PgConnection::connect_with(&options)).await {
        Err(_) => Err(unreachable("it does not answer".to_owned())),
        Ok(Err(sqlx::Error::Database(refusal))) => {
            Err(OpenError::Refused(refusal.message().to_owned()))
        }
        Ok(Err(sqlx::Error::Protocol(_))) => {
            Err(unreachable("what answers there is not PostgreSQL".to_owned()))
        }
        Ok(Err(sqlx::Error::Io(error))) => Err(unreachable(error.to_string())),
        Ok(Err(error)) => Err(unreachable(error.to_string())),
        Ok(Ok(connection)) => {
            // How it is closed matters to nobody.
            let _ = connection.close().await;
            Ok(())
        }
    }
}

fn cores() -> u32 {
    std::thread::available_parallelism()
        .ok()
        .and_then(|cores| u32::try_from(cores.get()).ok())
        .unwrap_or(2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_says_which_database() {
        assert_eq!("sqlite://data/m.db".parse(), Ok(DatabaseUrl::Sqlite("data/m.db".into())));
        assert!(matches!(
            "postgres://m@localhost/m".parse(),
            Ok(DatabaseUrl::Postgres(PostgresUrl(_)))
        ));
        for raw in ["", "data/m.db", "mysql://localhost/m", "sqlite://", "sqlite://m.db?mode=rw"] {
            assert_eq!(raw.parse::<DatabaseUrl>(), Err(DatabaseUrlError::Neither), "{raw}");
        }
        let in_memory = "sqlite://:memory:".parse::<DatabaseUrl>();
        assert_eq!(in_memory, Err(DatabaseUrlError::InMemory));
    }

    #[test]
    fn a_password_that_cuts_a_url_short_is_explained() {
        for password in ["a/b", "1/2", "a#b", "1#2", "a:b/c", "/"] {
            let url = format!("postgres://m:{password}@localhost/m");
            assert_eq!(url.parse::<DatabaseUrl>(), Err(DatabaseUrlError::Postgres), "{url}");
        }
        for url in ["postgres://m:a%2Fb@localhost/m", "postgres://localhost/m?application_name=a@b"]
        {
            assert!(url.parse::<DatabaseUrl>().is_ok(), "{url}");
        }
    }

    #[test]
    fn a_url_does_not_print_its_password() {
        let url: DatabaseUrl = "postgres://m:secret@localhost/m".parse().unwrap();

        assert_eq!(format!("{url:?}"), "Postgres([postgres])");
    }
}
