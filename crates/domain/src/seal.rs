//! Seals: chains of hashes over the audit trail, in which a change shows.
//!
//! An entry is committed with its work, and sealed a moment later. A seal names the entry, holds a
//! digest of everything in it, and a hash over that and the hash of the seal before. Whoever changes
//! an entry, takes one out or moves one would have to make all later seals of its chain anew, and a
//! [`Checkpoint`](crate::checkpoint::Checkpoint) that was taken before then no longer fits.

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, Utc};
use sha2::{Digest, Sha256};

use crate::id::{AuditEntryId, ChainId, Uuid};
use crate::time::Timestamp;

/// What the digest of an entry begins with, and how its columns are written behind that.
const ENTRY: &[u8] = b"medilink audit entry 1";

/// What stands for an entry that was gone before it was sealed.
const MISSING: &[u8] = b"medilink audit entry missing 1";

/// What a chain begins with.
const CHAIN: &[u8] = b"medilink audit chain 1";

/// What the hash of a seal begins with.
const SEAL: &[u8] = b"medilink audit seal 1";

/// A SHA-256 hash, written in hexadecimal.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Hash([u8; 32]);

/// A text or bytes that are no hash.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("write 64 hexadecimal digits")]
pub struct HashError;

impl Hash {
    /// Takes the bytes of a hash.
    pub const fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// Returns the bytes.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    fn of(parts: &[&[u8]]) -> Self {
        let mut hasher = Sha256::new();
        for part in parts {
            hasher.update(part);
        }
        Self(hasher.finalize().into())
    }
}

impl fmt::Display for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Hash {
    type Err = HashError;

    fn from_str(raw: &str) -> Result<Self, HashError> {
        if raw.len() != 64 || !raw.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(HashError);
        }
        let mut bytes = [0; 32];
        for (byte, digits) in bytes.iter_mut().zip(raw.as_bytes().chunks(2)) {
            let digits = std::str::from_utf8(digits).map_err(|_| HashError)?;
            *byte = u8::from_str_radix(digits, 16).map_err(|_| HashError)?;
        }
        Ok(Self(bytes))
    }
}

/// An entry of the trail as it is stored: every column, in the words of the database.
///
/// Not those of the domain: an entry that was changed to something that makes no sense has to be
/// told from others too, and so has one whose words no program uses any more.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "each is the column of that name")]
pub struct StoredEntry {
    pub id: Uuid,
    pub at: DateTime<Utc>,
    pub user_id: Option<Uuid>,
    pub role: Option<String>,
    pub session_id: Option<Uuid>,
    pub request_id: Option<Uuid>,
    pub address: Option<String>,
    pub action: String,
    pub outcome: String,
    pub concept: Option<String>,
    pub record_id: Option<Uuid>,
    pub patient_id: Option<Uuid>,
    pub count: Option<i64>,
}

impl StoredEntry {
    /// Returns the digest of all that is in the entry.
    ///
    /// Each column is a 0 if it is empty, else a 1, the length of its bytes and the bytes: no two
    /// entries are written alike. What was sealed once must have this digest for ever.
    pub fn digest(&self) -> Hash {
        let Self {
            id,
            at,
            user_id,
            role,
            session_id,
            request_id,
            address,
            action,
            outcome,
            concept,
            record_id,
            patient_id,
            count,
        } = self;
        let mut bytes = ENTRY.to_vec();
        let mut write = |column: Option<&[u8]>| match column {
            None => bytes.push(0),
            Some(column) => {
                bytes.push(1);
                bytes.extend_from_slice(&length(column).to_be_bytes());
                bytes.extend_from_slice(column);
            }
        };
        let mut instant = [0; 12];
        let (seconds, rest) = instant.split_at_mut(8);
        seconds.copy_from_slice(&at.timestamp().to_be_bytes());
        rest.copy_from_slice(&at.timestamp_subsec_nanos().to_be_bytes());
        let count = count.map(i64::to_be_bytes);

        write(Some(id.as_bytes()));
        write(Some(&instant));
        write(user_id.as_ref().map(|id| &id.as_bytes()[..]));
        write(role.as_deref().map(str::as_bytes));
        write(session_id.as_ref().map(|id| &id.as_bytes()[..]));
        write(request_id.as_ref().map(|id| &id.as_bytes()[..]));
        write(address.as_deref().map(str::as_bytes));
        write(Some(action.as_bytes()));
        write(Some(outcome.as_bytes()));
        write(concept.as_deref().map(str::as_bytes));
        write(record_id.as_ref().map(|id| &id.as_bytes()[..]));
        write(patient_id.as_ref().map(|id| &id.as_bytes()[..]));
        write(count.as_ref().map(|count| &count[..]));
        Hash::of(&[&bytes])
    }
}

