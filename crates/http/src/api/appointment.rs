//! Appointments over HTTP.

use actix_web::web::Json;
use actix_web::{get, patch, post};
use medilink_application::appointment::{
    AppointmentFilter, AppointmentHistory, AppointmentView, BookAppointment, CancelAppointment,
    ChangeAppointment, ListAppointments, MarkNoShow, NewTime, RescheduleAppointment,
};
use medilink_application::call::Expected;
use medilink_application::error::FieldErrors;
use medilink_application::page::Page;
use medilink_application::{Error, Result};
use medilink_domain::appointment::{
    AppointmentChanges, AppointmentOrder, AppointmentStatus, Booking,
};
use medilink_domain::id::{AppointmentId, DoctorId, PatientId};
use medilink_domain::period::BookableTime;
use medilink_domain::record::Concept;
use medilink_domain::text::{AppointmentNotes, Reason};
use medilink_domain::time::Timestamp;
use medilink_domain::zone::Bound;
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};
use utoipa_actix_web::service_config::ServiceConfig;

use crate::actor::{App, SignedIn};
use crate::answer::{Changed, Created, Shown, Tagged};
use crate::body::{Body, Id, IdempotencyHeader, IfMatch, IfMatchHeader, Nothing};
use crate::field::{Field, Rest, read};
use crate::page::PageQuery;
use crate::problem::Problem;
use crate::query::Query;
use crate::responses::problems;

/// Mounts the routes of this file.
pub(super) fn routes(config: &mut ServiceConfig) {
    config
        .service(list_appointments)
        .service(book_appointment)
        .service(find_appointment)
        .service(change_appointment)
        .service(find_appointment_history)
        .service(confirm_appointment)
        .service(check_in_appointment)
        .service(start_appointment)
        .service(complete_appointment)
        .service(cancel_appointment)
        .service(mark_no_show)
        .service(reschedule_appointment);
}

/// What to send to book. The time is `starts_at` with `ends_at`, or with `duration_minutes`.
#[derive(Deserialize, ToSchema)]
struct BookAppointmentBody {
    /// Whose time.
    #[serde(default)]
    #[schema(value_type = DoctorId, required = true)]
    doctor_id: Field<String>,
    /// For whom.
    #[serde(default)]
    #[schema(value_type = PatientId, required = true)]
    patient_id: Field<String>,
    /// From when.
    #[serde(default)]
    #[schema(value_type = Timestamp, required = true)]
    starts_at: Field<String>,
    /// Until when.
    #[serde(default)]
    #[schema(value_type = Option<Timestamp>)]
    ends_at: Field<String>,
    /// Or for how long: 5 to 720 minutes; 30 unless named.
    #[serde(default)]
    #[schema(value_type = Option<i64>, minimum = 5, maximum = 720)]
    duration_minutes: Field<i64>,
    /// Why the patient comes, in up to 500 characters.
    #[serde(default)]
    #[schema(value_type = Option<Reason>)]
    reason: Field<String>,
    /// What else there is to know, in up to 5,000 characters.
    #[serde(default)]
    #[schema(value_type = Option<AppointmentNotes>)]
    notes: Field<String>,
    #[serde(flatten)]
    #[schema(ignore)]
    unknown: Rest,
}

/// What to send to change what an appointment says. Its time is moved by **Reschedule an
/// appointment**, its status by an operation for each change.
#[derive(Deserialize, ToSchema)]
struct ChangeAppointmentBody {
    /// Why the patient comes, in up to 500 characters; `null` takes it away.
    #[serde(default)]
    #[schema(value_type = Option<Reason>)]
    reason: Field<String>,
    /// What else there is to know, in up to 5,000 characters; `null` takes it away.
    #[serde(default)]
    #[schema(value_type = Option<AppointmentNotes>)]
    notes: Field<String>,
    #[serde(flatten)]
    #[schema(ignore)]
    unknown: Rest,
}

