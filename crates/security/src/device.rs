//! Devices that are known to an account, and ids of names that are nobody's.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use medilink_application::ports::Devices;
use medilink_application::{Error, Result};
use medilink_domain::id::UserId;
use subtle::ConstantTimeEq;
use uuid::Uuid;

use crate::secret::{SecretKey, SecretKeys};

const DEVICE: &str = "device";
const NOBODY: &str = "nobody";

/// How many random bytes tell two devices of a user apart.
const NONCE: usize = 16;

/// Remembers devices by what they keep: random bytes, and a code over them and the user's id.
pub struct SealedDevices(SecretKeys);

impl SealedDevices {
    /// Makes what remembers devices.
    pub fn new(keys: impl Into<SecretKeys>) -> Self {
        Self(keys.into())
    }
}

fn code(key: &SecretKey, user: UserId, nonce: &[u8]) -> [u8; 32] {
    key.code(DEVICE, &[user.as_uuid().as_bytes(), nonce])
}

impl Devices for SealedDevices {
    fn remember(&self, user: UserId) -> Result<String> {
        let mut nonce = [0; NONCE];
        getrandom::fill(&mut nonce).map_err(|error| Error::Failed(Box::new(error)))?;
        let code = code(self.0.signing(), user, &nonce);
        Ok(URL_SAFE_NO_PAD.encode([&nonce[..], &code[..]].concat()))
    }

    fn knows(&self, kept: &str, user: UserId) -> bool {
        let Ok(kept) = URL_SAFE_NO_PAD.decode(kept) else { return false };
        let Some((nonce, sealed)) = kept.split_first_chunk::<NONCE>() else { return false };
        self.0.valid().any(|key| code(key, user, nonce).ct_eq(sealed).into())
    }

    fn nobody(&self, name: &str) -> Uuid {
        let [bytes @ .., _, _, _, _, _, _, _, _, _, _, _, _, _, _, _, _] =
            self.0.signing().code(NOBODY, &[name.as_bytes()]);
        // Of version 8, which is nobody's: users have ids of version 7.
        uuid::Builder::from_custom_bytes(bytes).into_uuid()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secret::{a_key, another_key};

    const ADA: UserId = UserId::new(Uuid::from_u128(1));
    const EVE: UserId = UserId::new(Uuid::from_u128(2));

    #[test]
    fn a_device_is_known_to_the_user_who_signed_in_on_it_and_to_nobody_else() {
        let devices = SealedDevices::new(a_key());
        let kept = devices.remember(ADA).unwrap();

        assert!(devices.knows(&kept, ADA));
        assert!(!devices.knows(&kept, EVE));
        assert_ne!(kept, devices.remember(ADA).unwrap());
    }

    #[test]
    fn what_was_changed_or_made_up_is_known_to_nobody() {
        let devices = SealedDevices::new(a_key());
        let kept = devices.remember(ADA).unwrap();

        for place in 0..kept.len() {
            let mut changed = kept.clone().into_bytes();
            changed[place] = if changed[place] == b'A' { b'B' } else { b'A' };
            assert!(!devices.knows(&String::from_utf8(changed).unwrap(), ADA), "{place}");
        }
        for made_up in ["", "A", &kept[1..], &"A".repeat(64)] {
            assert!(!devices.knows(made_up, ADA));
        }
        assert!(!devices.knows(&SealedDevices::new(another_key()).remember(ADA).unwrap(), ADA));
    }

    #[test]
    fn devices_stay_known_while_keys_are_changed() {
        let kept = SealedDevices::new(a_key()).remember(ADA).unwrap();
        let both = SealedDevices::new(SecretKeys::new(another_key(), Some(a_key())));

        assert!(both.knows(&kept, ADA));
    }

    #[test]
    fn a_name_that_is_nobodys_has_one_id_which_no_user_has() {
        let devices = SealedDevices::new(a_key());

        assert_eq!(devices.nobody("eve"), devices.nobody("eve"));
        assert_ne!(devices.nobody("eve"), devices.nobody("adam"));
        assert_eq!(devices.nobody("eve").get_version_num(), 8);
    }
}
