//! What the store counts.

use chrono::TimeDelta;
use medilink_application::store::Store;
use medilink_application::testing::{NOW, at};
use medilink_domain::appointment::AppointmentStatus;
use medilink_domain::archive::Blocking;
use medilink_domain::audit::Outcome;
use medilink_domain::id::{DoctorId, PharmacyId, TimeSlotId};
use medilink_domain::period::BookableTime;
use medilink_domain::pharmacy::{Pharmacy, PharmacyProfile};
use medilink_domain::policy::Action;
use medilink_domain::statistics::CountedPeriod;
use medilink_domain::time_slot::TimeSlot;
use medilink_domain::user::{Role, User, UserStatus};
use medilink_tests::{TestDatabase, on_both_databases};

use super::clinic::{Clinic, a_doctor, a_patient, a_user, an_entry, new_id, on_monday};

on_both_databases! {
    users_are_counted_by_role_and_status,
    an_overview_leaves_out_what_is_archived,
    appointments_of_a_period_are_summed_by_doctor_and_status,
    published_time_of_a_period_is_summed_by_doctor,
    failed_sign_ins_are_counted_from_the_trail,
}

/// Half of Monday: from 10:00, which is in it, to 12:00, which is not.
fn the_morning() -> CountedPeriod {
    let morning = on_monday("10:00", "12:00");
    CountedPeriod::new(Some(morning.starts_at()), Some(morning.ends_at()), at(NOW)).unwrap()
}

async fn users_are_counted_by_role_and_status(database: TestDatabase) {
    let clinic = Clinic::on(database).await;
    let mut work = clinic.store.begin().await.unwrap();
    for (role, status) in [
        (Role::Doctor, UserStatus::Pending),
        (Role::Doctor, UserStatus::Pending),
        (Role::Coordinator, UserStatus::Active),
        (Role::Coordinator, UserStatus::Disabled),
    ] {
        work.users().insert(&User { role, status, ..a_user() }).await.unwrap();
    }
    work.commit(an_entry()).await.unwrap();

    let counts = clinic.store.queries().statistics().users().await.unwrap();

    let mut counts: Vec<_> =
        counts.iter().map(|it| (it.role.as_str(), it.status.as_str(), it.count)).collect();
    counts.sort_unstable();
    let expected =
        [("coordinator", "active", 2), ("coordinator", "disabled", 1), ("doctor", "pending", 2)];
    assert_eq!(counts, expected);
}

async fn an_overview_leaves_out_what_is_archived(database: TestDatabase) {
    let clinic = Clinic::on(database).await;
    let mut work = clinic.store.begin().await.unwrap();
    // Two doctors and two patients are there already.
    for license in ["DE-1", "DE-2", "DE-3"] {
        let mut doctor = a_doctor(Some(license));
        doctor.verify(at(NOW)).unwrap();
        if license == "DE-3" {
            doctor.archived_at = Some(at(NOW));
        }
        work.doctors().insert(&doctor).await.unwrap();
    }
    let mut patient = a_patient(&clinic.user);
    work.patients().insert(&patient).await.unwrap();
    patient.archive(Blocking::default(), at(NOW)).unwrap();
    work.patients().update(&patient).await.unwrap();
    for is_verified in [true, false, false] {
        let id = PharmacyId::new(new_id());
        let pharmacy = Pharmacy::new(id, PharmacyProfile::default(), at(NOW));
        work.pharmacies().insert(&Pharmacy { is_verified, ..pharmacy }).await.unwrap();
    }
    work.commit(an_entry()).await.unwrap();

    let count = clinic.store.queries().statistics().directory().await.unwrap();

    assert_eq!((count.patients, count.doctors, count.verified_doctors), (2, 4, 2));
    assert_eq!((count.pharmacies, count.verified_pharmacies), (3, 1));
}

