//! Calling an appointment off.

use medilink_domain::id::AppointmentId;
use medilink_domain::policy::Action;
use medilink_domain::record::Concept;
use medilink_domain::text::VisitReason;

use super::{AppointmentView, Appointments, Loaded, load, repeat};
use crate::call::{Call, Expected, Written};
use crate::error::Result;

/// What somebody asks for when they cancel.
pub struct CancelAppointment {
    /// Which appointment.
    pub id: AppointmentId,
    /// Why.
    pub reason: Option<VisitReason>,
    /// The version that the caller has read.
    pub expected: Expected,
}

impl Appointments {
    /// Calls an appointment off, which frees its time.
    ///
    /// # Errors
    ///
    /// - [`NotFound`](crate::Error::NotFound) if there is none by that id for the caller.
    /// - [`Stale`](crate::Error::Stale) if it is not the version that the caller expects.
    /// - [`Refused`](crate::Error::Refused) if a rule of
    ///   [`Appointment::cancel`](medilink_domain::appointment::Appointment::cancel) says no.
    pub async fn cancel(
        &self,
        call: &Call,
        command: CancelAppointment,
    ) -> Result<Written<AppointmentView>> {
        let CancelAppointment { id, reason, expected } = command;
        let now = self.ports.clock.now();

        let mut work = self.ports.store.begin().await?;
        if call.claim(&mut *work, id.as_uuid(), now).await?.is_some() {
            return repeat(call, work, id, now).await;
        }
        let Loaded { mut appointment, doctor, patient, permit } =
            load(call, &mut *work, id, Action::CancelAppointment).await?;

        expected.check(Concept::Appointment, appointment.version)?;
        let cancelled = appointment.cancel(reason, call.actor(), now)?;

        work.appointments().update(&appointment, &cancelled).await?;
        work.commit(permit.audit(id, now)).await?;

        Ok(Written::now(AppointmentView::of(appointment, &doctor, &patient)))
    }
}
