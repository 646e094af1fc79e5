//! Looking through the time slots.

use medilink_domain::actor::Relations;
use medilink_domain::id::DoctorId;
use medilink_domain::policy::Action;
use medilink_domain::time::Date;
use medilink_domain::zone::Bound;

use super::{TimeSlotSelection, TimeSlotView, TimeSlots};
use crate::call::{Call, Subject};
use crate::error::Result;
use crate::page::{Page, PageRequest};
use crate::range::instants;

/// Which time slots somebody wants to see.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TimeSlotFilter {
    /// Of this doctor only.
    pub doctor: Option<DoctorId>,
    /// Starting when.
    pub range: SlotRange,
    /// Those that can be booked, or those that cannot.
    pub available: Option<bool>,
}

/// When the slots of a list start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SlotRange {
    /// On this day, where the doctor is.
    On(Date),
    /// Then or later, and before then; a day is included.
    Between(Option<Bound>, Option<Bound>),
}

impl Default for SlotRange {
    fn default() -> Self {
        Self::Between(None, None)
    }
}

/// What somebody asks for when they look through the time slots.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ListTimeSlots {
    /// Which ones.
    pub filter: TimeSlotFilter,
    /// Which page.
    pub page: PageRequest,
}

impl TimeSlots {
    /// Returns a page of the time slots, the earliest first.
    ///
    /// # Errors
    ///
    /// [`Invalid`](crate::Error::Invalid) for a cursor of another list, or a day beyond the
    /// calendar.
    pub async fn list(&self, call: &Call, command: ListTimeSlots) -> Result<Page<TimeSlotView>> {
        const LIST: &str = "time slots";
        let ListTimeSlots { filter, page } = command;
        let now = self.ports.clock.now();

        call.may(Action::ListTimeSlots, Relations::NONE, Subject::NONE)?;

        let stretch = page.open(LIST, &*self.ports.cursors)?;
        let queries = self.ports.store.queries();
        let ends = match filter.range {
            SlotRange::On(day) => [("date", Some(Bound::Day(day))); 2],
            SlotRange::Between(from, to) => [("from", from), ("to", to)],
        };
        let default_zone = &self.settings.default_time_zone;
        let [from, to] = instants(&*queries, default_zone, filter.doctor, ends).await?;
        let selection =
            TimeSlotSelection { doctor: filter.doctor, from, to, available: filter.available, now };
        let found = queries.time_slots().list(&selection, &stretch).await?;

        Ok(found.seal(LIST, &*self.ports.cursors))
    }
}
