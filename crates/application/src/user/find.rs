//! Reading a user's account.

use medilink_domain::actor::Relations;
use medilink_domain::id::UserId;
use medilink_domain::policy::Action;

use super::{UserView, Users};
use crate::call::{Call, Subject};
use crate::error::Result;

impl Users {
    /// Returns a user.
    ///
    /// # Errors
    ///
    /// [`Forbidden`](crate::Error::Forbidden) unless an admin asks,
    /// [`NotFound`](crate::Error::NotFound) if there is no such user.
    pub async fn find(&self, call: &Call, id: UserId) -> Result<UserView> {
        const ACTION: Action = Action::ReadUser;
        let subject = Subject::of(id);

        call.may(ACTION, Relations::NONE, subject)?;

        let found = self.ports.store.queries().users().find(id).await?;
        found.ok_or_else(|| call.missing(ACTION, subject))
    }
}

#[cfg(test)]
mod tests {
    use medilink_domain::audit::Outcome;
    use medilink_domain::user::{Role, UserStatus};

    use super::*;
    use crate::call::Caller;
    use crate::error::Error;
    use crate::testing::{FakeClinic, Trail, a_caller, a_user};

    async fn find(clinic: FakeClinic, by: Caller) -> (Result<UserView>, Trail) {
        let id = a_user(Role::Doctor, UserStatus::Active).id;
        clinic.perform(by, async |app, call| app.users.find(call, id).await).await
    }

    #[tokio::test]
    async fn nobody_but_an_admin_reads_the_account_of_somebody_else() {
        for role in [Role::Doctor, Role::Coordinator, Role::Pharmacy, Role::Patient] {
            let (refused, trail) = find(FakeClinic::default(), a_caller(role)).await;

            assert!(matches!(refused, Err(Error::Forbidden(Action::ReadUser))), "{role}");
            assert_eq!(trail.recorded()[0].outcome, Outcome::Denied, "{role}");
        }
    }

    #[tokio::test]
    async fn a_user_who_does_not_exist_is_not_found() {
        let mut clinic = FakeClinic::default();
        clinic.queries.users.expect_find().returning(|_| Ok(None));

        let (missing, _) = find(clinic, a_caller(Role::Admin)).await;

        assert!(matches!(missing, Err(Error::NotFound(_))));
    }
}
