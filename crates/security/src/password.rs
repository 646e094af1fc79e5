//! Passwords: argon2id, on threads of its own and never many at once.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use std::{io, thread};

use async_trait::async_trait;
use medilink_application::ports::{PasswordHasher, Verdict};
use medilink_application::{Error, Result};
use medilink_domain::password::{NewPassword, Password, PasswordHash};
use tokio::sync::oneshot;

use crate::hash::{HashCost, Memory, Recipe, SALT};

/// How many people wait for a hash at the most; whoever comes then is told to come back.
const QUEUE: usize = 512;

/// How long anybody waits for their turn before they are told to come back. It is less than a use
/// case may take, so that what they have begun can be taken back.
const PATIENCE: Duration = Duration::from_secs(3);

/// After how long without a hash those who wait are helped. Two cores make ten in that time.
const STANDSTILL: Duration = Duration::from_millis(100);

/// Hashes passwords with argon2id, on one thread for each core: a hash needs its memory for itself.
///
/// A hash takes a core for as long as hundreds of requests, so its thread only gets what time others leave.
/// Where they leave none, one more thread, which has its share like any other, makes a hash now and then:
/// whoever signs in may wait, but gets in.
///
/// A thread takes one hash after the other, in the order in which people came, and keeps its memory for
/// as long as somebody waits.
pub struct Argon2Hasher {
    recipe: Arc<Recipe>,
    queue: Arc<Queue>,
    patience: Duration,
}

/// Why no password can be hashed.
#[derive(Debug, thiserror::Error)]
pub enum HasherError {
    /// No hash has such a cost.
    #[error(transparent)]
    Cost(#[from] argon2::Error),
    /// The system gives no thread.
    #[error(transparent)]
    Thread(#[from] io::Error),
}

impl Argon2Hasher {
    /// Makes a hasher of a cost.
    ///
    /// # Errors
    ///
    /// A [`HasherError`] that says what is wrong with the cost, or with the system.
    pub fn new(cost: HashCost) -> std::result::Result<Self, HasherError> {
        let cores = thread::available_parallelism().map_or(2, std::num::NonZero::get);
        let hasher = Self::on_threads(cores, cost)?;
        let queue = Arc::clone(&hasher.queue);
        thread::Builder::new().name("passwords-help".to_owned()).spawn(move || queue.help())?;
        Ok(hasher)
    }

    fn on_threads(threads: usize, cost: HashCost) -> std::result::Result<Self, HasherError> {
        let hasher = Self {
            recipe: Arc::new(Recipe::new(cost)?),
            queue: Arc::default(),
            patience: PATIENCE,
        };
        for _ in 0..threads {
            let queue = Arc::clone(&hasher.queue);
            thread::Builder::new().name("passwords".to_owned()).spawn(move || {
                give_way();
                queue.serve();
            })?;
        }
        Ok(hasher)
    }

    /// Runs one hash when it is its turn. A caller who leaves before that gives the turn back.
    async fn in_turn<T: Send + 'static>(
        &self,
        hash: impl FnOnce(&Recipe, &mut Memory) -> T + Send + 'static,
    ) -> Result<T> {
        let (answer, answered) = oneshot::channel();
        let (recipe, patience, came) = (Arc::clone(&self.recipe), self.patience, Instant::now());
        self.queue.join(Box::new(move |memory| {
            if answer.is_closed() {
                return;
            }
            let outcome = if patience < came.elapsed() {
                Err(Error::Overloaded)
            } else {
                Ok(hash(&recipe, memory))
            };
            // Nobody is left to be told if the caller has gone meanwhile.
            drop(answer.send(outcome));
        }))?;
        answered.await.map_err(|error| Error::Failed(Box::new(error)))?
    }
}

impl Drop for Argon2Hasher {
    fn drop(&mut self) {
        self.queue.close();
    }
}

#[async_trait]
impl PasswordHasher for Argon2Hasher {
    async fn hash(&self, password: NewPassword) -> Result<PasswordHash> {
        let salt = salt()?;
        self.in_turn(move |recipe, memory| recipe.write(&password, salt, memory))
            .await?
            .map_err(|error| Error::Failed(Box::new(error)))
    }

