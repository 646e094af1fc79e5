//! Time slots: stretches of a doctor's time that are published to be booked, or blocked.

use crate::id::{DoctorId, TimeSlotId, UserId};
use crate::period::{BookableTime, Period};
use crate::revision::Revision;
use crate::rule::{Rule, RuleCode};
use crate::time::Timestamp;

/// A stretch of a doctor's time that can be booked, unless it is blocked.
///
/// Whether it is taken is never stored: it is, while an active appointment overlaps it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TimeSlot {
    /// The id.
    pub id: TimeSlotId,
    /// Whose time it is.
    pub doctor: DoctorId,
    /// When.
    pub time: BookableTime,
    /// Whether nobody may book it.
    pub blocked: bool,
    /// The user who published it.
    pub created_by: UserId,
    /// When it was published, and what has changed since.
    pub revision: Revision,
}

/// Why a time slot is not published, or not taken back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TimeSlotError {
    /// Another slot of the doctor overlaps.
    #[error("{}", RuleCode::TimeSlotOverlaps.meaning())]
    Overlaps,
    /// An active appointment takes up some of it.
    #[error("{}", RuleCode::TimeSlotBooked.meaning())]
    Booked,
}

impl Rule for TimeSlotError {
    fn code(&self) -> RuleCode {
        match self {
            Self::Overlaps => RuleCode::TimeSlotOverlaps,
            Self::Booked => RuleCode::TimeSlotBooked,
        }
    }
}

impl TimeSlot {
    /// Publishes a stretch of a doctor's time, in the past too.
    ///
    /// That no two slots of a doctor overlap is not asked here: only the database sees them all,
    /// and it refuses the second one, as [`TimeSlotError::Overlaps`].
    pub const fn publish(
        id: TimeSlotId,
        doctor: DoctorId,
        time: BookableTime,
        created_by: UserId,
        now: Timestamp,
    ) -> Self {
        Self { id, doctor, time, blocked: false, created_by, revision: Revision::new(now) }
    }

    /// Keeps others from booking it, or lets them again. What is booked already stays.
    pub fn block(&mut self, blocked: bool, now: Timestamp) {
        if self.blocked != blocked {
            self.blocked = blocked;
            self.revision.touch(now);
        }
    }

    /// Tells whether it can be booked now, of which the store knows whether an active appointment
    /// overlaps it.
    pub fn is_available(&self, is_booked: bool, now: Timestamp) -> bool {
        !self.blocked && !is_booked && now <= self.time.starts_at()
    }

    /// Says what its doctor has published of its own time, which no other slot overlaps.
    pub const fn publication(&self) -> Publication {
        if self.blocked { Publication::Blocked { is_whole: true } } else { Publication::Whole }
    }

    /// Asks whether it may be taken back, of which the store knows whether an active appointment
    /// overlaps it.
    ///
    /// # Errors
    ///
    /// [`TimeSlotError::Booked`] if one does.
    pub const fn check_deletable(&self, is_booked: bool) -> Result<(), TimeSlotError> {
        if is_booked { Err(TimeSlotError::Booked) } else { Ok(()) }
    }
}

/// What a doctor has published of a stretch of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Publication {
    /// Some of it is blocked.
    Blocked {
        /// Whether all of it lies in slots, those that are blocked among them.
        is_whole: bool,
    },
    /// All of it lies in slots, one or several that follow each other.
    Whole,
    /// Some of it lies in no slot.
    NotWhole,
}

