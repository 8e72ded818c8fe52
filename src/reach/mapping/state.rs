//! How a way in from outside stands, as plain data.
//!
//! Addresses and ports in it are what a gateway says. It may be wrong or lie: that leads nobody to another host, since whoever
//! dials expects the host's key.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use crate::reach::range::is_public;

/// What is to be reached from outside.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Wanted {
    /// The room's port.
    pub port: u16,
    /// It is served over UDP (QUIC).
    pub udp: bool,
    /// It is served over TCP (TLS, plain TCP).
    pub tcp: bool,
    /// What the person calls what goes over TCP: TLS, unless the room is a plain one.
    pub encrypted: bool,
    /// The one local address that the room listens on, if it does not listen on all.
    pub bind: Option<IpAddr>,
}

/// Where this computer stands in its network.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Place {
    /// The gateway.
    pub gateway: Ipv4Addr,
    /// This computer's own address, as the gateway sees it.
    pub own: Ipv4Addr,
}

/// How it stands, and what a sentence about it has to name.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Report {
    /// What is to be reached.
    pub wanted: Wanted,
    /// Where this computer stands, once that is known.
    pub place: Option<Place>,
    /// How it stands.
    pub state: State,
}

/// How a way in from outside stands.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum State {
    /// The gateway is being asked.
    Asking,
    /// A port of the gateway leads to the room.
    Open(Open),
    /// None does.
    Shut(Why),
}

/// A port of the gateway that leads to the room.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Open {
    /// How it was asked for.
    pub language: Language,
    /// The gateway's own address outside, if it says so.
    pub address: Option<IpAddr>,
    /// The port outside for UDP.
    pub udp: Option<u16>,
    /// The port outside for TCP.
    pub tcp: Option<u16>,
    /// Before, it was reached at another address or port: invites that were handed out are out of date.
    pub moved: bool,
}

/// Protocols by which gateways are asked for a port, the best first.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Language {
    /// The Port Control Protocol (RFC 6887).
    Pcp,
    /// The NAT Port Mapping Protocol (RFC 6886).
    NatPmp,
    /// The WANIPConnection service of UPnP's Internet Gateway Device.
    Upnp,
}

/// Why no port of the gateway leads to the room.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Why {
    /// There is no gateway to ask.
    NoGateway,
    /// The room listens only where the gateway does not get to.
    Elsewhere,
    /// The gateway speaks none of the languages.
    Silent,
    /// The same, but this computer has an address of the internet's itself, and needs none of it.
    Public,
    /// It understands, and does not allow it.
    Denied,
    /// It has no ports left, or all that were asked for are taken.
    Full,
    /// It has no address on the internet itself: this one, if it says which.
    Inner(Option<IpAddr>),
    /// It opens ports for ever or not at all.
    OnlyForGood,
    /// Nobody understands what it answers.
    Odd,
    /// It had opened the port, and does not answer any more.
    Gone,
}

impl Language {
    /// Its name in the settings of gateways.
    pub fn name(self) -> &'static str {
        match self {
            Self::Pcp => "PCP",
            Self::NatPmp => "NAT-PMP",
            Self::Upnp => "UPnP",
        }
    }
}

impl Why {
    /// How much it helps to know this, where a gateway gives several reasons, one in each language. Some say that they have no
    /// more ports when they have no address.
    pub(super) fn tells(self) -> u8 {
        match self {
            Self::Silent => 0,
            Self::Odd => 1,
            Self::Full => 2,
            Self::Denied | Self::OnlyForGood => 3,
            Self::Inner(None) => 4,
            _ => 5,
        }
    }

    /// The name in the `--json` interface.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NoGateway => "no-gateway",
            Self::Elsewhere => "elsewhere",
            Self::Silent => "silent",
            Self::Public => "public",
            Self::Denied => "denied",
            Self::Full => "full",
            Self::Inner(_) => "inner",
            Self::OnlyForGood => "only-for-good",
            Self::Odd => "odd",
            Self::Gone => "gone",
        }
    }
}

impl Open {
    /// Where people outside find the room, if the gateway's address is one that they can reach: one place, or two when UDP and
    /// TCP have got ports of their own.
    pub fn places(&self) -> Vec<SocketAddr> {
        let Some(address) = self.address.filter(|address| is_public(*address)) else { return Vec::new() };
        let mut ports: Vec<u16> = self.udp.into_iter().chain(self.tcp).collect();
        ports.dedup();
        ports.into_iter().map(|port| SocketAddr::new(address, port)).collect()
    }
}

impl Report {
    /// The name of the state in the `--json` interface.
    pub fn as_str(&self) -> &'static str {
        match &self.state {
            State::Asking => "asking",
            State::Open(open) if open.places().is_empty() => "inner",
            State::Open(open) if self.lacks(open) => "half",
            State::Open(_) => "open",
            State::Shut(_) => "shut",
        }
    }

    /// Whether something that the room serves has no port outside.
    pub(super) fn lacks(&self, open: &Open) -> bool {
        (self.wanted.udp && open.udp.is_none()) || (self.wanted.tcp && open.tcp.is_none())
    }

    /// Where people outside find the room.
    pub fn places(&self) -> Vec<SocketAddr> {
        match &self.state {
            State::Open(open) => open.places(),
            _ => Vec::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_that_nobody_outside_reaches_is_no_place() {
        let open = |address: &str, udp, tcp| Open {
            language: Language::Pcp,
            address: Some(address.parse().unwrap()),
            udp,
            tcp,
            moved: false,
        };
        let places = |open: Open| open.places().iter().map(ToString::to_string).collect::<Vec<_>>();
        assert_eq!(places(open("192.0.1.1", Some(7275), Some(7275))), ["192.0.1.1:7275"]);
        assert_eq!(places(open("192.0.1.1", Some(7275), Some(7276))), ["192.0.1.1:7275", "192.0.1.1:7276"]);
        assert_eq!(places(open("192.0.1.1", None, Some(7276))), ["192.0.1.1:7276"]);
        assert!(places(open("192.168.1.1", Some(7275), Some(7275))).is_empty());
        assert!(Open { address: None, ..open("1.1.1.1", Some(1), None) }.places().is_empty());
    }
}
