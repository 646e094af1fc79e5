//! Instants, days, intervals and time zones.
//!
//! An instant is UTC with whole seconds. What a clock on a wall shows belongs to a [`Zone`]; only
//! this file knows where its rules come from.

use std::fmt;

use chrono::{DateTime, Datelike, NaiveDate, NaiveTime, SubsecRound, TimeDelta, Utc};
use jiff::tz::TimeZoneDatabase;

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

    /// Returns the day in UTC.
    pub fn date(self) -> Date {
        Date(self.0.date_naive())
    }

    /// Returns the seconds since 1970.
    pub const fn unix_seconds(self) -> i64 {
        self.0.timestamp()
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.format("%Y-%m-%dT%H:%M:%SZ").fmt(f)
    }
}

#[cfg(feature = "serde")]
impl serde::Serialize for Timestamp {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
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

    /// Returns the day as the databases' libraries know it.
    pub const fn as_naive(self) -> NaiveDate {
        self.0
    }
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.format("%Y-%m-%d").fmt(f)
    }
}

#[cfg(feature = "serde")]
impl serde::Serialize for Date {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

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
        self.ends_at.0 - self.starts_at.0
    }

    /// Tells whether the two share any instant.
    ///
    /// ```
    /// use medilink_domain::time::{Period, Timestamp};
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

    /// Makes the time from an interval.
    ///
    /// # Errors
    ///
    /// [`BookableTimeError::Length`] unless it lasts 5 to 720 minutes.
    pub fn new(period: Period) -> Result<Self, BookableTimeError> {
        let bounds = TimeDelta::minutes(5)..=TimeDelta::minutes(720);
        if bounds.contains(&period.length()) {
            Ok(Self(period))
        } else {
            Err(BookableTimeError::Length)
        }
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

/// One end of a range of time, as people name it: an instant, or a day of some zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bound {
    /// An instant.
    At(Timestamp),
    /// A day, which belongs to the range whole.
    Day(Date),
}

impl Bound {
    /// Reads an instant or a day.
    ///
    /// # Errors
    ///
    /// A [`TimeError`] that says which part is impossible.
    pub fn parse(raw: &str) -> Result<Self, TimeError> {
        match Date::parse(raw) {
            Err(TimeError::NotADate) => Timestamp::parse(raw).map(Self::At),
            day => day.map(Self::Day),
        }
    }

    /// Returns the first instant of a range that begins here.
    ///
    /// # Errors
    ///
    /// [`TimeError::OutOfRange`] beyond the years 1900 to 2199.
    pub fn start(self, zone: &Zone) -> Result<Timestamp, TimeError> {
        match self {
            Self::At(instant) => Ok(instant),
            Self::Day(day) => zone.start_of(day),
        }
    }

    /// Returns the first instant behind a range that ends here.
    ///
    /// # Errors
    ///
    /// [`TimeError::OutOfRange`] beyond the years 1900 to 2199.
    pub fn end(self, zone: &Zone) -> Result<Timestamp, TimeError> {
        match self {
            Self::At(instant) => Ok(instant),
            Self::Day(day) => zone.start_of(day.next()?),
        }
    }
}

/// A time zone of the IANA database, by its name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Zone(String);

/// A name that is no time zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("give the name of a time zone, like Europe/Berlin")]
pub struct ZoneError;

impl Zone {
    /// Reads the name of a zone, in any case.
    ///
    /// The rules come from the copy that is built into the program, never from the machine's
    /// files, so that two instances cannot disagree about a wall clock.
    ///
    /// # Errors
    ///
    /// [`ZoneError`] if there is no such zone.
    pub fn parse(raw: &str) -> Result<Self, ZoneError> {
        let zone = TimeZoneDatabase::bundled().get(raw.trim()).map_err(|_| ZoneError)?;
        zone.iana_name().map(|name| Self(name.to_owned())).ok_or(ZoneError)
    }

    /// Returns the zone that has no rules.
    pub fn utc() -> Self {
        Self("UTC".to_owned())
    }

