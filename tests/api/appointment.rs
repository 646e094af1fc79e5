//! Booking, reading, listing and cancelling appointments.

use medilink_tests::person::{a_booking, text};
use medilink_tests::{TestApp, TestDatabase, on_both_databases};
use serde_json::json;

const NINE: &str = "2030-01-07T09:00:00Z";

on_both_databases! {
    a_patient_books_reads_and_cancels,
    overlapping_times_are_refused_and_say_which_party_is_busy,
    a_request_that_is_sent_twice_is_done_once,
    a_change_of_a_stale_record_is_refused,
    pages_show_every_appointment_once,
    reads_and_refusals_are_on_the_audit_trail,
}

async fn a_patient_books_reads_and_cancels(database: TestDatabase) {
    let clinic = TestApp::on(database).await;
    let (doctor, patient) = (clinic.a_doctor().await, clinic.a_patient().await);

    let answer = patient.books(&doctor.doctor_id(), NINE).await;
    let location = answer.header("location").to_owned();
    assert_eq!(answer.header("etag"), "\"1\"");
    let booked = answer.created();

    assert_eq!(location, format!("/api/v1/appointments/{}", text(&booked["id"])));
    assert_eq!(booked["ends_at"], "2030-01-07T09:30:00Z");
    assert_eq!(booked["status"], "scheduled");
    assert_eq!(booked["doctor"]["id"], doctor.doctor_id());
    for reader in [&patient, &doctor] {
        assert_eq!(reader.get(&location).await.ok(), booked);
    }

    let cancel = format!("{location}/cancel");
    let cancelled = patient.post(&cancel, json!({"reason": "Well again"})).await;
    assert_eq!(cancelled.header("etag"), "\"2\"");
    assert_eq!(cancelled.ok()["status"], "cancelled");
    let again = patient.post(&cancel, json!({})).await;
    let again = again.problem(409, "appointment-refused");
    assert_eq!(again.body["detail"], "The appointment is cancelled and cannot be cancelled.");

    // Its time is free again.
    patient.books(&doctor.doctor_id(), NINE).await.created();
}

async fn overlapping_times_are_refused_and_say_which_party_is_busy(database: TestDatabase) {
    let clinic = TestApp::on(database).await;
    let (doctor, other_doctor) = (clinic.a_doctor().await, clinic.a_doctor().await);
    let (patient, other_patient) = (clinic.a_patient().await, clinic.a_patient().await);
    let (busy, free) = (doctor.doctor_id(), other_doctor.doctor_id());
    patient.books(&busy, NINE).await.created();

    let quarter = "2030-01-07T09:15:00Z";
    let _ = other_patient.books(&busy, quarter).await.problem(409, "doctor-double-booked");
    let _ = patient.books(&free, quarter).await.problem(409, "patient-double-booked");
    // When both are busy, it is the doctor who is named.
    let both = patient.books(&busy, quarter).await.problem(409, "doctor-double-booked");
    assert!(!both.text.contains(&patient.patient_id()));
    // Times that touch do not overlap.
    patient.books(&busy, "2030-01-07T09:30:00Z").await.created();
    patient.books(&busy, "2030-01-07T08:30:00Z").await.created();
}

async fn a_request_that_is_sent_twice_is_done_once(database: TestDatabase) {
    let clinic = TestApp::on(database).await;
    let (doctor, patient) = (clinic.a_doctor().await, clinic.a_patient().await);
    let body = a_booking(&doctor.doctor_id(), &patient.patient_id(), NINE);
    let key = [("idempotency-key", "a-morning-in-january")];

    let first = patient.post_with("/api/v1/appointments", &key, body.clone()).await;
    let second = patient.post_with("/api/v1/appointments", &key, body.clone()).await;

    assert_eq!(first.header("idempotency-replayed"), "");
    assert_eq!(second.header("idempotency-replayed"), "true");
    assert_eq!(first.header("location"), second.header("location"));
    assert_eq!(first.created(), second.created());

    let mut other = body;
    other["starts_at"] = json!("2030-01-07T11:00:00Z");
    let reused = patient.post_with("/api/v1/appointments", &key, other).await;
    let _ = reused.problem(422, "idempotency-key-reused");
    let blank = [("idempotency-key", "two words")];
    let wrong = patient.post_with("/api/v1/appointments", &blank, json!({})).await;
    assert_eq!(wrong.wrong_fields(), ["Idempotency-Key"]);
}

