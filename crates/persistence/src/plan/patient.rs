//! How SQLite goes about the lists of patients, whatever they are narrowed by and searched for.

use medilink_application::page::Stretch;
use medilink_application::patient::{PatientFilter, PatientSelection};
use medilink_application::testing::{NOW, an_actor, at};
use medilink_domain::care::CareWindow;
use medilink_domain::patient::{BloodGroup, Gender};
use medilink_domain::policy::{Action, reach};
use medilink_domain::user::Role;
use sea_orm::{DatabaseConnection, DbBackend, QueryTrait};

use super::search::{COMMON, RARE};
use super::{a_database, explained, pages};
use crate::patient::parts_of;
use crate::search::Looked;

/// Patients are read in the order of the index that knows all that the list is narrowed by. What a
/// doctor may see is gathered first: of those whose records they made no more than a page is read.
#[tokio::test]
async fn no_list_of_patients_walks_them_all() {
    let (_folder, database) = a_database().await;

    for role in [Role::Admin, Role::Coordinator, Role::Doctor] {
        for filters in 0..4 {
            for words in [&[][..], &[COMMON], &[COMMON, COMMON]] {
                for stretch in pages("lovelace ada") {
                    let selection = asked(role, filters, false);
                    let plan = plan(&database, &selection, words, &stretch).await;
                    let said = format!("{role} {filters:02b} {words:?} {stretch:?}: {plan:#?}");
                    let creator = if role == Role::Admin { "" } else { "_creator" };
                    let by = match (filters & 1 != 0, filters & 2 != 0) {
                        (true, true) => "_gender_blood",
                        (true, false) => "_gender",
                        (false, true) => "_blood",
                        (false, false) if role == Role::Admin => "_present",
                        (false, false) => "",
                    };
                    let index = format!("patients{creator}{by}");
                    let read = plan.iter().find(|step| step.split(' ').any(|word| word == index));
                    let read = read.unwrap_or_else(|| panic!("{said}"));
                    let is_everything = role == Role::Admin && filters == 0;
                    assert!(read.starts_with("SEARCH") || is_everything, "{said}");
                    if role != Role::Doctor {
                        assert!(plan.iter().all(|step| !step.contains("TEMP B-TREE")), "{said}");
                    }
                    let of_words = plan.iter().filter(|step| step.contains("patient_words"));
                    for step in of_words {
                        let seek = "COVERING INDEX patient_words_patient (patient_id=? AND word>?";
                        assert!(step.contains(seek), "{said}");
                    }
                    let walks = plan.iter().filter(|step| step.starts_with("SCAN patients"));
                    let walked = usize::from(is_everything && stretch.after.is_none());
                    assert_eq!(walks.count(), walked, "{said}");
                }
            }
        }
    }
}

/// Whoever looks for two words begins with those who have the rarer one.
#[tokio::test]
async fn a_search_begins_with_the_rarest_word() {
    let (_folder, database) = a_database().await;

    for role in [Role::Admin, Role::Coordinator] {
        for filters in 0..4 {
            for archived in [false, true] {
                for stretch in pages("lovelace ada") {
                    let selection = asked(role, filters, archived);
                    let plan = plan(&database, &selection, &[COMMON, RARE], &stretch).await;

                    let said = format!("{role} {filters:02b} {archived} {stretch:?}: {plan:#?}");
                    // Of a coordinator's few it may be those who have the word instead.
                    let gathered = plan[0].starts_with("SEARCH")
                        && (plan[0].ends_with("id=?)") || plan[0].contains("(created_by=?"));
                    assert!(gathered, "{said}");
                    let of_words: Vec<_> =
                        plan.iter().filter(|step| step.contains("patient_words")).collect();
                    assert_eq!(of_words.len(), 2, "{said}");
                    assert!(of_words[0].contains("patient_words_1 (word>? AND word<?)"), "{said}");
                    assert!(of_words[1].contains("(patient_id=? AND word>? AND word<?)"), "{said}");
                }
            }
        }
    }
    // For the few whom a doctor cares for, the words of each are looked at.
    let selection = asked(Role::Doctor, 0, false);
    let plan = plan(&database, &selection, &[RARE], &Stretch::default()).await;
    assert!(plan.iter().all(|step| !step.contains("SCAN patients")), "{plan:#?}");
}

/// Makes a selection of patients: each bit is a filter that is there.
fn asked(role: Role, filters: u8, archived: bool) -> PatientSelection {
    let filter = PatientFilter {
        search: None,
        gender: (filters & 1 != 0).then_some(Gender::Female),
        blood_group: (filters & 2 != 0).then_some(BloodGroup::OPositive),
        archived,
    };
    PatientSelection {
        actor: an_actor(role),
        reach: reach(role, Action::ReadPatient),
        since: CareWindow::default().since(at(NOW)),
        filter,
    }
}

async fn plan(
    database: &DatabaseConnection,
    selection: &PatientSelection,
    words: &[(&str, u64)],
    stretch: &Stretch,
) -> Vec<String> {
    let mut plan = Vec::new();
    for part in parts_of(selection, &Looked::of(words.to_vec()), stretch) {
        plan.extend(explained(database, part.build(DbBackend::Sqlite)).await);
    }
    plan
}
