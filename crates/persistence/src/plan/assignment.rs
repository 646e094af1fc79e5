//! How SQLite goes about the lists of assignments, whatever they are narrowed by.

use medilink_application::assignment::AssignmentSelection;
use medilink_application::testing::{NOW, an_actor, at};
use medilink_domain::care::CareWindow;
use medilink_domain::id::{DoctorId, PatientId, Uuid};
use medilink_domain::policy::{Action, reach};
use medilink_domain::user::Role;
use sea_orm::{DbBackend, QueryTrait};

use super::{a_database, explained, pages};
use crate::assignment;

/// A list of everything is read from one end, and any other by what narrows it. What a doctor may see
/// is gathered first, and put in order then: it is never the whole clinic.
#[tokio::test]
async fn no_list_of_assignments_walks_them_all() {
    let (_folder, database) = a_database().await;

    for role in [Role::Admin, Role::Coordinator, Role::Doctor, Role::Patient] {
        for filters in 0..16_u8 {
            for stretch in pages(NOW) {
                let has = |bit: u8| filters & (1 << bit) != 0;
                let selection = AssignmentSelection {
                    actor: an_actor(role),
                    reach: reach(role, Action::ReadAssignment),
                    since: CareWindow::default().since(at(NOW)),
                    doctor: has(0).then(|| DoctorId::new(Uuid::from_u128(30))),
                    patient: has(1).then(|| PatientId::new(Uuid::from_u128(40))),
                    is_primary: has(2).then_some(true),
                    is_active: has(3).then_some(false),
                };
                let list = assignment::seen(assignment::select(&selection));
                let list = assignment::page_of(list, &stretch).unwrap();
                let plan = explained(&database, list.build(DbBackend::Sqlite)).await;

                let said = format!("{role} {filters:04b} {stretch:?}: {plan:#?}");
                let is_everything = role == Role::Admin && filters == 0;
                let is_sorted = role == Role::Doctor && !has(0) && !has(1);
                for step in &plan {
                    let reads_in_order = !step.contains("TEMP B-TREE FOR ORDER BY");
                    assert!(reads_in_order || is_sorted, "{said}");
                    let walks = step.starts_with("SCAN a");
                    assert!(!walks || is_everything, "{said}");
                }
                if !is_sorted {
                    let index = match (role, has(0), has(1), has(2), has(3)) {
                        (Role::Patient, ..) | (_, _, true, ..) => "patient",
                        (_, true, ..) => "doctor",
                        (Role::Coordinator, ..) => "creator",
                        (_, _, _, true, true) => "state",
                        (_, _, _, true, false) => "primary",
                        (_, _, _, false, true) => "active",
                        (_, _, _, false, false) => "made",
                    };
                    let index = format!("assignments_{index}");
                    assert!(plan[0].split(' ').any(|word| word == index), "{said}");
                }
            }
        }
    }
}
