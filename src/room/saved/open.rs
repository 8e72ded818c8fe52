//! From a file to a room, and every reason why not.
//!
//! Nothing is written to a file before everything in it was read and found to be whole: one that cannot be used stays as it
//! is, to the byte.

use std::{
    fs::{self, File},
    io::{self, Read},
    path::{Path, PathBuf},
    process,
    time::Duration,
};

use bytes::BytesMut;
use rusqlite::{Connection, OpenFlags, Row, config::DbConfig, params, types::Type};

use super::{Entry, Member, Save, SaveError, Store};
use crate::{
    identity::{self, Fingerprint, RoomName},
    random,
    room::names::Proof,
    wire::{FromHost, MemberId, Security, frame, limits},
};

/// Marks the file as one of ours: “parl”, the application id in its header.
const APPLICATION: i32 = i32::from_be_bytes(*b"parl");

/// The version of what is in the file, the user version in its header.
const VERSION: i32 = 1;

const SCHEMA: &str = "
    CREATE TABLE room (
        -- There is one room in a file.
        id INTEGER PRIMARY KEY CHECK (id = 0),
        name TEXT NOT NULL,
        epoch INTEGER NOT NULL,
        -- The numbers of the next entry and of the next member.
        head INTEGER NOT NULL,
        next_member INTEGER NOT NULL,
        -- The host has left, and nobody is in the room.
        is_closed INTEGER NOT NULL,
        -- What anybody has seen was on the disk before.
        is_synced INTEGER NOT NULL,
        -- Which start of the system it was written under, where the system tells.
        boot TEXT
    ) STRICT;
    CREATE TABLE entries (
        seq INTEGER PRIMARY KEY,
        at INTEGER NOT NULL,
        is_message INTEGER NOT NULL,
        -- As it goes over the wire.
        frame BLOB NOT NULL
    ) STRICT;
    CREATE TABLE members (
        id INTEGER PRIMARY KEY,
        name TEXT NOT NULL,
        -- Who has no key has a pass.
        key BLOB,
        pass BLOB,
        first INTEGER NOT NULL,
        conversation INTEGER,
        attempt INTEGER NOT NULL,
        -- How they are connected; NULL when they are not in the room.
        security INTEGER
    ) STRICT;
    CREATE TABLE nonces (
        member INTEGER NOT NULL,
        slot INTEGER NOT NULL,
        number INTEGER NOT NULL,
        nonce INTEGER NOT NULL,
        PRIMARY KEY (member, slot)
    ) STRICT, WITHOUT ROWID;
";

/// What was in a file.
#[derive(Debug)]
pub(in crate::room) struct Found {
    pub(in crate::room) room: RoomName,
    pub(in crate::room) epoch: u64,
    /// The oldest entry in the file.
    pub(in crate::room) first: u64,
    /// The number that the next entry will have.
    pub(in crate::room) head: u64,
    /// The last entries before it, as many as are kept in memory.
    pub(in crate::room) entries: Vec<Entry>,
    pub(in crate::room) next_member: MemberId,
    pub(in crate::room) members: Vec<FoundMember>,
}

/// Somebody who owns a name.
#[derive(Debug)]
pub(in crate::room) struct FoundMember {
    pub(in crate::room) member: Member,
    /// How they were connected, if they were in the room when the host was cut short.
    pub(in crate::room) security: Option<Security>,
    /// Their last nonces, oldest first.
    pub(in crate::room) nonces: Vec<u64>,
    /// How many there have been.
    pub(in crate::room) said: u64,
}

