//! Appointments: what the database refuses, and what lists return.

use medilink_application::appointment::{AppointmentCount, AppointmentSelection, ZoneDay};
use medilink_application::error::{Conflict, StoreError};
use medilink_application::page::{Limit, Stretch};
use medilink_application::store::Store;
use medilink_application::testing::{NOW, at};
use medilink_domain::actor::Actor;
use medilink_domain::appointment::{AppointmentChange, AppointmentStatus};
use medilink_domain::id::{AppointmentId, UserId};
use medilink_domain::period::BookableTime;
use medilink_domain::policy::{Access, Action, reach};
use medilink_domain::record::Concept;
use medilink_domain::revision::Revision;
use medilink_domain::statistics::{CountedDay, CountedDays};
use medilink_domain::text::{AppointmentNotes, Reason};
use medilink_domain::time::Date;
use medilink_domain::user::Role;
use medilink_domain::zone::Zone;
use medilink_tests::{TestDatabase, on_both_databases};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;

use super::clinic::{Clinic, an_entry, new_id, on_monday};

on_both_databases! {
    an_appointment_comes_out_as_it_went_in,
    two_overlapping_bookings_of_one_doctor_never_both_commit,
    when_both_are_busy_the_doctor_is_reported,
    an_appointment_cannot_be_moved_onto_another,
    a_time_may_be_booked_again_after_cancellation,
    a_cancelled_appointment_cannot_come_back_onto_another,
    whoever_writes_the_database_refuses_an_overlap,
    exactly_the_active_statuses_take_time,
    random_intervals_never_overlap,
    changes_of_active_appointments_and_bookings_never_wait_in_a_circle,
    an_update_of_a_changed_appointment_is_stale,
    a_list_returns_nothing_out_of_reach,
    a_count_is_by_day_and_status_and_says_how_long_before,
    a_day_is_that_of_each_doctor,
    what_is_active_is_what_takes_time,
}

async fn an_appointment_comes_out_as_it_went_in(database: TestDatabase) {
    let clinic = Clinic::on(database).await;
    let mut appointment = clinic.appointment(0, 0, "09:00", "10:00");
    appointment.reason = Some(Reason::parse("Ō naïve 🦊 cough\nsince Monday").unwrap());
    appointment.notes = Some(AppointmentNotes::parse(&"ñ".repeat(5000)).unwrap());
    appointment.retrospective = true;
    clinic.book(&appointment).await.unwrap();

    let mut work = clinic.store.begin().await.unwrap();
    let found = work.appointments().lock(appointment.id).await.unwrap();

    assert_eq!(found, Some(appointment));
}

async fn two_overlapping_bookings_of_one_doctor_never_both_commit(database: TestDatabase) {
    let clinic = Clinic::on(database).await;
    for round in 0..5 {
        let hour = 8 + 2 * round;
        let wanted: Vec<_> = (0..32)
            .map(|minute| {
                let (start, end) = (format!("{hour:02}:{minute:02}"), format!("{hour:02}:45"));
                clinic.appointment(0, minute % 2, &start, &end)
            })
            .collect();

        let outcomes =
            futures_util::future::join_all(wanted.iter().map(|wanted| clinic.book(wanted))).await;

        assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 1);
        for refused in outcomes.into_iter().filter_map(Result::err) {
            assert!(matches!(refused, StoreError::Conflict(Conflict::DoctorDoubleBooked)));
        }
    }
}

async fn when_both_are_busy_the_doctor_is_reported(database: TestDatabase) {
    let clinic = Clinic::on(database).await;
    clinic.book(&clinic.appointment(0, 0, "09:00", "10:00")).await.unwrap();
    let book = async |doctor, patient| {
        clinic.book(&clinic.appointment(doctor, patient, "09:30", "10:30")).await.unwrap_err()
    };

    let doctor = StoreError::Conflict(Conflict::DoctorDoubleBooked).to_string();
    let patient = StoreError::Conflict(Conflict::PatientDoubleBooked).to_string();
    assert_eq!(book(0, 0).await.to_string(), doctor);
    assert_eq!(book(0, 1).await.to_string(), doctor);
    assert_eq!(book(1, 0).await.to_string(), patient);
}

