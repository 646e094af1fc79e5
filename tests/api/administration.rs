//! Users, as administrators manage them.

use medilink_tests::app::PASSWORD;
use medilink_tests::person::text;
use medilink_tests::{Person, TestApp, TestDatabase, on_both_databases};
use serde_json::{Value, json};

on_both_databases! {
    administrators_make_users_who_wait_for_nobody,
    whoever_is_disabled_is_out_at_once_and_comes_back_as_they_were,
    a_new_role_holds_from_the_next_request_on,
    the_last_administrator_and_oneself_stay,
    users_are_searched_filtered_and_paged,
}

fn path(user: &Value, action: &str) -> String {
    format!("/api/v1/users/{}{action}", text(&user["id"]))
}

async fn administrators_make_users_who_wait_for_nobody(database: TestDatabase) {
    let clinic = TestApp::on(database).await;
    let admin = clinic.an_admin().await;
    let body = |role: &str| {
        json!({
            "email": format!("{role}@example.net"), "password": PASSWORD, "role": role,
            "first_name": "Grace", "last_name": "Hopper",
        })
    };

    for role in ["admin", "doctor", "coordinator", "pharmacy", "patient"] {
        let made = admin.post("/api/v1/users", body(role)).await.with_status(201);
        assert_eq!(
            (made.header("location"), made.header("etag")),
            (&*path(&made.body, ""), "\"1\"")
        );
        assert_eq!((&made.body["status"], &made.body["role"]), (&json!("active"), &json!(role)));
        assert_eq!(admin.get(made.header("location")).await.ok(), made.body);
        let person = clinic.unknown().logs_in(&format!("{role}@example.net"), PASSWORD).await;
        assert_eq!(person.user, made.body);
    }
    let nobody = admin.post("/api/v1/users", json!({"role": "king", "crown": 1})).await;
    assert_eq!(nobody.wrong_fields(), ["email", "password", "role"]);
    let taken = admin.post("/api/v1/users", body("doctor")).await;
    assert_eq!(taken.wrong_fields(), ["email"]);

    let once = [("idempotency-key", "once")];
    let first = admin.post_with("/api/v1/users", &once, body("Staff")).await.created();
    let again = admin.post_with("/api/v1/users", &once, body("Staff")).await;
    assert_eq!(again.header("idempotency-replayed"), "true");
    assert_eq!(again.created(), first);
}

async fn whoever_is_disabled_is_out_at_once_and_comes_back_as_they_were(database: TestDatabase) {
    let clinic = TestApp::on(database).await;
    let admin = clinic.an_admin().await;
    for (person, before) in [
        (clinic.a_doctor().await, "active"),
        (clinic.registered("doctor", json!({})).await, "pending"),
    ] {
        let name = text(&person.user["username"]);
        let disabled = admin.post(&path(&person.user, "/disable"), json!({})).await.ok();
        assert_eq!(disabled["status"], "disabled");
        assert_eq!(disabled["doctor_id"], person.user["doctor_id"]);
        let _ = person.get("/api/v1/auth/me").await.problem(401, "authentication-required");
        let body = json!({"username": name, "password": PASSWORD});
        let refused = clinic.unknown().post("/api/v1/auth/login", body).await;
        let _ = refused.problem(401, "wrong-credentials");
        for action in ["/disable", "/approve"] {
            let refused = admin.post(&path(&person.user, action), json!({})).await;
            let _ = refused.problem(409, "user-refused");
        }

        let enabled = admin.post(&path(&person.user, "/enable"), json!({})).await.ok();
        assert_eq!(enabled["status"], before);
        let refused = admin.post(&path(&person.user, "/enable"), json!({})).await;
        let _ = refused.problem(409, "user-refused");
        // The sessions of before stay ended.
        let _ = person.get("/api/v1/auth/me").await.problem(401, "authentication-required");
        assert_eq!(clinic.unknown().logs_in(&name, PASSWORD).await.user["status"], before);
    }
}

