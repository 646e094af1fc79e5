//! Statistics: what an administrator sees of the whole installation.
//!
//! Whatever is counted later has a part of its own in [`StatisticsView`] and a question of its own in
//! [`StatisticsQueries`]: prescriptions that wait will.

mod overview;
mod repository;
mod view;

use std::sync::Arc;

pub use self::overview::Overview;
#[cfg(any(test, feature = "testing"))]
pub use self::repository::MockStatisticsQueries;
pub use self::repository::{AppointmentSum, DirectoryCount, StatisticsQueries, UserCount};
pub use self::view::{
    AppointmentTally, DoctorLoad, EntryTally, PatientTally, RoleTally, SignInTally, StatisticsView,
    UserTally,
};
use crate::application::{Ports, Settings};

/// The use case about statistics: `overview`.
pub struct Statistics {
    ports: Ports,
    settings: Arc<Settings>,
}

impl Statistics {
    pub(crate) const fn new(ports: Ports, settings: Arc<Settings>) -> Self {
        Self { ports, settings }
    }
}
