//! Guessing passwords, and those who are guessed at.

use futures_util::future::join_all;
use medilink_tests::app::PASSWORD;
use medilink_tests::{Answer, TestApp, TestDatabase, on_both_databases};
use serde_json::{Value, json};

on_both_databases! {
    however_many_guess_an_account_is_tried_a_hundred_times_a_day_and_its_owner_gets_in,
    somebody_unknown_waits_like_somebody_known,
    an_attempt_that_nobody_has_time_for_is_none,
    a_session_in_the_wrong_hands_keeps_no_owner_from_signing_in,
}

const PASSWORD_PATH: &str = "/api/v1/auth/password";

async fn log_in(clinic: &TestApp, name: &str, password: &str, cookie: &str) -> Answer {
    let body = json!({"username": name, "password": password});
    clinic.unknown().post_with("/api/v1/auth/login", &[("cookie", cookie)], body).await
}

/// What a browser sends back of the cookie that it was told to keep.
fn cookie(answer: &Answer) -> String {
    let cookie = answer.header("set-cookie");
    assert!(cookie.starts_with("medilink_device="), "{cookie}");
    for attribute in ["HttpOnly", "SameSite=Strict", "Path=/", "Max-Age=31536000"] {
        assert!(cookie.contains(attribute), "{cookie}");
    }
    cookie.split(';').next().unwrap_or_default().to_owned()
}

async fn however_many_guess_an_account_is_tried_a_hundred_times_a_day_and_its_owner_gets_in(
    database: TestDatabase,
) {
    let clinic = TestApp::on(database).await;
    let patient = clinic.a_patient().await;
    let name = patient.user["username"].as_str().unwrap().to_owned();
    let known = cookie(&log_in(&clinic, &name, PASSWORD, "").await.with_status(200));

    // Ten thousand wrong passwords over a day, from everywhere, several at once: each that is answered
    // 401 cost a hash.
    let mut hashes = 0;
    for number in 0..1_439 {
        let guesses = (0..7).map(|_| log_in(&clinic, &name, "a guess", ""));
        let guesses = join_all(guesses).await;
        hashes += guesses.iter().filter(|answer| answer.status == 401).count();
        assert!(guesses.iter().all(|answer| [401, 429].contains(&answer.status)));
        if number % 360 == 0 {
            log_in(&clinic, &name, PASSWORD, &known).await.ok();
        }
        clinic.clock.advance(1);
    }

    assert!((50..=100).contains(&hashes), "{hashes} hashes");
    let stranger = log_in(&clinic, &name, PASSWORD, "").await.problem(429, "rate-limited");
    assert!(stranger.header("retry-after").parse::<u32>().unwrap() <= 900);
    // What somebody else's device keeps is worth nothing here.
    let other = clinic.a_patient().await;
    let others = other.user["username"].as_str().unwrap();
    let foreign = cookie(&log_in(&clinic, others, PASSWORD, "").await.with_status(200));
    let _ = log_in(&clinic, &name, PASSWORD, &foreign).await.problem(429, "rate-limited");
    log_in(&clinic, &name, PASSWORD, &known).await.ok();
}

async fn somebody_unknown_waits_like_somebody_known(database: TestDatabase) {
    let clinic = TestApp::on(database).await;
    let patient = clinic.a_patient().await;
    let known = patient.user["username"].as_str().unwrap();
    let without_ids = |answer: Answer| {
        let mut body = answer.body;
        body["request_id"] = Value::Null;
        body["instance"] = Value::Null;
        let retry_after = answer.headers.get("retry-after").cloned();
        (answer.status, body, retry_after)
    };

    for _ in 0..8 {
        let one = without_ids(log_in(&clinic, known, "a guess", "").await);
        let other = without_ids(log_in(&clinic, "nobody.at.all", "a guess", "").await);
        assert_eq!(one, other);
    }
    // What nobody is called is not kept: people type their passwords into the wrong field.
    let raw = clinic.database.raw().await;
    assert_eq!(raw.count("SELECT count(*) FROM attempts WHERE in_a_row = 5").await, 2);
}

