//! Archiving: how a record goes and is still kept.
//!
//! What is archived is gone from every read. It is kept, and an administrator may restore it.

use std::fmt;

use crate::record::Concept;
use crate::rule::{Rule, RuleCode};
use crate::time::Timestamp;

/// What still needs a record, so that it cannot be archived: how many of each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Blocking {
    /// Appointments that are still to take place.
    #[cfg_attr(feature = "schema", schema(example = 2))]
    pub appointments: u64,
}

impl fmt::Display for Blocking {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let plural = if self.appointments == 1 { "" } else { "s" };
        write!(f, "{} active appointment{plural}", self.appointments)
    }
}

/// Why a record is not archived, or not restored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ArchiveError {
    /// Something still needs it.
    #[error("the {concept} still has {blocking}; end what is there first")]
    StillNeeded {
        /// What was to be archived.
        concept: Concept,
        /// What needs it.
        blocking: Blocking,
    },
    /// It is not in the archive.
    #[error("the {0} is not archived")]
    NotArchived(Concept),
}

impl Rule for ArchiveError {
    fn code(&self) -> RuleCode {
        match self {
            Self::StillNeeded { .. } => RuleCode::StillNeeded,
            Self::NotArchived(_) => RuleCode::NotArchived,
        }
    }

    fn blocking(&self) -> Option<Blocking> {
        match self {
            Self::StillNeeded { blocking, .. } => Some(*blocking),
            Self::NotArchived(_) => None,
        }
    }
}

/// Notes that a record is archived, unless something still needs it.
///
/// # Errors
///
/// [`ArchiveError::StillNeeded`] if something does.
pub(crate) fn archive(
    archived_at: &mut Option<Timestamp>,
    concept: Concept,
    blocking: Blocking,
    now: Timestamp,
) -> Result<(), ArchiveError> {
    if blocking != Blocking::default() {
        return Err(ArchiveError::StillNeeded { concept, blocking });
    }
    *archived_at = Some(now);
    Ok(())
}

/// Takes a record out of the archive.
///
/// # Errors
///
/// [`ArchiveError::NotArchived`] if it is not there.
pub(crate) fn restore(
    archived_at: &mut Option<Timestamp>,
    concept: Concept,
) -> Result<(), ArchiveError> {
    archived_at.take().map(|_| ()).ok_or(ArchiveError::NotArchived(concept))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::at;

    #[test]
    fn what_is_still_needed_stays_and_says_what_needs_it() {
        let mut archived_at = None;
        let blocking = Blocking { appointments: 2 };

        let refused =
            archive(&mut archived_at, Concept::Doctor, blocking, at("2030-01-07T10:00:00Z"));

        let refused = refused.unwrap_err();
        assert_eq!(archived_at, None);
        assert_eq!(refused.blocking(), Some(blocking));
        assert_eq!(
            refused.to_string(),
            "the doctor still has 2 active appointments; end what is there first"
        );
    }

    #[test]
    fn a_record_is_restored_once() {
        let now = at("2030-01-07T10:00:00Z");
        let mut archived_at = None;

        archive(&mut archived_at, Concept::Patient, Blocking::default(), now).unwrap();
        assert_eq!(archived_at, Some(now));

        restore(&mut archived_at, Concept::Patient).unwrap();
        assert_eq!(archived_at, None);
        let again = restore(&mut archived_at, Concept::Patient);
        assert_eq!(again, Err(ArchiveError::NotArchived(Concept::Patient)));
    }
}
