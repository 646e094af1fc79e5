//! The key that tokens are signed with, and where it comes from.

use std::fs::{self, OpenOptions};
use std::io::{ErrorKind, Write};
use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use medilink_persistence::DatabaseUrl;
use medilink_security::{SecretKey, SecretKeys};

use crate::config::{Config, Profile, SECRET_KEY, SECRET_KEY_ALSO_VALID, Wrong, wrong};
use crate::failure::Failure;

/// Words that a key has which somebody copied from an example.
const EXAMPLES: &[&str] = &[
    "change", "default", "example", "insecure", "password", "qwerty", "replace", "secret", "your-",
];

/// Returns the keys of an installation.
///
/// Development on SQLite makes one and keeps it beside the database; everybody else brings one, and
/// production a strong one.
pub(crate) fn keys(config: &Config) -> Result<SecretKeys, Failure> {
    let signing = match (&config.secret_key, config.profile, &config.database) {
        (Some(given), profile, _) => taken(SECRET_KEY, given, profile)?,
        (None, Profile::Development, DatabaseUrl::Sqlite(database)) => kept_beside(database)?,
        (None, Profile::Development | Profile::Production, _) => return Err(missing().into()),
    };
    let also_valid = config.also_valid_key.as_ref();
    let also_valid =
        also_valid.map(|given| taken(SECRET_KEY_ALSO_VALID, given, config.profile)).transpose()?;
    Ok(SecretKeys::new(signing, also_valid))
}

/// Returns what keeps the program from starting: a weak key, in production.
pub(crate) fn obstacles(config: &Config) -> Vec<Wrong> {
    match config.profile {
        Profile::Production => weaknesses(config),
        Profile::Development => Vec::new(),
    }
}

/// Returns what is wrong with the keys for those whom it has to protect.
pub(crate) fn weaknesses(config: &Config) -> Vec<Wrong> {
    let signing = config.secret_key.as_ref().ok_or_else(missing);
    let signing = signing.and_then(|given| strong(SECRET_KEY, given));
    let also_valid = config.also_valid_key.as_ref();
    let also_valid = also_valid.map(|given| strong(SECRET_KEY_ALSO_VALID, given));
    std::iter::once(signing).chain(also_valid).filter_map(Result::err).collect()
}

fn missing() -> Wrong {
    wrong(SECRET_KEY, "set it to 32 bytes or more, from `openssl rand -base64 48`")
}

/// Takes a key that was given: a weak one too, for those who build.
fn taken(name: &str, given: &str, profile: Profile) -> Result<SecretKey, Wrong> {
    match (strong(name, given), profile) {
        (Err(wrong), Profile::Development) => {
            tracing::warn!("{wrong}; production would refuse it");
            Ok(SecretKey::weak(given.as_bytes()))
        }
        (outcome, Profile::Development | Profile::Production) => outcome,
    }
}

/// Takes a key that nobody can find out: it has to be long, varied, and nobody's example.
fn strong(name: &str, given: &str) -> Result<SecretKey, Wrong> {
    let folded = given.to_lowercase();
    let copied = EXAMPLES.iter().find(|word| folded.contains(*word));
    let weakness = match (SecretKey::new(given.as_bytes()), copied) {
        (Ok(key), None) => return Ok(key),
        (Ok(_), Some(word)) => format!("it contains \"{word}\" and looks like an example"),
        (Err(error), _) => error.to_string(),
    };
    Err(wrong(name, format!("{weakness}; make one with `openssl rand -base64 48`")))
}

fn kept_beside(database: &Path) -> Result<SecretKey, Failure> {
    let path = database.with_extension("key");
    let failed = |error: std::io::Error| Failure::Other(format!("{}: {error}", path.display()));
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    match options.open(&path) {
        Ok(mut file) => {
            let mut random = [0; 48];
            getrandom::fill(&mut random).map_err(Failure::other)?;
            file.write_all(STANDARD.encode(random).as_bytes()).map_err(failed)?;
        }
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
        Err(error) => return Err(failed(error)),
    }
    let kept = fs::read(&path).map_err(failed)?;
    SecretKey::new(kept).map_err(|error| Failure::Other(format!("{}: {error}", path.display())))
}
