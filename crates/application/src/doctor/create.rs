//! Entering a doctor into the directory.

use medilink_domain::actor::Relations;
use medilink_domain::doctor::{Doctor, DoctorProfile};
use medilink_domain::id::DoctorId;
use medilink_domain::policy::Action;

use super::{DoctorView, Doctors, is_license_taken, replay};
use crate::call::{Call, Subject, Written};
use crate::error::{Error, FieldErrors, Result, TAKEN};

impl Doctors {
    /// Enters a doctor as whom nobody signs in. The entry is not verified, and its creator is the
    /// caller.
    ///
    /// # Errors
    ///
    /// - [`Forbidden`](Error::Forbidden) for those who enter no doctors.
    /// - [`Invalid`](Error::Invalid) if a verified doctor or another entry has the licence number.
    pub async fn create(&self, call: &Call, profile: DoctorProfile) -> Result<Written<DoctorView>> {
        let now = self.ports.clock.now();
        let id = DoctorId::new(self.ports.ids.next());

        let permit = call.may(Action::CreateDoctor, Relations::NONE, Subject::NONE)?;

        let mut work = self.ports.store.begin().await?;
        if let Some(earlier) = call.reserve(&mut *work, id.as_uuid(), now).await? {
            return replay(call, work, DoctorId::new(earlier), now).await;
        }
        let doctor = Doctor::new(id, profile, Some(call.actor().user), now);
        if is_license_taken(&mut *work, &doctor).await? {
            return Err(Error::Invalid(FieldErrors::of("license_number", TAKEN)));
        }

        work.doctors().insert(&doctor).await?;
        work.commit(permit.audit(id, now)).await?;

        Ok(Written::new(DoctorView::of(doctor)))
    }
}

#[cfg(test)]
mod tests {
    use medilink_domain::audit::Outcome;
    use medilink_domain::user::Role;

    use super::*;
    use crate::call::Caller;
    use crate::testing::{
        FakeClinic, Trail, a_caller, a_caller_with_a_key, a_licensed_doctor, a_pending_doctor,
    };

    async fn create(clinic: FakeClinic, by: Caller) -> (Result<Written<DoctorView>>, Trail) {
        let profile = a_licensed_doctor().profile;
        clinic.perform(by, async |app, call| app.doctors.create(call, profile).await).await
    }

    /// A clinic in which a verified doctor, or an entry, has the licence number.
    fn a_clinic(verified: bool, entered: bool) -> FakeClinic {
        let mut clinic = FakeClinic::default();
        clinic.work.doctors.expect_is_license_taken().returning(move |_, _| Ok(verified));
        clinic.work.doctors.expect_is_license_entered().returning(move |_, _| Ok(entered));
        clinic
    }

    #[tokio::test]
    async fn an_entry_belongs_to_its_creator_and_is_committed_with_its_audit_entry() {
        let maker = a_caller(Role::Coordinator);
        let user = maker.actor.user;
        let mut clinic = a_clinic(false, false);
        let insert = clinic.work.doctors.expect_insert();
        insert
            .withf(move |doctor| {
                (doctor.created_by, doctor.user) == (Some(user), None) && !doctor.is_verified
            })
            .times(1)
            .returning(|_| Ok(()));

        let (made, trail) = create(clinic, maker).await;

        let made = made.ok().unwrap().record;
        let entry = trail.committed().unwrap();
        assert_eq!((entry.action, entry.outcome), (Action::CreateDoctor, Outcome::Done));
        assert_eq!(entry.record, Some(made.id.into()));
        assert_eq!(made.created_by, Some(user));
    }

    #[tokio::test]
    async fn a_licence_number_that_somebody_has_is_told() {
        for (verified, entered) in [(true, false), (false, true)] {
            let clinic = a_clinic(verified, entered);

            let (refused, trail) = create(clinic, a_caller(Role::Admin)).await;

            let Err(Error::Invalid(errors)) = refused else { panic!("the entry was made") };
            assert!(errors.by_field().keys().eq(["license_number"]));
            assert_eq!(trail.committed(), None);
        }
    }

    #[tokio::test]
    async fn doctors_pharmacies_and_patients_enter_nobody() {
        for role in [Role::Doctor, Role::Pharmacy, Role::Patient] {
            let (refused, trail) = create(FakeClinic::default(), a_caller(role)).await;

            assert!(matches!(refused, Err(Error::Forbidden(Action::CreateDoctor))), "{role}");
            assert_eq!(trail.recorded()[0].outcome, Outcome::Denied, "{role}");
        }
        let (refused, _) = create(FakeClinic::default(), a_pending_doctor()).await;
        assert!(matches!(refused, Err(Error::ApprovalPending)));
    }

    #[tokio::test]
    async fn a_repeated_request_answers_the_first_ones_entry() {
        let mut clinic = FakeClinic::default();
        clinic.has_written(a_licensed_doctor().id);
        clinic.work.doctors.expect_find().returning(|_| Ok(Some(a_licensed_doctor())));

        let (made, trail) = create(clinic, a_caller_with_a_key(Role::Coordinator)).await;

        let made = made.ok().unwrap();
        assert!(made.replayed);
        assert_eq!(made.record.id, a_licensed_doctor().id);
        assert!(trail.committed().is_some());
    }

    #[tokio::test]
    async fn an_entry_that_was_archived_meanwhile_is_not_brought_back_by_a_repeated_request() {
        let mut clinic = FakeClinic::default();
        clinic.has_written(a_licensed_doctor().id);
        clinic.work.doctors.expect_find().returning(|_| Ok(None));

        let (missing, trail) = create(clinic, a_caller_with_a_key(Role::Coordinator)).await;

        assert!(matches!(missing, Err(Error::NotFound(_))));
        assert_eq!(trail.recorded()[0].outcome, Outcome::Denied);
    }
}
