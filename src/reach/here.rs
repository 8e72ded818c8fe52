//! Where this machine is: its addresses, and the networks that they are in.

use std::{
    io,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket},
};

use if_addrs::IfAddr;

/// One address of an interface of this machine.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Here {
    /// The interface's name.
    pub interface: String,
    /// Its number in the system.
    pub index: Option<u32>,
    /// The address.
    pub ip: IpAddr,
    /// How many of its first bits are those of the network.
    pub prefix: u8,
}

impl Here {
    /// Whether `ip` is in the same network, reached without a router.
    pub fn is_beside(&self, ip: IpAddr) -> bool {
        match (self.ip, ip.to_canonical()) {
            (IpAddr::V4(_), IpAddr::V6(_)) | (IpAddr::V6(_), IpAddr::V4(_)) => false,
            (own, ip) => first(own, self.prefix) == first(ip, self.prefix),
        }
    }

    /// The network, such as `192.168.77.0/24`.
    pub fn network(&self) -> String {
        format!("{}/{}", first(self.ip, self.prefix), self.prefix)
    }
}

/// The first `bits` bits of `ip`; the others are 0.
fn first(ip: IpAddr, bits: u8) -> IpAddr {
    let bits = u32::from(bits);
    match ip {
        IpAddr::V4(ip) => {
            Ipv4Addr::from_bits(ip.to_bits() & u32::MAX.checked_shl(32 - bits.min(32)).unwrap_or(0)).into()
        }
        IpAddr::V6(ip) => {
            Ipv6Addr::from_bits(ip.to_bits() & u128::MAX.checked_shl(128 - bits.min(128)).unwrap_or(0)).into()
        }
    }
}

/// Every address of this machine that can be used, its own loopback among them: an interface that is down or unplugged keeps its
/// own on some systems. Empty if the system does not tell. A few system calls.
pub fn addresses() -> Vec<Here> {
    let found = if_addrs::get_if_addrs().unwrap_or_default();
    let here = |interface: if_addrs::Interface| Here {
        prefix: match &interface.addr {
            IfAddr::V4(v4) => v4.prefixlen,
            IfAddr::V6(v6) => v6.prefixlen,
        },
        ip: interface.ip(),
        index: interface.index,
        interface: interface.name,
    };
    found.into_iter().filter(if_addrs::Interface::is_oper_up).map(here).collect()
}

/// The address of this machine from which `to` would be talked to. Asks the system's routes; nothing is sent.
///
/// # Errors
///
/// When there is no way there.
pub fn source(to: SocketAddr) -> io::Result<IpAddr> {
    let any = if to.is_ipv4() { SocketAddr::from(([0; 4], 0)) } else { SocketAddr::from(([0u16; 8], 0)) };
    let socket = UdpSocket::bind(any)?;
    socket.connect(to)?;
    Ok(socket.local_addr()?.ip().to_canonical())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn here(ip: &str, prefix: u8) -> Here {
        Here { interface: "eth0".to_owned(), index: None, ip: ip.parse().unwrap(), prefix }
    }

    #[test]
    fn a_neighbour_has_the_same_first_bits() {
        for (own, prefix, ip, beside) in [
            ("192.168.77.3", 24, "192.168.77.200", true),
            ("192.168.77.3", 24, "::ffff:192.168.77.200", true),
            ("192.168.77.3", 24, "192.168.78.200", false),
            ("192.168.77.3", 32, "192.168.77.4", false),
            ("192.168.77.3", 0, "8.8.8.8", true),
            ("192.168.77.3", 24, "fe80::1", false),
            ("fd00::1", 64, "fd00::ffff", true),
            ("fd00::1", 64, "fd00:0:0:1::1", false),
            ("fd00::1", 0, "2a00::1", true),
            ("fd00::1", 128, "fd00::2", false),
        ] {
            assert_eq!(here(own, prefix).is_beside(ip.parse().unwrap()), beside, "{own}/{prefix} {ip}");
        }
        assert_eq!(here("192.168.77.3", 24).network(), "192.168.77.0/24");
        assert_eq!(here("fd00::1:2", 64).network(), "fd00::/64");
        assert_eq!(here("10.1.2.3", 0).network(), "0.0.0.0/0");
    }

    #[test]
    fn this_machine_talks_to_itself_from_itself() {
        let loopback: IpAddr = [127, 0, 0, 1].into();
        assert_eq!(source((loopback, 7275).into()).unwrap(), loopback);
        assert!(addresses().iter().any(|here| here.ip == loopback && here.is_beside(loopback)));
    }
}
