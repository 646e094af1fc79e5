//! Care: what makes a doctor one who cares for a patient.
//!
//! An active assignment does, for as long as it goes on. An appointment does while it is active,
//! and, if it was completed, for a while after its end: results come in, and the patient calls. The
//! store asks all of it in one statement, with the statuses and the instants that it gets from here.

use chrono::TimeDelta;

use crate::appointment::AppointmentStatus;
use crate::period::BookableTime;
use crate::time::Timestamp;

/// For how many days after a completed appointment its doctor still cares for the patient: 1 to
/// 3,650.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CareWindow(u16);

/// A number of days that no window of care has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("write a whole number from {} to {}", CareWindow::SHORTEST, CareWindow::LONGEST)]
pub struct CareWindowError;

impl CareWindow {
    /// The fewest days.
    pub const SHORTEST: u16 = 1;

    /// The most days: ten years.
    pub const LONGEST: u16 = 3650;

    /// Reads a number of days.
    ///
    /// # Errors
    ///
    /// [`CareWindowError`] unless it is a whole number from 1 to 3,650.
    pub fn parse(raw: &str) -> Result<Self, CareWindowError> {
        let days = raw.parse().ok().filter(|days| (Self::SHORTEST..=Self::LONGEST).contains(days));
        days.map(Self).ok_or(CareWindowError)
    }

    /// Returns where the window begins now: what was completed before then is no care any more.
    pub fn since(self, now: Timestamp) -> CareSince {
        CareSince(now.saturating_add(-TimeDelta::days(self.0.into())))
    }
}

impl Default for CareWindow {
    fn default() -> Self {
        Self(90)
    }
}

/// Where the window of care begins: an appointment that was completed then or later is still care.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct CareSince(Timestamp);

impl CareSince {
    /// Returns the earliest end of an appointment that counts.
    pub const fn end(self) -> Timestamp {
        self.0
    }

    /// Returns the earliest start of an appointment that counts. None lasts longer than
    /// [`BookableTime::LONGEST`], so one that began before has ended before the window does begin.
    pub fn start(self) -> Timestamp {
        BookableTime::earliest_until(self.0)
    }
}

/// How long an appointment is care, as its status says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Care {
    /// While it is in this status, whenever it takes place.
    Ongoing,
    /// Until the window after its end is over.
    Lasting,
    /// Not at all: the patient was not seen, and nobody expects them.
    None,
}

impl Care {
    /// Says how long an appointment in a status is care.
    pub const fn of(status: AppointmentStatus) -> Self {
        use AppointmentStatus::{
            Cancelled, CheckedIn, Completed, Confirmed, InProgress, NoShow, Scheduled,
        };
        match status {
            Scheduled | Confirmed | CheckedIn | InProgress => Self::Ongoing,
            Completed => Self::Lasting,
            Cancelled | NoShow => Self::None,
        }
    }

    /// Returns the statuses in which an appointment is care for so long.
    pub fn statuses(self) -> impl Iterator<Item = AppointmentStatus> {
        AppointmentStatus::ALL.iter().copied().filter(move |status| Self::of(*status) == self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::at;

    const NOW: &str = "2030-01-06T12:00:00Z";

    #[test]
    fn a_window_is_a_day_to_ten_years_and_ninety_days_unless_somebody_says_otherwise() {
        assert_eq!(CareWindow::parse("90"), Ok(CareWindow::default()));
        for right in ["1", "3650"] {
            assert!(CareWindow::parse(right).is_ok(), "{right}");
        }
        for wrong in ["0", "3651", "-1", "1.5", "ninety", "", "99999999999"] {
            assert_eq!(CareWindow::parse(wrong), Err(CareWindowError), "{wrong}");
        }
        assert_eq!(CareWindowError.to_string(), "write a whole number from 1 to 3650");
    }

    #[test]
    fn the_window_begins_so_many_days_ago() {
        let week = CareWindow::parse("7").unwrap();

        assert_eq!(CareWindow::default().since(at(NOW)).end(), at("2029-10-08T12:00:00Z"));
        assert_eq!(week.since(at(NOW)).end(), at("2029-12-30T12:00:00Z"));
        // What ends in the window began half a day earlier at the most.
        assert_eq!(week.since(at(NOW)).start(), at("2029-12-30T00:00:00Z"));
    }

    #[test]
    fn every_active_appointment_is_care_and_of_the_others_only_what_took_place() {
        for status in AppointmentStatus::ALL {
            assert_eq!(Care::of(*status) == Care::Ongoing, status.is_active(), "{status}");
        }
        assert!(Care::Lasting.statuses().eq([AppointmentStatus::Completed]));
    }
}
