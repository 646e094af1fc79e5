//! Time slots over HTTP.

use std::collections::BTreeMap;

use actix_web::body::BoxBody;
use actix_web::http::StatusCode;
use actix_web::web::Json;
use actix_web::{HttpRequest, HttpResponse, Responder, delete, get, patch, post};
use medilink_application::call::Written;
use medilink_application::error::FieldErrors;
use medilink_application::page::Page;
use medilink_application::time_slot::{
    BlockTimeSlot, ListTimeSlots, PublishTimeSlot, PublishTimeSlots, PublishedView, SlotRange,
    SlotTime, TimeSlotFilter, TimeSlotView,
};
use medilink_application::{Error, Result};
use medilink_domain::id::{DoctorId, TimeSlotId};
use medilink_domain::period::BookableTime;
use medilink_domain::record::Concept;
use medilink_domain::schedule::{DayOfWeek, Hours, Schedule, ScheduleError};
use medilink_domain::time::{Date, Timestamp};
use medilink_domain::time_of_day::TimeOfDay;
use medilink_domain::zone::Bound;
use serde::Deserialize;
use serde_json::Value;
use utoipa::openapi::{RefOr, Response};
use utoipa::{IntoParams, IntoResponses, ToSchema};
use utoipa_actix_web::service_config::ServiceConfig;

use crate::actor::{App, SignedIn};
use crate::answer::{Created, Done, Shown, Tagged, documented};
use crate::body::{Body, Id, IdempotencyHeader, IfMatch, IfMatchHeader};
use crate::field::{Field, Rest, read};
use crate::page::PageQuery;
use crate::problem::Problem;
use crate::query::{Query, flag};
use crate::responses::problems;

/// Mounts the routes of this file.
pub(super) fn routes(config: &mut ServiceConfig) {
    config
        .service(list_time_slots)
        .service(publish_time_slot)
        .service(publish_time_slots)
        .service(find_time_slot)
        .service(block_time_slot)
        .service(delete_time_slot);
}

/// What to send to publish a stretch of time: `starts_at` and `ends_at`, or a `date` with
/// `start_time` and `end_time`, which are those of the doctor's time zone.
#[derive(Deserialize, ToSchema)]
struct PublishTimeSlotBody {
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
struct PublishTimeSlotsBody {
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
struct BlockTimeSlotBody {
    /// Whether nobody is to book it.
    #[serde(default)]
    #[schema(value_type = bool, required = true)]
    blocked: Field<bool>,
    #[serde(flatten)]
    #[schema(ignore)]
    unknown: Rest,
}

/// Which time slots to show.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct ListTimeSlotsQuery {
    /// Of this doctor only.
    #[serde(default)]
    #[param(value_type = Option<String>, format = Uuid)]
    doctor_id: Field<String>,
    /// Starting on this day, in the doctor's time zone.
    #[serde(default)]
    #[param(value_type = Option<String>)]
    date: Field<String>,
    /// Starting at this instant or later, or on this day, in the doctor's time zone.
    #[serde(default)]
    #[param(value_type = Option<String>)]
    from: Field<String>,
    /// Starting before this instant, or on this day at the latest.
    #[serde(default)]
    #[param(value_type = Option<String>)]
    to: Field<String>,
    /// Those that can be booked now, or those that cannot.
    #[serde(default)]
    #[param(value_type = Option<bool>)]
    available: Field<String>,
    #[serde(flatten)]
    #[param(ignore)]
    page: PageQuery,
    #[serde(flatten)]
    #[param(ignore)]
    unknown: Rest,
}

impl Shown for TimeSlotView {
    const CONCEPT: Concept = Concept::TimeSlot;

    fn version(&self) -> i64 {
        self.version
    }

    fn path(&self) -> String {
        format!("/api/v1/time-slots/{}", self.id)
    }
}

/// What became of a schedule.
struct Published(Written<PublishedView>);

impl Responder for Published {
    type Body = BoxBody;

