//! A clinic with everybody in it, and what they try there: a valid request for each operation.

use std::cell::Cell;

use medilink_domain::policy::{Action, Relation, discloses_patient_data};
use medilink_domain::user::Role;
use medilink_tests::app::PASSWORD;
use medilink_tests::database::Raw;
use medilink_tests::person::{a_booking, an_assignment, text};
use medilink_tests::{Answer, Person, TestApp};
use reqwest::Method;
use serde_json::{Value, json};

/// Everything that asks for somebody signed in, but for what they do to their own sessions. A row
/// says what the policy table calls it, what its path names, and which body makes it valid. An
/// operation has several rows if it can be about different things, or if a filter asks for more.
pub(super) const OPERATIONS: &[Operation] = &[
    row("delete /api/v1/assignments/{id}", Action::EndAssignment, About::Assignment, no_body),
    row("delete /api/v1/auth/sessions/{id}", Action::EndSession, About::Session, no_body),
    row("delete /api/v1/doctors/{id}", Action::ArchiveDoctor, About::Entry, no_body),
    row("delete /api/v1/users/{id}/sessions", Action::EndSession, About::User, no_body),
    row(
        "delete /api/v1/patients/{id}",
        Action::ArchivePatient,
        About::PatientWithoutPlans,
        no_body,
    ),
    row("get /api/v1/appointments", Action::ListAppointments, About::Nothing, no_body),
    row("get /api/v1/appointments/statistics", Action::ListAppointments, About::Nothing, no_body),
    row("get /api/v1/appointments/today", Action::ListAppointments, About::Nothing, no_body),
    row("get /api/v1/appointments/upcoming", Action::ListAppointments, About::Nothing, no_body),
    row("get /api/v1/appointments/{id}", Action::ReadAppointment, About::Appointment, no_body),
    row(
        "get /api/v1/appointments/{id}/history",
        Action::ReadAppointment,
        About::Appointment,
        no_body,
    ),
    row("get /api/v1/assignments", Action::ListAssignments, About::Nothing, no_body),
    row("get /api/v1/assignments/{id}", Action::ReadAssignment, About::Assignment, no_body),
    row("get /api/v1/audit", Action::ReadAudit, About::Nothing, no_body),
    row("get /api/v1/auth/me", Action::ReadOwnAccount, About::Nothing, no_body),
    row("get /api/v1/doctors", Action::ListDoctors, About::Nothing, no_body),
    row("get /api/v1/doctors?archived=true", Action::RestoreDoctor, About::Nothing, no_body),
    row("get /api/v1/doctors/{id}", Action::ReadDoctor, About::Doctor, no_body),
    row("get /api/v1/doctors/{id}/availability", Action::ReadDoctor, About::Doctor, no_body),
    row("get /api/v1/patients", Action::ListPatients, About::Nothing, no_body),
    row(
        "get /api/v1/patients?archived=true",
        Action::ListArchivedPatients,
        About::Nothing,
        no_body,
    ),
    row("get /api/v1/patients/{id}", Action::ReadPatient, About::Patient, no_body),
    row("get /api/v1/patients/{id}/access-log", Action::ReadAccessLog, About::Patient, no_body),
    row("get /api/v1/patients/{id}/appointments", Action::ReadPatient, About::Patient, no_body),
    row("get /api/v1/patients/{id}/doctors", Action::ReadAssignment, About::Patient, no_body),
    row("get /api/v1/pharmacies", Action::ListPharmacies, About::Nothing, no_body),
    row("get /api/v1/pharmacies/{id}", Action::ReadPharmacy, About::Pharmacy, no_body),
    row("get /api/v1/statistics", Action::ReadStatistics, About::Nothing, no_body),
    row("get /api/v1/time-slots", Action::ListTimeSlots, About::Nothing, no_body),
    row("get /api/v1/time-slots/{id}", Action::ReadTimeSlot, About::TimeSlot, no_body),
    row("delete /api/v1/time-slots/{id}", Action::DeleteTimeSlot, About::TimeSlot, no_body),
    row(
        "patch /api/v1/time-slots/{id}",
        Action::BlockTimeSlot,
        About::TimeSlot,
        |_, _| json!({"blocked": true}),
    ),
    row("post /api/v1/time-slots", Action::PublishTimeSlot, About::Nothing, Cast::slot),
    row("post /api/v1/time-slots/bulk", Action::PublishTimeSlot, About::Nothing, Cast::schedule),
    row("get /api/v1/users", Action::ListUsers, About::Nothing, no_body),
    row("get /api/v1/users/{id}", Action::ReadUser, About::User, no_body),
    row("get /api/v1/users/{id}/sessions", Action::ListSessions, About::User, no_body),
    row(
        "patch /api/v1/appointments/{id}",
        Action::ChangeAppointment,
        About::Appointment,
        |_, _| json!({"notes": "Prefers a morning"}),
    ),
    row(
        "patch /api/v1/assignments/{id}",
        Action::ChangeAssignment,
        About::Assignment,
        |_, _| json!({"is_primary": true}),
    ),
    row("patch /api/v1/auth/me", Action::ChangeOwnAccount, About::Nothing, a_name),
    row("patch /api/v1/doctors/{id}", Action::ChangeDoctor, About::Doctor, a_name),
    row("patch /api/v1/doctors/{id}", Action::ChangeDoctor, About::Entry, a_name),
    row("patch /api/v1/patients/{id}", Action::ChangePatient, About::Patient, a_whole_name),
    row("patch /api/v1/pharmacies/{id}", Action::ChangePharmacy, About::Pharmacy, an_address),
    row("patch /api/v1/pharmacies/{id}", Action::ChangePharmacy, About::PharmacyEntry, an_address),
    row(
        "patch /api/v1/users/{id}",
        Action::ChangeUser,
        About::User,
        |_, _| json!({"role": "coordinator"}),
    ),
    row("post /api/v1/appointments", Action::BookAppointment, About::Nothing, Cast::booking),
    row("post /api/v1/appointments/check", Action::CheckAppointment, About::Nothing, Cast::booking),
    row(
        "post /api/v1/appointments/{id}/cancel",
        Action::CancelAppointment,
        About::Appointment,
        |_, _| json!({"reason": "Because"}),
    ),
    row(
        "post /api/v1/appointments/{id}/check-in",
        Action::CheckInAppointment,
        About::Appointment,
        no_body,
    ),
    row(
        "post /api/v1/appointments/{id}/complete",
        Action::CompleteAppointment,
        About::Appointment,
        no_body,
    ),
    row(
        "post /api/v1/appointments/{id}/confirm",
        Action::ConfirmAppointment,
        About::Appointment,
        no_body,
    ),
    row(
        "post /api/v1/appointments/{id}/no-show",
        Action::MarkNoShow,
        About::BegunAppointment,
        no_body,
    ),
    row(
        "post /api/v1/appointments/{id}/reschedule",
        Action::RescheduleAppointment,
        About::Appointment,
        |cast, _| json!({"starts_at": cast.next_hour("2030-03")}),
    ),
    row(
        "post /api/v1/appointments/{id}/start",
        Action::StartAppointment,
        About::Appointment,
        no_body,
    ),
    row("post /api/v1/assignments", Action::CreateAssignment, About::Nothing, Cast::assignment),
    row("post /api/v1/doctors", Action::CreateDoctor, About::Nothing, Cast::doctor_entry),
    row("post /api/v1/doctors/{id}/restore", Action::RestoreDoctor, About::ArchivedEntry, no_body),
    row("post /api/v1/doctors/{id}/verify", Action::VerifyDoctor, About::Entry, no_body),
    row("post /api/v1/patients", Action::CreatePatient, About::Nothing, a_whole_name),
    row(
        "post /api/v1/patients/{id}/restore",
        Action::RestorePatient,
        About::ArchivedPatient,
        no_body,
    ),
    row("post /api/v1/pharmacies", Action::CreatePharmacy, About::Nothing, Cast::pharmacy_entry),
    row(
        "post /api/v1/pharmacies/{id}/verify",
        Action::VerifyPharmacy,
        About::PharmacyEntry,
        no_body,
    ),
    row("post /api/v1/users", Action::CreateUser, About::Nothing, Cast::newcomer),
    row("post /api/v1/users/{id}/approve", Action::ApproveUser, About::User, no_body),
    row("post /api/v1/users/{id}/disable", Action::DisableUser, About::User, no_body),
    row("post /api/v1/users/{id}/enable", Action::EnableUser, About::DisabledUser, no_body),
    row("put /api/v1/auth/me", Action::ChangeOwnAccount, About::Nothing, a_name),
    row("put /api/v1/doctors/{id}", Action::ChangeDoctor, About::Doctor, Cast::doctor_entry),
    row("put /api/v1/doctors/{id}", Action::ChangeDoctor, About::Entry, Cast::doctor_entry),
    row("put /api/v1/patients/{id}", Action::ChangePatient, About::Patient, a_whole_name),
    row(
        "put /api/v1/pharmacies/{id}",
        Action::ChangePharmacy,
        About::Pharmacy,
        Cast::pharmacy_entry,
    ),
    row(
        "put /api/v1/pharmacies/{id}",
        Action::ChangePharmacy,
        About::PharmacyEntry,
        Cast::pharmacy_entry,
    ),
];

