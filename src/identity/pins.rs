//! The pins: which keys this installation has agreed to trust, under what names and addresses it met them.
//! They are kept by key, because addresses change hands on a network and keys do not. The file is text that
//! a person may read and edit; what this program does not understand in it, it reports and leaves alone.

mod page;

use std::{
    io,
    path::{Path, PathBuf},
};

use jiff::Timestamp;

use super::{Address, DEFAULT_PORT, FileError, Fingerprint, Host, RoomName, files};
use page::Page;

const FILE: &str = "pins";
const LOCK_FILE: &str = "pins.lock";
/// Bytes of the file: some thousand pins.
const MAX_FILE: u64 = 1024 * 1024;
/// What one pin holds at most; of more, the newest are kept.
const MAX_NAMES: usize = 8;
const MAX_ADDRESSES: usize = 16;

/// Letters of [`Pin::over`].
const MAX_OVER: usize = 16;

const HEADER: &str = "\
# The hosts that parlor trusts, one a line: the fingerprint of the host's key, when it was first and last met, over what,
# and the addresses and room names it was met under, the newest last. Remove a line to be asked anew.
";

/// A key that this installation has agreed to trust.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pin {
    /// The key.
    pub fingerprint: Fingerprint,
    /// Names of rooms it was met under, the newest last; at most 8.
    pub names: Vec<RoomName>,
    /// Addresses it was met at, the newest last; at most 16.
    pub addresses: Vec<Address>,
    /// When it was agreed to.
    pub first_met: Timestamp,
    /// When it last answered.
    pub last_met: Timestamp,
    /// Over what, such as `quic`: at most 16 small letters. A hint for where to begin, which decides nothing.
    pub over: Option<String>,
}

/// A line of the file that could not be read. It stays in the file as it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DamagedLine {
    /// Its number, from 1.
    pub number: usize,
    /// What is wrong with it, as a sentence.
    pub why: String,
}

/// Why the pins could not be used. Nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum PinsError {
    /// A file or folder could not be read, written or locked.
    #[error(transparent)]
    File(#[from] FileError),
    /// The file is larger than 1 MiB, or would become so.
    #[error("{} is full: it may have {} KiB. Remove lines that you do not need.", path.display(), MAX_FILE / 1024)]
    Full {
        /// The file.
        path: PathBuf,
    },
    /// Nothing that is pinned has this name, address or fingerprint.
    #[error("No pin has {who:?} as its room name, its address or its whole fingerprint: {} lists them all.", path.display())]
    NotFound {
        /// What was asked for.
        who: String,
        /// The file.
        path: PathBuf,
    },
    /// Several keys answer to it.
    #[error("{who:?} may be any of {} pins, and none was removed. Say which by its fingerprint:{}", pins.len(), listed(pins))]
    Ambiguous {
        /// What was asked for.
        who: String,
        /// All of them.
        pins: Vec<Pin>,
    },
}

fn listed(pins: &[Pin]) -> String {
    pins.iter().map(|pin| format!("\n  {}, last met {}", pin.fingerprint, pin.last_met)).collect()
}

/// The store of pins in one folder. Holds no file open: every call reads what is there now.
#[derive(Clone, Debug)]
pub struct Pins {
    dir: PathBuf,
}

impl Pins {
    /// The pins in `dir`, where the first one to be added creates the file `pins`.
    pub fn open(dir: &Path) -> Self {
        Self { dir: dir.into() }
    }

    /// All pins, and the lines that could not be read.
    pub fn load(&self) -> Result<(Vec<Pin>, Vec<DamagedLine>), PinsError> {
        Ok(self.read()?.into_parts())
    }

    /// The pin of this key.
    pub fn find(&self, fingerprint: &Fingerprint) -> Result<Option<Pin>, PinsError> {
        Ok(self.load()?.0.into_iter().find(|pin| pin.fingerprint == *fingerprint))
    }

    /// The pin of the key that was last met at any of these addresses.
    pub fn find_by_address(&self, addresses: &[Address]) -> Result<Option<Pin>, PinsError> {
        let met_there = |pin: &Pin| pin.addresses.iter().any(|address| addresses.contains(address));
        Ok(self.load()?.0.into_iter().filter(met_there).max_by_key(|pin| pin.last_met))
    }

    /// The pin of the key that was last met on any of these machines, on whatever port.
    pub fn find_by_machine(&self, machines: &[Host]) -> Result<Option<Pin>, PinsError> {
        let met_there = |pin: &Pin| pin.addresses.iter().any(|address| machines.contains(&address.host));
        Ok(self.load()?.0.into_iter().filter(met_there).max_by_key(|pin| pin.last_met))
    }

    /// Records that this key, which a person has agreed to trust, was met now at `address`, in `room` if it is known
    /// by then: adds a pin or brings it up to date. The address is taken away from any other pin, for it is this key's now.
    pub fn met(
        &self,
        fingerprint: Fingerprint,
        address: &Address,
        room: Option<&RoomName>,
        now: Timestamp,
    ) -> Result<(), PinsError> {
        self.change(|page| {
            page.change(|pin| {
                let others = pin.fingerprint != fingerprint && pin.addresses.contains(address);
                pin.addresses.retain(|theirs| !others || theirs != address);
                others
            });
            page.add(Pin {
                fingerprint,
                names: room.into_iter().cloned().collect(),
                addresses: vec![address.clone()],
                first_met: now,
                last_met: now,
                over: None,
            });
            Ok(())
        })
    }

