//! Names of people.

use crate::text::{Name, TextError, sort_key};

/// The name of a person. A part is `None` until its owner completes the profile.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PersonName {
    /// The given name.
    pub first: Option<Name>,
    /// The family name.
    pub last: Option<Name>,
}

impl PersonName {
    /// Reads both parts.
    ///
    /// # Errors
    ///
    /// A [`TextError`] of the first part that is wrong.
    pub fn parse(first: &str, last: &str) -> Result<Self, TextError> {
        Ok(Self { first: Some(Name::parse(first)?), last: Some(Name::parse(last)?) })
    }

    /// Hands out the given name, or nothing.
    pub fn first(&self) -> &str {
        self.first.as_ref().map_or("", Name::disclose)
    }

    /// Hands out the family name, or nothing.
    pub fn last(&self) -> &str {
        self.last.as_ref().map_or("", Name::disclose)
    }

    /// Hands out both parts with a space between them, as far as they are known.
    pub fn full(&self) -> String {
        let parts = [self.first(), self.last()];
        parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ")
    }

    /// Returns what lists of people are sorted by: the family name, then the given one, folded.
    pub fn sort_key(&self) -> String {
        sort_key(&format!("{} {}", self.last(), self.first()))
    }
}
