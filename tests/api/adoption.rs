//! Adoption: a doctor registers whom somebody has entered before.

use medilink_tests::app::PASSWORD;
use medilink_tests::person::{a_booking, an_assignment, text};
use medilink_tests::{Person, TestApp, TestDatabase, on_both_databases};
use serde_json::{Value, json};

use super::doctor::{emily, path};

const NINE: &str = "2030-01-07T09:00:00Z";
const ELEVEN: &str = "2030-01-07T11:00:00Z";

on_both_databases! {
    whoever_approves_a_doctor_who_was_entered_before_makes_one_of_both,
    what_the_entry_and_the_registration_have_at_one_time_is_for_people_to_sort_out,
    of_two_who_claim_one_licence_at_once_one_is_the_doctor,
    an_entry_that_leaves_or_is_verified_meanwhile_is_adopted_or_it_is_not,
    whoever_needs_no_approval_adopts_an_entry_at_once,
}

/// A clinic where Emily was entered by a coordinator, and has registered.
struct Twice {
    clinic: TestApp,
    admin: Person,
    creator: Person,
    entry: Value,
    doctor: Person,
}

impl Twice {
    async fn on(database: TestDatabase) -> Self {
        let clinic = TestApp::on(database).await;
        let (admin, creator) = (clinic.an_admin().await, clinic.a_coordinator().await);
        let entry = creator.post("/api/v1/doctors", emily()).await.created();
        let said = json!({"license_number": "DE-1", "bio": "Swims", "country": "AT"});
        let doctor = clinic.registered("doctor", said).await;
        Self { clinic, admin, creator, entry, doctor }
    }

    fn entry(&self) -> String {
        text(&self.entry["id"])
    }

    /// Makes a patient's record, and returns its id.
    async fn patient(&self) -> String {
        let body = json!({"first_name": "Alan", "last_name": "Turing"});
        text(&self.creator.post("/api/v1/patients", body).await.created()["id"])
    }

    /// Books somebody, as whoever needs nobody's slots.
    async fn books(&self, doctor: &str, patient: &str, starts_at: &str) -> String {
        let booked = self.admin.post("/api/v1/appointments", a_booking(doctor, patient, starts_at));
        text(&booked.await.created()["id"])
    }

    async fn publishes(&self, doctor: &str, starts_at: &str) -> String {
        let ends_at = starts_at.replace(":00:00Z", ":30:00Z");
        let slot = json!({"doctor_id": doctor, "starts_at": starts_at, "ends_at": ends_at});
        text(&self.admin.post("/api/v1/time-slots", slot).await.created()["id"])
    }

    fn approval(&self) -> String {
        format!("/api/v1/users/{}/approve", self.doctor.user_id())
    }
}

async fn ids(person: &Person, list: &str) -> Vec<String> {
    let page = person.get(list).await.ok();
    let mut ids: Vec<_> =
        page["items"].as_array().unwrap().iter().map(|item| text(&item["id"])).collect();
    ids.sort_unstable();
    ids
}

fn sorted<const N: usize>(mut ids: [&String; N]) -> Vec<String> {
    ids.sort_unstable();
    ids.into_iter().cloned().collect()
}