async fn an_appointment_cannot_be_moved_onto_another(database: TestDatabase) {
    let clinic = Clinic::on(database).await;
    clinic.book(&clinic.appointment(0, 0, "09:00", "10:00")).await.unwrap();
    let mut moved = clinic.appointment(0, 1, "11:00", "12:00");
    clinic.book(&moved).await.unwrap();
    let before = moved.clone();

    moved.time = BookableTime::new(on_monday("09:30", "10:30")).unwrap();
    moved.revision.version += 1;
    let mut work = clinic.store.begin().await.unwrap();
    let change = cancellation(&clinic, &before);
    let refused = work.appointments().update(&moved, &change).await;
    drop(work);

    assert!(matches!(refused, Err(StoreError::Conflict(Conflict::DoctorDoubleBooked))));
    let mut work = clinic.store.begin().await.unwrap();
    assert_eq!(work.appointments().lock(moved.id).await.unwrap(), Some(before));
}

async fn a_time_may_be_booked_again_after_cancellation(database: TestDatabase) {
    let clinic = Clinic::on(database).await;
    let first = clinic.appointment(0, 0, "09:00", "10:00");
    clinic.book(&first).await.unwrap();

    clinic.cancel(first.id).await;

    clinic.book(&clinic.appointment(0, 0, "09:30", "10:30")).await.unwrap();
}

async fn a_cancelled_appointment_cannot_come_back_onto_another(database: TestDatabase) {
    let clinic = Clinic::on(database).await;
    let first = clinic.appointment(0, 0, "09:00", "10:00");
    clinic.book(&first).await.unwrap();
    clinic.cancel(first.id).await;
    clinic.book(&clinic.appointment(0, 1, "09:00", "10:00")).await.unwrap();

    let raw = clinic.database.raw().await;
    let revive = "UPDATE appointments SET status = 'scheduled' WHERE status = 'cancelled'";

    assert!(raw.execute(revive).await.unwrap_err().to_string().contains("doctor_overlap"));
}

async fn whoever_writes_the_database_refuses_an_overlap(database: TestDatabase) {
    let clinic = Clinic::on(database).await;
    clinic.book(&clinic.appointment(0, 0, "09:00", "10:00")).await.unwrap();
    let raw = clinic.database.raw().await;
    let new_id = if clinic.database.is_postgres() { "gen_random_uuid()" } else { "randomblob(16)" };
    let copied = |start: &str, end: &str| {
        format!(
            "INSERT INTO appointments SELECT {new_id}, doctor_id, patient_id, patient_created_by, '{start}', '{end}',
                status, reason, notes, retrospective, created_by, created_at, updated_at, version
            FROM appointments LIMIT 1"
        )
    };

    for (start, end) in
        [("08:30", "09:30"), ("09:30", "10:30"), ("09:15", "09:45"), ("08:00", "11:00")]
    {
        let [start, end] = [start, end].map(|time| format!("2030-01-07T{time}:00+00:00"));
        let refused = raw.execute(&copied(&start, &end)).await.unwrap_err();
        assert!(refused.to_string().contains("appointments_doctor_overlap"), "{refused}");
    }
    if !clinic.database.is_postgres() {
        // SQLite compares text: another way to write an instant would slip past.
        assert!(raw.execute(&copied("2030-01-07 09:00:00", "2030-01-07 10:00:00")).await.is_err());
        assert!(
            raw.execute(&copied("2030-01-07T09:00:00Z", "2030-01-07T10:00:00Z")).await.is_err()
        );
    }
    raw.execute(&copied("2030-01-07T10:00:00+00:00", "2030-01-07T11:00:00+00:00")).await.unwrap();
}

