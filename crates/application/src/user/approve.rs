//! Letting a pending user act.

use medilink_domain::id::UserId;
use medilink_domain::policy::{Action, Relations};
use medilink_domain::record::Concept;

use super::{UserView, Users};
use crate::call::{Call, Expected, Subject, Written};
use crate::error::Result;

impl Users {
    /// Lets a pending user act, and records that the profile's licence was checked.
    ///
    /// # Errors
    ///
    /// - [`Forbidden`](crate::Error::Forbidden) unless an admin asks.
    /// - [`NotFound`](crate::Error::NotFound) if there is no such user.
    /// - [`Stale`](crate::Error::Stale) if it is not the version that the caller expects.
    /// - [`Refused`](crate::Error::Refused) unless the user is pending.
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
        let repeated = call.claim(&mut *work, id.as_uuid(), now).await?.is_some();
        let user = work.users().lock(id).await?;
        let mut user = user.ok_or_else(|| call.missing(ACTION, subject))?;

        if !repeated {
            expected.check(Concept::User, user.version)?;
            user.approve(now)?;
            work.users().update(&user).await?;
        }

        let mut view = UserView::of(&user);
        if let Some(mut doctor) = work.doctors().lock_of(id).await? {
            view.doctor_id = Some(doctor.id);
            if !doctor.is_verified {
                doctor.verify(now);
                work.doctors().update(&doctor).await?;
            }
        }
        if let Some(mut pharmacy) = work.pharmacies().lock_of(id).await? {
            view.pharmacy_id = Some(pharmacy.id);
            if !pharmacy.is_verified {
                pharmacy.verify(now);
                work.pharmacies().update(&pharmacy).await?;
            }
        }
        work.commit(permit.audit(id, now)).await?;

        Ok(Written { record: view, repeated })
    }
}
