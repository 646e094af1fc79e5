//! The key that an installation signs with.

use std::collections::BTreeSet;
use std::fmt;

use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};

/// The key that an installation signs with: 32 bytes or more that nobody else knows.
#[derive(Clone)]
pub struct SecretKey(Vec<u8>);

/// A key that others could find out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SecretKeyError {
    /// It can be tried out.
    #[error("the key has {0} bytes; it needs 32 or more")]
    TooShort(usize),
    /// It is made of few characters, of few steps from one to the next, or of a shorter text.
    #[error("the key repeats itself, or follows a pattern")]
    Repetitive,
}

impl SecretKey {
    /// Takes a key.
    ///
    /// # Errors
    ///
    /// A [`SecretKeyError`] if it is short, or so regular that it says less than its length: made of
    /// fewer than 8 different bytes, with fewer than 8 different steps from one to the next, as in
    /// `abcdefgh…`, or of a text that begins anew.
    pub fn new(bytes: impl Into<Vec<u8>>) -> Result<Self, SecretKeyError> {
        let bytes = bytes.into();
        if bytes.len() < 32 {
            return Err(SecretKeyError::TooShort(bytes.len()));
        }
        let steps = bytes.iter().zip(bytes.iter().skip(1));
        let steps = steps.map(|(one, next)| next.wrapping_sub(*one));
        if different(bytes.iter().copied()) < 8 || different(steps) < 8 || begins_anew(&bytes) {
            return Err(SecretKeyError::Repetitive);
        }
        Ok(Self(bytes))
    }

    /// Takes a key as it is, however easily it is guessed, for those who build.
    pub fn weak(bytes: impl Into<Vec<u8>>) -> Self {
        Self(bytes.into())
    }

    /// Returns the bytes, for signing tokens.
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.0
    }

    /// Returns a name of the key that does not give it away: the beginning of its hash.
    pub(crate) fn name(&self) -> String {
        let [a, b, c, d, ..] = <[u8; 32]>::from(Sha256::digest(&self.0));
        format!("{:08x}", u32::from_be_bytes([a, b, c, d]))
    }

    /// Makes a code that only a holder of the key can make, for one purpose.
    ///
    /// Each purpose has a key of its own, derived from this one, so that a code for one is worth
    /// nothing for another.
    pub(crate) fn code(&self, purpose: &str, message: &[&[u8]]) -> [u8; 32] {
        let derived = authenticate(&self.0, &[purpose.as_bytes()]);
        authenticate(&derived, message)
    }
}

/// Counts the values that differ.
fn different(values: impl Iterator<Item = u8>) -> usize {
    values.collect::<BTreeSet<_>>().len()
}

/// Tells whether bytes are those of a shorter text, again and again.
fn begins_anew(bytes: &[u8]) -> bool {
    let repeats = |length: usize| bytes.iter().zip(bytes.iter().skip(length)).all(|(a, b)| a == b);
    (1..=bytes.len() / 2).any(repeats)
}

/// The keys that are valid at present: the one that signs, and while keys are being changed another
/// one whose signatures are taken too.
#[derive(Debug, Clone)]
pub struct SecretKeys {
    signing: SecretKey,
    also_valid: Option<SecretKey>,
}

impl SecretKeys {
    /// Takes the key that signs, and another one whose signatures are taken too.
    pub const fn new(signing: SecretKey, also_valid: Option<SecretKey>) -> Self {
        Self { signing, also_valid }
    }

    /// Returns the key that signs.
    pub(crate) const fn signing(&self) -> &SecretKey {
        &self.signing
    }

    /// Returns every key that is valid, the one that signs before the other.
    pub(crate) fn valid(&self) -> impl Iterator<Item = &SecretKey> {
        std::iter::once(&self.signing).chain(&self.also_valid)
    }
}

impl From<SecretKey> for SecretKeys {
    fn from(key: SecretKey) -> Self {
        Self::new(key, None)
    }
}

/// HMAC-SHA-256 of parts, each with its length before it.
fn authenticate(key: &[u8], parts: &[&[u8]]) -> [u8; 32] {
    // A key of any length is right for HMAC, so the empty answer is never given.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key) else { return [0; 32] };
    for part in parts {
        mac.update(&u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
        mac.update(part);
    }
    mac.finalize().into_bytes().into()
}

impl fmt::Debug for SecretKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[secret key]")
    }
}

#[cfg(test)]
pub(crate) fn another_key() -> SecretKey {
    SecretKey::new("another key of thirty-two bytes!!").unwrap()
}

#[cfg(test)]
pub(crate) fn a_key() -> SecretKey {
    SecretKey::new("a key for the tests of this crate").unwrap()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_that_can_be_guessed_is_refused() {
        assert_eq!(SecretKey::new("short").unwrap_err(), SecretKeyError::TooShort(5));
        for regular in [
            "abc".repeat(20),
            "12345678".repeat(4),
            "correct horse 7 ".repeat(2),
            "correct horse 7 correct horse 7 c".to_owned(),
            "abcdefghijklmnopqrstuvwxyz012345".to_owned(),
            "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ".to_owned(),
            "zyxwvutsrqponmlkjihgfedcba9876543210".to_owned(),
        ] {
            let refused = SecretKey::new(&*regular).unwrap_err();
            assert_eq!(refused, SecretKeyError::Repetitive, "{regular}");
        }
        for good in [
            "a key of processes under test 0123456789",
            "hB0lKbMZx5Cq3PfHh8sVJ8mVtU4m0lq8",
            "3f2a9c41d07be586aa10c2947be3f05d",
        ] {
            assert!(SecretKey::new(good).is_ok(), "{good}");
        }
    }

    #[test]
    fn a_key_does_not_print_itself() {
        assert_eq!(format!("{:?}", a_key()), "[secret key]");
    }

    #[test]
    fn codes_of_two_purposes_differ() {
        assert_ne!(a_key().code("one", &[b"x"]), a_key().code("other", &[b"x"]));
        assert_ne!(a_key().code("one", &[b"ab", b"c"]), a_key().code("one", &[b"a", b"bc"]));
    }
}
