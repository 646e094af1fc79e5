//! The directory of doctors over HTTP.

mod body;

use actix_web::web::Json;
use actix_web::{delete, get, patch, post, put};
use medilink_application::doctor::{DoctorFilter, DoctorView, ListDoctors};
use medilink_application::error::FieldErrors;
use medilink_application::page::{List, Page};
use medilink_application::{Application, Result};
use medilink_domain::doctor::Specialization;
use medilink_domain::id::DoctorId;
use medilink_domain::record::Concept;
use medilink_domain::search::Search;
use medilink_domain::text::Place;
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_actix_web::service_config::ServiceConfig;

pub(super) use self::body::DoctorFields;
use self::body::{ChangeDoctorBody, CreateDoctorBody, ReplaceDoctorBody};
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
        .service(list_doctors)
        .service(create_doctor)
        .service(find_doctor)
        .service(replace_doctor)
        .service(change_doctor)
        .service(archive_doctor)
        .service(restore_doctor)
        .service(verify_doctor);
}

/// Which doctors to show.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct ListDoctorsQuery {
    /// Up to eight words; each begins a word of the name or the hospital. Case and accents do not
    /// matter.
    #[serde(default)]
    #[param(value_type = Option<String>, max_length = 100)]
    search: Field<String>,
    /// Of this field only.
    #[serde(default)]
    #[param(value_type = Option<Specialization>, inline)]
    specialization: Field<String>,
    /// Taking appointments, or not.
    #[serde(default)]
    #[param(value_type = Option<bool>)]
    is_available: Field<String>,
    /// In this city only.
    #[serde(default)]
    #[param(value_type = Option<String>)]
    city: Field<String>,
    /// With a checked licence, or without.
    #[serde(default)]
    #[param(value_type = Option<bool>)]
    verified: Field<String>,
    /// Those in the archive instead of those in the directory; only for administrators.
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

impl Shown for DoctorView {
    const CONCEPT: Concept = Concept::Doctor;

    fn version(&self) -> i64 {
        self.version
    }

    fn path(&self) -> String {
        format!("/api/v1/doctors/{}", self.id)
    }
}

problems! {
    /// Instead of a list of doctors.
    ListDoctorsProblems = SIGNED_IN | [FORBIDDEN, APPROVAL_PENDING];
    /// Instead of a new entry.
    CreateDoctorProblems = SIGNED_IN | KEYED_BODY | [FORBIDDEN, APPROVAL_PENDING, NOT_FOUND];
    /// Instead of a doctor's profile.
    FindDoctorProblems = SIGNED_IN | [NOT_FOUND];
    /// Instead of a change of a profile.
    ChangeDoctorProblems = SIGNED_IN | BODY | [FORBIDDEN, NOT_FOUND, STALE];
    /// Instead of taking a doctor out of the directory.
    ArchiveDoctorProblems = SIGNED_IN | [FORBIDDEN, APPROVAL_PENDING, NOT_FOUND, STALE],
        refused by [StillNeeded];
    /// Instead of putting a doctor back.
    RestoreDoctorProblems = SIGNED_IN | KEYED_BODY
        | [FORBIDDEN, APPROVAL_PENDING, NOT_FOUND, STALE], refused by [NotArchived];
    /// Instead of recording that a licence was checked.
    VerifyDoctorProblems = SIGNED_IN | KEYED_BODY
        | [FORBIDDEN, APPROVAL_PENDING, NOT_FOUND, STALE],
        refused by [NoLicenseNumber, AlreadyVerified];
}

/// List doctors
///
/// Shows the directory by family name. Administrators also look into the archive.
#[utoipa::path(
    tag = "doctors",
    params(ListDoctorsQuery, PageQuery),
    responses(
        (status = OK, body = Page<DoctorView>, description = "One page."),
        ListDoctorsProblems,
    ),
    security(("bearer" = [])),
)]
#[get("/doctors")]
async fn list_doctors(
    app: App,
    caller: SignedIn,
    query: Query<ListDoctorsQuery>,
) -> Result<Json<Page<DoctorView>>, Problem> {
    let command = query.read()?.command(&app)?;
    let page = caller.perform(&app, async |call| app.doctors.list(call, command).await).await?;
    Ok(Json(page))
}

