//! Patients' records over HTTP.

use actix_web::{get, post};
use medilink_application::Result;
use medilink_application::error::FieldErrors;
use medilink_application::patient::PatientView;
use medilink_domain::email::Email;
use medilink_domain::id::PatientId;
use medilink_domain::patient::{BloodGroup, Gender, PatientChanges, PatientDetails};
use medilink_domain::record::Concept;
use medilink_domain::text::{Address, ClinicalText, Name, Phone, Place};
use medilink_domain::time::Date;
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;

use crate::actor::{App, SignedIn};
use crate::answer::{Created, Shown, Tagged};
use crate::body::{Body, Id, IdempotencyHeader};
use crate::field::{Field, Rest, read};
use crate::problem::Problem;
use crate::responses::problems;

/// Mounts the routes of this file.
pub(super) fn routes(config: &mut ServiceConfig) {
    config.service(create_patient).service(find_patient);
}

/// What to send to make a patient's record.
#[derive(Deserialize, ToSchema)]
struct CreatePatientBody {
    /// The given name.
    #[serde(default)]
    #[schema(value_type = Name, required = true)]
    first_name: Field<String>,
    /// The family name.
    #[serde(default)]
    #[schema(value_type = Name, required = true)]
    last_name: Field<String>,
    /// The e-mail address.
    #[serde(default)]
    #[schema(value_type = Option<Email>)]
    email: Field<String>,
    /// The telephone number, kept as written.
    #[serde(default)]
    #[schema(value_type = Option<Phone>)]
    phone: Field<String>,
    #[serde(flatten)]
    record: PatientFields,
    #[serde(flatten)]
    #[schema(ignore)]
    unknown: Rest,
}

/// The fields of a record that say nothing of the person's name.
#[derive(Deserialize, ToSchema)]
pub(super) struct PatientFields {
    /// The day of birth, not in the future.
    #[serde(default)]
    #[schema(value_type = Option<Date>)]
    date_of_birth: Field<String>,
    /// The gender; `N` says that the person prefers not to say.
    #[serde(default)]
    #[schema(value_type = Option<Gender>)]
    gender: Field<String>,
    /// The blood group.
    #[serde(default)]
    #[schema(value_type = Option<BloodGroup>)]
    blood_group: Field<String>,
    /// What the patient must not be given.
    #[serde(default)]
    #[schema(value_type = Option<ClinicalText>)]
    allergies: Field<String>,
    /// What the patient has had.
    #[serde(default)]
    #[schema(value_type = Option<ClinicalText>)]
    medical_history: Field<String>,
    /// What the patient takes.
    #[serde(default)]
    #[schema(value_type = Option<ClinicalText>)]
    current_medications: Field<String>,
    /// Whom to call.
    #[serde(default)]
    #[schema(value_type = Option<Name>)]
    emergency_contact_name: Field<String>,
    /// Where to call them.
    #[serde(default)]
    #[schema(value_type = Option<Phone>)]
    emergency_contact_phone: Field<String>,
    /// Street and house.
    #[serde(default)]
    #[schema(value_type = Option<Address>)]
    address: Field<String>,
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
    /// Instead of a new record.
    CreatePatientProblems = SIGNED_IN | KEYED_BODY | [FORBIDDEN, APPROVAL_PENDING, NOT_FOUND];
    /// Instead of a record.
    FindPatientProblems = SIGNED_IN | [APPROVAL_PENDING, NOT_FOUND];
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

impl CreatePatientBody {
    fn details(self) -> Result<PatientDetails> {
        let mut errors = FieldErrors::default();
        let changes = self.read(&mut errors);
        errors.check()?;
        Ok(PatientDetails::default().with(changes))
    }

    fn read(self, errors: &mut FieldErrors) -> PatientChanges {
        self.unknown.refuse(errors);
        read!(self, errors => PatientChanges {
            first_name: begin(Name::parse),
            last_name: begin(Name::parse),
            email: change_text(Email::parse),
            phone: change_text(Phone::parse),
            ..self.record.read(errors)
        })
    }
}

impl PatientFields {
    /// Reads what the fields make of a record; what is wrong is added to the errors.
    pub(super) fn read(self, errors: &mut FieldErrors) -> PatientChanges {
        read!(self, errors => PatientChanges {
            date_of_birth: change(Date::parse),
            gender: change(Gender::parse),
            blood_group: change(BloodGroup::parse),
            allergies: change_text(ClinicalText::parse),
            medical_history: change_text(ClinicalText::parse),
            current_medications: change_text(ClinicalText::parse),
            emergency_contact_name: change_text(Name::parse),
            emergency_contact_phone: change_text(Phone::parse),
            address: change_text(Address::parse),
            city: change_text(Place::parse),
            state: change_text(Place::parse),
            country: change_text(Place::parse),
            ..PatientChanges::default()
        })
    }
}
