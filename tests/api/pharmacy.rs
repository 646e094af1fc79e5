//! The directory of pharmacies: how it is searched, how its entries are kept, and whose the licence
//! numbers are.

use medilink_tests::app::PASSWORD;
use medilink_tests::person::text;
use medilink_tests::{Person, TestApp, TestDatabase, on_both_databases};
use reqwest::Method;
use serde_json::{Value, json};

on_both_databases! {
    the_pharmacies_are_searched_by_beginnings_of_words,
    the_pharmacies_are_filtered_and_paged_by_name,
    an_entry_keeps_every_field_and_is_changed_by_administrators_alone,
    a_profile_is_replaced_as_a_whole_and_changed_in_part,
    a_change_of_another_version_than_was_read_is_refused,
    a_licence_number_is_one_pharmacys,
    the_licence_of_a_pharmacy_is_verified_once,
}

const PHARMACIES: &str = "/api/v1/pharmacies";

fn path(pharmacy: &Value) -> String {
    format!("{PHARMACIES}/{}", text(&pharmacy["id"]))
}

/// Returns where the profile is that somebody signs in for.
fn own(person: &Person) -> String {
    format!("{PHARMACIES}/{}", text(&person.user["pharmacy_id"]))
}

/// Writes the body of an entry with every field.
fn corner() -> Value {
    json!({
        "name": "At the Corner", "license_number": "DE-1", "email": "corner@example.com",
        "phone": "+49 (30) 123", "address": "Invalidenstraße 1\n10115", "city": "Berlin",
        "state": "Brandenburg", "country": "DE",
    })
}

/// Enters a pharmacy with a licence number.
async fn enters(admin: &Person, license: &str) -> Value {
    let body = json!({"name": "At the Corner", "license_number": license});
    admin.post(PHARMACIES, body).await.created()
}

async fn names(reader: &Person, query: &str) -> Vec<String> {
    let page = reader.get(&format!("{PHARMACIES}?{query}")).await.ok();
    page["items"].as_array().unwrap().iter().map(|it| text(&it["name"])).collect()
}

async fn the_pharmacies_are_searched_by_beginnings_of_words(database: TestDatabase) {
    let clinic = TestApp::on(database).await;
    let admin = clinic.an_admin().await;
    let city = |name: &str, city: &str| json!({"name": name, "city": city});
    admin.post(PHARMACIES, city("Löwen-Apotheke", "Sankt Pölten")).await.created();
    admin.post(PHARMACIES, city("Lions & Sons", "Pöchlarn")).await.created();
    // Whoever registers is found too, and by what the profile says now.
    let registered = clinic.registered("pharmacy", city("Old Name", "Bonn")).await;
    registered.patch(&own(&registered), city("Ørsted's", "Ålborg")).await.ok();
    let reader = clinic.a_patient().await;

    for (search, expected) in [
        ("lo", vec!["Löwen-Apotheke"]),
        ("APO", vec!["Löwen-Apotheke"]),
        ("po", vec!["Lions & Sons", "Löwen-Apotheke"]),
        ("sons%20poch", vec!["Lions & Sons"]),
        ("orsted+alb", vec!["Ørsted's"]),
        ("old", vec![]),
        ("bonn", vec![]),
        ("wen", vec![]),
        ("'%20OR%20'1'='1", vec![]),
    ] {
        assert_eq!(names(&reader, &format!("search={search}")).await, expected, "{search}");
    }
    let longest: Vec<_> = "abcdefgh".chars().map(|c| c.to_string().repeat(11)).collect();
    assert_eq!(names(&reader, &format!("search={}", longest.join("+"))).await, [""; 0]);
}

