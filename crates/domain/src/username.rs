//! User names: what people sign in with.

use crate::email::Email;
use crate::text::{is_unseen, key};

/// The name to sign in with: 1 to 150 characters, without spaces and without `@`.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "schema", schema(
    value_type = String, min_length = 1, max_length = 150, example = "ada"
))]
pub struct Username(String);

/// Why a user name was not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum UsernameError {
    /// Nothing was given.
    #[error("write at least 1 character")]
    Blank,
    /// It is longer than the field holds.
    #[error("keep it to 150 characters, not {0}")]
    TooLong(usize),
    /// It looks like an e-mail address.
    #[error("leave out @: sign in with the e-mail address under its own name")]
    At,
    /// It has a space, or a character that nobody sees.
    #[error("leave out spaces and characters that cannot be seen")]
    Unseen,
}

impl Username {
    const MAX: usize = 150;

    /// Reads a user name.
    ///
    /// # Errors
    ///
    /// A [`UsernameError`] that says what to change.
    pub fn parse(raw: &str) -> Result<Self, UsernameError> {
        let name = raw.trim();
        match name.chars().count() {
            0 => return Err(UsernameError::Blank),
            actual if Self::MAX < actual => return Err(UsernameError::TooLong(actual)),
            _ => {}
        }
        // Asked of the form that is compared, so that no other way to write them gets in.
        let compared = key(name);
        if compared.contains('@') {
            return Err(UsernameError::At);
        }
        if compared.chars().any(|c| c.is_whitespace() || is_unseen(c)) {
            return Err(UsernameError::Unseen);
        }
        Ok(Self(name.to_owned()))
    }

    /// Makes a user name from the part of an address before its `@`.
    ///
    /// The first attempt is that part itself; when it is taken, later ones carry a number: `ada`,
    /// `ada2`, `ada3`.
    pub fn from_email(email: &Email, attempt: u32) -> Self {
        let (local, _) = email.disclose().rsplit_once('@').unwrap_or((email.disclose(), ""));
        let stem: String = local
            .chars()
            .filter(|c| Self::parse(&c.to_string()).is_ok())
            .take(Self::MAX - 10)
            .collect();
        let stem = if stem.is_empty() { "user".to_owned() } else { stem };
        Self(if attempt < 2 { stem } else { format!("{stem}{attempt}") })
    }

    /// Returns the name as it was written.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns the form that is unique: two names with the same key are the same.
    pub fn key(&self) -> String {
        key(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_user_name_never_looks_like_an_address() {
        assert_eq!(Username::parse("ada@example.com"), Err(UsernameError::At));
        assert_eq!(Username::parse("ada lovelace"), Err(UsernameError::Unseen));
        assert_eq!(Username::parse("ada\u{ff20}example.com"), Err(UsernameError::At));
        assert_eq!(Username::parse("  "), Err(UsernameError::Blank));
        assert_eq!(Username::parse(&"a".repeat(151)), Err(UsernameError::TooLong(151)));
    }

    #[test]
    fn a_user_name_has_nothing_that_nobody_sees() {
        for raw in
            ["a\u{200b}da", "\u{200b}", "ada\u{202e}", "a\u{ad}da", "a\u{3000}da", "a\u{feff}"]
        {
            assert_eq!(Username::parse(raw), Err(UsernameError::Unseen), "{raw:?}");
        }
        assert!(Username::parse("नीरज").is_ok());
    }

    #[test]
    fn a_user_name_made_from_an_address_gets_a_number_when_taken() {
        let email = Email::parse("ada@example.com").unwrap();

        assert_eq!(Username::from_email(&email, 1).as_str(), "ada");
        assert_eq!(Username::from_email(&email, 2).as_str(), "ada2");
    }

    proptest! {
        #[test]
        fn a_user_name_made_from_any_address_is_one(local in "[a-z0-9.+_-]{1,64}", attempt in 1_u32..99) {
            if let Ok(email) = Email::parse(&format!("{local}@example.com")) {
                let made = Username::from_email(&email, attempt);
                prop_assert_eq!(Username::parse(made.as_str()), Ok(made));
            }
        }
    }
}