async fn a_new_role_holds_from_the_next_request_on(database: TestDatabase) {
    let clinic = TestApp::on(database).await;
    let (admin, person) = (clinic.an_admin().await, clinic.a_coordinator().await);
    let change = async |body: Value| admin.patch(&path(&person.user, ""), body).await;
    let _ = person.get("/api/v1/users").await.problem(403, "forbidden");

    let changed = change(json!({"role": "admin", "first_name": "Grace"})).await.ok();
    assert_eq!((&changed["role"], &changed["first_name"]), (&json!("admin"), &json!("Grace")));
    person.get("/api/v1/users").await.ok();

    let doctor = change(json!({"role": "doctor"})).await.ok();
    let _ = person.get("/api/v1/users").await.problem(403, "forbidden");
    let profile = format!("/api/v1/doctors/{}", text(&doctor["doctor_id"]));
    let profile = person.get(&profile).await.ok();
    assert_eq!((&profile["first_name"], &profile["user_id"]), (&json!("Grace"), &doctor["id"]));

    let patient = change(json!({"role": "client"})).await.ok();
    let record = format!("/api/v1/patients/{}", text(&patient["patient_id"]));
    person.get(&record).await.ok();
    let again = change(json!({"role": "doctor"})).await.ok();
    assert_eq!(again["doctor_id"], doctor["doctor_id"]);

    let refused = change(json!({"role": null, "email": "x@example.org", "status": "active"})).await;
    assert_eq!(refused.wrong_fields(), ["email", "role", "status"]);
}

async fn the_last_administrator_and_oneself_stay(database: TestDatabase) {
    let clinic = TestApp::on(database).await;
    let admin = clinic.an_admin().await;
    let demote = |person: &Person, user: &Value| {
        let (person, path) = (person.clone(), path(user, ""));
        async move { person.patch(&path, json!({"role": "coordinator"})).await }
    };

    let _ = admin.post(&path(&admin.user, "/disable"), json!({})).await.problem(409, "own-account");
    let _ = demote(&admin, &admin.user).await.problem(409, "own-account");

    let other = clinic.a_coordinator().await;
    admin.patch(&path(&other.user, ""), json!({"role": "admin"})).await.ok();
    demote(&other, &admin.user).await.ok();
    let _ = demote(&admin, &other.user).await.problem(403, "forbidden");
}

async fn users_are_searched_filtered_and_paged(database: TestDatabase) {
    let clinic = TestApp::on(database).await;
    let admin = clinic.an_admin().await;
    for (first, role) in [("Søren", "doctor"), ("Sören", "patient"), ("Sorin", "doctor")] {
        clinic.registered(role, json!({"first_name": first})).await;
        clinic.clock.advance(1);
    }
    let names = async |query: &str| {
        let page = admin.get(&format!("/api/v1/users?{query}")).await.ok();
        let names = page["items"].as_array().unwrap().iter().map(|user| text(&user["first_name"]));
        (names.collect::<Vec<_>>(), page["next"].clone())
    };

    assert_eq!(names("search=sor").await.0, ["Sorin", "Sören", "Søren"]);
    assert_eq!(names("search=soren").await.0, ["Sören", "Søren"]);
    assert_eq!(names("search=doctor").await.0, ["Sorin", "Søren"]);
    assert_eq!(names("search=s&role=client").await.0, ["Sören"]);
    assert_eq!(names("status=pending").await.0, ["Sorin", "Søren"]);
    let (first, next) = names("limit=2").await;
    let (rest, end) = names(&format!("limit=2&cursor={}", text(&next))).await;
    assert_eq!([first, rest].concat(), ["Sorin", "Sören", "Søren", ""]);
    assert!(end.is_null());
    let wrong = admin.get("/api/v1/users?role=king&status=dead&limit=0&color=red").await;
    assert_eq!(wrong.wrong_fields(), ["color", "limit", "role", "status"]);
}