async fn the_pharmacies_are_filtered_and_paged_by_name(database: TestDatabase) {
    let clinic = TestApp::on(database).await;
    let admin = clinic.an_admin().await;
    for (name, city, license, is_verified) in [
        ("Zeta", "Zürich", "1", true),
        ("alpha", "Zürich", "2", false),
        ("Ångström", "Uppsala", "3", true),
        ("Beta", "zurich", "4", true),
        ("Beta", "Bonn", "5", false),
    ] {
        let body = json!({"name": name, "city": city, "license_number": license});
        let entry = admin.post(PHARMACIES, body).await.created();
        if is_verified {
            admin.post(&format!("{}/verify", path(&entry)), json!({})).await.ok();
        }
    }
    let reader = clinic.a_patient().await;

    let all = ["alpha", "Ångström", "Beta", "Beta", "Zeta"];
    assert_eq!(names(&reader, "").await, all);
    assert_eq!(names(&reader, "city=ZURICH").await, ["alpha", "Beta", "Zeta"]);
    assert_eq!(names(&reader, "verified=true").await, ["Ångström", "Beta", "Zeta"]);
    assert_eq!(names(&reader, "verified=false&city=Z%C3%BCrich").await, ["alpha"]);
    assert_eq!(names(&reader, "verified=true&city=zurich&search=be").await, ["Beta"]);

    for limit in 1..=5 {
        let (mut paged, mut cursor) = (Vec::new(), String::new());
        loop {
            let query = format!("{PHARMACIES}?limit={limit}&count=true{cursor}");
            let page = reader.get(&query).await.ok();
            assert_eq!(page["total"], 5);
            paged.extend(page["items"].as_array().unwrap().iter().map(|it| text(&it["name"])));
            let Some(next) = page["next"].as_str() else { break };
            cursor = format!("&cursor={next}");
        }
        assert_eq!(paged, all, "{limit}");
    }
}

async fn an_entry_keeps_every_field_and_is_changed_by_administrators_alone(database: TestDatabase) {
    let clinic = TestApp::on(database).await;
    let admin = clinic.an_admin().await;

    let made = admin.post(PHARMACIES, corner()).await.with_status(201);

    assert_eq!((made.header("location"), made.header("etag")), (&*path(&made.body), "\"1\""));
    for (field, value) in corner().as_object().unwrap() {
        assert_eq!(&made.body[field], value, "{field}");
    }
    assert_eq!((&made.body["user_id"], &made.body["is_verified"]), (&json!(null), &json!(false)));
    let read = clinic.a_patient().await.get(&path(&made.body)).await;
    assert_eq!(read.header("etag"), "\"1\"");
    assert_eq!(read.ok(), made.body);

    for stranger in [
        clinic.a_pharmacy().await,
        clinic.a_doctor().await,
        clinic.a_coordinator().await,
        clinic.a_patient().await,
    ] {
        let refused = stranger.patch(&path(&made.body), json!({"city": "Bonn"})).await;
        let _ = refused.problem(403, "forbidden");
        let _ = stranger.put(&path(&made.body), corner()).await.problem(403, "forbidden");
        let _ = stranger.post(PHARMACIES, corner()).await.problem(403, "forbidden");
        let verify = format!("{}/verify", path(&made.body));
        let _ = stranger.post(&verify, json!({})).await.problem(403, "forbidden");
    }
    assert_eq!(admin.get(&path(&made.body)).await.ok(), made.body);
}

