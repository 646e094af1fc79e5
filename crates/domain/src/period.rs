//! Periods: stretches of time, and those that can be booked.

use chrono::TimeDelta;

use crate::time::Timestamp;

/// An interval that begins at its start and ends just before its end: `[starts_at, ends_at)`.
///
/// It never ends before it starts, so two of them that touch do not overlap.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Period {
    starts_at: Timestamp,
    ends_at: Timestamp,
}

/// An interval that would end before it starts, or at its start.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("choose an end after the start")]
pub struct PeriodError;

impl Period {
    /// Makes an interval.
    ///
    /// # Errors
    ///
    /// [`PeriodError`] unless it starts before it ends.
    pub fn new(starts_at: Timestamp, ends_at: Timestamp) -> Result<Self, PeriodError> {
        if starts_at < ends_at { Ok(Self { starts_at, ends_at }) } else { Err(PeriodError) }
    }

    /// Returns its first instant.
    pub const fn starts_at(self) -> Timestamp {
        self.starts_at
    }

    /// Returns the first instant that is no longer in it.
    pub const fn ends_at(self) -> Timestamp {
        self.ends_at
    }

    /// Returns how long it lasts.
    pub fn length(self) -> TimeDelta {
        self.ends_at.as_utc() - self.starts_at.as_utc()
    }

    /// Returns the interval of both, or `None` if there is a gap between them.
    pub fn joined(self, other: Self) -> Option<Self> {
        let touches = self.starts_at <= other.ends_at && other.starts_at <= self.ends_at;
        touches.then(|| Self {
            starts_at: self.starts_at.min(other.starts_at),
            ends_at: self.ends_at.max(other.ends_at),
        })
    }

    /// Tells whether the two share any instant.
    ///
    /// ```
    /// use medilink_domain::period::Period;
    /// use medilink_domain::time::Timestamp;
    ///
    /// let at = |time: &str| Timestamp::parse(&format!("2030-01-07T{time}:00Z")).unwrap();
    /// let ten_to_eleven = Period::new(at("10:00"), at("11:00")).unwrap();
    ///
    /// // A start in between is enough, and touching is not.
    /// assert!(ten_to_eleven.overlaps(Period::new(at("10:30"), at("11:30")).unwrap()));
    /// assert!(!ten_to_eleven.overlaps(Period::new(at("11:00"), at("12:00")).unwrap()));
    /// ```
    pub fn overlaps(self, other: Self) -> bool {
        self.starts_at < other.ends_at && other.starts_at < self.ends_at
    }
}

/// A time that can be booked: an interval of 5 minutes to 12 hours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BookableTime(Period);

/// Why a time cannot be booked, whoever is free.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BookableTimeError {
    /// It ends before it starts, or at once.
    #[error(transparent)]
    Backwards(#[from] PeriodError),
    /// It is shorter or longer than an appointment may be, or ends beyond the calendar.
    #[error("choose a length of 5 to 720 minutes")]
    Length,
}

impl BookableTime {
    /// How long an appointment is, in minutes, if nobody says otherwise.
    pub const DEFAULT_MINUTES: i64 = 30;

    /// The same as a length of time.
    pub const DEFAULT_LENGTH: TimeDelta = TimeDelta::minutes(Self::DEFAULT_MINUTES);

    /// How long an appointment is at the least.
    pub const SHORTEST: TimeDelta = TimeDelta::minutes(5);

    /// How long an appointment is at the most: 12 hours.
    pub const LONGEST: TimeDelta = TimeDelta::minutes(720);

    /// Makes the time from an interval.
    ///
    /// # Errors
    ///
    /// [`BookableTimeError::Length`] unless it lasts 5 to 720 minutes.
    pub fn new(period: Period) -> Result<Self, BookableTimeError> {
        if (Self::SHORTEST..=Self::LONGEST).contains(&period.length()) {
            Ok(Self(period))
        } else {
            Err(BookableTimeError::Length)
        }
    }

    /// Makes the time from its start and its end.
    ///
    /// # Errors
    ///
    /// A [`BookableTimeError`] unless it ends 5 to 720 minutes after its start.
    pub fn between(starts_at: Timestamp, ends_at: Timestamp) -> Result<Self, BookableTimeError> {
        Period::new(starts_at, ends_at).map_err(Into::into).and_then(Self::new)
    }

    /// Reads a length in minutes, whenever it is to begin.
    ///
    /// # Errors
    ///
    /// [`BookableTimeError::Length`] unless it is 5 to 720.
    pub fn minutes(minutes: i64) -> Result<i64, BookableTimeError> {
        Self::lasting(Timestamp::EPOCH, minutes).map(|_| minutes)
    }

