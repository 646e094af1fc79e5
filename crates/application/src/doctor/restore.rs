//! Putting an archived doctor back into the directory.

use medilink_domain::actor::Relations;
use medilink_domain::id::DoctorId;
use medilink_domain::policy::Action;
use medilink_domain::record::Concept;

use super::{DoctorView, Doctors, is_license_taken, replay};
use crate::call::{Call, Expected, Subject, Written};
use crate::error::{Error, FieldErrors, Result};

impl Doctors {
    /// Puts an archived doctor back into the directory, with everything that the profile said.
    ///
    /// # Errors
    ///
    /// - [`Forbidden`](Error::Forbidden) unless an admin asks.
    /// - [`NotFound`](Error::NotFound) if there has never been such a doctor.
    /// - [`Stale`](Error::Stale) if it is not the version that the caller expects.
    /// - [`Refused`](Error::Refused) if the doctor is in the directory.
    /// - [`Invalid`](Error::Invalid) if somebody else has the licence number by now.
    pub async fn restore(
        &self,
        call: &Call,
        id: DoctorId,
        expected: Expected,
    ) -> Result<Written<DoctorView>> {
        const ACTION: Action = Action::RestoreDoctor;
        let subject = Subject::of(id);
        let now = self.ports.clock.now();

        let permit = call.may(ACTION, Relations::NONE, subject)?;

        let mut work = self.ports.store.begin().await?;
        if call.reserve(&mut *work, id.as_uuid(), now).await?.is_some() {
            return replay(call, work, id, now).await;
        }
        let doctor = work.doctors().lock_archived(id).await?;
        let mut doctor = doctor.ok_or_else(|| call.missing(ACTION, subject))?;
        expected.check(Concept::Doctor, doctor.revision.version)?;

        doctor.restore(now)?;
        if is_license_taken(&mut *work, &doctor).await? {
            let message = "another doctor has the licence number of the archived profile by now; \
                change that doctor's number, or archive that doctor, first";
            return Err(Error::Invalid(FieldErrors::of("license_number", message)));
        }

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
    use crate::testing::{
        FakeClinic, NOW, Trail, a_caller, a_caller_with_a_key, a_licensed_doctor, at,
    };

    fn an_archived_doctor() -> Doctor {
        Doctor { archived_at: Some(at(NOW)), ..a_licensed_doctor() }
    }

    /// A clinic with a doctor, in which somebody else may have the licence number.
    fn a_clinic(doctor: Option<Doctor>, entered: bool) -> FakeClinic {
        let mut clinic = FakeClinic::default();
        clinic.work.doctors.expect_lock_archived().return_once(move |_| Ok(doctor));
        clinic.work.doctors.expect_is_license_taken().returning(|_, _| Ok(false));
        clinic.work.doctors.expect_is_license_entered().returning(move |_, _| Ok(entered));
        clinic
    }

    async fn restore(
        clinic: FakeClinic,
        by: Caller,
        expected: Expected,
    ) -> (Result<Written<DoctorView>>, Trail) {
        let id = a_licensed_doctor().id;
        clinic.perform(by, async |app, call| app.doctors.restore(call, id, expected).await).await
    }

    #[tokio::test]
    async fn a_doctor_comes_back_and_the_trail_says_who_did_it() {
        let mut clinic = a_clinic(Some(an_archived_doctor()), false);
        let update = clinic.work.doctors.expect_update();
        update.withf(|doctor| doctor.archived_at.is_none()).times(1).returning(|_| Ok(()));

        let (restored, trail) =
            restore(clinic, a_caller(Role::Admin), Expected::OneOf(vec![1])).await;

        let entry = trail.committed().unwrap();
        assert_eq!(restored.ok().unwrap().record.version, 2);
        assert_eq!((entry.action, entry.outcome), (Action::RestoreDoctor, Outcome::Done));
    }

    #[tokio::test]
    async fn a_licence_number_that_somebody_has_by_now_keeps_a_doctor_out() {
        let clinic = a_clinic(Some(an_archived_doctor()), true);

        let (refused, trail) = restore(clinic, a_caller(Role::Admin), Expected::Any).await;

        let Err(Error::Invalid(errors)) = refused else { panic!("the doctor is back") };
        assert!(errors.by_field().keys().eq(["license_number"]));
        assert_eq!(trail.committed(), None);
    }

    #[tokio::test]
    async fn whoever_is_in_the_directory_is_not_restored() {
        let clinic = a_clinic(Some(a_licensed_doctor()), false);

        let (refused, _) = restore(clinic, a_caller(Role::Admin), Expected::Any).await;

        let Err(Error::Refused(refusal)) = refused else { panic!("it was restored") };
        assert_eq!(refusal.code().as_str(), "not-archived");
    }

    #[tokio::test]
    async fn nobody_but_an_admin_learns_what_is_in_the_archive() {
        for role in [Role::Doctor, Role::Coordinator, Role::Pharmacy, Role::Patient] {
            let (refused, trail) =
                restore(FakeClinic::default(), a_caller(role), Expected::Any).await;

            assert!(matches!(refused, Err(Error::Forbidden(Action::RestoreDoctor))), "{role}");
            assert_eq!(trail.recorded()[0].outcome, Outcome::Denied, "{role}");
        }
    }

    #[tokio::test]
    async fn a_doctor_who_never_was_is_missed() {
        let (missing, _) =
            restore(a_clinic(None, false), a_caller(Role::Admin), Expected::Any).await;

        assert!(matches!(missing, Err(Error::NotFound(Concept::Doctor))));
    }

    #[tokio::test]
    async fn a_repeated_request_answers_the_doctor_and_changes_nothing() {
        let mut clinic = FakeClinic::default();
        clinic.has_written(a_licensed_doctor().id);
        clinic.work.doctors.expect_find().returning(|_| Ok(Some(a_licensed_doctor())));

        let (restored, trail) =
            restore(clinic, a_caller_with_a_key(Role::Admin), Expected::OneOf(vec![0])).await;

        assert!(restored.ok().unwrap().replayed);
        assert!(trail.committed().is_some());
    }

    #[tokio::test]
    async fn another_version_than_the_one_that_was_read_is_left_alone() {
        let clinic = a_clinic(Some(an_archived_doctor()), false);

        let (stale, _) = restore(clinic, a_caller(Role::Admin), Expected::OneOf(vec![7])).await;

        assert!(matches!(stale, Err(Error::Stale(Concept::Doctor))));
    }
}
