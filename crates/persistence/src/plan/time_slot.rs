//! How SQLite goes about the lists of time slots, whatever they are narrowed by.

use medilink_application::testing::{NOW, at};
use medilink_application::time_slot::TimeSlotSelection;
use medilink_domain::id::{DoctorId, Uuid};
use sea_orm::{DbBackend, QueryTrait};

use super::{a_database, explained, pages};
use crate::time_slot;

/// Whether a slot is booked is one seek among the active appointments of its doctor.
#[tokio::test]
async fn every_list_of_time_slots_reads_one_index_in_order() {
    let (_folder, database) = a_database().await;

    for filters in 0..8_u8 {
        for available in [None, Some(true), Some(false)] {
            for stretch in pages(NOW) {
                let has = |bit: u8| filters & (1 << bit) != 0;
                let selection = TimeSlotSelection {
                    doctor: has(0).then(|| DoctorId::new(Uuid::from_u128(30))),
                    from: has(1).then(|| at(NOW)),
                    to: has(2).then(|| at("2030-02-01T00:00:00Z")),
                    available,
                    now: at(NOW),
                };
                let list = time_slot::seen(time_slot::select(&selection));
                let list = time_slot::page_of(list, &stretch).unwrap();
                let plan = explained(&database, list.build(DbBackend::Sqlite)).await;

                let said = format!("{filters:03b} {available:?} {stretch:?}: {plan:#?}");
                let index = if has(0) { "time_slots_doctor" } else { "time_slots_start" };
                assert!(plan[0].split(' ').any(|word| word == index), "{said}");
                let is_everything =
                    filters == 0 && available != Some(true) && stretch.after.is_none();
                for step in &plan {
                    // The latest of the active is the last of its doctor's in the index.
                    assert!(!step.contains("TEMP B-TREE"), "{said}");
                    let walks = step.contains("SCAN") && !step.contains("CONSTANT");
                    assert!(!walks || (is_everything && step.contains("time_slots")), "{said}");
                    let seeks = "SEARCH appointments USING INDEX appointments_doctor_active \
                        (doctor_id=? AND starts_at<?)";
                    assert!(!step.contains("appointments") || step.starts_with(seeks), "{said}");
                }
                assert!(
                    plan.iter().any(|step| step.contains("appointments_doctor_active")),
                    "{said}"
                );
            }
        }
    }
}