async fn exactly_the_active_statuses_take_time(database: TestDatabase) {
    let clinic = Clinic::on(database).await;
    clinic.book(&clinic.appointment(0, 0, "09:00", "10:00")).await.unwrap();
    let raw = clinic.database.raw().await;
    let new_id = if clinic.database.is_postgres() { "gen_random_uuid()" } else { "randomblob(16)" };

    for status in AppointmentStatus::ALL {
        let twin = format!(
            "INSERT INTO appointments SELECT {new_id}, doctor_id, patient_id, patient_created_by,
                starts_at, ends_at, '{status}', reason, notes, true, created_by, created_at,
                updated_at, version
            FROM appointments WHERE NOT retrospective"
        );
        assert_eq!(raw.execute(&twin).await.is_err(), status.is_active(), "{status}");
    }
}

async fn random_intervals_never_overlap(database: TestDatabase) {
    let clinic = Clinic::on(database).await;
    let mut runner = TestRunner::deterministic();
    let interval = (0_i64..600, 5_i64..120, 0_usize..2, 0_usize..2);
    let mut kept: Vec<medilink_domain::appointment::Appointment> = Vec::new();

    for _ in 0..120 {
        let (start, length, doctor, patient) = interval.new_tree(&mut runner).unwrap().current();
        let starts_at =
            at("2030-01-07T08:00:00Z").saturating_add(chrono::TimeDelta::minutes(start));
        let mut wanted = clinic.appointment(doctor, patient, "09:00", "10:00");
        wanted.time = BookableTime::lasting(starts_at, length).unwrap();
        let free = kept.iter().all(|other| {
            let shares = other.doctor == wanted.doctor || other.patient == wanted.patient;
            !shares || !other.time.period().overlaps(wanted.time.period())
        });

        let booked = clinic.book(&wanted).await.is_ok();

        assert_eq!(booked, free, "{:?}", wanted.time);
        if booked {
            kept.push(wanted);
        }
    }
}

/// What confirms, checks in or starts an appointment leaves it active, and PostgreSQL compares it
/// with its neighbours again.
async fn changes_of_active_appointments_and_bookings_never_wait_in_a_circle(
    database: TestDatabase,
) {
    let clinic = Clinic::on(database).await;
    for hour in 0..20 {
        let time = |minute: usize| format!("{hour:02}:{minute:02}");
        let active = clinic.appointment(0, 0, &time(0), &time(20));
        clinic.book(&active).await.unwrap();
        let overlapping: Vec<_> = (0..12)
            .map(|minute| clinic.appointment(0, 0, &time(minute), &time(minute + 15)))
            .collect();

        let changes = futures_util::future::join_all((0..4).map(|_| touch(&clinic, active.id)));
        let bookings =
            futures_util::future::join_all(overlapping.iter().map(|wanted| clinic.book(wanted)));
        let (touched, booked) = tokio::join!(changes, bookings);

        assert!(touched.iter().all(Result::is_ok), "{touched:?}");
        for refused in booked {
            let refused = refused.unwrap_err();
            assert!(matches!(refused, StoreError::Conflict(_)), "{refused}");
        }
    }
}

/// Confirms an appointment again and again, with the locks that a use case takes.
async fn touch(clinic: &Clinic, id: AppointmentId) -> Result<(), StoreError> {
    for _ in 0..3 {
        let mut work = clinic.store.begin().await?;
        let found = work.appointments().find(id).await?.unwrap();
        work.doctors().lock(found.doctor).await?;
        work.patients().lock(found.patient).await?;
        let mut appointment = work.appointments().lock(id).await?.unwrap();
        let change = AppointmentChange {
            from: Some(appointment.status),
            to: AppointmentStatus::Confirmed,
            old_time: None,
            new_time: appointment.time,
            by: clinic.user.id,
            at: at(NOW),
            reason: None,
        };
        appointment.status = AppointmentStatus::Confirmed;
        appointment.revision.version += 1;
        work.appointments().update(&appointment, &change).await?;
        work.commit(an_entry()).await?;
    }
    Ok(())
}

