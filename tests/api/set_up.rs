//! Setting an installation up.

use std::sync::Arc;

use futures_util::future::join_all;
use medilink_tests::app::{PASSWORD, set_up_token};
use medilink_tests::{TestApp, TestDatabase, on_both_databases};
use serde_json::{Value, json};

on_both_databases! {
    fifty_set_ups_at_once_on_two_servers_make_one_administrator,
    nobody_sets_up_without_the_token_or_after_somebody_else,
}

const SETUP: &str = "/api/v1/auth/setup";

fn body(number: usize) -> Value {
    json!({
        "token": set_up_token(), "username": format!("root{number}"),
        "email": format!("root{number}@example.org"), "password": PASSWORD,
    })
}

async fn fifty_set_ups_at_once_on_two_servers_make_one_administrator(database: TestDatabase) {
    let database = Arc::new(database);
    let one = TestApp::without_admin(Arc::clone(&database)).await;
    let other = TestApp::without_admin(Arc::clone(&database)).await;

    let asking = (0..50).map(|number| {
        let server = if number % 2 == 0 { &one } else { &other };
        let person = server.unknown();
        async move { person.post(SETUP, body(number)).await }
    });
    let answers = join_all(asking).await;

    let made: Vec<_> = answers.iter().filter(|answer| answer.status == 201).collect();
    assert_eq!(made.len(), 1);
    for refused in answers.iter().filter(|answer| answer.status != 201) {
        // Too many passwords at once are sent away, and may come again.
        if refused.status != 503 {
            let _ = refused.clone().problem(409, "already-set-up");
        }
    }
    let raw = database.raw().await;
    assert_eq!(raw.count("SELECT count(*) FROM users").await, 1);
    assert_eq!(made[0].body["user"]["role"], "admin");
    assert_eq!(made[0].header("location"), "/api/v1/auth/me");
    let token = made[0].body["tokens"]["access"].as_str().unwrap();
    other.unknown().with_token(token).get("/api/v1/users").await.ok();
}

async fn nobody_sets_up_without_the_token_or_after_somebody_else(database: TestDatabase) {
    let clinic = TestApp::without_admin(Arc::new(database)).await;
    let mut guess = body(1);
    guess["token"] = json!("guess");
    assert_eq!(clinic.unknown().post(SETUP, guess.clone()).await.wrong_fields(), ["token"]);
    let wrong = json!({"username": "root", "password": "12345678", "role": "admin"});
    let wrong = clinic.unknown().post(SETUP, wrong).await.wrong_fields();
    assert_eq!(wrong, ["email", "password", "role", "token"]);
    let coordinator = json!({"email": "root1@example.org", "password": PASSWORD});
    clinic.unknown().registers(coordinator).await;

    // A name that is taken leaves the installation as it was.
    let taken = clinic.unknown().post(SETUP, body(1)).await.wrong_fields();
    assert_eq!(taken, ["email", "username"]);
    clinic.unknown().post(SETUP, body(2)).await.created();
    for late in [body(3), guess] {
        let _ = clinic.unknown().post(SETUP, late).await.problem(409, "already-set-up");
    }
}
