//! Appointments over HTTP.

use actix_web::web::Json;
use actix_web::{get, post};
use medilink_application::appointment::{
    AppointmentFilter, AppointmentView, BookAppointment, CancelAppointment, ListAppointments,
};
use medilink_application::call::Expected;
use medilink_application::error::FieldErrors;
use medilink_application::page::Page;
use medilink_application::{Error, Result};
use medilink_domain::appointment::{AppointmentOrder, AppointmentStatus, Booking};
use medilink_domain::id::{AppointmentId, DoctorId, PatientId};
use medilink_domain::period::{BookableTime, Period};
use medilink_domain::record::Concept;
use medilink_domain::text::{AppointmentNotes, Reason};
use medilink_domain::time::Timestamp;
use medilink_domain::zone::Bound;
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};
use utoipa_actix_web::service_config::ServiceConfig;

use crate::actor::{App, SignedIn};
use crate::answer::{Changed, Created, Shown, Tagged};
use crate::body::{Body, Id, IdempotencyHeader, IfMatch, IfMatchHeader};
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
        .service(cancel_appointment);
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

/// What to send to cancel; it may be left out altogether.
#[derive(Deserialize, ToSchema)]
struct CancelAppointmentBody {
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
            TimeInPast
        ];
    /// Instead of an appointment.
    FindAppointmentProblems = SIGNED_IN | [APPROVAL_PENDING, NOT_FOUND];
    /// Instead of a cancellation.
    CancelAppointmentProblems = SIGNED_IN | KEYED_BODY | [APPROVAL_PENDING, NOT_FOUND, STALE],
        refused by [AppointmentRefused, AppointmentBegun];
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

/// Cancel an appointment
///
/// Whoever may read it may cancel it while it is active; patients only until it starts. Its time
/// is free at once.
#[utoipa::path(
    tag = "appointments",
    request_body(content = Option<CancelAppointmentBody>, example = json!({"reason": "I am well again"})),
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
    body: Body<CancelAppointmentBody>,
) -> Result<Changed<AppointmentView>, Problem> {
    let (caller, body) = body.read_once_or_empty(caller)?;
    let command = body.command(id.read()?, expected.read()?)?;
    let cancelled =
        caller.perform(&app, async |call| app.appointments.cancel(call, command).await).await?;
    Ok(Changed(cancelled))
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
    let minutes = read!(duration_minutes.optional(errors, |minutes| {
        // Held against any start here, so that a wrong start does not hide a wrong length.
        BookableTime::lasting(Timestamp::EPOCH, minutes).map(|_| minutes)
    }));

    let starts_at = starts_at?;
    if names_end {
        let period = Period::new(starts_at, ends_at?);
        return period
            .map_err(Into::into)
            .and_then(BookableTime::new)
            .map_err(|error| errors.add("ends_at", error))
            .ok();
    }
    let minutes = if names_length { minutes? } else { BookableTime::DEFAULT_MINUTES };
    BookableTime::lasting(starts_at, minutes)
        .map_err(|error| errors.add("duration_minutes", error))
        .ok()
}

impl CancelAppointmentBody {
    fn command(self, id: AppointmentId, expected: Expected) -> Result<CancelAppointment> {
        let mut errors = FieldErrors::default();
        let reason = read!(self.reason.text(&mut errors, Reason::parse));
        self.unknown.refuse(&mut errors);
        errors.check()?;
        Ok(CancelAppointment { id, reason, expected })
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
