//! The key that tokens are signed with, and where it comes from.

use std::fs::{self, OpenOptions};
use std::io::{ErrorKind, Write};
use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use medilink_persistence::DatabaseUrl;
use medilink_security::SecretKey;

use crate::config::{Config, Profile, SECRET_KEY, Wrong, wrong};
use crate::failure::Failure;

/// Words that a key has which somebody copied from an example.
const EXAMPLES: &[&str] = &["change", "example", "insecure", "secret", "password", "your-"];

/// Returns the key of an installation.
///
/// Development on SQLite makes one and keeps it beside the database; everybody else brings one, and
/// production a strong one.
pub(crate) fn key(config: &Config) -> Result<SecretKey, Failure> {
    let given = config.secret_key.as_deref();
    match (config.profile, given, &config.database) {
        (Profile::Development, None, DatabaseUrl::Sqlite(database)) => kept_beside(database),
        (Profile::Development, Some(weak), _) => Ok(strong(given).unwrap_or_else(|wrong| {
            tracing::warn!("{wrong}; production would refuse it");
            SecretKey::weak(weak.as_bytes())
        })),
        (Profile::Development | Profile::Production, _, _) => Ok(strong(given)?),
    }
}

/// Takes a key that nobody can find out: it has to be there, long, varied, and nobody's example.
pub(crate) fn strong(given: Option<&str>) -> Result<SecretKey, Wrong> {
    let given = given.ok_or_else(|| {
        wrong(SECRET_KEY, "set it to 32 bytes or more, from `openssl rand -base64 48`")
    })?;
    let folded = given.to_lowercase();
    let copied = EXAMPLES.iter().find(|word| folded.contains(*word));
    let weakness = match (SecretKey::new(given.as_bytes()), copied) {
        (Ok(key), None) => return Ok(key),
        (Ok(_), Some(word)) => format!("it contains \"{word}\" and looks like an example"),
        (Err(error), _) => error.to_string(),
    };
    Err(wrong(SECRET_KEY, format!("{weakness}; make one with `openssl rand -base64 48`")))
}

fn kept_beside(database: &Path) -> Result<SecretKey, Failure> {
    let path = database.with_extension("key");
    let failed = |error: std::io::Error| Failure::Other(format!("{}: {error}", path.display()));
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        fs::create_dir_all(folder).map_err(failed)?;
    }
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
