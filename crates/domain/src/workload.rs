//! How full a doctor's time is.

use crate::appointment::AppointmentStatus;

/// How much of a doctor's time was published, and how much was booked, in a period.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Workload {
    /// The minutes of the appointments that were to take place, or did.
    pub booked_minutes: u64,
    /// The minutes of the time slots that were not blocked.
    pub published_minutes: u64,
}

impl Workload {
    /// Tells whether an appointment in this status counts as booked: it is to take place, or has. Who
    /// cancelled or never came has taken up no time.
    pub const fn counts(status: AppointmentStatus) -> bool {
        status.is_active() || matches!(status, AppointmentStatus::Completed)
    }

    /// Returns the booked time in percent of the published, rounded down; `None` of a doctor who has
    /// published nothing. It is more than 100 of whoever is booked beside what they publish.
    pub const fn percent(self) -> Option<u64> {
        self.booked_minutes.saturating_mul(100).checked_div(self.published_minutes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_takes_place_counts_as_booked() {
        for status in AppointmentStatus::ALL {
            let expected = match status {
                AppointmentStatus::Scheduled
                | AppointmentStatus::Confirmed
                | AppointmentStatus::CheckedIn
                | AppointmentStatus::InProgress
                | AppointmentStatus::Completed => true,
                AppointmentStatus::Cancelled | AppointmentStatus::NoShow => false,
            };
            assert_eq!(Workload::counts(*status), expected, "{status}");
        }
    }

    #[test]
    fn who_publishes_nothing_is_not_full_but_without_measure() {
        let percent = |booked_minutes, published_minutes| {
            Workload { booked_minutes, published_minutes }.percent()
        };

        assert_eq!(percent(30, 0), None);
        assert_eq!(percent(0, 60), Some(0));
        assert_eq!(percent(59, 60), Some(98));
        assert_eq!(percent(90, 60), Some(150));
        assert!(percent(u64::MAX, 1).is_some());
    }
}
