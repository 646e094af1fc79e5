//! Instants and days of tests.

use medilink_domain::time::{Date, Timestamp};

/// The day before the appointments of tests: 2030-01-06, noon.
pub const NOW: &str = "2030-01-06T12:00:00Z";

/// Reads an instant that a test knows to be right.
///
/// # Panics
///
/// Panics if it is none.
#[expect(clippy::expect_used, reason = "a test that misspells an instant has to end")]
pub fn at(raw: &str) -> Timestamp {
    Timestamp::parse(raw).expect("an instant")
}

/// Reads a day that a test knows to be right.
pub fn day(raw: &str) -> Option<Date> {
    Date::parse(raw).ok()
}
