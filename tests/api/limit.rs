//! Limits: who asks too often is told when to come back.

use std::time::Duration;

use medilink_application::application::Settings;
use medilink_http::{Edge, Limits, POLICIES, Per, Place, Policy};
use medilink_tests::app::PASSWORD;
use medilink_tests::person::a_booking;
use medilink_tests::{Answer, Person, TestApp};
use reqwest::Method;
use serde_json::json;

const LOGIN: &str = "/api/v1/auth/login";

/// The policies of an installation, but that nothing comes back while a test runs.
fn slow() -> Vec<Policy> {
    POLICIES.iter().map(|policy| Policy { window: 360_000, ..*policy }).collect()
}

/// Starts a clinic with policies, behind a proxy on this machine.
async fn clinic(policies: &[Policy]) -> TestApp {
    let trusted_proxies = "127.0.0.1".parse().unwrap();
    let limits = Limits::new(policies);
    TestApp::behind(Edge { trusted_proxies, limits, ..Edge::default() }).await
}

/// Fails to log in from an address.
async fn fails(person: &Person, name: &str, address: &str) -> Answer {
    let body = json!({"username": name, "password": "not the password"});
    person.post_with(LOGIN, &[("x-forwarded-for", address)], body).await
}

fn seconds(answer: &Answer) -> u64 {
    answer.header("retry-after").parse().unwrap()
}

#[actix_web::test]
async fn the_31st_sign_in_from_an_address_waits_and_other_addresses_do_not() {
    let clinic = clinic(&slow()).await;
    let nobody = clinic.unknown();

    for number in 1..=30 {
        let name = format!("somebody{number}");
        let failed = fails(&nobody, &name, "192.0.2.1").await.problem(401, "wrong-credentials");
        let left = format!("r={};", 30 - number);
        assert!(failed.header("ratelimit").contains(&left), "{}", failed.header("ratelimit"));
    }
    let refused = fails(&nobody, "somebody31", "192.0.2.1").await.problem(429, "rate-limited");

    assert_eq!(refused.header("ratelimit-policy"), "\"sign-in\";q=30;w=360000");
    assert!(refused.header("ratelimit").starts_with("\"sign-in\";r=0;t="));
    assert!(0 < seconds(&refused));
    let detail = refused.body["detail"].as_str().unwrap();
    assert!(detail.starts_with("You have asked too often. Try again in "), "{detail}");
    let _ = fails(&nobody, "somebody31", "192.0.2.2").await.problem(401, "wrong-credentials");
    let right = json!({"username": "admin", "password": PASSWORD});
    let admin = nobody.post_with(LOGIN, &[("x-forwarded-for", "192.0.2.1")], right.clone()).await;
    let _ = admin.problem(429, "rate-limited");
    nobody.post_with(LOGIN, &[("x-forwarded-for", "192.0.2.3")], right).await.ok();
}

#[actix_web::test]
async fn who_comes_back_after_retry_after_is_served() {
    let quick = |name, place, per| Policy { name, place, per, quota: 2, window: 4 };
    let clinic = clinic(&[
        quick("general", Place::Api, Per::Address),
        quick("sign-in", Place::Post(LOGIN), Per::Address),
    ])
    .await;
    let nobody = clinic.unknown();

    for _ in 0..2 {
        let refused = loop {
            let answer = fails(&nobody, "somebody", "192.0.2.1").await;
            if answer.status == 429 {
                break answer;
            }
        };
        assert!((1..=2).contains(&seconds(&refused)), "{}", seconds(&refused));
        tokio::time::sleep(Duration::from_secs(seconds(&refused))).await;

        let served = fails(&nobody, "somebody", "192.0.2.1").await;
        let _ = served.problem(401, "wrong-credentials");
    }
}

