//! What the program writes about people: neither its log nor its refusals say who they are, what ails
//! them, or how they sign in.

use medilink_tests::person::{a_booking, text};
use medilink_tests::{Answer, Person, Program, TestDatabase};
use reqwest::Method;
use serde_json::{Value, json};

/// Stands in whatever is said of a person.
const CANARY: &str = "canary";

/// What people send and are sent, and the answers that refused them.
struct Aviary {
    server: Program,
    secrets: Vec<String>,
    refusals: Vec<Answer>,
    requests: usize,
}

impl Aviary {
    /// Sends a request that has to be done.
    async fn sends(&mut self, person: &Person, path: &str, body: Value) -> Answer {
        self.requests += 1;
        let answer = person.post(path, body).await;
        assert!((200..300).contains(&answer.status), "{path}: {}", answer.text);
        let device = answer.header("set-cookie").split(['=', ';']).nth(1);
        self.secrets.extend(device.map(str::to_owned));
        for token in ["access", "refresh"] {
            self.secrets.extend(answer.body["tokens"][token].as_str().map(str::to_owned));
        }
        answer
    }

    /// Sends a request that has to be refused.
    async fn is_refused(
        &mut self,
        person: &Person,
        (method, path): (Method, &str),
        body: Option<Value>,
        (status, code): (u16, &str),
    ) {
        self.requests += 1;
        let headers = [("content-type", "application/json")];
        let body = body.map(|body| body.to_string().into_bytes());
        let answer = person.send(method, path, &headers, body).await;
        self.refusals.push(answer.problem(status, code));
    }

    /// Changes what has to be theirs to change.
    async fn changes(&mut self, person: &Person, path: &str, body: Value) -> Answer {
        self.requests += 1;
        person.patch(path, body).await.with_status(200)
    }

    async fn reads(&mut self, person: &Person, path: &str) -> Answer {
        self.requests += 1;
        person.get(path).await.with_status(200)
    }
}

#[actix_web::test]
async fn the_log_and_refusals_name_nobody() {
    let database = TestDatabase::empty(false);
    let log = database.folder().join("log");
    let mut command = Program::command(&database);
    command
        .args(["serve", "--bind", "127.0.0.1:0", "--log", "trace"])
        .stderr(std::fs::File::create(&log).unwrap());
    let server = Program::start(command);
    let (secrets, refusals) = (Vec::new(), Vec::new());
    let mut aviary = Aviary { server, secrets, refusals, requests: 0 };

    let patient = comes_and_goes(&mut aviary).await;
    is_treated(&mut aviary, &patient).await;
    is_reached_elsewhere(&mut aviary, &patient).await;
    is_misunderstood(&mut aviary, &patient).await;
    is_misunderstood_everywhere(&mut aviary, &patient).await;

    let log = std::fs::read_to_string(log).unwrap();
    let answered: Vec<_> = log.lines().filter(|line| line.contains("answered")).collect();
    assert_eq!(answered.len(), aviary.requests, "one line a request");
    let lines = log.lines().filter(|line| line.to_lowercase().contains(CANARY));
    assert_eq!(lines.collect::<Vec<_>>(), Vec::<&str>::new());
    assert!(8 < aviary.secrets.len());
    for secret in &aviary.secrets {
        assert!(20 < secret.len() && !log.contains(secret), "no token is ever logged");
    }
    for refusal in &aviary.refusals {
        let request = text(&refusal.body["request_id"]);
        let line = answered.iter().find(|line| line.contains(&request)).expect("its line");
        assert!(line.contains(&text(&refusal.body["code"])), "{line}");
        assert!(!refusal.text.to_lowercase().contains(CANARY), "{}", refusal.text);
        assert!(aviary.secrets.iter().all(|secret| !refusal.text.contains(secret)));
    }
}

