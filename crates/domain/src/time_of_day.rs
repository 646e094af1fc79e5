//! Times of day: what a clock on a wall shows.

use std::fmt;

use crate::time::TimeError;

/// A time of day in whole minutes, from 00:00 to 24:00, which is the end of the day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "schema", schema(
    value_type = String, pattern = "^([01][0-9]|2[0-3]):[0-5][0-9](:00)?$|^24:00(:00)?$",
    example = "09:00"
))]
pub struct TimeOfDay(u16);

impl TimeOfDay {
    /// The end of the day, which is also the beginning of the next.
    pub const END: Self = Self(24 * 60);

    /// Reads a time of day like `09:30`, or `09:30:00`.
    ///
    /// # Errors
    ///
    /// [`TimeError::NotATimeOfDay`] if it is none, or names seconds.
    pub fn parse(raw: &str) -> Result<Self, TimeError> {
        let raw = raw.trim();
        let raw = if raw.len() == 8 { raw.strip_suffix(":00").unwrap_or(raw) } else { raw };
        let digits = |part: &str| -> Option<u16> {
            let is_number = part.len() == 2 && part.bytes().all(|byte| byte.is_ascii_digit());
            is_number.then(|| part.parse().ok()).flatten()
        };
        let read = raw.split_once(':').and_then(|(hour, minute)| {
            let (hour, minute) = (digits(hour)?, digits(minute)?);
            let exists = (hour < 24 && minute < 60) || (hour, minute) == (24, 0);
            exists.then_some(Self(hour * 60 + minute))
        });
        read.ok_or(TimeError::NotATimeOfDay)
    }

    /// Returns the minutes since the day began.
    pub const fn minutes(self) -> u16 {
        self.0
    }

    /// Returns the time that is some minutes later, unless that is another day.
    pub fn checked_add(self, minutes: u16) -> Option<Self> {
        self.0.checked_add(minutes).map(Self).filter(|time| *time <= Self::END)
    }
}

impl fmt::Display for TimeOfDay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02}:{:02}", self.0 / 60, self.0 % 60)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_day_ends_at_24_and_begins_at_0() {
        assert_eq!(TimeOfDay::parse("24:00"), Ok(TimeOfDay::END));
        assert_eq!(TimeOfDay::parse("00:00").map(TimeOfDay::minutes), Ok(0));
        assert_eq!(TimeOfDay::parse("09:30:00").map(TimeOfDay::minutes), Ok(570));
    }

    #[test]
    fn what_no_clock_shows_is_refused() {
        for raw in [
            "",
            "9:30",
            "24:01",
            "25:00",
            "12:60",
            "12:00:30",
            "-1:00",
            "１２:００",
            "noon",
            "1200",
        ] {
            assert_eq!(TimeOfDay::parse(raw), Err(TimeError::NotATimeOfDay), "{raw}");
        }
    }

    #[test]
    fn no_time_of_day_is_on_the_next_day() {
        let late = TimeOfDay::parse("23:30").unwrap();

        assert_eq!(late.checked_add(30), Some(TimeOfDay::END));
        assert_eq!(late.checked_add(31), None);
        assert_eq!(late.checked_add(u16::MAX), None);
    }

    proptest! {
        #[test]
        fn a_time_of_day_reads_what_it_writes(minutes in 0_u16..=1440) {
            prop_assert_eq!(TimeOfDay::parse(&TimeOfDay(minutes).to_string()), Ok(TimeOfDay(minutes)));
        }

        #[test]
        fn reading_never_panics(raw in "\\PC{0,12}") {
            let _ = TimeOfDay::parse(&raw);
        }
    }
}
