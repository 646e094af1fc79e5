//! What somebody searches for.

use std::collections::BTreeSet;

use crate::phi::Phi;
use crate::text::{Shape, TextError, read, words};

/// A few words that somebody searches for: at most 100 characters, with 1 to 8 different words.
///
/// Each word costs the database a look into an index, so there is an end to them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Search(Phi<BTreeSet<String>>);

/// Why a search was not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SearchError {
    /// It is too long, or has characters that nobody can read.
    #[error(transparent)]
    Text(#[from] TextError),
    /// It has no word. Taken for no search at all, it would find everybody.
    #[error("write at least one letter or digit")]
    NoWord,
    /// It has more words than are looked for at once.
    #[error("search for {max} words or fewer, not {actual}")]
    TooManyWords {
        /// The most words that are taken.
        max: usize,
        /// The words that were given.
        actual: usize,
    },
}

impl Search {
    /// The most characters that are taken.
    pub const MAX_CHARACTERS: usize = 100;
    /// The most words that are looked for.
    pub const MAX_WORDS: usize = 8;

    /// Reads a search. Case, accents and the order of the words make no difference.
    ///
    /// # Errors
    ///
    /// A [`SearchError`] that says what to change.
    pub fn parse(raw: &str) -> Result<Self, SearchError> {
        let words = words(&read(raw, 0, Self::MAX_CHARACTERS, Shape::Line)?);
        match words.len() {
            0 => Err(SearchError::NoWord),
            actual if Self::MAX_WORDS < actual => {
                Err(SearchError::TooManyWords { max: Self::MAX_WORDS, actual })
            }
            _ => Ok(Self(Phi::new(words))),
        }
    }

    /// Returns the words, folded as [`words`] does.
    pub fn words(&self) -> impl Iterator<Item = &str> {
        self.0.disclose().iter().map(String::as_str)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_search_is_its_different_words() {
        let search = Search::parse("  Šimić, søren SOREN ").unwrap();

        assert_eq!(search.words().collect::<Vec<_>>(), ["simic", "soren"]);
    }

    #[test]
    fn a_search_says_what_to_change() {
        let nine = "a b c d e f g h i";
        for (raw, error) in [
            ("", "write at least one letter or digit"),
            ("!!! %", "write at least one letter or digit"),
            (nine, "search for 8 words or fewer, not 9"),
            ("a\nb", "leave out control characters"),
            (&"a".repeat(101), "keep it to 100 characters, not 101"),
        ] {
            assert_eq!(Search::parse(raw).unwrap_err().to_string(), error, "{raw:?}");
        }
        assert!(Search::parse("a b c d e f g h a").is_ok());
        assert!(Search::parse(&"ö".repeat(100)).is_ok());
    }
}
