//! Time slots: publishing, blocking, taking back, and what they mean for bookings.

use medilink_tests::person::{a_booking, text};
use medilink_tests::{TestApp, TestDatabase, on_both_databases};
use serde_json::{Value, json};

const SLOTS: &str = "/api/v1/time-slots";
const BULK: &str = "/api/v1/time-slots/bulk";

on_both_databases! {
    a_slot_is_available_until_it_is_booked_and_again_when_it_is_cancelled,
    slots_of_a_doctor_never_overlap,
    a_booked_slot_is_not_deleted,
    blocked_time_is_booked_by_nobody,
    a_doctor_of_slots_only_is_booked_within_them,
    no_doctor_disposes_of_anothers_time,
    somebody_pending_publishes_their_time,
    a_schedule_says_what_it_left_out,
    a_schedule_that_is_sent_twice_is_published_once,
    a_day_is_that_of_the_doctor,
    what_is_of_an_archived_doctor_is_not_there,
}

fn a_slot(start: &str, end: &str) -> Value {
    let at = |time| format!("2030-01-07T{time}:00Z");
    json!({"starts_at": at(start), "ends_at": at(end)})
}

fn a_schedule(from: &str, to: &str) -> Value {
    json!({
        "from_date": "2030-01-07", "to_date": "2030-01-07",
        "start_time": from, "end_time": to, "slot_minutes": 30,
    })
}

async fn a_slot_is_available_until_it_is_booked_and_again_when_it_is_cancelled(
    database: TestDatabase,
) {
    let clinic = TestApp::on(database).await;
    let (doctor, patient) = (clinic.a_doctor().await, clinic.a_patient().await);
    let answer = doctor.post(SLOTS, a_slot("09:00", "10:00")).await;
    let path = answer.header("location").to_owned();
    let slot = answer.created();
    assert_eq!((&slot["available"], &slot["blocked"]), (&json!(true), &json!(false)));
    assert_eq!(patient.get(&path).await.ok(), slot);

    let booked = patient.books(&doctor.doctor_id(), "2030-01-07T09:30:00Z").await.created();
    assert_eq!(patient.get(&path).await.ok()["available"], false);
    let listed = async |available: &str| {
        let path = format!("{SLOTS}?doctor_id={}&available={available}", doctor.doctor_id());
        patient.get(&path).await.ok()["items"].as_array().unwrap().len()
    };
    assert_eq!((listed("true").await, listed("false").await), (0, 1));

    let cancel = format!("/api/v1/appointments/{}/cancel", text(&booked["id"]));
    patient.post(&cancel, json!({})).await.ok();
    assert_eq!(patient.get(&path).await.ok()["available"], true);
    assert_eq!((listed("true").await, listed("false").await), (1, 0));
}

async fn slots_of_a_doctor_never_overlap(database: TestDatabase) {
    let clinic = TestApp::on(database).await;
    let (doctor, other) = (clinic.a_doctor().await, clinic.a_doctor().await);
    doctor.post(SLOTS, a_slot("10:00", "11:00")).await.created();

    for (start, end) in
        [("10:30", "11:30"), ("09:30", "10:30"), ("10:15", "10:45"), ("09:00", "12:00")]
    {
        let refused = doctor.post(SLOTS, a_slot(start, end)).await;
        let _ = refused.problem(409, "time-slot-overlaps");
    }
    doctor.post(SLOTS, a_slot("11:00", "11:30")).await.created();
    doctor.post(SLOTS, a_slot("09:30", "10:00")).await.created();
    other.post(SLOTS, a_slot("10:00", "11:00")).await.created();
}

async fn a_booked_slot_is_not_deleted(database: TestDatabase) {
    let clinic = TestApp::on(database).await;
    let (doctor, patient) = (clinic.a_doctor().await, clinic.a_patient().await);
    let slot = doctor.post(SLOTS, a_slot("09:00", "10:00")).await.created();
    let path = format!("{SLOTS}/{}", text(&slot["id"]));
    let booked = patient.books(&doctor.doctor_id(), "2030-01-07T09:00:00Z").await.created();

    let delete = async || doctor.delete(&path).await;
    let _ = delete().await.problem(409, "time-slot-booked");
    let cancel = format!("/api/v1/appointments/{}/cancel", text(&booked["id"]));
    patient.post(&cancel, json!({})).await.ok();
    let _ = delete().await.with_status(204);

    let _ = doctor.get(&path).await.problem(404, "not-found");
    let _ = delete().await.problem(404, "not-found");
}

