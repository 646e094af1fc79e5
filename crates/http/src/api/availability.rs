//! The free times of a doctor over HTTP.

use actix_web::get;
use actix_web::web::Json;
use medilink_application::availability::FreeTimeView;
use medilink_application::doctor::FindAvailability;
use medilink_application::error::FieldErrors;
use medilink_application::page::{List, Page};
use medilink_application::{Application, Result};
use medilink_domain::id::DoctorId;
use medilink_domain::period::BookableTime;
use medilink_domain::zone::Bound;
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_actix_web::service_config::ServiceConfig;

use crate::actor::{App, SignedIn};
use crate::body::Id;
use crate::field::{Field, Rest, read};
use crate::page::PageQuery;
use crate::problem::Problem;
use crate::query::{Query, whole_number};
use crate::responses::problems;

/// Mounts the routes of this file.
pub(super) fn routes(config: &mut ServiceConfig) {
    config.service(find_doctor_availability);
}

/// Which free times to show.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct FindAvailabilityQuery {
    /// Starting at this instant or later, or on this day, in the doctor's time zone; now unless named.
    #[serde(default)]
    #[param(value_type = Option<String>)]
    from: Field<String>,
    /// Starting before this instant, or on this day at the latest: up to 42 days; a week unless named.
    #[serde(default)]
    #[param(value_type = Option<String>)]
    to: Field<String>,
    /// How many minutes each is to last.
    #[serde(default)]
    #[param(value_type = Option<i64>, minimum = 5, maximum = 720, default = 30)]
    minutes: Field<String>,
    #[serde(flatten)]
    #[param(ignore)]
    page: PageQuery,
    #[serde(flatten)]
    #[param(ignore)]
    unknown: Rest,
}

problems! {
    /// Instead of free times.
    FindDoctorAvailabilityProblems = SIGNED_IN | [NOT_FOUND];
}

/// Find free times of a doctor
///
/// Shows the times of a length that are free, the earliest first. Each can be booked as it is: send its
/// `starts_at` and `ends_at`, or its `time_slot_id` if it has one.
///
/// They lie in the doctor's time slots that are not blocked, from the start of each, one behind the
/// other; one that is longer than a slot begins with it and goes on through those that follow without
/// a gap. A doctor who publishes no time, and is not `slots_only`, is offered from midnight to midnight.
/// What has begun is not shown, and a doctor who takes no appointments has no free time.
#[utoipa::path(
    tag = "doctors",
    params(
        ("id" = inline(DoctorId), Path, description = "The doctor."),
        FindAvailabilityQuery,
        PageQuery,
    ),
    responses(
        (status = OK, body = Page<FreeTimeView>, description = "One page."),
        FindDoctorAvailabilityProblems,
    ),
    security(("bearer" = [])),
)]
#[get("/doctors/{id}/availability")]
async fn find_doctor_availability(
    app: App,
    caller: SignedIn,
    id: Id<DoctorId>,
    query: Query<FindAvailabilityQuery>,
) -> Result<Json<Page<FreeTimeView>>, Problem> {
    let id = id.read()?;
    let command = query.read()?.command(&app, id)?;
    let page =
        caller.perform(&app, async |call| app.doctors.availability(call, command).await).await?;
    Ok(Json(page))
}

impl FindAvailabilityQuery {
    fn command(self, application: &Application, doctor: DoctorId) -> Result<FindAvailability> {
        let mut errors = FieldErrors::default();
        let from = read!(self.from.optional(&mut errors, Bound::parse));
        let to = read!(self.to.optional(&mut errors, Bound::parse));
        let minutes = read!(self.minutes.optional(&mut errors, |raw| {
            let minutes = whole_number(raw)?;
            BookableTime::length(minutes).map_err(|error| error.to_string())
        }));
        let page = self.page.read(application, &[List::Availability(doctor)], &mut errors);
        self.unknown.refuse(&mut errors);
        errors.check()?;
        let length = minutes.unwrap_or(BookableTime::DEFAULT_LENGTH);
        Ok(FindAvailability { doctor, from, to, length, page })
    }
}
