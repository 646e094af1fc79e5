//! Forged tokens: none gets in, and none is told why.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, EncodingKey, crypto};
use medilink_application::testing::{NOW, at};
use medilink_tests::app::{KEY, PASSWORD};
use medilink_tests::person::text;
use medilink_tests::{Answer, Person, TestApp, TestDatabase, on_both_databases};
use reqwest::Method;
use serde_json::{Value, json};

on_both_databases! {
    an_access_token_says_exactly_what_is_documented,
    no_forged_token_gets_in_and_none_is_told_why,
    no_forged_refresh_token_goes_on_and_none_is_told_why,
    a_token_anywhere_but_in_its_place_counts_for_nothing,
}

const ME: &str = "/api/v1/auth/me";
const REFRESH: &str = "/api/v1/auth/refresh";

/// Writes a part of a token as tokens write it.
fn encode(part: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(part)
}

/// Signs any header and claims, with the right key unless another is given.
fn sign(header: &Value, claims: &Value, key: &[u8], algorithm: Algorithm) -> String {
    let message = format!(
        "{}.{}",
        encode(header.to_string().as_bytes()),
        encode(claims.to_string().as_bytes())
    );
    let signature = crypto::sign(message.as_bytes(), &EncodingKey::from_secret(key), algorithm);
    format!("{message}.{}", signature.unwrap())
}

fn with(value: &Value, name: &str, to: Value) -> Value {
    let mut changed = value.clone();
    changed[name] = to;
    changed
}

fn without(value: &Value, name: &str) -> Value {
    let mut changed = value.clone();
    changed.as_object_mut().unwrap().remove(name);
    changed
}

/// Reads the header and the claims of a token that is right.
fn parts(token: &str) -> (Value, Value) {
    let header = jsonwebtoken::decode_header(token).unwrap();
    let data = jsonwebtoken::dangerous::insecure_decode::<Value>(token).unwrap();
    (json!({"alg": "HS256", "typ": header.typ, "kid": header.kid}), data.claims)
}

/// Registers a patient, and returns them with their refresh token.
async fn a_patient(clinic: &TestApp) -> (Person, String) {
    let body = json!({"email": "ada@example.org", "password": PASSWORD, "role": "patient"});
    let answer = clinic.unknown().post("/api/v1/auth/register", body).await.created();
    let patient = clinic.unknown().with_token(&text(&answer["tokens"]["access"]));
    (patient, text(&answer["tokens"]["refresh"]))
}

/// Reads a refusal without what is the request's alone.
fn refusal(refused: Answer, code: &str) -> String {
    let mut body = refused.problem(401, code).body;
    body["request_id"].take();
    body["instance"].take();
    body.to_string()
}

async fn an_access_token_says_exactly_what_is_documented(database: TestDatabase) {
    let clinic = TestApp::on(database).await;
    let doctor = clinic.a_doctor().await;
    let again = clinic.unknown().logs_in(&text(&doctor.user["email"]), PASSWORD).await;

    let mut names = Vec::new();
    for person in [&doctor, &again] {
        let (head, rest) = person.token().split_once('.').unwrap();
        let part = |part: &str| -> Value {
            serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
        };
        let (head, claims) = (part(head), part(rest.split_once('.').unwrap().0));
        let keys =
            |value: &Value| -> Vec<_> { value.as_object().unwrap().keys().cloned().collect() };
        assert_eq!(keys(&head), ["alg", "kid", "typ"]);
        assert_eq!((&head["alg"], &head["typ"]), (&json!("HS256"), &json!("at+jwt")));
        assert!(!KEY.contains(&text(&head["kid"])));
        let all = ["aud", "exp", "iat", "iss", "jti", "nbf", "role", "sid", "sub"];
        assert_eq!(keys(&claims), all);
        let now = at(NOW).unix_seconds();
        for (claim, value) in [
            ("iss", json!("medilink")),
            ("aud", json!("medilink")),
            ("sub", doctor.user["id"].clone()),
            ("role", json!("doctor")),
            ("iat", json!(now)),
            ("nbf", json!(now)),
            ("exp", json!(now + 15 * 60)),
        ] {
            assert_eq!(claims[claim], value, "{claim}");
        }
        names.extend(["jti", "sid"].map(|claim| text(&claims[claim])));
    }
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), 4, "no two tokens are one, and no two sessions");
}

