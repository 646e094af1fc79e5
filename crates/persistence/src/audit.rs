//! The audit trail: entries that come with a commit, and entries of what was read or refused.

use std::time::Duration;

use async_trait::async_trait;
use medilink_application::error::StoreError;
use medilink_application::ports::AuditLog;
use medilink_domain::audit::AuditEntry;
use medilink_domain::id::{PatientId, SessionId};
use sea_orm::{DbErr, EntityTrait, Set};
use tokio::sync::{mpsc, oneshot};

use crate::entity::audit_entry;
use crate::error::{store_error, unavailable};
use crate::store::SeaOrmStore;
use crate::transaction::Transaction;
use crate::writer::essential;

/// How many entries share a unit of work at the most.
const GROUP: usize = 128;

/// How many entries wait at the most.
const QUEUE: usize = 4096;

/// How long a group may take at the most.
const PATIENCE: Duration = Duration::from_secs(5);

type Waiting = (AuditEntry, oneshot::Sender<Result<(), StoreError>>);

/// Makes entries durable in groups: while one group is on its way to the disk, the next gathers.
///
/// It fails closed. Whoever shows data waits for [`AuditLog::record`], and shows nothing if the
/// entry could not be kept.
#[derive(Clone)]
pub struct GroupedAuditLog(mpsc::Sender<Waiting>);

impl GroupedAuditLog {
    /// Starts the log on the present runtime.
    pub fn start(store: SeaOrmStore) -> Self {
        let (entries, queue) = mpsc::channel(QUEUE);
        essential("the audit log", run(store, queue));
        Self(entries)
    }
}

#[async_trait]
impl AuditLog for GroupedAuditLog {
    async fn record(&self, entry: AuditEntry) -> Result<(), StoreError> {
        let (acknowledge, acknowledged) = oneshot::channel();
        self.0.try_send((entry, acknowledge)).map_err(|_| StoreError::Busy)?;
        acknowledged
            .await
            .map_err(|_| unavailable(DbErr::Custom("the audit log has stopped".to_owned())))?
    }
}

async fn run(store: SeaOrmStore, mut queue: mpsc::Receiver<Waiting>) {
    let mut group = Vec::with_capacity(GROUP);
    while 0 < queue.recv_many(&mut group, GROUP).await {
        let (entries, waiting): (Vec<_>, Vec<_>) = group.drain(..).unzip();
        let outcome = keep(&store, entries).await;
        if let Err(error) = &outcome {
            tracing::error!(%error, entries = waiting.len(), "audit entries could not be kept");
        }
        for acknowledge in waiting {
            let told = match &outcome {
                Ok(()) => Ok(()),
                Err(StoreError::Busy) => Err(StoreError::Busy),
                Err(_) => Err(unavailable(DbErr::Custom("the audit log failed".to_owned()))),
            };
            let _ = acknowledge.send(told);
        }
    }
}

async fn keep(store: &SeaOrmStore, entries: Vec<AuditEntry>) -> Result<(), StoreError> {
    let keep = async { store.reserved_work().await?.finish(&entries).await };
    // A database that has gone silent must not keep all later entries waiting.
    tokio::time::timeout(PATIENCE, keep).await.unwrap_or(Err(StoreError::Busy))
}

/// Adds entries within a transaction.
pub(crate) async fn append(
    transaction: &Transaction,
    entries: &[AuditEntry],
) -> Result<(), StoreError> {
    if entries.is_empty() {
        return Ok(());
    }
    let rows = entries.iter().map(row);
    audit_entry::Entity::insert_many(rows)
        .exec_without_returning(transaction)
        .await
        .map_err(store_error)?;
    Ok(())
}

fn row(entry: &AuditEntry) -> audit_entry::ActiveModel {
    let AuditEntry { id, at, who, origin, action, outcome, record, patient } = entry;
    audit_entry::ActiveModel {
        id: Set(id.as_uuid()),
        at: Set(at.as_utc()),
        user_id: Set(who.map(|who| who.user.as_uuid())),
        role: Set(who.map(|who| who.role.as_str().to_owned())),
        session_id: Set(who.and_then(|who| who.session).map(SessionId::as_uuid)),
        request_id: Set(origin.map(|origin| origin.request.as_uuid())),
        address: Set(origin.and_then(|origin| origin.address).map(|it| it.to_string())),
        action: Set(action.as_str().to_owned()),
        outcome: Set(outcome.as_str().to_owned()),
        concept: Set(record.map(|record| record.concept.as_str().to_owned())),
        record_id: Set(record.map(|record| record.id)),
        patient_id: Set(patient.map(PatientId::as_uuid)),
        count: Set(None),
    }
}
