//! Care: what the store takes for it is what the domain says.

use medilink_application::store::Store;
use medilink_application::testing::{NOW, at};
use medilink_domain::appointment::AppointmentStatus;
use medilink_domain::care::{Care, CareSince, CareWindow};
use medilink_tests::{TestDatabase, on_both_databases};

use super::clinic::{Clinic, an_entry};

on_both_databases! {
    an_appointment_is_care_as_its_status_says_and_no_longer_than_the_window,
    of_several_appointments_one_is_enough,
}

/// Tells whether a doctor cares for a patient, which units of work and reads have to agree on.
pub(super) async fn cares(
    clinic: &Clinic,
    doctor: usize,
    patient: usize,
    since: CareSince,
) -> bool {
    let (doctor, patient) = (clinic.doctors[doctor].id, clinic.patients[patient].id);
    let mut work = clinic.store.begin().await.unwrap();
    let written = work.patients().is_in_care(patient, doctor, since).await.unwrap();
    work.commit(an_entry()).await.unwrap();
    let queries = clinic.store.queries();
    let seen = queries.patients().find(patient, Some(doctor), since).await.unwrap().unwrap();
    assert_eq!(written, seen.in_care);
    written
}

async fn an_appointment_is_care_as_its_status_says_and_no_longer_than_the_window(
    database: TestDatabase,
) {
    let clinic = Clinic::on(database).await;
    // As long as one may be, so that it begins well before the window that it ends in.
    let appointment = clinic.appointment(0, 0, "00:00", "12:00");
    clinic.book(&appointment).await.unwrap();
    let ends_at = appointment.time.ends_at();
    let raw = clinic.database.raw().await;

    for status in AppointmentStatus::ALL {
        raw.execute(&format!("UPDATE appointments SET status = '{status}'")).await.unwrap();
        for (days, now, is_within) in [
            ("90", NOW, true),
            ("90", "2030-04-07T12:00:00Z", true),
            ("90", "2030-04-07T12:00:01Z", false),
            ("1", "2030-01-08T12:00:00Z", true),
            ("1", "2030-01-08T12:00:01Z", false),
            ("3650", "2040-01-05T12:00:00Z", true),
            ("3650", "2040-01-05T12:00:01Z", false),
        ] {
            let since = CareWindow::parse(days).unwrap().since(at(now));
            assert_eq!(since.end() <= ends_at, is_within, "{now}");
            let expected = match Care::of(*status) {
                Care::Ongoing => true,
                Care::Lasting => is_within,
                Care::None => false,
            };
            assert_eq!(cares(&clinic, 0, 0, since).await, expected, "{status} {days} {now}");
            assert!(!cares(&clinic, 1, 0, since).await, "the care is nobody else's");
            assert!(!cares(&clinic, 0, 1, since).await, "the care is for nobody else");
        }
    }
}

async fn of_several_appointments_one_is_enough(database: TestDatabase) {
    let clinic = Clinic::on(database).await;
    let since = CareWindow::default().since(at(NOW));
    let mut cancelled = Vec::new();
    for hour in ["08", "09", "10"] {
        let appointment = clinic.appointment(0, 0, &format!("{hour}:00"), &format!("{hour}:30"));
        clinic.book(&appointment).await.unwrap();
        cancelled.push(appointment.id);
    }

    while let Some(id) = cancelled.pop() {
        assert!(cares(&clinic, 0, 0, since).await);
        clinic.cancel(id).await;
    }

    assert!(!cares(&clinic, 0, 0, since).await);
}
