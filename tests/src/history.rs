//! A history of what clients asked for and were told, held against what a database has kept.
//!
//! Clients of several servers note in one [`Journal`] when they ask and when they are answered. An
//! operation took effect at some moment between the two. Where no answer came, it may have taken
//! effect at any moment since, or never. [`violations`] says what no such moments can explain. Nothing
//! here uses a rule of the program: what checks it must not share its mistakes.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use uuid::Uuid;

/// A moment: a number that grows with everything that any client notes.
pub type Moment = u64;

/// Which operation: its place in the journal. Clients send it along, and the database keeps it.
pub type Label = usize;

/// A stretch of time in seconds since 1970, without its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// Its first second.
    pub from: i64,
    /// The first second behind it.
    pub until: i64,
}

/// Somebody who can be at one place at a time only.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Party {
    /// The doctor of an appointment.
    Doctor,
    /// The patient of one.
    Patient,
}

/// What a client asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wish {
    /// A new appointment.
    Book {
        /// Of this doctor.
        doctor: Uuid,
        /// Of this patient.
        patient: Uuid,
        /// At this time.
        span: Span,
    },
    /// Another time for an appointment.
    Move {
        /// This one.
        appointment: Uuid,
        /// The other time.
        span: Span,
    },
    /// The end of an appointment.
    Cancel {
        /// This one.
        appointment: Uuid,
    },
}

/// What a client was told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// That it is done, to this appointment.
    Done(Uuid),
    /// That somebody has another appointment then.
    Busy(Party),
    /// That the appointment is over already.
    Over,
    /// Nothing, and the server has died meanwhile: it may be done, and will not be any more.
    Died,
}

/// What a client asked for, and what it was told.
#[derive(Debug, Clone, Copy)]
pub struct Operation {
    /// What was asked for.
    pub wish: Wish,
    /// When.
    pub began: Moment,
    /// When an answer came, and which. Nothing if the client did not wait for it, or was told that
    /// nobody knows.
    pub end: Option<(Moment, Outcome)>,
}

/// What clients note.
#[derive(Default)]
pub struct Journal {
    moment: AtomicU64,
    operations: Mutex<Vec<Operation>>,
}

impl Journal {
    /// Notes that a client asks for something, and returns the label to send along.
    pub fn begin(&self, wish: Wish) -> Label {
        let mut operations = self.operations.lock().unwrap_or_else(PoisonError::into_inner);
        operations.push(Operation { wish, began: self.now(), end: None });
        operations.len() - 1
    }

    /// Notes what the client is told.
    pub fn end(&self, label: Label, outcome: Outcome) {
        let mut operations = self.operations.lock().unwrap_or_else(PoisonError::into_inner);
        operations[label].end = Some((self.now(), outcome));
    }

    /// Returns what was noted.
    pub fn close(self) -> Vec<Operation> {
        self.operations.into_inner().unwrap_or_else(PoisonError::into_inner)
    }

    fn now(&self) -> Moment {
        self.moment.fetch_add(1, Ordering::SeqCst)
    }
}

/// What a change did to an appointment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Deed {
    /// Made it.
    Book,
    /// Gave it another time.
    Move,
    /// Ended it.
    Cancel,
}

/// A line of the history of an appointment, as the database has kept it.
#[derive(Debug, Clone)]
pub struct KeptChange {
    /// What was done.
    pub deed: Deed,
    /// The time of the appointment from then on.
    pub span: Span,
    /// Whose doing it was. A booking has its label with the appointment.
    pub label: Option<Label>,
}

/// An appointment, as the database has kept it.
#[derive(Debug, Clone)]
pub struct KeptAppointment {
    /// Its id.
    pub id: Uuid,
    /// Its doctor.
    pub doctor: Uuid,
    /// Its patient.
    pub patient: Uuid,
    /// Its time.
    pub span: Span,
    /// Whether it takes time.
    pub is_active: bool,
    /// Which booking made it.
    pub label: Option<Label>,
    /// Its history, the booking first.
    pub changes: Vec<KeptChange>,
}

