//! Who may do what, over HTTP: every operation against everybody who might try.
//!
//! The expected answers come from the policy table. An operation that is missing here fails
//! a test; the list of what is open to everybody may only shrink.

use medilink_domain::policy::{Access, Action, Relation, open_to_pending, permits};
use medilink_domain::user::Role;
use medilink_tests::app::PASSWORD;
use medilink_tests::person::{a_booking, text};
use medilink_tests::{Person, TestApp};
use reqwest::Method;
use serde_json::{Value, json};

/// What is open to everybody.
const PUBLIC: &[&str] = &[
    "get /health/live",
    "get /health/ready",
    "get /problems/{code}",
    "post /api/v1/auth/login",
    "post /api/v1/auth/refresh",
    "post /api/v1/auth/register",
    "post /api/v1/auth/setup",
];

/// What everybody signed in may do to their own sessions and their own password. Each is tried in a
/// session of its own, for it may end that session and others.
const OWN_SESSIONS: &[&str] = &[
    "delete /api/v1/auth/sessions",
    "get /api/v1/auth/sessions",
    "post /api/v1/auth/logout",
    "post /api/v1/auth/password",
];

/// Everything else, with the action that the policy table knows it by.
const SIGNED_IN: &[(&str, Action)] = &[
    ("delete /api/v1/auth/sessions/{id}", Action::EndSession),
    ("delete /api/v1/users/{id}/sessions", Action::EndSession),
    ("get /api/v1/appointments", Action::ListAppointments),
    ("get /api/v1/appointments/{id}", Action::ReadAppointment),
    ("get /api/v1/auth/me", Action::ReadOwnAccount),
    ("get /api/v1/doctors", Action::ListDoctors),
    ("get /api/v1/doctors/{id}", Action::ReadDoctor),
    ("get /api/v1/patients/{id}", Action::ReadPatient),
    ("get /api/v1/users", Action::ListUsers),
    ("get /api/v1/users/{id}", Action::ReadUser),
    ("get /api/v1/users/{id}/sessions", Action::ListSessions),
    ("patch /api/v1/auth/me", Action::ChangeOwnAccount),
    ("patch /api/v1/users/{id}", Action::ChangeUser),
    ("post /api/v1/appointments", Action::BookAppointment),
    ("post /api/v1/appointments/{id}/cancel", Action::CancelAppointment),
    ("post /api/v1/patients", Action::CreatePatient),
    ("post /api/v1/users", Action::CreateUser),
    ("post /api/v1/users/{id}/approve", Action::ApproveUser),
    ("post /api/v1/users/{id}/disable", Action::DisableUser),
    ("post /api/v1/users/{id}/enable", Action::EnableUser),
    ("put /api/v1/auth/me", Action::ChangeOwnAccount),
];

/// Somebody who tries, how they stand to the patient whom it is about, and which patient that is.
struct Persona {
    name: &'static str,
    person: Person,
    role: Role,
    relations: &'static [Relation],
    patient: String,
}

/// A clinic with everybody in it.
struct Cast {
    clinic: TestApp,
    admin: Person,
    doctor: String,
    hour: std::cell::Cell<u32>,
}

impl Cast {
    /// Books the next free hour for a patient, as the administrator.
    async fn appointment(&self, patient: &str) -> String {
        let body = self.booking(patient);
        text(&self.admin.post("/api/v1/appointments", body).await.created()["id"])
    }

    fn booking(&self, patient: &str) -> Value {
        let hour = self.hour.get();
        self.hour.set(hour + 1);
        let starts_at = format!("2030-02-{:02}T{:02}:00:00Z", 1 + hour / 24, hour % 24);
        a_booking(&self.doctor, patient, &starts_at)
    }

