//! Patients' records over HTTP.

mod appointment;
mod body;

use actix_web::web::Json;
use actix_web::{delete, get, patch, post, put};
use medilink_application::error::FieldErrors;
use medilink_application::page::{List, Page};
use medilink_application::patient::{ListPatients, PatientFilter, PatientView};
use medilink_application::{Application, Result};
use medilink_domain::choice::ChoiceError;
use medilink_domain::id::PatientId;
use medilink_domain::patient::{BloodGroup, Gender};
use medilink_domain::record::Concept;
use medilink_domain::search::Search;
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_actix_web::service_config::ServiceConfig;

pub(super) use self::body::PatientFields;
use self::body::{ChangePatientBody, CreatePatientBody, ReplacePatientBody};
use crate::actor::{App, SignedIn};
use crate::answer::{Changed, Created, Done, Shown, Tagged};
use crate::body::{Bare, Body, Id, IdempotencyHeader, IfMatch, IfMatchHeader};
use crate::field::{Field, Rest, read};
use crate::page::{PageQuery, lists};
use crate::problem::Problem;
use crate::query::{Query, flag};
use crate::responses::problems;

/// Mounts the routes of this file.
pub(super) fn routes(config: &mut ServiceConfig) {
    config
        .service(list_patients)
        .service(create_patient)
        .service(find_patient)
        .service(replace_patient)
        .service(change_patient)
        .service(archive_patient)
        .service(restore_patient)
        .service(appointment::list_appointments_of_patient);
}

/// Which patients to show.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct ListPatientsQuery {
    /// Up to eight words; each begins a word of the name or the e-mail address. Case and accents do
    /// not matter.
    #[serde(default)]
    #[param(value_type = Option<String>, max_length = 100)]
    search: Field<String>,
    /// Of this gender only.
    #[serde(default)]
    #[param(value_type = Option<Gender>, inline)]
    gender: Field<String>,
    /// Of this blood group only. `A%2B` and `A+` are both taken, though a plus sign in a query means
    /// a space.
    #[serde(default)]
    #[param(value_type = Option<BloodGroup>, inline)]
    blood_group: Field<String>,
    /// Those whose record is archived, instead of those whose record is in use; only for
    /// administrators.
    #[serde(default)]
    #[param(value_type = Option<bool>, default = false)]
    archived: Field<String>,
    #[serde(flatten)]
    #[param(ignore)]
    page: PageQuery,
    #[serde(flatten)]
    #[param(ignore)]
    unknown: Rest,
}

impl Shown for PatientView {
    const CONCEPT: Concept = Concept::Patient;

    fn version(&self) -> i64 {
        self.version
    }

    fn path(&self) -> String {
        format!("/api/v1/patients/{}", self.id)
    }
}

problems! {
    /// Instead of a list of patients.
    ListPatientsProblems = SIGNED_IN | [FORBIDDEN, APPROVAL_PENDING];
    /// Instead of a new record.
    CreatePatientProblems = SIGNED_IN | KEYED_BODY | [FORBIDDEN, APPROVAL_PENDING, NOT_FOUND];
    /// Instead of a record.
    FindPatientProblems = SIGNED_IN | [APPROVAL_PENDING, NOT_FOUND];
    /// Instead of a change of a record.
    ChangePatientProblems = SIGNED_IN | BODY | [FORBIDDEN, APPROVAL_PENDING, NOT_FOUND, STALE];
    /// Instead of taking a record out of use.
    ArchivePatientProblems = SIGNED_IN | [FORBIDDEN, APPROVAL_PENDING, NOT_FOUND, STALE],
        refused by [StillNeeded];
    /// Instead of putting a record back into use.
    RestorePatientProblems = SIGNED_IN | KEYED_BODY
        | [FORBIDDEN, APPROVAL_PENDING, NOT_FOUND, STALE], refused by [NotArchived];
}

