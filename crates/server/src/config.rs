//! The settings: a flag wins over the environment, that over `.env`, and that over the default.

use std::collections::BTreeMap;
use std::fmt::{self, Write};
use std::net::SocketAddr;

use medilink_domain::password::PasswordRules;
use medilink_domain::zone::Zone;
use medilink_persistence::DatabaseUrl;

use crate::cli::SettingFlags;
use crate::failure::Failure;

/// One setting, as people find it in `.env.example`.
pub(crate) struct Setting {
    /// The name of its variable.
    pub(crate) name: &'static str,
    /// Its value unless somebody says otherwise; empty if there is none.
    pub(crate) default: &'static str,
    /// What it decides.
    pub(crate) about: &'static str,
    /// Whether its value must not be shown.
    pub(crate) is_secret: bool,
}

macro_rules! settings {
    ($($constant:ident = $name:literal, $default:literal, $secret:literal, $about:literal;)*) => {
        $(const $constant: &str = $name;)*
        /// Every setting.
        pub(crate) const SETTINGS: &[Setting] = &[$(
            Setting { name: $name, default: $default, about: $about, is_secret: $secret },
        )*];
    };
}

settings! {
    PROFILE = "MEDILINK_PROFILE", "production", false,
        "production, or development: loopback only, registrations approved at once, a key of its own.";
    BIND = "MEDILINK_BIND", "127.0.0.1:8000", false,
        "The address and port to listen on.";
    DATABASE_URL = "MEDILINK_DATABASE_URL", "sqlite://data/medilink.db", false,
        "sqlite://PATH, made if need be, or postgres://USER:PASSWORD@HOST/NAME; other characters than letters and digits in the password are percent-encoded.";
    SECRET_KEY = "MEDILINK_SECRET_KEY", "", true,
        "What tokens are signed with: 32 bytes or more, from `openssl rand -base64 48`. Required in production and on PostgreSQL; development on SQLite makes one and keeps it beside the database.";
    ACCESS_TOKEN_MINUTES = "MEDILINK_ACCESS_TOKEN_MINUTES", "15", false,
        "How long an access token holds, in minutes: 1 to 1440.";
    REFRESH_TOKEN_DAYS = "MEDILINK_REFRESH_TOKEN_DAYS", "7", false,
        "How long a session lasts, in days: 1 to 365. No call continues one yet: log in again.";
    REGISTRATION = "MEDILINK_REGISTRATION", "open", false,
        "open, or closed: then people cannot register themselves.";
    PASSWORD_MIN_LENGTH = "MEDILINK_PASSWORD_MIN_LENGTH", "8", false,
        "How many characters a new password has at least: 8 to 64.";
    DEFAULT_TIME_ZONE = "MEDILINK_DEFAULT_TIME_ZONE", "UTC", false,
        "The IANA time zone of dates that no doctor's zone applies to, and of new doctors.";
    LOG = "MEDILINK_LOG", "info", false,
        "How much to log: error, warn, info, debug, or a filter like info,medilink_http=debug.";
    LOG_FORMAT = "MEDILINK_LOG_FORMAT", "", false,
        "pretty, or json; pretty on a terminal and json elsewhere unless named.";
}

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

/// How much the program trusts its surroundings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Profile {
    /// For patients.
    Production,
    /// For people who build.
    Development,
}

/// Everything that an installation decides for itself, read and checked.
pub(crate) struct Config {
    pub(crate) profile: Profile,
    pub(crate) bind: SocketAddr,
    pub(crate) database: DatabaseUrl,
    pub(crate) secret_key: Option<String>,
    pub(crate) access_token_minutes: u32,
    pub(crate) refresh_token_days: u32,
    pub(crate) registration_open: bool,
    pub(crate) password_rules: PasswordRules,
    pub(crate) default_time_zone: Zone,
    pub(crate) log: String,
    pub(crate) log_format: String,
    values: BTreeMap<&'static str, (String, Source)>,
}

impl Config {
    /// Reads the settings from where they may stand.
    pub(crate) fn read(flags: &SettingFlags) -> Result<Self, Failure> {
        Self::from_sources(flags, &environment(), &file()?)
    }

    fn from_sources(
        flags: &SettingFlags,
        environment: &BTreeMap<String, String>,
        file: &BTreeMap<String, String>,
    ) -> Result<Self, Failure> {
        refuse_unknown(environment.keys().chain(file.keys()))?;
        let values: BTreeMap<_, _> = SETTINGS
            .iter()
            .map(|setting| {
                let sources = [
                    (flag(flags, setting.name), Source::Flag),
                    (environment.get(setting.name), Source::Environment),
                    (file.get(setting.name), Source::File),
                ];
                let given = sources.into_iter().find_map(|(value, source)| Some((value?, source)));
                let (value, source) = given.map_or_else(
                    || (setting.default.to_owned(), Source::Default),
                    |(value, source)| (value.clone(), source),
                );
                (setting.name, (value, source))
            })
            .collect();
        Self::checked(values)
    }

