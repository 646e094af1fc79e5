//! A stored line of an appointment's history.

use sea_orm::entity::prelude::*;

use crate::row::row;

/// A stored line of an appointment's history.
#[derive(Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "appointment_changes")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub appointment_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub version: i64,
    pub from_status: Option<String>,
    pub to_status: String,
    pub old_starts_at: Option<DateTimeUtc>,
    pub old_ends_at: Option<DateTimeUtc>,
    pub new_starts_at: DateTimeUtc,
    pub new_ends_at: DateTimeUtc,
    pub changed_by: Uuid,
    pub changed_at: DateTimeUtc,
    pub reason: Option<String>,
}

row!(Model {
    appointment_id,
    version,
    from_status,
    to_status,
    old_starts_at,
    old_ends_at,
    new_starts_at,
    new_ends_at,
    changed_by,
    changed_at,
    reason
});

#[derive(Debug, Clone, Copy, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
