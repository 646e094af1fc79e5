//! Requests that are sent twice: whatever promises to be done once is.

use medilink_tests::app::PASSWORD;
use medilink_tests::person::text;
use medilink_tests::{Answer, TestApp};
use serde_json::{Value, json};

use super::cast::Cast;
use super::operation::OPERATIONS;

/// What is asked with a body and writes nothing: asked again, it is answered anew.
const ONLY_ASKS: &[&str] = &["/api/v1/appointments/check"];

#[actix_web::test]
async fn whatever_promises_it_is_done_once_and_nothing_else_is_replayed() {
    let document = serde_json::to_value(medilink_http::openapi()).unwrap();
    let cast = Cast::start().await;
    let admin = cast.persona("admin");
    let is_success = |answer: &Answer| (200..300).contains(&answer.status);

    for (number, operation) in OPERATIONS.iter().enumerate() {
        let (method, path) = operation.documented();
        let promised = promises(&document["paths"][path][method]);
        let request = cast.request(operation, &admin.patient).await;
        let key = format!("{number}-{}", operation.name.replace(' ', "-"));
        let key = [("idempotency-key", key.as_str())];

        let first = request.send(&admin.person, &key).await;
        let second = request.send(&admin.person, &key).await;

        let name = operation.name;
        let writes = method == "post" && !ONLY_ASKS.contains(&path);
        assert_eq!(promised, writes, "{name}");
        assert!(is_success(&first), "{name}: {}", first.text);
        assert_eq!(first.header("idempotency-replayed"), "", "{name}");
        let replayed = second.header("idempotency-replayed");
        assert_eq!(replayed, if promised { "true" } else { "" }, "{name}");
        if promised {
            assert_eq!((second.status, second.body), (first.status, first.body), "{name}");
        }
    }
}

/// Whether the document says of an operation that it takes a key.
fn promises(operation: &Value) -> bool {
    let parameters = operation["parameters"].as_array();
    parameters.into_iter().flatten().any(|it| it["name"] == json!("Idempotency-Key"))
}

#[actix_web::test]
async fn no_key_brings_a_token_back() {
    let document = serde_json::to_value(medilink_http::openapi()).unwrap();
    for (path, item) in document["paths"].as_object().unwrap() {
        let of_auth = path.starts_with("/api/v1/auth/");
        assert!(!of_auth || !promises(&item["post"]), "{path}");
    }
    let clinic = TestApp::start().await;
    let patient = clinic.a_patient().await;
    let body = json!({"username": patient.user["username"], "password": PASSWORD});
    let nobody = clinic.unknown();

    let key = [("idempotency-key", "the-same")];
    let mut tokens = Vec::new();
    for _ in 0..2 {
        let answer = nobody.post_with("/api/v1/auth/login", &key, body.clone()).await;
        assert_eq!(answer.header("idempotency-replayed"), "");
        tokens.push(text(&answer.ok()["tokens"]["refresh"]));
    }
    assert_ne!(tokens[0], tokens[1]);
    let other = json!({"username": "nobody", "password": PASSWORD});
    let refused = nobody.post_with("/api/v1/auth/login", &key, other).await;
    let _ = refused.problem(401, "wrong-credentials");
}
