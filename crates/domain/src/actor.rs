//! Actors: people who are signed in, and how they stand to what they ask for.

use crate::doctor::Doctor;
use crate::id::{DoctorId, PatientId, PharmacyId, SessionId, UserId};
use crate::policy::{Access, Action, Relation, open_to_pending, permits};
use crate::user::{Role, UserStatus};

/// Somebody who is signed in, as the rules know them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Actor {
    /// The user.
    pub user: UserId,
    /// The session that they act in.
    pub session: SessionId,
    /// Their role, from the database rather than from the token.
    pub role: Role,
    /// Whether they may act.
    pub status: UserStatus,
    /// The doctor whom they sign in as.
    pub doctor: Option<DoctorId>,
    /// The patient whose record is their own.
    pub patient: Option<PatientId>,
    /// The pharmacy that they sign in for.
    pub pharmacy: Option<PharmacyId>,
}

impl Actor {
    /// Answers whether they may do something, standing to it in all these relations at once.
    ///
    /// Whether they may act at all is asked before the table.
    pub fn may(&self, action: Action, relations: Relations) -> Access {
        match self.status {
            UserStatus::Disabled => Access::Deny,
            UserStatus::Pending if self.waits_for(action) => Access::Deny,
            UserStatus::Active | UserStatus::Pending => relations
                .iter()
                .map(|relation| permits(self.role, action, relation))
                .max()
                .unwrap_or(Access::Hide),
        }
    }

    /// Tells how they stand to a patient, of whom the store knows who made the record and whether
    /// this person cares for them.
    pub fn relations_to_patient(
        &self,
        patient: PatientId,
        created_by: UserId,
        cares: bool,
    ) -> Relations {
        Relations::NONE
            .with_if(Relation::SelfRecord, self.patient == Some(patient))
            .with_if(Relation::Creator, self.user == created_by)
            .with_if(Relation::Care, cares)
    }

    /// Tells how they stand to an appointment of one doctor and one patient.
    ///
    /// Caring for the patient does not open another doctor's appointments, so it is not asked.
    pub fn relations_to_appointment(
        &self,
        doctor: DoctorId,
        patient: PatientId,
        patient_created_by: UserId,
    ) -> Relations {
        self.relations_to_patient(patient, patient_created_by, false)
            .with_if(Relation::Own, self.doctor == Some(doctor))
    }

    /// Tells how they stand to a doctor's time.
    pub fn relations_to_time_of(&self, doctor: DoctorId) -> Relations {
        Relations::NONE.with_if(Relation::Own, self.doctor == Some(doctor))
    }

    /// Tells how they stand to a doctor of the directory.
    ///
    /// Whoever entered a doctor keeps the entry only until somebody signs in as that doctor, who
    /// speaks for themself from then on.
    pub fn relations_to_doctor(&self, doctor: &Doctor) -> Relations {
        let entered = doctor.user.is_none() && doctor.created_by == Some(self.user);
        Relations::NONE
            .with_if(Relation::Own, self.doctor == Some(doctor.id))
            .with_if(Relation::Creator, entered)
    }

    /// Tells how they stand to a pharmacy of the directory.
    pub fn relations_to_pharmacy(&self, pharmacy: PharmacyId) -> Relations {
        Relations::NONE.with_if(Relation::Own, self.pharmacy == Some(pharmacy))
    }

    /// Tells whether an admin's approval is what they lack for an action.
    pub fn waits_for(&self, action: Action) -> bool {
        self.status == UserStatus::Pending && !open_to_pending(action)
    }

    /// Tells whether they act as a doctor for another doctor, which no doctor may.
    pub fn is_another_doctor(&self, doctor: DoctorId) -> bool {
        self.role == Role::Doctor && self.doctor != Some(doctor)
    }
}

/// All the ways in which somebody stands to a patient's data, besides being a stranger, which
/// everybody is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Relations(u8);

impl Relations {
    /// Those of a stranger.
    pub const NONE: Self = Self(0);

    /// Adds a relation if it holds.
    #[must_use]
    pub const fn with_if(self, relation: Relation, holds: bool) -> Self {
        if holds { Self(self.0 | 1 << relation as u8) } else { self }
    }

