//! A stored time slot.

use sea_orm::entity::prelude::*;

use crate::row::row;

/// A stored time slot.
#[derive(Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "time_slots")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub doctor_id: Uuid,
    pub starts_at: DateTimeUtc,
    pub ends_at: DateTimeUtc,
    pub blocked: bool,
    pub batch_id: Option<Uuid>,
    pub created_by: Uuid,
    pub created_at: DateTimeUtc,
    pub updated_at: DateTimeUtc,
    pub version: i64,
}

row!(Model {
    id,
    doctor_id,
    starts_at,
    ends_at,
    blocked,
    batch_id,
    created_by,
    created_at,
    updated_at,
    version,
});

#[derive(Debug, Clone, Copy, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
