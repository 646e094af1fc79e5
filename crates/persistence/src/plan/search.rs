//! How SQLite goes about searches of doctors, of pharmacies and of users. Those of patients are with
//! their lists, since they depend on whom somebody may see.

use medilink_application::doctor::DoctorFilter;
use medilink_application::page::Stretch;
use medilink_application::pharmacy::PharmacyFilter;
use medilink_application::testing::NOW;
use medilink_application::user::UserFilter;
use sea_orm::{DatabaseConnection, DbBackend, QueryTrait};

use super::{a_database, explained, pages};
use crate::search::Looked;
use crate::{doctor, pharmacy, user};

/// A word that is searched for, and how many records have it.
pub(super) const RARE: (&str, u64) = ("lovelace", 7);
pub(super) const COMMON: (&str, u64) = ("com", Looked::MOST_GATHERED);

/// Whoever looks for two words begins with the records that have the rarer one.
#[tokio::test]
async fn a_search_begins_with_the_rarest_word_of_whatever_it_is() {
    let (_folder, database) = a_database().await;

    for stretch in pages(NOW) {
        for (concept, plan) in plans(&database, &[COMMON, RARE], &stretch).await {
            let said = format!("{concept} {stretch:?}: {plan:#?}");
            let gathered = plan[0].starts_with("SEARCH") && plan[0].ends_with("id=?)");
            assert!(gathered, "{said}");
            let of_words = words_of(concept, &plan);
            assert_eq!(of_words.len(), 2, "{said}");
            assert!(of_words[0].ends_with("_words_1 (word>? AND word<?)"), "{said}");
            assert!(of_words[1].contains(&format!("({concept}_id=?")), "{said}");
        }
    }
}

/// What thousands have is met soon: records are read in order, and each is asked for every word.
#[tokio::test]
async fn a_search_for_what_thousands_have_reads_in_order() {
    let (_folder, database) = a_database().await;

    for stretch in pages(NOW) {
        for (concept, plan) in plans(&database, &[COMMON, COMMON], &stretch).await {
            let said = format!("{concept} {stretch:?}: {plan:#?}");
            assert!(plan.iter().all(|step| !step.contains("TEMP B-TREE")), "{said}");
            let of_words = words_of(concept, &plan);
            assert_eq!(of_words.len(), 2, "{said}");
            let of_a_record = format!("({concept}_id=?");
            assert!(of_words.iter().all(|step| step.contains(&of_a_record)), "{said}");
        }
    }
}

/// Returns the steps of one search in each concept.
async fn plans(
    database: &DatabaseConnection,
    words: &[(&str, u64)],
    stretch: &Stretch,
) -> [(&'static str, Vec<String>); 3] {
    let looked = Looked::of(words.to_vec());
    let doctors = doctor::page_of(&DoctorFilter::default(), &looked, stretch);
    let pharmacies = pharmacy::page_of(&PharmacyFilter::default(), &looked, stretch);
    let users = user::page_of(&UserFilter::default(), &looked, stretch).unwrap();
    [
        ("doctor", explained(database, doctors.build(DbBackend::Sqlite)).await),
        ("pharmacy", explained(database, pharmacies.build(DbBackend::Sqlite)).await),
        ("user", explained(database, users.build(DbBackend::Sqlite)).await),
    ]
}

/// Returns the steps that look at the words of a concept.
fn words_of<'a>(concept: &str, plan: &'a [String]) -> Vec<&'a String> {
    let words = format!("{concept}_words");
    plan.iter().filter(|step| step.contains(&words)).collect()
}
