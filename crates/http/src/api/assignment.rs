//! Assignments over HTTP.

use std::convert::Infallible;

use actix_web::web::Json;
use actix_web::{delete, get, patch, post};
use medilink_application::assignment::{
    AssignedDoctorView, AssignmentFilter, AssignmentView, ChangeAssignment, CreateAssignment,
    ListAssignments,
};
use medilink_application::call::Expected;
use medilink_application::error::FieldErrors;
use medilink_application::page::{List, Page};
use medilink_application::{Application, Error, Result};
use medilink_domain::assignment::{AssignmentChanges, AssignmentTerms};
use medilink_domain::id::{AssignmentId, DoctorId, PatientId};
use medilink_domain::record::Concept;
use medilink_domain::text::{AssignmentNotes, Reason};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};
use utoipa_actix_web::service_config::ServiceConfig;

use crate::actor::{App, SignedIn};
use crate::answer::{Changed, Created, Done, Shown, Tagged};
use crate::body::{Body, Id, IdempotencyHeader, IfMatch, IfMatchHeader};
use crate::field::{Field, Rest, read};
use crate::page::{PageAlone, PageQuery};
use crate::problem::Problem;
use crate::query::{Query, flag};
use crate::responses::problems;

/// Mounts the routes of this file.
pub(super) fn routes(config: &mut ServiceConfig) {
    config
        .service(list_assignments)
        .service(create_assignment)
        .service(find_assignment)
        .service(change_assignment)
        .service(remove_assignment)
        .service(list_doctors_of_patient);
}

/// What to send to assign a doctor to a patient's care.
#[derive(Deserialize, ToSchema)]
struct CreateAssignmentBody {
    /// For whom.
    #[serde(default)]
    #[schema(value_type = PatientId, required = true)]
    patient_id: Field<String>,
    /// Who is to care.
    #[serde(default)]
    #[schema(value_type = DoctorId, required = true)]
    doctor_id: Field<String>,
    /// Whether the doctor comes first among the patient's; whoever did so far no longer does.
    #[serde(default)]
    #[schema(value_type = Option<bool>, default = false)]
    is_primary: Field<bool>,
    /// Whether it begins; one that does not is kept for the record.
    #[serde(default)]
    #[schema(value_type = Option<bool>, default = true)]
    is_active: Field<bool>,
    /// Why, in up to 500 characters.
    #[serde(default)]
    #[schema(value_type = Option<Reason>)]
    reason: Field<String>,
    /// What else there is to know, in up to 5,000 characters.
    #[serde(default)]
    #[schema(value_type = Option<AssignmentNotes>)]
    notes: Field<String>,
    #[serde(flatten)]
    #[schema(ignore)]
    unknown: Rest,
}

/// What to send to change an assignment: what is left out stays.
#[derive(Deserialize, ToSchema)]
struct ChangeAssignmentBody {
    /// Whether the doctor comes first among the patient's; whoever did so far no longer does.
    #[serde(default)]
    #[schema(value_type = bool, required = false)]
    is_primary: Field<bool>,
    /// Whether it goes on.
    #[serde(default)]
    #[schema(value_type = bool, required = false)]
    is_active: Field<bool>,
    /// Why, in up to 500 characters; null takes it away.
    #[serde(default)]
    #[schema(value_type = Option<Reason>)]
    reason: Field<String>,
    /// What else there is to know, in up to 5,000 characters; null takes it away.
    #[serde(default)]
    #[schema(value_type = Option<AssignmentNotes>)]
    notes: Field<String>,
    #[serde(flatten)]
    #[schema(ignore)]
    unknown: Rest,
}

/// Which assignments to show.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct ListAssignmentsQuery {
    /// Of this patient only.
    #[serde(default)]
    #[param(value_type = Option<String>, format = Uuid)]
    patient_id: Field<String>,
    /// Of this doctor only.
    #[serde(default)]
    #[param(value_type = Option<String>, format = Uuid)]
    doctor_id: Field<String>,
    /// Primary ones only, or others only.
    #[serde(default)]
    #[param(value_type = Option<bool>)]
    is_primary: Field<String>,
    /// Active ones only, or only those that have ended.
    #[serde(default)]
    #[param(value_type = Option<bool>)]
    is_active: Field<String>,
    #[serde(flatten)]
    #[param(ignore)]
    page: PageQuery,
    #[serde(flatten)]
    #[param(ignore)]
    unknown: Rest,
}

impl Shown for AssignmentView {
    const CONCEPT: Concept = Concept::Assignment;

    fn version(&self) -> i64 {
        self.version
    }

    fn path(&self) -> String {
        format!("/api/v1/assignments/{}", self.id)
    }
}

