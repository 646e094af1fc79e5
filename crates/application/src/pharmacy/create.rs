//! Entering a pharmacy into the directory.

use medilink_domain::actor::Relations;
use medilink_domain::id::PharmacyId;
use medilink_domain::pharmacy::{Pharmacy, PharmacyProfile};
use medilink_domain::policy::Action;

use super::{Pharmacies, PharmacyView, is_license_taken, replay};
use crate::call::{Call, Subject, Written};
use crate::error::{Error, FieldErrors, Result, TAKEN};

impl Pharmacies {
    /// Enters a pharmacy for which nobody signs in. The entry is not verified.
    ///
    /// # Errors
    ///
    /// - [`Forbidden`](Error::Forbidden) unless an admin asks.
    /// - [`Invalid`](Error::Invalid) if a verified pharmacy or another entry has the licence number.
    pub async fn create(
        &self,
        call: &Call,
        profile: PharmacyProfile,
    ) -> Result<Written<PharmacyView>> {
        let now = self.ports.clock.now();
        let id = PharmacyId::new(self.ports.ids.next());

        let permit = call.may(Action::CreatePharmacy, Relations::NONE, Subject::NONE)?;

        let mut work = self.ports.store.begin().await?;
        if let Some(earlier) = call.reserve(&mut *work, id.as_uuid(), now).await? {
            return replay(call, work, PharmacyId::new(earlier), now).await;
        }
        let pharmacy = Pharmacy::new(id, profile, now);
        if is_license_taken(&mut *work, &pharmacy).await? {
            return Err(Error::Invalid(FieldErrors::of("license_number", TAKEN)));
        }

        work.pharmacies().insert(&pharmacy).await?;
        work.commit(permit.audit(id, now)).await?;

        Ok(Written::new(PharmacyView::of(pharmacy)))
    }
}

#[cfg(test)]
mod tests {
    use medilink_domain::audit::Outcome;
    use medilink_domain::user::Role;

    use super::*;
    use crate::call::Caller;
    use crate::testing::{
        FakeClinic, Trail, a_caller, a_caller_with_a_key, a_licensed_pharmacy, a_pharmacy,
    };

    async fn create(clinic: FakeClinic, by: Caller) -> (Result<Written<PharmacyView>>, Trail) {
        let profile = a_licensed_pharmacy().profile;
        clinic.perform(by, async |app, call| app.pharmacies.create(call, profile).await).await
    }

    /// A clinic in which a verified pharmacy, or an entry, has the licence number.
    fn a_clinic(verified: bool, entered: bool) -> FakeClinic {
        let mut clinic = FakeClinic::default();
        clinic.work.pharmacies.expect_is_license_taken().returning(move |_, _| Ok(verified));
        clinic.work.pharmacies.expect_is_license_entered().returning(move |_, _| Ok(entered));
        clinic
    }

    #[tokio::test]
    async fn an_entry_is_nobodys_and_is_committed_with_its_audit_entry() {
        let mut clinic = a_clinic(false, false);
        let insert = clinic.work.pharmacies.expect_insert();
        insert
            .withf(|pharmacy| pharmacy.user.is_none() && !pharmacy.is_verified)
            .times(1)
            .returning(|_| Ok(()));

        let (made, trail) = create(clinic, a_caller(Role::Admin)).await;

        let made = made.ok().unwrap().record;
        let entry = trail.committed().unwrap();
        assert_eq!((entry.action, entry.outcome), (Action::CreatePharmacy, Outcome::Done));
        assert_eq!(entry.record, Some(made.id.into()));
    }

    #[tokio::test]
    async fn a_licence_number_that_somebody_has_is_told() {
        for (verified, entered) in [(true, false), (false, true)] {
            let (refused, trail) = create(a_clinic(verified, entered), a_caller(Role::Admin)).await;

            let Err(Error::Invalid(errors)) = refused else { panic!("the entry was made") };
            assert!(errors.by_field().keys().eq(["license_number"]));
            assert_eq!(trail.committed(), None);
        }
    }

    #[tokio::test]
    async fn nobody_but_an_admin_enters_a_pharmacy() {
        for role in [Role::Doctor, Role::Coordinator, Role::Pharmacy, Role::Patient] {
            let (refused, trail) = create(FakeClinic::default(), a_caller(role)).await;

            assert!(matches!(refused, Err(Error::Forbidden(Action::CreatePharmacy))), "{role}");
            assert_eq!(trail.recorded()[0].outcome, Outcome::Denied, "{role}");
        }
    }

    #[tokio::test]
    async fn a_repeated_request_answers_the_first_ones_entry() {
        let mut clinic = FakeClinic::default();
        clinic.has_written(a_pharmacy().id);
        clinic.work.pharmacies.expect_find().returning(|_| Ok(Some(a_licensed_pharmacy())));

        let (made, trail) = create(clinic, a_caller_with_a_key(Role::Admin)).await;

        let made = made.ok().unwrap();
        assert!(made.replayed);
        assert_eq!(made.record.id, a_pharmacy().id);
        assert!(trail.committed().is_some());
    }
}