/// List patients
///
/// Shows the patients whom the caller may read one by one, by family name. Coordinators see those whose
/// records they made, doctors those and the patients whom they care for, administrators all and the
/// archive.
#[utoipa::path(
    tag = "patients",
    params(ListPatientsQuery, PageQuery),
    responses(
        (status = OK, body = Page<PatientView>, description = "One page."),
        ListPatientsProblems,
    ),
    security(("bearer" = [])),
)]
#[get("/patients")]
async fn list_patients(
    app: App,
    caller: SignedIn,
    query: Query<ListPatientsQuery>,
) -> Result<Json<Page<PatientView>>, Problem> {
    let command = query.read()?.command(&app)?;
    let page = caller.perform(&app, async |call| app.patients.list(call, command).await).await?;
    Ok(Json(page))
}

/// Make a patient's record
///
/// Coordinators, doctors and administrators make records for others, and may read and use those
/// that they made. Patients get their own when they register.
#[utoipa::path(
    tag = "patients",
    request_body(content = CreatePatientBody, example = json!({
        "first_name": "Ada", "last_name": "Lovelace", "date_of_birth": "1984-02-29",
        "gender": "F", "blood_group": "O+", "allergies": "Penicillin",
    })),
    params(IdempotencyHeader),
    responses(Created<PatientView>, CreatePatientProblems),
    security(("bearer" = [])),
)]
#[post("/patients")]
async fn create_patient(
    app: App,
    caller: SignedIn,
    body: Body<CreatePatientBody>,
) -> Result<Created<PatientView>, Problem> {
    let (caller, body) = body.read_once(caller)?;
    let details = body.details()?;
    let created =
        caller.perform(&app, async |call| app.patients.create(call, details).await).await?;
    Ok(Created(created))
}

/// Read a patient's record
///
/// The patient, the maker of the record, doctors who care for the patient, and administrators may
/// read it.
#[utoipa::path(
    tag = "patients",
    params(("id" = inline(PatientId), Path, description = "The patient.")),
    responses(Tagged<PatientView>, FindPatientProblems),
    security(("bearer" = [])),
)]
#[get("/patients/{id}")]
async fn find_patient(
    app: App,
    caller: SignedIn,
    id: Id<PatientId>,
) -> Result<Tagged<PatientView>, Problem> {
    let id = id.read()?;
    let patient = caller.perform(&app, async |call| app.patients.find(call, id).await).await?;
    Ok(Tagged(patient))
}

/// Replace a patient's record
///
/// Takes the record as it is from now on: what is left out is taken away. What else a record shows,
/// such as `id` and `full_name`, may be sent back with it and is ignored. Administrators, the maker of
/// the record and doctors who care for the patient change all of it. Patients change how they are
/// reached: `email`, `phone`, `address`, `city`, `state`, `country`, `emergency_contact_name` and
/// `emergency_contact_phone`. The account that a patient signs in with is a record of its own and stays
/// as it is.
#[utoipa::path(
    tag = "patients",
    params(("id" = inline(PatientId), Path, description = "The patient."), IfMatchHeader),
    request_body(content = ReplacePatientBody, example = json!({
        "first_name": "Ada", "last_name": "Lovelace", "date_of_birth": "1984-02-29",
        "gender": "F", "blood_group": "O+", "allergies": "Penicillin", "phone": "+44 20 7946 0000",
    })),
    responses(Changed<PatientView>, ChangePatientProblems),
    security(("bearer" = [])),
)]
#[put("/patients/{id}")]
async fn replace_patient(
    app: App,
    caller: SignedIn,
    id: Id<PatientId>,
    expected: IfMatch,
    body: Body<ReplacePatientBody>,
) -> Result<Changed<PatientView>, Problem> {
    let changes = body.read()?.changes()?;
    let (id, expected) = (id.read()?, expected.read()?);
    let change = async |call: &_| app.patients.change(call, id, changes, expected).await;
    Ok(Changed(caller.perform(&app, change).await?))
}

