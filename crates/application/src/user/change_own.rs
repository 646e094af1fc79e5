//! Changing one's own account.

use medilink_domain::actor::Relations;
use medilink_domain::policy::Action;
use medilink_domain::record::Concept;
use medilink_domain::user::PersonChanges;

use super::{UserView, Users, view};
use crate::call::{Call, Expected, Subject, Written};
use crate::error::{Error, Result};

impl Users {
    /// Changes the caller's own name or phone. The profile of their role is a record of its own and
    /// stays as it is.
    ///
    /// # Errors
    ///
    /// - [`Unauthenticated`](Error::Unauthenticated) if the account is gone by now.
    /// - [`Stale`](Error::Stale) if it is not the version that the caller expects.
    pub async fn change_own(
        &self,
        call: &Call,
        changes: PersonChanges,
        expected: Expected,
    ) -> Result<Written<UserView>> {
        let id = call.actor().user;
        let now = self.ports.clock.now();

        let permit = call.may(Action::ChangeOwnAccount, Relations::NONE, Subject::of(id))?;

        let mut work = self.ports.store.begin().await?;
        let mut user = work.users().lock(id).await?.ok_or(Error::Unauthenticated)?;
        expected.check(Concept::User, user.revision.version)?;
        user.change_person(changes, now);

        work.users().update(&user).await?;
        let view = view(&mut *work, user).await?;
        work.commit(permit.audit(id, now)).await?;

        Ok(Written::new(view))
    }
}

#[cfg(test)]
mod tests {
    use medilink_domain::change::Change;
    use medilink_domain::text::Phone;
    use medilink_domain::user::{Role, UserStatus};

    use super::*;
    use crate::testing::{FakeClinic, Trail, a_pending_doctor, a_user};
    use crate::user::OwnProfile;

    async fn call_me(phone: &str, expected: Expected) -> (Result<Written<UserView>>, Trail) {
        let own = a_pending_doctor().actor.user;
        let mut clinic = FakeClinic::default();
        let lock = clinic.work.users.expect_lock();
        lock.withf(move |id| *id == own)
            .return_once(|_| Ok(Some(a_user(Role::Doctor, UserStatus::Pending))));
        clinic.work.users.expect_profile().returning(|_| Ok(OwnProfile::default()));
        clinic.work.users.expect_update().returning(|_| Ok(()));
        let phone = Change::Set(Phone::parse(phone).ok());
        let changes = PersonChanges { phone, ..PersonChanges::default() };
        clinic
            .perform(a_pending_doctor(), async |app, call| {
                app.users.change_own(call, changes, expected).await
            })
            .await
    }

    #[tokio::test]
    async fn somebody_pending_changes_their_own_account_and_no_other() {
        let (changed, trail) = call_me("+44 20", Expected::OneOf(vec![1])).await;

        let changed = changed.ok().unwrap().record;
        assert_eq!((changed.phone.as_deref(), changed.version), (Some("+44 20"), 2));
        assert_eq!(trail.committed().unwrap().action, Action::ChangeOwnAccount);
    }

    #[tokio::test]
    async fn another_version_than_the_one_that_was_read_is_left_alone() {
        let (stale, trail) = call_me("+44 20", Expected::OneOf(vec![7])).await;

        assert!(matches!(stale, Err(Error::Stale(Concept::User))));
        assert_eq!(trail.committed(), None);
    }
}