async fn an_attempt_that_nobody_has_time_for_is_none(database: TestDatabase) {
    let clinic = TestApp::on(database).await;
    let patient = clinic.a_patient().await;
    let name = patient.user["username"].as_str().unwrap();
    let known = cookie(&log_in(&clinic, name, PASSWORD, "").await.with_status(200));
    let change = json!({"current_password": "a guess", "new_password": "staple battery horse"});

    // A storm: more come than the attempts of a day, and nobody gets their turn.
    clinic.hasher.is_overloaded(true);
    for number in 0..100 {
        let cookie = if number % 2 == 0 { &*known } else { "" };
        let name = if number % 3 == 0 { "nobody.at.all" } else { name };
        let away = log_in(&clinic, name, PASSWORD, cookie).await.problem(503, "unavailable");
        assert_eq!(away.header("retry-after"), "1");
        let _ = patient.post(PASSWORD_PATH, change.clone()).await.problem(503, "unavailable");
    }
    clinic.hasher.is_overloaded(false);

    // All attempts are there that would have been: five that need not wait.
    for _ in 0..5 {
        for (name, cookie) in [(name, ""), (name, &*known), ("nobody.at.all", "")] {
            let refused = log_in(&clinic, name, "a guess", cookie).await;
            let _ = refused.problem(401, "wrong-credentials");
        }
        let wrong = patient.post(PASSWORD_PATH, change.clone()).await;
        assert_eq!(wrong.wrong_fields(), ["current_password"]);
    }
    let _ = log_in(&clinic, name, PASSWORD, &known).await.problem(429, "rate-limited");
    let raw = clinic.database.raw().await;
    let counted = "SELECT count(*) FROM attempts WHERE in_a_row = 5 AND in_day = 5";
    assert_eq!(raw.count(counted).await, 4);
}

async fn a_session_in_the_wrong_hands_keeps_no_owner_from_signing_in(database: TestDatabase) {
    let clinic = TestApp::on(database).await;
    let thief = clinic.a_patient().await;
    let name = thief.user["username"].as_str().unwrap();
    let known = cookie(&log_in(&clinic, name, PASSWORD, "").await.with_status(200));
    let guess = json!({"current_password": "a guess", "new_password": "staple battery horse"});

    let mut hashes = 0;
    for _ in 0..14 {
        let guessed = thief.post(PASSWORD_PATH, guess.clone()).await;
        hashes += usize::from(guessed.status == 422);
        clinic.clock.advance(1);
    }

    assert_eq!(hashes, 10);
    let refused = thief.post(PASSWORD_PATH, guess).await.problem(429, "rate-limited");
    assert!(15 * 60 < refused.header("retry-after").parse::<u32>().unwrap());
    log_in(&clinic, name, PASSWORD, "").await.ok();
    let owner = log_in(&clinic, name, PASSWORD, &known).await.ok();
    let owner = clinic.unknown().with_token(owner["tokens"]["access"].as_str().unwrap());
    let _ = owner.delete("/api/v1/auth/sessions").await.with_status(204);
    let _ = thief.get("/api/v1/auth/me").await.problem(401, "authentication-required");
}

#[actix_web::test]
async fn waiting_is_told_truthfully_and_a_success_ends_it() {
    let clinic = TestApp::start().await;
    let patient = clinic.a_patient().await;
    let name = patient.user["username"].as_str().unwrap();
    for _ in 0..5 {
        let _ = log_in(&clinic, name, "a guess", "").await.problem(401, "wrong-credentials");
    }

    let refused = log_in(&clinic, name, PASSWORD, "").await.problem(429, "rate-limited");
    assert_eq!(refused.header("retry-after"), "1");
    let detail = "Too many attempts with a wrong password have failed. Try again in 1 second.";
    assert_eq!(refused.body["detail"], detail);
    clinic.clock.advance(1);
    log_in(&clinic, name, PASSWORD, "").await.ok();

    for _ in 0..5 {
        let _ = log_in(&clinic, name, "a guess", "").await.problem(401, "wrong-credentials");
    }
}
