//! Reading one doctor's profile.

use medilink_domain::actor::Relations;
use medilink_domain::id::DoctorId;
use medilink_domain::policy::Action;

use super::{DoctorView, Doctors};
use crate::call::{Call, Subject};
use crate::error::Result;

impl Doctors {
    /// Returns the doctor.
    ///
    /// # Errors
    ///
    /// [`NotFound`](crate::Error::NotFound) if there is none by that id.
    pub async fn find(&self, call: &Call, id: DoctorId) -> Result<DoctorView> {
        const ACTION: Action = Action::ReadDoctor;
        let subject = Subject::of(id);

        call.may(ACTION, Relations::NONE, subject)?;

        let doctor = self.ports.store.queries().doctors().find(id).await?;
        doctor.ok_or_else(|| call.missing(ACTION, subject))
    }
}

#[cfg(test)]
mod tests {
    use medilink_domain::audit::Outcome;
    use medilink_domain::record::Concept;
    use medilink_domain::user::{Role, UserStatus};

    use super::*;
    use crate::call::Caller;
    use crate::error::Error;
    use crate::testing::{FakeClinic, Trail, a_caller, a_doctor, a_pending_doctor};

    fn an_empty_clinic() -> FakeClinic {
        let mut clinic = FakeClinic::default();
        clinic.queries.doctors.expect_find().returning(|_| Ok(None));
        clinic
    }

    async fn find(clinic: FakeClinic, by: Caller) -> (Result<DoctorView>, Trail) {
        let id = a_doctor().id;
        clinic.perform(by, async |app, call| app.doctors.find(call, id).await).await
    }

    #[tokio::test]
    async fn a_doctor_who_does_not_exist_is_missed_and_the_trail_knows() {
        let (missing, trail) = find(an_empty_clinic(), a_caller(Role::Patient)).await;

        let entry = &trail.recorded()[0];
        assert!(matches!(missing, Err(Error::NotFound(Concept::Doctor))));
        assert_eq!((entry.action, entry.outcome), (Action::ReadDoctor, Outcome::Denied));
        assert_eq!(entry.record, Some(a_doctor().id.into()));
    }

    #[tokio::test]
    async fn somebody_pending_is_told_the_same_as_anybody() {
        let (missing, _) = find(an_empty_clinic(), a_pending_doctor()).await;

        assert!(matches!(missing, Err(Error::NotFound(Concept::Doctor))));
    }

    #[tokio::test]
    async fn somebody_disabled_reaches_no_doctor() {
        let mut disabled = a_caller(Role::Admin);
        disabled.actor.status = UserStatus::Disabled;

        let (refused, _) = find(FakeClinic::default(), disabled).await;

        assert!(matches!(refused, Err(Error::Forbidden(Action::ReadDoctor))));
    }
}
