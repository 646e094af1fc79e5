//! A storm of bookings, moves and cancellations, with clients that leave and a server that dies.

use std::cell::{Cell, RefCell};
use std::fmt::Write;

use futures_util::future::{Either, join_all, select};
use medilink_tests::history::{
    Deed, Journal, Kept, KeptAppointment, KeptChange, Label, Operation, Outcome, Party, Span,
    Violation, Wish, violations,
};
use medilink_tests::{Answer, Person, Program, Tally, TestDatabase, on_both_databases};
use sea_orm::QueryResult;
use serde_json::json;
use tokio::sync::watch;
use uuid::Uuid;

use super::start::people;

on_both_databases! {
    a_storm_with_a_kill_in_the_middle_is_as_its_clients_were_told,
    without_the_guards_of_the_database_a_storm_is_seen_to_break_the_rules,
}

const CLIENTS: usize = 16;
const OPERATIONS: usize = 20;
const DOCTORS: usize = 3;
const PATIENTS: usize = 4;

async fn a_storm_with_a_kill_in_the_middle_is_as_its_clients_were_told(database: TestDatabase) {
    let (operations, kept) = storm(&database).await;

    let found = violations(&operations, &kept);
    assert!(found.is_empty(), "{found:?} {}", told(&operations, &kept));
    let were = |outcome: fn(Option<Outcome>) -> bool| {
        operations.iter().filter(|it| outcome(it.end.map(|(_, outcome)| outcome))).count()
    };
    // A storm that tries nothing shows nothing.
    assert!(0 < were(|outcome| matches!(outcome, Some(Outcome::Done(_)))));
    assert!(0 < were(|outcome| matches!(outcome, Some(Outcome::Busy(_)))));
    assert!(0 < were(|outcome| matches!(outcome, Some(Outcome::Died))));
    assert!(0 < were(|outcome| outcome.is_none()));
}

async fn without_the_guards_of_the_database_a_storm_is_seen_to_break_the_rules(
    database: TestDatabase,
) {
    let raw = database.raw().await;
    let drop_guards = if database.is_postgres() {
        "ALTER TABLE appointments DROP CONSTRAINT appointments_doctor_overlap;
        ALTER TABLE appointments DROP CONSTRAINT appointments_patient_overlap"
    } else {
        "DROP TRIGGER appointments_overlap_on_insert; DROP TRIGGER appointments_overlap_on_update"
    };
    raw.execute(drop_guards).await.unwrap();

    let (operations, kept) = storm(&database).await;

    let found = violations(&operations, &kept);
    let is_overlap = |it: &Violation| matches!(it, Violation::Overlap(..));
    assert!(found.iter().any(is_overlap), "{found:?} {}", told(&operations, &kept));
}

/// Lets many clients loose on two servers, one of which dies in the middle and comes back. Returns
/// what the clients noted, and what the database has kept in the end.
async fn storm(database: &TestDatabase) -> (Vec<Operation>, Kept) {
    let (mut one, mut other) = (Program::serve(database), Program::serve(database));
    let mut doctors = Vec::new();
    let mut patients = Vec::new();
    while patients.len() < PATIENTS {
        let (doctor, patient) = people(&one).await;
        doctors.push(doctor.parse().unwrap());
        patients.push(patient);
    }
    doctors.truncate(DOCTORS);

    let (journal, ended) = (Journal::default(), Tally::default());
    let (address, at) = watch::channel(other.base().to_owned());
    let booked: Vec<_> = patients.iter().map(|_| RefCell::default()).collect();
    let clients = (0..CLIENTS).map(|number| {
        // Every second client of each patient goes to the server that dies.
        let mortal = (number / PATIENTS % 2 == 1).then(|| at.clone());
        let base = if mortal.is_some() { other.base() } else { one.base() };
        Client {
            patient: patients[number % PATIENTS].at(base),
            booked: &booked[number % PATIENTS],
            doctors: &doctors,
            mortal,
            chance: Chance::new(number),
            journal: &journal,
            ended: &ended,
        }
    });
    let clients: Vec<_> = clients.map(Client::run).collect();
    let death = async {
        ended.reaches(CLIENTS * OPERATIONS / 3).await;
        other.kill();
        let start = Program::serving(database);
        let again = tokio::task::spawn_blocking(|| Program::start(start)).await.unwrap();
        address.send(again.base().to_owned()).unwrap();
        again
    };
    let (_, mut again) = tokio::join!(join_all(clients), death);

    // What clients did not wait for is done or given up then.
    assert_eq!((one.stop(), again.stop()), (Some(0), Some(0)));
    (journal.close(), kept(database).await)
}

