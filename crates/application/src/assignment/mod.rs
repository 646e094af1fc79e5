//! Assignments: the use cases, one file each.

mod change;
mod create;
mod doctors;
mod find;
mod list;
mod remove;
mod repository;
mod view;

use std::sync::Arc;

use medilink_domain::assignment::Assignment;
use medilink_domain::care::CareSince;
use medilink_domain::doctor::Doctor;
use medilink_domain::id::AssignmentId;
use medilink_domain::patient::Patient;
use medilink_domain::policy::Action;
use medilink_domain::record::Record;
use medilink_domain::time::Timestamp;

pub use self::change::ChangeAssignment;
pub use self::create::CreateAssignment;
pub use self::list::{AssignmentFilter, ListAssignments};
pub use self::repository::{
    AssignmentQueries, AssignmentRepository, AssignmentSelection, SeenAssignment,
};
#[cfg(any(test, feature = "testing"))]
pub use self::repository::{MockAssignmentQueries, MockAssignmentRepository};
pub use self::view::{AssignedDoctorView, AssignmentView};
use crate::application::{Ports, Settings};
use crate::call::{Call, Permit, Subject, Written};
use crate::doctor::DoctorBrief;
use crate::error::{Result, StoreError};
use crate::patient::{self, PatientBrief};
use crate::store::UnitOfWork;

/// The use cases about assignments: `create`, `find`, `list`, `change`, `remove`, and `doctors` for
/// those of one patient.
pub struct Assignments {
    ports: Ports,
    settings: Arc<Settings>,
}

impl Assignments {
    pub(crate) const fn new(ports: Ports, settings: Arc<Settings>) -> Self {
        Self { ports, settings }
    }

    /// Returns where care begins now.
    fn care_since(&self, now: Timestamp) -> CareSince {
        self.settings.care_window.since(now)
    }
}

/// An assignment that is about to be changed, whom it is between, and the permission to change it.
struct Loaded<'call> {
    assignment: Assignment,
    doctor: Doctor,
    patient: Patient,
    permit: Permit<'call>,
}

/// Loads an assignment if the caller may do something to it, and keeps it from others.
///
/// Everybody locks the doctor, then the patient, then assignments: whoever holds the patient is alone
/// with all assignments of theirs. The caller is asked for after that, since the very care that lets
/// them in may end while they wait.
async fn load<'call>(
    call: &'call Call,
    work: &mut dyn UnitOfWork,
    id: AssignmentId,
    action: Action,
    since: CareSince,
) -> Result<Loaded<'call>> {
    let subject = Subject::of(id);
    let missing = || call.missing(action, subject);
    let Assignment { doctor, patient, .. } =
        work.assignments().find(id).await?.ok_or_else(missing)?;
    let corrupt = || StoreError::Corrupt(Record::from(id));
    let doctor = work.doctors().lock_archived(doctor).await?.ok_or_else(corrupt)?;
    let patient = work.patients().lock_archived(patient).await?.ok_or_else(corrupt)?;
    let assignment = work.assignments().lock(id).await?.ok_or_else(missing)?;
    let relations = patient::relations(work, call.actor(), &patient, since).await?;

    let permit = call.may(action, relations, subject.touching(Some(patient.id)))?;

    Ok(Loaded { assignment, doctor, patient, permit })
}

/// Lets the patient's other assignments give way to one that is about to be kept. They are written
/// first, or the database would refuse the second primary one.
async fn make_room(work: &mut dyn UnitOfWork, wanted: &Assignment, now: Timestamp) -> Result<()> {
    if !wanted.is_active() {
        return Ok(());
    }
    for mut rival in work.assignments().lock_rivals(wanted).await? {
        if rival.give_way(wanted, now)? {
            work.assignments().update(&rival).await?;
        }
    }
    Ok(())
}

/// Answers a replay with the assignment that the first request made, as it is now.
async fn replay(
    call: &Call,
    mut work: Box<dyn UnitOfWork>,
    id: AssignmentId,
    since: CareSince,
    now: Timestamp,
) -> Result<Written<AssignmentView>> {
    let Loaded { assignment, doctor, patient, permit } =
        load(call, &mut *work, id, Action::ReadAssignment, since).await?;

    // What the first request wrote may not be on disk before this commit.
    work.commit(permit.audit(id, now)).await?;

    Ok(Written::replayed(show(assignment, &doctor, &patient)))
}

fn show(assignment: Assignment, doctor: &Doctor, patient: &Patient) -> AssignmentView {
    AssignmentView::of(assignment, DoctorBrief::of(doctor), PatientBrief::of(patient))
}
