//! Sealing the audit trail: what was committed is appended to a chain, a moment later and a batch at a
//! time.
//!
//! Whoever commits an entry leaves its id in `audit_unsealed`, and whoever seals it takes it from there
//! in the same unit of work, so no entry is sealed twice and none is forgotten: what a process has left
//! when it ended, the next one finds. Each process appends to a chain of its own. It goes on with one
//! that nobody holds any more, so that there are never more chains than there were processes at once.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use chrono::TimeDelta;
use medilink_application::error::StoreError;
use medilink_application::ports::{Clock, Ids};
use medilink_domain::id::{AuditEntryId, ChainId};
use medilink_domain::inspection::Unreadable;
use medilink_domain::seal::{Hash, Head, Seal, StoredEntry, digest_of_missing};
use medilink_domain::time::Timestamp;
use sea_orm::sea_query::{LockBehavior, LockType, Query, SimpleExpr};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, DbBackend, DbErr, EntityTrait, QueryFilter, QueryOrder,
    QuerySelect, Set,
};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use uuid::Uuid;

use crate::entity::{audit_chain, audit_entry, audit_seal, audit_unsealed};
use crate::error::unavailable;
use crate::row::{Columns, Row, row};
use crate::store::SeaOrmStore;
use crate::stored::any;
use crate::transaction::Connection;
use crate::unit_of_work::SeaOrmUnitOfWork;

/// How many entries are sealed in one unit of work: few enough that nobody notices the wait on
/// SQLite, where all other writers wait.
const BATCH: u64 = 250;

/// How long the sealer rests when everything is sealed.
const REST: Duration = Duration::from_secs(1);

/// How long a stop waits for the last seals.
const PATIENCE: Duration = Duration::from_secs(2);

/// For how long a process keeps its chain that says nothing.
const HELD: TimeDelta = TimeDelta::minutes(1);

/// A plan that PostgreSQL made when there were no entries reads all of them, and is kept: a batch took 70 ms
/// after a minute of reads.
const BY_INDEXES: &str = "SET LOCAL enable_seqscan = off";

/// Seals what was committed, whoever has committed it.
pub struct Sealer {
    store: SeaOrmStore,
    clock: Arc<dyn Clock>,
    ids: Arc<dyn Ids>,
    /// Who this is, among those who seal.
    holder: Uuid,
    /// The chain that it appends to, once it has one.
    chain: Option<ChainId>,
}

/// A [`Sealer`] at work, until it is told to stop.
pub struct RunningSealer {
    stop: oneshot::Sender<()>,
    task: JoinHandle<()>,
}

impl Sealer {
    /// Makes a sealer.
    pub fn new(store: SeaOrmStore, clock: Arc<dyn Clock>, ids: Arc<dyn Ids>) -> Self {
        let holder = ids.next();
        Self { store, clock, ids, holder, chain: None }
    }

    /// Starts sealing on the present runtime, a moment after each commit.
    pub fn start(mut self) -> RunningSealer {
        let (stop, mut stopped) = oneshot::channel();
        let task = tokio::spawn(async move {
            loop {
                // A stop does not wait until all is sealed that an update, say, has left: a batch that
                // is dropped is as if it had not begun.
                tokio::select! {
                    sealed = self.seal_what_waits() => if let Err(error) = sealed {
                        // What waits goes on to wait.
                        tracing::warn!(%error, "audit entries could not be sealed yet");
                    },
                    _ = &mut stopped => break,
                }
                if tokio::time::timeout(REST, &mut stopped).await.is_ok() {
                    break;
                }
            }
            self.finish().await;
        });
        RunningSealer { stop, task }
    }