async fn blocked_time_is_booked_by_nobody(database: TestDatabase) {
    let clinic = TestApp::on(database).await;
    let (doctor, patient) = (clinic.a_doctor().await, clinic.a_patient().await);
    let id = doctor.doctor_id();
    let slot = doctor.post(SLOTS, a_slot("09:00", "10:00")).await.created();
    let path = format!("{SLOTS}/{}", text(&slot["id"]));
    let earlier = patient.books(&id, "2030-01-07T08:00:00Z").await.created();

    let blocked = doctor.patch(&path, json!({"blocked": true})).await;
    assert_eq!(blocked.header("etag"), "\"2\"");
    assert_eq!(blocked.ok()["available"], false);

    let _ = patient.books(&id, "2030-01-07T09:45:00Z").await.problem(409, "time-blocked");
    let body = a_booking(&id, &patient.patient_id(), "2030-01-07T09:00:00Z");
    let own = doctor.post("/api/v1/appointments", body).await;
    let _ = own.problem(409, "time-blocked");
    let reschedule = format!("/api/v1/appointments/{}/reschedule", text(&earlier["id"]));
    let moved = patient.post(&reschedule, json!({"starts_at": "2030-01-07T09:30:00Z"})).await;
    let _ = moved.problem(409, "time-blocked");

    doctor.patch(&path, json!({"blocked": false})).await.ok();
    patient.books(&id, "2030-01-07T09:45:00Z").await.created();
}

async fn a_doctor_of_slots_only_is_booked_within_them(database: TestDatabase) {
    let clinic = TestApp::on(database).await;
    let doctor = clinic.a_doctor_with(json!({"booking": "slots_only"})).await;
    let patient = clinic.a_patient().await;
    let id = doctor.doctor_id();
    for (start, end) in [("09:00", "09:30"), ("09:30", "10:00"), ("10:30", "11:00")] {
        doctor.post(SLOTS, a_slot(start, end)).await.created();
    }

    for outside in ["08:45", "09:45", "10:00", "10:15", "11:00"] {
        let refused = patient.books(&id, &format!("2030-01-07T{outside}:00Z")).await;
        let _ = refused.problem(409, "outside-time-slots");
    }
    patient.books(&id, "2030-01-07T09:15:00Z").await.created();
    // Doctors are not bound by what they publish.
    let body = a_booking(&id, &patient.patient_id(), "2030-01-07T20:00:00Z");
    doctor.post("/api/v1/appointments", body).await.created();
}

async fn no_doctor_disposes_of_anothers_time(database: TestDatabase) {
    let clinic = TestApp::on(database).await;
    let (doctor, other) = (clinic.a_doctor().await, clinic.a_doctor().await);
    let slot = doctor.post(SLOTS, a_slot("09:00", "10:00")).await.created();
    let path = format!("{SLOTS}/{}", text(&slot["id"]));

    let mut body = a_slot("12:00", "13:00");
    body["doctor_id"] = json!(doctor.doctor_id());
    let _ = other.post(SLOTS, body.clone()).await.problem(403, "forbidden");
    let mut bulk = a_schedule("12:00", "13:00");
    bulk["doctor_id"] = json!(doctor.doctor_id());
    let _ = other.post(BULK, bulk).await.problem(403, "forbidden");
    let _ = other.patch(&path, json!({"blocked": true})).await.problem(403, "forbidden");
    let deleted = other.delete(&path).await;
    let _ = deleted.problem(403, "forbidden");

    let admin = clinic.an_admin().await;
    admin.post(SLOTS, body).await.created();
    assert_eq!(admin.post(SLOTS, a_slot("14:00", "15:00")).await.wrong_fields(), ["doctor_id"]);
    let mut nobody = a_slot("14:00", "15:00");
    nobody["doctor_id"] = json!("0198c5a2-7b1e-7cc3-98c4-dc0c0c07398f");
    let _ = admin.post(SLOTS, nobody).await.problem(404, "not-found");
}

async fn somebody_pending_publishes_their_time(database: TestDatabase) {
    let clinic = TestApp::on(database).await;
    let pending = clinic.registered("doctor", json!({})).await;

    pending.post(SLOTS, a_slot("09:00", "10:00")).await.created();
}

