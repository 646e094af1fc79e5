//! Reading one time slot.

use medilink_domain::id::TimeSlotId;
use medilink_domain::policy::Action;

use super::{TimeSlotView, TimeSlots};
use crate::call::{Call, Subject};
use crate::error::Result;

impl TimeSlots {
    /// Returns the slot.
    ///
    /// # Errors
    ///
    /// [`NotFound`](crate::Error::NotFound) if there is none by that id.
    pub async fn find(&self, call: &Call, id: TimeSlotId) -> Result<TimeSlotView> {
        const ACTION: Action = Action::ReadTimeSlot;
        let subject = Subject::of(id);
        let now = self.ports.clock.now();

        let slot = self.ports.store.queries().time_slots().find(id, now).await?;
        let slot = slot.ok_or_else(|| call.missing(ACTION, subject))?;

        call.may(ACTION, call.actor().relations_to_time_of(slot.doctor_id), subject)?;

        Ok(slot)
    }
}
