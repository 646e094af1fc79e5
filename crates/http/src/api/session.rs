//! Signing in over HTTP.

use actix_web::post;
use actix_web::web::Json;
use medilink_application::error::FieldErrors;
use medilink_application::session::{LogIn, SignedInView};
use medilink_application::{Error, Result};
use medilink_domain::password::Password;
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;

use crate::actor::{App, Public, in_time};
use crate::body::Body;
use crate::field::{Field, Rest};
use crate::problem::Problem;
use crate::responses::SignInProblems;

/// Mounts the routes of this file.
pub(super) fn routes(config: &mut ServiceConfig) {
    config.service(log_in);
}

/// What to send to sign in: one of the two names, and the password.
#[derive(Deserialize, ToSchema)]
struct LogInBody {
    /// The user name; an e-mail address is understood too.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    username: Field<String>,
    /// Or the e-mail address.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    email: Field<String>,
    /// The password.
    #[serde(default)]
    #[schema(value_type = String, required = true)]
    password: Field<String>,
    #[serde(flatten)]
    #[schema(ignore)]
    unknown: Rest,
}

/// Log in
///
/// Answers the user, an access token for `Authorization: Bearer …`, and a refresh token.
#[utoipa::path(
    tag = "auth",
    request_body(content = LogInBody, example = json!({"username": "ada", "password": "demo-patient"})),
    responses((status = OK, body = SignedInView, description = "Signed in."), SignInProblems),
    security(()),
)]
#[post("/auth/login")]
async fn log_in(
    app: App,
    caller: Public,
    body: Body<LogInBody>,
) -> Result<Json<SignedInView>, Problem> {
    let command = body.read_public()?.command()?;
    caller.names_account(&command.name)?;
    Ok(Json(in_time(app.sessions.log_in(caller.origin, command)).await?))
}

impl LogInBody {
    fn command(self) -> Result<LogIn> {
        let mut errors = FieldErrors::default();
        let text = |raw: &str| {
            if raw.chars().any(char::is_control) {
                return Err("leave out control characters");
            }
            Ok(raw.to_owned())
        };
        let (username, email) = (&self.username, &self.email);
        if username.is_missing() && email.is_missing() {
            errors.add("username", "give this or email");
        } else if !username.is_missing() && !email.is_missing() {
            errors.add("email", "give either this or username");
        }
        let username = self.username.filled("username", &mut errors, text);
        let name = self.email.filled("email", &mut errors, text).or(username);
        let password = self.password.required("password", &mut errors, Ok::<_, String>);
        self.unknown.refuse(&mut errors);

        errors.check()?;
        let (Some(name), Some(password)) = (name, password) else {
            // A blank name is nobody's.
            return Err(Error::WrongCredentials);
        };
        Ok(LogIn { name, password: Password::typed(password) })
    }
}
