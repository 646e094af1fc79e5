//! The token with which the first administrator is made.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use medilink_application::ports::SetUpTokens;
use subtle::ConstantTimeEq;

use crate::secret::{SecretKey, SecretKeys};

const SET_UP: &str = "set-up";

/// Derives the token from the key of the installation, so that all instances have the same one.
pub struct DerivedSetUpToken(SecretKeys);

impl DerivedSetUpToken {
    /// Makes what knows the token.
    pub fn new(keys: impl Into<SecretKeys>) -> Self {
        Self(keys.into())
    }
}

fn token(key: &SecretKey) -> String {
    URL_SAFE_NO_PAD.encode(key.code(SET_UP, &[]))
}

impl SetUpTokens for DerivedSetUpToken {
    fn token(&self) -> String {
        token(self.0.signing())
    }

    fn is_token(&self, raw: &str) -> bool {
        self.0.valid().any(|key| token(key).as_bytes().ct_eq(raw.as_bytes()).into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secret::{a_key, another_key};

    #[test]
    fn all_instances_have_one_token_and_no_other_key_has_it() {
        let token = DerivedSetUpToken::new(a_key()).token();

        assert!(DerivedSetUpToken::new(a_key()).is_token(&token));
        assert!(!DerivedSetUpToken::new(another_key()).is_token(&token));
        for guess in ["", &token[1..], &format!("{token}A"), &"A".repeat(43)] {
            assert!(!DerivedSetUpToken::new(a_key()).is_token(guess), "{guess}");
        }
    }

    #[test]
    fn the_token_stays_valid_while_keys_are_changed() {
        let both = DerivedSetUpToken::new(SecretKeys::new(another_key(), Some(a_key())));

        assert!(both.is_token(&DerivedSetUpToken::new(a_key()).token()));
    }
}
