//! The directory of doctors over HTTP.

use std::convert::Infallible;

use actix_web::get;
use actix_web::web::Json;
use medilink_application::Result;
use medilink_application::doctor::{DoctorFilter, DoctorView, ListDoctors};
use medilink_application::error::FieldErrors;
use medilink_application::page::Page;
use medilink_domain::doctor::{BookingMode, DoctorChanges, Specialization, YearsOfExperience};
use medilink_domain::id::DoctorId;
use medilink_domain::money::Money;
use medilink_domain::record::Concept;
use medilink_domain::search::Search;
use medilink_domain::text::{Biography, LicenseNumber, OrganizationName, Place, Qualification};
use medilink_domain::zone::Zone;
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};
use utoipa_actix_web::service_config::ServiceConfig;

use crate::actor::{App, SignedIn};
use crate::answer::{Shown, Tagged};
use crate::body::Id;
use crate::field::{Field, Rest, read};
use crate::page::PageQuery;
use crate::problem::Problem;
use crate::query::{Query, flag};
use crate::responses::problems;

/// Mounts the routes of this file.
pub(super) fn routes(config: &mut ServiceConfig) {
    config.service(list_doctors).service(find_doctor);
}

/// The fields of a doctor's profile that say nothing of the person.
#[derive(Deserialize, ToSchema)]
pub(super) struct DoctorFields {
    /// The field of medicine; `general` unless named.
    #[serde(default)]
    #[schema(value_type = Specialization)]
    specialization: Field<String>,
    /// The number of the licence.
    #[serde(default)]
    #[schema(value_type = Option<LicenseNumber>)]
    license_number: Field<String>,
    /// How long they have practised, in years.
    #[serde(default)]
    #[schema(value_type = Option<YearsOfExperience>)]
    years_of_experience: Field<i64>,
    /// What they have learned.
    #[serde(default)]
    #[schema(value_type = Option<Qualification>)]
    qualification: Field<String>,
    /// What they say about themself.
    #[serde(default)]
    #[schema(value_type = Option<Biography>)]
    bio: Field<String>,
    /// What a consultation costs.
    #[serde(default)]
    #[schema(value_type = Option<Money>)]
    consultation_fee: Field<String>,
    /// Whether they take appointments; true unless named.
    #[serde(default)]
    #[schema(value_type = bool)]
    is_available: Field<bool>,
    /// Where they work.
    #[serde(default)]
    #[schema(value_type = Option<OrganizationName>)]
    hospital_name: Field<String>,
    /// City.
    #[serde(default)]
    #[schema(value_type = Option<Place>)]
    city: Field<String>,
    /// State or region.
    #[serde(default)]
    #[schema(value_type = Option<Place>)]
    state: Field<String>,
    /// Country.
    #[serde(default)]
    #[schema(value_type = Option<Place>)]
    country: Field<String>,
    /// The IANA zone of their dates and times of day.
    #[serde(default)]
    #[schema(value_type = Zone)]
    time_zone: Field<String>,
    /// How patients and coordinators may book them; `open` unless named.
    #[serde(default)]
    #[schema(value_type = BookingMode)]
    booking: Field<String>,
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
    ListDoctorsProblems = SIGNED_IN;
    /// Instead of a doctor's profile.
    FindDoctorProblems = SIGNED_IN | [NOT_FOUND];
}

/// List doctors
///
/// Shows the directory by family name.
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
    let command = query.read()?.command()?;
    let page = caller.perform(&app, async |call| app.doctors.list(call, command).await).await?;
    Ok(Json(page))
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

impl ListDoctorsQuery {
    fn command(self) -> Result<ListDoctors> {
        let mut errors = FieldErrors::default();
        let filter = DoctorFilter {
            search: read!(self.search.text(&mut errors, Search::parse)),
            specialization: read!(self.specialization.optional(&mut errors, Specialization::parse)),
            is_available: read!(self.is_available.optional(&mut errors, flag)),
            city: read!(self.city.text(&mut errors, Place::parse)),
            verified: read!(self.verified.optional(&mut errors, flag)),
        };
        let page = self.page.read(&mut errors);
        self.unknown.refuse(&mut errors);
        errors.check()?;
        Ok(ListDoctors { filter, page })
    }
}

impl DoctorFields {
    /// Reads what the fields make of a profile; what is wrong is added to the errors.
    pub(super) fn read(self, errors: &mut FieldErrors) -> DoctorChanges {
        read!(self, errors => DoctorChanges {
            specialization: replace(Specialization::parse),
            license_number: change_text(LicenseNumber::parse),
            years_of_experience: change(YearsOfExperience::new),
            qualification: change_text(Qualification::parse),
            bio: change_text(Biography::parse),
            consultation_fee: change(Money::parse),
            is_available: replace(Ok::<_, Infallible>),
            hospital_name: change_text(OrganizationName::parse),
            city: change_text(Place::parse),
            state: change_text(Place::parse),
            country: change_text(Place::parse),
            time_zone: replace(Zone::parse),
            booking: replace(BookingMode::parse),
            ..DoctorChanges::default()
        })
    }
}
