//! Who appends to a chain of seals, and until when nobody else may.

use sea_orm::entity::prelude::*;

use crate::row::row;

/// Who appends to a chain of seals, and until when nobody else may.
#[derive(Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "audit_chains")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub holder: Uuid,
    pub held_until: DateTimeUtc,
}

row!(Model { id, holder, held_until });

#[derive(Debug, Clone, Copy, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
