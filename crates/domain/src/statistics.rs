//! Statistics: which period they are about, and what the counts say.

use std::collections::BTreeMap;

use chrono::TimeDelta;

use crate::appointment::AppointmentStatus;
use crate::period::{Period, PeriodError};
use crate::time::{Date, TimeError, Timestamp};
use crate::zone::Zone;

/// How many days are counted unless somebody says otherwise.
const DEFAULT_DAYS: i64 = 30;

/// How many days are counted at the most: a year, so that nobody counts a whole history.
const MOST_DAYS: i64 = 366;

/// The period in which something is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CountedPeriod(Period);

/// The days on each of which something is counted, the first and the last included. A day has its
/// instants in one zone only, which is not known yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CountedDays {
    first: Date,
    last: Date,
}

/// One of these days: which it is, and from when to when.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CountedDay {
    /// The day.
    pub date: Date,
    /// From its first instant to the first one of the next.
    pub time: Period,
}

/// Why nothing is counted in some period or on some days.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CountedPeriodError {
    /// The end comes before the start, or is no later.
    #[error(transparent)]
    Backwards(#[from] PeriodError),
    /// It is longer than anybody waits for.
    #[error("choose at most {MOST_DAYS} days")]
    TooLong,
}

impl CountedPeriod {
    /// How long it is at the most: in days of 24 hours, with the hour by which the clocks may have gone
    /// back meanwhile.
    const LONGEST: TimeDelta = TimeDelta::hours(MOST_DAYS * 24 + 1);

