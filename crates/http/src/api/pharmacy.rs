//! The directory of pharmacies over HTTP.

mod body;

use actix_web::web::Json;
use actix_web::{get, patch, post, put};
use medilink_application::error::FieldErrors;
use medilink_application::page::{List, Page};
use medilink_application::pharmacy::{ListPharmacies, PharmacyFilter, PharmacyView};
use medilink_application::{Application, Result};
use medilink_domain::id::PharmacyId;
use medilink_domain::record::Concept;
use medilink_domain::search::Search;
use medilink_domain::text::Place;
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_actix_web::service_config::ServiceConfig;

pub(super) use self::body::PharmacyFields;
use self::body::{ChangePharmacyBody, CreatePharmacyBody, ReplacePharmacyBody};
use crate::actor::{App, SignedIn};
use crate::answer::{Changed, Created, Shown, Tagged};
use crate::body::{Bare, Body, Id, IdempotencyHeader, IfMatch, IfMatchHeader};
use crate::field::{Field, Rest, read};
use crate::page::PageQuery;
use crate::problem::Problem;
use crate::query::{Query, flag};
use crate::responses::problems;

/// Mounts the routes of this file.
pub(super) fn routes(config: &mut ServiceConfig) {
    config
        .service(list_pharmacies)
        .service(create_pharmacy)
        .service(find_pharmacy)
        .service(replace_pharmacy)
        .service(change_pharmacy)
        .service(verify_pharmacy);
}

/// Which pharmacies to show.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct ListPharmaciesQuery {
    /// Up to eight words; each begins a word of the name or the city. Case and accents do not matter.
    #[serde(default)]
    #[param(value_type = Option<String>, max_length = 100)]
    search: Field<String>,
    /// In this city only.
    #[serde(default)]
    #[param(value_type = Option<String>)]
    city: Field<String>,
    /// With a checked licence, or without.
    #[serde(default)]
    #[param(value_type = Option<bool>)]
    verified: Field<String>,
    #[serde(flatten)]
    #[param(ignore)]
    page: PageQuery,
    #[serde(flatten)]
    #[param(ignore)]
    unknown: Rest,
}

impl Shown for PharmacyView {
    const CONCEPT: Concept = Concept::Pharmacy;

    fn version(&self) -> i64 {
        self.version
    }

    fn path(&self) -> String {
        format!("/api/v1/pharmacies/{}", self.id)
    }
}

problems! {
    /// Instead of a list of pharmacies.
    ListPharmaciesProblems = SIGNED_IN;
    /// Instead of a new entry.
    CreatePharmacyProblems = SIGNED_IN | KEYED_BODY | [FORBIDDEN, APPROVAL_PENDING, NOT_FOUND];
    /// Instead of a pharmacy's profile.
    FindPharmacyProblems = SIGNED_IN | [NOT_FOUND];
    /// Instead of a change of a profile.
    ChangePharmacyProblems = SIGNED_IN | BODY | [FORBIDDEN, NOT_FOUND, STALE];
    /// Instead of recording that a licence was checked.
    VerifyPharmacyProblems = SIGNED_IN | KEYED_BODY
        | [FORBIDDEN, APPROVAL_PENDING, NOT_FOUND, STALE],
        refused by [NoLicenseNumber, AlreadyVerified];
}

/// List pharmacies
///
/// Shows the directory by name.
#[utoipa::path(
    tag = "pharmacies",
    params(ListPharmaciesQuery, PageQuery),
    responses(
        (status = OK, body = Page<PharmacyView>, description = "One page."),
        ListPharmaciesProblems,
    ),
    security(("bearer" = [])),
)]
#[get("/pharmacies")]
async fn list_pharmacies(
    app: App,
    caller: SignedIn,
    query: Query<ListPharmaciesQuery>,
) -> Result<Json<Page<PharmacyView>>, Problem> {
    let command = query.read()?.command(&app)?;
    let list = async |call: &_| app.pharmacies.list(call, command).await;
    Ok(Json(caller.perform(&app, list).await?))
}

/// Enter a pharmacy
///
/// Administrators enter pharmacies for which nobody signs in. No verified pharmacy and no other entry
/// has the same licence number.
#[utoipa::path(
    tag = "pharmacies",
    params(IdempotencyHeader),
    request_body(content = CreatePharmacyBody, example = json!({
        "name": "At the Corner", "license_number": "DE-12345", "phone": "+49 30 123456",
        "address": "Invalidenstraße 1", "city": "Berlin", "country": "DE",
    })),
    responses(Created<PharmacyView>, CreatePharmacyProblems),
    security(("bearer" = [])),
)]
#[post("/pharmacies")]
async fn create_pharmacy(
    app: App,
    caller: SignedIn,
    body: Body<CreatePharmacyBody>,
) -> Result<Created<PharmacyView>, Problem> {
    let (caller, body) = body.read_once(caller)?;
    let profile = body.profile()?;
    let create = async |call: &_| app.pharmacies.create(call, profile).await;
    Ok(Created(caller.perform(&app, create).await?))
}

