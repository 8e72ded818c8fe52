//! The gateway, and what it speaks: asked for its outside address only. Nothing is mapped.
//!
//! NAT-PMP and UPnP tell the outside address, and are spoken by [`mapping`], which believes nobody but the gateway. PCP tells it
//! only with a mapping, so there it is asked whether it is there (ANNOUNCE, RFC 6887, section 14.1), which no library does.
//! What a gateway says is a hint; a bound is on all of it.

use std::{
    io,
    net::{IpAddr, Ipv4Addr, SocketAddr},
    time::Duration,
};

use tokio::{
    net::UdpSocket,
    time::{sleep, timeout},
};

use crate::reach::mapping::{self, Place, Refusal};

/// A gateway that has not answered by then speaks no PCP. It is on the same network, and asked several times.
const WAIT: Duration = Duration::from_secs(3);

/// The first wait before asking again; doubled each time (RFC 6886, section 3.1).
const FIRST: Duration = Duration::from_millis(250);

/// A PCP request without data of its own, and the shortest answer (RFC 6887, section 7).
const PCP_HEADER: usize = 24;

/// The version of PCP.
const PCP: u8 = 2;

/// The default gateway of this machine.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Gateway {
    /// Its address on this side.
    pub ip: Ipv4Addr,
    /// What it says in PCP.
    pub pcp: Spoken,
    /// What it says in NAT-PMP.
    pub nat_pmp: Spoken,
    /// What it says in UPnP-IGD.
    pub upnp: Spoken,
}

/// What a gateway says in one of its languages.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Spoken {
    /// Nothing.
    No,
    /// It speaks it, and does not tell its outside address.
    Yes,
    /// It speaks it, and says that it has no address outside that is worth telling.
    Nowhere,
    /// Its address outside.
    Outside(IpAddr),
}

impl Gateway {
    /// Its address outside, as far as it tells.
    pub fn outside(&self) -> Option<IpAddr> {
        [self.upnp, self.nat_pmp, self.pcp].into_iter().find_map(|spoken| match spoken {
            Spoken::Outside(ip) => Some(ip),
            Spoken::Yes | Spoken::Nowhere | Spoken::No => None,
        })
    }

    /// Whether it says in some language that it has no address outside.
    pub fn is_nowhere(&self) -> bool {
        [self.upnp, self.nat_pmp, self.pcp].contains(&Spoken::Nowhere)
    }
}

/// Asks the default gateway, in all its languages at once, as who might map `port`; none if there is no gateway. Takes
/// [`mapping::ANSWER`] at most, and twice that for a slow UPnP.
pub(super) async fn ask(port: u16) -> Option<Gateway> {
    let place = mapping::place(None).await.ok()?;
    let Place { gateway: ip, own } = place;
    let (pcp, (nat_pmp, upnp)) = tokio::join!(pcp(ip, own.into()), mapping::outside(place, port));
    Some(Gateway { ip, pcp, nat_pmp: spoken(nat_pmp), upnp: spoken(upnp) })
}

fn spoken(outside: Result<IpAddr, Refusal>) -> Spoken {
    match outside {
        Ok(ip) if !ip.is_unspecified() => Spoken::Outside(ip),
        Ok(_) | Err(Refusal::Offline) => Spoken::Nowhere,
        Err(Refusal::Silent | Refusal::Unspoken) => Spoken::No,
        // It speaks, though it does not want to tell.
        Err(_) => Spoken::Yes,
    }
}

async fn pcp(gateway: Ipv4Addr, source: IpAddr) -> Spoken {
    let asked = timeout(WAIT, announced(SocketAddr::new(gateway.into(), crab_nat::GATEWAY_PORT), source)).await;
    if matches!(asked, Ok(Ok(true))) { Spoken::Yes } else { Spoken::No }
}

/// Whether whoever is at `gateway` answers in PCP. Asks until it answers.
async fn announced(gateway: SocketAddr, source: IpAddr) -> io::Result<bool> {
    let socket = UdpSocket::bind(SocketAddr::new(source, 0)).await?;
    socket.connect(gateway).await?;
    let mut request = [0; PCP_HEADER];
    let own = match source {
        IpAddr::V4(ip) => ip.to_ipv6_mapped(),
        IpAddr::V6(ip) => ip,
    };
    request[0] = PCP;
    request[8..].copy_from_slice(&own.octets());
    let mut wait = FIRST;
    // The longest answer allowed (RFC 6887, section 7).
    let mut answer = [0; 1100];
    loop {
        socket.send(&request).await?;
        tokio::select! {
            heard = socket.recv(&mut answer) => {
                let length = heard?;
                return Ok(length >= PCP_HEADER && answer[0] == PCP && answer[1] == 0x80);
            }
            () = sleep(wait) => wait *= 2,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn answered(answer: &'static [u8]) -> bool {
        let gateway = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let address = gateway.local_addr().unwrap();
        let speaks = tokio::spawn(announced(address, [127, 0, 0, 1].into()));
        let mut request = [0; 64];
        // The first one is lost.
        gateway.recv_from(&mut request).await.unwrap();
        let (length, from) = gateway.recv_from(&mut request).await.unwrap();
        assert_eq!(
            (length, &request[..8]),
            (PCP_HEADER, &[2, 0, 0, 0, 0, 0, 0, 0][..]),
            "an announcement, and no mapping"
        );
        assert_eq!(&request[18..24], &[0xff, 0xff, 127, 0, 0, 1]);
        gateway.send_to(answer, from).await.unwrap();
        speaks.await.unwrap().unwrap()
    }

    #[tokio::test]
    async fn a_gateway_is_asked_again_and_only_pcp_counts() {
        let mut pcp = [0; PCP_HEADER];
        (pcp[0], pcp[1]) = (2, 0x80);
        assert!(answered(Box::leak(Box::new(pcp))).await);
        // NAT-PMP says so that it does not know the version.
        assert!(!answered(&[0, 0x80, 0, 1, 0, 0, 0, 0]).await);
        assert!(!answered(&[]).await);
    }
}
