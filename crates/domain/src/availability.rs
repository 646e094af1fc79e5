//! Availability: what a doctor offers to be booked, cut into times that are free.

use chrono::TimeDelta;

use crate::id::TimeSlotId;
use crate::period::{BookableTime, Period};
use crate::time::Timestamp;

/// A stretch of time that a doctor offers: a time slot, or some time of which nothing was published.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Opening {
    /// When.
    pub time: Period,
    /// The slot that it is.
    pub slot: Option<TimeSlotId>,
}

/// A time that is free, and can be booked as it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FreeTime {
    /// When.
    pub time: BookableTime,
    /// The slot that it is all of, if it is.
    pub slot: Option<TimeSlotId>,
}

/// What is offered, and what of it is taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Availability {
    /// The earliest first; no two overlap.
    openings: Vec<Opening>,
    /// The earliest first; no two overlap or touch.
    taken: Vec<Period>,
}

impl Availability {
    /// Puts together what is offered, no two of which overlap, and all that is taken.
    pub fn new(mut openings: Vec<Opening>, mut taken: Vec<Period>) -> Self {
        openings.sort_unstable_by_key(|opening| opening.time.starts_at());
        taken.sort_unstable_by_key(|period| period.starts_at());
        taken.dedup_by(|next, last| match last.joined(*next) {
            Some(joined) => {
                *last = joined;
                true
            }
            None => false,
        });
        Self { openings, taken }
    }

    /// Returns the free times of a length that start in a stretch of time, the earliest first.
    ///
    /// Times begin at the start of what is offered, one behind the other. One that is longer than
    /// what is offered there begins at the start of it, and goes on through what follows without a
    /// gap.
    pub fn times(&self, length: TimeDelta, within: Period) -> impl Iterator<Item = FreeTime> {
        self.openings
            .iter()
            .enumerate()
            .flat_map(move |(index, opening)| self.times_of(index, *opening, length, within))
    }

    /// Returns some free times of a length that start nearest to an instant, the nearest first.
    pub fn nearest(
        &self,
        instant: Timestamp,
        length: TimeDelta,
        within: Period,
        most: usize,
    ) -> Vec<FreeTime> {
        let mut times: Vec<_> = self.times(length, within).collect();
        times.sort_by_key(|free| {
            let distance = free.time.starts_at().unix_seconds() - instant.unix_seconds();
            distance.unsigned_abs()
        });
        times.truncate(most);
        times
    }

    fn times_of(
        &self,
        index: usize,
        opening: Opening,
        length: TimeDelta,
        within: Period,
    ) -> impl Iterator<Item = FreeTime> {
        let is_whole = move |time: BookableTime| time.period() == opening.time;
        starts(opening.time, length, within.starts_at())
            .take_while(move |start| *start < within.ends_at())
            .filter_map(move |start| {
                let time = BookableTime::between(start, start.checked_add(length).ok()?).ok()?;
                let fits = time.ends_at() <= opening.time.ends_at()
                    || (start == opening.time.starts_at() && self.goes_on(index, time.ends_at()));
                let slot = opening.slot.filter(|_| is_whole(time));
                (fits && self.is_free(time.period())).then_some(FreeTime { time, slot })
            })
    }

    /// Tells whether what is offered goes on without a gap until an instant.
    fn goes_on(&self, index: usize, until: Timestamp) -> bool {
        let mut offered_until = None;
        for opening in self.openings.iter().skip(index) {
            if offered_until.is_some_and(|end| end < opening.time.starts_at()) {
                return false;
            }
            if until <= opening.time.ends_at() {
                return true;
            }
            offered_until = Some(opening.time.ends_at());
        }
        false
    }

    fn is_free(&self, period: Period) -> bool {
        // The first that is not over when the period begins is the only one that can be in the way.
        let next = self.taken.partition_point(|taken| taken.ends_at() <= period.starts_at());
        self.taken.get(next).is_none_or(|taken| !taken.overlaps(period))
    }
}

