//! Making accounts, and approving them.

use medilink_application::application::Settings;
use medilink_tests::app::PASSWORD;
use medilink_tests::person::text;
use medilink_tests::{TestApp, TestDatabase, on_both_databases};
use serde_json::{Value, json};

on_both_databases! {
    each_role_registers_with_its_profile,
    a_registration_takes_every_field_of_its_profile_and_shows_the_user_as_documented,
    names_addresses_and_licences_are_taken_once,
    doctors_wait_for_approval,
}

async fn each_role_registers_with_its_profile(database: TestDatabase) {
    let clinic = TestApp::on(database).await;

    let patient = json!({"date_of_birth": "1984-02-29", "blood_group": "o+", "gender": "F"});
    let patient = clinic.registered("patient", patient).await;
    let record = patient.get(&format!("/api/v1/patients/{}", patient.patient_id())).await.ok();
    assert_eq!((&record["blood_group"], &record["gender"]), (&json!("O+"), &json!("F")));
    assert_eq!(record["email"], patient.user["email"]);
    assert_eq!(record["user_id"], patient.user["id"]);

    let doctor = json!({"specialization": "Cardiology", "consultation_fee": "250"});
    let doctor = clinic.registered("DOCTOR", doctor).await;
    let profile = doctor.get(&format!("/api/v1/doctors/{}", doctor.doctor_id())).await.ok();
    assert_eq!(profile["consultation_fee"], "250.00");
    assert_eq!(profile["specialization"], "cardiology");
    assert_eq!((&profile["is_verified"], &profile["time_zone"]), (&json!(false), &json!("UTC")));

    let pharmacy = clinic.registered("pharmacy", json!({"name": "At the Corner"})).await;
    assert!(pharmacy.user["pharmacy_id"].is_string());

    let nameless = json!({"email": "grace@example.org", "password": PASSWORD});
    let coordinator = clinic.unknown().registers(nameless).await;
    assert_eq!(coordinator.user["role"], "coordinator");
    assert_eq!(coordinator.user["username"], "grace");
    assert_eq!(clinic.registered("client", json!({})).await.user["role"], "patient");
    assert_eq!(clinic.registered("staff", json!({})).await.user["role"], "coordinator");
}

async fn a_registration_takes_every_field_of_its_profile_and_shows_the_user_as_documented(
    database: TestDatabase,
) {
    let clinic = TestApp::on(database).await;
    let admin = clinic.an_admin().await;
    let document = serde_json::to_value(medilink_http::openapi()).unwrap();
    let account = json!({
        "password": PASSWORD, "first_name": "Grace", "last_name": "Hopper", "phone": "+1 212 555",
    });
    let place = json!({"city": "Springfield", "state": "NT", "country": "Atlantis"});
    let patient = json!({
        "date_of_birth": "1984-02-29", "gender": "F", "blood_group": "AB-", "allergies": "Nuts",
        "medical_history": "Measles", "current_medications": "None", "address": "Main Street 1",
        "emergency_contact_name": "Vincent", "emergency_contact_phone": "+1 212 556",
    });
    let doctor = json!({
        "specialization": "neurology", "license_number": "NT-1", "years_of_experience": 12,
        "qualification": "MD", "bio": "Rows", "consultation_fee": "250.00", "is_available": false,
        "hospital_name": "General", "time_zone": "America/New_York", "booking": "slots_only",
    });
    let pharmacy = json!({"name": "Corner", "license_number": "NT-2", "address": "Main Street 2"});

    for (role, profile, list, status) in [
        ("Patient", Some(patient), "patients", "active"),
        ("Doctor", Some(doctor), "doctors", "pending"),
        ("Pharmacy", Some(pharmacy), "pharmacies", "pending"),
        ("Coordinator", None, "", "pending"),
    ] {
        let mut body = account.clone();
        body["role"] = json!(role.to_lowercase());
        body["email"] = json!(format!("{role}@example.org"));
        body["username"] = json!(format!("the.{role}"));
        let profile = profile.map(|profile| merged(&profile, &place));
        let body = merged(&body, profile.as_ref().unwrap_or(&json!({})));
        // Whatever the document knows of such a registration is sent.
        let schema = format!("/components/schemas/{role}Registration/properties");
        let known = document.pointer(&schema).unwrap();
        assert_eq!(names(&body), names(known), "{role}");

        let answer = clinic.unknown().post("/api/v1/auth/register", body.clone()).await.created();

        let user = &answer["user"];
        let shown = [
            "created_at",
            "doctor_id",
            "email",
            "first_name",
            "id",
            "last_name",
            "name",
            "patient_id",
            "pharmacy_id",
            "phone",
            "role",
            "status",
            "username",
        ];
        assert_eq!(names(user), shown, "{role}");
        assert_eq!((&user["status"], &user["name"]), (&json!(status), &json!("Grace Hopper")));
        for field in ["username", "email", "first_name", "last_name", "phone", "role"] {
            assert_eq!(user[field], body[field], "{role} {field}");
        }
        assert_eq!(names(&answer["tokens"]), ["access", "expires_in", "refresh", "token_type"]);
        let own = ["patient_id", "doctor_id", "pharmacy_id"].map(|profile| &user[profile]);
        assert_eq!(own.iter().filter(|id| id.is_string()).count(), usize::from(!list.is_empty()));
        let Some(profile) = profile else { continue };
        let id = text(own.into_iter().find(|id| id.is_string()).unwrap());
        let record = admin.get(&format!("/api/v1/{list}/{id}")).await.ok();
        for field in names(&profile).into_iter().chain(["email".to_owned(), "phone".to_owned()]) {
            assert_eq!(record[&field], body[&field], "{role} {field}");
        }
        assert_eq!(record["user_id"], user["id"], "{role}");
    }
}

