//! The audit trail: the use cases that read it, one file each. What writes it is
//! [`Call`](crate::call::Call), and the ports.

mod access_log;
mod list;
mod repository;
mod view;

use std::sync::Arc;

pub use self::list::{AuditFilter, ListAudit};
#[cfg(any(test, feature = "testing"))]
pub use self::repository::MockAuditQueries;
pub use self::repository::{AuditQueries, AuditSelection};
pub use self::view::{AccessView, AuditEntryView};
use crate::application::{Ports, Settings};

/// The use cases about the audit trail: `list` and `access_log`.
pub struct Audit {
    ports: Ports,
    settings: Arc<Settings>,
}

impl Audit {
    pub(crate) const fn new(ports: Ports, settings: Arc<Settings>) -> Self {
        Self { ports, settings }
    }
}
