//! Publishing one time slot.

use medilink_domain::doctor::Doctor;
use medilink_domain::id::{DoctorId, TimeSlotId};
use medilink_domain::period::BookableTime;
use medilink_domain::policy::Action;
use medilink_domain::time::Date;
use medilink_domain::time_of_day::TimeOfDay;
use medilink_domain::time_slot::TimeSlot;

use super::{TimeSlotView, TimeSlots, publishing};
use crate::call::{Call, Subject, Written};
use crate::error::{Error, FieldErrors, Result};

/// What somebody asks for when they publish a stretch of time.
pub struct PublishTimeSlot {
    /// Whose time; `None` for one's own.
    pub doctor: Option<DoctorId>,
    /// When.
    pub time: SlotTime,
}

/// When a slot is to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SlotTime {
    /// At this very time.
    At(BookableTime),
    /// On a day, from one time of day to another, where the doctor is.
    On {
        /// The day.
        day: Date,
        /// From when.
        from: TimeOfDay,
        /// Until when.
        to: TimeOfDay,
    },
}

impl TimeSlots {
    /// Publishes a stretch of a doctor's time.
    ///
    /// # Errors
    ///
    /// - [`Forbidden`](crate::Error::Forbidden) unless it is one's own time, or an admin asks.
    /// - [`NotFound`](crate::Error::NotFound) if there is no such doctor.
    /// - [`Invalid`](crate::Error::Invalid) if the clock shows no such time, or not for as long.
    /// - [`Refused`](crate::Error::Refused) if another slot of the doctor overlaps.
    pub async fn publish(
        &self,
        call: &Call,
        command: PublishTimeSlot,
    ) -> Result<Written<TimeSlotView>> {
        let now = self.ports.clock.now();
        let id = TimeSlotId::new(self.ports.ids.next());

        let (doctor_id, permit) = publishing(call, command.doctor)?;

        let mut work = self.ports.store.begin().await?;
        if let Some(earlier) = call.reserve(&mut *work, id.as_uuid(), now).await? {
            let earlier = TimeSlotId::new(earlier);
            let missing = || call.missing(Action::ReadTimeSlot, Subject::of(earlier));
            let slot = work.time_slots().find(earlier).await?.ok_or_else(missing)?;
            let is_booked = work.appointments().is_booked(slot.doctor, slot.time.period()).await?;
            let relations = call.actor().relations_to_time_of(slot.doctor);
            let permit = call.may(Action::ReadTimeSlot, relations, Subject::of(earlier))?;
            work.commit(permit.audit(earlier, now)).await?;
            return Ok(Written::replayed(TimeSlotView::of(&slot, is_booked, now)));
        }
        let missing = || call.missing(Action::PublishTimeSlot, Subject::of(doctor_id));
        let doctor = work.doctors().lock(doctor_id).await?.ok_or_else(missing)?;

        let time = resolve(command.time, &doctor)?;
        let slot = TimeSlot::publish(id, doctor_id, time, call.actor().user, now);

        work.time_slots().insert(std::slice::from_ref(&slot), None).await?;
        let is_booked = work.appointments().is_booked(doctor_id, time.period()).await?;
        work.commit(permit.audit(id, now)).await?;

        Ok(Written::new(TimeSlotView::of(&slot, is_booked, now)))
    }
}

/// Finds the time that the clock of a doctor shows.
fn resolve(time: SlotTime, doctor: &Doctor) -> Result<BookableTime> {
    let (day, from, to) = match time {
        SlotTime::At(time) => return Ok(time),
        SlotTime::On { day, from, to } => (day, from, to),
    };
    let zone = &doctor.profile.time_zone;
    let instant = |field: &'static str, time| {
        let wrong =
            |message: &dyn std::fmt::Display| Error::Invalid(FieldErrors::of(field, message));
        zone.instant(day, time).map_err(|error| wrong(&error))?.ok_or_else(|| {
            wrong(&"the clocks change that day and show no such time; choose another")
        })
    };
    let (start, end) = (instant("start_time", from)?, instant("end_time", to)?);
    BookableTime::between(start, end)
        .map_err(|error| Error::Invalid(FieldErrors::of("end_time", error)))
}
