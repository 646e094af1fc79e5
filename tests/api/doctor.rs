//! The directory of doctors: how it is searched, and how its entries are kept.

use medilink_tests::person::text;
use medilink_tests::{Person, TestApp, TestDatabase, on_both_databases};
use reqwest::Method;
use serde_json::{Value, json};

on_both_databases! {
    the_directory_is_searched_by_beginnings_of_words,
    the_largest_search_is_answered,
    the_directory_is_filtered_and_paged_by_family_name,
    an_entry_keeps_every_field_and_belongs_to_its_creator,
    a_profile_is_replaced_as_a_whole_and_changed_in_part,
    a_change_of_another_version_than_was_read_is_refused,
    nobody_is_in_a_zone_that_is_none,
}

/// Returns where a doctor is read.
pub(super) fn path(doctor: &Value) -> String {
    format!("/api/v1/doctors/{}", text(&doctor["id"]))
}

/// Writes the body of an entry with every field.
pub(super) fn emily() -> Value {
    json!({
        "first_name": "Emily", "last_name": "Chen", "email": "emily@example.com",
        "phone": "+49 (30) 123", "specialization": "cardiology", "license_number": "DE-1",
        "years_of_experience": 12, "qualification": "MD, FACC", "bio": "Dives.\nA lot.",
        "consultation_fee": "250.50", "is_available": false, "hospital_name": "Charité",
        "city": "Berlin", "state": "Berlin", "country": "DE", "time_zone": "Europe/Berlin",
        "booking": "slots_only",
    })
}

/// Enters a doctor with a licence number.
pub(super) async fn enters(person: &Person, license: &str) -> Value {
    let body = json!({"first_name": "Emily", "last_name": "Chen", "license_number": license});
    person.post("/api/v1/doctors", body).await.created()
}

async fn the_directory_is_searched_by_beginnings_of_words(database: TestDatabase) {
    let clinic = TestApp::on(database).await;
    for (first, last, hospital) in [
        ("Emily", "Chen", "Charité Berlin"),
        ("Søren", "O'Brien-Šimić", "St. Mary's"),
        ("Emil", "Meyer", "Klinik am Park"),
    ] {
        let body = json!({"first_name": first, "last_name": last, "hospital_name": hospital});
        clinic.registered("doctor", body).await;
    }
    let reader = clinic.a_patient().await;

    for (search, expected) in [
        ("emil", vec!["Chen", "Meyer"]),
        ("EMILY", vec!["Chen"]),
        ("soren simic", vec!["O'Brien-Šimić"]),
        ("brien", vec!["O'Brien-Šimić"]),
        ("charite", vec!["Chen"]),
        ("emil%20park", vec!["Meyer"]),
        ("mily", vec![]),
        ("'%20OR%20'1'='1", vec![]),
    ] {
        assert_eq!(names(&reader, &format!("search={search}")).await, expected, "{search}");
    }
}

async fn the_largest_search_is_answered(database: TestDatabase) {
    let clinic = TestApp::on(database).await;
    let body = json!({"first_name": "Ada", "hospital_name": "a b c d e f g h i"});
    clinic.registered("doctor", body).await;
    let reader = clinic.a_patient().await;
    let longest: Vec<_> = "abcdefgh".chars().map(|c| c.to_string().repeat(11)).collect();

    let found = reader.get("/api/v1/doctors?search=a+b+c+d+e+f+g+h&count=true").await.ok();
    assert_eq!(found["total"], 1);
    assert_eq!(names(&reader, &format!("search={}", longest.join("+"))).await, [""; 0]);
}

async fn the_directory_is_filtered_and_paged_by_family_name(database: TestDatabase) {
    let clinic = TestApp::on(database).await;
    for (last, city, specialization) in [
        ("Zeta", "Zürich", "cardiology"),
        ("alpha", "Zürich", "general"),
        ("Ångström", "Uppsala", "cardiology"),
        ("Beta", "Bonn", "other"),
    ] {
        let body = json!({"last_name": last, "city": city, "specialization": specialization});
        clinic.registered("doctor", body).await;
    }
    let away = json!({"last_name": "Gamma", "is_available": false});
    clinic.registered("doctor", away).await;
    let reader = clinic.a_patient().await;

    let all = ["alpha", "Ångström", "Beta", "Gamma", "Zeta"];
    assert_eq!(names(&reader, "").await, all);
    assert_eq!(names(&reader, "city=zurich").await, ["alpha", "Zeta"]);
    assert_eq!(names(&reader, "specialization=cardiology").await, ["Ångström", "Zeta"]);
    assert_eq!(names(&reader, "is_available=false").await, ["Gamma"]);
    assert_eq!(names(&reader, "verified=true").await, [""; 0]);

    let mut paged = Vec::new();
    let mut query = "limit=2".to_owned();
    loop {
        let page = reader.get(&format!("/api/v1/doctors?{query}")).await.ok();
        paged.extend(page["items"].as_array().unwrap().iter().map(|it| text(&it["last_name"])));
        let Some(next) = page["next"].as_str() else { break };
        query = format!("limit=2&cursor={next}");
    }
    assert_eq!(paged, all);
}

