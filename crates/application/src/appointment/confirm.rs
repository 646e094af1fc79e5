//! Saying yes to an appointment.

use medilink_domain::id::AppointmentId;
use medilink_domain::policy::Action;

use super::{AppointmentView, Appointments};
use crate::call::{Call, Expected, Written};
use crate::error::Result;

impl Appointments {
    /// Says yes to an appointment, for the practice.
    ///
    /// # Errors
    ///
    /// - [`NotFound`](crate::Error::NotFound) if there is none by that id for the caller,
    ///   [`Forbidden`](crate::Error::Forbidden) if that is for the practice to say.
    /// - [`Stale`](crate::Error::Stale) if it is not the version that the caller expects.
    /// - [`Refused`](crate::Error::Refused) if a rule of
    ///   [`Appointment::confirm`](medilink_domain::appointment::Appointment::confirm) says no.
    pub async fn confirm(
        &self,
        call: &Call,
        id: AppointmentId,
        expected: Expected,
    ) -> Result<Written<AppointmentView>> {
        self.transition(call, Action::ConfirmAppointment, id, expected, |appointment, by, now| {
            appointment.confirm(by, now)
        })
        .await
    }
}
