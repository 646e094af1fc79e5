//! Users: the use cases, one file each.

mod approve;
mod change_password;
mod create_admin;
mod exists;
mod me;
mod register;
mod repository;
mod view;

use std::sync::Arc;

pub use self::change_password::ChangePassword;
pub use self::create_admin::CreateAdmin;
pub use self::exists::exists;
pub use self::register::{Profile, Register};
pub use self::repository::{Credentials, Taken, UserQueries, UserRepository};
#[cfg(any(test, feature = "testing"))]
pub use self::repository::{MockUserQueries, MockUserRepository};
pub use self::view::{OwnProfile, UserView};
use crate::application::{Ports, Settings};

/// The use cases about accounts: `register`, `me`, `change_password`, `approve` and
/// `create_admin`.
pub struct Users {
    ports: Ports,
    settings: Arc<Settings>,
}

impl Users {
    pub(crate) const fn new(ports: Ports, settings: Arc<Settings>) -> Self {
        Self { ports, settings }
    }
}
