//! What nobody should send to have, change or use an account, tried in tables.

use medilink_tests::app::PASSWORD;
use medilink_tests::person::text;
use medilink_tests::{Answer, Person, TestApp, TestDatabase, on_both_databases};
use reqwest::Method;
use serde_json::{Value, json};

on_both_databases! {
    no_field_that_is_not_ones_own_to_set_is_set,
    no_role_that_is_none_is_taken,
    names_of_every_script_and_length_are_kept_or_named,
    addresses_of_every_script_and_length_are_kept_or_named,
    passwords_have_8_to_128_characters_wherever_they_are_chosen,
    what_is_no_json_object_is_malformed_wherever_it_is_sent,
    somebody_known_and_somebody_unknown_get_equal_bytes,
}

const REGISTER: &str = "/api/v1/auth/register";
const LOGIN: &str = "/api/v1/auth/login";
const REFRESH: &str = "/api/v1/auth/refresh";
const LOGOUT: &str = "/api/v1/auth/logout";
const PASSWORD_PATH: &str = "/api/v1/auth/password";
const ME: &str = "/api/v1/auth/me";
const USERS: &str = "/api/v1/users";

/// A registration that is right, with more fields.
fn registration(number: usize, more: &Value) -> Value {
    let mut body = json!({
        "email": format!("somebody{number}@example.org"), "password": PASSWORD, "role": "patient",
    });
    for (name, value) in more.as_object().unwrap() {
        body[name] = value.clone();
    }
    body
}

async fn send(person: &Person, method: &str, path: &str, body: &Value) -> Answer {
    let headers = [("content-type", "application/json")];
    let method = Method::from_bytes(method.as_bytes()).unwrap();
    person.send(method, path, &headers, Some(body.to_string().into_bytes())).await
}

async fn no_field_that_is_not_ones_own_to_set_is_set(database: TestDatabase) {
    const NEVER: [&str; 14] = [
        "id",
        "status",
        "created_by",
        "created_at",
        "approved_at",
        "is_verified",
        "is_admin",
        "user_id",
        "doctor_id",
        "patient_id",
        "pharmacy_id",
        "password_hash",
        "version",
        "__proto__",
    ];
    let clinic = TestApp::on(database).await;
    let (admin, patient, nobody) =
        (clinic.an_admin().await, clinic.a_patient().await, clinic.unknown());
    let user = format!("{USERS}/{}", patient.user_id());
    let role = |role: &str| registration(0, &json!({"role": role}));
    let login = json!({"username": patient.user["username"], "password": PASSWORD});
    let change = json!({"current_password": PASSWORD, "new_password": "staple battery horse"});
    let name = json!({"first_name": "Eve"});
    let operations = [
        (&nobody, "POST", REGISTER, role("patient"), vec![]),
        (&nobody, "POST", REGISTER, role("doctor"), vec![]),
        (&nobody, "POST", REGISTER, role("pharmacy"), vec![]),
        (&nobody, "POST", REGISTER, role("coordinator"), vec![]),
        (&admin, "POST", USERS, role("admin"), vec![]),
        (&admin, "PATCH", &*user, name.clone(), vec!["email", "username", "password"]),
        (&patient, "PATCH", ME, name.clone(), vec!["role", "email", "username", "password"]),
        (&patient, "PUT", ME, name, vec!["role", "email", "username", "password"]),
        (&patient, "POST", PASSWORD_PATH, change, vec!["role", "user"]),
        (&nobody, "POST", LOGIN, login, vec!["role", "sid"]),
        (&nobody, "POST", REFRESH, json!({"refresh": "x"}), vec!["role", "sid"]),
        (&patient, "POST", LOGOUT, json!({}), vec!["role", "sid"]),
    ];
    let before = (patient.get(ME).await.ok(), admin.get(USERS).await.ok());

    for (person, method, path, body, more) in operations {
        for field in NEVER.into_iter().chain(more) {
            for value in [json!("admin"), json!(true), json!(null), json!({"x": [1]})] {
                let mut body = body.clone();
                body[field] = value;
                let refused = send(person, method, path, &body).await;
                assert_eq!(refused.wrong_fields(), [field], "{method} {path}");
            }
        }
    }

    assert_eq!((patient.get(ME).await.ok(), admin.get(USERS).await.ok()), before);
}

