//! What becomes of appointments: the day in the practice, moves, and the history of both.

use medilink_tests::person::{a_booking, text};
use medilink_tests::{Person, TestApp, TestDatabase, on_both_databases};
use serde_json::{Value, json};

const NINE: &str = "2030-01-07T09:00:00Z";
const TEN: &str = "2030-01-07T10:00:00Z";
const ELEVEN: &str = "2030-01-07T11:00:00Z";

on_both_databases! {
    an_appointment_goes_through_its_day_and_remembers_it,
    what_happens_on_the_day_is_for_the_practice_to_say,
    what_is_over_is_refused_in_words,
    nobody_is_missed_before_the_start,
    an_appointment_moves_with_its_length_and_frees_its_old_time,
    a_move_that_fails_leaves_everything_as_it_was,
    a_move_that_is_sent_twice_is_made_once,
    only_one_of_two_who_move_the_same_version_succeeds,
    what_an_appointment_says_is_changed_without_a_line_of_history,
    wrong_fields_of_a_move_are_named_together,
}

/// Returns the path of an appointment.
fn path(appointment: &Value) -> String {
    format!("/api/v1/appointments/{}", text(&appointment["id"]))
}

async fn statuses(person: &Person, path: &str) -> Vec<(Value, Value)> {
    let history = person.get(&format!("{path}/history")).await.ok();
    let items = history["items"].as_array().unwrap();
    items.iter().map(|item| (item["from"].clone(), item["to"].clone())).collect()
}

async fn an_appointment_goes_through_its_day_and_remembers_it(database: TestDatabase) {
    let clinic = TestApp::on(database).await;
    let (doctor, patient) = (clinic.a_doctor().await, clinic.a_patient().await);
    let path = path(&patient.books(&doctor.doctor_id(), NINE).await.created());

    let steps = [
        ("confirm", "confirmed"),
        ("check-in", "checked_in"),
        ("start", "in_progress"),
        ("complete", "completed"),
    ];
    for (version, (step, status)) in (2..).zip(steps) {
        let answer = doctor.post(&format!("{path}/{step}"), json!({})).await;
        assert_eq!(answer.header("etag"), format!("\"{version}\""));
        assert_eq!(answer.ok()["status"], status);
    }

    let expected = [
        (json!(null), json!("scheduled")),
        (json!("scheduled"), json!("confirmed")),
        (json!("confirmed"), json!("checked_in")),
        (json!("checked_in"), json!("in_progress")),
        (json!("in_progress"), json!("completed")),
    ];
    assert_eq!(statuses(&patient, &path).await, expected);
    // Its time is free again.
    patient.books(&doctor.doctor_id(), NINE).await.created();
}

async fn what_happens_on_the_day_is_for_the_practice_to_say(database: TestDatabase) {
    let clinic = TestApp::on(database).await;
    let (doctor, other) = (clinic.a_doctor().await, clinic.a_doctor().await);
    let patient = clinic.a_patient().await;
    let path = path(&patient.books(&doctor.doctor_id(), NINE).await.created());

    for step in ["confirm", "check-in", "start", "complete", "no-show"] {
        let step = format!("{path}/{step}");
        let _ = patient.post(&step, json!({})).await.problem(403, "forbidden");
        let _ = other.post(&step, json!({})).await.problem(404, "not-found");
    }
    assert_eq!(statuses(&doctor, &path).await.len(), 1);
}

async fn what_is_over_is_refused_in_words(database: TestDatabase) {
    let clinic = TestApp::on(database).await;
    let (doctor, patient) = (clinic.a_doctor().await, clinic.a_patient().await);
    let path = path(&patient.books(&doctor.doctor_id(), NINE).await.created());
    doctor.post(&format!("{path}/start"), json!({})).await.ok();

    for (step, done) in [
        ("confirm", "confirmed"),
        ("check-in", "checked in"),
        ("start", "started"),
        ("no-show", "marked as a no-show"),
    ] {
        let refused = doctor.post(&format!("{path}/{step}"), json!({})).await;
        let refused = refused.problem(409, "appointment-refused");
        let detail = format!("The appointment is in progress and cannot be {done}.");
        assert_eq!(refused.body["detail"], detail);
    }
    let moved = doctor.post(&format!("{path}/reschedule"), json!({"starts_at": TEN})).await;
    let _ = moved.problem(409, "appointment-refused");
}

