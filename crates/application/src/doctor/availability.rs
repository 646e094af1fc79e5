//! Looking for the free times of a doctor.

use chrono::TimeDelta;
use medilink_domain::actor::Relations;
use medilink_domain::availability::{FreeTime, Opening};
use medilink_domain::id::DoctorId;
use medilink_domain::period::Period;
use medilink_domain::policy::Action;
use medilink_domain::record::Record;
use medilink_domain::time::Timestamp;
use medilink_domain::user::Role;
use medilink_domain::zone::{Bound, Zone};

use super::{DoctorView, Doctors};
use crate::availability::{FreeTimeView, Search, lasting_until};
use crate::call::{Call, Subject};
use crate::error::{Error, FieldErrors, Result, StoreError};
use crate::page::{Found, List, Page, PageRequest, Position, Stretch};

/// Which free times somebody looks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FindAvailability {
    /// Whose.
    pub doctor: DoctorId,
    /// Starting then or later; `None` for now.
    pub from: Option<Bound>,
    /// Starting before then; a day is included. `None` for a week.
    pub to: Option<Bound>,
    /// How long each is to be.
    pub length: TimeDelta,
    /// Which page.
    pub page: PageRequest,
}

impl FindAvailability {
    /// How many days one call looks at, at the most: the six weeks that a month touches.
    pub const DAYS: i64 = 42;
}

impl Doctors {
    /// Returns a page of the times of a doctor that are free, the earliest first. Each of them can be
    /// booked as it is, by whoever may book the doctor, for a patient who is free.
    ///
    /// # Errors
    ///
    /// - [`NotFound`](crate::Error::NotFound) if there is no such doctor.
    /// - [`Invalid`](crate::Error::Invalid) for a cursor of another list, or a range that ends before
    ///   it starts, is too long, or lies beyond the calendar.
    pub async fn availability(
        &self,
        call: &Call,
        command: FindAvailability,
    ) -> Result<Page<FreeTimeView>> {
        const ACTION: Action = Action::ReadDoctor;
        let FindAvailability { doctor: id, from, to, length, page } = command;
        let subject = Subject::of(id);
        let now = self.ports.clock.now();

        call.may(ACTION, Relations::NONE, subject)?;

        let stretch = page.open(List::Availability(id), &*self.ports.cursors)?;
        let queries = self.ports.store.queries();
        let doctor = queries.doctors().find(id).await?;
        let doctor = doctor.ok_or_else(|| call.missing(ACTION, subject))?;
        let zone = zone(&doctor)?;
        let range = range(from, to, &zone, now)?;
        // What has begun is not offered.
        let within = Period::new(range.starts_at().max(now), range.ends_at()).ok();
        let Some(within) = within.filter(|_| doctor.is_available) else {
            return Ok(page_of(Vec::new(), id, &stretch)?
                .seal(List::Availability(id), &*self.ports.cursors));
        };

        let days = zone.days(within).map_err(|error| wrong("to", error))?;
        let days = days.into_iter().map(|time| Opening { time, slot: None }).collect();
        let read = lasting_until(within, length);
        let booked = queries.appointments().booked_of_doctor(id, read).await?;
        let taken = booked.into_iter().map(|(_, time)| time).collect();
        // What patients may book, everybody may.
        let keeps_to_slots = doctor.terms().keep_to_slots(Role::Patient);
        let search = Search { queries: &*queries, doctor: id, keeps_to_slots, now };
        let availability = search.read(read, days, taken).await?;
        let free = availability.times(length, within).collect();

        Ok(page_of(free, id, &stretch)?.seal(List::Availability(id), &*self.ports.cursors))
    }
}

/// Reads the zone of a doctor's dates.
fn zone(doctor: &DoctorView) -> Result<Zone, StoreError> {
    Zone::parse(&doctor.time_zone).map_err(|_| StoreError::Corrupt(Record::from(doctor.id)))
}

/// Finds the stretch of time in which what is looked for starts.
fn range(from: Option<Bound>, to: Option<Bound>, zone: &Zone, now: Timestamp) -> Result<Period> {
    // A day more than that has an hour more where clocks go back.
    let longest = TimeDelta::days(FindAvailability::DAYS) + TimeDelta::hours(1);
    let mut errors = FieldErrors::default();
    let from = match from {
        Some(bound) => bound.start(zone).map_err(|error| errors.add("from", error)).ok(),
        None => Some(now),
    };
    let to = match to {
        Some(bound) => bound.end(zone).map_err(|error| errors.add("to", error)).ok(),
        None => from.map(|from| from.saturating_add(TimeDelta::weeks(1))),
    };
    let (Some(from), Some(to)) = (from, to) else { return Err(Error::Invalid(errors)) };
    let range = Period::new(from, to).map_err(|error| wrong("to", error))?;
    if longest < range.length() {
        let days = FindAvailability::DAYS;
        return Err(wrong("to", format!("choose at most {days} days")));
    }
    Ok(range)
}

fn wrong(field: &str, message: impl std::fmt::Display) -> Error {
    Error::Invalid(FieldErrors::of(field, message))
}

/// Cuts a page out of all that is free.
fn page_of(
    free: Vec<FreeTime>,
    doctor: DoctorId,
    stretch: &Stretch,
) -> Result<Found<FreeTimeView>, StoreError> {
    let total = stretch.count.then(|| u64::try_from(free.len()).unwrap_or(u64::MAX));
    let after = match &stretch.after {
        Some(position) => {
            let corrupt = |_| StoreError::Corrupt(Record::from(doctor));
            Some(Timestamp::parse(&position.key).map_err(corrupt)?)
        }
        None => None,
    };
    let limit = usize::try_from(stretch.limit.get()).unwrap_or(usize::MAX);
    let mut behind = free.into_iter().filter(|it| after < Some(it.time.starts_at()));
    let items: Vec<FreeTimeView> = behind.by_ref().take(limit).map(Into::into).collect();
    let goes_on = behind.next().is_some();
    let last = items.last().filter(|_| goes_on);
    let last = last.map(|it| Position { key: it.starts_at.to_string(), id: doctor.as_uuid() });
    Ok(Found { items, last, total })
}
