//! What a use case answers when it does not do what it was asked.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use medilink_domain::appointment::AppointmentError;
use medilink_domain::archive::Blocking;
use medilink_domain::assignment::AssignmentError;
use medilink_domain::availability::FreeTime;
use medilink_domain::policy::Action;
use medilink_domain::record::{Concept, Record};
use medilink_domain::rule::{Rule, RuleCode};
use medilink_domain::time_slot::TimeSlotError;

/// The answer of a use case.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Everything a use case can answer instead of doing what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No credentials, or none that hold any longer.
    #[error("nobody is signed in")]
    Unauthenticated,
    /// Name and password do not belong together. It never says which of them is wrong.
    #[error("the user name or the password is wrong")]
    WrongCredentials,
    /// A refresh token that continues no session: it is none, or was used, or its session is over.
    #[error("the refresh token is no longer valid; sign in again")]
    RefreshTokenRefused,
    /// The person may know of it, but not do it.
    #[error("you may not do this")]
    Forbidden(Action),
    /// The person may do nothing of the kind until an admin has approved their account.
    #[error("your account waits for an administrator's approval")]
    ApprovalPending,
    /// It does not exist, or the person may not know that it does. Both read the same.
    #[error("{0} not found")]
    NotFound(Concept),
    /// It changed after the caller read it.
    #[error("the {0} changed after you read it; read it again")]
    Stale(Concept),
    /// A rule said no.
    #[error(transparent)]
    Refused(Refusal),
    /// Some fields cannot be taken as they are; all of them are named.
    #[error("some fields are wrong")]
    Invalid(FieldErrors),
    /// The idempotency key belongs to another request.
    #[error("the idempotency key was used for another request; make a new one")]
    KeyReused,
    /// The caller has asked too often; after this time one more request is taken.
    #[error("too many requests; try again later")]
    RateLimited {
        /// How long to wait.
        retry_after: Duration,
    },
    /// Too many attempts with a wrong password have failed; after this time one more is made.
    #[error("too many attempts have failed; try again later")]
    TooManyFailed {
        /// How long to wait.
        retry_after: Duration,
    },
    /// Too much is going on to begin this.
    #[error("too many others are waiting; try again")]
    Overloaded,
    /// The program could not do its own part: no randomness, a library that refuses. What failed
    /// is for the log alone.
    #[error("the program failed")]
    Failed(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The store failed. What failed is for the log alone.
    #[error("the store failed")]
    Store(#[source] StoreError),
}

/// A rule's refusal, with the code that clients switch on.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Refusal {
    code: RuleCode,
    message: String,
    blocking: Option<Blocking>,
    alternatives: Option<Vec<FreeTime>>,
}

impl Refusal {
    /// Names other times that could be booked instead.
    #[must_use]
    pub(crate) fn offering(self, alternatives: Vec<FreeTime>) -> Self {
        Self { alternatives: Some(alternatives), ..self }
    }

    /// Returns other times that could be booked instead, if that is what would help.
    pub fn alternatives(&self) -> Option<&[FreeTime]> {
        self.alternatives.as_deref()
    }

    /// Returns the code.
    pub const fn code(&self) -> RuleCode {
        self.code
    }

    /// Returns what still needs a record, if that is why it cannot be archived.
    pub const fn blocking(&self) -> Option<Blocking> {
        self.blocking
    }
}

impl<E: Rule> From<E> for Error {
    fn from(rule: E) -> Self {
        let (code, blocking) = (rule.code(), rule.blocking());
        let message = rule.to_string();
        Self::Refused(Refusal { code, message, blocking, alternatives: None })
    }
}

/// The messages of every field that is wrong.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct FieldErrors(BTreeMap<String, Vec<String>>);

impl FieldErrors {
    /// Begins with one wrong field.
    pub fn of(field: &str, message: impl fmt::Display) -> Self {
        let mut errors = Self::default();
        errors.add(field, message);
        errors
    }

    /// Adds a message.
    pub fn add(&mut self, field: &str, message: impl fmt::Display) {
        self.0.entry(field.to_owned()).or_default().push(message.to_string());
    }

    /// Returns the messages by field.
    pub const fn by_field(&self) -> &BTreeMap<String, Vec<String>> {
        &self.0
    }

    /// Answers [`Error::Invalid`] if any field is wrong.
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`] with all of them.
    pub fn check(self) -> Result<()> {
        if self.0.is_empty() { Ok(()) } else { Err(Error::Invalid(self)) }
    }
}

/// Why the store did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// A constraint of the database refused.
    #[error("the database refused: {0:?}")]
    Conflict(Conflict),
    /// The record changed since it was read.
    #[error("the {0} moved on")]
    Stale(Concept),
    /// A lock or the queue took too long. Trying again helps.
    #[error("the database is busy")]
    Busy,
    /// A stored row breaks a rule.
    #[error("the stored {0} is corrupt")]
    Corrupt(Record),
    /// The database did not understand, or broke a promise: a fault of ours.
    #[error("the database refused what it was asked")]
    Failed(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The database does not answer, or cannot do its work at present.
    #[error("the database is unavailable")]
    Unavailable(#[source] Box<dyn std::error::Error + Send + Sync>),
}

/// The constraints of the database that refuse what people ask for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Conflict {
    /// Another active appointment of the doctor overlaps.
    DoctorDoubleBooked,
    /// Another active appointment of the patient overlaps.
    PatientDoubleBooked,
    /// Another active assignment is of the same doctor and patient.
    AlreadyAssigned,
    /// The patient has another active primary assignment.
    PrimaryTaken,
    /// Somebody else has the user name.
    UsernameTaken,
    /// Somebody else has the e-mail address.
    EmailTaken,
    /// A verified profile has the licence number.
    LicenseNumberTaken,
    /// Another time slot of the doctor overlaps.
    TimeSlotOverlaps,
}

/// What people are told whose user name, address or licence number is taken.
pub(crate) const TAKEN: &str = "choose another one; this one is taken";

impl From<StoreError> for Error {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Conflict(conflict) => match conflict {
                Conflict::DoctorDoubleBooked => AppointmentError::DoctorDoubleBooked.into(),
                Conflict::PatientDoubleBooked => AppointmentError::PatientDoubleBooked.into(),
                Conflict::AlreadyAssigned => AssignmentError::AlreadyAssigned.into(),
                // Somebody went round the locks and was faster; the next try lets theirs give way.
                Conflict::PrimaryTaken => Self::Store(StoreError::Busy),
                Conflict::UsernameTaken => Self::Invalid(FieldErrors::of("username", TAKEN)),
                Conflict::EmailTaken => Self::Invalid(FieldErrors::of("email", TAKEN)),
                Conflict::TimeSlotOverlaps => TimeSlotError::Overlaps.into(),
                Conflict::LicenseNumberTaken => {
                    Self::Invalid(FieldErrors::of("license_number", TAKEN))
                }
            },
            StoreError::Stale(concept) => Self::Stale(concept),
            StoreError::Busy
            | StoreError::Corrupt(_)
            | StoreError::Failed(_)
            | StoreError::Unavailable(_) => Self::Store(error),
        }
    }
}
