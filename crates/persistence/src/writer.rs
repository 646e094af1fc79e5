//! The one writer of a SQLite file. Many units of work share a durable commit.
//!
//! A commit costs a write to the disk, whatever is in it, so units that arrive together are
//! committed together: each is a savepoint in one transaction of the group. One thread begins groups and
//! commits them. In between, the group goes from unit to unit: each writes into its savepoint on its own
//! thread and passes the group on when it leaves, however it leaves; the last one hands it back. Passing
//! on awaits nothing, so no request that is cancelled can take the others' writes with it.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::mpsc as back;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread::{self, ThreadId};
use std::time::{Duration, Instant};

use medilink_application::error::StoreError;
use sea_orm::{DbErr, Statement};
use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::{mpsc, oneshot};

use crate::checkpoint::Checkpoints;
use crate::connection;
use crate::error::{store_error, unavailable};
use crate::row::Row;
use crate::sqlite::Sqlite;
use crate::turnstile::Turnstile;

/// How many units share a commit at the most; more gains little.
const GROUP: usize = 32;

/// How long a group stays open at the most: other processes write too. The tests of this file have no
/// other process, and count commits on machines that may be slow.
const LONGEST: Duration = Duration::from_millis(if cfg!(test) { 60_000 } else { 20 });

/// How many units wait at the most. A longer queue only delays what will be too late anyway.
const QUEUE: usize = 1024;

/// Says whether writes are on disk.
type Acknowledgement = oneshot::Sender<Result<(), StoreError>>;

/// Says that the writer has ended.
type End = oneshot::Sender<()>;

/// What the writer is asked for.
enum Ask {
    /// A turn to write, by a request of some thread.
    Turn(ThreadId, oneshot::Sender<Result<Turn, StoreError>>),
    /// To write what needs no turn, since it is one statement.
    Write(Statement, Acknowledgement),
    /// To serve those who wait already, and nobody any more.
    End(End),
}

/// Who waits to write.
struct Queue {
    asks: mpsc::Receiver<Ask>,
    /// Those who will be served next, though not quite in their order.
    drawn: VecDeque<Ask>,
}

/// Hands out turns to write.
#[derive(Clone)]
pub(crate) struct Writer(mpsc::Sender<Ask>);

/// The right to be the only unit of work that is open. Dropping it undoes what was written, and passes
/// the group on.
pub(crate) struct Turn(Mutex<Option<Box<Group>>>);

impl Writer {
    /// Starts the writer of a file that is up to date, on a thread of its own. Should it ever panic, the
    /// process ends: whoever watches it starts another, and what was acknowledged is on disk.
    pub(crate) fn start(path: PathBuf, turnstile: Turnstile) -> std::io::Result<Self> {
        let (asks, queue) = mpsc::channel(QUEUE);
        let queue = Queue { asks: queue, drawn: VecDeque::with_capacity(GROUP) };
        let checkpoints = Checkpoints::start(path.clone())?;
        let writer = WriterThread { path, turnstile, checkpoints, idle: None };
        thread::Builder::new().name("medilink-writer".to_owned()).spawn(move || {
            if catch_unwind(AssertUnwindSafe(|| writer.run(queue))).is_err() {
                give_up();
            }
        })?;
        Ok(Self(asks))
    }

    /// Serves those who wait already, then nobody any more, and leaves the database as one file.
    pub(crate) async fn close(&self) {
        let (end, ended) = oneshot::channel();
        if self.0.send(Ask::End(end)).await.is_ok() {
            // However it ended, it has.
            let _ = ended.await;
        }
    }

    /// Waits for a turn, which comes with a savepoint to write into.
    pub(crate) async fn begin(&self) -> Result<Turn, StoreError> {
        let (ask, turn) = oneshot::channel();
        self.ask(Ask::Turn(thread::current().id(), ask))?;
        turn.await.map_err(|_| stopped())?
    }

    /// Writes what one statement says, and waits until it is on disk.
    pub(crate) async fn write(&self, statement: Statement) -> Result<(), StoreError> {
        let (acknowledge, acknowledged) = oneshot::channel();
        self.ask(Ask::Write(statement, acknowledge))?;
        acknowledged.await.map_err(|_| stopped())?
    }

    fn ask(&self, ask: Ask) -> Result<(), StoreError> {
        self.0.try_send(ask).map_err(|error| match error {
            TrySendError::Full(_) => StoreError::Busy,
            TrySendError::Closed(_) => stopped(),
        })
    }
}

impl Turn {
    const fn of(group: Box<Group>) -> Self {
        Self(Mutex::new(Some(group)))
    }

    /// Reads rows as they are with what was written so far.
    pub(crate) fn rows<R: Row>(&self, statement: &Statement) -> Result<Vec<R>, DbErr> {
        match &*self.group() {
            Some(group) => Ok(group.connection.rows(statement)?),
            None => Err(broken()),
        }
    }

