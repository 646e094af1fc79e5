//! Assigning doctors to the care of patients, and what that lets them do.

use medilink_tests::person::{a_booking, an_assignment, text};
use medilink_tests::{Answer, Person, TestApp, TestDatabase, on_both_databases};
use reqwest::Method;
use serde_json::{Value, json};

const ASSIGNMENTS: &str = "/api/v1/assignments";

on_both_databases! {
    an_assignment_is_made_read_changed_ended_and_taken_away,
    a_new_primary_takes_the_place_of_the_old,
    a_doctor_is_assigned_once_at_a_time,
    an_assigned_doctor_cares_until_the_assignment_ends,
    a_request_that_is_sent_twice_is_done_once,
    a_change_of_a_stale_assignment_is_refused,
    the_doctors_of_a_patient_are_listed_the_primary_one_first,
    reads_and_refusals_are_on_the_audit_trail,
}

fn path(assignment: &Value) -> String {
    format!("{ASSIGNMENTS}/{}", text(&assignment["id"]))
}

/// Makes a patient's record.
async fn a_record(keeper: &Person) -> String {
    let record = json!({"first_name": "Alan", "last_name": "Turing"});
    text(&keeper.post("/api/v1/patients", record).await.created()["id"])
}

async fn assign(by: &Person, doctor: &Person, patient: &str, more: Value) -> Answer {
    let mut body = an_assignment(&doctor.doctor_id(), patient);
    for (name, value) in more.as_object().unwrap() {
        body[name] = value.clone();
    }
    by.post(ASSIGNMENTS, body).await
}

async fn remove(by: &Person, path: &str, tag: Option<&str>) -> Answer {
    let headers: Vec<_> = tag.iter().map(|tag| ("if-match", *tag)).collect();
    by.send(Method::DELETE, path, &headers, None).await
}

async fn an_assignment_is_made_read_changed_ended_and_taken_away(database: TestDatabase) {
    let clinic = TestApp::on(database).await;
    let (keeper, doctor) = (clinic.a_coordinator().await, clinic.a_doctor().await);
    let patient = a_record(&keeper).await;
    let more = json!({"reason": "Diabetes", "notes": "Twice\na year"});

    let answer = assign(&keeper, &doctor, &patient, more).await;
    assert_eq!(answer.header("etag"), "\"1\"");
    let location = answer.header("location").to_owned();
    let made = answer.created();
    assert_eq!(location, path(&made));
    assert_eq!(
        made,
        json!({
            "id": made["id"], "patient_id": patient, "doctor_id": doctor.doctor_id(),
            "patient": {"id": patient, "full_name": "Alan Turing"},
            "doctor": {"id": doctor.doctor_id(), "display_name": made["doctor"]["display_name"]},
            "is_primary": false, "is_active": true, "reason": "Diabetes", "notes": "Twice\na year",
            "created_by": keeper.user["id"], "created_at": "2030-01-06T12:00:00Z",
            "updated_at": "2030-01-06T12:00:00Z", "ended_at": null,
        })
    );
    assert!(text(&made["doctor"]["display_name"]).starts_with("Dr. "));
    for reader in [&keeper, &doctor, &clinic.an_admin().await] {
        assert_eq!(reader.get(&location).await.ok(), made);
    }

    clinic.clock.advance(1);
    let changed = keeper.patch(&location, json!({"reason": null, "notes": "Weekly"})).await;
    assert_eq!(changed.header("etag"), "\"2\"");
    let changed = changed.ok();
    assert_eq!((&changed["reason"], &changed["notes"]), (&json!(null), &json!("Weekly")));
    assert_eq!((&changed["is_active"], &changed["ended_at"]), (&json!(true), &json!(null)));
    assert_eq!(changed["updated_at"], "2030-01-06T12:01:00Z");

    let ended = keeper.patch(&location, json!({"is_active": false})).await.ok();
    assert_eq!(ended["is_active"], false);
    assert_eq!(ended["ended_at"], "2030-01-06T12:01:00Z");
    let again = keeper.patch(&location, json!({"is_active": true})).await.ok();
    assert_eq!((&again["is_active"], &again["ended_at"]), (&json!(true), &json!(null)));

    let _ = remove(&keeper, &location, None).await.with_status(204);
    for reader in [&keeper, &doctor, &clinic.an_admin().await] {
        let _ = reader.get(&location).await.problem(404, "not-found");
        let _ = reader.patch(&location, json!({"is_active": true})).await.problem(404, "not-found");
        let _ = remove(reader, &location, None).await.problem(404, "not-found");
        assert_eq!(reader.get(ASSIGNMENTS).await.ok()["items"], json!([]));
    }
    let doctors = keeper.get(&format!("/api/v1/patients/{patient}/doctors")).await.ok();
    assert_eq!(doctors["items"], json!([]));
}

