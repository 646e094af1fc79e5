//! Logs, on the error output: one line a request, and what went wrong.

use std::io::{IsTerminal, stderr};

use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt;

use crate::config::{Config, LOG, wrong};
use crate::failure::Failure;

/// What says much that helps nobody. What a client's broken bytes do to the parser is no error of
/// ours, and any scan would fill the log with it.
const QUIET: &str = "actix_http::h1=off,actix_server=warn,sqlx=warn,sea_orm_migration=warn";

/// Starts logging. A panic is logged by its place alone: its message may hold a person's data.
pub(crate) fn start(config: &Config) -> Result<(), Failure> {
    let filter = format!("{QUIET},{}", config.log);
    let filter = EnvFilter::try_new(filter)
        .map_err(|_| wrong(LOG, "write error, warn, info, debug, or a filter"))?;
    let pretty = match config.log_format.as_str() {
        "" => stderr().is_terminal(),
        format => format == "pretty",
    };
    let logs = fmt().with_env_filter(filter).with_writer(stderr);
    if pretty {
        logs.compact().with_ansi(stderr().is_terminal()).with_target(false).init();
    } else {
        logs.json().flatten_event(true).with_current_span(true).with_span_list(false).init();
    }
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(ToString::to_string);
        tracing::error!(place, "a panic");
    }));
    Ok(())
}
