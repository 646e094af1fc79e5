//! Saying anew what an appointment is about.

use medilink_domain::appointment::AppointmentChanges;
use medilink_domain::id::AppointmentId;
use medilink_domain::policy::Action;
use medilink_domain::record::Concept;

use super::{AppointmentView, Appointments, Loaded, load, show};
use crate::call::{Call, Expected};
use crate::error::Result;

/// What somebody asks for when they change what an appointment says.
pub struct ChangeAppointment {
    /// Which appointment.
    pub id: AppointmentId,
    /// What is to become of it.
    pub changes: AppointmentChanges,
    /// The version that the caller has read.
    pub expected: Expected,
}

impl Appointments {
    /// Changes why the patient comes, or what else there is to know. Its time is changed by
    /// [`reschedule`](Self::reschedule).
    ///
    /// # Errors
    ///
    /// - [`NotFound`](crate::Error::NotFound) if there is none by that id for the caller.
    /// - [`Stale`](crate::Error::Stale) if it is not the version that the caller expects.
    pub async fn change(&self, call: &Call, command: ChangeAppointment) -> Result<AppointmentView> {
        let ChangeAppointment { id, changes, expected } = command;
        let now = self.ports.clock.now();

        let mut work = self.ports.store.begin().await?;
        let Loaded { mut appointment, doctor, patient, permit } =
            load(call, &mut *work, id, Action::ChangeAppointment).await?;

        expected.check(Concept::Appointment, appointment.revision.version)?;
        appointment.describe(changes, now);

        work.appointments().describe(&appointment).await?;
        work.commit(permit.audit(id, now)).await?;

        Ok(show(appointment, &doctor, &patient))
    }
}

#[cfg(test)]
mod tests {
    use medilink_domain::appointment::AppointmentStatus;
    use medilink_domain::change::Change;
    use medilink_domain::text::Reason;
    use medilink_domain::user::Role;

    use super::*;
    use crate::call::Caller;
    use crate::error::Error;
    use crate::testing::{
        FakeClinic, Trail, a_caller, a_doctor, a_patient, a_stranger, an_appointment,
    };

    async fn change(by: Caller, expected: Expected) -> (Result<AppointmentView>, Trail) {
        let mut clinic = FakeClinic::default();
        let found = |_| Ok(Some(an_appointment(AppointmentStatus::Confirmed)));
        clinic.work.appointments.expect_find().returning(found);
        clinic.work.doctors.expect_lock_archived().returning(|_| Ok(Some(a_doctor())));
        clinic.work.patients.expect_lock_archived().returning(|_| Ok(Some(a_patient())));
        clinic.work.appointments.expect_lock().returning(found);
        clinic.work.appointments.expect_describe().returning(|_| Ok(()));
        let id = an_appointment(AppointmentStatus::Confirmed).id;
        let reason = Change::Set(Reason::parse("Still coughing").ok());
        let changes = AppointmentChanges { reason, ..AppointmentChanges::default() };
        let command = ChangeAppointment { id, changes, expected };
        clinic.perform(by, async |app, call| app.appointments.change(call, command).await).await
    }

    #[tokio::test]
    async fn what_it_says_changes_and_where_it_stands_does_not() {
        let (changed, trail) = change(a_caller(Role::Patient), Expected::OneOf(vec![1])).await;

        let changed = changed.ok().unwrap();
        assert_eq!(changed.reason.as_deref(), Some("Still coughing"));
        assert_eq!((changed.status, changed.version), (AppointmentStatus::Confirmed, 2));
        assert_eq!(trail.committed().unwrap().action, Action::ChangeAppointment);
    }

    #[tokio::test]
    async fn another_version_than_the_caller_has_read_is_left_alone() {
        let (stale, trail) = change(a_caller(Role::Doctor), Expected::OneOf(vec![7])).await;

        assert!(matches!(stale, Err(Error::Stale(Concept::Appointment))));
        assert_eq!(trail.committed(), None);
    }

    #[tokio::test]
    async fn a_stranger_does_not_find_it() {
        let (hidden, _) = change(a_stranger(Role::Doctor), Expected::Any).await;

        assert!(matches!(hidden, Err(Error::NotFound(Concept::Appointment))));
    }
}
