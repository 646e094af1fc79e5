//! Signing in.

use medilink_domain::audit::{AuditEntry, Origin, Outcome, Who};
use medilink_domain::id::AuditEntryId;
use medilink_domain::policy::Action;
use medilink_domain::record::Record;
use medilink_domain::user::{Password, UserStatus, sign_in_key};

use super::{Sessions, SignedInView, begin};
use crate::error::{Error, Result};
use crate::user::Credentials;

/// What somebody gives to sign in.
pub struct LogIn {
    /// The user name or the e-mail address.
    pub name: String,
    /// The password.
    pub password: Password,
}

impl Sessions {
    /// Begins a session of the user whose name and password these are.
    ///
    /// One password is verified whether or not there is such a user, so that the time it takes
    /// tells nobody who has an account here.
    ///
    /// # Errors
    ///
    /// [`WrongCredentials`](Error::WrongCredentials) if they do not belong together, or if the
    /// user is disabled.
    pub async fn log_in(&self, origin: Origin, command: LogIn) -> Result<SignedInView> {
        let now = self.ports.clock.now();
        let id = AuditEntryId::new(self.ports.ids.next());
        let entry = |who: Option<Who>, outcome: Outcome, record: Option<Record>| AuditEntry {
            id,
            at: now,
            who,
            origin: Some(origin),
            action: Action::SignIn,
            outcome,
            record,
            patient: None,
        };

        let queries = self.ports.store.queries();
        let found = queries.users().credentials(&sign_in_key(&command.name)).await?;
        let hash = found.as_ref().map(|found| found.password_hash.disclose().clone());
        let matches = self.ports.passwords.verify(command.password, hash).await?;

        let who = found
            .as_ref()
            .map(|found| Who { user: found.view.id, role: found.view.role, session: None });
        let active = |found: &Credentials| matches && found.view.status != UserStatus::Disabled;
        let Some(found) = found.filter(active) else {
            self.ports.audit.record(entry(who, Outcome::Failed, None)).await?;
            return Err(Error::WrongCredentials);
        };

        let user = found.view;
        let (session, tokens) = begin(&self.ports, &self.settings, user.id, user.role, now)?;
        let mut work = self.ports.store.begin().await?;
        work.sessions().insert(&session).await?;
        let who = Who { user: user.id, role: user.role, session: Some(session.id) };
        work.commit(entry(Some(who), Outcome::Done, Some(session.id.into()))).await?;

        Ok(SignedInView { user, tokens })
    }
}
