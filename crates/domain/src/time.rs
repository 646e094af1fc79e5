//! Instants and days.
//!
//! An instant is UTC with whole seconds. What a clock on a wall shows belongs to a
//! [`Zone`](crate::zone::Zone).

use std::fmt;

use chrono::{
    DateTime, Datelike, NaiveDate, NaiveTime, SecondsFormat, SubsecRound, TimeDelta, Utc,
};

/// An instant in UTC, in whole seconds, from the year 1900 to 2199.
///
/// On the wire it reads `2030-01-07T09:00:00Z`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "schema", schema(
    value_type = String, format = DateTime, example = "2030-01-07T09:00:00Z"
))]
pub struct Timestamp(DateTime<Utc>);

/// Why a text is no instant, or no day.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TimeError {
    /// It is not written as an instant.
    #[error("write it like 2030-01-07T09:00:00Z")]
    NotAnInstant,
    /// It is not written as a day.
    #[error("write it like 2030-01-07")]
    NotADate,
    /// The calendar has no such day.
    #[error("{0} is not a day of the calendar")]
    NoSuchDate(String),
    /// The clock has no such time.
    #[error("{0} is not a time of day")]
    NoSuchTime(String),
    /// It is not written as a time of day.
    #[error("write it like 09:30, from 00:00 to 24:00")]
    NotATimeOfDay,
    /// It has parts of a second.
    #[error("leave out parts of a second")]
    Fraction,
    /// It is too long ago, or too far ahead.
    #[error("choose a year from 1900 to 2199")]
    OutOfRange,
}

impl Timestamp {
    /// The first instant of 1970.
    pub const EPOCH: Self = Self(DateTime::UNIX_EPOCH);

    /// The first second of 1900.
    const FIRST: Self = Self::from_unix(-2_208_988_800);

    /// The last second of 2199.
    const LAST: Self = Self::from_unix(7_258_118_399);

    const fn from_unix(second: i64) -> Self {
        match DateTime::from_timestamp(second, 0) {
            Some(instant) => Self(instant),
            None => Self::EPOCH,
        }
    }

    /// Makes an instant from another library's, dropping parts of a second.
    ///
    /// # Errors
    ///
    /// [`TimeError::OutOfRange`] outside the years 1900 to 2199.
    pub fn new(instant: DateTime<Utc>) -> Result<Self, TimeError> {
        in_range(instant.year())?;
        Ok(Self(instant.trunc_subsecs(0)))
    }

    /// Reads an instant in the form of RFC 3339; another offset than `Z` is converted.
    ///
    /// # Errors
    ///
    /// A [`TimeError`] that says which part is impossible.
    pub fn parse(raw: &str) -> Result<Self, TimeError> {
        let raw = raw.trim();
        let (day, time) = raw
            .split_once(['T', 't', ' '])
            .filter(|(_, time)| has_shape(time.get(..8), "99:99:99"))
            .ok_or(TimeError::NotAnInstant)?;
        Date::parse(day).map_err(|error| {
            if error == TimeError::NotADate { TimeError::NotAnInstant } else { error }
        })?;
        let clock = time.get(..8).unwrap_or_default();
        if NaiveTime::parse_from_str(clock, "%H:%M:%S").is_err() || clock.ends_with(":60") {
            return Err(TimeError::NoSuchTime(clock.to_owned()));
        }
        let instant = DateTime::parse_from_rfc3339(raw).map_err(|_| TimeError::NotAnInstant)?;
        if instant.timestamp_subsec_nanos() != 0 {
            return Err(TimeError::Fraction);
        }
        Self::new(instant.with_timezone(&Utc))
    }

    /// Returns the instant as the databases' libraries know it.
    pub const fn as_utc(self) -> DateTime<Utc> {
        self.0
    }

    /// Moves the instant.
    ///
    /// # Errors
    ///
    /// [`TimeError::OutOfRange`] if that leads out of the years 1900 to 2199.
    pub fn checked_add(self, by: TimeDelta) -> Result<Self, TimeError> {
        self.0.checked_add_signed(by).ok_or(TimeError::OutOfRange).and_then(Self::new)
    }

    /// Moves the instant, to the end of the years 1900 to 2199 at the most.
    #[must_use]
    pub fn saturating_add(self, by: TimeDelta) -> Self {
        let end = if by < TimeDelta::zero() { Self::FIRST } else { Self::LAST };
        self.checked_add(by).unwrap_or(end)
    }

    /// Returns the instant itself if it is a whole number of steps behind 1970, else the next one that
    /// is.
    #[must_use]
    pub fn rounded_up(self, step: TimeDelta) -> Self {
        let step = step.num_seconds().max(1);
        let missing = -self.unix_seconds().rem_euclid(step);
        self.saturating_add(TimeDelta::seconds(missing.rem_euclid(step)))
    }

    /// Returns the day in UTC.
    pub fn date(self) -> Date {
        Date(self.0.date_naive())
    }

    /// Returns the seconds since 1970.
    pub const fn unix_seconds(self) -> i64 {
        self.0.timestamp()
    }
}

impl Timestamp {
    fn written(&self) -> String {
        self.0.to_rfc3339_opts(SecondsFormat::Secs, true)
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.written())
    }
}

#[cfg(feature = "serde")]
impl serde::Serialize for Timestamp {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.written())
    }
}

/// A day of the calendar, from the year 1900 to 2199, written `2030-01-07`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "schema", schema(
    value_type = String, format = Date, example = "1984-02-29"
))]
pub struct Date(NaiveDate);

