//! What is sent as a time slot or a schedule and is none, or only just is one.

use medilink_tests::person::text;
use medilink_tests::{Answer, Person, TestApp, TestDatabase, on_both_databases};
use serde_json::{Value, json};

on_both_databases! {
    a_slot_that_cannot_be_is_refused_by_its_field,
    a_schedule_that_cannot_be_is_refused_by_its_field,
    five_hundred_slots_and_92_days_are_not_too_many,
    a_time_that_the_clocks_show_twice_is_the_first_of_the_two,
}

const SLOTS: &str = "/api/v1/time-slots";
const BULK: &str = "/api/v1/time-slots/bulk";

fn between(start: &str, end: &str) -> Value {
    json!({"starts_at": start, "ends_at": end})
}

fn on(date: &str, start: &str, end: &str) -> Value {
    json!({"date": date, "start_time": start, "end_time": end})
}

fn a_schedule(days: [&str; 2], hours: [&str; 2], minutes: i64) -> Value {
    json!({
        "from_date": days[0], "to_date": days[1], "start_time": hours[0], "end_time": hours[1],
        "slot_minutes": minutes,
    })
}

async fn a_slot_that_cannot_be_is_refused_by_its_field(database: TestDatabase) {
    const NINE: &str = "2030-01-07T09:00:00Z";

    let clinic = TestApp::on(database).await;
    let doctor = clinic.a_doctor_with(json!({"time_zone": "Europe/Berlin"})).await;
    for (body, expected) in [
        (json!({}), vec!["ends_at", "starts_at"]),
        (
            json!({"doctor_id": "me", "starts_at": 7, "ends_at": null}),
            vec!["doctor_id", "ends_at", "starts_at"],
        ),
        (between(NINE, "2030-01-07T08:00:00Z"), vec!["ends_at"]),
        (between(NINE, NINE), vec!["ends_at"]),
        (between(NINE, "2030-01-07T09:04:59Z"), vec!["ends_at"]),
        (between(NINE, "2030-01-07T21:00:01Z"), vec!["ends_at"]),
        (between(NINE, "2030-01-07T24:00:00Z"), vec!["ends_at"]),
        (between("2030-01-07T24:00:00Z", "2030-01-08T01:00:00Z"), vec!["starts_at"]),
        (between("0000-01-01T09:00:00Z", "9999-01-01T09:00:00Z"), vec!["ends_at", "starts_at"]),
        (between("1899-12-31T23:00:00Z", "1900-01-01T00:00:00Z"), vec!["starts_at"]),
        (between("2199-12-31T23:30:00Z", "2200-01-01T00:00:00Z"), vec!["ends_at"]),
        (between("10000-01-01T09:00:00Z", NINE), vec!["starts_at"]),
        (between("2030-01-07T09:00:00.5Z", NINE), vec!["starts_at"]),
        (between("2030-01-07T09:00:00", "2030-01-07"), vec!["ends_at", "starts_at"]),
        (json!({"starts_at": NINE, "duration_minutes": 0}), vec!["duration_minutes", "ends_at"]),
        (on("2030-01-07", "10:00", "09:00"), vec!["end_time"]),
        (on("2030-01-07", "10:00", "10:00"), vec!["end_time"]),
        (on("2030-01-07", "10:00", "10:04"), vec!["end_time"]),
        (on("2030-01-07", "00:00", "12:01"), vec!["end_time"]),
        (on("2030-01-07", "24:00", "24:00"), vec!["end_time"]),
        (on("2030-01-07", "23:00", "24:01"), vec!["end_time"]),
        (on("2030-01-07", "25:00", "-1:00"), vec!["end_time", "start_time"]),
        (on("2030-02-29", "09:00", "10:00"), vec!["date"]),
        (on("0000-01-01", "09:00", "10:00"), vec!["date"]),
        (on("9999-12-31", "09:00", "10:00"), vec!["date"]),
        (on("1900-01-01", "00:00", "00:30"), vec!["start_time"]),
        // The clocks go forward from two to three, and twelve hours last thirteen when they go back.
        (on("2030-03-31", "02:00", "03:00"), vec!["start_time"]),
        (on("2030-03-31", "02:30", "03:30"), vec!["start_time"]),
        (on("2030-03-31", "01:30", "02:30"), vec!["end_time"]),
        (on("2030-10-27", "00:00", "12:00"), vec!["end_time"]),
        (json!({"date": "2030-01-07"}), vec!["end_time", "start_time"]),
        (json!({"date": "2030-01-07", "starts_at": NINE}), vec!["date", "end_time", "start_time"]),
    ] {
        let refused = doctor.post(SLOTS, body.clone()).await;
        assert_eq!(refused.wrong_fields(), expected, "{body}");
    }
    nothing_was_published(&doctor).await;
}

