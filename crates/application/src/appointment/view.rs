//! What people see of an appointment, alone and in lists.

use medilink_domain::appointment::{
    Appointment, AppointmentChange, AppointmentError, AppointmentStatus,
};
use medilink_domain::id::{AppointmentId, DoctorId, PatientId, UserId};
use medilink_domain::period::BookableTime;
use medilink_domain::rule::{Rule, RuleCode};
use medilink_domain::time::Timestamp;
use serde::Serialize;

use crate::availability::FreeTimeView;
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
    /// Whether it was entered after its start.
    pub retrospective: bool,
    /// The user who booked it.
    pub created_by: UserId,
    /// When it was booked.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
    /// Who made the patient's record. It decides who may see the appointment, and is not shown.
    #[serde(skip)]
    #[cfg_attr(feature = "schema", schema(ignore))]
    pub patient_created_by: UserId,
    /// Counts the changes. It is shown as the `ETag` of a single appointment.
    #[serde(skip)]
    #[cfg_attr(feature = "schema", schema(ignore))]
    pub version: i64,
}

impl AppointmentView {
    /// Shows an appointment, with its two parties in short.
    pub fn of(appointment: Appointment, doctor: DoctorBrief, patient: PatientBrief) -> Self {
        let Appointment {
            id,
            doctor: doctor_id,
            patient: patient_id,
            patient_created_by,
            time,
            status,
            reason,
            notes,
            retrospective,
            created_by,
            revision,
        } = appointment;
        Self {
            id,
            doctor_id,
            patient_id,
            patient_created_by,
            doctor,
            patient,
            starts_at: time.starts_at(),
            ends_at: time.ends_at(),
            duration_minutes: time.period().length().num_minutes(),
            status,
            reason: reason.map(|text| text.disclose().to_owned()),
            notes: notes.map(|text| text.disclose().to_owned()),
            retrospective,
            created_by,
            created_at: revision.created_at,
            updated_at: revision.updated_at,
            version: revision.version,
        }
    }
}

/// What has become of an appointment.
#[derive(Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct AppointmentHistory {
    /// Every change of its time and its status, the booking first.
    pub items: Vec<AppointmentChangeView>,
}

/// One change of an appointment's time or status.
#[derive(Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct AppointmentChangeView {
    /// Where it stood before; nothing when it was booked.
    #[cfg_attr(feature = "schema", schema(required = true))]
    pub from: Option<AppointmentStatus>,
    /// Where it stood from then on.
    pub to: AppointmentStatus,
    /// When it was to start before, if the time moved.
    #[cfg_attr(feature = "schema", schema(required = true))]
    pub old_starts_at: Option<Timestamp>,
    /// When it was to be over before, if the time moved.
    #[cfg_attr(feature = "schema", schema(required = true))]
    pub old_ends_at: Option<Timestamp>,
    /// When it was to start from then on.
    pub starts_at: Timestamp,
    /// When it was to be over from then on.
    pub ends_at: Timestamp,
    /// The user who changed it.
    pub changed_by: UserId,
    /// When they did.
    pub changed_at: Timestamp,
    /// Why, if they said so.
    #[cfg_attr(feature = "schema", schema(required = true, example = "The doctor is ill"))]
    pub reason: Option<String>,
}

impl AppointmentChangeView {
    /// Shows a change.
    pub fn of(change: AppointmentChange) -> Self {
        let AppointmentChange { from, to, old_time, new_time, by, at, reason } = change;
        Self {
            from,
            to,
            old_starts_at: old_time.map(BookableTime::starts_at),
            old_ends_at: old_time.map(BookableTime::ends_at),
            starts_at: new_time.starts_at(),
            ends_at: new_time.ends_at(),
            changed_by: by,
            changed_at: at,
            reason: reason.map(|text| text.disclose().to_owned()),
        }
    }
}

/// Whether a booking would be done.
#[derive(Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct BookingCheck {
    /// Whether it would be done if it were asked for now.
    #[cfg_attr(feature = "schema", schema(example = false))]
    pub bookable: bool,
    /// Every reason why not.
    pub reasons: Vec<ObstacleView>,
    /// Up to three times that you could book instead, the nearest first.
    pub alternatives: Vec<FreeTimeView>,
}

/// One reason why a booking would be refused.
#[derive(Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct ObstacleView {
    /// The reason, for programs: the code of the problem.
    #[cfg_attr(feature = "schema", schema(example = "doctor-double-booked"))]
    pub code: RuleCode,
    /// The reason, for people.
    #[cfg_attr(
        feature = "schema",
        schema(
            example = "The doctor already has an appointment at this time. Choose another time."
        )
    )]
    pub message: String,
}

impl ObstacleView {
    /// Shows a reason.
    pub fn of(obstacle: AppointmentError) -> Self {
        Self { code: obstacle.code(), message: obstacle.to_string() }
    }
}
