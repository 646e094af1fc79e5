//! Letting a disabled user be what they were before.

use medilink_domain::actor::Relations;
use medilink_domain::id::UserId;
use medilink_domain::policy::Action;
use medilink_domain::record::Concept;

use super::{UserView, Users, replay, view};
use crate::call::{Call, Expected, Subject, Written};
use crate::error::Result;

impl Users {
    /// Lets a disabled user be what they were before: active once approved, else pending. Their
    /// sessions stay ended.
    ///
    /// # Errors
    ///
    /// - [`Forbidden`](crate::Error::Forbidden) unless an admin asks.
    /// - [`NotFound`](crate::Error::NotFound) if there is no such user.
    /// - [`Stale`](crate::Error::Stale) if it is not the version that the caller expects.
    /// - [`Refused`](crate::Error::Refused) unless the user is disabled.
    pub async fn enable(
        &self,
        call: &Call,
        id: UserId,
        expected: Expected,
    ) -> Result<Written<UserView>> {
        const ACTION: Action = Action::EnableUser;
        let subject = Subject::of(id);
        let now = self.ports.clock.now();

        let permit = call.may(ACTION, Relations::NONE, subject)?;

        let mut work = self.ports.store.begin().await?;
        if call.reserve(&mut *work, id.as_uuid(), now).await?.is_some() {
            return replay(call, work, id, now).await;
        }
        let user = work.users().lock(id).await?;
        let mut user = user.ok_or_else(|| call.missing(ACTION, subject))?;
        expected.check(Concept::User, user.revision.version)?;
        user.enable(now)?;

        work.users().update(&user).await?;
        let view = view(&mut *work, user).await?;
        work.commit(permit.audit(id, now)).await?;

        Ok(Written::new(view))
    }
}

#[cfg(test)]
mod tests {
    use medilink_domain::user::{Role, UserStatus};

    use super::*;
    use crate::error::Error;
    use crate::testing::{FakeClinic, Trail, a_caller, a_user};
    use crate::user::OwnProfile;

    async fn enable(status: UserStatus, by: Role) -> (Result<Written<UserView>>, Trail) {
        let mut clinic = FakeClinic::default();
        let user = a_user(Role::Doctor, status);
        let id = user.id;
        clinic.work.users.expect_lock().return_once(|_| Ok(Some(user)));
        clinic.work.users.expect_profile().returning(|_| Ok(OwnProfile::default()));
        clinic.work.users.expect_update().returning(|_| Ok(()));
        clinic
            .perform(a_caller(by), async |app, call| {
                app.users.enable(call, id, Expected::Any).await
            })
            .await
    }

    #[tokio::test]
    async fn somebody_disabled_acts_again() {
        let (enabled, trail) = enable(UserStatus::Disabled, Role::Admin).await;

        assert_eq!(enabled.ok().unwrap().record.status, UserStatus::Active);
        assert_eq!(trail.committed().unwrap().action, Action::EnableUser);
    }

    #[tokio::test]
    async fn nobody_is_enabled_who_is_not_disabled() {
        for status in [UserStatus::Active, UserStatus::Pending] {
            let (refused, trail) = enable(status, Role::Admin).await;

            let Err(Error::Refused(refusal)) = refused else { panic!("{status} was enabled") };
            assert_eq!(refusal.code().as_str(), "user-refused");
            assert_eq!(trail.committed(), None);
        }
    }

    #[tokio::test]
    async fn nobody_but_an_admin_enables_anybody() {
        for role in [Role::Doctor, Role::Coordinator, Role::Pharmacy, Role::Patient] {
            let (refused, _) = enable(UserStatus::Disabled, role).await;

            assert!(matches!(refused, Err(Error::Forbidden(Action::EnableUser))), "{role}");
        }
    }
}
