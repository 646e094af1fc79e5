//! Publishing all the time slots of a schedule.

use medilink_domain::id::{DoctorId, TimeSlotId};
use medilink_domain::period::{BookableTime, Period};
use medilink_domain::policy::Action;
use medilink_domain::schedule::{Planned, Schedule};
use medilink_domain::time::{TimeError, Timestamp};
use medilink_domain::time_slot::TimeSlot;

use super::{PublishedView, SkipReason, SkippedView, TimeSlotView, TimeSlots, publishing};
use crate::call::{Call, Subject, Written};
use crate::error::{Error, FieldErrors, Result, StoreError};
use crate::store::UnitOfWork;

/// What somebody asks for when they publish a schedule.
pub struct PublishTimeSlots {
    /// Whose time; `None` for one's own.
    pub doctor: Option<DoctorId>,
    /// Which days and hours.
    pub schedule: Schedule,
}

impl TimeSlots {
    /// Publishes every slot of a schedule that overlaps none that is there, and says which were
    /// left out.
    ///
    /// # Errors
    ///
    /// - [`Forbidden`](crate::Error::Forbidden) unless it is one's own time, or an admin asks.
    /// - [`NotFound`](crate::Error::NotFound) if there is no such doctor.
    /// - [`Invalid`](crate::Error::Invalid) beyond the calendar.
    pub async fn publish_all(
        &self,
        call: &Call,
        command: PublishTimeSlots,
    ) -> Result<Written<PublishedView>> {
        let now = self.ports.clock.now();
        let batch = self.ports.ids.next();

        let (doctor_id, permit) = publishing(call, command.doctor)?;

        let mut work = self.ports.store.begin().await?;
        let earlier = call.reserve(&mut *work, batch, now).await?;
        let missing = || call.missing(Action::PublishTimeSlot, Subject::of(doctor_id));
        let doctor = work.doctors().lock(doctor_id).await?.ok_or_else(missing)?;

        let plan = command.schedule.plan(&doctor.profile.time_zone).map_err(out_of_range)?;
        let taken = match span(&plan) {
            Some(span) => work.time_slots().overlapping(doctor_id, span).await?,
            None => Vec::new(),
        };
        if let Some(batch) = earlier {
            let slots = work.time_slots().of_batch(batch).await?;
            let published = show(&mut *work, &slots, &skipped(&plan, &taken, &slots), now).await?;
            work.commit(permit.audit(doctor_id, now)).await?;
            return Ok(Written::replayed(published));
        }
        let free = plan.iter().filter_map(|it| it.time).filter(|time| !overlaps(&taken, *time));
        let slots: Vec<_> = free
            .map(|time| {
                let id = TimeSlotId::new(self.ports.ids.next());
                TimeSlot::publish(id, doctor_id, time, call.actor().user, now)
            })
            .collect();

        work.time_slots().insert(&slots, Some(batch)).await?;
        let published = show(&mut *work, &slots, &skipped(&plan, &taken, &slots), now).await?;
        work.commit(permit.audit(doctor_id, now)).await?;

        Ok(Written::new(published))
    }
}

fn out_of_range(error: TimeError) -> Error {
    Error::Invalid(FieldErrors::of("to_date", error))
}

/// Returns the time from the first slot of a plan to the last.
fn span(plan: &[Planned]) -> Option<Period> {
    let mut times = plan.iter().filter_map(|it| it.time);
    let first = times.next()?;
    let last = times.next_back().unwrap_or(first);
    Period::new(first.starts_at(), last.ends_at()).ok()
}

fn overlaps(taken: &[(Period, bool)], time: BookableTime) -> bool {
    taken.iter().any(|(slot, _)| slot.overlaps(time.period()))
}

/// Says which slots of a plan were left out, given those that were in the way and those that were
/// published.
fn skipped(plan: &[Planned], taken: &[(Period, bool)], slots: &[TimeSlot]) -> Vec<SkippedView> {
    plan.iter()
        .filter_map(|planned| match planned.time {
            None => Some(SkippedView::of(planned, SkipReason::ClocksChange)),
            Some(time) => {
                let is_published = slots.iter().any(|slot| slot.time == time);
                (!is_published && overlaps(taken, time))
                    .then(|| SkippedView::of(planned, SkipReason::Overlaps))
            }
        })
        .collect()
}

async fn show(
    work: &mut dyn UnitOfWork,
    slots: &[TimeSlot],
    skipped: &[SkippedView],
    now: Timestamp,
) -> Result<PublishedView, StoreError> {
    let mut created = Vec::with_capacity(slots.len());
    let booked = match (slots.first(), slots.last()) {
        (Some(first), Some(last)) => {
            work.appointments()
                .booked(first.doctor, first.time.starts_at(), last.time.ends_at())
                .await?
        }
        _ => Vec::new(),
    };
    for slot in slots {
        let is_booked = booked.iter().any(|time| time.overlaps(slot.time.period()));
        created.push(TimeSlotView::of(slot, is_booked, now));
    }
    Ok(PublishedView { created, skipped: skipped.to_vec() })
}

