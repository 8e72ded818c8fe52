//! The way to a host, step by step, and what each step has found: a table, from which the diagnosis is made.

use std::{
    io::{self, ErrorKind},
    net::{IpAddr, SocketAddr},
    time::Duration,
};

use crate::{
    identity::{Address, Fingerprint},
    transport::{Error, knock::Behind},
};

/// Nobody has an address of one's own network when it was asked for it three times, a second apart (Linux' `mcast_solicit`
/// and `retrans_time_ms`). Who says no is faster, and is there.
const NOBODY_AFTER: Duration = Duration::from_millis(900);

/// What is to be found out.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Question {
    /// Where the host should be.
    pub addresses: Vec<Address>,
    /// The key that should answer, by an invite or as it was pasted. Without it, the pins are asked.
    pub fingerprint: Option<Fingerprint>,
}

/// What one step has found, and how long it took.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Step<T> {
    /// What was found.
    pub found: T,
    /// How long it took.
    pub took: Duration,
}

/// The whole of it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Journey {
    /// What each address as it was given has led to.
    pub lookups: Vec<Lookup>,
    /// The ways that were tried, one to each socket.
    pub roads: Vec<Road>,
    /// Sockets beyond the bound, which were not tried.
    pub passed_over: usize,
    /// The key that should answer.
    pub expected: Option<Expected>,
    /// This installation's key, if it has one yet.
    pub own: Option<Fingerprint>,
    /// Why the pins could not be read.
    pub pins_trouble: Option<String>,
    /// Keys that have answered and are pinned from elsewhere: under which names of rooms.
    pub known: Vec<(Fingerprint, Vec<String>)>,
    /// This machine's networks.
    pub networks: Vec<String>,
    /// The interfaces that lead to them, or to a cable at least.
    pub interfaces: Vec<String>,
    /// Whether this machine has an IPv6 address for more than its own cable.
    pub has_ipv6: bool,
}

/// A key that should answer.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Expected {
    /// The key.
    pub key: Fingerprint,
    /// Whether it is pinned for this address; else it was given, in an invite or beside the address.
    pub is_pinned: bool,
}

/// An address as it was given, looked up.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Lookup {
    /// The address.
    pub address: Address,
    /// Its sockets.
    pub step: Step<Result<Vec<SocketAddr>, NotFound>>,
}

/// Why an address leads nowhere.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum NotFound {
    /// Nobody knows the name.
    Unknown,
    /// Nobody answers who might know it.
    Silent,
    /// The zone of an IPv6 address is no interface of this machine.
    Zone,
}

/// The way to one socket.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Road {
    /// Where it leads.
    pub to: SocketAddr,
    /// How it begins.
    pub route: Step<Result<Route, Failure>>,
    /// What is beyond that; nothing if there is no route.
    pub beyond: Option<Beyond>,
}

/// How a way begins.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Route {
    /// The address of this machine from which it begins.
    pub source: IpAddr,
    /// The interface that has it.
    pub interface: Option<String>,
    /// Where it leads.
    pub leads: Leads,
}

/// Where a way leads.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Leads {
    /// To this machine itself.
    Home,
    /// Into a network that this machine is in.
    Beside,
    /// Through a gateway.
    Away,
}

/// What is beyond the route.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Beyond {
    /// Whether TCP connects.
    pub tcp: Step<Result<(), Failure>>,
    /// How long each of a few connections took, the first among them. Empty unless TCP connects.
    pub connects: Vec<Duration>,
    /// The key that is proved over TLS; not tried unless TCP connects.
    pub tls: Option<Step<Result<Fingerprint, Failure>>>,
    /// What is behind the TCP port; not asked unless TCP connects.
    pub behind: Option<Step<Result<Behind, Failure>>>,
    /// The key that is proved over QUIC.
    pub quic: Step<Result<Fingerprint, Failure>>,
}

/// Why a step failed.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Failure {
    /// There was no answer in time.
    Silent,
    /// The machine answers that nothing listens on that port.
    Refused,
    /// Somebody answers at once that it may not be.
    Rejected,
    /// Nobody on that network has the address.
    Nobody,
    /// This machine knows no way there.
    NoRoute,
    /// A link-local address without the interface behind which it is.
    NoZone,
    /// This machine does not let it out.
    Forbidden,
    /// The connection was cut off.
    CutOff,
    /// What answers speaks something else.
    Foreign,
    /// What answers shows this key and cannot prove that it has it.
    Unproven(Fingerprint),
    /// Something else.
    Other,
}

impl Failure {
    /// What an error of a connection means that came after `took`.
    pub(super) fn new(error: &Error, took: Duration) -> Self {
        match error {
            Error::TimedOut => Self::Silent,
            Error::IdentityUnproven { claimed } => Self::Unproven(*claimed),
            Error::WrongProtocol(_) | Error::Closed { .. } | Error::IdentityRefused => Self::Foreign,
            Error::Unreachable(cause) | Error::Io(cause) => Self::of_io(cause, took),
            Error::IdentityMismatch { .. } | Error::IdentityUnknown { .. } | Error::IdentityImpossible => Self::Other,
        }
    }

    fn of_io(cause: &io::Error, took: Duration) -> Self {
        match cause.kind() {
            ErrorKind::TimedOut => Self::Silent,
            ErrorKind::ConnectionRefused => Self::Refused,
            ErrorKind::HostUnreachable if took >= NOBODY_AFTER => Self::Nobody,
            // There is a route: this is somebody's answer on the way.
            ErrorKind::HostUnreachable | ErrorKind::NetworkUnreachable => Self::Rejected,
            ErrorKind::NetworkDown | ErrorKind::AddrNotAvailable => Self::NoRoute,
            ErrorKind::PermissionDenied => Self::Forbidden,
            ErrorKind::ConnectionReset
            | ErrorKind::ConnectionAborted
            | ErrorKind::BrokenPipe
            | ErrorKind::NotConnected
            | ErrorKind::UnexpectedEof => Self::CutOff,
            _ => Self::Other,
        }
    }

    /// What it means that the system gives no route.
    pub(super) fn of_route(cause: &io::Error) -> Self {
        match cause.kind() {
            ErrorKind::PermissionDenied => Self::Forbidden,
            _ => Self::NoRoute,
        }
    }
}

impl Journey {
    /// Under which names of rooms a key is pinned.
    pub(super) fn names_of(&self, key: Fingerprint) -> Option<&[String]> {
        self.known.iter().find(|(known, _)| *known == key).map(|(_, names)| &names[..])
    }
}
