//! Refusals of somebody unknown: counted in memory, and written down when their minute is over.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use medilink_application::error::StoreError;
use medilink_application::ports::{Clock, Ids, RefusalCounter};
use medilink_domain::audit::AuditEntry;
use medilink_domain::id::AuditEntryId;
use medilink_domain::refusal::{Refusals, Refused};
use medilink_domain::time::Timestamp;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use crate::store::SeaOrmStore;

/// How often it is looked whether a minute is over.
const LOOK: Duration = Duration::from_secs(1);

/// How many entries share a unit of work at the most.
const GROUP: usize = 250;

/// How long writing may take at the most.
const PATIENCE: Duration = Duration::from_secs(2);

/// Counts the refusals of one process. What it has not written down yet is lost with the process, the
/// counts of a minute at the most.
#[derive(Clone)]
pub struct RefusalLog(Arc<Log>);

struct Log {
    refusals: Mutex<Refusals>,
    store: SeaOrmStore,
    clock: Arc<dyn Clock>,
    ids: Arc<dyn Ids>,
}

/// A [`RefusalLog`] that is written down, until it is told to stop.
pub struct RunningRefusalLog {
    stop: oneshot::Sender<()>,
    task: JoinHandle<()>,
}

impl RefusalCounter for RefusalLog {
    fn count(&self, address: Option<std::net::IpAddr>, now: Timestamp) {
        self.0.refusals().count(address, now);
    }
}

impl RefusalLog {
    /// Makes a log that nobody writes down yet.
    pub fn new(store: SeaOrmStore, clock: Arc<dyn Clock>, ids: Arc<dyn Ids>) -> Self {
        Self(Arc::new(Log { refusals: Mutex::default(), store, clock, ids }))
    }

    /// Writes down each minute that is over, on the present runtime.
    pub fn start(&self) -> RunningRefusalLog {
        let (stop, mut stopped) = oneshot::channel();
        let log = Arc::clone(&self.0);
        let task = tokio::spawn(async move {
            while tokio::time::timeout(LOOK, &mut stopped).await.is_err() {
                let ended = log.refusals().take_ended(log.clock.now());
                log.keep(ended).await;
            }
            let rest = log.refusals().take_all();
            log.keep(rest).await;
        });
        RunningRefusalLog { stop, task }
    }
}

impl RunningRefusalLog {
    /// Writes down what is left, and stops.
    pub async fn stop(self) {
        let _ = self.stop.send(());
        // However it ended, it has.
        let _ = self.task.await;
    }
}

impl Log {
    fn refusals(&self) -> MutexGuard<'_, Refusals> {
        self.refusals.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds entries to the trail. What cannot be kept now is tried again.
    async fn keep(&self, refused: Vec<Refused>) {
        let mut groups = refused.chunks(GROUP);
        while let Some(group) = groups.next() {
            // One whose commit is in doubt may be counted twice: too many rather than too few.
            if let Err(error) = self.write(group).await {
                tracing::warn!(%error, "refusals could not be written down yet");
                self.refusals().put_back(group.iter().chain(groups.flatten()).copied().collect());
                return;
            }
        }
    }

    async fn write(&self, group: &[Refused]) -> Result<(), StoreError> {
        let entry = |refused: &Refused| {
            AuditEntry::of_refused(AuditEntryId::new(self.ids.next()), *refused)
        };
        let entries: Vec<_> = group.iter().map(entry).collect();
        let write = async { self.store.reserved_work().await?.finish(&entries).await };
        tokio::time::timeout(PATIENCE, write).await.unwrap_or(Err(StoreError::Busy))
    }
}