async fn a_change_of_a_stale_record_is_refused(database: TestDatabase) {
    let clinic = TestApp::on(database).await;
    let (doctor, patient) = (clinic.a_doctor().await, clinic.a_patient().await);
    let booked = patient.books(&doctor.doctor_id(), NINE).await.created();
    let path = format!("/api/v1/appointments/{}/cancel", text(&booked["id"]));

    for tag in ["\"7\"", "W/\"1\"", "\"x\""] {
        let stale = patient.post_with(&path, &[("if-match", tag)], json!({})).await;
        let _ = stale.problem(412, "stale");
    }
    let unquoted = patient.post_with(&path, &[("if-match", "1")], json!({})).await;
    let _ = unquoted.problem(400, "malformed");
    let comma = patient.post_with(&path, &[("if-match", "\"1,1\"")], json!({})).await;
    let _ = comma.problem(412, "stale");
    patient.post_with(&path, &[("if-match", "\"5\", , \"1\",")], json!({})).await.ok();
}

async fn pages_show_every_appointment_once(database: TestDatabase) {
    let clinic = TestApp::on(database).await;
    let (doctor, patient) = (clinic.a_doctor().await, clinic.a_patient().await);
    let mut booked = Vec::new();
    for hour in 8..15 {
        let starts_at = format!("2030-01-07T{hour:02}:00:00Z");
        let appointment = patient.books(&doctor.doctor_id(), &starts_at).await.created();
        booked.push(text(&appointment["id"]));
    }

    for sort in ["starts_at", "-starts_at"] {
        let mut shown = Vec::new();
        let mut cursor = String::new();
        loop {
            let path = format!("/api/v1/appointments?limit=3&sort={sort}&count=true{cursor}");
            let page = doctor.get(&path).await.ok();
            assert_eq!(page["total"], 7);
            shown.extend(page["items"].as_array().unwrap().iter().map(|item| text(&item["id"])));
            let Some(next) = page["next"].as_str() else { break };
            cursor = format!("&cursor={next}");
        }
        if sort == "-starts_at" {
            shown.reverse();
        }
        assert_eq!(shown, booked);
    }
}

async fn reads_and_refusals_are_on_the_audit_trail(database: TestDatabase) {
    let clinic = TestApp::on(database).await;
    let (doctor, patient) = (clinic.a_doctor().await, clinic.a_patient().await);
    let stranger = clinic.a_patient().await;
    let booked = patient.books(&doctor.doctor_id(), NINE).await.created();
    let path = format!("/api/v1/appointments/{}", text(&booked["id"]));

    doctor.get(&path).await.ok();
    let _ = stranger.get(&path).await.problem(404, "not-found");

    let raw = clinic.database.raw().await;
    let entries = raw.rows("SELECT action, outcome FROM audit_entries ORDER BY id DESC LIMIT 3");
    let entries: Vec<(String, String)> = entries
        .await
        .iter()
        .map(|row| (row.try_get("", "action").unwrap(), row.try_get("", "outcome").unwrap()))
        .collect();
    let named = |action: &str, outcome: &str| (action.to_owned(), outcome.to_owned());
    assert_eq!(
        entries,
        [
            named("read_appointment", "denied"),
            named("read_appointment", "done"),
            named("book_appointment", "done"),
        ]
    );
}