/// Returns the instants of a stretch of time that are a number of lengths behind its start, from an
/// instant on.
fn starts(time: Period, length: TimeDelta, from: Timestamp) -> impl Iterator<Item = Timestamp> {
    let seconds = length.num_seconds().max(1);
    let missed = (from.unix_seconds() - time.starts_at().unix_seconds()).max(0);
    let first = time.starts_at().checked_add(TimeDelta::seconds(
        missed.div_euclid(seconds) * seconds + if missed % seconds == 0 { 0 } else { seconds },
    ));
    std::iter::successors(first.ok(), move |start| start.checked_add(length).ok())
        .take_while(move |start| *start < time.ends_at())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::id::Uuid;
    use crate::period::on_monday;
    use crate::time::at;
    use crate::time_slot::Publication;

    fn slot(number: u128, start: &str, end: &str) -> Opening {
        let slot = Some(TimeSlotId::new(Uuid::from_u128(number)));
        Opening { time: on_monday(start, end), slot }
    }

    fn all_day() -> Period {
        Period::new(at("2030-01-07T00:00:00Z"), at("2030-01-08T00:00:00Z")).unwrap()
    }

    fn offered(availability: &Availability, minutes: i64) -> Vec<String> {
        let times = availability.times(TimeDelta::minutes(minutes), all_day());
        times
            .map(|free| {
                let [start, end] = [free.time.starts_at(), free.time.ends_at()]
                    .map(|it| it.to_string().get(11..16).unwrap_or_default().to_owned());
                let mark = if free.slot.is_some() { "*" } else { "" };
                format!("{start}-{end}{mark}")
            })
            .collect()
    }

    #[test]
    fn slots_are_offered_whole_where_their_length_is_asked_for() {
        let slots = vec![slot(2, "09:30", "10:00"), slot(1, "09:00", "09:30")];
        let availability = Availability::new(slots, vec![on_monday("09:40", "09:45")]);

        assert_eq!(offered(&availability, 30), ["09:00-09:30*"]);
    }

    #[test]
    fn a_long_slot_is_cut_from_its_start_and_what_is_taken_is_left_out() {
        let slots = vec![slot(1, "09:00", "10:10")];
        let availability = Availability::new(slots, vec![on_monday("09:25", "09:40")]);

        assert_eq!(offered(&availability, 20), ["09:00-09:20", "09:40-10:00"]);
        assert_eq!(offered(&availability, 70), [""; 0]);
    }

    #[test]
    fn a_long_time_goes_through_slots_that_follow_each_other_and_over_no_gap() {
        let slots =
            vec![slot(1, "09:00", "09:30"), slot(2, "09:30", "10:00"), slot(3, "10:15", "10:45")];
        let availability = Availability::new(slots, Vec::new());

        assert_eq!(offered(&availability, 45), ["09:00-09:45"]);
        assert_eq!(offered(&availability, 60), ["09:00-10:00"]);
        assert_eq!(offered(&availability, 75), [""; 0]);
        // Shorter ones keep to a slot each.
        assert_eq!(offered(&availability, 20), ["09:00-09:20", "09:30-09:50", "10:15-10:35"]);
    }

    #[test]
    fn times_start_within_the_stretch_that_is_asked_for() {
        let availability = Availability::new(vec![slot(1, "09:00", "12:00")], Vec::new());
        let within = on_monday("09:50", "11:00");

        let times: Vec<_> = availability
            .times(TimeDelta::minutes(30), within)
            .map(|free| free.time.starts_at())
            .collect();

        assert_eq!(times, [at("2030-01-07T10:00:00Z"), at("2030-01-07T10:30:00Z")]);
    }

    #[test]
    fn the_nearest_come_first() {
        let taken = vec![on_monday("10:00", "10:30")];
        let availability = Availability::new(vec![slot(1, "08:00", "12:00")], taken);
        let ten = at("2030-01-07T10:00:00Z");

        let nearest: Vec<_> = availability
            .nearest(ten, TimeDelta::minutes(30), all_day(), 3)
            .into_iter()
            .map(|free| free.time.starts_at())
            .collect();

        let expected =
            ["09:30", "10:30", "09:00"].map(|time| at(&format!("2030-01-07T{time}:00Z")));
        assert_eq!(nearest, expected);
    }

    #[test]
    fn nothing_is_offered_beyond_the_calendar() {
        let last = Period::new(at("2199-12-31T23:00:00Z"), at("2199-12-31T23:59:59Z")).unwrap();
        let opening = Opening { time: last, slot: None };
        let availability = Availability::new(vec![opening], Vec::new());

        assert_eq!(availability.times(TimeDelta::minutes(30), last).count(), 1);
    }

    fn quarter(number: u32) -> String {
        format!("{:02}:{:02}", number / 4, number % 4 * 15)
    }

    /// Some stretches of a day, no two of which overlap.
    fn stretches(most: usize) -> impl Strategy<Value = Vec<Period>> {
        proptest::collection::btree_set(0_u32..95, 0..most).prop_map(|cuts| {
            let cuts: Vec<_> = cuts.into_iter().collect();
            let pairs = cuts.windows(2).enumerate().filter(|(index, _)| index % 3 != 1);
            pairs.map(|(_, pair)| on_monday(&quarter(pair[0]), &quarter(pair[1]))).collect()
        })
    }

    proptest! {
        /// Booking holds a time against what is published, and the database against what is taken.
        #[test]
        fn whatever_is_offered_is_published_whole_and_free(
            slots in stretches(24), taken in stretches(24), minutes in 5_i64..720,
        ) {
            let openings = slots.iter().map(|time| Opening { time: *time, slot: None }).collect();
            let published: Vec<_> = slots.iter().map(|time| (*time, false)).collect();
            let availability = Availability::new(openings, taken.clone());

            let mut last = None;
            for free in availability.times(TimeDelta::minutes(minutes), all_day()) {
                let period = free.time.period();
                prop_assert_eq!(period.length(), TimeDelta::minutes(minutes));
                prop_assert_eq!(Publication::of(period, &published), Publication::Whole);
                prop_assert!(!taken.iter().any(|taken| taken.overlaps(period)));
                prop_assert!(last < Some(period.starts_at()));
                last = Some(period.starts_at());
            }
        }

        #[test]
        fn a_slot_that_is_free_is_offered_whole(slots in stretches(24), taken in stretches(24)) {
            let id = TimeSlotId::new(Uuid::from_u128(8));
            let openings: Vec<_> =
                slots.iter().map(|time| Opening { time: *time, slot: Some(id) }).collect();
            let availability = Availability::new(openings, taken.clone());
            for slot in slots.iter().filter(|slot| slot.length() <= BookableTime::LONGEST) {
                let is_free = !taken.iter().any(|taken| taken.overlaps(*slot));
                let is_offered = availability
                    .times(slot.length(), all_day())
                    .any(|free| free.time.period() == *slot && free.slot.is_some());
                prop_assert_eq!(is_offered, is_free);
            }
        }
    }
}