/// What to send to move an appointment. It keeps its length unless `ends_at` or `duration_minutes`
/// says otherwise.
#[derive(Deserialize, ToSchema)]
struct RescheduleAppointmentBody {
    /// From when.
    #[serde(default)]
    #[schema(value_type = Timestamp, required = true)]
    starts_at: Field<String>,
    /// Until when.
    #[serde(default)]
    #[schema(value_type = Option<Timestamp>)]
    ends_at: Field<String>,
    /// Or for how long: 5 to 720 minutes.
    #[serde(default)]
    #[schema(value_type = Option<i64>, minimum = 5, maximum = 720)]
    duration_minutes: Field<i64>,
    /// Why, in up to 500 characters.
    #[serde(default)]
    #[schema(value_type = Option<Reason>)]
    reason: Field<String>,
    #[serde(flatten)]
    #[schema(ignore)]
    unknown: Rest,
}

/// What to send to cancel, or when a patient did not come; it may be left out altogether.
#[derive(Deserialize, ToSchema)]
struct ReasonBody {
    /// Why, in up to 500 characters.
    #[serde(default)]
    #[schema(value_type = Option<Reason>)]
    reason: Field<String>,
    #[serde(flatten)]
    #[schema(ignore)]
    unknown: Rest,
}

/// Which appointments to show.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct ListAppointmentsQuery {
    /// Of this doctor only.
    #[serde(default)]
    #[param(value_type = Option<String>, format = Uuid)]
    doctor_id: Field<String>,
    /// Of this patient only.
    #[serde(default)]
    #[param(value_type = Option<String>, format = Uuid)]
    patient_id: Field<String>,
    /// In this status only.
    #[serde(default)]
    #[param(value_type = Option<AppointmentStatus>, inline)]
    status: Field<String>,
    /// Starting at this instant or later, or on this day, in the doctor's time zone.
    #[serde(default)]
    #[param(value_type = Option<String>)]
    from: Field<String>,
    /// Starting before this instant, or on this day at the latest.
    #[serde(default)]
    #[param(value_type = Option<String>)]
    to: Field<String>,
    /// `starts_at`, or `-starts_at` for the latest first.
    #[serde(default)]
    #[param(value_type = Option<AppointmentOrder>, inline)]
    sort: Field<String>,
    #[serde(flatten)]
    #[param(ignore)]
    page: PageQuery,
    #[serde(flatten)]
    #[param(ignore)]
    unknown: Rest,
}

impl Shown for AppointmentView {
    const CONCEPT: Concept = Concept::Appointment;

    fn version(&self) -> i64 {
        self.version
    }

    fn path(&self) -> String {
        format!("/api/v1/appointments/{}", self.id)
    }
}

problems! {
    /// Instead of a list of appointments.
    ListAppointmentsProblems = SIGNED_IN | [FORBIDDEN, APPROVAL_PENDING];
    /// Instead of a booking.
    BookAppointmentProblems = SIGNED_IN | KEYED_BODY | [FORBIDDEN, APPROVAL_PENDING, NOT_FOUND],
        refused by [
            DoctorDoubleBooked,
            PatientDoubleBooked,
            DoctorUnavailable,
            OutsideTimeSlots,
            TimeBlocked,
            TimeInPast
        ];
    /// Instead of an appointment.
    FindAppointmentProblems = SIGNED_IN | [APPROVAL_PENDING, NOT_FOUND];
    /// Instead of the history of an appointment.
    FindAppointmentHistoryProblems = SIGNED_IN | [APPROVAL_PENDING, NOT_FOUND];
    /// Instead of other words.
    ChangeAppointmentProblems = SIGNED_IN | BODY | [APPROVAL_PENDING, NOT_FOUND, STALE];
    /// Instead of a cancellation.
    CancelAppointmentProblems = SIGNED_IN | KEYED_BODY | [APPROVAL_PENDING, NOT_FOUND, STALE],
        refused by [AppointmentRefused, AppointmentBegun];
    /// Instead of what the practice says of an appointment.
    TransitionProblems =
        SIGNED_IN | KEYED_BODY | [FORBIDDEN, APPROVAL_PENDING, NOT_FOUND, STALE],
        refused by [AppointmentRefused];
    /// Instead of noting that a patient did not come.
    MarkNoShowProblems =
        SIGNED_IN | KEYED_BODY | [FORBIDDEN, APPROVAL_PENDING, NOT_FOUND, STALE],
        refused by [AppointmentRefused, AppointmentNotBegun];
    /// Instead of another time.
    RescheduleAppointmentProblems = SIGNED_IN | KEYED_BODY | [APPROVAL_PENDING, NOT_FOUND, STALE],
        refused by [
            AppointmentRefused,
            AppointmentBegun,
            DoctorDoubleBooked,
            PatientDoubleBooked,
            DoctorUnavailable,
            OutsideTimeSlots,
            TimeBlocked,
            TimeInPast
        ];
}

