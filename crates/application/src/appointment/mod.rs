//! Appointments: the use cases, one file each.

mod alternatives;
mod book;
mod cancel;
mod change;
mod check;
mod check_in;
mod complete;
mod confirm;
mod find;
mod history;
mod list;
mod list_of_patient;
mod mark_no_show;
mod repository;
mod reschedule;
mod start;
mod statistics;
mod time;
mod today;
mod transition;
mod upcoming;
mod view;

use std::sync::Arc;

use medilink_domain::appointment::Appointment;
use medilink_domain::doctor::Doctor;
use medilink_domain::id::AppointmentId;
use medilink_domain::patient::Patient;
use medilink_domain::policy::Action;
use medilink_domain::record::Record;
use medilink_domain::time::Timestamp;

pub use self::book::BookAppointment;
pub use self::cancel::CancelAppointment;
pub use self::change::ChangeAppointment;
pub use self::list::{AppointmentFilter, ListAppointments};
pub use self::mark_no_show::MarkNoShow;
pub use self::repository::{
    AppointmentCount, AppointmentQueries, AppointmentRepository, AppointmentSelection, ZoneDay,
};
#[cfg(any(test, feature = "testing"))]
pub use self::repository::{MockAppointmentQueries, MockAppointmentRepository};
pub use self::reschedule::RescheduleAppointment;
pub use self::statistics::{AppointmentStatistics, CountAppointments, DayTotal, StatusTotals};
pub use self::time::{NewTime, WantedTime};
pub use self::view::{
    AppointmentChangeView, AppointmentHistory, AppointmentView, BookingCheck, ObstacleView,
};
use crate::application::{Ports, Settings};
use crate::call::{Call, Permit, Subject, Written};
use crate::doctor::DoctorBrief;
use crate::error::{Result, StoreError};
use crate::patient::PatientBrief;
use crate::store::UnitOfWork;

/// The use cases about appointments: booking and asking whether one could,
/// reading, and every change that they go through.
pub struct Appointments {
    ports: Ports,
    settings: Arc<Settings>,
}

impl Appointments {
    pub(crate) const fn new(ports: Ports, settings: Arc<Settings>) -> Self {
        Self { ports, settings }
    }
}

/// An appointment that is about to be changed, whom it is for, and the permission to change it.
struct Loaded<'call> {
    appointment: Appointment,
    doctor: Doctor,
    patient: Patient,
    permit: Permit<'call>,
}

/// Loads an appointment if the caller may do something to it, and keeps it from others.
///
/// Everybody locks the doctor, then the patient, then the appointment. On PostgreSQL every change
/// of an active appointment, its status alone too, is compared with the others of its doctor and
/// its patient; holding the appointment alone, it would wait in a circle with a booking.
async fn load<'call>(
    call: &'call Call,
    work: &mut dyn UnitOfWork,
    id: AppointmentId,
    action: Action,
) -> Result<Loaded<'call>> {
    let subject = Subject::of(id);
    let found = work.appointments().find(id).await?;
    let found = found.ok_or_else(|| call.missing(action, subject))?;
    // None of these ever changes.
    let Appointment { doctor, patient, patient_created_by, .. } = found;

    let relations = call.actor().relations_to_appointment(doctor, patient, patient_created_by);
    let permit = call.may(action, relations, subject.touching(Some(patient)))?;

    let corrupt = || StoreError::Corrupt(Record::from(id));
    let doctor = work.doctors().lock_archived(doctor).await?.ok_or_else(corrupt)?;
    let patient = work.patients().lock_archived(patient).await?.ok_or_else(corrupt)?;
    let appointment = work.appointments().lock(id).await?.ok_or_else(corrupt)?;
    Ok(Loaded { appointment, doctor, patient, permit })
}

/// Answers a replay with the appointment that the first request wrote, as it is now.
async fn replay(
    call: &Call,
    mut work: Box<dyn UnitOfWork>,
    id: AppointmentId,
    now: Timestamp,
) -> Result<Written<AppointmentView>> {
    let Loaded { appointment, doctor, patient, permit } =
        load(call, &mut *work, id, Action::ReadAppointment).await?;

    // What the first request wrote may not be on disk before this commit.
    work.commit(permit.audit(id, now)).await?;

    Ok(Written::replayed(show(appointment, &doctor, &patient)))
}

fn show(appointment: Appointment, doctor: &Doctor, patient: &Patient) -> AppointmentView {
    AppointmentView::of(appointment, DoctorBrief::of(doctor), PatientBrief::of(patient))
}
