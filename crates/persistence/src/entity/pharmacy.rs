//! A stored pharmacy.

use sea_orm::entity::prelude::*;

use crate::row::row;

/// A stored pharmacy.
#[derive(Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "pharmacies")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub user_id: Option<Uuid>,
    pub name: Option<String>,
    pub sort_name: String,
    pub license_number: Option<String>,
    pub email: Option<String>,
    pub phone: Option<String>,
    pub address: Option<String>,
    pub city: Option<String>,
    pub city_key: Option<String>,
    pub state: Option<String>,
    pub country: Option<String>,
    pub is_verified: bool,
    pub created_at: DateTimeUtc,
    pub updated_at: DateTimeUtc,
    pub version: i64,
}

row!(Model {
    id,
    user_id,
    name,
    sort_name,
    license_number,
    email,
    phone,
    address,
    city,
    city_key,
    state,
    country,
    is_verified,
    created_at,
    updated_at,
    version
});

#[derive(Debug, Clone, Copy, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
