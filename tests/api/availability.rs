//! What is free of a doctor's time, what a check says of a time, and what a refusal offers instead.

use medilink_tests::person::{a_booking, text};
use medilink_tests::{Answer, Person, TestApp, TestDatabase, on_both_databases};
use serde_json::{Value, json};

const APPOINTMENTS: &str = "/api/v1/appointments";
const CHECK: &str = "/api/v1/appointments/check";
const SLOTS: &str = "/api/v1/time-slots";

on_both_databases! {
    slots_are_offered_until_they_are_taken_blocked_or_over,
    a_doctor_who_publishes_nothing_is_offered_day_and_night,
    whatever_is_offered_can_be_booked,
    a_check_says_what_a_booking_then_does,
    a_refusal_names_times_that_would_do,
    a_move_that_is_refused_names_times_that_would_do,
}

/// Publishes some of a day, and returns the slot's id.
async fn published(doctor: &Person, day: &str, start: &str, end: &str) -> String {
    let at = |time| format!("{day}T{time}:00Z");
    let slot = json!({"starts_at": at(start), "ends_at": at(end)});
    text(&doctor.post(SLOTS, slot).await.created()["id"])
}

async fn blocks(doctor: &Person, slot: &str) {
    doctor.patch(&format!("{SLOTS}/{slot}"), json!({"blocked": true})).await.ok();
}

/// Returns what somebody is offered of a doctor's time, from all of its pages.
async fn offered(reader: &Person, doctor: &str, query: &str) -> Vec<Value> {
    let mut items = Vec::new();
    let mut cursor = String::new();
    loop {
        let path = format!("/api/v1/doctors/{doctor}/availability?limit=7&{query}{cursor}");
        let page = reader.get(&path).await.ok();
        items.extend(page["items"].as_array().unwrap().iter().cloned());
        let Some(next) = page["next"].as_str() else { return items };
        cursor = format!("&cursor={next}");
    }
}

/// Writes times as "09:00-09:30", with a mark where they are all of a slot.
fn clock(items: &[Value]) -> Vec<String> {
    let time = |item: &Value, of: &str| item[of].as_str().unwrap()[11..16].to_owned();
    let mark = |item: &Value| if item["time_slot_id"].is_null() { "" } else { "*" };
    let written =
        |it: &Value| format!("{}-{}{}", time(it, "starts_at"), time(it, "ends_at"), mark(it));
    items.iter().map(written).collect()
}

async fn slots_are_offered_until_they_are_taken_blocked_or_over(database: TestDatabase) {
    let clinic = TestApp::on(database).await;
    let doctor = clinic.a_doctor_with(json!({"booking": "slots_only"})).await;
    let patient = clinic.a_patient().await;
    let id = doctor.doctor_id();
    // It is noon.
    for (start, end) in
        [("11:15", "11:45"), ("11:45", "12:15"), ("12:15", "12:45"), ("12:45", "13:15")]
    {
        published(&doctor, "2030-01-06", start, end).await;
    }
    let blocked = published(&doctor, "2030-01-06", "13:15", "13:45").await;
    blocks(&doctor, &blocked).await;
    published(&doctor, "2030-01-07", "09:00", "10:00").await;

    let today = "from=2030-01-06&to=2030-01-06";
    let of_today = clock(&offered(&patient, &id, today).await);
    assert_eq!(of_today, ["12:15-12:45*", "12:45-13:15*"]);
    let longer = clock(&offered(&patient, &id, &format!("{today}&minutes=45")).await);
    assert_eq!(longer, ["12:15-13:00"]);
    let week = clock(&offered(&patient, &id, "").await);
    assert_eq!(week, ["12:15-12:45*", "12:45-13:15*", "09:00-09:30", "09:30-10:00"]);
    let path = format!("/api/v1/doctors/{id}/availability?limit=1&count=true");
    assert_eq!(patient.get(&path).await.ok()["total"], 4);

    let booked = patient.books(&id, "2030-01-06T12:15:00Z").await.created();
    assert_eq!(clock(&offered(&patient, &id, today).await), ["12:45-13:15*"]);
    let cancel = format!("{APPOINTMENTS}/{}/cancel", text(&booked["id"]));
    patient.post(&cancel, json!({})).await.ok();
    assert_eq!(clock(&offered(&patient, &id, today).await), of_today);

    let profile = format!("/api/v1/doctors/{id}");
    doctor.patch(&profile, json!({"is_available": false})).await.ok();
    assert_eq!(offered(&patient, &id, "").await, [json!(null); 0]);
    let _ = clinic.an_admin().await.delete(&profile).await.with_status(204);
    let _ = patient.get(&format!("{profile}/availability")).await.problem(404, "not-found");
}

