//! Hashes of passwords: what one costs, how one is made, and what belongs to it.

use argon2::password_hash::phc::{self, Output, ParamsString, Salt};
use argon2::{Algorithm, Argon2, Block, Params, Version};
use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use medilink_application::ports::Verdict;
use medilink_domain::password::{NewPassword, Password, PasswordHash};
use subtle::ConstantTimeEq;

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

/// The length of a salt, in bytes.
pub(crate) const SALT: usize = 16;

/// The memory in which hashes are computed, one after the other, and how much work the present one
/// was so far.
#[derive(Default)]
pub(crate) struct Memory {
    blocks: Vec<Block>,
    /// How many blocks were filled, each as often as it was.
    filled: u64,
}

impl Memory {
    /// Forgets what passwords have left here.
    fn wipe(&mut self) {
        self.blocks.fill(Block::default());
    }

    /// Gives it back to the system, and nothing of a password with it.
    pub(crate) fn give_back(&mut self) {
        self.wipe();
        *self = Self::default();
    }

    /// Computes a hash, as long as `output`.
    fn compute(
        &mut self,
        password: &str,
        salt: &[u8],
        params: &Params,
        output: &mut [u8],
    ) -> argon2::Result<()> {
        let blocks = params.block_count();
        if self.blocks.len() < blocks {
            self.blocks.resize(blocks, Block::default());
        }
        self.filled += work(params);
        let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params.clone());
        let memory = self.blocks.get_mut(..blocks).unwrap_or_default();
        argon2.hash_password_into_with_memory(password.as_bytes(), salt, output, memory)
    }

    /// Does as much more work as makes it that of a hash of this cost, to within a few blocks.
    fn fill_up_to(&mut self, params: &Params) {
        let missing = work(params).saturating_sub(self.filled);
        let whole = u64::from(params.m_cost());
        for (memory_kib, passes) in [(whole, missing / whole), (missing % whole, 1)] {
            // No pass, or less memory than any hash takes, is too little to be noticed.
            if let Some(params) = parameters(memory_kib, passes) {
                let done = self.compute("", &[0; SALT], &params, &mut [0; 32]);
                debug_assert!(done.is_ok(), "whatever has parameters can be computed");
            }
        }
    }
}

/// Returns how many blocks a hash of this cost fills, each as often as it does.
fn work(params: &Params) -> u64 {
    u64::from(params.m_cost()) * u64::from(params.t_cost())
}

fn parameters(memory_kib: u64, passes: u64) -> Option<Params> {
    let (memory_kib, passes) = (u32::try_from(memory_kib).ok()?, u32::try_from(passes).ok()?);
    Params::new(memory_kib, passes, 1, None).ok()
}

/// Makes hashes of one cost, and verifies hashes of any.
pub(crate) struct Recipe {
    params: Params,
    nobodys: String,
}

impl Recipe {
    /// Takes the cost of new hashes.
    pub(crate) fn new(cost: HashCost) -> argon2::Result<Self> {
        let params = Params::new(cost.memory_kib, cost.passes, 1, None)?;
        Ok(Self { params, nobodys: nobodys_hash(cost) })
    }

    /// Hashes a new password, and writes the hash with its salt and its cost.
    pub(crate) fn write(
        &self,
        password: &NewPassword,
        salt: [u8; SALT],
        memory: &mut Memory,
    ) -> argon2::password_hash::Result<PasswordHash> {
        let mut output = [0; Params::DEFAULT_OUTPUT_LEN];
        memory.compute(password.disclose(), &salt, &self.params, &mut output)?;
        let hash = phc::PasswordHash {
            algorithm: Algorithm::Argon2id.ident(),
            version: Some(Version::V0x13.into()),
            params: ParamsString::try_from(&self.params)?,
            salt: Some(Salt::new(&salt)?),
            hash: Some(Output::new(&output)?),
        };
        Ok(PasswordHash::new(hash.to_string()))
    }

