//! Doctors: people who practise here, and how they may be booked.

mod profile;
mod specialization;
mod title;

pub use self::profile::{
    BookingMode, BookingTerms, DoctorChanges, DoctorProfile, YearsOfExperience,
    YearsOfExperienceError,
};
pub use self::specialization::Specialization;
pub use self::title::display_name;
use crate::actor::Actor;
use crate::archive::{ArchiveError, Blocking, archive, restore};
use crate::id::{DoctorId, UserId};
use crate::policy::Action;
use crate::record::Concept;
use crate::revision::Revision;
use crate::time::Timestamp;
use crate::user::{User, UserStatus};
use crate::verification::{VerificationError, outlives, verify};

/// Somebody who practises here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Doctor {
    /// The id.
    pub id: DoctorId,
    /// What the profile says.
    pub profile: DoctorProfile,
    /// Whether an admin has checked the licence.
    pub is_verified: bool,
    /// The user who signs in as this doctor.
    pub user: Option<UserId>,
    /// The user who entered the doctor; `None` for those who registered.
    pub created_by: Option<UserId>,
    /// When the doctor left the directory.
    pub archived_at: Option<Timestamp>,
    /// When it was made, and what has changed since.
    pub revision: Revision,
}

impl Doctor {
    /// Enters a doctor whom nobody has verified yet, and as whom nobody signs in.
    pub const fn new(
        id: DoctorId,
        profile: DoctorProfile,
        created_by: Option<UserId>,
        now: Timestamp,
    ) -> Self {
        Self {
            id,
            profile,
            is_verified: false,
            user: None,
            created_by,
            archived_at: None,
            revision: Revision::new(now),
        }
    }

    /// Enters the doctor whom a user signs in as. The profile begins with what the account says,
    /// and is verified when the user needs no approval any more.
    pub fn of_user(id: DoctorId, profile: DoctorProfile, user: &User, now: Timestamp) -> Self {
        let profile = DoctorProfile {
            name: user.name.clone(),
            email: Some(user.email.clone()),
            phone: user.phone.clone(),
            ..profile
        };
        let is_verified = user.status == UserStatus::Active;
        Self { is_verified, user: Some(user.id), ..Self::new(id, profile, None, now) }
    }

    /// Changes what the profile says. A licence number that is changed by somebody who may not
    /// verify it has yet to be checked.
    pub fn change(&mut self, changes: DoctorChanges, by: &Actor, now: Timestamp) {
        let profile = self.profile.clone().with(changes);
        let (before, after) = (&self.profile.license_number, &profile.license_number);
        self.is_verified &= outlives(before.as_ref(), after.as_ref(), by, Action::VerifyDoctor);
        self.profile = profile;
        self.revision.touch(now);
    }

    /// Records that an admin has checked the licence.
    ///
    /// # Errors
    ///
    /// A [`VerificationError`] if there is none, or if it was checked before.
    pub fn verify(&mut self, now: Timestamp) -> Result<(), VerificationError> {
        let number = self.profile.license_number.as_ref();
        verify(&mut self.is_verified, number, Concept::Doctor)?;
        self.revision.touch(now);
        Ok(())
    }

    /// Verifies the profile with the approval of its user, who may complete it later.
    pub const fn approve(&mut self, now: Timestamp) {
        self.is_verified = true;
        self.revision.touch(now);
    }

    /// Takes the doctor out of the directory.
    ///
    /// # Errors
    ///
    /// [`ArchiveError::StillNeeded`] if something still needs them.
    pub fn archive(&mut self, blocking: Blocking, now: Timestamp) -> Result<(), ArchiveError> {
        archive(&mut self.archived_at, Concept::Doctor, blocking, now)?;
        self.revision.touch(now);
        Ok(())
    }

    /// Puts an archived doctor back into the directory.
    ///
    /// # Errors
    ///
    /// [`ArchiveError::NotArchived`] if they are there.
    pub fn restore(&mut self, now: Timestamp) -> Result<(), ArchiveError> {
        restore(&mut self.archived_at, Concept::Doctor)?;
        self.revision.touch(now);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::actor::an_actor;
    use crate::change::Change;
    use crate::text::LicenseNumber;
    use crate::time::at;
    use crate::user::Role;
    use crate::zone::Zone;

    fn number(raw: &str) -> Option<LicenseNumber> {
        LicenseNumber::parse(raw).ok()
    }

    fn a_verified_doctor() -> Doctor {
        let profile =
            DoctorProfile { license_number: number("DE-1"), ..DoctorProfile::blank(Zone::utc()) };
        let id = DoctorId::new(crate::id::Uuid::from_u128(3));
        let mut doctor = Doctor::new(id, profile, None, at("2030-01-01T00:00:00Z"));
        doctor.verify(at("2030-01-02T00:00:00Z")).unwrap();
        doctor
    }

    #[test]
    fn a_licence_number_that_changes_has_yet_to_be_checked_unless_an_admin_changes_it() {
        let now = at("2030-01-03T00:00:00Z");
        let changed = |license_number, role| {
            let mut doctor = a_verified_doctor();
            let changes = DoctorChanges { license_number, ..DoctorChanges::default() };
            doctor.change(changes, &an_actor(role), now);
            assert_eq!((doctor.revision.updated_at, doctor.revision.version), (now, 3));
            doctor.is_verified
        };

        assert!(changed(Change::Keep, Role::Doctor));
        assert!(changed(Change::Set(number(" DE-1 ")), Role::Doctor));
        assert!(!changed(Change::Set(number("DE-2")), Role::Doctor));
        assert!(!changed(Change::Set(number("DE-2")), Role::Coordinator));
        assert!(!changed(Change::Set(None), Role::Admin));
        assert!(changed(Change::Set(number("DE-2")), Role::Admin));
    }

    #[test]
    fn nothing_that_changes_verifies_a_doctor() {
        let blank = DoctorProfile::blank(Zone::utc());
        let id = DoctorId::new(crate::id::Uuid::from_u128(3));
        let mut doctor = Doctor::new(id, blank, None, at("2030-01-01T00:00:00Z"));
        let license_number = Change::Set(number("DE-1"));
        let changes = DoctorChanges { license_number, ..DoctorChanges::default() };

        doctor.change(changes, &an_actor(Role::Admin), at("2030-01-02T00:00:00Z"));

        assert!(!doctor.is_verified);
    }
}
