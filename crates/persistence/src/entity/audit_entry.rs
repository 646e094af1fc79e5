//! A stored line of the audit trail.

use sea_orm::entity::prelude::*;

use crate::row::row;

/// A stored line of the audit trail.
#[derive(Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "audit_entries")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub at: DateTimeUtc,
    pub user_id: Option<Uuid>,
    pub role: Option<String>,
    pub session_id: Option<Uuid>,
    pub request_id: Option<Uuid>,
    pub address: Option<String>,
    pub action: String,
    pub outcome: String,
    pub concept: Option<String>,
    pub record_id: Option<Uuid>,
    pub patient_id: Option<Uuid>,
    pub count: Option<i64>,
}

row!(Model {
    id,
    at,
    user_id,
    role,
    session_id,
    request_id,
    address,
    action,
    outcome,
    concept,
    record_id,
    patient_id,
    count
});

#[derive(Debug, Clone, Copy, EnumIter, DeriveRelation)]
pub enum Relation {
    #[sea_orm(
        belongs_to = "super::user::Entity",
        from = "Column::UserId",
        to = "super::user::Column::Id"
    )]
    User,
    #[sea_orm(
        belongs_to = "super::doctor::Entity",
        from = "Column::UserId",
        to = "super::doctor::Column::UserId"
    )]
    Doctor,
    #[sea_orm(
        belongs_to = "super::pharmacy::Entity",
        from = "Column::UserId",
        to = "super::pharmacy::Column::UserId"
    )]
    Pharmacy,
    #[sea_orm(
        belongs_to = "super::patient::Entity",
        from = "Column::PatientId",
        to = "super::patient::Column::Id"
    )]
    Patient,
}

impl ActiveModelBehavior for ActiveModel {}
