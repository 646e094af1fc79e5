//! Checkpoints: where the chains of the audit trail ended at some moment, in one short text.
//!
//! Whoever can write to the database can cut off the end of a chain, or make all of it anew. What
//! was noted elsewhere, they cannot change.

use std::fmt;
use std::str::FromStr;

use crate::id::ChainId;
use crate::seal::{Hash, Head};

/// What a checkpoint begins with.
const NAME: &str = "medilink-audit-1";

/// Where every chain ended.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Checkpoint {
    /// The heads, by the ids of their chains.
    heads: Vec<Head>,
}

/// A text that is no checkpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("give a whole checkpoint, as `medilink audit verify` prints it: medilink-audit-1:…")]
pub struct CheckpointError;

impl Checkpoint {
    /// Makes a checkpoint of the heads of chains.
    pub fn of(mut heads: Vec<Head>) -> Self {
        heads.sort_by_key(|head| head.chain);
        Self { heads }
    }

    /// Returns the heads, by the ids of their chains.
    pub fn heads(&self) -> &[Head] {
        &self.heads
    }

    /// Finds the last checkpoint in what was printed.
    ///
    /// # Errors
    ///
    /// [`CheckpointError`] if there is none, or if it is not whole.
    pub fn find(printed: &str) -> Result<Self, CheckpointError> {
        let mut words = printed.split_whitespace().rev();
        words.find(|word| word.starts_with(NAME)).ok_or(CheckpointError)?.parse()
    }
}

impl fmt::Display for Checkpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Their number, so that one is missed that was lost on the way.
        write!(f, "{NAME}:{}", self.heads.len())?;
        for Head { chain, length, hash } in &self.heads {
            write!(f, ":{}.{length}.{hash}", chain.as_uuid().simple())?;
        }
        Ok(())
    }
}

impl FromStr for Checkpoint {
    type Err = CheckpointError;

    fn from_str(raw: &str) -> Result<Self, CheckpointError> {
        let mut parts = raw.trim().split(':');
        let is_ours = parts.next() == Some(NAME);
        let count: usize =
            parts.next().and_then(|count| count.parse().ok()).ok_or(CheckpointError)?;
        let heads: Vec<_> = parts.map(head).collect::<Option<_>>().ok_or(CheckpointError)?;
        let is_sorted = heads.is_sorted_by(|one, next| one.chain < next.chain);
        if !is_ours || heads.len() != count || !is_sorted {
            return Err(CheckpointError);
        }
        Ok(Self { heads })
    }
}

fn head(raw: &str) -> Option<Head> {
    let mut parts = raw.split('.');
    let (chain, length, hash) = (parts.next()?, parts.next()?, parts.next()?);
    let chain = (chain.len() == 32).then(|| uuid::Uuid::try_parse(chain).ok()).flatten()?;
    let length = length.parse().ok().filter(|length| 0 < *length)?;
    let hash: Hash = hash.parse().ok()?;
    parts.next().is_none().then_some(Head { chain: ChainId::new(chain), length, hash })
}

#[cfg(test)]
mod tests {
    use proptest::collection::btree_map;
    use proptest::prelude::*;

    use super::*;
    use crate::id::Uuid;

    fn any_checkpoint() -> impl Strategy<Value = Checkpoint> {
        btree_map(any::<u128>(), (1..u64::MAX, any::<[u8; 32]>()), 0..4).prop_map(|heads| {
            let head = |(chain, (length, hash))| {
                let chain = ChainId::new(Uuid::from_u128(chain));
                Head { chain, length, hash: Hash::new(hash) }
            };
            Checkpoint::of(heads.into_iter().map(head).collect())
        })
    }

    proptest! {
        #[test]
        fn a_checkpoint_reads_what_it_writes(checkpoint in any_checkpoint()) {
            prop_assert_eq!(checkpoint.to_string().parse(), Ok(checkpoint.clone()));
            let printed = format!("12 entries\ncheckpoint {checkpoint}\n");
            prop_assert_eq!(Checkpoint::find(&printed), Ok(checkpoint));
        }

        #[test]
        fn a_checkpoint_of_which_a_part_is_lost_is_none(
            checkpoint in any_checkpoint(), kept in 0.0..1.0,
        ) {
            let text = checkpoint.to_string();
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                clippy::cast_precision_loss,
                reason = "a part of a short text"
            )]
            let kept = (text.len() as f64 * kept) as usize;
            prop_assert_eq!(text[..kept].parse::<Checkpoint>(), Err(CheckpointError));
        }
    }

    #[test]
    fn what_is_no_checkpoint_is_refused() {
        for raw in ["", "medilink-audit-1", "medilink-audit-2:0", "medilink-audit-1:1:a.1.b"] {
            assert_eq!(raw.parse::<Checkpoint>(), Err(CheckpointError), "{raw}");
        }
        assert_eq!(Checkpoint::find("all is well"), Err(CheckpointError));
        assert_eq!("medilink-audit-1:0".parse(), Ok(Checkpoint::default()));
    }
}
