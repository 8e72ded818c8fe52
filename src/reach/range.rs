//! From where an address can be reached, in words: a person who is to pass one on, or to use it, has to know for whom it is.
//!
//! The ranges are those of the IANA's registries of special-purpose addresses.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::mapping::state::is_public;
use crate::identity::Host;

/// From where an address can be reached, the likeliest first.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Reach {
    /// Private addresses: the same network.
    Network,
    /// A name, and whoever knows it.
    Name,
    /// The gateway's address and a port of it that it has opened. No address tells that by itself.
    Outside,
    /// A public address.
    Internet,
    /// The shared range that VPNs such as Tailscale use, and providers for their customers (RFC 6598).
    Vpn,
    /// Link-local: the same cable or Wi-Fi, without a router.
    Link,
    /// This computer alone.
    Computer,
    /// Something of which nothing is known.
    Unknown,
}

impl Reach {
    /// From where `host` can be reached.
    pub fn of(host: &Host) -> Self {
        match host {
            Host::V4(ip) => of_v4(*ip),
            Host::V6(ip, _) => Self::of_ip(IpAddr::V6(*ip)),
            Host::Name(name) if name == "localhost" => Self::Computer,
            Host::Name(_) => Self::Name,
        }
    }

    /// From where `ip` can be reached; an IPv4 address inside an IPv6 one counts as that.
    pub fn of_ip(ip: IpAddr) -> Self {
        match ip.to_canonical() {
            IpAddr::V4(ip) => of_v4(ip),
            IpAddr::V6(ip) => of_v6(ip),
        }
    }

    /// Who can use it.
    pub fn words(self) -> &'static str {
        match self {
            Self::Network => "for everybody on this network",
            Self::Name => "for whoever finds this name in their network",
            Self::Outside => "from the internet: your gateway lets it through while the room is open",
            Self::Internet => "from the internet, too, if your gateway lets the port through",
            Self::Vpn => "for who is in the same VPN, such as Tailscale, or with the same provider",
            Self::Link => "only on the same cable or Wi-Fi, without a router in between",
            Self::Computer => "only on this computer",
            Self::Unknown => "an unusual address: try whether it works",
        }
    }
}

fn of_v4(ip: Ipv4Addr) -> Reach {
    let [first, second, ..] = ip.octets();
    if ip.is_loopback() {
        Reach::Computer
    } else if ip.is_private() {
        Reach::Network
    } else if first == 100 && second & 0xc0 == 64 {
        Reach::Vpn
    } else if ip.is_link_local() {
        Reach::Link
    } else if is_public(ip.into()) {
        Reach::Internet
    } else {
        Reach::Unknown
    }
}

fn of_v6(ip: Ipv6Addr) -> Reach {
    if ip.is_loopback() {
        Reach::Computer
    } else if ip.is_unicast_link_local() {
        Reach::Link
    } else if ip.is_unique_local() {
        Reach::Network
    } else if is_public(ip.into()) {
        Reach::Internet
    } else {
        Reach::Unknown
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::identity::{Address, DEFAULT_PORT};

    #[test]
    fn each_kind_of_address_is_known() {
        for (address, reach) in [
            ("127.0.0.1:7275", Reach::Computer),
            ("[::1]:7275", Reach::Computer),
            ("localhost:7275", Reach::Computer),
            ("10.1.2.3:7275", Reach::Network),
            ("172.16.0.1:7275", Reach::Network),
            ("172.32.0.1:7275", Reach::Internet),
            ("192.168.1.20:7275", Reach::Network),
            ("[::ffff:192.168.1.20]:7275", Reach::Network),
            ("[fd12:3456::20]:7275", Reach::Network),
            ("100.63.255.255:7275", Reach::Internet),
            ("100.64.0.1:7275", Reach::Vpn),
            ("100.127.255.255:7275", Reach::Vpn),
            ("100.128.0.0:7275", Reach::Internet),
            ("169.254.7.7:7275", Reach::Link),
            ("[fe80::1%eth0]:7275", Reach::Link),
            ("[2a00:1450::1]:7275", Reach::Internet),
            ("8.8.8.8:7275", Reach::Internet),
            ("0.0.0.0:7275", Reach::Unknown),
            ("ada.local:7275", Reach::Name),
        ] {
            let host = Address::parse(address, DEFAULT_PORT).unwrap().host;
            assert_eq!(Reach::of(&host), reach, "{address}");
        }
    }
}