async fn no_role_that_is_none_is_taken(database: TestDatabase) {
    let clinic = TestApp::on(database).await;
    let admin = clinic.an_admin().await;
    let user = format!("{USERS}/{}", clinic.a_patient().await.user_id());
    let long = "a".repeat(10_000);

    for role in [
        json!("king"),
        json!(""),
        json!(" "),
        json!("admin\u{0}"),
        json!("adm\u{131}n"),
        json!("patient,admin"),
        json!("' OR 1=1 --"),
        json!(long),
        json!(7),
        json!(true),
        json!(["patient"]),
        json!({"role": "patient"}),
    ] {
        let body = registration(0, &json!({"role": role}));
        for (person, path) in [(&clinic.unknown(), REGISTER), (&admin, USERS)] {
            let refused = person.post(path, body.clone()).await;
            assert_eq!(refused.wrong_fields(), ["role"], "{path} {role}");
        }
        let refused = admin.patch(&user, json!({"role": role})).await;
        assert_eq!(refused.wrong_fields(), ["role"], "{role}");
    }
    let refused = clinic.unknown().post(REGISTER, registration(0, &json!({"role": "Admin"}))).await;
    assert_eq!(refused.wrong_fields(), ["role"]);
}

async fn names_of_every_script_and_length_are_kept_or_named(database: TestDatabase) {
    let clinic = TestApp::on(database).await;
    let stacked = format!("Z{}", "\u{335}\u{489}".repeat(60));
    let right_to_left = "\u{202e}nimda";
    let kept = [
        "x".to_owned(),
        "x".repeat(150),
        "ß".repeat(150),
        "🦊".repeat(150),
        "  Ada  ".to_owned(),
        "李小龍".to_owned(),
        "محمد بن سلمان".to_owned(),
        "Ὀδυσσεύς".to_owned(),
        "नीरज कुमार".to_owned(),
        "นภัสวรรณ".to_owned(),
        "O'Brien-Šimić, Jr.".to_owned(),
        "👩🏽‍⚕️".to_owned(),
        "e\u{301}".to_owned(),
        "می‌خواهم".to_owned(),
        right_to_left.to_owned(),
        stacked,
        "<script>alert(1)</script>".to_owned(),
        "Robert'); DROP TABLE users;--".to_owned(),
        "%_\\".to_owned(),
        "null".to_owned(),
    ];
    let wrong = [
        "x".repeat(151),
        "🦊".repeat(151),
        "x".repeat(100_000),
        "a\u{0}b".to_owned(),
        "a\nb".to_owned(),
        "a\u{1b}[31mb".to_owned(),
        "a\u{7f}b".to_owned(),
        "a\u{85}b".to_owned(),
    ];
    // A name to sign in with is taken if people can tell it from others.
    let refused_to_sign_in_with = [" inner space ", "a@b", "\u{202e}nimda", "می‌خواهم", "a\u{ad}b"];

    for (number, name) in kept.iter().enumerate() {
        let body = registration(number, &json!({"first_name": name, "last_name": name}));
        let person = clinic.unknown().registers(body).await;
        let shown = person.get(ME).await.ok();
        assert_eq!(
            (text(&shown["first_name"]), text(&shown["last_name"])),
            (name.trim().to_owned(), name.trim().to_owned(),)
        );
        let changed = person.patch(ME, json!({"first_name": "Other"})).await.ok();
        assert_eq!(changed["last_name"], name.trim());
    }
    let patient = clinic.a_patient().await;
    for name in &wrong {
        let body = registration(0, &json!({"first_name": name, "last_name": name}));
        let refused = clinic.unknown().post(REGISTER, body).await;
        assert_eq!(refused.wrong_fields(), ["first_name", "last_name"]);
        let refused = patient.patch(ME, json!({"first_name": name})).await;
        assert_eq!(refused.wrong_fields(), ["first_name"]);
        let body = registration(0, &json!({"username": name}));
        assert_eq!(clinic.unknown().post(REGISTER, body).await.wrong_fields(), ["username"]);
    }
    for name in refused_to_sign_in_with {
        let body = registration(0, &json!({"username": name}));
        assert_eq!(clinic.unknown().post(REGISTER, body).await.wrong_fields(), ["username"]);
    }
    for (number, name) in
        ["x", "李小龍", "नीरज", "null", "<b>", "';--", "🦊"].into_iter().enumerate()
    {
        let body = registration(1000 + number, &json!({"username": name}));
        assert_eq!(clinic.unknown().registers(body).await.user["username"], name);
        clinic.unknown().logs_in(name, PASSWORD).await;
    }
}

