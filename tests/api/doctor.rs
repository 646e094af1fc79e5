//! The directory of doctors.

use medilink_tests::person::text;
use medilink_tests::{Person, TestApp, TestDatabase, on_both_databases};
use serde_json::json;

on_both_databases! {
    the_directory_is_searched_by_beginnings_of_words,
    the_largest_search_is_answered,
    the_directory_is_filtered_and_paged_by_family_name,
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

    for field in ["specialization", "is_available", "verified", "hospital"] {
        let wrong = reader.get(&format!("/api/v1/doctors?{field}=perhaps")).await;
        assert_eq!(wrong.wrong_fields(), [field]);
    }
    for field in ["specialization", "is_available", "verified"] {
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

async fn names(reader: &Person, query: &str) -> Vec<String> {
    let page = reader.get(&format!("/api/v1/doctors?{query}")).await.ok();
    page["items"].as_array().unwrap().iter().map(|it| text(&it["last_name"])).collect()
}
