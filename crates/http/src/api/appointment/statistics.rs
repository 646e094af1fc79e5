//! Statistics of appointments over HTTP.

use actix_web::get;
use actix_web::web::Json;
use medilink_application::Result;
use medilink_application::appointment::{AppointmentStatistics, CountAppointments};
use medilink_application::error::FieldErrors;
use medilink_domain::time::Date;
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_actix_web::service_config::ServiceConfig;

use super::ListAppointmentsProblems;
use crate::actor::{App, SignedIn};
use crate::field::{Field, Rest, read};
use crate::problem::Problem;
use crate::query::Query;

/// Mounts the routes of this file, which have to come before those with an id.
pub(super) fn routes(config: &mut ServiceConfig) {
    config.service(find_appointment_statistics);
}

/// Which days to count.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct StatisticsQuery {
    /// The first day; 30 days up to the last one unless named.
    #[serde(default)]
    #[param(value_type = Option<Date>, inline)]
    from: Field<String>,
    /// The last day, at most 366 days in all; today, or 30 days from the first one, unless named.
    #[serde(default)]
    #[param(value_type = Option<Date>, inline)]
    to: Field<String>,
    #[serde(flatten)]
    #[param(ignore)]
    unknown: Rest,
}

/// Read statistics of appointments
///
/// Counts the appointments that start on some days, of those that you may read one by one: by status,
/// by day, how many took place, were called off or missed, and how long before they were booked. Days
/// are those of your time zone if you are a doctor, or else of the installation's.
#[utoipa::path(
    tag = "appointments",
    params(StatisticsQuery),
    responses(
        (status = OK, body = AppointmentStatistics, description = "The counts."),
        ListAppointmentsProblems,
    ),
    security(("bearer" = [])),
)]
#[get("/appointments/statistics")]
async fn find_appointment_statistics(
    app: App,
    caller: SignedIn,
    query: Query<StatisticsQuery>,
) -> Result<Json<AppointmentStatistics>, Problem> {
    let command = query.read()?.command()?;
    let statistics =
        caller.perform(&app, async |call| app.appointments.statistics(call, command).await).await?;
    Ok(Json(statistics))
}

impl StatisticsQuery {
    fn command(self) -> Result<CountAppointments> {
        let mut errors = FieldErrors::default();
        let from = read!(self.from.optional(&mut errors, Date::parse));
        let to = read!(self.to.optional(&mut errors, Date::parse));
        self.unknown.refuse(&mut errors);
        errors.check()?;
        Ok(CountAppointments { from, to })
    }
}
