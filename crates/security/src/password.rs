//! Passwords: argon2id, on threads of its own and never many at once.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use argon2::password_hash::phc::{self, Output, ParamsString, Salt};
use argon2::{Algorithm, Argon2, Block, Params, Version};
use async_trait::async_trait;
use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use medilink_application::ports::{PasswordHasher, Verdict};
use medilink_application::{Error, Result};
use medilink_domain::password::{NewPassword, Password, PasswordHash};
use subtle::ConstantTimeEq;
use tokio::sync::Semaphore;

/// What one hash costs whoever computes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HashCost {
    /// Memory, in KiB.
    pub memory_kib: u32,
    /// Passes over that memory.
    pub passes: u32,
}

impl HashCost {
    /// The cost that OWASP recommends for argon2id: 19 MiB, two passes.
    pub const RECOMMENDED: Self = Self { memory_kib: 19 * 1024, passes: 2 };

    /// A cost that keeps no attacker out, for tests.
    pub const TRIVIAL: Self = Self { memory_kib: 8, passes: 1 };
}

/// How many people wait for a hash at the most; whoever comes then is told to come back.
const QUEUE: usize = 512;

/// The length of a salt, in bytes.
const SALT: usize = 16;

/// Hashes passwords with argon2id: one hash a core at once, since each needs its memory for itself.
///
/// That memory is kept from one hash to the next. Were it given back, the allocator would keep it
/// once for every thread that has ever hashed: two hundred megabytes after a few sign-ins.
pub struct Argon2Hasher {
    params: Params,
    nobodys_hash: PasswordHash,
    turns: Arc<Semaphore>,
    memories: Arc<Mutex<Vec<Vec<Block>>>>,
    waiting: AtomicUsize,
}

impl Argon2Hasher {
    /// Makes a hasher of a cost.
    ///
    /// # Errors
    ///
    /// Says what is wrong with the cost.
    pub fn new(cost: HashCost) -> std::result::Result<Self, argon2::Error> {
        let params = Params::new(cost.memory_kib, cost.passes, 1, None)?;
        let cores = std::thread::available_parallelism().map_or(2, std::num::NonZero::get);
        Ok(Self {
            nobodys_hash: nobodys_hash(cost),
            params,
            turns: Arc::new(Semaphore::new(cores)),
            memories: Arc::default(),
            waiting: AtomicUsize::new(0),
        })
    }

    /// Runs one hash when it is its turn. A caller who leaves gives the turn back.
    async fn in_turn<T: Send + 'static>(
        &self,
        hash: impl FnOnce(&mut Vec<Block>) -> T + Send + 'static,
    ) -> Result<T> {
        let _waiting = Waiting::enter(&self.waiting).ok_or(Error::Overloaded)?;
        let turn = Arc::clone(&self.turns).acquire_owned().await.map_err(|_| Error::Overloaded)?;
        let memories = Arc::clone(&self.memories);
        tokio::task::spawn_blocking(move || {
            let _turn = turn;
            let kept = || memories.lock().unwrap_or_else(PoisonError::into_inner);
            let mut memory = kept().pop().unwrap_or_default();
            let outcome = hash(&mut memory);
            // What a password has left there is nobody's to find.
            memory.fill(Block::default());
            kept().push(memory);
            outcome
        })
        .await
        .map_err(|error| Error::Failed(Box::new(error)))
    }
}

#[async_trait]
impl PasswordHasher for Argon2Hasher {
    async fn hash(&self, password: NewPassword) -> Result<PasswordHash> {
        let params = self.params.clone();
        let mut salt = [0; SALT];
        getrandom::fill(&mut salt).map_err(|error| Error::Failed(Box::new(error)))?;
        self.in_turn(move |memory| write(&password, &salt, &params, memory))
            .await?
            .map(PasswordHash::new)
            .map_err(|error| Error::Failed(Box::new(error)))
    }

