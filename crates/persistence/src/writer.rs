//! The one writer of a SQLite file. Many units of work share a durable commit.
//!
//! A commit costs a write to the disk, whatever is in it, so units that arrive together are
//! committed together: each is a savepoint in one transaction of the group. Exactly one task, which
//! nobody cancels, begins the group, opens each savepoint and commits; a request only gets to write
//! into its savepoint. If requests began savepoints themselves, one that is cancelled at the wrong
//! moment would roll the whole group back while its commit still answers Ok, and acknowledged
//! writes would be lost.

use std::time::{Duration, Instant};

use medilink_application::error::StoreError;
use sea_orm::{
    ConnectOptions, ConnectionTrait, Database, DatabaseConnection, DatabaseTransaction, DbErr,
    SqliteTransactionMode, TransactionOptions, TransactionTrait,
};
use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::{mpsc, oneshot};

use crate::error::store_error;
use crate::turnstile::Turnstile;

/// How many units share a commit at the most; more gains little.
const GROUP: usize = 32;

/// How long a group stays open at the most: other processes write too. The tests of this file have no
/// other process, and count commits on machines that may be slow.
const LONGEST: Duration = Duration::from_millis(if cfg!(test) { 60_000 } else { 20 });

/// How many units wait at the most. A longer queue only delays what will be too late anyway.
const QUEUE: usize = 1024;

/// How long a connection may take to close.
const CLOSING: Duration = Duration::from_secs(2);

/// Asks for a turn.
type Ask = oneshot::Sender<Result<(DatabaseTransaction, Turn), StoreError>>;

/// Says whether a unit's writes are on disk.
type Acknowledgement = oneshot::Sender<Result<(), StoreError>>;

/// Hands out turns to write.
#[derive(Clone)]
pub(crate) struct Writer {
    asks: mpsc::Sender<Ask>,
    ends: mpsc::Sender<oneshot::Sender<()>>,
}

/// The right to be the only unit of work that is open. Dropping it passes the turn on.
pub(crate) struct Turn(oneshot::Sender<Acknowledgement>);

impl Writer {
    /// Starts the writer on the present runtime, with options that allow exactly one connection.
    pub(crate) fn start(options: ConnectOptions, turnstile: Turnstile) -> Self {
        let (asks, queue) = mpsc::channel(QUEUE);
        let (ends, end) = mpsc::channel(1);
        essential("the writer", WriterTask { options, turnstile, idle: None }.run(queue, end));
        Self { asks, ends }
    }

    /// Serves those who wait already, then nobody any more, and leaves the database as one file.
    pub(crate) async fn close(&self) {
        let (end, ended) = oneshot::channel();
        if self.ends.send(end).await.is_ok() {
            // However it ended, it has.
            let _ = ended.await;
        }
    }

    /// Waits for a turn, which comes with the savepoint to write into.
    pub(crate) async fn begin(&self) -> Result<(DatabaseTransaction, Turn), StoreError> {
        let (ask, turn) = oneshot::channel();
        self.asks.try_send(ask).map_err(|error| match error {
            TrySendError::Full(_) => StoreError::Busy,
            TrySendError::Closed(_) => stopped(),
        })?;
        turn.await.map_err(|_| stopped())?
    }
}

impl Turn {
    /// Ends the turn of a unit whose savepoint was kept, and waits until its writes are on disk.
    pub(crate) async fn durable(self) -> Result<(), StoreError> {
        let (acknowledge, acknowledged) = oneshot::channel();
        self.0.send(acknowledge).map_err(|_| stopped())?;
        acknowledged.await.map_err(|_| stopped())?
    }
}

/// Runs a task without which nothing can be written. Should it ever panic, the process ends: whoever
/// watches it starts another, and what was acknowledged is on disk.
pub(crate) fn essential(name: &'static str, task: impl Future<Output = ()> + Send + 'static) {
    tokio::spawn(async move {
        if let Err(error) = tokio::spawn(task).await
            && error.is_panic()
        {
            tracing::error!("{name} has panicked; nothing can be written any more");
            std::process::abort();
        }
    });
}

struct WriterTask {
    options: ConnectOptions,
    turnstile: Turnstile,
    /// The connection between two groups; none after a fault.
    idle: Option<DatabaseConnection>,
}

impl WriterTask {
    async fn run(
        mut self,
        mut queue: mpsc::Receiver<Ask>,
        mut end: mpsc::Receiver<oneshot::Sender<()>>,
    ) {
        let told = loop {
            tokio::select! {
                Some(first) = queue.recv() => self.take_turn(first, &mut queue).await,
                told = end.recv() => break told,
            }
        };
        queue.close();
        while let Some(first) = queue.recv().await {
            self.take_turn(first, &mut queue).await;
        }
        if let Err(error) = self.fold().await {
            tracing::warn!(%error, "the write-ahead log stays beside the database");
        }
        if let Some(told) = told {
            let _ = told.send(());
        }
    }

