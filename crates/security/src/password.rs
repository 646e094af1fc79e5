//! Passwords: argon2id, on threads of its own and never many at once.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use argon2::password_hash::phc;
use argon2::password_hash::{PasswordHasher as _, PasswordVerifier};
use argon2::{Algorithm, Argon2, Params, Version};
use async_trait::async_trait;
use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use medilink_application::ports::{PasswordHasher, Verdict};
use medilink_application::{Error, Result};
use medilink_domain::password::{NewPassword, Password, PasswordHash};
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

/// Hashes passwords with argon2id: one hash a core at once, since each needs its memory for itself.
pub struct Argon2Hasher {
    params: Params,
    nobodys_hash: PasswordHash,
    turns: Arc<Semaphore>,
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
            waiting: AtomicUsize::new(0),
        })
    }

    /// Runs one hash when it is its turn. A caller who leaves gives the turn back.
    async fn in_turn<T: Send + 'static>(
        &self,
        hash: impl FnOnce(&Argon2<'_>) -> T + Send + 'static,
    ) -> Result<T> {
        let _waiting = Waiting::enter(&self.waiting).ok_or(Error::Overloaded)?;
        let turn = Arc::clone(&self.turns).acquire_owned().await.map_err(|_| Error::Overloaded)?;
        let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, self.params.clone());
        tokio::task::spawn_blocking(move || {
            let _turn = turn;
            hash(&argon2)
        })
        .await
        .map_err(|error| Error::Failed(Box::new(error)))
    }
}

#[async_trait]
impl PasswordHasher for Argon2Hasher {
    async fn hash(&self, password: NewPassword) -> Result<PasswordHash> {
        self.in_turn(move |argon2| argon2.hash_password(password.disclose().as_bytes()))
            .await?
            .map(|hash| PasswordHash::new(hash.to_string()))
            .map_err(|error| Error::Failed(Box::new(error)))
    }

    async fn verify(&self, password: Password, hash: Option<PasswordHash>) -> Result<Verdict> {
        let somebody = hash.is_some();
        let hash = hash.unwrap_or_else(|| self.nobodys_hash.clone());
        self.in_turn(move |argon2| {
            let Ok(hash) = phc::PasswordHash::new(hash.disclose()) else { return Verdict::Wrong };
            match argon2.verify_password(password.disclose().as_bytes(), &hash) {
                Ok(()) if !somebody => Verdict::Wrong,
                Ok(()) if is_weaker(&hash, argon2.params()) => {
                    Verdict::RightButWeak(NewPassword::known(password))
                }
                Ok(()) => Verdict::Right,
                Err(_) => Verdict::Wrong,
            }
        })
        .await
    }
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
