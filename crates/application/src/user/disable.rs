//! Keeping a user from doing anything.

use medilink_domain::actor::Relations;
use medilink_domain::id::UserId;
use medilink_domain::policy::Action;
use medilink_domain::record::Concept;

use super::{UserView, Users, replay, view};
use crate::call::{Call, Expected, Subject, Written};
use crate::error::Result;

impl Users {
    /// Keeps a user from doing anything, and ends their sessions.
    ///
    /// # Errors
    ///
    /// - [`Forbidden`](crate::Error::Forbidden) unless an admin asks.
    /// - [`NotFound`](crate::Error::NotFound) if there is no such user.
    /// - [`Stale`](crate::Error::Stale) if it is not the version that the caller expects.
    /// - [`Refused`](crate::Error::Refused) for somebody who is disabled already, for the caller,
    ///   and for the last active administrator.
    pub async fn disable(
        &self,
        call: &Call,
        id: UserId,
        expected: Expected,
    ) -> Result<Written<UserView>> {
        const ACTION: Action = Action::DisableUser;
        let subject = Subject::of(id);
        let now = self.ports.clock.now();

        let permit = call.may(ACTION, Relations::NONE, subject)?;

        let mut work = self.ports.store.begin().await?;
        if call.reserve(&mut *work, id.as_uuid(), now).await?.is_some() {
            return replay(call, work, id, now).await;
        }
        let admins = work.users().lock_active_admins().await?;
        let user = work.users().lock(id).await?;
        let mut user = user.ok_or_else(|| call.missing(ACTION, subject))?;
        expected.check(Concept::User, user.revision.version)?;
        user.disable(call.actor().user, &admins, now)?;

        work.users().update(&user).await?;
        work.sessions().end_all(id, None, now).await?;
        let view = view(&mut *work, user).await?;
        work.commit(permit.audit(id, now)).await?;

        Ok(Written::new(view))
    }
}

#[cfg(test)]
mod tests {
    use medilink_domain::audit::Outcome;
    use medilink_domain::user::{Role, UserStatus};

    use super::*;
    use crate::call::Caller;
    use crate::error::Error;
    use crate::testing::{FakeClinic, Trail, a_caller, a_caller_with_a_key, a_user};
    use crate::user::OwnProfile;

    /// A clinic with one user, where these are the active administrators.
    fn a_clinic(role: Role, status: UserStatus, admins: Vec<UserId>) -> FakeClinic {
        let mut clinic = FakeClinic::default();
        let user = a_user(role, status);
        let found = user.clone();
        clinic.work.users.expect_lock_active_admins().return_once(|| Ok(admins));
        clinic.work.users.expect_lock().return_once(|_| Ok(Some(user)));
        clinic.work.users.expect_find().return_once(|_| Ok(Some(found)));
        clinic.work.users.expect_profile().returning(|_| Ok(OwnProfile::default()));
        clinic
    }

    async fn disable(
        clinic: FakeClinic,
        by: Caller,
        expected: Expected,
    ) -> (Result<Written<UserView>>, Trail) {
        let id = a_user(Role::Doctor, UserStatus::Active).id;
        clinic.perform(by, async |app, call| app.users.disable(call, id, expected).await).await
    }

    #[tokio::test]
    async fn whoever_is_disabled_is_signed_out_in_the_same_commit() {
        let id = a_user(Role::Doctor, UserStatus::Active).id;
        let mut clinic = a_clinic(Role::Doctor, UserStatus::Active, vec![]);
        let update = clinic.work.users.expect_update();
        update.withf(|user| user.status == UserStatus::Disabled).times(1).returning(|_| Ok(()));
        let end = clinic.work.sessions.expect_end_all();
        end.withf(move |of, except, _| (*of, *except) == (id, None))
            .times(1)
            .returning(|_, _, _| Ok(()));

        let (disabled, trail) =
            disable(clinic, a_caller(Role::Admin), Expected::OneOf(vec![1])).await;

        let disabled = disabled.ok().unwrap().record;
        let entry = trail.committed().unwrap();
        assert_eq!((disabled.status, disabled.version), (UserStatus::Disabled, 2));
        assert_eq!((entry.action, entry.record), (Action::DisableUser, Some(id.into())));
    }

    #[tokio::test]
    async fn the_last_active_administrator_stays() {
        let id = a_user(Role::Admin, UserStatus::Active).id;
        let clinic = a_clinic(Role::Admin, UserStatus::Active, vec![id]);

        let (refused, trail) = disable(clinic, a_caller(Role::Admin), Expected::Any).await;

        let Err(Error::Refused(refusal)) = refused else { panic!("nobody is left") };
        assert_eq!(refusal.code().as_str(), "last-admin");
        assert_eq!(trail.committed(), None);
    }

    #[tokio::test]
    async fn nobody_disables_themself() {
        let mut own = a_caller(Role::Admin);
        own.actor.user = a_user(Role::Admin, UserStatus::Active).id;
        let admins = vec![own.actor.user, a_caller(Role::Admin).actor.user];
        let clinic = a_clinic(Role::Admin, UserStatus::Active, admins);

        let (refused, _) = disable(clinic, own, Expected::Any).await;

        let Err(Error::Refused(refusal)) = refused else { panic!("they are out") };
        assert_eq!(refusal.code().as_str(), "own-account");
    }

    #[tokio::test]
    async fn nobody_but_an_admin_disables_anybody() {
        for role in [Role::Doctor, Role::Coordinator, Role::Pharmacy, Role::Patient] {
            let (refused, trail) =
                disable(FakeClinic::default(), a_caller(role), Expected::Any).await;

            assert!(matches!(refused, Err(Error::Forbidden(Action::DisableUser))), "{role}");
            assert_eq!(trail.recorded()[0].outcome, Outcome::Denied, "{role}");
        }
    }

    #[tokio::test]
    async fn a_repeated_request_answers_the_user_and_ends_no_session() {
        let mut clinic = a_clinic(Role::Doctor, UserStatus::Disabled, vec![]);
        clinic.has_written(a_user(Role::Doctor, UserStatus::Disabled).id);

        let (disabled, trail) =
            disable(clinic, a_caller_with_a_key(Role::Admin), Expected::Any).await;

        assert!(disabled.ok().unwrap().replayed);
        assert!(trail.committed().is_some());
    }

    #[tokio::test]
    async fn another_version_than_the_admin_has_read_is_left_alone() {
        let clinic = a_clinic(Role::Doctor, UserStatus::Active, vec![]);

        let (stale, trail) = disable(clinic, a_caller(Role::Admin), Expected::OneOf(vec![7])).await;

        assert!(matches!(stale, Err(Error::Stale(Concept::User))));
        assert_eq!(trail.committed(), None);
    }
}
