//! What an administrator sees of the whole installation.

use medilink_domain::appointment::AppointmentStatus;
use medilink_domain::time::Timestamp;
use medilink_domain::user::{Role, UserStatus};
use serde::Serialize;

use super::repository::{AppointmentSum, DirectoryCount, UserCount};
use crate::doctor::DoctorBrief;

/// An overview of the whole installation: how it is now, and what took place in a period.
#[derive(Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct StatisticsView {
    /// Where the period begins that appointments and workload are about.
    pub from: Timestamp,
    /// Where it ends: the first instant that is no longer in it.
    pub to: Timestamp,
    /// Users, as they are now.
    pub users: UserTally,
    /// Patients, as they are now.
    pub patients: PatientTally,
    /// The directory of doctors, as it is now.
    pub doctors: EntryTally,
    /// The directory of pharmacies, as it is now.
    pub pharmacies: EntryTally,
    /// The appointments that start in the period.
    pub appointments: AppointmentTally,
    /// The doctors with most booked minutes in the period, the busiest first.
    pub workload: Vec<DoctorLoad>,
    /// The sign-ins that have failed lately.
    pub failed_sign_ins: SignInTally,
}

/// How many users there are.
#[derive(Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct UserTally {
    /// All of them.
    #[cfg_attr(feature = "schema", schema(example = 42))]
    pub total: u64,
    /// Those who wait for an administrator's approval.
    #[cfg_attr(feature = "schema", schema(example = 2))]
    pub pending: u64,
    /// Administrators.
    pub admin: RoleTally,
    /// Doctors.
    pub doctor: RoleTally,
    /// Coordinators.
    pub coordinator: RoleTally,
    /// Pharmacies.
    pub pharmacy: RoleTally,
    /// Patients.
    pub patient: RoleTally,
}

/// How many users of one role there are, by status.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct RoleTally {
    /// Those who may act.
    #[cfg_attr(feature = "schema", schema(example = 7))]
    pub active: u64,
    /// Those who wait for approval.
    #[cfg_attr(feature = "schema", schema(example = 1))]
    pub pending: u64,
    /// Those who may do nothing.
    #[cfg_attr(feature = "schema", schema(example = 0))]
    pub disabled: u64,
}

/// How many patients' records are in use.
#[derive(Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct PatientTally {
    /// All that are not archived.
    #[cfg_attr(feature = "schema", schema(example = 1200))]
    pub total: u64,
}

/// How many entries of a directory there are.
#[derive(Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct EntryTally {
    /// All that are not archived.
    #[cfg_attr(feature = "schema", schema(example = 12))]
    pub total: u64,
    /// Those with a checked licence.
    #[cfg_attr(feature = "schema", schema(example = 9))]
    pub verified: u64,
}

/// How many appointments there are, by status.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct AppointmentTally {
    /// All of them.
    #[cfg_attr(feature = "schema", schema(example = 640))]
    pub total: u64,
    /// Booked.
    #[cfg_attr(feature = "schema", schema(example = 210))]
    pub scheduled: u64,
    /// Booked, and the practice has said yes.
    #[cfg_attr(feature = "schema", schema(example = 80))]
    pub confirmed: u64,
    /// The patient is there.
    #[cfg_attr(feature = "schema", schema(example = 3))]
    pub checked_in: u64,
    /// The doctor sees the patient.
    #[cfg_attr(feature = "schema", schema(example = 2))]
    pub in_progress: u64,
    /// It took place.
    #[cfg_attr(feature = "schema", schema(example = 300))]
    pub completed: u64,
    /// It was called off.
    #[cfg_attr(feature = "schema", schema(example = 35))]
    pub cancelled: u64,
    /// The patient did not come.
    #[cfg_attr(feature = "schema", schema(example = 10))]
    pub no_show: u64,
}

/// How full a doctor's time is.
#[derive(Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct DoctorLoad {
    /// The doctor, who may be archived by now.
    pub doctor: DoctorBrief,
    /// The minutes of the appointments that start in the period, without those that were called off or
    /// to which nobody came.
    #[cfg_attr(feature = "schema", schema(example = 1800))]
    pub booked_minutes: u64,
    /// The minutes of the time slots that start in the period, without those that are blocked.
    #[cfg_attr(feature = "schema", schema(example = 2400))]
    pub published_minutes: u64,
    /// The booked time in percent of the published, rounded down; null without any. More than 100
    /// means that the doctor is booked beside what they publish.
    #[cfg_attr(feature = "schema", schema(required = true, example = 75))]
    pub utilisation_percent: Option<u64>,
}

/// How many sign-ins have failed.
#[derive(Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct SignInTally {
    /// Since when: a day ago.
    pub since: Timestamp,
    /// How many.
    #[cfg_attr(feature = "schema", schema(example = 5))]
    pub count: u64,
}

impl UserTally {
    /// Sums up who there is.
    pub fn of(counts: &[UserCount]) -> Self {
        let of_role = |role: Role| {
            let mut tally = RoleTally::default();
            for user in counts.iter().filter(|user| user.role == role) {
                match user.status {
                    UserStatus::Active => tally.active += user.count,
                    UserStatus::Pending => tally.pending += user.count,
                    UserStatus::Disabled => tally.disabled += user.count,
                }
            }
            tally
        };
        let pending = counts.iter().filter(|user| user.status == UserStatus::Pending);
        Self {
            total: counts.iter().map(|user| user.count).sum(),
            pending: pending.map(|user| user.count).sum(),
            admin: of_role(Role::Admin),
            doctor: of_role(Role::Doctor),
            coordinator: of_role(Role::Coordinator),
            pharmacy: of_role(Role::Pharmacy),
            patient: of_role(Role::Patient),
        }
    }
}

impl EntryTally {
    /// Shows the doctors of a directory.
    pub const fn of_doctors(count: DirectoryCount) -> Self {
        Self { total: count.doctors, verified: count.verified_doctors }
    }

    /// Shows the pharmacies of a directory.
    pub const fn of_pharmacies(count: DirectoryCount) -> Self {
        Self { total: count.pharmacies, verified: count.verified_pharmacies }
    }
}

impl AppointmentTally {
    /// Sums up the appointments of all doctors.
    pub fn of(sums: &[AppointmentSum]) -> Self {
        let mut tally = Self::default();
        for sum in sums {
            tally.total += sum.count;
            *tally.of_status(sum.status) += sum.count;
        }
        tally
    }

    const fn of_status(&mut self, status: AppointmentStatus) -> &mut u64 {
        match status {
            AppointmentStatus::Scheduled => &mut self.scheduled,
            AppointmentStatus::Confirmed => &mut self.confirmed,
            AppointmentStatus::CheckedIn => &mut self.checked_in,
            AppointmentStatus::InProgress => &mut self.in_progress,
            AppointmentStatus::Completed => &mut self.completed,
            AppointmentStatus::Cancelled => &mut self.cancelled,
            AppointmentStatus::NoShow => &mut self.no_show,
        }
    }
}
