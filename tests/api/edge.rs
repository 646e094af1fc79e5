//! Who may come in under which name and from which address, and what keeps browsers careful.

use medilink_http::Edge;
use medilink_tests::app::PASSWORD;
use medilink_tests::{Answer, Person, TestApp};
use reqwest::Method;
use serde_json::json;

async fn get_as(person: &Person, host: &str, path: &str) -> Answer {
    person.send(Method::GET, path, &[("host", host)], None).await
}

#[actix_web::test]
async fn a_server_answers_to_its_own_names_only() {
    let allowed_hosts = "clinic.example.org, .example.com".parse().unwrap();
    let clinic = TestApp::behind(Edge { allowed_hosts, ..Edge::default() }).await;
    let nobody = clinic.unknown();

    for host in ["clinic.example.org", "Clinic.Example.Org:8000", "example.com", "a.b.example.com"]
    {
        let _ = get_as(&nobody, host, "/openapi.json").await.with_status(200);
        let _ = get_as(&nobody, host, "/api/v1/doctors").await.with_status(401);
    }
    for host in ["evil.example.net", "example.org", "127.0.0.1", "badexample.com", "[::1]"] {
        for path in ["/", "/docs/", "/openapi.json", "/api/v1/doctors", "/api/v1/nothing"] {
            let refused = get_as(&nobody, host, path).await.problem(400, "malformed");
            assert!(refused.body["detail"].as_str().unwrap().contains("`Host`"), "{host} {path}");
        }
        for probe in ["/health/live", "/health/ready", "/health/live/"] {
            get_as(&nobody, host, probe).await.ok();
        }
    }
    let claimed = [("host", "evil.example.net"), ("x-forwarded-host", "clinic.example.org")];
    let refused = nobody.send(Method::GET, "/openapi.json", &claimed, None).await;
    let _ = refused.problem(400, "malformed");
}

#[actix_web::test]
async fn every_name_is_answered_to_where_none_is_listed() {
    let clinic = TestApp::start().await;

    let _ =
        get_as(&clinic.unknown(), "anything.example.net", "/openapi.json").await.with_status(200);
}

#[actix_web::test]
async fn the_trail_names_the_client_behind_a_trusted_proxy() {
    let trusted_proxies = "127.0.0.0/8, 10.0.0.0/8".parse().unwrap();
    let clinic = TestApp::behind(Edge { trusted_proxies, ..Edge::default() }).await;
    let fails = async |forwarded: &str| {
        let body = json!({"username": "x", "password": "x"});
        let headers = [("x-forwarded-for", forwarded)];
        let answer = clinic.unknown().post_with("/api/v1/auth/login", &headers, body).await;
        let _ = answer.with_status(401);
        let latest = "SELECT address FROM audit_entries ORDER BY id DESC LIMIT 1";
        let rows = clinic.database.raw().await.rows(latest).await;
        rows[0].try_get_by_index::<String>(0).unwrap()
    };

    assert_eq!(fails("198.51.100.7").await, "198.51.100.7");
    assert_eq!(fails("203.0.113.9, 198.51.100.7, 10.0.0.2").await, "198.51.100.7");
    assert_eq!(fails("2001:db8::7").await, "2001:db8::7");
    assert_eq!(fails("198.51.100.7, unknown, 10.0.0.2").await, "10.0.0.2");
    assert_eq!(fails("").await, "127.0.0.1");
}

/// Looks for the headers that every answer has.
fn is_guarded(answer: &Answer) {
    for (name, value) in [
        ("x-content-type-options", "nosniff"),
        ("x-frame-options", "DENY"),
        ("referrer-policy", "no-referrer"),
        ("cross-origin-opener-policy", "same-origin"),
        ("cross-origin-resource-policy", "same-origin"),
        ("server", ""),
    ] {
        assert_eq!(answer.header(name), value, "{name}, {}", answer.status);
    }
    for denied in ["camera=()", "microphone=()", "geolocation=()"] {
        assert!(answer.header("permissions-policy").contains(denied), "{denied}");
    }
    assert!(answer.header("content-security-policy").contains("frame-ancestors 'none'"));
    assert_eq!(answer.header("x-request-id").len(), 36);
}

#[actix_web::test]
async fn every_answer_keeps_browsers_careful() {
    let clinic = TestApp::start().await;
    let patient = clinic.a_patient().await;

    for (path, status) in [
        ("/", 200),
        ("/docs/", 200),
        ("/openapi.json", 200),
        ("/health/live", 200),
        ("/api/v1/auth/me", 200),
        ("/api/v1/nothing", 404),
        ("/api/v1/auth/login", 405),
        ("/api/v1/doctors?limit=900", 422),
    ] {
        let answer = patient.get(path).await.with_status(status);
        is_guarded(&answer);
        assert_eq!(answer.header("strict-transport-security"), "", "{path}");
    }
    is_guarded(
        &clinic.unknown().get("/api/v1/auth/me").await.problem(401, "authentication-required"),
    );
}

#[actix_web::test]
async fn browsers_are_told_to_come_over_https_where_that_is_so() {
    let clinic = TestApp::behind(Edge { https_only: true, ..Edge::default() }).await;

    for (path, status) in [("/health/live", 200), ("/nothing", 404)] {
        let answer = clinic.unknown().get(path).await.with_status(status);
        assert_eq!(answer.header("strict-transport-security"), "max-age=31536000", "{path}");
    }
    let patient = clinic.a_patient().await;
    let body = json!({"username": patient.user["username"], "password": PASSWORD});
    let signed_in = clinic.unknown().post("/api/v1/auth/login", body).await.with_status(200);
    let cookie = signed_in.header("set-cookie");
    assert!(cookie.starts_with("medilink_device=") && cookie.contains("; Secure"), "{cookie}");
}
