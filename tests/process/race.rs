//! Many clients and two servers race for one time.

use std::collections::BTreeMap;

use futures_util::future::join_all;
use medilink_tests::app::PASSWORD;
use medilink_tests::person::{a_booking, text};
use medilink_tests::{Person, Program, TestDatabase, on_both_databases};
use serde_json::{Value, json};

use super::start::people;

on_both_databases! {
    of_64_clients_on_two_servers_one_gets_each_time,
}

const CLIENTS: usize = 64;
const ROUNDS: usize = 50;

async fn of_64_clients_on_two_servers_one_gets_each_time(database: TestDatabase) {
    let (one, other) = (Program::serve(&database), Program::serve(&database));
    let (_, patient) = people(&one).await;
    let (doctor, slots) = a_doctor_with_slots(&one).await;
    let clients: Vec<Person> = (0..CLIENTS)
        .map(|number| patient.at(if number % 2 == 0 { one.base() } else { other.base() }))
        .collect();

    for round in 0..ROUNDS {
        let (day, hour) = (7 + round / 20, round % 20);
        let at = |minute: usize| format!("2030-01-{day:02}T{hour:02}:{minute:02}:00Z");
        let wanted = clients.iter().enumerate().map(|(number, client)| {
            // Every one of these starts differently and overlaps all the others.
            let mut body = a_booking(&doctor, &patient.patient_id(), &at(number % 30));
            body["ends_at"] = json!(at(59));
            // Some want all of the slot that lies there.
            if number % 4 >= 2 {
                let slot = &slots[&at(0)];
                body = json!({
                    "doctor_id": doctor, "patient_id": patient.patient_id(), "time_slot_id": slot,
                });
            }
            client.post("/api/v1/appointments", body)
        });
        let mut statuses: Vec<u16> =
            join_all(wanted).await.into_iter().map(|answer| answer.status).collect();
        statuses.sort_unstable();
        assert_eq!(statuses[0], 201, "round {round}");
        assert!(statuses[1..].iter().all(|status| *status == 409), "round {round}: {statuses:?}");
    }

    let raw = database.raw().await;
    let booked = raw.count("SELECT count(*) FROM appointments").await;
    assert_eq!(usize::try_from(booked), Ok(ROUNDS));
}

/// Registers a doctor who publishes three days, and returns the slots by their start.
async fn a_doctor_with_slots(server: &Program) -> (String, BTreeMap<String, Value>) {
    let body = json!({"email": "chen@example.org", "password": PASSWORD, "role": "doctor"});
    let doctor = server.unknown().registers(body).await;
    let days = json!({
        "from_date": "2030-01-07", "to_date": "2030-01-09", "start_time": "00:00",
        "end_time": "24:00", "slot_minutes": 60,
    });
    let published = doctor.post("/api/v1/time-slots/bulk", days).await.created();
    let slots = published["created"].as_array().unwrap().iter();
    let slots = slots.map(|slot| (text(&slot["starts_at"]), slot["id"].clone())).collect();
    (doctor.doctor_id(), slots)
}
