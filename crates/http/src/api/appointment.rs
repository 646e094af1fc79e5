//! Appointments over HTTP.

mod agenda;
mod body;
mod statistics;
mod transition;

use actix_web::web::Json;
use actix_web::{get, patch, post};
use medilink_application::appointment::{
    AppointmentFilter, AppointmentHistory, AppointmentView, BookingCheck, ChangeAppointment,
    ListAppointments,
};
use medilink_application::error::FieldErrors;
use medilink_application::page::{List, Page};
use medilink_application::{Application, Result};
use medilink_domain::appointment::{AppointmentOrder, AppointmentStatus};
use medilink_domain::id::AppointmentId;
use medilink_domain::record::Concept;
use medilink_domain::zone::Bound;
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_actix_web::service_config::ServiceConfig;

use self::body::{BookAppointmentBody, ChangeAppointmentBody, RescheduleAppointmentBody};
use crate::actor::{App, SignedIn};
use crate::answer::{Changed, Created, Shown, Tagged};
use crate::body::{Body, Id, IdempotencyHeader, IfMatch, IfMatchHeader};
use crate::field::{Field, Rest, read};
use crate::page::{PageQuery, lists};
use crate::problem::Problem;
use crate::query::Query;
use crate::responses::problems;

/// Mounts the routes of this file.
pub(super) fn routes(config: &mut ServiceConfig) {
    agenda::routes(config);
    statistics::routes(config);
    config
        .service(list_appointments)
        .service(book_appointment)
        .service(check_appointment)
        .service(find_appointment)
        .service(change_appointment)
        .service(find_appointment_history)
        .service(reschedule_appointment);
    transition::routes(config);
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
    /// Instead of saying whether a booking would be done.
    CheckAppointmentProblems = SIGNED_IN | BODY | [FORBIDDEN, APPROVAL_PENDING, NOT_FOUND];
    /// Instead of an appointment.
    FindAppointmentProblems = SIGNED_IN | [APPROVAL_PENDING, NOT_FOUND];
    /// Instead of the history of an appointment.
    FindAppointmentHistoryProblems = SIGNED_IN | [APPROVAL_PENDING, NOT_FOUND];
    /// Instead of other words.
    ChangeAppointmentProblems = SIGNED_IN | BODY | [APPROVAL_PENDING, NOT_FOUND, STALE];
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
    let command = query.read()?.command(&app)?;
    let page =
        caller.perform(&app, async |call| app.appointments.list(call, command).await).await?;
    Ok(Json(page))
}

/// Book an appointment
///
/// Patients book for themselves, coordinators for patients whose records they made, doctors with
/// themselves for patients in their care. The doctor and the patient must be free: a time that
/// overlaps answers 409 with `doctor-double-booked` or `patient-double-booked`.
/// `alternatives` names up to three times that would do.
///
/// The time is that of one of the doctor's time slots (`time_slot_id`), or runs from `starts_at` to
/// `ends_at` or for `duration_minutes`. The appointment takes the time and does not remember the slot:
/// what becomes of the slot later is nothing to it.
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

/// Check whether a time can be booked
///
/// Takes what **Book an appointment** takes, and names every reason why that would be refused, where a
/// booking stops at the first. Nothing is booked or held: somebody else may be faster. That is why it
/// takes no `Idempotency-Key`: asked again, it answers anew.
#[utoipa::path(
    tag = "appointments",
    request_body(content = BookAppointmentBody, example = json!({
        "doctor_id": "00000000-0000-0000-0000-000000000000",
        "patient_id": "00000000-0000-0000-0000-000000000000",
        "starts_at": "2030-01-08T09:00:00Z",
        "duration_minutes": 30,
    })),
    responses(
        (status = OK, body = BookingCheck, description = "Whether it would be done."),
        CheckAppointmentProblems,
    ),
    security(("bearer" = [])),
)]
#[post("/appointments/check")]
async fn check_appointment(
    app: App,
    caller: SignedIn,
    body: Body<BookAppointmentBody>,
) -> Result<Json<BookingCheck>, Problem> {
    let command = body.read()?.command()?;
    let check =
        caller.perform(&app, async |call| app.appointments.check(call, command).await).await?;
    Ok(Json(check))
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

/// Reschedule an appointment
///
/// Moves a scheduled or confirmed appointment to another time, at once or not at all: when the new
/// time is taken, nothing has changed. The id stays; what was confirmed has to be confirmed anew.
/// Whoever may read the appointment may move it, patients only until it starts. It keeps its length,
/// unless it moves to a time slot, of which it takes all, or the body names another.
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

impl ListAppointmentsQuery {
    fn command(self, application: &Application) -> Result<ListAppointments> {
        let mut errors = FieldErrors::default();
        let filter = AppointmentFilter {
            doctor: read!(self.doctor_id.optional(&mut errors, str::parse)),
            patient: read!(self.patient_id.optional(&mut errors, str::parse)),
            status: read!(self.status.optional(&mut errors, AppointmentStatus::parse)),
            from: read!(self.from.optional(&mut errors, Bound::parse)),
            to: read!(self.to.optional(&mut errors, Bound::parse)),
        };
        let order = read!(self.sort.optional(&mut errors, AppointmentOrder::parse));
        let lists = lists("sort", order, AppointmentOrder::ALL, List::Appointments, &errors);
        let page = self.page.read(application, &lists, &mut errors);
        self.unknown.refuse(&mut errors);
        errors.check()?;
        Ok(ListAppointments { filter, order: order.unwrap_or_default(), page })
    }
}