#[cfg(test)]
mod tests {
    use medilink_domain::audit::Outcome;
    use medilink_domain::id::Uuid;
    use medilink_domain::record::{Concept, Record};
    use medilink_domain::schedule::{DayOfWeek, Hours};
    use medilink_domain::time::Date;
    use medilink_domain::time_of_day::TimeOfDay;
    use medilink_domain::user::Role;
    use medilink_domain::zone::Zone;
    use mockall::Sequence;

    use super::*;
    use crate::call::Caller;
    use crate::error::Conflict;
    use crate::testing::{
        FakeClinic, Trail, a_booking, a_caller, a_caller_with_a_key, a_doctor, a_pending_doctor,
        a_slot, a_stranger, at,
    };

    /// Two hours of a day, cut in half hours.
    fn a_schedule(day: &str, from: &str, to: &str) -> Schedule {
        let time = |raw| TimeOfDay::parse(raw).unwrap();
        let day = Date::parse(day).unwrap();
        let hours = Hours::new(time(from), time(to)).unwrap();
        Schedule::new((day, day), DayOfWeek::ALL, hours, 30, Vec::new()).unwrap()
    }

    fn period(start: &str, end: &str) -> Period {
        let at = |time: &str| at(&format!("2030-01-07T{time}:00Z"));
        Period::new(at(start), at(end)).unwrap()
    }

    async fn publish_all(
        clinic: FakeClinic,
        by: Caller,
        doctor: Option<DoctorId>,
        schedule: Schedule,
    ) -> (Result<Written<PublishedView>>, Trail) {
        let command = PublishTimeSlots { doctor, schedule };
        clinic.perform(by, async |app, call| app.time_slots.publish_all(call, command).await).await
    }

    fn a_morning() -> Schedule {
        a_schedule("2030-01-07", "10:00", "12:00")
    }

    #[tokio::test]
    async fn what_is_free_is_written_at_once_under_the_doctors_lock_and_the_rest_is_said() {
        let mut clinic = FakeClinic::default();
        let mut order = Sequence::new();
        let work = &mut clinic.work;
        let lock = work.doctors.expect_lock().times(1).in_sequence(&mut order);
        lock.withf(|doctor| *doctor == a_doctor().id).returning(|_| Ok(Some(a_doctor())));
        let overlapping = work.time_slots.expect_overlapping().times(1).in_sequence(&mut order);
        overlapping
            .withf(|_, time| *time == period("10:00", "12:00"))
            .returning(|_, _| Ok(vec![(period("10:45", "11:00"), false)]));
        let insert = work.time_slots.expect_insert().times(1).in_sequence(&mut order);
        insert
            .withf(|slots, batch| {
                let starts: Vec<_> = slots.iter().map(|slot| slot.time.period()).collect();
                let free = [("10:00", "10:30"), ("11:00", "11:30"), ("11:30", "12:00")];
                starts == free.map(|(start, end)| period(start, end)) && batch.is_some()
            })
            .returning(|_, _| Ok(()));
        let booked = work.appointments.expect_booked().times(1).in_sequence(&mut order);
        booked.returning(|_, _, _| Ok(vec![period("11:15", "11:45")]));

        let (published, trail) =
            publish_all(clinic, a_caller(Role::Doctor), None, a_morning()).await;

        let published = published.ok().unwrap();
        assert!(!published.replayed);
        let available: Vec<_> = published.record.created.iter().map(|it| it.available).collect();
        assert_eq!(available, [true, false, false]);
        let skipped = &published.record.skipped;
        assert_eq!(skipped.len(), 1);
        assert_eq!(skipped[0].starts_at, Some(at("2030-01-07T10:30:00Z")));
        assert_eq!(skipped[0].reason, SkipReason::Overlaps);
        let entry = trail.committed().unwrap();
        assert_eq!((entry.action, entry.outcome), (Action::PublishTimeSlot, Outcome::Done));
        assert_eq!(entry.record, Some(a_doctor().id.into()));
    }

    #[tokio::test]
    async fn where_all_is_taken_nothing_is_published_and_all_of_it_said() {
        let mut clinic = FakeClinic::default();
        clinic.work.doctors.expect_lock().returning(|_| Ok(Some(a_doctor())));
        let taken = || vec![(period("09:00", "13:00"), true)];
        clinic.work.time_slots.expect_overlapping().returning(move |_, _| Ok(taken()));
        clinic
            .work
            .time_slots
            .expect_insert()
            .withf(|slots, _| slots.is_empty())
            .returning(|_, _| Ok(()));

        let (published, trail) = publish_all(clinic, a_pending_doctor(), None, a_morning()).await;

        let published = published.ok().unwrap().record;
        assert_eq!((published.created.len(), published.skipped.len()), (0, 4));
        assert!(trail.committed().is_some());
    }

