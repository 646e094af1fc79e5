//! Bad input: what nobody means, in every list and in every text of a record.

use std::collections::BTreeMap;

use medilink_tests::app::PASSWORD;
use medilink_tests::person::{a_booking, an_assignment, text};
use medilink_tests::{Answer, Person, TestApp, TestDatabase, on_both_databases};
use reqwest::Method;
use serde_json::{Value, json};

on_both_databases! {
    every_list_names_whatever_is_wrong_with_a_query,
    no_list_goes_on_where_another_one_ended,
    every_text_of_a_record_is_kept_exactly_or_refused_by_name,
    half_a_character_is_refused_by_the_name_of_its_field,
}

/// Returns what is wrong for a parameter, whatever the list.
fn wrong(name: &str) -> &'static [&'static str] {
    match name {
        "limit" => &["0", "-1", "101", "ten", "", "1.5", "%2B5", "05", "99999999999999999999"],
        "cursor" => &["perhaps", "", "AAAA", "%00", "%F0%9F%A6%8A"],
        "count" | "archived" | "is_available" | "verified" | "is_primary" | "is_active"
        | "available" => &["perhaps", "1", "", "true,false"],
        "search" => &["!!!", "a%00", "a%0Ab", "a+b+c+d+e+f+g+h+i", "%25"],
        "city" => &["a%00b", "a%0Ab"],
        "sort" => &["color", "-color", "", "id", "starts_at,-starts_at", "%2Bstarts_at"],
        "gender" => &["X", "", "male", "F,M"],
        "blood_group" => &["A", "C+", "C%2B", "A++", "", "+", "AB"],
        "role" | "status" | "specialization" | "action" | "outcome" | "concept" => {
            &["king", "", "%00"]
        }
        "doctor_id" | "patient_id" | "user_id" | "record_id" => {
            &["7", "me", "", "%00", "'%20OR%201=1"]
        }
        "date" | "from" | "to" => &["yesterday", "2030-13-01", "", "%00", "2030-02-30"],
        other => panic!("nobody has said what is wrong for `{other}`"),
    }
}

/// Returns what a parameter is sent with, if it means nothing alone.
fn beside(name: &str) -> &'static str {
    match name {
        "concept" => "&record_id=01940000-0000-7000-8000-000000000000",
        "record_id" => "&concept=patient",
        _ => "",
    }
}

/// A list, and the names of its parameters.
struct List {
    path: String,
    parameters: Vec<String>,
}

/// Returns every list that the document knows, each about somebody who is there.
fn lists(patient: &str, user: &str) -> Vec<List> {
    let document = serde_json::to_value(medilink_http::openapi()).unwrap();
    let mut lists = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        let parameters = item["get"]["parameters"].as_array().into_iter().flatten();
        let queried = parameters.filter(|it| it["in"] == "query").map(|it| text(&it["name"]));
        let parameters: Vec<_> = queried.collect();
        // What is free of a doctor's time is asked for a stretch of it, which has to be named.
        if parameters.iter().any(|name| name == "limit") && !path.ends_with("/availability") {
            let id = if path.contains("/users/") { user } else { patient };
            lists.push(List { path: path.replace("{id}", id), parameters });
        }
    }
    assert!(8 < lists.len());
    lists
}

async fn every_list_names_whatever_is_wrong_with_a_query(database: TestDatabase) {
    let clinic = TestApp::on(database).await;
    let (admin, patient) = (clinic.an_admin().await, clinic.a_patient().await);

    for List { path, parameters } in lists(&patient.patient_id(), &patient.user_id()) {
        admin.get(&path).await.ok();
        for name in &parameters {
            for value in wrong(name) {
                let query = format!("{name}={value}{}", beside(name));
                let refused = admin.get(&format!("{path}?{query}")).await;
                // Blank free text counts as missing; nothing of it is tried here.
                assert_eq!(refused.wrong_fields(), [name.as_str()], "{path}?{query}");
            }
            let twice = admin.get(&format!("{path}?{name}=1&{name}=2")).await;
            let _ = twice.problem(400, "malformed");
        }
        for foreign in ["color", "sort", "page", "offset", "id", "created_by", "limit[]", "Limit"] {
            if !parameters.iter().any(|name| name == foreign) {
                let refused = admin.get(&format!("{path}?{foreign}=1")).await;
                assert_eq!(refused.wrong_fields(), [foreign], "{path}");
            }
        }
        for unreadable in ["=1", "limit=%FF", "%FF=1", "a=%ED%A0%80"] {
            let refused = admin.get(&format!("{path}?{unreadable}")).await;
            let _ = refused.problem(400, "malformed");
        }
        // All at once.
        let mut all = parameters.clone();
        let query: Vec<_> = all.iter().map(|name| format!("{name}={}", wrong(name)[0])).collect();
        let refused = admin.get(&format!("{path}?{}&zebra=1", query.join("&"))).await;
        all.push("zebra".to_owned());
        all.sort_unstable();
        assert_eq!(refused.wrong_fields(), all, "{path}");
    }
}

