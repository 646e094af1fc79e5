//! Appointments: the use cases, one file each.

mod book;
mod cancel;
mod find;
mod list;
mod repository;
mod view;

use std::sync::Arc;

use medilink_domain::appointment::Appointment;
use medilink_domain::doctor::Doctor;
use medilink_domain::id::{AppointmentId, DoctorId, PatientId, UserId};
use medilink_domain::patient::Patient;
use medilink_domain::policy::{Action, Actor, Relation, Relations};
use medilink_domain::record::Record;
use medilink_domain::time::Timestamp;

pub use self::book::BookAppointment;
pub use self::cancel::CancelAppointment;
pub use self::list::{AppointmentFilter, AppointmentOrder, Bound, ListAppointments};
pub use self::repository::{
    AppointmentQueries, AppointmentRepository, AppointmentSelection, SeenAppointment,
};
#[cfg(any(test, feature = "testing"))]
pub use self::repository::{MockAppointmentQueries, MockAppointmentRepository};
pub use self::view::AppointmentView;
use crate::application::{Ports, Settings};
use crate::call::{Call, Permit, Subject, Written};
use crate::error::{Result, StoreError};
use crate::store::UnitOfWork;

/// The use cases about appointments: `book`, `find`, `list` and `cancel`.
pub struct Appointments {
    ports: Ports,
    settings: Arc<Settings>,
}

impl Appointments {
    pub(crate) const fn new(ports: Ports, settings: Arc<Settings>) -> Self {
        Self { ports, settings }
    }
}

/// Tells how somebody stands to an appointment: as its doctor, as its patient, or as the maker of
/// its patient's record.
fn relations_to(
    actor: &Actor,
    doctor: DoctorId,
    patient: PatientId,
    patient_created_by: UserId,
) -> Relations {
    actor
        .relations_to(patient, patient_created_by, false)
        .with_if(Relation::Own, actor.doctor == Some(doctor))
}

/// An appointment that is about to be changed, whom it is for, and the permission to change it.
struct Loaded<'call> {
    appointment: Appointment,
    doctor: Doctor,
    patient: Patient,
    permit: Permit<'call>,
}

/// Loads and locks an appointment if the caller may do something to it.
async fn load<'call>(
    call: &'call Call,
    work: &mut dyn UnitOfWork,
    id: AppointmentId,
    action: Action,
) -> Result<Loaded<'call>> {
    let subject = Subject::of(id);
    let appointment = work.appointments().lock(id).await?;
    let appointment = appointment.ok_or_else(|| call.missing(action, subject))?;
    let corrupt = || StoreError::Corrupt(Record::from(id));
    let doctor = work.doctors().find(appointment.doctor).await?.ok_or_else(corrupt)?;
    let patient = work.patients().find(appointment.patient).await?.ok_or_else(corrupt)?;

    let relations = relations_to(call.actor(), doctor.id, patient.id, patient.created_by);
    let permit = call.may(action, relations, subject.touching(Some(patient.id)))?;

    Ok(Loaded { appointment, doctor, patient, permit })
}

/// Answers a repeated request with the appointment that the first one wrote, as it is now.
async fn repeat(
    call: &Call,
    mut work: Box<dyn UnitOfWork>,
    id: AppointmentId,
    now: Timestamp,
) -> Result<Written<AppointmentView>> {
    let Loaded { appointment, doctor, patient, permit } =
        load(call, &mut *work, id, Action::ReadAppointment).await?;

    // What the first request wrote may not be on disk before this commit.
    work.commit(permit.audit(id, now)).await?;

    Ok(Written::before(AppointmentView::of(&appointment, &doctor, &patient)))
}