async fn nobody_is_missed_before_the_start(database: TestDatabase) {
    let clinic = TestApp::on(database).await;
    let (doctor, patient) = (clinic.a_doctor().await, clinic.a_patient().await);
    let later = path(&patient.books(&doctor.doctor_id(), NINE).await.created());
    let past = a_booking(&doctor.doctor_id(), &patient.patient_id(), "2020-01-07T09:00:00Z");
    let begun = path(&doctor.post("/api/v1/appointments", past).await.created());

    let early = doctor.post(&format!("{later}/no-show"), json!({})).await;
    let _ = early.problem(409, "appointment-not-begun");
    let body = json!({"reason": "Not reached by phone"});
    let missed = doctor.post(&format!("{begun}/no-show"), body).await.ok();

    assert_eq!((&missed["status"], &missed["retrospective"]), (&json!("no_show"), &json!(true)));
    let history = doctor.get(&format!("{begun}/history")).await.ok();
    assert_eq!(history["items"][1]["reason"], "Not reached by phone");
}

async fn an_appointment_moves_with_its_length_and_frees_its_old_time(database: TestDatabase) {
    let clinic = TestApp::on(database).await;
    let (doctor, patient) = (clinic.a_doctor().await, clinic.a_patient().await);
    let other = clinic.a_patient().await;
    let booked = patient.books(&doctor.doctor_id(), NINE).await.created();
    let path = path(&booked);
    doctor.post(&format!("{path}/confirm"), json!({})).await.ok();

    let body = json!({"starts_at": TEN, "reason": "Travelling"});
    let moved = patient.post(&format!("{path}/reschedule"), body).await.ok();

    assert_eq!(moved["id"], booked["id"]);
    assert_eq!(moved["starts_at"], TEN);
    assert_eq!(moved["ends_at"], "2030-01-07T10:30:00Z");
    assert_eq!(moved["status"], "scheduled");
    let history = patient.get(&format!("{path}/history")).await.ok();
    let last = &history["items"][2];
    assert_eq!((&last["from"], &last["to"]), (&json!("confirmed"), &json!("scheduled")));
    assert_eq!((&last["old_starts_at"], &last["starts_at"]), (&json!(NINE), &json!(TEN)));
    assert_eq!(last["changed_by"], patient.user_id());
    other.books(&doctor.doctor_id(), NINE).await.created();

    // To overlap one's own old time is no overlap.
    let longer = json!({"starts_at": "2030-01-07T10:15:00Z", "duration_minutes": 45});
    let moved = doctor.post(&format!("{path}/reschedule"), longer).await.ok();
    assert_eq!(moved["ends_at"], ELEVEN);
}

async fn a_move_that_fails_leaves_everything_as_it_was(database: TestDatabase) {
    let clinic = TestApp::on(database).await;
    let (doctor, patient) = (clinic.a_doctor().await, clinic.a_patient().await);
    let other_doctor = clinic.a_doctor().await;
    let other = clinic.a_patient().await;
    other.books(&doctor.doctor_id(), TEN).await.created();
    patient.books(&other_doctor.doctor_id(), ELEVEN).await.created();
    let path = path(&patient.books(&doctor.doctor_id(), NINE).await.created());
    let before = patient.get(&path).await;
    let reschedule = format!("{path}/reschedule");

    let taken = patient.post(&reschedule, json!({"starts_at": "2030-01-07T09:45:00Z"})).await;
    let taken = taken.problem(409, "doctor-double-booked");
    assert!(!taken.text.contains(&other.patient_id()));
    let elsewhere = patient.post(&reschedule, json!({"starts_at": ELEVEN})).await;
    let _ = elsewhere.problem(409, "patient-double-booked");
    let past = patient.post(&reschedule, json!({"starts_at": "2020-01-07T09:00:00Z"})).await;
    let _ = past.problem(409, "time-in-past");
    let stale = [("if-match", "\"9\"")];
    let stale = patient.post_with(&reschedule, &stale, json!({"starts_at": TEN})).await;
    let _ = stale.problem(412, "stale");
    let hidden = other.post(&reschedule, json!({"starts_at": TEN})).await;
    let _ = hidden.problem(404, "not-found");

    let after = patient.get(&path).await;
    assert_eq!((before.header("etag"), &before.text), (after.header("etag"), &after.text));
    assert_eq!(statuses(&patient, &path).await.len(), 1);
}

