//! What people see of an assignment, alone and in lists, and of a patient's doctors.

use medilink_domain::assignment::Assignment;
use medilink_domain::doctor::Specialization;
use medilink_domain::id::{AssignmentId, DoctorId, PatientId, UserId};
use medilink_domain::time::Timestamp;
use serde::Serialize;

use crate::doctor::DoctorBrief;
use crate::patient::PatientBrief;

/// An assignment as it is shown.
#[derive(Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct AssignmentView {
    /// The id.
    pub id: AssignmentId,
    /// For whom the doctor cares.
    pub patient_id: PatientId,
    /// Who cares.
    pub doctor_id: DoctorId,
    /// The patient in short.
    pub patient: PatientBrief,
    /// The doctor in short.
    pub doctor: DoctorBrief,
    /// Whether the doctor comes first among the patient's, or did when it ended.
    pub is_primary: bool,
    /// Whether it goes on.
    pub is_active: bool,
    /// Why the doctor is assigned.
    #[cfg_attr(feature = "schema", schema(required = true, example = "Diabetes"))]
    pub reason: Option<String>,
    /// What else there is to know.
    #[cfg_attr(feature = "schema", schema(required = true, example = "Comes twice a year"))]
    pub notes: Option<String>,
    /// The user who made it.
    pub created_by: UserId,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
    /// When it ended; null while it is active.
    #[cfg_attr(feature = "schema", schema(required = true))]
    pub ended_at: Option<Timestamp>,
    /// Who made the patient's record. It decides who may see the assignment, and is not shown.
    #[serde(skip)]
    #[cfg_attr(feature = "schema", schema(ignore))]
    pub patient_created_by: UserId,
    /// Counts the changes. It is shown as the `ETag` of a single assignment.
    #[serde(skip)]
    #[cfg_attr(feature = "schema", schema(ignore))]
    pub version: i64,
}

impl AssignmentView {
    /// Shows an assignment, with its two parties in short.
    pub fn of(assignment: Assignment, doctor: DoctorBrief, patient: PatientBrief) -> Self {
        let is_active = assignment.is_active();
        let Assignment {
            id,
            doctor: doctor_id,
            patient: patient_id,
            patient_created_by,
            is_primary,
            reason,
            notes,
            created_by,
            ended_at,
            archived_at: _,
            revision,
        } = assignment;
        Self {
            id,
            patient_id,
            doctor_id,
            patient,
            doctor,
            is_primary,
            is_active,
            reason: reason.map(|text| text.disclose().to_owned()),
            notes: notes.map(|text| text.disclose().to_owned()),
            created_by,
            created_at: revision.created_at,
            updated_at: revision.updated_at,
            ended_at,
            patient_created_by,
            version: revision.version,
        }
    }
}

/// A doctor who is assigned to a patient, as the patient's doctors are shown.
#[derive(Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct AssignedDoctorView {
    /// The assignment.
    pub assignment_id: AssignmentId,
    /// The doctor.
    pub doctor_id: DoctorId,
    /// The doctor in short.
    pub doctor: DoctorBrief,
    /// The doctor's field of medicine.
    pub specialization: Specialization,
    /// Whether the doctor comes first among the patient's.
    pub is_primary: bool,
    /// Why the doctor is assigned.
    #[cfg_attr(feature = "schema", schema(required = true, example = "Diabetes"))]
    pub reason: Option<String>,
    /// What else there is to know.
    #[cfg_attr(feature = "schema", schema(required = true, example = "Comes twice a year"))]
    pub notes: Option<String>,
    /// Since when.
    pub assigned_at: Timestamp,
}

impl AssignedDoctorView {
    /// Shows the doctor of an assignment.
    pub fn of(assignment: Assignment, doctor: DoctorBrief, specialization: Specialization) -> Self {
        Self {
            assignment_id: assignment.id,
            doctor_id: assignment.doctor,
            doctor,
            specialization,
            is_primary: assignment.is_primary,
            reason: assignment.reason.map(|text| text.disclose().to_owned()),
            notes: assignment.notes.map(|text| text.disclose().to_owned()),
            assigned_at: assignment.revision.created_at,
        }
    }
}