/// One row of [`OPERATIONS`].
pub(super) struct Operation {
    /// Its method and its path, with a query if it has one.
    pub(super) name: &'static str,
    /// What the policy table calls it.
    pub(super) action: Action,
    about: About,
    body: fn(&Cast, &str) -> Value,
}

/// What the id in a path names.
#[derive(Clone, Copy, PartialEq)]
enum About {
    Nothing,
    /// A new appointment of the patient.
    Appointment,
    /// One that has begun.
    BegunAppointment,
    /// A new assignment of the patient, to somebody new.
    Assignment,
    /// The profile of the doctor in care.
    Doctor,
    /// A doctor whom the creator has entered.
    Entry,
    /// One who was archived.
    ArchivedEntry,
    Patient,
    /// A patient of the same maker and in the same care, or the one whose own record it is. Nothing is
    /// still to take place.
    PatientWithoutPlans,
    /// A new patient, whose record went out of use.
    ArchivedPatient,
    /// The profile that the pharmacy signs in for.
    Pharmacy,
    /// A pharmacy that the administrator has entered.
    PharmacyEntry,
    /// A session of somebody else.
    Session,
    /// A new time slot of the doctor.
    TimeSlot,
    /// Somebody else, who waits for approval.
    User,
    /// Somebody else, who may do nothing.
    DisabledUser,
}

