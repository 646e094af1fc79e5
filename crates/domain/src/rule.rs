//! How a rule refuses: with a code that clients switch on, and a sentence for people.

use crate::archive::Blocking;
use crate::choice::choice;

/// The refusal of a rule of one concept.
///
/// Only refusals of what somebody asked for implement it; a value that cannot be read (a date, a
/// name) is an error of its field instead.
pub trait Rule: std::error::Error {
    /// Returns the code that says which rule refused.
    fn code(&self) -> RuleCode;

    /// Returns what still needs a record, if that is why it cannot be archived.
    fn blocking(&self) -> Option<Blocking> {
        None
    }
}

choice! {
    /// Every rule that can refuse, by the code that clients see.
    pub enum RuleCode {
        /// The appointment's status does not allow it.
        AppointmentRefused = "appointment-refused",
        /// The patient's appointment has begun, and only staff may still change it.
        AppointmentBegun = "appointment-begun",
        /// The appointment has not begun, so nobody has missed it.
        AppointmentNotBegun = "appointment-not-begun",
        /// The doctor has another active appointment at that time.
        DoctorDoubleBooked = "doctor-double-booked",
        /// The patient has another active appointment at that time.
        PatientDoubleBooked = "patient-double-booked",
        /// The doctor takes no appointments at present.
        DoctorUnavailable = "doctor-unavailable",
        /// The doctor is booked within published time slots only.
        OutsideTimeSlots = "outside-time-slots",
        /// Some of the time is blocked.
        TimeBlocked = "time-blocked",
        /// Another time slot of the doctor overlaps.
        TimeSlotOverlaps = "time-slot-overlaps",
        /// An active appointment takes up some of the time slot.
        TimeSlotBooked = "time-slot-booked",
        /// The start has passed.
        TimeInPast = "time-in-past",
        /// The doctor is assigned to the patient already.
        AlreadyAssigned = "already-assigned",
        /// The user's status does not allow it.
        UserRefused = "user-refused",
        /// Somebody would lock themself out.
        OwnAccount = "own-account",
        /// Nobody would be left to run the installation.
        LastAdmin = "last-admin",
        /// There has been an administrator before.
        AlreadySetUp = "already-set-up",
        /// Something still needs what was to be archived.
        StillNeeded = "still-needed",
        /// What was to be restored is not archived.
        NotArchived = "not-archived",
        /// There is no licence number that could have been checked.
        NoLicenseNumber = "no-license-number",
        /// The licence was checked before.
        AlreadyVerified = "already-verified",
        /// What an entry of the directory and a registration bring for one doctor overlaps.
        AdoptionOverlaps = "adoption-overlaps",
    }
}

impl RuleCode {
    /// Returns what the refusal is called.
    pub const fn title(self) -> &'static str {
        match self {
            Self::AppointmentRefused => "Wrong appointment status",
            Self::AppointmentBegun => "Appointment begun",
            Self::AppointmentNotBegun => "Appointment not begun",
            Self::DoctorDoubleBooked => "Doctor double-booked",
            Self::PatientDoubleBooked => "Patient double-booked",
            Self::DoctorUnavailable => "Doctor unavailable",
            Self::OutsideTimeSlots => "Outside time slots",
            Self::TimeBlocked => "Time blocked",
            Self::TimeSlotOverlaps => "Overlapping time slot",
            Self::TimeSlotBooked => "Time slot booked",
            Self::TimeInPast => "Time in the past",
            Self::AlreadyAssigned => "Already assigned",
            Self::UserRefused => "Wrong user status",
            Self::OwnAccount => "Own account",
            Self::LastAdmin => "Last administrator",
            Self::AlreadySetUp => "Already set up",
            Self::StillNeeded => "Still needed",
            Self::NotArchived => "Not archived",
            Self::NoLicenseNumber => "No licence number",
            Self::AlreadyVerified => "Already verified",
            Self::AdoptionOverlaps => "Overlapping adoption",
        }
    }

    /// Tells whether another time would not be refused.
    pub const fn offers_alternatives(self) -> bool {
        matches!(
            self,
            Self::DoctorDoubleBooked
                | Self::PatientDoubleBooked
                | Self::OutsideTimeSlots
                | Self::TimeBlocked
                | Self::TimeInPast
        )
    }

    /// Says in one sentence what the code means and what to do about it.
    pub const fn meaning(self) -> &'static str {
        match self {
            Self::AppointmentRefused => {
                "The appointment's status does not allow this. Read the appointment again."
            }
            Self::AppointmentBegun => {
                "Patients cannot cancel or move an appointment that has begun. Ask the practice."
            }
            Self::AppointmentNotBegun => {
                "Nobody has missed an appointment before its start. Cancel it instead, or wait."
            }
            Self::DoctorDoubleBooked => {
                "The doctor already has an appointment at this time. Choose another time: \
                `alternatives` names some."
            }
            Self::PatientDoubleBooked => {
                "The patient already has an appointment at this time. Choose another time: \
                `alternatives` names some."
            }
            Self::DoctorUnavailable => {
                "The doctor takes no appointments at present. Choose another doctor."
            }
            Self::OutsideTimeSlots => {
                "The doctor is booked within published time slots only. Choose one of them: \
                `alternatives` names some."
            }
            Self::TimeBlocked => {
                "The doctor has blocked this time. Choose another time: `alternatives` names some."
            }
            Self::TimeSlotOverlaps => {
                "The doctor already has a time slot at this time. Choose another time."
            }
            Self::TimeSlotBooked => {
                "An appointment takes up this time slot. Cancel or move the appointment first."
            }
            Self::TimeInPast => {
                "Patients cannot book a time whose start has passed. Choose a later one: \
                `alternatives` names some."
            }
            Self::AlreadyAssigned => {
                "The doctor is assigned to the patient already. Change that assignment instead."
            }
            Self::UserRefused => "The user's status does not allow this. Read the user again.",
            Self::OwnAccount => {
                "Nobody disables themself or changes their own role. Ask another administrator."
            }
            Self::LastAdmin => {
                "This is the last active administrator. Make or enable another one first."
            }
            Self::AlreadySetUp => {
                "There has been an administrator before. Ask one, or use the command line."
            }
            Self::StillNeeded => {
                "Something still needs this record; `blocking` says what. End that first."
            }
            Self::NotArchived => "The record is not in the archive. Nothing has to be restored.",
            Self::NoLicenseNumber => {
                "The profile has no licence number that could be checked. Add it first."
            }
            Self::AlreadyVerified => "The licence was checked before. Nothing has to be done.",
            Self::AdoptionOverlaps => {
                "The directory has an entry of this doctor, and both have appointments or time slots at \
                 the same time. Cancel, move or delete one of the two, then approve again."
            }
        }
    }
}
