//! Booking and moving by time slot, and times that are none.

use medilink_tests::person::{a_booking, text};
use medilink_tests::{Answer, Person, TestApp, TestDatabase, on_both_databases};
use serde_json::{Value, json};

const APPOINTMENTS: &str = "/api/v1/appointments";
const SLOTS: &str = "/api/v1/time-slots";
const NINE: &str = "2030-01-07T09:00:00Z";
const TEN: &str = "2030-01-07T10:00:00Z";
const NOBODY: &str = "0198c5a2-7b1e-7cc3-98c4-dc0c0c07398f";

on_both_databases! {
    a_slot_is_booked_as_a_whole_and_once,
    an_appointment_moves_to_a_slot_and_takes_all_of_it,
    what_is_no_slot_of_the_doctor_is_refused_alike,
    the_rules_of_booking_hold_for_slots,
    a_slot_that_has_begun_is_booked_by_the_practice_alone,
}

/// Publishes some of 2030-01-07, and returns the slot's id.
async fn published(doctor: &Person, start: &str, end: &str) -> String {
    let at = |time| format!("2030-01-07T{time}:00Z");
    let slot = json!({"starts_at": at(start), "ends_at": at(end)});
    text(&doctor.post(SLOTS, slot).await.created()["id"])
}

/// Writes the body of a booking of a slot.
fn of_slot(doctor: &str, patient: &str, slot: &str) -> Value {
    json!({"doctor_id": doctor, "patient_id": patient, "time_slot_id": slot})
}

async fn books_slot(patient: &Person, doctor: &str, slot: &str) -> Answer {
    patient.post(APPOINTMENTS, of_slot(doctor, &patient.patient_id(), slot)).await
}

async fn a_slot_is_booked_as_a_whole_and_once(database: TestDatabase) {
    let clinic = TestApp::on(database).await;
    let doctor = clinic.a_doctor_with(json!({"booking": "slots_only"})).await;
    let (patient, other) = (clinic.a_patient().await, clinic.a_patient().await);
    let id = doctor.doctor_id();
    let slot = published(&doctor, "09:00", "09:45").await;
    let body = of_slot(&id, &patient.patient_id(), &slot);
    let key = [("idempotency-key", "the-slot-at-nine")];

    let first = patient.post_with(APPOINTMENTS, &key, body.clone()).await;
    let again = patient.post_with(APPOINTMENTS, &key, body).await;

    assert_eq!(again.header("idempotency-replayed"), "true");
    let booked = first.created();
    assert_eq!(booked, again.created());
    assert_eq!(booked["starts_at"], "2030-01-07T09:00:00Z");
    assert_eq!(booked["ends_at"], "2030-01-07T09:45:00Z");
    let _ = books_slot(&other, &id, &slot).await.problem(409, "doctor-double-booked");

    // It takes time and remembers no slot: what becomes of the slot is nothing to it.
    let cancel = format!("{APPOINTMENTS}/{}/cancel", text(&booked["id"]));
    patient.post(&cancel, json!({})).await.ok();
    books_slot(&other, &id, &slot).await.created();
}

async fn an_appointment_moves_to_a_slot_and_takes_all_of_it(database: TestDatabase) {
    let clinic = TestApp::on(database).await;
    let (doctor, patient) = (clinic.a_doctor().await, clinic.a_patient().await);
    let slot = published(&doctor, "14:00", "15:00").await;
    let of_another = published(&clinic.a_doctor().await, "16:00", "17:00").await;
    let booked = patient.books(&doctor.doctor_id(), "2030-01-07T09:00:00Z").await.created();
    let path = format!("{APPOINTMENTS}/{}", text(&booked["id"]));
    let reschedule = format!("{path}/reschedule");

    for missing in [of_another.as_str(), NOBODY] {
        let refused = patient.post(&reschedule, json!({"time_slot_id": missing})).await;
        assert_eq!(refused.wrong_fields(), ["time_slot_id"]);
    }
    assert_eq!(patient.get(&path).await.ok(), booked);

    let moved = patient.post(&reschedule, json!({"time_slot_id": slot})).await.ok();
    assert_eq!(moved["starts_at"], "2030-01-07T14:00:00Z");
    assert_eq!(moved["duration_minutes"], 60);
    // A start alone keeps the length that it has by now.
    let moved = patient.post(&reschedule, json!({"starts_at": "2030-01-07T18:00:00Z"})).await.ok();
    assert_eq!(moved["ends_at"], "2030-01-07T19:00:00Z");
}

