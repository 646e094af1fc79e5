//! What was answered survives the death of the process, and a stop fails nobody.

use medilink_tests::person::{a_booking, text};
use medilink_tests::{Person, Program, Tally, TestDatabase, on_both_databases};
use reqwest::Method;

use super::start::people;

on_both_databases! {
    a_killed_server_loses_nothing_that_it_answered,
    a_server_that_is_told_to_stop_answers_what_it_has_begun,
}

const JSON: (&str, &str) = ("content-type", "application/json");

async fn a_killed_server_loses_nothing_that_it_answered(database: TestDatabase) {
    for round in 0..4 {
        let mut server = Program::serve(&database);
        let answers = Tally::default();
        let (doctor, patient) = people(&server).await;
        let patient_id = patient.patient_id();
        let clients =
            (0..24).map(|number| book_until_gone(&patient, &doctor, &patient_id, number, &answers));
        let kill = async {
            answers.reaches(20 + 35 * round).await;
            server.kill();
        };
        let (answered, ()) = tokio::join!(futures_util::future::join_all(clients), kill);
        let answered: Vec<String> = answered.concat();

        let again = Program::serve(&database);
        let patient = patient.at(again.base());
        for id in answered {
            patient.get(&format!("/api/v1/appointments/{id}")).await.ok();
        }
    }
    let raw = database.raw().await;
    if !database.is_postgres() {
        let check: String =
            raw.rows("PRAGMA integrity_check").await[0].try_get_by_index(0).unwrap();
        assert_eq!(check, "ok");
    }
    let without_history = "SELECT count(*) FROM appointments WHERE id NOT IN
        (SELECT appointment_id FROM appointment_changes)";
    assert_eq!(raw.count(without_history).await, 0);
    let bookings = "SELECT count(*) FROM audit_entries WHERE action = 'book_appointment'";
    let appointments = raw.count("SELECT count(*) FROM appointments").await;
    assert_eq!(raw.count(bookings).await, appointments, "an entry for each booking");
}

#[actix_web::test]
async fn a_body_that_does_not_arrive_is_not_waited_for() {
    use std::io::{Read, Write};

    let database = TestDatabase::sqlite().await;
    let server = Program::serve(&database);
    let address = server.base().trim_start_matches("http://").to_owned();
    let stalled = std::thread::spawn(move || {
        let mut stream = std::net::TcpStream::connect(&address).unwrap();
        let head = "POST /api/v1/auth/login HTTP/1.1\r\nHost: x\r\n\
            Content-Type: application/json\r\nContent-Length: 100\r\n\r\n{";
        stream.write_all(head.as_bytes()).unwrap();
        let mut answer = [0; 4096];
        let length = stream.read(&mut answer).unwrap();
        String::from_utf8_lossy(&answer[..length]).into_owned()
    });

    let answer = tokio::task::spawn_blocking(|| stalled.join().unwrap()).await.unwrap();

    assert!(answer.starts_with("HTTP/1.1 408"), "{answer}");
    assert!(answer.contains("request-timeout"), "{answer}");
}

/// Books one time after another until the server is gone; returns what was answered.
async fn book_until_gone(
    patient: &Person,
    doctor: &str,
    patient_id: &str,
    number: usize,
    answers: &Tally,
) -> Vec<String> {
    let mut answered = Vec::new();
    for day in 0..300 {
        let date = chrono::NaiveDate::from_ymd_opt(2031, 1, 1).unwrap() + chrono::Days::new(day);
        let starts_at = format!("{date}T{number:02}:00:00Z");
        let body = a_booking(doctor, patient_id, &starts_at).to_string().into_bytes();
        let sent = patient.try_send(Method::POST, "/api/v1/appointments", &[JSON], Some(body));
        let Ok(answer) = sent.await else { return answered };
        answered.push(text(&answer.created()["id"]));
        answers.add();
    }
    answered
}

async fn a_server_that_is_told_to_stop_answers_what_it_has_begun(database: TestDatabase) {
    let mut server = Program::serve(&database);
    let (doctor, patient) = people(&server).await;
    let patient_id = patient.patient_id();
    let answers = Tally::default();
    let clients = (0..64).map(|number| {
        // Each has a connection of its own, as people have.
        let patient = patient.at(server.base());
        let (doctor, patient_id, answers) = (&doctor, &patient_id, &answers);
        async move { ask_until_closed(&patient, doctor, patient_id, number, answers).await }
    });
    let clients: Vec<_> = clients.collect();
    let base = server.base().to_owned();
    let stop = async {
        answers.reaches(40).await;
        tokio::task::spawn_blocking(move || server.stop()).await.unwrap()
    };
    let (booked, code) = tokio::join!(futures_util::future::join_all(clients), stop);

    assert_eq!(code, Some(0), "{base}");
    let raw = database.raw().await;
    let kept = raw.count("SELECT count(*) FROM appointments").await;
    assert_eq!(kept, booked.iter().sum::<i64>(), "each booking was answered, and each answer kept");
}

/// Reads and books in turn, on one connection, until the server closes it with an answer. Every
/// request has to be answered. Returns how many bookings there were.
async fn ask_until_closed(
    patient: &Person,
    doctor: &str,
    patient_id: &str,
    number: i64,
    answers: &Tally,
) -> i64 {
    let mut booked = 0;
    for round in 0..1000 {
        let read = patient.get("/api/v1/auth/me").await.with_status(200);
        if read.header("connection") == "close" {
            break;
        }
        let start = chrono::DateTime::from_timestamp(1_924_992_000, 0).unwrap()
            + chrono::TimeDelta::minutes(5 * (64 * round + number));
        let mut body = a_booking(doctor, patient_id, &start.format("%FT%TZ").to_string());
        body["duration_minutes"] = serde_json::json!(5);
        let written = patient.post("/api/v1/appointments", body).await.with_status(201);
        booked += 1;
        answers.add();
        if written.header("connection") == "close" {
            break;
        }
    }
    booked
}
