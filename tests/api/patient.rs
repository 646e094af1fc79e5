//! Patients' records.

use medilink_tests::person::{a_booking, text};
use medilink_tests::{Answer, Person, TestApp, TestDatabase, on_both_databases};
use reqwest::Method;
use serde_json::{Value, json};

const NINE: &str = "2030-01-07T09:00:00Z";

on_both_databases! {
    a_record_is_read_by_those_who_may,
    a_record_keeps_every_field,
    a_record_is_replaced_whole_and_changed_in_part,
    patients_change_how_they_are_reached_and_nothing_else,
    patients_are_searched_filtered_and_paged_by_family_name,
    whoever_begins_to_care_for_a_patient_finds_them_until_it_ends,
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
    let booking = a_booking(&doctor.doctor_id(), &text(&made["id"]), NINE);
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
    let record = a_record();

    let made = coordinator.post("/api/v1/patients", record.clone()).await.created();

    for (field, value) in record.as_object().unwrap() {
        assert_eq!(&made[field], value, "{field}");
    }
    assert_eq!(made["full_name"], "Ada Lovelace");
    assert_eq!(made["user_id"], json!(null));
}

/// A record that says something in every field.
pub(super) fn a_record() -> Value {
    json!({
        "first_name": "Ada", "last_name": "Lovelace", "email": "ada@example.org",
        "phone": "+44 (20) 7946-0000", "date_of_birth": "1984-02-29", "gender": "N",
        "blood_group": "AB-", "allergies": "Penicillin\nNuts", "medical_history": "None",
        "current_medications": "Aspirin", "emergency_contact_name": "Annabella",
        "emergency_contact_phone": "112", "address": "12 St James's Square", "city": "London",
        "state": "Westminster", "country": "UK",
    })
}

async fn send_if(person: &Person, method: Method, path: &str, tag: &str, body: &Value) -> Answer {
    let headers = [("content-type", "application/json"), ("if-match", tag)];
    person.send(method, path, &headers, Some(body.to_string().into_bytes())).await
}

async fn a_record_is_replaced_whole_and_changed_in_part(database: TestDatabase) {
    let clinic = TestApp::on(database).await;
    let coordinator = clinic.a_coordinator().await;
    let made = coordinator.post("/api/v1/patients", a_record()).await.created();
    let path = format!("/api/v1/patients/{}", text(&made["id"]));

    // What is read is sent back, but for one field; what is only shown is ignored.
    let mut whole = made.clone();
    whole["phone"] = json!("112");
    for shown in ["full_name", "created_by", "user_id", "created_at"] {
        whole[shown] = json!({"anything": 7});
    }
    let replaced = coordinator.put(&path, whole).await;
    assert_eq!(replaced.header("etag"), "\"2\"");
    let mut expected = made.clone();
    expected["phone"] = json!("112");
    assert_eq!(replaced.ok(), expected);

    let some = json!({"last_name": "Byron", "city": null, "blood_group": "o+"});
    let changed = coordinator.patch(&path, some).await.ok();
    assert_eq!(changed["full_name"], "Ada Byron");
    assert_eq!((&changed["city"], &changed["blood_group"]), (&json!(null), &json!("O+")));
    assert_eq!(changed["allergies"], made["allergies"]);

    // What a replacement leaves out is taken away.
    let names = json!({"first_name": "Grace", "last_name": "Hopper", "id": "of somebody else"});
    let bare = coordinator.put(&path, names).await.ok();
    assert_eq!((&bare["full_name"], &bare["id"]), (&json!("Grace Hopper"), &made["id"]));
    for field in a_record().as_object().unwrap().keys().filter(|name| !name.ends_with("t_name")) {
        assert_eq!(bare[field], json!(null), "{field}");
    }
    assert_eq!(coordinator.get(&path).await.ok(), bare);
    assert_eq!(bare["created_by"], made["created_by"]);

    let mine = json!({"first_name": "Eve", "last_name": "Eve"});
    for method in [Method::PUT, Method::PATCH] {
        let stale = send_if(&coordinator, method.clone(), &path, "\"1\"", &mine).await;
        let _ = stale.problem(412, "stale");
        let version = coordinator.get(&path).await.header("etag").to_owned();
        send_if(&coordinator, method, &path, &version, &mine).await.ok();
    }
}