/// What the database has kept.
#[derive(Debug, Clone, Default)]
pub struct Kept {
    /// All appointments.
    pub appointments: Vec<KeptAppointment>,
    /// What the audit trail says was done, and to which appointment.
    pub entries: Vec<(Deed, Uuid)>,
}

/// What cannot be, of a history and of what was kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Violation {
    /// Two active appointments of one doctor or one patient overlap.
    Overlap(Uuid, Uuid),
    /// They did for a while, whenever exactly each operation took effect.
    OverlapMeanwhile(Uuid, Uuid),
    /// What was acknowledged is not there, or is not what was asked for.
    Lost(Label),
    /// What was refused is there.
    DoneThoughRefused(Label),
    /// What was refused could be done, at every moment between question and answer.
    Groundless(Label),
    /// The first was acknowledged before the second was asked for, and took effect after it.
    OutOfOrder(Label, Label),
    /// Parts of an operation are there, and others are not.
    Torn(Uuid),
    /// An operation is there twice, or nobody asked for it.
    NotAskedFor(Uuid),
}

impl Span {
    const fn overlaps(self, other: Self) -> bool {
        self.from < other.until && other.from < self.until
    }
}

impl Operation {
    fn began_after(&self, other: &Self) -> bool {
        other.end.is_some_and(|(ended, outcome)| {
            matches!(outcome, Outcome::Done(_)) && ended < self.began
        })
    }

    /// Returns the moment after which it can no longer take effect.
    fn latest(&self) -> Moment {
        self.end.map_or(Moment::MAX, |(ended, _)| ended)
    }

    /// Tells whether nobody knows what became of it.
    const fn is_in_doubt(&self) -> bool {
        matches!(self.end, None | Some((_, Outcome::Died)))
    }
}

/// Returns everything that the moments of the operations cannot explain.
pub fn violations(operations: &[Operation], kept: &Kept) -> Vec<Violation> {
    let found = Finding { operations, kept, places: places(kept) };
    let mut violations = found.overlaps();
    violations.extend(found.unexpected());
    violations.extend(found.torn());
    violations.extend(found.out_of_order());
    violations.extend(found.groundless());
    violations
}

/// Where in what was kept an operation is: the appointment and the line of its history.
type Place = (usize, usize);

struct Finding<'a> {
    operations: &'a [Operation],
    kept: &'a Kept,
    places: HashMap<Label, Vec<Place>>,
}

/// A time that an appointment had for a while. Between `from` and `until` it may have had it; since
/// `certain_from` and up to `certain_until` it had.
struct Tenure<'a> {
    appointment: &'a KeptAppointment,
    span: Span,
    from: Moment,
    until: Moment,
    certain_from: Moment,
    certain_until: Moment,
}

fn places(kept: &Kept) -> HashMap<Label, Vec<Place>> {
    let mut places: HashMap<Label, Vec<Place>> = HashMap::new();
    for (number, appointment) in kept.appointments.iter().enumerate() {
        for (line, change) in appointment.changes.iter().enumerate() {
            if let Some(label) = change.label_in(appointment) {
                places.entry(label).or_default().push((number, line));
            }
        }
    }
    places
}

impl KeptChange {
    fn label_in(&self, appointment: &KeptAppointment) -> Option<Label> {
        if self.deed == Deed::Book { appointment.label } else { self.label }
    }
}

impl KeptAppointment {
    fn shares_a_party_with(&self, other: &Self) -> bool {
        self.doctor == other.doctor || self.patient == other.patient
    }

    fn has(&self, party: Party, id: Uuid) -> bool {
        match party {
            Party::Doctor => self.doctor == id,
            Party::Patient => self.patient == id,
        }
    }
}