    fn checked(values: BTreeMap<&'static str, (String, Source)>) -> Result<Self, Failure> {
        let value = |name| values.get(name).map_or("", |(value, _)| value.as_str());
        let profile = match value(PROFILE) {
            "production" => Profile::Production,
            "development" => Profile::Development,
            _ => return Err(wrong(PROFILE, "write production or development")),
        };
        let bind: SocketAddr = value(BIND)
            .replace("localhost", "127.0.0.1")
            .parse()
            .map_err(|_| wrong(BIND, "write an address and a port, like 127.0.0.1:8000"))?;
        if profile == Profile::Development && !bind.ip().is_loopback() {
            return Err(wrong(BIND, "the development profile listens on loopback only"));
        }
        let registration_open = match value(REGISTRATION) {
            "open" => true,
            "closed" => false,
            _ => return Err(wrong(REGISTRATION, "write open or closed")),
        };
        // A bare word is a level; anything else would be taken for a module, and silence the rest.
        let is_level = |word: &str| word.parse::<tracing::metadata::LevelFilter>().is_ok();
        if !value(LOG).split(',').all(|part| part.contains('=') || is_level(part.trim())) {
            return Err(wrong(LOG, "write error, warn, info, debug, trace, or a filter"));
        }
        let log_format = value(LOG_FORMAT);
        if !["", "pretty", "json"].contains(&log_format) {
            return Err(wrong(LOG_FORMAT, "write pretty or json"));
        }
        Ok(Self {
            profile,
            bind,
            database: value(DATABASE_URL).parse().map_err(|error| wrong(DATABASE_URL, error))?,
            secret_key: Some(value(SECRET_KEY)).filter(|key| !key.is_empty()).map(str::to_owned),
            access_token_minutes: number(ACCESS_TOKEN_MINUTES, value(ACCESS_TOKEN_MINUTES), 1440)?,
            refresh_token_days: number(REFRESH_TOKEN_DAYS, value(REFRESH_TOKEN_DAYS), 365)?,
            registration_open,
            password_rules: password_rules(value(PASSWORD_MIN_LENGTH), profile)?,
            default_time_zone: Zone::parse(value(DEFAULT_TIME_ZONE))
                .map_err(|error| wrong(DEFAULT_TIME_ZONE, error))?,
            log: value(LOG).to_owned(),
            log_format: log_format.to_owned(),
            values,
        })
    }

    /// Returns each setting with its value, masked if it is secret, and where it comes from.
    pub(crate) fn shown(&self) -> impl Iterator<Item = (&'static str, String, Source)> {
        SETTINGS.iter().filter_map(|setting| {
            let (value, source) = self.values.get(setting.name)?;
            let value = match (setting.is_secret, value.is_empty()) {
                (true, false) => "********".to_owned(),
                (_, true) => "(not set)".to_owned(),
                (false, false) => without_password(value),
            };
            Some((setting.name, value, *source))
        })
    }
}

/// Complains about a setting.
pub(crate) fn wrong(name: &str, what: impl fmt::Display) -> Failure {
    Failure::Configuration(format!("{name}: {what}"))
}

/// Writes `.env.example`: every setting, its default and what it decides.
pub(crate) fn example() -> String {
    let mut page = "# Settings of MediLink. Copy this file to `.env` and change what you need.\n\
        # A flag wins over the environment, that over this file, and that over the default.\n"
        .to_owned();
    for Setting { name, default, about, .. } in SETTINGS {
        let _ = write!(page, "\n# {about}\n#{name}={default}\n");
    }
    page
}

fn number(name: &str, raw: &str, most: u32) -> Result<u32, Failure> {
    raw.parse()
        .ok()
        .filter(|number| (1..=most).contains(number))
        .ok_or_else(|| wrong(name, format!("write a whole number from 1 to {most}")))
}

