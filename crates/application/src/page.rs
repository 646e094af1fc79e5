//! Pages of a list: a position to go on from, never a number of rows to skip.

use std::fmt;

use medilink_domain::appointment::AppointmentOrder;
use medilink_domain::id::{DoctorId, PatientId, UserId, Uuid};

use crate::error::{Error, FieldErrors, Result};
use crate::ports::Cursors;

/// How many items a page has: 1 to 100.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limit(u64);

/// A number of items that no page has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("give a whole number from 1 to 100")]
pub struct LimitError;

impl Limit {
    /// Reads a number of items.
    ///
    /// # Errors
    ///
    /// [`LimitError`] outside 1 to 100.
    pub fn parse(raw: &str) -> Result<Self, LimitError> {
        // A number has one spelling: no sign, no leading zeros.
        let number = raw.parse().ok().filter(|number: &u64| number.to_string() == raw);
        number.filter(|limit| (1..=100).contains(limit)).map(Self).ok_or(LimitError)
    }

    /// Returns the number.
    pub const fn get(self) -> u64 {
        self.0
    }
}

impl Default for Limit {
    fn default() -> Self {
        Self(20)
    }
}

/// A list that has pages, as its cursors know it: each goes on in the very list that it was made for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum List {
    /// What was done that touched a patient's data.
    AccessLog(PatientId),
    /// The appointments, in an order.
    Appointments(AppointmentOrder),
    /// Those of one patient, in an order.
    AppointmentsOfPatient(PatientId, AppointmentOrder),
    /// Those of the day.
    AppointmentsOfToday,
    /// The assignments.
    Assignments,
    /// The audit trail.
    Audit,
    /// The free times of a doctor.
    Availability(DoctorId),
    /// The directory of doctors, or its archive.
    Doctors {
        /// Whether it is the archive.
        archived: bool,
    },
    /// The doctors who are assigned to a patient.
    DoctorsOfPatient(PatientId),
    /// The patients' records, or their archive.
    Patients {
        /// Whether it is the archive.
        archived: bool,
    },
    /// The directory of pharmacies.
    Pharmacies,
    /// Where somebody is signed in.
    Sessions(UserId),
    /// The time slots.
    TimeSlots,
    /// What lies ahead.
    UpcomingAppointments,
    /// The users.
    Users,
}

impl fmt::Display for List {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AccessLog(patient) => write!(f, "access log of {patient}"),
            Self::Appointments(order) => write!(f, "appointments by {order}"),
            Self::AppointmentsOfPatient(patient, order) => {
                write!(f, "appointments of {patient} by {order}")
            }
            Self::AppointmentsOfToday => f.write_str("appointments of today"),
            Self::Assignments => f.write_str("assignments"),
            Self::Audit => f.write_str("audit"),
            Self::Availability(doctor) => write!(f, "availability of {doctor}"),
            Self::Doctors { archived: false } => f.write_str("doctors"),
            Self::Doctors { archived: true } => f.write_str("archived doctors"),
            Self::DoctorsOfPatient(patient) => write!(f, "doctors of {patient}"),
            Self::Patients { archived: false } => f.write_str("patients"),
            Self::Patients { archived: true } => f.write_str("archived patients"),
            Self::Pharmacies => f.write_str("pharmacies"),
            Self::Sessions(user) => write!(f, "sessions of {user}"),
            Self::TimeSlots => f.write_str("time slots"),
            Self::UpcomingAppointments => f.write_str("upcoming appointments"),
            Self::Users => f.write_str("users"),
        }
    }
}

/// A cursor that does not go on in the list that somebody asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("send the `next` of this very list")]
pub struct CursorError;

/// Which page of a list somebody asks for.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PageRequest {
    /// How many items.
    pub limit: Limit,
    /// Where the page before ended, as [`Page::next`] said; `None` for the first page.
    pub cursor: Option<String>,
    /// Whether to count the whole list too.
    pub count: bool,
}

/// Where a page ends: the value that the list is sorted by, and the id that decides a tie.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Position {
    /// The value that the list is sorted by, as text.
    pub key: String,
    /// The record.
    pub id: Uuid,
}

/// The stretch of a list that a query is to return.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Stretch {
    /// Begin behind this position; `None` for the beginning.
    pub after: Option<Position>,
    /// How many items at the most.
    pub limit: Limit,
    /// Whether to count the whole list too, up to [`Stretch::MOST_COUNTED`].
    pub count: bool,
}

impl Stretch {
    /// Where counting stops: a list that is longer has this total.
    pub const MOST_COUNTED: u64 = 100_000;
}

/// What a query found.
#[derive(Clone, PartialEq, Eq)]
pub struct Found<T> {
    /// The items.
    pub items: Vec<T>,
    /// Where they end, if the list goes on.
    pub last: Option<Position>,
    /// How many there are, if that was asked.
    pub total: Option<u64>,
}

/// One page of a list.
#[derive(Clone, PartialEq, Eq, serde::Serialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Page<T> {
    /// The items.
    pub items: Vec<T>,
    /// What to send as `cursor` for the next page; null on the last one.
    #[cfg_attr(
        feature = "schema",
        schema(required = true, example = "AaH3XLpWeDOskmDqOfk7CjIwMzAtMDEtMDdUMDk6MDA6MDBa")
    )]
    pub next: Option<String>,
    /// How many items the whole list has, with `count=true`; counting stops at 100,000.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schema(value_type = u64, required = false, example = 42))]
    pub total: Option<u64>,
}

impl PageRequest {
    /// Opens the cursor, which must be one of this list.
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`] for a cursor of another list, or one that was tampered with.
    pub(crate) fn open(&self, list: List, cursors: &dyn Cursors) -> Result<Stretch> {
        let after = match &self.cursor {
            None => None,
            Some(cursor) => Some(
                cursors
                    .open(list, cursor)
                    .ok_or_else(|| Error::Invalid(FieldErrors::of("cursor", CursorError)))?,
            ),
        };
        Ok(Stretch { after, limit: self.limit, count: self.count })
    }
}

impl<T> Found<T> {
    /// Makes something else of each item.
    ///
    /// # Errors
    ///
    /// The first one.
    pub fn try_map<U, E>(self, make: impl FnMut(T) -> Result<U, E>) -> Result<Found<U>, E> {
        let items = self.items.into_iter().map(make).collect::<Result<_, E>>()?;
        Ok(Found { items, last: self.last, total: self.total })
    }

    /// Seals the last position into a cursor of this list.
    pub(crate) fn seal(self, list: List, cursors: &dyn Cursors) -> Page<T> {
        let next = self.last.map(|position| cursors.seal(list, &position));
        Page { items: self.items, next, total: self.total }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_has_1_to_100_items() {
        assert_eq!(Limit::parse("100").map(Limit::get), Ok(100));
        for raw in ["0", "-1", "101", "ten", "", "1.5", "99999999999999999999"] {
            assert_eq!(Limit::parse(raw), Err(LimitError), "{raw}");
        }
    }
}
