//! `medilink openapi`, `medilink config show` and `medilink config example`.

use std::io::{Write, stdout};

use crate::config::{self, Config};
use crate::failure::Failure;

/// Prints the OpenAPI document.
pub(crate) fn openapi() -> Result<(), Failure> {
    let document = medilink_http::openapi().to_pretty_json().map_err(Failure::other)?;
    writeln!(stdout(), "{document}").map_err(Failure::other)
}

/// Prints each setting and where its value comes from.
pub(crate) fn config(config: &Config) -> Result<(), Failure> {
    let mut out = stdout();
    for (name, value, source) in config.shown() {
        writeln!(out, "{name:30} {value:40} {source}").map_err(Failure::other)?;
    }
    Ok(())
}

/// Prints an example of a `.env` file.
pub(crate) fn example() -> Result<(), Failure> {
    write!(stdout(), "{}", config::example()).map_err(Failure::other)
}
