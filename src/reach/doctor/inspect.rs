//! Going through the machine that others are to reach, all its rooms at once.

use std::{
    io,
    net::{IpAddr, SocketAddr, SocketAddrV6},
    sync::Arc,
};

use tokio::task::JoinSet;

use super::{
    firewall, gateway,
    house::{House, Slot},
    journey::Road,
    multicast,
    travel::Traveller,
};
use crate::{
    identity::{Fingerprint, IdentityError},
    reach::here::{self, Here},
    transport::knock,
};

/// Addresses of this machine that are tried.
const DOORS: usize = 32;

/// Finds out all that there is to know.
///
/// # Errors
///
/// When no key can be made for the handshakes.
pub(super) async fn inspect(port: u16, own: Option<Fingerprint>) -> Result<House, IdentityError> {
    let here = Arc::new(here::addresses());
    let (tcp, udp) = (slot(knock::tcp_is_free(port)), slot(knock::udp_is_free(port)));
    let traveller = Traveller::new(here.clone()).await?;
    let doors = async {
        match (tcp, udp) {
            (Slot::Taken, _) | (_, Slot::Taken) => knock_at(traveller, &here, port).await,
            _ => Vec::new(),
        }
    };
    let (doors, firewall, gateway, multicast) =
        tokio::join!(doors, firewall::ask(port), gateway::ask(port), multicast::listen(&here));
    Ok(House { port, here: here.to_vec(), tcp, udp, doors, own, firewall, gateway, multicast })
}

fn slot(bound: io::Result<()>) -> Slot {
    match bound.map_err(|error| error.kind()) {
        Ok(()) => Slot::Free,
        Err(io::ErrorKind::AddrInUse) => Slot::Taken,
        Err(_) => Slot::Forbidden,
    }
}

/// Tries the port under every address of this machine.
async fn knock_at(traveller: Traveller, here: &[Here], port: u16) -> Vec<Road> {
    let mut knocking = JoinSet::new();
    for (number, one) in here.iter().take(DOORS).enumerate() {
        let to = match (one.ip, one.index) {
            (IpAddr::V6(ip), Some(index)) if ip.is_unicast_link_local() => {
                SocketAddr::V6(SocketAddrV6::new(ip, port, 0, index))
            }
            (ip, _) => SocketAddr::new(ip, port),
        };
        let traveller = traveller.clone();
        knocking.spawn(async move { (number, traveller.go(to).await) });
    }
    let mut doors = knocking.join_all().await;
    doors.sort_by_key(|(number, _)| *number);
    doors.into_iter().map(|(_, road)| road).collect()
}
