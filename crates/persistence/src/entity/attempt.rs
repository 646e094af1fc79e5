//! Stored counts of attempts to sign in to an account.

use sea_orm::entity::prelude::*;

use crate::row::row;

/// Stored counts of attempts to sign in to an account.
#[derive(Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "attempts")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub account_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub familiarity: String,
    pub in_a_row: i32,
    pub last_at: DateTimeUtc,
    pub in_day: i32,
    pub day_began_at: DateTimeUtc,
}

row!(Model { account_id, familiarity, in_a_row, last_at, in_day, day_began_at });

#[derive(Debug, Clone, Copy, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