/// Each policy of an installation by itself, with a quota that comes back while a test can wait.
#[actix_web::test]
async fn every_limit_says_what_is_left_and_is_as_good_as_its_word() {
    let all = POLICIES.iter().map(|policy| async move {
        let policy = Policy { quota: 6, window: 24, ..*policy };
        let clinic = clinic(&[policy]).await;
        let doctor = clinic.a_doctor().await.doctor_id();
        let patient = clinic.a_patient().await;
        let ask = async |address: &str| {
            let (path, body) = match policy.place {
                Place::Post("/api/v1/appointments") => {
                    let booking = a_booking(&doctor, &patient.patient_id(), "2030-01-07T09:00:00Z");
                    ("/api/v1/appointments", booking)
                }
                Place::Post(path) => (path, json!({})),
                Place::Api => ("/api/v1/auth/password", json!({})),
            };
            patient.post_with(path, &[("x-forwarded-for", address)], body).await
        };
        let (one, other) = match policy.per {
            Per::Address => ("192.0.2.1", "192.0.2.2"),
            Per::User => ("192.0.2.1", "192.0.2.1"),
        };

        for left in (0..6).rev() {
            let answer = ask(one).await;
            assert_ne!(answer.status, 429, "{}", policy.name);
            let said = format!("\"{}\";r={left};t=4", policy.name);
            assert_eq!(answer.header("ratelimit"), said);
            assert_eq!(answer.header("ratelimit-policy"), format!("\"{}\";q=6;w=24", policy.name));
        }
        let refused = ask(one).await.problem(429, "rate-limited");
        assert!(refused.header("ratelimit").starts_with(&format!("\"{}\";r=0;t=", policy.name)));
        let wait = seconds(&refused);
        assert!((1..=4).contains(&wait), "{} {wait}", policy.name);
        if one != other {
            assert_ne!(ask(other).await.status, 429, "{}", policy.name);
        }
        // Asking in vain makes nobody wait longer, and whoever waits is served, once.
        let _ = ask(one).await.problem(429, "rate-limited");
        tokio::time::sleep(Duration::from_secs(wait)).await;
        assert_ne!(ask(one).await.status, 429, "{}", policy.name);
    });

    futures_util::future::join_all(all).await;
}

#[actix_web::test]
async fn those_who_guess_from_everywhere_keep_no_owner_out() {
    let clinic = TestApp::behind_with(
        Edge {
            trusted_proxies: "127.0.0.1".parse().unwrap(),
            limits: Limits::new(&slow()),
            ..Edge::default()
        },
        Settings::default(),
    )
    .await;
    let nobody = clinic.unknown();
    let right = json!({"username": "admin", "password": PASSWORD});
    let home = ("x-forwarded-for", "192.0.2.1");
    let known = nobody.post_with(LOGIN, &[home], right.clone()).await.with_status(200);
    let cookie = known.header("set-cookie").split(';').next().unwrap().to_owned();

    for number in 0..50 {
        let address = format!("198.51.100.{number}");
        let guess = fails(&nobody, "admin", &address).await;
        assert!([401, 429].contains(&guess.status));
    }

    let stranger = nobody.post_with(LOGIN, &[home], right.clone()).await;
    let _ = stranger.problem(429, "rate-limited");
    nobody.post_with(LOGIN, &[home, ("cookie", &cookie)], right).await.ok();
}

#[actix_web::test]
async fn a_header_of_a_client_changes_nothing() {
    let limits = Limits::new(&slow());
    let clinic = TestApp::behind(Edge { limits, ..Edge::default() }).await;
    let nobody = clinic.unknown();

    for number in 0..30 {
        let address = format!("192.0.2.{number}");
        let _ = fails(&nobody, &format!("somebody{number}"), &address).await.with_status(401);
    }
    let refused = fails(&nobody, "somebody", "192.0.2.99").await;

    let _ = refused.problem(429, "rate-limited");
    let raw = clinic.database.raw().await;
    let elsewhere = "SELECT count(*) FROM audit_entries WHERE address <> '127.0.0.1'";
    assert_eq!(raw.count(elsewhere).await, 0);
}