/// Read a pharmacy's profile
///
/// Everybody who is signed in may read it.
#[utoipa::path(
    tag = "pharmacies",
    params(("id" = inline(PharmacyId), Path, description = "The pharmacy.")),
    responses(Tagged<PharmacyView>, FindPharmacyProblems),
    security(("bearer" = [])),
)]
#[get("/pharmacies/{id}")]
async fn find_pharmacy(
    app: App,
    caller: SignedIn,
    id: Id<PharmacyId>,
) -> Result<Tagged<PharmacyView>, Problem> {
    let id = id.read()?;
    let find = async |call: &_| app.pharmacies.find(call, id).await;
    Ok(Tagged(caller.perform(&app, find).await?))
}

/// Replace a pharmacy's profile
///
/// Takes the profile as it is from now on: what is left out is taken away. Pharmacies change their own
/// profile, and administrators all. A licence number that changes has yet to be verified, unless an
/// administrator changes it.
#[utoipa::path(
    tag = "pharmacies",
    params(("id" = inline(PharmacyId), Path, description = "The pharmacy."), IfMatchHeader),
    request_body(content = ReplacePharmacyBody, example = json!({
        "name": "At the Corner", "license_number": "DE-12345", "phone": "+49 30 123456",
        "address": "Invalidenstraße 1", "city": "Berlin", "country": "DE",
    })),
    responses(Changed<PharmacyView>, ChangePharmacyProblems),
    security(("bearer" = [])),
)]
#[put("/pharmacies/{id}")]
async fn replace_pharmacy(
    app: App,
    caller: SignedIn,
    id: Id<PharmacyId>,
    expected: IfMatch,
    body: Body<ReplacePharmacyBody>,
) -> Result<Changed<PharmacyView>, Problem> {
    let changes = body.read()?.changes()?;
    let (id, expected) = (id.read()?, expected.read()?);
    let change = async |call: &_| app.pharmacies.change(call, id, changes, expected).await;
    Ok(Changed(caller.perform(&app, change).await?))
}

/// Change a pharmacy's profile
///
/// Changes what is named: what is left out stays, and null takes away what may be missing. Pharmacies
/// change their own profile, and administrators all. A licence number that changes has yet to be
/// verified, unless an administrator changes it.
#[utoipa::path(
    tag = "pharmacies",
    params(("id" = inline(PharmacyId), Path, description = "The pharmacy."), IfMatchHeader),
    request_body(content = ChangePharmacyBody, example = json!({
        "phone": "+49 30 654321", "email": null,
    })),
    responses(Changed<PharmacyView>, ChangePharmacyProblems),
    security(("bearer" = [])),
)]
#[patch("/pharmacies/{id}")]
async fn change_pharmacy(
    app: App,
    caller: SignedIn,
    id: Id<PharmacyId>,
    expected: IfMatch,
    body: Body<ChangePharmacyBody>,
) -> Result<Changed<PharmacyView>, Problem> {
    let changes = body.read()?.changes()?;
    let (id, expected) = (id.read()?, expected.read()?);
    let change = async |call: &_| app.pharmacies.change(call, id, changes, expected).await;
    Ok(Changed(caller.perform(&app, change).await?))
}

/// Verify a pharmacy
///
/// Records that the licence was checked. Only for administrators. The approval of a user verifies their
/// profile too.
#[utoipa::path(
    tag = "pharmacies",
    params(
        ("id" = inline(PharmacyId), Path, description = "The pharmacy."),
        IfMatchHeader,
        IdempotencyHeader,
    ),
    responses(Changed<PharmacyView>, VerifyPharmacyProblems),
    security(("bearer" = [])),
)]
#[post("/pharmacies/{id}/verify")]
async fn verify_pharmacy(
    app: App,
    caller: SignedIn,
    record: Bare<PharmacyId>,
) -> Result<Changed<PharmacyView>, Problem> {
    let (caller, id, expected) = record.read_once(caller)?;
    let verify = async |call: &_| app.pharmacies.verify(call, id, expected).await;
    Ok(Changed(caller.perform(&app, verify).await?))
}

impl ListPharmaciesQuery {
    fn command(self, application: &Application) -> Result<ListPharmacies> {
        let mut errors = FieldErrors::default();
        let filter = PharmacyFilter {
            search: read!(self.search.text(&mut errors, Search::parse)),
            city: read!(self.city.text(&mut errors, Place::parse)),
            verified: read!(self.verified.optional(&mut errors, flag)),
        };
        let page = self.page.read(application, &[List::Pharmacies], &mut errors);
        self.unknown.refuse(&mut errors);
        errors.check()?;
        Ok(ListPharmacies { filter, page })
    }
}
