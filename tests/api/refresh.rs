//! Continuing sessions, and ending them.

use medilink_tests::app::PASSWORD;
use medilink_tests::person::text;
use medilink_tests::{Answer, Person, TestApp, TestDatabase, on_both_databases};
use reqwest::Method;
use serde_json::{Value, json};

on_both_databases! {
    a_session_goes_on_from_token_to_token,
    two_tabs_and_a_lost_answer_sign_nobody_out,
    a_token_that_comes_back_ends_the_session_for_everybody,
    whatever_ends_a_session_acts_on_the_next_request,
    whoever_logs_out_is_out_whatever_refresh_token_they_bring,
    sessions_are_seen_and_ended_by_their_user_and_by_an_administrator,
}

/// Registers a patient and returns them with their refresh token.
async fn a_patient(clinic: &TestApp) -> (Person, String) {
    let patient = clinic.a_patient().await;
    sign_in(clinic, &patient).await
}

/// Signs somebody in anew, with the refresh token of the new session.
async fn sign_in(clinic: &TestApp, person: &Person) -> (Person, String) {
    let body = json!({"username": person.user["username"], "password": PASSWORD});
    let signed_in = clinic.unknown().post("/api/v1/auth/login", body).await.ok();
    let tokens = &signed_in["tokens"];
    (person.with_token(&text(&tokens["access"])), text(&tokens["refresh"]))
}

async fn refresh(clinic: &TestApp, token: &str) -> Answer {
    clinic.unknown().post("/api/v1/auth/refresh", json!({"refresh": token})).await
}

async fn refreshed(clinic: &TestApp, token: &str) -> Value {
    refresh(clinic, token).await.ok()["tokens"].clone()
}

async fn a_session_goes_on_from_token_to_token(database: TestDatabase) {
    let clinic = TestApp::on(database).await;
    let (patient, mut token) = a_patient(&clinic).await;

    // Six days between two uses, for longer than any one token holds.
    for _ in 0..3 {
        clinic.clock.advance(6 * 24 * 60);
        let tokens = refreshed(&clinic, &token).await;
        assert_eq!(tokens["token_type"], "Bearer");
        let me = patient.with_token(&text(&tokens["access"]));
        assert_eq!(me.get("/api/v1/auth/me").await.ok()["id"], patient.user_id());
        assert_ne!(text(&tokens["refresh"]), token);
        token = text(&tokens["refresh"]);
    }
    clinic.clock.advance(7 * 24 * 60);
    let _ = refresh(&clinic, &token).await.problem(401, "refresh-token-refused");
}

async fn two_tabs_and_a_lost_answer_sign_nobody_out(database: TestDatabase) {
    let clinic = TestApp::on(database).await;
    let (patient, token) = a_patient(&clinic).await;

    let tabs = (0..12).map(|_| refreshed(&clinic, &token));
    let answers = futures_util::future::join_all(tabs).await;

    let next = text(&answers[0]["refresh"]);
    for answer in &answers {
        assert_eq!(text(&answer["refresh"]), next);
        let tab = patient.with_token(&text(&answer["access"]));
        tab.get("/api/v1/auth/me").await.ok();
    }
    refreshed(&clinic, &next).await;
}

async fn a_token_that_comes_back_ends_the_session_for_everybody(database: TestDatabase) {
    let clinic = TestApp::on(database).await;
    let (patient, stolen) = a_patient(&clinic).await;
    let (elsewhere, _) = sign_in(&clinic, &patient).await;
    let tokens = refreshed(&clinic, &stolen).await;
    let owner = patient.with_token(&text(&tokens["access"]));
    owner.get("/api/v1/auth/me").await.ok();

    clinic.clock.advance(1);
    let _ = refresh(&clinic, &stolen).await.problem(401, "refresh-token-refused");

    let _ = owner.get("/api/v1/auth/me").await.problem(401, "authentication-required");
    let next = text(&tokens["refresh"]);
    let _ = refresh(&clinic, &next).await.problem(401, "refresh-token-refused");
    // Other sign-ins of the same person have nothing to do with it.
    elsewhere.get("/api/v1/auth/me").await.ok();
    let raw = clinic.database.raw().await;
    let reuse = "SELECT count(*) FROM audit_entries
        WHERE action = 'refresh_session' AND outcome = 'failed' AND user_id IS NOT NULL";
    assert_eq!(raw.count(reuse).await, 1);
}

async fn whatever_ends_a_session_acts_on_the_next_request(database: TestDatabase) {
    let clinic = TestApp::on(database).await;
    let admin = clinic.an_admin().await;
    let patient = clinic.a_patient().await;
    let me = "/api/v1/auth/me";
    let alone = [
        "log out",
        "log out with the token",
        "end",
        "end all",
        "end all of a user",
        "end by admin",
    ];

    for how in alone {
        let (person, token) = sign_in(&clinic, &patient).await;
        let session = {
            let sessions = person.get("/api/v1/auth/sessions").await.ok();
            let current = sessions["items"].as_array().unwrap().iter();
            text(&current.clone().find(|it| it["is_current"] == true).unwrap()["id"])
        };
        let delete = async |by: &Person, path: &str| {
            let _ = by.send(Method::DELETE, path, &[], None).await.with_status(204);
        };
        match how {
            "log out" => {
                let empty = person.send(Method::POST, "/api/v1/auth/logout", &[], None).await;
                let _ = empty.with_status(204);
            }
            "log out with the token" => {
                let body = json!({"refresh": token});
                let answer = clinic.unknown().post("/api/v1/auth/logout", body).await;
                let _ = answer.with_status(204);
            }
            "end" => delete(&person, &format!("/api/v1/auth/sessions/{session}")).await,
            "end all" => delete(&person, "/api/v1/auth/sessions").await,
            "end all of a user" => {
                delete(&admin, &format!("/api/v1/users/{}/sessions", person.user_id())).await;
            }
            _ => delete(&admin, &format!("/api/v1/auth/sessions/{session}")).await,
        }

        let _ = person.get(me).await.problem(401, "authentication-required");
        let _ = refresh(&clinic, &token).await.problem(401, "refresh-token-refused");
        let again = person.send(Method::POST, "/api/v1/auth/logout", &[], None).await;
        assert_eq!(again.status, 401, "{how}");
    }
}

