//! Taking a time slot back.

use medilink_domain::id::TimeSlotId;
use medilink_domain::policy::Action;

use super::{TimeSlots, load};
use crate::call::{Call, Expected};
use crate::error::Result;

impl TimeSlots {
    /// Takes a slot back that nobody has booked.
    ///
    /// # Errors
    ///
    /// - [`NotFound`](crate::Error::NotFound) if there is none by that id,
    ///   [`Forbidden`](crate::Error::Forbidden) if it is another doctor's.
    /// - [`Stale`](crate::Error::Stale) if it is not the version that the caller expects.
    /// - [`Refused`](crate::Error::Refused) if an active appointment overlaps it.
    pub async fn delete(&self, call: &Call, id: TimeSlotId, expected: Expected) -> Result<()> {
        let now = self.ports.clock.now();

        let mut work = self.ports.store.begin().await?;
        let (slot, permit) =
            load(call, &mut *work, id, (Action::DeleteTimeSlot, &expected)).await?;

        let is_booked = work.appointments().is_booked(slot.doctor, slot.time.period()).await?;
        slot.check_deletable(is_booked)?;

        work.time_slots().delete(id).await?;
        work.commit(permit.audit(id, now)).await?;

        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use medilink_domain::audit::Outcome;
    use medilink_domain::record::Concept;
    use medilink_domain::rule::RuleCode;
    use medilink_domain::user::Role;
    use mockall::Sequence;

    use super::*;
    use crate::call::Caller;
    use crate::error::Error;
    use crate::testing::{FakeClinic, Trail, a_caller, a_doctor, a_slot, a_stranger};

    fn a_clinic(is_booked: bool) -> FakeClinic {
        let mut clinic = FakeClinic::default();
        clinic.work.time_slots.expect_find().returning(|_| Ok(Some(a_slot())));
        clinic.work.doctors.expect_lock().returning(|_| Ok(Some(a_doctor())));
        clinic.work.appointments.expect_is_booked().returning(move |_, _| Ok(is_booked));
        clinic
    }

    async fn delete(clinic: FakeClinic, by: Caller, expected: Expected) -> (Result<()>, Trail) {
        let id = a_slot().id;
        clinic.perform(by, async |app, call| app.time_slots.delete(call, id, expected).await).await
    }

    #[tokio::test]
    async fn whether_a_slot_is_booked_is_asked_under_its_doctors_lock() {
        let mut clinic = FakeClinic::default();
        let mut order = Sequence::new();
        let work = &mut clinic.work;
        let found = |_| Ok(Some(a_slot()));
        work.time_slots.expect_find().times(1).in_sequence(&mut order).returning(found);
        let lock = work.doctors.expect_lock().times(1).in_sequence(&mut order);
        lock.withf(|doctor| *doctor == a_doctor().id).returning(|_| Ok(Some(a_doctor())));
        work.time_slots.expect_find().times(1).in_sequence(&mut order).returning(found);
        let is_booked = work.appointments.expect_is_booked().times(1).in_sequence(&mut order);
        is_booked
            .withf(|doctor, time| (*doctor, *time) == (a_doctor().id, a_slot().time.period()))
            .returning(|_, _| Ok(false));
        let deletion = work.time_slots.expect_delete().times(1).in_sequence(&mut order);
        deletion.withf(|id| *id == a_slot().id).returning(|_| Ok(()));

        let (deleted, trail) = delete(clinic, a_caller(Role::Doctor), Expected::Any).await;

        assert!(deleted.is_ok());
        let entry = trail.committed().unwrap();
        assert_eq!((entry.action, entry.outcome), (Action::DeleteTimeSlot, Outcome::Done));
        assert_eq!(entry.record, Some(a_slot().id.into()));
    }

    #[tokio::test]
    async fn a_booked_slot_stays() {
        let (refused, trail) = delete(a_clinic(true), a_caller(Role::Admin), Expected::Any).await;

        let Err(Error::Refused(refusal)) = refused else { panic!("it was deleted") };
        assert_eq!(refusal.code(), RuleCode::TimeSlotBooked);
        assert_eq!(trail.committed(), None);
        // A rule that refuses is no refusal of the policy.
        assert!(trail.recorded().is_empty());
    }

    #[tokio::test]
    async fn another_version_than_the_caller_has_read_stays() {
        let expected = Expected::OneOf(vec![7]);

        let (stale, trail) = delete(a_clinic(false), a_caller(Role::Doctor), expected).await;

        assert!(matches!(stale, Err(Error::Stale(Concept::TimeSlot))));
        assert_eq!(trail.committed(), None);
    }

    #[tokio::test]
    async fn nobody_else_takes_back_what_a_doctor_has_published() {
        for caller in [a_stranger(Role::Doctor), a_caller(Role::Patient)] {
            let mut clinic = FakeClinic::default();
            clinic.work.time_slots.expect_find().returning(|_| Ok(Some(a_slot())));

            let (refused, trail) = delete(clinic, caller, Expected::Any).await;

            assert!(matches!(refused, Err(Error::Forbidden(Action::DeleteTimeSlot))));
            assert_eq!(trail.recorded()[0].outcome, Outcome::Denied);
        }
    }

    #[tokio::test]
    async fn what_is_not_there_is_not_found() {
        let mut clinic = FakeClinic::default();
        clinic.work.time_slots.expect_find().returning(|_| Ok(None));

        let (missing, trail) = delete(clinic, a_caller(Role::Admin), Expected::Any).await;

        assert!(matches!(missing, Err(Error::NotFound(Concept::TimeSlot))));
        assert_eq!(trail.recorded().len(), 1);
    }
}
