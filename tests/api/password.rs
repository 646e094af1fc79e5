//! Choosing another password.

use medilink_tests::app::PASSWORD;
use medilink_tests::{TestApp, TestDatabase, on_both_databases};
use serde_json::json;

on_both_databases! {
    a_new_password_ends_every_other_session,
}

const PATH: &str = "/api/v1/auth/password";
const NEW: &str = "staple battery horse";

async fn a_new_password_ends_every_other_session(database: TestDatabase) {
    let clinic = TestApp::on(database).await;
    let patient = clinic.a_patient().await;
    let name = patient.user["username"].as_str().unwrap().to_owned();
    let elsewhere = clinic.unknown().logs_in(&name, PASSWORD).await;
    let change = json!({"current_password": PASSWORD, "new_password": NEW});

    let _ = patient.post(PATH, change.clone()).await.with_status(204);

    patient.get("/api/v1/auth/me").await.ok();
    let ended = elsewhere.get("/api/v1/auth/me").await;
    let _ = ended.problem(401, "authentication-required");
    let old = json!({"username": name, "password": PASSWORD});
    let old = clinic.unknown().post("/api/v1/auth/login", old).await;
    let _ = old.problem(401, "wrong-credentials");
    clinic.unknown().logs_in(&name, NEW).await;
    assert_eq!(patient.post(PATH, change).await.wrong_fields(), ["current_password"]);
}

#[actix_web::test]
async fn everything_that_is_wrong_with_a_change_is_told_at_once() {
    let clinic = TestApp::start().await;
    let patient = clinic.a_patient().await;

    let wrong = patient.post(PATH, json!({"new_password": 7, "repeat": NEW})).await;
    assert_eq!(wrong.wrong_fields(), ["current_password", "new_password", "repeat"]);
    let body = json!({"current_password": "not it", "new_password": "password"});
    let wrong = patient.post(PATH, body).await;
    assert_eq!(wrong.wrong_fields(), ["current_password", "new_password"]);
    // The rules know whose password it is.
    let like_me = patient.user["email"].clone();
    let body = json!({"current_password": PASSWORD, "new_password": like_me});
    assert_eq!(patient.post(PATH, body).await.wrong_fields(), ["new_password"]);
}

#[actix_web::test]
async fn guessing_the_current_password_is_slowed_down() {
    let clinic = TestApp::start().await;
    let patient = clinic.a_patient().await;
    let guess = json!({"current_password": "a guess", "new_password": NEW});

    for _ in 0..5 {
        assert_eq!(patient.post(PATH, guess.clone()).await.wrong_fields(), ["current_password"]);
    }
    let refused = patient.post(PATH, guess).await.problem(429, "rate-limited");

    assert_eq!(refused.header("retry-after"), "1");
}

#[actix_web::test]
async fn whoever_knows_the_current_password_may_try_as_many_new_ones_as_it_takes() {
    let clinic = TestApp::start().await;
    let patient = clinic.a_patient().await;
    let name = patient.user["username"].as_str().unwrap().to_owned();

    for _ in 0..12 {
        let change = json!({"current_password": PASSWORD, "new_password": "password"});
        assert_eq!(patient.post(PATH, change).await.wrong_fields(), ["new_password"]);
    }
    let change = json!({"current_password": PASSWORD, "new_password": NEW});
    let _ = patient.post(PATH, change).await.with_status(204);

    clinic.unknown().logs_in(&name, NEW).await;
}
