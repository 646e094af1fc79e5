//! Turning stored rows into the domain's types again.

/// A stored value that breaks a rule. The caller knows which record it is of.
pub(crate) struct Broken;

impl<E: std::error::Error> From<E> for Broken {
    fn from(_: E) -> Self {
        Self
    }
}

/// Reads a value that may be missing.
pub(crate) fn optional<T, E>(
    stored: Option<&str>,
    parse: impl FnOnce(&str) -> Result<T, E>,
) -> Result<Option<T>, E> {
    stored.map(parse).transpose()
}