impl<'a> Finding<'a> {
    fn overlaps(&self) -> Vec<Violation> {
        let mut found = Vec::new();
        let active: Vec<_> = self.kept.appointments.iter().filter(|it| it.is_active).collect();
        for (number, one) in active.iter().enumerate() {
            for other in &active[number + 1..] {
                if one.shares_a_party_with(other) && one.span.overlaps(other.span) {
                    found.push(Violation::Overlap(one.id, other.id));
                }
            }
        }
        let tenures = self.tenures();
        for (number, one) in tenures.iter().enumerate() {
            for other in &tenures[number + 1..] {
                let (one_id, other_id) = (one.appointment.id, other.appointment.id);
                if one_id != other_id
                    && one.appointment.shares_a_party_with(other.appointment)
                    && one.span.overlaps(other.span)
                    && one.certain_from.max(other.certain_from)
                        < one.certain_until.min(other.certain_until)
                    && !found.contains(&Violation::Overlap(one_id, other_id))
                {
                    found.push(Violation::OverlapMeanwhile(one_id, other_id));
                }
            }
        }
        found
    }

    /// Finds what was acknowledged and is not there, and what was refused and is.
    fn unexpected(&self) -> Vec<Violation> {
        let mut found = Vec::new();
        for (label, operation) in self.operations.iter().enumerate() {
            let is_there = self.places.contains_key(&label);
            match operation.end {
                Some((_, Outcome::Done(id))) if !self.is_as_asked_for(label, id) => {
                    found.push(Violation::Lost(label));
                }
                Some((_, Outcome::Busy(_) | Outcome::Over)) if is_there => {
                    found.push(Violation::DoneThoughRefused(label));
                }
                None | Some(_) => {}
            }
        }
        found
    }

    fn is_as_asked_for(&self, label: Label, id: Uuid) -> bool {
        let Some((number, line)) = self.places.get(&label).and_then(|places| places.first()) else {
            return false;
        };
        let appointment = &self.kept.appointments[*number];
        let change = &appointment.changes[*line];
        appointment.id == id
            && match self.operations[label].wish {
                Wish::Book { doctor, patient, span } => {
                    change.deed == Deed::Book
                        && (appointment.doctor, appointment.patient) == (doctor, patient)
                        && change.span == span
                }
                Wish::Move { appointment: named, span } => {
                    change.deed == Deed::Move && named == id && change.span == span
                }
                Wish::Cancel { appointment: named } => change.deed == Deed::Cancel && named == id,
            }
    }

    /// Finds appointments that do not fit their history or the audit trail.
    fn torn(&self) -> Vec<Violation> {
        let mut entries: HashMap<(Deed, Uuid), usize> = HashMap::new();
        for entry in &self.kept.entries {
            *entries.entry(*entry).or_default() += 1;
        }
        let mut found = Vec::new();
        for appointment in &self.kept.appointments {
            let changes = &appointment.changes;
            let count = |deed| changes.iter().filter(|change| change.deed == deed).count();
            let has_its_entries = [Deed::Book, Deed::Move, Deed::Cancel].into_iter().all(|deed| {
                entries.remove(&(deed, appointment.id)).unwrap_or_default() == count(deed)
            });
            let is_its_last_change = changes.last().is_some_and(|last| {
                last.span == appointment.span
                    && appointment.is_active == (last.deed != Deed::Cancel)
            });
            let begins_once = count(Deed::Book) == 1 && changes[0].deed == Deed::Book;
            if !has_its_entries || !is_its_last_change || !begins_once {
                found.push(Violation::Torn(appointment.id));
            }
            let is_asked_for = |change: &KeptChange| {
                change
                    .label_in(appointment)
                    .is_some_and(|it| it < self.operations.len() && self.places[&it].len() == 1)
            };
            if !changes.iter().all(is_asked_for) {
                found.push(Violation::NotAskedFor(appointment.id));
            }
        }
        // What is left is about appointments that are not there.
        found.extend(entries.into_keys().map(|(_, id)| Violation::Torn(id)));
        found
    }

    fn out_of_order(&self) -> Vec<Violation> {
        let mut found = Vec::new();
        for appointment in &self.kept.appointments {
            let labels: Vec<_> = appointment
                .changes
                .iter()
                .filter_map(|change| change.label_in(appointment))
                .filter(|label| *label < self.operations.len())
                .collect();
            for (line, earlier) in labels.iter().enumerate() {
                for later in &labels[line + 1..] {
                    if self.operations[*earlier].began_after(&self.operations[*later]) {
                        found.push(Violation::OutOfOrder(*later, *earlier));
                    }
                }
            }
        }
        found
    }

