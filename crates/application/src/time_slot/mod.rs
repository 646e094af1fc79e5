//! Time slots: the use cases, one file each.

mod block;
mod delete;
mod find;
mod list;
mod publish;
mod publish_all;
mod repository;
mod view;

use std::sync::Arc;

use medilink_domain::actor::Relations;
use medilink_domain::id::{DoctorId, TimeSlotId};
use medilink_domain::policy::Action;
use medilink_domain::record::Concept;
use medilink_domain::time_slot::TimeSlot;

pub use self::block::BlockTimeSlot;
pub use self::list::{ListTimeSlots, SlotRange, TimeSlotFilter};
pub use self::publish::{PublishTimeSlot, SlotTime};
pub use self::publish_all::PublishTimeSlots;
#[cfg(any(test, feature = "testing"))]
pub use self::repository::{MockTimeSlotQueries, MockTimeSlotRepository};
pub use self::repository::{SlotInBrief, TimeSlotQueries, TimeSlotRepository, TimeSlotSelection};
pub use self::view::{PublishedView, SkipReason, SkippedView, TimeSlotView};
use crate::application::{Ports, Settings};
use crate::call::{Call, Expected, Permit, Subject};
use crate::error::{Error, FieldErrors, Result};
use crate::store::UnitOfWork;

/// The use cases about time slots: publishing one or many, reading, blocking and taking back.
pub struct TimeSlots {
    ports: Ports,
    settings: Arc<Settings>,
}

impl TimeSlots {
    pub(crate) const fn new(ports: Ports, settings: Arc<Settings>) -> Self {
        Self { ports, settings }
    }
}

/// Finds whose time is to be published, the named doctor's or that of the doctor who asks, and decides
/// whether the caller may publish it.
fn publishing(call: &Call, named: Option<DoctorId>) -> Result<(DoctorId, Permit<'_>)> {
    let doctor = named.or(call.actor().doctor);
    let relations = doctor.map_or(Relations::NONE, |it| call.actor().relations_to_time_of(it));
    let permit = call.may(Action::PublishTimeSlot, relations, Subject::NONE)?;
    let doctor = doctor
        .ok_or_else(|| Error::Invalid(FieldErrors::of("doctor_id", "say whose time it is")))?;
    Ok((doctor, permit))
}

/// Loads a slot if the caller may do something to it, and keeps its doctor's time from others.
///
/// Slots are only ever written under their doctor's lock, as bookings are.
async fn load<'call>(
    call: &'call Call,
    work: &mut dyn UnitOfWork,
    id: TimeSlotId,
    (action, expected): (Action, &Expected),
) -> Result<(TimeSlot, Permit<'call>)> {
    let subject = Subject::of(id);
    let missing = || call.absent(action, subject);
    let found = work.time_slots().find(id).await?.ok_or_else(missing)?;

    let permit = call.may(action, call.actor().relations_to_time_of(found.doctor), subject)?;

    work.doctors().lock(found.doctor).await?.ok_or_else(missing)?;
    let slot = work.time_slots().find(id).await?.ok_or_else(missing)?;
    expected.check(Concept::TimeSlot, slot.revision.version)?;
    Ok((slot, permit))
}
