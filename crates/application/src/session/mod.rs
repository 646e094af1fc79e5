//! Sessions: the use cases, one file each.

mod authenticate;
mod log_in;
mod repository;
mod view;

use std::sync::Arc;

use chrono::TimeDelta;
use medilink_domain::id::{SessionId, UserId};
use medilink_domain::session::Session;
use medilink_domain::time::Timestamp;
use medilink_domain::user::Role;

pub use self::log_in::LogIn;
#[cfg(any(test, feature = "testing"))]
pub use self::repository::{MockSessionQueries, MockSessionRepository};
pub use self::repository::{SessionQueries, SessionRepository};
pub use self::view::{SignedInView, TokensView};
use crate::application::{Ports, Settings};
use crate::error::Result;
use crate::ports::AccessClaims;

/// The use cases about being signed in: `log_in` and `authenticate`.
pub struct Sessions {
    ports: Ports,
    settings: Arc<Settings>,
}

impl Sessions {
    pub(crate) const fn new(ports: Ports, settings: Arc<Settings>) -> Self {
        Self { ports, settings }
    }
}

/// Begins a session of a user, with the tokens that the user gets for it once it is stored.
pub(crate) fn begin(
    ports: &Ports,
    settings: &Settings,
    user: UserId,
    role: Role,
    now: Timestamp,
) -> Result<(Session, TokensView)> {
    let refresh = ports.tokens.refresh()?;
    let session = Session {
        id: SessionId::new(ports.ids.next()),
        user,
        refresh_hash: refresh.hash,
        created_at: now,
        expires_at: now.saturating_add(TimeDelta::days(settings.refresh_token_days.into())),
    };
    let lifetime = TimeDelta::minutes(settings.access_token_minutes.into());
    let claims = AccessClaims {
        user,
        session: session.id,
        role,
        token: ports.ids.next(),
        issued_at: now,
        expires_at: now.saturating_add(lifetime),
    };
    let tokens = TokensView {
        access: ports.tokens.sign(&claims)?,
        refresh: refresh.secret,
        token_type: "Bearer",
        expires_in: lifetime.num_seconds(),
    };
    Ok((session, tokens))
}