/// Somebody who books, moves and cancels for a patient.
struct Client<'a> {
    patient: Person,
    /// The appointments of the patient that are known, by whichever client.
    booked: &'a RefCell<Vec<Uuid>>,
    doctors: &'a [Uuid],
    /// Where the server is that dies, if it is this one's.
    mortal: Option<watch::Receiver<String>>,
    chance: Chance,
    journal: &'a Journal,
    ended: &'a Tally,
}

impl Client<'_> {
    async fn run(mut self) {
        for _ in 0..OPERATIONS {
            let wish = self.wish();
            let label = self.journal.begin(wish);
            let path = path(wish);
            let asked = self.patient.try_post(&path, body(wish, label));
            // Some leave once others have been answered meanwhile.
            let patience = if self.chance.one_in(8) { self.chance.below(4) } else { usize::MAX };
            let gone = self.ended.reaches(self.ended.count().saturating_add(patience));
            let answer = match select(Box::pin(asked), Box::pin(gone)).await {
                Either::Left((answer, _)) => answer,
                Either::Right(_) => {
                    self.ended.add();
                    continue;
                }
            };
            let error = answer.as_ref().err().map(ToString::to_string);
            if let Some(outcome) = outcome(answer) {
                self.journal.end(label, outcome);
                match (outcome, wish) {
                    (Outcome::Done(id), Wish::Book { .. }) => self.booked.borrow_mut().push(id),
                    (Outcome::Done(id), Wish::Cancel { .. }) => {
                        self.booked.borrow_mut().retain(|it| *it != id);
                    }
                    _ => {}
                }
            }
            self.ended.add();
            if let Some(error) = error {
                let address = self.mortal.as_mut().unwrap_or_else(|| panic!("{error}"));
                address.changed().await.unwrap();
                self.patient = self.patient.at(&address.borrow_and_update().clone());
            }
        }
    }

    fn wish(&self) -> Wish {
        let booked = self.booked.borrow();
        // On one day, from eight to six, for 15 to 90 minutes.
        let from = 1_925_020_800 + 900 * i64::try_from(self.chance.below(40)).unwrap();
        let length = 900 * i64::try_from(1 + self.chance.below(6)).unwrap();
        let span = Span { from, until: from + length };
        let known = (!booked.is_empty()).then(|| booked[self.chance.below(booked.len())]);
        match (known, self.chance.below(4)) {
            (Some(appointment), 0) => Wish::Move { appointment, span },
            (Some(appointment), 1) => Wish::Cancel { appointment },
            _ => Wish::Book {
                doctor: self.doctors[self.chance.below(self.doctors.len())],
                patient: self.patient.patient_id().parse().unwrap(),
                span,
            },
        }
    }
}

fn path(wish: Wish) -> String {
    match wish {
        Wish::Book { .. } => "/api/v1/appointments".to_owned(),
        Wish::Move { appointment, .. } => format!("/api/v1/appointments/{appointment}/reschedule"),
        Wish::Cancel { appointment } => format!("/api/v1/appointments/{appointment}/cancel"),
    }
}

/// Writes what is sent, with the label as its reason.
fn body(wish: Wish, label: Label) -> serde_json::Value {
    let at = |second| {
        let at = chrono::DateTime::from_timestamp(second, 0).unwrap();
        at.format("%FT%TZ").to_string()
    };
    let reason = label.to_string();
    match wish {
        Wish::Book { doctor, patient, span } => json!({
            "doctor_id": doctor.to_string(), "patient_id": patient.to_string(), "reason": reason,
            "starts_at": at(span.from), "ends_at": at(span.until),
        }),
        Wish::Move { span, .. } => json!({
            "starts_at": at(span.from), "ends_at": at(span.until), "reason": reason,
        }),
        Wish::Cancel { .. } => json!({"reason": reason}),
    }
}