async fn an_update_of_a_changed_appointment_is_stale(database: TestDatabase) {
    let clinic = Clinic::on(database).await;
    let read = clinic.appointment(0, 0, "09:00", "10:00");
    clinic.book(&read).await.unwrap();
    clinic.cancel(read.id).await;

    let mut late = read.clone();
    late.revision.version += 1;
    let mut work = clinic.store.begin().await.unwrap();
    let outcome = work.appointments().update(&late, &cancellation(&clinic, &read)).await;

    assert!(matches!(outcome, Err(StoreError::Stale(Concept::Appointment))));
}

async fn a_list_returns_nothing_out_of_reach(database: TestDatabase) {
    const ACTION: Action = Action::ReadAppointment;

    let clinic = Clinic::on(database).await;
    for (doctor, patient, start, end) in [
        (0, 0, "09:00", "10:00"),
        (0, 1, "10:00", "11:00"),
        (1, 0, "11:00", "12:00"),
        (1, 1, "12:00", "13:00"),
    ] {
        clinic.book(&clinic.appointment(doctor, patient, start, end)).await.unwrap();
    }
    let queries = clinic.store.queries();
    let strange = |actor: Actor| Actor { user: UserId::new(new_id()), ..actor };
    let actors = Role::ALL.iter().map(|role| clinic.actor(*role));
    for actor in actors.clone().chain(actors.map(strange)) {
        let selection = AppointmentSelection::of(actor);
        let stretch = Stretch { limit: Limit::parse("100").unwrap(), count: true, after: None };
        let listed = queries.appointments().list(&selection, &stretch).await.unwrap();

        let everything = Stretch { limit: stretch.limit, ..Stretch::default() };
        let admin = AppointmentSelection { reach: reach(Role::Admin, ACTION), ..selection.clone() };
        let all = queries.appointments().list(&admin, &everything).await.unwrap();
        for view in &all.items {
            let seen = queries.appointments().find(view.id).await.unwrap().unwrap();
            let relations = actor.relations_to_appointment(
                view.doctor_id,
                view.patient_id,
                seen.patient_created_by,
            );
            let readable = actor.may(ACTION, relations) == Access::Allow;
            let shown = listed.items.iter().any(|item| item.id == view.id);
            assert_eq!(shown, readable, "{}", actor.role);
        }
        assert_eq!(listed.total, Some(listed.items.len() as u64));

        let day = Zone::utc().whole(Date::parse("2030-01-07").unwrap()).unwrap();
        let day = CountedDay { date: Date::parse("2030-01-07").unwrap(), time: day };
        let counts = queries.appointments().count(&actor, &selection.reach, &[day]).await.unwrap();
        let counted: u64 = counts.iter().map(|count| count.count).sum();
        assert_eq!(counted, listed.items.len() as u64, "{}", actor.role);
    }
}

async fn a_count_is_by_day_and_status_and_says_how_long_before(database: TestDatabase) {
    let clinic = Clinic::on(database).await;
    let book = async |start: &str, end: &str, booked_at: &str| {
        let mut appointment = clinic.appointment(0, 0, start, end);
        appointment.revision = Revision::new(at(booked_at));
        clinic.book(&appointment).await.unwrap();
        appointment.id
    };
    book("00:00", "00:30", "2030-01-06T23:00:00Z").await;
    book("09:00", "09:30", "2030-01-07T08:30:00Z").await;
    let cancelled = book("22:59", "23:30", "2030-01-07T20:59:00Z").await;
    clinic.cancel(cancelled).await;
    // The first after the change of days in Berlin, and one that was entered after it had begun.
    book("23:00", "23:30", "2030-01-07T23:10:00Z").await;

    let days = CountedDays::new(
        Date::parse("2030-01-07").ok(),
        Date::parse("2030-01-09").ok(),
        at(NOW).date(),
    );
    let days = days.unwrap().of_zone(&Zone::parse("Europe/Berlin").unwrap()).unwrap();
    let admin = clinic.actor(Role::Admin);
    let queries = clinic.store.queries();
    let everything = reach(Role::Admin, Action::ReadAppointment);
    let mut counts = queries.appointments().count(&admin, &everything, &days).await.unwrap();
    counts.sort_by_key(|count| (count.day, count.status));

    let of = |day: usize, status, count, ahead, lead| AppointmentCount {
        day: days[day].time.starts_at(),
        status,
        count,
        ahead,
        lead,
    };
    let expected = [
        of(0, AppointmentStatus::Scheduled, 2, 2, 3600 + 1800),
        of(0, AppointmentStatus::Cancelled, 1, 1, 7200),
        of(1, AppointmentStatus::Scheduled, 1, 0, 0),
    ];
    assert_eq!(counts, expected);
}

