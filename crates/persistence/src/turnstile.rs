//! Lets several processes write one SQLite file in turn, since SQLite's own lock is not fair: of
//! two busy processes one may starve for as long as the other has work.

use std::fs::{File, OpenOptions};
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

    /// Waits until no other process writes, on this thread, and keeps the others waiting until
    /// [`Self::leave`].
    pub(crate) fn enter(&self) -> io::Result<()> {
        self.0.next.lock()?;
        let entered = self.0.writing.lock();
        self.0.next.unlock()?;
        entered
    }

    /// Lets the next process write.
    pub(crate) fn leave(&self) -> io::Result<()> {
        self.0.writing.unlock()
    }
}
