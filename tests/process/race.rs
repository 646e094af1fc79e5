//! Many clients and two servers race for one time.

use futures_util::future::join_all;
use medilink_tests::person::a_booking;
use medilink_tests::{Person, Program, TestDatabase, on_both_databases};
use serde_json::json;

use super::start::people;

on_both_databases! {
    of_64_clients_on_two_servers_one_gets_each_time,
}

const CLIENTS: usize = 64;
const ROUNDS: usize = 50;

async fn of_64_clients_on_two_servers_one_gets_each_time(database: TestDatabase) {
    let (one, other) = (Program::serve(&database), Program::serve(&database));
    let (doctor, patient) = people(&one).await;
    let clients: Vec<Person> = (0..CLIENTS)
        .map(|number| patient.at(if number % 2 == 0 { one.base() } else { other.base() }))
        .collect();

    for round in 0..ROUNDS {
        let (day, hour) = (7 + round / 20, round % 20);
        let wanted = clients.iter().enumerate().map(|(number, client)| {
            // Every one of these starts differently and overlaps all the others.
            let starts_at = format!("2030-01-{day:02}T{hour:02}:{:02}:00Z", number % 30);
            let mut body = a_booking(&doctor, &patient.patient_id(), &starts_at);
            body["ends_at"] = json!(format!("2030-01-{day:02}T{hour:02}:59:00Z"));
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
