//! How SQLite goes about the directory of doctors.

use medilink_application::doctor::DoctorFilter;
use medilink_domain::doctor::Specialization;
use medilink_domain::text::Place;
use sea_orm::{DbBackend, QueryTrait, Statement};

use super::{a_database, explained, pages};
use crate::doctor::{TIME_ZONES, page_of};
use crate::search::Looked;

/// Every page of the directory is read in order from the one index that has all that it is narrowed by,
/// so it costs the same however many doctors there are. Those in the archive are few.
#[tokio::test]
async fn no_list_of_doctors_walks_them_all() {
    let (_folder, database) = a_database().await;

    for filters in 0..32_u8 {
        for stretch in pages("chen emily") {
            let has = |bit: u8| filters & (1 << bit) != 0;
            let filter = DoctorFilter {
                city: has(0).then(|| Place::parse("Bonn").unwrap()),
                specialization: has(1).then_some(Specialization::Cardiology),
                is_available: has(2).then_some(false),
                verified: has(3).then_some(true),
                search: None,
                archived: has(4),
            };
            let list = page_of(&filter, &Looked::of(Vec::new()), &stretch);
            let plan = explained(&database, list.build(DbBackend::Sqlite)).await;

            let said = format!("{filters:05b} {stretch:?}: {plan:#?}");
            let index =
                if filter.archived { "doctors_archived".to_owned() } else { narrowest(filters) };
            assert!(plan.len() == 1 && plan[0].split(' ').any(|it| it == index), "{index} {said}");
            let is_narrowed = !filter.archived && filters != 0;
            if is_narrowed {
                // Each filter is a column that the index is sought by.
                let seeks = plan[0].matches("=?").count();
                assert_eq!(seeks, filters.count_ones() as usize, "{said}");
            }
            let is_sought = is_narrowed || stretch.after.is_some();
            assert!(plan[0].starts_with("SEARCH") || !is_sought, "{said}");
        }
    }
}

/// Names the index that has all that a list is narrowed by.
fn narrowest(filters: u8) -> String {
    let columns = ["city", "field", "available", "verified"];
    let of_filters = columns.iter().enumerate().filter(|(bit, _)| filters & (1 << bit) != 0);
    let named: Vec<_> = of_filters.map(|(_, column)| *column).collect();
    if named.is_empty() {
        "doctors_present".to_owned()
    } else {
        format!("doctors_{}", named.join("_"))
    }
}

/// Each zone costs one seek, however many doctors are in it.
#[tokio::test]
async fn the_zones_of_doctors_are_found_in_their_index() {
    let (_folder, database) = a_database().await;

    let zones = Statement::from_string(DbBackend::Sqlite, TIME_ZONES);
    let plan = explained(&database, zones).await;

    let looks: Vec<_> = plan.iter().filter(|step| step.contains("doctors")).collect();
    assert!(!looks.is_empty(), "{plan:#?}");
    for step in looks {
        assert!(
            step.starts_with("SEARCH doctors USING COVERING INDEX doctors_time_zone"),
            "{plan:#?}"
        );
    }
}
