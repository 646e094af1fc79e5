//! Registering over HTTP.

use std::collections::BTreeMap;

use actix_web::body::BoxBody;
use actix_web::cookie::Cookie;
use actix_web::http::StatusCode;
use actix_web::http::header::LOCATION;
use actix_web::{HttpRequest, HttpResponse, Responder, post};
use medilink_application::error::FieldErrors;
use medilink_application::session::SignedInView;
use medilink_application::user::{Newcomer, Profile, Register, UserView};
use medilink_application::{Error, Result};
use medilink_domain::doctor::DoctorProfile;
use medilink_domain::email::Email;
use medilink_domain::password::{NewPassword, PasswordRules};
use medilink_domain::patient::PatientDetails;
use medilink_domain::pharmacy::PharmacyProfile;
use medilink_domain::record::Concept;
use medilink_domain::user::{Role, Username};
use medilink_domain::zone::Zone;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use utoipa::openapi::{RefOr, Response};
use utoipa::{IntoResponses, ToSchema};
use utoipa_actix_web::service_config::ServiceConfig;

use super::account::PersonFields;
use super::doctor::DoctorFields;
use super::patient::PatientFields;
use super::pharmacy::PharmacyFields;
use crate::actor::{App, Public, in_time};
use crate::answer::{Shown, documented};
use crate::body::Body;
use crate::device::OnDevice;
use crate::field::{Field, Rest, read, verbatim};
use crate::problem::Problem;
use crate::responses::problems;

/// Mounts the routes of this file.
pub(super) fn routes(config: &mut ServiceConfig) {
    config.service(register_user);
}

/// What to send to register, whatever the role; without one, to become a coordinator.
#[derive(Deserialize, ToSchema)]
pub(super) struct RegisterBody {
    /// The address to sign in with.
    #[serde(default)]
    #[schema(value_type = Email, required = true)]
    email: Field<String>,
    /// The password, of 8 to 128 characters.
    #[serde(default)]
    #[schema(value_type = NewPassword, required = true)]
    password: Field<String>,
    /// The name to sign in with; it is made from the address unless named.
    #[serde(default)]
    #[schema(value_type = Option<Username>)]
    username: Field<String>,
    #[serde(flatten)]
    person: PersonFields,
    #[serde(default)]
    #[schema(ignore)]
    role: Field<String>,
    /// The fields of the role's profile.
    #[serde(flatten)]
    #[schema(ignore)]
    profile: Rest,
}

/// What to send to register: the account, and any field of the profile of its role.
#[derive(Deserialize, ToSchema)]
#[serde(untagged)]
#[expect(dead_code, reason = "it documents a body that is read in two steps")]
enum Registration {
    Patient(PatientRegistration),
    Doctor(DoctorRegistration),
    Pharmacy(PharmacyRegistration),
    Coordinator(CoordinatorRegistration),
    WithoutRole(RegisterBody),
}

/// What to send to make a user: as to register, in any role.
#[derive(Deserialize, ToSchema)]
#[serde(untagged)]
#[expect(dead_code, reason = "it documents a body that is read in two steps")]
pub(super) enum UserRegistration {
    Patient(PatientRegistration),
    Doctor(DoctorRegistration),
    Pharmacy(PharmacyRegistration),
    Coordinator(CoordinatorRegistration),
    Admin(AdminRegistration),
    WithoutRole(RegisterBody),
}

macro_rules! registrations {
    ($($(#[$doc:meta])* $name:ident: $roles:literal, $default:literal $(, $profile:ty)?;)*) => {$(
        $(#[$doc])*
        #[derive(Deserialize, ToSchema)]
        #[expect(dead_code, reason = "it documents a body that is read in two steps")]
        pub(super) struct $name {
            #[serde(flatten)]
            account: RegisterBody,
            /// The role, or another name for it.
            #[schema(pattern = $roles, example = $default)]
            role: String,
            $(#[serde(flatten)]
            profile: $profile,)?
        }
    )*};
}

registrations! {
    /// Of somebody who receives care, with their record.
    PatientRegistration: "^(patient|client)$", "patient", PatientFields;
    /// Of somebody who practises, with their profile.
    DoctorRegistration: "^doctor$", "doctor", DoctorFields;
    /// Of a place that dispenses, with its profile.
    PharmacyRegistration: "^pharmacy$", "pharmacy", PharmacyFields;
    /// Of somebody who manages records for others; so is one that names no role.
    CoordinatorRegistration: "^(coordinator|staff)$", "coordinator";
    /// Of somebody who runs the installation; only administrators send it.
    AdminRegistration: "^admin$", "admin";
}

impl Shown for UserView {
    const CONCEPT: Concept = Concept::User;

    fn version(&self) -> i64 {
        self.version
    }

    fn path(&self) -> String {
        format!("/api/v1/users/{}", self.id)
    }
}

/// Somebody who has registered and is signed in, and what their device keeps.
pub(super) struct Registered(SignedInView, Cookie<'static>);

impl Registered {
    /// Welcomes somebody on their device.
    pub(super) fn on(device: &OnDevice, signed_in: SignedInView) -> Self {
        let cookie = device.keeps(signed_in.device.clone());
        Self(signed_in, cookie)
    }
}

impl Responder for Registered {
    type Body = BoxBody;

    fn respond_to(self, _: &HttpRequest) -> HttpResponse {
        HttpResponse::Created()
            .insert_header((LOCATION, "/api/v1/auth/me"))
            .cookie(self.1)
            .json(self.0)
    }
}

impl IntoResponses for Registered {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        let about = "Registered and signed in.";
        documented::<SignedInView>(StatusCode::CREATED, about, &["Location", "Set-Cookie"])
    }
}

problems! {
    /// Instead of an account.
    RegisterProblems = PUBLIC | BODY | [FORBIDDEN];
}

/// Register
///
/// Makes an account with the profile of its role, and signs its owner in. Whoever names no role
/// becomes a coordinator. Doctors, pharmacies and coordinators are `pending` until an administrator
/// approves them; the development profile approves them at once.
#[utoipa::path(
    tag = "auth",
    request_body(content = Registration, example = json!({
        "email": "grace@example.com", "password": "correct horse", "role": "patient",
        "first_name": "Grace", "last_name": "Hopper", "date_of_birth": "1984-02-29",
    })),
    responses(Registered, RegisterProblems),
    security(()),
)]
#[post("/auth/register")]
async fn register_user(
    app: App,
    caller: Public,
    device: OnDevice,
    body: Body<RegisterBody>,
) -> Result<Registered, Problem> {
    let (rules, zone) = (app.password_rules(), app.default_time_zone());
    let (newcomer, password) = body.read()?.newcomer(rules, zone, Role::registers_by_itself)?;
    let command = Register { newcomer, password, device: device.read() };
    let signed_in = in_time(app.users.register(caller.origin, command)).await?;
    Ok(Registered::on(&device, signed_in))
}