    fn groundless(&self) -> Vec<Violation> {
        let tenures = self.tenures();
        let has_no_ground = |(label, operation): (Label, &Operation)| {
            let (ended, outcome) = operation.end?;
            let is_grounded = match outcome {
                Outcome::Done(_) | Outcome::Died => true,
                Outcome::Busy(party) => self.was_busy(&tenures, operation, ended, party),
                Outcome::Over => self.was_over(label, operation, ended),
            };
            (!is_grounded).then_some(Violation::Groundless(label))
        };
        self.operations.iter().enumerate().filter_map(has_no_ground).collect()
    }

    /// Tells whether somebody may have had another appointment at the time that was asked for.
    fn was_busy(
        &self,
        tenures: &[Tenure<'_>],
        asked: &Operation,
        ended: Moment,
        party: Party,
    ) -> bool {
        let Some((own, doctor, patient, span)) = self.asked_for(asked.wish) else { return false };
        let id = match party {
            Party::Doctor => doctor,
            Party::Patient => patient,
        };
        let by_what_was_kept = tenures.iter().any(|it| {
            Some(it.appointment.id) != own
                && it.appointment.has(party, id)
                && it.span.overlaps(span)
                && it.from < ended
                && asked.began < it.until
        });
        // A write that came to nothing may have been in the way while nobody knew.
        let in_doubt = |(label, other): (Label, &Operation)| {
            other.is_in_doubt()
                && !self.places.contains_key(&label)
                && other.began < ended
                && asked.began < other.latest()
                && self.asked_for(other.wish).is_some_and(|(other_own, doctor, patient, other)| {
                    let other_id = match party {
                        Party::Doctor => doctor,
                        Party::Patient => patient,
                    };
                    (own.is_none() || own != other_own) && other_id == id && other.overlaps(span)
                })
        };
        by_what_was_kept || self.operations.iter().enumerate().any(in_doubt)
    }

    /// Tells whether the appointment may have been over when a change of it was asked for.
    fn was_over(&self, label: Label, asked: &Operation, ended: Moment) -> bool {
        let (Wish::Move { appointment, .. } | Wish::Cancel { appointment }) = asked.wish else {
            return false;
        };
        self.operations.iter().enumerate().any(|(other_label, other)| {
            let may_have_ended_it =
                other.is_in_doubt() || matches!(other.end, Some((_, Outcome::Done(_))));
            other_label != label
                && other.wish == Wish::Cancel { appointment }
                && may_have_ended_it
                && other.began < ended
                && (self.places.contains_key(&other_label) || asked.began < other.latest())
        })
    }

    /// Returns the appointment that is moved, if one is, the parties, and the time.
    fn asked_for(&self, wish: Wish) -> Option<(Option<Uuid>, Uuid, Uuid, Span)> {
        match wish {
            Wish::Book { doctor, patient, span } => Some((None, doctor, patient, span)),
            Wish::Move { appointment, span } => {
                let kept = self.kept.appointments.iter().find(|it| it.id == appointment)?;
                Some((Some(appointment), kept.doctor, kept.patient, span))
            }
            Wish::Cancel { .. } => None,
        }
    }

    fn tenures(&self) -> Vec<Tenure<'a>> {
        let mut tenures = Vec::new();
        for appointment in &self.kept.appointments {
            let operation = |change: &KeptChange| {
                change.label_in(appointment).and_then(|label| self.operations.get(label))
            };
            for (line, change) in appointment.changes.iter().enumerate() {
                let Some(made) = operation(change).filter(|_| change.deed != Deed::Cancel) else {
                    continue;
                };
                let ended = appointment.changes.get(line + 1).and_then(operation);
                tenures.push(Tenure {
                    appointment,
                    span: change.span,
                    from: made.began,
                    until: ended.map_or(Moment::MAX, Operation::latest),
                    certain_from: made.latest(),
                    certain_until: ended.map_or(Moment::MAX, |ended| ended.began),
                });
            }
        }
        tenures
    }
}
