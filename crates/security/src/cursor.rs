//! Cursors: positions in a list that only this installation can make, and read.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use medilink_application::page::{List, Position};
use medilink_application::ports::Cursors;
use subtle::ConstantTimeEq;
use uuid::Uuid;

use crate::secret::{SecretKey, SecretKeys};

/// Seals positions: a code over the name of the list, the id and the key, and behind it these two,
/// masked. A list may go by the names of patients, and a cursor stands in the URL of the next page,
/// which browsers and proxies keep.
pub struct SealedCursors(SecretKeys);

const PURPOSE: &str = "cursor";
const MASK: &str = "cursor mask";

/// How much of the code is kept. 16 bytes are beyond trying out.
const CODE: usize = 16;

impl SealedCursors {
    /// Makes a sealer.
    pub fn new(keys: impl Into<SecretKeys>) -> Self {
        Self(keys.into())
    }
}

fn code(key: &SecretKey, list: List, position: &[u8]) -> Vec<u8> {
    key.code(PURPOSE, &[list.to_string().as_bytes(), position]).into_iter().take(CODE).collect()
}

/// Masks a position, or unmasks it. The code of a position is where its mask comes from: as no two
/// positions of a list share a code, no two share a mask.
fn mask(key: &SecretKey, code: &[u8], position: &[u8]) -> Vec<u8> {
    let blocks = (0_u64..).map(|block| key.code(MASK, &[code, &block.to_be_bytes()]));
    position.iter().zip(blocks.flatten()).map(|(byte, mask)| byte ^ mask).collect()
}

impl Cursors for SealedCursors {
    fn seal(&self, list: List, position: &Position) -> String {
        let mut bytes = position.id.as_bytes().to_vec();
        bytes.extend_from_slice(position.key.as_bytes());
        let mut sealed = code(self.0.signing(), list, &bytes);
        sealed.extend(mask(self.0.signing(), &sealed, &bytes));
        URL_SAFE_NO_PAD.encode(sealed)
    }

    fn open(&self, list: List, cursor: &str) -> Option<Position> {
        let bytes = URL_SAFE_NO_PAD.decode(cursor).ok()?;
        let (sealed, masked) = bytes.split_first_chunk::<CODE>()?;
        let position = self.0.valid().find_map(|key| {
            let position = mask(key, sealed, masked);
            bool::from(code(key, list, &position).ct_eq(sealed)).then_some(position)
        })?;
        let (id, key) = position.split_first_chunk::<16>()?;
        let key = String::from_utf8(key.to_vec()).ok()?;
        Some(Position { key, id: Uuid::from_bytes(*id) })
    }
}

#[cfg(test)]
mod tests {
    use medilink_domain::id::UserId;

    use super::*;
    use crate::secret::a_key;

    const DOCTORS: List = List::Doctors { archived: false };
    const PATIENTS: List = List::Patients { archived: false };

    fn a_position() -> Position {
        Position { key: "chen emily".to_owned(), id: Uuid::from_u128(7) }
    }

    #[test]
    fn a_cursor_opens_to_its_position() {
        let cursors = SealedCursors::new(a_key());
        let cursor = cursors.seal(DOCTORS, &a_position());

        assert_eq!(cursors.open(DOCTORS, &cursor), Some(a_position()));
    }

    #[test]
    fn a_cursor_says_nothing_of_its_position() {
        let cursors = SealedCursors::new(a_key());
        let mut longer = a_position();
        longer.key = "chen emily".repeat(30);

        for position in [a_position(), longer] {
            let cursor = cursors.seal(PATIENTS, &position);
            let bytes = URL_SAFE_NO_PAD.decode(&cursor).unwrap();
            for part in [b"chen".as_slice(), b"emily", position.id.as_bytes()] {
                assert!(bytes.windows(part.len()).all(|window| window != part));
            }
            assert_eq!(cursors.open(PATIENTS, &cursor), Some(position));
        }
    }

    #[test]
    fn a_cursor_of_another_list_stays_shut() {
        let cursors = SealedCursors::new(a_key());
        let [ada, alan] = [1, 2].map(|id| List::Sessions(UserId::new(Uuid::from_u128(id))));

        for (list, other) in
            [(DOCTORS, PATIENTS), (DOCTORS, List::Doctors { archived: true }), (ada, alan)]
        {
            let cursor = cursors.seal(list, &a_position());
            assert_eq!(cursors.open(other, &cursor), None, "{list}");
            assert!(cursors.open(list, &cursor).is_some(), "{list}");
        }
    }

    #[test]
    fn a_cursor_that_was_changed_anywhere_stays_shut() {
        let cursors = SealedCursors::new(a_key());
        let cursor = cursors.seal(DOCTORS, &a_position());

        for at in 0..cursor.len() {
            let mut changed = cursor.clone().into_bytes();
            changed[at] = if changed[at] == b'A' { b'B' } else { b'A' };
            let changed = String::from_utf8(changed).unwrap();
            assert_eq!(cursors.open(DOCTORS, &changed), None, "{at}");
        }
        assert_eq!(cursors.open(DOCTORS, ""), None);
    }
}
