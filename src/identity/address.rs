//! Where a host may be reached: an IP address or a name, and a port. An address is a hint and proves
//! nothing: the pin says who must answer there.

use std::{
    fmt,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
};

/// The port of a room when nobody says another one, for UDP and TCP alike.
pub const DEFAULT_PORT: u16 = 7275;

/// Characters of a name in the DNS (RFC 1035, section 2.3.4), without the final dot, and of one of its parts.
const MAX_NAME: usize = 253;
const MAX_PART: usize = 63;
/// Characters of an IPv6 zone. Linux allows 15 in an interface's name; Windows and macOS use fewer.
const MAX_ZONE: usize = 32;
/// Bytes of a text that is looked at: room for a name in a script that the DNS writes shorter.
const MAX_TEXT: usize = 1024;

/// A host and a port.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Address {
    /// The machine.
    pub host: Host,
    /// The port, for UDP and TCP alike. Parsing refuses 0.
    pub port: u16,
}

/// A machine.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Host {
    /// An IPv4 address.
    V4(Ipv4Addr),
    /// An IPv6 address, with the zone of a link-local one: `eth0` in `fe80::1%eth0`.
    /// A zone means something only on the machine that it was written on.
    V6(Ipv6Addr, Option<String>),
    /// A name to look up, in the ASCII form in which the DNS has it, in lower case.
    Name(String),
}

/// Why a text is not an address.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    /// Nothing, or nothing but spaces.
    #[error("There is no address: write one such as 192.168.1.20 or 192.168.1.20:{DEFAULT_PORT}.")]
    Empty,
    /// Longer than any address.
    #[error("That is too long for an address: write one such as 192.168.1.20:{DEFAULT_PORT}.")]
    TooLong,
    /// A URL, a path, or a user before an `@`.
    #[error(
        "{text:?} is more than an address: leave only the host and the port, such as example.local:{DEFAULT_PORT}."
    )]
    NotBare {
        /// What was given.
        text: String,
    },
    /// What follows the host is not a port.
    #[error("{port:?} is not a port: a port is a number from 1 to 65535.")]
    Port {
        /// What stands in the port's place.
        port: String,
    },
    /// Digits and dots that are not an IPv4 address.
    #[error("{host:?} is not an IPv4 address: it has four numbers from 0 to 255, such as 192.168.1.20.")]
    V4 {
        /// What stands in the host's place.
        host: String,
    },
    /// Colons, but not an IPv6 address.
    #[error(
        "{host:?} is not an IPv6 address: write one such as fe80::1%eth0, in brackets if a port follows, [::1]:{DEFAULT_PORT}."
    )]
    V6 {
        /// What stands in the host's place.
        host: String,
    },
    /// Not a name that can be looked up.
    #[error(
        "{host:?} is not the name of a machine: it has letters, digits, '-', '_' and '.', at most {MAX_NAME} of them."
    )]
    Name {
        /// What stands in the host's place.
        host: String,
    },
}

impl Address {
    /// Reads `host` or `host:port`; an IPv6 address stands in brackets if a port follows.
    /// `default_port` is taken where none is given.
    pub fn parse(text: &str, default_port: u16) -> Result<Self, AddressError> {
        let text = text.trim();
        if text.is_empty() {
            return Err(AddressError::Empty);
        }
        if text.len() > MAX_TEXT {
            return Err(AddressError::TooLong);
        }
        if text.contains(['/', '\\', '@', '?', '#']) {
            return Err(AddressError::NotBare { text: text.into() });
        }
        let (host, port) = match text.strip_prefix('[') {
            Some(bracketed) => {
                let broken = || AddressError::V6 { host: text.into() };
                let (inside, after) = bracketed.split_once(']').ok_or_else(broken)?;
                let port = match after {
                    "" => None,
                    after => Some(after.strip_prefix(':').ok_or_else(broken)?),
                };
                (v6(inside)?, port)
            }
            None => match text.split_once(':') {
                None => (v4_or_name(text)?, None),
                Some((_, after)) if after.contains(':') => (v6(text)?, None),
                Some((host, port)) => (v4_or_name(host)?, Some(port)),
            },
        };
        Ok(Self { host, port: port.map_or(Ok(default_port), port_number)? })
    }
}

fn port_number(text: &str) -> Result<u16, AddressError> {
    // `parse` alone would take "+1".
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    match text.parse() {
        Ok(port) if digits && port != 0 => Ok(port),
        _ => Err(AddressError::Port { port: text.into() }),
    }
}

fn v6(text: &str) -> Result<Host, AddressError> {
    let (address, zone) = match text.split_once('%') {
        Some((address, zone)) => (address, Some(zone)),
        None => (text, None),
    };
    let zone_is_good = |zone: &str| {
        let letters = zone.chars().all(|c| c.is_ascii_alphanumeric() || "-_.~".contains(c));
        (1..=MAX_ZONE).contains(&zone.len()) && letters
    };
    match address.parse() {
        Ok(address) if zone.is_none_or(zone_is_good) => Ok(Host::V6(address, zone.map(String::from))),
        _ => Err(AddressError::V6 { host: text.into() }),
    }
}

fn v4_or_name(text: &str) -> Result<Host, AddressError> {
    // The final dot of an absolute name, or of the sentence that the address was copied from.
    let host = text.strip_suffix('.').unwrap_or(text);
    if let Ok(address) = host.parse() {
        return Ok(Host::V4(address));
    }
    let not_a_name = || AddressError::Name { host: text.into() };
    if host.is_empty() || host.contains('%') {
        return Err(not_a_name());
    }
    // `url` maps what is written in other scripts to ASCII, and reads numbers such as 0x7f.1 as IPv4 as
    // browsers do; here, such a number is a slip.
    match url::Host::parse(host) {
        Ok(url::Host::Domain(name)) if is_name(&name) => Ok(Host::Name(name)),
        Ok(url::Host::Ipv4(_)) => Err(AddressError::V4 { host: text.into() }),
        _ if host.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.') => {
            Err(AddressError::V4 { host: text.into() })
        }
        _ => Err(not_a_name()),
    }
}

fn is_name(name: &str) -> bool {
    let is_part = |part: &str| {
        let letters = part.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_');
        (1..=MAX_PART).contains(&part.len()) && letters
    };
    name.len() <= MAX_NAME && name.split('.').all(is_part)
}

impl fmt::Display for Address {
    /// Always with the port, and an IPv6 address in brackets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let port = self.port;
        match &self.host {
            Host::V4(address) => write!(f, "{address}:{port}"),
            Host::V6(address, None) => write!(f, "[{address}]:{port}"),
            Host::V6(address, Some(zone)) => write!(f, "[{address}%{zone}]:{port}"),
            Host::Name(name) => write!(f, "{name}:{port}"),
        }
    }
}

impl From<SocketAddr> for Address {
    /// An IPv4 address inside an IPv6 one is taken out; the scope of a link-local one becomes its zone.
    fn from(socket: SocketAddr) -> Self {
        let host = match (socket, socket.ip().to_canonical()) {
            (_, IpAddr::V4(address)) => Host::V4(address),
            (SocketAddr::V6(v6), IpAddr::V6(address)) if v6.scope_id() != 0 => {
                Host::V6(address, Some(v6.scope_id().to_string()))
            }
            (_, IpAddr::V6(address)) => Host::V6(address, None),
        };
        Self { host, port: socket.port() }
    }
}