/// Registers, logs in and out, goes on, and changes the password.
async fn comes_and_goes(aviary: &mut Aviary) -> Person {
    let nobody = aviary.server.unknown();
    let body = json!({
        "email": "canary-mail@example.org", "password": "canary-password", "role": "patient",
        "username": "canary-user", "first_name": "Canary-first", "last_name": "Canary-last",
        "phone": "canary-phone", "allergies": "canary-allergy", "address": "canary-address",
        "medical_history": "canary-history", "current_medications": "canary-pill",
        "emergency_contact_name": "canary-aunt", "emergency_contact_phone": "canary-112",
        "city": "canary-city", "state": "canary-state", "country": "canary-country",
    });
    let register = "/api/v1/auth/register";
    let login = "/api/v1/auth/login";
    aviary.sends(&nobody, register, body.clone()).await;
    let taken = (422, "invalid");
    aviary.is_refused(&nobody, (Method::POST, register), Some(body), taken).await;
    let with = |password: &str| json!({"username": "canary-user", "password": password});
    let wrong = Some(with("canary-wrong"));
    aviary.is_refused(&nobody, (Method::POST, login), wrong, (401, "wrong-credentials")).await;

    let signed_in = aviary.sends(&nobody, login, with("canary-password")).await;
    let access = text(&signed_in.body["tokens"]["access"]);
    let person = nobody.with_token(&access);
    let refresh = |token: &Value| json!({"refresh": token});
    let first = &signed_in.body["tokens"]["refresh"];
    let next = aviary.sends(&nobody, "/api/v1/auth/refresh", refresh(first)).await;
    let passwords =
        json!({"current_password": "canary-password", "new_password": "canary-changed"});
    aviary.sends(&person, "/api/v1/auth/password", passwords.clone()).await;
    let used = (422, "invalid");
    aviary
        .is_refused(&person, (Method::POST, "/api/v1/auth/password"), Some(passwords), used)
        .await;
    let last = &next.body["tokens"]["refresh"];
    aviary.sends(&person, "/api/v1/auth/logout", refresh(last)).await;
    let ended = (401, "authentication-required");
    aviary.is_refused(&person, (Method::GET, "/api/v1/auth/me"), None, ended).await;
    let over = (401, "refresh-token-refused");
    for path in ["/api/v1/auth/refresh", "/api/v1/auth/logout"] {
        let body = Some(refresh(last));
        aviary.is_refused(&nobody, (Method::POST, path), body, over).await;
    }

    let again = aviary.sends(&nobody, login, with("canary-changed")).await;
    let mut person = nobody.with_token(&text(&again.body["tokens"]["access"]));
    person.user = again.body["user"].clone();
    person
}

/// Books, cancels, and is read about.
async fn is_treated(aviary: &mut Aviary, patient: &Person) {
    let doctor = json!({
        "email": "canary-doctor@example.org", "password": "canary-password", "role": "doctor",
        "license_number": "canary-licence", "bio": "canary-bio", "city": "canary-city",
    });
    let nobody = aviary.server.unknown();
    let doctor = aviary.sends(&nobody, "/api/v1/auth/register", doctor).await;
    let doctor = text(&doctor.body["user"]["doctor_id"]);
    let mut booking = a_booking(&doctor, &patient.patient_id(), "2130-01-07T09:00:00Z");
    booking["reason"] = json!("canary-reason");
    booking["notes"] = json!("canary-notes");
    let appointments = "/api/v1/appointments";
    let booked = aviary.sends(patient, appointments, booking.clone()).await;
    let busy = (409, "doctor-double-booked");
    aviary.is_refused(patient, (Method::POST, appointments), Some(booking), busy).await;
    let path = format!("{appointments}/{}", text(&booked.body["id"]));
    let cancel = format!("{path}/cancel");
    aviary.sends(patient, &cancel, json!({"reason": "canary-well"})).await;
    let over = (409, "appointment-refused");
    let why = Some(json!({"reason": "canary-again"}));
    aviary.is_refused(patient, (Method::POST, &cancel), why, over).await;
    for path in [
        appointments.to_owned(),
        path,
        format!("/api/v1/patients/{}", patient.patient_id()),
        "/api/v1/auth/me".to_owned(),
        "/api/v1/doctors?search=canary-search&city=canary-city".to_owned(),
    ] {
        aviary.reads(patient, &path).await;
    }
}

