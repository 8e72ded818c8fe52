//! The folder in which this installation keeps its identity and its pins.

use std::path::{Path, PathBuf};

use directories::ProjectDirs;

use super::{Fingerprint, Identity, IdentityError, Pins};

/// A folder for what must outlive the program. It is created when something is first kept in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DataDir(PathBuf);

/// Why there is no such folder.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum HomeError {
    /// The platform names none, because the user has no home.
    #[error("There is no folder to keep your key in, since this user has no home: name one with --data-dir.")]
    NoHome,
    /// An empty path was given.
    #[error("--data-dir names no folder: write its path after it.")]
    Empty,
}

impl DataDir {
    /// The folder that was `chosen`, or else the platform's for programs' data:
    /// `~/.local/share/parlor`, `~/Library/Application Support/parlor`, `%APPDATA%\parlor\data`.
    pub fn resolve(chosen: Option<PathBuf>) -> Result<Self, HomeError> {
        match chosen {
            Some(path) if path.as_os_str().is_empty() => Err(HomeError::Empty),
            Some(path) => Ok(Self(path)),
            None => {
                let dirs = ProjectDirs::from("", "", "parlor").ok_or(HomeError::NoHome)?;
                Ok(Self(dirs.data_dir().to_owned()))
            }
        }
    }

    /// The folder.
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// The identity kept here, made now if there is none: [`Identity::load_or_create`].
    pub fn identity(&self) -> Result<Identity, IdentityError> {
        Identity::load_or_create(&self.0)
    }

    /// The fingerprint of the identity kept here, if there is one; none is made: [`Identity::fingerprint_in`].
    pub fn fingerprint(&self) -> Result<Option<Fingerprint>, IdentityError> {
        Identity::fingerprint_in(&self.0)
    }

    /// The pins kept here.
    pub fn pins(&self) -> Pins {
        Pins::open(&self.0)
    }
}