async fn no_forged_token_gets_in_and_none_is_told_why(database: TestDatabase) {
    let clinic = TestApp::on(database).await;
    let (patient, refresh) = a_patient(&clinic).await;
    let good = patient.token().to_owned();
    let (header, claims) = parts(&good);
    let right =
        |header: &Value, claims: &Value| sign(header, claims, KEY.as_bytes(), Algorithm::HS256);
    let now = at(NOW).unix_seconds();
    // The forger of this test signs as the program does, or the rest would show nothing.
    let whole = patient.with_token(&right(&header, &claims));
    whole.get(ME).await.ok();

    let mut forged = vec![
        refresh.clone(),
        format!("{refresh}.{refresh}.{refresh}"),
        String::new(),
        ".".to_owned(),
        "..".to_owned(),
        "a.b.c".to_owned(),
        good.rsplit_once('.').unwrap().0.to_owned(),
        format!("{}.", good.rsplit_once('.').unwrap().0),
        format!("{good}A"),
        format!("{good}."),
        format!("{good}=="),
        good[1..].to_owned(),
        good.to_uppercase(),
        format!(
            "{}.{}.",
            encode(br#"{"alg":"none","typ":"at+jwt"}"#),
            encode(claims.to_string().as_bytes())
        ),
        sign(&header, &claims, b"another key of thirty-two bytes!!", Algorithm::HS256),
        sign(&header, &claims, b"", Algorithm::HS256),
        sign(&with(&header, "alg", json!("HS384")), &claims, KEY.as_bytes(), Algorithm::HS384),
        sign(&with(&header, "alg", json!("HS512")), &claims, KEY.as_bytes(), Algorithm::HS512),
    ];
    for (name, value) in [
        ("alg", json!("none")),
        ("alg", json!("None")),
        ("alg", json!("RS256")),
        ("alg", json!("hs256")),
        ("alg", json!(["HS256"])),
        ("typ", json!("JWT")),
        ("typ", json!("rt+jwt")),
        ("typ", json!("at+JWT ")),
        ("typ", Value::Null),
        ("kid", json!("00000000")),
        ("kid", json!("../../etc/passwd")),
        ("kid", json!("' OR 1=1 --")),
        ("kid", json!(1)),
    ] {
        forged.push(right(&with(&header, name, value), &claims));
    }
    for name in ["alg", "typ", "kid"] {
        forged.push(right(&without(&header, name), &claims));
    }
    for name in ["iss", "aud", "sub", "sid", "role", "iat", "nbf", "exp", "jti"] {
        forged.push(right(&header, &without(&claims, name)));
        forged.push(right(&header, &with(&claims, name, json!({"x": 1}))));
        forged.push(right(&header, &with(&claims, name, Value::Null)));
    }
    for (name, value) in [
        ("iss", json!("medilynk")),
        ("aud", json!("another")),
        ("sid", json!("00000000-0000-0000-0000-000000000000")),
        ("sid", claims["sub"].clone()),
        ("exp", json!(now - 5)),
        ("exp", json!(0)),
        ("exp", json!(-1)),
        ("exp", json!(now.to_string())),
        ("nbf", json!(now + 6)),
        ("iat", json!(now + 6)),
        ("iat", json!(i64::MAX)),
    ] {
        forged.push(right(&header, &with(&claims, name, value)));
    }

    assert!(40 <= forged.len(), "{}", forged.len());
    let mut answers = std::collections::BTreeSet::new();
    for token in &forged {
        let headers = [("authorization", &*format!("Bearer {token}"))];
        let refused = clinic.unknown().send(Method::GET, ME, &headers, None).await;
        answers.insert(refusal(refused, "authentication-required"));
    }
    assert_eq!(answers.len(), 1, "{answers:?}");
    // Whose role the token claims is nobody's business: the database says it.
    let promoted = patient.with_token(&right(&header, &with(&claims, "role", json!("admin"))));
    assert_eq!(promoted.get(ME).await.ok()["role"], "patient");
}

async fn no_forged_refresh_token_goes_on_and_none_is_told_why(database: TestDatabase) {
    let clinic = TestApp::on(database).await;
    let (patient, good) = a_patient(&clinic).await;
    let mut changed = URL_SAFE_NO_PAD.decode(&good).unwrap();
    changed[31] ^= 1;

    let mut answers = std::collections::BTreeSet::new();
    for forged in [
        String::new(),
        patient.token().to_owned(),
        format!("Bearer {good}"),
        format!(" {good}"),
        format!("{good} "),
        format!("{good}="),
        format!("{good}\u{0}"),
        good[1..].to_owned(),
        good.to_uppercase(),
        good.chars().rev().collect(),
        format!("{good}{good}"),
        encode(&changed),
        encode(&[0; 32]),
        "A".repeat(100_000),
        "' OR 1=1 --".to_owned(),
        "\u{202e}\u{1f98a}".to_owned(),
    ] {
        let refused = clinic.unknown().post(REFRESH, json!({"refresh": forged})).await;
        answers.insert(refusal(refused, "refresh-token-refused"));
        let path = "/api/v1/auth/logout";
        let refused = clinic.unknown().post(path, json!({"refresh": forged})).await;
        answers.insert(refusal(refused, "refresh-token-refused"));
    }

    assert_eq!(answers.len(), 1, "{answers:?}");
    // None of them has ended the session or used its token up.
    patient.get(ME).await.ok();
    clinic.unknown().post(REFRESH, json!({"refresh": good})).await.ok();
}

async fn a_token_anywhere_but_in_its_place_counts_for_nothing(database: TestDatabase) {
    let clinic = TestApp::on(database).await;
    let (patient, refresh) = a_patient(&clinic).await;
    let (nobody, access) = (clinic.unknown(), patient.token());
    let missing = refusal(nobody.get(ME).await, "authentication-required");
    let form = "application/x-www-form-urlencoded";

    // In the query and in a cookie.
    for name in ["access_token", "access", "token", "authorization", "bearer"] {
        let refused = nobody.get(&format!("{ME}?{name}={access}")).await;
        assert_eq!(refusal(refused, "authentication-required"), missing, "{name}");
        let cookie = format!("{name}={access}; medilink_device={access}");
        let refused = nobody.send(Method::GET, ME, &[("cookie", &cookie)], None).await;
        assert_eq!(refusal(refused, "authentication-required"), missing, "{name}");
        // In a form: as a page would send it, and hidden in what should be JSON.
        for kind in [form, "text/plain", "application/json"] {
            let body = Some(format!("{name}={access}").into_bytes());
            let headers = [("content-type", kind)];
            let path = "/api/v1/appointments";
            let refused = nobody.send(Method::POST, path, &headers, body).await;
            assert_eq!(refusal(refused, "authentication-required"), missing, "{name} {kind}");
        }
        let refused = nobody.post("/api/v1/appointments", json!({name: access})).await;
        assert_eq!(refusal(refused, "authentication-required"), missing, "{name}");
    }
    // A refresh token counts in a JSON body alone.
    let multipart = "multipart/form-data; boundary=x";
    let parts = format!(
        "--x\r\ncontent-disposition: form-data; name=\"refresh\"\r\n\r\n{refresh}\r\n--x--\r\n"
    );
    for (kind, body) in [(form, format!("refresh={refresh}")), (multipart, parts)] {
        let (headers, body) = ([("content-type", kind)], Some(body.into_bytes()));
        let refused = nobody.send(Method::POST, REFRESH, &headers, body).await;
        let _ = refused.problem(415, "unsupported-media-type");
    }
    let in_query = nobody.post(&format!("{REFRESH}?refresh={refresh}"), json!({})).await;
    assert_eq!(in_query.wrong_fields(), ["refresh"]);
    let in_header = [("authorization", &*format!("Bearer {refresh}"))];
    let refused = nobody.send(Method::GET, ME, &in_header, None).await;
    let _ = refused.problem(401, "authentication-required");
    let in_header = nobody.post_with(REFRESH, &in_header, json!({})).await;
    assert_eq!(in_header.wrong_fields(), ["refresh"]);

    nobody.post(REFRESH, json!({"refresh": refresh})).await.ok();
}
