//! Whether multicast gets out of this machine and back in, on each interface: without it, rooms are neither announced nor found.
//!
//! A question as every mDNS browser asks it is sent to the group, and heard back, as every member of a group hears what it
//! says itself; and whoever else answers shows that the network carries it, too.

use std::{
    io,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV6, UdpSocket},
    time::{Duration, Instant},
};

use socket2::{Domain, Protocol, Socket, Type};
use tokio::{
    task::JoinSet,
    time::{sleep_until, timeout_at},
};
use tracing::info;

use crate::{random, reach::here::Here};

/// The groups of mDNS, and its port (RFC 6762, section 3).
const GROUP_V4: Ipv4Addr = Ipv4Addr::new(224, 0, 0, 251);
const GROUP_V6: Ipv6Addr = Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 0, 0xfb);
const PORT: u16 = 5353;

/// Who answers does so within 500 ms (RFC 6762, section 6.3); the question is asked twice.
const LISTEN: Duration = Duration::from_millis(1_500);
const AGAIN: Duration = Duration::from_millis(500);

/// Interfaces that are tried.
const INTERFACES: usize = 16;

/// Others that are counted.
const OTHERS: usize = 100;

/// "Which kinds of services are there?" (RFC 6763, section 9): a question that everybody answers who announces anything.
const QUESTION: &[u8] = b"\x09_services\x07_dns-sd\x04_udp\x05local\x00\x00\x0c\x00\x01";

/// What multicast does on one interface, in one family.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Multicast {
    /// The interface.
    pub interface: String,
    /// IPv6, or else IPv4.
    pub is_v6: bool,
    /// Whether what was sent came back to this machine itself.
    pub is_heard: bool,
    /// How many other machines were heard, up to 100.
    pub others: usize,
}

/// Tries each interface that leads anywhere, all at once. Takes [`LISTEN`].
pub(super) async fn listen(here: &[Here]) -> Vec<Multicast> {
    let mut tried: Vec<(String, bool)> = Vec::new();
    let mut trying = JoinSet::new();
    for one in here {
        let key = (one.interface.clone(), one.ip.is_ipv6());
        if one.ip.is_loopback() || tried.contains(&key) || tried.len() >= INTERFACES {
            continue;
        }
        tried.push(key);
        let (one, all) = (one.clone(), here.to_vec());
        trying.spawn(async move {
            let mut found =
                Multicast { interface: one.interface.clone(), is_v6: one.ip.is_ipv6(), is_heard: false, others: 0 };
            if let Err(error) = ask(&one, &all, &mut found).await {
                info!(interface = one.interface, %error, "no multicast");
            }
            found
        });
    }
    let mut found = trying.join_all().await;
    found.sort_by_key(|found| tried.iter().position(|(name, v6)| (name, *v6) == (&found.interface, found.is_v6)));
    found
}

async fn ask(one: &Here, all: &[Here], found: &mut Multicast) -> io::Result<()> {
    let (socket, group) = socket(one)?;
    let socket = tokio::net::UdpSocket::from_std(socket)?;
    // The number of a question is 0 in mDNS, and nobody minds another (RFC 6762, section 18.1): it tells ours apart.
    let number: [u8; 2] = random::bytes();
    let question = [&number[..], &[0, 0, 0, 1, 0, 0, 0, 0, 0, 0], QUESTION].concat();
    let start = Instant::now();
    let mut others: Vec<IpAddr> = Vec::new();
    let mut bytes = [0; 9_000];
    socket.send_to(&question, group).await?;
    let mut again = Some(start + AGAIN);
    while start.elapsed() < LISTEN {
        let heard = tokio::select! {
            heard = timeout_at((start + LISTEN).into(), socket.recv_from(&mut bytes)) => heard,
            () = sleep_until(again.unwrap_or(start + LISTEN).into()), if again.is_some() => {
                again = None;
                socket.send_to(&question, group).await?;
                continue;
            }
        };
        let Ok(heard) = heard else { break };
        let (length, from) = heard?;
        let from = from.ip().to_canonical();
        if bytes.get(..length) == Some(&question[..]) {
            found.is_heard = true;
        }
        // A socket hears of groups on all interfaces: only this one's network counts.
        let is_own = all.iter().any(|here| here.ip == from);
        if !is_own && one.is_beside(from) && !others.contains(&from) && others.len() < OTHERS {
            others.push(from);
            found.others = others.len();
        }
    }
    Ok(())
}

/// A socket in the group on this interface, beside whichever other program is in it.
fn socket(one: &Here) -> io::Result<(UdpSocket, SocketAddr)> {
    let domain = if one.ip.is_ipv4() { Domain::IPV4 } else { Domain::IPV6 };
    let socket = Socket::new(domain, Type::DGRAM, Some(Protocol::UDP))?;
    socket.set_reuse_address(true)?;
    #[cfg(unix)]
    socket.set_reuse_port(true)?;
    socket.set_nonblocking(true)?;
    let group = match one.ip {
        IpAddr::V4(ip) => {
            socket.bind(&SocketAddr::from((Ipv4Addr::UNSPECIFIED, PORT)).into())?;
            socket.join_multicast_v4(&GROUP_V4, &ip)?;
            socket.set_multicast_if_v4(&ip)?;
            socket.set_multicast_loop_v4(true)?;
            socket.set_multicast_ttl_v4(255)?;
            SocketAddr::from((GROUP_V4, PORT))
        }
        IpAddr::V6(_) => {
            let index = one.index.ok_or(io::ErrorKind::AddrNotAvailable)?;
            socket.set_only_v6(true)?;
            socket.bind(&SocketAddr::from((Ipv6Addr::UNSPECIFIED, PORT)).into())?;
            socket.join_multicast_v6(&GROUP_V6, index)?;
            socket.set_multicast_if_v6(index)?;
            socket.set_multicast_loop_v6(true)?;
            socket.set_multicast_hops_v6(255)?;
            SocketAddr::V6(SocketAddrV6::new(GROUP_V6, PORT, 0, index))
        }
    };
    Ok((socket.into(), group))
}
