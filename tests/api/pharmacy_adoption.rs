//! Adoption: a pharmacy registers that an administrator has entered before.

use medilink_tests::app::PASSWORD;
use medilink_tests::person::text;
use medilink_tests::{Person, TestApp, TestDatabase, on_both_databases};
use serde_json::{Value, json};

on_both_databases! {
    whoever_approves_a_pharmacy_that_was_entered_before_makes_one_of_both,
    of_two_who_claim_one_licence_at_once_one_is_the_pharmacy,
    an_entry_that_changes_or_is_verified_meanwhile_is_adopted_or_it_is_not,
    a_pharmacy_that_needs_no_approval_adopts_an_entry_at_once,
}

const PHARMACIES: &str = "/api/v1/pharmacies";

/// A clinic where a pharmacy was entered by an administrator, and has registered.
struct Twice {
    clinic: TestApp,
    admin: Person,
    entry: Value,
    pharmacy: Person,
}

impl Twice {
    async fn on(database: TestDatabase) -> Self {
        let clinic = TestApp::on(database).await;
        let admin = clinic.an_admin().await;
        let (entry, pharmacy) = claims(&clinic, &admin, "DE-1").await;
        Self { clinic, admin, entry, pharmacy }
    }

    fn entry(&self) -> String {
        format!("{PHARMACIES}/{}", text(&self.entry["id"]))
    }

    fn own(&self) -> String {
        format!("{PHARMACIES}/{}", text(&self.pharmacy.user["pharmacy_id"]))
    }

    /// Returns the pharmacies of the directory with a licence: their ids and users, the verified first.
    async fn licensed(&self, number: &str) -> Vec<(Value, Value)> {
        let mut licensed = Vec::new();
        for verified in [true, false] {
            let list = format!("{PHARMACIES}?limit=100&verified={verified}");
            let listed = self.admin.get(&list).await.ok();
            let all = listed["items"].as_array().unwrap().iter();
            let of_number = all.filter(|pharmacy| pharmacy["license_number"] == number);
            licensed.extend(of_number.map(|it| (it["id"].clone(), it["user_id"].clone())));
        }
        licensed
    }
}

fn approval(of: &Person) -> String {
    format!("/api/v1/users/{}/approve", of.user_id())
}

/// Has an administrator enter a pharmacy, and somebody register with its licence number.
async fn claims(clinic: &TestApp, admin: &Person, number: &str) -> (Value, Person) {
    let entry = json!({
        "name": "Corner", "license_number": number, "email": "corner@example.com",
        "address": "Am Markt 1", "city": "Bonn",
    });
    let entry = admin.post(PHARMACIES, entry).await.created();
    let said = json!({"name": "At the Corner", "license_number": number, "country": "DE"});
    (entry, clinic.registered("pharmacy", said).await)
}

async fn whoever_approves_a_pharmacy_that_was_entered_before_makes_one_of_both(
    database: TestDatabase,
) {
    let twice = Twice::on(database).await;
    let Twice { admin, pharmacy, .. } = &twice;
    let (entry, own) = (twice.entry["id"].clone(), twice.own());

    let approved = admin.post(&approval(pharmacy), json!({})).await.ok();

    assert_eq!((&approved["status"], &approved["pharmacy_id"]), (&json!("active"), &entry));
    assert_eq!(pharmacy.get("/api/v1/auth/me").await.ok()["pharmacy_id"], entry);
    let shown = pharmacy.get(&twice.entry()).await;
    assert_eq!(shown.header("etag"), "\"2\"");
    let shown = shown.ok();
    assert_eq!(shown["user_id"], pharmacy.user["id"]);
    assert_eq!(shown["is_verified"], true);
    // The pharmacy's own word counts, and the entry says the rest.
    for (field, said) in [
        ("name", json!("At the Corner")),
        ("email", pharmacy.user["email"].clone()),
        ("country", json!("DE")),
        ("city", json!("Bonn")),
        ("address", json!("Am Markt 1")),
    ] {
        assert_eq!(shown[field], said, "{field}");
    }
    // There is one pharmacy of the licence, found by what it says now.
    let _ = pharmacy.get(&own).await.problem(404, "not-found");
    assert_eq!(twice.licensed("DE-1").await, [(entry, pharmacy.user["id"].clone())]);
    for (search, expected) in [("at+the+corner", 1), ("bonn", 1)] {
        let found = admin.get(&format!("{PHARMACIES}?search={search}&count=true")).await.ok();
        assert_eq!(found["total"], expected, "{search}");
    }
    let changed = pharmacy.patch(&twice.entry(), json!({"phone": "110"})).await.ok();
    assert_eq!(changed["phone"], "110");
    let again = admin.post(&approval(pharmacy), json!({})).await;
    let _ = again.problem(409, "user-refused");
}

