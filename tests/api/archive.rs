//! The archive: what goes is gone from every read, is kept, and comes back whole.

use medilink_tests::person::{a_booking, text};
use medilink_tests::{TestApp, TestDatabase, on_both_databases};
use serde_json::json;

use super::doctor::{emily, enters, path};

on_both_databases! {
    an_archived_doctor_is_gone_from_every_read_and_comes_back_whole,
    what_is_still_to_take_place_keeps_a_doctor_in_the_directory,
    of_a_booking_and_an_archiving_at_once_one_wins,
    whoever_signs_in_as_an_archived_doctor_has_no_profile_until_it_comes_back,
}

async fn an_archived_doctor_is_gone_from_every_read_and_comes_back_whole(database: TestDatabase) {
    let clinic = TestApp::on(database).await;
    let (admin, creator) = (clinic.an_admin().await, clinic.a_coordinator().await);
    let mut body = emily();
    body["is_available"] = json!(true);
    body["booking"] = json!("open");
    let entry = creator.post("/api/v1/doctors", body).await.created();
    let (id, path) = (text(&entry["id"]), path(&entry));
    let patient = clinic.a_patient().await;
    let appointment = patient.books(&id, "2030-01-07T10:00:00Z").await.created();
    let appointment = format!("/api/v1/appointments/{}", text(&appointment["id"]));
    patient.post(&format!("{appointment}/cancel"), json!({})).await.ok();

    let _ = creator.delete(&path).await.with_status(204);

    for person in [&admin, &creator, &patient] {
        let _ = person.get(&path).await.problem(404, "not-found");
        let list = person.get("/api/v1/doctors?search=chen&count=true").await.ok();
        assert_eq!((&list["items"], &list["total"]), (&json!([]), &json!(0)));
    }
    for person in [&admin, &creator] {
        let _ = person.patch(&path, json!({})).await.problem(404, "not-found");
        let _ = person.put(&path, emily()).await.problem(404, "not-found");
        let _ = person.delete(&path).await.problem(404, "not-found");
    }
    let _ = admin.post(&format!("{path}/verify"), json!({})).await.problem(404, "not-found");
    let _ = patient.books(&id, "2030-01-08T10:00:00Z").await.problem(404, "not-found");
    let kept = patient.get(&appointment).await.ok();
    assert_eq!(kept["doctor"], json!({"id": entry["id"], "display_name": "Dr. Emily Chen"}));
    assert_eq!(kept["status"], "cancelled");

    for person in [&creator, &patient, &clinic.registered("doctor", json!({})).await] {
        let refused = person.get("/api/v1/doctors?archived=true").await;
        assert_eq!(refused.status, 403, "{}", refused.text);
        let refused = person.post(&format!("{path}/restore"), json!({})).await;
        assert_eq!(refused.status, 403, "{}", refused.text);
    }
    let archived = admin.get("/api/v1/doctors?archived=true&search=chen&count=true").await.ok();
    assert_eq!((&archived["items"][0]["id"], &archived["total"]), (&entry["id"], &json!(1)));
    let present = admin.get("/api/v1/doctors?archived=false&search=chen").await.ok();
    assert_eq!(present["items"], json!([]));

    let restored = admin.post(&format!("{path}/restore"), json!({})).await;
    assert_eq!(restored.header("etag"), "\"3\"");
    assert_eq!(restored.ok(), entry);
    assert_eq!(patient.get("/api/v1/doctors?search=chen").await.ok()["items"], json!([entry]));
    let again = admin.post(&format!("{path}/restore"), json!({})).await;
    let _ = again.problem(409, "not-archived");
    patient.books(&id, "2030-01-08T10:00:00Z").await.created();
}