problems! {
    /// Instead of a list of assignments.
    ListAssignmentsProblems = SIGNED_IN | [FORBIDDEN, APPROVAL_PENDING];
    /// Instead of a new assignment.
    CreateAssignmentProblems = SIGNED_IN | KEYED_BODY | [FORBIDDEN, APPROVAL_PENDING, NOT_FOUND],
        refused by [AlreadyAssigned];
    /// Instead of an assignment.
    FindAssignmentProblems = SIGNED_IN | [APPROVAL_PENDING, NOT_FOUND];
    /// Instead of a change of an assignment.
    ChangeAssignmentProblems = SIGNED_IN | BODY | [FORBIDDEN, APPROVAL_PENDING, NOT_FOUND, STALE],
        refused by [AlreadyAssigned];
    /// Instead of taking an assignment away.
    RemoveAssignmentProblems = SIGNED_IN | [APPROVAL_PENDING, NOT_FOUND, STALE];
    /// Instead of a patient's doctors.
    ListDoctorsOfPatientProblems = SIGNED_IN | [APPROVAL_PENDING, NOT_FOUND];
}

/// List assignments
///
/// Shows the assignments that you may read one by one, the newest first.
#[utoipa::path(
    tag = "assignments",
    params(ListAssignmentsQuery, PageQuery),
    responses(
        (status = OK, body = Page<AssignmentView>, description = "One page."),
        ListAssignmentsProblems,
    ),
    security(("bearer" = [])),
)]
#[get("/assignments")]
async fn list_assignments(
    app: App,
    caller: SignedIn,
    query: Query<ListAssignmentsQuery>,
) -> Result<Json<Page<AssignmentView>>, Problem> {
    let command = query.read()?.command(&app)?;
    let page = caller.perform(&app, async |call| app.assignments.list(call, command).await).await?;
    Ok(Json(page))
}

/// Assign a doctor to a patient's care
///
/// Patients choose doctors for themselves, coordinators for patients whose records they made, and
/// doctors for patients in their care. A doctor who is assigned may read and change the patient's
/// record and book for the patient, for as long as the assignment is active.
///
/// A doctor is assigned to a patient once at a time: another active assignment answers 409 with
/// `already-assigned`. A patient has one primary doctor at the most, so a new one takes the place of
/// the one before.
#[utoipa::path(
    tag = "assignments",
    request_body(content = CreateAssignmentBody, example = json!({
        "patient_id": "00000000-0000-0000-0000-000000000000",
        "doctor_id": "00000000-0000-0000-0000-000000000000",
        "is_primary": true,
        "reason": "Diabetes",
    })),
    params(IdempotencyHeader),
    responses(Created<AssignmentView>, CreateAssignmentProblems),
    security(("bearer" = [])),
)]
#[post("/assignments")]
async fn create_assignment(
    app: App,
    caller: SignedIn,
    body: Body<CreateAssignmentBody>,
) -> Result<Created<AssignmentView>, Problem> {
    let (caller, body) = body.read_once(caller)?;
    let command = body.command()?;
    let made =
        caller.perform(&app, async |call| app.assignments.create(call, command).await).await?;
    Ok(Created(made))
}

/// Read an assignment
///
/// Its patient, the maker of the patient's record, doctors who care for the patient, and
/// administrators may read it.
#[utoipa::path(
    tag = "assignments",
    params(("id" = inline(AssignmentId), Path, description = "The assignment.")),
    responses(Tagged<AssignmentView>, FindAssignmentProblems),
    security(("bearer" = [])),
)]
#[get("/assignments/{id}")]
async fn find_assignment(
    app: App,
    caller: SignedIn,
    id: Id<AssignmentId>,
) -> Result<Tagged<AssignmentView>, Problem> {
    let id = id.read()?;
    let assignment =
        caller.perform(&app, async |call| app.assignments.find(call, id).await).await?;
    Ok(Tagged(assignment))
}

/// Change an assignment
///
/// What is left out stays. Whoever may read an assignment may end it, with `is_active: false` and
/// nothing else; all else is for the maker of the patient's record and for administrators.
/// `is_active: true` lets it begin again, unless the doctor is assigned anew by then.
#[utoipa::path(
    tag = "assignments",
    params(("id" = inline(AssignmentId), Path, description = "The assignment."), IfMatchHeader),
    request_body(content = ChangeAssignmentBody, example = json!({"is_active": false})),
    responses(Changed<AssignmentView>, ChangeAssignmentProblems),
    security(("bearer" = [])),
)]
#[patch("/assignments/{id}")]
async fn change_assignment(
    app: App,
    caller: SignedIn,
    id: Id<AssignmentId>,
    expected: IfMatch,
    body: Body<ChangeAssignmentBody>,
) -> Result<Changed<AssignmentView>, Problem> {
    let command = body.read()?.command(id.read()?, expected.read()?)?;
    let changed =
        caller.perform(&app, async |call| app.assignments.change(call, command).await).await?;
    Ok(Changed(changed))
}

