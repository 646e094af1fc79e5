//! Letting a pending user act.

use medilink_domain::actor::Relations;
use medilink_domain::id::UserId;
use medilink_domain::policy::Action;
use medilink_domain::record::Concept;

use super::adopt::approve_pharmacy;
use super::{UserView, Users, replay, view};
use crate::call::{Call, Expected, Subject, Written};
use crate::error::Result;

impl Users {
    /// Lets a pending user act, and records that the profile's licence was checked. If the directory
    /// has an entry of that licence already, the user signs in as that doctor or for that pharmacy from
    /// now on, and what was booked and published with the registration is the entry's.
    ///
    /// # Errors
    ///
    /// - [`Forbidden`](crate::Error::Forbidden) unless an admin asks.
    /// - [`NotFound`](crate::Error::NotFound) if there is no such user.
    /// - [`Stale`](crate::Error::Stale) if it is not the version that the caller expects.
    /// - [`Refused`](crate::Error::Refused) unless the user is pending, and if the entry and the
    ///   registration have appointments or time slots at the same time.
    /// - [`Invalid`](crate::Error::Invalid) if a verified profile has the licence number.
    pub async fn approve(
        &self,
        call: &Call,
        id: UserId,
        expected: Expected,
    ) -> Result<Written<UserView>> {
        const ACTION: Action = Action::ApproveUser;
        let subject = Subject::of(id);
        let now = self.ports.clock.now();

        let permit = call.may(ACTION, Relations::NONE, subject)?;

        let mut work = self.ports.store.begin().await?;
        if call.reserve(&mut *work, id.as_uuid(), now).await?.is_some() {
            return replay(call, work, id, now).await;
        }
        let user = work.users().lock(id).await?;
        let mut user = user.ok_or_else(|| call.missing(ACTION, subject))?;
        let doctor = work.doctors().lock_of(id).await?;
        let pharmacy = work.pharmacies().lock_of(id).await?;

        expected.check(Concept::User, user.revision.version)?;
        user.approve(now)?;

        work.users().update(&user).await?;
        if let Some(doctor) = doctor {
            self.approve_doctor(&mut *work, doctor, &user, now).await?;
        }
        if let Some(pharmacy) = pharmacy {
            approve_pharmacy(&mut *work, pharmacy, &user, now).await?;
        }
        let view = view(&mut *work, user).await?;
        work.commit(permit.audit(id, now)).await?;

        Ok(Written::new(view))
    }
}

#[cfg(test)]
mod tests {
    use medilink_domain::audit::Outcome;
    use medilink_domain::doctor::Doctor;
    use medilink_domain::pharmacy::Pharmacy;
    use medilink_domain::user::{Role, UserStatus};

    use super::*;
    use crate::call::Caller;
    use crate::error::{Conflict, Error, StoreError};
    use crate::testing::{
        FakeClinic, Trail, a_caller, a_caller_with_a_key, a_doctor, a_pharmacy, a_user,
    };
    use crate::user::OwnProfile;

    /// A clinic with one user, who has these profiles.
    fn a_clinic(
        status: UserStatus,
        doctor: Option<Doctor>,
        pharmacy: Option<Pharmacy>,
    ) -> FakeClinic {
        let mut clinic = FakeClinic::default();
        let user = a_user(Role::Doctor, status);
        let found = user.clone();
        clinic.work.users.expect_lock().return_once(|_| Ok(Some(user)));
        clinic.work.users.expect_find().return_once(|_| Ok(Some(found)));
        let own = OwnProfile {
            doctor: doctor.as_ref().map(|doctor| doctor.id),
            patient: None,
            pharmacy: pharmacy.as_ref().map(|pharmacy| pharmacy.id),
        };
        clinic.work.users.expect_profile().returning(move |_| Ok(own));
        clinic.work.doctors.expect_lock_of().return_once(|_| Ok(doctor));
        clinic.work.pharmacies.expect_lock_of().return_once(|_| Ok(pharmacy));
        clinic
    }

    async fn approve(
        clinic: FakeClinic,
        by: Caller,
        expected: Expected,
    ) -> (Result<Written<UserView>>, Trail) {
        let id = a_user(Role::Doctor, UserStatus::Pending).id;
        clinic.perform(by, async |app, call| app.users.approve(call, id, expected).await).await
    }

    #[tokio::test]
    async fn an_approval_and_its_audit_entry_are_committed_together() {
        let mut clinic = a_clinic(UserStatus::Pending, None, None);
        let update = clinic.work.users.expect_update();
        update
            .withf(|user| (user.status, user.revision.version) == (UserStatus::Active, 2))
            .times(1)
            .returning(|_| Ok(()));

        let (approved, trail) =
            approve(clinic, a_caller(Role::Admin), Expected::OneOf(vec![1])).await;

        let approved = approved.ok().unwrap().record;
        let entry = trail.committed().unwrap();
        assert_eq!((approved.status, approved.version), (UserStatus::Active, 2));
        assert_eq!((entry.action, entry.outcome), (Action::ApproveUser, Outcome::Done));
        assert_eq!(entry.record, Some(approved.id.into()));
    }