async fn what_is_no_slot_of_the_doctor_is_refused_alike(database: TestDatabase) {
    let clinic = TestApp::on(database).await;
    let (doctor, other) = (clinic.a_doctor().await, clinic.a_doctor().await);
    let (patient, admin) = (clinic.a_patient().await, clinic.an_admin().await);
    let id = doctor.doctor_id();
    let of_another = published(&other, "09:00", "10:00").await;
    let deleted = published(&doctor, "09:00", "10:00").await;
    let _ = doctor.delete(&format!("{SLOTS}/{deleted}")).await.with_status(204);
    let gone = clinic.a_doctor().await;
    let of_archived = published(&gone, "09:00", "10:00").await;
    let _ = admin.delete(&format!("/api/v1/doctors/{}", gone.doctor_id())).await.with_status(204);

    let unknown = books_slot(&patient, &id, NOBODY).await;
    assert_eq!(unknown.clone().wrong_fields(), ["time_slot_id"]);
    for slot in [of_another, deleted, of_archived.clone()] {
        let refused = books_slot(&patient, &id, &slot).await;
        assert_eq!(refused.body["errors"], unknown.body["errors"], "{slot}");
    }
    let archived = books_slot(&patient, &gone.doctor_id(), &of_archived).await;
    let _ = archived.problem(404, "not-found");
    // Whose patient it is comes first: a stranger does not learn whose slot it is.
    let stranger = clinic.a_patient().await;
    let hidden = stranger.post(APPOINTMENTS, of_slot(&id, &patient.patient_id(), NOBODY)).await;
    let _ = hidden.problem(404, "not-found");
    let raw = clinic.database.raw().await;
    assert_eq!(raw.count("SELECT count(*) FROM appointments").await, 0);
}

async fn the_rules_of_booking_hold_for_slots(database: TestDatabase) {
    let clinic = TestApp::on(database).await;
    let (doctor, patient) = (clinic.a_doctor().await, clinic.a_patient().await);
    let (id, away) = (doctor.doctor_id(), clinic.a_doctor().await);
    let blocked = published(&doctor, "09:00", "10:00").await;
    doctor.patch(&format!("{SLOTS}/{blocked}"), json!({"blocked": true})).await.ok();
    let (taken, free) =
        (published(&doctor, "10:00", "11:00").await, published(&doctor, "11:00", "12:00").await);
    patient.books(&id, "2030-01-07T10:45:00Z").await.created();
    let of_away = published(&away, "15:00", "16:00").await;
    let path = format!("/api/v1/doctors/{}", away.doctor_id());
    away.patch(&path, json!({"is_available": false})).await.ok();

    let other = clinic.a_patient().await;
    for (slot, code) in [(&blocked, "time-blocked"), (&taken, "doctor-double-booked")] {
        let _ = books_slot(&other, &id, slot).await.problem(409, code);
    }
    // The appointment goes on for a quarter of an hour after eleven.
    let _ = books_slot(&other, &id, &free).await.problem(409, "doctor-double-booked");
    let refused = books_slot(&other, &away.doctor_id(), &of_away).await;
    let _ = refused.problem(409, "doctor-unavailable");
    let busy = clinic.a_doctor().await;
    let slot = published(&busy, "10:30", "11:00").await;
    let refused = books_slot(&patient, &busy.doctor_id(), &slot).await;
    let _ = refused.problem(409, "patient-double-booked");
}

async fn a_slot_that_has_begun_is_booked_by_the_practice_alone(database: TestDatabase) {
    let clinic = TestApp::on(database).await;
    let (doctor, patient) = (clinic.a_doctor().await, clinic.a_patient().await);
    let (id, admin) = (doctor.doctor_id(), clinic.an_admin().await);
    let yesterday = json!({"starts_at": "2030-01-05T09:00:00Z", "ends_at": "2030-01-05T10:00:00Z"});
    let slot = text(&doctor.post(SLOTS, yesterday).await.created()["id"]);
    let today = json!({"starts_at": "2030-01-06T12:00:00Z", "ends_at": "2030-01-06T12:30:00Z"});
    let now = text(&doctor.post(SLOTS, today).await.created()["id"]);

    let _ = books_slot(&patient, &id, &slot).await.problem(409, "time-in-past");
    // What begins this very second has not begun.
    let on_time = books_slot(&patient, &id, &now).await.created();
    assert_eq!(on_time["retrospective"], false);
    let late = admin.post(APPOINTMENTS, of_slot(&id, &patient.patient_id(), &slot)).await.created();
    assert_eq!(late["retrospective"], true);

    // A move marks it, and marks it no longer.
    let later = patient.books(&id, "2030-01-07T09:00:00Z").await.created();
    let reschedule = format!("{APPOINTMENTS}/{}/reschedule", text(&later["id"]));
    let cancel = format!("{APPOINTMENTS}/{}/cancel", text(&late["id"]));
    admin.post(&cancel, json!({})).await.ok();
    for to in [json!({"time_slot_id": slot}), json!({"starts_at": "2030-01-05T11:00:00Z"})] {
        let _ = patient.post(&reschedule, to.clone()).await.problem(409, "time-in-past");
        assert_eq!(admin.post(&reschedule, to).await.ok()["retrospective"], true);
        let back = json!({"starts_at": "2030-01-07T09:00:00Z"});
        assert_eq!(admin.post(&reschedule, back).await.ok()["retrospective"], false);
    }
}