    fn iter(self) -> impl Iterator<Item = Relation> {
        Relation::ALL.iter().copied().filter(move |relation| {
            *relation == Relation::Stranger || self.0 & (1 << *relation as u8) != 0
        })
    }
}

#[cfg(test)]
pub(crate) fn an_actor(role: Role) -> Actor {
    let id = crate::id::Uuid::from_u128;
    Actor {
        user: UserId::new(id(1)),
        session: SessionId::new(id(2)),
        role,
        status: UserStatus::Active,
        doctor: (role == Role::Doctor).then(|| DoctorId::new(id(3))),
        patient: (role == Role::Patient).then(|| PatientId::new(id(4))),
        pharmacy: (role == Role::Pharmacy).then(|| PharmacyId::new(id(5))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::DoctorProfile;
    use crate::id::Uuid;
    use crate::time::Timestamp;
    use crate::zone::Zone;

    #[test]
    fn the_best_relation_counts() {
        let doctor = an_actor(Role::Doctor);
        let caring = Relations::NONE.with_if(Relation::Care, true);

        assert_eq!(doctor.may(Action::ReadPatient, Relations::NONE), Access::Hide);
        assert_eq!(doctor.may(Action::ReadPatient, caring), Access::Allow);
    }

    #[test]
    fn a_disabled_user_may_do_nothing() {
        let disabled = Actor { status: UserStatus::Disabled, ..an_actor(Role::Admin) };

        for action in Action::ALL {
            assert_eq!(disabled.may(*action, Relations::NONE), Access::Deny, "{action}");
        }
    }

    #[test]
    fn a_pending_doctor_reads_the_directory_and_books_nobody() {
        let pending = Actor { status: UserStatus::Pending, ..an_actor(Role::Doctor) };
        let caring = Relations::NONE.with_if(Relation::Care, true);

        assert_eq!(pending.may(Action::ListDoctors, Relations::NONE), Access::Allow);
        assert_eq!(pending.may(Action::BookAppointment, caring), Access::Deny);
    }

    #[test]
    fn an_entry_is_its_creators_until_somebody_signs_in_as_the_doctor() {
        let creator = an_actor(Role::Coordinator);
        let id = DoctorId::new(Uuid::from_u128(3));
        let blank = DoctorProfile::blank(Zone::utc());
        let entry = Doctor::new(id, blank, Some(creator.user), Timestamp::EPOCH);
        let taken = Doctor { user: Some(UserId::new(Uuid::from_u128(8))), ..entry.clone() };
        let of_others = Doctor { created_by: taken.user, ..entry.clone() };
        let may = |actor: Actor, action, doctor: &Doctor| {
            actor.may(action, actor.relations_to_doctor(doctor))
        };

        for action in [Action::ChangeDoctor, Action::ArchiveDoctor] {
            assert_eq!(may(creator, action, &entry), Access::Allow);
            assert_eq!(may(creator, action, &taken), Access::Deny);
            assert_eq!(may(creator, action, &of_others), Access::Deny);
        }
        let own = an_actor(Role::Doctor);
        let pending = Actor { status: UserStatus::Pending, ..own };
        assert_eq!(may(pending, Action::ChangeDoctor, &taken), Access::Allow);
        assert_eq!(may(own, Action::ArchiveDoctor, &taken), Access::Deny);
    }

    #[test]
    fn a_pharmacy_changes_its_own_profile_and_no_other() {
        let pharmacy = an_actor(Role::Pharmacy);
        let may = |id| {
            let id = PharmacyId::new(Uuid::from_u128(id));
            pharmacy.may(Action::ChangePharmacy, pharmacy.relations_to_pharmacy(id))
        };

        assert_eq!((may(5), may(6)), (Access::Allow, Access::Deny));
    }

    #[test]
    fn a_doctor_acts_as_nobody_else() {
        let doctor = an_actor(Role::Doctor);
        let other = DoctorId::new(Uuid::from_u128(99));

        assert!(doctor.is_another_doctor(other));
        assert!(!an_actor(Role::Admin).is_another_doctor(other));
    }
}
