//! Recording that a pharmacy's licence was checked.

use medilink_domain::actor::Relations;
use medilink_domain::id::PharmacyId;
use medilink_domain::policy::Action;
use medilink_domain::record::Concept;

use super::{Pharmacies, PharmacyView, replay};
use crate::call::{Call, Expected, Subject, Written};
use crate::error::Result;

impl Pharmacies {
    /// Records that the licence of a pharmacy was checked.
    ///
    /// # Errors
    ///
    /// - [`Forbidden`](crate::Error::Forbidden) unless an admin asks.
    /// - [`NotFound`](crate::Error::NotFound) if there is no such pharmacy.
    /// - [`Stale`](crate::Error::Stale) if it is not the version that the caller expects.
    /// - [`Refused`](crate::Error::Refused) if there is no licence number, or it was checked before.
    /// - [`Invalid`](crate::Error::Invalid) if another verified pharmacy has the licence number.
    pub async fn verify(
        &self,
        call: &Call,
        id: PharmacyId,
        expected: Expected,
    ) -> Result<Written<PharmacyView>> {
        const ACTION: Action = Action::VerifyPharmacy;
        let subject = Subject::of(id);
        let now = self.ports.clock.now();

        let permit = call.may(ACTION, Relations::NONE, subject)?;

        let mut work = self.ports.store.begin().await?;
        if call.reserve(&mut *work, id.as_uuid(), now).await?.is_some() {
            return replay(call, work, id, now).await;
        }
        let pharmacy = work.pharmacies().lock(id).await?;
        let mut pharmacy = pharmacy.ok_or_else(|| call.missing(ACTION, subject))?;
        expected.check(Concept::Pharmacy, pharmacy.revision.version)?;
        pharmacy.verify(now)?;

        work.pharmacies().update(&pharmacy).await?;
        work.commit(permit.audit(id, now)).await?;

        Ok(Written::new(PharmacyView::of(pharmacy)))
    }
}

#[cfg(test)]
mod tests {
    use medilink_domain::audit::Outcome;
    use medilink_domain::pharmacy::Pharmacy;
    use medilink_domain::user::Role;

    use super::*;
    use crate::call::Caller;
    use crate::error::{Conflict, Error, StoreError};
    use crate::testing::{
        FakeClinic, Trail, a_caller, a_caller_with_a_key, a_licensed_pharmacy, a_pharmacy,
    };

    async fn verify(
        pharmacy: Option<Pharmacy>,
        mut clinic: FakeClinic,
        by: Caller,
        expected: Expected,
    ) -> (Result<Written<PharmacyView>>, Trail) {
        clinic.work.pharmacies.expect_lock().return_once(|_| Ok(pharmacy));
        let id = a_pharmacy().id;
        clinic.perform(by, async |app, call| app.pharmacies.verify(call, id, expected).await).await
    }

    #[tokio::test]
    async fn a_checked_licence_is_recorded_with_its_audit_entry() {
        let mut clinic = FakeClinic::default();
        let update = clinic.work.pharmacies.expect_update();
        update.withf(|pharmacy| pharmacy.is_verified).times(1).returning(|_| Ok(()));

        let by = a_caller(Role::Admin);
        let (verified, trail) =
            verify(Some(a_licensed_pharmacy()), clinic, by, Expected::OneOf(vec![1])).await;

        let entry = trail.committed().unwrap();
        assert_eq!(verified.ok().unwrap().record.version, 2);
        assert_eq!((entry.action, entry.outcome), (Action::VerifyPharmacy, Outcome::Done));
    }

    #[tokio::test]
    async fn nothing_is_checked_twice_or_without_a_number() {
        let checked = Pharmacy { is_verified: true, ..a_licensed_pharmacy() };
        for (pharmacy, code) in [(a_pharmacy(), "no-license-number"), (checked, "already-verified")]
        {
            let by = a_caller(Role::Admin);
            let (refused, trail) =
                verify(Some(pharmacy), FakeClinic::default(), by, Expected::Any).await;

            let Err(Error::Refused(refusal)) = refused else { panic!("it was verified") };
            assert_eq!(refusal.code().as_str(), code);
            assert_eq!(trail.committed(), None);
        }
    }

    #[tokio::test]
    async fn the_licence_of_a_verified_pharmacy_verifies_no_other() {
        let mut clinic = FakeClinic::default();
        let conflict = StoreError::Conflict(Conflict::LicenseNumberTaken);
        clinic.work.pharmacies.expect_update().return_once(|_| Err(conflict));

        let by = a_caller(Role::Admin);
        let (refused, _) = verify(Some(a_licensed_pharmacy()), clinic, by, Expected::Any).await;

        let Err(Error::Invalid(errors)) = refused else { panic!("it was verified") };
        assert!(errors.by_field().keys().eq(["license_number"]));
    }

    #[tokio::test]
    async fn nobody_but_an_admin_verifies_a_pharmacy() {
        for role in [Role::Doctor, Role::Coordinator, Role::Pharmacy, Role::Patient] {
            let by = a_caller(role);
            let (refused, trail) = verify(None, FakeClinic::default(), by, Expected::Any).await;

            assert!(matches!(refused, Err(Error::Forbidden(Action::VerifyPharmacy))), "{role}");
            assert_eq!(trail.recorded()[0].outcome, Outcome::Denied, "{role}");
        }
    }

    #[tokio::test]
    async fn a_pharmacy_that_does_not_exist_is_missed() {
        let by = a_caller(Role::Admin);

        let (missing, _) = verify(None, FakeClinic::default(), by, Expected::Any).await;

        assert!(matches!(missing, Err(Error::NotFound(Concept::Pharmacy))));
    }

    #[tokio::test]
    async fn a_repeated_request_answers_the_pharmacy_and_changes_nothing() {
        let mut clinic = FakeClinic::default();
        clinic.has_written(a_pharmacy().id);
        clinic.work.pharmacies.expect_find().returning(|_| Ok(Some(a_licensed_pharmacy())));

        let by = a_caller_with_a_key(Role::Admin);
        let (verified, trail) = verify(None, clinic, by, Expected::OneOf(vec![0])).await;

        assert!(verified.ok().unwrap().replayed);
        assert!(trail.committed().is_some());
    }

    #[tokio::test]
    async fn another_version_than_the_one_that_was_read_is_left_alone() {
        let by = a_caller(Role::Admin);
        let (stale, _) = verify(
            Some(a_licensed_pharmacy()),
            FakeClinic::default(),
            by,
            Expected::OneOf(vec![7]),
        )
        .await;

        assert!(matches!(stale, Err(Error::Stale(Concept::Pharmacy))));
    }
}
