//! What lies ahead, and what is on today.

use actix_web::get;
use actix_web::web::Json;
use medilink_application::appointment::AppointmentView;
use medilink_application::page::{List, Page};
use utoipa_actix_web::service_config::ServiceConfig;

use super::ListAppointmentsProblems;
use crate::actor::{App, SignedIn};
use crate::page::{PageAlone, PageQuery};
use crate::problem::Problem;
use crate::query::Query;

/// Mounts the routes of this file, which have to come before those with an id.
pub(super) fn routes(config: &mut ServiceConfig) {
    config.service(list_upcoming_appointments).service(list_appointments_of_today);
}

/// List upcoming appointments
///
/// Shows the active appointments that start from now on, the earliest first, of those that you may
/// read one by one.
#[utoipa::path(
    tag = "appointments",
    params(PageQuery),
    responses(
        (status = OK, body = Page<AppointmentView>, description = "One page."),
        ListAppointmentsProblems,
    ),
    security(("bearer" = [])),
)]
#[get("/appointments/upcoming")]
async fn list_upcoming_appointments(
    app: App,
    caller: SignedIn,
    query: Query<PageAlone>,
) -> Result<Json<Page<AppointmentView>>, Problem> {
    let page = query.read()?.read(&app, List::UpcomingAppointments)?;
    let page =
        caller.perform(&app, async |call| app.appointments.upcoming(call, page).await).await?;
    Ok(Json(page))
}

/// List today's appointments
///
/// Shows the appointments that start today, whatever has become of them, the earliest first, of those
/// that you may read one by one. Today is the day that it is where the doctor of each is.
#[utoipa::path(
    tag = "appointments",
    params(PageQuery),
    responses(
        (status = OK, body = Page<AppointmentView>, description = "One page."),
        ListAppointmentsProblems,
    ),
    security(("bearer" = [])),
)]
#[get("/appointments/today")]
async fn list_appointments_of_today(
    app: App,
    caller: SignedIn,
    query: Query<PageAlone>,
) -> Result<Json<Page<AppointmentView>>, Problem> {
    let page = query.read()?.read(&app, List::AppointmentsOfToday)?;
    let page = caller.perform(&app, async |call| app.appointments.today(call, page).await).await?;
    Ok(Json(page))
}
