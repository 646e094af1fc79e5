//! Statistics over HTTP.

use actix_web::get;
use actix_web::web::Json;
use medilink_application::Result;
use medilink_application::error::FieldErrors;
use medilink_application::page::Limit;
use medilink_application::statistics::{Overview, StatisticsView};
use medilink_domain::zone::Bound;
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_actix_web::service_config::ServiceConfig;

use crate::actor::{App, SignedIn};
use crate::field::{Field, Rest, read};
use crate::problem::Problem;
use crate::query::Query;
use crate::responses::problems;

/// Mounts the routes of this file.
pub(super) fn routes(config: &mut ServiceConfig) {
    config.service(read_statistics);
}

/// What to count.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct ReadStatisticsQuery {
    /// From when on appointments and workload are counted: an instant, or a day of the default time
    /// zone. 30 days before the end unless named.
    #[serde(default)]
    #[param(value_type = Option<String>, example = "2030-01-01")]
    from: Field<String>,
    /// Until when: an instant, or a day, which is included. Until now unless named, and at most 366
    /// days after the start.
    #[serde(default)]
    #[param(value_type = Option<String>, example = "2030-01-31")]
    to: Field<String>,
    /// Of how many doctors the workload is shown, 1 to 100; 20 unless named.
    #[serde(default)]
    #[param(value_type = Option<i64>, minimum = 1, maximum = 100, default = 20)]
    doctors: Field<String>,
    #[serde(flatten)]
    #[param(ignore)]
    unknown: Rest,
}

problems! {
    /// Instead of an overview.
    ReadStatisticsProblems = SIGNED_IN | [FORBIDDEN, APPROVAL_PENDING];
}

/// Look over the installation
///
/// Counts users, patients, doctors and pharmacies as they are now, the sign-ins that have failed within
/// a day, and the appointments of a period; and shows how full the time of the busiest doctors is.
/// Only for administrators.
#[utoipa::path(
    tag = "statistics",
    params(ReadStatisticsQuery),
    responses(
        (status = OK, body = StatisticsView, description = "The overview."),
        ReadStatisticsProblems,
    ),
    security(("bearer" = [])),
)]
#[get("/statistics")]
async fn read_statistics(
    app: App,
    caller: SignedIn,
    query: Query<ReadStatisticsQuery>,
) -> Result<Json<StatisticsView>, Problem> {
    let command = query.read()?.command()?;
    let overview = async |call: &_| app.statistics.overview(call, command).await;
    Ok(Json(caller.perform(&app, overview).await?))
}

impl ReadStatisticsQuery {
    fn command(self) -> Result<Overview> {
        let mut errors = FieldErrors::default();
        let overview = Overview {
            from: read!(self.from.optional(&mut errors, Bound::parse)),
            to: read!(self.to.optional(&mut errors, Bound::parse)),
            doctors: read!(self.doctors.optional(&mut errors, Limit::parse)).unwrap_or_default(),
        };
        self.unknown.refuse(&mut errors);
        errors.check()?;
        Ok(overview)
    }
}
