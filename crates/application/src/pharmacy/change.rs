//! Changing a pharmacy's profile.

use medilink_domain::id::PharmacyId;
use medilink_domain::pharmacy::PharmacyChanges;
use medilink_domain::policy::Action;
use medilink_domain::record::Concept;

use super::{Pharmacies, PharmacyView, is_license_taken};
use crate::call::{Call, Expected, Subject, Written};
use crate::error::{Error, FieldErrors, Result, TAKEN};

impl Pharmacies {
    /// Changes what a pharmacy's profile says.
    ///
    /// # Errors
    ///
    /// - [`NotFound`](Error::NotFound) if there is no such pharmacy.
    /// - [`Forbidden`](Error::Forbidden) unless it is the caller's own profile, or an admin asks.
    /// - [`Stale`](Error::Stale) if it is not the version that the caller expects.
    /// - [`Invalid`](Error::Invalid) if the licence number becomes one that another pharmacy has.
    pub async fn change(
        &self,
        call: &Call,
        id: PharmacyId,
        changes: PharmacyChanges,
        expected: Expected,
    ) -> Result<Written<PharmacyView>> {
        const ACTION: Action = Action::ChangePharmacy;
        let subject = Subject::of(id);
        let now = self.ports.clock.now();

        let mut work = self.ports.store.begin().await?;
        let pharmacy = work.pharmacies().lock(id).await?;
        // Everybody may know which ones there are, so a missing one is told before a forbidden one.
        let mut pharmacy = pharmacy.ok_or_else(|| call.absent(ACTION, subject))?;
        let permit = call.may(ACTION, call.actor().relations_to_pharmacy(id), subject)?;
        expected.check(Concept::Pharmacy, pharmacy.revision.version)?;
        let before = pharmacy.profile.license_number.clone();
        pharmacy.change(changes, call.actor(), now);
        let is_new = pharmacy.profile.license_number != before;
        if is_new && is_license_taken(&mut *work, &pharmacy).await? {
            return Err(Error::Invalid(FieldErrors::of("license_number", TAKEN)));
        }

        work.pharmacies().update(&pharmacy).await?;
        work.commit(permit.audit(id, now)).await?;

        Ok(Written::new(PharmacyView::of(pharmacy)))
    }
}

#[cfg(test)]
mod tests {
    use medilink_domain::audit::Outcome;
    use medilink_domain::change::Change;
    use medilink_domain::pharmacy::Pharmacy;
    use medilink_domain::text::{LicenseNumber, Place};
    use medilink_domain::user::{Role, UserStatus};

    use super::*;
    use crate::call::Caller;
    use crate::testing::{FakeClinic, Trail, a_caller, a_licensed_pharmacy, a_stranger, an_actor};

    fn to_oslo() -> PharmacyChanges {
        let city = Change::Set(Place::parse("Oslo").ok());
        PharmacyChanges { city, ..PharmacyChanges::default() }
    }

    fn another_number() -> PharmacyChanges {
        let license_number = Change::Set(LicenseNumber::parse("DE-2").ok());
        PharmacyChanges { license_number, ..PharmacyChanges::default() }
    }

    /// Pharmacy 5, which somebody verified and somebody signs in for.
    fn a_verified_pharmacy() -> Pharmacy {
        let user = Some(an_actor(Role::Pharmacy).user);
        Pharmacy { user, is_verified: true, ..a_licensed_pharmacy() }
    }

    async fn change(
        pharmacy: Option<Pharmacy>,
        mut clinic: FakeClinic,
        by: Caller,
        changes: PharmacyChanges,
        expected: Expected,
    ) -> (Result<Written<PharmacyView>>, Trail) {
        let id = a_licensed_pharmacy().id;
        clinic.work.pharmacies.expect_lock().return_once(|_| Ok(pharmacy));
        clinic
            .perform(by, async |app, call| app.pharmacies.change(call, id, changes, expected).await)
            .await
    }

    /// A clinic that takes a change, and in which no other pharmacy has a licence.
    fn a_clinic() -> FakeClinic {
        let mut clinic = FakeClinic::default();
        clinic.work.pharmacies.expect_is_license_taken().returning(|_, _| Ok(false));
        clinic.work.pharmacies.expect_update().times(1).returning(|_| Ok(()));
        clinic
    }

