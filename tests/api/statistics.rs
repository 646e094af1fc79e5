//! What administrators see of the whole installation.

use medilink_tests::person::text;
use medilink_tests::{TestApp, TestDatabase, on_both_databases};
use serde_json::json;

on_both_databases! {
    an_administrator_looks_over_the_installation,
}

const STATISTICS: &str = "/api/v1/statistics";

async fn an_administrator_looks_over_the_installation(database: TestDatabase) {
    let clinic = TestApp::on(database).await;
    let admin = clinic.an_admin().await;
    let (busy, idle) = (clinic.a_doctor().await, clinic.a_doctor().await);
    let (patient, other) = (clinic.a_patient().await, clinic.a_patient().await);
    clinic.registered("pharmacy", json!({})).await;
    admin.post("/api/v1/pharmacies", json!({"name": "At the Corner"})).await.created();
    for (person, start, end) in
        [(&busy, "09:00", "11:00"), (&busy, "11:00", "12:00"), (&idle, "09:00", "10:00")]
    {
        let slot = json!({"date": "2030-01-07", "start_time": start, "end_time": end});
        person.post("/api/v1/time-slots", slot).await.created();
    }
    let doctor = busy.doctor_id();
    patient.books(&doctor, "2030-01-07T09:00:00Z").await.created();
    let booked = other.books(&doctor, "2030-01-07T10:00:00Z").await.created();
    let cancel = format!("/api/v1/appointments/{}/cancel", text(&booked["id"]));
    other.post(&cancel, json!({})).await.ok();
    patient.books(&doctor, "2030-01-08T00:00:00Z").await.created();
    let name = text(&patient.user["username"]);
    for _ in 0..2 {
        let wrong = json!({"username": name, "password": "not the one"});
        let refused = clinic.unknown().post("/api/v1/auth/login", wrong).await;
        let _ = refused.problem(401, "wrong-credentials");
    }

    let seen = admin.get(&format!("{STATISTICS}?from=2030-01-07&to=2030-01-07")).await.ok();

    assert_eq!(
        (&seen["from"], &seen["to"]),
        (&json!("2030-01-07T00:00:00Z"), &json!("2030-01-08T00:00:00Z"))
    );
    assert_eq!((&seen["users"]["total"], &seen["users"]["pending"]), (&json!(6), &json!(1)));
    assert_eq!(seen["users"]["admin"], json!({"active": 1, "pending": 0, "disabled": 0}));
    assert_eq!(seen["users"]["doctor"], json!({"active": 2, "pending": 0, "disabled": 0}));
    assert_eq!(seen["users"]["pharmacy"], json!({"active": 0, "pending": 1, "disabled": 0}));
    assert_eq!(seen["patients"], json!({"total": 2}));
    assert_eq!(seen["doctors"], json!({"total": 2, "verified": 2}));
    assert_eq!(seen["pharmacies"], json!({"total": 2, "verified": 0}));
    let appointments = &seen["appointments"];
    assert_eq!((&appointments["total"], &appointments["scheduled"]), (&json!(2), &json!(1)));
    assert_eq!((&appointments["cancelled"], &appointments["no_show"]), (&json!(1), &json!(0)));
    let workload = seen["workload"].as_array().unwrap();
    let loads: Vec<_> = workload
        .iter()
        .map(|it| (text(&it["doctor"]["id"]), &it["booked_minutes"], &it["utilisation_percent"]))
        .collect();
    let expected =
        [(doctor.clone(), &json!(30), &json!(16)), (idle.doctor_id(), &json!(0), &json!(0))];
    assert_eq!(loads, expected);
    assert_eq!(seen["failed_sign_ins"]["count"], 2);

    let first = admin.get(&format!("{STATISTICS}?from=2030-01-07&to=2030-01-07&doctors=1")).await;
    assert_eq!(first.ok()["workload"].as_array().unwrap().len(), 1);
    // The last thirty days had no appointments yet.
    let until_now = admin.get(STATISTICS).await.ok();
    assert_eq!(
        (&until_now["appointments"]["total"], &until_now["workload"]),
        (&json!(0), &json!([]))
    );
}

#[actix_web::test]
async fn wrong_parameters_are_named() {
    let clinic = TestApp::start().await;
    let admin = clinic.an_admin().await;

    for field in ["from", "to", "doctors", "limit", "patient_id"] {
        let wrong = admin.get(&format!("{STATISTICS}?{field}=perhaps")).await;
        assert_eq!(wrong.wrong_fields(), [field]);
    }
    for period in
        ["from=2030-01-08&to=2030-01-06", "from=2028-01-01&to=2029-12-31", "from=2030-02-01"]
    {
        assert_eq!(admin.get(&format!("{STATISTICS}?{period}")).await.wrong_fields(), ["to"]);
    }
    let wrong = admin.get(&format!("{STATISTICS}?from=2030-02-30&to=never&doctors=101")).await;
    assert_eq!(wrong.wrong_fields(), ["doctors", "from", "to"]);
    admin.get(&format!("{STATISTICS}?from=2028-01-01&to=2028-12-31")).await.ok();
}