async fn of_two_who_claim_one_licence_at_once_one_is_the_pharmacy(database: TestDatabase) {
    let twice = Twice::on(database).await;
    let rival = twice.clinic.registered("pharmacy", json!({"license_number": "DE-1"})).await;

    let approvals = [&twice.pharmacy, &rival].map(approval);
    let (one, other) = tokio::join!(
        twice.admin.post(&approvals[0], json!({})),
        twice.admin.post(&approvals[1], json!({})),
    );

    let (winner, loser, approved, refused) = if one.status == 200 {
        (&twice.pharmacy, &rival, one, other)
    } else {
        (&rival, &twice.pharmacy, other, one)
    };
    let entry = &twice.entry["id"];
    assert_eq!(&approved.ok()["pharmacy_id"], entry);
    assert_eq!(refused.wrong_fields(), ["license_number"]);
    // Whoever was refused has what they came with.
    let left = (loser.user["pharmacy_id"].clone(), loser.user["id"].clone());
    let expected = [(entry.clone(), winner.user["id"].clone()), left];
    assert_eq!(twice.licensed("DE-1").await, expected);
}

async fn an_entry_that_changes_or_is_verified_meanwhile_is_adopted_or_it_is_not(
    database: TestDatabase,
) {
    let mut twice = Twice::on(database).await;
    for round in 0..8 {
        let number = text(&twice.entry["license_number"]);
        let (entry, approval) = (twice.entry(), approval(&twice.pharmacy));
        let approve = twice.admin.post(&approval, json!({}));
        let mine = twice.entry["id"].clone();
        if round % 2 == 0 {
            let other = json!({"license_number": format!("other than {number}")});
            let (approved, changed) = tokio::join!(approve, twice.admin.patch(&entry, other));
            // The number of an adopted entry is the administrator's to change, too.
            let adopted = approved.ok()["pharmacy_id"] == mine;
            assert_eq!(changed.ok()["user_id"].is_null(), !adopted);
        } else {
            let verify = format!("{entry}/verify");
            let (approved, verified) = tokio::join!(approve, twice.admin.post(&verify, json!({})));
            match (approved.status, verified.status) {
                (200, 409) => assert_eq!(approved.ok()["pharmacy_id"], mine),
                (422, 200) => assert_eq!(approved.wrong_fields(), ["license_number"]),
                both => panic!("{both:?}"),
            }
        }
        let verified = "SELECT count(*) FROM pharmacies WHERE is_verified GROUP BY license_number";
        let raw = twice.clinic.database.raw().await;
        for row in raw.rows(verified).await {
            assert_eq!(row.try_get_by_index::<i64>(0).unwrap(), 1, "one is verified of a licence");
        }
        // All over again, with another licence.
        let number = format!("DE-{}", round + 2);
        (twice.entry, twice.pharmacy) = claims(&twice.clinic, &twice.admin, &number).await;
    }
}

async fn a_pharmacy_that_needs_no_approval_adopts_an_entry_at_once(database: TestDatabase) {
    let twice = Twice::on(database).await;
    let body = json!({
        "email": "corner@example.net", "password": PASSWORD, "role": "pharmacy",
        "license_number": "DE-1", "state": "NRW",
    });

    let made = twice.admin.post("/api/v1/users", body).await.created();

    assert_eq!(made["pharmacy_id"], twice.entry["id"]);
    let shown = twice.admin.get(&twice.entry()).await.ok();
    assert_eq!((&shown["state"], &shown["city"]), (&json!("NRW"), &json!("Bonn")));
    assert_eq!((&shown["is_verified"], &shown["user_id"]), (&json!(true), &made["id"]));
    let too_late = twice.admin.post(&approval(&twice.pharmacy), json!({})).await;
    assert_eq!(too_late.wrong_fields(), ["license_number"]);
}