    /// Does what a statement says. Returns how many rows that has changed.
    pub(crate) fn execute(&self, statement: &Statement) -> Result<u64, DbErr> {
        match &*self.group() {
            Some(group) => Ok(group.connection.execute(statement)?),
            None => Err(broken()),
        }
    }

    /// Ends the turn, and waits until what was written is on disk.
    pub(crate) async fn keep(self) -> Result<(), StoreError> {
        let (acknowledge, acknowledged) = oneshot::channel();
        self.end(Some(acknowledge));
        acknowledged.await.map_err(|_| stopped())?
    }

    /// Passes the group on, with what was written or without.
    fn end(&self, kept: Option<Acknowledgement>) {
        let group = self.group().take();
        if let Some(mut group) = group {
            group.leave(kept);
            group.pass_on(None);
        }
    }

    fn group(&self) -> MutexGuard<'_, Option<Box<Group>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        self.end(None);
    }
}

struct WriterThread {
    path: PathBuf,
    turnstile: Turnstile,
    checkpoints: Checkpoints,
    /// The connection between two groups; none after a fault.
    idle: Option<Sqlite>,
}

impl WriterThread {
    fn run(mut self, mut queue: Queue) {
        let mut told = Vec::new();
        while let Some(ask) = queue.longest() {
            match ask {
                Ask::End(end) => {
                    queue.close();
                    told.push(end);
                }
                // Who asked has left.
                Ask::Turn(_, ask) if ask.is_closed() => {}
                Ask::Turn(..) | Ask::Write(..) => {
                    let ends;
                    (queue, ends) = self.take_turn(ask, queue);
                    if !ends.is_empty() {
                        queue.close();
                        told.extend(ends);
                    }
                }
            }
        }
        let connection = self.connection();
        self.checkpoints.stop();
        if let Err(error) = connection.and_then(Sqlite::fold) {
            tracing::warn!(%error, "the write-ahead log stays beside the database");
        }
        for end in told {
            let _ = end.send(());
        }
    }

    /// Writes a group. Returns the queue, and who asked meanwhile that it ends.
    fn take_turn(&mut self, first: Ask, queue: Queue) -> (Queue, Vec<End>) {
        if let Err(error) = self.turnstile.enter() {
            first.refuse(unavailable(error));
            return (queue, Vec::new());
        }
        let left = self.write_group(first, queue);
        if let Err(error) = self.turnstile.leave() {
            tracing::error!(%error, "the turn to write could not be passed on");
        }
        left
    }

    fn write_group(&mut self, first: Ask, queue: Queue) -> (Queue, Vec<End>) {
        let connection = match self.begin() {
            Ok(connection) => connection,
            Err(error) => {
                first.refuse(store_error(error));
                return (queue, Vec::new());
            }
        };
        let (back, returned) = back::channel();
        let group = Group {
            connection,
            queue,
            back,
            opened: Instant::now(),
            kept: Vec::new(),
            ends: Vec::new(),
            is_intact: true,
        };
        Box::new(group).pass_on(Some(first));
        // Lost with a thread that panicked just when it passed it on, it takes the queue along.
        let Ok(group) = returned.recv() else { give_up() };
        let (connection, left) = group.commit();
        if let Some(connection) = &connection {
            self.checkpoints.look(connection);
        }
        self.idle = connection;
        left
    }

    /// Begins a transaction. A deferred one that reads and then writes fails at once when another
    /// process wrote in between, whatever its patience. An immediate one waits before it reads.
    fn begin(&mut self) -> Result<Sqlite, DbErr> {
        let connection = self.connection()?;
        connection.run("BEGIN IMMEDIATE")?;
        Ok(connection)
    }

    fn connection(&mut self) -> Result<Sqlite, DbErr> {
        match self.idle.take() {
            Some(connection) => Ok(connection),
            None => Ok(connection::sqlite_writer(&self.path)?),
        }
    }
}

impl Ask {
    fn refuse(self, error: StoreError) {
        match self {
            Self::Turn(_, ask) => drop(ask.send(Err(error))),
            Self::Write(_, acknowledge) => drop(acknowledge.send(Err(error))),
            Self::End(end) => drop(end.send(())),
        }
    }
}

impl Queue {
    /// Waits for somebody. Returns who has waited longest, with whom each group begins.
    fn longest(&mut self) -> Option<Ask> {
        self.drawn.pop_front().or_else(|| self.asks.blocking_recv())
    }

