//! What goes wrong before a use case is asked: bodies, addresses, methods.

use std::time::Duration;

use medilink_tests::TestApp;
use reqwest::Method;
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

const JSON: (&str, &str) = ("content-type", "application/json");

#[actix_web::test]
async fn what_is_no_json_object_is_malformed() {
    let clinic = TestApp::start().await;
    let nobody = clinic.unknown();
    let deep = "[".repeat(100_000);

    for body in [
        "",
        "{",
        "nope",
        "[]",
        "7",
        "null",
        "\u{feff}{}",
        &deep,
        "{\"username\": \"a\", \"username\": \"b\"}",
        "{\"a\": 1,}",
    ] {
        let sent = Some(body.as_bytes().to_vec());
        let refused = nobody.send(Method::POST, "/api/v1/auth/login", &[JSON], sent).await;
        let refused = refused.problem(400, "malformed");
        assert!(!refused.text.contains("LogInBody"), "{}", refused.text);
    }
    let sent = Some(vec![0xff, 0xfe, 0x00]);
    let refused = nobody.send(Method::POST, "/api/v1/auth/login", &[JSON], sent).await;
    let _ = refused.problem(400, "malformed");
}

#[actix_web::test]
async fn a_number_that_nothing_can_hold_is_said_to_be_one() {
    let clinic = TestApp::start().await;
    let sent = Some(br#"{"username": 1e400}"#.to_vec());

    let refused = clinic.unknown().send(Method::POST, "/api/v1/auth/login", &[JSON], sent).await;

    let refused = refused.problem(400, "malformed");
    let detail = "A number in the body is out of range, at line 1, column 18.";
    assert_eq!(refused.body["detail"], detail);
}

#[actix_web::test]
async fn a_body_of_another_kind_is_refused() {
    let clinic = TestApp::start().await;
    let body = || Some(b"username=admin&password=x".to_vec());

    for kind in ["application/x-www-form-urlencoded", "text/plain", "application/jsonx", ""] {
        let headers = [("content-type", kind)];
        let refused =
            clinic.unknown().send(Method::POST, "/api/v1/auth/login", &headers, body()).await;
        let _ = refused.problem(415, "unsupported-media-type");
    }
    let charset = [("content-type", "application/json; charset=utf-8")];
    let sent = Some(b"{}".to_vec());
    let read = clinic.unknown().send(Method::POST, "/api/v1/auth/login", &charset, sent).await;
    assert_eq!(read.status, 422);
}

#[actix_web::test]
async fn a_body_is_plain_utf8() {
    let clinic = TestApp::start().await;
    let kind = ("content-type", "application/json");

    for headers in [
        vec![("content-type", "application/json; charset=utf-16")],
        vec![kind, ("content-encoding", "gzip")],
        vec![kind, kind],
    ] {
        let sent = Some(b"{}".to_vec());
        let nobody = clinic.unknown();
        let refused = nobody.send(Method::POST, "/api/v1/auth/login", &headers, sent).await;
        let _ = refused.problem(415, "unsupported-media-type");
    }
}

#[actix_web::test]
async fn what_stands_twice_is_refused() {
    let clinic = TestApp::start().await;
    let patient = clinic.a_patient().await;
    let token = format!("Bearer {}", patient.token());

    let twice = [("authorization", token.as_str())];
    let refused = patient.send(Method::GET, "/api/v1/auth/me", &twice, None).await;
    let _ = refused.problem(401, "authentication-required");
    let twice = [("idempotency-key", "a"), ("idempotency-key", "b")];
    let refused = patient.post_with("/api/v1/appointments", &twice, json!({})).await;
    assert_eq!(refused.wrong_fields(), ["Idempotency-Key"]);
    for field in ["first_name", "date_of_birth", "color"] {
        let body = format!(r#"{{"role": "patient", "{field}": "1", "{field}": "2"}}"#).into_bytes();
        let path = "/api/v1/auth/register";
        let refused = patient.send(Method::POST, path, &[JSON], Some(body)).await;
        let _ = refused.problem(400, "malformed");
    }
}

#[actix_web::test]
async fn head_is_answered_like_get_without_a_body() {
    let clinic = TestApp::start().await;
    let patient = clinic.a_patient().await;

    for path in ["/health/live", "/api/v1/auth/me", "/openapi.json", "/docs/", "/api/v1/nope"] {
        let get = patient.get(path).await;
        let head = patient.send(Method::HEAD, path, &[], None).await;
        assert_eq!(head.status, get.status, "{path}");
        for name in ["etag", "content-type", "content-length", "cache-control"] {
            assert_eq!(head.header(name), get.header(name), "{path} {name}");
        }
        assert_eq!(get.header("content-length"), get.text.len().to_string(), "{path}");
    }
    // No client shows what stands behind the headers.
    let head = "HEAD /api/v1/auth/me HTTP/1.1\r\nHost: x\r\nConnection: close\r\n";
    let head = format!("{head}Authorization: Bearer {}\r\n\r\n", patient.token());
    let mut stream = sending(&clinic, &head).await;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    assert!(answer.ends_with("\r\n\r\n"), "{answer}");
}

/// Sends the bytes of a request, and no more.
async fn sending(clinic: &TestApp, request: &str) -> TcpStream {
    let address = clinic.base().trim_start_matches("http://").to_owned();
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    stream
}

#[actix_web::test]
async fn a_query_is_refused_wherever_none_is_taken() {
    let clinic = TestApp::start().await;
    let patient = clinic.a_patient().await;
    let record = format!("/api/v1/patients/{}", patient.patient_id());

    for (method, path) in [
        (Method::GET, record.as_str()),
        (Method::HEAD, "/api/v1/auth/me"),
        (Method::POST, "/api/v1/appointments"),
        (Method::POST, "/api/v1/auth/logout"),
        (Method::POST, "/api/v1/auth/login"),
        (Method::DELETE, "/api/v1/auth/sessions"),
        (Method::GET, "/health/ready"),
    ] {
        let send = async |query: &str| {
            let path = format!("{path}?{query}");
            patient.send(method.clone(), &path, &[JSON], None).await
        };
        let wrong = send("x=y&z").await;
        if method == Method::HEAD {
            assert_eq!(wrong.status, 422);
        } else {
            assert_eq!(wrong.wrong_fields(), ["x", "z"], "{method} {path}");
        }
        for broken in ["garbage=%ff", "%ff=garbage", "=x"] {
            assert_eq!(send(broken).await.status, 400, "{method} {path}?{broken}");
        }
    }
    let _ = patient.get("/api/v1/doctors?=x").await.problem(400, "malformed");
    patient.get(&format!("{record}?")).await.ok();
    // Somebody unknown learns nothing.
    let unknown = clinic.unknown().get(&format!("{record}?x=1")).await;
    let _ = unknown.problem(401, "authentication-required");
}

#[actix_web::test]
async fn a_query_is_utf8() {
    let clinic = TestApp::start().await;
    let patient = clinic.a_patient().await;

    let _ = patient.get("/api/v1/doctors?search=%ff").await.problem(400, "malformed");
    patient.get("/api/v1/doctors?search=%C3%BF&city=").await.ok();
}

#[actix_web::test]
async fn a_body_that_is_too_large_is_refused() {
    let clinic = TestApp::start().await;
    let head = "POST /api/v1/auth/login HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\
        Content-Type: application/json\r\n";
    let piece = format!("{:x}\r\n{}\r\n", 1024, "x".repeat(1024));

    // One that says how long it is is refused before any of it is there; one that does not, as soon
    // as it is too long.
    let announced = format!("{head}Content-Length: 10000000\r\n\r\n");
    let pieces = format!("{head}Transfer-Encoding: chunked\r\n\r\n{}", piece.repeat(257));

    for request in [announced, pieces] {
        let mut stream = sending(&clinic, &request).await;
        let mut answer = vec![0; 8192];
        let length = tokio::time::timeout(Duration::from_secs(5), stream.read(&mut answer)).await;
        let answer = String::from_utf8_lossy(&answer[..length.unwrap().unwrap()]).into_owned();
        assert!(answer.starts_with("HTTP/1.1 413 "), "{answer}");
        assert!(answer.contains("\"payload-too-large\""), "{answer}");
    }
    clinic.unknown().get("/health/live").await.ok();
    let little_more = json!({"username": "x".repeat(256 * 1024), "password": "x"});
    let refused = clinic.unknown().post("/api/v1/auth/login", little_more).await;
    let _ = refused.problem(413, "payload-too-large");
}

#[actix_web::test]
async fn nothing_is_found_where_nothing_is() {
    let clinic = TestApp::start().await;
    let patient = clinic.a_patient().await;

    for path in
        ["/nope", "/api/v1/nope", "/api/v2/doctors", "/api/v1/appointments/7", "/problems/x"]
    {
        let _ = patient.get(path).await.problem(404, "not-found");
    }
}

#[actix_web::test]
async fn another_method_is_told_which_ones_are_answered() {
    let clinic = TestApp::start().await;
    let patient = clinic.a_patient().await;

    let refused = patient.send(Method::DELETE, "/api/v1/appointments", &[], None).await;
    let refused = refused.problem(405, "method-not-allowed");
    assert_eq!(refused.header("allow"), "GET, HEAD, POST");
    let refused = patient.send(Method::PATCH, "/health/live", &[], None).await;
    assert_eq!(refused.problem(405, "method-not-allowed").header("allow"), "GET, HEAD");
    for page in ["/docs", "/docs/", "/docs/swagger-ui.css"] {
        let refused = patient.send(Method::POST, page, &[], None).await;
        let refused = refused.problem(405, "method-not-allowed");
        assert_eq!(refused.header("allow"), "GET, HEAD", "{page}");
    }
}

#[actix_web::test]
async fn every_path_names_exactly_the_methods_that_it_documents() {
    let clinic = TestApp::start().await;
    let people = [clinic.unknown(), clinic.an_admin().await];
    let document = serde_json::to_value(medilink_http::openapi()).unwrap();

    for (path, item) in document["paths"].as_object().unwrap() {
        let documented: Vec<_> = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"]
            .into_iter()
            .filter(|method| {
                let of = if *method == "HEAD" { "GET" } else { method };
                item.get(of.to_lowercase()).is_some()
            })
            .collect();
        let allow = documented.join(", ");
        let at = path.replace("{id}", "01940000-0000-7000-8000-000000000000");
        let at = at.replace("{code}", "stale");
        assert!(!at.contains('{'), "{at}");

        for person in &people {
            for name in ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "TRACE", "QUERY", "get"] {
                let method = Method::from_bytes(name.as_bytes()).unwrap();
                if documented.contains(&name) {
                    continue;
                }
                let refused = person.send(method, &at, &[JSON], Some(b"{}".to_vec())).await;
                assert_eq!(
                    (refused.status, refused.header("allow")),
                    (405, &*allow),
                    "{name} {at}"
                );
                if name != "HEAD" {
                    let _ = refused.problem(405, "method-not-allowed");
                }
            }
            let told = person.send(Method::OPTIONS, &at, &[], None).await.with_status(204);
            assert_eq!(told.header("allow"), allow, "{at}");
        }
    }
}

#[actix_web::test]
async fn a_trailing_slash_never_matters() {
    let clinic = TestApp::start().await;
    let patient = clinic.a_patient().await;

    assert_eq!(patient.get("/api/v1/auth/me/").await.ok(), patient.user);
    assert_eq!(patient.get("/api/v1/doctors/?limit=1").await.ok()["items"], json!([]));
    assert_eq!(clinic.unknown().get("/health/live/").await.ok()["status"], "ok");
}

#[actix_web::test]
async fn somebody_unknown_learns_nothing_about_a_request() {
    let clinic = TestApp::start().await;
    let nobody = clinic.unknown();

    // However wrong the rest is, the first answer is that credentials are missing.
    let sent = Some(b"{{{{".to_vec());
    for (method, path) in [
        (Method::POST, "/api/v1/appointments"),
        (Method::POST, "/api/v1/appointments/7/cancel"),
        (Method::GET, "/api/v1/appointments?limit=900"),
        (Method::GET, "/api/v1/patients/7"),
    ] {
        let refused = nobody.send(method, path, &[("idempotency-key", "a b")], sent.clone()).await;
        let _ = refused.problem(401, "authentication-required");
    }
}

#[actix_web::test]
async fn every_kind_of_problem_is_explained() {
    let clinic = TestApp::start().await;

    for kind in medilink_http::catalogue() {
        let page = clinic.unknown().get(&format!("/problems/{}", kind.code)).await.with_status(200);
        assert!(page.text.contains(kind.meaning), "{}", kind.code);
    }
}

#[actix_web::test]
async fn nothing_is_kept_on_the_way() {
    let clinic = TestApp::start().await;
    let answer = clinic.a_patient().await.get("/api/v1/auth/me").await;

    assert_eq!(answer.header("cache-control"), "no-store");
    assert_eq!(answer.header("x-content-type-options"), "nosniff");
    assert_eq!(answer.header("x-request-id").len(), 36);
}
