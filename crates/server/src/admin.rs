//! `medilink admin create` and `reset-password`.

use std::io::{BufRead, IsTerminal, Write, stdin, stdout};

use actix_web::web::Data;
use clap::{Args, Subcommand};
use medilink_application::user::{CreateAdmin, ResetPassword};
use medilink_application::{Application, Error};
use medilink_domain::email::Email;
use medilink_domain::password::{NewPassword, Password};
use medilink_domain::user::Username;
use medilink_persistence::SeaOrmStore;

use crate::config::Config;
use crate::failure::Failure;
use crate::{demo, secret, wire};

#[derive(Subcommand)]
pub(crate) enum Admin {
    /// Make an administrator; the password is asked for.
    #[command(after_help = "Example: medilink admin create --username ada --email ada@example.org")]
    Create(Create),
    /// Give somebody who is locked out another password; it is asked for.
    #[command(after_help = "Example: medilink admin reset-password --username ada")]
    ResetPassword(ResetPasswordOf),
}

#[derive(Args)]
pub(crate) struct Create {
    /// The name to sign in with.
    #[arg(long)]
    username: String,
    /// The address to sign in with.
    #[arg(long)]
    email: String,
    /// Read the password from the first line of the input instead of asking.
    #[arg(long)]
    password_stdin: bool,
}

#[derive(Args)]
pub(crate) struct ResetPasswordOf {
    /// The user name, or the e-mail address.
    #[arg(long)]
    username: String,
    /// Read the password from the first line of the input instead of asking.
    #[arg(long)]
    password_stdin: bool,
}

pub(crate) async fn admin(verb: Admin, config: &Config) -> Result<(), Failure> {
    match verb {
        Admin::Create(create) => make(create, config).await,
        Admin::ResetPassword(reset) => reset_password(reset, config).await,
    }
}

async fn make(create: Create, config: &Config) -> Result<(), Failure> {
    let username = Username::parse(&create.username)
        .map_err(|error| Failure::Configuration(format!("--username: {error}")))?;
    let email = Email::parse(&create.email)
        .map_err(|error| Failure::Configuration(format!("--email: {error}")))?;
    let password = password(create.password_stdin)?;
    let password = new_password(config, &password, &username, &email)
        .map_err(|reasons| Failure::Configuration(format!("the password: {reasons}")))?;

    let (application, store) = open(config).await?;
    let admin = application
        .users
        .create_admin(CreateAdmin { username, email, password })
        .await
        .map_err(explain);
    close(store).await;
    let admin = admin?;
    writeln!(stdout(), "{} is an administrator now", admin.username).map_err(Failure::other)
}

async fn reset_password(reset: ResetPasswordOf, config: &Config) -> Result<(), Failure> {
    let password = password(reset.password_stdin)?;
    refuse_known(&password)
        .map_err(|reason| Failure::Configuration(format!("the password: {reason}")))?;

    let (application, store) = open(config).await?;
    let command = ResetPassword { name: reset.username, password: Password::typed(password) };
    let user = application.users.reset_password(command).await.map_err(explain);
    close(store).await;
    let user = user?;
    let done = "has the new password now, and is signed out everywhere";
    writeln!(stdout(), "{} {done}", user.username).map_err(Failure::other)
}

/// Opens the database, which is to be closed again, and the application on it.
async fn open(config: &Config) -> Result<(Data<Application>, SeaOrmStore), Failure> {
    let obstacles = secret::obstacles(config);
    if !obstacles.is_empty() {
        return Err(obstacles.into());
    }
    let store = wire::store(config, false).await?;
    let refusals = wire::refusals(store.clone());
    let keys = secret::keys(config)?;
    let application = wire::application(config, keys, store.clone(), refusals)?;
    Ok((application, store))
}

/// Seals what was written, and closes the database.
async fn close(store: SeaOrmStore) {
    wire::sealer(store.clone()).finish().await;
    store.close().await;
}

/// Reads the password of an administrator who is to be made, or says every reason against it.
pub(crate) fn new_password(
    config: &Config,
    raw: &str,
    username: &Username,
    email: &Email,
) -> Result<NewPassword, String> {
    let owner = [username.as_str(), email.disclose()];
    let password = config.password_rules.choose(raw, &owner).map_err(|reasons| {
        let reasons: Vec<_> = reasons.iter().map(ToString::to_string).collect();
        reasons.join("; ")
    })?;
    refuse_known(raw)?;
    Ok(password)
}

fn refuse_known(password: &str) -> Result<(), String> {
    if demo::LOG_INS.iter().any(|(_, _, known)| password == *known) {
        return Err("it is one of the demo's, which everybody knows".to_owned());
    }
    Ok(())
}

fn password(from_input: bool) -> Result<String, Failure> {
    if !from_input && stdin().is_terminal() {
        let ask = |prompt| rpassword::prompt_password(prompt).map_err(Failure::other);
        let password = ask("Password: ")?;
        if ask("Again: ")? != password {
            return Err(Failure::Configuration("the two passwords differ".to_owned()));
        }
        return Ok(password);
    }
    if !from_input {
        return Err(Failure::Configuration(
            "there is no terminal to ask for the password; use --password-stdin".to_owned(),
        ));
    }
    let mut line = String::new();
    stdin().lock().read_line(&mut line).map_err(Failure::other)?;
    Ok(line.trim_end_matches(['\r', '\n']).to_owned())
}

/// Says which field is wrong, as the command line calls it.
fn explain(error: Error) -> Failure {
    if let Error::NotFound(_) = error {
        return Failure::Other("--username: nobody has this name".to_owned());
    }
    let Error::Invalid(fields) = error else { return Failure::other(error) };
    let wrong: Vec<_> = fields
        .by_field()
        .iter()
        .map(|(field, messages)| format!("--{field}: {}", messages.join("; ")))
        .collect();
    Failure::Other(wrong.join("\n"))
}
