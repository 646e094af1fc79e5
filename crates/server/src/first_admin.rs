//! The first administrator: made from the settings, or by whoever has the token that is printed.

use std::fs;
use std::path::Path;

use medilink_application::user::CreateAdmin;
use medilink_application::{Application, Error};
use medilink_domain::email::Email;
use medilink_domain::user::Username;

use crate::admin::new_password;
use crate::config::{ADMIN_PASSWORD_FILE, Config, FirstAdmin, Wrong, wrong};
use crate::failure::Failure;

/// Makes the administrator whom the settings name, if there has never been one. Returns the token
/// with which somebody else may make one, while there is still none.
pub(crate) async fn prepare(
    application: &Application,
    config: &Config,
) -> Result<Option<String>, Failure> {
    let token = application.users.set_up_token().await.map_err(Failure::other)?;
    let FirstAdmin { username, email, password_file } = &config.first_admin;
    let (Some(username), Some(email), Some(file)) = (username, email, password_file) else {
        return Ok(token);
    };
    if token.is_none() {
        tracing::info!("there has been an administrator before: MEDILINK_ADMIN_* do nothing");
        return Ok(None);
    }
    let command = command(config, username, email, file)?;
    match application.users.create_first_admin(command).await {
        Ok(Some(admin)) => tracing::info!(user = %admin.id, "made the first administrator"),
        Ok(None) => tracing::info!("another instance has made the first administrator"),
        Err(Error::Invalid(fields)) => {
            let names: Vec<_> = fields.by_field().keys().map(String::as_str).collect();
            let what = format!("the first administrator's {} is taken", names.join(" and "));
            return Err(Failure::Other(what));
        }
        Err(error) => return Err(Failure::other(error)),
    }
    Ok(None)
}

/// Returns what keeps the administrator whom the settings name from being made.
pub(crate) fn obstacle(config: &Config) -> Option<Wrong> {
    let FirstAdmin { username, email, password_file } = &config.first_admin;
    command(config, username.as_ref()?, email.as_ref()?, password_file.as_ref()?).err()
}

fn command(
    config: &Config,
    username: &Username,
    email: &Email,
    file: &Path,
) -> Result<CreateAdmin, Wrong> {
    let text = fs::read_to_string(file)
        .map_err(|error| wrong(ADMIN_PASSWORD_FILE, format!("{}: {error}", file.display())))?;
    let password =
        new_password(config, text.lines().next().unwrap_or_default(), username, email)
            .map_err(|reasons| wrong(ADMIN_PASSWORD_FILE, format!("the password: {reasons}")))?;
    Ok(CreateAdmin { username: username.clone(), email: email.clone(), password })
}