    /// Tells whether a password belongs to somebody's hash; to nobody's, none does. A hash that is
    /// weaker than a new one is made anew, with this salt, if the password belongs to it.
    ///
    /// A wrong password is as much work for nobody as for anybody: who has an account here, and
    /// how old its hash is, is not told by the time that this takes.
    pub(crate) fn verify(
        &self,
        password: Password,
        somebodys: Option<&PasswordHash>,
        salt: [u8; SALT],
        memory: &mut Memory,
    ) -> Verdict {
        memory.filled = 0;
        let somebodys = somebodys.and_then(|hash| phc::PasswordHash::new(hash.disclose()).ok());
        let Some(hash) = somebodys else {
            if let Ok(hash) = phc::PasswordHash::new(&self.nobodys) {
                belongs(&password, &hash, memory);
            }
            memory.fill_up_to(&self.params);
            return Verdict::Wrong;
        };
        if !belongs(&password, &hash, memory) {
            memory.fill_up_to(&self.params);
            return Verdict::Wrong;
        }
        if !self.is_stronger_than(&hash) {
            return Verdict::Right;
        }
        match self.write(&NewPassword::known(password), salt, memory) {
            Ok(anew) => Verdict::RightButWeak(anew),
            // There will be another sign-in.
            Err(_) => Verdict::Right,
        }
    }

    /// Tells whether a hash was made at a lower cost than a new one would be.
    fn is_stronger_than(&self, hash: &phc::PasswordHash) -> bool {
        Params::try_from(hash).is_ok_and(|of| {
            of.m_cost() < self.params.m_cost() || of.t_cost() < self.params.t_cost()
        })
    }
}

/// Tells whether a password belongs to a hash. How much of the two is alike takes no part in how
/// long it takes.
fn belongs(password: &Password, hash: &phc::PasswordHash, memory: &mut Memory) -> bool {
    let (Some(salt), Some(expected)) = (&hash.salt, &hash.hash) else { return false };
    let is_ours = hash.algorithm == Algorithm::Argon2id.ident()
        && hash.version == Some(Version::V0x13.into());
    let mut output = [0; Output::MAX_LENGTH];
    let (Ok(params), Some(output)) = (Params::try_from(hash), output.get_mut(..expected.len()))
    else {
        return false;
    };
    let computed = memory.compute(password.disclose(), salt, &params, output);
    is_ours && computed.is_ok() && output.ct_eq(expected.as_bytes()).into()
}

/// Writes a hash of the same cost that no known password has, for people who do not exist.
fn nobodys_hash(cost: HashCost) -> String {
    let salt = STANDARD_NO_PAD.encode([0; SALT]);
    let hash = STANDARD_NO_PAD.encode([0; 32]);
    let HashCost { memory_kib, passes } = cost;
    format!("$argon2id$v=19$m={memory_kib},t={passes},p=1${salt}${hash}")
}

#[cfg(test)]
mod tests {
    use super::*;

    const DEAR: HashCost = HashCost { memory_kib: 64, passes: 3 };

    fn typed(raw: &str) -> Password {
        Password::typed(raw.to_owned())
    }

    fn chosen(raw: &str) -> NewPassword {
        NewPassword::known(typed(raw))
    }

    fn recipe(cost: HashCost) -> Recipe {
        Recipe::new(cost).unwrap()
    }

    fn made(cost: HashCost) -> PasswordHash {
        let salt = [7; SALT];
        recipe(cost).write(&chosen("correct horse"), salt, &mut Memory::default()).unwrap()
    }

    fn verdict(recipe: &Recipe, raw: &str, hash: &PasswordHash) -> Verdict {
        recipe.verify(typed(raw), Some(hash), [8; SALT], &mut Memory::default())
    }

    #[test]
    fn a_password_belongs_to_its_own_hash_only() {
        let (recipe, hash) = (recipe(DEAR), made(DEAR));

        assert!(matches!(verdict(&recipe, "correct horse", &hash), Verdict::Right));
        assert!(matches!(verdict(&recipe, "battery staple", &hash), Verdict::Wrong));
    }