#[actix_web::test]
async fn a_time_is_said_in_one_way_and_whole() {
    let clinic = TestApp::start().await;
    let (doctor, patient) = (clinic.a_doctor().await, clinic.a_patient().await);
    let slot = published(&doctor, "09:00", "10:00").await;
    let moving = patient.books(&doctor.doctor_id(), "2030-01-08T09:00:00Z").await.created();
    let reschedule = format!("{APPOINTMENTS}/{}/reschedule", text(&moving["id"]));

    for (time, fields) in [
        (json!({}), vec!["starts_at"]),
        (json!({"time_slot_id": null, "starts_at": null}), vec!["starts_at"]),
        (json!({"ends_at": TEN}), vec!["starts_at"]),
        (json!({"duration_minutes": 30}), vec!["starts_at"]),
        (json!({"time_slot_id": slot, "starts_at": NINE}), vec!["time_slot_id"]),
        (json!({"time_slot_id": slot, "ends_at": TEN}), vec!["ends_at"]),
        (json!({"time_slot_id": slot, "duration_minutes": 60}), vec!["duration_minutes"]),
        (
            json!({
                "time_slot_id": "nine", "starts_at": "soon", "ends_at": TEN,
                "duration_minutes": "long",
            }),
            vec!["duration_minutes", "ends_at", "starts_at", "time_slot_id"],
        ),
        (json!({"time_slot_id": ""}), vec!["time_slot_id"]),
        (json!({"time_slot_id": 7}), vec!["time_slot_id"]),
        (json!({"time_slot_id": slot, "date": "2030-01-07"}), vec!["date"]),
        (json!({"starts_at": NINE, "ends_at": "2030-01-07T08:59:59Z"}), vec!["ends_at"]),
        (json!({"starts_at": NINE, "ends_at": NINE}), vec!["ends_at"]),
        (json!({"starts_at": NINE, "duration_minutes": 0}), vec!["duration_minutes"]),
        (json!({"starts_at": NINE, "duration_minutes": -1}), vec!["duration_minutes"]),
        (json!({"starts_at": NINE, "duration_minutes": 4}), vec!["duration_minutes"]),
        (json!({"starts_at": NINE, "duration_minutes": 721}), vec!["duration_minutes"]),
        (json!({"starts_at": "2030-01-07T24:00:00Z", "ends_at": TEN}), vec!["starts_at"]),
        (json!({"starts_at": NINE, "ends_at": "2030-01-07T24:00:00Z"}), vec!["ends_at"]),
        (json!({"starts_at": "2030-02-29T09:00:00Z", "ends_at": TEN}), vec!["starts_at"]),
        (json!({"starts_at": "0000-01-01T00:00:00Z", "ends_at": TEN}), vec!["starts_at"]),
        (json!({"starts_at": "9999-12-31T23:59:59Z", "ends_at": TEN}), vec!["starts_at"]),
        // A time of a wall without its zone is no instant.
        (json!({"starts_at": "2030-03-31T02:30:00", "ends_at": TEN}), vec!["starts_at"]),
        (json!({"starts_at": "2030-03-31T02:30:00 Europe/Berlin"}), vec!["starts_at"]),
    ] {
        let mut body = time.clone();
        body["doctor_id"] = json!(doctor.doctor_id());
        body["patient_id"] = json!(patient.patient_id());
        let wrong = patient.post(APPOINTMENTS, body).await;
        assert_eq!(wrong.wrong_fields(), fields, "{time}");
        let wrong = patient.post(&reschedule, time.clone()).await;
        assert_eq!(wrong.wrong_fields(), fields, "{time}");
    }
    // The same instant, as a clock of another zone shows it.
    let mut body = a_booking(&doctor.doctor_id(), &patient.patient_id(), NINE);
    body["starts_at"] = json!("2030-01-07T11:00:00+02:00");
    assert_eq!(patient.post(APPOINTMENTS, body).await.created()["starts_at"], NINE);
}
