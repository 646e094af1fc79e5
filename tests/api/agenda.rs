//! The day, what lies ahead, and statistics.

use medilink_tests::app::PASSWORD;
use medilink_tests::person::{a_booking, text};
use medilink_tests::{Person, TestApp, TestDatabase, on_both_databases};
use serde_json::{Value, json};

on_both_databases! {
    what_lies_ahead_is_active_and_comes_in_order,
    today_is_the_day_that_it_is_where_the_doctor_is,
    statistics_count_what_their_reader_may_read,
    days_that_cannot_be_counted_are_named,
}

const UPCOMING: &str = "/api/v1/appointments/upcoming";
const TODAY: &str = "/api/v1/appointments/today";
const STATISTICS: &str = "/api/v1/appointments/statistics";

/// Books half an hour as the administrator, in the past too.
async fn booked(admin: &Person, doctor: &Person, patient: &Person, starts_at: &str) -> String {
    let body = a_booking(&doctor.doctor_id(), &patient.patient_id(), starts_at);
    text(&admin.post("/api/v1/appointments", body).await.created()["id"])
}

async fn does(person: &Person, id: &str, action: &str) {
    person.post(&format!("/api/v1/appointments/{id}/{action}"), json!({})).await.ok();
}

async fn shown(person: &Person, path: &str) -> Vec<String> {
    let page = person.get(path).await.ok();
    page["items"].as_array().unwrap().iter().map(|item| text(&item["id"])).collect()
}

async fn what_lies_ahead_is_active_and_comes_in_order(database: TestDatabase) {
    let clinic = TestApp::on(database).await;
    let (admin, doctor, other) =
        (clinic.an_admin().await, clinic.a_doctor().await, clinic.a_doctor().await);
    let (patient, another) = (clinic.a_patient().await, clinic.a_patient().await);
    let book = async |doctor, patient, at| booked(&admin, doctor, patient, at).await;
    // It is noon of the 6th.
    book(&doctor, &patient, "2030-01-06T11:30:00Z").await;
    let third = book(&doctor, &patient, "2030-01-09T09:00:00Z").await;
    let first = book(&doctor, &patient, "2030-01-06T12:00:00Z").await;
    let second = book(&doctor, &patient, "2030-01-07T09:00:00Z").await;
    let cancelled = book(&doctor, &patient, "2030-01-08T09:00:00Z").await;
    let elsewhere = book(&other, &another, "2030-01-08T09:00:00Z").await;
    does(&patient, &cancelled, "cancel").await;
    does(&doctor, &second, "confirm").await;

    let of_patient = [&first, &second, &third].map(String::clone);
    assert_eq!(shown(&patient, UPCOMING).await, of_patient);
    assert_eq!(shown(&doctor, UPCOMING).await, of_patient);
    assert_eq!(shown(&other, UPCOMING).await, [elsewhere.as_str()]);
    let all = [&first, &second, &elsewhere, &third].map(String::clone);
    assert_eq!(shown(&admin, UPCOMING).await, all);

    let mut paged = Vec::new();
    let mut cursor = String::new();
    loop {
        let page = admin.get(&format!("{UPCOMING}?limit=1&count=true{cursor}")).await.ok();
        assert_eq!(page["total"], 4);
        paged.push(text(&page["items"][0]["id"]));
        let Some(next) = page["next"].as_str() else { break };
        cursor = format!("&cursor={next}");
    }
    assert_eq!(paged, all);
    assert_eq!(admin.get(&format!("{TODAY}?limit=1{cursor}")).await.wrong_fields(), ["cursor"]);
    assert_eq!(admin.get(&format!("{UPCOMING}?status=completed")).await.wrong_fields(), ["status"]);
}

async fn today_is_the_day_that_it_is_where_the_doctor_is(database: TestDatabase) {
    let clinic = TestApp::on(database).await;
    let admin = clinic.an_admin().await;
    let doctor = clinic.a_doctor_with(json!({"time_zone": "Pacific/Auckland"})).await;
    let other = clinic.a_doctor_with(json!({"time_zone": "America/Los_Angeles"})).await;
    let patient = clinic.a_patient().await;
    let book = async |doctor, at| booked(&admin, doctor, &patient, at).await;
    // It is noon of the 6th in Greenwich: one in the morning of the 7th for the one doctor, and four
    // in the morning of the 6th for the other.
    book(&doctor, "2030-01-06T10:30:00Z").await;
    let first = book(&doctor, "2030-01-06T11:00:00Z").await;
    let second = book(&doctor, "2030-01-07T10:30:00Z").await;
    book(&doctor, "2030-01-07T11:00:00Z").await;
    book(&other, "2030-01-06T07:30:00Z").await;
    let third = book(&other, "2030-01-06T08:00:00Z").await;
    let fourth = book(&other, "2030-01-07T07:30:00Z").await;
    book(&other, "2030-01-07T08:00:00Z").await;
    does(&patient, &second, "cancel").await;

    let of_doctor = [&first, &second].map(String::clone);
    assert_eq!(shown(&doctor, TODAY).await, of_doctor);
    assert_eq!(shown(&other, TODAY).await, [&third, &fourth].map(String::clone));
    let all = [&third, &first, &fourth, &second].map(String::clone);
    assert_eq!(shown(&patient, TODAY).await, all);
    assert_eq!(shown(&admin, TODAY).await, all);

    // An hour before midnight in Los Angeles, and late in the evening in Auckland.
    clinic.clock.advance(19 * 60);
    let patient = clinic.unknown().logs_in(&text(&patient.user["username"]), PASSWORD).await;
    assert_eq!(shown(&patient, TODAY).await, all);
    clinic.clock.advance(2 * 60);
    let patient = clinic.unknown().logs_in(&text(&patient.user["username"]), PASSWORD).await;
    assert_eq!(shown(&patient, TODAY).await.len(), 3);
}

