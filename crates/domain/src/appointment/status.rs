//! Where an appointment may stand, and how it gets from there to elsewhere.

use crate::choice::choice;

choice! {
    /// Where an appointment stands.
    pub enum AppointmentStatus {
        /// Booked.
        Scheduled = "scheduled",
        /// Booked, and the practice has said yes.
        Confirmed = "confirmed",
        /// The patient is there.
        CheckedIn = "checked_in",
        /// The doctor sees the patient.
        InProgress = "in_progress",
        /// It took place.
        Completed = "completed",
        /// Somebody called it off.
        Cancelled = "cancelled",
        /// The patient did not come.
        NoShow = "no_show",
    }
}

choice! {
    /// What somebody wants to make of an appointment that is there.
    pub enum AppointmentAction {
        /// Say yes to it, for the practice.
        Confirm = "confirm",
        /// Note that the patient is there.
        CheckIn = "check_in",
        /// Begin to see the patient.
        Start = "start",
        /// Note that it took place.
        Complete = "complete",
        /// Call it off.
        Cancel = "cancel",
        /// Note that the patient did not come.
        MarkNoShow = "mark_no_show",
        /// Move it to another time.
        Reschedule = "reschedule",
    }
}

impl AppointmentAction {
    /// Says what is done, as in "it cannot be cancelled".
    pub(super) const fn done(self) -> &'static str {
        match self {
            Self::Confirm => "confirmed",
            Self::CheckIn => "checked in",
            Self::Start => "started",
            Self::Complete => "completed",
            Self::Cancel => "cancelled",
            Self::MarkNoShow => "marked as a no-show",
            Self::Reschedule => "rescheduled",
        }
    }
}

impl AppointmentStatus {
    /// Returns what an action makes of an appointment in this status, or `None` if it may not be
    /// done: the one table of legal transitions.
    pub const fn after(self, action: AppointmentAction) -> Option<Self> {
        use AppointmentAction as Act;

        match (action, self) {
            (Act::Confirm, Self::Scheduled) => Some(Self::Confirmed),
            (Act::CheckIn, Self::Scheduled | Self::Confirmed) => Some(Self::CheckedIn),
            (Act::Start, Self::Scheduled | Self::Confirmed | Self::CheckedIn) => {
                Some(Self::InProgress)
            }
            (Act::Complete, Self::Scheduled | Self::Confirmed | Self::InProgress) => {
                Some(Self::Completed)
            }
            (
                Act::Cancel,
                Self::Scheduled | Self::Confirmed | Self::CheckedIn | Self::InProgress,
            ) => Some(Self::Cancelled),
            (Act::MarkNoShow, Self::Scheduled | Self::Confirmed | Self::CheckedIn) => {
                Some(Self::NoShow)
            }
            // A new time has to be confirmed anew.
            (Act::Reschedule, Self::Scheduled | Self::Confirmed) => Some(Self::Scheduled),
            _ => None,
        }
    }

    /// Tells whether an appointment in this status takes up its doctor's and its patient's time.
    pub const fn is_active(self) -> bool {
        matches!(self, Self::Scheduled | Self::Confirmed | Self::CheckedIn | Self::InProgress)
    }

    /// Says it as in "the appointment is checked in".
    pub(super) const fn said(self) -> &'static str {
        match self {
            Self::Scheduled => "scheduled",
            Self::Confirmed => "confirmed",
            Self::CheckedIn => "checked in",
            Self::InProgress => "in progress",
            Self::Completed => "completed",
            Self::Cancelled => "cancelled",
            Self::NoShow => "a no-show",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_become_of_an_appointment_is_what_the_clinic_agreed_to() {
        use AppointmentStatus::{
            Cancelled, CheckedIn, Completed, Confirmed, InProgress, NoShow, Scheduled,
        };
        // product.md, section 4; rescheduling is beside it.
        let agreed: &[(AppointmentStatus, &[AppointmentStatus])] = &[
            (Scheduled, &[Confirmed, CheckedIn, InProgress, Completed, Cancelled, NoShow]),
            (Confirmed, &[CheckedIn, InProgress, Completed, Cancelled, NoShow]),
            (CheckedIn, &[InProgress, Cancelled, NoShow]),
            (InProgress, &[Completed, Cancelled]),
            (Completed, &[]),
            (Cancelled, &[]),
            (NoShow, &[]),
        ];

        for (status, next) in agreed {
            let reached: Vec<_> = AppointmentAction::ALL
                .iter()
                .filter(|action| **action != AppointmentAction::Reschedule)
                .filter_map(|action| status.after(*action))
                .collect();
            assert_eq!(reached, *next, "{status}");
            let moved = matches!(status, Scheduled | Confirmed).then_some(Scheduled);
            assert_eq!(status.after(AppointmentAction::Reschedule), moved, "{status}");
        }
    }

    #[test]
    fn an_appointment_takes_up_time_while_anything_can_still_be_made_of_it() {
        for status in AppointmentStatus::ALL {
            let goes_on =
                AppointmentAction::ALL.iter().any(|action| status.after(*action).is_some());
            assert_eq!(status.is_active(), goes_on, "{status}");
        }
    }
}