fn length(bytes: &[u8]) -> u64 {
    u64::try_from(bytes.len()).unwrap_or(u64::MAX)
}

/// Returns what is sealed in place of an entry that was gone when its turn came.
pub fn digest_of_missing(entry: AuditEntryId) -> Hash {
    Hash::of(&[MISSING, entry.as_uuid().as_bytes()])
}

/// One link of a chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seal {
    /// The chain.
    pub chain: ChainId,
    /// Where in the chain; the first is 1.
    pub number: u64,
    /// The entry that is sealed.
    pub entry: AuditEntryId,
    /// The digest of the entry.
    pub digest: Hash,
    /// When it was sealed.
    pub at: Timestamp,
    /// The hash over all this and the hash of the seal before.
    pub hash: Hash,
}

/// Where a chain ends: how many seals it has, and the hash of the last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Head {
    /// The chain.
    pub chain: ChainId,
    /// How many seals there are.
    pub length: u64,
    /// The hash of the last one.
    pub hash: Hash,
}

impl Head {
    /// Returns the head of a chain that has no seal yet.
    pub fn before_all(chain: ChainId) -> Self {
        Self { chain, length: 0, hash: Hash::of(&[CHAIN, chain.as_uuid().as_bytes()]) }
    }

    /// Makes the next seal, and moves on to it.
    pub fn seal(&mut self, entry: AuditEntryId, digest: Hash, at: Timestamp) -> Seal {
        let number = self.length + 1;
        let hash = self.next(number, entry, digest, at);
        let chain = self.chain;
        *self = Self { chain, length: number, hash };
        Seal { chain, number, entry, digest, at, hash }
    }

    /// Tells whether a seal is the one that comes next.
    pub fn is_followed_by(&self, seal: &Seal) -> bool {
        let Seal { chain, number, entry, digest, at, hash } = *seal;
        chain == self.chain
            && number == self.length + 1
            && hash == self.next(number, entry, digest, at)
    }

    fn next(&self, number: u64, entry: AuditEntryId, digest: Hash, at: Timestamp) -> Hash {
        Hash::of(&[
            SEAL,
            self.hash.as_bytes(),
            &number.to_be_bytes(),
            entry.as_uuid().as_bytes(),
            digest.as_bytes(),
            &at.unix_seconds().to_be_bytes(),
        ])
    }
}

impl Seal {
    /// Returns the head of a chain that ends with this seal.
    pub const fn as_head(&self) -> Head {
        Head { chain: self.chain, length: self.number, hash: self.hash }
    }
}

