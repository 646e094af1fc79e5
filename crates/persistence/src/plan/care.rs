//! How SQLite goes about whom a doctor cares for.

use medilink_application::testing::{NOW, at};
use medilink_domain::care::CareWindow;
use medilink_domain::id::{DoctorId, PatientId, Uuid};
use sea_orm::DbBackend;

use super::{a_database, explained};
use crate::patient::care;

/// A doctor may have had thousands of appointments, and a clinic millions.
#[tokio::test]
async fn care_is_found_in_a_stretch_of_an_index_for_each_of_its_parts() {
    let (_folder, database) = a_database().await;
    let doctor = DoctorId::new(Uuid::from_u128(30));
    let patient = PatientId::new(Uuid::from_u128(40));
    let since = CareWindow::default().since(at(NOW));

    let of_patient = "appointments_patient ";
    for (named, index) in [(None, "appointments_doctor_status"), (Some(patient), of_patient)] {
        let parts = ["assignments_active_pair", index, index];
        let plan = explained(&database, DbBackend::Sqlite.build(&care(doctor, since, named))).await;
        let looks: Vec<_> =
            plan.iter().filter(|it| it.starts_with("SEARCH") || it.starts_with("SCAN")).collect();
        assert_eq!(looks.len(), parts.len(), "{plan:#?}");
        for (step, index) in looks.iter().zip(parts) {
            assert!(step.starts_with("SEARCH") && step.contains(index), "{plan:#?}");
        }
    }
}
