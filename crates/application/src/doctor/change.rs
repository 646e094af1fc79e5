//! Changing a doctor's profile.

use medilink_domain::doctor::DoctorChanges;
use medilink_domain::id::DoctorId;
use medilink_domain::policy::Action;
use medilink_domain::record::Concept;

use super::{DoctorView, Doctors, is_license_taken, load};
use crate::call::{Call, Expected, Written};
use crate::error::{Error, FieldErrors, Result, TAKEN};

impl Doctors {
    /// Changes what a doctor's profile says.
    ///
    /// # Errors
    ///
    /// - [`NotFound`](Error::NotFound) if the doctor is not in the directory.
    /// - [`Forbidden`](Error::Forbidden) unless it is the caller's own profile or entry.
    /// - [`Stale`](Error::Stale) if it is not the version that the caller expects.
    /// - [`Invalid`](Error::Invalid) if the licence number becomes one that somebody else has.
    pub async fn change(
        &self,
        call: &Call,
        id: DoctorId,
        changes: DoctorChanges,
        expected: Expected,
    ) -> Result<Written<DoctorView>> {
        let now = self.ports.clock.now();

        let mut work = self.ports.store.begin().await?;
        let (mut doctor, permit) = load(call, &mut *work, id, Action::ChangeDoctor).await?;
        expected.check(Concept::Doctor, doctor.revision.version)?;
        let before = doctor.profile.license_number.clone();
        doctor.change(changes, call.actor(), now);
        let is_new = doctor.profile.license_number != before;
        if is_new && is_license_taken(&mut *work, &doctor).await? {
            return Err(Error::Invalid(FieldErrors::of("license_number", TAKEN)));
        }

        work.doctors().update(&doctor).await?;
        work.commit(permit.audit(id, now)).await?;

        Ok(Written::new(DoctorView::of(doctor)))
    }
}

#[cfg(test)]
mod tests {
    use medilink_domain::audit::Outcome;
    use medilink_domain::change::Change;
    use medilink_domain::doctor::Doctor;
    use medilink_domain::id::UserId;
    use medilink_domain::text::{LicenseNumber, Place};
    use medilink_domain::user::Role;

    use super::*;
    use crate::call::Caller;
    use crate::testing::{
        FakeClinic, Trail, a_caller, a_licensed_doctor, a_pending_doctor, a_stranger, an_actor,
        the_creator,
    };

    fn to_oslo() -> DoctorChanges {
        let city = Change::Set(Place::parse("Oslo").ok());
        DoctorChanges { city, ..DoctorChanges::default() }
    }

    fn another_number() -> DoctorChanges {
        let license_number = Change::Set(LicenseNumber::parse("DE-2").ok());
        DoctorChanges { license_number, ..DoctorChanges::default() }
    }

    /// Doctor 3, whom somebody verified who then signed in.
    fn a_verified_doctor() -> Doctor {
        let user = Some(an_actor(Role::Doctor).user);
        Doctor { user, is_verified: true, ..a_licensed_doctor() }
    }

    async fn change(
        doctor: Doctor,
        mut clinic: FakeClinic,
        by: Caller,
        changes: DoctorChanges,
        expected: Expected,
    ) -> (Result<Written<DoctorView>>, Trail) {
        let id = doctor.id;
        clinic.work.doctors.expect_lock().return_once(|_| Ok(Some(doctor)));
        clinic
            .perform(by, async |app, call| app.doctors.change(call, id, changes, expected).await)
            .await
    }

    /// A clinic that takes a change, and in which nobody else has a licence.
    fn a_clinic() -> FakeClinic {
        let mut clinic = FakeClinic::default();
        clinic.work.doctors.expect_is_license_taken().returning(|_, _| Ok(false));
        clinic.work.doctors.expect_is_license_entered().returning(|_, _| Ok(false));
        clinic.work.doctors.expect_update().times(1).returning(|_| Ok(()));
        clinic
    }

    #[tokio::test]
    async fn somebody_pending_changes_their_own_profile_and_it_is_committed_with_its_audit_entry() {
        let doctor = Doctor { is_verified: false, ..a_verified_doctor() };
        let (changed, trail) =
            change(doctor, a_clinic(), a_pending_doctor(), to_oslo(), Expected::OneOf(vec![1]))
                .await;

        let changed = changed.ok().unwrap().record;
        let entry = trail.committed().unwrap();
        assert_eq!((changed.city.as_deref(), changed.version), (Some("Oslo"), 2));
        assert_eq!((entry.action, entry.record), (Action::ChangeDoctor, Some(changed.id.into())));
    }

