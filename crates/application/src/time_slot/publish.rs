//! Publishing one time slot.

use medilink_domain::doctor::Doctor;
use medilink_domain::id::{DoctorId, TimeSlotId};
use medilink_domain::period::BookableTime;
use medilink_domain::policy::Action;
use medilink_domain::time::Date;
use medilink_domain::time_of_day::TimeOfDay;
use medilink_domain::time_slot::TimeSlot;

use super::{TimeSlotView, TimeSlots, publishing};
use crate::call::{Call, Subject, Written};
use crate::error::{Error, FieldErrors, Result};

/// What somebody asks for when they publish a stretch of time.
pub struct PublishTimeSlot {
    /// Whose time; `None` for one's own.
    pub doctor: Option<DoctorId>,
    /// When.
    pub time: SlotTime,
}

/// When a slot is to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SlotTime {
    /// At this very time.
    At(BookableTime),
    /// On a day, from one time of day to another, where the doctor is.
    On {
        /// The day.
        day: Date,
        /// From when.
        from: TimeOfDay,
        /// Until when.
        to: TimeOfDay,
    },
}

impl TimeSlots {
    /// Publishes a stretch of a doctor's time.
    ///
    /// # Errors
    ///
    /// - [`Forbidden`](crate::Error::Forbidden) unless it is one's own time, or an admin asks.
    /// - [`NotFound`](crate::Error::NotFound) if there is no such doctor.
    /// - [`Invalid`](crate::Error::Invalid) if the clock shows no such time, or not for as long.
    /// - [`Refused`](crate::Error::Refused) if another slot of the doctor overlaps.
    pub async fn publish(
        &self,
        call: &Call,
        command: PublishTimeSlot,
    ) -> Result<Written<TimeSlotView>> {
        let now = self.ports.clock.now();
        let id = TimeSlotId::new(self.ports.ids.next());

        let (doctor_id, permit) = publishing(call, command.doctor)?;

        let mut work = self.ports.store.begin().await?;
        if let Some(earlier) = call.reserve(&mut *work, id.as_uuid(), now).await? {
            let earlier = TimeSlotId::new(earlier);
            let missing = || call.missing(Action::ReadTimeSlot, Subject::of(earlier));
            let slot = work.time_slots().find(earlier).await?.ok_or_else(missing)?;
            let is_booked = work.appointments().is_booked(slot.doctor, slot.time.period()).await?;
            let relations = call.actor().relations_to_time_of(slot.doctor);
            let permit = call.may(Action::ReadTimeSlot, relations, Subject::of(earlier))?;
            work.commit(permit.audit(earlier, now)).await?;
            return Ok(Written::replayed(TimeSlotView::of(&slot, is_booked, now)));
        }
        let missing = || call.missing(Action::PublishTimeSlot, Subject::of(doctor_id));
        let doctor = work.doctors().lock(doctor_id).await?.ok_or_else(missing)?;

        let time = resolve(command.time, &doctor)?;
        let slot = TimeSlot::publish(id, doctor_id, time, call.actor().user, now);

        work.time_slots().insert(std::slice::from_ref(&slot), None).await?;
        let is_booked = work.appointments().is_booked(doctor_id, time.period()).await?;
        work.commit(permit.audit(id, now)).await?;

        Ok(Written::new(TimeSlotView::of(&slot, is_booked, now)))
    }
}

/// Finds the time that the clock of a doctor shows.
fn resolve(time: SlotTime, doctor: &Doctor) -> Result<BookableTime> {
    let (day, from, to) = match time {
        SlotTime::At(time) => return Ok(time),
        SlotTime::On { day, from, to } => (day, from, to),
    };
    let zone = &doctor.profile.time_zone;
    let instant = |field: &'static str, time| {
        let wrong =
            |message: &dyn std::fmt::Display| Error::Invalid(FieldErrors::of(field, message));
        zone.instant(day, time).map_err(|error| wrong(&error))?.ok_or_else(|| {
            wrong(&"the clocks change that day and show no such time; choose another")
        })
    };
    let (start, end) = (instant("start_time", from)?, instant("end_time", to)?);
    BookableTime::between(start, end)
        .map_err(|error| Error::Invalid(FieldErrors::of("end_time", error)))
}