async fn a_new_primary_takes_the_place_of_the_old(database: TestDatabase) {
    let clinic = TestApp::on(database).await;
    let keeper = clinic.a_coordinator().await;
    let [first, second, third] =
        [clinic.a_doctor().await, clinic.a_doctor().await, clinic.a_doctor().await];
    let patient = a_record(&keeper).await;
    let primary = json!({"is_primary": true});
    let first = assign(&keeper, &first, &patient, primary.clone()).await.created();
    let is_primary = async |assignment: &Value| {
        keeper.get(&path(assignment)).await.ok()["is_primary"] == json!(true)
    };
    assert!(is_primary(&first).await);

    // By a new one.
    clinic.clock.advance(1);
    let second = assign(&keeper, &second, &patient, primary.clone()).await.created();
    let demoted = keeper.get(&path(&first)).await;
    assert_eq!(demoted.header("etag"), "\"2\"");
    assert_eq!(demoted.body["updated_at"], "2030-01-06T12:01:00Z");
    assert!(!is_primary(&first).await && is_primary(&second).await);

    // By a change.
    let third = assign(&keeper, &third, &patient, json!({})).await.created();
    keeper.patch(&path(&third), primary.clone()).await.ok();
    assert!(!is_primary(&second).await && is_primary(&third).await);

    // By one that begins again; until then it is in nobody's way.
    keeper.patch(&path(&third), json!({"is_active": false})).await.ok();
    assert!(is_primary(&third).await);
    keeper.patch(&path(&first), primary.clone()).await.ok();
    assert!(is_primary(&first).await);
    keeper.patch(&path(&third), json!({"is_active": true})).await.ok();
    assert!(!is_primary(&first).await && is_primary(&third).await);

    // Another patient's stays.
    let other = a_record(&keeper).await;
    let doctor = clinic.a_doctor().await;
    assign(&keeper, &doctor, &other, primary).await.created();
    assert!(is_primary(&third).await);
    let first_ones = keeper.get(&format!("{ASSIGNMENTS}?is_primary=true&is_active=true")).await;
    assert_eq!(first_ones.ok()["items"].as_array().unwrap().len(), 2);
}

async fn a_doctor_is_assigned_once_at_a_time(database: TestDatabase) {
    let clinic = TestApp::on(database).await;
    let (keeper, doctor) = (clinic.a_coordinator().await, clinic.a_doctor().await);
    let patient = a_record(&keeper).await;
    let first = assign(&keeper, &doctor, &patient, json!({})).await.created();

    let again = assign(&keeper, &doctor, &patient, json!({"is_primary": true})).await;
    let again = again.problem(409, "already-assigned");
    let expected = "The doctor is assigned to the patient already. Change that assignment instead.";
    assert_eq!(again.body["detail"], expected);
    // One that has ended may be kept beside it, and may not begin.
    let ended = assign(&keeper, &doctor, &patient, json!({"is_active": false})).await.created();
    assert_eq!((&ended["is_active"], &ended["ended_at"]), (&json!(false), &ended["created_at"]));
    let begun = keeper.patch(&path(&ended), json!({"is_active": true})).await;
    let _ = begun.problem(409, "already-assigned");

    keeper.patch(&path(&first), json!({"is_active": false})).await.ok();
    keeper.patch(&path(&ended), json!({"is_active": true})).await.ok();
    let begun = keeper.patch(&path(&first), json!({"is_active": true})).await;
    let _ = begun.problem(409, "already-assigned");
}