    /// Makes the period of what is said of its ends. It ends now, unless its end is said, and has the
    /// usual length, unless its start is.
    ///
    /// # Errors
    ///
    /// A [`CountedPeriodError`] unless it ends after its start, and not too long after.
    pub fn new(
        from: Option<Timestamp>,
        to: Option<Timestamp>,
        now: Timestamp,
    ) -> Result<Self, CountedPeriodError> {
        let to = to.unwrap_or(now);
        let from = from.unwrap_or_else(|| to.saturating_add(-TimeDelta::days(DEFAULT_DAYS)));
        let period = Period::new(from, to)?;
        if Self::LONGEST < period.length() {
            return Err(CountedPeriodError::TooLong);
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

impl CountedDays {
    /// Makes the days from their ends. Without one there are as many as usual, and without both they
    /// end today.
    ///
    /// # Errors
    ///
    /// A [`CountedPeriodError`] if the last comes before the first, or there are too many.
    pub fn new(
        from: Option<Date>,
        to: Option<Date>,
        today: Date,
    ) -> Result<Self, CountedPeriodError> {
        let (first, last) = match (from, to) {
            (Some(first), Some(last)) => (first, last),
            (Some(first), None) => (first, first.saturating_add(DEFAULT_DAYS - 1)),
            (None, last) => {
                let last = last.unwrap_or(today);
                (last.saturating_add(1 - DEFAULT_DAYS), last)
            }
        };
        if last < first {
            return Err(CountedPeriodError::Backwards(PeriodError));
        }
        if MOST_DAYS <= (last.as_naive() - first.as_naive()).num_days() {
            return Err(CountedPeriodError::TooLong);
        }
        Ok(Self { first, last })
    }

    /// Returns the first day.
    pub const fn first(self) -> Date {
        self.first
    }

    /// Returns the last day.
    pub const fn last(self) -> Date {
        self.last
    }

    /// Returns each of them as it is in a zone.
    ///
    /// # Errors
    ///
    /// [`TimeError::OutOfRange`] if one of them begins or ends outside the years 1900 to 2199.
    pub fn of_zone(self, zone: &Zone) -> Result<Vec<CountedDay>, TimeError> {
        std::iter::successors(Some(self.first), |day| day.next().ok())
            .take_while(|day| *day <= self.last)
            .map(|date| Ok(CountedDay { date, time: zone.whole(date)? }))
            .collect()
    }
}

/// How many appointments there are of each status.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct StatusTally(BTreeMap<AppointmentStatus, u64>);

impl StatusTally {
    /// Adds some appointments.
    pub fn add(&mut self, status: AppointmentStatus, count: u64) {
        let counted = self.0.entry(status).or_default();
        *counted = counted.saturating_add(count);
    }

    /// Returns how many are of a status.
    pub fn of(&self, status: AppointmentStatus) -> u64 {
        self.0.get(&status).copied().unwrap_or_default()
    }

    /// Returns how many there are.
    pub fn total(&self) -> u64 {
        self.0.values().fold(0, |sum, count| sum.saturating_add(*count))
    }

    /// Returns how many of those that are over ended in a status, as a share with four decimals, or
    /// `None` if none is over. What is still to take place says nothing yet.
    pub fn share(&self, status: AppointmentStatus) -> Option<f64> {
        let is_over = |status: &&AppointmentStatus| !status.is_active();
        let over: u64 = AppointmentStatus::ALL.iter().filter(is_over).map(|it| self.of(*it)).sum();
        let parts =
            self.of(status).checked_mul(10_000)?.checked_add(over / 2)?.checked_div(over)?;
        u32::try_from(parts).ok().map(|parts| f64::from(parts) / 10_000.0)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::time::{any_timestamp, at};

    const NOW: &str = "2030-03-31T12:00:00Z";

    fn day(raw: &str) -> Date {
        Date::parse(raw).unwrap()
    }

    fn period(from: Option<&str>, to: Option<&str>) -> Result<(String, String), String> {
        CountedPeriod::new(from.map(at), to.map(at), at(NOW))
            .map(|period| (period.from().to_string(), period.to().to_string()))
            .map_err(|error| error.to_string())
    }

    fn days(from: Option<&str>, to: Option<&str>) -> Result<String, CountedPeriodError> {
        let days = CountedDays::new(from.map(day), to.map(day), day("2030-03-01"))?;
        Ok(format!("{} {}", days.first(), days.last()))
    }

    #[test]
    fn unless_somebody_says_otherwise_the_last_thirty_days_are_counted() {
        let (first, later) = ("2030-03-01T12:00:00Z", "2030-01-31T00:00:00Z");
        let pair = |from: &str, to: &str| Ok((from.to_owned(), to.to_owned()));

        assert_eq!(period(None, None), pair(first, NOW));
        assert_eq!(period(Some("2030-03-31T00:00:00Z"), None), pair("2030-03-31T00:00:00Z", NOW));
        assert_eq!(period(None, Some(later)), pair("2030-01-01T00:00:00Z", later));
    }

    #[test]
    fn a_year_is_counted_and_no_more_whatever_the_clocks_do() {
        let too_long = Err("choose at most 366 days".to_owned());
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
    fn thirty_days_that_end_today_unless_somebody_says_otherwise() {
        assert_eq!(days(None, None).unwrap(), "2030-01-31 2030-03-01");
        assert_eq!(days(Some("2030-01-01"), None).unwrap(), "2030-01-01 2030-01-30");
        assert_eq!(days(None, Some("2030-01-30")).unwrap(), "2030-01-01 2030-01-30");
        assert_eq!(days(Some("2030-01-07"), Some("2030-01-07")).unwrap(), "2030-01-07 2030-01-07");
        assert_eq!(days(Some("2199-12-31"), None).unwrap(), "2199-12-31 2199-12-31");
        assert_eq!(days(None, Some("1900-01-01")).unwrap(), "1900-01-01 1900-01-01");
    }

    #[test]
    fn days_are_a_year_at_the_most_and_not_backwards() {
        assert!(days(Some("2028-01-01"), Some("2028-12-31")).is_ok());
        let long = days(Some("2027-12-31"), Some("2028-12-31"));
        assert_eq!(long, Err(CountedPeriodError::TooLong));
        let backwards = days(Some("2030-01-02"), Some("2030-01-01"));
        assert_eq!(backwards, Err(CountedPeriodError::Backwards(PeriodError)));
    }

    #[test]
    fn the_days_of_a_zone_follow_each_other_whatever_their_length() {
        let days = CountedDays::new(Some(day("2030-03-30")), None, day("2030-01-01")).unwrap();
        let days = days.of_zone(&Zone::parse("Europe/Berlin").unwrap()).unwrap();

        assert_eq!(days.len(), 30);
        assert!(days.windows(2).all(|pair| pair[0].time.ends_at() == pair[1].time.starts_at()));
        assert_eq!(days[1].time.length().num_hours(), 23);
    }

    #[test]
    fn a_share_is_of_what_is_over() {
        let mut tally = StatusTally::default();
        assert_eq!(tally.share(AppointmentStatus::Completed), None);
        tally.add(AppointmentStatus::Scheduled, 5);
        assert_eq!(tally.share(AppointmentStatus::Completed), None);
        tally.add(AppointmentStatus::Completed, 1);
        tally.add(AppointmentStatus::Completed, 1);
        tally.add(AppointmentStatus::Cancelled, 1);

        assert_eq!(tally.total(), 8);
        assert_eq!(tally.share(AppointmentStatus::Completed), Some(0.6667));
        assert_eq!(tally.share(AppointmentStatus::Cancelled), Some(0.3333));
        assert_eq!(tally.share(AppointmentStatus::NoShow), Some(0.0));
    }

    proptest! {
        #[test]
        fn no_period_is_longer_than_a_year_or_beyond_the_calendar(
            from in proptest::option::of(any_timestamp()),
            to in proptest::option::of(any_timestamp()),
            now in any_timestamp(),
        ) {
            if let Ok(period) = CountedPeriod::new(from, to, now) {
                prop_assert!(period.from() < period.to());
                prop_assert!(period.to() <= period.from().saturating_add(TimeDelta::days(367)));
                prop_assert!(from.is_none_or(|from| from == period.from()));
                prop_assert!(to.is_none_or(|to| to == period.to()));
            }
        }

        #[test]
        fn shares_make_a_whole(completed in 0_u64..1_000_000, cancelled in 0_u64..1_000_000, missed in 1_u64..1_000_000) {
            let mut tally = StatusTally::default();
            let over = [
                (AppointmentStatus::Completed, completed),
                (AppointmentStatus::Cancelled, cancelled),
                (AppointmentStatus::NoShow, missed),
            ];
            for (status, count) in over {
                tally.add(status, count);
            }
            let whole: f64 = over.iter().map(|(status, _)| tally.share(*status).unwrap()).sum();
            prop_assert!((whole - 1.0).abs() < 0.0002, "{}", whole);
        }
    }
}