/// Makes an entry with something in every column.
#[cfg(test)]
pub(crate) fn a_stored_entry(number: u128) -> StoredEntry {
    let id = |it| Some(Uuid::from_u128(it));
    StoredEntry {
        id: Uuid::from_u128(number),
        at: crate::time::at("2030-01-07T09:00:00Z").as_utc(),
        user_id: id(1),
        role: Some("doctor".to_owned()),
        session_id: id(2),
        request_id: id(3),
        address: Some("192.0.2.1".to_owned()),
        action: "read_patient".to_owned(),
        outcome: "done".to_owned(),
        concept: Some("patient".to_owned()),
        record_id: id(4),
        patient_id: id(4),
        count: None,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::time::at;

    fn the_chain() -> ChainId {
        ChainId::new(Uuid::from_u128(9))
    }

    /// What was sealed in any year has to be told from what was changed: these never change.
    #[test]
    fn the_digests_of_known_entries_are_known() {
        let whole = a_stored_entry(7);
        let counted = StoredEntry { count: Some(12), ..whole.clone() };
        let bare = StoredEntry {
            user_id: None,
            role: None,
            session_id: None,
            request_id: None,
            address: None,
            concept: None,
            record_id: None,
            patient_id: None,
            ..whole.clone()
        };

        assert_eq!(
            whole.digest().to_string(),
            "4c9f74e6ad6a5a784cf6e1c3e322c0e3a1ab4f0cc49a3fbf915999c047697fc3"
        );
        assert_eq!(
            counted.digest().to_string(),
            "a058919be544f724a7fe84891ffde760781fc09c04366660fdf4d987abdb445c"
        );
        assert_eq!(
            bare.digest().to_string(),
            "ea28f77bc0f2e1019575453769b4f715d9806921db6eed5643f6860ace5bb8d7"
        );
        let gone = digest_of_missing(AuditEntryId::new(whole.id));
        assert_eq!(
            gone.to_string(),
            "39f292f83801eea746c703fa19683cea64191aed4ce4323dee3accb98c23a9e2"
        );
    }

    #[test]
    fn the_first_two_seals_of_a_known_chain_are_known() {
        let mut head = Head::before_all(the_chain());
        let began = head.hash;
        let sealed_at = at("2030-01-07T09:00:01Z");
        let seals = [7, 8].map(|number| {
            let entry = a_stored_entry(number);
            head.seal(AuditEntryId::new(entry.id), entry.digest(), sealed_at)
        });

        assert_eq!(
            began.to_string(),
            "5322a835b2a9baf5f474f1c42ccaddfa14ca1aa6895ee15de73e8b588fd075c0"
        );
        assert_eq!(
            seals[0].hash.to_string(),
            "fada6af4317ff39c399105540972cdb0856225126ef21ffc502a1b59c0cda3de"
        );
        assert_eq!(
            seals[1].hash.to_string(),
            "98855f55c6e67a0579f1c1fffdf73f7f76fc83c457a9b30bbb9e23472c7730c5"
        );
        assert_eq!(head, seals[1].as_head());
    }

    /// Writes an id or a text into an entry.
    type Edit = fn(&mut StoredEntry, Option<Uuid>, Option<String>);

    #[test]
    fn no_column_can_be_changed_unseen() {
        let entry = a_stored_entry(7);
        let id = Some(Uuid::from_u128(99));
        let other = Some("other".to_owned());
        let edits: [Edit; 14] = [
            |entry, id, _| entry.id = id.unwrap(),
            |entry, _, _| entry.at += chrono::TimeDelta::seconds(1),
            |entry, _, _| entry.at += chrono::TimeDelta::nanoseconds(1),
            |entry, id, _| entry.user_id = id,
            |entry, _, other| entry.role = other,
            |entry, id, _| entry.session_id = id,
            |entry, id, _| entry.request_id = id,
            |entry, _, other| entry.address = other,
            |entry, _, other| entry.action = other.unwrap(),
            |entry, _, other| entry.outcome = other.unwrap(),
            |entry, _, other| entry.concept = other,
            |entry, id, _| entry.record_id = id,
            |entry, id, _| entry.patient_id = id,
            |entry, _, _| entry.count = Some(0),
        ];

        for (number, edit) in edits.iter().enumerate() {
            for (id, other) in [(id, other.clone()), (id, Some(String::new()))] {
                let mut changed = entry.clone();
                edit(&mut changed, id, other);
                assert_ne!(changed.digest(), entry.digest(), "{number}");
            }
        }
        let moved = StoredEntry { record_id: None, user_id: entry.record_id, ..entry.clone() };
        assert_ne!(moved.digest(), entry.digest());
    }

    proptest! {
        /// Where one column ends and the next begins is part of what is hashed.
        #[test]
        fn no_two_entries_are_written_alike(
            texts in [".{0,3}", ".{0,3}", ".{0,3}"], others in [".{0,3}", ".{0,3}", ".{0,3}"],
        ) {
            let with = |[address, action, outcome]: [String; 3]| {
                StoredEntry { address: Some(address), action, outcome, ..a_stored_entry(7) }
            };
            let same = texts == others;
            prop_assert_eq!(with(texts).digest() == with(others).digest(), same);
        }

        #[test]
        fn a_hash_reads_what_it_writes(bytes in any::<[u8; 32]>()) {
            let hash = Hash::new(bytes);
            prop_assert_eq!(hash.to_string().parse(), Ok(hash));
        }
    }

    #[test]
    fn what_is_no_hash_is_refused() {
        for raw in ["", "00", &"0".repeat(63), &"g".repeat(64), &"é".repeat(32)] {
            assert_eq!(raw.parse::<Hash>(), Err(HashError), "{raw}");
        }
    }
}