/// Change a patient's record
///
/// Changes what is named: what is left out stays, and null takes away what may be missing.
/// Administrators, the maker of the record and doctors who care for the patient change all of it.
/// Patients change how they are reached: `email`, `phone`, `address`, `city`, `state`, `country`,
/// `emergency_contact_name` and `emergency_contact_phone`. The account that a patient signs in with is a
/// record of its own and stays as it is.
#[utoipa::path(
    tag = "patients",
    params(("id" = inline(PatientId), Path, description = "The patient."), IfMatchHeader),
    request_body(content = ChangePatientBody, example = json!({
        "phone": "+44 20 7946 0000", "city": "London", "emergency_contact_name": null,
    })),
    responses(Changed<PatientView>, ChangePatientProblems),
    security(("bearer" = [])),
)]
#[patch("/patients/{id}")]
async fn change_patient(
    app: App,
    caller: SignedIn,
    id: Id<PatientId>,
    expected: IfMatch,
    body: Body<ChangePatientBody>,
) -> Result<Changed<PatientView>, Problem> {
    let changes = body.read()?.changes()?;
    let (id, expected) = (id.read()?, expected.read()?);
    let change = async |call: &_| app.patients.change(call, id, changes, expected).await;
    Ok(Changed(caller.perform(&app, change).await?))
}

/// Take a patient's record out of use
///
/// The record is archived: gone from every read at once, also for the patient, and kept. What has taken
/// place stays in the lists of those who could see it. Whoever signs in as the patient still does,
/// without a record. Appointments that are still to take place are in the way; `blocking` counts them.
/// The maker of the record and administrators may do it.
#[utoipa::path(
    tag = "patients",
    params(("id" = inline(PatientId), Path, description = "The patient."), IfMatchHeader),
    responses(Done, ArchivePatientProblems),
    security(("bearer" = [])),
)]
#[delete("/patients/{id}")]
async fn archive_patient(
    app: App,
    caller: SignedIn,
    id: Id<PatientId>,
    expected: IfMatch,
) -> Result<Done, Problem> {
    let (id, expected) = (id.read()?, expected.read()?);
    caller.perform(&app, async |call| app.patients.archive(call, id, expected).await).await?;
    Ok(Done)
}

/// Restore a patient's record
///
/// Puts an archived record back into use, with everything that it said. Only for administrators.
#[utoipa::path(
    tag = "patients",
    params(
        ("id" = inline(PatientId), Path, description = "The patient."),
        IfMatchHeader,
        IdempotencyHeader,
    ),
    responses(Changed<PatientView>, RestorePatientProblems),
    security(("bearer" = [])),
)]
#[post("/patients/{id}/restore")]
async fn restore_patient(
    app: App,
    caller: SignedIn,
    record: Bare<PatientId>,
) -> Result<Changed<PatientView>, Problem> {
    let (caller, id, expected) = record.read_once(caller)?;
    let restore = async |call: &_| app.patients.restore(call, id, expected).await;
    Ok(Changed(caller.perform(&app, restore).await?))
}

impl ListPatientsQuery {
    fn command(self, application: &Application) -> Result<ListPatients> {
        let mut errors = FieldErrors::default();
        let archived = read!(self.archived.optional(&mut errors, flag));
        let filter = PatientFilter {
            search: read!(self.search.text(&mut errors, Search::parse)),
            gender: read!(self.gender.optional(&mut errors, Gender::parse)),
            blood_group: read!(self.blood_group.optional(&mut errors, blood_group)),
            archived: archived.unwrap_or_default(),
        };
        let list = |archived| List::Patients { archived };
        let lists = lists("archived", archived, &[false, true], list, &errors);
        let page = self.page.read(application, &lists, &mut errors);
        self.unknown.refuse(&mut errors);
        errors.check()?;
        Ok(ListPatients { filter, page })
    }
}

/// Reads a blood group of a query, where `+` is read as a space. No blood group ends in one, so whoever
/// sent `A+` as it stands has said what they mean.
fn blood_group(raw: &str) -> Result<BloodGroup, ChoiceError> {
    BloodGroup::parse(raw).or_else(|error| {
        let positive = raw.strip_suffix(' ').map(|letters| format!("{letters}+"));
        positive.and_then(|it| BloodGroup::parse(&it).ok()).ok_or(error)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plus_sign_that_has_become_a_space_is_a_plus_sign() {
        for (raw, read) in [
            ("A+", Some(BloodGroup::APositive)),
            ("ab ", Some(BloodGroup::AbPositive)),
            ("O-", Some(BloodGroup::ONegative)),
            ("A", None),
            ("A+ +", None),
            (" ", None),
            ("", None),
            ("A- ", Some(BloodGroup::ANegative)),
        ] {
            assert_eq!(blood_group(raw).ok(), read, "{raw:?}");
        }
    }
}
