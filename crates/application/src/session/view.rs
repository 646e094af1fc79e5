//! What people get who sign in, and what they see of where they are signed in.

use medilink_domain::id::SessionId;
use medilink_domain::session::Session;
use medilink_domain::time::Timestamp;
use serde::Serialize;

use crate::user::UserView;

/// The secrets of a session.
#[derive(Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct TokensView {
    /// What to send with each request, as `Authorization: Bearer …`.
    #[cfg_attr(feature = "schema", schema(example = "eyJhbGciOiJIUzI1NiJ9.e30.c2ln"))]
    pub access: String,
    /// What continues the session when the access token has expired. It is used once: each answer
    /// brings the next one.
    #[cfg_attr(
        feature = "schema",
        schema(example = "kq3Zb0mH1s6Vb1PzF6oQkK1vP7u2n8yQe0w5c4d3b2a")
    )]
    pub refresh: String,
    /// Always `Bearer`.
    #[cfg_attr(feature = "schema", schema(example = "Bearer"))]
    pub token_type: &'static str,
    /// How long the access token holds, in seconds.
    #[cfg_attr(feature = "schema", schema(example = 900))]
    pub expires_in: i64,
}

/// Somebody who has just signed in.
#[derive(Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct SignedInView {
    /// Who.
    pub user: UserView,
    /// With what.
    pub tokens: TokensView,
    /// What the device keeps, to be known again. It travels in a cookie.
    #[serde(skip)]
    #[cfg_attr(feature = "schema", schema(ignore))]
    pub device: String,
}

/// A session as its user sees it.
#[derive(Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct SessionView {
    /// The id.
    pub id: SessionId,
    /// What the device calls itself.
    #[cfg_attr(feature = "schema", schema(required = true, example = "Mozilla/5.0 (X11; Linux)"))]
    pub device: Option<String>,
    /// The address that the user signed in from.
    #[cfg_attr(feature = "schema", schema(required = true, example = "203.0.113.7"))]
    pub address: Option<String>,
    /// When the user signed in.
    pub created_at: Timestamp,
    /// When the session was last continued; at first, when the user signed in.
    pub refreshed_at: Timestamp,
    /// When it ends by itself, unless it is continued before.
    pub expires_at: Timestamp,
    /// Whether it is the session that this very request was sent in.
    pub is_current: bool,
}

impl SessionView {
    /// Shows a session, as one of several.
    pub fn of(session: Session) -> Self {
        Self {
            id: session.id,
            device: session.device.map(|it| it.disclose().to_owned()),
            address: session.address.map(|it| it.to_string()),
            created_at: session.created_at,
            refreshed_at: session.refreshed_at,
            expires_at: session.expires_at,
            is_current: false,
        }
    }
}
