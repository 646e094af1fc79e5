//! Calls: who asks for something, how, and what was decided about it.

use std::sync::{Mutex, PoisonError};

use medilink_domain::actor::{Actor, Relations};
use medilink_domain::audit::{AuditEntry, Origin, Outcome};
use medilink_domain::id::{AuditEntryId, DoctorId, PatientId, Uuid};
use medilink_domain::policy::{Access, Action, discloses_patient_data};
use medilink_domain::record::{Concept, Record};
use medilink_domain::time::Timestamp;

use crate::error::{Error, Result};
use crate::idempotency::{IdempotencyKey, Reservation};
use crate::store::UnitOfWork;

/// Somebody who asks, as an adapter knows them.
#[derive(Debug, Clone)]
pub struct Caller {
    /// Who is signed in.
    pub actor: Actor,
    /// Where the call came from.
    pub origin: Origin,
    /// What makes a second request the same one.
    pub idempotency: Option<IdempotencyKey>,
}

/// One call of a use case. Only [`Application::perform`](crate::Application::perform) makes one,
/// so that no use case can be reached without the record that it owes to the audit trail.
#[derive(Debug)]
pub struct Call {
    caller: Caller,
    entry: AuditEntryId,
    decision: Mutex<Option<Decision>>,
}

/// What was decided about a call, until it is written to the audit trail.
#[derive(Debug, Clone, Copy)]
struct Decision {
    action: Action,
    record: Option<Record>,
    patient: Option<PatientId>,
}

/// What a permission is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Subject {
    record: Option<Record>,
    patient: Option<PatientId>,
}

impl Subject {
    /// Nothing that is there already: a list, or a record that is to be made.
    pub const NONE: Self = Self { record: None, patient: None };

    /// One record. That of a patient touches the patient's data.
    pub fn of(record: impl Into<Record>) -> Self {
        let record = record.into();
        Self { record: Some(record), patient: record.patient() }
    }

    /// Says whose data it is.
    #[must_use]
    pub const fn touching(self, patient: Option<PatientId>) -> Self {
        Self { patient, ..self }
    }

    fn not_found(self, action: Action) -> Error {
        self.record.map_or(Error::Forbidden(action), |record| Error::NotFound(record.concept))
    }
}

impl Call {
    pub(crate) const fn new(caller: Caller, entry: AuditEntryId) -> Self {
        Self { caller, entry, decision: Mutex::new(None) }
    }

    /// Returns who asks.
    pub const fn actor(&self) -> &Actor {
        &self.caller.actor
    }

