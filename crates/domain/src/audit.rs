//! The audit trail: who did, saw, or was refused what.
//!
//! An entry says that something happened and to which record; it never repeats health data.

use std::net::IpAddr;

use crate::actor::Actor;
use crate::choice::choice;
use crate::id::{AuditEntryId, PatientId, RequestId, SessionId, UserId};
use crate::policy::Action;
use crate::record::Record;
use crate::refusal::Refused;
use crate::time::Timestamp;
use crate::user::Role;

choice! {
    /// What became of an action.
    pub enum Outcome {
        /// It was done, or its answer was given.
        Done = "done",
        /// The person may not do it, or may not know of the record.
        Denied = "denied",
        /// What was to prove who it is did not: a wrong password, a token that was used before.
        Failed = "failed",
    }
}

/// Where a call came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Origin {
    /// The call, as the logs name it.
    pub request: RequestId,
    /// The address of the client, if it is known.
    pub address: Option<IpAddr>,
}

/// Who acted: a user in a role, within a session if there was one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Who {
    /// The user.
    pub user: UserId,
    /// The role at that moment.
    pub role: Role,
    /// The session; a sign-in that fails has none.
    pub session: Option<SessionId>,
}

impl From<&Actor> for Who {
    fn from(actor: &Actor) -> Self {
        Self { user: actor.user, role: actor.role, session: Some(actor.session) }
    }
}

/// One line of the audit trail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditEntry {
    /// The id; it begins with the time of its making.
    pub id: AuditEntryId,
    /// When it happened.
    pub at: Timestamp,
    /// Who acted; `None` for somebody unknown and for the command line.
    pub who: Option<Who>,
    /// Where the call came from; `None` for the command line.
    pub origin: Option<Origin>,
    /// What was asked for.
    pub action: Action,
    /// What became of it.
    pub outcome: Outcome,
    /// The record it was about, if it was about one.
    pub record: Option<Record>,
    /// The patient whose data it touched, if it was one patient's.
    pub patient: Option<PatientId>,
    /// How many refusals of somebody unknown it stands for, and from where, if that is what it is.
    pub refused: Option<Refused>,
}

impl AuditEntry {
    /// Begins an entry, of the command line unless it is said who acted and from where.
    pub const fn new(id: AuditEntryId, at: Timestamp, action: Action, outcome: Outcome) -> Self {
        Self {
            id,
            at,
            who: None,
            origin: None,
            action,
            outcome,
            record: None,
            patient: None,
            refused: None,
        }
    }

    /// Makes the entry of somebody unknown who was refused within a minute, however often.
    pub const fn of_refused(id: AuditEntryId, refused: Refused) -> Self {
        let entry = Self::new(id, refused.minute, Action::Authenticate, Outcome::Failed);
        Self { refused: Some(refused), ..entry }
    }

    /// Says who acted.
    #[must_use]
    pub fn by(self, who: impl Into<Who>) -> Self {
        Self { who: Some(who.into()), ..self }
    }

    /// Says where the call came from.
    #[must_use]
    pub const fn from(self, origin: Origin) -> Self {
        Self { origin: Some(origin), ..self }
    }

    /// Says which record it was about.
    #[must_use]
    pub fn about(self, record: impl Into<Record>) -> Self {
        Self { record: Some(record.into()), ..self }
    }

    /// Says whose data it touched.
    #[must_use]
    pub const fn touching(self, patient: Option<PatientId>) -> Self {
        Self { patient, ..self }
    }
}