/// Enter a doctor
///
/// Administrators and coordinators enter doctors as whom nobody signs in; patients can be booked with
/// them at once. An entry is its creator's to change and to archive. No verified doctor and no other
/// entry has the same licence number.
#[utoipa::path(
    tag = "doctors",
    params(IdempotencyHeader),
    request_body(content = CreateDoctorBody, example = json!({
        "first_name": "Emily", "last_name": "Chen", "specialization": "cardiology",
        "license_number": "DE-12345", "hospital_name": "Charité", "city": "Berlin",
        "time_zone": "Europe/Berlin", "consultation_fee": "250.00",
    })),
    responses(Created<DoctorView>, CreateDoctorProblems),
    security(("bearer" = [])),
)]
#[post("/doctors")]
async fn create_doctor(
    app: App,
    caller: SignedIn,
    body: Body<CreateDoctorBody>,
) -> Result<Created<DoctorView>, Problem> {
    let (caller, body) = body.read_once(caller)?;
    let profile = body.profile(app.default_time_zone())?;
    let created =
        caller.perform(&app, async |call| app.doctors.create(call, profile).await).await?;
    Ok(Created(created))
}

/// Read a doctor's profile
///
/// Everybody who is signed in may read it.
#[utoipa::path(
    tag = "doctors",
    params(("id" = inline(DoctorId), Path, description = "The doctor.")),
    responses(Tagged<DoctorView>, FindDoctorProblems),
    security(("bearer" = [])),
)]
#[get("/doctors/{id}")]
async fn find_doctor(
    app: App,
    caller: SignedIn,
    id: Id<DoctorId>,
) -> Result<Tagged<DoctorView>, Problem> {
    let id = id.read()?;
    let doctor = caller.perform(&app, async |call| app.doctors.find(call, id).await).await?;
    Ok(Tagged(doctor))
}

/// Replace a doctor's profile
///
/// Takes the profile as it is from now on: what is left out is taken away, or becomes what a new entry
/// begins with. Doctors change their own profile, coordinators the entries that they made, and
/// administrators all. A licence number that changes has yet to be verified, unless an administrator
/// changes it.
#[utoipa::path(
    tag = "doctors",
    params(("id" = inline(DoctorId), Path, description = "The doctor."), IfMatchHeader),
    request_body(content = ReplaceDoctorBody, example = json!({
        "first_name": "Emily", "last_name": "Chen", "specialization": "cardiology",
        "license_number": "DE-12345", "hospital_name": "Charité", "city": "Berlin",
        "time_zone": "Europe/Berlin", "consultation_fee": "250.00",
    })),
    responses(Changed<DoctorView>, ChangeDoctorProblems),
    security(("bearer" = [])),
)]
#[put("/doctors/{id}")]
async fn replace_doctor(
    app: App,
    caller: SignedIn,
    id: Id<DoctorId>,
    expected: IfMatch,
    body: Body<ReplaceDoctorBody>,
) -> Result<Changed<DoctorView>, Problem> {
    let changes = body.read()?.changes(app.default_time_zone())?;
    let (id, expected) = (id.read()?, expected.read()?);
    let change = async |call: &_| app.doctors.change(call, id, changes, expected).await;
    Ok(Changed(caller.perform(&app, change).await?))
}

/// Change a doctor's profile
///
/// Changes what is named: what is left out stays, and null takes away what may be missing. Doctors
/// change their own profile, coordinators the entries that they made, and administrators all. A
/// licence number that changes has yet to be verified, unless an administrator changes it.
#[utoipa::path(
    tag = "doctors",
    params(("id" = inline(DoctorId), Path, description = "The doctor."), IfMatchHeader),
    request_body(content = ChangeDoctorBody, example = json!({
        "bio": "Has practised in three countries.", "is_available": false, "phone": null,
    })),
    responses(Changed<DoctorView>, ChangeDoctorProblems),
    security(("bearer" = [])),
)]
#[patch("/doctors/{id}")]
async fn change_doctor(
    app: App,
    caller: SignedIn,
    id: Id<DoctorId>,
    expected: IfMatch,
    body: Body<ChangeDoctorBody>,
) -> Result<Changed<DoctorView>, Problem> {
    let changes = body.read()?.changes()?;
    let (id, expected) = (id.read()?, expected.read()?);
    let change = async |call: &_| app.doctors.change(call, id, changes, expected).await;
    Ok(Changed(caller.perform(&app, change).await?))
}

