//! Pharmacies: the use cases, one file each.

mod change;
mod create;
mod find;
mod list;
mod repository;
mod verify;
mod view;

use medilink_domain::actor::Relations;
use medilink_domain::id::PharmacyId;
use medilink_domain::pharmacy::Pharmacy;
use medilink_domain::policy::Action;
use medilink_domain::time::Timestamp;

pub use self::list::{ListPharmacies, PharmacyFilter};
#[cfg(any(test, feature = "testing"))]
pub use self::repository::{MockPharmacyQueries, MockPharmacyRepository};
pub use self::repository::{PharmacyQueries, PharmacyRepository};
pub use self::view::PharmacyView;
use crate::application::Ports;
use crate::call::{Call, Subject, Written};
use crate::error::{Result, StoreError};
use crate::store::UnitOfWork;

/// The use cases about the directory of pharmacies: `list`, `find`, `create`, `change` and
/// `verify`. Registrations make profiles too.
pub struct Pharmacies {
    ports: Ports,
}

impl Pharmacies {
    pub(crate) const fn new(ports: Ports) -> Self {
        Self { ports }
    }
}

/// Tells whether the licence number of a pharmacy is another's: of a verified one or, if nobody signs
/// in for this one, of another entry. A registration may repeat that of an entry.
async fn is_license_taken(
    work: &mut dyn UnitOfWork,
    pharmacy: &Pharmacy,
) -> Result<bool, StoreError> {
    let Some(number) = &pharmacy.profile.license_number else { return Ok(false) };
    let except = Some(pharmacy.id);
    let is_entry = pharmacy.user.is_none();
    Ok(work.pharmacies().is_license_taken(number, except).await?
        || (is_entry && work.pharmacies().is_license_entered(number, except).await?))
}

/// Answers a replay with the pharmacy that the first request made or changed, as it is now.
async fn replay(
    call: &Call,
    mut work: Box<dyn UnitOfWork>,
    id: PharmacyId,
    now: Timestamp,
) -> Result<Written<PharmacyView>> {
    const ACTION: Action = Action::ReadPharmacy;
    let subject = Subject::of(id);
    let permit = call.may(ACTION, Relations::NONE, subject)?;
    let pharmacy = work.pharmacies().find(id).await?;
    let pharmacy = pharmacy.ok_or_else(|| call.absent(ACTION, subject))?;

    // What the first request wrote may not be on disk before this commit.
    work.commit(permit.audit(id, now)).await?;

    Ok(Written::replayed(PharmacyView::of(pharmacy)))
}