/// Opens the file, or makes it, for the room `wanted`, or else whichever room is in it, or else a new one of the name
/// `otherwise`.
pub(in crate::room) fn open(
    save: &Save,
    wanted: Option<&RoomName>,
    otherwise: &RoomName,
) -> Result<(Store, Found), SaveError> {
    let path = &save.path;
    match header(path).map_err(|error| SaveError::io(path, &error))? {
        Header::Nothing => create(path, wanted.unwrap_or(otherwise))?,
        Header::Ours(VERSION) => {}
        Header::Ours(found) => return Err(SaveError::Newer { path: path.clone(), found }),
        Header::Short => return Err(SaveError::Damaged { path: path.clone(), why: "its end is missing".to_owned() }),
        Header::Foreign => return Err(SaveError::Foreign { path: path.clone() }),
    }
    let had_wal = beside(path, "-wal").exists();
    let opened = open_ours(save, wanted);
    if opened.is_err() && !had_wal {
        // SQLite leaves an empty one behind when it must not touch the file.
        let _ = fs::remove_file(beside(path, "-wal"));
    }
    opened
}

fn open_ours(save: &Save, wanted: Option<&RoomName>) -> Result<(Store, Found), SaveError> {
    let path = &save.path;
    let failed = |error: rusqlite::Error| match SaveError::of(path, &error) {
        // The header was right.
        SaveError::Foreign { path } => SaveError::Damaged { path, why: error.to_string() },
        other => other,
    };
    let damaged = |why| SaveError::Damaged { path: path.clone(), why };
    let connection = connect(path).map_err(failed)?;
    let verdict: String = connection.query_row("PRAGMA quick_check(1)", [], |row| row.get(0)).map_err(failed)?;
    if verdict != "ok" {
        return Err(damaged(verdict));
    }
    let Contents { mut found, bytes, may_have_lost } = read(&connection).map_err(failed)?;
    is_whole(&found).map_err(damaged)?;
    if let Some(wanted) = wanted.filter(|wanted| **wanted != found.room) {
        return Err(SaveError::OtherRoom { path: path.clone(), found: found.room, wanted: wanted.clone() });
    }
    if may_have_lost {
        // What somebody has seen may be missing at the end, and its numbers would be given again.
        found.epoch = random::number();
    }
    begin(&connection, save.sync, found.epoch).map_err(failed)?;
    let store = Store::new(path.clone(), connection, save.keep, found.first, found.head, bytes);
    Ok((store, found))
}

/// What SQLite keeps beside a file.
fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut beside = path.as_os_str().to_owned();
    beside.push(ending);
    beside.into()
}

enum Header {
    /// There is no file, or an empty one.
    Nothing,
    /// A saved room of this version.
    Ours(i32),
    /// One that was cut off.
    Short,
    Foreign,
}

/// What the file says that it is (see the SQLite file format, “The Database Header”). It is looked at before SQLite does: that
/// would change a database of somebody else's which was left in the midst of a transaction, and reads what was cut off as
/// zeros.
fn header(path: &Path) -> io::Result<Header> {
    let mut file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Header::Nothing),
        Err(error) => return Err(error),
    };
    let length = file.metadata()?.len();
    let mut bytes = Vec::new();
    file.by_ref().take(100).read_to_end(&mut bytes)?;
    if bytes.is_empty() {
        return Ok(Header::Nothing);
    }
    let number = |at: usize| bytes.get(at..at + 4).and_then(|four| four.try_into().ok()).map(i32::from_be_bytes);
    let (Some(sizes), Some(pages), Some(version), Some(APPLICATION), true) =
        (number(16), number(28), number(60), number(68), bytes.starts_with(b"SQLite format 3\0"))
    else {
        return Ok(Header::Foreign);
    };
    // 1 stands for 65536.
    let page = match (sizes >> 16) as u16 {
        1 => 65_536,
        size => u64::from(size),
    };
    // What is missing may still be in the write-ahead log.
    let is_all_there = fs::metadata(beside(path, "-wal")).map_or(0, |wal| wal.len()) == 0;
    Ok(if is_all_there && length < page * u64::from(pages as u32) { Header::Short } else { Header::Ours(version) })
}

