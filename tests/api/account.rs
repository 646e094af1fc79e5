//! One's own account.

use medilink_tests::{TestApp, TestDatabase, on_both_databases};
use reqwest::Method;
use serde_json::json;

on_both_databases! {
    people_change_their_own_account_and_nothing_of_their_profile,
    what_is_not_ones_own_to_change_is_refused_by_name,
    a_stale_account_is_left_alone,
}

const ME: &str = "/api/v1/auth/me";

async fn people_change_their_own_account_and_nothing_of_their_profile(database: TestDatabase) {
    let clinic = TestApp::on(database).await;
    let doctor = clinic.registered("doctor", json!({"phone": "+44 20"})).await;
    let profile = format!("/api/v1/doctors/{}", doctor.doctor_id());
    let before = doctor.get(&profile).await.ok();

    let changed = doctor.patch(ME, json!({"first_name": " Emily ", "phone": null})).await;
    assert_eq!(changed.header("etag"), "\"2\"");
    let changed = changed.ok();
    assert_eq!((&changed["first_name"], &changed["phone"]), (&json!("Emily"), &json!(null)));
    assert_eq!(changed["last_name"], doctor.user["last_name"]);
    assert_eq!(changed["doctor_id"], doctor.user["doctor_id"]);

    let replaced = doctor.put(ME, json!({"phone": "+45 1"})).await.ok();
    assert_eq!((&replaced["name"], &replaced["phone"]), (&json!(""), &json!("+45 1")));
    assert_eq!(doctor.get(ME).await.ok(), replaced);
    assert_eq!(doctor.get(&profile).await.ok(), before);
}

async fn what_is_not_ones_own_to_change_is_refused_by_name(database: TestDatabase) {
    let clinic = TestApp::on(database).await;
    let patient = clinic.a_patient().await;
    let before = patient.get(ME).await.ok();

    for field in ["role", "status", "email", "username", "created_by", "id", "approved_at"] {
        let body = || json!({"first_name": "Eve", field: "admin"});
        assert_eq!(patient.patch(ME, body()).await.wrong_fields(), [field]);
        assert_eq!(patient.put(ME, body()).await.wrong_fields(), [field]);
    }
    let wrong = json!({"first_name": "x".repeat(151), "phone": "1", "last_name": 7});
    let wrong = patient.patch(ME, wrong).await;
    assert_eq!(wrong.wrong_fields(), ["first_name", "last_name", "phone"]);
    assert_eq!(patient.get(ME).await.ok(), before);
}

async fn a_stale_account_is_left_alone(database: TestDatabase) {
    let clinic = TestApp::on(database).await;
    let patient = clinic.a_patient().await;
    let body = || Some(json!({"first_name": "Eve"}).to_string().into_bytes());
    let send = async |tag: &str| {
        let headers = [("content-type", "application/json"), ("if-match", tag)];
        patient.send(Method::PATCH, ME, &headers, body()).await
    };

    send("\"1\"").await.ok();
    let _ = send("\"1\"").await.problem(412, "stale");
    send("\"2\"").await.ok();
}
