//! Recording that a doctor's licence was checked.

use medilink_domain::actor::Relations;
use medilink_domain::id::DoctorId;
use medilink_domain::policy::Action;
use medilink_domain::record::Concept;

use super::{DoctorView, Doctors, replay};
use crate::call::{Call, Expected, Subject, Written};
use crate::error::Result;

impl Doctors {
    /// Records that the licence of a doctor was checked.
    ///
    /// # Errors
    ///
    /// - [`Forbidden`](crate::Error::Forbidden) unless an admin asks.
    /// - [`NotFound`](crate::Error::NotFound) if the doctor is not in the directory.
    /// - [`Stale`](crate::Error::Stale) if it is not the version that the caller expects.
    /// - [`Refused`](crate::Error::Refused) if there is no licence number, or it was checked before.
    /// - [`Invalid`](crate::Error::Invalid) if another verified doctor has the licence number.
    pub async fn verify(
        &self,
        call: &Call,
        id: DoctorId,
        expected: Expected,
    ) -> Result<Written<DoctorView>> {
        const ACTION: Action = Action::VerifyDoctor;
        let subject = Subject::of(id);
        let now = self.ports.clock.now();

        let permit = call.may(ACTION, Relations::NONE, subject)?;

        let mut work = self.ports.store.begin().await?;
        if call.reserve(&mut *work, id.as_uuid(), now).await?.is_some() {
            return replay(call, work, id, now).await;
        }
        let doctor = work.doctors().lock(id).await?;
        let mut doctor = doctor.ok_or_else(|| call.missing(ACTION, subject))?;
        expected.check(Concept::Doctor, doctor.revision.version)?;
        doctor.verify(now)?;

        work.doctors().update(&doctor).await?;
        work.commit(permit.audit(id, now)).await?;

        Ok(Written::new(DoctorView::of(doctor)))
    }
}

#[cfg(test)]
mod tests {
    use medilink_domain::audit::Outcome;
    use medilink_domain::doctor::Doctor;
    use medilink_domain::user::Role;

    use super::*;
    use crate::call::Caller;
    use crate::error::{Conflict, Error, StoreError};
    use crate::testing::{
        FakeClinic, Trail, a_caller, a_caller_with_a_key, a_doctor, a_licensed_doctor,
    };

    async fn verify(
        doctor: Option<Doctor>,
        mut clinic: FakeClinic,
        by: Caller,
        expected: Expected,
    ) -> (Result<Written<DoctorView>>, Trail) {
        clinic.work.doctors.expect_lock().return_once(|_| Ok(doctor));
        let id = a_doctor().id;
        clinic.perform(by, async |app, call| app.doctors.verify(call, id, expected).await).await
    }

    #[tokio::test]
    async fn a_checked_licence_is_recorded_with_its_audit_entry() {
        let mut clinic = FakeClinic::default();
        let update = clinic.work.doctors.expect_update();
        update.withf(|doctor| doctor.is_verified).times(1).returning(|_| Ok(()));

        let by = a_caller(Role::Admin);
        let (verified, trail) =
            verify(Some(a_licensed_doctor()), clinic, by, Expected::OneOf(vec![1])).await;

        let entry = trail.committed().unwrap();
        assert_eq!(verified.ok().unwrap().record.version, 2);
        assert_eq!((entry.action, entry.outcome), (Action::VerifyDoctor, Outcome::Done));
    }

    #[tokio::test]
    async fn nothing_is_checked_twice_or_without_a_number() {
        let checked = Doctor { is_verified: true, ..a_licensed_doctor() };
        for (doctor, code) in [(a_doctor(), "no-license-number"), (checked, "already-verified")] {
            let by = a_caller(Role::Admin);
            let (refused, trail) =
                verify(Some(doctor), FakeClinic::default(), by, Expected::Any).await;

            let Err(Error::Refused(refusal)) = refused else { panic!("it was verified") };
            assert_eq!(refusal.code().as_str(), code);
            assert_eq!(trail.committed(), None);
        }
    }

    #[tokio::test]
    async fn a_licence_of_somebody_verified_verifies_nobody_else() {
        let mut clinic = FakeClinic::default();
        let conflict = StoreError::Conflict(Conflict::LicenseNumberTaken);
        clinic.work.doctors.expect_update().return_once(|_| Err(conflict));

        let by = a_caller(Role::Admin);
        let (refused, _) = verify(Some(a_licensed_doctor()), clinic, by, Expected::Any).await;

        let Err(Error::Invalid(errors)) = refused else { panic!("it was verified") };
        assert!(errors.by_field().keys().eq(["license_number"]));
    }

    #[tokio::test]
    async fn nobody_but_an_admin_verifies_anybody() {
        for role in [Role::Doctor, Role::Coordinator, Role::Pharmacy, Role::Patient] {
            let by = a_caller(role);
            let (refused, trail) = verify(None, FakeClinic::default(), by, Expected::Any).await;

            assert!(matches!(refused, Err(Error::Forbidden(Action::VerifyDoctor))), "{role}");
            assert_eq!(trail.recorded()[0].outcome, Outcome::Denied, "{role}");
        }
    }

    #[tokio::test]
    async fn whoever_is_not_in_the_directory_is_missed() {
        let by = a_caller(Role::Admin);

        let (missing, _) = verify(None, FakeClinic::default(), by, Expected::Any).await;

        assert!(matches!(missing, Err(Error::NotFound(Concept::Doctor))));
    }

    #[tokio::test]
    async fn a_repeated_request_answers_the_doctor_and_changes_nothing() {
        let mut clinic = FakeClinic::default();
        clinic.has_written(a_doctor().id);
        clinic.work.doctors.expect_find().returning(|_| Ok(Some(a_licensed_doctor())));

        let by = a_caller_with_a_key(Role::Admin);
        let (verified, trail) = verify(None, clinic, by, Expected::OneOf(vec![0])).await;

        assert!(verified.ok().unwrap().replayed);
        assert!(trail.committed().is_some());
    }

    #[tokio::test]
    async fn another_version_than_the_one_that_was_read_is_left_alone() {
        let by = a_caller(Role::Admin);
        let (stale, _) =
            verify(Some(a_licensed_doctor()), FakeClinic::default(), by, Expected::OneOf(vec![7]))
                .await;

        assert!(matches!(stale, Err(Error::Stale(Concept::Doctor))));
    }
}
