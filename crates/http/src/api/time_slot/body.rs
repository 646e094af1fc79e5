//! What is sent of a time slot or a schedule.

use medilink_application::error::FieldErrors;
use medilink_application::time_slot::{PublishTimeSlot, PublishTimeSlots, SlotTime};
use medilink_application::{Error, Result};
use medilink_domain::id::DoctorId;
use medilink_domain::period::BookableTime;
use medilink_domain::schedule::{DayOfWeek, Hours, Schedule, ScheduleError};
use medilink_domain::time::{Date, Timestamp};
use medilink_domain::time_of_day::TimeOfDay;
use serde::Deserialize;
use serde_json::Value;
use utoipa::ToSchema;

use crate::field::{Field, Rest, read};

/// What to send to publish a stretch of time: `starts_at` and `ends_at`, or a `date` with
/// `start_time` and `end_time`, which are those of the doctor's time zone.
#[derive(Deserialize, ToSchema)]
pub(super) struct PublishTimeSlotBody {
    /// Whose time. Doctors publish their own, and need not say so.
    #[serde(default)]
    #[schema(value_type = Option<DoctorId>)]
    doctor_id: Field<String>,
    /// From when.
    #[serde(default)]
    #[schema(value_type = Option<Timestamp>)]
    starts_at: Field<String>,
    /// Until when: 5 minutes to 12 hours later.
    #[serde(default)]
    #[schema(value_type = Option<Timestamp>)]
    ends_at: Field<String>,
    /// Or on which day.
    #[serde(default)]
    #[schema(value_type = Option<Date>)]
    date: Field<String>,
    /// From which time of day.
    #[serde(default)]
    #[schema(value_type = Option<TimeOfDay>)]
    start_time: Field<String>,
    /// Until which time of day; `24:00` is the end of it.
    #[serde(default)]
    #[schema(value_type = Option<TimeOfDay>)]
    end_time: Field<String>,
    #[serde(flatten)]
    #[schema(ignore)]
    unknown: Rest,
}

/// What to send to publish a schedule. Days and times of day are those of the doctor's time zone.
#[derive(Deserialize, ToSchema)]
pub(super) struct PublishTimeSlotsBody {
    /// Whose time. Doctors publish their own, and need not say so.
    #[serde(default)]
    #[schema(value_type = Option<DoctorId>)]
    doctor_id: Field<String>,
    /// The first day.
    #[serde(default)]
    #[schema(value_type = Date, required = true)]
    from_date: Field<String>,
    /// The last day, at most 92 days in all.
    #[serde(default)]
    #[schema(value_type = Date, required = true)]
    to_date: Field<String>,
    /// When each day begins.
    #[serde(default)]
    #[schema(value_type = TimeOfDay, required = true)]
    start_time: Field<String>,
    /// When each day is over; `24:00` is the end of it.
    #[serde(default)]
    #[schema(value_type = TimeOfDay, required = true)]
    end_time: Field<String>,
    /// How long each slot is: 5 to 720 minutes. At most 500 slots at once.
    #[serde(default)]
    #[schema(value_type = i64, required = true, minimum = 5, maximum = 720)]
    slot_minutes: Field<i64>,
    /// Which days of the week; all unless named.
    #[serde(default)]
    #[schema(value_type = Option<Vec<DayOfWeek>>)]
    weekdays: Field<Vec<Value>>,
    /// What to leave out of each day; after a break, slots begin at its end.
    #[serde(default)]
    #[schema(value_type = Option<Vec<Break>>)]
    breaks: Field<Vec<Value>>,
    #[serde(flatten)]
    #[schema(ignore)]
    unknown: Rest,
}

/// A part of each day that is left out.
#[derive(Deserialize, ToSchema)]
struct Break {
    /// When it begins.
    #[serde(default)]
    #[schema(value_type = TimeOfDay, required = true)]
    start_time: Field<String>,
    /// When it is over.
    #[serde(default)]
    #[schema(value_type = TimeOfDay, required = true)]
    end_time: Field<String>,
    #[serde(flatten)]
    #[schema(ignore)]
    unknown: Rest,
}

/// What to send to block a slot, or to let it be booked again.
#[derive(Deserialize, ToSchema)]
pub(super) struct BlockTimeSlotBody {
    /// Whether nobody is to book it.
    #[serde(default)]
    #[schema(value_type = bool, required = true)]
    blocked: Field<bool>,
    #[serde(flatten)]
    #[schema(ignore)]
    unknown: Rest,
}

