//! Small files that must never be half written: one writer at a time, each file replaced whole.
//! What this module creates, only its owner can read.

use std::{
    fs::{self, DirBuilder, File, OpenOptions},
    io::{self, Read, Write},
    path::{Path, PathBuf},
};

/// A file or folder that could not be used.
#[derive(Debug, thiserror::Error)]
#[error("{} could not be {done}: {source}. Check that it belongs to you and that the disk is not full.", path.display())]
pub struct FileError {
    done: &'static str,
    path: PathBuf,
    #[source]
    source: io::Error,
}

impl FileError {
    pub(super) fn new(done: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        move |source| Self { done, path: path.into(), source }
    }
}

/// Creates `dir`, and the folders above it, for its owner alone. One that exists is left as it is.
pub(crate) fn create_private_dir(dir: &Path) -> Result<(), FileError> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(dir).map_err(FileError::new("created", dir))
}

/// Waits until no other process holds the lock `name` in `dir`; it is held until the file is dropped.
/// The file itself stays: were it removed, two processes could each lock their own.
pub(crate) fn lock(dir: &Path, name: &str) -> Result<File, FileError> {
    let path = dir.join(name);
    let file = private().create(true).open(&path).map_err(FileError::new("opened", &path))?;
    file.lock().map_err(FileError::new("locked", &path))?;
    Ok(file)
}

/// Reads at most `limit` bytes, and one more if there are more, so that the caller can tell. All into one piece of memory:
/// one that grows leaves copies behind, and it may be a key.
pub(crate) fn read(path: &Path, limit: u64) -> io::Result<Vec<u8>> {
    let file = File::open(path)?;
    // With some bytes to spare, in which to see that it ends.
    let mut bytes = Vec::with_capacity(file.metadata()?.len().min(limit) as usize + 64);
    file.take(limit + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Puts `bytes` in the place of the file `name`: after a crash there is the old file or the new one, whole.
/// The caller holds the lock, therefore a temporary file that is found is one that a crash left.
pub(crate) fn replace(dir: &Path, name: &str, bytes: &[u8]) -> Result<(), FileError> {
    let path = dir.join(name);
    let temporary = dir.join(format!("{name}.new"));
    let written = write_new(&temporary, bytes).and_then(|()| fs::rename(&temporary, &path)).and_then(|()| sync(dir));
    written.inspect_err(|_| drop(fs::remove_file(&temporary))).map_err(FileError::new("written", &path))
}

fn write_new(path: &Path, bytes: &[u8]) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut file = private().create_new(true).open(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

/// For writing, and for the owner alone from the first moment.
pub(crate) fn private() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

/// Makes a rename last. Windows has no such call, and needs none.
fn sync(dir: &Path) -> io::Result<()> {
    if cfg!(unix) { File::open(dir)?.sync_all() } else { Ok(()) }
}
