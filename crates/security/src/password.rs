//! Passwords: argon2id, on threads of its own and never many at once.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher as _, PasswordVerifier};
use argon2::{Algorithm, Argon2, Params, Version};
use async_trait::async_trait;
use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use medilink_application::ports::PasswordHasher;
use medilink_application::{Error, Result};
use medilink_domain::password::{NewPassword, Password};
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
    nobodys_hash: String,
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
    async fn hash(&self, password: NewPassword) -> Result<String> {
        self.in_turn(move |argon2| argon2.hash_password(password.disclose().as_bytes()))
            .await?
            .map(|hash| hash.to_string())
            .map_err(|error| Error::Failed(Box::new(error)))
    }

    async fn verify(&self, password: Password, hash: Option<String>) -> Result<bool> {
        let somebody = hash.is_some();
        let hash = hash.unwrap_or_else(|| self.nobodys_hash.clone());
        self.in_turn(move |argon2| {
            PasswordHash::new(&hash).is_ok_and(|hash| {
                argon2.verify_password(password.disclose().as_bytes(), &hash).is_ok()
            })
        })
        .await
        .map(|matches| matches && somebody)
    }
}

/// Writes a hash of the same cost that no known password has, for people who do not exist.
fn nobodys_hash(cost: HashCost) -> String {
    let salt = STANDARD_NO_PAD.encode([0; 16]);
    let hash = STANDARD_NO_PAD.encode([0; 32]);
    format!("$argon2id$v=19$m={},t={},p=1${salt}${hash}", cost.memory_kib, cost.passes)
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

        assert!(hasher.verify(typed("correct horse"), Some(hash.clone())).await.unwrap());
        assert!(!hasher.verify(typed("battery staple"), Some(hash)).await.unwrap());
    }

    #[tokio::test]
    async fn nobody_has_no_password() {
        let hasher = Argon2Hasher::new(HashCost::TRIVIAL).unwrap();

        assert!(!hasher.verify(typed(""), None).await.unwrap());
    }

    #[test]
    fn nobodys_hash_is_computed_like_any_other() {
        let hash = nobodys_hash(HashCost::RECOMMENDED);

        assert!(PasswordHash::new(&hash).is_ok());
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