/// List appointments
///
/// Shows the appointments that you may read one by one, the earliest start first.
#[utoipa::path(
    tag = "appointments",
    params(ListAppointmentsQuery, PageQuery),
    responses(
        (status = OK, body = Page<AppointmentView>, description = "One page."),
        ListAppointmentsProblems,
    ),
    security(("bearer" = [])),
)]
#[get("/appointments")]
async fn list_appointments(
    app: App,
    caller: SignedIn,
    query: Query<ListAppointmentsQuery>,
) -> Result<Json<Page<AppointmentView>>, Problem> {
    let command = query.read()?.command()?;
    let page =
        caller.perform(&app, async |call| app.appointments.list(call, command).await).await?;
    Ok(Json(page))
}

/// Book an appointment
///
/// Patients book for themselves, coordinators for patients whose records they made, doctors with
/// themselves for patients in their care. The doctor and the patient must be free: a time that
/// overlaps answers 409 with `doctor-double-booked` or `patient-double-booked`.
///
/// `doctor_id` is an `id` of **List doctors**; patients find their own `patient_id` with **Read your
/// own account**, and whoever makes a record gets its `id`. The zeros of the example stand for both.
#[utoipa::path(
    tag = "appointments",
    request_body(content = BookAppointmentBody, example = json!({
        "doctor_id": "00000000-0000-0000-0000-000000000000",
        "patient_id": "00000000-0000-0000-0000-000000000000",
        "starts_at": "2030-01-08T09:00:00Z",
        "duration_minutes": 30,
        "reason": "Cough since Monday",
    })),
    params(IdempotencyHeader),
    responses(Created<AppointmentView>, BookAppointmentProblems),
    security(("bearer" = [])),
)]
#[post("/appointments")]
async fn book_appointment(
    app: App,
    caller: SignedIn,
    body: Body<BookAppointmentBody>,
) -> Result<Created<AppointmentView>, Problem> {
    let (caller, body) = body.read_once(caller)?;
    let command = body.command()?;
    let booked =
        caller.perform(&app, async |call| app.appointments.book(call, command).await).await?;
    Ok(Created(booked))
}

/// Read an appointment
///
/// Its doctor, its patient, the maker of its patient's record, and administrators may read it.
#[utoipa::path(
    tag = "appointments",
    params(("id" = inline(AppointmentId), Path, description = "The appointment.")),
    responses(Tagged<AppointmentView>, FindAppointmentProblems),
    security(("bearer" = [])),
)]
#[get("/appointments/{id}")]
async fn find_appointment(
    app: App,
    caller: SignedIn,
    id: Id<AppointmentId>,
) -> Result<Tagged<AppointmentView>, Problem> {
    let id = id.read()?;
    let appointment =
        caller.perform(&app, async |call| app.appointments.find(call, id).await).await?;
    Ok(Tagged(appointment))
}

/// Change what an appointment says
///
/// Whoever may read an appointment may change why the patient comes and what else there is to know.
#[utoipa::path(
    tag = "appointments",
    request_body(content = ChangeAppointmentBody, example = json!({"notes": "Prefers a morning"})),
    params(
        ("id" = inline(AppointmentId), Path, description = "The appointment."),
        IfMatchHeader,
    ),
    responses(Tagged<AppointmentView>, ChangeAppointmentProblems),
    security(("bearer" = [])),
)]
#[patch("/appointments/{id}")]
async fn change_appointment(
    app: App,
    caller: SignedIn,
    id: Id<AppointmentId>,
    expected: IfMatch,
    body: Body<ChangeAppointmentBody>,
) -> Result<Tagged<AppointmentView>, Problem> {
    let changes = body.read()?.changes()?;
    let command = ChangeAppointment { id: id.read()?, changes, expected: expected.read()? };
    let appointment =
        caller.perform(&app, async |call| app.appointments.change(call, command).await).await?;
    Ok(Tagged(appointment))
}