    async fn verify(&self, password: Password, hash: Option<PasswordHash>) -> Result<Verdict> {
        let somebody = hash.is_some();
        let hash = hash.unwrap_or_else(|| self.nobodys_hash.clone());
        let params = self.params.clone();
        self.in_turn(move |memory| {
            let Ok(hash) = phc::PasswordHash::new(hash.disclose()) else { return Verdict::Wrong };
            if !belongs(&password, &hash, memory) || !somebody {
                Verdict::Wrong
            } else if is_weaker(&hash, &params) {
                Verdict::RightButWeak(NewPassword::known(password))
            } else {
                Verdict::Right
            }
        })
        .await
    }
}

/// Computes the hash of a password, as long as `output`.
fn compute(
    password: &str,
    salt: &[u8],
    params: Params,
    memory: &mut Vec<Block>,
    output: &mut [u8],
) -> argon2::Result<()> {
    memory.resize(params.block_count(), Block::default());
    let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
    argon2.hash_password_into_with_memory(password.as_bytes(), salt, output, memory.as_mut_slice())
}

/// Hashes a new password, and writes the hash with its salt and its cost.
fn write(
    password: &NewPassword,
    salt: &[u8],
    params: &Params,
    memory: &mut Vec<Block>,
) -> argon2::password_hash::Result<String> {
    let mut output = [0; Params::DEFAULT_OUTPUT_LEN];
    compute(password.disclose(), salt, params.clone(), memory, &mut output)?;
    let hash = phc::PasswordHash {
        algorithm: Algorithm::Argon2id.ident(),
        version: Some(Version::V0x13.into()),
        params: ParamsString::try_from(params)?,
        salt: Some(Salt::new(salt)?),
        hash: Some(Output::new(&output)?),
    };
    Ok(hash.to_string())
}

/// Tells whether a password belongs to a hash. How much of the two is alike takes no part in how
/// long it takes.
fn belongs(password: &Password, hash: &phc::PasswordHash, memory: &mut Vec<Block>) -> bool {
    let (Some(salt), Some(expected)) = (&hash.salt, &hash.hash) else { return false };
    let is_ours = hash.algorithm == Algorithm::Argon2id.ident()
        && hash.version == Some(Version::V0x13.into());
    let mut output = [0; Output::MAX_LENGTH];
    let (Ok(params), Some(output)) = (Params::try_from(hash), output.get_mut(..expected.len()))
    else {
        return false;
    };
    let computed = compute(password.disclose(), salt, params, memory, output);
    is_ours && computed.is_ok() && output.ct_eq(expected.as_bytes()).into()
}

/// Tells whether a hash was made at a lower cost than a new one would be.
fn is_weaker(hash: &phc::PasswordHash, params: &Params) -> bool {
    Params::try_from(hash)
        .is_ok_and(|of| of.m_cost() < params.m_cost() || of.t_cost() < params.t_cost())
}

/// Writes a hash of the same cost that no known password has, for people who do not exist.
fn nobodys_hash(cost: HashCost) -> PasswordHash {
    let salt = STANDARD_NO_PAD.encode([0; 16]);
    let hash = STANDARD_NO_PAD.encode([0; 32]);
    let HashCost { memory_kib, passes } = cost;
    PasswordHash::new(format!("$argon2id$v=19$m={memory_kib},t={passes},p=1${salt}${hash}"))
}

/// A place in the queue, given up when dropped.
struct Waiting<'a>(&'a AtomicUsize);

