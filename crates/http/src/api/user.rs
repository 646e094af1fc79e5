//! Accounts over HTTP.

use std::collections::BTreeMap;

use actix_web::body::BoxBody;
use actix_web::cookie::Cookie;
use actix_web::http::StatusCode;
use actix_web::http::header::LOCATION;
use actix_web::{HttpRequest, HttpResponse, Responder, get, post};
use medilink_application::error::FieldErrors;
use medilink_application::session::{Device, SignedInView};
use medilink_application::user::{Profile, Register, UserView};
use medilink_application::{Error, Result};
use medilink_domain::doctor::DoctorProfile;
use medilink_domain::email::Email;
use medilink_domain::id::UserId;
use medilink_domain::name::PersonName;
use medilink_domain::password::{NewPassword, PasswordRules};
use medilink_domain::patient::PatientDetails;
use medilink_domain::pharmacy::PharmacyProfile;
use medilink_domain::record::Concept;
use medilink_domain::text::{Name, Phone};
use medilink_domain::user::{Role, Username};
use medilink_domain::zone::Zone;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use utoipa::openapi::{RefOr, Response};
use utoipa::{IntoResponses, ToSchema};
use utoipa_actix_web::service_config::ServiceConfig;

use super::doctor::DoctorFields;
use super::patient::PatientFields;
use super::pharmacy::PharmacyFields;
use crate::actor::{App, Public, SignedIn, in_time};
use crate::answer::{Changed, Shown, Tagged, documented};
use crate::body::{Body, Id, IdempotencyHeader, IfMatch, IfMatchHeader, Nothing};
use crate::device::OnDevice;
use crate::field::{Field, Rest, read, verbatim};
use crate::problem::Problem;
use crate::responses::problems;

/// Mounts the routes of this file.
pub(super) fn routes(config: &mut ServiceConfig) {
    config.service(register_user).service(show_own_account).service(approve_user);
}

/// What to send to register, whatever the role; without one, to become a coordinator.
#[derive(Deserialize, ToSchema)]
struct RegisterBody {
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
    /// The given name.
    #[serde(default)]
    #[schema(value_type = Option<Name>)]
    first_name: Field<String>,
    /// The family name.
    #[serde(default)]
    #[schema(value_type = Option<Name>)]
    last_name: Field<String>,
    /// How to reach the person.
    #[serde(default)]
    #[schema(value_type = Option<Phone>)]
    phone: Field<String>,
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

macro_rules! registrations {
    ($($(#[$doc:meta])* $name:ident: $roles:literal, $default:literal $(, $profile:ty)?;)*) => {$(
        $(#[$doc])*
        #[derive(Deserialize, ToSchema)]
        #[expect(dead_code, reason = "it documents a body that is read in two steps")]
        struct $name {
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
struct Registered(SignedInView, Cookie<'static>);

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
    /// Instead of one's own account.
    ShowOwnAccountProblems = SIGNED_IN;
    /// Instead of an approval.
    ApproveUserProblems = SIGNED_IN | KEYED_BODY | [FORBIDDEN, APPROVAL_PENDING, NOT_FOUND, STALE],
        refused by [UserRefused];
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
    let command =
        body.read()?.command(device.read(), app.password_rules(), app.default_time_zone())?;
    let signed_in = in_time(app.users.register(caller.origin, command)).await?;
    let cookie = device.keeps(signed_in.device.clone());
    Ok(Registered(signed_in, cookie))
}

/// Read your own account
///
/// Says who you are here, and which profile is yours.
#[utoipa::path(
    tag = "auth",
    responses(Tagged<UserView>, ShowOwnAccountProblems),
    security(("bearer" = [])),
)]
#[get("/auth/me")]
async fn show_own_account(app: App, caller: SignedIn) -> Result<Tagged<UserView>, Problem> {
    let user = caller.perform(&app, async |call| app.users.me(call).await).await?;
    Ok(Tagged(user))
}

/// Approve a user
///
/// Lets a pending user act, and records that the licence of the profile was checked. The id is the
/// user's; a doctor's profile shows it as `user_id`.
#[utoipa::path(
    tag = "users",
    params(
        ("id" = inline(UserId), Path, description = "The user."),
        IfMatchHeader,
        IdempotencyHeader,
    ),
    responses(Changed<UserView>, ApproveUserProblems),
    security(("bearer" = [])),
)]
#[post("/users/{id}/approve")]
async fn approve_user(
    app: App,
    caller: SignedIn,
    id: Id<UserId>,
    expected: IfMatch,
    body: Body<Nothing>,
) -> Result<Changed<UserView>, Problem> {
    let (caller, body) = body.read_once_or_empty(caller)?;
    body.check()?;
    let (id, expected) = (id.read()?, expected.read()?);
    let user =
        caller.perform(&app, async |call| app.users.approve(call, id, expected).await).await?;
    Ok(Changed(user))
}

impl RegisterBody {
    fn command(
        self,
        device: Device,
        rules: PasswordRules,
        default_zone: &Zone,
    ) -> Result<Register> {
        let mut errors = FieldErrors::default();
        let email = read!(self.email.required(&mut errors, Email::parse));
        let username = read!(self.username.text(&mut errors, Username::parse));
        let name = PersonName {
            first: read!(self.first_name.text(&mut errors, Name::parse)),
            last: read!(self.last_name.text(&mut errors, Name::parse)),
        };
        let owner = [
            name.first(),
            name.last(),
            username.as_ref().map_or("", Username::as_str),
            email.as_ref().map_or("", Email::disclose),
        ];
        let password = read!(self.password.required(&mut errors, verbatim));
        let password = password.and_then(|raw| new_password(rules, &raw, &owner, &mut errors));
        let phone = read!(self.phone.text(&mut errors, Phone::parse));
        let role = if self.role.is_missing() {
            Some(Role::Coordinator)
        } else {
            read!(self.role.required(&mut errors, Role::parse_alias))
        };
        let profile = role.and_then(|role| profile(role, self.profile, default_zone, &mut errors));

        let (Some(email), Some(password), Some(profile)) = (email, password, profile) else {
            return Err(Error::Invalid(errors));
        };
        errors.check()?;
        Ok(Register { email, password, username, name, phone, profile, device })
    }
}

/// Reads a new password of somebody who goes by these names, and says every reason against it.
fn new_password(
    rules: PasswordRules,
    raw: &str,
    owner: &[&str],
    errors: &mut FieldErrors,
) -> Option<NewPassword> {
    match rules.choose(raw, owner) {
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
            errors.add("role", "administrators do not register; choose another role");
            None
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
