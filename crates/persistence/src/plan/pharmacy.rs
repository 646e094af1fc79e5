//! How SQLite goes about the list of pharmacies, whatever it is narrowed by.

use medilink_application::pharmacy::PharmacyFilter;
use medilink_domain::text::Place;
use sea_orm::{DbBackend, QueryTrait};

use super::{a_database, explained, pages};
use crate::pharmacy::page_of;
use crate::search::Looked;

/// Every page of the directory is read in order from one index.
#[tokio::test]
async fn no_list_of_pharmacies_walks_them_all() {
    let (_folder, database) = a_database().await;

    for filters in 0..4_u8 {
        for stretch in pages("at the corner") {
            let has = |bit: u8| filters & (1 << bit) != 0;
            let filter = PharmacyFilter {
                search: None,
                city: has(0).then(|| Place::parse("Bonn").unwrap()),
                verified: has(1).then_some(true),
            };
            let list = page_of(&filter, &Looked::of(Vec::new()), &stretch);
            let plan = explained(&database, list.build(DbBackend::Sqlite)).await;

            let said = format!("{filters:02b} {stretch:?}: {plan:#?}");
            let index = match (has(0), has(1)) {
                (true, true) => "pharmacies_city_verified",
                (true, false) => "pharmacies_city",
                (false, true) => "pharmacies_verified",
                (false, false) => "pharmacies_name",
            };
            assert!(plan.len() == 1 && plan[0].split(' ').any(|it| it == index), "{said}");
            let is_everything = filters == 0 && stretch.after.is_none();
            assert!(is_everything || plan[0].starts_with("SEARCH"), "{said}");
        }
    }
}
