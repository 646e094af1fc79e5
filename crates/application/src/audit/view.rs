//! What is shown of the audit trail.

use medilink_domain::id::{
    AuditEntryId, DoctorId, PatientId, PharmacyId, RequestId, SessionId, UserId, Uuid,
};
use medilink_domain::time::Timestamp;
use serde::Serialize;

/// One line of the audit trail, as administrators see it.
///
/// It is shown in the words that it was written in. They are never changed, also when a newer program
/// beside this one writes others.
#[derive(Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct AuditEntryView {
    /// The id.
    pub id: AuditEntryId,
    /// When it happened; of what is counted, the minute.
    pub at: Timestamp,
    /// Who acted; null for somebody unknown and for the command line.
    #[cfg_attr(feature = "schema", schema(value_type = UserId, nullable, required = true))]
    pub user_id: Option<UserId>,
    /// The user name that they have now.
    #[cfg_attr(feature = "schema", schema(required = true, example = "chen"))]
    pub username: Option<String>,
    /// The role that they had then.
    #[cfg_attr(feature = "schema", schema(required = true, example = "doctor"))]
    pub role: Option<String>,
    /// The session that they acted in.
    #[cfg_attr(feature = "schema", schema(value_type = SessionId, nullable, required = true))]
    pub session_id: Option<SessionId>,
    /// The request, as the logs name it.
    #[cfg_attr(feature = "schema", schema(value_type = RequestId, nullable, required = true))]
    pub request_id: Option<RequestId>,
    /// The address that it came from; null for the command line.
    #[cfg_attr(feature = "schema", schema(required = true, example = "203.0.113.7"))]
    pub address: Option<String>,
    /// What was asked for.
    #[cfg_attr(feature = "schema", schema(example = "read_patient"))]
    pub action: String,
    /// What became of it: done, denied, or failed.
    #[cfg_attr(feature = "schema", schema(example = "done"))]
    pub outcome: String,
    /// What kind of record it was about.
    #[cfg_attr(feature = "schema", schema(required = true, example = "patient"))]
    pub concept: Option<String>,
    /// The record that it was about.
    #[cfg_attr(feature = "schema", schema(
        value_type = String, format = Uuid, nullable, required = true,
        example = "0198c5a2-7b1e-7cc3-98c4-dc0c0c07398f"
    ))]
    pub record_id: Option<Uuid>,
    /// The patient whose data it touched.
    #[cfg_attr(feature = "schema", schema(value_type = PatientId, nullable, required = true))]
    pub patient_id: Option<PatientId>,
    /// How many refusals of somebody unknown it stands for; of anything else, one.
    #[cfg_attr(feature = "schema", schema(example = 1))]
    pub count: i64,
}

/// Somebody who has opened a patient's record or done something about it, as the patient sees it.
#[derive(Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct AccessView {
    /// The entry of the audit trail. Whoever asks the practice about it names this.
    pub id: AuditEntryId,
    /// When.
    pub at: Timestamp,
    /// What was done.
    #[cfg_attr(feature = "schema", schema(example = "read_patient"))]
    pub action: String,
    /// In which role; null for the command line.
    #[cfg_attr(feature = "schema", schema(required = true, example = "doctor"))]
    pub role: Option<String>,
    /// Whether it was the patient.
    pub is_own: bool,
    /// Who it was, if the directory names them: a doctor or a pharmacy. Of others the role is shown.
    #[cfg_attr(feature = "schema", schema(required = true, example = "Dr. Emily Chen"))]
    pub name: Option<String>,
    /// The doctor, if it was one.
    #[cfg_attr(feature = "schema", schema(value_type = DoctorId, nullable, required = true))]
    pub doctor_id: Option<DoctorId>,
    /// The pharmacy, if it was one.
    #[cfg_attr(feature = "schema", schema(value_type = PharmacyId, nullable, required = true))]
    pub pharmacy_id: Option<PharmacyId>,
}