async fn a_day_is_that_of_each_doctor(database: TestDatabase) {
    let clinic = Clinic::on(database).await;
    let mut elsewhere = clinic.doctors[1].clone();
    elsewhere.profile.time_zone = Zone::parse("Pacific/Auckland").unwrap();
    elsewhere.revision.touch(at(NOW));
    let mut work = clinic.store.begin().await.unwrap();
    work.doctors().update(&elsewhere).await.unwrap();
    work.commit(an_entry()).await.unwrap();
    let mut of_both = Vec::new();
    for doctor in [0, 1] {
        for (start, end) in
            [("10:00", "10:30"), ("11:00", "11:30"), ("22:30", "22:45"), ("23:00", "23:15")]
        {
            let appointment = clinic.appointment(doctor, doctor, start, end);
            clinic.book(&appointment).await.unwrap();
            of_both.push(appointment.id);
        }
    }
    let queries = clinic.store.queries();
    let zones = queries.doctors().time_zones().await.unwrap();
    let names: Vec<_> = zones.iter().map(Zone::name).collect();
    assert_eq!(names, ["Europe/Berlin", "Pacific/Auckland"]);

    // It is the 7th in Berlin, and the 8th in Auckland.
    let days = zones.into_iter().map(|zone| ZoneDay {
        time: zone.day_around(at("2030-01-07T12:00:00Z")).unwrap(),
        zones: vec![zone],
    });
    let selection = AppointmentSelection {
        days: days.collect(),
        ..AppointmentSelection::of(clinic.actor(Role::Admin))
    };
    let stretch = Stretch { count: true, ..Stretch::default() };
    let found = queries.appointments().list(&selection, &stretch).await.unwrap();

    let mut shown: Vec<_> = found.items.iter().map(|item| item.id).collect();
    shown.sort_unstable();
    // In Berlin the day ends at 23:00 in Greenwich, and in Auckland it begins at 11:00.
    let mut expected = [&of_both[..3], &of_both[5..]].concat();
    expected.sort_unstable();
    assert_eq!(shown, expected);
    assert_eq!(found.total, Some(6));
}

async fn what_is_active_is_what_takes_time(database: TestDatabase) {
    let clinic = Clinic::on(database).await;
    for (number, status) in AppointmentStatus::ALL.iter().enumerate() {
        let (start, end) = (format!("{:02}:00", 8 + number), format!("{:02}:30", 8 + number));
        let mut appointment = clinic.appointment(0, 0, &start, &end);
        appointment.status = *status;
        clinic.book(&appointment).await.unwrap();
    }
    let selection = AppointmentSelection {
        active: true,
        ..AppointmentSelection::of(clinic.actor(Role::Admin))
    };

    let queries = clinic.store.queries();
    let found = queries.appointments().list(&selection, &Stretch::default()).await.unwrap();

    let shown: Vec<_> = found.items.iter().map(|item| item.status).collect();
    let active = AppointmentStatus::ALL.iter().copied().filter(|status| status.is_active());
    assert_eq!(shown, active.collect::<Vec<_>>());
}

/// Makes the line of a history that a cancellation would write.
fn cancellation(
    clinic: &Clinic,
    appointment: &medilink_domain::appointment::Appointment,
) -> medilink_domain::appointment::AppointmentChange {
    assert_eq!(appointment.status, AppointmentStatus::Scheduled);
    appointment.clone().cancel(None, &clinic.actor(Role::Admin), at(NOW)).unwrap()
}
