//! What the store must do to show the audit trail.

use async_trait::async_trait;
use medilink_domain::audit::Outcome;
use medilink_domain::id::{PatientId, UserId};
use medilink_domain::policy::Action;
use medilink_domain::record::Record;
use medilink_domain::time::Timestamp;

use super::view::{AccessView, AuditEntryView};
use crate::error::StoreError;
use crate::page::{Found, Stretch};

/// Which entries a list shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct AuditSelection {
    /// Of this user only.
    pub user: Option<UserId>,
    /// That touch this patient's data only.
    pub patient: Option<PatientId>,
    /// Of this kind of action only.
    pub action: Option<Action>,
    /// With this outcome only.
    pub outcome: Option<Outcome>,
    /// About this record only.
    pub record: Option<Record>,
    /// Then or later.
    pub from: Option<Timestamp>,
    /// Before then.
    pub to: Option<Timestamp>,
}

/// The audit trail, read without a transaction.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait AuditQueries: Send + Sync {
    /// Returns a stretch of the trail, the newest first.
    async fn list(
        &self,
        selection: &AuditSelection,
        stretch: &Stretch,
    ) -> Result<Found<AuditEntryView>, StoreError>;

    /// Returns a stretch of what was done that touched a patient's data, the newest first.
    ///
    /// MUST leave out what was refused.
    async fn access_log(
        &self,
        patient: PatientId,
        stretch: &Stretch,
    ) -> Result<Found<AccessView>, StoreError>;
}