    async fn take_turn(&mut self, first: Ask, queue: &mut mpsc::Receiver<Ask>) {
        if first.is_closed() {
            return; // who asked has left
        }
        if let Err(error) = self.turnstile.enter().await {
            let _ = first.send(Err(crate::error::unavailable(error)));
            return;
        }
        self.write_group(first, queue).await;
        if let Err(error) = self.turnstile.leave() {
            tracing::error!(%error, "the turn to write could not be passed on");
        }
    }

    /// Moves what is in the write-ahead log into the database, and closes the connection.
    async fn fold(&mut self) -> Result<(), DbErr> {
        let connection = self.connection().await?;
        connection.execute_unprepared("PRAGMA wal_checkpoint(TRUNCATE)").await?;
        connection.close().await
    }

    async fn write_group(&mut self, first: Ask, queue: &mut mpsc::Receiver<Ask>) {
        let begun = match self.connection().await {
            Ok(connection) => match connection.begin_with_options(immediate()).await {
                Ok(group) => Ok((connection, group)),
                Err(error) => Err(error),
            },
            Err(error) => Err(error),
        };
        let (connection, group) = match begun {
            Ok(begun) => begun,
            Err(error) => {
                let _ = first.send(Err(store_error(error)));
                return;
            }
        };

        let (kept, intact) = serve(&group, first, queue).await;
        let outcome = if intact {
            group.commit().await
        } else {
            // It holds the connection, which could never be closed otherwise.
            drop(group);
            Err(broken())
        };
        let units = kept.len();
        for acknowledge in kept {
            let _ = acknowledge.send(outcome.clone().map_err(store_error));
        }
        match outcome {
            Ok(()) => self.idle = Some(connection),
            Err(error) => {
                tracing::error!(%error, units, "a group of writes was not kept");
                // Its count of savepoints no longer holds. A disk that hangs may never close it.
                let _ = tokio::time::timeout(CLOSING, connection.close()).await;
            }
        }
    }

    async fn connection(&mut self) -> Result<DatabaseConnection, DbErr> {
        match self.idle.take() {
            Some(connection) => Ok(connection),
            None => Database::connect(self.options.clone()).await,
        }
    }
}

/// Serves units until nobody waits, the group is full, or it has been open for long enough.
///
/// Returns whom to tell about the commit, and whether the group's transaction is still open.
async fn serve(
    group: &DatabaseTransaction,
    first: Ask,
    queue: &mut mpsc::Receiver<Ask>,
) -> (Vec<Acknowledgement>, bool) {
    let opened = Instant::now();
    let mut kept = Vec::new();
    let mut next = Some(first);
    while let Some(ask) = next.take() {
        if ask.is_closed() {
            next = queue.try_recv().ok();
            continue; // who asked has left
        }
        let savepoint = match savepoint(group).await {
            Ok(savepoint) => savepoint,
            Err(error) => {
                let _ = ask.send(Err(store_error(error)));
                return (kept, false);
            }
        };
        let (turn, ended) = oneshot::channel();
        // Dropping what could not be sent rolls the savepoint back.
        let _ = ask.send(Ok((savepoint, Turn(turn))));
        match ended.await {
            Ok(acknowledge) => kept.push(acknowledge),
            Err(_) if is_open(group).await => {}
            Err(_) => return (kept, false),
        }
        if kept.len() < GROUP && opened.elapsed() < LONGEST {
            next = queue.try_recv().ok();
        }
    }
    (kept, true)
}

#[expect(clippy::disallowed_methods, reason = "the writer alone opens savepoints")]
async fn savepoint(group: &DatabaseTransaction) -> Result<DatabaseTransaction, DbErr> {
    group.begin().await
}

/// Tells whether the group's transaction is still open after a unit was dropped: a full disk or a
/// failing one makes SQLite end all of it by itself.
async fn is_open(group: &DatabaseTransaction) -> bool {
    // SQLite refuses to begin within a transaction.
    group.execute_unprepared("BEGIN").await.is_err()
}

/// A deferred transaction that reads and then writes fails at once when another process wrote in
/// between, whatever the busy timeout. An immediate one waits before it reads.
fn immediate() -> TransactionOptions {
    TransactionOptions {
        sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
        ..TransactionOptions::default()
    }
}

fn broken() -> DbErr {
    DbErr::Custom("the group's transaction was ended by the database".to_owned())
}

