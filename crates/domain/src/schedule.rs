//! Schedules: a doctor's hours over some days, cut into time slots.
//!
//! A schedule speaks of days and of what the clock on the wall shows there. Where the clocks change,
//! a slot is still what the clock shows: one that begins or ends at a time that does not exist is
//! left out, and a time that exists twice is the first of the two.

use chrono::{Datelike, Weekday};

use crate::choice::choice;
use crate::period::BookableTime;
use crate::time::{Date, TimeError};
use crate::time_of_day::TimeOfDay;
use crate::zone::Zone;

choice! {
    /// A day of the week.
    pub enum DayOfWeek {
        /// Monday.
        Monday = "monday",
        /// Tuesday.
        Tuesday = "tuesday",
        /// Wednesday.
        Wednesday = "wednesday",
        /// Thursday.
        Thursday = "thursday",
        /// Friday.
        Friday = "friday",
        /// Saturday.
        Saturday = "saturday",
        /// Sunday.
        Sunday = "sunday",
    }
}

impl DayOfWeek {
    /// Returns which day of the week a day is.
    pub fn of(day: Date) -> Self {
        match day.as_naive().weekday() {
            Weekday::Mon => Self::Monday,
            Weekday::Tue => Self::Tuesday,
            Weekday::Wed => Self::Wednesday,
            Weekday::Thu => Self::Thursday,
            Weekday::Fri => Self::Friday,
            Weekday::Sat => Self::Saturday,
            Weekday::Sun => Self::Sunday,
        }
    }
}

/// The hours of a day from one time to another, which is later.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hours {
    from: TimeOfDay,
    to: TimeOfDay,
}

impl Hours {
    /// Makes the hours.
    ///
    /// # Errors
    ///
    /// [`ScheduleError::Backwards`] unless the first time is before the second.
    pub fn new(from: TimeOfDay, to: TimeOfDay) -> Result<Self, ScheduleError> {
        if from < to { Ok(Self { from, to }) } else { Err(ScheduleError::Backwards) }
    }
}

/// A doctor's hours over some days.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Schedule {
    days: Vec<Date>,
    hours: Hours,
    minutes: u16,
    breaks: Vec<Hours>,
}

/// Why something is no schedule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ScheduleError {
    /// The last day comes before the first.
    #[error("choose a day that is not before from_date")]
    LastDayFirst,
    /// It goes on for too long.
    #[error("choose at most {} days", Schedule::DAYS)]
    TooLong,
    /// Some hours end before they start, or at once.
    #[error("choose an end after the start")]
    Backwards,
    /// The slots are too short or too long.
    #[error("choose a length of 5 to 720 minutes")]
    Length,
    /// There are more slots than one call publishes.
    #[error(
        "choose fewer days, shorter hours or longer slots: at most {} at once",
        Schedule::SLOTS
    )]
    TooMany,
    /// There is no slot in it at all.
    #[error("there is not one slot in this; choose longer hours, shorter slots or other weekdays")]
    Empty,
}

/// One slot of a schedule, on the calendar of the world.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Planned {
    /// On which day.
    pub day: Date,
    /// From when, on the wall.
    pub from: TimeOfDay,
    /// When that is; `None` where the clock shows no such time on that day, or shows one of the
    /// two so early or so late that the slot would be shorter or longer than a slot may be.
    pub time: Option<BookableTime>,
}

impl Schedule {
    /// How many days one schedule spans at the most: a quarter of a year.
    pub const DAYS: usize = 92;

    /// How many slots one schedule has at the most.
    pub const SLOTS: usize = 500;