impl<'a> Waiting<'a> {
    fn enter(count: &'a AtomicUsize) -> Option<Self> {
        let place = Self(count);
        if count.fetch_add(1, Ordering::Relaxed) < QUEUE { Some(place) } else { None }
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typed(raw: &str) -> Password {
        Password::typed(raw.to_owned())
    }

    fn chosen(raw: &str) -> NewPassword {
        NewPassword::known(typed(raw))
    }

    #[tokio::test]
    async fn a_password_belongs_to_its_own_hash_only() {
        let hasher = Argon2Hasher::new(HashCost::TRIVIAL).unwrap();

        let hash = hasher.hash(chosen("correct horse")).await.unwrap();

        let verify = async |raw| hasher.verify(typed(raw), Some(hash.clone())).await.unwrap();
        assert!(matches!(verify("correct horse").await, Verdict::Right));
        assert!(matches!(verify("battery staple").await, Verdict::Wrong));
    }

    #[tokio::test]
    async fn a_hash_that_was_cheaper_is_to_be_made_anew() {
        let before = Argon2Hasher::new(HashCost::TRIVIAL).unwrap();
        let hash = before.hash(chosen("correct horse")).await.unwrap();
        let dearer = HashCost { passes: 2, ..HashCost::TRIVIAL };
        let after = Argon2Hasher::new(dearer).unwrap();

        let verdict = after.verify(typed("correct horse"), Some(hash.clone())).await.unwrap();
        let Verdict::RightButWeak(password) = verdict else { panic!("it is as good as new") };
        let again = after.hash(password).await.unwrap();

        let verdict = after.verify(typed("correct horse"), Some(again.clone())).await.unwrap();
        assert!(matches!(verdict, Verdict::Right));
        // A setting that is lowered weakens nobody's hash.
        let verdict = before.verify(typed("correct horse"), Some(again)).await.unwrap();
        assert!(matches!(verdict, Verdict::Right));
    }

    #[tokio::test]
    async fn a_hash_is_one_that_the_library_itself_reads() {
        use argon2::password_hash::PasswordVerifier;

        let hasher = Argon2Hasher::new(HashCost::TRIVIAL).unwrap();
        let hash = hasher.hash(chosen("correct horse")).await.unwrap();
        let read = |raw: &str| {
            let hash = phc::PasswordHash::new(hash.disclose()).unwrap();
            Argon2::default().verify_password(raw.as_bytes(), &hash).is_ok()
        };

        assert!(read("correct horse"));
        assert!(!read("battery staple"));
        assert_ne!(hasher.hash(chosen("correct horse")).await.unwrap(), hash);
    }

    #[tokio::test]
    async fn a_hash_that_the_library_made_is_read() {
        use argon2::password_hash::PasswordHasher as _;

        let params = Params::new(16, 3, 1, None).unwrap();
        let library = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
        let hash = library.hash_password(b"correct horse").unwrap().to_string();
        let hasher = Argon2Hasher::new(HashCost::TRIVIAL).unwrap();
        let verify =
            async |raw| hasher.verify(typed(raw), Some(PasswordHash::new(hash.clone()))).await;

        assert!(matches!(verify("correct horse").await.unwrap(), Verdict::Right));
        assert!(matches!(verify("battery staple").await.unwrap(), Verdict::Wrong));
    }

    #[tokio::test]
    async fn memory_is_kept_for_the_next_hash_and_nothing_in_it() {
        let hasher = Argon2Hasher::new(HashCost::TRIVIAL).unwrap();

        for _ in 0..8 {
            hasher.hash(chosen("correct horse")).await.unwrap();
        }

        let memories = hasher.memories.lock().unwrap();
        assert_eq!(memories.len(), 1);
        let words = memories[0].iter().flat_map(|block| block.as_ref().iter());
        assert!(words.copied().all(|word| word == 0));
    }

    #[tokio::test]
    async fn nobody_has_no_password() {
        let hasher = Argon2Hasher::new(HashCost::TRIVIAL).unwrap();

        assert!(matches!(hasher.verify(typed(""), None).await.unwrap(), Verdict::Wrong));
    }

    #[test]
    fn nobodys_hash_is_computed_like_any_other() {
        let hash = nobodys_hash(HashCost::RECOMMENDED);

        assert!(phc::PasswordHash::new(hash.disclose()).is_ok());
    }

    #[tokio::test]
    async fn whoever_comes_to_a_full_queue_is_sent_away() {
        let hasher = Argon2Hasher::new(HashCost::TRIVIAL).unwrap();
        let places: Vec<_> = (0..QUEUE).map(|_| Waiting::enter(&hasher.waiting)).collect();

        assert!(matches!(hasher.hash(chosen("x")).await, Err(Error::Overloaded)));

        drop(places);
        assert!(hasher.hash(chosen("x")).await.is_ok());
    }
}