/// Passwords may be asked to be longer than the shortest, and never shorter.
fn password_rules(raw: &str, profile: Profile) -> Result<PasswordRules, Failure> {
    const MOST: usize = 64;
    let shortest = PasswordRules::SHORTEST;
    let length = raw.parse().ok().filter(|length| (shortest..=MOST).contains(length));
    let length = length.ok_or_else(|| {
        wrong(PASSWORD_MIN_LENGTH, format!("write a whole number from {shortest} to {MOST}"))
    })?;
    let rules = PasswordRules::new(length);
    Ok(match profile {
        Profile::Development => rules.while_building(),
        Profile::Production => rules,
    })
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

#[expect(clippy::disallowed_methods, reason = "this is where the settings are read")]
fn environment() -> BTreeMap<String, String> {
    std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
        .filter(|(name, _)| name.starts_with("MEDILINK_") && !name.starts_with("MEDILINK_TEST_"))
        .collect()
}

fn file() -> Result<BTreeMap<String, String>, Failure> {
    let lines = match dotenvy::from_path_iter(".env") {
        Ok(lines) => lines,
        Err(error) if error.not_found() => return Ok(BTreeMap::new()),
        Err(error) => return Err(Failure::Configuration(format!(".env: {error}"))),
    };
    lines
        .collect::<Result<_, _>>()
        .map_err(|error| Failure::Configuration(format!(".env: {error}")))
}

/// A misspelt setting would be lost in silence.
fn refuse_unknown<'a>(names: impl Iterator<Item = &'a String>) -> Result<(), Failure> {
    for name in names.filter(|name| name.starts_with("MEDILINK_")) {
        if SETTINGS.iter().any(|setting| setting.name == name) {
            continue;
        }
        let nearest = SETTINGS.iter().max_by(|one, other| {
            strsim::jaro_winkler(one.name, name).total_cmp(&strsim::jaro_winkler(other.name, name))
        });
        let nearest = nearest.map_or("MEDILINK_PROFILE", |setting| setting.name);
        return Err(wrong(name, format!("there is no such setting; did you mean {nearest}?")));
    }
    Ok(())
}

/// Masks the password in the address of a database.
fn without_password(value: &str) -> String {
    let masked = value.split_once("://").and_then(|(scheme, rest)| {
        let (login, host) = rest.rsplit_once('@')?;
        let (user, _) = login.split_once(':')?;
        Some(format!("{scheme}://{user}:********@{host}"))
    });
    masked.unwrap_or_else(|| value.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(environment: &[(&str, &str)], file: &[(&str, &str)]) -> Result<Config, String> {
        let map = |pairs: &[(&str, &str)]| {
            pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
        };
        Config::from_sources(&SettingFlags::default(), &map(environment), &map(file))
            .map_err(|failure| failure.to_string())
    }

    #[test]
    fn the_defaults_hold() {
        let config = config(&[], &[]).unwrap();

        assert_eq!(config.profile, Profile::Production);
        assert_eq!(config.bind.to_string(), "127.0.0.1:8000");
    }

    #[test]
    fn the_environment_wins_over_the_file() {
        let config = config(&[("MEDILINK_LOG", "warn")], &[("MEDILINK_LOG", "debug")]).unwrap();

        assert_eq!(config.log, "warn");
    }

    #[test]
    fn a_misspelt_setting_is_told_the_right_name() {
        let error = config(&[("MEDILINK_DATABSE_URL", "x")], &[]).map(drop).unwrap_err();

        assert!(error.ends_with("did you mean MEDILINK_DATABASE_URL?"), "{error}");
    }

    #[test]
    fn the_development_profile_stays_on_the_machine() {
        let development = ("MEDILINK_PROFILE", "development");

        assert!(config(&[development, ("MEDILINK_BIND", "0.0.0.0:8000")], &[]).is_err());
        assert!(config(&[development, ("MEDILINK_BIND", "[::1]:8000")], &[]).is_ok());
    }

    #[test]
    fn wrong_values_name_their_setting() {
        for (name, value) in [
            ("MEDILINK_PROFILE", "staging"),
            ("MEDILINK_BIND", "here"),
            ("MEDILINK_DATABASE_URL", "mysql://x"),
            ("MEDILINK_ACCESS_TOKEN_MINUTES", "0"),
            ("MEDILINK_REFRESH_TOKEN_DAYS", "never"),
            ("MEDILINK_REGISTRATION", "maybe"),
            ("MEDILINK_PASSWORD_MIN_LENGTH", "7"),
            ("MEDILINK_DEFAULT_TIME_ZONE", "Mars/Olympus"),
            ("MEDILINK_LOG_FORMAT", "xml"),
            ("MEDILINK_LOG", "loud"),
        ] {
            let error = config(&[(name, value)], &[]).map(drop).unwrap_err();
            assert!(error.starts_with(name), "{error}");
        }
    }

    #[test]
    fn secrets_are_masked() {
        let url = "postgres://m:secret@localhost/m";
        let config =
            config(&[("MEDILINK_SECRET_KEY", "very secret"), ("MEDILINK_DATABASE_URL", url)], &[]);

        let shown: Vec<_> = config.unwrap().shown().map(|(_, value, _)| value).collect();
        assert!(!shown.concat().contains("secret"));
        assert!(shown.contains(&"postgres://m:********@localhost/m".to_owned()));
    }

    #[test]
    fn the_example_names_every_setting() {
        assert_eq!(include_str!("../../../.env.example"), example(), "write it with `make docs`");
    }
}
