//! Records: what an error, an audit entry or a permission is about.

use std::fmt;

use crate::choice::choice;
use crate::id::{
    AppointmentId, AssignmentId, DoctorId, PatientId, PharmacyId, SessionId, TimeSlotId, UserId,
    Uuid,
};

choice! {
    /// The words of this domain.
    pub enum Concept {
        /// A booked meeting.
        Appointment = "appointment",
        /// A doctor assigned to a patient's care.
        Assignment = "assignment",
        /// Somebody who practises here.
        Doctor = "doctor",
        /// Somebody who receives care here.
        Patient = "patient",
        /// A place that dispenses.
        Pharmacy = "pharmacy",
        /// A sign-in.
        Session = "session",
        /// A stretch of a doctor's time.
        TimeSlot = "time_slot",
        /// Somebody who can sign in.
        User = "user",
    }
}

/// One record of one concept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Record {
    /// The concept.
    pub concept: Concept,
    /// The record's id, bare.
    pub id: Uuid,
}

impl Record {
    /// Returns the patient, if it is a patient's record.
    pub fn patient(self) -> Option<PatientId> {
        (self.concept == Concept::Patient).then(|| PatientId::new(self.id))
    }
}

impl fmt::Display for Record {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.concept, self.id)
    }
}

macro_rules! record {
    ($($id:ident => $concept:ident,)*) => {$(
        impl From<$id> for Record {
            fn from(id: $id) -> Self {
                Self { concept: Concept::$concept, id: id.as_uuid() }
            }
        }
    )*};
}

record! {
    AppointmentId => Appointment,
    AssignmentId => Assignment,
    DoctorId => Doctor,
    PatientId => Patient,
    PharmacyId => Pharmacy,
    SessionId => Session,
    TimeSlotId => TimeSlot,
    UserId => User,
}