async fn whoever_logs_out_is_out_whatever_refresh_token_they_bring(database: TestDatabase) {
    let clinic = TestApp::on(database).await;
    let (patient, of_first) = a_patient(&clinic).await;
    let (other, of_other) = a_patient(&clinic).await;
    let (elsewhere, of_elsewhere) = sign_in(&clinic, &patient).await;
    let (over, of_over) = sign_in(&clinic, &patient).await;
    let _ = over.post("/api/v1/auth/logout", json!({})).await.with_status(204);
    let nonsense = ["", "x", " ", "\u{0}", "null", &"A".repeat(43), &"x".repeat(10_000)];

    for brought in nonsense.into_iter().chain([&*of_over, patient.token(), &*of_other]) {
        let (person, own) = sign_in(&clinic, &patient).await;
        let body = json!({"refresh": brought});
        let _ = person.post("/api/v1/auth/logout", body).await.with_status(204);
        let _ = person.get("/api/v1/auth/me").await.problem(401, "authentication-required");
        let _ = refresh(&clinic, &own).await.problem(401, "refresh-token-refused");
    }
    // Nobody else was signed out by it, and nobody elsewhere.
    other.get("/api/v1/auth/me").await.ok();
    refreshed(&clinic, &of_other).await;
    elsewhere.get("/api/v1/auth/me").await.ok();

    // The token of another session of one's own ends that one, too, also when it was used before.
    refreshed(&clinic, &of_elsewhere).await;
    let (person, _) = sign_in(&clinic, &patient).await;
    let body = json!({"refresh": of_elsewhere});
    let _ = person.post("/api/v1/auth/logout", body).await.with_status(204);
    for ended in [&person, &elsewhere] {
        let _ = ended.get("/api/v1/auth/me").await.problem(401, "authentication-required");
    }
    let next = refreshed(&clinic, &of_first).await;
    assert_ne!(text(&next["refresh"]), of_first);
}

async fn sessions_are_seen_and_ended_by_their_user_and_by_an_administrator(database: TestDatabase) {
    let clinic = TestApp::on(database).await;
    let (patient, _) = a_patient(&clinic).await;
    let other = clinic.a_patient().await;
    let body = json!({"username": patient.user["username"], "password": PASSWORD});
    let headers = [("user-agent", "A tablet in the hall")];
    clinic.unknown().post_with("/api/v1/auth/login", &headers, body).await.ok();

    let shown = patient.get("/api/v1/auth/sessions?count=true").await.ok();

    assert_eq!(shown["total"], 3);
    let items = shown["items"].as_array().unwrap();
    let current = items.iter().filter(|item| item["is_current"] == true).count();
    let tablet = items.iter().find(|item| item["device"] == "A tablet in the hall").unwrap();
    assert_eq!((current, &tablet["address"]), (1, &json!("127.0.0.1")));
    let path = format!("/api/v1/auth/sessions/{}", text(&tablet["id"]));
    let hidden = other.send(Method::DELETE, &path, &[], None).await;
    let _ = hidden.problem(404, "not-found");
    let _ = patient.send(Method::DELETE, &path, &[], None).await.with_status(204);
    let again = patient.send(Method::DELETE, &path, &[], None).await;
    let _ = again.problem(404, "not-found");

    let of_patient = format!("/api/v1/users/{}/sessions", patient.user_id());
    let _ = other.get(&of_patient).await.problem(403, "forbidden");
    let seen = clinic.an_admin().await.get(&of_patient).await.ok();
    assert_eq!(seen["items"].as_array().unwrap().len(), 2);
    assert!(!seen.to_string().contains("refresh_hash"));
}

#[actix_web::test]
async fn a_token_of_one_kind_is_none_of_the_other() {
    let clinic = TestApp::start().await;
    let (patient, token) = a_patient(&clinic).await;

    let as_access = patient.with_token(&token).get("/api/v1/auth/me").await;
    let _ = as_access.problem(401, "authentication-required");
    let _ = refresh(&clinic, patient.token()).await.problem(401, "refresh-token-refused");
    for made_up in ["", "x", &"A".repeat(43), &"x".repeat(100_000), "\u{0}"] {
        let _ = refresh(&clinic, made_up).await.problem(401, "refresh-token-refused");
    }
    let missing = clinic.unknown().post("/api/v1/auth/refresh", json!({})).await;
    assert_eq!(missing.wrong_fields(), ["refresh"]);
}

#[actix_web::test]
async fn somebody_unknown_cannot_sign_anybody_out() {
    let clinic = TestApp::start().await;
    let (patient, _) = a_patient(&clinic).await;
    let nobody = clinic.unknown();
    let path = "/api/v1/auth/logout";

    let _ = nobody.post(path, json!({})).await.problem(401, "authentication-required");
    let made_up = nobody.post(path, json!({"refresh": "A".repeat(43)})).await;
    let _ = made_up.problem(401, "refresh-token-refused");
    let wrong = nobody.post(path, json!({"refresh": 7, "all": true})).await;
    let _ = wrong.problem(401, "authentication-required");
    let named = patient.post(path, json!({"refresh": 7, "all": true})).await;
    assert_eq!(named.wrong_fields(), ["all", "refresh"]);
    patient.get("/api/v1/auth/me").await.ok();
}
