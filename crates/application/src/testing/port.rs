//! A clock, ids and cursors that a test can foresee.

use std::sync::atomic::{AtomicU64, Ordering};

use medilink_domain::id::Uuid;
use medilink_domain::time::Timestamp;

use crate::page::{List, Position};
use crate::ports::{Clock, Cursors, Ids};

/// A clock that stands still.
#[derive(Debug, Clone, Copy)]
pub struct FixedClock(pub Timestamp);

impl Clock for FixedClock {
    fn now(&self) -> Timestamp {
        self.0
    }
}

/// Ids that count from a thousand.
#[derive(Debug)]
pub struct SequentialIds(AtomicU64);

impl Default for SequentialIds {
    fn default() -> Self {
        Self(AtomicU64::new(1000))
    }
}

impl Ids for SequentialIds {
    fn next(&self) -> Uuid {
        Uuid::from_u128(self.0.fetch_add(1, Ordering::Relaxed).into())
    }
}

/// Cursors that anybody can read.
#[derive(Debug, Clone, Copy, Default)]
pub struct PlainCursors;

impl Cursors for PlainCursors {
    fn seal(&self, list: List, position: &Position) -> String {
        format!("{list}|{}|{}", position.key, position.id)
    }

    fn open(&self, list: List, cursor: &str) -> Option<Position> {
        let (key, id) =
            cursor.strip_prefix(&*list.to_string())?.strip_prefix('|')?.rsplit_once('|')?;
        Some(Position { key: key.to_owned(), id: id.parse().ok()? })
    }
}