#[actix_web::test]
async fn nobody_reads_or_changes_an_appointment_of_others() {
    let clinic = TestApp::start().await;
    let (doctor, patient) = (clinic.a_doctor().await, clinic.a_patient().await);
    let booked = patient.books(&doctor.doctor_id(), NINE).await.created();
    let path = format!("/api/v1/appointments/{}", text(&booked["id"]));
    let missing = "/api/v1/appointments/0198c5a2-7b1e-7cc3-98c4-dc0c0c07398f";

    for stranger in [
        clinic.a_patient().await,
        clinic.a_doctor().await,
        clinic.a_coordinator().await,
        clinic.a_pharmacy().await,
    ] {
        let hidden = stranger.get(&path).await.problem(404, "not-found");
        let absent = stranger.get(missing).await.problem(404, "not-found");
        assert_eq!(hidden.body["detail"], absent.body["detail"]);
        let cancel = stranger.post(&format!("{path}/cancel"), json!({})).await;
        let _ = cancel.problem(404, "not-found");
    }
    assert_eq!(patient.get(&path).await.ok()["status"], "scheduled");
}

#[actix_web::test]
async fn a_list_shows_only_what_single_reads_allow() {
    let clinic = TestApp::start().await;
    let (doctor, other_doctor) = (clinic.a_doctor().await, clinic.a_doctor().await);
    let (patient, stranger) = (clinic.a_patient().await, clinic.a_patient().await);
    let coordinator = clinic.a_coordinator().await;
    let admin = clinic.an_admin().await;
    patient.books(&doctor.doctor_id(), NINE).await.created();
    let record = json!({"first_name": "Alan", "last_name": "Turing"});
    let record = coordinator.post("/api/v1/patients", record).await.created();
    let for_record = a_booking(&doctor.doctor_id(), &text(&record["id"]), "2030-01-07T10:00:00Z");
    coordinator.post("/api/v1/appointments", for_record).await.created();

    let everybody = [&doctor, &other_doctor, &patient, &stranger, &coordinator, &admin];
    let mut seen = Vec::new();
    for person in everybody {
        let page = person.get("/api/v1/appointments").await.ok();
        for item in page["items"].as_array().unwrap() {
            person.get(&format!("/api/v1/appointments/{}", text(&item["id"]))).await.ok();
        }
        seen.push(page["items"].as_array().unwrap().len());
    }
    assert_eq!(seen, [2, 0, 1, 0, 1, 2]);
    let pharmacy = clinic.a_pharmacy().await;
    let _ = pharmacy.get("/api/v1/appointments").await.problem(403, "forbidden");
    // A filter that names somebody else's patient finds nothing, and says no more.
    let path = format!("/api/v1/appointments?patient_id={}", patient.patient_id());
    assert_eq!(stranger.get(&path).await.ok()["items"], json!([]));
}

#[actix_web::test]
async fn filters_narrow_the_list() {
    let clinic = TestApp::start().await;
    let berlin = json!({"time_zone": "Europe/Berlin"});
    let doctor = clinic.registered("doctor", berlin).await;
    let patient = clinic.a_patient().await;
    let id = doctor.doctor_id();
    // Half past eleven at night in UTC is the next day in Berlin.
    let late = patient.books(&id, "2030-01-07T23:30:00Z").await.created();
    let early = patient.books(&id, NINE).await.created();
    let cancel = format!("/api/v1/appointments/{}/cancel", text(&early["id"]));
    patient.post(&cancel, json!({})).await.ok();

    for (filter, expected) in [
        ("status=cancelled".to_owned(), vec![&early]),
        ("from=2030-01-07T12:00:00Z".to_owned(), vec![&late]),
        ("to=2030-01-07T12:00:00Z".to_owned(), vec![&early]),
        ("from=2030-01-07&to=2030-01-07".to_owned(), vec![&early, &late]),
        (format!("doctor_id={id}&from=2030-01-08&to=2030-01-08"), vec![&late]),
        (format!("doctor_id={id}&to=2030-01-07"), vec![&early]),
    ] {
        let page = patient.get(&format!("/api/v1/appointments?{filter}")).await.ok();
        let shown: Vec<_> = page["items"].as_array().unwrap().iter().map(|it| &it["id"]).collect();
        let expected: Vec<_> = expected.iter().map(|it| &it["id"]).collect();
        assert_eq!(shown, expected, "{filter}");
    }
}

