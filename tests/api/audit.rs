//! The audit trail as administrators read it, and who has opened one's own record.

use std::collections::BTreeSet;

use medilink_tests::person::{a_booking, text};
use medilink_tests::{Person, TestApp};
use serde_json::{Value, json};

/// A clinic in which something has happened: a patient, who was read by a doctor in care.
struct Busy {
    clinic: TestApp,
    admin: Person,
    doctor: Person,
    patient: Person,
    appointment: String,
}

async fn a_busy_clinic() -> Busy {
    let clinic = TestApp::start().await;
    let admin = clinic.an_admin().await;
    let doctor = clinic.a_doctor_with(json!({"first_name": "Emily", "last_name": "Chen"})).await;
    let patient = clinic.a_patient().await;
    let booking = a_booking(&doctor.doctor_id(), &patient.patient_id(), "2030-01-07T09:00:00Z");
    let booked = patient.post("/api/v1/appointments", booking).await.created();
    let busy = Busy { clinic, admin, doctor, patient, appointment: text(&booked["id"]) };
    busy.doctor.get(&busy.record()).await.ok();
    busy
}

impl Busy {
    fn record(&self) -> String {
        format!("/api/v1/patients/{}", self.patient.patient_id())
    }

    /// Returns the entries of all pages of the trail.
    async fn entries(&self, filter: &str) -> Vec<Value> {
        items(&self.admin, &format!("/api/v1/audit?{filter}")).await
    }

    async fn access_log(&self, reader: &Person) -> Vec<Value> {
        items(reader, &format!("{}/access-log?", self.record())).await
    }
}

/// Returns the items of all pages of a list.
async fn items(reader: &Person, list: &str) -> Vec<Value> {
    let mut items = Vec::new();
    let mut cursor = String::new();
    loop {
        let page = reader.get(&format!("{list}&limit=7{cursor}")).await.ok();
        items.extend(page["items"].as_array().unwrap().iter().cloned());
        let Some(next) = page["next"].as_str() else { return items };
        cursor = format!("&cursor={next}");
    }
}

fn actions(entries: &[Value]) -> Vec<String> {
    entries.iter().map(|entry| text(&entry["action"])).collect()
}

#[actix_web::test]
async fn an_administrator_finds_who_did_what_by_whatever_they_know_of_it() {
    let busy = a_busy_clinic().await;
    let (doctor, patient) = (busy.doctor.user_id(), busy.patient.patient_id());
    let _ = busy.clinic.a_patient().await.get(&busy.record()).await.with_status(404);
    busy.clinic.clock.advance(24 * 60);
    let busy = Busy { admin: busy.clinic.an_admin().await, ..busy };

    let of_doctor = busy.entries(&format!("user_id={doctor}")).await;
    assert_eq!(actions(&of_doctor), ["read_patient", "register"]);
    let read = &of_doctor[0];
    assert_eq!(read["username"], busy.doctor.user["username"]);
    assert_eq!((&read["role"], &read["outcome"]), (&json!("doctor"), &json!("done")));
    assert_eq!((&read["concept"], &read["record_id"]), (&json!("patient"), &json!(patient)));
    assert_eq!((&read["patient_id"], &read["count"]), (&json!(patient), &json!(1)));
    assert_eq!(
        (&read["at"], &read["address"]),
        (&json!("2030-01-06T12:00:00Z"), &json!("127.0.0.1"))
    );
    assert!(read["session_id"].is_string() && read["request_id"].is_string());

    let of_patient = busy.entries(&format!("patient_id={patient}&to=2030-01-06")).await;
    let expected = ["read_patient", "read_patient", "book_appointment", "register"];
    assert_eq!(actions(&of_patient), expected, "the newest first");
    let about = format!("concept=patient&record_id={patient}&action=read_patient");
    assert_eq!(busy.entries(&about).await.len(), 2);
    let about = format!("concept=appointment&record_id={}", busy.appointment);
    assert_eq!(actions(&busy.entries(&about).await), ["book_appointment"]);
    let denied = busy.entries("outcome=denied").await;
    assert_eq!(actions(&denied), ["read_patient"]);
    let denied = busy.entries("outcome=denied&action=read_patient").await;
    assert_eq!(denied.len(), 1);
    // A day later nobody has done anything but the administrator, who looks.
    let today: BTreeSet<_> = actions(&busy.entries("from=2030-01-07").await).into_iter().collect();
    assert_eq!(today, ["read_audit", "sign_in"].map(str::to_owned).into());
    assert_eq!(busy.entries("from=2030-01-08T00:00:00Z").await.len(), 0);
}

#[actix_web::test]
async fn pages_of_the_trail_show_every_entry_once() {
    let busy = a_busy_clinic().await;
    let raw = busy.clinic.database.raw().await;
    let there = raw.count("SELECT count(*) FROM audit_entries").await;

    // Each page that is looked at adds one at the beginning, which is behind whoever reads on.
    let shown = busy.entries("").await;

    let ids: BTreeSet<_> = shown.iter().map(|entry| text(&entry["id"])).collect();
    assert_eq!(ids.len(), shown.len());
    assert_eq!(i64::try_from(shown.len()).unwrap(), there);
    let total = busy.admin.get("/api/v1/audit?count=true&outcome=done").await.ok();
    assert!(there < total["total"].as_i64().unwrap());
}