async fn statistics_count_what_their_reader_may_read(database: TestDatabase) {
    let clinic = TestApp::on(database).await;
    let (admin, doctor) = (clinic.an_admin().await, clinic.a_doctor().await);
    let other = clinic.a_doctor_with(json!({"time_zone": "Pacific/Auckland"})).await;
    let (patient, another) = (clinic.a_patient().await, clinic.a_patient().await);
    let book = async |doctor, patient, at| booked(&admin, doctor, patient, at).await;
    let completed = book(&doctor, &patient, "2030-01-04T09:00:00Z").await;
    does(&doctor, &completed, "complete").await;
    let missed = book(&doctor, &patient, "2030-01-05T09:00:00Z").await;
    does(&doctor, &missed, "no-show").await;
    let cancelled = book(&doctor, &another, "2030-01-06T15:00:00Z").await;
    does(&another, &cancelled, "cancel").await;
    book(&other, &another, "2030-01-06T13:00:00Z").await;
    let beyond = book(&doctor, &patient, "2030-01-07T00:00:00Z").await;

    let all = admin.get(STATISTICS).await.ok();
    assert_eq!((&all["from"], &all["to"]), (&json!("2029-12-08"), &json!("2030-01-06")));
    assert_eq!((&all["total"], &all["time_zone"]), (&json!(4), &json!("UTC")));
    assert_eq!(
        all["by_status"],
        json!({
            "scheduled": 1, "confirmed": 0, "checked_in": 0, "in_progress": 0,
            "completed": 1, "cancelled": 1, "no_show": 1,
        })
    );
    let by_day = all["by_day"].as_array().unwrap();
    assert_eq!(by_day.len(), 30);
    assert_eq!(by_day[29], json!({"date": "2030-01-06", "total": 2}));
    for rate in ["completion_rate", "cancellation_rate", "no_show_rate"] {
        assert_eq!(all[rate], json!(0.3333), "{rate}");
    }
    // Three hours before, and one; what was entered afterwards does not count.
    assert_eq!(all["average_lead_minutes"], 120);

    let total = async |person: &Person, filter: &str| {
        person.get(&format!("{STATISTICS}{filter}")).await.ok()["total"].clone()
    };
    assert_eq!(total(&doctor, "").await, 3);
    assert_eq!(total(&patient, "").await, 2);
    assert_eq!(total(&another, "").await, 2);
    assert_eq!(total(&doctor, "?from=2030-01-05&to=2030-01-07").await, 3);
    assert_eq!(total(&doctor, "?to=2030-01-07").await, 4);
    assert_eq!(total(&clinic.a_coordinator().await, "").await, 0);
    // In Auckland it was the 7th already.
    assert_eq!(total(&other, "?from=2030-01-07&to=2030-01-07").await, 1);
    let nothing = clinic.a_patient().await.get(STATISTICS).await.ok();
    assert_eq!((&nothing["total"], &nothing["completion_rate"]), (&json!(0), &Value::Null));
    assert_eq!(nothing["average_lead_minutes"], Value::Null);
    assert_eq!(shown(&doctor, UPCOMING).await, [beyond]);
}

async fn days_that_cannot_be_counted_are_named(database: TestDatabase) {
    let clinic = TestApp::on(database).await;
    let patient = clinic.a_patient().await;
    for (filter, expected) in [
        ("from=2030-01-02&to=2030-01-01", vec!["to"]),
        ("from=2029-01-01&to=2030-01-02", vec!["to"]),
        ("from=2030-02-30&to=tomorrow", vec!["from", "to"]),
        ("from=2030-01-01T00:00:00Z", vec!["from"]),
        ("from=9999-01-01", vec!["from"]),
        ("to=2199-12-31", vec!["to"]),
        ("from=", vec!["from"]),
        ("doctor_id=7&limit=3", vec!["doctor_id", "limit"]),
    ] {
        let refused = patient.get(&format!("{STATISTICS}?{filter}")).await;
        assert_eq!(refused.wrong_fields(), expected, "{filter}");
    }
    patient.get(&format!("{STATISTICS}?from=2029-01-01&to=2030-01-01")).await.ok();
    let pharmacy = clinic.a_pharmacy().await;
    for path in [UPCOMING, TODAY, STATISTICS] {
        let _ = pharmacy.get(path).await.problem(403, "forbidden");
    }
}
