//! Reading one's own account.

use medilink_domain::policy::{Action, Relations};

use super::{UserView, Users};
use crate::call::{Call, Subject};
use crate::error::{Error, Result};

impl Users {
    /// Returns the caller's own account.
    ///
    /// # Errors
    ///
    /// [`Unauthenticated`](Error::Unauthenticated) if it is gone by now.
    pub async fn me(&self, call: &Call) -> Result<UserView> {
        let id = call.actor().user;

        call.may(Action::ReadOwnAccount, Relations::NONE, Subject::of(id))?;

        self.ports.store.queries().users().find(id).await?.ok_or(Error::Unauthenticated)
    }
}
