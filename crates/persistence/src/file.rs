//! The file of a SQLite database: made, recognized, and missed.

use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Read};
use std::path::{Path, PathBuf};

use crate::connection::OpenError;

/// The folder of the default database, which is made if need be. Any other may be a slip.
const DEFAULT_FOLDER: &str = "data";

/// What every SQLite database begins with that has anything in it.
const BEGINNING: &[u8; 16] = b"SQLite format 3\0";

/// Makes the file, readable by its owner alone, unless it is there already.
pub(crate) fn create(path: &Path) -> Result<(), OpenError> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let folder = folder.unwrap_or_else(|| Path::new("."));
    let failed = |source| failure(path, folder, source);
    if folder == Path::new(DEFAULT_FOLDER) {
        fs::create_dir_all(folder).map_err(failed)?;
    } else if !folder.is_dir() {
        return Err(OpenError::NoFolder(folder.to_owned()));
    }
    let mut options = OpenOptions::new();
    options.create_new(true).write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    match options.open(path) {
        Ok(_) => {
            tracing::info!("made a new database at {}", path.display());
            Ok(())
        }
        Err(error) if error.kind() == ErrorKind::AlreadyExists => recognize(path, folder),
        Err(error) => Err(failed(error)),
    }
}

/// Refuses a file that cannot be written, or that is something else, before anything is made
/// beside it.
fn recognize(path: &Path, folder: &Path) -> Result<(), OpenError> {
    let failed = |source| failure(path, folder, source);
    let file = OpenOptions::new().read(true).write(true).open(path).map_err(failed)?;
    let mut beginning = Vec::new();
    file.take(16).read_to_end(&mut beginning).map_err(failed)?;
    if beginning.is_empty() || beginning == BEGINNING {
        Ok(())
    } else {
        Err(OpenError::NotSqlite(path.to_owned()))
    }
}

fn failure(path: &Path, folder: &Path, source: io::Error) -> OpenError {
    if matches!(source.kind(), ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem) {
        OpenError::Forbidden { folder: folder.to_owned(), source }
    } else {
        OpenError::File { path: path.to_owned(), source }
    }
}

/// The very file that was opened. Whoever moves it away, or puts another in its place, would have
/// the program write where nobody looks.
#[derive(Clone)]
pub(crate) struct Identity {
    path: PathBuf,
    #[cfg(unix)]
    number: (u64, u64),
}

impl Identity {
    pub(crate) fn of(path: &Path) -> io::Result<Self> {
        Ok(Self {
            path: path.to_owned(),
            #[cfg(unix)]
            number: number(path)?,
        })
    }

    /// Refuses if another file is in its place, or none.
    pub(crate) fn check(&self) -> io::Result<()> {
        #[cfg(unix)]
        if number(&self.path)? != self.number {
            return Err(io::Error::other("another file is in the database's place"));
        }
        File::open(&self.path).map(drop)
    }
}

#[cfg(unix)]
fn number(path: &Path) -> io::Result<(u64, u64)> {
    use std::os::unix::fs::MetadataExt;

    let metadata = fs::metadata(path)?;
    Ok((metadata.dev(), metadata.ino()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_that_is_missing_is_not_made_and_another_file_is_not_taken() {
        let folder = tempfile::tempdir().unwrap();

        let slip = create(&folder.path().join("dtaa/medilink.db")).unwrap_err();
        let text = folder.path().join("notes.txt");
        fs::write(&text, "some notes of somebody").unwrap();
        let text = create(&text).unwrap_err();

        assert!(slip.to_string().contains("make the folder"), "{slip}");
        assert!(text.to_string().contains("is not a SQLite database"), "{text}");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn where_nobody_may_write_a_remedy_is_named() {
        let refused = failure(
            Path::new("data/medilink.db"),
            Path::new("data"),
            io::Error::from(ErrorKind::PermissionDenied),
        );

        let said = refused.to_string();
        assert!(said.starts_with("cannot write in data/: permission denied"), "{said}");
        assert!(said.ends_with("or choose another place with --database-url"), "{said}");
    }

    #[test]
    fn a_file_that_was_replaced_or_is_gone_is_missed() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("medilink.db");
        create(&path).unwrap();
        let identity = Identity::of(&path).unwrap();
        assert!(identity.check().is_ok());

        fs::rename(&path, folder.path().join("elsewhere.db")).unwrap();
        assert!(identity.check().is_err());
        create(&path).unwrap();
        assert!(identity.check().is_err());
    }
}