#[cfg(test)]
mod tests {
    use medilink_domain::audit::Outcome;
    use medilink_domain::record::Concept;
    use medilink_domain::rule::RuleCode;
    use medilink_domain::user::Role;
    use medilink_domain::zone::Zone;
    use mockall::Sequence;

    use super::*;
    use crate::call::Caller;
    use crate::error::{Conflict, StoreError};
    use crate::testing::{
        FakeClinic, Trail, a_booking, a_caller, a_caller_with_a_key, a_doctor, a_pending_doctor,
        a_slot, at,
    };

    fn a_clinic() -> FakeClinic {
        let mut clinic = FakeClinic::default();
        clinic.work.doctors.expect_lock().returning(|_| {
            let mut doctor = a_doctor();
            doctor.profile.time_zone = Zone::parse("Europe/Berlin").unwrap();
            Ok(Some(doctor))
        });
        clinic.work.time_slots.expect_insert().returning(|_, _| Ok(()));
        clinic.work.appointments.expect_is_booked().returning(|_, _| Ok(false));
        clinic
    }

    async fn publish(
        clinic: FakeClinic,
        by: Caller,
        doctor: Option<DoctorId>,
        time: SlotTime,
    ) -> (Result<Written<TimeSlotView>>, Trail) {
        let command = PublishTimeSlot { doctor, time };
        clinic.perform(by, async |app, call| app.time_slots.publish(call, command).await).await
    }

    fn at_once() -> SlotTime {
        SlotTime::At(a_booking().time)
    }

    fn on(day: &str, from: &str, to: &str) -> SlotTime {
        let time = |raw| TimeOfDay::parse(raw).unwrap();
        SlotTime::On { day: Date::parse(day).unwrap(), from: time(from), to: time(to) }
    }

    #[tokio::test]
    async fn a_slot_is_written_under_its_doctors_lock_with_its_audit_entry() {
        let mut clinic = FakeClinic::default();
        let mut order = Sequence::new();
        let work = &mut clinic.work;
        let lock = work.doctors.expect_lock().times(1).in_sequence(&mut order);
        lock.withf(|doctor| *doctor == a_doctor().id).returning(|_| Ok(Some(a_doctor())));
        let insert = work.time_slots.expect_insert().times(1).in_sequence(&mut order);
        insert
            .withf(|slots, batch| {
                slots.len() == 1 && slots[0].time == a_booking().time && batch.is_none()
            })
            .returning(|_, _| Ok(()));
        let is_booked = work.appointments.expect_is_booked().times(1).in_sequence(&mut order);
        is_booked.returning(|_, _| Ok(true));

        let (published, trail) = publish(clinic, a_caller(Role::Doctor), None, at_once()).await;

        let published = published.ok().unwrap().record;
        // Somebody has an appointment then: it is published, and cannot be booked.
        assert!(!published.available);
        let entry = trail.committed().unwrap();
        assert_eq!((entry.action, entry.outcome), (Action::PublishTimeSlot, Outcome::Done));
        assert_eq!((entry.record, entry.patient), (Some(published.id.into()), None));
        assert!(trail.recorded().is_empty());
    }

    #[tokio::test]
    async fn a_day_and_times_are_those_of_the_doctor() {
        let time = on("2030-07-01", "23:00", "24:00");

        let (published, _) = publish(a_clinic(), a_pending_doctor(), None, time).await;

        let published = published.ok().unwrap().record;
        assert_eq!(published.starts_at, at("2030-07-01T21:00:00Z"));
        assert_eq!(published.ends_at, at("2030-07-01T22:00:00Z"));
    }

    #[tokio::test]
    async fn a_time_that_the_clocks_skip_or_stretch_is_a_wrong_field() {
        for (time, field) in [
            (on("2030-03-31", "02:30", "03:30"), "start_time"),
            (on("2030-03-31", "01:30", "02:30"), "end_time"),
            // Twelve hours on the wall, and thirteen on the calendar.
            (on("2030-10-27", "00:00", "12:00"), "end_time"),
            (on("1900-01-01", "00:00", "01:00"), "start_time"),
        ] {
            let (refused, trail) = publish(a_clinic(), a_caller(Role::Doctor), None, time).await;

            let Err(Error::Invalid(errors)) = refused else { panic!("{time:?} was published") };
            assert!(errors.by_field().contains_key(field), "{time:?}: {:?}", errors.by_field());
            assert_eq!(trail.committed(), None);
        }
    }

