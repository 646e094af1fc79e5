//! Moving SQLite's write-ahead log into the database, beside the one who writes.
//!
//! SQLite does it at the end of a commit by itself: whoever is committed then waits for it, and so does
//! whoever comes next. Here a thread with a connection of its own does most of it while others write.

use std::path::PathBuf;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::JoinHandle;

use crate::connection;
use crate::sqlite::{Log, Sqlite};

/// How many pages are worth being moved: as many as SQLite takes for that.
const WORTH: i64 = 1000;

/// At how many pages the log has to begin anew. It does once all of it has been moved, which somebody who
/// moves it beside the writer never sees; so the writer moves what is left.
const LONG: i64 = 8000;

/// The thread that moves the log.
pub(crate) struct Checkpoints {
    ask: SyncSender<()>,
    thread: JoinHandle<()>,
}

impl Checkpoints {
    /// Starts the thread, for the log of a file.
    pub(crate) fn start(path: PathBuf) -> std::io::Result<Self> {
        // One is asked for at the most: it moves all that is there when it begins.
        let (ask, asked) = sync_channel(1);
        let thread = std::thread::Builder::new()
            .name("medilink-checkpoint".to_owned())
            .spawn(move || move_log(&path, &asked))?;
        Ok(Self { ask, thread })
    }

    /// Sees to the log after a commit.
    pub(crate) fn look(&self, writer: &Sqlite) {
        let outcome = writer.log().and_then(|Log { pages, moved }| {
            if LONG <= pages {
                return writer.checkpoint();
            }
            if WORTH <= pages - moved {
                // It may be asked already.
                let _ = self.ask.try_send(());
            }
            Ok(())
        });
        if let Err(error) = outcome {
            tracing::warn!(%error, "the write-ahead log grows");
        }
    }

    /// Ends the thread when it has moved what it was asked for.
    pub(crate) fn stop(self) {
        drop(self.ask);
        // However it ended, it has.
        let _ = self.thread.join();
    }
}

fn move_log(path: &std::path::Path, asked: &Receiver<()>) {
    let mut connection = None;
    while asked.recv().is_ok() {
        let opened = match connection.take() {
            Some(opened) => Ok(opened),
            None => connection::sqlite_writer(path).map_err(Into::into),
        };
        let moved = opened.and_then(|opened: Sqlite| opened.checkpoint().map(|()| opened));
        match moved {
            Ok(opened) => connection = Some(opened),
            // The writer tries when the log has become long.
            Err(error) => tracing::warn!(%error, "the write-ahead log was not moved"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Writes so many times a million bytes.
    fn write(path: &std::path::Path, times: usize) -> Sqlite {
        crate::file::create(path).unwrap();
        let writer = connection::sqlite_writer(path).unwrap();
        writer.run("CREATE TABLE notes (bytes BLOB)").unwrap();
        let checkpoints = Checkpoints::start(path.to_owned()).unwrap();
        for _ in 0..times {
            writer.run("INSERT INTO notes VALUES (randomblob(1000000))").unwrap();
            checkpoints.look(&writer);
        }
        checkpoints.stop();
        writer
    }

    #[test]
    fn the_log_is_moved_beside_who_writes() {
        let folder = tempfile::tempdir().unwrap();

        let writer = write(&folder.path().join("medilink.db"), 8);

        let Log { pages, moved } = writer.log().unwrap();
        assert!(1900 < pages && WORTH <= moved, "{moved} of {pages}");
    }

    #[test]
    fn a_long_log_begins_anew() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("medilink.db");

        let writer = write(&path, 60);

        let log = std::fs::metadata(folder.path().join("medilink.db-wal")).unwrap();
        assert!(log.len() < 50_000_000, "{} bytes", log.len());
        assert!(60_000_000 < std::fs::metadata(&path).unwrap().len() + log.len());
        drop(writer);
    }
}
