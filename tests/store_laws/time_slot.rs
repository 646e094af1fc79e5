//! What the store must do with time slots.

use medilink_application::error::{Conflict, StoreError};
use medilink_application::page::{Limit, Stretch};
use medilink_application::store::Store;
use medilink_application::testing::{NOW, at};
use medilink_application::time_slot::TimeSlotSelection;
use medilink_domain::appointment::AppointmentStatus;
use medilink_domain::id::TimeSlotId;
use medilink_domain::period::BookableTime;
use medilink_domain::record::Concept;
use medilink_domain::time_slot::TimeSlot;
use medilink_tests::{TestDatabase, on_both_databases};
use proptest::collection::vec;
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::TestRunner;

use super::clinic::{Clinic, an_entry, new_id, on_monday};

on_both_databases! {
    a_slot_comes_out_as_it_went_in,
    whoever_writes_the_database_refuses_overlapping_slots,
    an_update_of_a_changed_slot_is_stale,
    slots_that_were_published_together_are_found_together,
    slots_that_touch_a_time_do_not_overlap_it,
    a_slot_is_booked_while_any_active_appointment_overlaps_it,
}

fn a_slot(clinic: &Clinic, start: &str, end: &str) -> TimeSlot {
    let id = TimeSlotId::new(new_id());
    let time = BookableTime::new(on_monday(start, end)).unwrap();
    TimeSlot::publish(id, clinic.doctors[0].id, time, clinic.user.id, at(NOW))
}

async fn publish(clinic: &Clinic, slots: &[TimeSlot]) {
    let mut work = clinic.store.begin().await.unwrap();
    work.time_slots().insert(slots, None).await.unwrap();
    work.commit(an_entry()).await.unwrap();
}

async fn a_slot_comes_out_as_it_went_in(database: TestDatabase) {
    let clinic = Clinic::on(database).await;
    let mut slot = a_slot(&clinic, "10:00", "10:30");
    publish(&clinic, std::slice::from_ref(&slot)).await;

    let mut work = clinic.store.begin().await.unwrap();
    assert_eq!(work.time_slots().find(slot.id).await.unwrap(), Some(slot.clone()));
    slot.block(true, at("2030-01-06T13:00:00Z"));
    work.time_slots().update(&slot).await.unwrap();
    assert_eq!(work.time_slots().find(slot.id).await.unwrap(), Some(slot.clone()));
    work.time_slots().delete(slot.id).await.unwrap();
    assert_eq!(work.time_slots().find(slot.id).await.unwrap(), None);
}

async fn whoever_writes_the_database_refuses_overlapping_slots(database: TestDatabase) {
    let clinic = Clinic::on(database).await;
    let slots = [a_slot(&clinic, "10:00", "11:00"), a_slot(&clinic, "11:00", "12:00")];
    publish(&clinic, &slots).await;

    for (start, end) in
        [("10:30", "11:30"), ("09:00", "10:15"), ("10:15", "10:45"), ("09:00", "13:00")]
    {
        let mut work = clinic.store.begin().await.unwrap();
        let refused = work.time_slots().insert(&[a_slot(&clinic, start, end)], None).await;
        let conflict = StoreError::Conflict(Conflict::TimeSlotOverlaps);
        assert_eq!(refused.unwrap_err().to_string(), conflict.to_string(), "{start} {end}");
    }
    let raw = clinic.database.raw().await;
    let moved = "UPDATE time_slots SET starts_at = (SELECT min(starts_at) FROM time_slots)";
    assert!(raw.execute(moved).await.is_err());
    assert_eq!(raw.count("SELECT count(DISTINCT starts_at) FROM time_slots").await, 2);
}

async fn an_update_of_a_changed_slot_is_stale(database: TestDatabase) {
    let clinic = Clinic::on(database).await;
    let mut late = a_slot(&clinic, "10:00", "11:00");
    publish(&clinic, std::slice::from_ref(&late)).await;
    late.revision.version += 2;

    let mut work = clinic.store.begin().await.unwrap();
    let outcome = work.time_slots().update(&late).await;

    assert!(matches!(outcome, Err(StoreError::Stale(Concept::TimeSlot))));
}

