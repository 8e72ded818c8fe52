//! Where rooms are saved, and what a host that is killed leaves behind.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use rusqlite::Connection;
use tempfile::TempDir;

/// Where the system keeps files in memory, if it does: nothing here outlives the power.
const IN_MEMORY: &str = "/dev/shm";

/// A folder for the rooms of one case.
pub(crate) struct Shelf {
    dir: TempDir,
    files: usize,
}

/// What a file says of its room.
pub(crate) struct Contents {
    /// The number that the next entry will have.
    pub(crate) head: u64,
    /// The host has left.
    pub(crate) is_closed: bool,
}

impl Shelf {
    pub(crate) fn new() -> Self {
        let dir = TempDir::new_in(IN_MEMORY).or_else(|_| TempDir::new()).expect("a temporary folder");
        Self { dir, files: 0 }
    }

    /// Where there is nothing yet.
    pub(crate) fn place(&mut self) -> PathBuf {
        self.files += 1;
        self.dir.path().join(format!("{}.parlor", self.files))
    }

    /// What is in a file, which stays as it is.
    pub(crate) fn read(&mut self, file: &Path) -> Result<Contents, String> {
        let other = self.place();
        leave_behind(file, &other).map_err(|error| error.to_string())?;
        let connection = Connection::open(&other).map_err(|error| error.to_string())?;
        let contents = connection.query_row("SELECT head, is_closed FROM room", [], |row| {
            Ok(Contents { head: row.get::<_, i64>(0)? as u64, is_closed: row.get(1)? })
        });
        contents.map_err(|error| error.to_string())
    }
}

/// Copies a file, and what lies beside it, as they are at one moment: that is what is left of a host that is killed then. While
/// they are written, they are looked at again.
pub(crate) fn leave_behind(file: &Path, copy: &Path) -> io::Result<()> {
    let read = || -> io::Result<_> { Ok((read(&beside(file))?, read(file)?)) };
    let mut now = read()?;
    loop {
        let again = read()?;
        if again == now {
            break;
        }
        now = again;
    }
    let (beside_it, content) = now;
    if let Some(beside_it) = beside_it {
        fs::write(beside(copy), beside_it)?;
    }
    fs::write(copy, content.unwrap_or_default())
}

/// What SQLite keeps beside a file while it is open.
fn beside(file: &Path) -> PathBuf {
    let mut beside = file.as_os_str().to_owned();
    beside.push("-wal");
    beside.into()
}

fn read(file: &Path) -> io::Result<Option<Vec<u8>>> {
    match fs::read(file) {
        Ok(content) => Ok(Some(content)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}
