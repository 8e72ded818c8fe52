//! Changes into the file, entries out of it.
//!
//! The file is an SQLite database with a write-ahead log. What one transaction has written is there after the program was
//! killed at any moment, all of it or nothing: it is in the system's hands by the end of the transaction, or, if that is asked
//! for, on the disk.

use std::path::PathBuf;

use bytes::Bytes;
use jiff::Timestamp;
use rusqlite::{Connection, Transaction, params};

use super::{Change, Entry, Keep, Member, SaveError};
use crate::{room::names::Proof, wire::limits};

/// Entries that are looked at together when the oldest are erased.
const ERASE: u64 = 256;

/// An open file.
#[derive(Debug)]
pub(in crate::room) struct Store {
    path: PathBuf,
    connection: Connection,
    keep: Keep,
    /// The oldest entry in the file, or the next one if there is none.
    first: u64,
    /// The number that the next entry will have.
    head: u64,
    /// What the frames in the file hold together.
    bytes: u64,
}

impl Store {
    pub(super) fn new(path: PathBuf, connection: Connection, keep: Keep, first: u64, head: u64, bytes: u64) -> Self {
        Self { path, connection, keep, first, head, bytes }
    }

    /// The oldest entry in the file, or the next one if there is none.
    pub(super) fn first(&self) -> u64 {
        self.first
    }

    /// The number that the next entry will have.
    pub(super) fn head(&self) -> u64 {
        self.head
    }

    /// Writes all of the changes, or nothing. What is not to be kept any longer is erased.
    pub(super) fn write(&mut self, changes: &[Change]) -> Result<(), SaveError> {
        let (mut head, mut bytes) = (self.head, self.bytes);
        let written = self.connection.transaction().and_then(|transaction| {
            for change in changes {
                apply(&transaction, change)?;
                if let Change::Entry { seq, entry } = change {
                    (head, bytes) = (seq + 1, bytes + entry.frame.len() as u64);
                }
            }
            let set = "UPDATE room SET head = ?1, is_closed = ?2";
            let is_closed = matches!(changes.last(), Some(Change::Closed));
            transaction.prepare_cached(set)?.execute(params![head as i64, is_closed])?;
            let erased = erase(&transaction, self.keep, head, bytes)?;
            transaction.commit()?;
            Ok(erased)
        });
        let erased = written.map_err(|error| SaveError::of(&self.path, &error))?;
        self.head = head;
        self.bytes = bytes - erased.bytes;
        self.first = erased.first.unwrap_or(self.head);
        Ok(())
    }

    /// The frames of the entries from `position` on, as many as fit into [`limits::BATCH`] bytes, and one at least. None when
    /// that entry is not there.
    pub(super) fn read(&self, position: u64) -> Result<Vec<Bytes>, SaveError> {
        let select = "SELECT seq, frame FROM entries WHERE seq >= ?1 ORDER BY seq";
        let read = || -> rusqlite::Result<_> {
            let mut statement = self.connection.prepare_cached(select)?;
            let mut rows = statement.query(params![position as i64])?;
            let (mut frames, mut bytes) = (Vec::new(), 0);
            while let Some(row) = rows.next()? {
                let (seq, frame) = (row.get::<_, i64>(0)? as u64, row.get::<_, Vec<u8>>(1)?);
                bytes += frame.len();
                let is_next = seq == position + frames.len() as u64;
                if !is_next || bytes > limits::BATCH && !frames.is_empty() {
                    break;
                }
                frames.push(frame.into());
            }
            Ok(frames)
        };
        read().map_err(|error| SaveError::of(&self.path, &error))
    }
}

fn apply(transaction: &Transaction<'_>, change: &Change) -> rusqlite::Result<()> {
    let run = |sql, params: &[&dyn rusqlite::ToSql]| transaction.prepare_cached(sql)?.execute(params).map(drop);
    match change {
        Change::Entry { seq, entry: Entry { at, is_message, frame } } => {
            let insert = "INSERT INTO entries (seq, at, is_message, frame) VALUES (?1, ?2, ?3, ?4)";
            run(insert, params![*seq as i64, *at as i64, is_message, &frame[..]])
        }
        Change::Member(Member { id, name, proof, first, conversation, attempt }) => {
            let (key, pass) = match proof {
                Proof::Key(key) => (Some(key.as_bytes()), None),
                Proof::Pass(pass) => (None, Some(pass.bytes())),
            };
            let upsert = "INSERT INTO members (id, name, key, pass, first, conversation, attempt)
                VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT (id) DO UPDATE
                SET name = ?2, key = ?3, pass = ?4, first = ?5, conversation = ?6, attempt = ?7";
            let conversation = conversation.map(|number| number as i64);
            run(upsert, params![id, name.as_str(), key, pass, *first as i64, conversation, attempt])?;
            run("UPDATE room SET next_member = MAX(next_member, ?1 + 1)", params![id])
        }
        Change::Presence { id, security } => {
            let security = security.map(|security| security as u8);
            run("UPDATE members SET security = ?2 WHERE id = ?1", params![id, security])
        }
        Change::Nonce { id, number, nonce } => {
            let slot = number % limits::NONCES as u64;
            let replace = "INSERT OR REPLACE INTO nonces (member, slot, number, nonce) VALUES (?1, ?2, ?3, ?4)";
            run(replace, params![id, slot as i64, *number as i64, *nonce as i64])
        }
        Change::Forgotten(id) => {
            run("DELETE FROM nonces WHERE member = ?1", params![id])?;
            run("DELETE FROM members WHERE id = ?1", params![id])
        }
        Change::Closed => run("UPDATE members SET security = NULL", &[]),
    }
}

/// What is left after the oldest were erased.
struct Erased {
    first: Option<u64>,
    bytes: u64,
}

/// Erases the oldest entries for as long as a bound is exceeded.
fn erase(transaction: &Transaction<'_>, keep: Keep, head: u64, bytes: u64) -> rusqlite::Result<Erased> {
    let now = Timestamp::now().as_millisecond();
    let too_old = keep.age.map_or(i64::MIN, |age| now.saturating_sub_unsigned(age.as_millis() as u64));
    let oldest_by_count = head.saturating_sub(keep.entries);
    let mut erased = 0;
    loop {
        let select = "SELECT seq, at, LENGTH(frame) FROM entries ORDER BY seq LIMIT ?1";
        let mut statement = transaction.prepare_cached(select)?;
        let mut rows = statement.query(params![ERASE as i64])?;
        let (mut end, mut first) = (None, None);
        while let Some(row) = rows.next()? {
            let (seq, at, size) = (row.get::<_, i64>(0)? as u64, row.get::<_, i64>(1)?, row.get::<_, i64>(2)? as u64);
            if seq >= oldest_by_count && at >= too_old && bytes - erased <= keep.bytes {
                first = Some(seq);
                break;
            }
            erased += size;
            end = Some(seq);
        }
        drop(rows);
        if let Some(end) = end {
            transaction.prepare_cached("DELETE FROM entries WHERE seq <= ?1")?.execute(params![end as i64])?;
        }
        if first.is_some() || end.is_none() {
            return Ok(Erased { first, bytes: erased });
        }
    }
}