async fn whoever_approves_a_doctor_who_was_entered_before_makes_one_of_both(
    database: TestDatabase,
) {
    let twice = Twice::on(database).await;
    let Twice { admin, creator, doctor, .. } = &twice;
    let (entry, own) = (twice.entry(), doctor.doctor_id());
    admin.patch(&path(&twice.entry), json!({"is_available": true})).await.ok();
    let (one, other) = (twice.patient().await, twice.patient().await);
    let booked = [twice.books(&entry, &one, NINE).await, twice.books(&own, &other, ELEVEN).await];
    let cancelled = twice.books(&own, &one, "2030-01-07T13:00:00Z").await;
    let cancel = format!("/api/v1/appointments/{cancelled}/cancel");
    admin.post(&cancel, json!({})).await.ok();
    let slots = [
        twice.publishes(&entry, "2030-01-08T09:00:00Z").await,
        twice.publishes(&own, "2030-01-08T11:00:00Z").await,
    ];
    let mut assigned = Vec::new();
    for (doctor, patient) in [(&entry, &one), (&own, &one), (&own, &other)] {
        let made = creator.post("/api/v1/assignments", an_assignment(doctor, patient)).await;
        assigned.push(text(&made.created()["id"]));
    }

    let approved = admin.post(&twice.approval(), json!({})).await.ok();

    assert_eq!((&approved["status"], &approved["doctor_id"]), (&json!("active"), &json!(entry)));
    assert_eq!(doctor.get("/api/v1/auth/me").await.ok()["doctor_id"], json!(entry));
    let shown = doctor.get(&path(&twice.entry)).await.ok();
    assert_eq!(shown["user_id"], doctor.user["id"]);
    assert_eq!(shown["is_verified"], json!(true));
    // The doctor's own word counts, and the entry says the rest.
    for (field, said) in [("bio", "Swims"), ("country", "AT"), ("city", "Berlin")] {
        assert_eq!(shown[field], said, "{field}");
    }
    for field in ["hospital_name", "time_zone", "booking", "specialization", "consultation_fee"] {
        assert_eq!(shown[field], twice.entry[field], "{field}");
    }
    // There is one doctor of the licence, and everything is theirs.
    let _ = doctor.get(&format!("/api/v1/doctors/{own}")).await.problem(404, "not-found");
    let archive = admin.get("/api/v1/doctors?archived=true").await.ok();
    let archived = (&archive["items"][0]["id"], &archive["items"][0]["user_id"]);
    assert_eq!(archived, (&json!(own), &json!(null)));
    let [first, second] = &booked;
    let appointments = ids(doctor, "/api/v1/appointments").await;
    assert_eq!(appointments, sorted([first, second, &cancelled]));
    let moved = doctor.get(&format!("/api/v1/appointments/{second}")).await;
    assert_eq!(moved.header("etag"), "\"2\"");
    assert_eq!(moved.ok()["doctor_id"], json!(entry));
    let slots_of_entry = ids(doctor, &format!("/api/v1/time-slots?doctor_id={entry}")).await;
    assert_eq!(slots_of_entry, sorted([&slots[0], &slots[1]]));
    let active = ids(doctor, "/api/v1/assignments?is_active=true").await;
    assert_eq!(active, sorted([&assigned[0], &assigned[2]]));
    assert_eq!(ids(doctor, "/api/v1/patients").await, sorted([&one, &other]));
    let confirm = format!("/api/v1/appointments/{second}/confirm");
    doctor.post(&confirm, json!({})).await.ok();
    // Who entered the doctor has done their part.
    let refused = creator.patch(&path(&twice.entry), json!({"bio": "X"})).await;
    let _ = refused.problem(403, "forbidden");
}

async fn what_the_entry_and_the_registration_have_at_one_time_is_for_people_to_sort_out(
    database: TestDatabase,
) {
    let twice = Twice::on(database).await;
    let Twice { admin, doctor, .. } = &twice;
    let (entry, own) = (twice.entry(), doctor.doctor_id());
    admin.patch(&path(&twice.entry), json!({"is_available": true})).await.ok();
    let (one, other) = (twice.patient().await, twice.patient().await);
    let slot = twice.publishes(&own, "2030-01-08T09:00:00Z").await;
    twice.publishes(&entry, "2030-01-08T09:00:00Z").await;
    let booked = twice.books(&own, &one, NINE).await;
    twice.books(&entry, &other, NINE).await;
    let before = admin.get(&path(&twice.entry)).await.ok();

    for (words, remedy) in [
        ("time slots", format!("/api/v1/time-slots/{slot}")),
        ("appointments", format!("/api/v1/appointments/{booked}/cancel")),
    ] {
        let refused = admin.post(&twice.approval(), json!({})).await;
        let refused = refused.problem(409, "adoption-overlaps");
        let said = text(&refused.body["detail"]);
        assert!(said.contains(words) && said.contains("then approve again"), "{said}");
        assert_eq!(admin.get(&path(&twice.entry)).await.ok(), before);
        assert_eq!(doctor.get("/api/v1/auth/me").await.ok()["doctor_id"], json!(own));
        if words == "appointments" {
            admin.post(&remedy, json!({})).await.ok();
        } else {
            let _ = admin.delete(&remedy).await.with_status(204);
        }
    }
    let approved = admin.post(&twice.approval(), json!({})).await.ok();
    assert_eq!(approved["doctor_id"], json!(entry));
}

