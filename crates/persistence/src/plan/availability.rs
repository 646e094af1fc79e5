//! How SQLite goes about what is free of a doctor's time.

use medilink_application::testing::{NOW, at};
use medilink_domain::id::{DoctorId, PatientId, Uuid};
use medilink_domain::period::Period;
use sea_orm::{DbBackend, QueryTrait};

use super::{a_database, explained};
use crate::appointment::{active_of_doctor, active_of_patient};
use crate::availability::{booked_within, open_from, slots_within};

/// Whoever looks for free times reads what lies around them, and nothing of a doctor's years.
#[tokio::test]
async fn what_is_offered_and_what_is_taken_is_found_in_a_stretch_of_an_index() {
    let (_folder, database) = a_database().await;
    let doctor = DoctorId::new(Uuid::from_u128(30));
    let patient = PatientId::new(Uuid::from_u128(40));
    let within = Period::new(at(NOW), at("2030-02-01T00:00:00Z")).unwrap();

    let both_ends = "starts_at>? AND starts_at<?";
    for (statement, index, bounds) in [
        (
            booked_within(active_of_doctor(doctor), within).build(DbBackend::Sqlite),
            "appointments_doctor",
            both_ends,
        ),
        (
            booked_within(active_of_patient(patient), within).build(DbBackend::Sqlite),
            "appointments_patient",
            both_ends,
        ),
        (slots_within(doctor, within).build(DbBackend::Sqlite), "time_slots_doctor", both_ends),
        (open_from(doctor, at(NOW)).build(DbBackend::Sqlite), "time_slots_doctor", "starts_at>?"),
    ] {
        let steps = explained(&database, statement).await;
        let looks: Vec<_> = steps.iter().filter(|it| !it.contains("TEMP B-TREE")).collect();
        assert!(looks.len() == 1 && looks[0].starts_with("SEARCH"), "{steps:#?}");
        assert!(looks[0].contains(index) && looks[0].contains(bounds), "{steps:#?}");
    }
}
