//! Reading one time slot.

use medilink_domain::id::TimeSlotId;
use medilink_domain::policy::Action;

use super::{TimeSlotView, TimeSlots};
use crate::call::{Call, Subject};
use crate::error::Result;

impl TimeSlots {
    /// Returns the slot.
    ///
    /// # Errors
    ///
    /// [`NotFound`](crate::Error::NotFound) if there is none by that id.
    pub async fn find(&self, call: &Call, id: TimeSlotId) -> Result<TimeSlotView> {
        const ACTION: Action = Action::ReadTimeSlot;
        let subject = Subject::of(id);
        let now = self.ports.clock.now();

        let slot = self.ports.store.queries().time_slots().find(id, now).await?;
        let slot = slot.ok_or_else(|| call.missing(ACTION, subject))?;

        call.may(ACTION, call.actor().relations_to_time_of(slot.doctor_id), subject)?;

        Ok(slot)
    }
}

#[cfg(test)]
mod tests {
    use medilink_domain::audit::Outcome;
    use medilink_domain::record::Concept;
    use medilink_domain::user::Role;

    use super::*;
    use crate::call::Caller;
    use crate::error::Error;
    use crate::testing::{
        FakeClinic, NOW, Trail, a_caller, a_pending_doctor, a_slot, a_stranger, at,
    };

    async fn find(clinic: FakeClinic, by: Caller) -> (Result<TimeSlotView>, Trail) {
        let id = a_slot().id;
        clinic.perform(by, async |app, call| app.time_slots.find(call, id).await).await
    }

    #[tokio::test]
    async fn everybody_reads_a_slot_as_it_is_now_and_no_patients_data() {
        let everybody = Role::ALL.iter().map(|role| a_stranger(*role));
        for caller in everybody.chain([a_pending_doctor()]) {
            let mut clinic = FakeClinic::default();
            let seen = TimeSlotView::of(&a_slot(), true, at(NOW));
            let find_one = clinic.queries.time_slots.expect_find();
            let asked = |id: &TimeSlotId, now: &_| (*id, *now) == (a_slot().id, at(NOW));
            find_one.withf(asked).return_once(move |_, _| Ok(Some(seen)));

            let (found, trail) = find(clinic, caller).await;

            assert!(!found.ok().unwrap().available);
            assert!(trail.recorded().is_empty());
        }
    }

    #[tokio::test]
    async fn what_is_not_there_is_not_found() {
        let mut clinic = FakeClinic::default();
        clinic.queries.time_slots.expect_find().returning(|_, _| Ok(None));

        let (missing, trail) = find(clinic, a_caller(Role::Patient)).await;

        assert!(matches!(missing, Err(Error::NotFound(Concept::TimeSlot))));
        let entry = &trail.recorded()[0];
        assert_eq!((entry.action, entry.outcome), (Action::ReadTimeSlot, Outcome::Denied));
    }
}