    /// Seals everything that was committed, and lets others go on with the chain. If that fails, the
    /// next process does it.
    pub async fn finish(mut self) {
        let finish = async {
            self.seal_what_waits().await?;
            self.leave().await
        };
        match tokio::time::timeout(PATIENCE, finish).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::warn!(%error, "audit entries wait to be sealed"),
            Err(_) => tracing::warn!("sealing takes long; audit entries wait to be sealed"),
        }
    }

    /// Seals what was committed so far. Returns how many entries that were.
    ///
    /// # Errors
    ///
    /// A [`StoreError`] if the database fails. What was sealed before then is sealed.
    pub async fn seal_what_waits(&mut self) -> Result<u64, StoreError> {
        let mut sealed = 0;
        loop {
            let began = Instant::now();
            let batch = self.seal_batch().await?;
            sealed += batch;
            if batch < BATCH {
                return Ok(sealed);
            }
            // Others have the writer for at least half of the time.
            tokio::time::sleep(began.elapsed()).await;
        }
    }

    async fn seal_batch(&mut self) -> Result<u64, StoreError> {
        // Looking costs no turn to write.
        if !any(audit_unsealed::Entity::find(), self.store.reads()).await? {
            return Ok(0);
        }
        let now = self.clock.now();
        let work = self.store.reserved_work().await?;
        if work.transaction.backend() == DbBackend::Postgres {
            work.transaction.execute(work.statement(BY_INDEXES, [])).await?;
        }
        let entries = work.take_unsealed().await?;
        if entries.is_empty() {
            return Ok(0);
        }
        let mut digests = work.digests(&entries).await?;
        let hold = Hold { chain: self.chain, by: self.holder, until: now.saturating_add(HELD) };
        let mut head = work.hold_chain(&hold, now, &*self.ids).await?;
        let chain = head.chain;
        let seals = entries.iter().map(|entry| {
            let digest = digests.remove(entry).unwrap_or_else(|| {
                tracing::error!(%entry, "an audit entry was gone before it was sealed");
                digest_of_missing(*entry)
            });
            head.seal(*entry, digest, now)
        });
        let rows = seals.map(|seal| row(&seal)).collect::<Result<Vec<_>, _>>()?;
        work.add_all(rows).await?;
        work.finish(&[]).await?;
        self.chain = Some(chain);
        Ok(u64::try_from(entries.len()).unwrap_or(u64::MAX))
    }

    /// Lets others go on with the chain at once.
    async fn leave(&mut self) -> Result<(), StoreError> {
        use audit_chain::Column;

        let Some(chain) = self.chain.take() else { return Ok(()) };
        let work = self.store.reserved_work().await?;
        let now = audit_chain::ActiveModel {
            held_until: Set(self.clock.now().as_utc()),
            ..Default::default()
        };
        let leave = audit_chain::Entity::update_many()
            .set(now)
            .filter(Column::Id.eq(chain.as_uuid()))
            .filter(Column::Holder.eq(self.holder));
        work.transaction.execute(leave).await?;
        work.finish(&[]).await
    }
}

impl RunningSealer {
    /// Seals what is left, and stops.
    pub async fn stop(self) {
        let _ = self.stop.send(());
        // However it ended, it has.
        let _ = self.task.await;
    }
}

impl SeaOrmUnitOfWork {
    /// Takes the oldest entries that wait for a seal and that nobody else is about to seal.
    async fn take_unsealed(&self) -> Result<Vec<AuditEntryId>, StoreError> {
        use audit_unsealed::{Column, Entity};

        let oldest = Query::select()
            .column(Column::EntryId)
            .from(Entity)
            .order_by(Column::EntryId, sea_orm::Order::Asc)
            .limit(BATCH)
            .lock_with_behavior(LockType::Update, LockBehavior::SkipLocked)
            .to_owned();
        let take = Query::delete()
            .from_table(Entity)
            .and_where(Column::EntryId.in_subquery(oldest))
            .returning_col(Column::EntryId)
            .to_owned();
        let ids: Vec<Uuid> = self.transaction.rows(&take).await?;
        let mut ids: Vec<_> = ids.into_iter().map(AuditEntryId::new).collect();
        // In the order of their making, which is the order of their ids.
        ids.sort_unstable();
        Ok(ids)
    }

    /// Returns the digests of the entries that are there.
    async fn digests(
        &self,
        entries: &[AuditEntryId],
    ) -> Result<HashMap<AuditEntryId, Hash>, StoreError> {
        let ids = entries.iter().map(|entry| entry.as_uuid());
        let select = audit_entry::Entity::find().filter(audit_entry::Column::Id.is_in(ids));
        let rows: Vec<EntryRow> = self.transaction.rows(select).await?;
        // One that cannot be read is none.
        let entries = rows.into_iter().filter_map(|EntryRow(entry)| entry.ok());
        Ok(entries.map(|entry| (AuditEntryId::new(entry.id), entry.digest())).collect())
    }