async fn a_schedule_says_what_it_left_out(database: TestDatabase) {
    let clinic = TestApp::on(database).await;
    let doctor = clinic.a_doctor_with(json!({"time_zone": "Europe/Berlin"})).await;
    let taken = json!({"date": "2030-03-31", "start_time": "03:30", "end_time": "03:45"});
    doctor.post(SLOTS, taken).await.created();

    let published = doctor
        .post(
            BULK,
            json!({
                "from_date": "2030-03-30", "to_date": "2030-03-31", "start_time": "01:30",
                "end_time": "04:30", "slot_minutes": 30, "weekdays": ["sunday"],
                "breaks": [{"start_time": "04:00", "end_time": "04:05"}],
            }),
        )
        .await
        .created();

    // The clocks go from two to three; the slot at half past one ends at a time that is not there.
    let starts = |of: &str| -> Vec<String> {
        published[of].as_array().unwrap().iter().map(|it| it["starts_at"].to_string()).collect()
    };
    assert_eq!(starts("created"), ["\"2030-03-31T01:00:00Z\""]);
    assert_eq!(starts("skipped"), ["null", "null", "null", "\"2030-03-31T01:30:00Z\""]);
    let reasons: Vec<_> = published["skipped"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| (text(&it["start_time"]), text(&it["reason"])))
        .collect();
    let skipped = |time: &str, reason: &str| (time.to_owned(), reason.to_owned());
    let expected = [
        skipped("01:30", "clocks-change"),
        skipped("02:00", "clocks-change"),
        skipped("02:30", "clocks-change"),
        skipped("03:30", "overlaps"),
    ];
    assert_eq!(reasons, expected);
}

async fn a_schedule_that_is_sent_twice_is_published_once(database: TestDatabase) {
    let clinic = TestApp::on(database).await;
    let doctor = clinic.a_doctor().await;
    let key = [("idempotency-key", "january")];
    doctor.post(SLOTS, a_slot("09:30", "10:00")).await.created();

    let first = doctor.post_with(BULK, &key, a_schedule("09:00", "12:00")).await;
    let second = doctor.post_with(BULK, &key, a_schedule("09:00", "12:00")).await;

    assert_eq!(second.header("idempotency-replayed"), "true");
    let first = first.created();
    assert_eq!(first["created"].as_array().unwrap().len(), 5);
    assert_eq!(first["skipped"].as_array().unwrap().len(), 1);
    assert_eq!(second.created(), first);
}

async fn a_day_is_that_of_the_doctor(database: TestDatabase) {
    let clinic = TestApp::on(database).await;
    let doctor = clinic.a_doctor_with(json!({"time_zone": "Pacific/Auckland"})).await;
    let slot = json!({"date": "2030-01-07", "start_time": "23:00", "end_time": "24:00"});
    let slot = doctor.post(SLOTS, slot).await.created();
    assert_eq!(slot["starts_at"], "2030-01-07T10:00:00Z");

    let found = async |filter: &str| {
        let path = format!("{SLOTS}?doctor_id={}&{filter}", doctor.doctor_id());
        doctor.get(&path).await.ok()["items"].as_array().unwrap().len()
    };
    assert_eq!(found("date=2030-01-07").await, 1);
    assert_eq!(found("date=2030-01-08").await, 0);
    assert_eq!(found("from=2030-01-07&to=2030-01-07").await, 1);
    assert_eq!(found("to=2030-01-06").await, 0);
    let path = format!("{SLOTS}?date=2030-01-07&from=2030-01-07");
    assert_eq!(doctor.get(&path).await.wrong_fields(), ["date"]);
}

async fn what_is_of_an_archived_doctor_is_not_there(database: TestDatabase) {
    let clinic = TestApp::on(database).await;
    let (admin, patient) = (clinic.an_admin().await, clinic.a_patient().await);
    let entry = json!({"first_name": "Emily", "last_name": "Chen", "license_number": "DE-7"});
    let id = text(&admin.post("/api/v1/doctors", entry).await.created()["id"]);
    let of_doctor = |mut body: Value| {
        body["doctor_id"] = json!(id);
        body
    };
    let slot = of_doctor(a_slot("09:00", "10:00"));
    let slot = text(&admin.post(SLOTS, slot).await.created()["id"]);
    let path = format!("{SLOTS}/{slot}");
    let listed = async || {
        let page = patient.get(&format!("{SLOTS}?doctor_id={id}")).await.ok();
        page["items"].as_array().unwrap().len()
    };
    assert_eq!(listed().await, 1);

    let archived = admin.delete(&format!("/api/v1/doctors/{id}")).await;
    let _ = archived.with_status(204);

    assert_eq!(listed().await, 0);
    let later = of_doctor(a_slot("11:00", "12:00"));
    let schedule = of_doctor(a_schedule("13:00", "16:00"));
    for missing in [
        patient.get(&path).await,
        admin.patch(&path, json!({"blocked": true})).await,
        admin.delete(&path).await,
        admin.post(SLOTS, later).await,
        admin.post(BULK, schedule).await,
        patient.books(&id, "2030-01-07T09:00:00Z").await,
        admin
            .post(
                "/api/v1/appointments",
                a_booking(&id, &patient.patient_id(), "2030-01-07T09:00:00Z"),
            )
            .await,
    ] {
        let _ = missing.problem(404, "not-found");
    }

    admin.post(&format!("/api/v1/doctors/{id}/restore"), json!({})).await.ok();
    assert_eq!(patient.get(&path).await.ok()["available"], true);
}
