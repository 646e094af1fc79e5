//! Doctors: the use cases, one file each.

mod find;
mod list;
mod repository;
mod view;

pub use self::list::{DoctorFilter, ListDoctors};
pub use self::repository::{DoctorQueries, DoctorRepository};
#[cfg(any(test, feature = "testing"))]
pub use self::repository::{MockDoctorQueries, MockDoctorRepository};
pub use self::view::{DoctorBrief, DoctorView};
use crate::application::Ports;

/// The use cases about doctors: `find` and `list`. Profiles are made by registrations.
pub struct Doctors {
    ports: Ports,
}

impl Doctors {
    pub(crate) const fn new(ports: Ports) -> Self {
        Self { ports }
    }
}
