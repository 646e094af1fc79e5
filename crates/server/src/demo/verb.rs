//! `medilink demo`.

use super::scratch::Scratch;
use crate::cli::SettingFlags;
use crate::config::Config;
use crate::failure::Failure;
use crate::serve::{Serve, serve};
use crate::telemetry;

/// Serves the demo clinic, in the development profile, on a database that goes when the program goes.
pub(crate) async fn demo(flags: SettingFlags) -> Result<(), Failure> {
    if let Some(flag) = refused(&flags) {
        let remedy = "for another database use `medilink serve --profile development --demo`";
        return Err(Failure::Configuration(format!("{flag}: the demo brings its own; {remedy}")));
    }
    let scratch = Scratch::make()?;
    let database = format!("sqlite://{}", scratch.path().join("medilink.db").display());
    let flags = SettingFlags {
        profile: Some("development".to_owned()),
        database_url: Some(database),
        ..flags
    };
    let config = Config::read(&flags)?;
    telemetry::start(&config)?;
    serve(Serve { demo: true, migrate: false }, config).await
}

/// Finds a flag that asks for what the demo does not do.
fn refused(flags: &SettingFlags) -> Option<&'static str> {
    if flags.database_url.is_some() {
        return Some("--database-url");
    }
    let is_other = flags.profile.as_ref().is_some_and(|profile| profile != "development");
    is_other.then_some("--profile")
}