    /// Records over what this key was met now, if it is pinned. Writes only what is new.
    pub fn met_over(&self, fingerprint: &Fingerprint, over: &str) -> Result<(), PinsError> {
        let is_news = |pin: &Pin| pin.fingerprint == *fingerprint && pin.over.as_deref() != Some(over);
        if !is_over(over) || !self.load()?.0.iter().any(is_news) {
            return Ok(());
        }
        self.change(|page| {
            page.change(|pin| {
                let news = is_news(pin);
                if news {
                    pin.over = Some(over.to_owned());
                }
                news
            });
            Ok(())
        })
    }

    /// Removes the pin that `who` means, and gives it back: a room name, an address, or a fingerprint in any whole form.
    /// If several keys answer to it, none is removed.
    pub fn forget(&self, who: &str) -> Result<Pin, PinsError> {
        let fingerprint: Option<Fingerprint> = who.parse().ok();
        let address = Address::parse(who, DEFAULT_PORT).ok();
        let name = who.parse().ok().map(|name: RoomName| name.folded());
        let is_meant = |pin: &Pin| match fingerprint {
            Some(fingerprint) => pin.fingerprint == fingerprint,
            None => {
                pin.names.iter().any(|theirs| name.as_ref() == Some(&theirs.folded()))
                    || pin.addresses.iter().any(|theirs| address.as_ref() == Some(theirs))
            }
        };
        self.change(|page| {
            let mut meant: Vec<Pin> = page.pins().filter(|pin| is_meant(pin)).cloned().collect();
            match (meant.pop(), meant.is_empty()) {
                (None, _) => Err(PinsError::NotFound { who: who.into(), path: self.path() }),
                (Some(pin), true) => {
                    page.remove(&pin.fingerprint);
                    Ok(pin)
                }
                (Some(last), false) => {
                    meant.push(last);
                    Err(PinsError::Ambiguous { who: who.into(), pins: meant })
                }
            }
        })
    }

    /// Puts `new` in the place of the pinned key `old`, which a person has agreed to: the new key is pinned now, under the names
    /// and addresses of the old one, and the old one is trusted no more. Both happen, or neither does.
    ///
    /// Fails with [`PinsError::NotFound`] if `old` is not pinned (any more).
    pub fn replace(&self, old: &Fingerprint, new: Fingerprint, now: Timestamp) -> Result<(), PinsError> {
        self.change(|page| {
            let Some(pin) = page.pins().find(|pin| pin.fingerprint == *old).cloned() else {
                return Err(PinsError::NotFound { who: old.to_string(), path: self.path() });
            };
            if new != *old {
                page.remove(old);
                page.add(Pin { fingerprint: new, first_met: now, last_met: now, ..pin });
            }
            Ok(())
        })
    }

    /// Changes the file while no other process does, or leaves it as it is if `change` fails.
    fn change<T>(&self, change: impl FnOnce(&mut Page) -> Result<T, PinsError>) -> Result<T, PinsError> {
        files::create_private_dir(&self.dir)?;
        let _lock = files::lock(&self.dir, LOCK_FILE)?;
        let mut page = self.read()?;
        let outcome = change(&mut page)?;
        let bytes = page.to_bytes();
        if bytes.len() as u64 > MAX_FILE {
            return Err(PinsError::Full { path: self.path() });
        }
        files::replace(&self.dir, FILE, &bytes)?;
        Ok(outcome)
    }

    fn read(&self) -> Result<Page, PinsError> {
        let path = self.path();
        let bytes = match files::read(&path, MAX_FILE) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => HEADER.into(),
            read => read.map_err(FileError::new("read", &path))?,
        };
        if bytes.len() as u64 > MAX_FILE {
            return Err(PinsError::Full { path });
        }
        Ok(Page::read(&bytes))
    }

    fn path(&self) -> PathBuf {
        self.dir.join(FILE)
    }
}

impl Pin {
    /// Adds what `newer`, of the same key, has to tell.
    fn absorb(&mut self, newer: Pin) {
        self.first_met = self.first_met.min(newer.first_met);
        self.last_met = self.last_met.max(newer.last_met);
        self.over = newer.over.or(self.over.take());
        newer.names.into_iter().for_each(|name| append(&mut self.names, name, MAX_NAMES));
        newer.addresses.into_iter().for_each(|address| append(&mut self.addresses, address, MAX_ADDRESSES));
    }
}

/// Whether this can be the name of a transport.
fn is_over(word: &str) -> bool {
    (1..=MAX_OVER).contains(&word.len()) && word.bytes().all(|byte| byte.is_ascii_lowercase())
}

/// Puts `item` last, where the newest stands, and drops the oldest past `max`.
fn append<T: PartialEq>(items: &mut Vec<T>, item: T, max: usize) {
    items.retain(|known| *known != item);
    items.push(item);
    items.drain(..items.len().saturating_sub(max));
}
