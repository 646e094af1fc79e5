//! Signing in.

use medilink_tests::app::PASSWORD;
use medilink_tests::person::text;
use medilink_tests::{TestApp, TestDatabase, on_both_databases};
use reqwest::Method;
use serde_json::json;

on_both_databases! {
    a_name_or_an_address_signs_in_whatever_its_case,
    a_session_ends_for_a_disabled_user,
}

async fn a_name_or_an_address_signs_in_whatever_its_case(database: TestDatabase) {
    let clinic = TestApp::on(database).await;
    let body = json!({"email": "Ada.Lovelace@Example.org", "password": PASSWORD});
    let ada = clinic.unknown().registers(body).await;
    assert_eq!(ada.user["username"], "Ada.Lovelace");

    for name in ["ada.lovelace", "ADA.LOVELACE@EXAMPLE.ORG", " Ada.Lovelace "] {
        let again = clinic.unknown().logs_in(name, PASSWORD).await;
        assert_eq!(again.user, ada.user);
        assert_eq!(again.get("/api/v1/auth/me").await.ok(), ada.user);
    }
    let by_address = json!({"email": "ada.lovelace@example.org", "password": PASSWORD});
    let tokens = clinic.unknown().post("/api/v1/auth/login", by_address).await.ok();
    assert_eq!(tokens["tokens"]["token_type"], "Bearer");
    assert_eq!(tokens["tokens"]["expires_in"], 900);
    assert!(40 < text(&tokens["tokens"]["refresh"]).len());
}

async fn a_session_ends_for_a_disabled_user(database: TestDatabase) {
    let clinic = TestApp::on(database).await;
    let patient = clinic.a_patient().await;
    let raw = clinic.database.raw().await;
    patient.get("/api/v1/auth/me").await.ok();

    raw.execute("UPDATE users SET status = 'disabled' WHERE role = 'patient'").await.unwrap();

    let _ = patient.get("/api/v1/auth/me").await.problem(401, "authentication-required");
    let name = text(&patient.user["username"]);
    let again = json!({"username": name, "password": PASSWORD});
    let again = clinic.unknown().post("/api/v1/auth/login", again).await;
    let _ = again.problem(401, "wrong-credentials");
}

#[actix_web::test]
async fn a_wrong_password_and_an_unknown_user_get_the_same_answer() {
    let clinic = TestApp::start().await;
    let login = |name: &str| json!({"username": name, "password": "not the password"});

    let known = clinic.unknown().post("/api/v1/auth/login", login("admin")).await;
    let unknown = clinic.unknown().post("/api/v1/auth/login", login("nobody")).await;

    let without_ids = |answer: medilink_tests::Answer| {
        let answer = answer.problem(401, "wrong-credentials");
        let mut body = answer.body;
        body["request_id"].take();
        body["instance"].take();
        body
    };
    assert_eq!(without_ids(known), without_ids(unknown));
    let raw = clinic.database.raw().await;
    let failed = "SELECT count(*) FROM audit_entries WHERE outcome = 'failed'";
    assert_eq!(raw.count(failed).await, 2);
}

#[actix_web::test]
async fn what_is_no_log_in_is_named() {
    let clinic = TestApp::start().await;
    let nobody = clinic.unknown();

    let empty = nobody.post("/api/v1/auth/login", json!({})).await;
    assert_eq!(empty.wrong_fields(), ["password", "username"]);
    let both = json!({"username": "admin", "email": "admin@example.org", "password": "x"});
    assert_eq!(nobody.post("/api/v1/auth/login", both).await.wrong_fields(), ["email"]);
    let blank = json!({"username": " ", "password": "x"});
    assert_eq!(nobody.post("/api/v1/auth/login", blank).await.wrong_fields(), ["username"]);
    let long = json!({"username": "x".repeat(255), "password": "x"});
    assert_eq!(nobody.post("/api/v1/auth/login", long).await.wrong_fields(), ["username"]);
    let beside_a_blank = json!({"username": "admin", "email": "", "password": PASSWORD});
    nobody.post("/api/v1/auth/login", beside_a_blank).await.ok();
    let wrong = json!({"username": 7, "password": ["x"], "remember": true});
    let wrong = nobody.post("/api/v1/auth/login", wrong).await;
    assert_eq!(wrong.wrong_fields(), ["password", "remember", "username"]);
}

#[actix_web::test]
async fn a_token_holds_for_fifteen_minutes() {
    let clinic = TestApp::start().await;
    let patient = clinic.a_patient().await;

    clinic.clock.advance(15);
    patient.get("/api/v1/auth/me").await.ok();
    clinic.clock.advance(1);

    let _ = patient.get("/api/v1/auth/me").await.problem(401, "authentication-required");
}

#[actix_web::test]
async fn credentials_come_in_the_header_alone() {
    let clinic = TestApp::start().await;
    let patient = clinic.a_patient().await;
    let token = patient.token().to_owned();
    let nobody = clinic.unknown();
    let path = "/api/v1/auth/me";

    let missing = nobody.get(path).await.problem(401, "authentication-required");
    assert_eq!(missing.body["detail"], "Authentication credentials were not provided.");
    assert_eq!(missing.header("www-authenticate"), "Bearer");
    let in_query = nobody.get(&format!("{path}?access_token={token}")).await;
    let _ = in_query.problem(401, "authentication-required");
    for header in [token.clone(), format!("Basic {token}"), "Bearer".to_owned(), "Bearer x".into()]
    {
        let headers = [("authorization", header.as_str())];
        let refused = nobody.send(Method::GET, path, &headers, None).await;
        let _ = refused.problem(401, "authentication-required");
    }
    let headers = [("authorization", &*format!("bearer {token}"))];
    nobody.send(Method::GET, path, &headers, None).await.ok();
}
