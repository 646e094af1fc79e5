//! Lets several processes write one SQLite file in turn, since SQLite's own lock is not fair: of
//! two busy processes one may starve for as long as the other has work.

use std::fs::{File, OpenOptions, TryLockError};
use std::io;
use std::path::Path;
use std::sync::Arc;

/// Two lock files beside the database.
///
/// Who writes holds `-writing`; who is next holds `-next` while waiting for it. A process that has
/// just written finds `-next` held and queues behind, so nobody is overtaken twice.
#[derive(Clone)]
pub(crate) struct Turnstile(Arc<Locks>);

struct Locks {
    next: File,
    writing: File,
}

impl Turnstile {
    /// Opens the lock files beside a database.
    pub(crate) fn beside(database: &Path) -> io::Result<Self> {
        let open = |suffix: &str| {
            let mut path = database.as_os_str().to_owned();
            path.push(suffix);
            let mut options = OpenOptions::new();
            options.create(true).truncate(false).write(true);
            #[cfg(unix)]
            std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
            options.open(path)
        };
        Ok(Self(Arc::new(Locks { next: open("-next")?, writing: open("-writing")? })))
    }

    /// Waits until no other process writes, and keeps the others waiting until [`Self::leave`].
    pub(crate) async fn enter(&self) -> io::Result<()> {
        if self.enter_at_once()? {
            return Ok(());
        }
        let locks = Arc::clone(&self.0);
        tokio::task::spawn_blocking(move || {
            locks.next.lock()?;
            let entered = locks.writing.lock();
            locks.next.unlock()?;
            entered
        })
        .await
        .map_err(io::Error::other)?
    }

    /// Lets the next process write.
    pub(crate) fn leave(&self) -> io::Result<()> {
        self.0.writing.unlock()
    }

    /// Enters if nobody is before us. A thread to wait on is only needed otherwise.
    fn enter_at_once(&self) -> io::Result<bool> {
        if !is_free(&self.0.next)? {
            return Ok(false);
        }
        let entered = is_free(&self.0.writing);
        self.0.next.unlock()?;
        entered
    }
}

fn is_free(file: &File) -> io::Result<bool> {
    match file.try_lock() {
        Ok(()) => Ok(true),
        Err(TryLockError::WouldBlock) => Ok(false),
        Err(TryLockError::Error(error)) => Err(error),
    }
}
