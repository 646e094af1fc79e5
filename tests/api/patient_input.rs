//! What is sent as a patient's record and is none.

use medilink_tests::TestApp;
use medilink_tests::person::text;
use serde_json::json;

use super::patient::a_record;

#[actix_web::test]
async fn what_a_change_does_not_know_is_refused_by_name_and_nothing_changes() {
    let clinic = TestApp::start().await;
    let coordinator = clinic.a_coordinator().await;
    let made = coordinator.post("/api/v1/patients", a_record()).await.created();
    let path = format!("/api/v1/patients/{}", text(&made["id"]));
    let shown = ["id", "full_name", "created_by", "user_id", "created_at", "updated_at"];

    for field in shown.iter().chain(&["role", "version", "patient_id", "archived_at", "color"]) {
        let mut body = a_record();
        body["city"] = json!("Bonn");
        body[field] = made[field].clone();
        assert_eq!(
            coordinator.post("/api/v1/patients", body.clone()).await.wrong_fields(),
            [*field]
        );
        assert_eq!(coordinator.patch(&path, body.clone()).await.wrong_fields(), [*field]);
        if !shown.contains(field) {
            assert_eq!(coordinator.put(&path, body).await.wrong_fields(), [*field]);
        }
    }
    assert_eq!(coordinator.get(&path).await.ok(), made);
}

#[actix_web::test]
async fn every_wrong_field_of_a_change_is_named_at_once() {
    let clinic = TestApp::start().await;
    let coordinator = clinic.a_coordinator().await;
    let made = coordinator.post("/api/v1/patients", a_record()).await.created();
    let path = format!("/api/v1/patients/{}", text(&made["id"]));
    let wrong = json!({
        "first_name": null, "last_name": " ", "email": "ada", "phone": "1", "gender": "X",
        "blood_group": "X", "date_of_birth": "2030-02-30", "allergies": 7, "city": "a\u{0}b",
        "emergency_contact_name": "x".repeat(151), "address": ["a"], "country": "\n\u{7}",
    });
    let named: Vec<_> = wrong.as_object().unwrap().keys().map(String::as_str).collect();

    for answer in
        [coordinator.put(&path, wrong.clone()).await, coordinator.patch(&path, wrong.clone()).await]
    {
        assert_eq!(
            answer.body["errors"]["date_of_birth"][0],
            "2030-02-30 is not a day of the calendar."
        );
        assert_eq!(answer.wrong_fields(), named);
    }
    assert_eq!(coordinator.put(&path, json!({})).await.wrong_fields(), ["first_name", "last_name"]);
    let unborn = json!({"first_name": "A", "last_name": "B", "date_of_birth": "2030-01-09"});
    assert_eq!(coordinator.put(&path, unborn.clone()).await.wrong_fields(), ["date_of_birth"]);
    assert_eq!(coordinator.patch(&path, unborn).await.wrong_fields(), ["date_of_birth"]);
    coordinator.patch(&path, json!({})).await.ok();
    for id in ["0198c5a2-7b1e-7cc3-98c4-dc0c0c07398f", "ada", "7"] {
        let nobody = format!("/api/v1/patients/{id}");
        let _ = coordinator.patch(&nobody, json!({})).await.problem(404, "not-found");
        let _ = coordinator.delete(&nobody).await.problem(404, "not-found");
    }
}

#[actix_web::test]
async fn a_blank_text_is_left_out_and_any_other_blank_field_is_wrong() {
    let clinic = TestApp::start().await;
    let coordinator = clinic.a_coordinator().await;
    let texts = [
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
    ];
    let others = ["date_of_birth", "gender", "blood_group"];
    let record = |blank: &[&str]| {
        let mut body = json!({"first_name": "Ada", "last_name": "Lovelace"});
        for field in blank {
            body[field] = json!(" ");
        }
        body
    };

    let made = coordinator.post("/api/v1/patients", record(&texts)).await.created();
    let wrong = coordinator.post("/api/v1/patients", record(&others)).await;

    assert!(texts.iter().all(|field| made[field].is_null()), "{made}");
    assert_eq!(wrong.wrong_fields(), ["blood_group", "date_of_birth", "gender"]);
}

#[actix_web::test]
async fn every_wrong_field_of_a_record_is_named_at_once() {
    let clinic = TestApp::start().await;
    let coordinator = clinic.a_coordinator().await;

    let wrong = json!({
        "first_name": "  ", "gender": "X", "blood_group": "O", "date_of_birth": "29.02.1984",
        "email": "ada", "user_id": "me", "created_by": "you",
    });
    let wrong = coordinator.post("/api/v1/patients", wrong).await;

    assert_eq!(
        wrong.wrong_fields(),
        [
            "blood_group",
            "created_by",
            "date_of_birth",
            "email",
            "first_name",
            "gender",
            "last_name",
            "user_id",
        ]
    );
}
