//! An audit trail that a test can look at.

use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use medilink_domain::audit::AuditEntry;
use medilink_domain::time::Timestamp;

use crate::error::StoreError;
use crate::ports::{AuditLog, RefusalCounter};

/// What was written to the audit trail.
#[derive(Debug, Clone, Default)]
pub struct Trail(Arc<Mutex<Entries>>);

#[derive(Debug, Default)]
struct Entries {
    committed: Option<AuditEntry>,
    recorded: Vec<AuditEntry>,
    refused: usize,
}

impl Trail {
    /// Returns the entry that came with the commit, or `None` if nothing was committed.
    pub fn committed(&self) -> Option<AuditEntry> {
        self.entries().committed.clone()
    }

    /// Returns the entries of what was read or refused.
    pub fn recorded(&self) -> Vec<AuditEntry> {
        self.entries().recorded.clone()
    }

    /// Returns how many refusals of somebody unknown were counted.
    pub fn refused(&self) -> usize {
        self.entries().refused
    }

    /// Keeps the entry of a commit.
    pub(super) fn commit(&self, entry: AuditEntry) {
        self.entries().committed = Some(entry);
    }

    fn entries(&self) -> std::sync::MutexGuard<'_, Entries> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl AuditLog for Trail {
    async fn record(&self, entry: AuditEntry) -> Result<(), StoreError> {
        self.entries().recorded.push(entry);
        Ok(())
    }
}

impl RefusalCounter for Trail {
    fn count(&self, _: Option<IpAddr>, _: Timestamp) {
        self.entries().refused += 1;
    }
}
