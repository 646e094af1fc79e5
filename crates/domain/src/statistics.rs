//! Statistics of appointments: over which days, and what the counts say.

use std::collections::BTreeMap;

use crate::appointment::AppointmentStatus;
use crate::period::Period;
use crate::time::{Date, TimeError};
use crate::zone::Zone;

/// The days that statistics are about, the first and the last included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StatisticsPeriod {
    first: Date,
    last: Date,
}

/// Why some days are not what statistics can be about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum StatisticsPeriodError {
    /// The last day comes before the first.
    #[error("choose a day that is not before from")]
    Backwards,
    /// There are more days than anybody waits for.
    #[error("choose at most {} days", StatisticsPeriod::MOST_DAYS)]
    TooLong,
}

/// One of these days: which it is, and from when to when.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CountedDay {
    /// The day.
    pub date: Date,
    /// From its first instant to the first one of the next.
    pub time: Period,
}

impl StatisticsPeriod {
    /// How many days statistics are about unless somebody says otherwise.
    pub const DEFAULT_DAYS: i64 = 30;

    /// How many days they are about at the most: a year.
    pub const MOST_DAYS: i64 = 366;

    /// Makes the period from its ends. Without one it has the usual length, and without both it ends
    /// today.
    ///
    /// # Errors
    ///
    /// A [`StatisticsPeriodError`] if it ends before it begins, or is too long.
    pub fn new(
        from: Option<Date>,
        to: Option<Date>,
        today: Date,
    ) -> Result<Self, StatisticsPeriodError> {
        let (first, last) = match (from, to) {
            (Some(first), Some(last)) => (first, last),
            (Some(first), None) => (first, first.saturating_add(Self::DEFAULT_DAYS - 1)),
            (None, last) => {
                let last = last.unwrap_or(today);
                (last.saturating_add(1 - Self::DEFAULT_DAYS), last)
            }
        };
        if last < first {
            return Err(StatisticsPeriodError::Backwards);
        }
        if Self::MOST_DAYS <= (last.as_naive() - first.as_naive()).num_days() {
            return Err(StatisticsPeriodError::TooLong);
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

    /// Returns its days as they are in a zone.
    ///
    /// # Errors
    ///
    /// [`TimeError::OutOfRange`] if one of them begins or ends outside the years 1900 to 2199.
    pub fn days(self, zone: &Zone) -> Result<Vec<CountedDay>, TimeError> {
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

    fn day(raw: &str) -> Date {
        Date::parse(raw).unwrap()
    }

    fn period(from: Option<&str>, to: Option<&str>) -> Result<String, StatisticsPeriodError> {
        let period = StatisticsPeriod::new(from.map(day), to.map(day), day("2030-03-01"))?;
        Ok(format!("{} {}", period.first(), period.last()))
    }

    #[test]
    fn thirty_days_that_end_today_unless_somebody_says_otherwise() {
        assert_eq!(period(None, None).unwrap(), "2030-01-31 2030-03-01");
        assert_eq!(period(Some("2030-01-01"), None).unwrap(), "2030-01-01 2030-01-30");
        assert_eq!(period(None, Some("2030-01-30")).unwrap(), "2030-01-01 2030-01-30");
        assert_eq!(
            period(Some("2030-01-07"), Some("2030-01-07")).unwrap(),
            "2030-01-07 2030-01-07"
        );
        assert_eq!(period(Some("2199-12-31"), None).unwrap(), "2199-12-31 2199-12-31");
        assert_eq!(period(None, Some("1900-01-01")).unwrap(), "1900-01-01 1900-01-01");
    }

    #[test]
    fn a_period_is_a_year_at_the_most_and_not_backwards() {
        assert!(period(Some("2028-01-01"), Some("2028-12-31")).is_ok());
        let long = period(Some("2027-12-31"), Some("2028-12-31"));
        assert_eq!(long, Err(StatisticsPeriodError::TooLong));
        let backwards = period(Some("2030-01-02"), Some("2030-01-01"));
        assert_eq!(backwards, Err(StatisticsPeriodError::Backwards));
    }

    #[test]
    fn the_days_of_a_zone_follow_each_other_whatever_their_length() {
        let period = StatisticsPeriod::new(Some(day("2030-03-30")), None, day("2030-01-01"));
        let days = period.unwrap().days(&Zone::parse("Europe/Berlin").unwrap()).unwrap();

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