/// Read the history of an appointment
///
/// Shows every change of its time and its status, the booking first, with who made it, when and
/// why. Whoever may read the appointment may read it.
#[utoipa::path(
    tag = "appointments",
    params(("id" = inline(AppointmentId), Path, description = "The appointment.")),
    responses(
        (status = OK, body = AppointmentHistory, description = "All of it."),
        FindAppointmentHistoryProblems,
    ),
    security(("bearer" = [])),
)]
#[get("/appointments/{id}/history")]
async fn find_appointment_history(
    app: App,
    caller: SignedIn,
    id: Id<AppointmentId>,
) -> Result<Json<AppointmentHistory>, Problem> {
    let id = id.read()?;
    let history =
        caller.perform(&app, async |call| app.appointments.history(call, id).await).await?;
    Ok(Json(history))
}

/// Confirm an appointment
///
/// The practice says yes to a scheduled appointment: its doctor, or an administrator.
#[utoipa::path(
    tag = "appointments",
    params(
        ("id" = inline(AppointmentId), Path, description = "The appointment."),
        IfMatchHeader,
        IdempotencyHeader,
    ),
    responses(Changed<AppointmentView>, TransitionProblems),
    security(("bearer" = [])),
)]
#[post("/appointments/{id}/confirm")]
async fn confirm_appointment(
    app: App,
    caller: SignedIn,
    id: Id<AppointmentId>,
    expected: IfMatch,
    body: Body<Nothing>,
) -> Result<Changed<AppointmentView>, Problem> {
    let caller = body.read_nothing_once(caller)?;
    let (id, expected) = (id.read()?, expected.read()?);
    let changed = caller
        .perform(&app, async |call| app.appointments.confirm(call, id, expected).await)
        .await?;
    Ok(Changed(changed))
}

/// Check a patient in
///
/// The practice notes that the patient is there.
#[utoipa::path(
    tag = "appointments",
    params(
        ("id" = inline(AppointmentId), Path, description = "The appointment."),
        IfMatchHeader,
        IdempotencyHeader,
    ),
    responses(Changed<AppointmentView>, TransitionProblems),
    security(("bearer" = [])),
)]
#[post("/appointments/{id}/check-in")]
async fn check_in_appointment(
    app: App,
    caller: SignedIn,
    id: Id<AppointmentId>,
    expected: IfMatch,
    body: Body<Nothing>,
) -> Result<Changed<AppointmentView>, Problem> {
    let caller = body.read_nothing_once(caller)?;
    let (id, expected) = (id.read()?, expected.read()?);
    let changed = caller
        .perform(&app, async |call| app.appointments.check_in(call, id, expected).await)
        .await?;
    Ok(Changed(changed))
}

/// Start an appointment
///
/// The practice notes that the doctor sees the patient.
#[utoipa::path(
    tag = "appointments",
    params(
        ("id" = inline(AppointmentId), Path, description = "The appointment."),
        IfMatchHeader,
        IdempotencyHeader,
    ),
    responses(Changed<AppointmentView>, TransitionProblems),
    security(("bearer" = [])),
)]
#[post("/appointments/{id}/start")]
async fn start_appointment(
    app: App,
    caller: SignedIn,
    id: Id<AppointmentId>,
    expected: IfMatch,
    body: Body<Nothing>,
) -> Result<Changed<AppointmentView>, Problem> {
    let caller = body.read_nothing_once(caller)?;
    let (id, expected) = (id.read()?, expected.read()?);
    let changed =
        caller.perform(&app, async |call| app.appointments.start(call, id, expected).await).await?;
    Ok(Changed(changed))
}

/// Complete an appointment
///
/// The practice notes that the appointment took place.
#[utoipa::path(
    tag = "appointments",
    params(
        ("id" = inline(AppointmentId), Path, description = "The appointment."),
        IfMatchHeader,
        IdempotencyHeader,
    ),
    responses(Changed<AppointmentView>, TransitionProblems),
    security(("bearer" = [])),
)]
#[post("/appointments/{id}/complete")]
async fn complete_appointment(
    app: App,
    caller: SignedIn,
    id: Id<AppointmentId>,
    expected: IfMatch,
    body: Body<Nothing>,
) -> Result<Changed<AppointmentView>, Problem> {
    let caller = body.read_nothing_once(caller)?;
    let (id, expected) = (id.read()?, expected.read()?);
    let changed = caller
        .perform(&app, async |call| app.appointments.complete(call, id, expected).await)
        .await?;
    Ok(Changed(changed))
}