    /// Returns who waits, first those on this thread: another one has to be woken, while nobody writes. All
    /// that are drawn share a commit anyway, or nearly so.
    fn nearest(&mut self) -> Option<Ask> {
        while self.drawn.len() < GROUP
            && let Ok(ask) = self.asks.try_recv()
        {
            self.drawn.push_back(ask);
        }
        let here = thread::current().id();
        let is_here = |ask: &Ask| matches!(ask, Ask::Turn(thread, _) if *thread == here);
        self.drawn.remove(self.drawn.iter().position(is_here).unwrap_or(0))
    }

    /// Lets nobody in any more. Who waits already is still served.
    fn close(&mut self) {
        self.asks.close();
    }
}

/// What is committed together, and who waits to be.
struct Group {
    connection: Sqlite,
    queue: Queue,
    /// Leads back to the writer.
    back: back::Sender<Box<Group>>,
    opened: Instant,
    /// Whom to tell about the commit.
    kept: Vec<Acknowledgement>,
    /// Who asked that the writer ends.
    ends: Vec<End>,
    /// Whether its transaction is as it should be. A full disk or a failing one makes SQLite end all of
    /// it by itself.
    is_intact: bool,
}

impl Group {
    /// Goes on to the next unit of work, or back to the writer.
    fn pass_on(mut self: Box<Self>, first: Option<Ask>) {
        let mut next = first.or_else(|| self.next());
        while let Some(ask) = next {
            match ask {
                // Who asked has left.
                Ask::Turn(_, ask) if ask.is_closed() => {}
                Ask::Turn(_, ask) => match self.lend(ask) {
                    Some(group) => self = group,
                    None => return,
                },
                Ask::Write(statement, acknowledge) => self.write(&statement, acknowledge),
                Ask::End(end) => self.ends.push(end),
            }
            next = self.next();
        }
        let back = self.back.clone();
        // The writer waits for it.
        let _ = back.send(self);
    }

    /// Takes the next from the queue: until nobody waits, the group is full, or it has been open for
    /// long enough.
    fn next(&mut self) -> Option<Ask> {
        let is_open = self.is_intact
            && self.ends.is_empty()
            && self.kept.len() < GROUP
            && self.opened.elapsed() < LONGEST;
        if is_open { self.queue.nearest() } else { None }
    }

    /// Goes to a unit of work with a savepoint, or stays if it cannot.
    fn lend(
        mut self: Box<Self>,
        ask: oneshot::Sender<Result<Turn, StoreError>>,
    ) -> Option<Box<Self>> {
        if let Err(error) = self.connection.run("SAVEPOINT unit") {
            let _ = ask.send(Err(store_error(error)));
            self.is_intact = false;
            return Some(self);
        }
        let Err(Ok(unclaimed)) = ask.send(Ok(Turn::of(self))) else { return None };
        // Who asked has left at this very moment.
        let mut group = unclaimed.group().take()?;
        group.leave(None);
        Some(group)
    }

    /// Ends the savepoint of a unit, which is kept if it waits for that.
    fn leave(&mut self, kept: Option<Acknowledgement>) {
        let undone = if kept.is_some() { Ok(()) } else { self.connection.run("ROLLBACK TO unit") };
        let ended = undone.and_then(|()| self.connection.run("RELEASE unit"));
        self.is_intact = ended.is_ok() && self.connection.is_in_transaction();
        self.kept.extend(kept);
    }

    /// Writes what one statement says, all of it or nothing.
    fn write(&mut self, statement: &Statement, acknowledge: Acknowledgement) {
        let written = self.connection.execute(statement);
        self.is_intact = self.connection.is_in_transaction();
        match written {
            Ok(_) => self.kept.push(acknowledge),
            Err(error) => drop(acknowledge.send(Err(store_error(error.into())))),
        }
    }

    /// Makes everything durable, and says so. Returns the connection, unless something is wrong with it,
    /// and what goes on.
    fn commit(self) -> (Option<Sqlite>, (Queue, Vec<End>)) {
        let outcome = if self.is_intact { self.connection.run("COMMIT") } else { Err(broken()) };
        let units = self.kept.len();
        for acknowledge in self.kept {
            let _ = acknowledge.send(outcome.clone().map_err(store_error));
        }
        let connection = match outcome {
            Ok(()) => Some(self.connection),
            Err(error) => {
                // Dropping the connection undoes what it has not committed.
                tracing::error!(%error, units, "a group of writes was not kept");
                None
            }
        };
        (connection, (self.queue, self.ends))
    }
}

/// Ends the process: nothing can be written any more.
fn give_up() -> ! {
    tracing::error!("the writer has panicked; nothing can be written any more");
    std::process::abort()
}

fn broken() -> DbErr {
    DbErr::Custom("the group's transaction was ended by the database".to_owned())
}

