//! `medilink config check`.

use std::io::{Write, stdout};

use crate::cli::SettingFlags;
use crate::config::{Config, DATABASE_URL, PROFILE, Profile, Wrong, wrong};
use crate::failure::Failure;
use crate::{demo, first_admin, secret};

/// Prints what a start in production would refuse, with a remedy, and what it would take. It makes
/// and changes nothing.
pub(crate) async fn check(flags: &SettingFlags) -> Result<(), Failure> {
    let (config, mut found) = Config::look(flags)?;
    if config.profile == Profile::Development {
        found.push(wrong(PROFILE, "development is not for patients; write production"));
    }
    found.extend(config.obstacles(Profile::Production));
    found.extend(secret::weaknesses(&config));
    let database = look(&config).await;
    found.extend(database.as_ref().err().cloned());
    if !database.as_ref().is_ok_and(|database| database.is_set_up) {
        found.extend(first_admin::obstacle(&config));
    }

    let mut remarks: Vec<_> = config.doubt().into_iter().collect();
    remarks.extend(database.ok().map(|database| wrong(DATABASE_URL, database.remark)));

    let mut out = stdout();
    for (name, value, _) in config.shown() {
        if found.iter().any(|wrong| wrong.name == name) {
            continue;
        }
        let remark = remarks.iter().find(|remark| remark.name == name);
        let remark = remark.map(|remark| format!("; {}", remark.what)).unwrap_or_default();
        writeln!(out, "ok     {name}: {value}{remark}").map_err(Failure::other)?;
    }
    for wrong in &found {
        writeln!(out, "wrong  {wrong}").map_err(Failure::other)?;
    }
    match found.len() {
        0 => Ok(()),
        number => Err(Failure::Configuration(format!(
            "production would not start: {number} finding{}",
            if number == 1 { "" } else { "s" }
        ))),
    }
}

/// What a start would find.
struct Database {
    remark: &'static str,
    /// Whether it has ever had an administrator.
    is_set_up: bool,
}

/// Looks into the database, as it is, and for demo accounts in it.
async fn look(config: &Config) -> Result<Database, Wrong> {
    let complain = |error: Failure| wrong(DATABASE_URL, error);
    let found = medilink_persistence::look(&config.database).await;
    let Some(queries) = found.map_err(|error| complain(error.into()))? else {
        let remark = "the start makes it or brings it up to date";
        return Ok(Database { remark, is_set_up: false });
    };
    let found = demo::Presence::look(&*queries).await.map_err(complain)?;
    if found != demo::Presence::None {
        return Err(demo::known_passwords());
    }
    let is_set_up = queries.users().is_set_up().await;
    let is_set_up = is_set_up.map_err(|error| complain(Failure::other(error)))?;
    Ok(Database { remark: "no demo accounts", is_set_up })
}