impl Date {
    /// Makes a day from another library's.
    ///
    /// # Errors
    ///
    /// [`TimeError::OutOfRange`] outside the years 1900 to 2199.
    pub fn new(day: NaiveDate) -> Result<Self, TimeError> {
        in_range(day.year())?;
        Ok(Self(day))
    }

    /// Reads a day.
    ///
    /// # Errors
    ///
    /// A [`TimeError`] that says whether the form is wrong or the calendar has no such day.
    pub fn parse(raw: &str) -> Result<Self, TimeError> {
        let raw = raw.trim();
        if !has_shape(Some(raw), "9999-99-99") {
            return Err(TimeError::NotADate);
        }
        let day = NaiveDate::parse_from_str(raw, "%Y-%m-%d")
            .map_err(|_| TimeError::NoSuchDate(raw.to_owned()))?;
        Self::new(day)
    }

    /// Returns the day after.
    ///
    /// # Errors
    ///
    /// [`TimeError::OutOfRange`] on the last day of 2199.
    pub fn next(self) -> Result<Self, TimeError> {
        self.0.succ_opt().ok_or(TimeError::OutOfRange).and_then(Self::new)
    }

    /// Moves the day, to the end of the years 1900 to 2199 at the most.
    #[must_use]
    pub fn saturating_add(self, days: i64) -> Self {
        let end = if days < 0 { Timestamp::FIRST } else { Timestamp::LAST };
        TimeDelta::try_days(days)
            .and_then(|by| self.0.checked_add_signed(by))
            .and_then(|day| Self::new(day).ok())
            .unwrap_or_else(|| end.date())
    }

    /// Returns the day as the databases' libraries know it.
    pub const fn as_naive(self) -> NaiveDate {
        self.0
    }
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

#[cfg(feature = "serde")]
impl serde::Serialize for Date {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

fn in_range(year: i32) -> Result<(), TimeError> {
    if (1900..2200).contains(&year) { Ok(()) } else { Err(TimeError::OutOfRange) }
}

/// Tells whether a text has digits where the shape has nines, and its very characters elsewhere.
fn has_shape(text: Option<&str>, shape: &str) -> bool {
    text.is_some_and(|text| {
        text.len() == shape.len()
            && text.bytes().zip(shape.bytes()).all(|(byte, wanted)| {
                if wanted == b'9' { byte.is_ascii_digit() } else { byte == wanted }
            })
    })
}

/// Reads an instant that a test knows to be right.
#[cfg(test)]
pub(crate) fn at(raw: &str) -> Timestamp {
    Timestamp::parse(raw).unwrap()
}

/// Any instant of the calendar.
#[cfg(test)]
pub(crate) fn any_timestamp() -> impl proptest::strategy::Strategy<Value = Timestamp> {
    use proptest::strategy::Strategy;

    (-2_208_988_800_i64..7_258_118_400)
        .prop_map(|second| Timestamp(DateTime::from_timestamp(second, 0).unwrap()))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn an_impossible_date_is_named() {
        let error = Timestamp::parse("2030-02-30T09:00:00Z").unwrap_err();

        assert_eq!(error.to_string(), "2030-02-30 is not a day of the calendar");
    }

    #[test]
    fn an_impossible_time_is_named() {
        for time in ["24:00:00", "25:00:00", "12:60:00", "23:59:60"] {
            let error = Timestamp::parse(&format!("2030-01-07T{time}Z")).unwrap_err();
            assert_eq!(error, TimeError::NoSuchTime(time.to_owned()));
        }
    }

    #[test]
    fn an_offset_is_converted() {
        assert_eq!(at("2030-01-07T10:00:00+02:00"), at("2030-01-07T08:00:00Z"));
    }

    #[test]
    fn what_is_no_instant_says_how_to_write_one() {
        for raw in ["", "tomorrow", "2030-01-07", "2030-01-07T09:00Z", "2030-01-07T09:00:00", "7"] {
            assert_eq!(Timestamp::parse(raw), Err(TimeError::NotAnInstant), "{raw}");
        }
    }

    #[test]
    fn years_that_nobody_books_are_refused() {
        for raw in ["0000-01-01T00:00:00Z", "1899-12-31T23:59:59Z", "9999-01-01T00:00:00Z"] {
            assert_eq!(Timestamp::parse(raw), Err(TimeError::OutOfRange), "{raw}");
        }
    }

    #[test]
    fn no_day_is_moved_out_of_the_calendar() {
        let day = Date::parse("2030-01-07").unwrap();

        assert_eq!(day.saturating_add(-7).to_string(), "2029-12-31");
        assert_eq!(day.saturating_add(i64::MIN).to_string(), "1900-01-01");
        assert_eq!(day.saturating_add(100_000).to_string(), "2199-12-31");
        assert_eq!(day.saturating_add(i64::MAX).to_string(), "2199-12-31");
    }

    #[test]
    fn parts_of_a_second_are_refused_unless_they_are_nought() {
        assert_eq!(Timestamp::parse("2030-01-07T09:00:00.5Z"), Err(TimeError::Fraction));
        assert_eq!(at("2030-01-07T09:00:00.000Z"), at("2030-01-07T09:00:00Z"));
    }

    proptest! {
        #[test]
        fn an_instant_reads_what_it_writes(instant in any_timestamp()) {
            prop_assert_eq!(Timestamp::parse(&instant.to_string()), Ok(instant));
        }

        #[test]
        fn reading_never_panics(raw in "\\PC{0,30}") {
            let _ = Timestamp::parse(&raw);
            let _ = Date::parse(&raw);
        }
    }
}
