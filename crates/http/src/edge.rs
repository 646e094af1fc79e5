//! The edge: what an installation decides about who may come in, from where, and how often.

use crate::address::TrustedProxies;
use crate::cors::AllowedOrigins;
use crate::host::AllowedHosts;
use crate::limit::Limits;

/// What an installation decides about who may come in. Its default trusts no proxy and no foreign
/// origin, answers to every name, and counts nothing.
#[derive(Default)]
pub struct Edge {
    /// Whose word about a client's address is taken.
    pub trusted_proxies: TrustedProxies,
    /// Which names the `Host` header may have.
    pub allowed_hosts: AllowedHosts,
    /// Which pages of other origins may call the API.
    pub allowed_origins: AllowedOrigins,
    /// How often somebody may ask.
    pub limits: Limits,
    /// Whether browsers are told to come over HTTPS only.
    pub https_only: bool,
}

/// An entry of a list that cannot be taken, and what to write instead.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("\"{entry}\": {remedy}")]
pub struct EntryError {
    entry: String,
    remedy: &'static str,
}

impl EntryError {
    pub(crate) fn new(entry: &str, remedy: &'static str) -> Self {
        Self { entry: entry.to_owned(), remedy }
    }
}

/// Returns the entries of a list that people write with commas.
pub(crate) fn entries(raw: &str) -> impl Iterator<Item = &str> {
    raw.split(',').map(str::trim).filter(|entry| !entry.is_empty())
}
