//! How a verb fails: with a sentence on the error output, and a code that scripts can read.

use std::io::Write;
use std::process::ExitCode;

use medilink_persistence::OpenError;

use crate::config::Wrong;

/// Why a verb did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    /// The settings are wrong: exit code 2.
    #[error("{0}")]
    Configuration(String),
    /// The database's schema, or a library, has the wrong version: exit code 3.
    #[error("{0}")]
    Version(OpenError),
    /// Anything else: exit code 1.
    #[error("{0}")]
    Other(String),
}

impl Failure {
    /// Says why on the error output, and returns the exit code.
    pub(crate) fn report(&self) -> ExitCode {
        for line in self.to_string().lines() {
            let _ = writeln!(std::io::stderr(), "medilink: {line}");
        }
        ExitCode::from(match self {
            Self::Other(_) => 1,
            Self::Configuration(_) => 2,
            Self::Version(_) => 3,
        })
    }

    /// Wraps an error that has nothing to do with settings or versions.
    pub(crate) fn other(error: impl std::fmt::Display) -> Self {
        Self::Other(error.to_string())
    }
}

impl From<Wrong> for Failure {
    fn from(wrong: Wrong) -> Self {
        Self::Configuration(wrong.to_string())
    }
}

impl From<Vec<Wrong>> for Failure {
    fn from(wrong: Vec<Wrong>) -> Self {
        let lines: Vec<_> = wrong.iter().map(ToString::to_string).collect();
        Self::Configuration(lines.join("\n"))
    }
}

impl From<OpenError> for Failure {
    fn from(error: OpenError) -> Self {
        match error {
            OpenError::Outdated | OpenError::Diverged { .. } | OpenError::SqliteTooOld(_) => {
                Self::Version(error)
            }
            OpenError::File { .. }
            | OpenError::NoFolder(_)
            | OpenError::Forbidden { .. }
            | OpenError::NotSqlite(_)
            | OpenError::Unreachable { .. }
            | OpenError::Refused(_)
            | OpenError::Database(_) => Self::other(error),
        }
    }
}
