//! Passwords: what somebody types to sign in, and what may be chosen as a new one.
//!
//! Length is what makes a password hard to guess, so nothing is said about which characters it has
//! to hold. What is refused is what an attacker tries first: numbers, the owner's own name, and the
//! passwords that many people choose.

use std::fmt;
use std::sync::LazyLock;

use crate::text::{fold, key, words};

/// A password that somebody typed, to be compared with the hash of one that was chosen before. The
/// rules for new passwords do not apply to it.
#[derive(Clone)]
pub struct Password(String);

/// A password that somebody chose, which may be hashed and kept.
#[derive(Clone)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "schema", schema(
    value_type = String, format = Password, min_length = 8, max_length = 128
))]
pub struct NewPassword(String);

/// The hash of a password, as argon2 writes it, with its own salt and cost.
#[derive(Clone, PartialEq, Eq)]
pub struct PasswordHash(String);

/// Why a password was not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PasswordError {
    /// It is easy to try out.
    #[error("use at least {0} characters")]
    TooShort(usize),
    /// It is longer than anybody types.
    #[error("use at most {max} characters", max = PasswordRules::LONGEST)]
    TooLong,
    /// It is a number.
    #[error("use more than digits")]
    Digits,
    /// Whoever knows its owner guesses it.
    #[error("use something less like your own name, user name or e-mail address")]
    LikeItsOwner,
    /// Many people choose it, so it is tried early.
    #[error("use another one; this is among the most common passwords")]
    Common,
}

/// What an installation asks of new passwords.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PasswordRules {
    shortest: usize,
    /// From this length on, a common one is taken all the same.
    common_from: usize,
}

impl PasswordRules {
    /// The fewest characters that any installation may ask for.
    pub const SHORTEST: usize = 8;

    /// The most characters that a password has.
    pub const LONGEST: usize = 128;

    /// From how many characters on those who build may choose a common password.
    const COMMON_WHILE_BUILDING: usize = 10;

    /// Asks for at least so many characters, and never for fewer than [`Self::SHORTEST`].
    pub const fn new(shortest: usize) -> Self {
        let shortest = if shortest < Self::SHORTEST { Self::SHORTEST } else { shortest };
        Self { shortest, common_from: usize::MAX }
    }

    /// Takes common passwords too, if they have 10 characters or more: for those who build.
    #[must_use]
    pub const fn while_building(self) -> Self {
        Self { common_from: Self::COMMON_WHILE_BUILDING, ..self }
    }

    /// Reads a new password of somebody, who goes by these names. It is not trimmed: a space is a
    /// character like any other.
    ///
    /// ```
    /// use medilink_domain::password::{PasswordError, PasswordRules};
    ///
    /// let rules = PasswordRules::new(8);
    /// let refused = rules.choose("Lovelace2024", &["Ada", "Lovelace", "ada@example.com"]);
    /// assert_eq!(refused.unwrap_err(), [PasswordError::LikeItsOwner]);
    /// ```
    ///
    /// # Errors
    ///
    /// Every reason for which it is refused, so that nobody has to guess twice.
    pub fn choose(self, raw: &str, owner: &[&str]) -> Result<NewPassword, Vec<PasswordError>> {
        let length = raw.chars().count();
        if Self::LONGEST < length {
            return Err(vec![PasswordError::TooLong]);
        }
        let reasons = [
            (length < self.shortest, PasswordError::TooShort(self.shortest)),
            (!raw.is_empty() && raw.chars().all(char::is_numeric), PasswordError::Digits),
            (is_like(raw, owner), PasswordError::LikeItsOwner),
            (length < self.common_from && is_common(raw), PasswordError::Common),
        ];
        let reasons: Vec<_> =
            reasons.into_iter().filter_map(|(wrong, error)| wrong.then_some(error)).collect();
        if reasons.is_empty() { Ok(NewPassword(raw.to_owned())) } else { Err(reasons) }
    }
}

impl Default for PasswordRules {
    fn default() -> Self {
        Self::new(Self::SHORTEST)
    }
}

/// How alike two texts may be, from 0 to 1, before one is taken for the other.
const ALIKE: f64 = 0.7;

/// Tells whether a password is much like one of these names, or like a word of one.
fn is_like(raw: &str, names: &[&str]) -> bool {
    let password = fold(raw);
    let alike =
        |name: &str| 2 < name.chars().count() && ALIKE <= strsim::sorensen_dice(&password, name);
    names.iter().map(|name| fold(name)).any(|name| {
        let local = name.split_once('@').is_some_and(|(local, _)| alike(local));
        local || alike(&name) || words(&name).iter().any(|word| alike(word))
    })
}