async fn a_profile_is_replaced_as_a_whole_and_changed_in_part(database: TestDatabase) {
    let clinic = TestApp::on(database).await;
    let admin = clinic.an_admin().await;
    let made = admin.post(PHARMACIES, corner()).await.created();
    let path = path(&made);

    let changed = admin.patch(&path, json!({"email": null, "city": " ", "phone": "110"})).await;
    assert_eq!(changed.header("etag"), "\"2\"");
    let changed = changed.ok();
    assert_eq!((&changed["email"], &changed["city"]), (&json!(null), &json!(null)));
    assert_eq!((&changed["phone"], &changed["state"]), (&json!("110"), &made["state"]));

    // What was read may be sent back with what is shown beside its fields.
    let mut whole = made.clone();
    whole["name"] = json!("Round the Corner");
    whole["user_id"] = json!({"ignored": [1, "2"]});
    whole["is_verified"] = json!(true);
    let replaced = admin.put(&path, whole).await.ok();
    for (field, value) in corner().as_object().unwrap() {
        let expected = if field == "name" { &json!("Round the Corner") } else { value };
        assert_eq!(&replaced[field], expected, "{field}");
    }
    assert_eq!((&replaced["id"], &replaced["user_id"]), (&made["id"], &json!(null)));
    assert_eq!(replaced["is_verified"], false);

    let bare = admin.put(&path, json!({"name": "Bare"})).await.ok();
    for (field, value) in bare.as_object().unwrap() {
        let expected = match field.as_str() {
            "name" => json!("Bare"),
            "is_verified" => json!(false),
            "id" | "created_at" | "updated_at" => made[field].clone(),
            _ => json!(null),
        };
        assert_eq!(value, &expected, "{field}");
    }
    assert_eq!(names(&admin, "search=bare").await, ["Bare"]);
    assert_eq!(names(&admin, "search=corner").await, [""; 0]);
}

async fn a_change_of_another_version_than_was_read_is_refused(database: TestDatabase) {
    let clinic = TestApp::on(database).await;
    let admin = clinic.an_admin().await;
    let entry = enters(&admin, "DE-1").await;
    let send = async |method: Method, action: &str, tag: &str, body: Value| {
        let headers = [("content-type", "application/json"), ("if-match", tag)];
        let body = Some(body.to_string().into_bytes());
        admin.send(method, &format!("{}{action}", path(&entry)), &headers, body).await
    };

    for (method, action, body) in [
        (Method::PUT, "", corner()),
        (Method::PATCH, "", json!({})),
        (Method::POST, "/verify", json!({})),
    ] {
        let _ = send(method, action, "\"7\"", body).await.problem(412, "stale");
    }
    assert_eq!(admin.get(&path(&entry)).await.ok(), entry);
    send(Method::POST, "/verify", "\"1\"", json!({})).await.ok();
    let _ = send(Method::PATCH, "", "\"1\"", json!({})).await.problem(412, "stale");
    send(Method::PATCH, "", "\"1\", \"2\"", json!({})).await.ok();
}

async fn a_licence_number_is_one_pharmacys(database: TestDatabase) {
    let clinic = TestApp::on(database).await;
    let admin = clinic.an_admin().await;
    let first = enters(&admin, "DE-1").await;
    let second = enters(&admin, "DE-2").await;
    let body = |number: &str| json!({"name": "Another", "license_number": number});

    for taken in [
        admin.post(PHARMACIES, body("DE-1")).await,
        admin.post(PHARMACIES, body(" DE-1 ")).await,
        admin.put(&path(&second), body("DE-1")).await,
        admin.patch(&path(&second), json!({"license_number": "DE-1"})).await,
    ] {
        assert_eq!(taken.wrong_fields(), ["license_number"]);
    }
    admin.patch(&path(&first), json!({"license_number": "DE-1", "city": "Bonn"})).await.ok();

    // A doctor's number is none of a pharmacy's.
    let doctor = json!({"first_name": "A", "last_name": "B", "license_number": "DE-3"});
    admin.post("/api/v1/doctors", doctor).await.created();
    enters(&admin, "DE-3").await;

    // Whoever registers may be the one whom somebody has entered, as long as nobody is verified.
    let pharmacy = clinic.registered("pharmacy", json!({"license_number": "DE-1"})).await;
    admin.post(&format!("{}/verify", path(&second)), json!({})).await.ok();
    let taken = pharmacy.patch(&own(&pharmacy), json!({"license_number": "DE-2"})).await;
    assert_eq!(taken.wrong_fields(), ["license_number"]);
    let registration = json!({
        "email": "late@example.com", "password": PASSWORD, "role": "pharmacy",
        "license_number": "DE-2",
    });
    let taken = clinic.unknown().post("/api/v1/auth/register", registration).await;
    assert_eq!(taken.wrong_fields(), ["license_number"]);

    // Another number has yet to be verified, unless an administrator writes it.
    let verified = async |person: &Person, license_number: Value| {
        let body = json!({"license_number": license_number});
        person.patch(&own(&pharmacy), body).await.ok()["is_verified"].clone()
    };
    admin.post(&format!("{}/verify", own(&pharmacy)), json!({})).await.ok();
    assert_eq!(verified(&pharmacy, json!("DE-1")).await, true);
    assert_eq!(verified(&admin, json!("DE-4")).await, true);
    assert_eq!(verified(&pharmacy, json!("DE-5")).await, false);
    assert_eq!(verified(&admin, json!(null)).await, false);
}