/// Returns who the doctors of the directory with the licence are: their ids and users.
async fn licensed(twice: &Twice) -> Vec<(Value, Value)> {
    let raw = twice.clinic.database.raw().await;
    let of_directory = "SELECT count(*) FROM doctors
        WHERE license_number = 'DE-1' AND archived_at IS NULL AND is_verified";
    assert_eq!(raw.count(of_directory).await, 1, "one verified doctor has the licence");
    let listed = twice.admin.get("/api/v1/doctors?limit=100").await.ok();
    let all = listed["items"].as_array().unwrap();
    let licensed = all.iter().filter(|doctor| doctor["license_number"] == "DE-1");
    licensed.map(|doctor| (doctor["id"].clone(), doctor["user_id"].clone())).collect()
}

async fn of_two_who_claim_one_licence_at_once_one_is_the_doctor(database: TestDatabase) {
    let twice = Twice::on(database).await;
    let rival = twice.clinic.registered("doctor", json!({"license_number": "DE-1"})).await;
    let of_rival = format!("/api/v1/users/{}/approve", rival.user_id());

    let approval = twice.approval();
    let (one, other) = tokio::join!(
        twice.admin.post(&approval, json!({})),
        twice.admin.post(&of_rival, json!({})),
    );

    let (winner, approved, refused) =
        if one.status == 200 { (&twice.doctor, one, other) } else { (&rival, other, one) };
    assert_eq!(approved.ok()["doctor_id"], twice.entry["id"]);
    assert_eq!(refused.wrong_fields(), ["license_number"]);
    let entry = (twice.entry["id"].clone(), winner.user["id"].clone());
    let doctors = licensed(&twice).await;
    assert!(doctors.contains(&entry) && doctors.len() == 2, "{doctors:?}");
}

async fn an_entry_that_leaves_or_is_verified_meanwhile_is_adopted_or_it_is_not(
    database: TestDatabase,
) {
    let mut twice = Twice::on(database).await;
    for round in 0..8 {
        let entry = path(&twice.entry);
        let approval = twice.approval();
        let approve = twice.admin.post(&approval, json!({}));
        let mine = twice.entry["id"].clone();
        if round % 2 == 0 {
            let (approved, archived) = tokio::join!(approve, twice.creator.delete(&entry));
            let doctor_id = approved.ok()["doctor_id"].clone();
            match archived.status {
                204 => assert_ne!(doctor_id, mine),
                403 => assert_eq!(doctor_id, mine),
                status => panic!("{status}"),
            }
        } else {
            let verify = format!("{entry}/verify");
            let (approved, verified) = tokio::join!(approve, twice.admin.post(&verify, json!({})));
            match (approved.status, verified.status) {
                (200, 409) => assert_eq!(approved.ok()["doctor_id"], mine),
                (422, 200) => assert_eq!(approved.wrong_fields(), ["license_number"]),
                both => panic!("{both:?}"),
            }
        }
        licensed(&twice).await;
        // All over again, with nobody of the licence.
        let archive = "UPDATE doctors SET archived_at = updated_at";
        twice.clinic.database.raw().await.execute(archive).await.unwrap();
        twice.entry = twice.creator.post("/api/v1/doctors", emily()).await.created();
        let said = json!({"license_number": "DE-1"});
        twice.doctor = twice.clinic.registered("doctor", said).await;
    }
}

async fn whoever_needs_no_approval_adopts_an_entry_at_once(database: TestDatabase) {
    let twice = Twice::on(database).await;
    let body = json!({
        "email": "emily@example.net", "password": PASSWORD, "role": "doctor",
        "license_number": "DE-1", "bio": "Climbs",
    });

    let made = twice.admin.post("/api/v1/users", body).await.created();

    assert_eq!(made["doctor_id"], twice.entry["id"]);
    let shown = twice.admin.get(&path(&twice.entry)).await.ok();
    assert_eq!((&shown["bio"], &shown["city"]), (&json!("Climbs"), &json!("Berlin")));
    assert_eq!((&shown["is_verified"], &shown["user_id"]), (&json!(true), &made["id"]));
    let too_late = twice.admin.post(&twice.approval(), json!({})).await;
    assert_eq!(too_late.wrong_fields(), ["license_number"]);
}