async fn a_schedule_that_cannot_be_is_refused_by_its_field(database: TestDatabase) {
    const DAY: [&str; 2] = ["2030-01-07", "2030-01-07"];
    const MORNING: [&str; 2] = ["09:00", "12:00"];

    let with = |field: &str, value: Value| {
        let mut body = a_schedule(DAY, MORNING, 30);
        body[field] = value;
        body
    };
    let clinic = TestApp::on(database).await;
    let doctor = clinic.a_doctor_with(json!({"time_zone": "Europe/Berlin"})).await;
    for (body, expected) in [
        (a_schedule(["2030-01-08", "2030-01-07"], MORNING, 30), "to_date"),
        (a_schedule(["2030-01-01", "2030-04-03"], MORNING, 30), "to_date"),
        (a_schedule(["0000-01-01", "2030-01-07"], MORNING, 30), "from_date"),
        (a_schedule(["2030-01-07", "9999-12-31"], MORNING, 30), "to_date"),
        (a_schedule(["2030-02-29", "2030-03-01"], MORNING, 30), "from_date"),
        (a_schedule(DAY, ["12:00", "09:00"], 30), "end_time"),
        (a_schedule(DAY, ["09:00", "09:00"], 30), "end_time"),
        (a_schedule(DAY, ["24:00", "24:00"], 30), "end_time"),
        (a_schedule(DAY, ["09:00", "09:29"], 30), "end_time"),
        (a_schedule(DAY, ["09:00", "24:01"], 30), "end_time"),
        (a_schedule(DAY, ["-1:00", "09:00"], 30), "start_time"),
        (a_schedule(DAY, MORNING, 0), "slot_minutes"),
        (a_schedule(DAY, MORNING, -30), "slot_minutes"),
        (a_schedule(DAY, MORNING, 4), "slot_minutes"),
        (a_schedule(DAY, ["00:00", "24:00"], 721), "slot_minutes"),
        (a_schedule(DAY, ["00:00", "24:00"], 1440), "slot_minutes"),
        (a_schedule(DAY, MORNING, i64::MIN), "slot_minutes"),
        (a_schedule(DAY, MORNING, i64::MAX), "slot_minutes"),
        (with("slot_minutes", json!("30")), "slot_minutes"),
        (with("start_time", json!("9 o'clock")), "start_time"),
        (with("weekdays", json!(["someday"])), "weekdays"),
        (with("weekdays", json!([])), "weekdays"),
        (with("weekdays", json!("monday")), "weekdays"),
        (with("breaks", json!([{"start_time": "12:00"}])), "breaks"),
        (with("breaks", json!([{"start_time": "12:00", "end_time": "11:00"}])), "breaks"),
        (with("breaks", json!([7])), "breaks"),
        (with("slots", json!(1)), "slots"),
        // Three days of 167 slots are 501.
        (a_schedule(["2030-01-07", "2030-01-09"], ["00:00", "13:55"], 5), "slot_minutes"),
    ] {
        let refused = doctor.post(BULK, body.clone()).await;
        assert_eq!(refused.wrong_fields(), [expected], "{body}");
    }
    nothing_was_published(&doctor).await;
}

async fn nothing_was_published(doctor: &Person) {
    let page = doctor.get(&format!("{SLOTS}?doctor_id={}", doctor.doctor_id())).await.ok();
    assert_eq!(page["items"], json!([]));
}

async fn five_hundred_slots_and_92_days_are_not_too_many(database: TestDatabase) {
    let clinic = TestApp::on(database).await;
    let doctor = clinic.a_doctor().await;
    let created = |answer: Answer| answer.created()["created"].as_array().unwrap().len();

    let many = a_schedule(["2030-01-07", "2030-01-10"], ["00:00", "10:25"], 5);
    assert_eq!(created(doctor.post(BULK, many).await), 500);
    let long = a_schedule(["2030-01-01", "2030-04-02"], ["23:00", "24:00"], 60);
    assert_eq!(created(doctor.post(BULK, long).await), 92);
}

async fn a_time_that_the_clocks_show_twice_is_the_first_of_the_two(database: TestDatabase) {
    let clinic = TestApp::on(database).await;
    let doctor = clinic.a_doctor_with(json!({"time_zone": "Europe/Berlin"})).await;
    let ends = |slot: &Value| [&slot["starts_at"], &slot["ends_at"]].map(text);

    // The clocks go back from three to two.
    let around = doctor.post(SLOTS, on("2030-10-27", "02:30", "03:30")).await.created();
    assert_eq!(ends(&around), ["2030-10-27T00:30:00Z", "2030-10-27T02:30:00Z"]);
    let before = doctor.post(SLOTS, on("2030-10-27", "02:00", "02:30")).await.created();
    assert_eq!(ends(&before), ["2030-10-27T00:00:00Z", "2030-10-27T00:30:00Z"]);
}