async fn addresses_of_every_script_and_length_are_kept_or_named(database: TestDatabase) {
    let clinic = TestApp::on(database).await;
    let of_length = |length: usize| {
        let local = "l".repeat(64);
        let domain = ["d".repeat(63), "d".repeat(63)].join(".");
        let rest = length - local.len() - domain.len() - 2;
        format!("{local}@{domain}.{}", "e".repeat(rest))
    };
    let kept = [
        of_length(254),
        "a@b.org".to_owned(),
        "Ada.Lovelace+clinic@Example.ORG".to_owned(),
        "用户@例子.广告".to_owned(),
        "अजय@डाटा.भारत".to_owned(),
        "ä@exämple.org".to_owned(),
        "o'brien@example.org".to_owned(),
        "  spaces@example.org ".to_owned(),
    ];
    let wrong = [
        of_length(255),
        format!("{}@example.org", "l".repeat(65)),
        format!("{}@example.org", "l".repeat(100_000)),
        "ada".to_owned(),
        "@".to_owned(),
        "ada@".to_owned(),
        "@example.org".to_owned(),
        "a@b@c.org".to_owned(),
        "a da@example.org".to_owned(),
        "Ada <ada@example.org>".to_owned(),
        "ada@example.org\r\nBcc: eve@example.org".to_owned(),
        "ada@exam\u{0}ple.org".to_owned(),
        "ada@example..org".to_owned(),
        ".ada@example.org".to_owned(),
        "a\u{200b}da@example.org".to_owned(),
        "\u{202e}ada@example.org".to_owned(),
    ];

    for address in &kept {
        let body = json!({"email": address, "password": PASSWORD, "role": "patient"});
        let person = clinic.unknown().registers(body.clone()).await;
        assert_eq!(person.user["email"], address.trim());
        clinic.unknown().logs_in(address, PASSWORD).await;
        // Nobody else has it, however it is written.
        let mut again = body;
        again["email"] = json!(address.to_uppercase());
        assert_eq!(clinic.unknown().post(REGISTER, again).await.wrong_fields(), ["email"]);
    }
    for address in &wrong {
        let body = json!({"email": address, "password": PASSWORD, "role": "patient"});
        let refused = clinic.unknown().post(REGISTER, body).await;
        assert_eq!(refused.wrong_fields(), ["email"], "{address}");
    }
}

async fn passwords_have_8_to_128_characters_wherever_they_are_chosen(database: TestDatabase) {
    let clinic = TestApp::on(database).await;
    let admin = clinic.an_admin().await;
    let mut number = 0;

    // One, two and four bytes a character, and two characters for what looks like one.
    for letters in ["xk", "ßŁ", "🦊🐢", "e\u{301}"] {
        let of = |length: usize| letters.chars().cycle().take(length).collect::<String>();
        for length in [0, 1, 7, 8, 128, 129, 10_000] {
            number += 1;
            let password = of(length);
            let is_taken = (8..=128).contains(&length);
            let expect = |answer: Answer, field: &str, status: u16| {
                if is_taken {
                    let _ = answer.with_status(status);
                } else {
                    assert_eq!(answer.wrong_fields(), [field], "{letters} {length}");
                }
            };

            let body = registration(number, &json!({"password": password}));
            expect(clinic.unknown().post(REGISTER, body.clone()).await, "password", 201);
            let body = registration(1000 + number, &json!({"password": password}));
            expect(admin.post(USERS, body).await, "password", 201);
            let body = registration(2000 + number, &json!({}));
            let person = clinic.unknown().registers(body).await;
            let change = json!({"current_password": PASSWORD, "new_password": password});
            expect(person.post(PASSWORD_PATH, change).await, "new_password", 204);
            if is_taken {
                let name = text(&person.user["username"]);
                clinic.unknown().logs_in(&name, &password).await;
                // Not one character is cut off or made another.
                let longer = json!({"username": name, "password": format!("{password}x")});
                let refused = clinic.unknown().post(LOGIN, longer).await;
                let _ = refused.problem(401, "wrong-credentials");
            }
        }
    }
}