async fn a_doctor_who_publishes_nothing_is_offered_day_and_night(database: TestDatabase) {
    let clinic = TestApp::on(database).await;
    let doctor = clinic.a_doctor_with(json!({"time_zone": "Europe/Berlin"})).await;
    let patient = clinic.a_patient().await;
    let id = doctor.doctor_id();
    patient.books(&id, "2030-03-31T10:10:00Z").await.created();

    // The clocks go forward that day: it has 23 hours, and begins at eleven at night in UTC.
    let sunday = "from=2030-03-31&to=2030-03-31";
    let free = clock(&offered(&patient, &id, sunday).await);
    assert_eq!(free.len(), 46 - 2);
    assert_eq!([&free[0], &free[43]], ["23:00-23:30", "21:30-22:00"]);
    assert!(!free.contains(&"10:00-10:30".to_owned()) && free.contains(&"11:00-11:30".to_owned()));

    // What is blocked is taken, and is no publication.
    let blocked = published(&doctor, "2030-03-31", "00:00", "12:00").await;
    blocks(&doctor, &blocked).await;
    assert_eq!(clock(&offered(&patient, &id, sunday).await)[2], "12:00-12:30");

    // Whoever publishes time is offered in that time, on other days too.
    published(&doctor, "2030-04-01", "09:00", "09:30").await;
    assert_eq!(offered(&patient, &id, sunday).await, [json!(null); 0]);
    let monday = "from=2030-04-01&to=2030-04-01T23:59:59Z";
    assert_eq!(clock(&offered(&patient, &id, monday).await), ["09:00-09:30*"]);
}

#[actix_web::test]
async fn a_range_that_is_none_is_refused_by_the_field() {
    let clinic = TestApp::start().await;
    let doctor = clinic.a_doctor_with(json!({"time_zone": "Europe/Berlin"})).await;
    let patient = clinic.a_patient().await;
    let path = format!("/api/v1/doctors/{}/availability", doctor.doctor_id());

    for (query, fields) in [
        ("from=2030-01-08&to=2030-01-07", vec!["to"]),
        ("from=2030-01-07T10:00:00Z&to=2030-01-07T10:00:00Z", vec!["to"]),
        ("from=2030-01-07&to=2030-04-09", vec!["to"]),
        ("from=2030-01-07&to=2030-02-18", vec!["to"]),
        ("to=2030-04-09", vec!["to"]),
        ("from=2030-01-07&to=2030-01-07T24:00:00Z", vec!["to"]),
        ("from=0000-01-01", vec!["from"]),
        ("to=9999-12-31", vec!["to"]),
        ("from=2199-12-31&to=2199-12-31", vec!["to"]),
        ("from=2030-02-30&to=soon", vec!["from", "to"]),
        ("minutes=0", vec!["minutes"]),
        ("minutes=-30", vec!["minutes"]),
        ("minutes=4", vec!["minutes"]),
        ("minutes=721", vec!["minutes"]),
        ("minutes=030", vec!["minutes"]),
        ("minutes=30.0", vec!["minutes"]),
        ("minutes=99999999999999999999", vec!["minutes"]),
        ("minutes=", vec!["minutes"]),
        ("cursor=made-up", vec!["cursor"]),
        ("limit=0&date=2030-01-07", vec!["date", "limit"]),
    ] {
        let wrong = patient.get(&format!("{path}?{query}")).await;
        assert_eq!(wrong.wrong_fields(), fields, "{query}");
    }
    // Six weeks are not too many, the longer day on which the clocks go back among them.
    for query in ["from=2030-01-07&to=2030-02-17", "from=2030-10-01&to=2030-11-11", "minutes=720"] {
        patient.get(&format!("{path}?{query}&limit=1")).await.ok();
    }
    let nobody = "/api/v1/doctors/0198c5a2-7b1e-7cc3-98c4-dc0c0c07398f/availability";
    let _ = patient.get(nobody).await.problem(404, "not-found");
    let past = format!("{path}?from=2029-12-01&to=2029-12-31");
    assert_eq!(patient.get(&past).await.ok()["items"], json!([]));
}

