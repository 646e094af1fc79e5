//! Noting that a patient did not come.

use medilink_domain::id::AppointmentId;
use medilink_domain::policy::Action;
use medilink_domain::text::Reason;

use super::{AppointmentView, Appointments};
use crate::call::{Call, Expected, Written};
use crate::error::Result;

/// What somebody asks for when a patient did not come.
pub struct MarkNoShow {
    /// Which appointment.
    pub id: AppointmentId,
    /// Why.
    pub reason: Option<Reason>,
    /// The version that the caller has read.
    pub expected: Expected,
}

impl Appointments {
    /// Notes that the patient did not come.
    ///
    /// # Errors
    ///
    /// - [`NotFound`](crate::Error::NotFound) if there is none by that id for the caller,
    ///   [`Forbidden`](crate::Error::Forbidden) if that is for the practice to say.
    /// - [`Stale`](crate::Error::Stale) if it is not the version that the caller expects.
    /// - [`Refused`](crate::Error::Refused) if a rule of
    ///   [`Appointment::mark_no_show`](medilink_domain::appointment::Appointment::mark_no_show) says no.
    pub async fn mark_no_show(
        &self,
        call: &Call,
        command: MarkNoShow,
    ) -> Result<Written<AppointmentView>> {
        let MarkNoShow { id, reason, expected } = command;
        self.transition(call, Action::MarkNoShow, id, expected, |appointment, by, now| {
            appointment.mark_no_show(reason, by, now)
        })
        .await
    }
}