/// Cancel an appointment
///
/// Whoever may read it may cancel it while it is active; patients only until it starts. Its time
/// is free at once.
#[utoipa::path(
    tag = "appointments",
    request_body(content = Option<ReasonBody>, example = json!({"reason": "I am well again"})),
    params(
        ("id" = inline(AppointmentId), Path, description = "The appointment."),
        IfMatchHeader,
        IdempotencyHeader,
    ),
    responses(Changed<AppointmentView>, CancelAppointmentProblems),
    security(("bearer" = [])),
)]
#[post("/appointments/{id}/cancel")]
async fn cancel_appointment(
    app: App,
    caller: SignedIn,
    id: Id<AppointmentId>,
    expected: IfMatch,
    body: Body<ReasonBody>,
) -> Result<Changed<AppointmentView>, Problem> {
    let (caller, body) = body.read_once_or_empty(caller)?;
    let (id, expected) = (id.read()?, expected.read()?);
    let command = CancelAppointment { id, expected, reason: body.reason()? };
    let cancelled =
        caller.perform(&app, async |call| app.appointments.cancel(call, command).await).await?;
    Ok(Changed(cancelled))
}

/// Mark a no-show
///
/// The practice notes that the patient did not come, from the start on. What is left of the time is
/// free at once.
#[utoipa::path(
    tag = "appointments",
    request_body(content = Option<ReasonBody>, example = json!({"reason": "Not reached by phone"})),
    params(
        ("id" = inline(AppointmentId), Path, description = "The appointment."),
        IfMatchHeader,
        IdempotencyHeader,
    ),
    responses(Changed<AppointmentView>, MarkNoShowProblems),
    security(("bearer" = [])),
)]
#[post("/appointments/{id}/no-show")]
async fn mark_no_show(
    app: App,
    caller: SignedIn,
    id: Id<AppointmentId>,
    expected: IfMatch,
    body: Body<ReasonBody>,
) -> Result<Changed<AppointmentView>, Problem> {
    let (caller, body) = body.read_once_or_empty(caller)?;
    let (id, expected) = (id.read()?, expected.read()?);
    let command = MarkNoShow { id, expected, reason: body.reason()? };
    let missed = caller
        .perform(&app, async |call| app.appointments.mark_no_show(call, command).await)
        .await?;
    Ok(Changed(missed))
}

/// Reschedule an appointment
///
/// Moves a scheduled or confirmed appointment to another time, at once or not at all: when the new
/// time is taken, nothing has changed. The id stays; what was confirmed has to be confirmed anew.
/// Whoever may read the appointment may move it, patients only until it starts.
#[utoipa::path(
    tag = "appointments",
    request_body(content = RescheduleAppointmentBody, example = json!({
        "starts_at": "2030-01-09T09:00:00Z", "reason": "Travelling that day",
    })),
    params(
        ("id" = inline(AppointmentId), Path, description = "The appointment."),
        IfMatchHeader,
        IdempotencyHeader,
    ),
    responses(Changed<AppointmentView>, RescheduleAppointmentProblems),
    security(("bearer" = [])),
)]
#[post("/appointments/{id}/reschedule")]
async fn reschedule_appointment(
    app: App,
    caller: SignedIn,
    id: Id<AppointmentId>,
    expected: IfMatch,
    body: Body<RescheduleAppointmentBody>,
) -> Result<Changed<AppointmentView>, Problem> {
    let (caller, body) = body.read_once(caller)?;
    let command = body.command(id.read()?, expected.read()?)?;
    let moved =
        caller.perform(&app, async |call| app.appointments.reschedule(call, command).await).await?;
    Ok(Changed(moved))
}

