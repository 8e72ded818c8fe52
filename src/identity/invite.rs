//! An invite: everything that joining a room takes, in one string to send by mail or chat.
//!
//! ```text
//! parlor://192.168.1.20:7275/?room=Ana%27s%20room&at=%5Bfd00::20%5D:7275&key=P56IOI7MZJNU2Y…
//! ```
//!
//! The key stands last, with its check characters, so that no part of an invite passes for a whole one.
//! Reading is lenient about what mail and chat do to a string, and ignores parameters of later versions.

use std::{fmt, str::FromStr};

use url::Url;

use super::{
    Address, AddressError, DEFAULT_PORT, Fingerprint, Host, NameError, ParseFingerprintError, RoomName, fingerprint,
};

/// How an invite begins, in any case.
const SCHEME: &str = "parlor://";
/// Addresses of one invite.
const MAX_ADDRESSES: usize = 8;
/// Bytes of one invite: what every mail program, chat and QR code carries.
const MAX_BYTES: usize = 2048;

/// Where a room is, which key must answer there, and what it is called.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invite {
    fingerprint: Fingerprint,
    addresses: Vec<Address>,
    room: RoomName,
}

/// Why a text is not an invite, or why none can be made.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum InviteError {
    /// No `parlor://` anywhere.
    #[error("That is not an invite: one begins with {SCHEME}. Copy it again, from its beginning.")]
    NotAnInvite,
    /// Longer than 2048 bytes.
    #[error("The invite is too long, at most {MAX_BYTES} characters: ask for a new one.")]
    TooLong,
    /// What follows `parlor://` is not a URL.
    #[error("The invite is damaged ({why}): copy it again, or ask for a new one.")]
    Damaged {
        /// What the URL parser says.
        why: url::ParseError,
    },
    /// A user, a password or a path, which an invite does not have.
    #[error("The invite has something before or after its address that does not belong there: ask for a new one.")]
    NotBare,
    /// No address that means anything on another machine.
    #[error("The invite has no address that another machine can reach: ask the host for its address.")]
    NoAddress,
    /// More than eight addresses.
    #[error("The invite has more than {MAX_ADDRESSES} addresses: ask for a new one.")]
    TooManyAddresses,
    /// An address that is none.
    #[error("An address in the invite is damaged. {0}")]
    Address(#[from] AddressError),
    /// A parameter that is not there.
    #[error("The invite is incomplete, its \"{parameter}=\" is missing: copy it again, to its end.")]
    Missing {
        /// `key` or `room`.
        parameter: &'static str,
    },
    /// A parameter that is there twice.
    #[error("The invite has more than one \"{parameter}=\": ask for a new one.")]
    Repeated {
        /// `key` or `room`.
        parameter: &'static str,
    },
    /// The fingerprint is damaged.
    #[error("The key in the invite is damaged. {0}")]
    Key(#[source] ParseFingerprintError),
    /// The name of the room is none.
    #[error("The room in the invite has no proper name. {0}")]
    Room(#[from] NameError),
}

impl Invite {
    /// An invite to the room of the host with this fingerprint.
    ///
    /// Addresses are kept in their order, the first eight of those that mean something on another machine:
    /// link-local ones are left out, and so are repeated ones and those past 2048 bytes of text.
    /// Fails with [`InviteError::NoAddress`] if none is left.
    pub fn new(
        fingerprint: Fingerprint,
        addresses: impl IntoIterator<Item = Address>,
        room: RoomName,
    ) -> Result<Self, InviteError> {
        let mut kept: Vec<Address> = Vec::new();
        for address in addresses.into_iter().filter_map(elsewhere) {
            if kept.len() < MAX_ADDRESSES && !kept.contains(&address) {
                kept.push(address);
            }
        }
        let mut invite = Self { fingerprint, addresses: kept, room };
        while invite.to_string().len() > MAX_BYTES {
            invite.addresses.pop();
        }
        if invite.addresses.is_empty() {
            return Err(InviteError::NoAddress);
        }
        Ok(invite)
    }

    /// The key that must answer.
    pub fn fingerprint(&self) -> Fingerprint {
        self.fingerprint
    }

    /// Where to try, the best first: one to eight.
    pub fn addresses(&self) -> &[Address] {
        &self.addresses
    }

    /// What the room is called.
    pub fn room(&self) -> &RoomName {
        &self.room
    }
}

/// The address as another machine can use it.
fn elsewhere(address: Address) -> Option<Address> {
    let port = address.port;
    match address.host {
        _ if port == 0 => None,
        Host::V6(v6, _) if v6.is_unicast_link_local() => None,
        Host::V6(v6, _) => Some(Address { host: Host::V6(v6, None), port }),
        Host::V4(_) | Host::Name(_) => Some(address),
    }
}

impl fmt::Display for Invite {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut addresses = self.addresses.iter();
        if let Some(first) = addresses.next() {
            write!(f, "{SCHEME}{first}/?room={}", escaped(self.room.as_str()))?;
        }
        for address in addresses {
            write!(f, "&at={}", escaped(&address.to_string()))?;
        }
        write!(f, "&key={}", self.fingerprint.checked())
    }
}

/// Everything escaped but what RFC 3986 leaves unreserved, and the colon: nothing that ends a link or is markup in a chat.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b':' => escaped.push(char::from(byte)),
            byte => escaped.push_str(&format!("%{byte:02X}")),
        }
    }
    escaped
}

