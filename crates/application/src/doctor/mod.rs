//! Doctors: the use cases, one file each.

mod archive;
mod availability;
mod change;
mod create;
mod find;
mod list;
mod repository;
mod restore;
mod verify;
mod view;

use medilink_domain::doctor::Doctor;
use medilink_domain::id::DoctorId;
use medilink_domain::policy::Action;
use medilink_domain::time::Timestamp;

pub use self::availability::FindAvailability;
pub use self::list::{DoctorFilter, ListDoctors};
pub use self::repository::{DoctorQueries, DoctorRepository};
#[cfg(any(test, feature = "testing"))]
pub use self::repository::{MockDoctorQueries, MockDoctorRepository};
pub use self::view::{DoctorBrief, DoctorView};
use crate::application::Ports;
use crate::call::{Call, Permit, Subject, Written};
use crate::error::{Result, StoreError};
use crate::store::UnitOfWork;

/// The use cases about the directory of doctors: `list`, `find`, `create`, `change`, `archive`,
/// `restore` and `verify`, and `availability`. Registrations make profiles too.
pub struct Doctors {
    ports: Ports,
}

impl Doctors {
    pub(crate) const fn new(ports: Ports) -> Self {
        Self { ports }
    }
}

/// Keeps a doctor of the directory from others, and decides whether the caller may do something to
/// the profile.
async fn load<'call>(
    call: &'call Call,
    work: &mut dyn UnitOfWork,
    id: DoctorId,
    action: Action,
) -> Result<(Doctor, Permit<'call>)> {
    let subject = Subject::of(id);
    let doctor = work.doctors().lock(id).await?;
    let doctor = doctor.ok_or_else(|| call.absent(action, subject))?;
    let permit = call.may(action, call.actor().relations_to_doctor(&doctor), subject)?;
    Ok((doctor, permit))
}

/// Tells whether the licence number of a doctor is somebody else's: of a verified doctor or, if
/// nobody signs in as this one, of another entry. A registration may repeat that of an entry.
pub(crate) async fn is_license_taken(
    work: &mut dyn UnitOfWork,
    doctor: &Doctor,
) -> Result<bool, StoreError> {
    let Some(number) = &doctor.profile.license_number else { return Ok(false) };
    let except = Some(doctor.id);
    let is_entry = doctor.user.is_none();
    Ok(work.doctors().is_license_taken(number, except).await?
        || (is_entry && work.doctors().is_license_entered(number, except).await?))
}

/// Answers a replay with the doctor whom the first request made or changed, as they are now.
async fn replay(
    call: &Call,
    mut work: Box<dyn UnitOfWork>,
    id: DoctorId,
    now: Timestamp,
) -> Result<Written<DoctorView>> {
    const ACTION: Action = Action::ReadDoctor;
    let subject = Subject::of(id);
    let doctor = work.doctors().find(id).await?;
    let doctor = doctor.ok_or_else(|| call.absent(ACTION, subject))?;
    let permit = call.may(ACTION, call.actor().relations_to_doctor(&doctor), subject)?;

    // What the first request wrote may not be on disk before this commit.
    work.commit(permit.audit(id, now)).await?;

    Ok(Written::replayed(DoctorView::of(doctor)))
}