#[actix_web::test]
async fn a_doctor_is_shown_with_one_title() {
    let clinic = TestApp::start().await;
    let body = json!({"first_name": "Dr. Emily", "last_name": "Chen"});
    let doctor = clinic.registered("doctor", body).await;

    let profile = doctor.get(&format!("/api/v1/doctors/{}", doctor.doctor_id())).await;

    assert_eq!(profile.header("etag"), "\"1\"");
    assert_eq!(profile.ok()["display_name"], "Dr. Emily Chen");
}

#[actix_web::test]
async fn wrong_filters_are_named() {
    let clinic = TestApp::start().await;
    let reader = clinic.a_patient().await;

    for field in ["specialization", "is_available", "verified", "archived", "hospital"] {
        let wrong = reader.get(&format!("/api/v1/doctors?{field}=perhaps")).await;
        assert_eq!(wrong.wrong_fields(), [field]);
    }
    for field in ["limit", "cursor", "count"] {
        let wrong = reader.get(&format!("/api/v1/doctors?{field}=perhaps")).await;
        assert_eq!(wrong.wrong_fields(), [field]);
    }
    for limit in ["0", "-1", "101"] {
        let wrong = reader.get(&format!("/api/v1/doctors?limit={limit}")).await;
        assert_eq!(wrong.wrong_fields(), ["limit"], "{limit}");
    }
    for field in ["specialization", "is_available", "verified", "archived"] {
        let blank = reader.get(&format!("/api/v1/doctors?{field}=")).await;
        assert_eq!(blank.wrong_fields(), [field]);
    }
    reader.get("/api/v1/doctors?search=&city=%20").await.ok();
    let many = (0..2000).map(|number| number.to_string()).collect::<Vec<_>>().join("+");
    for search in ["a+b+c+d+e+f+g+h+i", &many, &"a".repeat(101), "!!!", "a%00"] {
        let wrong = reader.get(&format!("/api/v1/doctors?search={search}")).await;
        assert_eq!(wrong.wrong_fields(), ["search"], "{search}");
    }
}

async fn an_entry_keeps_every_field_and_belongs_to_its_creator(database: TestDatabase) {
    let clinic = TestApp::on(database).await;
    let (creator, other) = (clinic.a_coordinator().await, clinic.a_coordinator().await);

    let made = creator.post("/api/v1/doctors", emily()).await.with_status(201);

    assert_eq!((made.header("location"), made.header("etag")), (&*path(&made.body), "\"1\""));
    for (field, value) in emily().as_object().unwrap() {
        assert_eq!(&made.body[field], value, "{field}");
    }
    assert_eq!(made.body["display_name"], "Dr. Emily Chen");
    assert_eq!(made.body["created_by"], creator.user["id"]);
    assert_eq!((&made.body["user_id"], &made.body["is_verified"]), (&json!(null), &json!(false)));
    assert_eq!(clinic.a_patient().await.get(&path(&made.body)).await.ok(), made.body);
    let found = other.get("/api/v1/doctors?search=emil+charite").await.ok();
    assert_eq!(found["items"], json!([made.body]));

    let plain = json!({"first_name": "Ada", "last_name": "Lovelace"});
    let plain = clinic.an_admin().await.post("/api/v1/doctors", plain).await.created();
    assert_eq!((&plain["specialization"], &plain["booking"]), (&json!("general"), &json!("open")));
    assert_eq!((&plain["time_zone"], &plain["is_available"]), (&json!("UTC"), &json!(true)));

    let body = json!({"city": "Bonn"});
    creator.patch(&path(&made.body), body.clone()).await.ok();
    for stranger in
        [other, clinic.a_doctor().await, clinic.a_patient().await, clinic.a_pharmacy().await]
    {
        let _ = stranger.patch(&path(&made.body), body.clone()).await.problem(403, "forbidden");
        let _ = stranger.put(&path(&made.body), emily()).await.problem(403, "forbidden");
        let _ = stranger.delete(&path(&made.body)).await.problem(403, "forbidden");
    }
}

