//! E-mail addresses.

use std::fmt;

use email_address::{EmailAddress, Options};

use crate::text::{is_unseen, key};

/// An e-mail address of at most 254 characters.
#[derive(Clone, PartialEq, Eq)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "schema", schema(
    value_type = String, format = Email, max_length = 254, example = "ada@example.com"
))]
pub struct Email(String);

/// A text that is no e-mail address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("give an e-mail address like ada@example.com, of at most 254 characters")]
pub struct EmailError;

impl Email {
    /// Reads an address.
    ///
    /// # Errors
    ///
    /// [`EmailError`] if it has not the form of one.
    pub fn parse(raw: &str) -> Result<Self, EmailError> {
        let raw = raw.trim();
        // One that looks like another's is nobody's: it has no character that is not seen.
        let plain = raw.len() <= 254 && !raw.chars().any(is_unseen);
        // A display name, "Ada <ada@example.com>", is no part of an address.
        let options = Options::default().without_display_text();
        match EmailAddress::parse_with_options(raw, options) {
            Ok(address) if plain => Ok(Self(address.into())),
            _ => Err(EmailError),
        }
    }

    /// Hands out the address as it was written.
    pub fn disclose(&self) -> &str {
        &self.0
    }

    /// Returns the form that is unique: two addresses with the same key are the same.
    pub fn key(&self) -> String {
        key(&self.0)
    }
}

impl fmt::Debug for Email {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[e-mail]")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_no_display_name() {
        for raw in ["Ada <ada@example.com>", "ada", "ada@", "@example.com", "a b@example.com", ""] {
            assert_eq!(Email::parse(raw), Err(EmailError), "{raw}");
        }
    }

    #[test]
    fn an_address_has_nothing_that_nobody_sees() {
        for raw in ["a\u{200b}da@example.com", "\u{202e}ada@example.com", "ada@exam\u{ad}ple.com"] {
            assert_eq!(Email::parse(raw), Err(EmailError), "{raw:?}");
        }
        assert!(Email::parse("अजय@डाटा.भारत").is_ok());
    }

    #[test]
    fn an_address_does_not_print_itself() {
        assert_eq!(format!("{:?}", Email::parse("ada@example.com")), "Ok([e-mail])");
    }
}
