//! Patients: the use cases, one file each.

mod archive;
mod change;
mod create;
mod find;
mod list;
mod repository;
mod restore;
mod view;

use std::sync::Arc;

use medilink_domain::actor::{Actor, Relations};
use medilink_domain::care::CareSince;
use medilink_domain::id::PatientId;
use medilink_domain::patient::Patient;
use medilink_domain::policy::Action;
use medilink_domain::time::Timestamp;

pub use self::list::{ListPatients, PatientFilter};
#[cfg(any(test, feature = "testing"))]
pub use self::repository::{MockPatientQueries, MockPatientRepository};
pub use self::repository::{PatientQueries, PatientRepository, PatientSelection, SeenPatient};
pub use self::view::{PatientBrief, PatientView};
use crate::application::{Ports, Settings};
use crate::call::{Call, Subject, Written};
use crate::error::{Result, StoreError};
use crate::store::UnitOfWork;

/// The use cases about patients' records: `list`, `create`, `find`, `change`, `archive` and `restore`.
/// Registrations make records too.
pub struct Patients {
    ports: Ports,
    settings: Arc<Settings>,
}

impl Patients {
    pub(crate) const fn new(ports: Ports, settings: Arc<Settings>) -> Self {
        Self { ports, settings }
    }
}

/// Tells how somebody stands to a patient, within a unit of work.
pub(crate) async fn relations(
    work: &mut dyn UnitOfWork,
    actor: &Actor,
    patient: &Patient,
    since: CareSince,
) -> Result<Relations, StoreError> {
    let cares = match actor.doctor {
        Some(doctor) => work.patients().is_in_care(patient.id, doctor, since).await?,
        None => false,
    };
    Ok(actor.relations_to_patient(patient.id, patient.created_by, cares))
}

/// Returns whose data a page shows, if it is one patient's: naming somebody in a filter is not yet
/// seeing anything of theirs.
pub(crate) fn one_patient(shown: impl IntoIterator<Item = PatientId>) -> Option<PatientId> {
    let mut shown = shown.into_iter();
    let first = shown.next()?;
    shown.all(|other| other == first).then_some(first)
}

/// Answers a replay with the record that the first request made, as it is now.
async fn replay(
    call: &Call,
    mut work: Box<dyn UnitOfWork>,
    id: PatientId,
    since: CareSince,
    now: Timestamp,
) -> Result<Written<PatientView>> {
    const ACTION: Action = Action::ReadPatient;
    let subject = Subject::of(id);
    let patient = work.patients().find(id).await?;
    let patient = patient.ok_or_else(|| call.missing(ACTION, subject))?;
    let relations = relations(&mut *work, call.actor(), &patient, since).await?;
    let permit = call.may(ACTION, relations, subject)?;

    // What the first request wrote may not be on disk before this commit.
    work.commit(permit.audit(id, now)).await?;

    Ok(Written::replayed(PatientView::of(patient)))
}
