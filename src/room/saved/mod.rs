//! A saved room: a file that holds the log, and what else a host has to know to go on where it stopped.
//!
//! What happens in the room is a list of [`Change`]s. The room hands them over in batches, the journal writes each batch whole,
//! and only then do members see what is in it: so whatever anybody has seen is there after the host was killed.
//!
//! - `open`: from a file to a room, and every reason why not
//! - `store`: changes into the file, entries out of it
//! - `journal`: the thread that writes

mod journal;
mod open;
mod store;

use std::{
    fmt, io,
    path::{Path, PathBuf},
    time::Duration,
};

use bytes::Bytes;
use rusqlite::ErrorCode;

pub(super) use self::{
    journal::{Journal, Progress},
    open::{Found, FoundMember, open},
    store::Store,
};
use super::names::Proof;
use crate::{
    identity::{Name, RoomName},
    wire::{MemberId, Security, limits},
};

/// How a room is saved.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Save {
    /// The file. One that is there is gone on with.
    pub path: PathBuf,
    /// An entry is on the disk before anybody sees it. Without, it is in the system's hands by then, which survives the end of
    /// the program, and not always that of the power.
    pub sync: bool,
    /// How much of the log is kept.
    pub keep: Keep,
}

/// How much of a saved log is kept. What is over any bound is erased, the oldest first.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Keep {
    /// At most so many entries.
    pub entries: u64,
    /// At most so many bytes of them.
    pub bytes: u64,
    /// None that is older.
    pub age: Option<Duration>,
}

impl Default for Keep {
    /// [`limits::SAVED_ENTRIES`], [`limits::SAVED_BYTES`], and however old.
    fn default() -> Self {
        Self { entries: limits::SAVED_ENTRIES, bytes: limits::SAVED_BYTES, age: None }
    }
}

/// Something that must not be forgotten.
#[derive(Clone, Debug)]
pub(super) enum Change {
    /// The log has this entry now.
    Entry { seq: u64, entry: Entry },
    /// Somebody owns a name, is a new member or tries anew. Their nonces are not in it.
    Member(Member),
    /// Somebody came in, and how they are connected; or went.
    Presence { id: MemberId, security: Option<Security> },
    /// A nonce was taken: the `number`th of theirs.
    Nonce { id: MemberId, number: u64, nonce: u64 },
    /// Somebody's name is free again.
    Forgotten(MemberId),
    /// The host has left.
    Closed,
}

/// What has happened since it was last asked for. Of a room that is not saved, nothing is noted.
#[derive(Debug, Default)]
pub(super) struct Changes(Option<Vec<Change>>);

impl Changes {
    /// Those of a room that is saved.
    pub(super) fn kept() -> Self {
        Self(Some(Vec::new()))
    }

    pub(super) fn note(&mut self, change: impl FnOnce() -> Change) {
        if let Some(changes) = &mut self.0 {
            changes.push(change());
        }
    }

    pub(super) fn take(&mut self) -> Vec<Change> {
        self.0.as_mut().map(std::mem::take).unwrap_or_default()
    }
}

/// An entry, and what a log has to know of it.
#[derive(Clone, Eq, PartialEq)]
pub(super) struct Entry {
    /// When it was appended: milliseconds since the start of 1970, UTC.
    pub(super) at: u64,
    pub(super) is_message: bool,
    /// As it goes over the wire.
    pub(super) frame: Bytes,
}

impl fmt::Debug for Entry {
    /// Never what was said.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Entry").field("bytes", &self.frame.len()).finish_non_exhaustive()
    }
}

/// Somebody who owns a name.
#[derive(Clone, Debug)]
pub(super) struct Member {
    pub(super) id: MemberId,
    pub(super) name: Name,
    pub(super) proof: Proof,
    pub(super) first: u64,
    pub(super) conversation: Option<u64>,
    pub(super) attempt: u32,
}

/// Why a room cannot be saved. In every case the file is as it was.
#[derive(Debug, thiserror::Error)]
pub enum SaveError {
    /// The file could not be made, opened, read or written.
    #[error("{} cannot be used to save the room: {why}.{}", path.display(), next_step(why))]
    Unusable {
        /// The file.
        path: PathBuf,
        /// Why, as a part of a sentence.
        why: String,
    },
    /// It is something else.
    #[error("{} is not a room that parlor has saved. It was left as it is: name another file.", path.display())]
    Foreign {
        /// The file.
        path: PathBuf,
    },
    /// It comes from a later version.
    #[error("{} was saved by a newer parlor (format {found}): go on with that one, or name another file.", path.display())]
    Newer {
        /// The file.
        path: PathBuf,
        /// Its version.
        found: i32,
    },
    /// It is a saved room, and not whole.
    #[error("{} is damaged ({why}). It was left as it is: put back a copy, or name another file.", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// Another host writes it.
    #[error("{} is in use: a room is being saved to it. Stop that one, or name another file.", path.display())]
    InUse {
        /// The file.
        path: PathBuf,
    },
    /// It holds another room than was asked for.
    #[error("{} holds the room “{found}”, not “{wanted}”: name another file, or leave --room out.", path.display())]
    OtherRoom {
        /// The file.
        path: PathBuf,
        /// The room that it holds.
        found: RoomName,
        /// The room that was asked for.
        wanted: RoomName,
    },
}

const DISK_FULL: &str = "the disk is full";

fn next_step(why: &str) -> &'static str {
    match why {
        DISK_FULL => " Make room on that disk, or name a file on another.",
        _ => "",
    }
}

impl SaveError {
    fn io(path: &Path, error: &io::Error) -> Self {
        let why = match error.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => DISK_FULL.to_owned(),
            io::ErrorKind::NotFound => "its folder does not exist".to_owned(),
            io::ErrorKind::PermissionDenied => "you may not write there".to_owned(),
            io::ErrorKind::IsADirectory => "it is a folder".to_owned(),
            _ => error.to_string(),
        };
        Self::Unusable { path: path.into(), why }
    }

    fn of(path: &Path, error: &rusqlite::Error) -> Self {
        let path = path.to_owned();
        match error.sqlite_error_code() {
            Some(ErrorCode::NotADatabase) => Self::Foreign { path },
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Self::InUse { path },
            Some(ErrorCode::DatabaseCorrupt) => Self::Damaged { path, why: error.to_string() },
            // What is in a row is not what belongs there.
            None => Self::Damaged { path, why: error.to_string() },
            Some(code) => Self::Unusable { path, why: why(code, error) },
        }
    }
}

/// Why the database could not do something, as a part of a sentence.
fn why(code: ErrorCode, error: &rusqlite::Error) -> String {
    match code {
        ErrorCode::DiskFull => DISK_FULL.to_owned(),
        ErrorCode::ReadOnly | ErrorCode::PermissionDenied => "it may not be written".to_owned(),
        ErrorCode::SystemIoFailure => "the disk or the system does not take it".to_owned(),
        _ => error.to_string(),
    }
}