/// Makes the file, whole or not at all.
fn create(path: &Path, room: &RoomName) -> Result<(), SaveError> {
    let new = beside(path, &format!(".{}", process::id()));
    let unusable = |error: io::Error| SaveError::io(path, &error);
    // SQLite gives the files beside it the same mode.
    identity::private().create_new(true).open(&new).map_err(unusable)?;
    let made = fill(&new, room)
        .map_err(|error| SaveError::of(path, &error))
        .and_then(|()| fs::rename(&new, path).map_err(unusable));
    made.inspect_err(|_| {
        for ending in ["", "-journal", "-wal"] {
            let _ = fs::remove_file(beside(&new, ending));
        }
    })
}

fn fill(path: &Path, room: &RoomName) -> rusqlite::Result<()> {
    let mut connection = connect(path)?;
    let transaction = connection.transaction()?;
    transaction.pragma_update(None, "application_id", APPLICATION)?;
    transaction.pragma_update(None, "user_version", VERSION)?;
    transaction.execute_batch(SCHEMA)?;
    let insert = "INSERT INTO room (id, name, epoch, head, next_member, is_closed, is_synced)
        VALUES (0, ?1, ?2, 1, 0, TRUE, TRUE)";
    transaction.execute(insert, params![room.as_str(), random::number() as i64])?;
    transaction.commit()?;
    connection.pragma_update_and_check(None, "journal_mode", "WAL", |_| Ok(()))?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, false)?;
    connection.close().map_err(|(_, error)| error)
}

/// Alone with the file, and without changing it yet.
fn connect(path: &Path) -> rusqlite::Result<Connection> {
    let connection = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    connection.busy_timeout(Duration::ZERO)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true)?;
    connection.pragma_update_and_check(None, "locking_mode", "EXCLUSIVE", |_| Ok(()))?;
    Ok(connection)
}

/// The file is ours from now on.
fn begin(connection: &Connection, sync: bool, epoch: u64) -> rusqlite::Result<()> {
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, false)?;
    connection.pragma_update(None, "secure_delete", true)?;
    let update = "UPDATE room SET is_closed = FALSE, is_synced = ?1, boot = ?2, epoch = ?3";
    // This one is on the disk in any case: what it says of the others must not come later than they.
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.execute(update, params![sync, boot(), epoch as i64])?;
    connection.pragma_update(None, "synchronous", if sync { "FULL" } else { "NORMAL" })
}

/// Which start of the system this is, where the system tells.
fn boot() -> Option<String> {
    match cfg!(target_os = "linux") {
        true => fs::read_to_string("/proc/sys/kernel/random/boot_id").ok(),
        false => None,
    }
}

struct Contents {
    found: Found,
    /// What all frames in the file hold together.
    bytes: u64,
    /// The power may have failed before what was written last was on the disk.
    may_have_lost: bool,
}

fn read(connection: &Connection) -> rusqlite::Result<Contents> {
    let select = "SELECT name, epoch, head, next_member, is_closed OR is_synced, boot FROM room";
    let (room, epoch, head, next_member, is_certain, before) = connection.query_row(select, [], |row| {
        let room = parsed(row, 0)?;
        Ok((room, number(row, 1)?, number(row, 2)?, row.get(3)?, row.get::<_, bool>(4)?, row.get(5)?))
    })?;
    let select = "SELECT COALESCE(MIN(seq), ?1), COALESCE(SUM(LENGTH(frame)), 0) FROM entries";
    let (first, bytes) = connection.query_row(select, [head as i64], |row| Ok((number(row, 0)?, number(row, 1)?)))?;
    let found =
        Found { room, epoch, first, head, entries: entries(connection)?, next_member, members: members(connection)? };
    let boot = boot();
    Ok(Contents { found, bytes, may_have_lost: !is_certain && (boot.is_none() || boot != before) })
}

