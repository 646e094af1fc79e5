//! A stored refresh token that was used.

use sea_orm::entity::prelude::*;

use crate::row::row;

/// A stored refresh token that was used.
#[derive(Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "used_refresh_tokens")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub hash: Vec<u8>,
    pub session_id: Uuid,
    pub used_at: DateTimeUtc,
}

row!(Model { hash, session_id, used_at });

#[derive(Debug, Clone, Copy, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