async fn what_is_still_to_take_place_keeps_a_doctor_in_the_directory(database: TestDatabase) {
    let clinic = TestApp::on(database).await;
    let creator = clinic.a_coordinator().await;
    let entry = enters(&creator, "DE-1").await;
    let (id, patient) = (text(&entry["id"]), clinic.a_patient().await);
    let first = patient.books(&id, "2030-01-07T10:00:00Z").await.created();
    patient.books(&id, "2030-01-08T10:00:00Z").await.created();
    let cancel = format!("/api/v1/appointments/{}/cancel", text(&first["id"]));

    let refused = creator.delete(&path(&entry)).await.problem(409, "still-needed");
    assert_eq!(refused.body["blocking"], json!({"appointments": 2}));
    patient.post(&cancel, json!({})).await.ok();
    let refused = creator.delete(&path(&entry)).await.problem(409, "still-needed");
    assert_eq!(refused.body["blocking"], json!({"appointments": 1}));
    assert_eq!(creator.get(&path(&entry)).await.ok(), entry);
}

async fn of_a_booking_and_an_archiving_at_once_one_wins(database: TestDatabase) {
    let clinic = TestApp::on(database).await;
    let (creator, patient) = (clinic.a_coordinator().await, clinic.a_patient().await);
    let mut booked = 0;

    for round in 0..12 {
        let entry = enters(&creator, &format!("DE-{round}")).await;
        let (doctor, own) = (text(&entry["id"]), patient.patient_id());
        let path = path(&entry);
        let booking = a_booking(&doctor, &own, &format!("2030-01-07T{:02}:00:00Z", 8 + round));

        let book = patient.post("/api/v1/appointments", booking);
        let (booking, archiving) = if round % 2 == 0 {
            tokio::join!(book, creator.delete(&path))
        } else {
            let (archiving, booking) = tokio::join!(creator.delete(&path), book);
            (booking, archiving)
        };

        match (booking.status, archiving.status) {
            (201, 409) => booked += 1,
            (404, 204) => {}
            both => panic!("{both:?} in round {round}"),
        }
    }
    let raw = clinic.database.raw().await;
    let kept = "SELECT count(*) FROM appointments JOIN doctors ON doctors.id = doctor_id
        WHERE archived_at IS NULL";
    assert_eq!(raw.count(kept).await, booked);
    assert_eq!(raw.count("SELECT count(*) FROM appointments").await, booked);
}

async fn whoever_signs_in_as_an_archived_doctor_has_no_profile_until_it_comes_back(
    database: TestDatabase,
) {
    let clinic = TestApp::on(database).await;
    let (admin, doctor) = (clinic.an_admin().await, clinic.a_doctor().await);
    let (own, user) = (doctor.doctor_id(), format!("/api/v1/users/{}", doctor.user_id()));
    let path = format!("/api/v1/doctors/{own}");
    let profile = async || {
        let me = doctor.get("/api/v1/auth/me").await.ok();
        assert_eq!(admin.get(&user).await.ok()["doctor_id"], me["doctor_id"]);
        let listed = admin.get("/api/v1/users?role=doctor").await.ok();
        assert_eq!(listed["items"], json!([me]));
        me["doctor_id"].clone()
    };
    let role = async |role: &str| admin.patch(&user, json!({"role": role})).await;
    doctor.patch(&path, json!({"license_number": "DE-1"})).await.ok();
    let refused = doctor.delete(&path).await;
    let _ = refused.problem(403, "forbidden");

    let _ = admin.delete(&path).await.with_status(204);
    assert_eq!(profile().await, json!(null));
    let _ = doctor.patch(&path, json!({})).await.problem(404, "not-found");
    admin.post(&format!("{path}/restore"), json!({})).await.ok();
    assert_eq!(profile().await, json!(own));

    // A role brings nothing out of the archive, and nobody gets a second profile.
    let _ = admin.delete(&path).await.with_status(204);
    role("coordinator").await.ok();
    assert_eq!(role("doctor").await.ok()["doctor_id"], json!(null));
    assert_eq!(profile().await, json!(null));
    let other = enters(&admin, "DE-1").await;
    admin.post(&format!("{}/verify", super::doctor::path(&other)), json!({})).await.ok();
    let refused = admin.post(&format!("{path}/restore"), json!({})).await;
    assert_eq!(refused.wrong_fields(), ["license_number"]);
    let _ = admin.delete(&super::doctor::path(&other)).await.with_status(204);
    admin.post(&format!("{path}/restore"), json!({})).await.ok();
    assert_eq!(profile().await, json!(own));
}
