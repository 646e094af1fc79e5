//! A clinic with everybody in it, and the requests that they try there.

use std::cell::Cell;

use medilink_domain::policy::{Relation, discloses_patient_data};
use medilink_domain::user::Role;
use medilink_tests::app::PASSWORD;
use medilink_tests::database::Raw;
use medilink_tests::person::{a_booking, an_assignment, text};
use medilink_tests::{Answer, Person, TestApp};
use reqwest::Method;
use serde_json::{Value, json};

use super::operation::{About, Operation};

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
    pub(super) fn doctor_entry(&self, _: &str) -> Value {
        let license_number = self.next_hour("DE");
        json!({"first_name": "New", "last_name": "Doctor", "license_number": license_number})
    }

    /// Writes the body of a new pharmacy.
    pub(super) fn pharmacy_entry(&self, _: &str) -> Value {
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
    pub(super) fn newcomer(&self, _: &str) -> Value {
        let number = self.hour.get();
        self.hour.set(number + 1);
        json!({"email": format!("user{number}@example.net"), "password": PASSWORD})
    }

    /// Writes the body of a booking of the next free hour.
    pub(super) fn booking(&self, patient: &str) -> Value {
        a_booking(&self.doctor, patient, &self.next_hour("2030-02"))
    }

    /// Writes the body of a time slot of the next free hour.
    pub(super) fn slot(&self, _: &str) -> Value {
        let starts_at = self.next_hour("2030-04");
        let ends_at = starts_at.replace(":00:00Z", ":30:00Z");
        json!({"doctor_id": self.doctor, "starts_at": starts_at, "ends_at": ends_at})
    }

    /// Writes the body of a schedule of the next free hour.
    pub(super) fn schedule(&self, _: &str) -> Value {
        let hour = self.next_hour("2030-05");
        let (day, time) = hour.split_once('T').unwrap();
        let (from, to) = (&time[..5], time[..5].replace(":00", ":30"));
        json!({
            "doctor_id": self.doctor, "from_date": day, "to_date": day,
            "start_time": from, "end_time": to, "slot_minutes": 15,
        })
    }

    /// Returns an hour of a month that nobody was told before.
    pub(super) fn next_hour(&self, month: &str) -> String {
        let hour = self.hour.get();
        self.hour.set(hour + 1);
        format!("{month}-{:02}T{:02}:00:00Z", 1 + hour / 24, hour % 24)
    }
}