impl Publication {
    /// Holds a stretch of time against the slots of the doctor that overlap it, whatever their
    /// order: each with whether it is blocked.
    pub fn of(time: Period, slots: &[(Period, bool)]) -> Self {
        let is_blocked = slots.iter().any(|(slot, blocked)| *blocked && slot.overlaps(time));
        let mut slots: Vec<_> = slots.iter().map(|(slot, _)| *slot).collect();
        slots.sort_unstable_by_key(|slot| slot.starts_at());
        let mut covered_until = time.starts_at();
        for slot in slots {
            if slot.starts_at() <= covered_until {
                covered_until = covered_until.max(slot.ends_at());
            }
        }
        let is_whole = time.ends_at() <= covered_until;
        match (is_blocked, is_whole) {
            (true, _) => Self::Blocked { is_whole },
            (false, true) => Self::Whole,
            (false, false) => Self::NotWhole,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::id::Uuid;
    use crate::period::on_monday;
    use crate::time::at;

    fn a_slot() -> TimeSlot {
        let id = Uuid::from_u128;
        let time = BookableTime::new(on_monday("10:00", "11:00")).unwrap();
        let (doctor, user) = (DoctorId::new(id(3)), UserId::new(id(1)));
        TimeSlot::publish(TimeSlotId::new(id(8)), doctor, time, user, at("2030-01-06T12:00:00Z"))
    }

    #[test]
    fn a_slot_is_available_until_it_starts_is_booked_or_is_blocked() {
        let mut slot = a_slot();
        let start = at("2030-01-07T10:00:00Z");

        assert!(slot.is_available(false, start));
        assert!(!slot.is_available(true, start));
        assert!(!slot.is_available(false, at("2030-01-07T10:00:01Z")));
        slot.block(true, start);
        assert!(!slot.is_available(false, start));
    }

    #[test]
    fn a_slot_publishes_its_own_time_as_long_as_nobody_blocks_it() {
        let mut slot = a_slot();
        let by_slots = |slot: &TimeSlot| {
            Publication::of(slot.time.period(), &[(slot.time.period(), slot.blocked)])
        };

        assert_eq!((slot.publication(), by_slots(&slot)), (Publication::Whole, Publication::Whole));
        slot.block(true, at("2030-01-06T13:00:00Z"));
        assert_eq!(slot.publication(), Publication::Blocked { is_whole: true });
        assert_eq!(by_slots(&slot), slot.publication());
    }

    #[test]
    fn to_block_what_is_blocked_changes_nothing() {
        let mut slot = a_slot();
        let now = at("2030-01-06T13:00:00Z");

        slot.block(true, now);
        slot.block(true, now);

        assert_eq!(slot.revision.version, 2);
    }

    #[test]
    fn a_booked_slot_is_not_taken_back() {
        assert_eq!(a_slot().check_deletable(true), Err(TimeSlotError::Booked));
        assert_eq!(a_slot().check_deletable(false), Ok(()));
    }

    #[test]
    fn a_time_is_published_by_slots_that_follow_each_other_and_not_by_those_with_a_gap() {
        let slots = [
            (on_monday("10:30", "11:00"), false),
            (on_monday("10:00", "10:30"), false),
            (on_monday("11:15", "12:00"), false),
            (on_monday("13:00", "13:30"), true),
        ];
        let published = |start, end| Publication::of(on_monday(start, end), &slots);

        assert_eq!(published("10:00", "11:00"), Publication::Whole);
        assert_eq!(published("10:15", "10:45"), Publication::Whole);
        assert_eq!(published("10:45", "11:30"), Publication::NotWhole);
        assert_eq!(published("09:45", "10:15"), Publication::NotWhole);
        assert_eq!(published("13:15", "13:45"), Publication::Blocked { is_whole: false });
        assert_eq!(published("13:00", "13:30"), Publication::Blocked { is_whole: true });
        assert_eq!(published("13:30", "13:45"), Publication::NotWhole);
        assert_eq!(Publication::of(on_monday("10:00", "11:00"), &[]), Publication::NotWhole);
    }

    proptest! {
        #[test]
        fn a_published_time_is_published_in_every_part(
            cuts in proptest::collection::btree_set(0_u32..48, 2..12), from in 0_u32..47, parts in 1_u32..12,
        ) {
            let clock = |quarter: u32| format!("{:02}:{:02}", quarter / 4 + 6, quarter % 4 * 15);
            let until = (from + parts).min(48);
            let cuts: Vec<_> = cuts.into_iter().collect();
            let slots: Vec<_> = cuts
                .windows(2)
                .step_by(2)
                .map(|pair| (on_monday(&clock(pair[0]), &clock(pair[1])), false))
                .collect();
            let whole = Publication::of(on_monday(&clock(from), &clock(until)), &slots);
            let every_part = (from..until).all(|quarter| {
                let part = on_monday(&clock(quarter), &clock(quarter + 1));
                Publication::of(part, &slots) == Publication::Whole
            });
            prop_assert_eq!(whole == Publication::Whole, every_part);
        }
    }
}
