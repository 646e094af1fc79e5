//! Revisions: when a record was made and last changed, and how often.

use crate::time::Timestamp;

/// When a record was made and last changed, and how often.
///
/// The version begins at 1 and counts the changes, so that whoever changes a record can say which
/// version they have read. A change is stored on its own: the store takes version 3 only where it
/// holds version 2.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Revision {
    /// When the record was made.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
    /// Counts the changes.
    pub version: i64,
}

impl Revision {
    /// Begins with a record that was made just now.
    pub const fn new(now: Timestamp) -> Self {
        Self { created_at: now, updated_at: now, version: 1 }
    }

    /// Notes a change.
    pub const fn touch(&mut self, now: Timestamp) {
        self.updated_at = now;
        self.version += 1;
    }
}
