//! The doctor and the patient of a record, read together with it.

use medilink_application::doctor::DoctorBrief;
use medilink_application::patient::PatientBrief;
use medilink_domain::doctor::display_name;
use medilink_domain::id::{DoctorId, PatientId};
use sea_orm::{EntityTrait, JoinType, QuerySelect, RelationDef, Select};

use crate::entity::{doctor, patient};
use crate::row::row;
use crate::stored::{Broken, person_name};

/// What is shown of the doctor and the patient of a record.
#[expect(clippy::struct_field_names, reason = "they are called as the columns are")]
pub(crate) struct Parties {
    doctor_first_name: Option<String>,
    doctor_last_name: Option<String>,
    patient_first_name: Option<String>,
    patient_last_name: Option<String>,
}

row!(Parties { doctor_first_name, doctor_last_name, patient_first_name, patient_last_name });

/// Reads records with what is shown of their doctor and their patient.
pub(crate) fn with_parties<E: EntityTrait>(
    select: Select<E>,
    [doctor, patient]: [RelationDef; 2],
) -> Select<E> {
    // A left join, though the patient is always there: the database is to begin with the records.
    with_doctor(select, doctor)
        .join(JoinType::LeftJoin, patient)
        .column_as(patient::Column::FirstName, "patient_first_name")
        .column_as(patient::Column::LastName, "patient_last_name")
}

/// Reads records with the name of their doctor.
pub(crate) fn with_doctor<E: EntityTrait>(select: Select<E>, doctor: RelationDef) -> Select<E> {
    select
        .join(JoinType::LeftJoin, doctor)
        .column_as(doctor::Column::FirstName, "doctor_first_name")
        .column_as(doctor::Column::LastName, "doctor_last_name")
}

impl Parties {
    /// Shows both in short.
    pub(crate) fn show(
        &self,
        doctor: DoctorId,
        patient: PatientId,
    ) -> Result<(DoctorBrief, PatientBrief), Broken> {
        let [first, last] = [&self.doctor_first_name, &self.doctor_last_name];
        let doctor = doctor_brief(doctor, first.as_deref(), last.as_deref())?;
        let [first, last] = [&self.patient_first_name, &self.patient_last_name];
        let name = person_name(first.as_deref(), last.as_deref())?;
        Ok((doctor, PatientBrief { id: patient, full_name: name.full() }))
    }
}

/// Shows a doctor in short.
pub(crate) fn doctor_brief(
    id: DoctorId,
    first: Option<&str>,
    last: Option<&str>,
) -> Result<DoctorBrief, Broken> {
    Ok(DoctorBrief { id, display_name: display_name(&person_name(first, last)?) })
}