    /// Returns the zone's name.
    pub fn name(&self) -> &str {
        &self.0
    }

    /// Returns the instant at which a day begins here, clocks that skip midnight included.
    ///
    /// # Errors
    ///
    /// [`TimeError::OutOfRange`] if that instant lies outside the years 1900 to 2199.
    pub fn start_of(&self, day: Date) -> Result<Timestamp, TimeError> {
        let zone = TimeZoneDatabase::bundled().get(&self.0).map_err(|_| TimeError::OutOfRange)?;
        let narrow = |part: u32| i8::try_from(part).map_err(|_| TimeError::OutOfRange);
        let year = i16::try_from(day.0.year()).map_err(|_| TimeError::OutOfRange)?;
        let civil = jiff::civil::Date::new(year, narrow(day.0.month())?, narrow(day.0.day())?)
            .map_err(|_| TimeError::OutOfRange)?;
        let start = civil.to_zoned(zone).map_err(|_| TimeError::OutOfRange)?;
        DateTime::from_timestamp(start.timestamp().as_second(), 0)
            .ok_or(TimeError::OutOfRange)
            .and_then(Timestamp::new)
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

/// Makes an interval of 2030-01-07 from two times of day, "10:00" and "10:30".
#[cfg(test)]
pub(crate) fn on_monday(start: &str, end: &str) -> Period {
    let at = |time: &str| at(&format!("2030-01-07T{time}:00Z"));
    Period::new(at(start), at(end)).unwrap()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn any_timestamp() -> impl Strategy<Value = Timestamp> {
        (-2_208_988_800_i64..7_258_118_400)
            .prop_map(|second| Timestamp(DateTime::from_timestamp(second, 0).unwrap()))
    }

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
    fn parts_of_a_second_are_refused_unless_they_are_nought() {
        assert_eq!(Timestamp::parse("2030-01-07T09:00:00.5Z"), Err(TimeError::Fraction));
        assert_eq!(at("2030-01-07T09:00:00.000Z"), at("2030-01-07T09:00:00Z"));
    }

    #[test]
    fn a_zone_is_found_in_any_case_and_keeps_its_proper_name() {
        assert_eq!(Zone::parse("europe/berlin").unwrap().name(), "Europe/Berlin");
        assert_eq!(Zone::parse("Mars/Olympus"), Err(ZoneError));
    }

    #[test]
    fn a_day_begins_when_the_wall_clock_says_so() {
        let day = |raw| Date::parse(raw).unwrap();
        let berlin = Zone::parse("Europe/Berlin").unwrap();
        // Clocks went forward at midnight there: the day began at one.
        let havana = Zone::parse("America/Havana").unwrap();

        assert_eq!(berlin.start_of(day("2030-07-01")), Ok(at("2030-06-30T22:00:00Z")));
        assert_eq!(havana.start_of(day("2024-03-10")), Ok(at("2024-03-10T05:00:00Z")));
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
        assert_eq!(
            Bound::parse("2199-12-31").unwrap().end(&Zone::utc()),
            Err(TimeError::OutOfRange)
        );
    }

    #[test]
    fn a_day_belongs_to_a_range_whole() {
        let berlin = Zone::parse("Europe/Berlin").unwrap();
        let day = Bound::parse("2030-03-31").unwrap();

        // Clocks go forward that night: the day has 23 hours.
        assert_eq!(day.start(&berlin), Ok(at("2030-03-30T23:00:00Z")));
        assert_eq!(day.end(&berlin), Ok(at("2030-03-31T22:00:00Z")));
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
        fn an_instant_reads_what_it_writes(instant in any_timestamp()) {
            prop_assert_eq!(Timestamp::parse(&instant.to_string()), Ok(instant));
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

        #[test]
        fn reading_never_panics(raw in "\\PC{0,30}") {
            let _ = Timestamp::parse(&raw);
            let _ = Date::parse(&raw);
            let _ = Zone::parse(&raw);
        }
    }
}
