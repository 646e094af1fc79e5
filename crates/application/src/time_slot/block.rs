//! Blocking a time slot, and letting it be booked again.

use medilink_domain::id::TimeSlotId;
use medilink_domain::policy::Action;

use super::{TimeSlotView, TimeSlots, load};
use crate::call::{Call, Expected};
use crate::error::Result;

/// What somebody asks for when they block a slot.
pub struct BlockTimeSlot {
    /// Which slot.
    pub id: TimeSlotId,
    /// Whether nobody is to book it.
    pub blocked: bool,
    /// The version that the caller has read.
    pub expected: Expected,
}

impl TimeSlots {
    /// Keeps others from booking a slot, or lets them again. What is booked already stays.
    ///
    /// # Errors
    ///
    /// - [`NotFound`](crate::Error::NotFound) if there is none by that id,
    ///   [`Forbidden`](crate::Error::Forbidden) if it is another doctor's.
    /// - [`Stale`](crate::Error::Stale) if it is not the version that the caller expects.
    pub async fn block(&self, call: &Call, command: BlockTimeSlot) -> Result<TimeSlotView> {
        let BlockTimeSlot { id, blocked, expected } = command;
        let now = self.ports.clock.now();

        let mut work = self.ports.store.begin().await?;
        let (mut slot, permit) =
            load(call, &mut *work, id, (Action::BlockTimeSlot, &expected)).await?;

        let version = slot.revision.version;
        slot.block(blocked, now);

        if slot.revision.version != version {
            work.time_slots().update(&slot).await?;
        }
        let is_booked = work.appointments().is_booked(slot.doctor, slot.time.period()).await?;
        work.commit(permit.audit(id, now)).await?;

        Ok(TimeSlotView::of(&slot, is_booked, now))
    }
}

#[cfg(test)]
mod tests {
    use medilink_domain::audit::Outcome;
    use medilink_domain::record::Concept;
    use medilink_domain::time_slot::TimeSlot;
    use medilink_domain::user::Role;
    use mockall::Sequence;

    use super::*;
    use crate::call::Caller;
    use crate::error::{Error, StoreError};
    use crate::testing::{
        FakeClinic, Trail, a_caller, a_doctor, a_pending_doctor, a_slot, a_stranger,
    };

    fn a_clinic_with(slot: TimeSlot) -> FakeClinic {
        let mut clinic = FakeClinic::default();
        clinic.work.time_slots.expect_find().returning(move |_| Ok(Some(slot.clone())));
        clinic.work.doctors.expect_lock().returning(|_| Ok(Some(a_doctor())));
        clinic.work.appointments.expect_is_booked().returning(|_, _| Ok(false));
        clinic
    }

    async fn block(
        clinic: FakeClinic,
        by: Caller,
        blocked: bool,
        expected: Expected,
    ) -> (Result<TimeSlotView>, Trail) {
        let command = BlockTimeSlot { id: a_slot().id, blocked, expected };
        clinic.perform(by, async |app, call| app.time_slots.block(call, command).await).await
    }

    #[tokio::test]
    async fn a_slot_is_read_again_once_its_doctor_is_locked_and_written_then() {
        let mut clinic = FakeClinic::default();
        let mut order = Sequence::new();
        let work = &mut clinic.work;
        let found = |_| Ok(Some(a_slot()));
        work.time_slots.expect_find().times(1).in_sequence(&mut order).returning(found);
        let lock = work.doctors.expect_lock().times(1).in_sequence(&mut order);
        lock.withf(|doctor| *doctor == a_doctor().id).returning(|_| Ok(Some(a_doctor())));
        work.time_slots.expect_find().times(1).in_sequence(&mut order).returning(found);
        let update = work.time_slots.expect_update().times(1).in_sequence(&mut order);
        update.withf(|slot| slot.blocked && slot.revision.version == 2).returning(|_| Ok(()));
        let is_booked = work.appointments.expect_is_booked().times(1).in_sequence(&mut order);
        is_booked.returning(|_, _| Ok(true));

        let (blocked, trail) =
            block(clinic, a_caller(Role::Doctor), true, Expected::OneOf(vec![1])).await;

        let blocked = blocked.ok().unwrap();
        assert_eq!((blocked.blocked, blocked.available, blocked.version), (true, false, 2));
        let entry = trail.committed().unwrap();
        assert_eq!((entry.action, entry.outcome), (Action::BlockTimeSlot, Outcome::Done));
        assert_eq!((entry.record, entry.patient), (Some(a_slot().id.into()), None));
        assert!(trail.recorded().is_empty());
    }