    /// Decides whether the caller may do something, and remembers it for the audit trail. A write
    /// needs the permit that this returns.
    ///
    /// # Errors
    ///
    /// - [`Error::NotFound`] if they may not know of the subject.
    /// - [`Error::Forbidden`] if they may, but not do it.
    /// - [`Error::ApprovalPending`] if an admin has to approve them first.
    pub fn may(
        &self,
        action: Action,
        relations: Relations,
        subject: Subject,
    ) -> Result<Permit<'_>> {
        self.decide(action, subject);
        match self.actor().may(action, relations) {
            Access::Allow => Ok(Permit { call: self, action, patient: subject.patient }),
            Access::Deny if self.actor().waits_for(action) => Err(Error::ApprovalPending),
            Access::Deny => Err(Error::Forbidden(action)),
            Access::Hide => Err(subject.not_found(action)),
        }
    }

    /// Answers that there is no such record, as if it were one that the caller may not know of.
    ///
    /// Both are written to the audit trail: neither the answer nor the time that it takes tells
    /// them apart.
    pub fn missing(&self, action: Action, subject: Subject) -> Error {
        match self.may(action, Relations::NONE, subject) {
            Err(error) => error,
            // Those who may do it to anything are told that it is not there.
            Ok(_) => subject.not_found(action),
        }
    }

    /// Answers that there is no such record where everybody may know which ones there are, as in the
    /// directory. The refusal is written to the audit trail like any other.
    pub fn absent(&self, action: Action, subject: Subject) -> Error {
        self.decide(action, subject);
        subject.not_found(action)
    }

    /// Notes whose data was shown, where that is known only once it was found.
    pub(crate) fn touches(&self, patient: Option<PatientId>) {
        let mut decision = self.decision.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(decision) = &mut *decision {
            decision.patient = patient;
        }
    }

    /// Reserves the caller's idempotency key, if there is one, for what is about to be done to a
    /// record. Answers the record of the first request if this is a replay of it.
    ///
    /// # Errors
    ///
    /// [`Error::KeyReused`] if the key belongs to another request.
    pub async fn reserve(
        &self,
        work: &mut dyn UnitOfWork,
        record: Uuid,
        now: Timestamp,
    ) -> Result<Option<Uuid>> {
        let Some(key) = &self.caller.idempotency else { return Ok(None) };
        match work.idempotency().reserve(self.actor().user, key, record, now).await? {
            Reservation::First => Ok(None),
            Reservation::Replay(record) => Ok(Some(record)),
            Reservation::Reused => Err(Error::KeyReused),
        }
    }

    /// Returns the entry that the call still owes: for a patient's data that were read, and for
    /// every refusal. A write has brought its own to the commit.
    pub(crate) fn owed<T>(&self, result: &Result<T>, now: Timestamp) -> Option<AuditEntry> {
        let decision = self.take_decision()?;
        match result {
            Ok(_) if discloses_patient_data(decision.action) => {
                Some(self.entry(decision, Outcome::Done, now))
            }
            Err(Error::NotFound(_) | Error::Forbidden(_) | Error::ApprovalPending) => {
                Some(self.entry(decision, Outcome::Denied, now))
            }
            Ok(_) | Err(_) => None,
        }
    }

    fn entry(&self, decision: Decision, outcome: Outcome, at: Timestamp) -> AuditEntry {
        let entry = AuditEntry::new(self.entry, at, decision.action, outcome)
            .by(self.actor())
            .from(self.caller.origin)
            .touching(decision.patient);
        AuditEntry { record: decision.record, ..entry }
    }

    fn decide(&self, action: Action, subject: Subject) {
        let decision = Decision { action, record: subject.record, patient: subject.patient };
        *self.decision.lock().unwrap_or_else(PoisonError::into_inner) = Some(decision);
    }

    fn take_decision(&self) -> Option<Decision> {
        self.decision.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

/// Permission for one write, and the only source of the audit entry that its commit needs.
#[derive(Debug)]
pub struct Permit<'call> {
    call: &'call Call,
    action: Action,
    patient: Option<PatientId>,
}

impl Permit<'_> {
    /// Refuses a doctor who acts in another doctor's name.
    ///
    /// # Errors
    ///
    /// [`Error::Forbidden`] if the caller is a doctor, and not this one.
    pub fn acting_for(self, doctor: DoctorId) -> Result<Self> {
        if self.call.actor().is_another_doctor(doctor) {
            return Err(Error::Forbidden(self.action));
        }
        Ok(self)
    }

    /// Makes the audit entry of the write, about the record that it made or changed.
    pub fn audit(self, record: impl Into<Record>, now: Timestamp) -> AuditEntry {
        self.call.take_decision();
        let record = record.into();
        let patient = self.patient.or(record.patient());
        let decision = Decision { action: self.action, record: Some(record), patient };
        self.call.entry(decision, Outcome::Done, now)
    }
}

/// The versions of a record that a caller is willing to change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Expected {
    /// Whichever is there.
    Any,
    /// One of these.
    OneOf(Vec<i64>),
}

impl Expected {
    /// Holds a record's version against what the caller expects.
    ///
    /// # Errors
    ///
    /// [`Error::Stale`] if it is another one.
    pub fn check(&self, concept: Concept, version: i64) -> Result<()> {
        match self {
            Self::OneOf(versions) if !versions.contains(&version) => Err(Error::Stale(concept)),
            Self::Any | Self::OneOf(_) => Ok(()),
        }
    }
}