    #[tokio::test]
    async fn the_profiles_are_verified_with_the_approval() {
        let mut clinic = a_clinic(UserStatus::Pending, Some(a_doctor()), Some(a_pharmacy()));
        clinic.work.users.expect_update().returning(|_| Ok(()));
        let doctor = clinic.work.doctors.expect_update();
        doctor.withf(|doctor| doctor.is_verified).times(1).returning(|_| Ok(()));
        let pharmacy = clinic.work.pharmacies.expect_update();
        pharmacy.withf(|pharmacy| pharmacy.is_verified).times(1).returning(|_| Ok(()));

        let (approved, _) = approve(clinic, a_caller(Role::Admin), Expected::Any).await;

        let approved = approved.ok().unwrap().record;
        assert_eq!(approved.doctor_id, Some(a_doctor().id));
        assert_eq!(approved.pharmacy_id, Some(a_pharmacy().id));
    }

    #[tokio::test]
    async fn a_licence_of_somebody_verified_approves_nobody_else() {
        let mut clinic = a_clinic(UserStatus::Pending, Some(a_doctor()), None);
        let conflict = StoreError::Conflict(Conflict::LicenseNumberTaken);
        clinic.work.users.expect_update().returning(|_| Ok(()));
        clinic.work.doctors.expect_update().return_once(|_| Err(conflict));

        let (refused, trail) = approve(clinic, a_caller(Role::Admin), Expected::Any).await;

        let Err(Error::Invalid(errors)) = refused else { panic!("the user was approved") };
        assert!(errors.by_field().contains_key("license_number"));
        assert_eq!(trail.committed(), None);
    }

    #[tokio::test]
    async fn a_repeated_request_answers_the_user_and_changes_nothing() {
        let doctor = Doctor { is_verified: true, ..a_doctor() };
        let pharmacy = Pharmacy { is_verified: true, ..a_pharmacy() };
        let mut clinic = a_clinic(UserStatus::Active, Some(doctor), Some(pharmacy));
        clinic.has_written(a_user(Role::Doctor, UserStatus::Active).id);

        let (approved, trail) =
            approve(clinic, a_caller_with_a_key(Role::Admin), Expected::OneOf(vec![0])).await;

        let approved = approved.ok().unwrap();
        assert!(approved.replayed);
        assert_eq!(approved.record.doctor_id, Some(a_doctor().id));
        assert!(trail.committed().is_some());
    }

    #[tokio::test]
    async fn nobody_but_an_admin_approves_anybody() {
        for role in [Role::Doctor, Role::Coordinator, Role::Pharmacy, Role::Patient] {
            let (refused, trail) =
                approve(FakeClinic::default(), a_caller(role), Expected::Any).await;

            assert!(matches!(refused, Err(Error::Forbidden(Action::ApproveUser))), "{role}");
            assert_eq!(trail.recorded()[0].outcome, Outcome::Denied, "{role}");
        }
    }

    #[tokio::test]
    async fn somebody_who_does_not_wait_is_not_approved() {
        for status in [UserStatus::Active, UserStatus::Disabled] {
            let clinic = a_clinic(status, None, None);

            let (refused, trail) = approve(clinic, a_caller(Role::Admin), Expected::Any).await;

            let Err(Error::Refused(refusal)) = refused else { panic!("{status} was approved") };
            assert_eq!(refusal.code().as_str(), "user-refused");
            assert_eq!(trail.committed(), None);
        }
    }

    #[tokio::test]
    async fn another_version_than_the_admin_has_read_is_left_alone() {
        let clinic = a_clinic(UserStatus::Pending, None, None);

        let (stale, trail) = approve(clinic, a_caller(Role::Admin), Expected::OneOf(vec![7])).await;

        assert!(matches!(stale, Err(Error::Stale(Concept::User))));
        assert_eq!(trail.committed(), None);
    }

    #[tokio::test]
    async fn a_user_who_does_not_exist_is_not_found() {
        let mut clinic = FakeClinic::default();
        clinic.work.users.expect_lock().returning(|_| Ok(None));

        let (missing, trail) = approve(clinic, a_caller(Role::Admin), Expected::Any).await;

        assert!(matches!(missing, Err(Error::NotFound(Concept::User))));
        assert_eq!(trail.recorded()[0].outcome, Outcome::Denied);
    }
}
