//! Reading one's own account.

use medilink_domain::actor::Relations;
use medilink_domain::policy::Action;

use super::{UserView, Users};
use crate::call::{Call, Subject};
use crate::error::{Error, Result};

impl Users {
    /// Returns the caller's own account.
    ///
    /// # Errors
    ///
    /// [`Unauthenticated`](Error::Unauthenticated) if it is gone by now.
    pub async fn me(&self, call: &Call) -> Result<UserView> {
        let id = call.actor().user;

        call.may(Action::ReadOwnAccount, Relations::NONE, Subject::of(id))?;

        self.ports.store.queries().users().find(id).await?.ok_or(Error::Unauthenticated)
    }
}

#[cfg(test)]
mod tests {
    use medilink_domain::user::{Role, UserStatus};

    use super::*;
    use crate::testing::{FakeClinic, Trail, a_pending_doctor, a_user};
    use crate::user::OwnProfile;

    async fn me(clinic: FakeClinic) -> (Result<UserView>, Trail) {
        let caller = a_pending_doctor();
        clinic.perform(caller, async |app, call| app.users.me(call).await).await
    }

    #[tokio::test]
    async fn somebody_pending_reads_their_own_account_and_no_other() {
        let own = a_pending_doctor().actor.user;
        let mut clinic = FakeClinic::default();
        clinic.queries.users.expect_find().withf(move |id| *id == own).returning(|_| {
            Ok(Some(UserView::of(a_user(Role::Doctor, UserStatus::Pending), OwnProfile::default())))
        });

        let (account, trail) = me(clinic).await;

        assert_eq!(account.ok().unwrap().status, UserStatus::Pending);
        assert!(trail.recorded().is_empty());
    }

    #[tokio::test]
    async fn somebody_who_is_gone_is_signed_in_no_longer() {
        let mut clinic = FakeClinic::default();
        clinic.queries.users.expect_find().returning(|_| Ok(None));

        let (account, _) = me(clinic).await;

        assert!(matches!(account, Err(Error::Unauthenticated)));
    }
}