/// Tells whether a password is on the list of those that many people choose.
fn is_common(raw: &str) -> bool {
    static COMMON: LazyLock<Vec<&str>> =
        LazyLock::new(|| include_str!("../data/common_passwords.txt").lines().collect());
    COMMON.binary_search(&&*key(raw)).is_ok()
}

impl Password {
    /// Takes a password as it was typed.
    pub const fn typed(raw: String) -> Self {
        Self(raw)
    }

    /// Hands out the password, to be compared.
    pub fn disclose(&self) -> &str {
        &self.0
    }
}

impl NewPassword {
    /// Takes a password that its owner has just signed in with, to be hashed anew.
    pub fn known(password: Password) -> Self {
        Self(password.0)
    }

    /// Takes a password that everybody may know, for demo accounts.
    pub const fn of_a_demo(raw: String) -> Self {
        Self(raw)
    }

    /// Hands out the password, to be hashed.
    pub fn disclose(&self) -> &str {
        &self.0
    }
}

impl PasswordHash {
    /// Takes a hash as it was computed or stored.
    pub const fn new(hash: String) -> Self {
        Self(hash)
    }

    /// Hands out the hash, to be compared or stored.
    pub fn disclose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[password hash]")
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[password]")
    }
}

impl fmt::Debug for NewPassword {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[password]")
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const ADA: &[&str] = &["Ada", "Lovelace", "countess", "ada.lovelace@example.org"];

    fn reasons(raw: &str) -> Vec<PasswordError> {
        PasswordRules::default().choose(raw, ADA).err().unwrap_or_default()
    }

    #[test]
    fn a_password_is_told_every_reason() {
        assert_eq!(
            reasons("1234567"),
            [PasswordError::TooShort(8), PasswordError::Digits, PasswordError::Common]
        );
        assert_eq!(reasons("lovelace"), [PasswordError::LikeItsOwner]);
    }

    #[test]
    fn a_password_has_8_to_128_characters_of_any_script() {
        assert_eq!(reasons(&"ß".repeat(7)), [PasswordError::TooShort(8)]);
        assert_eq!(reasons("пароль за здоровье"), []);
        assert_eq!(reasons(&"xy".repeat(64)), []);
        assert_eq!(reasons(&"x".repeat(129)), [PasswordError::TooLong]);
        assert_eq!(reasons("        "), []);
    }

    #[test]
    fn an_installation_asks_for_more_characters_and_never_for_fewer() {
        let of_11 = |rules: PasswordRules| rules.choose("horse-staple", &[]).is_ok();

        assert!(of_11(PasswordRules::new(12)));
        assert!(!of_11(PasswordRules::new(13)));
        assert!(PasswordRules::new(1).choose("horse-s", &[]).is_err());
    }

    #[test]
    fn digits_of_any_script_are_digits() {
        assert!(reasons("٤٣٢١٥٦٧٨٩٠").contains(&PasswordError::Digits));
    }

    #[test]
    fn a_password_is_not_like_its_owners_names() {
        for raw in [
            "lovelace1",
            "LOVELACE2024",
            "Lóvelace!",
            "ada.lovelace",
            "countess99",
            "ada.lovelace@example.org",
            "example1",
        ] {
            assert_eq!(reasons(raw), [PasswordError::LikeItsOwner], "{raw}");
        }
        // A short name says nothing: half of all words have a few letters of "Ada".
        assert_eq!(reasons("adamant hound"), []);
    }

    #[test]
    fn a_common_password_is_refused_in_any_case() {
        assert_eq!(reasons("Iloveyou1"), [PasswordError::Common]);
        assert_eq!(reasons("PASSWORD"), [PasswordError::Common]);
    }

    #[test]
    fn those_who_build_may_choose_a_long_common_password() {
        let building = PasswordRules::default().while_building();

        assert!(building.choose("password123", &[]).is_ok());
        assert!(building.choose("password1", &[]).is_err());
    }

    #[test]
    fn the_list_is_sorted_and_written_as_it_is_compared() {
        let list: Vec<_> = include_str!("../data/common_passwords.txt").lines().collect();

        assert!(list.is_sorted());
        assert!(list.iter().all(|password| key(password) == *password));
    }

    #[test]
    fn a_password_does_not_print_itself() {
        let typed = Password::typed("correct horse".to_owned());
        let chosen = PasswordRules::default().choose("correct horse", &[]).unwrap();

        assert_eq!(format!("{typed:?} {chosen:?}"), "[password] [password]");
    }

    proptest! {
        #[test]
        fn whatever_is_typed_is_read_without_a_panic(raw in any::<String>(), name in any::<String>()) {
            let rules = PasswordRules::default();
            let taken = rules.choose(&raw, &[&name]);
            prop_assert!(taken.is_err() || taken.unwrap().disclose() == raw);
        }
    }
}
