//! Inspecting the audit trail, a batch at a time, while others use the database.

use std::path::Path;

use medilink_domain::checkpoint::Checkpoint;
use medilink_domain::id::{AuditEntryId, ChainId};
use medilink_domain::inspection::{Findings, Inspection};
use medilink_domain::seal::{Hash, Seal};
use medilink_domain::time::Timestamp;
use sea_orm::{ConnectionTrait, DatabaseConnection, DbErr, QueryResult, Value};
use uuid::Uuid;

use crate::connection::{self, DatabaseUrl, OpenError};
use crate::migration::MigrationState;
use crate::seal::{BrokenSeal, stored_entry};
use crate::store::statement;

/// How many rows are looked at together.
const BATCH: usize = 1000;

/// Every seal with its entry, chain by chain, from a position on.
const SEALS: &str = "
    SELECT s.chain_id, s.number, s.entry_id, s.digest, s.sealed_at, s.hash,
        e.id, e.at, e.user_id, e.role, e.session_id, e.request_id, e.address, e.action, e.outcome,
        e.concept, e.record_id, e.patient_id, e.count, e.id IS NOT NULL AS is_there
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
    database: &DatabaseConnection,
    inspection: &mut Inspection,
    looks_on: &mut impl FnMut(usize),
) -> Result<(), OpenError> {
    let mut position = (Uuid::nil(), 0_i64);
    loop {
        let rows = ask(database, SEALS, [position.0.into(), position.1.into()]).await?;
        for row in &rows {
            let seal = seal(row)?;
            let is_there: bool = row.try_get("", "is_there")?;
            let entry = if is_there { stored_entry(row).map(Some) } else { Ok(None) };
            inspection.look_at(&seal, entry.as_ref().map(Option::as_ref).map_err(|it| *it));
        }
        looks_on(rows.len());
        match rows.last() {
            Some(last) if rows.len() == BATCH => {
                position = (last.try_get("", "chain_id")?, last.try_get("", "number")?);
            }
            Some(_) | None => return Ok(()),
        }
    }
}

async fn inspect_entries(
    database: &DatabaseConnection,
    inspection: &mut Inspection,
    looks_on: &mut impl FnMut(usize),
) -> Result<(), OpenError> {
    let mut position = Uuid::nil();
    loop {
        let rows = ask(database, ENTRIES, [position.into()]).await?;
        for row in &rows {
            position = row.try_get("", "id")?;
            let is_sealed: bool = row.try_get("", "is_sealed")?;
            if !is_sealed {
                let waits = row.try_get("", "waits")?;
                inspection.look_at_unsealed(AuditEntryId::new(position), waits);
            }
        }
        looks_on(rows.len());
        if rows.len() < BATCH {
            return Ok(());
        }
    }
}

async fn ask(
    database: &DatabaseConnection,
    sql: &str,
    values: impl IntoIterator<Item = Value>,
) -> Result<Vec<QueryResult>, DbErr> {
    database.query_all_raw(statement(database.get_database_backend(), sql, values)).await
}

fn seal(row: &QueryResult) -> Result<Seal, OpenError> {
    let broken = || OpenError::Database(DbErr::Type(BrokenSeal.to_string()));
    let hash = |name| -> Result<Hash, OpenError> {
        let stored: Vec<u8> = row.try_get("", name)?;
        crate::seal::hash(&stored).map_err(|_| broken())
    };
    let number: i64 = row.try_get("", "number")?;
    Ok(Seal {
        chain: ChainId::new(row.try_get("", "chain_id")?),
        number: u64::try_from(number).map_err(|_| broken())?,
        entry: AuditEntryId::new(row.try_get("", "entry_id")?),
        digest: hash("digest")?,
        at: Timestamp::new(row.try_get("", "sealed_at")?).map_err(|_| broken())?,
        hash: hash("hash")?,
    })
}
