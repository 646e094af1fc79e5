//! Inspecting the audit trail, a batch at a time, while others use the database.

use std::path::Path;

use chrono::{DateTime, Utc};
use medilink_domain::checkpoint::Checkpoint;
use medilink_domain::id::{AuditEntryId, ChainId};
use medilink_domain::inspection::{Findings, Inspection};
use medilink_domain::seal::Seal;
use medilink_domain::time::Timestamp;
use sea_orm::{DatabaseConnection, DbErr};
use uuid::Uuid;

use crate::connection::{self, DatabaseUrl, OpenError};
use crate::migration::MigrationState;
use crate::reads::Reads;
use crate::row::row;
use crate::seal::{BrokenSeal, EntryRow};
use crate::statement::statement;
use crate::transaction::Connection;

/// How many rows are looked at together.
const BATCH: usize = 1000;

/// Every seal with its entry, chain by chain, from a position on.
const SEALS: &str = "
    SELECT s.chain_id, s.number, s.entry_id, s.digest, s.sealed_at, s.hash,
        e.id IS NOT NULL AS is_there,
        e.id, e.at, e.user_id, e.role, e.session_id, e.request_id, e.address, e.action, e.outcome,
        e.concept, e.record_id, e.patient_id, e.count
    FROM audit_seals s LEFT JOIN audit_entries e ON e.id = s.entry_id
    WHERE (s.chain_id, s.number) > ($1, $2)
    ORDER BY s.chain_id, s.number LIMIT 1000";

/// Every entry, and whether it is sealed or waits for that. One statement sees all three as they were
/// at one moment.
const ENTRIES: &str = "
    SELECT e.id, s.entry_id IS NOT NULL AS is_sealed, u.entry_id IS NOT NULL AS waits
    FROM (SELECT id FROM audit_entries WHERE $1 < id ORDER BY id LIMIT 1000) e
        LEFT JOIN audit_seals s ON s.entry_id = e.id
        LEFT JOIN audit_unsealed u ON u.entry_id = e.id
    ORDER BY e.id";

/// Inspects the audit trail of a database, which may be in use, and changes nothing. `progress` is told
/// now and then how many rows were looked at.
///
/// # Errors
///
/// [`OpenError`] if the database does not answer, if its schema is too old, or if a seal is no seal.
pub async fn inspect(
    url: &DatabaseUrl,
    since: &Checkpoint,
    mut progress: impl FnMut(u64),
) -> Result<Findings, OpenError> {
    let database = open(url).await?;
    if !MigrationState::read(&database).await?.pending.is_empty() {
        return Err(OpenError::Outdated);
    }
    let database = Reads::through(database);
    let mut inspection = Inspection::since(since);
    let mut looked_at = 0;
    let mut looks_on = |rows: usize| {
        looked_at += u64::try_from(rows).unwrap_or_default();
        progress(looked_at);
    };
    inspect_seals(&database, &mut inspection, &mut looks_on).await?;
    inspect_entries(&database, &mut inspection, &mut looks_on).await?;
    database.close().await?;
    Ok(inspection.end())
}

/// Opens a database to be read, that others may write to.
async fn open(url: &DatabaseUrl) -> Result<DatabaseConnection, OpenError> {
    match url {
        DatabaseUrl::Sqlite(path) => {
            let file = std::fs::OpenOptions::new().write(true).open(path);
            let options = match file {
                Ok(_) => connection::sqlite_readers(path),
                // A copy that nobody may write to is in nobody's use.
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                    connection::sqlite_visitor(path)
                }
                Err(source) => return Err(not_there(path, source)),
            };
            connection::connect(options).await
        }
        DatabaseUrl::Postgres(address) => {
            connection::call_on(address).await?;
            connection::connect(connection::postgres(address)).await
        }
    }
}

fn not_there(path: &Path, source: std::io::Error) -> OpenError {
    OpenError::File { path: path.to_owned(), source }
}

async fn inspect_seals(
    database: &Reads,
    inspection: &mut Inspection,
    looks_on: &mut impl FnMut(usize),
) -> Result<(), OpenError> {
    let mut position = (Uuid::nil(), 0_i64);
    loop {
        let values = [position.0.into(), position.1.into()];
        let seals = statement(database.backend(), SEALS, values);
        let rows: Vec<SealedRow> = database.ask(seals).await?;
        let count = rows.len();
        for SealedRow { seal, is_there, entry } in rows {
            position = (seal.chain_id, seal.number);
            let entry = if is_there { entry.0.map(Some) } else { Ok(None) };
            let seal = seal.restore()?;
            inspection.look_at(&seal, entry.as_ref().map(Option::as_ref).map_err(|it| *it));
        }
        looks_on(count);
        if count < BATCH {
            return Ok(());
        }
    }
}

async fn inspect_entries(
    database: &Reads,
    inspection: &mut Inspection,
    looks_on: &mut impl FnMut(usize),
) -> Result<(), OpenError> {
    let mut position = Uuid::nil();
    loop {
        let entries = statement(database.backend(), ENTRIES, [position.into()]);
        let rows: Vec<(Uuid, bool, bool)> = database.ask(entries).await?;
        let count = rows.len();
        for (id, is_sealed, waits) in rows {
            position = id;
            if !is_sealed {
                inspection.look_at_unsealed(AuditEntryId::new(id), waits);
            }
        }
        looks_on(count);
        if count < BATCH {
            return Ok(());
        }
    }
}

struct SealedRow {
    seal: SealRow,
    is_there: bool,
    entry: EntryRow,
}

row!(SealedRow { seal, is_there, entry });

struct SealRow {
    chain_id: Uuid,
    number: i64,
    entry_id: Uuid,
    digest: Vec<u8>,
    sealed_at: DateTime<Utc>,
    hash: Vec<u8>,
}

row!(SealRow { chain_id, number, entry_id, digest, sealed_at, hash });

impl SealRow {
    fn restore(&self) -> Result<Seal, OpenError> {
        let broken = || OpenError::Database(DbErr::Type(BrokenSeal.to_string()));
        let hash = |stored: &[u8]| crate::seal::hash(stored).map_err(|_| broken());
        Ok(Seal {
            chain: ChainId::new(self.chain_id),
            number: u64::try_from(self.number).map_err(|_| broken())?,
            entry: AuditEntryId::new(self.entry_id),
            digest: hash(&self.digest)?,
            at: Timestamp::new(self.sealed_at).map_err(|_| broken())?,
            hash: hash(&self.hash)?,
        })
    }
}
