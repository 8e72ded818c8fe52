//! Which of a machine's addresses somebody on the same network reaches it at.

use std::net::IpAddr;

/// From here on, an address leads no further than to the machine that has it.
pub(crate) const LOOPBACK: u8 = 10;

/// How likely somebody on the network gets there; less is likelier.
pub(crate) fn likelihood(ip: IpAddr) -> u8 {
    match ip {
        IpAddr::V4(ip) if ip.is_loopback() => LOOPBACK,
        IpAddr::V6(ip) if ip.is_loopback() => LOOPBACK + 1,
        // Means something only together with an interface of the machine that dials.
        IpAddr::V6(ip) if ip.is_unicast_link_local() => 5,
        IpAddr::V4(ip) if ip.is_private() => 0,
        IpAddr::V4(ip) if ip.is_link_local() => 4,
        IpAddr::V4(_) => 1,
        IpAddr::V6(ip) if ip.is_unique_local() => 3,
        IpAddr::V6(_) => 2,
    }
}