const fn row(
    name: &'static str,
    action: Action,
    about: About,
    body: fn(&Cast, &str) -> Value,
) -> Operation {
    Operation { name, action, about, body }
}

fn no_body(_: &Cast, _: &str) -> Value {
    Value::Null
}

fn a_name(_: &Cast, _: &str) -> Value {
    json!({"first_name": "Test"})
}

fn an_address(_: &Cast, _: &str) -> Value {
    json!({"address": "Main Street 1"})
}

fn a_whole_name(_: &Cast, _: &str) -> Value {
    json!({"first_name": "New", "last_name": "Patient"})
}

impl Operation {
    /// Returns its method and its path, with a query if it has one.
    fn parts(&self) -> (&'static str, &'static str) {
        self.name.split_once(' ').unwrap()
    }

    /// Returns its method and its path, as the document has them.
    pub(super) fn documented(&self) -> (&'static str, &'static str) {
        let (method, path) = self.parts();
        (method, path.split_once('?').map_or(path, |(path, _)| path))
    }
}

/// Somebody who tries, how they stand to what it is about, and which patient that is.
pub(super) struct Persona {
    pub(super) name: &'static str,
    pub(super) person: Person,
    pub(super) role: Role,
    pub(super) patient: String,
    /// How they stand to the patient, and to the patient's appointments.
    to_patient: &'static [Relation],
    /// What in the directory they stand to, and how.
    in_directory: &'static [(About, Relation)],
}

impl Persona {
    /// Returns every way in which they stand to what an operation is about.
    pub(super) fn relations(&self, operation: &Operation) -> Vec<Relation> {
        let mut relations = vec![Relation::Stranger];
        match operation.about {
            About::Doctor
            | About::Entry
            | About::ArchivedEntry
            | About::Pharmacy
            | About::PharmacyEntry => {
                let known = self.in_directory.iter().filter(|(about, _)| *about == operation.about);
                relations.extend(known.map(|(_, relation)| relation));
            }
            About::Nothing
            | About::Appointment
            | About::BegunAppointment
            | About::Assignment
            | About::Patient
            | About::PatientWithoutPlans
            | About::ArchivedPatient
            | About::Session
            | About::TimeSlot
            | About::User
            | About::DisabledUser => relations.extend(self.to_patient),
        }
        relations
    }
}

