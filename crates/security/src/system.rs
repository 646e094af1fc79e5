//! The time of the system. Nothing else reads it.

use chrono::{DateTime, Utc};
use medilink_application::ports::Clock;
use medilink_domain::time::Timestamp;

/// Tells the time of the machine.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        // A clock outside the years 1900 to 2199 is broken; in 1970 no token holds.
        Timestamp::new(utc()).unwrap_or(Timestamp::EPOCH)
    }
}

#[expect(clippy::disallowed_methods, reason = "this is the injected clock")]
pub(crate) fn utc() -> DateTime<Utc> {
    Utc::now()
}
