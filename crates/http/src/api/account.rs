//! One's own account over HTTP.

use actix_web::{get, patch, put};
use medilink_application::Result;
use medilink_application::error::FieldErrors;
use medilink_application::user::UserView;
use medilink_domain::change::Change;
use medilink_domain::name::PersonName;
use medilink_domain::text::{Name, Phone};
use medilink_domain::user::PersonChanges;
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;

use crate::actor::{App, SignedIn};
use crate::answer::{Changed, Tagged};
use crate::body::{Body, IfMatch, IfMatchHeader};
use crate::field::{Field, Rest, read};
use crate::problem::Problem;
use crate::responses::problems;

/// Mounts the routes of this file.
pub(super) fn routes(config: &mut ServiceConfig) {
    config.service(show_own_account).service(replace_own_account).service(change_own_account);
}

/// The fields of an account that say who its owner is.
#[derive(Deserialize, ToSchema)]
pub(super) struct PersonFields {
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
}

/// What to send to change one's own account.
#[derive(Deserialize, ToSchema)]
struct ChangeOwnAccountBody {
    #[serde(flatten)]
    person: PersonFields,
    #[serde(flatten)]
    #[schema(ignore)]
    unknown: Rest,
}

problems! {
    /// Instead of one's own account.
    ShowOwnAccountProblems = SIGNED_IN;
    /// Instead of a change of one's own account.
    ChangeOwnAccountProblems = SIGNED_IN | BODY | [STALE];
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

/// Replace your own account
///
/// Takes your name and your phone as they are from now on: what is left out is taken away. The
/// profile of your role, such as a patient's record, is a record of its own and stays as it is.
/// User name, e-mail, role and status are not changed here.
#[utoipa::path(
    tag = "auth",
    params(IfMatchHeader),
    request_body(content = ChangeOwnAccountBody, example = json!({
        "first_name": "Grace", "last_name": "Hopper", "phone": "+1 202 555 0100",
    })),
    responses(Changed<UserView>, ChangeOwnAccountProblems),
    security(("bearer" = [])),
)]
#[put("/auth/me")]
async fn replace_own_account(
    app: App,
    caller: SignedIn,
    expected: IfMatch,
    body: Body<ChangeOwnAccountBody>,
) -> Result<Changed<UserView>, Problem> {
    let (changes, expected) = (body.read()?.read(PersonFields::replacement)?, expected.read()?);
    let change = async |call: &_| app.users.change_own(call, changes, expected).await;
    Ok(Changed(caller.perform(&app, change).await?))
}

/// Change your own account
///
/// Changes your name or your phone: what is left out stays, and null takes it away. The profile of
/// your role, such as a patient's record, is a record of its own and stays as it is. User name,
/// e-mail, role and status are not changed here.
#[utoipa::path(
    tag = "auth",
    params(IfMatchHeader),
    request_body(content = ChangeOwnAccountBody, example = json!({"phone": "+1 202 555 0100"})),
    responses(Changed<UserView>, ChangeOwnAccountProblems),
    security(("bearer" = [])),
)]
#[patch("/auth/me")]
async fn change_own_account(
    app: App,
    caller: SignedIn,
    expected: IfMatch,
    body: Body<ChangeOwnAccountBody>,
) -> Result<Changed<UserView>, Problem> {
    let (changes, expected) = (body.read()?.read(PersonFields::changes)?, expected.read()?);
    let change = async |call: &_| app.users.change_own(call, changes, expected).await;
    Ok(Changed(caller.perform(&app, change).await?))
}

impl ChangeOwnAccountBody {
    fn read(
        self,
        person: impl FnOnce(PersonFields, &mut FieldErrors) -> PersonChanges,
    ) -> Result<PersonChanges> {
        let mut errors = FieldErrors::default();
        let changes = person(self.person, &mut errors);
        self.unknown.refuse(&mut errors);
        errors.check()?;
        Ok(changes)
    }
}

impl PersonFields {
    /// Reads the whole.
    pub(super) fn read(self, errors: &mut FieldErrors) -> (PersonName, Option<Phone>) {
        let name = PersonName {
            first: read!(self.first_name.text(errors, Name::parse)),
            last: read!(self.last_name.text(errors, Name::parse)),
        };
        (name, read!(self.phone.text(errors, Phone::parse)))
    }

    /// Reads what changes: what is not named stays.
    pub(super) fn changes(self, errors: &mut FieldErrors) -> PersonChanges {
        PersonChanges {
            first_name: read!(self.first_name.change_text(errors, Name::parse)),
            last_name: read!(self.last_name.change_text(errors, Name::parse)),
            phone: read!(self.phone.change_text(errors, Phone::parse)),
        }
    }

    /// Reads the whole as a change: what is not named is taken away.
    fn replacement(self, errors: &mut FieldErrors) -> PersonChanges {
        let (name, phone) = self.read(errors);
        PersonChanges {
            first_name: Change::Set(name.first),
            last_name: Change::Set(name.last),
            phone: Change::Set(phone),
        }
    }
}