async fn patients_change_how_they_are_reached_and_nothing_else(database: TestDatabase) {
    let clinic = TestApp::on(database).await;
    let patient = clinic.registered("patient", json!({"allergies": "Nuts"})).await;
    let path = format!("/api/v1/patients/{}", patient.patient_id());
    let others = json!({
        "first_name": "Eve", "last_name": "Eve", "date_of_birth": "1984-02-29", "gender": "F",
        "blood_group": "A+", "allergies": "None", "medical_history": "None",
        "current_medications": "Aspirin",
    });
    let before = patient.get(&path).await.ok();

    for (field, value) in a_record().as_object().unwrap() {
        let answer = patient.patch(&path, json!({field: value})).await;
        if others[field].is_null() {
            assert_eq!(&answer.ok()[field], value);
            continue;
        }
        let refused = patient.patch(&path, json!({field: others[field]})).await;
        let refused = refused.problem(403, "forbidden");
        // It says what they may change instead.
        let said = text(&refused.body["detail"]);
        let named: Vec<_> = said.split([' ', ',', '.', ':']).collect();
        for (name, _) in a_record().as_object().unwrap() {
            assert_eq!(named.contains(&name.as_str()), others[name].is_null(), "{name}: {said}");
        }
        // Something that is theirs to change beside it changes nothing.
        let both = patient.patch(&path, json!({field: others[field], "city": "Bonn"})).await;
        let _ = both.problem(403, "forbidden");
    }
    let after = patient.get(&path).await.ok();
    assert_eq!(after["city"], "London");
    for field in others.as_object().unwrap().keys() {
        assert_eq!(after[field], before[field], "{field}");
    }

    // The whole record, sent back with another phone.
    let mut whole = after.clone();
    whole["phone"] = json!("911");
    assert_eq!(patient.put(&path, whole.clone()).await.ok()["phone"], "911");
    whole["allergies"] = json!(null);
    let _ = patient.put(&path, whole).await.problem(403, "forbidden");
    // Their account is a record of its own.
    let account = patient.get("/api/v1/auth/me").await.ok();
    assert_eq!((&account["phone"], &account["email"]), (&json!(null), &patient.user["email"]));
    patient.patch("/api/v1/auth/me", json!({"first_name": "Eve", "phone": "119"})).await.ok();
    let record = patient.get(&path).await.ok();
    assert_eq!((&record["first_name"], &record["phone"]), (&before["first_name"], &json!("911")));
}

/// Returns the family names of a list, page by page.
async fn family_names(reader: &Person, query: &str) -> Vec<String> {
    let (mut names, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = reader.get(&format!("/api/v1/patients?limit=2&{query}{cursor}")).await.ok();
        names.extend(page["items"].as_array().unwrap().iter().map(|it| text(&it["last_name"])));
        let Some(next) = page["next"].as_str() else { return names };
        cursor = format!("&cursor={next}");
    }
}

