//! An entry of the audit trail that waits for its seal.

use sea_orm::entity::prelude::*;

use crate::row::row;

/// An entry of the audit trail that waits for its seal.
#[derive(Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "audit_unsealed")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub entry_id: Uuid,
}

row!(Model { entry_id });

#[derive(Debug, Clone, Copy, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
