//! Changing a user, as an administrator.

use medilink_domain::actor::Relations;
use medilink_domain::id::UserId;
use medilink_domain::policy::Action;
use medilink_domain::record::Concept;
use medilink_domain::user::{Role, UserChanges};

use super::{OwnProfile, Profile, UserView, Users, view};
use crate::call::{Call, Expected, Subject, Written};
use crate::error::Result;

impl Users {
    /// Changes a user's name, phone or role. Whoever gets a role that has a profile, and has never had
    /// one, gets a blank one. What was archived is theirs still, and comes back when it is restored. A
    /// new role holds from their next request on.
    ///
    /// # Errors
    ///
    /// - [`Forbidden`](crate::Error::Forbidden) unless an admin asks.
    /// - [`NotFound`](crate::Error::NotFound) if there is no such user.
    /// - [`Stale`](crate::Error::Stale) if it is not the version that the caller expects.
    /// - [`Refused`](crate::Error::Refused) for another role of the caller, or of the last active
    ///   administrator.
    pub async fn change(
        &self,
        call: &Call,
        id: UserId,
        changes: UserChanges,
        expected: Expected,
    ) -> Result<Written<UserView>> {
        const ACTION: Action = Action::ChangeUser;
        let subject = Subject::of(id);
        let now = self.ports.clock.now();

        let permit = call.may(ACTION, Relations::NONE, subject)?;

        let mut work = self.ports.store.begin().await?;
        let admins = work.users().lock_active_admins().await?;
        let user = work.users().lock(id).await?;
        let mut user = user.ok_or_else(|| call.missing(ACTION, subject))?;
        // No profile is made anew while one that was archived is still theirs.
        let own = work.users().profile_archived(id).await?;
        expected.check(Concept::User, user.revision.version)?;
        user.change(changes, call.actor().user, &admins, now)?;

        work.users().update(&user).await?;
        if let Some(missing) = self.missing_profile(user.role, own) {
            self.add_profile(&mut *work, &user, missing, now).await?;
        }
        let view = view(&mut *work, user).await?;
        work.commit(permit.audit(id, now)).await?;

        Ok(Written::new(view))
    }

    /// Returns a blank profile for somebody whose role has one that they lack.
    fn missing_profile(&self, role: Role, own: OwnProfile) -> Option<Profile> {
        match role {
            Role::Doctor if own.doctor.is_none() => Some(Profile::Doctor(Box::new(self.blank()))),
            Role::Patient if own.patient.is_none() => Some(Profile::Patient(Box::default())),
            Role::Pharmacy if own.pharmacy.is_none() => Some(Profile::Pharmacy(Box::default())),
            Role::Admin | Role::Coordinator | Role::Doctor | Role::Patient | Role::Pharmacy => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use medilink_domain::change::Change;
    use medilink_domain::user::UserStatus;

    use super::*;
    use crate::error::Error;
    use crate::testing::{FakeClinic, Trail, a_caller, a_doctor, a_patient, a_user};

    fn a_clinic(role: Role, own: OwnProfile) -> FakeClinic {
        a_clinic_with(role, own, own)
    }

    /// A clinic with a user who has these profiles in use, and these with what is archived.
    fn a_clinic_with(role: Role, own: OwnProfile, archived: OwnProfile) -> FakeClinic {
        let mut clinic = FakeClinic::default();
        let user = a_user(role, UserStatus::Active);
        let admins = vec![user.id];
        clinic.work.users.expect_lock_active_admins().return_once(|| Ok(admins));
        clinic.work.users.expect_lock().return_once(|_| Ok(Some(user)));
        clinic.work.users.expect_profile().returning(move |_| Ok(own));
        clinic.work.users.expect_profile_archived().returning(move |_| Ok(archived));
        clinic.work.users.expect_update().returning(|_| Ok(()));
        clinic
    }

    async fn become_a(
        role: Role,
        clinic: FakeClinic,
        by: Role,
    ) -> (Result<Written<UserView>>, Trail) {
        let id = a_user(Role::Doctor, UserStatus::Active).id;
        let changes = UserChanges { role: Change::Set(role), ..UserChanges::default() };
        clinic
            .perform(a_caller(by), async |app, call| {
                app.users.change(call, id, changes, Expected::Any).await
            })
            .await
    }

    #[tokio::test]
    async fn a_new_role_comes_with_the_profile_that_is_lacking() {
        let mut clinic = a_clinic(Role::Coordinator, OwnProfile::default());
        let own = a_user(Role::Coordinator, UserStatus::Active).id;
        let insert = clinic.work.doctors.expect_insert();
        insert.withf(move |doctor| doctor.user == Some(own)).times(1).returning(|_| Ok(()));

        let (changed, trail) = become_a(Role::Doctor, clinic, Role::Admin).await;

        assert_eq!(changed.ok().unwrap().record.role, Role::Doctor);
        assert_eq!(trail.committed().unwrap().action, Action::ChangeUser);
    }

    #[tokio::test]
    async fn a_profile_that_is_there_is_kept() {
        let own = OwnProfile { doctor: Some(a_doctor().id), ..OwnProfile::default() };

        let (changed, _) = become_a(Role::Doctor, a_clinic(Role::Patient, own), Role::Admin).await;

        assert_eq!(changed.ok().unwrap().record.doctor_id, own.doctor);
    }

    #[tokio::test]
    async fn what_was_archived_neither_comes_back_with_the_role_nor_is_made_again() {
        let archived = OwnProfile {
            doctor: Some(a_doctor().id),
            patient: Some(a_patient().id),
            ..OwnProfile::default()
        };
        for role in [Role::Doctor, Role::Patient] {
            let clinic = a_clinic_with(Role::Coordinator, OwnProfile::default(), archived);

            let (changed, _) = become_a(role, clinic, Role::Admin).await;

            let changed = changed.ok().unwrap().record;
            assert_eq!((changed.doctor_id, changed.patient_id), (None, None), "{role}");
        }
    }

    #[tokio::test]
    async fn the_last_active_administrator_stays_one() {
        let clinic = a_clinic(Role::Admin, OwnProfile::default());

        let (refused, trail) = become_a(Role::Coordinator, clinic, Role::Admin).await;

        let Err(Error::Refused(refusal)) = refused else { panic!("nobody is left") };
        assert_eq!(refusal.code().as_str(), "last-admin");
        assert_eq!(trail.committed(), None);
    }

    #[tokio::test]
    async fn nobody_but_an_admin_changes_anybody() {
        for role in [Role::Doctor, Role::Coordinator, Role::Pharmacy, Role::Patient] {
            let (refused, _) = become_a(Role::Admin, FakeClinic::default(), role).await;

            assert!(matches!(refused, Err(Error::Forbidden(Action::ChangeUser))), "{role}");
        }
    }
}