#[actix_web::test]
async fn wrong_filters_of_the_trail_are_named_all_at_once() {
    let busy = a_busy_clinic().await;

    let all =
        "user_id=1&patient_id=x&action=read&outcome=ok&concept=thing&record_id=7&from=x&to=y&z=1";
    let refused = busy.admin.get(&format!("/api/v1/audit?{all}")).await;
    let expected =
        ["action", "concept", "from", "outcome", "patient_id", "record_id", "to", "user_id", "z"];
    assert_eq!(refused.wrong_fields(), expected);
    let id = busy.appointment.as_str();
    for (half, other) in
        [("concept=appointment".to_owned(), "record_id"), (format!("record_id={id}"), "concept")]
    {
        assert_eq!(busy.admin.get(&format!("/api/v1/audit?{half}")).await.wrong_fields(), [other]);
    }
}

#[actix_web::test]
async fn patients_see_who_has_opened_their_record_and_that_they_have_looked() {
    let busy = a_busy_clinic().await;
    let _ = busy.clinic.a_patient().await.get(&busy.record()).await.with_status(404);
    busy.admin.get(&busy.record()).await.ok();

    let seen = busy.access_log(&busy.patient).await;

    assert_eq!(actions(&seen), ["read_patient", "read_patient", "book_appointment", "register"]);
    let shown = |number: usize| {
        let entry = &seen[number];
        json!([entry["role"], entry["is_own"], entry["name"], entry["doctor_id"]])
    };
    assert_eq!(shown(0), json!(["admin", false, null, null]));
    assert_eq!(shown(1), json!(["doctor", false, "Dr. Emily Chen", busy.doctor.doctor_id()]));
    assert_eq!(shown(2), json!(["patient", true, null, null]));
    assert!(seen.iter().all(|entry| entry["user_id"].is_null() && entry["address"].is_null()));
    let again = busy.access_log(&busy.patient).await;
    assert_eq!(actions(&again)[0], "read_access_log");
    assert_eq!((again.len(), &again[0]["is_own"]), (5, &json!(true)));
    assert_eq!(busy.access_log(&busy.admin).await.len(), 6);
}

/// Waits until refusals of somebody unknown are on the trail, and returns what is counted there.
async fn counted(busy: &Busy) -> Vec<Value> {
    loop {
        let entries = busy.entries("action=authenticate&outcome=failed").await;
        if !entries.is_empty() {
            return entries;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
}

#[actix_web::test]
async fn refusals_of_somebody_unknown_are_counted_for_each_address_and_minute() {
    let busy = a_busy_clinic().await;
    let nobody = busy.clinic.unknown();
    let raw = busy.clinic.database.raw().await;
    let before = raw.count("SELECT count(*) FROM audit_entries").await;

    for path in ["/api/v1/auth/me", "/api/v1/audit", "/api/v1/patients/not-even-an-id"] {
        let _ = nobody.get(path).await.problem(401, "authentication-required");
        let forged = nobody.with_token("eyJhbGciOiJub25lIn0.e30.");
        let _ = forged.get(path).await.problem(401, "authentication-required");
    }
    let _ = nobody.post("/api/v1/auth/logout", json!({})).await.with_status(401);
    for path in ["/api/v1/auth/logout", "/api/v1/auth/refresh"] {
        let _ = nobody
            .post(path, json!({"refresh": "none"}))
            .await
            .problem(401, "refresh-token-refused");
    }
    // Nothing is written while the minute lasts.
    assert_eq!(raw.count("SELECT count(*) FROM audit_entries").await, before);
    busy.clinic.clock.advance(1);

    let counted = counted(&busy).await;

    assert_eq!(counted.len(), 1);
    let entry = &counted[0];
    assert_eq!((&entry["count"], &entry["at"]), (&json!(9), &json!("2030-01-06T12:00:00Z")));
    assert_eq!((&entry["address"], &entry["user_id"]), (&json!("127.0.0.1"), &Value::Null));
}

#[actix_web::test]
async fn whoever_signs_out_with_a_refresh_token_alone_is_not_refused() {
    let busy = a_busy_clinic().await;
    let nobody = busy.clinic.unknown();
    let body = json!({"username": "admin", "password": medilink_tests::app::PASSWORD});
    let session = nobody.post("/api/v1/auth/login", body).await.ok();
    let refresh = json!({"refresh": session["tokens"]["refresh"]});

    let _ = nobody.post("/api/v1/auth/logout", refresh.clone()).await.with_status(204);
    let _ = nobody.post("/api/v1/auth/logout", refresh).await.with_status(401);
    busy.clinic.clock.advance(1);

    assert_eq!(counted(&busy).await[0]["count"], 1);
}
