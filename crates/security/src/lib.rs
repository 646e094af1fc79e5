//! Passwords, tokens, devices, cursors, and what the system alone can give: randomness and the time.

mod cursor;
mod device;
mod hash;
mod password;
mod random;
mod secret;
mod set_up;
mod system;
mod token;

pub use self::cursor::SealedCursors;
pub use self::device::SealedDevices;
pub use self::hash::HashCost;
pub use self::password::{Argon2Hasher, HasherError};
pub use self::random::SystemIds;
pub use self::secret::{SecretKey, SecretKeyError, SecretKeys};
pub use self::set_up::DerivedSetUpToken;
pub use self::system::SystemClock;
pub use self::token::JwtIssuer;