/// Returns one object with the fields of two.
fn merged(one: &Value, other: &Value) -> Value {
    let fields = [one, other].into_iter().flat_map(|it| it.as_object().unwrap());
    Value::Object(fields.map(|(name, value)| (name.clone(), value.clone())).collect())
}

/// Returns the names of the fields of an object, in order.
fn names(object: &Value) -> Vec<String> {
    let mut names: Vec<_> = object.as_object().unwrap().keys().cloned().collect();
    names.sort_unstable();
    names
}

async fn names_addresses_and_licences_are_taken_once(database: TestDatabase) {
    let clinic = TestApp::on(database).await;
    let body = json!({"license_number": "DE-1", "username": "emily", "email": "emily@example.org"});
    let doctor = clinic.registered("doctor", body.clone()).await;
    let path = format!("/api/v1/users/{}/approve", doctor.user_id());

    // Nobody has checked the licence: another may claim it, until one of the two is approved.
    let rival = clinic.registered("doctor", json!({"license_number": "DE-1"})).await;
    clinic.an_admin().await.post(&path, json!({})).await.ok();

    let mut again = body;
    again["role"] = json!("doctor");
    again["password"] = json!(PASSWORD);
    again["username"] = json!("EMILY");
    let taken = clinic.unknown().post("/api/v1/auth/register", again).await;
    assert_eq!(taken.wrong_fields(), ["email", "license_number", "username"]);
    let path = format!("/api/v1/users/{}/approve", rival.user_id());
    let taken = clinic.an_admin().await.post(&path, json!({})).await;
    assert_eq!(taken.wrong_fields(), ["license_number"]);
    assert_eq!(rival.get("/api/v1/auth/me").await.ok()["status"], "pending");

    // A name that is made from an address gets a number when it is taken.
    let body = json!({"email": "emily@example.net", "password": PASSWORD});
    assert_eq!(clinic.unknown().registers(body).await.user["username"], "emily2");
}

async fn doctors_wait_for_approval(database: TestDatabase) {
    let clinic = TestApp::on(database).await;
    let doctor = clinic.registered("doctor", json!({})).await;
    let patient = clinic.a_patient().await;
    let path = format!("/api/v1/users/{}/approve", doctor.user_id());
    assert_eq!(doctor.user["status"], "pending");

    // Pending doctors read the directory and can be booked; nothing else is theirs.
    doctor.get("/api/v1/doctors").await.ok();
    patient.books(&doctor.doctor_id(), "2030-01-07T09:00:00Z").await.created();
    let _ = doctor.get("/api/v1/appointments").await.problem(403, "approval-pending");
    let _ = doctor.post(&path, json!({})).await.problem(403, "approval-pending");
    let _ = patient.post(&path, json!({})).await.problem(403, "forbidden");

    let approved = clinic.an_admin().await.post(&path, json!({})).await.ok();

    assert_eq!(approved["status"], "active");
    assert_eq!(approved["doctor_id"], doctor.doctor_id());
    assert_eq!(doctor.get("/api/v1/appointments").await.ok()["items"].as_array().unwrap().len(), 1);
    let profile = doctor.get(&format!("/api/v1/doctors/{}", doctor.doctor_id())).await.ok();
    assert_eq!(profile["is_verified"], true);
    let again = clinic.an_admin().await.post(&path, json!({})).await;
    let _ = again.problem(409, "user-refused");
}

#[actix_web::test]
async fn every_wrong_field_of_a_registration_is_named_at_once() {
    let clinic = TestApp::start().await;

    let wrong = clinic
        .unknown()
        .post(
            "/api/v1/auth/register",
            json!({
                "email": "Ada <ada@example.org>", "password": "1234567", "username": "a@b",
                "first_name": 7, "phone": "1", "role": "patient", "blood_group": "C",
                "date_of_birth": "2030-02-30", "specialization": "cardiology", "status": "active",
                "created_by": "me",
            }),
        )
        .await;

    assert_eq!(
        wrong.body["errors"]["password"],
        json!([
            "Use at least 8 characters.",
            "Use more than digits.",
            "Use another one; this is among the most common passwords.",
        ])
    );
    assert_eq!(
        wrong.wrong_fields(),
        [
            "blood_group",
            "created_by",
            "date_of_birth",
            "email",
            "first_name",
            "password",
            "phone",
            "specialization",
            "status",
            "username",
        ]
    );
}

