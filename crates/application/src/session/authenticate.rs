//! Telling who sends a request.

use medilink_domain::policy::Actor;

use super::Sessions;
use crate::error::{Error, Result};

impl Sessions {
    /// Returns who acts with an access token.
    ///
    /// Session, user and role are read anew each time, so that whatever ends or changes them acts
    /// on the next request, on every instance.
    ///
    /// # Errors
    ///
    /// [`Unauthenticated`](Error::Unauthenticated) if the token is not one of ours, or no longer
    /// valid, or if its session has ended or its user is disabled.
    pub async fn authenticate(&self, token: &str) -> Result<Actor> {
        let now = self.ports.clock.now();

        let session = self.ports.tokens.session(token, now).ok_or(Error::Unauthenticated)?;
        let actor = self.ports.store.queries().sessions().actor(session, now).await?;

        actor.ok_or(Error::Unauthenticated)
    }
}