async fn the_licence_of_a_pharmacy_is_verified_once(database: TestDatabase) {
    let clinic = TestApp::on(database).await;
    let admin = clinic.an_admin().await;
    let verify = format!("{}/verify", path(&enters(&admin, "DE-1").await));

    let once = [("idempotency-key", "once")];
    let verified = admin.post_with(&verify, &once, json!({})).await;
    assert_eq!(verified.header("etag"), "\"2\"");
    assert_eq!(verified.body["is_verified"], true);
    let again = admin.post_with(&verify, &once, json!({})).await;
    assert_eq!(again.header("idempotency-replayed"), "true");
    assert_eq!(again.ok(), verified.ok());
    let _ = admin.post(&verify, json!({})).await.problem(409, "already-verified");

    let bare = admin.post(PHARMACIES, json!({"name": "Bare"})).await.created();
    let refused = admin.post(&format!("{}/verify", path(&bare)), json!({})).await;
    let _ = refused.problem(409, "no-license-number");

    // A registration that repeats the number of one that was verified meanwhile.
    let other = enters(&admin, "DE-2").await;
    let pharmacy = clinic.registered("pharmacy", json!({"license_number": "DE-2"})).await;
    admin.post(&format!("{}/verify", path(&other)), json!({})).await.ok();
    let approve = format!("/api/v1/users/{}/approve", pharmacy.user_id());
    for taken in [format!("{}/verify", own(&pharmacy)), approve] {
        assert_eq!(admin.post(&taken, json!({})).await.wrong_fields(), ["license_number"]);
    }
    assert_eq!(pharmacy.get("/api/v1/auth/me").await.ok()["status"], "pending");
}

#[actix_web::test]
async fn a_pharmacy_completes_its_profile_while_it_waits_and_is_verified_with_its_approval() {
    let clinic = TestApp::start().await;
    let (pharmacy, other) = (
        clinic.registered("pharmacy", json!({"name": "Percy's", "city": "Oslo"})).await,
        clinic.a_pharmacy().await,
    );

    let shown = pharmacy.get(&own(&pharmacy)).await.ok();
    assert_eq!((&shown["name"], &shown["user_id"]), (&json!("Percy's"), &pharmacy.user["id"]));
    assert_eq!((&shown["email"], &shown["is_verified"]), (&pharmacy.user["email"], &json!(false)));
    pharmacy.patch(&own(&pharmacy), json!({"address": "Storgata 1"})).await.ok();
    pharmacy.put(&own(&pharmacy), json!({"name": "Percy's Own"})).await.ok();
    let refused = pharmacy.patch(&own(&other), json!({"address": "X"})).await;
    let _ = refused.problem(403, "forbidden");
    let refused = pharmacy.post(PHARMACIES, corner()).await;
    let _ = refused.problem(403, "approval-pending");

    let admin = clinic.an_admin().await;
    let approve = format!("/api/v1/users/{}/approve", pharmacy.user_id());
    admin.post(&approve, json!({})).await.ok();
    assert_eq!(pharmacy.get(&own(&pharmacy)).await.ok()["is_verified"], true);
    assert_eq!(names(&pharmacy, "search=percy&verified=true").await, ["Percy's Own"]);
}

