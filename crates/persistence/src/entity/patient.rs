//! A stored patient's record.

use sea_orm::entity::prelude::*;

use crate::row::row;

/// A stored patient's record.
#[derive(Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "patients")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub user_id: Option<Uuid>,
    pub created_by: Uuid,
    pub first_name: Option<String>,
    pub last_name: Option<String>,
    pub sort_name: String,
    pub email: Option<String>,
    pub phone: Option<String>,
    pub date_of_birth: Option<Date>,
    pub gender: Option<String>,
    pub blood_group: Option<String>,
    pub allergies: Option<String>,
    pub medical_history: Option<String>,
    pub current_medications: Option<String>,
    pub emergency_contact_name: Option<String>,
    pub emergency_contact_phone: Option<String>,
    pub address: Option<String>,
    pub city: Option<String>,
    pub state: Option<String>,
    pub country: Option<String>,
    pub archived_at: Option<DateTimeUtc>,
    pub created_at: DateTimeUtc,
    pub updated_at: DateTimeUtc,
    pub version: i64,
}

row!(Model {
    id,
    user_id,
    created_by,
    first_name,
    last_name,
    sort_name,
    email,
    phone,
    date_of_birth,
    gender,
    blood_group,
    allergies,
    medical_history,
    current_medications,
    emergency_contact_name,
    emergency_contact_phone,
    address,
    city,
    state,
    country,
    archived_at,
    created_at,
    updated_at,
    version
});

#[derive(Debug, Clone, Copy, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