/// The last entries, as many as are kept in memory.
fn entries(connection: &Connection) -> rusqlite::Result<Vec<Entry>> {
    let select = "SELECT at, is_message, frame FROM entries ORDER BY seq DESC LIMIT ?1";
    let mut statement = connection.prepare(select)?;
    let mut rows = statement.query([limits::LOG_ENTRIES as i64])?;
    let (mut entries, mut bytes) = (Vec::new(), 0);
    while let Some(row) = rows.next()? {
        let frame: Vec<u8> = row.get(2)?;
        bytes += frame.len();
        if bytes > limits::LOG_BYTES {
            break;
        }
        entries.push(Entry { at: number(row, 0)?, is_message: row.get(1)?, frame: frame.into() });
    }
    entries.reverse();
    Ok(entries)
}

fn members(connection: &Connection) -> rusqlite::Result<Vec<FoundMember>> {
    let mut statement =
        connection.prepare("SELECT id, name, key, pass, first, attempt, security, conversation FROM members")?;
    let mut nonces = connection.prepare("SELECT number, nonce FROM nonces WHERE member = ?1 ORDER BY number")?;
    let mut rows = statement.query([])?;
    let mut members = Vec::new();
    while let Some(row) = rows.next()? {
        let proof = match (row.get(2)?, row.get::<_, Option<[u8; 16]>>(3)?) {
            (Some(key), _) => Proof::Key(Fingerprint::from_bytes(key)),
            (None, Some(pass)) => Proof::Pass(pass.into()),
            (None, None) => return Err(wrong(2, Type::Blob, "a member without a key and without a pass")),
        };
        let id = row.get(0)?;
        let conversation = row.get::<_, Option<i64>>(7)?.map(|number| number as u64);
        let member =
            Member { id, name: parsed(row, 1)?, proof, first: number(row, 4)?, attempt: row.get(5)?, conversation };
        let security = row.get::<_, Option<u8>>(6)?.map(security).transpose()?;
        let numbered = nonces.query_map([id], |row| Ok((number(row, 0)?, number(row, 1)?)))?;
        let numbered = numbered.collect::<rusqlite::Result<Vec<_>>>()?;
        let said = numbered.last().map_or(0, |(last, _)| last + 1);
        let nonces = numbered.into_iter().map(|(_, nonce)| nonce).collect();
        members.push(FoundMember { member, security, nonces, said });
    }
    Ok(members)
}

fn security(number: u8) -> rusqlite::Result<Security> {
    [Security::Plaintext, Security::Encrypted, Security::Pinned]
        .into_iter()
        .find(|security| *security as u8 == number)
        .ok_or_else(|| wrong(6, Type::Integer, "a security that there is not"))
}

/// SQLite's integers are signed; all of these are written and read with the same 64 bits.
fn number(row: &Row<'_>, column: usize) -> rusqlite::Result<u64> {
    row.get::<_, i64>(column).map(|number| number as u64)
}

fn parsed<T: std::str::FromStr<Err: std::error::Error>>(row: &Row<'_>, column: usize) -> rusqlite::Result<T> {
    let text: String = row.get(column)?;
    text.parse().map_err(|error: T::Err| wrong(column, Type::Text, &error.to_string()))
}

fn wrong(column: usize, kind: Type, why: &str) -> rusqlite::Error {
    rusqlite::Error::FromSqlConversionFailure(column, kind, why.into())
}

/// Whether the entries are all there, and each is one.
fn is_whole(found: &Found) -> Result<(), String> {
    let kept = found.entries.len() as u64;
    let Some(start) = found.head.checked_sub(kept).filter(|start| *start >= found.first.max(1)) else {
        return Err("entries are missing".to_owned());
    };
    for (seq, entry) in (start..).zip(&found.entries) {
        let frame = frame::take(&mut BytesMut::from(&entry.frame[..])).ok().flatten();
        let message = frame.and_then(|frame| FromHost::read(&frame).ok().flatten());
        if message.and_then(|message| message.seq()) != Some(seq) {
            return Err(format!("entry {seq} is none"));
        }
    }
    Ok(())
}
