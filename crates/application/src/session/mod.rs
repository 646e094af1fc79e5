//! Sessions: the use cases, one file each.

mod authenticate;
mod end;
mod list;
mod log_in;
mod log_out;
mod refresh;
mod repository;
mod view;

use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;
use medilink_domain::attempt::Familiarity;
use medilink_domain::audit::{AuditEntry, Origin, Outcome, Who};
use medilink_domain::id::{AuditEntryId, SessionId, UserId};
use medilink_domain::password::{Password, PasswordHash};
use medilink_domain::policy::Action;
use medilink_domain::session::Session;
use medilink_domain::text::DeviceName;
use medilink_domain::time::Timestamp;
use medilink_domain::user::Role;

pub use self::log_in::LogIn;
#[cfg(any(test, feature = "testing"))]
pub use self::repository::{MockSessionQueries, MockSessionRepository};
pub use self::repository::{SessionQueries, SessionRepository};
pub use self::view::{SessionView, SignedInView, TokensView};
use crate::application::{Ports, Settings};
use crate::attempt::Target;
use crate::error::{Error, Result};
use crate::ports::{AccessClaims, Verdict};

/// The use cases about being signed in: `log_in`, `authenticate`, `refresh`, `log_out`, `list` and
/// `end`.
pub struct Sessions {
    ports: Ports,
    settings: Arc<Settings>,
}

impl Sessions {
    pub(crate) const fn new(ports: Ports, settings: Arc<Settings>) -> Self {
        Self { ports, settings }
    }
}

/// The device that somebody signs in on.
#[derive(Debug, Clone, Default)]
pub struct Device {
    /// What it calls itself.
    pub name: Option<DeviceName>,
    /// What it was given to keep when somebody signed in on it before.
    pub kept: Option<String>,
}

impl Settings {
    /// Returns for how long a session goes on from its last use.
    pub(crate) fn session_lifetime(&self) -> TimeDelta {
        TimeDelta::days(self.refresh_token_days.into())
    }
}

/// Begins a session of a user, with the tokens that the user gets for it once it is stored.
pub(crate) fn begin(
    ports: &Ports,
    settings: &Settings,
    (user, role): (UserId, Role),
    (origin, device): (Origin, Option<DeviceName>),
    now: Timestamp,
) -> Result<(Session, TokensView)> {
    let refresh = ports.tokens.refresh()?;
    let session = Session {
        id: SessionId::new(ports.ids.next()),
        user,
        refresh_hash: refresh.hash,
        device,
        address: origin.address,
        created_at: now,
        refreshed_at: now,
        expires_at: now.saturating_add(settings.session_lifetime()),
        ended_at: None,
    };
    let tokens = tokens(ports, settings, &session, role, refresh.secret, now)?;
    Ok((session, tokens))
}

/// Makes the entry of what somebody did in a session without being signed in to it yet: they began
/// it, or proved by its refresh token that it is theirs.
pub(crate) fn entry(
    ports: &Ports,
    action: Action,
    (session, role): (&Session, Role),
    origin: Origin,
    now: Timestamp,
) -> AuditEntry {
    let id = AuditEntryId::new(ports.ids.next());
    AuditEntry::new(id, now, action, Outcome::Done)
        .by(Who { user: session.user, role, session: Some(session.id) })
        .from(origin)
        .about(session.id)
}

impl Sessions {
    /// Refuses a refresh token that continues no session. Nobody can tell who has sent it, so it is
    /// counted.
    fn refuse(&self, origin: Origin, now: Timestamp) -> Error {
        self.ports.refusals.count(origin.address, now);
        Error::RefreshTokenRefused
    }
}

/// Signs an access token of a session, to go with a refresh token.
fn tokens(
    ports: &Ports,
    settings: &Settings,
    session: &Session,
    role: Role,
    refresh: String,
    now: Timestamp,
) -> Result<TokensView> {
    let lifetime = TimeDelta::minutes(settings.access_token_minutes.into());
    let claims = AccessClaims {
        user: session.user,
        session: session.id,
        role,
        token: ports.ids.next(),
        issued_at: now,
        expires_at: now.saturating_add(lifetime),
    };
    Ok(TokensView {
        access: ports.tokens.sign(&claims)?,
        refresh,
        token_type: "Bearer",
        expires_in: lifetime.num_seconds(),
    })
}

/// Compares a password with somebody's hash, or with nobody's: an attempt that is counted before it
/// is made.
///
/// # Errors
///
/// - [`Error::TooManyFailed`] if it has to wait; then it is not made.
/// - [`Error::Overloaded`] if nobody has time for it; then it is not counted either, or a storm of
///   sign-ins would lock people out who never had a chance.
pub(crate) async fn attempt(
    ports: &Ports,
    settings: &Settings,
    target: Target,
    (password, hash): (Password, Option<PasswordHash>),
    now: Timestamp,
) -> Result<Verdict> {
    if settings.attempts_wait {
        let counted = ports.attempts.count(target, now).await?;
        counted.map_err(|too_soon| Error::TooManyFailed {
            retry_after: too_soon.wait.to_std().unwrap_or(Duration::ZERO),
        })?;
    }
    let verdict = ports.passwords.verify(password, hash).await;
    if let Err(Error::Overloaded) = verdict {
        take_back(ports, settings, target, now).await?;
    }
    verdict
}

/// Takes back an attempt that was counted, by which nothing was learnt.
pub(crate) async fn take_back(
    ports: &Ports,
    settings: &Settings,
    target: Target,
    counted_at: Timestamp,
) -> Result<()> {
    if settings.attempts_wait {
        ports.attempts.take_back(target, counted_at).await?;
    }
    Ok(())
}

/// Says what attempts at an account are counted for.
pub(crate) fn target(ports: &Ports, user: UserId, kept: Option<&str>) -> Target {
    let is_known = kept.is_some_and(|kept| ports.devices.knows(kept, user));
    Target {
        account: user.as_uuid(),
        familiarity: if is_known { Familiarity::Known } else { Familiarity::Stranger },
    }
}
