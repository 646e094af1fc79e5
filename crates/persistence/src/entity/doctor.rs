//! A stored doctor.

use sea_orm::entity::prelude::*;

use crate::row::row;

/// A stored doctor.
#[derive(Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "doctors")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub user_id: Option<Uuid>,
    pub first_name: Option<String>,
    pub last_name: Option<String>,
    pub sort_name: String,
    pub email: Option<String>,
    pub phone: Option<String>,
    pub specialization: String,
    pub specialization_text: Option<String>,
    pub license_number: Option<String>,
    pub years_of_experience: Option<i32>,
    pub qualification: Option<String>,
    pub bio: Option<String>,
    pub consultation_fee: Option<i64>,
    pub is_available: bool,
    pub is_verified: bool,
    pub hospital_name: Option<String>,
    pub city: Option<String>,
    pub city_key: Option<String>,
    pub state: Option<String>,
    pub country: Option<String>,
    pub time_zone: String,
    pub booking: String,
    pub created_by: Option<Uuid>,
    pub archived_at: Option<DateTimeUtc>,
    pub created_at: DateTimeUtc,
    pub updated_at: DateTimeUtc,
    pub version: i64,
}

row!(Model {
    id,
    user_id,
    first_name,
    last_name,
    sort_name,
    email,
    phone,
    specialization,
    specialization_text,
    license_number,
    years_of_experience,
    qualification,
    bio,
    consultation_fee,
    is_available,
    is_verified,
    hospital_name,
    city,
    city_key,
    state,
    country,
    time_zone,
    booking,
    created_by,
    archived_at,
    created_at,
    updated_at,
    version,
});

#[derive(Debug, Clone, Copy, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
