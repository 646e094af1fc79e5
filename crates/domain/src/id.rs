//! Identifiers: one type for each concept, so that a patient is never taken for a doctor.
//!
//! Every id is a UUID of version 7. It begins with the millisecond of its making, so ids sort by
//! creation and a table grows at its end. Who makes one is outside this crate.

use std::fmt;
use std::str::FromStr;

pub use uuid::Uuid;

/// A text that is no id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("give an id like 0198c5a2-7b1e-7cc3-98c4-dc0c0c07398f")]
pub struct IdError;

macro_rules! id {
    ($($(#[$doc:meta])* $name:ident,)*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
        #[cfg_attr(feature = "serde", serde(transparent))]
        #[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
        #[cfg_attr(feature = "schema", schema(
            value_type = String, format = Uuid, example = "0198c5a2-7b1e-7cc3-98c4-dc0c0c07398f"
        ))]
        pub struct $name(Uuid);

        impl $name {
            /// Makes the id from a ready-made UUID.
            pub const fn new(uuid: Uuid) -> Self {
                Self(uuid)
            }

            /// Returns the bare UUID.
            pub const fn as_uuid(self) -> Uuid {
                self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl FromStr for $name {
            type Err = IdError;

            fn from_str(raw: &str) -> Result<Self, IdError> {
                // One record has one spelling, but for case: no braces, no prefix, all hyphens.
                let hyphenated = raw.len() == 36;
                Uuid::try_parse(raw).ok().filter(|_| hyphenated).map(Self).ok_or(IdError)
            }
        }
    )*};
}

id! {
    /// A booked meeting of one patient with one doctor.
    AppointmentId,
    /// A doctor assigned to a patient's care.
    AssignmentId,
    /// One line of the audit trail.
    AuditEntryId,
    /// One chain of seals of the audit trail.
    ChainId,
    /// A person who practises medicine here.
    DoctorId,
    /// A person who receives care here.
    PatientId,
    /// A place that dispenses medicines.
    PharmacyId,
    /// One call from outside, as the logs and the audit trail name it.
    RequestId,
    /// One sign-in of a user on one device, until it ends.
    SessionId,
    /// A stretch of a doctor's time that can be booked.
    TimeSlotId,
    /// A person who can sign in.
    UserId,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_reads_what_it_writes() {
        let id = DoctorId::new(Uuid::from_u128(7));

        assert_eq!(id.to_string().parse(), Ok(id));
    }

    #[test]
    fn an_id_has_one_spelling() {
        let spellings = [
            "the-first-one",
            "0198c5a27b1e7cc398c4dc0c0c07398f",
            "{0198c5a2-7b1e-7cc3-98c4-dc0c0c07398f}",
            "urn:uuid:0198c5a2-7b1e-7cc3-98c4-dc0c0c07398f",
        ];
        for raw in spellings {
            assert_eq!(raw.parse::<DoctorId>(), Err(IdError), "{raw}");
        }
        assert!("0198C5A2-7b1e-7cc3-98c4-dc0c0c07398f".parse::<DoctorId>().is_ok());
    }
}
