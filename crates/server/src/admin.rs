//! `medilink admin create`.

use std::io::{BufRead, IsTerminal, Write, stdin, stdout};

use clap::{Args, Subcommand};
use medilink_application::Error;
use medilink_application::user::CreateAdmin;
use medilink_domain::email::Email;
use medilink_domain::user::Username;

use crate::config::Config;
use crate::failure::Failure;
use crate::{demo, secret, wire};

#[derive(Subcommand)]
pub(crate) enum Admin {
    /// Make an administrator; the password is asked for.
    #[command(after_help = "Example: medilink admin create --username ada --email ada@example.org")]
    Create(Create),
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

pub(crate) async fn admin(verb: Admin, config: &Config) -> Result<(), Failure> {
    let Admin::Create(create) = verb;
    let username = Username::parse(&create.username)
        .map_err(|error| Failure::Configuration(format!("--username: {error}")))?;
    let email = Email::parse(&create.email)
        .map_err(|error| Failure::Configuration(format!("--email: {error}")))?;
    let owner = [username.as_str(), email.disclose()];
    let password = config
        .password_rules
        .choose(&password(create.password_stdin)?, &owner)
        .map_err(|reasons| {
            let reasons: Vec<_> = reasons.iter().map(ToString::to_string).collect();
            Failure::Configuration(format!("the password: {}", reasons.join("; ")))
        })?;

    if demo::LOG_INS.iter().any(|(_, _, known)| password.disclose() == *known) {
        let known = "the password is one of the demo's, which everybody knows".to_owned();
        return Err(Failure::Configuration(known));
    }

    let obstacles = secret::obstacles(config);
    if !obstacles.is_empty() {
        return Err(obstacles.into());
    }
    let store = wire::store(config, false).await?;
    let application = wire::application(config, secret::keys(config)?, store.clone())?;
    let admin = application
        .users
        .create_admin(CreateAdmin { username, email, password })
        .await
        .map_err(explain);
    store.close().await;
    let admin = admin?;
    writeln!(stdout(), "{} is an administrator now", admin.username).map_err(Failure::other)
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
    let Error::Invalid(fields) = error else { return Failure::other(error) };
    let wrong: Vec<_> = fields
        .by_field()
        .iter()
        .map(|(field, messages)| format!("--{field}: {}", messages.join("; ")))
        .collect();
    Failure::Other(wrong.join("\n"))
}