async fn an_assigned_doctor_cares_until_the_assignment_ends(database: TestDatabase) {
    let clinic = TestApp::on(database).await;
    let (patient, doctor) = (clinic.a_patient().await, clinic.a_doctor().await);
    let id = patient.patient_id();
    let record = format!("/api/v1/patients/{id}");
    let booking = a_booking(&doctor.doctor_id(), &id, "2030-01-07T09:00:00Z");
    let _ = doctor.get(&record).await.problem(404, "not-found");

    // Nobody lets themself in.
    for more in [json!({}), json!({"is_primary": true}), json!({"is_active": false})] {
        let _ = assign(&doctor, &doctor, &id, more).await.problem(404, "not-found");
    }
    let raw = clinic.database.raw().await;
    assert_eq!(raw.count("SELECT count(*) FROM assignments").await, 0);

    for how in ["patient", "doctor", "taken away"] {
        let assignment = assign(&patient, &doctor, &id, json!({})).await.created();
        assert_eq!(text(&doctor.get(&record).await.ok()["id"]), id);
        doctor.get(&path(&assignment)).await.ok();
        let shown = doctor.get(ASSIGNMENTS).await.ok();
        assert_eq!(shown["items"][0]["id"], assignment["id"], "{how}");

        // A patient and a doctor may end it, and change nothing else of it.
        for by in [&patient, &doctor] {
            for more in [json!({"is_primary": true}), json!({"is_active": false, "notes": "x"})] {
                let _ = by.patch(&path(&assignment), more).await.problem(403, "forbidden");
            }
        }
        match how {
            "patient" => {
                patient.patch(&path(&assignment), json!({"is_active": false})).await.ok();
            }
            "doctor" => {
                doctor.patch(&path(&assignment), json!({"is_active": false})).await.ok();
            }
            _ => {
                let _ = remove(&patient, &path(&assignment), None).await.with_status(204);
            }
        }
        let _ = doctor.get(&record).await.problem(404, "not-found");
        let _ = doctor.get(&path(&assignment)).await.problem(404, "not-found");
        let book = doctor.post("/api/v1/appointments", booking.clone()).await;
        let _ = book.problem(404, "not-found");
        assert_eq!(doctor.get(ASSIGNMENTS).await.ok()["items"], json!([]), "{how}");
    }

    // What care opens: a colleague may be assigned too, and an appointment is care of its own.
    let assignment = assign(&patient, &doctor, &id, json!({})).await.created();
    let colleague = clinic.a_doctor().await;
    assign(&doctor, &colleague, &id, json!({})).await.created();
    colleague.get(&record).await.ok();
    doctor.post("/api/v1/appointments", booking).await.created();
    patient.patch(&path(&assignment), json!({"is_active": false})).await.ok();
    doctor.get(&record).await.ok();
}

async fn a_request_that_is_sent_twice_is_done_once(database: TestDatabase) {
    let clinic = TestApp::on(database).await;
    let (patient, doctor) = (clinic.a_patient().await, clinic.a_doctor().await);
    let body = an_assignment(&doctor.doctor_id(), &patient.patient_id());
    let key = [("idempotency-key", "once")];

    let first = patient.post_with(ASSIGNMENTS, &key, body.clone()).await;
    let second = patient.post_with(ASSIGNMENTS, &key, body.clone()).await;

    assert_eq!(first.header("idempotency-replayed"), "");
    assert_eq!(second.header("idempotency-replayed"), "true");
    assert_eq!(first.header("location"), second.header("location"));
    let made = first.created();
    assert_eq!(second.created(), made);
    let other =
        json!({"patient_id": patient.patient_id(), "doctor_id": doctor.doctor_id(), "notes": "x"});
    let reused = patient.post_with(ASSIGNMENTS, &key, other).await;
    let _ = reused.problem(422, "idempotency-key-reused");
    // A key brings nothing back that was taken away.
    let _ = remove(&patient, &path(&made), None).await.with_status(204);
    let gone = patient.post_with(ASSIGNMENTS, &key, body).await;
    let _ = gone.problem(404, "not-found");
}

async fn a_change_of_a_stale_assignment_is_refused(database: TestDatabase) {
    let clinic = TestApp::on(database).await;
    let (patient, doctor) = (clinic.a_patient().await, clinic.a_doctor().await);
    let made = assign(&patient, &doctor, &patient.patient_id(), json!({})).await.created();
    let ends = || Some(json!({"is_active": false}).to_string().into_bytes());
    let json = ("content-type", "application/json");

    for tag in ["\"7\"", "W/\"1\""] {
        let headers = [json, ("if-match", tag)];
        let stale = patient.send(Method::PATCH, &path(&made), &headers, ends()).await;
        let _ = stale.problem(412, "stale");
        let _ = remove(&patient, &path(&made), Some(tag)).await.problem(412, "stale");
    }
    let _ = remove(&patient, &path(&made), Some("1")).await.problem(400, "malformed");
    assert_eq!(patient.get(&path(&made)).await.ok(), made);

    let headers = [json, ("if-match", "\"1\"")];
    let ended = patient.send(Method::PATCH, &path(&made), &headers, ends()).await;
    assert_eq!(ended.with_status(200).header("etag"), "\"2\"");
    let _ = remove(&patient, &path(&made), Some("\"1\"")).await.problem(412, "stale");
    let _ = remove(&patient, &path(&made), Some("\"2\"")).await.with_status(204);
}