async fn a_move_that_is_sent_twice_is_made_once(database: TestDatabase) {
    let clinic = TestApp::on(database).await;
    let (doctor, patient) = (clinic.a_doctor().await, clinic.a_patient().await);
    let path = path(&patient.books(&doctor.doctor_id(), NINE).await.created());
    let key = [("idempotency-key", "to-ten")];

    let body = json!({"starts_at": TEN});
    let first = patient.post_with(&format!("{path}/reschedule"), &key, body.clone()).await;
    let second = patient.post_with(&format!("{path}/reschedule"), &key, body).await;

    assert_eq!(second.header("idempotency-replayed"), "true");
    assert_eq!(first.ok(), second.ok());
    assert_eq!(statuses(&patient, &path).await.len(), 2);
}

async fn only_one_of_two_who_move_the_same_version_succeeds(database: TestDatabase) {
    let clinic = TestApp::on(database).await;
    let (doctor, patient) = (clinic.a_doctor().await, clinic.a_patient().await);
    let path = path(&patient.books(&doctor.doctor_id(), NINE).await.created());
    let version = [("if-match", "\"1\"")];

    let reschedule = format!("{path}/reschedule");
    let (one, two) = tokio::join!(
        patient.post_with(&reschedule, &version, json!({"starts_at": TEN})),
        doctor.post_with(&reschedule, &version, json!({"starts_at": ELEVEN})),
    );

    let mut answers = [one.status, two.status];
    answers.sort_unstable();
    assert_eq!(answers, [200, 412]);
    assert_eq!(statuses(&patient, &path).await.len(), 2);
}

async fn what_an_appointment_says_is_changed_without_a_line_of_history(database: TestDatabase) {
    let clinic = TestApp::on(database).await;
    let (doctor, patient) = (clinic.a_doctor().await, clinic.a_patient().await);
    let path = path(&patient.books(&doctor.doctor_id(), NINE).await.created());

    let said = patient.patch(&path, json!({"reason": "Cough", "notes": "Mornings"})).await.ok();
    let kept = doctor.patch(&path, json!({"notes": null})).await;

    assert_eq!((&said["reason"], &said["notes"]), (&json!("Cough"), &json!("Mornings")));
    assert_eq!(kept.header("etag"), "\"3\"");
    let kept = kept.ok();
    assert_eq!((&kept["reason"], &kept["notes"]), (&json!("Cough"), &json!(null)));
    assert_eq!(statuses(&patient, &path).await.len(), 1);
    for field in ["status", "starts_at", "doctor_id", "patient_id", "id"] {
        let mut body = json!({});
        body[field] = json!("cancelled");
        assert_eq!(doctor.patch(&path, body).await.wrong_fields(), [field]);
    }
}

async fn wrong_fields_of_a_move_are_named_together(database: TestDatabase) {
    let clinic = TestApp::on(database).await;
    let (doctor, patient) = (clinic.a_doctor().await, clinic.a_patient().await);
    let path = path(&patient.books(&doctor.doctor_id(), NINE).await.created());

    for (body, expected) in [
        (json!({}), vec!["starts_at"]),
        (json!({"starts_at": "2030-01-07T24:00:00Z"}), vec!["starts_at"]),
        (json!({"starts_at": TEN, "ends_at": NINE}), vec!["ends_at"]),
        (json!({"starts_at": TEN, "ends_at": TEN}), vec!["ends_at"]),
        (json!({"starts_at": TEN, "duration_minutes": 0}), vec!["duration_minutes"]),
        (json!({"starts_at": TEN, "duration_minutes": -30}), vec!["duration_minutes"]),
        (json!({"starts_at": "9999-01-01T00:00:00Z", "when": 1}), vec!["starts_at", "when"]),
    ] {
        let refused = patient.post(&format!("{path}/reschedule"), body.clone()).await;
        assert_eq!(refused.wrong_fields(), expected, "{body}");
    }
}