fn stopped() -> StoreError {
    unavailable(DbErr::Custom("the writer has stopped".to_owned()))
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use sea_orm::{ConnectionTrait, Database, DbBackend};

    use super::*;
    use crate::connection;

    async fn a_writer(folder: &Path) -> Writer {
        let path = folder.join("medilink.db");
        crate::file::create(&path).unwrap();
        let turnstile = connection::turnstile(&path).unwrap();
        let writer = Writer::start(path, turnstile).unwrap();
        let turn = writer.begin().await.unwrap();
        turn.execute(&sql("CREATE TABLE notes (text TEXT)")).unwrap();
        turn.keep().await.unwrap();
        writer
    }

    fn sql(sql: &str) -> Statement {
        Statement::from_string(DbBackend::Sqlite, sql)
    }

    async fn write(writer: &Writer) -> Result<(), StoreError> {
        let turn = writer.begin().await?;
        turn.execute(&sql("INSERT INTO notes VALUES ('x')")).map_err(store_error)?;
        turn.keep().await
    }

    #[tokio::test]
    async fn a_transaction_that_the_database_ends_fails_its_group_and_no_other() {
        let folder = tempfile::tempdir().unwrap();
        let writer = a_writer(folder.path()).await;

        for is_dropped in [true, false, true] {
            let turn = writer.begin().await.unwrap();
            // As a full disk would.
            turn.execute(&sql("ROLLBACK")).unwrap();
            if is_dropped {
                drop(turn);
            } else {
                assert!(turn.keep().await.is_err());
            }
            let next = tokio::time::timeout(Duration::from_secs(10), write(&writer));
            next.await.expect("the writer goes on").unwrap();
        }
    }

    #[tokio::test]
    async fn a_turn_that_is_dropped_leaves_nothing_behind() {
        let folder = tempfile::tempdir().unwrap();
        let writer = a_writer(folder.path()).await;

        let turn = writer.begin().await.unwrap();
        turn.execute(&sql("INSERT INTO notes VALUES ('dropped')")).unwrap();
        drop(turn);
        write(&writer).await.unwrap();

        assert_eq!(notes(folder.path()).await, 1);
    }

    #[tokio::test]
    async fn one_statement_needs_no_turn() {
        let folder = tempfile::tempdir().unwrap();
        let writer = a_writer(folder.path()).await;

        let insert = sql("INSERT INTO notes VALUES ('x')");
        let turn = writer.begin().await.unwrap();
        turn.execute(&insert).unwrap();
        // It waits while the group is open, and so comes into the same one.
        let (refused, ()) =
            tokio::join!(writer.write(sql("INSERT INTO nowhere VALUES (1)")), async {
                tokio::task::yield_now().await;
                turn.keep().await.unwrap();
            });

        assert!(matches!(refused, Err(StoreError::Failed(_))));
        writer.write(insert).await.unwrap();
        assert_eq!(notes(folder.path()).await, 2);
    }

    #[test]
    fn a_group_goes_on_where_it_is_and_begins_with_who_has_waited_longest() {
        let here = thread::current().id();
        let elsewhere = thread::spawn(|| thread::current().id()).join().unwrap();
        let (asks, queue) = mpsc::channel(QUEUE);
        let mut queue = Queue { asks: queue, drawn: VecDeque::new() };
        for thread in [elsewhere, here, elsewhere, here] {
            asks.try_send(Ask::Turn(thread, oneshot::channel().0)).unwrap();
        }
        let thread = |ask: Option<Ask>| match ask.unwrap() {
            Ask::Turn(thread, _) => thread,
            Ask::Write(..) | Ask::End(_) => panic!("nobody asked for that"),
        };

        assert_eq!(thread(queue.nearest()), here);
        assert_eq!(thread(queue.longest()), elsewhere);
        assert_eq!(thread(queue.nearest()), here);
        assert_eq!(thread(queue.nearest()), elsewhere);
        assert!(queue.nearest().is_none());
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

        let first = writer.begin().await.unwrap();
        first.execute(&sql("INSERT INTO notes VALUES ('first')")).unwrap();
        // It waits while the group is open, and so comes into the same one.
        let second = async {
            let second = writer.begin().await.unwrap();
            // As a full disk would.
            second.execute(&sql("ROLLBACK")).unwrap();
            drop(second);
        };
        let first = async {
            tokio::task::yield_now().await;
            first.keep().await
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
            let turn = writer.begin().await?;
            let insert = "INSERT INTO notes VALUES (hex(randomblob(3000)))";
            turn.execute(&sql(insert)).map_err(store_error)?;
            turn.keep().await
        };
        let limit = async |pages: u32| {
            let turn = writer.begin().await.unwrap();
            let limit = sql(&format!("PRAGMA max_page_count = {pages}"));
            let _: Vec<i64> = turn.rows(&limit).unwrap();
            turn.keep().await.unwrap();
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
        let count = database.query_all_raw(sql("SELECT text FROM notes")).await.unwrap().len();
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
