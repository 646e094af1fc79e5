//! Protected health information: data about a person that must not print itself.

use std::fmt;

/// Data about a person's health or identity. It prints as `[phi]`.
///
/// It has no `Display` and no `Serialize`: whoever shows the value calls [`Phi::disclose`], which
/// is easy to search for.
#[derive(Clone, PartialEq, Eq)]
pub struct Phi<T>(T);

impl<T> Phi<T> {
    /// Wraps a value.
    pub const fn new(value: T) -> Self {
        Self(value)
    }

    /// Hands out the value. Every call is a place where a person's data leaves its wrapper.
    pub const fn disclose(&self) -> &T {
        &self.0
    }
}

impl<T> fmt::Debug for Phi<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[phi]")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn health_data_does_not_print_itself() {
        assert_eq!(format!("{:?}", Phi::new("HIV positive")), "[phi]");
    }
}
