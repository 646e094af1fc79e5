//! Requests that are sent twice: whatever promises to be done once is.

use medilink_tests::Answer;
use serde_json::json;

use super::cast::{Cast, OPERATIONS};

#[actix_web::test]
async fn whatever_promises_it_is_done_once_and_nothing_else_is_replayed() {
    let document = serde_json::to_value(medilink_http::openapi()).unwrap();
    let cast = Cast::start().await;
    let admin = cast.persona("admin");
    let is_success = |answer: &Answer| (200..300).contains(&answer.status);

    for operation in OPERATIONS {
        let (method, path) = operation.parts();
        let parameters = document["paths"][path][method]["parameters"].as_array();
        let is_key = |name: &serde_json::Value| *name == json!("Idempotency-Key");
        let promised = parameters.into_iter().flatten().any(|it| is_key(&it["name"]));
        let request = cast.request(operation, &admin.patient).await;
        let key = operation.name.replace(' ', "-");
        let key = [("idempotency-key", key.as_str())];

        let first = request.send(&admin.person, &key).await;
        let second = request.send(&admin.person, &key).await;

        let name = operation.name;
        assert_eq!(promised, method == "post", "{name}");
        assert!(is_success(&first), "{name}: {}", first.text);
        assert_eq!(first.header("idempotency-replayed"), "", "{name}");
        let replayed = second.header("idempotency-replayed");
        assert_eq!(replayed, if promised { "true" } else { "" }, "{name}");
        if promised {
            assert_eq!((second.status, second.body), (first.status, first.body), "{name}");
        }
    }
}
