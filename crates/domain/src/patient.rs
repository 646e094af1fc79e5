//! Patients: people who receive care here, and their records.

mod details;

use chrono::TimeDelta;

pub use self::details::{BloodGroup, Gender, PatientChanges, PatientDetails};
use crate::archive::{ArchiveError, Blocking, archive, restore};
use crate::id::{PatientId, UserId};
use crate::record::Concept;
use crate::revision::Revision;
use crate::time::{Date, Timestamp};
use crate::user::User;

/// Somebody who receives care here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Patient {
    /// The id.
    pub id: PatientId,
    /// What the record says.
    pub details: PatientDetails,
    /// The user whose own record it is.
    pub user: Option<UserId>,
    /// The user who made the record.
    pub created_by: UserId,
    /// When the record went out of use.
    pub archived_at: Option<Timestamp>,
    /// When it was made, and what has changed since.
    pub revision: Revision,
}

impl Patient {
    /// Begins a record.
    pub const fn new(
        id: PatientId,
        details: PatientDetails,
        user: Option<UserId>,
        created_by: UserId,
        now: Timestamp,
    ) -> Self {
        let revision = Revision::new(now);
        Self { id, details, user, created_by, archived_at: None, revision }
    }

    /// Begins the record of a user who receives care, which begins with what the account says.
    pub fn of_user(id: PatientId, details: PatientDetails, user: &User, now: Timestamp) -> Self {
        let details = PatientDetails {
            name: user.name.clone(),
            email: Some(user.email.clone()),
            phone: user.phone.clone(),
            ..details
        };
        Self::new(id, details, Some(user.id), user.id, now)
    }

    /// Writes into the record what it says from now on.
    ///
    /// # Errors
    ///
    /// [`UnbornError`] if the day of birth is in the future.
    pub fn change(&mut self, details: PatientDetails, now: Timestamp) -> Result<(), UnbornError> {
        details.date_of_birth.map(|day| born_by(day, now)).transpose()?;
        self.details = details;
        self.revision.touch(now);
        Ok(())
    }

    /// Takes the record out of use.
    ///
    /// # Errors
    ///
    /// [`ArchiveError::StillNeeded`] if something still needs it.
    pub fn archive(&mut self, blocking: Blocking, now: Timestamp) -> Result<(), ArchiveError> {
        archive(&mut self.archived_at, Concept::Patient, blocking, now)?;
        self.revision.touch(now);
        Ok(())
    }

    /// Puts an archived record back into use.
    ///
    /// # Errors
    ///
    /// [`ArchiveError::NotArchived`] if it is in use.
    pub fn restore(&mut self, now: Timestamp) -> Result<(), ArchiveError> {
        restore(&mut self.archived_at, Concept::Patient)?;
        self.revision.touch(now);
        Ok(())
    }
}

/// A day of birth that has not come yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("choose a day that is not in the future")]
pub struct UnbornError;

/// Holds a day of birth against the present one.
///
/// A day of grace allows for the zones that are ahead of UTC, where it may be tomorrow already.
///
/// # Errors
///
/// [`UnbornError`] if the day is in the future everywhere.
pub fn born_by(day: Date, now: Timestamp) -> Result<Date, UnbornError> {
    let tomorrow = now.saturating_add(TimeDelta::days(1)).date();
    if day <= tomorrow { Ok(day) } else { Err(UnbornError) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::Uuid;
    use crate::time::at;

    #[test]
    fn nobody_is_born_tomorrow_everywhere() {
        let now = at("2030-01-07T23:00:00Z");
        let day = |raw| Date::parse(raw).unwrap();

        // It is the 8th already in Auckland.
        assert!(born_by(day("2030-01-08"), now).is_ok());
        assert_eq!(born_by(day("2030-01-09"), now), Err(UnbornError));
    }

    #[test]
    fn a_change_that_makes_somebody_unborn_changes_nothing() {
        let now = at("2030-01-07T23:00:00Z");
        let (id, by) = (PatientId::new(Uuid::nil()), UserId::new(Uuid::nil()));
        let mut patient = Patient::new(id, PatientDetails::default(), None, by, now);
        let before = patient.clone();
        let born = |day| PatientDetails {
            date_of_birth: Date::parse(day).ok(),
            ..PatientDetails::default()
        };

        assert_eq!(patient.change(born("2030-01-09"), now), Err(UnbornError));
        assert_eq!(patient, before);
        patient.change(born("2030-01-07"), now).unwrap();
        assert_eq!(patient.revision.version, 2);
    }
}
