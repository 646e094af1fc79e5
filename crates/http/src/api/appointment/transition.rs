//! What becomes of an appointment, over HTTP.

use actix_web::post;
use medilink_application::appointment::{AppointmentView, CancelAppointment, MarkNoShow};
use medilink_domain::id::AppointmentId;
use utoipa_actix_web::service_config::ServiceConfig;

use super::body::ReasonBody;
use crate::actor::{App, SignedIn};
use crate::answer::Changed;
use crate::body::{Bare, Body, Id, IdempotencyHeader, IfMatch, IfMatchHeader};
use crate::problem::Problem;
use crate::responses::problems;

/// Mounts the routes of this file.
pub(super) fn routes(config: &mut ServiceConfig) {
    config
        .service(confirm_appointment)
        .service(check_in_appointment)
        .service(start_appointment)
        .service(complete_appointment)
        .service(cancel_appointment)
        .service(mark_no_show);
}

problems! {
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
    record: Bare<AppointmentId>,
) -> Result<Changed<AppointmentView>, Problem> {
    let (caller, id, expected) = record.read_once(caller)?;
    let confirm = async |call: &_| app.appointments.confirm(call, id, expected).await;
    Ok(Changed(caller.perform(&app, confirm).await?))
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
    record: Bare<AppointmentId>,
) -> Result<Changed<AppointmentView>, Problem> {
    let (caller, id, expected) = record.read_once(caller)?;
    let check_in = async |call: &_| app.appointments.check_in(call, id, expected).await;
    Ok(Changed(caller.perform(&app, check_in).await?))
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
    record: Bare<AppointmentId>,
) -> Result<Changed<AppointmentView>, Problem> {
    let (caller, id, expected) = record.read_once(caller)?;
    let start = async |call: &_| app.appointments.start(call, id, expected).await;
    Ok(Changed(caller.perform(&app, start).await?))
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
    record: Bare<AppointmentId>,
) -> Result<Changed<AppointmentView>, Problem> {
    let (caller, id, expected) = record.read_once(caller)?;
    let complete = async |call: &_| app.appointments.complete(call, id, expected).await;
    Ok(Changed(caller.perform(&app, complete).await?))
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
