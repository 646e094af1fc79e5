//! The settings, read and checked.

mod setting;
mod source;
mod start;

use std::collections::BTreeMap;
use std::fmt::Display;
use std::net::SocketAddr;
use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::str::FromStr;

use medilink_domain::care::CareWindow;
use medilink_domain::email::Email;
use medilink_domain::password::PasswordRules;
use medilink_domain::user::Username;
use medilink_domain::zone::Zone;
use medilink_http::{AllowedHosts, AllowedOrigins, TrustedProxies};
use medilink_persistence::DatabaseUrl;
use medilink_security::HashCost;
use tracing::metadata::LevelFilter;

use self::setting::{
    ACCESS_TOKEN_MINUTES, ADMIN_EMAIL, ADMIN_USERNAME, ALLOWED_HOSTS, BIND, CARE_DAYS,
    CORS_ALLOWED_ORIGINS, DEFAULT_TIME_ZONE, LOG_FORMAT, PASSWORD_MEMORY_MIB, PASSWORD_MIN_LENGTH,
    PASSWORD_PASSES, RATE_LIMITS, REFRESH_TOKEN_DAYS, REGISTRATION, TRUSTED_PROXIES,
};
pub(crate) use self::setting::{
    ADMIN_PASSWORD_FILE, DATABASE_URL, LOG, PROFILE, SECRET_KEY, SECRET_KEY_ALSO_VALID, SETTINGS,
    example,
};
pub(crate) use self::source::Source;
use self::source::Values;
use crate::cli::SettingFlags;
use crate::failure::Failure;

/// How much the program trusts its surroundings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Profile {
    /// For patients.
    Production,
    /// For people who build.
    Development,
}

/// Who is to be the first administrator, as far as the settings say.
pub(crate) struct FirstAdmin {
    pub(crate) username: Option<Username>,
    pub(crate) email: Option<Email>,
    pub(crate) password_file: Option<PathBuf>,
}

/// What is wrong with a setting, and what to do about it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{name}: {what}")]
pub(crate) struct Wrong {
    pub(crate) name: String,
    pub(crate) what: String,
}

/// Complains about a setting.
pub(crate) fn wrong(name: &str, what: impl Display) -> Wrong {
    Wrong { name: name.to_owned(), what: what.to_string() }
}

/// Everything that an installation decides for itself.
pub(crate) struct Config {
    pub(crate) profile: Profile,
    pub(crate) bind: SocketAddr,
    pub(crate) database: DatabaseUrl,
    pub(crate) secret_key: Option<String>,
    pub(crate) also_valid_key: Option<String>,
    pub(crate) access_token_minutes: u32,
    pub(crate) refresh_token_days: u32,
    pub(crate) cors_allowed_origins: AllowedOrigins,
    pub(crate) allowed_hosts: AllowedHosts,
    pub(crate) trusted_proxies: TrustedProxies,
    pub(crate) registration_open: bool,
    pub(crate) password_rules: PasswordRules,
    pub(crate) hash_cost: HashCost,
    pub(crate) first_admin: FirstAdmin,
    pub(crate) rate_limits: bool,
    pub(crate) default_time_zone: Zone,
    pub(crate) care_window: CareWindow,
    pub(crate) log: String,
    pub(crate) log_format: String,
    values: Values,
}

impl Config {
    /// Reads the settings from where they may stand.
    ///
    /// # Errors
    ///
    /// [`Failure::Configuration`] that names every setting that is wrong.
    pub(crate) fn read(flags: &SettingFlags) -> Result<Self, Failure> {
        let (config, wrong) = Self::look(flags)?;
        if wrong.is_empty() { Ok(config) } else { Err(wrong.into()) }
    }

    /// Reads the settings from where they may stand, and returns what is wrong with them beside
    /// them: where a value cannot be read, its default stands in for it.
    ///
    /// # Errors
    ///
    /// [`Failure::Configuration`] if the file `.env` cannot be read.
    pub(crate) fn look(flags: &SettingFlags) -> Result<(Self, Vec<Wrong>), Failure> {
        Self::from_sources(flags, &source::environment(), &source::file()?)
    }