async fn no_list_goes_on_where_another_one_ended(database: TestDatabase) {
    let clinic = TestApp::on(database).await;
    let (admin, patient) = (clinic.an_admin().await, clinic.a_patient().await);
    let own = patient.patient_id();
    patient.logs_in(&text(&patient.user["username"]), PASSWORD).await;
    admin.logs_in(&text(&admin.user["username"]), PASSWORD).await;
    clinic.a_patient().await;
    for hour in ["09", "10"] {
        let doctor = clinic.a_doctor().await.doctor_id();
        let [starts_at, ends_at] =
            ["00", "30"].map(|minute| format!("2030-01-07T{hour}:{minute}:00Z"));
        let slot = json!({"doctor_id": doctor, "starts_at": starts_at, "ends_at": ends_at});
        admin.post("/api/v1/time-slots", slot).await.created();
        let booking = a_booking(&doctor, &own, &starts_at);
        admin.post("/api/v1/appointments", booking).await.created();
        admin.post("/api/v1/assignments", an_assignment(&doctor, &own)).await.created();
    }
    let lists = lists(&own, &patient.user_id());
    let mut cursors = BTreeMap::new();
    for List { path, parameters } in &lists {
        let sorted = parameters.iter().any(|name| name == "sort").then_some("&sort=-starts_at");
        for more in [""].into_iter().chain(sorted) {
            let page = admin.get(&format!("{path}?limit=1{more}")).await.ok();
            if let Some(next) = page["next"].as_str() {
                cursors.insert(format!("{path}?limit=1{more}"), next.to_owned());
            }
        }
    }
    assert!(8 < cursors.len(), "{:?}", cursors.keys());

    // As long as nobody can tell which list it is, its cursor is not said to be another one's.
    for (list, wrong) in [("appointments", "sort"), ("doctors", "archived")] {
        let list = format!("/api/v1/{list}?limit=1");
        for (own, cursor) in cursors.iter().filter(|(own, _)| own.starts_with(&list)) {
            let page = admin.get(&format!("{list}&{wrong}=perhaps&cursor={cursor}")).await;
            assert_eq!(page.wrong_fields(), [wrong], "{own}");
        }
    }
    for list in cursors.keys() {
        for (other, cursor) in &cursors {
            let page = admin.get(&format!("{list}&cursor={cursor}")).await;
            if list == other {
                page.ok();
            } else {
                assert_eq!(page.wrong_fields(), ["cursor"], "{list} goes on after {other}");
            }
        }
    }
}

/// The texts of a record, by concept. The first is its name, without which it is none.
const TEXTS: [(&str, &[&str]); 3] = [
    (
        "/api/v1/patients",
        &[
            "first_name",
            "last_name",
            "email",
            "phone",
            "allergies",
            "medical_history",
            "current_medications",
            "emergency_contact_name",
            "emergency_contact_phone",
            "address",
            "city",
            "state",
            "country",
        ],
    ),
    (
        "/api/v1/doctors",
        &[
            "first_name",
            "last_name",
            "email",
            "phone",
            "license_number",
            "qualification",
            "bio",
            "hospital_name",
            "city",
            "state",
            "country",
        ],
    ),
    (
        "/api/v1/pharmacies",
        &["name", "license_number", "email", "phone", "address", "city", "state", "country"],
    ),
];

/// Returns the body of a record that has a name.
fn named(list: &str) -> Value {
    if list == "/api/v1/pharmacies" {
        json!({"name": "At the Corner"})
    } else {
        json!({"first_name": "Ada", "last_name": "Lovelace"})
    }
}

/// Texts of every script and kind, and some that nobody means.
fn texts() -> Vec<String> {
    let mut texts: Vec<_> = [
        "Ærøskøbing ß",
        "Ὀδυσσεύς",
        "Влади́мир",
        "محمد بن سلمان",
        "שָׁלוֹם",
        "नीरज कुमार",
        "王小明",
        "ｆｕｌｌ",
        "สมชาย",
        "한글 ᄒᆞᆫ",
        "İstanbul ı ŉ ǆ",
        "👩🏽\u{200d}⚕\u{fe0f} 🦊",
        "\u{202e}drowssap",
        "a\u{2066}b\u{2069}c",
        "a\u{200d}b\u{200b}c",
        "a\u{feff}b",
        "a\u{2028}b",
        "a\u{a0}b",
        "a\u{ad}b",
        "\u{e000}\u{f8ff}x",
        "x\u{10ffff}\u{fffe}\u{ffff}",
        "O'Brien\"; DROP TABLE patients; --",
        "<script>alert(1)</script>",
        "%_\\ $1 ? :x {0} ${HOME}",
        "null",
        "  spaces around  ",
        "a\u{0}b",
        "\u{0}",
        "a\u{1}b",
        "a\u{7f}b",
        "a\u{85}b",
        "a\u{1b}[31mb",
        "a\tb",
        "a\nb",
        "a\r\nb",
    ]
    .map(str::to_owned)
    .into();
    texts.push(format!("Zalgo{}", "\u{301}\u{316}".repeat(13)));
    // Characters that stand for whole words or sentences, and are folded into them.
    let squared: String = ('\u{3300}'..='\u{3357}').chain('\u{3371}'..='\u{33fe}').collect();
    texts.push(squared.chars().take(150).collect());
    texts.push(squared.chars().skip(60).take(100).collect());
    texts.push("\u{fdfa}".repeat(150));
    for length in [32, 33, 100, 101, 150, 151, 200, 201, 254, 255, 500, 501, 5000, 5001, 10_001] {
        texts.push("ñ".repeat(length));
        texts.push("🦊".repeat(length));
    }
    texts
}