    async fn verify(&self, password: Password, hash: Option<PasswordHash>) -> Result<Verdict> {
        let salt = salt()?;
        self.in_turn(move |recipe, memory| recipe.verify(password, hash.as_ref(), salt, memory))
            .await
    }
}

/// Leaves the core to every thread that wants it. On a system that does not know of such threads, they
/// share.
fn give_way() {
    #[cfg(target_os = "linux")]
    {
        use thread_priority::{
            NormalThreadSchedulePolicy, ThreadPriority, ThreadSchedulePolicy,
            set_thread_priority_and_policy, thread_native_id,
        };

        let idle = ThreadSchedulePolicy::Normal(NormalThreadSchedulePolicy::Idle);
        let _ = set_thread_priority_and_policy(thread_native_id(), ThreadPriority::Min, idle);
    }
}

fn salt() -> Result<[u8; SALT]> {
    let mut salt = [0; SALT];
    getrandom::fill(&mut salt).map_err(|error| Error::Failed(Box::new(error)))?;
    Ok(salt)
}

/// One hash that somebody waits for.
type Turn = Box<dyn FnOnce(&mut Memory) + Send>;

/// Computes a hash. One that panics ends itself, and no other: its caller hears that it failed.
fn hash(turn: Turn, memory: &mut Memory) {
    if catch_unwind(AssertUnwindSafe(|| turn(memory))).is_err() {
        *memory = Memory::default();
    }
}

/// Those who wait for a hash, first come first served.
#[derive(Default)]
struct Queue {
    line: Mutex<Line>,
    changed: Condvar,
    /// Tells who helps that somebody waits, or that nobody will.
    began: Condvar,
}

#[derive(Default)]
struct Line {
    waiting: VecDeque<Turn>,
    /// When it last became shorter, or began.
    moved: Option<Instant>,
    is_closed: bool,
}

impl Line {
    fn take(&mut self) -> Option<Turn> {
        let turn = self.waiting.pop_front()?;
        self.moved = Some(Instant::now());
        Some(turn)
    }
}

impl Queue {
    /// Waits behind all others, unless they are too many.
    fn join(&self, turn: Turn) -> Result<()> {
        let mut line = self.line();
        if QUEUE <= line.waiting.len() {
            return Err(Error::Overloaded);
        }
        let begins = line.waiting.is_empty();
        line.waiting.push_back(turn);
        if begins {
            line.moved = Some(Instant::now());
            self.began.notify_one();
        }
        drop(line);
        self.changed.notify_one();
        Ok(())
    }

    /// Hashes until the queue is closed. Memory is wiped and given back when nobody waits; otherwise the
    /// next hash overwrites it anyway.
    fn serve(&self) {
        let mut memory = Memory::default();
        loop {
            let next = self.line().take();
            let Some(turn) = next.or_else(|| self.next(&mut memory)) else { return };
            hash(turn, &mut memory);
        }
    }

    /// Makes a hash whenever the line has not moved for a while, until the queue is closed.
    fn help(&self) {
        let mut memory = Memory::default();
        let mut line = self.line();
        while !line.is_closed {
            let stood = line.moved.map_or(Duration::ZERO, |moved| moved.elapsed());
            if line.waiting.is_empty() {
                line = self.began.wait(line).unwrap_or_else(PoisonError::into_inner);
            } else if let Some(rest) = STANDSTILL.checked_sub(stood) {
                let waited = self.began.wait_timeout(line, rest);
                line = waited.unwrap_or_else(PoisonError::into_inner).0;
            } else if let Some(turn) = line.take() {
                drop(line);
                hash(turn, &mut memory);
                memory.give_back();
                line = self.line();
            }
        }
    }