async fn the_doctors_of_a_patient_are_listed_the_primary_one_first(database: TestDatabase) {
    let clinic = TestApp::on(database).await;
    let (keeper, patient) = (clinic.a_coordinator().await, clinic.a_patient().await);
    let id = patient.patient_id();
    let list = format!("/api/v1/patients/{id}/doctors");
    let heart = json!({"specialization": "cardiology"});
    let heart = clinic.registered("doctor", heart).await;
    let mut made = Vec::new();
    for doctor in [&clinic.a_doctor().await, &heart, &clinic.a_doctor().await] {
        made.push(assign(&patient, doctor, &id, json!({"notes": "x"})).await.created());
        clinic.clock.advance(1);
    }
    let admin = clinic.an_admin().await;
    admin.patch(&path(&made[1]), json!({"is_primary": true})).await.ok();
    let past = clinic.a_doctor().await;
    assign(&patient, &past, &id, json!({"is_active": false})).await.created();

    let page = patient.get(&format!("{list}?count=true")).await.ok();
    let shown: Vec<_> =
        page["items"].as_array().unwrap().iter().map(|it| &it["doctor_id"]).collect();
    assert_eq!(shown, [&made[1]["doctor_id"], &made[2]["doctor_id"], &made[0]["doctor_id"]]);
    assert_eq!((&page["total"], &page["next"]), (&json!(3), &json!(null)));
    assert_eq!(
        page["items"][0],
        json!({
            "assignment_id": made[1]["id"], "doctor_id": heart.doctor_id(),
            "doctor": made[1]["doctor"], "specialization": "cardiology", "is_primary": true,
            "reason": null, "notes": "x", "assigned_at": made[1]["created_at"],
        })
    );
    let mut one_by_one = Vec::new();
    let mut next = String::new();
    loop {
        let page = patient.get(&format!("{list}?limit=1{next}")).await.ok();
        one_by_one.push(page["items"][0]["doctor_id"].clone());
        let Some(cursor) = page["next"].as_str() else { break };
        next = format!("&cursor={cursor}");
    }
    assert_eq!(one_by_one.iter().collect::<Vec<_>>(), shown);

    assert_eq!(admin.get(&list).await.ok(), patient.get(&list).await.ok());
    for stranger in [&keeper, &past, &clinic.a_pharmacy().await, &clinic.a_patient().await] {
        let _ = stranger.get(&list).await.problem(404, "not-found");
    }
    let cursor = format!("{ASSIGNMENTS}?{}", next.trim_start_matches('&'));
    assert_eq!(admin.get(&cursor).await.wrong_fields(), ["cursor"]);
}

async fn reads_and_refusals_are_on_the_audit_trail(database: TestDatabase) {
    let clinic = TestApp::on(database).await;
    let (patient, doctor) = (clinic.a_patient().await, clinic.a_doctor().await);
    let other = clinic.a_doctor().await;
    let id = patient.patient_id();
    let made = assign(&patient, &doctor, &id, json!({})).await.created();

    doctor.get(&path(&made)).await.ok();
    doctor.get(ASSIGNMENTS).await.ok();
    doctor.get(&format!("/api/v1/patients/{id}/doctors")).await.ok();
    let _ = other.get(&path(&made)).await.problem(404, "not-found");
    let _ = assign(&other, &other, &id, json!({})).await.problem(404, "not-found");
    let _ = doctor.patch(&path(&made), json!({"notes": "x"})).await.problem(403, "forbidden");
    doctor.patch(&path(&made), json!({"is_active": false})).await.ok();

    let raw = clinic.database.raw().await;
    let rows = "SELECT action, outcome, concept, patient_id IS NOT NULL AS names_patient
        FROM audit_entries ORDER BY id DESC LIMIT 8";
    let rows = raw.rows(rows).await;
    let entries = rows.iter().rev().map(|row| {
        let text =
            |name: &str| row.try_get::<Option<String>>("", name).unwrap().unwrap_or_default();
        format!("{} {} {}", text("action"), text("outcome"), text("concept"))
    });
    assert_eq!(
        entries.collect::<Vec<_>>(),
        [
            "create_assignment done assignment",
            "read_assignment done assignment",
            "list_assignments done ",
            "read_assignment done patient",
            "read_assignment denied assignment",
            "create_assignment denied patient",
            "change_assignment denied assignment",
            "end_assignment done assignment",
        ]
    );
    for row in &rows {
        assert!(row.try_get::<bool>("", "names_patient").unwrap());
    }
}