/// Numbers that look made up, and are the same in every run.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % bound
    }

    /// Returns a time of the afternoon on which everything happens, on a grid of five minutes, or of
    /// the morning that is over.
    fn instant(&mut self) -> String {
        let minutes = 10 * 60 + self.below(12 * 12) * 5;
        format!("2030-01-06T{:02}:{:02}:00Z", minutes / 60, minutes % 60)
    }

    fn one<'a, T>(&mut self, of: &'a [T]) -> &'a T {
        &of[usize::try_from(self.below(of.len() as u64)).unwrap()]
    }
}

/// A clinic in which much is published, blocked and booked at random.
struct Busy {
    clinic: TestApp,
    doctors: Vec<Person>,
    patients: Vec<Person>,
    slots: Vec<String>,
    numbers: Numbers,
}

impl Busy {
    async fn on(database: TestDatabase, seed: u64) -> Self {
        let clinic = TestApp::on(database).await;
        let mut doctors = Vec::new();
        for profile in [
            json!({}),
            json!({}),
            json!({"booking": "slots_only"}),
            json!({"booking": "slots_only", "is_available": false}),
        ] {
            doctors.push(clinic.a_doctor_with(profile).await);
        }
        let patients = vec![clinic.a_patient().await, clinic.a_patient().await];
        let mut numbers = Numbers(seed);
        let mut slots = Vec::new();
        // The first doctor publishes nothing.
        for doctor in &doctors[1..] {
            for _ in 0..24 {
                let body = json!({
                    "starts_at": numbers.instant(), "ends_at": numbers.instant(),
                });
                let answer = doctor.post(SLOTS, body).await;
                if answer.status == 201 {
                    slots.push(text(&answer.body["id"]));
                    if numbers.below(4) == 0 {
                        blocks(doctor, &slots[slots.len() - 1]).await;
                    }
                }
            }
        }
        let admin = clinic.an_admin().await;
        for _ in 0..12 {
            let doctor = numbers.one(&doctors).doctor_id();
            let patient = numbers.one(&patients).patient_id();
            let mut body = a_booking(&doctor, &patient, &numbers.instant());
            body["duration_minutes"] = json!(5 + numbers.below(9) * 5);
            let _ = admin.post(APPOINTMENTS, body).await;
        }
        Self { clinic, doctors, patients, slots, numbers }
    }
}

async fn whatever_is_offered_can_be_booked(database: TestDatabase) {
    let Busy { clinic, doctors, mut numbers, .. } = Busy::on(database, 1).await;
    let patient = clinic.a_patient().await;
    let mut tried = 0;

    for doctor in &doctors {
        let id = doctor.doctor_id();
        for minutes in [5, 20, 30, 45, 90] {
            let query = format!("minutes={minutes}&to=2030-01-06");
            for item in offered(&patient, &id, &query).await {
                // Some of very many.
                if item["time_slot_id"].is_null() && numbers.below(6) != 0 {
                    continue;
                }
                let mut body = json!({"doctor_id": id, "patient_id": patient.patient_id()});
                if item["time_slot_id"].is_null() {
                    body["starts_at"] = item["starts_at"].clone();
                    body["ends_at"] = item["ends_at"].clone();
                } else {
                    body["time_slot_id"] = item["time_slot_id"].clone();
                }
                let booked = patient.post(APPOINTMENTS, body).await.created();
                for end in ["starts_at", "ends_at"] {
                    assert_eq!(booked[end], item[end]);
                }
                let cancel = format!("{APPOINTMENTS}/{}/cancel", text(&booked["id"]));
                patient.post(&cancel, json!({})).await.ok();
                tried += 1;
            }
        }
    }
    assert!(30 < tried, "{tried}");
}

