//! From where an address can be reached, in words: a person who is to pass one on, or to use it, has to know for whom it is.
//!
//! The ranges are those of the IANA's registries of special-purpose addresses.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

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

/// Whether this is an address of one machine that all of the internet can reach, as far as the IANA's registries of
/// special-purpose addresses tell (RFC 6890). Of IPv6, all that is handed out is in 2000::/3.
pub fn is_public(ip: IpAddr) -> bool {
    match ip.to_canonical() {
        IpAddr::V4(ip) => is_public_v4(ip),
        IpAddr::V6(ip) => is_public_v6(ip),
    }
}

fn is_public_v4(ip: Ipv4Addr) -> bool {
    let [first, second, third, _] = ip.octets();
    let shared = first == 100 && second & 0xc0 == 64; // between provider and customer, RFC 6598
    let assignments = (first, second, third) == (192, 0, 0); // of protocols, RFC 6890
    let relays = (first, second, third) == (192, 88, 99); // of 6to4, RFC 7526
    let benchmarks = first == 198 && second & 0xfe == 18; // RFC 2544
    let special = shared || assignments || relays || benchmarks || ip.is_documentation();
    // From 224 on: multicast, reserved, broadcast.
    let unicast = first != 0 && first < 224;
    unicast && !special && !ip.is_private() && !ip.is_loopback() && !ip.is_link_local()
}

fn is_public_v6(ip: Ipv6Addr) -> bool {
    let [first, second, ..] = ip.segments();
    let documentation = (first, second) == (0x2001, 0xdb8) || (first == 0x3fff && second < 0x1000); // RFC 3849, RFC 9637
    let special = first == 0x2001 && second < 0x200; // Teredo and others of 2001::/23
    first & 0xe000 == 0x2000 && !documentation && !special && first != 0x2002
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_public(text: &str) -> bool {
        super::is_public(text.parse().unwrap())
    }

    #[test]
    fn only_what_all_of_the_internet_reaches_is_public() {
        for ip in ["1.1.1.1", "192.0.1.1", "99.255.0.1", "100.128.0.1", "172.32.0.1", "198.20.0.1", "223.255.255.255"] {
            assert!(is_public(ip), "{ip}");
        }
        for ip in ["2a00:1450::1", "2001:4860:4860::8888", "::ffff:1.1.1.1"] {
            assert!(is_public(ip), "{ip}");
        }
        for ip in [
            "0.0.0.0",
            "0.1.2.3",
            "10.0.0.1",
            "100.64.0.1",
            "100.127.255.255",
            "127.0.0.1",
            "169.254.1.1",
            "172.16.0.1",
            "172.31.255.255",
            "192.0.0.1",
            "192.0.2.1",
            "192.88.99.1",
            "192.168.1.1",
            "198.18.0.1",
            "198.19.255.255",
            "198.51.100.1",
            "203.0.113.1",
            "224.0.0.1",
            "240.0.0.1",
            "255.255.255.255",
        ] {
            assert!(!is_public(ip), "{ip}");
            assert!(!is_public(&format!("::ffff:{ip}")), "{ip}");
        }
        for ip in [
            "::",
            "::1",
            "fe80::1",
            "fd00::1",
            "ff02::1",
            "2001:db8::1",
            "2001::1",
            "2002:102::1",
            "64:ff9b::1",
            "3fff:fff::1",
        ] {
            assert!(!is_public(ip), "{ip}");
        }
    }
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
