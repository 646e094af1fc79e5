//! Where values come from: a flag wins over the environment, that over `.env`, and that over the
//! default.

use std::collections::BTreeMap;
use std::fmt;

use super::setting::{BIND, DATABASE_URL, LOG, LOG_FORMAT, PROFILE, SETTINGS, Setting};
use super::{Wrong, wrong};
use crate::cli::SettingFlags;
use crate::failure::Failure;

/// Where a value comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Source {
    /// A flag of the command line.
    Flag,
    /// The environment.
    Environment,
    /// The file `.env`.
    File,
    /// Nobody said anything.
    Default,
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Flag => "flag",
            Self::Environment => "environment",
            Self::File => ".env",
            Self::Default => "default",
        })
    }
}

/// The value of each setting, and where it comes from.
pub(super) type Values = BTreeMap<&'static str, (String, Source)>;

/// Looks for each setting in one source after another.
pub(super) fn gather(
    flags: &SettingFlags,
    environment: &BTreeMap<String, String>,
    file: &BTreeMap<String, String>,
) -> Values {
    let given = |name| {
        let sources = [
            (flag(flags, name), Source::Flag),
            (environment.get(name), Source::Environment),
            (file.get(name), Source::File),
        ];
        sources.into_iter().find_map(|(value, source)| Some((value?.clone(), source)))
    };
    let is_development = given(PROFILE).is_some_and(|(profile, _)| profile == "development");
    let default = |setting: &Setting| {
        let default = setting.in_development.filter(|_| is_development);
        (default.unwrap_or(setting.default).to_owned(), Source::Default)
    };
    let value = |setting: &Setting| given(setting.name).unwrap_or_else(|| default(setting));
    SETTINGS.iter().map(|setting| (setting.name, value(setting))).collect()
}

fn flag<'a>(flags: &'a SettingFlags, name: &str) -> Option<&'a String> {
    match name {
        PROFILE => flags.profile.as_ref(),
        BIND => flags.bind.as_ref(),
        DATABASE_URL => flags.database_url.as_ref(),
        LOG => flags.log.as_ref(),
        LOG_FORMAT => flags.log_format.as_ref(),
        _ => None,
    }
}

/// Reads what the environment says of settings.
#[expect(clippy::disallowed_methods, reason = "this is where the settings are read")]
pub(super) fn environment() -> BTreeMap<String, String> {
    std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
        .filter(|(name, _)| name.starts_with("MEDILINK_") && !name.starts_with("MEDILINK_TEST_"))
        .collect()
}

/// Reads `.env`, if there is one.
pub(super) fn file() -> Result<BTreeMap<String, String>, Failure> {
    let lines = match dotenvy::from_path_iter(".env") {
        Ok(lines) => lines,
        Err(error) if error.not_found() => return Ok(BTreeMap::new()),
        Err(error) => return Err(Failure::Configuration(format!(".env: {error}"))),
    };
    lines
        .collect::<Result<_, _>>()
        .map_err(|error| Failure::Configuration(format!(".env: {error}")))
}

/// Finds names that are no settings: a misspelt one would be lost in silence.
pub(super) fn unknown<'a>(names: impl Iterator<Item = &'a String>) -> impl Iterator<Item = Wrong> {
    let is_ours = |name: &&String| name.starts_with("MEDILINK_");
    let is_known = |name: &str| SETTINGS.iter().any(|setting| setting.name == name);
    names.filter(is_ours).filter(move |name| !is_known(name)).map(|name| {
        let likeness = |setting: &&Setting| strsim::jaro_winkler(setting.name, name);
        let nearest =
            SETTINGS.iter().max_by(|one, other| likeness(one).total_cmp(&likeness(other)));
        let nearest = nearest.map_or(PROFILE, |setting| setting.name);
        wrong(name, format!("there is no such setting; did you mean {nearest}?"))
    })
}