async fn a_profile_is_replaced_as_a_whole_and_changed_in_part(database: TestDatabase) {
    let clinic = TestApp::on(database).await;
    let admin = clinic.an_admin().await;
    let made = admin.post("/api/v1/doctors", emily()).await.created();
    let path = path(&made);

    let changed = admin.patch(&path, json!({"bio": null, "city": " ", "is_available": true})).await;
    assert_eq!(changed.header("etag"), "\"2\"");
    let changed = changed.ok();
    assert_eq!((&changed["bio"], &changed["city"]), (&json!(null), &json!(null)));
    assert_eq!((&changed["is_available"], &changed["phone"]), (&json!(true), &made["phone"]));

    // What was read may be sent back with what is shown beside its fields.
    let mut whole = made.clone();
    whole["first_name"] = json!("Emilia");
    whole["created_by"] = json!({"ignored": [1, "2"]});
    whole["is_verified"] = json!(true);
    let replaced = admin.put(&path, whole).await.ok();
    for (field, value) in emily().as_object().unwrap() {
        let expected = if field == "first_name" { &json!("Emilia") } else { value };
        assert_eq!(&replaced[field], expected, "{field}");
    }
    assert_eq!((&replaced["id"], &replaced["created_by"]), (&made["id"], &made["created_by"]));
    assert_eq!((&replaced["is_verified"], &replaced["user_id"]), (&json!(false), &json!(null)));

    let bare = admin.put(&path, json!({"first_name": "Ada", "last_name": "Lovelace"})).await.ok();
    for (field, value) in bare.as_object().unwrap() {
        let expected = match field.as_str() {
            "first_name" => json!("Ada"),
            "last_name" => json!("Lovelace"),
            "display_name" => json!("Dr. Ada Lovelace"),
            "specialization" => json!("general"),
            "is_available" => json!(true),
            "is_verified" => json!(false),
            "time_zone" => json!("UTC"),
            "booking" => json!("open"),
            "id" | "created_by" | "created_at" | "updated_at" => made[field].clone(),
            _ => json!(null),
        };
        assert_eq!(value, &expected, "{field}");
    }
    let found = admin.get("/api/v1/doctors?search=lovelace").await.ok();
    assert_eq!(found["items"], json!([bare]));
    assert_eq!(admin.get("/api/v1/doctors?search=chen").await.ok()["items"], json!([]));
}

async fn a_change_of_another_version_than_was_read_is_refused(database: TestDatabase) {
    let clinic = TestApp::on(database).await;
    let admin = clinic.an_admin().await;
    let entry = enters(&admin, "DE-1").await;
    let path = path(&entry);
    let send = async |method: Method, action: &str, tag: &str, body: Value| {
        let headers = [("content-type", "application/json"), ("if-match", tag)];
        let body = Some(body.to_string().into_bytes());
        admin.send(method, &format!("{path}{action}"), &headers, body).await
    };

    for (method, action, body) in [
        (Method::PUT, "", emily()),
        (Method::PATCH, "", json!({})),
        (Method::POST, "/verify", json!({})),
        (Method::DELETE, "", json!({})),
    ] {
        let stale = send(method, action, "\"7\"", body).await;
        let _ = stale.problem(412, "stale");
    }
    assert_eq!(admin.get(&path).await.ok(), entry);
    send(Method::POST, "/verify", "\"1\"", json!({})).await.ok();
    let _ = send(Method::PATCH, "", "\"1\"", json!({})).await.problem(412, "stale");
    let _ = send(Method::DELETE, "", "\"1\", \"2\"", json!({})).await.with_status(204);
    let _ = send(Method::POST, "/restore", "\"2\"", json!({})).await.problem(412, "stale");
    assert_eq!(send(Method::POST, "/restore", "\"3\"", json!({})).await.header("etag"), "\"4\"");
}

#[actix_web::test]
async fn somebody_pending_completes_their_own_profile_and_no_other() {
    let clinic = TestApp::start().await;
    let pending = clinic.registered("doctor", json!({})).await;
    let (own, other) = (pending.doctor_id(), clinic.a_doctor().await.doctor_id());

    let changed = pending.patch(&format!("/api/v1/doctors/{own}"), json!({"city": "Bonn"})).await;
    assert_eq!(changed.ok()["city"], "Bonn");
    let refused = pending.patch(&format!("/api/v1/doctors/{other}"), json!({})).await;
    let _ = refused.problem(403, "forbidden");
    let refused = pending.post("/api/v1/doctors", emily()).await;
    let _ = refused.problem(403, "approval-pending");
}