/// A clinic with everybody in it.
pub(super) struct Cast {
    pub(super) clinic: TestApp,
    pub(super) people: Vec<Persona>,
    pub(super) doctor: String,
    pharmacy: String,
    admin: Person,
    hour: Cell<u32>,
    raw: Raw,
}

/// A request that can be sent more than once.
pub(super) struct Request {
    method: Method,
    path: String,
    body: Option<Vec<u8>>,
}

impl Request {
    /// Makes a request.
    pub(super) fn new(method: &str, path: String, body: &Value) -> Self {
        let method = Method::from_bytes(method.to_uppercase().as_bytes()).unwrap();
        let body = (!body.is_null()).then(|| body.to_string().into_bytes());
        Self { method, path, body }
    }

    /// Makes a request that says one thing more, or something else of one thing.
    pub(super) fn claiming(&self, field: &str, value: &Value) -> Self {
        let body = self
            .body
            .as_deref()
            .map_or_else(|| json!({}), |body| serde_json::from_slice(body).unwrap());
        let Value::Object(mut body) = body else { panic!("a body is an object") };
        body.insert(field.to_owned(), value.clone());
        let body = Some(Value::Object(body).to_string().into_bytes());
        Self { method: self.method.clone(), path: self.path.clone(), body }
    }

    /// Returns its path.
    pub(super) fn path(&self) -> &str {
        &self.path
    }

    /// Sends it.
    pub(super) async fn send(&self, person: &Person, headers: &[(&str, &str)]) -> Answer {
        let mut all = vec![("content-type", "application/json")];
        all.extend_from_slice(headers);
        person.send(self.method.clone(), &self.path, &all, self.body.clone()).await
    }
}

impl Cast {
    /// Fills a new clinic.
    pub(super) async fn start() -> Self {
        Self::of(TestApp::start().await).await
    }

    /// Fills a clinic.
    pub(super) async fn of(clinic: TestApp) -> Self {
        let admin = clinic.an_admin().await;
        let (creator, coordinator) = (clinic.a_coordinator().await, clinic.a_coordinator().await);
        let (doctor, other_doctor) = (clinic.a_doctor().await, clinic.a_doctor().await);
        let (patient, other_patient) = (clinic.a_patient().await, clinic.a_patient().await);
        let pharmacy = clinic.a_pharmacy().await;
        let record = json!({"first_name": "Alan", "last_name": "Turing"});
        let record = text(&creator.post("/api/v1/patients", record).await.created()["id"]);
        let own = patient.patient_id();
        let pharmacy_id = text(&pharmacy.user["pharmacy_id"]);

        let doctor_id = doctor.doctor_id();
        let persona = |name, person, role, to_patient, patient: &str| Persona {
            name,
            person,
            role,
            patient: patient.to_owned(),
            to_patient,
            in_directory: &[],
        };
        let care: &[_] = &[Relation::Care, Relation::Own];
        let doctor = Persona {
            in_directory: &[(About::Doctor, Relation::Own)],
            ..persona("doctor in care", doctor, Role::Doctor, care, &record)
        };
        let creator = Persona {
            in_directory: &[(About::Entry, Relation::Creator)],
            ..persona("creator", creator, Role::Coordinator, &[Relation::Creator], &record)
        };
        let pharmacy = Persona {
            in_directory: &[(About::Pharmacy, Relation::Own)],
            ..persona("pharmacy", pharmacy, Role::Pharmacy, &[], &record)
        };
        let other_pharmacy = clinic.a_pharmacy().await;
        let people = vec![
            persona("admin", admin.clone(), Role::Admin, &[], &record),
            doctor,
            persona("other doctor", other_doctor, Role::Doctor, &[], &record),
            creator,
            persona("other coordinator", coordinator, Role::Coordinator, &[], &record),
            pharmacy,
            persona("other pharmacy", other_pharmacy, Role::Pharmacy, &[], &record),
            persona("patient", patient, Role::Patient, &[Relation::SelfRecord], &own),
            persona("other patient", other_patient, Role::Patient, &[], &own),
        ];
        let raw = clinic.database.raw().await;
        let (doctor, pharmacy) = (doctor_id, pharmacy_id);
        let cast = Self { clinic, people, doctor, pharmacy, admin, hour: Cell::new(0), raw };
        cast.appointment(&record).await;
        cast
    }