fn stopped() -> StoreError {
    crate::error::unavailable(DbErr::Custom("the writer has stopped".to_owned()))
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::connection;

    async fn a_writer(folder: &Path) -> Writer {
        let path = folder.join("medilink.db");
        crate::file::create(&path).unwrap();
        let writer =
            Writer::start(connection::sqlite_writer(&path), connection::turnstile(&path).unwrap());
        let (transaction, turn) = writer.begin().await.unwrap();
        transaction.execute_unprepared("CREATE TABLE notes (text TEXT)").await.unwrap();
        transaction.commit().await.unwrap();
        turn.durable().await.unwrap();
        writer
    }

    async fn write(writer: &Writer) -> Result<(), StoreError> {
        let (transaction, turn) = writer.begin().await?;
        transaction
            .execute_unprepared("INSERT INTO notes VALUES ('x')")
            .await
            .map_err(store_error)?;
        transaction.commit().await.map_err(store_error)?;
        turn.durable().await
    }

    #[tokio::test]
    async fn a_transaction_that_the_database_ends_fails_its_group_and_no_other() {
        let folder = tempfile::tempdir().unwrap();
        let writer = a_writer(folder.path()).await;

        for _ in 0..3 {
            let (transaction, turn) = writer.begin().await.unwrap();
            // As a full disk would.
            transaction.execute_unprepared("ROLLBACK").await.unwrap();
            let _ = transaction.commit().await;
            drop(turn);
            let next = tokio::time::timeout(Duration::from_secs(10), write(&writer));
            next.await.expect("the writer goes on").unwrap();
        }
    }

    #[tokio::test]
    async fn units_that_wait_share_a_commit() {
        let folder = tempfile::tempdir().unwrap();
        let writer = a_writer(folder.path()).await;
        let before = commits(folder.path());

        let units = (0..100).map(|_| write(&writer));
        let outcomes = futures_util::future::join_all(units).await;

        assert!(outcomes.iter().all(Result::is_ok));
        let commits = commits(folder.path()) - before;
        assert!((1..=20).contains(&commits), "{commits} commits for 100 units");
    }

    #[tokio::test]
    async fn a_unit_is_told_that_another_of_its_group_has_undone_it() {
        let folder = tempfile::tempdir().unwrap();
        let writer = a_writer(folder.path()).await;

        let (first, turn) = writer.begin().await.unwrap();
        first.execute_unprepared("INSERT INTO notes VALUES ('first')").await.unwrap();
        // It waits while the group is open, and so comes into the same one.
        let second = async {
            let (second, turn) = writer.begin().await.unwrap();
            // As a full disk would.
            second.execute_unprepared("ROLLBACK").await.unwrap();
            let _ = second.commit().await;
            drop(turn);
        };
        let first = async {
            tokio::task::yield_now().await;
            first.commit().await.unwrap();
            turn.durable().await
        };
        let ((), told) = tokio::join!(second, first);

        assert!(told.is_err(), "what was undone is not acknowledged");
        write(&writer).await.unwrap();
        assert_eq!(notes(folder.path()).await, 1, "the last one alone");
    }

    #[tokio::test]
    async fn a_disk_that_is_full_keeps_exactly_what_was_acknowledged() {
        let folder = tempfile::tempdir().unwrap();
        let writer = a_writer(folder.path()).await;
        let large = async || {
            let (transaction, turn) = writer.begin().await?;
            let insert = "INSERT INTO notes VALUES (hex(randomblob(3000)))";
            transaction.execute_unprepared(insert).await.map_err(store_error)?;
            transaction.commit().await.map_err(store_error)?;
            turn.durable().await
        };
        let limit = async |pages: u32| {
            let (transaction, turn) = writer.begin().await.unwrap();
            let limit = format!("PRAGMA max_page_count = {pages}");
            transaction.execute_unprepared(&limit).await.unwrap();
            transaction.commit().await.unwrap();
            turn.durable().await.unwrap();
        };

        limit(40).await;
        let outcomes = futures_util::future::join_all((0..100).map(|_| large())).await;

        let acknowledged = outcomes.iter().filter(|outcome| outcome.is_ok()).count();
        assert!((1..100).contains(&acknowledged), "{acknowledged}");
        assert_eq!(notes(folder.path()).await, acknowledged);
        limit(1_000_000).await;
        large().await.unwrap();
        assert_eq!(notes(folder.path()).await, acknowledged + 1);
    }

    #[tokio::test]
    async fn a_database_that_is_closed_is_one_file() {
        let folder = tempfile::tempdir().unwrap();
        let writer = a_writer(folder.path()).await;
        write(&writer).await.unwrap();
        let log = folder.path().join("medilink.db-wal");
        assert!(log.exists());

        // Who waits already is still served.
        let (written, ()) = tokio::join!(write(&writer), writer.close());

        assert!(written.is_ok() && !log.exists());
        assert!(write(&writer).await.is_err());
        assert_eq!(notes(folder.path()).await, 2);
    }

    /// Counts the rows that another program sees.
    async fn notes(folder: &Path) -> usize {
        let reader = connection::sqlite_readers(&folder.join("medilink.db"));
        let database = Database::connect(reader).await.unwrap();
        let backend = database.get_database_backend();
        let all = sea_orm::Statement::from_string(backend, "SELECT text FROM notes");
        let count = database.query_all_raw(all).await.unwrap().len();
        database.close().await.unwrap();
        count
    }

    /// Counts the commits in the write-ahead log: the frame that ends one names the database's size.
    fn commits(folder: &Path) -> usize {
        const HEADER: usize = 32;
        const FRAME: usize = 24 + 4096;

        let log = std::fs::read(folder.join("medilink.db-wal")).unwrap();
        log[HEADER..].chunks_exact(FRAME).filter(|frame| frame[4..8] != [0; 4]).count()
    }
}
