//! Assignments on two servers at once: who wins, and what acts at once.

use futures_util::future::join_all;
use medilink_tests::app::PASSWORD;
use medilink_tests::person::{an_assignment, text};
use medilink_tests::{Person, Program, TestDatabase, on_both_databases};
use serde_json::{Value, json};

on_both_databases! {
    of_many_who_assign_at_once_one_doctor_is_assigned_once_and_one_comes_first,
    care_begins_and_ends_on_every_server_at_once,
}

const ASSIGNMENTS: &str = "/api/v1/assignments";

async fn register(server: &Program, role: &str, name: &str) -> Person {
    let email = format!("{name}@example.org");
    let body = json!({"email": email, "password": PASSWORD, "role": role});
    server.unknown().registers(body).await
}

async fn of_many_who_assign_at_once_one_doctor_is_assigned_once_and_one_comes_first(
    database: TestDatabase,
) {
    const AT_ONCE: usize = 16;

    let servers = [Program::serve(&database), Program::serve(&database)];
    let patient = register(&servers[0], "patient", "ada").await;
    let at = |number: usize| patient.at(servers[number % 2].base());
    let mut doctors = Vec::new();
    for number in 0..AT_ONCE {
        doctors.push(register(&servers[0], "doctor", &format!("doctor{number}")).await.doctor_id());
    }
    let assign = async |by: Person, doctor: &str, is_primary: bool| {
        let mut body = an_assignment(doctor, &by.patient_id());
        body["is_primary"] = json!(is_primary);
        by.post(ASSIGNMENTS, body).await
    };

    for doctor in &doctors[..4] {
        let answers =
            join_all((0..AT_ONCE).map(|number| assign(at(number), doctor, number % 3 == 0)));
        let mut statuses: Vec<_> = answers.await.iter().map(|answer| answer.status).collect();
        statuses.sort_unstable();
        assert_eq!(statuses[0], 201, "{statuses:?}");
        assert!(statuses[1..].iter().all(|status| *status == 409), "{statuses:?}");
    }
    // All of these may be assigned, and each wants to come first.
    let others = doctors[4..].iter().enumerate();
    let answers = join_all(others.map(|(number, doctor)| assign(at(number), doctor, true))).await;
    assert!(answers.iter().all(|answer| answer.status == 201));

    let raw = database.raw().await;
    let pairs = "SELECT count(DISTINCT doctor_id) FROM assignments WHERE is_active";
    let all = "SELECT count(*) FROM assignments WHERE is_active";
    let first = "SELECT count(*) FROM assignments WHERE is_active AND is_primary";
    assert_eq!((raw.count(pairs).await, raw.count(all).await), (16, 16));
    assert_eq!(raw.count(first).await, 1);
}

async fn care_begins_and_ends_on_every_server_at_once(database: TestDatabase) {
    let servers = [Program::serve(&database), Program::serve(&database)];
    let patient = register(&servers[0], "patient", "ada").await;
    let doctor = register(&servers[0], "doctor", "chen").await.at(servers[1].base());
    let record = format!("/api/v1/patients/{}", patient.patient_id());
    let own = an_assignment(&doctor.doctor_id(), &patient.patient_id());

    let _ = doctor.get(&record).await.problem(404, "not-found");
    let _ = doctor.post(ASSIGNMENTS, own.clone()).await.problem(404, "not-found");
    for _ in 0..3 {
        let made: Value = patient.post(ASSIGNMENTS, own.clone()).await.created();
        doctor.get(&record).await.ok();
        let path = format!("{ASSIGNMENTS}/{}", text(&made["id"]));
        patient.patch(&path, json!({"is_active": false})).await.ok();
        let _ = doctor.get(&record).await.problem(404, "not-found");
    }
}