    #[tokio::test]
    async fn a_night_whose_hour_the_clocks_skip_publishes_nothing() {
        let mut clinic = FakeClinic::default();
        clinic.work.doctors.expect_lock().returning(|_| {
            let mut doctor = a_doctor();
            doctor.profile.time_zone = Zone::parse("Europe/Berlin").unwrap();
            Ok(Some(doctor))
        });
        clinic
            .work
            .time_slots
            .expect_insert()
            .withf(|slots, _| slots.is_empty())
            .returning(|_, _| Ok(()));
        let night = a_schedule("2030-03-31", "02:00", "03:00");

        let (published, _) = publish_all(clinic, a_caller(Role::Doctor), None, night).await;

        let skipped = published.ok().unwrap().record.skipped;
        let reasons: Vec<_> = skipped.iter().map(|it| (it.starts_at, it.reason)).collect();
        assert_eq!(reasons, [(None, SkipReason::ClocksChange); 2]);
    }

    #[tokio::test]
    async fn a_replay_shows_what_is_left_and_writes_nothing() {
        let mut clinic = FakeClinic::default();
        let batch = Uuid::from_u128(77);
        clinic.has_written(Record { concept: Concept::TimeSlot, id: batch });
        clinic.work.doctors.expect_lock().returning(|_| Ok(Some(a_doctor())));
        // The first of the four was published; another slot has been in the way of the third since.
        let taken = vec![(period("10:00", "10:30"), false), (period("11:00", "11:15"), false)];
        clinic.work.time_slots.expect_overlapping().return_once(|_, _| Ok(taken));
        let first = TimeSlot { time: a_booking().time, ..a_slot() };
        let of_batch = clinic.work.time_slots.expect_of_batch();
        of_batch.withf(move |it| *it == batch).return_once(|_| Ok(vec![first]));
        clinic.work.appointments.expect_booked().returning(|_, _, _| Ok(Vec::new()));

        let (again, trail) =
            publish_all(clinic, a_caller_with_a_key(Role::Doctor), None, a_morning()).await;

        let again = again.ok().unwrap();
        assert!(again.replayed);
        assert_eq!(again.record.created.len(), 1);
        let skipped: Vec<_> = again.record.skipped.iter().map(|it| it.starts_at).collect();
        assert_eq!(skipped, [Some(at("2030-01-07T11:00:00Z"))]);
        assert!(trail.committed().is_some());
    }

    #[tokio::test]
    async fn nobody_publishes_a_schedule_for_another_doctor() {
        for caller in [a_stranger(Role::Doctor), a_caller(Role::Patient)] {
            let (refused, trail) =
                publish_all(FakeClinic::default(), caller, Some(a_doctor().id), a_morning()).await;

            assert!(matches!(refused, Err(Error::Forbidden(Action::PublishTimeSlot))));
            assert_eq!(trail.recorded()[0].outcome, Outcome::Denied);
        }
    }

    #[tokio::test]
    async fn a_doctor_who_is_not_there_has_no_schedule() {
        let mut clinic = FakeClinic::default();
        clinic.work.doctors.expect_lock().returning(|_| Ok(None));

        let (missing, trail) =
            publish_all(clinic, a_caller(Role::Admin), Some(a_doctor().id), a_morning()).await;

        assert!(matches!(missing, Err(Error::NotFound(Concept::Doctor))));
        assert_eq!(trail.recorded().len(), 1);
    }

    #[tokio::test]
    async fn a_schedule_beyond_the_calendar_is_a_wrong_field() {
        let mut clinic = FakeClinic::default();
        clinic.work.doctors.expect_lock().returning(|_| Ok(Some(a_doctor())));
        let last = a_schedule("2199-12-31", "22:00", "24:00");

        let (refused, trail) = publish_all(clinic, a_caller(Role::Doctor), None, last).await;

        let Err(Error::Invalid(errors)) = refused else { panic!("it was published") };
        assert!(errors.by_field().contains_key("to_date"));
        assert_eq!(trail.committed(), None);
    }

    #[tokio::test]
    async fn what_the_database_refuses_all_the_same_is_not_committed() {
        let mut clinic = FakeClinic::default();
        clinic.work.doctors.expect_lock().returning(|_| Ok(Some(a_doctor())));
        clinic.work.time_slots.expect_overlapping().returning(|_, _| Ok(Vec::new()));
        let conflict = StoreError::Conflict(Conflict::TimeSlotOverlaps);
        clinic.work.time_slots.expect_insert().return_once(|_, _| Err(conflict));

        let (refused, trail) = publish_all(clinic, a_caller(Role::Doctor), None, a_morning()).await;

        assert!(matches!(refused, Err(Error::Refused(_))));
        assert_eq!(trail.committed(), None);
    }
}
