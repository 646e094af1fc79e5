//! Patients' records.

use medilink_tests::app::PASSWORD;
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
    an_archived_record_is_gone_from_every_read_and_comes_back,
    what_is_still_to_take_place_keeps_a_record_in_use,
    of_a_booking_and_an_archiving_at_once_exactly_one_is_done,
    somebody_whose_own_record_is_archived_signs_in_without_one,
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
fn a_record() -> Value {
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

async fn an_archived_record_is_gone_from_every_read_and_comes_back(database: TestDatabase) {
    let clinic = TestApp::on(database).await;
    let (coordinator, admin) = (clinic.a_coordinator().await, clinic.an_admin().await);
    let doctor = clinic.a_doctor().await;
    let made = coordinator.post("/api/v1/patients", a_record()).await.created();
    let id = text(&made["id"]);
    let path = format!("/api/v1/patients/{id}");
    let booked = coordinator
        .post("/api/v1/appointments", a_booking(&doctor.doctor_id(), &id, NINE))
        .await
        .created();
    let appointment = format!("/api/v1/appointments/{}", text(&booked["id"]));
    coordinator.post(&format!("{appointment}/cancel"), json!({})).await.ok();

    let headers = [("if-match", "\"7\"")];
    let stale = coordinator.send(Method::DELETE, &path, &headers, None).await;
    let _ = stale.problem(412, "stale");
    let archived = coordinator.delete(&path).await.with_status(204);
    assert_eq!(archived.text, "");

    let restore = format!("{path}/restore");
    for person in [&coordinator, &doctor, &admin] {
        let _ = person.get(&path).await.problem(404, "not-found");
        let _ = person.patch(&path, json!({"city": "Bonn"})).await.problem(404, "not-found");
        let _ = person.put(&path, a_record()).await.problem(404, "not-found");
        let _ = person.delete(&path).await.problem(404, "not-found");
        let booking = a_booking(&doctor.doctor_id(), &id, NINE);
        let refused = person.post("/api/v1/appointments", booking).await;
        let _ = refused.problem(404, "not-found");
        // What has taken place stays in the lists of those who could see it.
        assert_eq!(person.get(&appointment).await.ok()["patient"]["full_name"], "Ada Lovelace");
    }
    for person in [&coordinator, &doctor] {
        let _ = person.post(&restore, json!({})).await.problem(403, "forbidden");
    }

    let restored = admin.post(&restore, json!({})).await;
    assert_eq!(restored.header("etag"), "\"3\"");
    let mut expected = made;
    expected["updated_at"] = restored.body["updated_at"].clone();
    assert_eq!(restored.ok(), expected);
    assert_eq!(coordinator.get(&path).await.ok(), expected);
    let _ = admin.post(&restore, json!({})).await.problem(409, "not-archived");
    let nobody = "/api/v1/patients/0198c5a2-7b1e-7cc3-98c4-dc0c0c07398f/restore";
    let _ = admin.post(nobody, json!({})).await.problem(404, "not-found");
}

async fn what_is_still_to_take_place_keeps_a_record_in_use(database: TestDatabase) {
    let clinic = TestApp::on(database).await;
    let (coordinator, doctor) = (clinic.a_coordinator().await, clinic.a_doctor().await);
    let made = coordinator.post("/api/v1/patients", a_record()).await.created();
    let path = format!("/api/v1/patients/{}", text(&made["id"]));
    let mut booked = Vec::new();
    for starts_at in [NINE, "2030-01-07T10:00:00Z"] {
        let body = a_booking(&doctor.doctor_id(), &text(&made["id"]), starts_at);
        let made = coordinator.post("/api/v1/appointments", body).await.created();
        booked.push(format!("/api/v1/appointments/{}/cancel", text(&made["id"])));
    }

    for (left, words) in [(2, "2 active appointments"), (1, "1 active appointment;")] {
        let refused = coordinator.delete(&path).await.problem(409, "still-needed");
        assert_eq!(refused.body["blocking"], json!({"appointments": left}));
        assert!(text(&refused.body["detail"]).contains(words), "{}", refused.text);
        assert_eq!(coordinator.get(&path).await.header("etag"), "\"1\"");
        coordinator.post(&booked.pop().unwrap(), json!({})).await.ok();
    }
    let _ = coordinator.delete(&path).await.with_status(204);
}

async fn of_a_booking_and_an_archiving_at_once_exactly_one_is_done(database: TestDatabase) {
    let clinic = TestApp::on(database).await;
    let (coordinator, doctor) = (clinic.a_coordinator().await, clinic.a_doctor().await);
    for round in 0..20 {
        let made = coordinator.post("/api/v1/patients", a_record()).await.created();
        let path = format!("/api/v1/patients/{}", text(&made["id"]));
        let starts_at = format!("2030-01-{:02}T09:00:00Z", 7 + round);
        let booking = a_booking(&doctor.doctor_id(), &text(&made["id"]), &starts_at);

        let (booked, archived) = if round % 2 == 0 {
            tokio::join!(
                coordinator.post("/api/v1/appointments", booking),
                coordinator.delete(&path)
            )
        } else {
            let (archived, booked) = tokio::join!(
                coordinator.delete(&path),
                coordinator.post("/api/v1/appointments", booking),
            );
            (booked, archived)
        };

        let outcome = (booked.status, archived.status);
        assert!([(201, 409), (404, 204)].contains(&outcome), "{outcome:?}");
    }
}

async fn somebody_whose_own_record_is_archived_signs_in_without_one(database: TestDatabase) {
    let clinic = TestApp::on(database).await;
    let (admin, doctor) = (clinic.an_admin().await, clinic.a_doctor().await);
    let patient = clinic.a_patient().await;
    let id = patient.patient_id();
    let path = format!("/api/v1/patients/{id}");
    let user = format!("/api/v1/users/{}", patient.user_id());
    let booked = patient.books(&doctor.doctor_id(), NINE).await.created();
    let appointment = format!("/api/v1/appointments/{}", text(&booked["id"]));
    patient.post(&format!("{appointment}/cancel"), json!({})).await.ok();
    let _ = patient.delete(&path).await.problem(403, "forbidden");

    let _ = admin.delete(&path).await.with_status(204);

    let without_record = async |person: &Person| {
        assert_eq!(person.get("/api/v1/auth/me").await.ok()["patient_id"], json!(null));
        assert_eq!(admin.get(&user).await.ok()["patient_id"], json!(null));
        let users = admin.get("/api/v1/users?role=patient").await.ok();
        assert_eq!(users["items"][0]["patient_id"], json!(null));
        let _ = person.get(&path).await.problem(404, "not-found");
        let _ = person.patch(&path, json!({"city": "Bonn"})).await.problem(404, "not-found");
        assert_eq!(person.get("/api/v1/appointments").await.ok()["items"], json!([]));
        let _ = person.get(&appointment).await.problem(404, "not-found");
        let _ = person.books(&doctor.doctor_id(), NINE).await.problem(404, "not-found");
    };
    without_record(&patient).await;
    let again = patient.logs_in(&text(&patient.user["username"]), PASSWORD).await;
    assert_eq!(again.user["patient_id"], json!(null));
    patient.patch("/api/v1/auth/me", json!({"first_name": "Eve"})).await.ok();

    // Whoever becomes a patient again has a record still, which nobody else may bring back.
    admin.patch(&user, json!({"role": "coordinator"})).await.ok();
    let changed = admin.patch(&user, json!({"role": "patient"})).await.ok();
    assert_eq!(changed["patient_id"], json!(null));
    let mut again = again.logs_in(&text(&patient.user["username"]), PASSWORD).await;
    again.user["patient_id"] = json!(id);
    without_record(&again).await;
    admin.post(&format!("{path}/restore"), json!({})).await.ok();
    assert_eq!(again.get("/api/v1/auth/me").await.ok()["patient_id"], json!(id));
    assert_eq!(again.get(&path).await.ok()["id"], json!(id));
    again.get(&appointment).await.ok();
}

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
