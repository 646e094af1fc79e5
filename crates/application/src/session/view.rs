//! What people get who sign in.

use serde::Serialize;

use crate::user::UserView;

/// The secrets of a session.
#[derive(Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct TokensView {
    /// What to send with each request, as `Authorization: Bearer …`.
    #[cfg_attr(feature = "schema", schema(example = "eyJhbGciOiJIUzI1NiJ9.e30.c2ln"))]
    pub access: String,
    /// What will continue the session when the access token has expired. No call takes it yet: log in
    /// again.
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
}