    /// Waits for somebody to come; `None` when nobody will.
    fn next(&self, memory: &mut Memory) -> Option<Turn> {
        memory.give_back();
        let mut line = self.line();
        loop {
            if line.is_closed {
                return None;
            }
            if let Some(turn) = line.take() {
                return Some(turn);
            }
            line = self.changed.wait(line).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Lets the threads end.
    fn close(&self) {
        let mut line = self.line();
        line.is_closed = true;
        line.waiting.clear();
        drop(line);
        self.changed.notify_all();
        self.began.notify_all();
    }

    fn line(&self) -> MutexGuard<'_, Line> {
        self.line.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::future::{Future, poll_fn};
    use std::task::Poll;

    use super::*;

    fn chosen(raw: &str) -> NewPassword {
        NewPassword::known(Password::typed(raw.to_owned()))
    }

    fn hasher(threads: usize) -> Argon2Hasher {
        Argon2Hasher::on_threads(threads, HashCost::TRIVIAL).unwrap()
    }

    #[tokio::test]
    async fn a_password_is_hashed_and_verified_and_no_two_hashes_are_alike() {
        let hasher = hasher(2);

        let hash = hasher.hash(chosen("correct horse")).await.unwrap();

        let verify = async |raw: &str| {
            hasher.verify(Password::typed(raw.to_owned()), Some(hash.clone())).await.unwrap()
        };
        assert!(matches!(verify("correct horse").await, Verdict::Right));
        assert!(matches!(verify("battery staple").await, Verdict::Wrong));
        assert_ne!(hasher.hash(chosen("correct horse")).await.unwrap(), hash);
    }

    #[tokio::test]
    async fn whoever_comes_to_a_full_queue_is_sent_away() {
        // Without a thread, nobody gets their turn.
        let hasher = hasher(0);
        for _ in 0..QUEUE {
            hasher.queue.join(Box::new(|_| ())).unwrap();
        }

        assert!(matches!(hasher.hash(chosen("x")).await, Err(Error::Overloaded)));

        hasher.queue.line().waiting.pop_front();
        let queue = Arc::clone(&hasher.queue);
        thread::spawn(move || queue.serve());
        assert!(hasher.hash(chosen("x")).await.is_ok());
    }

    #[tokio::test]
    async fn whoever_waits_for_threads_that_get_no_time_is_helped() {
        let hasher = hasher(0);
        let queue = Arc::clone(&hasher.queue);
        let help = thread::spawn(move || queue.help());

        for _ in 0..2 {
            assert!(hasher.hash(chosen("x")).await.is_ok());
        }

        drop(hasher);
        help.join().unwrap();
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn threads_that_hash_leave_the_core_to_others() {
        use thread_priority::{
            NormalThreadSchedulePolicy, ThreadSchedulePolicy, thread_schedule_policy,
        };

        let policy = thread::spawn(|| {
            give_way();
            thread_schedule_policy()
        });

        let idle = ThreadSchedulePolicy::Normal(NormalThreadSchedulePolicy::Idle);
        assert_eq!(policy.join().unwrap(), Ok(idle));
    }

    #[tokio::test]
    async fn whoever_has_waited_too_long_is_sent_away_and_not_hashed() {
        let mut hasher = hasher(1);
        hasher.patience = Duration::ZERO;

        assert!(matches!(hasher.hash(chosen("x")).await, Err(Error::Overloaded)));
    }

    #[tokio::test]
    async fn a_hash_that_panics_fails_and_the_next_one_does_not() {
        let hasher = hasher(1);

        let failed = hasher.in_turn(|_, _| -> () { panic!("as if") }).await;

        assert!(matches!(failed, Err(Error::Failed(_))));
        assert!(hasher.hash(chosen("x")).await.is_ok());
    }

    #[tokio::test]
    async fn whoever_leaves_before_their_turn_is_not_hashed() {
        let hasher = hasher(0);
        let mut left = Box::pin(hasher.in_turn(|_, _| -> () { panic!("nobody waits for this") }));
        let waits = poll_fn(|context| Poll::Ready(left.as_mut().poll(context).is_pending())).await;
        assert!(waits);
        drop(left);

        let queue = Arc::clone(&hasher.queue);
        let turn = queue.line().waiting.pop_front().unwrap();
        turn(&mut Memory::default());
    }
}