    fn from_sources(
        flags: &SettingFlags,
        environment: &BTreeMap<String, String>,
        file: &BTreeMap<String, String>,
    ) -> Result<(Self, Vec<Wrong>), Failure> {
        let unknown = source::unknown(environment.keys().chain(file.keys()));
        let values = source::gather(flags, environment, file);
        let mut reader = Reader { values: &values, wrong: unknown.collect() };
        let profile = reader.read(PROFILE, profile)?;
        let config = Self {
            profile,
            bind: reader.read(BIND, |raw| bind(raw, profile))?,
            database: reader.read(DATABASE_URL, DatabaseUrl::from_str)?,
            secret_key: Some(reader.value(SECRET_KEY).to_owned()).filter(|key| !key.is_empty()),
            also_valid_key: Some(reader.value(SECRET_KEY_ALSO_VALID).to_owned())
                .filter(|key| !key.is_empty()),
            access_token_minutes: reader.read(ACCESS_TOKEN_MINUTES, |raw| number(raw, 1..=1440))?,
            refresh_token_days: reader.read(REFRESH_TOKEN_DAYS, |raw| number(raw, 1..=365))?,
            cors_allowed_origins: reader.read(CORS_ALLOWED_ORIGINS, AllowedOrigins::from_str)?,
            allowed_hosts: reader.read(ALLOWED_HOSTS, AllowedHosts::from_str)?,
            trusted_proxies: reader.read(TRUSTED_PROXIES, TrustedProxies::from_str)?,
            registration_open: reader.read(REGISTRATION, |raw| either(raw, "open", "closed"))?,
            password_rules: reader.read(PASSWORD_MIN_LENGTH, |raw| password_rules(raw, profile))?,
            hash_cost: HashCost {
                memory_kib: 1024
                    * reader.read(PASSWORD_MEMORY_MIB, |raw| number(raw, 19..=1024))?,
                passes: reader.read(PASSWORD_PASSES, |raw| number(raw, 2..=16))?,
            },
            first_admin: FirstAdmin {
                username: reader.read(ADMIN_USERNAME, |raw| given(raw, Username::parse))?,
                email: reader.read(ADMIN_EMAIL, |raw| given(raw, Email::parse))?,
                password_file: reader
                    .read(ADMIN_PASSWORD_FILE, |raw| given(raw, PathBuf::from_str))?,
            },
            rate_limits: reader.read(RATE_LIMITS, |raw| either(raw, "on", "off"))?,
            default_time_zone: reader.read(DEFAULT_TIME_ZONE, Zone::parse)?,
            care_window: reader.read(CARE_DAYS, CareWindow::parse)?,
            log: reader.read(LOG, log)?,
            log_format: reader.read(LOG_FORMAT, log_format)?,
            values: values.clone(),
        };
        Ok((config, reader.wrong))
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

/// Reads one value after another, and collects what is wrong with them.
struct Reader<'a> {
    values: &'a Values,
    wrong: Vec<Wrong>,
}

impl Reader<'_> {
    fn value(&self, name: &str) -> &str {
        self.values.get(name).map_or("", |(value, _)| value.as_str())
    }

    /// Reads the value of a setting, or its default if the value cannot be read.
    fn read<T, E: Display>(
        &mut self,
        name: &str,
        parse: impl Fn(&str) -> Result<T, E>,
    ) -> Result<T, Failure> {
        parse(self.value(name)).or_else(|error| {
            self.wrong.push(wrong(name, error));
            let setting = SETTINGS.iter().find(|setting| setting.name == name);
            parse(setting.map_or("", |setting| setting.default)).map_err(Failure::other)
        })
    }
}

fn profile(raw: &str) -> Result<Profile, &'static str> {
    match raw {
        "production" => Ok(Profile::Production),
        "development" => Ok(Profile::Development),
        _ => Err("write production or development"),
    }
}

fn bind(raw: &str, profile: Profile) -> Result<SocketAddr, &'static str> {
    let address: SocketAddr = raw
        .replace("localhost", "127.0.0.1")
        .parse()
        .map_err(|_| "write an address and a port, like 127.0.0.1:8000")?;
    if profile == Profile::Development && !address.ip().is_loopback() {
        return Err("the development profile listens on loopback only");
    }
    Ok(address)
}

fn number(raw: &str, range: RangeInclusive<u32>) -> Result<u32, String> {
    let (least, most) = (range.start(), range.end());
    let number = raw.parse().ok().filter(|number| range.contains(number));
    number.ok_or_else(|| format!("write a whole number from {least} to {most}"))
}

/// Passwords may be asked to be longer than the shortest, and never shorter.
fn password_rules(raw: &str, profile: Profile) -> Result<PasswordRules, String> {
    const MOST: usize = 64;
    let shortest = PasswordRules::SHORTEST;
    let length = raw.parse().ok().filter(|length| (shortest..=MOST).contains(length));
    let length = length.ok_or_else(|| format!("write a whole number from {shortest} to {MOST}"))?;
    let rules = PasswordRules::new(length);
    Ok(match profile {
        Profile::Development => rules.while_building(),
        Profile::Production => rules,
    })
}

/// Reads a value that may be missing.
fn given<T, E>(raw: &str, parse: impl Fn(&str) -> Result<T, E>) -> Result<Option<T>, E> {
    if raw.is_empty() { Ok(None) } else { parse(raw).map(Some) }
}

/// Reads one of two words: whether it is the first.
fn either(raw: &str, yes: &str, no: &str) -> Result<bool, String> {
    match raw {
        _ if raw == yes => Ok(true),
        _ if raw == no => Ok(false),
        _ => Err(format!("write {yes} or {no}")),
    }
}

fn log(raw: &str) -> Result<String, &'static str> {
    // A bare word is a level; anything else would be taken for a module, and silence the rest.
    let is_level = |word: &str| word.parse::<LevelFilter>().is_ok();
    let is_filter = raw.split(',').all(|part| part.contains('=') || is_level(part.trim()));
    if is_filter {
        Ok(raw.to_owned())
    } else {
        Err("write error, warn, info, debug, trace, or a filter")
    }
}