async fn what_is_no_json_object_is_malformed_wherever_it_is_sent(database: TestDatabase) {
    let clinic = TestApp::on(database).await;
    let (admin, patient, nobody) =
        (clinic.an_admin().await, clinic.a_patient().await, clinic.unknown());
    let user = format!("{USERS}/{}", patient.user_id());
    let operations = [
        (&nobody, Method::POST, REGISTER),
        (&nobody, Method::POST, LOGIN),
        (&nobody, Method::POST, REFRESH),
        (&nobody, Method::POST, "/api/v1/auth/setup"),
        (&patient, Method::POST, PASSWORD_PATH),
        (&patient, Method::PUT, ME),
        (&patient, Method::PATCH, ME),
        (&admin, Method::POST, USERS),
        (&admin, Method::PATCH, &*user),
    ];
    let deep = "[".repeat(100_000);
    let bodies: [&[u8]; 19] = [
        b"",
        b" ",
        b"{",
        b"}",
        b"nope",
        b"[]",
        b"[{}]",
        b"7",
        b"-",
        b"NaN",
        b"\"email\"",
        b"true",
        b"null",
        b"{\"email\": \"a\", \"email\": \"b\"}",
        b"{\"email\": \"a\",}",
        b"{\"email\": 'a'}",
        b"{} {}",
        b"\xff\xfe{\x00}\x00",
        deep.as_bytes(),
    ];

    for (person, method, path) in operations {
        for body in bodies {
            let headers = [("content-type", "application/json")];
            let refused = person.send(method.clone(), path, &headers, Some(body.to_vec())).await;
            let refused = refused.problem(400, "malformed");
            assert!(refused.body["detail"].as_str().unwrap().contains("body"), "{}", refused.text);
        }
        for kind in ["application/x-www-form-urlencoded", "application/xml", "text/json"] {
            let headers = [("content-type", kind)];
            let sent = Some(b"email=ada".to_vec());
            let refused = person.send(method.clone(), path, &headers, sent).await;
            let _ = refused.problem(415, "unsupported-media-type");
        }
    }
}

async fn somebody_known_and_somebody_unknown_get_equal_bytes(database: TestDatabase) {
    let clinic = TestApp::on(database).await;
    let admin = clinic.an_admin().await;
    let disabled = clinic.a_patient().await;
    let path = format!("{USERS}/{}/disable", disabled.user_id());
    admin.post(&path, json!({})).await.ok();
    let names = [
        json!({"username": clinic.a_patient().await.user["username"]}),
        json!({"email": clinic.a_doctor().await.user["email"]}),
        json!({"username": clinic.registered("doctor", json!({})).await.user["email"]}),
        json!({"username": disabled.user["username"]}),
        json!({"username": "admin"}),
        json!({"username": "nobody.at.all"}),
        json!({"email": "nobody@example.org"}),
        json!({"username": "नीरज"}),
        json!({"username": "x".repeat(254)}),
        json!({"username": "' OR 1=1 --"}),
    ];
    let of_disabled = disabled.user["username"].clone();

    let mut answers = std::collections::BTreeSet::new();
    for name in names {
        let right = name["username"] == of_disabled;
        for password in ["a guess", "", &"x".repeat(10_000), if right { PASSWORD } else { "x" }] {
            let mut body = name.clone();
            body["password"] = json!(password);
            let answer = clinic.unknown().post(LOGIN, body).await;
            answers.insert(bytes(&answer));
        }
    }

    assert_eq!(answers.len(), 1, "{answers:#?}");
    assert!(answers.first().unwrap().contains("wrong-credentials"));
}

/// Returns all of an answer, but for the id of its request and the time.
fn bytes(answer: &Answer) -> String {
    let request = answer.header("x-request-id").to_owned();
    assert!(!request.is_empty());
    let mut headers: Vec<_> = answer
        .headers
        .iter()
        .filter(|(name, _)| !["date", "x-request-id"].contains(&name.as_str()))
        .map(|(name, value)| format!("{name}: {}", value.to_str().unwrap()))
        .collect();
    headers.sort();
    let text = answer.text.replace(&request, "…");
    format!("{} {headers:?} {text}", answer.status)
}
