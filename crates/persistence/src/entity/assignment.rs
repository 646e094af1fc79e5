//! A stored assignment.

use sea_orm::entity::prelude::*;

use crate::row::row;

/// A stored assignment.
#[derive(Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "assignments")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub doctor_id: Uuid,
    pub patient_id: Uuid,
    pub patient_created_by: Uuid,
    pub is_primary: bool,
    pub is_active: bool,
    pub reason: Option<String>,
    pub notes: Option<String>,
    pub created_by: Uuid,
    pub created_at: DateTimeUtc,
    pub updated_at: DateTimeUtc,
    pub version: i64,
    pub ended_at: Option<DateTimeUtc>,
    pub archived_at: Option<DateTimeUtc>,
}

row!(Model {
    id,
    doctor_id,
    patient_id,
    patient_created_by,
    is_primary,
    is_active,
    reason,
    notes,
    created_by,
    created_at,
    updated_at,
    version,
    ended_at,
    archived_at
});

#[derive(Debug, Clone, Copy, EnumIter, DeriveRelation)]
pub enum Relation {
    #[sea_orm(
        belongs_to = "super::doctor::Entity",
        from = "Column::DoctorId",
        to = "super::doctor::Column::Id"
    )]
    Doctor,
    #[sea_orm(
        belongs_to = "super::patient::Entity",
        from = "Column::PatientId",
        to = "super::patient::Column::Id"
    )]
    Patient,
}

impl ActiveModelBehavior for ActiveModel {}