async fn slots_that_were_published_together_are_found_together(database: TestDatabase) {
    let clinic = Clinic::on(database).await;
    publish(&clinic, &[a_slot(&clinic, "08:00", "09:00")]).await;
    let slots: Vec<_> = [("10:00", "10:30"), ("10:30", "11:00"), ("11:00", "11:30")]
        .map(|(start, end)| a_slot(&clinic, start, end))
        .into();
    let batch = new_id();
    let mut work = clinic.store.begin().await.unwrap();
    work.time_slots().insert(&slots, Some(batch)).await.unwrap();
    // A change of one leaves it among the others.
    let mut first = slots[0].clone();
    first.block(true, at("2030-01-06T13:00:00Z"));
    work.time_slots().update(&first).await.unwrap();
    work.commit(an_entry()).await.unwrap();

    let mut work = clinic.store.begin().await.unwrap();
    let found = work.time_slots().of_batch(batch).await.unwrap();

    assert_eq!(found, [first, slots[1].clone(), slots[2].clone()]);
}

async fn slots_that_touch_a_time_do_not_overlap_it(database: TestDatabase) {
    let clinic = Clinic::on(database).await;
    // One that began twelve hours before is still going on.
    let slots = [a_slot(&clinic, "00:00", "12:00"), a_slot(&clinic, "12:00", "12:30")];
    publish(&clinic, &slots).await;

    let doctor = clinic.doctors[0].id;
    let mut work = clinic.store.begin().await.unwrap();
    let mut count = async |start, end| {
        work.time_slots().overlapping(doctor, on_monday(start, end)).await.unwrap().len()
    };

    assert_eq!(count("11:55", "12:00").await, 1);
    assert_eq!(count("11:55", "12:05").await, 2);
    assert_eq!(count("12:30", "13:00").await, 0);
}

/// The database looks at the latest appointment alone that starts before a slot's end. Holds that
/// against every appointment, among random ones.
async fn a_slot_is_booked_while_any_active_appointment_overlaps_it(database: TestDatabase) {
    let clinic = Clinic::on(database).await;
    let clock = |quarter: u32| format!("{:02}:{:02}", quarter / 4, quarter % 4 * 15);
    let mut runner = TestRunner::deterministic();
    let mut tree = vec((0_u32..90, 1_u32..5, 0_usize..2, 0_usize..7), 60).new_tree(&mut runner);
    let mut booked = Vec::new();
    for (start, length, doctor, status) in tree.as_mut().unwrap().current() {
        let (start, end) = (clock(start), clock(start + length));
        let mut appointment = clinic.appointment(doctor, doctor, &start, &end);
        appointment.status = AppointmentStatus::ALL[status];
        if clinic.book(&appointment).await.is_ok() {
            booked.push(appointment);
        }
    }
    let slots: Vec<_> = (0..24)
        .map(|hour| a_slot(&clinic, &clock(4 * hour), &clock(4 * hour + 1 + hour % 3)))
        .collect();
    publish(&clinic, &slots).await;

    let selection = |available| TimeSlotSelection {
        doctor: None,
        from: None,
        to: None,
        available,
        now: at(NOW),
    };
    let stretch = Stretch { limit: Limit::parse("100").unwrap(), count: true, after: None };
    let queries = clinic.store.queries();
    let list =
        async |available| queries.time_slots().list(&selection(available), &stretch).await.unwrap();
    let expected = |slot: &TimeSlot| {
        !booked.iter().any(|it| {
            it.doctor == slot.doctor
                && it.status.is_active()
                && it.time.period().overlaps(slot.time.period())
        })
    };
    let available: Vec<_> = slots.iter().filter(|it| expected(it)).map(|it| it.id).collect();
    assert!((5..20).contains(&available.len()), "{} of 24 are free", available.len());
    let shown = list(Some(true)).await;
    assert_eq!(shown.items.iter().map(|it| it.id).collect::<Vec<_>>(), available);
    assert_eq!(shown.total, Some(available.len() as u64));
    assert_eq!(list(Some(false)).await.items.len(), 24 - available.len());
    for view in list(None).await.items {
        assert_eq!(view.available, available.contains(&view.id));
        let one = queries.time_slots().find(view.id, at(NOW)).await.unwrap().unwrap();
        assert_eq!(one.available, view.available);
    }
}
