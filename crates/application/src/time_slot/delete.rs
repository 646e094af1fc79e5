//! Taking a time slot back.

use medilink_domain::id::TimeSlotId;
use medilink_domain::policy::Action;

use super::{TimeSlots, load};
use crate::call::{Call, Expected};
use crate::error::Result;

impl TimeSlots {
    /// Takes a slot back that nobody has booked.
    ///
    /// # Errors
    ///
    /// - [`NotFound`](crate::Error::NotFound) if there is none by that id,
    ///   [`Forbidden`](crate::Error::Forbidden) if it is another doctor's.
    /// - [`Stale`](crate::Error::Stale) if it is not the version that the caller expects.
    /// - [`Refused`](crate::Error::Refused) if an active appointment overlaps it.
    pub async fn delete(&self, call: &Call, id: TimeSlotId, expected: Expected) -> Result<()> {
        let now = self.ports.clock.now();

        let mut work = self.ports.store.begin().await?;
        let (slot, permit) =
            load(call, &mut *work, id, (Action::DeleteTimeSlot, &expected)).await?;

        let is_booked = work.appointments().is_booked(slot.doctor, slot.time.period()).await?;
        slot.check_deletable(is_booked)?;

        work.time_slots().delete(id).await?;
        work.commit(permit.audit(id, now)).await?;

        Ok(())
    }
}
