//! Demo data: a clinic to try things out in. Its passwords are known to everybody.
//!
//! It is made up on paper first, the same for the same seed, and carried out through the use cases
//! then, so that every rule holds and every record has its history and its audit entries.

mod chance;
mod clinic;
mod diary;
mod doctors;
mod fill;
mod patients;
mod scratch;
mod verb;

use medilink_application::Application;
use medilink_application::store::Queries;
use medilink_application::user::exists;
use medilink_domain::time::Timestamp;

use self::clinic::Clinic;
use self::fill::Filling;
pub(crate) use self::verb::demo;
use crate::config::{DATABASE_URL, Wrong, wrong};
use crate::failure::Failure;

/// Who can sign in to the demo clinic: role, user name, password.
pub(crate) const LOG_INS: &[(&str, &str, &str)] = &[
    ("administrator", "admin", "admin123"),
    ("coordinator", "coordinator", "demo-coordinator"),
    ("doctor", "chen", "demo-doctor"),
    ("patient", "ada", "demo-patient"),
    ("pharmacy", "pharmacy", "demo-pharmacy"),
];

/// The first account to be made, and the last one.
const FIRST: &str = "admin@example.com";
const LAST: &str = "pharmacy@example.com";

/// Decides which clinic it is.
const SEED: u64 = 1851;

/// How much of the demo clinic a database holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Presence {
    /// Nothing.
    None,
    /// Some of it: whoever filled the database was stopped.
    Some,
    /// All of it.
    Whole,
}

impl Presence {
    /// Looks for the demo accounts in a database.
    pub(crate) async fn look(queries: &dyn Queries) -> Result<Self, Failure> {
        let has = async |email| exists(queries, email).await.map_err(Failure::other);
        Ok(match (has(FIRST).await?, has(LAST).await?) {
            (false, _) => Self::None,
            (true, false) => Self::Some,
            (true, true) => Self::Whole,
        })
    }
}

/// Complains about a database that holds demo accounts.
pub(crate) fn known_passwords() -> Wrong {
    let what = "the database holds demo accounts with known passwords; use another one";
    wrong(DATABASE_URL, what)
}

/// Fills an empty database; returns whether it was empty.
pub(crate) async fn fill(application: &Application, now: Timestamp) -> Result<bool, Failure> {
    if application.users.any().await.map_err(Failure::other)? {
        return Ok(false);
    }
    let clinic = Clinic::plan(SEED, now)?;
    Filling::begin(application).await?.carry_out(clinic).await?;
    Ok(true)
}