impl BookAppointmentBody {
    fn command(self) -> Result<BookAppointment> {
        let mut errors = FieldErrors::default();
        let doctor = read!(self.doctor_id.required(&mut errors, str::parse));
        let patient = read!(self.patient_id.required(&mut errors, str::parse));
        let time = time(self.starts_at, self.ends_at, self.duration_minutes, &mut errors);
        let reason = read!(self.reason.text(&mut errors, Reason::parse));
        let notes = read!(self.notes.text(&mut errors, AppointmentNotes::parse));
        self.unknown.refuse(&mut errors);

        let (Some(doctor), Some(patient), Some(time)) = (doctor, patient, time) else {
            return Err(Error::Invalid(errors));
        };
        errors.check()?;
        Ok(BookAppointment { doctor, patient, booking: Booking { time, reason, notes } })
    }
}

/// Reads a time from its start and either its end or its length.
fn time(
    starts_at: Field<String>,
    ends_at: Field<String>,
    duration_minutes: Field<i64>,
    errors: &mut FieldErrors,
) -> Option<BookableTime> {
    let starts_at = read!(starts_at.required(errors, Timestamp::parse));
    let both = matches!((&ends_at, &duration_minutes), (Field::Given(_), Field::Given(_)));
    if both {
        errors.add("duration_minutes", "give either this or ends_at");
    }
    let names_end = !ends_at.is_missing();
    let ends_at = read!(ends_at.optional(errors, Timestamp::parse));
    let names_length = !duration_minutes.is_missing();
    // Whatever the start, so that a wrong one does not hide a wrong length.
    let minutes = read!(duration_minutes.optional(errors, BookableTime::minutes));

    let starts_at = starts_at?;
    if names_end {
        return BookableTime::between(starts_at, ends_at?)
            .map_err(|error| errors.add("ends_at", error))
            .ok();
    }
    let minutes = if names_length { minutes? } else { BookableTime::DEFAULT_MINUTES };
    BookableTime::lasting(starts_at, minutes)
        .map_err(|error| errors.add("duration_minutes", error))
        .ok()
}

impl ReasonBody {
    fn reason(self) -> Result<Option<Reason>> {
        let mut errors = FieldErrors::default();
        let reason = read!(self.reason.text(&mut errors, Reason::parse));
        self.unknown.refuse(&mut errors);
        errors.check()?;
        Ok(reason)
    }
}

impl ChangeAppointmentBody {
    fn changes(self) -> Result<AppointmentChanges> {
        let mut errors = FieldErrors::default();
        let changes = AppointmentChanges {
            reason: read!(self.reason.change_text(&mut errors, Reason::parse)),
            notes: read!(self.notes.change_text(&mut errors, AppointmentNotes::parse)),
        };
        self.unknown.refuse(&mut errors);
        errors.check()?;
        Ok(changes)
    }
}

impl RescheduleAppointmentBody {
    fn command(self, id: AppointmentId, expected: Expected) -> Result<RescheduleAppointment> {
        let mut errors = FieldErrors::default();
        let keeps_length = self.ends_at.is_missing() && self.duration_minutes.is_missing();
        let to = if keeps_length {
            read!(self.starts_at.required(&mut errors, Timestamp::parse)).map(NewTime::From)
        } else {
            time(self.starts_at, self.ends_at, self.duration_minutes, &mut errors)
                .map(NewTime::Exactly)
        };
        let reason = read!(self.reason.text(&mut errors, Reason::parse));
        self.unknown.refuse(&mut errors);

        let Some(to) = to else { return Err(Error::Invalid(errors)) };
        errors.check()?;
        Ok(RescheduleAppointment { id, to, reason, expected })
    }
}

impl ListAppointmentsQuery {
    fn command(self) -> Result<ListAppointments> {
        let mut errors = FieldErrors::default();
        let filter = AppointmentFilter {
            doctor: read!(self.doctor_id.optional(&mut errors, str::parse)),
            patient: read!(self.patient_id.optional(&mut errors, str::parse)),
            status: read!(self.status.optional(&mut errors, AppointmentStatus::parse)),
            from: read!(self.from.optional(&mut errors, Bound::parse)),
            to: read!(self.to.optional(&mut errors, Bound::parse)),
        };
        let order = read!(self.sort.optional(&mut errors, AppointmentOrder::parse));
        let page = self.page.read(&mut errors);
        self.unknown.refuse(&mut errors);
        errors.check()?;
        Ok(ListAppointments { filter, order: order.unwrap_or_default(), page })
    }
}