/// Take an assignment away
///
/// Ends it, and nobody finds it from then on. To end it and keep it for the record, change it.
/// Whoever may read it may take it away.
#[utoipa::path(
    tag = "assignments",
    params(("id" = inline(AssignmentId), Path, description = "The assignment."), IfMatchHeader),
    responses(Done, RemoveAssignmentProblems),
    security(("bearer" = [])),
)]
#[delete("/assignments/{id}")]
async fn remove_assignment(
    app: App,
    caller: SignedIn,
    id: Id<AssignmentId>,
    expected: IfMatch,
) -> Result<Done, Problem> {
    let (id, expected) = (id.read()?, expected.read()?);
    let remove = async |call: &_| app.assignments.remove(call, id, expected).await;
    caller.perform(&app, remove).await?;
    Ok(Done)
}

/// List a patient's doctors
///
/// Shows who is assigned to the patient now: the primary doctor first, then who was assigned last.
/// Whoever may read the patient's record may see it.
#[utoipa::path(
    tag = "patients",
    params(("id" = inline(PatientId), Path, description = "The patient."), PageQuery),
    responses(
        (status = OK, body = Page<AssignedDoctorView>, description = "One page."),
        ListDoctorsOfPatientProblems,
    ),
    security(("bearer" = [])),
)]
#[get("/patients/{id}/doctors")]
async fn list_doctors_of_patient(
    app: App,
    caller: SignedIn,
    id: Id<PatientId>,
    query: Query<PageAlone>,
) -> Result<Json<Page<AssignedDoctorView>>, Problem> {
    let id = id.read()?;
    let page = query.read()?.read(&app, List::DoctorsOfPatient(id))?;
    let list = async |call: &_| app.assignments.doctors(call, id, page).await;
    Ok(Json(caller.perform(&app, list).await?))
}

impl CreateAssignmentBody {
    fn command(self) -> Result<CreateAssignment> {
        let mut errors = FieldErrors::default();
        let patient = read!(self.patient_id.required(&mut errors, str::parse));
        let doctor = read!(self.doctor_id.required(&mut errors, str::parse));
        let is_primary = read!(self.is_primary.optional(&mut errors, Ok::<_, Infallible>));
        let is_active = read!(self.is_active.optional(&mut errors, Ok::<_, Infallible>));
        let reason = read!(self.reason.text(&mut errors, Reason::parse));
        let notes = read!(self.notes.text(&mut errors, AssignmentNotes::parse));
        self.unknown.refuse(&mut errors);

        let (Some(doctor), Some(patient)) = (doctor, patient) else {
            return Err(Error::Invalid(errors));
        };
        errors.check()?;
        let (is_primary, is_active) = (is_primary.unwrap_or(false), is_active.unwrap_or(true));
        let terms = AssignmentTerms { is_primary, is_active, reason, notes };
        Ok(CreateAssignment { doctor, patient, terms })
    }
}

impl ChangeAssignmentBody {
    fn command(self, id: AssignmentId, expected: Expected) -> Result<ChangeAssignment> {
        let mut errors = FieldErrors::default();
        let changes = AssignmentChanges {
            is_primary: read!(self.is_primary.replace(&mut errors, Ok::<_, Infallible>)),
            is_active: read!(self.is_active.replace(&mut errors, Ok::<_, Infallible>)),
            reason: read!(self.reason.change_text(&mut errors, Reason::parse)),
            notes: read!(self.notes.change_text(&mut errors, AssignmentNotes::parse)),
        };
        self.unknown.refuse(&mut errors);
        errors.check()?;
        Ok(ChangeAssignment { id, changes, expected })
    }
}

impl ListAssignmentsQuery {
    fn command(self, application: &Application) -> Result<ListAssignments> {
        let mut errors = FieldErrors::default();
        let filter = AssignmentFilter {
            doctor: read!(self.doctor_id.optional(&mut errors, str::parse)),
            patient: read!(self.patient_id.optional(&mut errors, str::parse)),
            is_primary: read!(self.is_primary.optional(&mut errors, flag)),
            is_active: read!(self.is_active.optional(&mut errors, flag)),
        };
        let page = self.page.read(application, &[List::Assignments], &mut errors);
        self.unknown.refuse(&mut errors);
        errors.check()?;
        Ok(ListAssignments { filter, page })
    }
}
