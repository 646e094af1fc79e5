//! Blocking a time slot, and letting it be booked again.

use medilink_domain::id::TimeSlotId;
use medilink_domain::policy::Action;

use super::{TimeSlotView, TimeSlots, load};
use crate::call::{Call, Expected};
use crate::error::Result;

/// What somebody asks for when they block a slot.
pub struct BlockTimeSlot {
    /// Which slot.
    pub id: TimeSlotId,
    /// Whether nobody is to book it.
    pub blocked: bool,
    /// The version that the caller has read.
    pub expected: Expected,
}

impl TimeSlots {
    /// Keeps others from booking a slot, or lets them again. What is booked already stays.
    ///
    /// # Errors
    ///
    /// - [`NotFound`](crate::Error::NotFound) if there is none by that id,
    ///   [`Forbidden`](crate::Error::Forbidden) if it is another doctor's.
    /// - [`Stale`](crate::Error::Stale) if it is not the version that the caller expects.
    pub async fn block(&self, call: &Call, command: BlockTimeSlot) -> Result<TimeSlotView> {
        let BlockTimeSlot { id, blocked, expected } = command;
        let now = self.ports.clock.now();

        let mut work = self.ports.store.begin().await?;
        let (mut slot, permit) =
            load(call, &mut *work, id, (Action::BlockTimeSlot, &expected)).await?;

        let version = slot.revision.version;
        slot.block(blocked, now);

        if slot.revision.version != version {
            work.time_slots().update(&slot).await?;
        }
        let is_booked = work.appointments().is_booked(slot.doctor, slot.time.period()).await?;
        work.commit(permit.audit(id, now)).await?;

        Ok(TimeSlotView::of(&slot, is_booked, now))
    }
}
