//! Texts that people write: trimmed, bounded, and free of characters that cannot be kept.

use std::collections::BTreeSet;

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

use crate::phi::Phi;
use crate::search::Search;

/// Why a text was not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TextError {
    /// Nothing is left after trimming, or less than is asked for.
    #[error("write at least {min} character{}", if *.min == 1 { "" } else { "s" })]
    TooShort {
        /// The fewest characters that are taken.
        min: usize,
    },
    /// It is longer than the field holds.
    #[error("keep it to {max} characters, not {actual}")]
    TooLong {
        /// The most characters that are taken.
        max: usize,
        /// The characters that were given.
        actual: usize,
    },
    /// It has a character that no reader can see and PostgreSQL cannot store.
    #[error("leave out control characters")]
    Control,
}

/// Tells whether a character shows nothing by itself: a control, a joiner, a mark of direction.
///
/// A name to sign in with has none, or two people could have what looks like one name. In other
/// texts they stay, since some scripts need them: Persian its joiners, emoji theirs.
pub(crate) fn is_unseen(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}'
            | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}'
            | '\u{ffa0}' | '\u{fff0}'..='\u{fff8}' | '\u{e0000}'..='\u{e0fff}')
}

/// What a text may hold besides what one can see.
#[derive(Clone, Copy)]
pub(crate) enum Shape {
    /// One line: a name, a number.
    Line,
    /// Paragraphs: line breaks and tabs are kept.
    Paragraphs,
}

/// Trims a text and holds it to its bounds.
///
/// Control characters are refused, NUL among them, which PostgreSQL cannot store.
pub(crate) fn read(raw: &str, min: usize, max: usize, shape: Shape) -> Result<String, TextError> {
    let text = raw.trim();
    let actual = text.chars().count();
    if actual < min {
        return Err(TextError::TooShort { min });
    }
    if max < actual {
        return Err(TextError::TooLong { max, actual });
    }
    let is_kept = |c: char| match shape {
        Shape::Line => !c.is_control(),
        Shape::Paragraphs => !c.is_control() || matches!(c, '\n' | '\r' | '\t'),
    };
    if text.chars().all(is_kept) { Ok(text.to_owned()) } else { Err(TextError::Control) }
}

macro_rules! text {
    ($($(#[$doc:meta])* $name:ident: $shape:ident, $min:tt..=$max:tt;)*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq)]
        #[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
        #[cfg_attr(feature = "schema", schema(
            value_type = String, min_length = $min, max_length = $max
        ))]
        pub struct $name(Phi<String>);

        impl $name {
            /// Reads the text: trimmed, within its length, without control characters.
            ///
            /// # Errors
            ///
            /// A [`TextError`] that says what to change.
            pub fn parse(raw: &str) -> Result<Self, TextError> {
                read(raw, $min, $max, Shape::$shape).map(|text| Self(Phi::new(text)))
            }

            /// Hands out the text.
            pub fn disclose(&self) -> &str {
                self.0.disclose()
            }
        }
    )*};
}

text! {
    /// A street, a house number, a postcode: 1 to 500 characters.
    Address: Paragraphs, 1..=500;
    /// What somebody notes beside an appointment: 1 to 5,000 characters.
    AppointmentNotes: Paragraphs, 1..=5000;
    /// What somebody notes beside an assignment: 1 to 5,000 characters.
    AssignmentNotes: Paragraphs, 1..=5000;
    /// What a doctor says about themself: 1 to 5,000 characters.
    Biography: Paragraphs, 1..=5000;
    /// What a patient's record says in prose, allergies for example: 1 to 10,000 characters.
    ClinicalText: Paragraphs, 1..=10_000;
    /// What a device calls itself, a browser for example: 1 to 200 characters.
    DeviceName: Line, 1..=200;
    /// The number of a professional licence, kept as written: 1 to 100 characters.
    LicenseNumber: Line, 1..=100;
    /// A given or a family name, or another person's whole name: 1 to 150 characters.
    Name: Line, 1..=150;
    /// The name of a hospital or a pharmacy: 1 to 200 characters.
    OrganizationName: Line, 1..=200;
    /// A telephone number, kept as written: 3 to 32 characters.
    Phone: Line, 3..=32;
    /// A city, a state or a country: 1 to 100 characters.
    Place: Line, 1..=100;
    /// What a doctor has learned: 1 to 500 characters.
    Qualification: Paragraphs, 1..=500;
    /// Why somebody comes, or why something was changed: 1 to 500 characters.
    Reason: Paragraphs, 1..=500;
    /// A field of medicine in a doctor's own words: 1 to 150 characters.
    SpecializationText: Line, 1..=150;
}

