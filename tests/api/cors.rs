//! Pages of other origins.

use medilink_http::{AllowedOrigins, Edge, Limits, Per, Place, Policy};
use medilink_tests::{Answer, Person, TestApp};
use reqwest::Method;
use serde_json::json;

const APP: &str = "https://app.example.org";
const SHOWN: [&str; 7] = [
    "etag",
    "idempotency-replayed",
    "location",
    "ratelimit",
    "ratelimit-policy",
    "retry-after",
    "x-request-id",
];

async fn clinic(origins: &str) -> TestApp {
    let allowed_origins = origins.parse().unwrap();
    TestApp::behind(Edge { allowed_origins, ..Edge::default() }).await
}

async fn preflight(person: &Person, origin: &str, method: &str, path: &str) -> Answer {
    let headers = [
        ("origin", origin),
        ("access-control-request-method", method),
        ("access-control-request-headers", "authorization,content-type,if-match,idempotency-key"),
    ];
    person.send(Method::OPTIONS, path, &headers, None).await
}

/// Returns the entries of a header that is a list, in order.
fn list(answer: &Answer, name: &str) -> Vec<String> {
    let mut entries: Vec<_> = answer.header(name).split(", ").map(str::to_lowercase).collect();
    entries.sort_unstable();
    entries
}

fn says_nothing_of_origins(answer: &Answer) -> bool {
    answer.headers.keys().all(|name| !name.as_str().starts_with("access-control"))
}

#[actix_web::test]
async fn a_preflight_is_answered_for_every_route_and_kept() {
    let clinic = clinic(APP).await;
    let nobody = clinic.unknown();
    let document = serde_json::to_value(medilink_http::openapi()).unwrap();

    for (path, item) in document["paths"].as_object().unwrap() {
        for method in item.as_object().unwrap().keys() {
            let answer = preflight(&nobody, APP, &method.to_uppercase(), path).await;
            let answer = answer.with_status(200);
            assert_eq!(answer.header("access-control-allow-origin"), APP, "{method} {path}");
            assert_eq!(answer.header("access-control-max-age"), "3600");
            let methods = list(&answer, "access-control-allow-methods");
            assert_eq!(methods, ["delete", "get", "head", "patch", "post", "put"]);
            let headers = list(&answer, "access-control-allow-headers");
            assert_eq!(headers, ["authorization", "content-type", "idempotency-key", "if-match"]);
            assert_eq!(answer.header("access-control-allow-credentials"), "");
        }
    }
}

#[actix_web::test]
async fn a_page_reads_answers_and_refusals() {
    let clinic = clinic(&format!("{APP}, http://localhost:3000")).await;
    let (nobody, patient) = (clinic.unknown(), clinic.a_patient().await);

    for origin in [APP, "http://localhost:3000"] {
        let headers = [("origin", origin)];
        for (person, path, status) in [
            (&patient, "/api/v1/auth/me", 200),
            (&nobody, "/api/v1/auth/me", 401),
            (&patient, "/api/v1/nothing", 404),
            (&patient, "/api/v1/auth/login", 405),
            (&patient, "/api/v1/doctors?limit=900", 422),
        ] {
            let answer = person.send(Method::GET, path, &headers, None).await.with_status(status);
            assert_eq!(answer.header("access-control-allow-origin"), origin, "{path}");
            assert_eq!(list(&answer, "access-control-expose-headers"), SHOWN, "{path}");
            assert!(list(&answer, "vary").contains(&"origin".to_owned()), "{path}");
        }
    }
}

#[actix_web::test]
async fn a_page_reads_that_it_asks_too_often() {
    let place = Place::Post("/api/v1/auth/login");
    let once = Policy { name: "once", place, per: Per::Address, quota: 1, window: 3600 };
    let (allowed_origins, limits) = (APP.parse().unwrap(), Limits::new(&[once]));
    let clinic = TestApp::behind(Edge { allowed_origins, limits, ..Edge::default() }).await;
    let log_in = async || {
        let body = json!({"username": "x", "password": "x"});
        clinic.unknown().post_with("/api/v1/auth/login", &[("origin", APP)], body).await
    };

    let _ = log_in().await.with_status(401);
    let refused = log_in().await.problem(429, "rate-limited");

    assert_eq!(refused.header("access-control-allow-origin"), APP);
    assert_eq!(list(&refused, "access-control-expose-headers"), SHOWN);
    assert_ne!(refused.header("retry-after"), "");
}

#[actix_web::test]
async fn an_origin_that_is_not_listed_is_told_nothing() {
    for clinic in [clinic(APP).await, clinic("").await] {
        let patient = clinic.a_patient().await;
        for origin in ["https://evil.example.net", "null", "https://app.example.org.evil.net"] {
            let refused = preflight(&patient, origin, "POST", "/api/v1/appointments").await;
            let refused = refused.problem(400, "malformed");
            assert!(says_nothing_of_origins(&refused), "{:?}", refused.headers);
            let headers = [("origin", origin)];
            let answer = patient.send(Method::GET, "/api/v1/auth/me", &headers, None).await;
            assert!(says_nothing_of_origins(&answer.with_status(200)));
        }
        let answer = patient.get("/api/v1/auth/me").await;
        assert!(says_nothing_of_origins(&answer));
    }
}

#[actix_web::test]
async fn a_header_that_is_not_listed_is_named_as_the_reason() {
    let clinic = clinic(APP).await;
    let headers = [
        ("origin", APP),
        ("access-control-request-method", "GET"),
        ("access-control-request-headers", "x-secret"),
    ];

    let refused = clinic.unknown().send(Method::OPTIONS, "/api/v1/doctors", &headers, None).await;

    let refused = refused.problem(400, "malformed");
    assert_eq!(refused.body["detail"], "One or more request headers are not allowed.");
}

#[actix_web::test]
async fn a_star_lets_every_page_in() {
    let clinic =
        TestApp::behind(Edge { allowed_origins: AllowedOrigins::Any, ..Edge::default() }).await;
    let nobody = clinic.unknown();

    let allowed = preflight(&nobody, "https://x.example.net", "GET", "/api/v1/doctors").await;

    assert_eq!(allowed.with_status(200).header("access-control-allow-origin"), "*");
}