impl PublishTimeSlotBody {
    pub(super) fn command(self) -> Result<PublishTimeSlot> {
        let mut errors = FieldErrors::default();
        let doctor = read!(self.doctor_id.optional(&mut errors, str::parse));
        let of_a_day =
            [&self.date, &self.start_time, &self.end_time].iter().any(|it| !it.is_missing());
        let of_instants = [&self.starts_at, &self.ends_at].iter().any(|it| !it.is_missing());
        if of_a_day && of_instants {
            errors.add("date", "give either this or starts_at and ends_at");
        }
        let time = if of_a_day {
            let day = read!(self.date.required(&mut errors, Date::parse));
            let from = read!(self.start_time.required(&mut errors, TimeOfDay::parse));
            let to = read!(self.end_time.required(&mut errors, TimeOfDay::parse));
            day.zip(from.zip(to)).and_then(|(day, (from, to))| {
                Hours::new(from, to).map_err(|error| errors.add("end_time", error)).ok()?;
                Some(SlotTime::On { day, from, to })
            })
        } else {
            let start = read!(self.starts_at.required(&mut errors, Timestamp::parse));
            let end = read!(self.ends_at.required(&mut errors, Timestamp::parse));
            start.zip(end).and_then(|(start, end)| {
                BookableTime::between(start, end)
                    .map_err(|error| errors.add("ends_at", error))
                    .map(SlotTime::At)
                    .ok()
            })
        };
        self.unknown.refuse(&mut errors);
        let Some(time) = time else { return Err(Error::Invalid(errors)) };
        errors.check()?;
        Ok(PublishTimeSlot { doctor, time })
    }
}

impl PublishTimeSlotsBody {
    pub(super) fn command(self) -> Result<PublishTimeSlots> {
        let mut errors = FieldErrors::default();
        let doctor = read!(self.doctor_id.optional(&mut errors, str::parse));
        let first = read!(self.from_date.required(&mut errors, Date::parse));
        let last = read!(self.to_date.required(&mut errors, Date::parse));
        let from = read!(self.start_time.required(&mut errors, TimeOfDay::parse));
        let to = read!(self.end_time.required(&mut errors, TimeOfDay::parse));
        let minutes = read!(self.slot_minutes.required(&mut errors, BookableTime::minutes));
        let weekdays = read!(self.weekdays.optional(&mut errors, weekdays));
        let breaks = read!(self.breaks.optional(&mut errors, breaks));
        self.unknown.refuse(&mut errors);
        let hours = from.zip(to).and_then(|(from, to)| {
            Hours::new(from, to).map_err(|error| errors.add("end_time", error)).ok()
        });

        let (Some(first), Some(last), Some(hours), Some(minutes)) = (first, last, hours, minutes)
        else {
            return Err(Error::Invalid(errors));
        };
        errors.check()?;
        let weekdays = weekdays.unwrap_or_else(|| DayOfWeek::ALL.to_vec());
        let schedule =
            Schedule::new((first, last), &weekdays, hours, minutes, breaks.unwrap_or_default());
        let schedule = schedule.map_err(|error| {
            let field = match error {
                ScheduleError::LastDayFirst | ScheduleError::TooLong => "to_date",
                ScheduleError::Backwards | ScheduleError::Empty => "end_time",
                ScheduleError::Length | ScheduleError::TooMany => "slot_minutes",
            };
            Error::Invalid(FieldErrors::of(field, error))
        })?;
        Ok(PublishTimeSlots { doctor, schedule })
    }
}

impl BlockTimeSlotBody {
    pub(super) fn blocked(self) -> Result<bool> {
        let mut errors = FieldErrors::default();
        let blocked = read!(self.blocked.required(&mut errors, Ok::<_, std::convert::Infallible>));
        self.unknown.refuse(&mut errors);
        let Some(blocked) = blocked else { return Err(Error::Invalid(errors)) };
        errors.check()?;
        Ok(blocked)
    }
}

/// Reads the names of days of the week.
fn weekdays(named: &[Value]) -> Result<Vec<DayOfWeek>, &'static str> {
    const NAMES: &str = "name days of the week, like [\"monday\", \"friday\"]";

    if named.is_empty() {
        return Err(NAMES);
    }
    let read = |value: &Value| value.as_str().and_then(|name| DayOfWeek::parse(name).ok());
    named.iter().map(|value| read(value).ok_or(NAMES)).collect()
}

/// Reads the breaks of a day.
fn breaks(named: &[Value]) -> Result<Vec<Hours>, String> {
    const MOST: usize = 20;

    if MOST < named.len() {
        return Err(format!("name at most {MOST} breaks"));
    }
    let read = |(number, value): (usize, &Value)| {
        let mut errors = FieldErrors::default();
        let hours = Break::deserialize(value).ok().and_then(|it| {
            let from = read!(it.start_time.required(&mut errors, TimeOfDay::parse));
            let to = read!(it.end_time.required(&mut errors, TimeOfDay::parse));
            it.unknown.refuse(&mut errors);
            Hours::new(from?, to?).map_err(|error| errors.add("end_time", error)).ok()
        });
        let wrong = errors.by_field().iter().next();
        match (hours, wrong) {
            (Some(hours), None) => Ok(hours),
            (_, Some((field, messages))) => {
                let message = messages.join(", ");
                Err(format!("break {}: {field}: {message}", number + 1))
            }
            (None, None) => Err(format!(
                "break {}: write it like {{\"start_time\": \"12:00\", \"end_time\": \"13:00\"}}",
                number + 1
            )),
        }
    };
    named.iter().enumerate().map(read).collect()
}