    /// Makes a schedule of the days from the first to the last that fall on some days of the week.
    ///
    /// # Errors
    ///
    /// A [`ScheduleError`] if it ends before it begins, or has no slot, or too many of anything.
    pub fn new(
        (first, last): (Date, Date),
        weekdays: &[DayOfWeek],
        hours: Hours,
        minutes: i64,
        breaks: Vec<Hours>,
    ) -> Result<Self, ScheduleError> {
        if last < first {
            return Err(ScheduleError::LastDayFirst);
        }
        let minutes = BookableTime::minutes(minutes).ok().and_then(|it| u16::try_from(it).ok());
        let minutes = minutes.ok_or(ScheduleError::Length)?;
        let calendar = std::iter::successors(Some(first), |day| day.next().ok())
            .take_while(|day| *day <= last)
            .take(Self::DAYS + 1);
        let all: Vec<_> = calendar.collect();
        if Self::DAYS < all.len() {
            return Err(ScheduleError::TooLong);
        }
        let days = all.into_iter().filter(|day| weekdays.contains(&DayOfWeek::of(*day))).collect();
        let schedule = Self { days, hours, minutes, breaks };
        match schedule.walls().take(Self::SLOTS + 1).count() {
            0 => Err(ScheduleError::Empty),
            count if Self::SLOTS < count => Err(ScheduleError::TooMany),
            _ => Ok(schedule),
        }
    }

    /// Returns every slot, the earliest first, as the clocks of a zone show them.
    ///
    /// # Errors
    ///
    /// [`TimeError::OutOfRange`] beyond the years 1900 to 2199.
    pub fn plan(&self, zone: &Zone) -> Result<Vec<Planned>, TimeError> {
        self.walls()
            .map(|(day, from, to)| {
                let ends = (zone.instant(day, from)?, zone.instant(day, to)?);
                let time = match ends {
                    (Some(start), Some(end)) => BookableTime::between(start, end).ok(),
                    (None, _) | (_, None) => None,
                };
                Ok(Planned { day, from, time })
            })
            .collect()
    }

    /// Returns every slot as the clock on the wall shows it.
    fn walls(&self) -> impl Iterator<Item = (Date, TimeOfDay, TimeOfDay)> {
        self.days.iter().flat_map(|day| {
            let first = self.slot_from(self.hours.from);
            let slots = std::iter::successors(first, |(_, end)| self.slot_from(*end));
            slots.map(|(from, to)| (*day, from, to))
        })
    }

