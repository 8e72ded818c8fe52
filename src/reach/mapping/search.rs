//! The search for a gateway by UPnP, in which nobody but the gateway is heard.
//!
//! Anybody on the network can answer a search, sooner than the gateway does and at length, and the library (`igd-next`) takes the
//! answers one after the other, with all that each has to tell. So it searches on this machine's loopback. Its questions go out
//! from here, and what the gateway says comes back to it; what others say is dropped.

use std::{
    io,
    net::{IpAddr, Ipv4Addr, SocketAddr},
};

use igd_next::{
    SearchError, SearchOptions,
    aio::{
        Gateway,
        tokio::{Tokio, search_gateway},
    },
};
use tokio::net::UdpSocket;
use tracing::debug;

use super::{ANSWER, state::Place};

/// Where gateways listen for a search (UPnP Device Architecture, 1.2).
const PORT: u16 = 1900;

/// The address of all who listen there.
const EVERYBODY: Ipv4Addr = Ipv4Addr::new(239, 255, 255, 250);

/// A question or an answer is one datagram, which no network cuts.
const DATAGRAM: usize = 1_500;

/// The gateway at this place, which has [`ANSWER`] for all it has to say. Asked with everybody, as each of them has to answer, and
/// by itself, as those do that are newer (UPnP Device Architecture 1.1, 1.3.2) and where multicast does not get through.
///
/// # Errors
///
/// When it does not answer, or not as a gateway does that opens ports.
pub(super) async fn search(place: Place) -> Result<Gateway<Tokio>, SearchError> {
    search_at(place, &[(EVERYBODY, PORT).into(), (place.gateway, PORT).into()]).await
}

/// The same, asked at these addresses.
pub(super) async fn search_at(place: Place, asked: &[SocketAddr]) -> Result<Gateway<Tokio>, SearchError> {
    let inside = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    let outside = UdpSocket::bind((place.own, 0)).await?;
    let mut options = SearchOptions::default();
    options.bind_addr = (Ipv4Addr::LOCALHOST, 0).into();
    options.broadcast_address = inside.local_addr()?;
    options.timeout = Some(ANSWER);
    options.single_search_timeout = Some(ANSWER);
    // All that an answer may speak of: it comes from the loopback, which the library does not trust by itself.
    options.allowed_gateway_ips = vec![place.gateway.into()];
    tokio::select! {
        found = search_gateway(options) => found,
        Err(error) = pass_on(&inside, &outside, place.gateway, asked) => Err(error.into()),
    }
}

/// Passes questions on to all that are asked, and the gateway's answers back, until it is dropped.
async fn pass_on(
    inside: &UdpSocket,
    outside: &UdpSocket,
    gateway: Ipv4Addr,
    asked: &[SocketAddr],
) -> io::Result<std::convert::Infallible> {
    let here = inside.local_addr()?.to_string();
    let (mut question, mut answer) = ([0; DATAGRAM], [0; DATAGRAM]);
    let mut asking = None;
    loop {
        tokio::select! {
            heard = inside.recv_from(&mut question) => {
                let (length, from) = heard?;
                asking = Some(from);
                let question = String::from_utf8_lossy(&question[..length]);
                for to in asked {
                    // It says whom it is for.
                    let question = question.replace(&here, &to.to_string());
                    if let Err(error) = outside.send_to(question.as_bytes(), to).await {
                        debug!(%to, %error, "not asked by UPnP");
                    }
                }
            }
            heard = outside.recv_from(&mut answer) => match (heard, asking) {
                (Ok((length, from)), Some(asking)) if from.ip() == IpAddr::V4(gateway) => {
                    inside.send_to(&answer[..length], asking).await?;
                }
                (Ok((_, from)), _) => debug!(%from, "something that is not the gateway answers as if it were one"),
                // Nothing listens at one of those that were asked; some systems tell it so.
                (Err(error), _) if error.kind() == io::ErrorKind::ConnectionReset => {}
                (Err(error), _) => return Err(error),
            }
        }
    }
}
