//! The files of the window, beside key and pins: each is read once, and written on a thread of its own, whole or not at all.
//!
//! - [`settings`]: what a person has set
//! - [`drafts`]: what was written and not sent

pub(crate) mod drafts;
pub(crate) mod settings;

use std::{
    fs, io,
    path::{Path, PathBuf},
};

/// Damaged files that are kept beside a good one.
const ASIDE: usize = 99;

/// Gives a damaged file a name under which there is none yet: what is in it may be all that somebody has.
///
/// # Errors
///
/// When it cannot be renamed, or there are 99 already; it stays as it is then.
fn set_aside(dir: &Path, file: &str) -> io::Result<PathBuf> {
    let free = (1..=ASIDE)
        .map(|number| match number {
            1 => dir.join(format!("{file}.damaged")),
            _ => dir.join(format!("{file}.damaged-{number}")),
        })
        .find(|path| path.symlink_metadata().is_err_and(|error| error.kind() == io::ErrorKind::NotFound))
        .ok_or_else(|| io::Error::other(format!("there are {ASIDE} damaged ones in {} already", dir.display())))?;
    fs::rename(dir.join(file), &free)?;
    Ok(free)
}