async fn every_text_of_a_record_is_kept_exactly_or_refused_by_name(database: TestDatabase) {
    let clinic = TestApp::on(database).await;
    let admin = clinic.an_admin().await;
    let mut kept = 0;

    for (list, fields) in TEXTS {
        let made = admin.post(list, named(list)).await.created();
        let path = format!("{list}/{}", text(&made["id"]));
        for sent in texts() {
            let body = |fields: &[&str]| -> Value {
                fields.iter().map(|field| ((*field).to_owned(), json!(sent))).collect()
            };
            // The longest of all fields together are more than a body may have.
            let at_once = if sent.len() < 4000 { fields.len() } else { 1 };
            let mut taken = Vec::new();
            for fields in fields.chunks(at_once) {
                let answer = admin.patch(&path, body(fields)).await;
                if answer.status == 200 {
                    taken.extend(fields);
                    continue;
                }
                let named = answer.wrong_fields();
                assert!(named.iter().all(|name| fields.contains(&name.as_str())), "{named:?}");
                let is_right = |field: &&&str| !named.iter().any(|name| name == *field);
                let right: Vec<_> = fields.iter().filter(is_right).copied().collect();
                admin.patch(&path, body(&right)).await.ok();
                taken.extend(right);
            }
            if taken.is_empty() {
                continue;
            }
            let shown = admin.get(&path).await.ok();
            for field in taken {
                assert_eq!(shown[field], sent.trim(), "{field}");
                kept += 1;
            }
            is_found(&admin, (list, fields[0]), &shown).await;
        }
    }
    assert!(500 < kept, "{kept}");
}

/// Whoever is written is found by what was written, if it is a search at all.
async fn is_found(reader: &Person, (list, name): (&str, &str), record: &Value) {
    let mut url = reqwest::Url::parse("http://localhost").unwrap();
    url.query_pairs_mut().append_pair("search", &text(&record[name]));
    let found = reader.get(&format!("{list}?{}", url.query().unwrap())).await;
    if found.status == 422 {
        assert_eq!(found.wrong_fields(), ["search"]);
        return;
    }
    let found = found.ok();
    let ids = found["items"].as_array().unwrap().iter().map(|item| &item["id"]);
    assert!(ids.into_iter().any(|id| *id == record["id"]), "{}", record[name]);
}

async fn half_a_character_is_refused_by_the_name_of_its_field(database: TestDatabase) {
    let clinic = TestApp::on(database).await;
    let admin = clinic.an_admin().await;
    let send = async |method: &Method, path: &str, body: String| -> Answer {
        let headers = [("content-type", "application/json")];
        admin.send(method.clone(), path, &headers, Some(body.into_bytes())).await
    };

    for (list, fields) in TEXTS {
        let made = admin.post(list, named(list)).await.created();
        let path = format!("{list}/{}", text(&made["id"]));
        for field in fields {
            for half in [r"\ud800", r"\uDC00", r"a\ud83db", r"\ud83d\ud83d\ude00"] {
                let Value::Object(mut rest) = named(list) else { panic!("a body is an object") };
                rest.remove(*field);
                let rest: Vec<_> =
                    rest.iter().map(|(name, value)| format!(r#""{name}": {value},"#)).collect();
                let body = format!(r#"{{{} "{field}": "{half}"}}"#, rest.concat());
                for (method, path) in
                    [(Method::POST, list), (Method::PUT, &path), (Method::PATCH, &path)]
                {
                    let refused = send(&method, path, body.clone()).await;
                    assert_eq!(refused.wrong_fields(), [*field], "{method} {body}");
                }
            }
        }
        // Nobody's password is half a character either.
        for field in ["email", "password"] {
            let body = format!(r#"{{"{field}": "\udbff"}}"#);
            let refused = send(&Method::POST, "/api/v1/auth/register", body).await;
            assert!(refused.wrong_fields().contains(&(*field).to_owned()));
        }
        let whole = send(&Method::PATCH, &path, r#"{"city": "\ud83d\ude00"}"#.to_owned()).await;
        assert_eq!(whole.ok()["city"], "😀");
    }
}
