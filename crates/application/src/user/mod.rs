//! Users: the use cases, one file each.

mod adopt;
mod approve;
mod change;
mod change_own;
mod change_password;
mod create;
mod create_admin;
mod disable;
mod enable;
mod find;
mod list;
mod me;
mod newcomer;
mod presence;
mod register;
mod repository;
mod reset_password;
mod set_up;
mod view;

use std::sync::Arc;

use medilink_domain::actor::Relations;
use medilink_domain::id::UserId;
use medilink_domain::policy::Action;
use medilink_domain::time::Timestamp;
use medilink_domain::user::User;

pub use self::change_password::ChangePassword;
pub use self::create::CreateUser;
pub use self::create_admin::CreateAdmin;
pub use self::list::{ListUsers, UserFilter};
pub use self::newcomer::{Newcomer, Profile};
pub use self::presence::exists;
pub use self::register::Register;
pub use self::repository::{Credentials, Taken, UserQueries, UserRepository};
#[cfg(any(test, feature = "testing"))]
pub use self::repository::{MockUserQueries, MockUserRepository};
pub use self::reset_password::ResetPassword;
pub use self::set_up::SetUp;
pub use self::view::{OwnProfile, UserView};
use crate::application::{Ports, Settings};
use crate::call::{Call, Subject, Written};
use crate::error::{Result, StoreError};
use crate::store::UnitOfWork;

/// The use cases about accounts. Of everybody: `register`, `me`, `change_own` and
/// `change_password`. Of administrators: `list`, `find`, `create`, `change`, `approve`, `disable`
/// and `enable`. Of whoever runs the program: `set_up`, `create_admin` and `reset_password`.
pub struct Users {
    ports: Ports,
    settings: Arc<Settings>,
}

impl Users {
    pub(crate) const fn new(ports: Ports, settings: Arc<Settings>) -> Self {
        Self { ports, settings }
    }
}

/// Shows a user with their profile, within a unit of work.
async fn view(work: &mut dyn UnitOfWork, user: User) -> Result<UserView, StoreError> {
    let profile = work.users().profile(user.id).await?;
    Ok(UserView::of(user, profile))
}

/// Answers a replay with the user whom the first request made or changed, as they are now.
async fn replay(
    call: &Call,
    mut work: Box<dyn UnitOfWork>,
    id: UserId,
    now: Timestamp,
) -> Result<Written<UserView>> {
    const ACTION: Action = Action::ReadUser;
    let subject = Subject::of(id);
    let permit = call.may(ACTION, Relations::NONE, subject)?;
    let user = work.users().find(id).await?;
    let user = user.ok_or_else(|| call.missing(ACTION, subject))?;
    let view = view(&mut *work, user).await?;

    // What the first request wrote may not be on disk before this commit.
    work.commit(permit.audit(id, now)).await?;

    Ok(Written::replayed(view))
}