#[actix_web::test]
async fn clients_of_one_network_of_version_6_are_counted_together() {
    let clinic = clinic(&slow()).await;
    let nobody = clinic.unknown();

    for number in 0..30 {
        let address = format!("2001:db8:0:1::{number}");
        let _ = fails(&nobody, &format!("somebody{number}"), &address).await.with_status(401);
    }

    let refused = fails(&nobody, "somebody", "2001:db8:0:1:ffff::").await;
    let _ = refused.problem(429, "rate-limited");
    let _ = fails(&nobody, "somebody", "2001:db8:0:2::1").await.problem(401, "wrong-credentials");
}

#[actix_web::test]
async fn bookings_are_counted_for_each_user() {
    let few = |policy: Policy| Policy { quota: 2, ..policy };
    let booking = slow().into_iter().filter(|policy| policy.name == "booking").map(few);
    let clinic = clinic(&booking.collect::<Vec<_>>()).await;
    let doctor = clinic.a_doctor().await.doctor_id();
    let (one, other) = (clinic.a_patient().await, clinic.a_patient().await);

    let first = one.books(&doctor, "2030-01-07T09:00:00Z").await.with_status(201);
    assert!(first.header("ratelimit").starts_with("\"booking\";r=1;t="));
    let _ = one.books(&doctor, "2030-01-07T09:00:00Z").await.problem(409, "doctor-double-booked");
    let refused = one.books(&doctor, "2030-01-07T10:00:00Z").await;

    assert!(0 < seconds(&refused.problem(429, "rate-limited")));
    one.get("/api/v1/appointments").await.ok();
    other.books(&doctor, "2030-01-07T10:00:00Z").await.created();
    let nobody = clinic.unknown();
    let booking = a_booking(&doctor, &one.patient_id(), "2030-01-07T11:00:00Z");
    let _ = nobody.post("/api/v1/appointments", booking).await.with_status(401);
}

#[actix_web::test]
async fn registrations_and_refreshes_are_counted() {
    let clinic = clinic(&slow()).await;
    let nobody = clinic.unknown();

    for _ in 0..20 {
        let _ = nobody.post("/api/v1/auth/register", json!({})).await.with_status(422);
    }
    let refused = nobody.post("/api/v1/auth/register", json!({})).await;
    let refused = refused.problem(429, "rate-limited");
    assert!(refused.header("ratelimit").starts_with("\"registration\";r=0;t="));
    let refreshed = nobody.post("/api/v1/auth/refresh", json!({"refresh": "x"})).await;
    assert!(refreshed.header("ratelimit").starts_with("\"refresh\";r=119;t="));
}

#[actix_web::test]
async fn every_request_of_the_api_is_counted_and_no_other() {
    let few = |policy: &Policy| Policy { quota: 6, window: 360_000, ..*policy };
    let clinic = clinic(&[few(&POLICIES[0])]).await;
    let nobody = clinic.unknown();

    let counted = [
        (Method::GET, "/api/v1/doctors"),
        (Method::HEAD, "/api/v1/doctors/"),
        (Method::GET, "/api/v1/nothing"),
        (Method::DELETE, "/api/v1/doctors"),
        (Method::POST, "/api/v1/auth/%6Cogin"),
        (Method::POST, "/%61pi/v1/auth/login"),
    ];
    for (number, (method, path)) in counted.into_iter().enumerate() {
        let answer = nobody.send(method, path, &[], None).await;
        let left = format!("\"general\";r={};t=", 5 - number);
        assert!(answer.header("ratelimit").starts_with(&left), "{path}");
        assert_eq!(answer.header("ratelimit-policy"), "\"general\";q=6;w=360000", "{path}");
    }
    let _ = nobody.get("/api/v1/doctors").await.problem(429, "rate-limited");
    for open in ["/", "/docs/", "/openapi.json", "/health/live", "/health/ready", "/problems/stale"]
    {
        let answer = nobody.get(open).await.with_status(200);
        assert_eq!(answer.header("ratelimit"), "", "{open}");
    }
}