    #[test]
    fn a_hash_that_was_cheaper_is_made_anew() {
        let (before, after) = (recipe(HashCost::TRIVIAL), recipe(DEAR));
        let hash = made(HashCost::TRIVIAL);

        let verdict_after = verdict(&after, "correct horse", &hash);
        let Verdict::RightButWeak(again) = verdict_after else { panic!("it is as good as new") };

        assert_ne!(again, hash);
        assert!(matches!(verdict(&after, "correct horse", &again), Verdict::Right));
        // A setting that is lowered weakens nobody's hash.
        assert!(matches!(verdict(&before, "correct horse", &again), Verdict::Right));
    }

    #[test]
    fn a_wrong_password_is_as_much_work_for_nobody_as_for_anybody() {
        let recipe = recipe(DEAR);
        let mut memory = Memory::default();
        let mut work_of = |hash: Option<&PasswordHash>| {
            let verdict = recipe.verify(typed("battery staple"), hash, [8; SALT], &mut memory);
            assert!(matches!(verdict, Verdict::Wrong));
            memory.filled
        };

        let nobodys = work_of(None);

        assert_eq!(nobodys, 64 * 3);
        for (memory_kib, passes) in [(64, 3), (8, 1), (16, 2), (32, 3), (64, 1), (24, 7), (96, 1)] {
            let old = made(HashCost { memory_kib, passes });
            assert_eq!(work_of(Some(&old)), nobodys, "{memory_kib} KiB, {passes} passes");
        }
        // Less than the smallest hash is left out.
        for (memory_kib, passes) in [(37, 3), (61, 2), (47, 4), (11, 1)] {
            let old = made(HashCost { memory_kib, passes });
            let less = nobodys - work_of(Some(&old));
            assert!(less < 8, "{memory_kib} KiB, {passes} passes: {less}");
        }
        // What nobody can read is nobody's.
        for broken in ["", "$argon2id$v=19$m=8,t=1,p=1", "$5$rounds=5000$salt$hash"] {
            assert_eq!(work_of(Some(&PasswordHash::new(broken.to_owned()))), nobodys, "{broken}");
        }
    }

    #[test]
    fn nothing_of_a_password_stays_in_memory_that_was_wiped() {
        let mut memory = Memory::default();
        let words = |memory: &Memory| {
            memory.blocks.iter().flat_map(|block| block.as_ref().to_vec()).collect::<Vec<_>>()
        };
        recipe(DEAR).write(&chosen("correct horse"), [7; SALT], &mut memory).unwrap();
        assert!(words(&memory).iter().any(|word| *word != 0));

        memory.wipe();

        assert_eq!(words(&memory).len(), 64 * 128);
        assert!(words(&memory).iter().all(|word| *word == 0));
    }

    #[test]
    fn a_hash_is_one_that_the_library_itself_reads() {
        use argon2::password_hash::PasswordVerifier;

        let hash = made(DEAR);
        let read = |raw: &str| {
            let hash = phc::PasswordHash::new(hash.disclose()).unwrap();
            Argon2::default().verify_password(raw.as_bytes(), &hash).is_ok()
        };

        assert!(read("correct horse"));
        assert!(!read("battery staple"));
    }

    #[test]
    fn a_hash_that_the_library_made_is_read() {
        use argon2::password_hash::PasswordHasher as _;

        let params = Params::new(16, 3, 1, None).unwrap();
        let library = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
        let hash = library.hash_password(b"correct horse").unwrap().to_string();
        let (recipe, hash) = (recipe(HashCost::TRIVIAL), PasswordHash::new(hash));

        assert!(matches!(verdict(&recipe, "correct horse", &hash), Verdict::Right));
        assert!(matches!(verdict(&recipe, "battery staple", &hash), Verdict::Wrong));
    }

    #[test]
    fn nobody_has_no_password() {
        let nobody = recipe(DEAR).verify(typed(""), None, [8; SALT], &mut Memory::default());

        assert!(matches!(nobody, Verdict::Wrong));
    }

    #[test]
    fn nobodys_hash_is_computed_like_any_other() {
        assert!(phc::PasswordHash::new(&nobodys_hash(HashCost::RECOMMENDED)).is_ok());
    }
}
