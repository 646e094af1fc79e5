//! Cursors: positions in a list that only this installation can make.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use medilink_application::page::Position;
use medilink_application::ports::Cursors;
use subtle::ConstantTimeEq;
use uuid::Uuid;

use crate::secret::{SecretKey, SecretKeys};

/// Seals positions: the id, the key, and a code over both and the name of the list.
pub struct SealedCursors(SecretKeys);

const PURPOSE: &str = "cursor";

/// How much of the code is kept. 16 bytes are beyond trying out.
const CODE: usize = 16;

impl SealedCursors {
    /// Makes a sealer.
    pub fn new(keys: impl Into<SecretKeys>) -> Self {
        Self(keys.into())
    }
}

fn code(key: &SecretKey, list: &str, position: &[u8]) -> Vec<u8> {
    key.code(PURPOSE, &[list.as_bytes(), position]).into_iter().take(CODE).collect()
}

impl Cursors for SealedCursors {
    fn seal(&self, list: &str, position: &Position) -> String {
        let mut bytes = position.id.as_bytes().to_vec();
        bytes.extend_from_slice(position.key.as_bytes());
        bytes.extend(code(self.0.signing(), list, &bytes));
        URL_SAFE_NO_PAD.encode(bytes)
    }

    fn open(&self, list: &str, cursor: &str) -> Option<Position> {
        let bytes = URL_SAFE_NO_PAD.decode(cursor).ok()?;
        let (position, sealed) = bytes.split_last_chunk::<CODE>()?;
        if !self.0.valid().any(|key| code(key, list, position).ct_eq(sealed).into()) {
            return None;
        }
        let (id, key) = position.split_first_chunk::<16>()?;
        let key = String::from_utf8(key.to_vec()).ok()?;
        Some(Position { key, id: Uuid::from_bytes(*id) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secret::a_key;

    fn a_position() -> Position {
        Position { key: "chen emily".to_owned(), id: Uuid::from_u128(7) }
    }

    #[test]
    fn a_cursor_opens_to_its_position() {
        let cursors = SealedCursors::new(a_key());
        let cursor = cursors.seal("doctors", &a_position());

        assert_eq!(cursors.open("doctors", &cursor), Some(a_position()));
    }

    #[test]
    fn a_cursor_of_another_list_stays_shut() {
        let cursors = SealedCursors::new(a_key());
        let cursor = cursors.seal("doctors", &a_position());

        assert_eq!(cursors.open("patients", &cursor), None);
    }

    #[test]
    fn a_cursor_that_was_changed_anywhere_stays_shut() {
        let cursors = SealedCursors::new(a_key());
        let cursor = cursors.seal("doctors", &a_position());

        for at in 0..cursor.len() {
            let mut changed = cursor.clone().into_bytes();
            changed[at] = if changed[at] == b'A' { b'B' } else { b'A' };
            let changed = String::from_utf8(changed).unwrap();
            assert_eq!(cursors.open("doctors", &changed), None, "{at}");
        }
        assert_eq!(cursors.open("doctors", ""), None);
    }
}