#[actix_web::test]
async fn what_is_not_there_is_not_assigned_and_nothing_is_said_of_doctors_to_strangers() {
    let clinic = TestApp::start().await;
    let (keeper, stranger) = (clinic.a_coordinator().await, clinic.a_coordinator().await);
    let doctor = clinic.a_doctor().await.doctor_id();
    let patient = a_record(&keeper).await;
    let nobody = "0198c5a2-7b1e-7cc3-98c4-dc0c0c07398f";
    let details = async |by: &Person, doctor: &str, patient: &str| {
        let refused = by.post(ASSIGNMENTS, an_assignment(doctor, patient)).await;
        text(&refused.problem(404, "not-found").body["detail"])
    };

    assert_eq!(details(&keeper, nobody, &patient).await, "Doctor not found.");
    for doctor in [nobody, &doctor] {
        for patient in [nobody, &patient] {
            assert_eq!(details(&stranger, doctor, patient).await, "Patient not found.");
        }
    }
    let body = an_assignment(&doctor, &patient);
    let refused = clinic.a_pharmacy().await.post(ASSIGNMENTS, body).await;
    let _ = refused.problem(403, "forbidden");
}

#[actix_web::test]
async fn whoever_is_archived_is_not_assigned_and_nothing_begins_again_with_them() {
    let clinic = TestApp::start().await;
    let (keeper, doctor) = (clinic.a_coordinator().await, clinic.a_doctor().await);
    let raw = clinic.database.raw().await;
    for table in ["doctors", "patients"] {
        let patient = a_record(&keeper).await;
        let made = assign(&keeper, &doctor, &patient, json!({"is_active": false})).await.created();
        let archive = format!("UPDATE {table} SET archived_at = created_at");
        raw.execute(&archive).await.unwrap();

        let _ = assign(&keeper, &doctor, &patient, json!({})).await.problem(404, "not-found");
        let begin = keeper.patch(&path(&made), json!({"is_active": true})).await;
        let _ = begin.problem(404, "not-found");
        assert_eq!(keeper.get(&path(&made)).await.ok()["is_active"], false);
        raw.execute(&format!("UPDATE {table} SET archived_at = NULL")).await.unwrap();
        keeper.patch(&path(&made), json!({"is_active": true})).await.ok();
    }
}

#[actix_web::test]
async fn every_wrong_field_is_named_at_once() {
    let clinic = TestApp::start().await;
    let patient = clinic.a_patient().await;
    let wrong = json!({
        "doctor_id": "the best one", "is_primary": "yes", "is_active": 1, "reason": "x".repeat(501),
        "notes": "nul \u{0}", "created_by": "me", "ended_at": null,
    });

    let made = patient.post(ASSIGNMENTS, wrong.clone()).await;
    assert_eq!(
        made.wrong_fields(),
        [
            "created_by",
            "doctor_id",
            "ended_at",
            "is_active",
            "is_primary",
            "notes",
            "patient_id",
            "reason",
        ]
    );
    let missing = format!("{ASSIGNMENTS}/0198c5a2-7b1e-7cc3-98c4-dc0c0c07398f");
    let changed = patient.patch(&missing, wrong).await;
    assert_eq!(
        changed.wrong_fields(),
        ["created_by", "doctor_id", "ended_at", "is_active", "is_primary", "notes", "reason"]
    );
    let nothing = patient.patch(&missing, json!({"is_primary": null, "is_active": null})).await;
    assert_eq!(nothing.wrong_fields(), ["is_active", "is_primary"]);
    for (query, field) in [
        ("doctor_id=7", "doctor_id"),
        ("patient_id=", "patient_id"),
        ("is_primary=1", "is_primary"),
        ("is_active=", "is_active"),
        ("sort=created_at", "sort"),
        ("limit=0", "limit"),
    ] {
        let wrong = patient.get(&format!("{ASSIGNMENTS}?{query}")).await;
        assert_eq!(wrong.wrong_fields(), [field], "{query}");
    }
    let doctors = format!("/api/v1/patients/{}/doctors", patient.patient_id());
    let wrong = patient.get(&format!("{doctors}?limit=0&is_primary=true")).await;
    assert_eq!(wrong.wrong_fields(), ["is_primary", "limit"]);
}