    /// Reads a length in minutes as one.
    ///
    /// # Errors
    ///
    /// [`BookableTimeError::Length`] unless it is 5 to 720.
    pub fn length(minutes: i64) -> Result<TimeDelta, BookableTimeError> {
        Self::lasting(Timestamp::EPOCH, minutes).map(|time| time.period().length())
    }

    /// Makes the time from its start and its length in minutes.
    ///
    /// # Errors
    ///
    /// [`BookableTimeError::Length`] unless it lasts 5 to 720 minutes.
    pub fn lasting(starts_at: Timestamp, minutes: i64) -> Result<Self, BookableTimeError> {
        let length = TimeDelta::try_minutes(minutes).ok_or(BookableTimeError::Length)?;
        let ends_at = starts_at.checked_add(length).map_err(|_| BookableTimeError::Length)?;
        Period::new(starts_at, ends_at).map_err(|_| BookableTimeError::Length).and_then(Self::new)
    }

    /// Returns the instant after which a bookable time begins that is still going on at another.
    pub fn earliest_until(instant: Timestamp) -> Timestamp {
        instant.saturating_add(-Self::LONGEST)
    }

    /// Returns a time of the same length that starts at another instant.
    ///
    /// # Errors
    ///
    /// [`BookableTimeError::Length`] if it would end beyond the calendar.
    pub fn moved_to(self, starts_at: Timestamp) -> Result<Self, BookableTimeError> {
        let ends_at =
            starts_at.checked_add(self.0.length()).map_err(|_| BookableTimeError::Length)?;
        Self::between(starts_at, ends_at)
    }

    /// Returns the interval.
    pub const fn period(self) -> Period {
        self.0
    }

    /// Returns its first instant.
    pub const fn starts_at(self) -> Timestamp {
        self.0.starts_at
    }

    /// Returns the first instant that is no longer in it.
    pub const fn ends_at(self) -> Timestamp {
        self.0.ends_at
    }
}

/// Makes an interval of 2030-01-07 from two times of day, "10:00" and "10:30".
#[cfg(test)]
pub(crate) fn on_monday(start: &str, end: &str) -> Period {
    let at = |time: &str| crate::time::at(&format!("2030-01-07T{time}:00Z"));
    Period::new(at(start), at(end)).unwrap()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::time::{any_timestamp, at};

    fn any_period() -> impl Strategy<Value = Period> {
        (any_timestamp(), 1_i64..1_000_000).prop_filter_map(
            "it ends within the calendar",
            |(start, length)| {
                let end = start.checked_add(TimeDelta::seconds(length)).ok()?;
                Period::new(start, end).ok()
            },
        )
    }

    #[test]
    fn no_length_is_too_absurd_to_be_refused() {
        for minutes in [i64::MIN, i64::MAX, 0, -1] {
            let time = BookableTime::lasting(at("2030-01-07T09:00:00Z"), minutes);
            assert_eq!(time, Err(BookableTimeError::Length));
        }
    }

    #[test]
    fn nothing_is_booked_beyond_the_calendar() {
        let last = at("2199-12-31T23:50:00Z");

        assert_eq!(BookableTime::lasting(last, 30), Err(BookableTimeError::Length));
        assert!(BookableTime::lasting(last, 9).is_ok());
        assert_eq!(last.saturating_add(TimeDelta::days(9)), at("2199-12-31T23:59:59Z"));
    }

    proptest! {
        #[test]
        fn a_bookable_time_lasts_5_to_720_minutes(start in any_timestamp(), minutes in -2_000_i64..2_000) {
            match BookableTime::lasting(start, minutes) {
                Ok(time) => {
                    prop_assert!((5..=720).contains(&minutes));
                    prop_assert_eq!(Timestamp::new(time.ends_at().as_utc()), Ok(time.ends_at()));
                }
                Err(_) => prop_assert!(
                    !(5..=720).contains(&minutes)
                        || start.checked_add(TimeDelta::minutes(minutes)).is_err()
                ),
            }
        }

        #[test]
        fn overlap_is_symmetric(one in any_period(), other in any_period()) {
            prop_assert_eq!(one.overlaps(other), other.overlaps(one));
        }

        #[test]
        fn periods_that_touch_do_not_overlap(period in any_period(), length in 1_i64..100_000) {
            let end = period.ends_at().saturating_add(TimeDelta::seconds(length));
            if let Ok(next) = Period::new(period.ends_at(), end) {
                prop_assert!(!period.overlaps(next));
            }
        }
    }
}
