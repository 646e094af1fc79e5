//! The archive: what goes is gone from every read, is kept, and comes back whole.

use medilink_tests::app::PASSWORD;
use medilink_tests::person::{a_booking, text};
use medilink_tests::{Person, TestApp, TestDatabase, on_both_databases};
use reqwest::Method;
use serde_json::json;

use super::doctor::{emily, enters, path};
use super::patient::a_record;

const NINE: &str = "2030-01-07T09:00:00Z";

on_both_databases! {
    an_archived_doctor_is_gone_from_every_read_and_comes_back_whole,
    what_is_still_to_take_place_keeps_a_doctor_in_the_directory,
    of_a_booking_and_an_archiving_at_once_one_wins,
    whoever_signs_in_as_an_archived_doctor_has_no_profile_until_it_comes_back,
    an_archived_record_is_gone_from_every_read_and_comes_back,
    what_is_still_to_take_place_keeps_a_record_in_use,
    of_a_booking_and_an_archiving_at_once_exactly_one_is_done,
    somebody_whose_own_record_is_archived_signs_in_without_one,
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

async fn an_archived_record_is_gone_from_every_read_and_comes_back(database: TestDatabase) {
    let clinic = TestApp::on(database).await;
    let (coordinator, admin) = (clinic.a_coordinator().await, clinic.an_admin().await);
    let doctor = clinic.a_doctor().await;
    let made = coordinator.post("/api/v1/patients", a_record()).await.created();
    let id = text(&made["id"]);
    let path = format!("/api/v1/patients/{id}");
    let booked = coordinator
        .post("/api/v1/appointments", a_booking(&doctor.doctor_id(), &id, NINE))
        .await
        .created();
    let appointment = format!("/api/v1/appointments/{}", text(&booked["id"]));
    coordinator.post(&format!("{appointment}/cancel"), json!({})).await.ok();

    let headers = [("if-match", "\"7\"")];
    let stale = coordinator.send(Method::DELETE, &path, &headers, None).await;
    let _ = stale.problem(412, "stale");
    let archived = coordinator.delete(&path).await.with_status(204);
    assert_eq!(archived.text, "");

    let restore = format!("{path}/restore");
    for person in [&coordinator, &doctor, &admin] {
        let _ = person.get(&path).await.problem(404, "not-found");
        let _ = person.patch(&path, json!({"city": "Bonn"})).await.problem(404, "not-found");
        let _ = person.put(&path, a_record()).await.problem(404, "not-found");
        let _ = person.delete(&path).await.problem(404, "not-found");
        let booking = a_booking(&doctor.doctor_id(), &id, NINE);
        let refused = person.post("/api/v1/appointments", booking).await;
        let _ = refused.problem(404, "not-found");
        // What has taken place stays in the lists of those who could see it.
        assert_eq!(person.get(&appointment).await.ok()["patient"]["full_name"], "Ada Lovelace");
    }
    for person in [&coordinator, &doctor] {
        let _ = person.post(&restore, json!({})).await.problem(403, "forbidden");
    }

    let restored = admin.post(&restore, json!({})).await;
    assert_eq!(restored.header("etag"), "\"3\"");
    let mut expected = made;
    expected["updated_at"] = restored.body["updated_at"].clone();
    assert_eq!(restored.ok(), expected);
    assert_eq!(coordinator.get(&path).await.ok(), expected);
    let _ = admin.post(&restore, json!({})).await.problem(409, "not-archived");
    let nobody = "/api/v1/patients/0198c5a2-7b1e-7cc3-98c4-dc0c0c07398f/restore";
    let _ = admin.post(nobody, json!({})).await.problem(404, "not-found");
}

async fn what_is_still_to_take_place_keeps_a_record_in_use(database: TestDatabase) {
    let clinic = TestApp::on(database).await;
    let (coordinator, doctor) = (clinic.a_coordinator().await, clinic.a_doctor().await);
    let made = coordinator.post("/api/v1/patients", a_record()).await.created();
    let path = format!("/api/v1/patients/{}", text(&made["id"]));
    let mut booked = Vec::new();
    for starts_at in [NINE, "2030-01-07T10:00:00Z"] {
        let body = a_booking(&doctor.doctor_id(), &text(&made["id"]), starts_at);
        let made = coordinator.post("/api/v1/appointments", body).await.created();
        booked.push(format!("/api/v1/appointments/{}/cancel", text(&made["id"])));
    }

    for (left, words) in [(2, "2 active appointments"), (1, "1 active appointment;")] {
        let refused = coordinator.delete(&path).await.problem(409, "still-needed");
        assert_eq!(refused.body["blocking"], json!({"appointments": left}));
        assert!(text(&refused.body["detail"]).contains(words), "{}", refused.text);
        assert_eq!(coordinator.get(&path).await.header("etag"), "\"1\"");
        coordinator.post(&booked.pop().unwrap(), json!({})).await.ok();
    }
    let _ = coordinator.delete(&path).await.with_status(204);
}

async fn of_a_booking_and_an_archiving_at_once_exactly_one_is_done(database: TestDatabase) {
    let clinic = TestApp::on(database).await;
    let (coordinator, doctor) = (clinic.a_coordinator().await, clinic.a_doctor().await);
    for round in 0..20 {
        let made = coordinator.post("/api/v1/patients", a_record()).await.created();
        let path = format!("/api/v1/patients/{}", text(&made["id"]));
        let starts_at = format!("2030-01-{:02}T09:00:00Z", 7 + round);
        let booking = a_booking(&doctor.doctor_id(), &text(&made["id"]), &starts_at);

        let (booked, archived) = if round % 2 == 0 {
            tokio::join!(
                coordinator.post("/api/v1/appointments", booking),
                coordinator.delete(&path)
            )
        } else {
            let (archived, booked) = tokio::join!(
                coordinator.delete(&path),
                coordinator.post("/api/v1/appointments", booking),
            );
            (booked, archived)
        };

        let outcome = (booked.status, archived.status);
        assert!([(201, 409), (404, 204)].contains(&outcome), "{outcome:?}");
    }
}

async fn somebody_whose_own_record_is_archived_signs_in_without_one(database: TestDatabase) {
    let clinic = TestApp::on(database).await;
    let (admin, doctor) = (clinic.an_admin().await, clinic.a_doctor().await);
    let patient = clinic.a_patient().await;
    let id = patient.patient_id();
    let path = format!("/api/v1/patients/{id}");
    let user = format!("/api/v1/users/{}", patient.user_id());
    let booked = patient.books(&doctor.doctor_id(), NINE).await.created();
    let appointment = format!("/api/v1/appointments/{}", text(&booked["id"]));
    patient.post(&format!("{appointment}/cancel"), json!({})).await.ok();
    let _ = patient.delete(&path).await.problem(403, "forbidden");

    let _ = admin.delete(&path).await.with_status(204);

    let without_record = async |person: &Person| {
        assert_eq!(person.get("/api/v1/auth/me").await.ok()["patient_id"], json!(null));
        assert_eq!(admin.get(&user).await.ok()["patient_id"], json!(null));
        let users = admin.get("/api/v1/users?role=patient").await.ok();
        assert_eq!(users["items"][0]["patient_id"], json!(null));
        let _ = person.get(&path).await.problem(404, "not-found");
        let _ = person.patch(&path, json!({"city": "Bonn"})).await.problem(404, "not-found");
        assert_eq!(person.get("/api/v1/appointments").await.ok()["items"], json!([]));
        let _ = person.get(&appointment).await.problem(404, "not-found");
        let _ = person.books(&doctor.doctor_id(), NINE).await.problem(404, "not-found");
    };
    without_record(&patient).await;
    let again = patient.logs_in(&text(&patient.user["username"]), PASSWORD).await;
    assert_eq!(again.user["patient_id"], json!(null));
    patient.patch("/api/v1/auth/me", json!({"first_name": "Eve"})).await.ok();

    // Whoever becomes a patient again has a record still, which nobody else may bring back.
    admin.patch(&user, json!({"role": "coordinator"})).await.ok();
    let changed = admin.patch(&user, json!({"role": "patient"})).await.ok();
    assert_eq!(changed["patient_id"], json!(null));
    let mut again = again.logs_in(&text(&patient.user["username"]), PASSWORD).await;
    again.user["patient_id"] = json!(id);
    without_record(&again).await;
    admin.post(&format!("{path}/restore"), json!({})).await.ok();
    assert_eq!(again.get("/api/v1/auth/me").await.ok()["patient_id"], json!(id));
    assert_eq!(again.get(&path).await.ok()["id"], json!(id));
    again.get(&appointment).await.ok();
}
