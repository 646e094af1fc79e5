//! Reading one pharmacy's profile.

use medilink_domain::actor::Relations;
use medilink_domain::id::PharmacyId;
use medilink_domain::policy::Action;

use super::{Pharmacies, PharmacyView};
use crate::call::{Call, Subject};
use crate::error::Result;

impl Pharmacies {
    /// Returns the pharmacy.
    ///
    /// # Errors
    ///
    /// [`NotFound`](crate::Error::NotFound) if there is none by that id.
    pub async fn find(&self, call: &Call, id: PharmacyId) -> Result<PharmacyView> {
        const ACTION: Action = Action::ReadPharmacy;
        let subject = Subject::of(id);

        call.may(ACTION, Relations::NONE, subject)?;

        let pharmacy = self.ports.store.queries().pharmacies().find(id).await?;
        pharmacy.ok_or_else(|| call.missing(ACTION, subject))
    }
}

#[cfg(test)]
mod tests {
    use medilink_domain::audit::Outcome;
    use medilink_domain::record::Concept;
    use medilink_domain::user::Role;

    use super::*;
    use crate::error::Error;
    use crate::testing::{FakeClinic, a_caller, a_pending_doctor, a_pharmacy};

    #[tokio::test]
    async fn a_pharmacy_that_does_not_exist_is_missed_by_everybody_and_the_trail_knows() {
        for by in [a_caller(Role::Patient), a_caller(Role::Admin), a_pending_doctor()] {
            let mut clinic = FakeClinic::default();
            clinic.queries.pharmacies.expect_find().returning(|_| Ok(None));
            let id = a_pharmacy().id;

            let (missing, trail) =
                clinic.perform(by, async |app, call| app.pharmacies.find(call, id).await).await;

            let entry = &trail.recorded()[0];
            assert!(matches!(missing, Err(Error::NotFound(Concept::Pharmacy))));
            assert_eq!((entry.action, entry.outcome), (Action::ReadPharmacy, Outcome::Denied));
            assert_eq!(entry.record, Some(id.into()));
        }
    }
}