async fn a_check_says_what_a_booking_then_does(database: TestDatabase) {
    let Busy { clinic, doctors, patients, slots, mut numbers } = Busy::on(database, 2).await;
    let (admin, raw) = (clinic.an_admin().await, clinic.database.raw().await);
    let (mut done, mut refused, mut offers) = (0, 0, 0);

    for _ in 0..120 {
        let patient = numbers.one(&patients);
        let doctor = numbers.one(&doctors);
        let caller = *numbers.one(&[patient, patient, doctor, &admin]);
        let mut body = json!({"doctor_id": doctor.doctor_id(), "patient_id": patient.patient_id()});
        if numbers.below(3) == 0 {
            body["time_slot_id"] = json!(numbers.one(&slots));
        } else {
            body["starts_at"] = json!(numbers.instant());
            body["duration_minutes"] = json!(5 + numbers.below(9) * 5);
        }
        let before = raw.count("SELECT count(*) FROM appointments").await;
        let check = caller.post(CHECK, body.clone()).await;
        assert_eq!(raw.count("SELECT count(*) FROM appointments").await, before);
        let booked = caller.post(APPOINTMENTS, body.clone()).await;

        if check.status != 200 {
            let answer =
                |it: &Answer| (it.status, it.body["detail"].clone(), it.body["errors"].clone());
            assert_eq!(answer(&check), answer(&booked), "{body}");
            continue;
        }
        let check = check.ok();
        let reasons = check["reasons"].as_array().unwrap();
        assert_eq!(check["bookable"], reasons.is_empty());
        assert_eq!(booked.status == 201, reasons.is_empty(), "{body} {check} {}", booked.text);
        let Some(first) = reasons.first() else {
            done += 1;
            continue;
        };
        refused += 1;
        assert_eq!(first["code"], booked.body["code"], "{body}");
        assert_eq!(first["message"], booked.body["detail"]);
        if first["code"] != "doctor-unavailable" {
            assert_eq!(check["alternatives"], booked.body["alternatives"]);
        }
        for time in check["alternatives"].as_array().unwrap() {
            body["starts_at"] = time["starts_at"].clone();
            body["ends_at"] = time["ends_at"].clone();
            for other in ["time_slot_id", "duration_minutes"] {
                body.as_object_mut().unwrap().remove(other);
            }
            let would_do = caller.post(CHECK, body.clone()).await.ok();
            assert_eq!(would_do["bookable"], true, "{body} {would_do}");
            offers += 1;
        }
    }
    assert!(10 < done && 30 < refused && 40 < offers, "{done} {refused} {offers}");
}