#[actix_web::test]
async fn wrong_filters_are_named() {
    let clinic = TestApp::start().await;
    let patient = clinic.a_patient().await;

    for (query, field) in [
        ("limit=0", "limit"),
        ("limit=101", "limit"),
        ("limit=-1", "limit"),
        ("limit=%2B5", "limit"),
        ("limit=05", "limit"),
        ("limit=ten", "limit"),
        ("count=maybe", "count"),
        ("sort=color", "sort"),
        ("status=lost", "status"),
        ("from=2030-02-30", "from"),
        ("to=soon", "to"),
        ("doctor_id=7", "doctor_id"),
        ("color=red", "color"),
        ("cursor=made-up", "cursor"),
        // A filter that got lost must not show more.
        ("doctor_id=", "doctor_id"),
        ("patient_id=", "patient_id"),
        ("status=", "status"),
        ("from=", "from"),
        ("to=%20", "to"),
        ("sort=", "sort"),
        ("limit=", "limit"),
        ("count=", "count"),
        ("cursor=", "cursor"),
    ] {
        let wrong = patient.get(&format!("/api/v1/appointments?{query}")).await;
        assert_eq!(wrong.wrong_fields(), [field], "{query}");
    }
    let _ = patient.get("/api/v1/appointments?limit=1&limit=2").await.problem(400, "malformed");
}

#[actix_web::test]
async fn a_cursor_of_another_list_is_refused() {
    let clinic = TestApp::start().await;
    let (doctor, patient) = (clinic.a_doctor().await, clinic.a_patient().await);
    for starts_at in [NINE, "2030-01-07T10:00:00Z"] {
        patient.books(&doctor.doctor_id(), starts_at).await.created();
    }
    let page = patient.get("/api/v1/appointments?limit=1").await.ok();
    let cursor = text(&page["next"]);

    for list in ["/api/v1/doctors?", "/api/v1/appointments?sort=-starts_at&"] {
        let wrong = patient.get(&format!("{list}cursor={cursor}")).await;
        assert_eq!(wrong.wrong_fields(), ["cursor"]);
    }
}

#[actix_web::test]
async fn every_wrong_field_of_a_booking_is_named_at_once() {
    let clinic = TestApp::start().await;
    let patient = clinic.a_patient().await;

    let wrong = patient
        .post(
            "/api/v1/appointments",
            json!({
                "doctor_id": "the best one",
                "starts_at": "2030-02-30T09:00:00Z",
                "duration_minutes": "long",
                "reason": "x".repeat(501),
                "notes": "nul \u{0}",
                "color": "red",
            }),
        )
        .await;

    assert_eq!(wrong.body["errors"]["starts_at"][0], "2030-02-30 is not a day of the calendar.");
    assert_eq!(
        wrong.wrong_fields(),
        ["color", "doctor_id", "duration_minutes", "notes", "patient_id", "reason", "starts_at"]
    );
}

#[actix_web::test]
async fn impossible_times_are_named() {
    let clinic = TestApp::start().await;
    let (doctor, patient) = (clinic.a_doctor().await, clinic.a_patient().await);

    for (time, field) in [
        (json!({"starts_at": NINE, "ends_at": NINE}), "ends_at"),
        (json!({"starts_at": NINE, "ends_at": "2030-01-07T08:00:00Z"}), "ends_at"),
        (json!({"starts_at": NINE, "ends_at": "2030-01-08T09:00:00Z"}), "ends_at"),
        (json!({"starts_at": "2199-12-31T23:50:00Z"}), "duration_minutes"),
        (json!({"starts_at": NINE, "ends_at": ""}), "ends_at"),
        (json!({"starts_at": NINE, "duration_minutes": 0}), "duration_minutes"),
        (json!({"starts_at": NINE, "duration_minutes": -30}), "duration_minutes"),
        (json!({"starts_at": NINE, "duration_minutes": 721}), "duration_minutes"),
        (json!({"starts_at": NINE, "duration_minutes": i64::MAX}), "duration_minutes"),
        (json!({"starts_at": NINE, "duration_minutes": 30.5}), "duration_minutes"),
        (
            json!({"starts_at": NINE, "ends_at": "2030-01-07T10:00:00Z", "duration_minutes": 60}),
            "duration_minutes",
        ),
        (json!({"starts_at": "2030-01-07T24:00:00Z"}), "starts_at"),
        (json!({"starts_at": "0000-01-01T00:00:00Z"}), "starts_at"),
        (json!({"starts_at": "9999-12-31T23:59:59Z"}), "starts_at"),
        (json!({"starts_at": 1_893_456_000}), "starts_at"),
    ] {
        let mut body = a_booking(&doctor.doctor_id(), &patient.patient_id(), NINE);
        for (name, value) in time.as_object().unwrap() {
            body[name] = value.clone();
        }
        let wrong = patient.post("/api/v1/appointments", body).await;
        assert_eq!(wrong.wrong_fields(), [field], "{time}");
    }
}