    #[tokio::test]
    async fn a_slot_is_let_go_again() {
        let mut clinic = a_clinic_with(TimeSlot { blocked: true, ..a_slot() });
        clinic.work.time_slots.expect_update().times(1).returning(|_| Ok(()));

        let (let_go, trail) = block(clinic, a_caller(Role::Admin), false, Expected::Any).await;

        assert!(let_go.ok().unwrap().available);
        assert!(trail.committed().is_some());
    }

    #[tokio::test]
    async fn to_block_what_is_blocked_writes_nothing_but_the_entry() {
        let clinic = a_clinic_with(TimeSlot { blocked: true, ..a_slot() });

        let (blocked, trail) = block(clinic, a_caller(Role::Doctor), true, Expected::Any).await;

        assert_eq!(blocked.ok().unwrap().version, 1);
        assert!(trail.committed().is_some());
    }

    #[tokio::test]
    async fn nobody_else_blocks_a_doctors_slot_or_waits_for_the_lock() {
        let another = a_stranger(Role::Doctor);
        for caller in [another, a_caller(Role::Coordinator), a_caller(Role::Patient)] {
            let mut clinic = FakeClinic::default();
            clinic.work.time_slots.expect_find().returning(|_| Ok(Some(a_slot())));

            let (refused, trail) = block(clinic, caller, true, Expected::Any).await;

            assert!(matches!(refused, Err(Error::Forbidden(Action::BlockTimeSlot))));
            assert_eq!(trail.recorded()[0].outcome, Outcome::Denied);
            assert_eq!(trail.committed(), None);
        }
    }

    #[tokio::test]
    async fn somebody_pending_blocks_their_own_slot() {
        let mut clinic = a_clinic_with(a_slot());
        clinic.work.time_slots.expect_update().returning(|_| Ok(()));

        let (blocked, _) = block(clinic, a_pending_doctor(), true, Expected::Any).await;

        assert!(blocked.is_ok());
    }

    #[tokio::test]
    async fn what_is_not_there_or_goes_meanwhile_is_not_found() {
        let nowhere = || {
            let mut clinic = FakeClinic::default();
            clinic.work.time_slots.expect_find().returning(|_| Ok(None));
            clinic
        };
        let of_an_archived_doctor = || {
            let mut clinic = FakeClinic::default();
            clinic.work.time_slots.expect_find().returning(|_| Ok(Some(a_slot())));
            clinic.work.doctors.expect_lock().returning(|_| Ok(None));
            clinic
        };
        let gone_meanwhile = || {
            let mut clinic = FakeClinic::default();
            let slots = &mut clinic.work.time_slots;
            slots.expect_find().times(1).returning(|_| Ok(Some(a_slot())));
            slots.expect_find().returning(|_| Ok(None));
            clinic.work.doctors.expect_lock().returning(|_| Ok(Some(a_doctor())));
            clinic
        };
        for clinic in [nowhere(), of_an_archived_doctor(), gone_meanwhile()] {
            let (missing, trail) = block(clinic, a_caller(Role::Doctor), true, Expected::Any).await;

            assert!(matches!(missing, Err(Error::NotFound(Concept::TimeSlot))));
            assert_eq!(trail.recorded().len(), 1);
            assert_eq!(trail.committed(), None);
        }
    }

    #[tokio::test]
    async fn another_version_than_the_caller_has_read_is_left_alone() {
        let clinic = a_clinic_with(a_slot());

        let (stale, trail) =
            block(clinic, a_caller(Role::Doctor), true, Expected::OneOf(vec![7])).await;

        assert!(matches!(stale, Err(Error::Stale(Concept::TimeSlot))));
        assert_eq!(trail.committed(), None);
    }

    #[tokio::test]
    async fn a_store_that_fails_commits_nothing() {
        let mut clinic = a_clinic_with(a_slot());
        clinic.work.time_slots.expect_update().returning(|_| Err(StoreError::Busy));

        let (failed, trail) = block(clinic, a_caller(Role::Doctor), true, Expected::Any).await;

        assert!(matches!(failed, Err(Error::Store(StoreError::Busy))));
        assert_eq!(trail.committed(), None);
    }
}
