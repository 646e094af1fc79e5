//! What the store must count.

use async_trait::async_trait;
use medilink_domain::appointment::AppointmentStatus;
use medilink_domain::id::DoctorId;
use medilink_domain::statistics::CountedPeriod;
use medilink_domain::time::Timestamp;
use medilink_domain::user::{Role, UserStatus};

use crate::doctor::DoctorBrief;
use crate::error::StoreError;

/// How many users there are of one role in one status.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UserCount {
    /// The role.
    pub role: Role,
    /// The status.
    pub status: UserStatus,
    /// How many.
    pub count: u64,
}

/// How many records of the directory are in use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct DirectoryCount {
    /// Patients' records.
    pub patients: u64,
    /// Doctors.
    pub doctors: u64,
    /// Doctors with a checked licence.
    pub verified_doctors: u64,
    /// Pharmacies.
    pub pharmacies: u64,
    /// Pharmacies with a checked licence.
    pub verified_pharmacies: u64,
}

/// The appointments of one doctor in one status.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AppointmentSum {
    /// The doctor.
    pub doctor: DoctorId,
    /// The status.
    pub status: AppointmentStatus,
    /// How many.
    pub count: u64,
    /// How long all of them are together.
    pub minutes: u64,
}

/// The counts of an overview, read without a transaction: each is as it was when it was read.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait StatisticsQueries: Send + Sync {
    /// Counts the users of each role in each status; those that nobody has are left out.
    async fn users(&self) -> Result<Vec<UserCount>, StoreError>;

    /// Counts the records of the directory.
    ///
    /// MUST leave out what is archived.
    async fn directory(&self) -> Result<DirectoryCount, StoreError>;

    /// Counts the appointments that start in a period, and adds their lengths up, by doctor and status.
    ///
    /// MUST read no more of the appointments than those of the period.
    async fn appointments(&self, period: CountedPeriod) -> Result<Vec<AppointmentSum>, StoreError>;

    /// Adds up the lengths of the time slots that start in a period, in minutes, by doctor.
    ///
    /// MUST leave out what is blocked, and read no more of the slots than those of the period.
    async fn published(&self, period: CountedPeriod) -> Result<Vec<(DoctorId, u64)>, StoreError>;

    /// Returns some doctors in short, in any order, those in the archive too.
    async fn doctors(&self, ids: &[DoctorId]) -> Result<Vec<DoctorBrief>, StoreError>;

    /// Counts the sign-ins that have failed since an instant, from the audit trail.
    async fn failed_sign_ins(&self, since: Timestamp) -> Result<u64, StoreError>;
}