fn log_format(raw: &str) -> Result<String, &'static str> {
    if ["", "pretty", "json"].contains(&raw) {
        Ok(raw.to_owned())
    } else {
        Err("write pretty or json")
    }
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

    fn look(environment: &[(&str, &str)], file: &[(&str, &str)]) -> (Config, Vec<String>) {
        let map = |pairs: &[(&str, &str)]| {
            pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
        };
        let flags = SettingFlags::default();
        let Ok((config, wrong)) = Config::from_sources(&flags, &map(environment), &map(file))
        else {
            panic!("every default can be read");
        };
        (config, wrong.iter().map(ToString::to_string).collect())
    }

    pub(super) fn config(environment: &[(&str, &str)]) -> Config {
        let (config, wrong) = look(environment, &[]);
        assert_eq!(wrong, Vec::<String>::new());
        config
    }

    #[test]
    fn the_defaults_hold() {
        let config = config(&[]);

        assert_eq!(config.profile, Profile::Production);
        assert_eq!(config.bind.to_string(), "127.0.0.1:8000");
        assert_eq!(config.cors_allowed_origins, AllowedOrigins::default());
        assert!(config.rate_limits && config.registration_open);
    }

    #[test]
    fn some_defaults_are_others_in_development() {
        let development = ("MEDILINK_PROFILE", "development");

        let by_default = config(&[development]);
        let named = config(&[
            development,
            ("MEDILINK_RATE_LIMITS", "on"),
            ("MEDILINK_CORS_ALLOWED_ORIGINS", ""),
        ]);

        let local = AllowedOrigins::Listed(vec!["http://localhost:3000".to_owned()]);
        assert_eq!((by_default.rate_limits, by_default.cors_allowed_origins), (false, local));
        assert_eq!(
            (named.rate_limits, named.cors_allowed_origins),
            (true, AllowedOrigins::default())
        );
    }

    #[test]
    fn the_environment_wins_over_the_file() {
        let (config, _) = look(&[("MEDILINK_LOG", "warn")], &[("MEDILINK_LOG", "debug")]);

        assert_eq!(config.log, "warn");
    }

    #[test]
    fn a_misspelt_setting_is_told_the_right_name() {
        let (_, wrong) = look(&[("MEDILINK_DATABSE_URL", "x")], &[("MEDILINK_HOSTS", "x")]);

        assert!(wrong[0].ends_with("did you mean MEDILINK_DATABASE_URL?"), "{wrong:?}");
        assert!(wrong[1].starts_with("MEDILINK_HOSTS"), "{wrong:?}");
    }

    #[test]
    fn the_development_profile_stays_on_the_machine() {
        let development = ("MEDILINK_PROFILE", "development");

        let (_, wrong) = look(&[development, ("MEDILINK_BIND", "0.0.0.0:8000")], &[]);
        assert!(wrong[0].contains("loopback only"), "{wrong:?}");
        config(&[development, ("MEDILINK_BIND", "[::1]:8000")]);
    }

    #[test]
    fn every_wrong_value_names_its_setting_at_once() {
        let wrong = [
            ("MEDILINK_PROFILE", "staging"),
            ("MEDILINK_BIND", "here"),
            ("MEDILINK_DATABASE_URL", "mysql://x"),
            ("MEDILINK_ACCESS_TOKEN_MINUTES", "0"),
            ("MEDILINK_REFRESH_TOKEN_DAYS", "never"),
            ("MEDILINK_CORS_ALLOWED_ORIGINS", "example.org"),
            ("MEDILINK_ALLOWED_HOSTS", "https://example.org"),
            ("MEDILINK_TRUSTED_PROXIES", "10.0.0.0/99"),
            ("MEDILINK_REGISTRATION", "maybe"),
            ("MEDILINK_PASSWORD_MIN_LENGTH", "7"),
            ("MEDILINK_ADMIN_USERNAME", "root@here"),
            ("MEDILINK_ADMIN_EMAIL", "root"),
            ("MEDILINK_RATE_LIMITS", "some"),
            ("MEDILINK_DEFAULT_TIME_ZONE", "Mars/Olympus"),
            ("MEDILINK_CARE_DAYS", "0"),
            ("MEDILINK_LOG", "loud"),
            ("MEDILINK_LOG_FORMAT", "xml"),
        ];

        let (_, complaints) = look(&wrong, &[]);

        assert_eq!(complaints.len(), wrong.len(), "{complaints:#?}");
        for ((name, _), complaint) in wrong.iter().zip(complaints) {
            assert!(complaint.starts_with(name), "{complaint}");
        }
    }

    #[test]
    fn secrets_are_masked() {
        let url = "postgres://m:secret@localhost/m";
        let config =
            config(&[("MEDILINK_SECRET_KEY", "very secret"), ("MEDILINK_DATABASE_URL", url)]);

        let shown: Vec<_> = config.shown().map(|(_, value, _)| value).collect();
        assert!(!shown.concat().contains("secret"));
        assert!(shown.contains(&"postgres://m:********@localhost/m".to_owned()));
    }
}