/// Where in `text` an invite begins, in bytes.
pub(super) fn position(text: &str) -> Option<usize> {
    text.as_bytes().windows(SCHEME.len()).position(|window| window.eq_ignore_ascii_case(SCHEME.as_bytes()))
}

impl Invite {
    /// Whether there is an invite in a paste, whole or damaged.
    pub fn is_in(text: &str) -> bool {
        position(text).is_some()
    }
}

impl FromStr for Invite {
    type Err = InviteError;

    /// Reads the first invite in a paste, which may be wrapped, quoted, or inside a sentence.
    fn from_str(text: &str) -> Result<Self, InviteError> {
        let start = position(text).ok_or(InviteError::NotAnInvite)?;
        let text = unwrapped(text.get(start..).unwrap_or_default());
        if text.len() > MAX_BYTES {
            return Err(InviteError::TooLong);
        }
        let url = Url::parse(&text).map_err(|why| InviteError::Damaged { why })?;
        if !url.username().is_empty() || url.password().is_some() || !matches!(url.path(), "" | "/") {
            return Err(InviteError::NotBare);
        }
        let host = url.host_str().filter(|host| !host.is_empty()).ok_or(InviteError::NoAddress)?;
        let first = match url.port() {
            Some(port) => Address::parse(&format!("{host}:{port}"), DEFAULT_PORT)?,
            None => Address::parse(host, DEFAULT_PORT)?,
        };

        let mut addresses = vec![first];
        let (mut key, mut room) = (None, None);
        for (name, value) in url.query_pairs() {
            let (parameter, place) = match name.as_ref() {
                "key" => ("key", &mut key),
                "room" => ("room", &mut room),
                "at" if addresses.len() == MAX_ADDRESSES => {
                    return Err(InviteError::TooManyAddresses);
                }
                "at" => {
                    addresses.push(Address::parse(&value, DEFAULT_PORT)?);
                    continue;
                }
                _ => continue,
            };
            if place.replace(value).is_some() {
                return Err(InviteError::Repeated { parameter });
            }
        }
        let room = room.ok_or(InviteError::Missing { parameter: "room" })?;
        let key = key.ok_or(InviteError::Missing { parameter: "key" })?;
        Self::new(fingerprint::checked(&key).map_err(InviteError::Key)?, addresses, room.parse()?)
    }
}

/// The invite at the beginning of `text`, as it was before mail and chat had it: its lines joined up to a space
/// or to the end of its key, without the quotes, brackets and full stop around it, and `&amp;` made `&` again.
fn unwrapped(text: &str) -> String {
    let mut joined = String::new();
    for line in text.lines().map(str::trim) {
        let key = joined.rsplit_once("key=");
        if key.is_some_and(|(_, key)| key.len() >= 56) || joined.len() > MAX_BYTES {
            break;
        }
        let part = line.split([' ', '\t', '<', '>', '"', '\'', '`', '”', '’', '»']).next().unwrap_or_default();
        joined.push_str(part);
        if part.len() < line.len() {
            break;
        }
    }
    joined.truncate(joined.trim_end_matches(['.', ',', ';', ':', '!', '?', ')', ']', '}', '*', '_']).len());
    joined.replace("&amp;", "&")
}