#[actix_web::test]
async fn nobody_changes_an_entry_as_whose_doctor_somebody_signs_in() {
    let clinic = TestApp::start().await;
    let creator = clinic.a_coordinator().await;
    let entry = enters(&creator, "DE-1").await;
    let doctor = clinic.registered("patient", json!({})).await;
    let raw = clinic.database.raw().await;
    let take = format!(
        "UPDATE doctors SET user_id = (SELECT id FROM users WHERE username = '{}')
        WHERE license_number = 'DE-1'",
        text(&doctor.user["username"])
    );
    raw.execute(&take).await.unwrap();

    let shown = creator.get(&path(&entry)).await.ok();
    assert_eq!(shown["created_by"], creator.user["id"]);
    let _ = creator.patch(&path(&entry), json!({"bio": "X"})).await.problem(403, "forbidden");
    let _ = creator.delete(&path(&entry)).await.problem(403, "forbidden");
    assert_eq!(creator.get(&path(&entry)).await.ok(), shown);
}

#[actix_web::test]
async fn every_wrong_field_of_a_profile_is_named_at_once() {
    let clinic = TestApp::start().await;
    let creator = clinic.a_coordinator().await;
    let entry = enters(&creator, "DE-1").await;
    let wrong = json!({
        "first_name": " ", "last_name": "x".repeat(151), "email": "emily", "phone": "1",
        "specialization": "magic", "license_number": "a\u{0}b", "years_of_experience": 81,
        "qualification": 7, "bio": "x".repeat(5001), "consultation_fee": "1.005",
        "is_available": "yes", "hospital_name": "x".repeat(201), "city": "x".repeat(101),
        "state": ["Bavaria"], "country": "D\nE", "time_zone": "Mars/Olympus", "booking": "never",
        "specialization_text": "Dreams", "is_verified": true, "color": "red",
    });
    let mut named: Vec<_> = wrong.as_object().unwrap().keys().cloned().collect();
    named.sort_unstable();

    let refused = creator.post("/api/v1/doctors", wrong.clone()).await;
    assert_eq!(refused.wrong_fields(), named);
    let refused = creator.patch(&path(&entry), wrong.clone()).await;
    assert_eq!(refused.wrong_fields(), named);
    let refused = creator.put(&path(&entry), wrong).await;
    named.retain(|name| !["specialization_text", "is_verified"].contains(&&**name));
    assert_eq!(refused.wrong_fields(), named);

    for field in ["first_name", "last_name"] {
        let mut body = emily();
        body.as_object_mut().unwrap().remove(field);
        let refused = creator.post("/api/v1/doctors", body.clone()).await;
        assert_eq!(refused.wrong_fields(), [field]);
        assert_eq!(creator.put(&path(&entry), body).await.wrong_fields(), [field]);
        let refused = creator.patch(&path(&entry), json!({field: null})).await;
        assert_eq!(refused.wrong_fields(), [field]);
    }
    for always in ["specialization", "is_available", "time_zone", "booking"] {
        let refused = creator.patch(&path(&entry), json!({always: null})).await;
        assert_eq!(refused.wrong_fields(), [always]);
    }
    for shown in
        ["id", "user_id", "created_by", "display_name", "is_verified", "created_at", "updated_at"]
    {
        let refused = creator.patch(&path(&entry), json!({shown: entry[shown]})).await;
        assert_eq!(refused.wrong_fields(), [shown]);
    }
    let refused = creator.post(&format!("{}/verify", path(&entry)), json!({"by": "me"})).await;
    assert_eq!(refused.wrong_fields(), ["by"]);
    assert_eq!(creator.get(&path(&entry)).await.ok(), entry);

    let longest = json!({"bio": "ñ".repeat(5000), "years_of_experience": 80});
    creator.patch(&path(&entry), longest).await.ok();
}

async fn nobody_is_in_a_zone_that_is_none(database: TestDatabase) {
    let clinic = TestApp::on(database).await;
    let doctor = clinic.a_doctor().await;
    let path = format!("/api/v1/doctors/{}", doctor.doctor_id());
    for zone in ["Mars/Olympus", "Europe", "+01:00", "CEST", "../UTC", ""] {
        let refused = doctor.patch(&path, json!({"time_zone": zone})).await;
        assert_eq!(refused.wrong_fields(), ["time_zone"], "{zone}");
    }
}

async fn names(reader: &Person, query: &str) -> Vec<String> {
    let page = reader.get(&format!("/api/v1/doctors?{query}")).await.ok();
    page["items"].as_array().unwrap().iter().map(|it| text(&it["last_name"])).collect()
}