/// A record that was written, just now or by an earlier request with the same key.
#[derive(Clone, PartialEq, Eq)]
pub struct Written<T> {
    /// The record.
    pub record: T,
    /// Whether an earlier request did the work.
    pub replayed: bool,
}

impl<T> Written<T> {
    /// The work was done just now.
    pub const fn new(record: T) -> Self {
        Self { record, replayed: false }
    }

    /// An earlier request has done the work.
    pub const fn replayed(record: T) -> Self {
        Self { record, replayed: true }
    }
}

#[cfg(test)]
mod tests {
    use medilink_domain::audit::Who;
    use medilink_domain::user::Role;

    use super::*;
    use crate::testing::{
        FakeClinic, NOW, Trail, a_caller, a_doctor, a_patient, a_stranger, an_origin, at,
    };

    /// Reads a patient's record without a store.
    async fn read_patient(clinic: FakeClinic, by: Caller) -> (Result<()>, Trail) {
        let subject = Subject::of(a_patient().id);
        clinic
            .perform(by, async |_, call| {
                call.may(Action::ReadPatient, Relations::NONE, subject).map(drop)
            })
            .await
    }

    #[tokio::test]
    async fn an_entry_says_who_asked_for_what_from_where_and_when() {
        let admin = a_caller(Role::Admin);
        let who = Who::from(&admin.actor);

        let (answer, trail) = read_patient(FakeClinic::default(), admin).await;

        let entry = &trail.recorded()[0];
        assert!(answer.is_ok());
        assert_eq!((entry.who, entry.origin), (Some(who), Some(an_origin())));
        assert_eq!((entry.action, entry.at), (Action::ReadPatient, at(NOW)));
        assert_eq!(entry.record, Some(a_patient().id.into()));
    }

    #[tokio::test]
    async fn what_cannot_be_recorded_is_neither_answered_nor_refused() {
        for caller in [a_caller(Role::Admin), a_stranger(Role::Pharmacy)] {
            let mut clinic = FakeClinic::default();
            clinic.cannot_record();

            let (answer, _) = read_patient(clinic, caller).await;

            assert!(matches!(answer, Err(Error::Store(_))));
        }
    }

    #[tokio::test]
    async fn a_write_that_fails_for_another_reason_than_the_caller_owes_nothing() {
        let subject = Subject::of(a_patient().id);

        let (answer, trail) = FakeClinic::default()
            .perform(a_caller(Role::Admin), async |_, call| {
                call.may(Action::BookAppointment, Relations::NONE, subject)?;
                Err::<(), _>(Error::Stale(Concept::Appointment))
            })
            .await;

        assert!(matches!(answer, Err(Error::Stale(_))));
        assert!(trail.recorded().is_empty());
    }

    #[test]
    fn doctors_act_in_their_own_name_and_others_in_any() {
        let id = AuditEntryId::new(Uuid::from_u128(7));
        let acts = |caller| {
            let call = Call::new(caller, id);
            let permit = call.may(Action::ListDoctors, Relations::NONE, Subject::NONE)?;
            permit.acting_for(a_doctor().id).map(drop)
        };

        assert!(acts(a_caller(Role::Doctor)).is_ok());
        assert!(acts(a_caller(Role::Coordinator)).is_ok());
        assert!(matches!(acts(a_stranger(Role::Doctor)), Err(Error::Forbidden(_))));
    }

    #[test]
    fn a_caller_who_names_versions_wants_no_other() {
        let named = Expected::OneOf(vec![2, 3]);

        assert!(named.check(Concept::User, 3).is_ok());
        assert!(matches!(named.check(Concept::User, 4), Err(Error::Stale(Concept::User))));
        assert!(Expected::Any.check(Concept::User, 4).is_ok());
    }
}