    /// Returns the next slot that begins at a time of day or later. Where a break would be in the
    /// way, it begins at the end of the break.
    fn slot_from(&self, from: TimeOfDay) -> Option<(TimeOfDay, TimeOfDay)> {
        let mut from = from;
        loop {
            let to = from.checked_add(self.minutes).filter(|to| *to <= self.hours.to)?;
            let in_the_way = self.breaks.iter().filter(|it| it.from < to && from < it.to);
            match in_the_way.map(|it| it.to).max() {
                Some(end) => from = end,
                None => return Some((from, to)),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::time::at;

    fn day(raw: &str) -> Date {
        Date::parse(raw).unwrap()
    }

    fn hours(from: &str, to: &str) -> Hours {
        Hours::new(TimeOfDay::parse(from).unwrap(), TimeOfDay::parse(to).unwrap()).unwrap()
    }

    fn of_one_day(raw: &str, hours: Hours, minutes: i64, breaks: Vec<Hours>) -> Schedule {
        Schedule::new((day(raw), day(raw)), DayOfWeek::ALL, hours, minutes, breaks).unwrap()
    }

    fn starts(schedule: &Schedule) -> Vec<String> {
        schedule.walls().map(|(_, from, _)| from.to_string()).collect()
    }

    #[test]
    fn hours_are_cut_into_slots_and_what_is_left_over_is_none() {
        let schedule = of_one_day("2030-01-07", hours("09:00", "11:10"), 30, Vec::new());

        assert_eq!(starts(&schedule), ["09:00", "09:30", "10:00", "10:30"]);
        let plan = schedule.plan(&Zone::utc()).unwrap();
        assert_eq!(plan[3].time.unwrap().ends_at(), at("2030-01-07T11:00:00Z"));
    }

    #[test]
    fn after_a_break_slots_begin_at_its_end() {
        let breaks = vec![hours("13:00", "13:10"), hours("12:00", "13:00")];
        let schedule = of_one_day("2030-01-07", hours("10:30", "14:30"), 50, breaks);

        assert_eq!(starts(&schedule), ["10:30", "13:10"]);
    }

    #[test]
    fn a_schedule_may_end_with_the_day() {
        for (end, last) in [("23:00", "22:30"), ("23:30", "23:00"), ("24:00", "23:30")] {
            let schedule = of_one_day("2030-01-07", hours("22:00", end), 30, Vec::new());
            assert_eq!(starts(&schedule).last().unwrap(), last);
        }
    }

    #[test]
    fn only_the_named_days_of_the_week_count() {
        let week = (day("2030-01-07"), day("2030-01-13"));
        let weekend = [DayOfWeek::Saturday, DayOfWeek::Sunday];
        let schedule =
            Schedule::new(week, &weekend, hours("09:00", "10:00"), 60, Vec::new()).unwrap();

        let days: Vec<_> = schedule.walls().map(|(day, _, _)| day.to_string()).collect();
        assert_eq!(days, ["2030-01-12", "2030-01-13"]);
    }

    #[test]
    fn a_schedule_of_too_much_or_nothing_is_refused() {
        let make = |last: &str, minutes, from, to| {
            let days = (day("2030-01-01"), day(last));
            Schedule::new(days, DayOfWeek::ALL, hours(from, to), minutes, Vec::new()).map(drop)
        };

        assert_eq!(make("2029-12-31", 30, "09:00", "17:00"), Err(ScheduleError::LastDayFirst));
        assert_eq!(make("2030-04-02", 720, "00:00", "12:00"), Ok(()));
        assert_eq!(make("2030-04-03", 720, "00:00", "12:00"), Err(ScheduleError::TooLong));
        assert_eq!(make("2199-12-31", 720, "00:00", "12:00"), Err(ScheduleError::TooLong));
        assert_eq!(make("2030-01-10", 5, "00:00", "24:00"), Err(ScheduleError::TooMany));
        assert_eq!(make("2030-01-01", 60, "09:00", "09:30"), Err(ScheduleError::Empty));
        for minutes in [i64::MIN, -30, 0, 1, 4, 721, 1440, i64::MAX] {
            assert_eq!(make("2030-01-01", minutes, "00:00", "24:00"), Err(ScheduleError::Length));
        }
        let backwards = Hours::new(TimeOfDay::END, TimeOfDay::parse("09:00").unwrap());
        assert_eq!(backwards, Err(ScheduleError::Backwards));
    }

    #[test]
    fn exactly_five_hundred_slots_are_not_too_many() {
        let make = |end| {
            let days = (day("2030-01-01"), day("2030-01-20"));
            Schedule::new(days, DayOfWeek::ALL, hours("00:00", end), 5, Vec::new())
        };

        assert_eq!(make("02:05").unwrap().plan(&Zone::utc()).unwrap().len(), 500);
        assert_eq!(make("02:10"), Err(ScheduleError::TooMany));
    }

    #[test]
    fn a_time_that_no_clock_shows_is_left_out_and_one_that_it_shows_twice_is_the_first() {
        let berlin = Zone::parse("Europe/Berlin").unwrap();
        let plan = |raw| {
            let schedule = of_one_day(raw, hours("01:00", "04:00"), 60, Vec::new());
            let plan = schedule.plan(&berlin).unwrap();
            let time = |planned: &Planned| {
                planned.time.map(|it| (it.starts_at().to_string(), it.ends_at().to_string()))
            };
            plan.iter().map(time).collect::<Vec<_>>()
        };
        let slot = |start: &str, end: &str| Some((start.to_owned(), end.to_owned()));

        // Forward from 02:00 to 03:00: the slots that end and begin at 02:00 are no longer there.
        let forward = plan("2030-03-31");
        let after = slot("2030-03-31T01:00:00Z", "2030-03-31T02:00:00Z");
        assert_eq!(forward, [None, None, after]);
        // Back from 03:00 to 02:00: the slot that ends at 03:00 spans both hours.
        let back = plan("2030-10-27");
        assert_eq!(
            back,
            [
                slot("2030-10-26T23:00:00Z", "2030-10-27T00:00:00Z"),
                slot("2030-10-27T00:00:00Z", "2030-10-27T02:00:00Z"),
                slot("2030-10-27T02:00:00Z", "2030-10-27T03:00:00Z"),
            ]
        );
    }

    proptest! {
        #[test]
        fn whatever_is_asked_for_comes_to_an_end_and_has_1_to_500_slots_or_is_refused(
            from in 0_u16..1440, to in prop_oneof![Just(1380_u16), Just(1410), Just(1440), 0_u16..=1440],
            minutes in prop_oneof![-5_i64..=1440, any::<i64>()], more in 0_i64..120,
        ) {
            let time = |minutes| TimeOfDay::parse("00:00").unwrap().checked_add(minutes).unwrap();
            let Ok(open) = Hours::new(time(from), time(to)) else {
                prop_assert!(to <= from);
                return Ok(());
            };
            let days = (day("2030-01-07"), day("2030-01-07").saturating_add(more));

            let made = Schedule::new(days, DayOfWeek::ALL, open, minutes, Vec::new());

            let of_a_day = i64::from(to - from).checked_div(minutes).unwrap_or_default();
            let expected = match (minutes, more, (more + 1) * of_a_day) {
                (..5 | 721.., ..) => Err(ScheduleError::Length),
                (_, 92.., _) => Err(ScheduleError::TooLong),
                (_, _, 0) => Err(ScheduleError::Empty),
                (_, _, 501..) => Err(ScheduleError::TooMany),
                (_, _, count) => Ok(count),
            };
            let count = |made: Schedule| i64::try_from(made.walls().count()).unwrap();
            prop_assert_eq!(made.map(count), expected);
        }

        #[test]
        fn slots_never_overlap_and_lie_within_the_hours_and_outside_the_breaks(
            from in 0_u16..1440, length in 1_u16..1440, minutes in 5_i64..200,
            breaks in proptest::collection::vec((0_u16..1440, 1_u16..300), 0..4),
            offset in 0_i64..7000, zone in proptest::sample::select(vec![
                "UTC", "Europe/Berlin", "America/St_Johns", "Australia/Lord_Howe", "Asia/Kathmandu",
                "America/Havana", "Africa/Casablanca", "Pacific/Apia",
            ]),
        ) {
            let time = |minutes: u16| {
                TimeOfDay::parse("00:00").unwrap().checked_add(minutes.min(1440)).unwrap()
            };
            let hours = |from: u16, length: u16| Hours::new(time(from), time(from + length)).unwrap();
            let breaks: Vec<_> = breaks.into_iter().map(|(at, length)| hours(at, length)).collect();
            let first = at("2020-01-01T00:00:00Z")
                .saturating_add(chrono::TimeDelta::days(offset)).date();
            let days = (first, first.next().unwrap());
            let open = hours(from, length);
            let Ok(schedule) = Schedule::new(days, DayOfWeek::ALL, open, minutes, breaks.clone())
            else { return Ok(()) };

            for (_, start, end) in schedule.walls() {
                prop_assert_eq!(i64::from(end.minutes() - start.minutes()), minutes);
                prop_assert!(open.from <= start && end <= open.to);
                prop_assert!(breaks.iter().all(|it| it.to <= start || end <= it.from));
            }
            let plan = schedule.plan(&Zone::parse(zone).unwrap()).unwrap();
            let times: Vec<_> = plan.iter().filter_map(|it| it.time).collect();
            for pair in times.windows(2) {
                prop_assert!(pair[0].ends_at() <= pair[1].starts_at());
            }
        }
    }
}