#[actix_web::test]
async fn a_role_that_comes_back_finds_its_profile_as_it_was() {
    let clinic = TestApp::start().await;
    let (admin, person) = (clinic.an_admin().await, clinic.a_coordinator().await);
    let user = format!("/api/v1/users/{}", person.user_id());
    let becomes = async |role: &str| admin.patch(&user, json!({"role": role})).await.ok();

    let id = text(&becomes("pharmacy").await["pharmacy_id"]);
    let profile = format!("{PHARMACIES}/{id}");
    let blank = person.get(&profile).await.ok();
    assert_eq!((&blank["name"], &blank["is_verified"]), (&json!(null), &json!(true)));
    person.patch(&profile, json!({"name": "Café Pharma"})).await.ok();
    becomes("coordinator").await;
    let refused = person.patch(&profile, json!({"name": "Mine still"})).await;
    let _ = refused.problem(403, "forbidden");

    assert_eq!(text(&becomes("pharmacy").await["pharmacy_id"]), id);
    person.patch(&profile, json!({"city": "Oslo"})).await.ok();
    assert_eq!(names(&person, "search=cafe+oslo").await, ["Café Pharma"]);
}

#[actix_web::test]
async fn wrong_filters_are_named() {
    let clinic = TestApp::start().await;
    let reader = clinic.a_patient().await;

    for field in ["verified", "archived", "limit", "cursor", "count"] {
        let wrong = reader.get(&format!("{PHARMACIES}?{field}=perhaps")).await;
        assert_eq!(wrong.wrong_fields(), [field]);
    }
    let wrong = reader.get(&format!("{PHARMACIES}?verified=&search=!!!&city=a%0Ab&limit=0")).await;
    assert_eq!(wrong.wrong_fields(), ["city", "limit", "search", "verified"]);
    reader.get(&format!("{PHARMACIES}?search=&city=%20")).await.ok();
}

#[actix_web::test]
async fn every_wrong_field_of_a_profile_is_named_at_once() {
    let clinic = TestApp::start().await;
    let admin = clinic.an_admin().await;
    let entry = enters(&admin, "DE-1").await;
    let wrong = json!({
        "name": "x".repeat(201), "license_number": "a\u{0}b", "email": "corner", "phone": "1",
        "address": 7, "city": "x".repeat(101), "state": ["Bavaria"], "country": "D\nE",
        "is_verified": true, "color": "red",
    });
    let mut named: Vec<_> = wrong.as_object().unwrap().keys().cloned().collect();
    named.sort_unstable();

    assert_eq!(admin.post(PHARMACIES, wrong.clone()).await.wrong_fields(), named);
    assert_eq!(admin.patch(&path(&entry), wrong.clone()).await.wrong_fields(), named);
    named.retain(|name| name != "is_verified");
    assert_eq!(admin.put(&path(&entry), wrong).await.wrong_fields(), named);

    for name in [json!(null), json!(" ")] {
        let body = json!({"name": name});
        assert_eq!(admin.post(PHARMACIES, body.clone()).await.wrong_fields(), ["name"]);
        assert_eq!(admin.put(&path(&entry), body.clone()).await.wrong_fields(), ["name"]);
        assert_eq!(admin.patch(&path(&entry), body).await.wrong_fields(), ["name"]);
    }
    assert_eq!(admin.put(&path(&entry), json!({})).await.wrong_fields(), ["name"]);
    for shown in ["id", "user_id", "is_verified", "created_at", "updated_at"] {
        let refused = admin.patch(&path(&entry), json!({shown: entry[shown]})).await;
        assert_eq!(refused.wrong_fields(), [shown]);
    }
    let refused = admin.post(&format!("{}/verify", path(&entry)), json!({"by": "me"})).await;
    assert_eq!(refused.wrong_fields(), ["by"]);
    assert_eq!(admin.get(&path(&entry)).await.ok(), entry);
}
