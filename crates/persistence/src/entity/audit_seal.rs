//! A stored seal of the audit trail.

use sea_orm::entity::prelude::*;

use crate::row::row;

/// A stored seal of the audit trail.
#[derive(Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "audit_seals")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub chain_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub number: i64,
    pub entry_id: Uuid,
    pub digest: Vec<u8>,
    pub sealed_at: DateTimeUtc,
    pub hash: Vec<u8>,
}

row!(Model { chain_id, number, entry_id, digest, sealed_at, hash });

#[derive(Debug, Clone, Copy, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