/// Changes how they are reached, and may change nothing else.
async fn is_reached_elsewhere(aviary: &mut Aviary, patient: &Person) {
    let path = format!("/api/v1/patients/{}", patient.patient_id());
    let elsewhere = json!({"phone": "canary-112", "address": "canary-elsewhere"});
    let mut whole = aviary.changes(patient, &path, elsewhere).await.body;
    whole["allergies"] = json!("canary-nuts");
    let medicine = json!({"current_medications": "canary-pills"});
    let unborn = json!({"date_of_birth": "canary-day", "phone": "canary".repeat(9)});
    for (method, body, refused) in [
        (Method::PUT, whole, (403, "forbidden")),
        (Method::PATCH, medicine, (403, "forbidden")),
        (Method::PATCH, unborn.clone(), (422, "invalid")),
        (Method::PUT, unborn, (422, "invalid")),
    ] {
        aviary.is_refused(patient, (method, &path), Some(body), refused).await;
    }
    aviary.is_refused(patient, (Method::DELETE, &path), None, (403, "forbidden")).await;
}

/// Writes what nobody understands.
async fn is_misunderstood(aviary: &mut Aviary, patient: &Person) {
    let wrong = json!({
        "doctor_id": "canary-id", "starts_at": "canary-soon", "duration_minutes": "canary-long",
        "reason": "canary ".repeat(100), "notes": "canary\u{0}",
    });
    let book = (Method::POST, "/api/v1/appointments");
    aviary.is_refused(patient, book, Some(wrong), (422, "invalid")).await;
    let path = "/api/v1/canary-path?canary=canary-query";
    aviary.is_refused(patient, (Method::GET, path), None, (404, "not-found")).await;
    let path = "/api/v1/doctors?specialization=canary&verified=canary&cursor=canary";
    aviary.is_refused(patient, (Method::GET, path), None, (422, "invalid")).await;
    let forged = patient.with_token("canary.canary.canary");
    let unknown = (401, "authentication-required");
    aviary.is_refused(&forged, (Method::GET, "/api/v1/auth/me"), None, unknown).await;
}

/// Writes what nobody understands into every place that any operation of the document has: its path, its
/// query and its body.
async fn is_misunderstood_everywhere(aviary: &mut Aviary, patient: &Person) {
    let document = serde_json::to_value(medilink_http::openapi()).unwrap();
    let before = aviary.refusals.len();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let parameters = operation["parameters"].as_array().into_iter().flatten();
            let queried = parameters.filter(|it| it["in"] == "query");
            let query: Vec<_> =
                queried.map(|it| format!("{}=canary-query%00", text(&it["name"]))).collect();
            let body = nonsense(&document, operation);
            let has_a_place = path.contains('{') || !query.is_empty() || body.is_some();
            // Whoever is signed in is signed out, whatever they say beside it.
            if !has_a_place || path.ends_with("/logout") {
                continue;
            }
            let place =
                path.split('/').map(|part| if part.starts_with('{') { "canary-id" } else { part });
            let place = place.collect::<Vec<_>>().join("/");
            let place =
                if query.is_empty() { place } else { format!("{place}?{}", query.join("&")) };
            let method = Method::from_bytes(method.to_uppercase().as_bytes()).unwrap();
            let headers = [("content-type", "application/json")];
            let body = body.map(|body| body.to_string().into_bytes());
            aviary.requests += 1;
            let refused = patient.send(method, &place, &headers, body).await;
            assert!((400..500).contains(&refused.status), "{path}: {}", refused.text);
            aviary.refusals.push(refused);
        }
    }
    assert!(50 < aviary.refusals.len() - before);
}

/// Fills every field of a body, whatever its form, with what it cannot hold.
fn nonsense(document: &Value, operation: &Value) -> Option<Value> {
    let mut forms = vec![operation.pointer("/requestBody/content/application~1json/schema")?];
    let mut body = json!({});
    while let Some(form) = forms.pop() {
        if let Some(reference) = form["$ref"].as_str() {
            forms.push(document.pointer(&reference[1..]).unwrap());
        }
        for several in ["oneOf", "anyOf", "allOf"] {
            forms.extend(form[several].as_array().into_iter().flatten());
        }
        for name in form["properties"].as_object().into_iter().flat_map(|it| it.keys()) {
            body[name] = json!("canary-nonsense\u{0}");
        }
    }
    Some(body)
}
