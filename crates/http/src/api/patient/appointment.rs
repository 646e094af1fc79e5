//! The appointments of a patient over HTTP.

use actix_web::get;
use actix_web::web::Json;
use medilink_application::appointment::{AppointmentFilter, AppointmentView, ListAppointments};
use medilink_application::error::FieldErrors;
use medilink_application::page::{List, Page};
use medilink_application::{Application, Result};
use medilink_domain::appointment::{AppointmentOrder, AppointmentStatus};
use medilink_domain::id::PatientId;
use medilink_domain::zone::Bound;
use serde::Deserialize;
use utoipa::IntoParams;

use crate::actor::{App, SignedIn};
use crate::body::Id;
use crate::field::{Field, Rest, read};
use crate::page::{PageQuery, lists};
use crate::problem::Problem;
use crate::query::Query;
use crate::responses::problems;

/// Which appointments of the patient to show.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct ListAppointmentsOfPatientQuery {
    /// Of this doctor only.
    #[serde(default)]
    #[param(value_type = Option<String>, format = Uuid)]
    doctor_id: Field<String>,
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

problems! {
    /// Instead of the appointments of a patient.
    ListAppointmentsOfPatientProblems = SIGNED_IN | [APPROVAL_PENDING, NOT_FOUND];
}

/// List the appointments of a patient
///
/// Shows those that the caller may read one by one, the earliest start first: a doctor who cares for
/// the patient sees their own appointments with them. Whoever may read the patient's record may ask.
#[utoipa::path(
    tag = "patients",
    params(
        ("id" = inline(PatientId), Path, description = "The patient."),
        ListAppointmentsOfPatientQuery,
        PageQuery,
    ),
    responses(
        (status = OK, body = Page<AppointmentView>, description = "One page."),
        ListAppointmentsOfPatientProblems,
    ),
    security(("bearer" = [])),
)]
#[get("/patients/{id}/appointments")]
pub(super) async fn list_appointments_of_patient(
    app: App,
    caller: SignedIn,
    id: Id<PatientId>,
    query: Query<ListAppointmentsOfPatientQuery>,
) -> Result<Json<Page<AppointmentView>>, Problem> {
    let id = id.read()?;
    let command = query.read()?.command(&app, id)?;
    let list = async |call: &_| app.appointments.list_of_patient(call, id, command).await;
    Ok(Json(caller.perform(&app, list).await?))
}

impl ListAppointmentsOfPatientQuery {
    fn command(self, application: &Application, patient: PatientId) -> Result<ListAppointments> {
        let mut errors = FieldErrors::default();
        let filter = AppointmentFilter {
            doctor: read!(self.doctor_id.optional(&mut errors, str::parse)),
            patient: None,
            status: read!(self.status.optional(&mut errors, AppointmentStatus::parse)),
            from: read!(self.from.optional(&mut errors, Bound::parse)),
            to: read!(self.to.optional(&mut errors, Bound::parse)),
        };
        let order = read!(self.sort.optional(&mut errors, AppointmentOrder::parse));
        let list = |order| List::AppointmentsOfPatient(patient, order);
        let lists = lists("sort", order, AppointmentOrder::ALL, list, &errors);
        let page = self.page.read(application, &lists, &mut errors);
        self.unknown.refuse(&mut errors);
        errors.check()?;
        Ok(ListAppointments { filter, order: order.unwrap_or_default(), page })
    }
}