    /// Sends a valid request for an operation, about a patient.
    async fn tries(&self, person: &Person, operation: &str, patient: &str) -> u16 {
        let (method, path) = operation.split_once(' ').unwrap();
        let mut body = None;
        let id = match operation {
            "get /api/v1/appointments/{id}" => self.appointment(patient).await,
            "post /api/v1/appointments/{id}/cancel" => {
                body = Some(json!({"reason": "Because"}));
                self.appointment(patient).await
            }
            "delete /api/v1/auth/sessions/{id}" => {
                let somebody = self.clinic.registered("pharmacy", json!({})).await;
                let sessions = somebody.get("/api/v1/auth/sessions").await.ok();
                text(&sessions["items"][0]["id"])
            }
            "delete /api/v1/users/{id}/sessions"
            | "get /api/v1/users/{id}/sessions"
            | "get /api/v1/users/{id}"
            | "post /api/v1/users/{id}/approve"
            | "post /api/v1/users/{id}/disable" => {
                self.clinic.registered("pharmacy", json!({})).await.user_id()
            }
            "get /api/v1/doctors/{id}" => self.doctor.clone(),
            "get /api/v1/patients/{id}" => patient.to_owned(),
            "post /api/v1/users/{id}/enable" => {
                let id = self.clinic.registered("pharmacy", json!({})).await.user_id();
                let disable = format!("/api/v1/users/{id}/disable");
                self.admin.post(&disable, json!({})).await.ok();
                id
            }
            "patch /api/v1/users/{id}" => {
                body = Some(json!({"role": "coordinator"}));
                self.clinic.registered("pharmacy", json!({})).await.user_id()
            }
            "post /api/v1/users" => {
                let email = format!("user{}@example.net", self.hour.get());
                self.hour.set(self.hour.get() + 1);
                body = Some(json!({"email": email, "password": PASSWORD}));
                String::new()
            }
            "patch /api/v1/auth/me" | "put /api/v1/auth/me" => {
                body = Some(json!({"first_name": "Test"}));
                String::new()
            }
            "post /api/v1/appointments" => {
                body = Some(self.booking(patient));
                String::new()
            }
            "post /api/v1/patients" => {
                body = Some(json!({"first_name": "New", "last_name": "Patient"}));
                String::new()
            }
            _ => String::new(),
        };
        let path = path.replace("{id}", &id);
        let method = Method::from_bytes(method.to_uppercase().as_bytes()).unwrap();
        let body = body.map(|body| body.to_string().into_bytes());
        let headers = [("content-type", "application/json")];
        person.send(method, &path, &headers, body).await.status
    }
}

async fn everybody() -> (Cast, Vec<Persona>) {
    let clinic = TestApp::start().await;
    let admin = clinic.an_admin().await;
    let (creator, coordinator) = (clinic.a_coordinator().await, clinic.a_coordinator().await);
    let (doctor, other_doctor) = (clinic.a_doctor().await, clinic.a_doctor().await);
    let (patient, other_patient) = (clinic.a_patient().await, clinic.a_patient().await);
    let pharmacy = clinic.a_pharmacy().await;
    let record = json!({"first_name": "Alan", "last_name": "Turing"});
    let record = text(&creator.post("/api/v1/patients", record).await.created()["id"]);
    let own = patient.patient_id();

    let cast = Cast { clinic, admin: admin.clone(), doctor: doctor.doctor_id(), hour: 0.into() };
    cast.appointment(&record).await;
    let persona = |name, person, role, relations, patient: &str| Persona {
        name,
        person,
        role,
        relations,
        patient: patient.to_owned(),
    };
    let people = vec![
        persona("admin", admin, Role::Admin, &[], &record),
        persona("doctor in care", doctor, Role::Doctor, &[Relation::Care, Relation::Own], &record),
        persona("other doctor", other_doctor, Role::Doctor, &[], &record),
        persona("creator", creator, Role::Coordinator, &[Relation::Creator], &record),
        persona("other coordinator", coordinator, Role::Coordinator, &[], &record),
        persona("pharmacy", pharmacy, Role::Pharmacy, &[], &record),
        persona("patient", patient, Role::Patient, &[Relation::SelfRecord], &own),
        persona("other patient", other_patient, Role::Patient, &[], &own),
    ];
    (cast, people)
}

#[actix_web::test]
async fn refusals_are_documented_where_the_policy_refuses() {
    let document = serde_json::to_value(medilink_http::openapi()).unwrap();

    for (name, action) in SIGNED_IN {
        let (method, path) = name.split_once(' ').unwrap();
        let refusals = &document["paths"][path][method]["responses"]["403"]["content"];
        let examples = &refusals["application/problem+json"]["examples"];
        let denies = Role::ALL.iter().any(|role| {
            Relation::ALL.iter().any(|relation| permits(*role, *action, *relation) == Access::Deny)
        });
        assert_eq!(!examples["forbidden"].is_null(), denies, "{name}");
        let may_wait = !open_to_pending(*action);
        assert_eq!(!examples["approval-pending"].is_null(), may_wait, "{name}");
    }
}

