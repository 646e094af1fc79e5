//! What people see of an appointment, alone and in lists.

use medilink_domain::appointment::{Appointment, AppointmentStatus};
use medilink_domain::doctor::Doctor;
use medilink_domain::id::{AppointmentId, DoctorId, PatientId, UserId};
use medilink_domain::patient::Patient;
use medilink_domain::text::{AppointmentNotes, VisitReason};
use medilink_domain::time::Timestamp;
use serde::Serialize;

use crate::doctor::DoctorBrief;
use crate::patient::PatientBrief;

/// An appointment as it is shown.
#[derive(Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct AppointmentView {
    /// The id.
    pub id: AppointmentId,
    /// Whose time it takes.
    pub doctor_id: DoctorId,
    /// Who is seen.
    pub patient_id: PatientId,
    /// The doctor in short.
    pub doctor: DoctorBrief,
    /// The patient in short.
    pub patient: PatientBrief,
    /// When it starts.
    pub starts_at: Timestamp,
    /// When it is over.
    pub ends_at: Timestamp,
    /// How long it lasts, in minutes; a part of one counts as none.
    #[cfg_attr(feature = "schema", schema(example = 30))]
    pub duration_minutes: i64,
    /// Where it stands.
    pub status: AppointmentStatus,
    /// Why the patient comes.
    #[cfg_attr(feature = "schema", schema(required = true, example = "Cough since Monday"))]
    pub reason: Option<String>,
    /// What else there is to know.
    #[cfg_attr(feature = "schema", schema(required = true, example = "Prefers a morning"))]
    pub notes: Option<String>,
    /// Whether it was entered when its time was over already.
    pub retrospective: bool,
    /// The user who booked it.
    pub created_by: UserId,
    /// When it was booked.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
    /// Counts the changes. It is shown as the `ETag` of a single appointment.
    #[serde(skip)]
    #[cfg_attr(feature = "schema", schema(ignore))]
    pub version: i64,
}

impl AppointmentView {
    /// Shows an appointment that was just written.
    pub(super) fn of(appointment: &Appointment, doctor: &Doctor, patient: &Patient) -> Self {
        let period = appointment.time.period();
        Self {
            id: appointment.id,
            doctor_id: appointment.doctor,
            patient_id: appointment.patient,
            doctor: DoctorBrief::of(doctor),
            patient: PatientBrief::of(patient),
            starts_at: period.starts_at(),
            ends_at: period.ends_at(),
            duration_minutes: period.length().num_minutes(),
            status: appointment.status,
            reason: appointment.reason.as_ref().map(VisitReason::disclose).map(str::to_owned),
            notes: appointment.notes.as_ref().map(AppointmentNotes::disclose).map(str::to_owned),
            retrospective: appointment.retrospective,
            created_by: appointment.created_by,
            created_at: appointment.created_at,
            updated_at: appointment.updated_at,
            version: appointment.version,
        }
    }
}