    /// Returns somebody by the name of their row.
    pub(super) fn persona(&self, name: &str) -> &Persona {
        self.people.iter().find(|persona| persona.name == name).unwrap()
    }

    /// Prepares a valid request for an operation, about a patient.
    pub(super) async fn request(&self, operation: &Operation, patient: &str) -> Request {
        let (method, path) = operation.parts();
        let id = match operation.about {
            About::Nothing => String::new(),
            About::Appointment => self.appointment(patient).await,
            About::BegunAppointment => self.booked(patient, "2020-02").await,
            About::Assignment => self.assigned(patient).await,
            About::Doctor => self.doctor.clone(),
            About::Entry => self.entry().await,
            About::ArchivedEntry => self.archived_entry().await,
            About::Patient => patient.to_owned(),
            About::PatientWithoutPlans => self.without_plans(patient).await,
            About::ArchivedPatient => {
                let id = self.record().await;
                let archived = self.admin.delete(&format!("/api/v1/patients/{id}")).await;
                let _ = archived.with_status(204);
                id
            }
            About::Pharmacy => self.pharmacy.clone(),
            About::PharmacyEntry => {
                let entry = self.pharmacy_entry("");
                text(&self.admin.post("/api/v1/pharmacies", entry).await.created()["id"])
            }
            About::Session => {
                let somebody = self.clinic.registered("pharmacy", json!({})).await;
                let sessions = somebody.get("/api/v1/auth/sessions").await.ok();
                text(&sessions["items"][0]["id"])
            }
            About::TimeSlot => {
                let slot = self.slot("");
                text(&self.admin.post("/api/v1/time-slots", slot).await.created()["id"])
            }
            About::User => self.clinic.registered("pharmacy", json!({})).await.user_id(),
            About::DisabledUser => {
                let id = self.clinic.registered("pharmacy", json!({})).await.user_id();
                let disable = format!("/api/v1/users/{id}/disable");
                self.admin.post(&disable, json!({})).await.ok();
                id
            }
        };
        Request::new(method, path.replace("{id}", &id), &(operation.body)(self, patient))
    }

    /// Has somebody try an operation about a patient, and looks at what that leaves on the audit
    /// trail: one entry for a write, for a patient's data that were shown, and for a refusal.
    pub(super) async fn tries(&self, person: &Person, operation: &Operation, patient: &str) -> u16 {
        let request = self.request(operation, patient).await;
        let leaves = operation.parts().0 != "get" || discloses_patient_data(operation.action);
        self.watched(person, &request, leaves, operation.name).await
    }

    /// Sends a request, and looks at what that leaves on the audit trail.
    pub(super) async fn watched(
        &self,
        person: &Person,
        request: &Request,
        leaves_an_entry: bool,
        name: &str,
    ) -> u16 {
        let before = self.entries().await;
        let status = request.send(person, &[]).await.status;
        let expected = match status {
            200..300 => leaves_an_entry,
            403 | 404 => true,
            _ => false,
        };
        let left = self.entries().await - before;
        assert_eq!(left, i64::from(expected), "entries after {name} with {status}");
        status
    }

    async fn entries(&self) -> i64 {
        self.raw.count("SELECT count(*) FROM audit_entries").await
    }

    /// Makes a record, as its creator.
    async fn record(&self) -> String {
        let creator = &self.persona("creator").person;
        let body = json!({"first_name": "Joan", "last_name": "Clarke"});
        text(&creator.post("/api/v1/patients", body).await.created()["id"])
    }

    /// Makes a record of the same maker and in the same care as a patient's, unless it is somebody's
    /// own: of those there is one.
    async fn without_plans(&self, patient: &str) -> String {
        if patient == self.persona("patient").patient {
            return patient.to_owned();
        }
        let id = self.record().await;
        let mut body = self.booking(&id);
        body["reason"] = json!("over soon");
        self.admin.post("/api/v1/appointments", body).await.created();
        let over = "UPDATE appointments SET status = 'completed' WHERE reason = 'over soon'";
        self.raw.execute(over).await.unwrap();
        id
    }

