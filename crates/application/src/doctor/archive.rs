//! Taking a doctor out of the directory.

use medilink_domain::archive::Blocking;
use medilink_domain::id::DoctorId;
use medilink_domain::policy::Action;
use medilink_domain::record::Concept;

use super::{Doctors, load};
use crate::call::{Call, Expected};
use crate::error::Result;

impl Doctors {
    /// Takes a doctor out of the directory, and ends their assignments. Whoever signs in as the doctor
    /// still does, and has no profile until it is restored.
    ///
    /// # Errors
    ///
    /// - [`NotFound`](crate::Error::NotFound) if the doctor is not in the directory.
    /// - [`Forbidden`](crate::Error::Forbidden) unless it is the caller's own entry.
    /// - [`Stale`](crate::Error::Stale) if it is not the version that the caller expects.
    /// - [`Refused`](crate::Error::Refused) if appointments of the doctor are still active.
    pub async fn archive(&self, call: &Call, id: DoctorId, expected: Expected) -> Result<()> {
        let now = self.ports.clock.now();

        let mut work = self.ports.store.begin().await?;
        // A booking locks the doctor first, so that none is added behind the back of this.
        let (mut doctor, permit) = load(call, &mut *work, id, Action::ArchiveDoctor).await?;
        let appointments = work.appointments().active_of_doctor(id).await?;
        expected.check(Concept::Doctor, doctor.revision.version)?;
        doctor.archive(Blocking { appointments }, now)?;

        work.doctors().update(&doctor).await?;
        work.assignments().end_all_of_doctor(id, now).await?;
        work.commit(permit.audit(id, now)).await?;

        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use medilink_domain::audit::Outcome;
    use medilink_domain::doctor::Doctor;
    use medilink_domain::user::Role;
    use mockall::Sequence;

    use super::*;
    use crate::call::Caller;
    use crate::error::Error;
    use crate::testing::{FakeClinic, Trail, a_caller, a_doctor, the_creator};

    /// A clinic with a doctor whom the creator of tests has entered, and who has appointments.
    fn a_clinic(appointments: u64) -> FakeClinic {
        let mut clinic = FakeClinic::default();
        let doctor =
            Doctor { created_by: Some(the_creator(Role::Coordinator).actor.user), ..a_doctor() };
        let mut order = Sequence::new();
        let lock = clinic.work.doctors.expect_lock().in_sequence(&mut order);
        lock.return_once(|_| Ok(Some(doctor)));
        let count = clinic.work.appointments.expect_active_of_doctor().in_sequence(&mut order);
        count.return_once(move |_| Ok(appointments));
        clinic
    }

    async fn archive(clinic: FakeClinic, by: Caller, expected: Expected) -> (Result<()>, Trail) {
        let id = a_doctor().id;
        clinic.perform(by, async |app, call| app.doctors.archive(call, id, expected).await).await
    }

    #[tokio::test]
    async fn a_doctor_leaves_the_directory_and_the_trail_says_who_did_it() {
        for by in [a_caller(Role::Admin), the_creator(Role::Coordinator)] {
            let mut clinic = a_clinic(0);
            let end = clinic.work.assignments.expect_end_all_of_doctor();
            end.withf(|id, _| *id == a_doctor().id).times(1).returning(|_, _| Ok(()));
            let update = clinic.work.doctors.expect_update();
            update.withf(|doctor| doctor.archived_at.is_some()).times(1).returning(|_| Ok(()));

            let (archived, trail) = archive(clinic, by, Expected::OneOf(vec![1])).await;

            assert!(archived.is_ok());
            let entry = trail.committed().unwrap();
            assert_eq!((entry.action, entry.outcome), (Action::ArchiveDoctor, Outcome::Done));
            assert_eq!(entry.record, Some(a_doctor().id.into()));
        }
    }

    #[tokio::test]
    async fn a_doctor_who_is_still_needed_stays_and_it_is_told_for_what() {
        let (refused, trail) = archive(a_clinic(2), a_caller(Role::Admin), Expected::Any).await;

        let Err(Error::Refused(refusal)) = refused else { panic!("the doctor is gone") };
        assert_eq!(refusal.code().as_str(), "still-needed");
        assert_eq!(refusal.blocking(), Some(Blocking { appointments: 2 }));
        assert_eq!(trail.committed(), None);
    }

    #[tokio::test]
    async fn nobody_else_takes_a_doctor_out_not_even_the_doctor() {
        for role in [Role::Doctor, Role::Coordinator, Role::Pharmacy, Role::Patient] {
            let (refused, _) = archive(a_clinic(0), a_caller(role), Expected::Any).await;

            assert!(matches!(refused, Err(Error::Forbidden(Action::ArchiveDoctor))), "{role}");
        }
    }

    #[tokio::test]
    async fn whoever_is_gone_already_is_missed() {
        let mut clinic = FakeClinic::default();
        clinic.work.doctors.expect_lock().returning(|_| Ok(None));

        let (missing, trail) = archive(clinic, the_creator(Role::Coordinator), Expected::Any).await;

        assert!(matches!(missing, Err(Error::NotFound(Concept::Doctor))));
        assert_eq!(trail.recorded()[0].outcome, Outcome::Denied);
    }

    #[tokio::test]
    async fn another_version_than_the_one_that_was_read_is_left_alone() {
        let by = a_caller(Role::Admin);

        let (stale, trail) = archive(a_clinic(0), by, Expected::OneOf(vec![7])).await;

        assert!(matches!(stale, Err(Error::Stale(Concept::Doctor))));
        assert_eq!(trail.committed(), None);
    }
}
