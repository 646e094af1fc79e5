//! A stored user.

use sea_orm::entity::prelude::*;

use crate::row::row;

/// A stored user.
#[derive(Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "users")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub username: String,
    pub username_key: String,
    pub email: String,
    pub email_key: String,
    pub password_hash: String,
    pub first_name: Option<String>,
    pub last_name: Option<String>,
    pub phone: Option<String>,
    pub role: String,
    pub status: String,
    pub approved_at: Option<DateTimeUtc>,
    pub created_at: DateTimeUtc,
    pub updated_at: DateTimeUtc,
    pub version: i64,
}

row!(Model {
    id,
    username,
    username_key,
    email,
    email_key,
    password_hash,
    first_name,
    last_name,
    phone,
    role,
    status,
    approved_at,
    created_at,
    updated_at,
    version
});

#[derive(Debug, Clone, Copy, EnumIter, DeriveRelation)]
pub enum Relation {
    // The profiles name their user; sea-orm calls the side that a join begins with the one that belongs.
    #[sea_orm(
        belongs_to = "super::doctor::Entity",
        from = "Column::Id",
        to = "super::doctor::Column::UserId",
        on_condition = r#"super::doctor::Column::ArchivedAt.is_null()"#
    )]
    Doctor,
    #[sea_orm(
        belongs_to = "super::patient::Entity",
        from = "Column::Id",
        to = "super::patient::Column::UserId",
        on_condition = r#"super::patient::Column::ArchivedAt.is_null()"#
    )]
    Patient,
    #[sea_orm(
        belongs_to = "super::pharmacy::Entity",
        from = "Column::Id",
        to = "super::pharmacy::Column::UserId"
    )]
    Pharmacy,
}

impl ActiveModelBehavior for ActiveModel {}
