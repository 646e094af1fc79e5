//! Setting an installation up over HTTP.

use actix_web::post;
use medilink_application::error::FieldErrors;
use medilink_application::session::Device;
use medilink_application::user::SetUp;
use medilink_application::{Error, Result};
use medilink_domain::email::Email;
use medilink_domain::password::{NewPassword, PasswordRules};
use medilink_domain::user::Username;
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;

use super::user::{Registered, new_password};
use crate::actor::{App, Public, in_time};
use crate::body::Body;
use crate::device::OnDevice;
use crate::field::{Field, Rest, read, verbatim};
use crate::problem::Problem;
use crate::responses::problems;

/// Mounts the routes of this file.
pub(super) fn routes(config: &mut ServiceConfig) {
    config.service(set_up);
}

/// What to send to be the first administrator.
#[derive(Deserialize, ToSchema)]
struct SetUpBody {
    /// The token that the program has printed at its start.
    #[serde(default)]
    #[schema(value_type = String, required = true)]
    token: Field<String>,
    /// The name to sign in with.
    #[serde(default)]
    #[schema(value_type = Username, required = true)]
    username: Field<String>,
    /// The address to sign in with.
    #[serde(default)]
    #[schema(value_type = Email, required = true)]
    email: Field<String>,
    /// The password, of 8 to 128 characters.
    #[serde(default)]
    #[schema(value_type = NewPassword, required = true)]
    password: Field<String>,
    #[serde(flatten)]
    #[schema(ignore)]
    unknown: Rest,
}

problems! {
    /// Instead of the first administrator.
    SetUpProblems = PUBLIC | BODY, refused by [AlreadySetUp];
}

/// Set up
///
/// Makes the first administrator, and signs them in. It takes the token that the program prints on
/// its standard output while there has never been an administrator, and works once.
#[utoipa::path(
    tag = "auth",
    request_body(content = SetUpBody, example = json!({
        "token": "kq3Zb0mH1s6Vb1PzF6oQkK1vP7u2n8yQe0w5c4d3b2a", "username": "root",
        "email": "root@example.org", "password": "correct horse",
    })),
    responses(Registered, SetUpProblems),
    security(()),
)]
#[post("/auth/setup")]
async fn set_up(
    app: App,
    caller: Public,
    device: OnDevice,
    body: Body<SetUpBody>,
) -> Result<Registered, Problem> {
    let command = body.read()?.command(device.read(), app.password_rules())?;
    let signed_in = in_time(app.users.set_up(caller.origin, command)).await?;
    Ok(Registered::on(&device, signed_in))
}

impl SetUpBody {
    fn command(self, device: Device, rules: PasswordRules) -> Result<SetUp> {
        let mut errors = FieldErrors::default();
        let token = read!(self.token.required(&mut errors, verbatim));
        let username = read!(self.username.required(&mut errors, Username::parse));
        let email = read!(self.email.required(&mut errors, Email::parse));
        let owner = [
            username.as_ref().map_or("", Username::as_str),
            email.as_ref().map_or("", Email::disclose),
        ];
        let password = new_password(self.password, rules, &owner, &mut errors);
        self.unknown.refuse(&mut errors);

        let (Some(token), Some(username), Some(email), Some(password)) =
            (token, username, email, password)
        else {
            return Err(Error::Invalid(errors));
        };
        errors.check()?;
        Ok(SetUp { token, username, email, password, device })
    }
}
