//! A folder that goes with the program, or before the next one comes.

use std::fs::{DirBuilder, File, Metadata};
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::{Path, PathBuf};

use crate::failure::Failure;

/// What the names of such folders begin with.
const PREFIX: &str = "medilink-demo-";

/// A folder for nobody but this program. It is deleted when dropped.
pub(super) struct Scratch {
    path: PathBuf,
    /// The folder itself, locked. The lock goes with the process, however that ends.
    _held: File,
}

impl Scratch {
    /// Makes the folder where the machine keeps what is temporary, and deletes those of programs that
    /// were killed.
    pub(super) fn make() -> Result<Self, Failure> {
        Self::make_in(&std::env::temp_dir())
    }

    fn make_in(place: &Path) -> Result<Self, Failure> {
        let mut random = [0_u8; 8];
        getrandom::fill(&mut random).map_err(Failure::other)?;
        let path = place.join(format!("{PREFIX}{:016x}", u64::from_ne_bytes(random)));
        let failed = |error: io::Error| {
            Failure::Other(format!("cannot make the folder {}: {error}", path.display()))
        };
        // Others could otherwise read it, or have made it before.
        DirBuilder::new().mode(0o700).create(&path).map_err(failed)?;
        let held = File::open(&path).map_err(failed)?;
        held.lock().map_err(failed)?;
        // What cannot be deleted is in a folder for temporary things.
        let _ = held.metadata().and_then(|own| sweep(place, &own));
        Ok(Self { path, _held: held })
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // What is left is in a folder for temporary things.
        let _ = std::fs::remove_dir_all(&self.path);
    }
}

/// Deletes the folders that nobody holds any more, of the user who owns this one.
fn sweep(place: &Path, own: &Metadata) -> io::Result<()> {
    for entry in std::fs::read_dir(place)? {
        let entry = entry?;
        let is_ours = entry.file_name().to_string_lossy().starts_with(PREFIX)
            // Not of a link: it may lead anywhere.
            && entry.metadata().is_ok_and(|it| it.is_dir() && it.uid() == own.uid());
        if is_ours && is_left(&entry.path()).unwrap_or_default() {
            std::fs::remove_dir_all(entry.path())?;
        }
    }
    Ok(())
}

/// Tells whether nobody holds a folder. One that is empty may have been made just now, by a program
/// that is about to hold it.
fn is_left(folder: &Path) -> io::Result<bool> {
    let is_held = File::open(folder)?.try_lock().is_err();
    Ok(!is_held && std::fs::read_dir(folder)?.next().is_some())
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

    #[test]
    fn what_a_killed_program_has_left_goes_and_nothing_else() {
        let Ok(place) = Scratch::make() else { panic!("there is a place") };
        let folder = |name: &str, holds_a_file: bool| {
            let path = place.path().join(name);
            std::fs::create_dir(&path).unwrap();
            if holds_a_file {
                std::fs::write(path.join("medilink.db"), "x").unwrap();
            }
            path
        };
        let left = folder("medilink-demo-left", true);
        let others = [folder("medilink-demo-new", false), folder("medilink-data", true)];
        let link = place.path().join("medilink-demo-link");
        std::os::unix::fs::symlink(&others[1], &link).unwrap();

        let Ok(held) = Scratch::make_in(place.path()) else { panic!("there is a place") };
        std::fs::write(held.path().join("medilink.db"), "x").unwrap();
        let Ok(_next) = Scratch::make_in(place.path()) else { panic!("there is a place") };

        assert!(!left.exists());
        assert!(others.iter().all(|other| other.exists()) && link.exists());
        assert!(held.path().join("medilink.db").exists());
        assert!(others[1].join("medilink.db").exists());
    }
}
