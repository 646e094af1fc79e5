//! Patients' records.

use medilink_tests::person::text;
use medilink_tests::{TestApp, TestDatabase, on_both_databases};
use serde_json::json;

on_both_databases! {
    a_record_is_read_by_those_who_may,
    a_record_keeps_every_field,
}

async fn a_record_is_read_by_those_who_may(database: TestDatabase) {
    let clinic = TestApp::on(database).await;
    let (coordinator, other) = (clinic.a_coordinator().await, clinic.a_coordinator().await);
    let (doctor, patient) = (clinic.a_doctor().await, clinic.a_patient().await);
    let record = json!({"first_name": "Alan", "last_name": "Turing"});

    let made = coordinator.post("/api/v1/patients", record.clone()).await;
    let path = made.header("location").to_owned();
    let made = made.created();

    assert_eq!(made["created_by"], coordinator.user["id"]);
    assert_eq!(coordinator.get(&path).await.ok(), made);
    clinic.an_admin().await.get(&path).await.ok();
    for stranger in [&other, &doctor, &patient, &clinic.a_pharmacy().await] {
        let _ = stranger.get(&path).await.problem(404, "not-found");
    }
    // Care begins with an appointment.
    let booking = medilink_tests::person::a_booking(
        &doctor.doctor_id(),
        &text(&made["id"]),
        "2030-01-07T09:00:00Z",
    );
    coordinator.post("/api/v1/appointments", booking).await.created();
    assert_eq!(doctor.get(&path).await.ok(), made);

    for nobody in [&patient, &clinic.a_pharmacy().await] {
        let refused = nobody.post("/api/v1/patients", record.clone()).await;
        let _ = refused.problem(403, "forbidden");
    }
}

async fn a_record_keeps_every_field(database: TestDatabase) {
    let clinic = TestApp::on(database).await;
    let coordinator = clinic.a_coordinator().await;
    let record = json!({
        "first_name": "Ada", "last_name": "Lovelace", "email": "ada@example.org",
        "phone": "+44 (20) 7946-0000", "date_of_birth": "1984-02-29", "gender": "N",
        "blood_group": "AB-", "allergies": "Penicillin\nNuts", "medical_history": "None",
        "current_medications": "Aspirin", "emergency_contact_name": "Annabella",
        "emergency_contact_phone": "112", "address": "12 St James's Square", "city": "London",
        "state": "Westminster", "country": "UK",
    });

    let made = coordinator.post("/api/v1/patients", record.clone()).await.created();

    for (field, value) in record.as_object().unwrap() {
        assert_eq!(&made[field], value, "{field}");
    }
    assert_eq!(made["full_name"], "Ada Lovelace");
    assert_eq!(made["user_id"], json!(null));
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