#[actix_web::test]
async fn a_choice_a_number_or_a_zone_that_is_blank_is_wrong() {
    let clinic = TestApp::start().await;

    let body = json!({
        "email": "chen@example.org", "password": PASSWORD, "role": "doctor", "bio": "", "city": " ",
        "specialization": "", "consultation_fee": "", "time_zone": " ", "booking": "",
    });
    let wrong = clinic.unknown().post("/api/v1/auth/register", body).await;

    assert_eq!(
        wrong.wrong_fields(),
        ["booking", "consultation_fee", "specialization", "time_zone"]
    );
}

#[actix_web::test]
async fn what_every_doctor_has_cannot_be_left_empty() {
    let clinic = TestApp::start().await;

    let body = json!({
        "email": "chen@example.org", "password": PASSWORD, "role": "doctor", "bio": null,
        "specialization": null, "is_available": null, "time_zone": null, "booking": null,
    });
    let wrong = clinic.unknown().post("/api/v1/auth/register", body).await;

    assert_eq!(wrong.body["errors"]["booking"], json!(["This cannot be left empty."]));
    let named = wrong.wrong_fields();
    assert_eq!(named, ["booking", "is_available", "specialization", "time_zone"]);
}

#[actix_web::test]
async fn nobody_registers_as_an_administrator() {
    let clinic = TestApp::start().await;
    let body = |role: &str| json!({"email": "eve@example.org", "password": PASSWORD, "role": role});

    for role in ["admin", "ADMIN", "root", ""] {
        let wrong = clinic.unknown().post("/api/v1/auth/register", body(role)).await;
        assert_eq!(wrong.wrong_fields(), ["role"], "{role}");
    }
}

#[actix_web::test]
async fn a_day_of_birth_is_not_in_the_future() {
    let clinic = TestApp::start().await;
    let body = json!({
        "email": "eve@example.org", "password": PASSWORD, "role": "patient",
        "date_of_birth": "2030-01-09",
    });

    let wrong = clinic.unknown().post("/api/v1/auth/register", body).await;

    assert_eq!(wrong.wrong_fields(), ["date_of_birth"]);
}

#[actix_web::test]
async fn a_closed_clinic_registers_nobody() {
    let settings = Settings { registration_open: false, ..Settings::default() };
    let clinic = TestApp::with(TestDatabase::sqlite().await, settings).await;
    let body = json!({"email": "eve@example.org", "password": PASSWORD});

    let _ = clinic.unknown().post("/api/v1/auth/register", body).await.problem(403, "forbidden");
}

#[actix_web::test]
async fn names_of_every_script_are_kept_exactly() {
    let clinic = TestApp::start().await;

    for name in ["Søren", "李", "محمد", "Ὀδυσσεύς", "नीरज", "O'Brien-Šimić", "🦊", "e\u{301}"]
    {
        let person = clinic.registered("patient", json!({"first_name": name})).await;
        assert_eq!(text(&person.get("/api/v1/auth/me").await.ok()["first_name"]), name);
    }
}

#[actix_web::test]
async fn passwords_are_counted_in_characters() {
    let clinic = TestApp::start().await;
    let register = |n: usize, password: String| {
        let body = json!({"email": format!("p{n}@example.org"), "password": password});
        let nobody = clinic.unknown();
        async move { nobody.post("/api/v1/auth/register", body).await }
    };

    register(1, "ß".repeat(8)).await.created();
    register(2, "ß".repeat(128)).await.created();
    assert_eq!(register(3, "ß".repeat(7)).await.wrong_fields(), ["password"]);
    assert_eq!(register(4, "ß".repeat(129)).await.wrong_fields(), ["password"]);
    assert_eq!(register(5, "12345678".to_owned()).await.wrong_fields(), ["password"]);
}

#[actix_web::test]
async fn a_password_that_others_would_try_is_told_why() {
    let clinic = TestApp::start().await;
    let register = |password: &str| {
        let body = json!({
            "email": "grace.hopper@example.org", "username": "amazing", "first_name": "Grace",
            "last_name": "Hopper", "password": password,
        });
        let nobody = clinic.unknown();
        async move { nobody.post("/api/v1/auth/register", body).await }
    };

    for (password, reason) in [
        ("Amazing12", "Use something less like your own name, user name or e-mail address."),
        ("grace.hopper", "Use something less like your own name, user name or e-mail address."),
        ("ILoveYou1", "Use another one; this is among the most common passwords."),
    ] {
        let refused = register(password).await;
        assert_eq!(refused.body["errors"], json!({"password": [reason]}), "{password}");
    }
}
