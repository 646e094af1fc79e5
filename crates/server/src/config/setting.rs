//! The table of settings: names, defaults, and what each decides.

use std::fmt::Write;

/// One setting, as people find it in `.env.example`.
pub(crate) struct Setting {
    /// The name of its variable.
    pub(crate) name: &'static str,
    /// Its value unless somebody says otherwise; empty if there is none.
    pub(crate) default: &'static str,
    /// Its default in the development profile, if that is another.
    pub(crate) in_development: Option<&'static str>,
    /// What it decides.
    pub(crate) about: &'static str,
    /// Whether its value must not be shown.
    pub(crate) is_secret: bool,
}

macro_rules! settings {
    ($($constant:ident = $name:literal, $default:literal $(or $development:literal)?, $about:literal $($secret:ident)?;)*) => {
        $(pub(crate) const $constant: &str = $name;)*
        /// Every setting.
        pub(crate) const SETTINGS: &[Setting] = &[$(Setting {
            name: $name,
            default: $default,
            in_development: settings!(@development $($development)?),
            about: $about,
            is_secret: settings!(@secret $($secret)?),
        },)*];
    };
    (@development) => { None };
    (@development $development:literal) => { Some($development) };
    (@secret) => { false };
    (@secret secret) => { true };
}

settings! {
    PROFILE = "MEDILINK_PROFILE", "production",
        "production, or development: loopback only, registrations approved at once, a key of its own.";
    BIND = "MEDILINK_BIND", "127.0.0.1:8000",
        "The address and port to listen on.";
    DATABASE_URL = "MEDILINK_DATABASE_URL", "sqlite://data/medilink.db",
        "sqlite://PATH, made if need be, or postgres://USER:PASSWORD@HOST/NAME; other characters than letters and digits in the password are percent-encoded.";
    SECRET_KEY = "MEDILINK_SECRET_KEY", "",
        "What tokens are signed with: 32 bytes or more, from `openssl rand -base64 48`. Required in production and on PostgreSQL; development on SQLite makes one and keeps it beside the database." secret;
    SECRET_KEY_ALSO_VALID = "MEDILINK_SECRET_KEY_ALSO_VALID", "",
        "Another key whose tokens are taken, while keys are changed without signing anybody out: first every server takes the new key as this one, then signs with it and takes the old one, then forgets the old one." secret;
    ACCESS_TOKEN_MINUTES = "MEDILINK_ACCESS_TOKEN_MINUTES", "15",
        "How long an access token holds, in minutes: 1 to 1440.";
    REFRESH_TOKEN_DAYS = "MEDILINK_REFRESH_TOKEN_DAYS", "7",
        "How long a session goes on from its last use, in days: 1 to 365.";
    CORS_ALLOWED_ORIGINS = "MEDILINK_CORS_ALLOWED_ORIGINS", "" or "http://localhost:3000",
        "The origins whose pages may call the API from a browser, with commas, like https://app.example.org; http://localhost:3000 in development, where * allows all.";
    ALLOWED_HOSTS = "MEDILINK_ALLOWED_HOSTS", "",
        "The names that the Host header may have, with commas: clinic.example.org, or .example.org for every name under it. Any unless named; required to listen beyond loopback.";
    TRUSTED_PROXIES = "MEDILINK_TRUSTED_PROXIES", "",
        "The proxies whose X-Forwarded-For is believed, with commas: addresses and networks, like 10.0.0.0/8.";
    REGISTRATION = "MEDILINK_REGISTRATION", "open",
        "open, or closed: then people cannot register themselves.";
    PASSWORD_MIN_LENGTH = "MEDILINK_PASSWORD_MIN_LENGTH", "8",
        "How many characters a new password has at least: 8 to 64.";
    PASSWORD_MEMORY_MIB = "MEDILINK_PASSWORD_MEMORY_MIB", "19",
        "How much memory one hash of a password takes, in MiB: 19 to 1024. Whoever signs in after it was raised gets a new hash.";
    PASSWORD_PASSES = "MEDILINK_PASSWORD_PASSES", "2",
        "How often a hash of a password goes over that memory: 2 to 16.";
    ADMIN_USERNAME = "MEDILINK_ADMIN_USERNAME", "",
        "The user name of the first administrator, who is made at a start while there has never been one; the e-mail address and the password's file go with it.";
    ADMIN_EMAIL = "MEDILINK_ADMIN_EMAIL", "",
        "The e-mail address of the first administrator.";
    ADMIN_PASSWORD_FILE = "MEDILINK_ADMIN_PASSWORD_FILE", "",
        "The file whose first line is the password of the first administrator.";
    RATE_LIMITS = "MEDILINK_RATE_LIMITS", "on" or "off",
        "on, or off: then nobody is told to come back later. off in development unless named.";
    DEFAULT_TIME_ZONE = "MEDILINK_DEFAULT_TIME_ZONE", "UTC",
        "The IANA time zone of dates that no doctor's zone applies to, and of new doctors.";
    CARE_DAYS = "MEDILINK_CARE_DAYS", "90",
        "For how many days after a completed appointment its doctor still cares for the patient, and may read the record: 1 to 3650.";
    LOG = "MEDILINK_LOG", "info",
        "How much to log: error, warn, info, debug, or a filter like info,medilink_http=debug.";
    LOG_FORMAT = "MEDILINK_LOG_FORMAT", "",
        "pretty, or json; pretty on a terminal and json elsewhere unless named.";
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_example_names_every_setting() {
        assert_eq!(
            include_str!("../../../../.env.example"),
            example(),
            "write it with `make docs`"
        );
    }
}
