//! Licence numbers: whose they are, and who says that they were checked.

use medilink_tests::app::PASSWORD;
use medilink_tests::{Person, TestApp, TestDatabase, on_both_databases};
use serde_json::{Value, json};

use super::doctor::{enters, path};

on_both_databases! {
    a_licence_number_is_one_doctors,
    another_licence_number_has_yet_to_be_verified_unless_an_administrator_writes_it,
    a_licence_is_verified_once,
}

async fn a_licence_number_is_one_doctors(database: TestDatabase) {
    let clinic = TestApp::on(database).await;
    let (admin, creator) = (clinic.an_admin().await, clinic.a_coordinator().await);
    let first = enters(&creator, "DE-1").await;
    let second = enters(&creator, "DE-2").await;
    let body = |number: &str| json!({"first_name": "Emily", "last_name": "Chen", "license_number": number});

    for taken in [
        creator.post("/api/v1/doctors", body("DE-1")).await,
        admin.post("/api/v1/doctors", body(" DE-1 ")).await,
        creator.put(&path(&second), body("DE-1")).await,
        creator.patch(&path(&second), json!({"license_number": "DE-1"})).await,
    ] {
        assert_eq!(taken.wrong_fields(), ["license_number"]);
    }
    creator.patch(&path(&first), json!({"license_number": "DE-1", "bio": "Dives"})).await.ok();

    // Whoever registers may be the one whom somebody has entered, as long as nobody is verified.
    let doctor = clinic.registered("doctor", json!({"license_number": "DE-1"})).await;
    let own = format!("/api/v1/doctors/{}", doctor.doctor_id());
    admin.post(&format!("{}/verify", path(&second)), json!({})).await.ok();
    let taken = doctor.patch(&own, json!({"license_number": "DE-2"})).await;
    assert_eq!(taken.wrong_fields(), ["license_number"]);
    let registration = json!({
        "email": "late@example.com", "password": PASSWORD, "role": "doctor",
        "license_number": "DE-2",
    });
    let taken = clinic.unknown().post("/api/v1/auth/register", registration).await;
    assert_eq!(taken.wrong_fields(), ["license_number"]);
    doctor.patch(&own, json!({"license_number": null})).await.ok();
    doctor.patch(&own, json!({"license_number": "DE-1"})).await.ok();

    // Who is archived has none.
    let _ = admin.delete(&path(&second)).await.with_status(204);
    creator.patch(&path(&first), json!({"license_number": "DE-2"})).await.ok();
    let taken = admin.post(&format!("{}/restore", path(&second)), json!({})).await;
    assert_eq!(taken.wrong_fields(), ["license_number"]);
    creator.patch(&path(&first), json!({"license_number": "DE-3"})).await.ok();
    admin.post(&format!("{}/restore", path(&second)), json!({})).await.ok();
}

async fn another_licence_number_has_yet_to_be_verified_unless_an_administrator_writes_it(
    database: TestDatabase,
) {
    let clinic = TestApp::on(database).await;
    let (admin, doctor) = (clinic.an_admin().await, clinic.a_doctor().await);
    let own = format!("/api/v1/doctors/{}", doctor.doctor_id());
    let verified = async |person: &Person, license_number: Value| {
        let body = json!({"license_number": license_number});
        person.patch(&own, body).await.ok()["is_verified"].clone()
    };

    assert_eq!(doctor.patch(&own, json!({"bio": "Dives"})).await.ok()["is_verified"], true);
    assert_eq!(verified(&doctor, json!("DE-1")).await, false);
    admin.post(&format!("{own}/verify"), json!({})).await.ok();
    assert_eq!(verified(&doctor, json!("DE-1")).await, true);
    assert_eq!(verified(&admin, json!("DE-2")).await, true);
    assert_eq!(verified(&doctor, json!(null)).await, false);
    // The doctor is still approved, and acts.
    assert_eq!(doctor.get("/api/v1/auth/me").await.ok()["status"], "active");
    doctor.post("/api/v1/patients", json!({"first_name": "A", "last_name": "B"})).await.created();
}

async fn a_licence_is_verified_once(database: TestDatabase) {
    let clinic = TestApp::on(database).await;
    let (admin, creator) = (clinic.an_admin().await, clinic.a_coordinator().await);
    let entry = enters(&creator, "DE-1").await;
    let verify = format!("{}/verify", path(&entry));

    let _ = creator.post(&verify, json!({})).await.problem(403, "forbidden");
    let once = [("idempotency-key", "once")];
    let verified = admin.post_with(&verify, &once, json!({})).await;
    assert_eq!(verified.header("etag"), "\"2\"");
    assert_eq!(verified.body["is_verified"], true);
    let again = admin.post_with(&verify, &once, json!({})).await;
    assert_eq!(again.header("idempotency-replayed"), "true");
    assert_eq!(again.ok(), verified.ok());
    let _ = admin.post(&verify, json!({})).await.problem(409, "already-verified");

    let bare = json!({"first_name": "Ada", "last_name": "Lovelace"});
    let bare = admin.post("/api/v1/doctors", bare).await.created();
    let refused = admin.post(&format!("{}/verify", path(&bare)), json!({})).await;
    let _ = refused.problem(409, "no-license-number");

    // A registration that repeats the number of somebody who was verified meanwhile.
    let other = enters(&creator, "DE-2").await;
    let doctor = clinic.registered("doctor", json!({"license_number": "DE-2"})).await;
    admin.post(&format!("{}/verify", path(&other)), json!({})).await.ok();
    let verify = format!("/api/v1/doctors/{}/verify", doctor.doctor_id());
    assert_eq!(admin.post(&verify, json!({})).await.wrong_fields(), ["license_number"]);
}