    fn respond_to(self, _: &HttpRequest) -> HttpResponse {
        let Written { record, replayed } = self.0;
        let mut response = HttpResponse::Created();
        if replayed {
            response.insert_header(("Idempotency-Replayed", "true"));
        }
        response.json(record)
    }
}

impl IntoResponses for Published {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        let about = "What was published, and what was left out.";
        documented::<PublishedView>(StatusCode::CREATED, about, &["Idempotency-Replayed"])
    }
}

problems! {
    /// Instead of a list of time slots.
    ListTimeSlotsProblems = SIGNED_IN;
    /// Instead of a new time slot.
    PublishTimeSlotProblems = SIGNED_IN | KEYED_BODY | [FORBIDDEN, NOT_FOUND],
        refused by [TimeSlotOverlaps];
    /// Instead of the slots of a schedule.
    PublishTimeSlotsProblems = SIGNED_IN | KEYED_BODY | [FORBIDDEN, NOT_FOUND],
        refused by [TimeSlotOverlaps];
    /// Instead of a time slot.
    FindTimeSlotProblems = SIGNED_IN | [NOT_FOUND];
    /// Instead of blocking a time slot.
    BlockTimeSlotProblems = SIGNED_IN | BODY | [FORBIDDEN, NOT_FOUND, STALE];
    /// Instead of taking a time slot back.
    DeleteTimeSlotProblems = SIGNED_IN | [FORBIDDEN, NOT_FOUND, STALE],
        refused by [TimeSlotBooked];
}

/// List time slots
///
/// Shows what doctors have published of their time, the earliest first.
#[utoipa::path(
    tag = "time slots",
    params(ListTimeSlotsQuery, PageQuery),
    responses(
        (status = OK, body = Page<TimeSlotView>, description = "One page."),
        ListTimeSlotsProblems,
    ),
    security(("bearer" = [])),
)]
#[get("/time-slots")]
async fn list_time_slots(
    app: App,
    caller: SignedIn,
    query: Query<ListTimeSlotsQuery>,
) -> Result<Json<Page<TimeSlotView>>, Problem> {
    let command = query.read()?.command()?;
    let page = caller.perform(&app, async |call| app.time_slots.list(call, command).await).await?;
    Ok(Json(page))
}

/// Publish a time slot
///
/// Doctors publish their own time; administrators anybody's. No two slots of a doctor overlap.
#[utoipa::path(
    tag = "time slots",
    request_body(content = PublishTimeSlotBody, example = json!({
        "date": "2030-01-08", "start_time": "09:00", "end_time": "09:30",
    })),
    params(IdempotencyHeader),
    responses(Created<TimeSlotView>, PublishTimeSlotProblems),
    security(("bearer" = [])),
)]
#[post("/time-slots")]
async fn publish_time_slot(
    app: App,
    caller: SignedIn,
    body: Body<PublishTimeSlotBody>,
) -> Result<Created<TimeSlotView>, Problem> {
    let (caller, body) = body.read_once(caller)?;
    let command = body.command()?;
    let slot =
        caller.perform(&app, async |call| app.time_slots.publish(call, command).await).await?;
    Ok(Created(slot))
}

/// Publish a schedule
///
/// Cuts a doctor's hours over some days into time slots. What overlaps a slot that is there, or would
/// begin or end at a time that the clocks skip that day, is left out, and the answer says so.
#[utoipa::path(
    tag = "time slots",
    request_body(content = PublishTimeSlotsBody, example = json!({
        "from_date": "2030-01-07", "to_date": "2030-01-11",
        "start_time": "09:00", "end_time": "17:00", "slot_minutes": 30,
        "weekdays": ["monday", "wednesday"],
        "breaks": [{"start_time": "12:00", "end_time": "13:00"}],
    })),
    params(IdempotencyHeader),
    responses(Published, PublishTimeSlotsProblems),
    security(("bearer" = [])),
)]
#[post("/time-slots/bulk")]
async fn publish_time_slots(
    app: App,
    caller: SignedIn,
    body: Body<PublishTimeSlotsBody>,
) -> Result<Published, Problem> {
    let (caller, body) = body.read_once(caller)?;
    let command = body.command()?;
    let published =
        caller.perform(&app, async |call| app.time_slots.publish_all(call, command).await).await?;
    Ok(Published(published))
}