    #[tokio::test]
    async fn whoever_publishes_for_another_is_an_administrator_and_names_them() {
        let doctor = Some(a_doctor().id);
        let other = Some(DoctorId::new(medilink_domain::id::Uuid::from_u128(33)));

        let (named, _) = publish(a_clinic(), a_caller(Role::Admin), doctor, at_once()).await;
        let (unnamed, _) =
            publish(FakeClinic::default(), a_caller(Role::Admin), None, at_once()).await;

        assert!(named.is_ok());
        let Err(Error::Invalid(errors)) = unnamed else { panic!("it was published") };
        assert!(errors.by_field().contains_key("doctor_id"));
        for (caller, named) in [
            (a_caller(Role::Doctor), other),
            (a_caller(Role::Coordinator), doctor),
            (a_caller(Role::Patient), doctor),
            (a_caller(Role::Pharmacy), None),
        ] {
            // Nothing is read or locked for them.
            let (refused, trail) = publish(FakeClinic::default(), caller, named, at_once()).await;
            assert!(matches!(refused, Err(Error::Forbidden(Action::PublishTimeSlot))));
            assert_eq!(trail.recorded()[0].outcome, Outcome::Denied);
        }
    }

    #[tokio::test]
    async fn a_doctor_who_is_not_there_has_no_slots() {
        let mut clinic = FakeClinic::default();
        clinic.work.doctors.expect_lock().returning(|_| Ok(None));

        let (missing, trail) =
            publish(clinic, a_caller(Role::Admin), Some(a_doctor().id), at_once()).await;

        assert!(matches!(missing, Err(Error::NotFound(Concept::Doctor))));
        assert_eq!(trail.committed(), None);
        assert_eq!(trail.recorded().len(), 1);
    }

    #[tokio::test]
    async fn a_slot_that_the_database_refuses_is_not_committed() {
        let mut clinic = FakeClinic::default();
        clinic.work.doctors.expect_lock().returning(|_| Ok(Some(a_doctor())));
        let conflict = StoreError::Conflict(Conflict::TimeSlotOverlaps);
        clinic.work.time_slots.expect_insert().return_once(|_, _| Err(conflict));

        let (refused, trail) = publish(clinic, a_caller(Role::Doctor), None, at_once()).await;

        let Err(Error::Refused(refusal)) = refused else { panic!("it was published") };
        assert_eq!(refusal.code(), RuleCode::TimeSlotOverlaps);
        assert_eq!(trail.committed(), None);
    }

    #[tokio::test]
    async fn a_replayed_request_answers_the_first_ones_slot_as_it_is_now() {
        let mut clinic = FakeClinic::default();
        clinic.has_written(a_slot().id);
        let blocked = TimeSlot { blocked: true, ..a_slot() };
        clinic.work.time_slots.expect_find().return_once(|_| Ok(Some(blocked)));
        clinic.work.appointments.expect_is_booked().returning(|_, _| Ok(false));

        let (again, trail) =
            publish(clinic, a_caller_with_a_key(Role::Doctor), None, at_once()).await;

        let again = again.ok().unwrap();
        assert!(again.replayed && again.record.blocked);
        // What the first request wrote may not be on disk before.
        assert_eq!(trail.committed().unwrap().action, Action::ReadTimeSlot);
    }

    #[tokio::test]
    async fn a_replay_of_what_was_taken_back_finds_nothing() {
        let mut clinic = FakeClinic::default();
        clinic.has_written(a_slot().id);
        clinic.work.time_slots.expect_find().return_once(|_| Ok(None));

        let (gone, trail) =
            publish(clinic, a_caller_with_a_key(Role::Doctor), None, at_once()).await;

        assert!(matches!(gone, Err(Error::NotFound(Concept::TimeSlot))));
        assert_eq!(trail.committed(), None);
    }
}