async fn a_refusal_names_times_that_would_do(database: TestDatabase) {
    let clinic = TestApp::on(database).await;
    let (open, other) = (clinic.a_doctor().await, clinic.a_patient().await);
    let patient = clinic.a_patient().await;
    let nine = "2030-01-07T09:00:00Z";
    other.books(&open.doctor_id(), nine).await.created();
    patient.books(&clinic.a_doctor().await.doctor_id(), "2030-01-07T09:30:00Z").await.created();

    // At half past nine the patient is elsewhere.
    let refused = patient.books(&open.doctor_id(), nine).await.problem(409, "doctor-double-booked");
    let named = refused.body["alternatives"].as_array().unwrap().clone();
    assert_eq!(clock(&named), ["08:30-09:00", "08:00-08:30", "10:00-10:30"]);
    let elsewhere = patient.books(&open.doctor_id(), "2030-01-07T09:40:00Z").await;
    let elsewhere = elsewhere.problem(409, "patient-double-booked");
    assert_eq!(clock(elsewhere.body["alternatives"].as_array().unwrap())[0], "10:10-10:40");
    let whose = [other.patient_id(), other.user_id(), text(&other.user["name"])];
    assert!(whose.iter().all(|it| !refused.text.contains(it)));

    let strict = clinic.a_doctor_with(json!({"booking": "slots_only"})).await;
    let id = strict.doctor_id();
    published(&strict, "2030-01-10", "09:00", "09:30").await;
    let blocked = published(&strict, "2030-01-07", "09:00", "09:30").await;
    blocks(&strict, &blocked).await;
    for (starts_at, code) in
        [(nine, "time-blocked"), ("2030-01-08T09:00:00Z", "outside-time-slots")]
    {
        let refused = other.books(&id, starts_at).await.problem(409, code);
        assert_eq!(clock(refused.body["alternatives"].as_array().unwrap()), ["09:00-09:30*"]);
    }
    let late = other.books(&open.doctor_id(), "2029-01-07T09:00:00Z").await;
    let late = late.problem(409, "time-in-past");
    assert_eq!(clock(late.body["alternatives"].as_array().unwrap())[0], "12:00-12:30");
    // No other time helps.
    strict.patch(&format!("/api/v1/doctors/{id}"), json!({"is_available": false})).await.ok();
    let away = other.books(&id, nine).await.problem(409, "doctor-unavailable");
    assert!(away.body["alternatives"].is_null());
}

async fn a_move_that_is_refused_names_times_that_would_do(database: TestDatabase) {
    let clinic = TestApp::on(database).await;
    let doctor = clinic.a_doctor().await;
    let (patient, other) = (clinic.a_patient().await, clinic.a_patient().await);
    let id = doctor.doctor_id();
    let moving = patient.books(&id, "2030-01-07T09:00:00Z").await.created();
    other.books(&id, "2030-01-07T09:30:00Z").await.created();
    let reschedule = format!("{APPOINTMENTS}/{}/reschedule", text(&moving["id"]));

    let refused = patient.post(&reschedule, json!({"starts_at": "2030-01-07T09:15:00Z"})).await;
    let refused = refused.problem(409, "doctor-double-booked");

    // Its own time is not in its way.
    let named = refused.body["alternatives"].as_array().unwrap().clone();
    assert_eq!(clock(&named), ["08:45-09:15", "08:15-08:45", "10:15-10:45"]);
    let nearest = json!({"starts_at": named[0]["starts_at"]});
    patient.post(&reschedule, nearest).await.ok();
}

#[actix_web::test]
async fn a_check_names_every_reason_and_nobody_else() {
    let clinic = TestApp::start().await;
    let doctor = clinic.a_doctor_with(json!({"booking": "slots_only"})).await;
    let (patient, admin) = (clinic.a_patient().await, clinic.an_admin().await);
    let id = doctor.doctor_id();
    let past = "2030-01-06T11:45:00Z";
    admin.post(APPOINTMENTS, a_booking(&id, &patient.patient_id(), past)).await.created();
    let slot = published(&doctor, "2030-01-06", "11:30", "12:00").await;
    blocks(&doctor, &slot).await;
    doctor.patch(&format!("/api/v1/doctors/{id}"), json!({"is_available": false})).await.ok();

    let body = a_booking(&id, &patient.patient_id(), past);
    let check = patient.post(CHECK, body.clone()).await.ok();

    let codes: Vec<_> =
        check["reasons"].as_array().unwrap().iter().map(|reason| text(&reason["code"])).collect();
    let expected = [
        "doctor-unavailable",
        "time-blocked",
        "outside-time-slots",
        "time-in-past",
        "doctor-double-booked",
        "patient-double-booked",
    ];
    assert_eq!(codes, expected);
    assert_eq!((&check["bookable"], &check["alternatives"]), (&json!(false), &json!([])));
    let stranger = clinic.a_patient().await;
    let _ = stranger.post(CHECK, body).await.problem(404, "not-found");
    let wrong = patient.post(CHECK, json!({"time_slot_id": "nine", "color": "red"})).await;
    assert_eq!(wrong.wrong_fields(), ["color", "doctor_id", "patient_id", "time_slot_id"]);
}