async fn patients_are_searched_filtered_and_paged_by_family_name(database: TestDatabase) {
    let clinic = TestApp::on(database).await;
    let (coordinator, admin) = (clinic.a_coordinator().await, clinic.an_admin().await);
    for (first, last, email, gender, blood_group) in [
        ("Søren", "Zeta", "zs@example.org", "M", "A+"),
        ("Ada", "alpha", "countess@example.org", "F", "A-"),
        ("Ada", "Ångström", "aa@example.com", "F", "A+"),
        ("Émilie", "O'Brien-Šimić", "e@du.chatelet.fr", "F", "AB+"),
    ] {
        let body = json!({
            "first_name": first, "last_name": last, "email": email, "gender": gender,
            "blood_group": blood_group,
        });
        coordinator.post("/api/v1/patients", body).await.created();
    }

    let all = ["alpha", "Ångström", "O'Brien-Šimić", "Zeta"];
    for (query, expected) in [
        ("", &all[..]),
        ("search=ada", &["alpha", "Ångström"]),
        ("search=ada%20ang", &["Ångström"]),
        ("search=ANGSTROM+Ada", &["Ångström"]),
        ("search=simic", &["O'Brien-Šimić"]),
        ("search=emilie", &["O'Brien-Šimić"]),
        ("search=countess@example", &["alpha"]),
        ("search=chatelet", &["O'Brien-Šimić"]),
        ("search=exam&gender=F", &["alpha", "Ångström"]),
        ("search=da", &[]),
        ("search='%20OR%20'1'='1", &[]),
        ("search=%25", &[]),
        ("gender=M", &["Zeta"]),
        ("gender=f&blood_group=a-", &["alpha"]),
        ("blood_group=A%2B", &["Ångström", "Zeta"]),
        // A plus sign stands for a space in a query, and is meant as one of a blood group.
        ("blood_group=A+", &["Ångström", "Zeta"]),
        ("blood_group=AB+", &["O'Brien-Šimić"]),
        ("blood_group=B-", &[]),
    ] {
        if query == "search=%25" {
            let wrong = coordinator.get(&format!("/api/v1/patients?{query}")).await;
            assert_eq!(wrong.wrong_fields(), ["search"]);
            continue;
        }
        assert_eq!(family_names(&coordinator, query).await, expected, "{query}");
        assert_eq!(family_names(&admin, query).await, expected, "{query}");
    }
    let counted = coordinator.get("/api/v1/patients?count=true&limit=1&search=ada").await.ok();
    assert_eq!((&counted["total"], counted["items"].as_array().unwrap().len()), (&json!(2), 1));
    let path = format!("/api/v1/patients/{}", text(&counted["items"][0]["id"]));
    let one = coordinator.get(&path).await.ok();
    assert_eq!(one, counted["items"][0], "a list shows what a read does");
    for other in [clinic.a_coordinator().await, clinic.a_doctor().await] {
        assert_eq!(family_names(&other, "").await, [""; 0]);
        let refused = other.get("/api/v1/patients?archived=true").await;
        let _ = refused.problem(403, "forbidden");
    }
    for nobody in [clinic.a_patient().await, clinic.a_pharmacy().await] {
        let _ = nobody.get("/api/v1/patients").await.problem(403, "forbidden");
    }
    let pending = clinic.registered("doctor", json!({})).await;
    let _ = pending.get("/api/v1/patients").await.problem(403, "approval-pending");

    coordinator.patch(&path, json!({"last_name": "Byron", "email": null})).await.ok();
    assert_eq!(family_names(&coordinator, "search=countess").await, [""; 0]);
    assert_eq!(family_names(&coordinator, "search=ada+byron").await, ["Byron"]);
    let _ = coordinator.delete(&path).await.with_status(204);
    assert_eq!(family_names(&admin, "search=ada").await, ["Ångström"]);
    assert_eq!(family_names(&admin, "archived=true").await, ["Byron"]);
    assert_eq!(family_names(&admin, "archived=true&search=byr&gender=F").await, ["Byron"]);
}

async fn whoever_begins_to_care_for_a_patient_finds_them_until_it_ends(database: TestDatabase) {
    let clinic = TestApp::on(database).await;
    let (coordinator, doctor) = (clinic.a_coordinator().await, clinic.a_doctor().await);
    let mut made = Vec::new();
    for last in ["Turing", "Church"] {
        let body = json!({"first_name": "Alan", "last_name": last});
        made.push(text(&coordinator.post("/api/v1/patients", body).await.created()["id"]));
    }
    let own = json!({"first_name": "Alonzo", "last_name": "Own"});
    doctor.post("/api/v1/patients", own).await.created();
    assert_eq!(family_names(&doctor, "").await, ["Own"]);

    let booking = a_booking(&doctor.doctor_id(), &made[0], NINE);
    let booked = coordinator.post("/api/v1/appointments", booking).await.created();
    let assignment = json!({"doctor_id": doctor.doctor_id(), "patient_id": made[1]});
    let assigned = coordinator.post("/api/v1/assignments", assignment).await.created();
    assert_eq!(family_names(&doctor, "").await, ["Church", "Own", "Turing"]);
    assert_eq!(family_names(&doctor, "search=al").await, ["Church", "Own", "Turing"]);
    assert_eq!(family_names(&doctor, "search=alan+t").await, ["Turing"]);
    let page = doctor.get("/api/v1/patients?count=true&search=alan").await.ok();
    assert_eq!(page["total"], 2);

    let cancel = format!("/api/v1/appointments/{}/cancel", text(&booked["id"]));
    coordinator.post(&cancel, json!({})).await.ok();
    assert_eq!(family_names(&doctor, "").await, ["Church", "Own"]);
    let end = format!("/api/v1/assignments/{}", text(&assigned["id"]));
    coordinator.patch(&end, json!({"is_active": false})).await.ok();
    assert_eq!(family_names(&doctor, "").await, ["Own"]);
}