/// Reads what a client is told; nothing if the server says that it does not know.
fn outcome(answer: Result<Answer, reqwest::Error>) -> Option<Outcome> {
    let Ok(answer) = answer else { return Some(Outcome::Died) };
    let code = answer.body["code"].as_str().unwrap_or_default();
    match (answer.status, code) {
        (200 | 201, _) => {
            let id = answer.body["id"].as_str().and_then(|id| id.parse().ok());
            Some(Outcome::Done(id.unwrap()))
        }
        (409, "doctor-double-booked") => Some(Outcome::Busy(Party::Doctor)),
        (409, "patient-double-booked") => Some(Outcome::Busy(Party::Patient)),
        (409, "appointment-refused") => Some(Outcome::Over),
        (503, _) => None,
        _ => panic!("{} {}", answer.status, answer.text),
    }
}

/// Reads what the database has kept, with nothing of the program.
async fn kept(database: &TestDatabase) -> Kept {
    let raw = database.raw().await;
    let appointments = "SELECT id, doctor_id, patient_id, starts_at, ends_at, status, reason
        FROM appointments ORDER BY id";
    let mut kept = Kept::default();
    for row in raw.rows(appointments).await {
        let status: String = row.try_get("", "status").unwrap();
        kept.appointments.push(KeptAppointment {
            id: row.try_get("", "id").unwrap(),
            doctor: row.try_get("", "doctor_id").unwrap(),
            patient: row.try_get("", "patient_id").unwrap(),
            span: span(&row, ["starts_at", "ends_at"]),
            is_active: status == "scheduled",
            label: label(&row),
            changes: Vec::new(),
        });
    }
    let changes =
        "SELECT appointment_id, from_status, to_status, new_starts_at, new_ends_at, reason
        FROM appointment_changes ORDER BY appointment_id, version";
    for row in raw.rows(changes).await {
        let id: Uuid = row.try_get("", "appointment_id").unwrap();
        let from: Option<String> = row.try_get("", "from_status").unwrap();
        let to: String = row.try_get("", "to_status").unwrap();
        let deed = match (from, to.as_str()) {
            (None, _) => Deed::Book,
            (Some(_), "cancelled") => Deed::Cancel,
            (Some(_), _) => Deed::Move,
        };
        let change = KeptChange {
            deed,
            span: span(&row, ["new_starts_at", "new_ends_at"]),
            label: label(&row),
        };
        let appointment = kept.appointments.iter_mut().find(|it| it.id == id);
        appointment.unwrap().changes.push(change);
    }
    let entries = "SELECT action, record_id FROM audit_entries
        WHERE outcome = 'done' AND record_id IS NOT NULL";
    for row in raw.rows(entries).await {
        let action: String = row.try_get("", "action").unwrap();
        let deed = match action.as_str() {
            "book_appointment" => Deed::Book,
            "reschedule_appointment" => Deed::Move,
            "cancel_appointment" => Deed::Cancel,
            _ => continue,
        };
        kept.entries.push((deed, row.try_get("", "record_id").unwrap()));
    }
    kept
}

fn span(row: &QueryResult, [from, until]: [&str; 2]) -> Span {
    let second = |column| {
        let at: chrono::DateTime<chrono::Utc> = row.try_get("", column).unwrap();
        at.timestamp()
    };
    Span { from: second(from), until: second(until) }
}

fn label(row: &QueryResult) -> Option<Label> {
    let reason: Option<String> = row.try_get("", "reason").unwrap();
    reason.and_then(|reason| reason.parse().ok())
}

/// Writes down a storm, for whoever has to find out what went wrong in it.
fn told(operations: &[Operation], kept: &Kept) -> String {
    let mut page = "\n".to_owned();
    for (label, operation) in operations.iter().enumerate() {
        writeln!(page, "{label}: {operation:?}").unwrap();
    }
    for appointment in &kept.appointments {
        writeln!(page, "{appointment:?}").unwrap();
    }
    page
}

/// Numbers that look random, the same in every run.
struct Chance(Cell<u64>);

impl Chance {
    fn new(seed: usize) -> Self {
        Self(Cell::new(0x9e37_79b9_7f4a_7c15 ^ (seed as u64) << 32))
    }

    fn below(&self, end: usize) -> usize {
        let mut next = self.0.get();
        next ^= next << 13;
        next ^= next >> 7;
        next ^= next << 17;
        self.0.set(next);
        usize::try_from((next >> 33) % end as u64).unwrap()
    }

    fn one_in(&self, chances: usize) -> bool {
        self.below(chances) == 0
    }
}
