//! A folder that goes with the program.

use std::fs::DirBuilder;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use crate::failure::Failure;

/// A folder for nobody but this program. It is deleted when dropped.
pub(super) struct Scratch(PathBuf);

impl Scratch {
    /// Makes the folder where the machine keeps what is temporary.
    pub(super) fn make() -> Result<Self, Failure> {
        let mut random = [0_u8; 8];
        getrandom::fill(&mut random).map_err(Failure::other)?;
        let name = format!("medilink-demo-{:016x}", u64::from_ne_bytes(random));
        let path = std::env::temp_dir().join(name);
        // Others could otherwise read it, or have made it before.
        DirBuilder::new().mode(0o700).create(&path).map_err(|error| {
            Failure::Other(format!("cannot make the folder {}: {error}", path.display()))
        })?;
        Ok(Self(path))
    }

    pub(super) fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // What is left is in a folder for temporary things.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_folder_is_private_and_goes() {
        use std::os::unix::fs::PermissionsExt;

        let Ok(scratch) = Scratch::make() else { panic!("there is a place") };
        let path = scratch.path().to_owned();
        std::fs::write(path.join("medilink.db"), "x").unwrap();
        assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o700);

        drop(scratch);

        assert!(!path.exists());
    }
}