/// Returns the form in which names to sign in with are unique: compatible characters and case are
/// made one, so that nobody takes a name that looks like another's.
pub fn key(raw: &str) -> String {
    raw.trim().nfkc().flat_map(char::to_lowercase).nfkc().collect()
}

/// Folds a text for comparison: compatible forms and case made one, accents dropped.
pub fn fold(raw: &str) -> String {
    let mut folded = String::with_capacity(raw.len());
    for c in raw.nfkd().filter(|c| !is_combining_mark(*c)).flat_map(char::to_lowercase) {
        match c {
            // Letters that Unicode does not take apart, as people without them type them.
            'ø' => folded.push('o'),
            'ł' => folded.push('l'),
            'đ' | 'ð' => folded.push('d'),
            'ı' => folded.push('i'),
            'ß' => folded.push_str("ss"),
            'æ' => folded.push_str("ae"),
            'œ' => folded.push_str("oe"),
            'þ' => folded.push_str("th"),
            plain => folded.push(plain),
        }
    }
    folded
}

/// Folds a text for lists to be sorted by. Some characters stand for a whole sentence and are folded
/// into it, and no index holds what a name of them becomes: it is cut.
pub fn sort_key(raw: &str) -> String {
    const LONGEST: usize = 200;

    fold(raw).chars().take(LONGEST).collect()
}

/// Returns the words of a text as search compares them: folded, each once, cut to what anybody searches
/// for.
///
/// "Søren O'Brien-Šimić" has the words `brien`, `o`, `simic` and `soren`.
pub fn words(raw: &str) -> BTreeSet<String> {
    fold(raw)
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(|word| word.chars().take(Search::MAX_CHARACTERS).collect())
        .collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn only_spaces_are_too_short() {
        assert_eq!(Reason::parse(" \n ").unwrap_err(), TextError::TooShort { min: 1 });
    }

    #[test]
    fn length_is_counted_in_characters_not_bytes() {
        assert!(Name::parse(&"ß".repeat(150)).is_ok());
        assert_eq!(
            Name::parse(&"a".repeat(151)).unwrap_err(),
            TextError::TooLong { max: 150, actual: 151 }
        );
    }

    #[test]
    fn a_name_is_one_line_and_an_address_keeps_its_lines() {
        for raw in ["a\0b", "a\nb", "a\tb", "a\u{85}b"] {
            assert_eq!(Name::parse(raw).unwrap_err(), TextError::Control);
        }
        assert_eq!(Address::parse("1 Main St\nFlat 2").unwrap().disclose(), "1 Main St\nFlat 2");
    }

    #[test]
    fn names_that_look_alike_have_one_key() {
        assert_eq!(key("\u{e9}MILIE"), key(" e\u{301}milie "));
        assert_eq!(key("ａｄａ"), key("Ada"));
        assert_ne!(key("ada"), key("ad\u{e5}"));
    }

    #[test]
    fn search_ignores_case_and_accents() {
        let words = words("Søren O'Brien-Šimić");

        assert_eq!(words.iter().collect::<Vec<_>>(), ["brien", "o", "simic", "soren"]);
    }

    #[test]
    fn what_stands_for_a_sentence_is_cut() {
        let greeting = "\u{fdfa}\u{337f}".repeat(75);

        assert_eq!(sort_key(&greeting).chars().count(), 200);
        assert!(words(&greeting).iter().all(|word| word.chars().count() <= 100));
        assert_eq!(sort_key("Ångström"), "angstrom");
    }

    proptest! {
        #[test]
        fn a_text_reads_what_it_discloses(raw in "\\PC{1,200}") {
            if let Ok(text) = Name::parse(&raw) {
                prop_assert_eq!(Name::parse(text.disclose()), Ok(text));
            }
        }

        #[test]
        fn folding_twice_changes_nothing_more(raw in "\\PC{0,40}") {
            prop_assert_eq!(fold(&fold(&raw)), fold(&raw));
        }
    }
}