    #[tokio::test]
    async fn a_pharmacy_changes_its_own_profile_pending_or_not_with_an_audit_entry() {
        for status in [UserStatus::Active, UserStatus::Pending] {
            let mut own = a_caller(Role::Pharmacy);
            own.actor.status = status;
            let pharmacy = Some(a_verified_pharmacy());

            let (changed, trail) =
                change(pharmacy, a_clinic(), own, to_oslo(), Expected::OneOf(vec![1])).await;

            let changed = changed.ok().unwrap().record;
            let entry = trail.committed().unwrap();
            assert_eq!((changed.city.as_deref(), changed.version), (Some("Oslo"), 2));
            assert_eq!(entry.action, Action::ChangePharmacy);
            assert_eq!(entry.record, Some(changed.id.into()));
        }
    }

    #[tokio::test]
    async fn what_is_in_the_directory_is_forbidden_to_strangers_and_never_hidden() {
        for role in [Role::Doctor, Role::Coordinator, Role::Pharmacy, Role::Patient] {
            let (pharmacy, clinic) = (Some(a_verified_pharmacy()), FakeClinic::default());

            let (refused, trail) =
                change(pharmacy, clinic, a_stranger(role), to_oslo(), Expected::Any).await;

            assert!(matches!(refused, Err(Error::Forbidden(Action::ChangePharmacy))), "{role}");
            assert_eq!(trail.recorded()[0].outcome, Outcome::Denied, "{role}");
        }
    }

    #[tokio::test]
    async fn a_pharmacy_that_does_not_exist_is_missed_by_everybody() {
        for role in Role::ALL {
            let (missing, trail) =
                change(None, FakeClinic::default(), a_caller(*role), to_oslo(), Expected::Any)
                    .await;

            assert!(matches!(missing, Err(Error::NotFound(Concept::Pharmacy))), "{role}");
            assert_eq!(trail.recorded()[0].action, Action::ChangePharmacy, "{role}");
        }
    }

    #[tokio::test]
    async fn another_licence_number_has_yet_to_be_checked_unless_an_admin_writes_it() {
        for (role, is_verified) in [(Role::Pharmacy, false), (Role::Admin, true)] {
            let pharmacy = Some(a_verified_pharmacy());

            let (changed, _) =
                change(pharmacy, a_clinic(), a_caller(role), another_number(), Expected::Any).await;

            assert_eq!(changed.ok().unwrap().record.is_verified, is_verified, "{role}");
        }
    }

    #[tokio::test]
    async fn a_licence_number_that_another_pharmacy_has_is_told() {
        let entry = a_licensed_pharmacy();
        for (pharmacy, verified, entered) in [
            (a_verified_pharmacy(), true, false),
            (entry.clone(), true, false),
            (entry, false, true),
        ] {
            let mut clinic = FakeClinic::default();
            let taken = clinic.work.pharmacies.expect_is_license_taken();
            taken.withf(|_, except| except.is_some()).returning(move |_, _| Ok(verified));
            let taken = clinic.work.pharmacies.expect_is_license_entered();
            taken.withf(|_, except| except.is_some()).returning(move |_, _| Ok(entered));

            let by = a_caller(Role::Admin);
            let (refused, trail) =
                change(Some(pharmacy), clinic, by, another_number(), Expected::Any).await;

            let Err(Error::Invalid(errors)) = refused else { panic!("it was changed") };
            assert!(errors.by_field().keys().eq(["license_number"]));
            assert_eq!(trail.committed(), None);
        }
    }

    #[tokio::test]
    async fn another_version_than_the_one_that_was_read_is_left_alone() {
        let (pharmacy, by) = (Some(a_verified_pharmacy()), a_caller(Role::Admin));

        let (stale, trail) =
            change(pharmacy, FakeClinic::default(), by, to_oslo(), Expected::OneOf(vec![7])).await;

        assert!(matches!(stale, Err(Error::Stale(Concept::Pharmacy))));
        assert_eq!(trail.committed(), None);
    }
}
