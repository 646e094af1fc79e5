//! Time zones: what a clock on a wall shows. Only this file knows where their rules come from.

use chrono::{DateTime, Datelike, NaiveDate};
use jiff::SignedDuration;
use jiff::tz::{AmbiguousOffset, TimeZone, TimeZoneDatabase};

use crate::period::Period;
use crate::time::{Date, TimeError, Timestamp};
use crate::time_of_day::TimeOfDay;

/// A time zone of the IANA database, by its name.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "schema", schema(
    value_type = String, example = "Europe/Berlin"
))]
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

    /// Returns the instant at which the clock shows a time of day here, the first of the two if it
    /// does so twice, or `None` where it skips that time.
    ///
    /// # Errors
    ///
    /// [`TimeError::OutOfRange`] if that instant lies outside the years 1900 to 2199.
    pub fn instant(&self, day: Date, time: TimeOfDay) -> Result<Option<Timestamp>, TimeError> {
        let midnight = civil(day)?.at(0, 0, 0, 0);
        let wall = midnight
            .checked_add(SignedDuration::from_mins(time.minutes().into()))
            .map_err(|_| TimeError::OutOfRange)?;
        let ambiguous = self.rules()?.to_ambiguous_timestamp(wall);
        if matches!(ambiguous.offset(), AmbiguousOffset::Gap { .. }) {
            return Ok(None);
        }
        ambiguous.earlier().map_err(|_| TimeError::OutOfRange).and_then(timestamp).map(Some)
    }

    /// Returns the day that it is here at an instant.
    ///
    /// # Errors
    ///
    /// [`TimeError::OutOfRange`] if that day lies outside the years 1900 to 2199.
    pub fn day_of(&self, instant: Timestamp) -> Result<Date, TimeError> {
        let at = jiff::Timestamp::from_second(instant.unix_seconds())
            .map_err(|_| TimeError::OutOfRange)?;
        let day = at.to_zoned(self.rules()?).date();
        let month = u32::try_from(day.month()).map_err(|_| TimeError::OutOfRange)?;
        let number = u32::try_from(day.day()).map_err(|_| TimeError::OutOfRange)?;
        NaiveDate::from_ymd_opt(day.year().into(), month, number)
            .ok_or(TimeError::OutOfRange)
            .and_then(Date::new)
    }

    /// Returns the days here that some part of a stretch of time belongs to, one behind the other.
    ///
    /// # Errors
    ///
    /// [`TimeError::OutOfRange`] if one of them ends or begins outside the years 1900 to 2199.
    pub fn days(&self, within: Period) -> Result<Vec<Period>, TimeError> {
        let mut day = self.day_of(within.starts_at())?;
        let mut start = self.start_of(day)?;
        let mut days = Vec::new();
        while start < within.ends_at() {
            day = day.next()?;
            let end = self.start_of(day)?;
            days.extend(Period::new(start, end));
            start = end;
        }
        Ok(days)
    }

    fn rules(&self) -> Result<TimeZone, TimeError> {
        TimeZoneDatabase::bundled().get(&self.0).map_err(|_| TimeError::OutOfRange)
    }

    /// Returns the instant at which a day begins here, clocks that skip midnight included.
    ///
    /// # Errors
    ///
    /// [`TimeError::OutOfRange`] if that instant lies outside the years 1900 to 2199.
    pub fn start_of(&self, day: Date) -> Result<Timestamp, TimeError> {
        let start = civil(day)?.to_zoned(self.rules()?).map_err(|_| TimeError::OutOfRange)?;
        timestamp(start.timestamp())
    }

    /// Returns the day that it is here at an instant, from its first instant to the next day's.
    ///
    /// # Errors
    ///
    /// [`TimeError::OutOfRange`] if one of its ends lies outside the years 1900 to 2199.
    pub fn day_around(&self, instant: Timestamp) -> Result<Period, TimeError> {
        self.whole(self.day_of(instant)?)
    }

    /// Returns the whole of a day.
    ///
    /// # Errors
    ///
    /// [`TimeError::OutOfRange`] if one of its ends lies outside the years 1900 to 2199.
    pub fn whole(&self, day: Date) -> Result<Period, TimeError> {
        Period::new(self.start_of(day)?, self.start_of(day.next()?)?)
            .map_err(|_| TimeError::OutOfRange)
    }
}

fn civil(day: Date) -> Result<jiff::civil::Date, TimeError> {
    let day = day.as_naive();
    let narrow = |part: u32| i8::try_from(part).map_err(|_| TimeError::OutOfRange);
    let year = i16::try_from(day.year()).map_err(|_| TimeError::OutOfRange)?;
    jiff::civil::Date::new(year, narrow(day.month())?, narrow(day.day())?)
        .map_err(|_| TimeError::OutOfRange)
}

fn timestamp(instant: jiff::Timestamp) -> Result<Timestamp, TimeError> {
    DateTime::from_timestamp(instant.as_second(), 0)
        .ok_or(TimeError::OutOfRange)
        .and_then(Timestamp::new)
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::time::{any_timestamp, at};

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
    fn a_day_belongs_to_a_range_whole() {
        let berlin = Zone::parse("Europe/Berlin").unwrap();
        let day = Bound::parse("2030-03-31").unwrap();

        // Clocks go forward that night: the day has 23 hours.
        assert_eq!(day.start(&berlin), Ok(at("2030-03-30T23:00:00Z")));
        assert_eq!(day.end(&berlin), Ok(at("2030-03-31T22:00:00Z")));
    }

    #[test]
    fn it_is_another_day_elsewhere() {
        let now = at("2030-03-31T11:00:00Z");
        let day = |zone: &str| Zone::parse(zone).unwrap().day_around(now).unwrap();

        // Clocks go forward that day in Berlin: it has 23 hours.
        let berlin = day("Europe/Berlin");
        assert_eq!(berlin.starts_at(), at("2030-03-30T23:00:00Z"));
        assert_eq!(berlin.ends_at(), at("2030-03-31T22:00:00Z"));
        // It is the next day already in the one, and the day has just begun in the other.
        assert_eq!(day("Pacific/Kiritimati").starts_at(), at("2030-03-31T10:00:00Z"));
        assert_eq!(day("Pacific/Pago_Pago").starts_at(), at("2030-03-31T11:00:00Z"));
    }

    #[test]
    fn the_last_day_of_the_calendar_has_no_end() {
        let last = Bound::parse("2199-12-31").unwrap();

        assert_eq!(last.end(&Zone::utc()), Err(TimeError::OutOfRange));
    }

    proptest! {
        #[test]
        fn days_follow_each_other_and_leave_nothing_out(
            zone in proptest::sample::select(&[
                "Europe/Berlin", "America/Havana", "Pacific/Apia", "Asia/Kathmandu", "UTC",
            ][..]),
            start in any_timestamp(), hours in 1_i64..2_000,
        ) {
            let zone = Zone::parse(zone).unwrap();
            let end = start.saturating_add(chrono::TimeDelta::hours(hours));
            if let Ok(within) = Period::new(start, end) && let Ok(days) = zone.days(within) {
                prop_assert!(days[0].starts_at() <= start && end <= days[days.len() - 1].ends_at());
                prop_assert!(start < days[0].ends_at() && days[days.len() - 1].starts_at() < end);
                for pair in days.windows(2) {
                    prop_assert_eq!(pair[0].ends_at(), pair[1].starts_at());
                }
            }
        }

        #[test]
        fn reading_never_panics(raw in "\\PC{0,30}") {
            let _ = Zone::parse(&raw);
            let _ = Bound::parse(&raw);
        }
    }
}