impl RegisterBody {
    /// Reads the account, the profile of its role and the password. Not every role may be asked for
    /// by everybody.
    pub(super) fn newcomer(
        self,
        rules: PasswordRules,
        default_zone: &Zone,
        may_be: impl Fn(Role) -> bool,
    ) -> Result<(Newcomer, NewPassword)> {
        let mut errors = FieldErrors::default();
        let email = read!(self.email.required(&mut errors, Email::parse));
        let username = read!(self.username.text(&mut errors, Username::parse));
        let (name, phone) = self.person.read(&mut errors);
        let owner = [
            name.first(),
            name.last(),
            username.as_ref().map_or("", Username::as_str),
            email.as_ref().map_or("", Email::disclose),
        ];
        let password = new_password(self.password, rules, &owner, &mut errors);
        let role = if self.role.is_missing() {
            Some(Role::WHEN_UNNAMED)
        } else {
            read!(self.role.required(&mut errors, |raw| {
                let role = Role::parse_alias(raw).ok().filter(|role| may_be(*role));
                role.ok_or_else(|| choose(&may_be))
            }))
        };
        let profile = role.and_then(|role| profile(role, self.profile, default_zone, &mut errors));

        let (Some(email), Some(password), Some(profile)) = (email, password, profile) else {
            return Err(Error::Invalid(errors));
        };
        errors.check()?;
        Ok((Newcomer { email, username, name, phone, profile }, password))
    }
}

/// Says which roles there are to choose from.
fn choose(may_be: impl Fn(Role) -> bool) -> String {
    let roles = Role::ALL.iter().filter(|role| may_be(**role));
    let roles: Vec<_> = roles.map(|role| role.as_str()).collect();
    format!("choose one of {}", roles.join(", "))
}

/// Reads a new password of somebody who goes by these names, and says every reason against it.
pub(super) fn new_password(
    password: Field<String>,
    rules: PasswordRules,
    owner: &[&str],
    errors: &mut FieldErrors,
) -> Option<NewPassword> {
    let raw = read!(password.required(errors, verbatim))?;
    match rules.choose(&raw, owner) {
        Ok(password) => Some(password),
        Err(reasons) => {
            for reason in reasons {
                errors.add("password", reason);
            }
            None
        }
    }
}

/// Reads the fields of a role's profile; those of another role are unknown.
fn profile(
    role: Role,
    fields: Rest,
    default_zone: &Zone,
    errors: &mut FieldErrors,
) -> Option<Profile> {
    match role {
        Role::Admin => {
            fields.refuse(errors);
            Some(Profile::Admin)
        }
        Role::Coordinator => {
            fields.refuse(errors);
            Some(Profile::Coordinator)
        }
        Role::Doctor => {
            let fields: DoctorFields = known(fields, errors)?;
            let blank = DoctorProfile::blank(default_zone.clone());
            Some(Profile::Doctor(Box::new(blank.with(fields.read(errors)))))
        }
        Role::Patient => {
            let fields: PatientFields = known(fields, errors)?;
            Some(Profile::Patient(Box::new(PatientDetails::default().with(fields.read(errors)))))
        }
        Role::Pharmacy => {
            let fields: PharmacyFields = known(fields, errors)?;
            Some(Profile::Pharmacy(Box::new(PharmacyProfile::default().with(fields.read(errors)))))
        }
    }
}

/// Splits what is known of a profile from what is not, and refuses the latter.
fn known<T: DeserializeOwned>(fields: Rest, errors: &mut FieldErrors) -> Option<T> {
    #[derive(Deserialize)]
    struct Split<T> {
        #[serde(flatten)]
        known: T,
        #[serde(flatten)]
        unknown: Rest,
    }

    // A field of the wrong shape is kept as such, so an object can always be split.
    let Split { known, unknown } = serde_json::from_value(fields.into_value()).ok()?;
    unknown.refuse(errors);
    Some(known)
}
