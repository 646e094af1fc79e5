//! Choosing another password over HTTP.

use std::convert::Infallible;

use actix_web::post;
use medilink_application::error::FieldErrors;
use medilink_application::user::ChangePassword;
use medilink_application::{Error, Result};
use medilink_domain::password::{NewPassword, Password};
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;

use crate::actor::{App, SignedIn};
use crate::answer::Done;
use crate::body::Body;
use crate::field::{Field, Rest, read};
use crate::problem::Problem;
use crate::responses::problems;

/// Mounts the routes of this file.
pub(super) fn routes(config: &mut ServiceConfig) {
    config.service(change_password);
}

/// What to send to have another password.
#[derive(Deserialize, ToSchema)]
struct ChangePasswordBody {
    /// The password that you have.
    #[serde(default)]
    #[schema(value_type = String, required = true)]
    current_password: Field<String>,
    /// The password that you want.
    #[serde(default)]
    #[schema(value_type = NewPassword, required = true)]
    new_password: Field<String>,
    #[serde(flatten)]
    #[schema(ignore)]
    unknown: Rest,
}

problems! {
    /// Instead of another password.
    ChangePasswordProblems = SIGNED_IN | BODY;
}

/// Change your password
///
/// Ends all your other sessions: whoever knew the old password is out.
#[utoipa::path(
    tag = "auth",
    request_body(content = ChangePasswordBody, example = json!({
        "current_password": "correct horse", "new_password": "battery staple",
    })),
    responses(Done, ChangePasswordProblems),
    security(("bearer" = [])),
)]
#[post("/auth/password")]
async fn change_password(
    app: App,
    caller: SignedIn,
    body: Body<ChangePasswordBody>,
) -> Result<Done, Problem> {
    let command = body.read()?.command()?;
    caller.perform(&app, async |call| app.users.change_password(call, command).await).await?;
    Ok(Done)
}

impl ChangePasswordBody {
    fn command(self) -> Result<ChangePassword> {
        let mut errors = FieldErrors::default();
        let password = |raw: &str| Ok::<_, Infallible>(Password::typed(raw.to_owned()));
        let current = read!(self.current_password.required(&mut errors, password));
        let new = read!(self.new_password.required(&mut errors, password));
        self.unknown.refuse(&mut errors);
        errors.check()?;
        match (current, new) {
            (Some(current), Some(new)) => Ok(ChangePassword { current, new }),
            _ => Err(Error::Invalid(FieldErrors::default())),
        }
    }
}
