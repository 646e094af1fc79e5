//! Forged tokens: none gets in, and none is told why.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, EncodingKey, crypto};
use medilink_application::testing::{NOW, at};
use medilink_tests::TestApp;
use medilink_tests::app::KEY;
use reqwest::Method;
use serde_json::{Value, json};

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

#[actix_web::test]
async fn no_forged_token_gets_in_and_none_is_told_why() {
    let clinic = TestApp::start().await;
    let patient = clinic.a_patient().await;
    let good = patient.token().to_owned();
    let (header, claims) = parts(&good);
    let right =
        |header: &Value, claims: &Value| sign(header, claims, KEY.as_bytes(), Algorithm::HS256);
    let now = at(NOW).unix_seconds();
    // The forger of this test signs as the program does, or the rest would show nothing.
    let whole = patient.with_token(&right(&header, &claims));
    whole.get("/api/v1/auth/me").await.ok();

    let mut forged = vec![
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
        let refused = clinic.unknown().send(Method::GET, "/api/v1/auth/me", &headers, None).await;
        let mut body = refused.problem(401, "authentication-required").body;
        body["request_id"] = Value::Null;
        body["instance"] = Value::Null;
        answers.insert(body.to_string());
    }
    assert_eq!(answers.len(), 1, "{answers:?}");
    // Whose role the token claims is nobody's business: the database says it.
    let promoted = patient.with_token(&right(&header, &with(&claims, "role", json!("admin"))));
    assert_eq!(promoted.get("/api/v1/auth/me").await.ok()["role"], "patient");
}
