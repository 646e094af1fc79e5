//! What all changes of an appointment's status have in common.

use medilink_domain::actor::Actor;
use medilink_domain::appointment::{Appointment, AppointmentChange, AppointmentError};
use medilink_domain::id::AppointmentId;
use medilink_domain::policy::Action;
use medilink_domain::record::Concept;
use medilink_domain::time::Timestamp;

use super::{AppointmentView, Appointments, Loaded, load, replay, show};
use crate::call::{Call, Expected, Written};
use crate::error::Result;

impl Appointments {
    /// Loads an appointment, changes where it stands as the domain says, and keeps the change with
    /// its line of the history.
    pub(super) async fn transition(
        &self,
        call: &Call,
        action: Action,
        id: AppointmentId,
        expected: Expected,
        change: impl FnOnce(
            &mut Appointment,
            &Actor,
            Timestamp,
        ) -> Result<AppointmentChange, AppointmentError>,
    ) -> Result<Written<AppointmentView>> {
        let now = self.ports.clock.now();

        let mut work = self.ports.store.begin().await?;
        if call.reserve(&mut *work, id.as_uuid(), now).await?.is_some() {
            return replay(call, work, id, now).await;
        }
        let Loaded { mut appointment, doctor, patient, permit } =
            load(call, &mut *work, id, action).await?;

        expected.check(Concept::Appointment, appointment.revision.version)?;
        let changed = change(&mut appointment, call.actor(), now)?;

        work.appointments().update(&appointment, &changed).await?;
        work.commit(permit.audit(id, now)).await?;

        Ok(Written::new(show(appointment, &doctor, &patient)))
    }
}

#[cfg(test)]
mod tests {
    use medilink_domain::appointment::AppointmentStatus;
    use medilink_domain::audit::Outcome;
    use medilink_domain::user::Role;

    use super::*;
    use crate::Application;
    use crate::appointment::MarkNoShow;
    use crate::call::Caller;
    use crate::error::Error;
    use crate::testing::{
        FakeClinic, Trail, a_caller, a_doctor, a_patient, an_appointment, an_appointment_of_today,
        the_creator,
    };

    /// What the practice says of an appointment on the day.
    const OF_THE_PRACTICE: [Action; 5] = [
        Action::ConfirmAppointment,
        Action::CheckInAppointment,
        Action::StartAppointment,
        Action::CompleteAppointment,
        Action::MarkNoShow,
    ];

    async fn act(
        application: &Application,
        call: &Call,
        action: Action,
    ) -> Result<Written<AppointmentView>> {
        let id = an_appointment(AppointmentStatus::Scheduled).id;
        let (appointments, expected) = (&application.appointments, Expected::OneOf(vec![1]));
        if action == Action::ConfirmAppointment {
            appointments.confirm(call, id, expected).await
        } else if action == Action::CheckInAppointment {
            appointments.check_in(call, id, expected).await
        } else if action == Action::StartAppointment {
            appointments.start(call, id, expected).await
        } else if action == Action::CompleteAppointment {
            appointments.complete(call, id, expected).await
        } else {
            appointments.mark_no_show(call, MarkNoShow { id, reason: None, expected }).await
        }
    }

    async fn perform(
        by: Caller,
        status: AppointmentStatus,
        action: Action,
    ) -> (Result<Written<AppointmentView>>, Trail) {
        let mut clinic = FakeClinic::default();
        let found = move |_| Ok(Some(an_appointment_of_today(status)));
        clinic.work.appointments.expect_find().returning(found);
        clinic.work.doctors.expect_lock_archived().returning(|_| Ok(Some(a_doctor())));
        clinic.work.patients.expect_lock_archived().returning(|_| Ok(Some(a_patient())));
        clinic.work.appointments.expect_lock().returning(found);
        clinic.work.appointments.expect_update().returning(|_, _| Ok(()));
        clinic.perform(by, async |app, call| act(app, call, action).await).await
    }

    #[tokio::test]
    async fn each_change_is_committed_under_its_own_name() {
        for action in OF_THE_PRACTICE {
            let (changed, trail) =
                perform(a_caller(Role::Doctor), AppointmentStatus::Scheduled, action).await;

            let changed = changed.ok().unwrap().record;
            let entry = trail.committed().unwrap();
            assert_ne!(changed.status, AppointmentStatus::Scheduled, "{action}");
            assert_eq!((entry.action, entry.outcome), (action, Outcome::Done));
            assert_eq!(entry.patient, Some(a_patient().id));
        }
    }

    #[tokio::test]
    async fn patients_and_coordinators_do_not_speak_for_the_practice() {
        for action in OF_THE_PRACTICE {
            for caller in [a_caller(Role::Patient), the_creator(Role::Coordinator)] {
                let (refused, trail) = perform(caller, AppointmentStatus::Scheduled, action).await;

                assert!(matches!(refused, Err(Error::Forbidden(_))), "{action}");
                assert_eq!(trail.recorded()[0].outcome, Outcome::Denied, "{action}");
                assert_eq!(trail.committed(), None, "{action}");
            }
        }
    }

    #[tokio::test]
    async fn what_the_table_does_not_allow_is_refused_and_leaves_nothing() {
        for action in OF_THE_PRACTICE {
            let (refused, trail) =
                perform(a_caller(Role::Admin), AppointmentStatus::Cancelled, action).await;

            let Err(Error::Refused(refusal)) = refused else { panic!("{action} was done") };
            assert_eq!(refusal.code().as_str(), "appointment-refused");
            assert_eq!(trail.committed(), None);
        }
    }
}
