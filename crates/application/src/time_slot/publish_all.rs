//! Publishing all the time slots of a schedule.

use medilink_domain::id::{DoctorId, TimeSlotId};
use medilink_domain::period::{BookableTime, Period};
use medilink_domain::policy::Action;
use medilink_domain::schedule::{Planned, Schedule};
use medilink_domain::time::{TimeError, Timestamp};
use medilink_domain::time_slot::TimeSlot;

use super::{PublishedView, SkipReason, SkippedView, TimeSlotView, TimeSlots, publishing};
use crate::call::{Call, Subject, Written};
use crate::error::{Error, FieldErrors, Result, StoreError};
use crate::store::UnitOfWork;

/// What somebody asks for when they publish a schedule.
pub struct PublishTimeSlots {
    /// Whose time; `None` for one's own.
    pub doctor: Option<DoctorId>,
    /// Which days and hours.
    pub schedule: Schedule,
}

impl TimeSlots {
    /// Publishes every slot of a schedule that overlaps none that is there, and says which were
    /// left out.
    ///
    /// # Errors
    ///
    /// - [`Forbidden`](crate::Error::Forbidden) unless it is one's own time, or an admin asks.
    /// - [`NotFound`](crate::Error::NotFound) if there is no such doctor.
    /// - [`Invalid`](crate::Error::Invalid) beyond the calendar.
    pub async fn publish_all(
        &self,
        call: &Call,
        command: PublishTimeSlots,
    ) -> Result<Written<PublishedView>> {
        let now = self.ports.clock.now();
        let batch = self.ports.ids.next();

        let (doctor_id, permit) = publishing(call, command.doctor)?;

        let mut work = self.ports.store.begin().await?;
        let earlier = call.reserve(&mut *work, batch, now).await?;
        let missing = || call.missing(Action::PublishTimeSlot, Subject::of(doctor_id));
        let doctor = work.doctors().lock(doctor_id).await?.ok_or_else(missing)?;

        let plan = command.schedule.plan(&doctor.profile.time_zone).map_err(out_of_range)?;
        let taken = match span(&plan) {
            Some(span) => work.time_slots().overlapping(doctor_id, span).await?,
            None => Vec::new(),
        };
        if let Some(batch) = earlier {
            let slots = work.time_slots().of_batch(batch).await?;
            let published = show(&mut *work, &slots, &skipped(&plan, &taken, &slots), now).await?;
            work.commit(permit.audit(doctor_id, now)).await?;
            return Ok(Written::replayed(published));
        }
        let free = plan.iter().filter_map(|it| it.time).filter(|time| !overlaps(&taken, *time));
        let slots: Vec<_> = free
            .map(|time| {
                let id = TimeSlotId::new(self.ports.ids.next());
                TimeSlot::publish(id, doctor_id, time, call.actor().user, now)
            })
            .collect();

        work.time_slots().insert(&slots, Some(batch)).await?;
        let published = show(&mut *work, &slots, &skipped(&plan, &taken, &slots), now).await?;
        work.commit(permit.audit(doctor_id, now)).await?;

        Ok(Written::new(published))
    }
}

fn out_of_range(error: TimeError) -> Error {
    Error::Invalid(FieldErrors::of("to_date", error))
}

/// Returns the time from the first slot of a plan to the last.
fn span(plan: &[Planned]) -> Option<Period> {
    let mut times = plan.iter().filter_map(|it| it.time);
    let first = times.next()?;
    let last = times.next_back().unwrap_or(first);
    Period::new(first.starts_at(), last.ends_at()).ok()
}

fn overlaps(taken: &[(Period, bool)], time: BookableTime) -> bool {
    taken.iter().any(|(slot, _)| slot.overlaps(time.period()))
}

/// Says which slots of a plan were left out, given those that were in the way and those that were
/// published.
fn skipped(plan: &[Planned], taken: &[(Period, bool)], slots: &[TimeSlot]) -> Vec<SkippedView> {
    plan.iter()
        .filter_map(|planned| match planned.time {
            None => Some(SkippedView::of(planned, SkipReason::ClocksChange)),
            Some(time) => {
                let is_published = slots.iter().any(|slot| slot.time == time);
                (!is_published && overlaps(taken, time))
                    .then(|| SkippedView::of(planned, SkipReason::Overlaps))
            }
        })
        .collect()
}

async fn show(
    work: &mut dyn UnitOfWork,
    slots: &[TimeSlot],
    skipped: &[SkippedView],
    now: Timestamp,
) -> Result<PublishedView, StoreError> {
    let mut created = Vec::with_capacity(slots.len());
    let booked = match (slots.first(), slots.last()) {
        (Some(first), Some(last)) => {
            work.appointments()
                .booked(first.doctor, first.time.starts_at(), last.time.ends_at())
                .await?
        }
        _ => Vec::new(),
    };
    for slot in slots {
        let is_booked = booked.iter().any(|time| time.overlaps(slot.time.period()));
        created.push(TimeSlotView::of(slot, is_booked, now));
    }
    Ok(PublishedView { created, skipped: skipped.to_vec() })
}