    /// Books the next free hour for a patient, as the administrator.
    pub(super) async fn appointment(&self, patient: &str) -> String {
        self.booked(patient, "2030-02").await
    }

    /// Books the next free hour of a month for a patient, as the administrator.
    async fn booked(&self, patient: &str, month: &str) -> String {
        let body = a_booking(&self.doctor, patient, &self.next_hour(month));
        text(&self.admin.post("/api/v1/appointments", body).await.created()["id"])
    }

    /// Books the next free five minutes of the day that it is for a patient, as the administrator.
    pub(super) async fn appointment_of_today(&self, patient: &str) -> String {
        let number = self.hour.get();
        self.hour.set(number + 1);
        let (hour, minute) = (13 + number / 12 % 10, 5 * (number % 12));
        let starts_at = format!("2030-01-06T{hour:02}:{minute:02}:00Z");
        let mut body = a_booking(&self.doctor, patient, &starts_at);
        body["duration_minutes"] = json!(5);
        text(&self.admin.post("/api/v1/appointments", body).await.created()["id"])
    }

    /// Enters a doctor, as the creator.
    async fn entry(&self) -> String {
        let entered = self.persona("creator").person.post("/api/v1/doctors", self.doctor_entry(""));
        text(&entered.await.created()["id"])
    }

    /// Enters a doctor, and archives the entry.
    pub(super) async fn archived_entry(&self) -> String {
        let id = self.entry().await;
        let _ = self.admin.delete(&format!("/api/v1/doctors/{id}")).await.with_status(204);
        id
    }

    /// Writes the body of a new doctor.
    fn doctor_entry(&self, _: &str) -> Value {
        let license_number = self.next_hour("DE");
        json!({"first_name": "New", "last_name": "Doctor", "license_number": license_number})
    }

    /// Writes the body of a new pharmacy.
    fn pharmacy_entry(&self, _: &str) -> Value {
        json!({"name": "New Pharmacy", "license_number": self.next_hour("DE")})
    }

    /// Assigns a new doctor to a patient, as the administrator. Nobody who was there before cares for
    /// the patient because of it.
    pub(super) async fn assigned(&self, patient: &str) -> String {
        let doctor = self.clinic.registered("doctor", json!({})).await.doctor_id();
        let body = an_assignment(&doctor, patient);
        text(&self.admin.post("/api/v1/assignments", body).await.created()["id"])
    }

    /// Writes the body of an assignment that has ended: there may be any number of them, and they are
    /// no care.
    pub(super) fn assignment(&self, patient: &str) -> Value {
        let mut body = an_assignment(&self.doctor, patient);
        body["is_primary"] = json!(true);
        body["is_active"] = json!(false);
        body
    }

    /// Writes the body of a new user.
    fn newcomer(&self, _: &str) -> Value {
        let number = self.hour.get();
        self.hour.set(number + 1);
        json!({"email": format!("user{number}@example.net"), "password": PASSWORD})
    }

    /// Writes the body of a booking of the next free hour.
    pub(super) fn booking(&self, patient: &str) -> Value {
        a_booking(&self.doctor, patient, &self.next_hour("2030-02"))
    }

    /// Writes the body of a time slot of the next free hour.
    fn slot(&self, _: &str) -> Value {
        let starts_at = self.next_hour("2030-04");
        let ends_at = starts_at.replace(":00:00Z", ":30:00Z");
        json!({"doctor_id": self.doctor, "starts_at": starts_at, "ends_at": ends_at})
    }

    /// Writes the body of a schedule of the next free hour.
    fn schedule(&self, _: &str) -> Value {
        let hour = self.next_hour("2030-05");
        let (day, time) = hour.split_once('T').unwrap();
        let (from, to) = (&time[..5], time[..5].replace(":00", ":30"));
        json!({
            "doctor_id": self.doctor, "from_date": day, "to_date": day,
            "start_time": from, "end_time": to, "slot_minutes": 15,
        })
    }

    /// Returns an hour of a month that nobody was told before.
    fn next_hour(&self, month: &str) -> String {
        let hour = self.hour.get();
        self.hour.set(hour + 1);
        format!("{month}-{:02}T{:02}:00:00Z", 1 + hour / 24, hour % 24)
    }
}
