//! A stored line of the audit trail.

use sea_orm::entity::prelude::*;

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

#[derive(Debug, Clone, Copy, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
