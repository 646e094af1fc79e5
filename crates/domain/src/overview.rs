//! The overview of an installation: which period it is about, and how full a doctor's time is.

use chrono::TimeDelta;

use crate::appointment::AppointmentStatus;
use crate::period::{Period, PeriodError};
use crate::time::Timestamp;

/// The period that an overview is about: at most 366 days, so that nobody counts a whole history.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OverviewPeriod(Period);

/// Why there is no overview of a period.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum OverviewPeriodError {
    /// It ends before it starts, or at once.
    #[error(transparent)]
    Backwards(#[from] PeriodError),
    /// It is longer than is counted.
    #[error("choose an end at most 366 days after the start")]
    TooLong,
}

impl OverviewPeriod {
    /// How long it is if nobody says otherwise.
    const DEFAULT: TimeDelta = TimeDelta::days(30);

    /// How long it is at the most: 366 days of 24 hours, and the hour by which the clocks may have
    /// gone back meanwhile.
    const LONGEST: TimeDelta = TimeDelta::hours(366 * 24 + 1);

    /// Makes the period of what is said of its ends. It ends now, unless its end is said, and begins
    /// 30 days before that, unless its start is.
    ///
    /// # Errors
    ///
    /// A [`OverviewPeriodError`] unless it ends after its start, and not too long after.
    pub fn new(
        from: Option<Timestamp>,
        to: Option<Timestamp>,
        now: Timestamp,
    ) -> Result<Self, OverviewPeriodError> {
        let to = to.unwrap_or(now);
        let from = from.unwrap_or_else(|| to.saturating_add(-Self::DEFAULT));
        let period = Period::new(from, to)?;
        if Self::LONGEST < period.length() {
            return Err(OverviewPeriodError::TooLong);
        }
        Ok(Self(period))
    }

    /// Returns its first instant.
    pub const fn from(self) -> Timestamp {
        self.0.starts_at()
    }

    /// Returns the first instant that is no longer in it.
    pub const fn to(self) -> Timestamp {
        self.0.ends_at()
    }
}

/// How much of a doctor's time was published, and how much was booked, in a period.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Workload {
    /// The minutes of the appointments that were to take place, or did.
    pub booked_minutes: u64,
    /// The minutes of the time slots that were not blocked.
    pub published_minutes: u64,
}

impl Workload {
    /// Tells whether an appointment in this status counts as booked: it is to take place, or has. Who
    /// cancelled or never came has taken up no time.
    pub const fn counts(status: AppointmentStatus) -> bool {
        status.is_active() || matches!(status, AppointmentStatus::Completed)
    }

    /// Returns the booked time in percent of the published, rounded down; `None` of a doctor who has
    /// published nothing. It is more than 100 of whoever is booked beside what they publish.
    pub const fn percent(self) -> Option<u64> {
        self.booked_minutes.saturating_mul(100).checked_div(self.published_minutes)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::time::{any_timestamp, at};

    const NOW: &str = "2030-03-31T12:00:00Z";

    fn period(from: Option<&str>, to: Option<&str>) -> Result<(String, String), String> {
        OverviewPeriod::new(from.map(at), to.map(at), at(NOW))
            .map(|period| (period.from().to_string(), period.to().to_string()))
            .map_err(|error| error.to_string())
    }

    #[test]
    fn unless_somebody_says_otherwise_an_overview_is_about_the_last_thirty_days() {
        let (first, later) = ("2030-03-01T12:00:00Z", "2030-01-31T00:00:00Z");
        let pair = |from: &str, to: &str| Ok((from.to_owned(), to.to_owned()));

        assert_eq!(period(None, None), pair(first, NOW));
        assert_eq!(period(Some("2030-03-31T00:00:00Z"), None), pair("2030-03-31T00:00:00Z", NOW));
        assert_eq!(period(None, Some(later)), pair("2030-01-01T00:00:00Z", later));
    }

    #[test]
    fn a_year_is_counted_and_no_more_whatever_the_clocks_do() {
        let too_long = Err("choose an end at most 366 days after the start".to_owned());
        let a_leap_year = ("2028-01-01T00:00:00Z", "2029-01-01T00:00:00Z");
        // From a summer in Berlin into the second winter after it.
        let with_an_hour_more = ("2030-10-26T22:00:00Z", "2031-10-27T23:00:00Z");

        for (from, to) in [a_leap_year, with_an_hour_more] {
            assert!(period(Some(from), Some(to)).is_ok(), "{from} {to}");
        }
        assert_eq!(period(Some("2030-01-01T00:00:00Z"), Some("2031-01-02T01:00:01Z")), too_long);
        assert_eq!(period(Some("1900-01-01T00:00:00Z"), None), too_long);
        for from in [NOW, "2030-04-01T00:00:00Z"] {
            let backwards = Err("choose an end after the start".to_owned());
            assert_eq!(period(Some(from), None), backwards, "{from}");
        }
    }

    #[test]
    fn what_takes_place_counts_as_booked() {
        for status in AppointmentStatus::ALL {
            let expected = match status {
                AppointmentStatus::Scheduled
                | AppointmentStatus::Confirmed
                | AppointmentStatus::CheckedIn
                | AppointmentStatus::InProgress
                | AppointmentStatus::Completed => true,
                AppointmentStatus::Cancelled | AppointmentStatus::NoShow => false,
            };
            assert_eq!(Workload::counts(*status), expected, "{status}");
        }
    }

    #[test]
    fn who_publishes_nothing_is_not_full_but_without_measure() {
        let percent = |booked_minutes, published_minutes| {
            Workload { booked_minutes, published_minutes }.percent()
        };

        assert_eq!(percent(30, 0), None);
        assert_eq!(percent(0, 60), Some(0));
        assert_eq!(percent(59, 60), Some(98));
        assert_eq!(percent(90, 60), Some(150));
        assert!(percent(u64::MAX, 1).is_some());
    }

    proptest! {
        #[test]
        fn no_period_is_longer_than_a_year_or_beyond_the_calendar(
            from in proptest::option::of(any_timestamp()),
            to in proptest::option::of(any_timestamp()),
            now in any_timestamp(),
        ) {
            if let Ok(period) = OverviewPeriod::new(from, to, now) {
                prop_assert!(period.from() < period.to());
                prop_assert!(period.to() <= period.from().saturating_add(TimeDelta::days(367)));
                prop_assert!(from.is_none_or(|from| from == period.from()));
                prop_assert!(to.is_none_or(|to| to == period.to()));
            }
        }
    }
}