#[actix_web::test]
async fn the_rules_of_booking_refuse_with_their_codes() {
    let clinic = TestApp::start().await;
    let patient = clinic.a_patient().await;
    let away = clinic.registered("doctor", json!({"is_available": false})).await;
    let slots = clinic.registered("doctor", json!({"booking": "slots_only"})).await;
    let doctor = clinic.a_doctor().await;

    let refused = patient.books(&away.doctor_id(), NINE).await;
    let _ = refused.problem(409, "doctor-unavailable");
    let refused = patient.books(&slots.doctor_id(), NINE).await;
    let _ = refused.problem(409, "outside-time-slots");
    let refused = patient.books(&doctor.doctor_id(), "2030-01-05T09:00:00Z").await;
    let _ = refused.problem(409, "time-in-past");
    let nobody = patient.books("0198c5a2-7b1e-7cc3-98c4-dc0c0c07398f", NINE).await;
    let _ = nobody.problem(404, "not-found");
}

#[actix_web::test]
async fn what_others_book_in_the_past_is_marked() {
    let clinic = TestApp::start().await;
    let (doctor, coordinator) = (clinic.a_doctor().await, clinic.a_coordinator().await);
    let record = json!({"first_name": "Alan", "last_name": "Turing"});
    let record = coordinator.post("/api/v1/patients", record).await.created();

    let past = a_booking(&doctor.doctor_id(), &text(&record["id"]), "2030-01-05T09:00:00Z");
    let booked = coordinator.post("/api/v1/appointments", past).await.created();

    assert_eq!(booked["retrospective"], true);
}

#[actix_web::test]
async fn a_patient_cannot_cancel_what_has_begun() {
    let clinic = TestApp::start().await;
    let (doctor, patient) = (clinic.a_doctor().await, clinic.a_patient().await);
    let soon = patient.books(&doctor.doctor_id(), "2030-01-06T12:10:00Z").await.created();
    let path = format!("/api/v1/appointments/{}/cancel", text(&soon["id"]));

    clinic.clock.advance(10);

    let _ = patient.post(&path, json!({})).await.problem(409, "appointment-begun");
    doctor.post(&path, json!({})).await.ok();
}

#[actix_web::test]
async fn a_doctor_books_patients_in_care_with_themself() {
    let clinic = TestApp::start().await;
    let (doctor, colleague) = (clinic.a_doctor().await, clinic.a_doctor().await);
    let patient = clinic.a_patient().await;
    let later = "2030-01-07T15:00:00Z";
    let own = a_booking(&doctor.doctor_id(), &patient.patient_id(), later);
    let others = a_booking(&colleague.doctor_id(), &patient.patient_id(), later);

    let stranger = doctor.post("/api/v1/appointments", own.clone()).await;
    let _ = stranger.problem(404, "not-found");
    // An appointment makes the patient one in the doctor's care.
    patient.books(&doctor.doctor_id(), NINE).await.created();

    let for_other = doctor.post("/api/v1/appointments", others).await;
    let _ = for_other.problem(403, "forbidden");
    doctor.post("/api/v1/appointments", own).await.created();
}