    #[tokio::test]
    async fn an_entry_is_its_creators_until_somebody_signs_in_as_the_doctor() {
        let creator = the_creator(Role::Coordinator);
        let entry = Doctor { created_by: Some(creator.actor.user), ..a_licensed_doctor() };
        let taken = Doctor { user: Some(UserId::new(entry.id.as_uuid())), ..entry.clone() };

        let (changed, _) =
            change(entry, a_clinic(), creator.clone(), to_oslo(), Expected::Any).await;
        assert!(changed.is_ok());

        let (refused, trail) =
            change(taken, FakeClinic::default(), creator, to_oslo(), Expected::Any).await;
        assert!(matches!(refused, Err(Error::Forbidden(Action::ChangeDoctor))));
        assert_eq!(trail.recorded()[0].outcome, Outcome::Denied);
    }

    #[tokio::test]
    async fn what_is_in_the_directory_is_forbidden_to_strangers_and_never_hidden() {
        for role in [Role::Doctor, Role::Coordinator, Role::Pharmacy, Role::Patient] {
            let clinic = FakeClinic::default();

            let (refused, _) =
                change(a_licensed_doctor(), clinic, a_stranger(role), to_oslo(), Expected::Any)
                    .await;

            assert!(matches!(refused, Err(Error::Forbidden(Action::ChangeDoctor))), "{role}");
        }
    }

    #[tokio::test]
    async fn whoever_is_not_in_the_directory_is_missed_by_everybody() {
        for role in Role::ALL {
            let mut clinic = FakeClinic::default();
            clinic.work.doctors.expect_lock().returning(|_| Ok(None));
            let id = a_licensed_doctor().id;

            let (missing, trail) = clinic
                .perform(a_caller(*role), async |app, call| {
                    app.doctors.change(call, id, to_oslo(), Expected::Any).await
                })
                .await;

            assert!(matches!(missing, Err(Error::NotFound(Concept::Doctor))), "{role}");
            assert_eq!(trail.recorded()[0].action, Action::ChangeDoctor, "{role}");
        }
    }

    #[tokio::test]
    async fn another_licence_number_has_yet_to_be_checked_unless_an_admin_writes_it() {
        for (role, is_verified) in [(Role::Doctor, false), (Role::Admin, true)] {
            let (changed, _) = change(
                a_verified_doctor(),
                a_clinic(),
                a_caller(role),
                another_number(),
                Expected::Any,
            )
            .await;

            assert_eq!(changed.ok().unwrap().record.is_verified, is_verified, "{role}");
        }
    }

    #[tokio::test]
    async fn a_licence_number_that_somebody_has_is_told() {
        let entry = a_licensed_doctor();
        for (doctor, verified, entered) in
            [(a_verified_doctor(), true, false), (entry.clone(), true, false), (entry, false, true)]
        {
            let mut clinic = FakeClinic::default();
            let taken = clinic.work.doctors.expect_is_license_taken();
            taken.withf(|_, except| except.is_some()).returning(move |_, _| Ok(verified));
            let taken = clinic.work.doctors.expect_is_license_entered();
            taken.withf(|_, except| except.is_some()).returning(move |_, _| Ok(entered));

            let by = a_caller(Role::Admin);
            let (refused, trail) =
                change(doctor, clinic, by, another_number(), Expected::Any).await;

            let Err(Error::Invalid(errors)) = refused else { panic!("it was changed") };
            assert!(errors.by_field().keys().eq(["license_number"]));
            assert_eq!(trail.committed(), None);
        }
    }

    #[tokio::test]
    async fn somebody_who_signs_in_may_repeat_the_number_of_an_entry() {
        let mut clinic = FakeClinic::default();
        clinic.work.doctors.expect_is_license_taken().returning(|_, _| Ok(false));
        clinic.work.doctors.expect_update().returning(|_| Ok(()));

        let by = a_caller(Role::Doctor);
        let (changed, _) =
            change(a_verified_doctor(), clinic, by, another_number(), Expected::Any).await;

        assert!(changed.is_ok());
    }

    #[tokio::test]
    async fn another_version_than_the_one_that_was_read_is_left_alone() {
        let clinic = FakeClinic::default();
        let by = a_caller(Role::Admin);

        let (stale, trail) =
            change(a_verified_doctor(), clinic, by, to_oslo(), Expected::OneOf(vec![7])).await;

        assert!(matches!(stale, Err(Error::Stale(Concept::Doctor))));
        assert_eq!(trail.committed(), None);
    }
}