/// Take a doctor out of the directory
///
/// The doctor is archived: gone from the directory, bookable no more, and kept. What has taken place
/// can still be read. Whoever signs in as the doctor still does, without a profile. Appointments that
/// are still to take place are in the way; `blocking` counts them. Coordinators archive the entries
/// that they made, and administrators all.
#[utoipa::path(
    tag = "doctors",
    params(("id" = inline(DoctorId), Path, description = "The doctor."), IfMatchHeader),
    responses(Done, ArchiveDoctorProblems),
    security(("bearer" = [])),
)]
#[delete("/doctors/{id}")]
async fn archive_doctor(
    app: App,
    caller: SignedIn,
    id: Id<DoctorId>,
    expected: IfMatch,
) -> Result<Done, Problem> {
    let (id, expected) = (id.read()?, expected.read()?);
    let archive = async |call: &_| app.doctors.archive(call, id, expected).await;
    caller.perform(&app, archive).await?;
    Ok(Done)
}

/// Restore a doctor
///
/// Puts an archived doctor back into the directory, with everything that the profile said. Only for
/// administrators. Somebody else may have the licence number by now.
#[utoipa::path(
    tag = "doctors",
    params(
        ("id" = inline(DoctorId), Path, description = "The doctor."),
        IfMatchHeader,
        IdempotencyHeader,
    ),
    responses(Changed<DoctorView>, RestoreDoctorProblems),
    security(("bearer" = [])),
)]
#[post("/doctors/{id}/restore")]
async fn restore_doctor(
    app: App,
    caller: SignedIn,
    record: Bare<DoctorId>,
) -> Result<Changed<DoctorView>, Problem> {
    let (caller, id, expected) = record.read_once(caller)?;
    let restore = async |call: &_| app.doctors.restore(call, id, expected).await;
    Ok(Changed(caller.perform(&app, restore).await?))
}

/// Verify a doctor
///
/// Records that the licence was checked. Only for administrators. The approval of a user verifies their
/// profile too.
#[utoipa::path(
    tag = "doctors",
    params(
        ("id" = inline(DoctorId), Path, description = "The doctor."),
        IfMatchHeader,
        IdempotencyHeader,
    ),
    responses(Changed<DoctorView>, VerifyDoctorProblems),
    security(("bearer" = [])),
)]
#[post("/doctors/{id}/verify")]
async fn verify_doctor(
    app: App,
    caller: SignedIn,
    record: Bare<DoctorId>,
) -> Result<Changed<DoctorView>, Problem> {
    let (caller, id, expected) = record.read_once(caller)?;
    let verify = async |call: &_| app.doctors.verify(call, id, expected).await;
    Ok(Changed(caller.perform(&app, verify).await?))
}

impl ListDoctorsQuery {
    fn command(self, application: &Application) -> Result<ListDoctors> {
        let mut errors = FieldErrors::default();
        let archived = read!(self.archived.optional(&mut errors, flag));
        let filter = DoctorFilter {
            search: read!(self.search.text(&mut errors, Search::parse)),
            specialization: read!(self.specialization.optional(&mut errors, Specialization::parse)),
            is_available: read!(self.is_available.optional(&mut errors, flag)),
            city: read!(self.city.text(&mut errors, Place::parse)),
            verified: read!(self.verified.optional(&mut errors, flag)),
            archived: archived.unwrap_or_default(),
        };
        let list = |archived| List::Doctors { archived };
        let lists = lists("archived", archived, &[false, true], list, &errors);
        let page = self.page.read(application, &lists, &mut errors);
        self.unknown.refuse(&mut errors);
        errors.check()?;
        Ok(ListDoctors { filter, page })
    }
}