    /// Holds a chain for a while: the one that this process has, unless it was silent for so long that
    /// somebody else took it; one that nobody holds; or a new one. Returns where it ends.
    async fn hold_chain(
        &self,
        hold: &Hold,
        now: Timestamp,
        ids: &dyn Ids,
    ) -> Result<Head, StoreError> {
        use audit_chain::{Column, Entity};

        if let Some(chain) = hold.chain
            && self.take_chain(hold, chain, Column::Holder.eq(hold.by)).await?
        {
            return self.head(chain).await;
        }
        let is_free = Column::HeldUntil.lte(now.as_utc());
        let free = Entity::find()
            .select_only()
            .column(Column::Id)
            .filter(is_free.clone())
            .order_by_asc(Column::Id)
            .limit(1)
            .lock_with_behavior(LockType::Update, LockBehavior::SkipLocked);
        let free: Option<Uuid> = self.transaction.row(free).await?;
        if let Some(free) = free.map(ChainId::new)
            && self.take_chain(hold, free, is_free).await?
        {
            return self.head(free).await;
        }
        let new = ChainId::new(ids.next());
        self.add(hold.row(new)).await?;
        Ok(Head::before_all(new))
    }

    async fn take_chain(
        &self,
        hold: &Hold,
        chain: ChainId,
        condition: SimpleExpr,
    ) -> Result<bool, StoreError> {
        use audit_chain::{Column, Entity};

        let mut row = hold.row(chain);
        row.not_set(Column::Id);
        let take =
            Entity::update_many().set(row).filter(Column::Id.eq(chain.as_uuid())).filter(condition);
        Ok(0 < self.transaction.execute(take).await?)
    }

    async fn head(&self, chain: ChainId) -> Result<Head, StoreError> {
        use audit_seal::Column;

        let last = audit_seal::Entity::find()
            .select_only()
            .columns([Column::Number, Column::Hash])
            .filter(Column::ChainId.eq(chain.as_uuid()))
            .order_by_desc(Column::Number)
            .limit(1);
        let last: Option<(i64, Vec<u8>)> = self.transaction.row(last).await?;
        match last {
            None => Ok(Head::before_all(chain)),
            Some((number, last)) => {
                let length = u64::try_from(number).map_err(|_| unavailable(BrokenSeal))?;
                Ok(Head { chain, length, hash: hash(&last)? })
            }
        }
    }
}

/// Who appends to a chain, and until when nobody else may.
struct Hold {
    /// The chain that was held until now.
    chain: Option<ChainId>,
    by: Uuid,
    until: Timestamp,
}

impl Hold {
    fn row(&self, chain: ChainId) -> audit_chain::ActiveModel {
        audit_chain::ActiveModel {
            id: Set(chain.as_uuid()),
            holder: Set(self.by),
            held_until: Set(self.until.as_utc()),
        }
    }
}

fn row(seal: &Seal) -> Result<audit_seal::ActiveModel, StoreError> {
    let Seal { chain, number, entry, digest, at, hash } = seal;
    Ok(audit_seal::ActiveModel {
        chain_id: Set(chain.as_uuid()),
        number: Set(i64::try_from(*number).map_err(|_| unavailable(BrokenSeal))?),
        entry_id: Set(entry.as_uuid()),
        digest: Set(digest.as_bytes().to_vec()),
        sealed_at: Set(at.as_utc()),
        hash: Set(hash.as_bytes().to_vec()),
    })
}

/// Reads a stored hash.
pub(crate) fn hash(stored: &[u8]) -> Result<Hash, StoreError> {
    stored.try_into().map(Hash::new).map_err(|_| unavailable(BrokenSeal))
}

/// A row as an entry, whatever the words in it; or what cannot be read as one.
pub(crate) struct EntryRow(pub(crate) Result<StoredEntry, Unreadable>);

impl Row for EntryRow {
    fn take(columns: &mut Columns<'_>, name: &'static str) -> Result<Self, DbErr> {
        Ok(Self(StoredEntry::take(columns, name).map_err(|_| Unreadable)))
    }
}

row!(StoredEntry {
    id,
    at,
    user_id,
    role,
    session_id,
    request_id,
    address,
    action,
    outcome,
    concept,
    record_id,
    patient_id,
    count,
});

/// A stored seal that is none: nobody builds on it.
#[derive(Debug, thiserror::Error)]
#[error("a stored seal of the audit trail cannot be read")]
pub(crate) struct BrokenSeal;
