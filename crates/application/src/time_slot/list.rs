//! Looking through the time slots.

use medilink_domain::actor::Relations;
use medilink_domain::id::DoctorId;
use medilink_domain::policy::Action;
use medilink_domain::time::{Date, TimeError, Timestamp};
use medilink_domain::zone::{Bound, Zone};

use super::{TimeSlotSelection, TimeSlotView, TimeSlots};
use crate::call::{Call, Subject};
use crate::error::{Error, FieldErrors, Result};
use crate::page::{Page, PageRequest};

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
        let zone = self.zone(filter.doctor).await?;
        let (from, to) = match filter.range {
            SlotRange::On(day) => {
                let day = Bound::Day(day);
                (
                    instant("date", Some(day), |it| it.start(&zone))?,
                    instant("date", Some(day), |it| it.end(&zone))?,
                )
            }
            SlotRange::Between(from, to) => (
                instant("from", from, |it| it.start(&zone))?,
                instant("to", to, |it| it.end(&zone))?,
            ),
        };
        let selection =
            TimeSlotSelection { doctor: filter.doctor, from, to, available: filter.available, now };
        let found = self.ports.store.queries().time_slots().list(&selection, &stretch).await?;

        Ok(found.seal(LIST, &*self.ports.cursors))
    }

    /// Returns the zone of days: the doctor's, or the installation's.
    async fn zone(&self, doctor: Option<DoctorId>) -> Result<Zone> {
        if let Some(doctor) = doctor
            && let Some(zone) = self.ports.store.queries().doctors().time_zone(doctor).await?
        {
            return Ok(zone);
        }
        Ok(self.settings.default_time_zone.clone())
    }
}

fn instant(
    field: &str,
    bound: Option<Bound>,
    convert: impl FnOnce(Bound) -> Result<Timestamp, TimeError>,
) -> Result<Option<Timestamp>> {
    bound.map(convert).transpose().map_err(|error| Error::Invalid(FieldErrors::of(field, error)))
}