#[actix_web::test]
async fn every_operation_is_in_the_table() {
    let document = serde_json::to_value(medilink_http::openapi()).unwrap();
    let mut operations = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let name = format!("{method} {path}");
            let open = operation["security"] == json!([{}]) || operation["security"] == json!([]);
            assert_eq!(open, PUBLIC.contains(&name.as_str()), "{name}");
            operations.push(name);
        }
    }
    operations.sort_unstable();
    let signed_in = SIGNED_IN.iter().map(|(operation, _)| *operation);
    let mut table: Vec<_> = PUBLIC.iter().chain(OWN_SESSIONS).copied().chain(signed_in).collect();
    table.sort_unstable();
    assert_eq!(operations, table);
}

#[actix_web::test]
async fn everybody_gets_what_the_policy_says() {
    let (cast, people) = everybody().await;

    for (operation, action) in SIGNED_IN {
        for Persona { name, person, role, relations, patient } in &people {
            let access = relations
                .iter()
                .chain([&Relation::Stranger])
                .map(|relation| permits(*role, *action, *relation))
                .max()
                .unwrap();
            let status = cast.tries(person, operation, patient).await;

            let expected = match access {
                Access::Allow => (200..300).contains(&status),
                Access::Deny => status == 403,
                Access::Hide => status == 404,
            };
            assert!(expected, "{name}, {operation}: {access:?}, but {status}");
        }
    }
}

#[actix_web::test]
async fn nobody_gets_in_without_a_session_that_holds() {
    let (cast, people) = everybody().await;
    let patient = &people[0].patient;
    let nobody = cast.clinic.unknown();
    let forged = nobody.with_token("eyJhbGciOiJub25lIn0.e30.");
    let disabled = cast.clinic.a_doctor().await;
    let raw = cast.clinic.database.raw().await;
    let name = text(&disabled.user["username"]);
    let disable = format!("UPDATE users SET status = 'disabled' WHERE username = '{name}'");
    raw.execute(&disable).await.unwrap();

    for (operation, _) in SIGNED_IN {
        for person in [&nobody, &forged, &disabled] {
            assert_eq!(cast.tries(person, operation, patient).await, 401, "{operation}");
        }
    }
}

#[actix_web::test]
async fn everybody_signed_in_rules_over_their_own_sessions_and_nobody_else_does() {
    let clinic = TestApp::start().await;
    let body = |operation: &str| match operation {
        "post /api/v1/auth/password" => {
            json!({"current_password": PASSWORD, "new_password": "another good one"})
        }
        _ => json!({}),
    };

    for operation in OWN_SESSIONS {
        let (method, path) = operation.split_once(' ').unwrap();
        let method = Method::from_bytes(method.to_uppercase().as_bytes()).unwrap();
        let sent = || (method != Method::GET).then(|| body(operation).to_string().into_bytes());
        let headers = [("content-type", "application/json")];
        let nobody = clinic.unknown().send(method.clone(), path, &headers, sent()).await;
        assert_eq!(nobody.status, 401, "{operation}");
        for role in ["patient", "doctor", "pharmacy", "coordinator"] {
            // All but patients are pending.
            let person = clinic.registered(role, json!({})).await;
            let answer = person.send(method.clone(), path, &headers, sent()).await;
            assert!((200..300).contains(&answer.status), "{role}, {operation}: {}", answer.text);
        }
    }
}

#[actix_web::test]
async fn somebody_pending_does_only_what_is_open_to_them() {
    let (cast, people) = everybody().await;
    let patient = &people[0].patient;
    for role in ["doctor", "coordinator", "pharmacy"] {
        let pending = cast.clinic.registered(role, json!({})).await;
        for (operation, action) in SIGNED_IN {
            let status = cast.tries(&pending, operation, patient).await;
            let open = medilink_domain::policy::open_to_pending(*action);
            assert_eq!(status, if open { 200 } else { 403 }, "{role}, {operation}");
        }
    }
}

#[actix_web::test]
async fn a_body_cannot_claim_what_is_not_the_callers() {
    let (cast, people) = everybody().await;
    let creator = &people[3].person;
    let foreign = "0198c5a2-7b1e-7cc3-98c4-dc0c0c07398f";

    for field in ["id", "user_id", "created_by", "role", "status", "version", "retrospective"] {
        let mut body = json!({"first_name": "New", "last_name": "Patient"});
        body[field] = json!(foreign);
        let refused = creator.post("/api/v1/patients", body).await;
        assert_eq!(refused.wrong_fields(), [field]);
        let mut body = cast.booking(&people[3].patient);
        body[field] = json!(foreign);
        let refused = creator.post("/api/v1/appointments", body).await;
        assert_eq!(refused.wrong_fields(), [field]);
    }
}
