//! The tests hold answers to the OpenAPI document; these hold that to its word.

use medilink_tests::contract::breaches;
use medilink_tests::{Answer, TestApp};
use reqwest::Method;
use reqwest::header::HeaderValue;
use serde_json::json;

const ME: &str = "/api/v1/auth/me";

type Change = fn(&mut Answer, HeaderValue);

async fn an_answer() -> Answer {
    TestApp::start().await.a_patient().await.get(ME).await
}

#[actix_web::test]
async fn an_answer_that_is_documented_breaks_no_contract() {
    assert!(breaches(&Method::GET, &format!("{ME}/?a=1"), &an_answer().await).is_empty());
}

#[actix_web::test]
async fn whatever_differs_from_the_document_is_noticed() {
    let answer = an_answer().await;
    let tag = HeaderValue::from_static("\"1\"");
    let differing: [(&str, Change); 7] = [
        ("status", |answer, _| answer.status = 202),
        ("location", |answer, tag| drop(answer.headers.insert("location", tag))),
        ("etag", |answer, _| drop(answer.headers.remove("etag"))),
        ("\"text/html\"", |answer, _| {
            answer.headers.insert("content-type", HeaderValue::from_static("text/html"));
        }),
        ("/role", |answer, _| answer.body["role"] = json!("king")),
        ("/id", |answer, _| answer.body["id"] = json!("7")),
        ("username", |answer, _| drop(answer.body.as_object_mut().unwrap().remove("username"))),
    ];
    for (what, change) in differing {
        let mut changed = answer.clone();
        change(&mut changed, tag.clone());

        let found = breaches(&Method::GET, ME, &changed);

        assert_eq!(found.len(), 1, "{what}: {found:?}");
        assert!(found[0].contains(what), "{what}: {found:?}");
    }
}

#[actix_web::test]
async fn a_code_of_another_operation_is_noticed() {
    let clinic = TestApp::start().await;
    let answer = clinic.unknown().get(ME).await.problem(401, "authentication-required");

    let found = breaches(&Method::POST, "/api/v1/auth/login", &answer);

    assert_eq!(found, ["log_in 401: authentication-required is not documented"]);
}
