//! How SQLite goes about the list of pharmacies, whatever it is narrowed by.

use medilink_application::page::{Position, Stretch};
use medilink_application::pharmacy::PharmacyFilter;
use medilink_domain::id::Uuid;
use medilink_domain::search::Search;
use medilink_domain::text::Place;
use sea_orm::{DbBackend, QueryTrait};

use super::{a_database, explained};
use crate::pharmacy;

/// Every page of the directory is read in order from one index. A search looks its words up first, and
/// puts in order what it has found.
#[tokio::test]
async fn no_list_of_pharmacies_walks_them_all() {
    let (_folder, database) = a_database().await;

    for filters in 0..8_u8 {
        for after in [false, true] {
            let has = |bit: u8| filters & (1 << bit) != 0;
            let filter = PharmacyFilter {
                city: has(0).then(|| Place::parse("Bonn").unwrap()),
                verified: has(1).then_some(true),
                search: has(2).then(|| Search::parse("at the corner").unwrap()),
            };
            let position = Position { key: "at the corner".to_owned(), id: Uuid::from_u128(9) };
            let stretch = Stretch { after: after.then_some(position), ..Stretch::default() };
            let list = pharmacy::page_of(pharmacy::select(&filter), &stretch);
            let plan = explained(&database, list.build(DbBackend::Sqlite)).await;

            let said = format!("{filters:03b} {after}: {plan:#?}");
            let index = match (has(0), has(1)) {
                (true, true) => "pharmacies_city_verified",
                (true, false) => "pharmacies_city",
                (false, true) => "pharmacies_verified",
                (false, false) => "pharmacies_name",
            };
            if has(2) {
                let words = plan.iter().filter(|step| step.contains("(word>? AND word<?)"));
                assert_eq!(words.count(), 3, "{said}");
                assert!(plan.iter().all(|step| !step.starts_with("SCAN")), "{said}");
            } else {
                assert!(plan.len() == 1 && plan[0].split(' ').any(|it| it == index), "{said}");
                let is_everything = filters == 0 && !after;
                assert!(is_everything || plan[0].starts_with("SEARCH"), "{said}");
            }
        }
    }
}