async fn appointments_of_a_period_are_summed_by_doctor_and_status(database: TestDatabase) {
    let clinic = Clinic::on(database).await;
    for (doctor, patient, start, end) in [
        (0, 0, "09:30", "10:30"),
        (0, 1, "10:30", "11:00"),
        (0, 0, "11:00", "12:30"),
        (1, 1, "10:00", "10:30"),
        (1, 1, "12:00", "12:30"),
    ] {
        clinic.book(&clinic.appointment(doctor, patient, start, end)).await.unwrap();
    }
    let later = clinic.appointment(1, 1, "11:30", "11:45");
    clinic.book(&later).await.unwrap();
    clinic.cancel(later.id).await;

    let queries = clinic.store.queries();
    let sums = queries.statistics().appointments(the_morning()).await.unwrap();

    let [one, other] = [clinic.doctors[0].id, clinic.doctors[1].id];
    let said = |doctor: DoctorId, status: AppointmentStatus| {
        let found = sums.iter().find(|sum| sum.doctor == doctor && sum.status == status);
        found.map(|sum| (sum.count, sum.minutes))
    };
    // Whatever starts in the period counts whole, and nothing that starts before or behind it.
    assert_eq!(said(one, AppointmentStatus::Scheduled), Some((2, 120)));
    assert_eq!(said(other, AppointmentStatus::Scheduled), Some((1, 30)));
    assert_eq!(said(other, AppointmentStatus::Cancelled), Some((1, 15)));
    assert_eq!(sums.len(), 3);

    let mut names = queries.statistics().doctors(&[other, one]).await.unwrap();
    names.sort_by_key(|doctor| doctor.id.as_uuid());
    let mut expected = [one, other];
    expected.sort_by_key(|id| id.as_uuid());
    assert!(names.iter().map(|doctor| doctor.id).eq(expected));
    assert!(queries.statistics().doctors(&[]).await.unwrap().is_empty());
}

async fn published_time_of_a_period_is_summed_by_doctor(database: TestDatabase) {
    let clinic = Clinic::on(database).await;
    let slot = |doctor: usize, start, end, blocked| {
        let id = TimeSlotId::new(new_id());
        let time = BookableTime::new(on_monday(start, end)).unwrap();
        let slot = TimeSlot::publish(id, clinic.doctors[doctor].id, time, clinic.user.id, at(NOW));
        TimeSlot { blocked, ..slot }
    };
    let slots = [
        slot(0, "09:30", "10:00", false),
        slot(0, "10:00", "10:20", false),
        slot(0, "10:20", "11:00", true),
        slot(0, "11:55", "12:55", false),
        slot(1, "12:00", "12:30", false),
    ];
    let mut work = clinic.store.begin().await.unwrap();
    work.time_slots().insert(&slots, None).await.unwrap();
    work.commit(an_entry()).await.unwrap();

    let queries = clinic.store.queries();
    let published = queries.statistics().published(the_morning()).await.unwrap();

    assert_eq!(published, [(clinic.doctors[0].id, 80)]);
}

async fn failed_sign_ins_are_counted_from_the_trail(database: TestDatabase) {
    let clinic = Clinic::on(database).await;
    let yesterday = at(NOW).saturating_add(TimeDelta::days(-1));
    for (action, outcome, when) in [
        (Action::SignIn, Outcome::Failed, at(NOW)),
        (Action::SignIn, Outcome::Failed, yesterday),
        (Action::SignIn, Outcome::Failed, yesterday.saturating_add(TimeDelta::seconds(-1))),
        (Action::SignIn, Outcome::Done, at(NOW)),
        (Action::RefreshSession, Outcome::Failed, at(NOW)),
    ] {
        let mut entry = an_entry();
        (entry.action, entry.outcome, entry.at) = (action, outcome, when);
        clinic.store.begin().await.unwrap().commit(entry).await.unwrap();
    }

    // One entry stands for several of somebody unknown.
    let id = if clinic.database.is_postgres() { "gen_random_uuid()" } else { "randomblob(16)" };
    let several = format!(
        "INSERT INTO audit_entries (id, at, action, outcome, count)
        VALUES ({id}, '2030-01-06T11:00:00+00:00', 'sign_in', 'failed', 3)"
    );
    clinic.database.raw().await.execute(&several).await.unwrap();

    let failed = clinic.store.queries().statistics().failed_sign_ins(yesterday).await.unwrap();

    assert_eq!(failed, 5);
}
