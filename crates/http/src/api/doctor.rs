//! The directory of doctors over HTTP.

use actix_web::get;
use actix_web::web::Json;
use medilink_application::Result;
use medilink_application::doctor::{DoctorFilter, DoctorView, ListDoctors};
use medilink_application::error::FieldErrors;
use medilink_application::page::Page;
use medilink_domain::doctor::{BookingMode, DoctorProfile, Specialization, YearsOfExperience};
use medilink_domain::id::DoctorId;
use medilink_domain::money::Money;
use medilink_domain::search::Search;
use medilink_domain::text::{Biography, LicenseNumber, OrganizationName, Place, Qualification};
use medilink_domain::zone::Zone;
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};
use utoipa_actix_web::service_config::ServiceConfig;

use crate::actor::{App, SignedIn};
use crate::answer::{Shown, Tagged};
use crate::body::Id;
use crate::field::{Field, Rest};
use crate::page::PageQuery;
use crate::problem::Problem;
use crate::query::{Query, flag};
use crate::responses::{ListProblems, ReadProblems};

/// Mounts the routes of this file.
pub(super) fn routes(config: &mut ServiceConfig) {
    config.service(list_doctors).service(find_doctor);
}

/// The fields of a doctor's profile that say nothing of the person.
#[derive(Deserialize, ToSchema)]
pub(super) struct DoctorFields {
    /// The field of medicine; `general` unless named.
    #[serde(default)]
    #[schema(value_type = Option<Specialization>)]
    specialization: Field<String>,
    /// The number of the licence.
    #[serde(default)]
    #[schema(value_type = Option<String>, max_length = 100)]
    license_number: Field<String>,
    /// How long they have practised, in years.
    #[serde(default)]
    #[schema(value_type = Option<i64>, minimum = 0, maximum = 80)]
    years_of_experience: Field<i64>,
    /// What they have learned.
    #[serde(default)]
    #[schema(value_type = Option<String>, max_length = 500)]
    qualification: Field<String>,
    /// What they say about themself.
    #[serde(default)]
    #[schema(value_type = Option<String>, max_length = 5000)]
    bio: Field<String>,
    /// What a consultation costs.
    #[serde(default)]
    #[schema(value_type = Option<String>, example = "250.00")]
    consultation_fee: Field<String>,
    /// Whether they take appointments; true unless named.
    #[serde(default)]
    #[schema(value_type = Option<bool>)]
    is_available: Field<bool>,
    /// Where they work.
    #[serde(default)]
    #[schema(value_type = Option<String>, max_length = 200)]
    hospital_name: Field<String>,
    /// City.
    #[serde(default)]
    #[schema(value_type = Option<String>, max_length = 100)]
    city: Field<String>,
    /// State or region.
    #[serde(default)]
    #[schema(value_type = Option<String>, max_length = 100)]
    state: Field<String>,
    /// Country.
    #[serde(default)]
    #[schema(value_type = Option<String>, max_length = 100)]
    country: Field<String>,
    /// The IANA zone of their dates and times of day.
    #[serde(default)]
    #[schema(value_type = Option<String>, example = "Europe/Berlin")]
    time_zone: Field<String>,
    /// How patients and coordinators may book them; `open` unless named.
    #[serde(default)]
    #[schema(value_type = Option<BookingMode>)]
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
    fn version(&self) -> i64 {
        self.version
    }

    fn path(&self) -> String {
        format!("/api/v1/doctors/{}", self.id)
    }
}

/// List doctors
///
/// Shows the directory by family name.
#[utoipa::path(
    tag = "doctors",
    params(ListDoctorsQuery, PageQuery),
    responses((status = OK, body = Page<DoctorView>, description = "One page."), ListProblems),
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
    responses(
        (status = OK, body = DoctorView, description = "The profile.",
            headers(("ETag" = String, description = "Its version."))),
        ReadProblems,
    ),
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
            search: self.search.filled("search", &mut errors, Search::parse),
            specialization: self.specialization.filled(
                "specialization",
                &mut errors,
                Specialization::parse,
            ),
            is_available: self.is_available.filled("is_available", &mut errors, flag),
            city: self.city.filled("city", &mut errors, Place::parse),
            verified: self.verified.filled("verified", &mut errors, flag),
        };
        let page = self.page.read(&mut errors);
        self.unknown.refuse(&mut errors);
        errors.check()?;
        Ok(ListDoctors { filter, page })
    }
}

impl DoctorFields {
    /// Reads the fields into a profile that has the given zone unless they name another; what is
    /// wrong is added to the errors.
    pub(super) fn read(self, default_zone: Zone, errors: &mut FieldErrors) -> DoctorProfile {
        let blank = DoctorProfile::blank(default_zone);
        DoctorProfile {
            specialization: self
                .specialization
                .filled("specialization", errors, Specialization::parse)
                .unwrap_or(blank.specialization),
            license_number: self.license_number.filled(
                "license_number",
                errors,
                LicenseNumber::parse,
            ),
            years_of_experience: self.years_of_experience.optional(
                "years_of_experience",
                errors,
                YearsOfExperience::new,
            ),
            qualification: self.qualification.filled("qualification", errors, Qualification::parse),
            bio: self.bio.filled("bio", errors, Biography::parse),
            consultation_fee: self.consultation_fee.filled(
                "consultation_fee",
                errors,
                Money::parse,
            ),
            is_available: self
                .is_available
                .optional("is_available", errors, Ok::<_, String>)
                .unwrap_or(blank.is_available),
            hospital_name: self.hospital_name.filled(
                "hospital_name",
                errors,
                OrganizationName::parse,
            ),
            city: self.city.filled("city", errors, Place::parse),
            state: self.state.filled("state", errors, Place::parse),
            country: self.country.filled("country", errors, Place::parse),
            time_zone: self
                .time_zone
                .filled("time_zone", errors, Zone::parse)
                .unwrap_or(blank.time_zone),
            booking: self
                .booking
                .filled("booking", errors, BookingMode::parse)
                .unwrap_or(blank.booking),
            ..DoctorProfile::blank(Zone::utc())
        }
    }
}