/// Read a time slot
///
/// Everybody who is signed in may read it.
#[utoipa::path(
    tag = "time slots",
    params(("id" = inline(TimeSlotId), Path, description = "The time slot.")),
    responses(Tagged<TimeSlotView>, FindTimeSlotProblems),
    security(("bearer" = [])),
)]
#[get("/time-slots/{id}")]
async fn find_time_slot(
    app: App,
    caller: SignedIn,
    id: Id<TimeSlotId>,
) -> Result<Tagged<TimeSlotView>, Problem> {
    let id = id.read()?;
    let slot = caller.perform(&app, async |call| app.time_slots.find(call, id).await).await?;
    Ok(Tagged(slot))
}

/// Block a time slot
///
/// Keeps everybody from booking the time, or lets them again. What is booked already stays.
#[utoipa::path(
    tag = "time slots",
    request_body(content = BlockTimeSlotBody, example = json!({"blocked": true})),
    params(
        ("id" = inline(TimeSlotId), Path, description = "The time slot."),
        IfMatchHeader,
    ),
    responses(Tagged<TimeSlotView>, BlockTimeSlotProblems),
    security(("bearer" = [])),
)]
#[patch("/time-slots/{id}")]
async fn block_time_slot(
    app: App,
    caller: SignedIn,
    id: Id<TimeSlotId>,
    expected: IfMatch,
    body: Body<BlockTimeSlotBody>,
) -> Result<Tagged<TimeSlotView>, Problem> {
    let blocked = body.read()?.blocked()?;
    let command = BlockTimeSlot { id: id.read()?, blocked, expected: expected.read()? };
    let slot = caller.perform(&app, async |call| app.time_slots.block(call, command).await).await?;
    Ok(Tagged(slot))
}

/// Delete a time slot
///
/// Takes back a slot that nobody has booked.
#[utoipa::path(
    tag = "time slots",
    params(
        ("id" = inline(TimeSlotId), Path, description = "The time slot."),
        IfMatchHeader,
    ),
    responses(Done, DeleteTimeSlotProblems),
    security(("bearer" = [])),
)]
#[delete("/time-slots/{id}")]
async fn delete_time_slot(
    app: App,
    caller: SignedIn,
    id: Id<TimeSlotId>,
    expected: IfMatch,
) -> Result<Done, Problem> {
    let (id, expected) = (id.read()?, expected.read()?);
    caller.perform(&app, async |call| app.time_slots.delete(call, id, expected).await).await?;
    Ok(Done)
}

impl ListTimeSlotsQuery {
    fn command(self) -> Result<ListTimeSlots> {
        let mut errors = FieldErrors::default();
        let is_ranged = !self.from.is_missing() || !self.to.is_missing();
        let doctor = read!(self.doctor_id.optional(&mut errors, str::parse));
        let day = read!(self.date.optional(&mut errors, Date::parse));
        let from = read!(self.from.optional(&mut errors, Bound::parse));
        let to = read!(self.to.optional(&mut errors, Bound::parse));
        let available = read!(self.available.optional(&mut errors, flag));
        let range = match day {
            Some(_) if is_ranged => {
                errors.add("date", "give either this or from and to");
                SlotRange::default()
            }
            Some(day) => SlotRange::On(day),
            None => SlotRange::Between(from, to),
        };
        let page = self.page.read(&mut errors);
        self.unknown.refuse(&mut errors);
        errors.check()?;
        Ok(ListTimeSlots { filter: TimeSlotFilter { doctor, range, available }, page })
    }
}

impl PublishTimeSlotBody {
    fn command(self) -> Result<PublishTimeSlot> {
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
    fn command(self) -> Result<PublishTimeSlots> {
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

impl BlockTimeSlotBody {
    fn blocked(self) -> Result<bool> {
        let mut errors = FieldErrors::default();
        let blocked = read!(self.blocked.required(&mut errors, Ok::<_, std::convert::Infallible>));
        self.unknown.refuse(&mut errors);
        let Some(blocked) = blocked else { return Err(Error::Invalid(errors)) };
        errors.check()?;
        Ok(blocked)
    }
}
