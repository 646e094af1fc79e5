//! Time slots over HTTP.

mod body;

use std::collections::BTreeMap;

use actix_web::body::BoxBody;
use actix_web::http::StatusCode;
use actix_web::web::Json;
use actix_web::{HttpRequest, HttpResponse, Responder, delete, get, patch, post};
use medilink_application::call::Written;
use medilink_application::error::FieldErrors;
use medilink_application::page::{List, Page};
use medilink_application::time_slot::{
    BlockTimeSlot, ListTimeSlots, PublishedView, SlotRange, TimeSlotFilter, TimeSlotView,
};
use medilink_application::{Application, Result};
use medilink_domain::id::TimeSlotId;
use medilink_domain::record::Concept;
use medilink_domain::time::Date;
use medilink_domain::zone::Bound;
use serde::Deserialize;
use utoipa::openapi::{RefOr, Response};
use utoipa::{IntoParams, IntoResponses};
use utoipa_actix_web::service_config::ServiceConfig;

use self::body::{BlockTimeSlotBody, PublishTimeSlotBody, PublishTimeSlotsBody};
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
    let command = query.read()?.command(&app)?;
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
    fn command(self, application: &Application) -> Result<ListTimeSlots> {
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
        let page = self.page.read(application, &[List::TimeSlots], &mut errors);
        self.unknown.refuse(&mut errors);
        errors.check()?;
        Ok(ListTimeSlots { filter: TimeSlotFilter { doctor, range, available }, page })
    }
}
