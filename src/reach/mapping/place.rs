//! Where this computer stands: which gateway leads out, and which address of ours it sees. Asked of the system, every time
//! anew; nothing is sent.

use std::{
    net::{IpAddr, Ipv4Addr},
    num::NonZeroU16,
    sync::Arc,
    time::SystemTime,
};

use netdev::Interface;
use tokio::task::spawn_blocking;

use super::{
    port_control::{NatPmp, Pcp},
    state::{Place, Wanted, Why},
    upnp::Upnp,
    way::{Around, Way},
};
use crate::{random, reach::here, transport::BoxFuture};

/// This computer's real surroundings.
pub(super) struct Surroundings {
    bind: Option<IpAddr>,
    port: NonZeroU16,
    nonce: [u32; 3],
}

impl Surroundings {
    /// None for a port that is none.
    pub(super) fn new(wanted: Wanted) -> Option<Self> {
        let [a, b, c] = [random::bytes(), random::bytes(), random::bytes()].map(u32::from_le_bytes);
        Some(Self { bind: wanted.bind, port: NonZeroU16::new(wanted.port)?, nonce: [a, b, c] })
    }
}

impl Around for Surroundings {
    fn place(&self) -> BoxFuture<'_, Result<Place, Why>> {
        Box::pin(place(self.bind))
    }

    fn time(&self) -> SystemTime {
        SystemTime::now()
    }

    fn ways(&self, place: Place) -> Vec<Arc<dyn Way>> {
        vec![
            Arc::new(Pcp { place, port: self.port, nonce: self.nonce }),
            Arc::new(NatPmp { gateway: place.gateway, port: self.port }),
            Arc::new(Upnp::new(place, self.port.get())),
        ]
    }
}

/// Where this computer stands, when it listens at `bind` only, if given.
///
/// # Errors
///
/// Why there is no gateway to ask.
pub(in crate::reach) async fn place(bind: Option<IpAddr>) -> Result<Place, Why> {
    spawn_blocking(move || find(bind)).await.unwrap_or(Err(Why::NoGateway))
}

fn find(bind: Option<IpAddr>) -> Result<Place, Why> {
    let gateway = match bind.filter(|ip| !ip.is_unspecified()).map(|ip| ip.to_canonical()) {
        None => netdev::get_default_interface().ok().and_then(gateway).ok_or(Why::NoGateway)?,
        Some(IpAddr::V4(own)) if !own.is_loopback() => {
            let is_here = |interface: &Interface| interface.ipv4.iter().any(|net| net.addr() == own);
            let interface = netdev::get_interfaces().into_iter().find(is_here);
            let gateway = interface.and_then(gateway).ok_or(Why::Elsewhere)?;
            return Ok(Place { gateway, own });
        }
        Some(_) => return Err(Why::Elsewhere),
    };
    own_address(gateway).map(|own| Place { gateway, own }).ok_or(Why::NoGateway)
}

fn gateway(interface: Interface) -> Option<Ipv4Addr> {
    interface.gateway?.ipv4.into_iter().find(|ip| !ip.is_unspecified() && !ip.is_multicast() && !ip.is_broadcast())
}

/// The address of ours from which the system would send there.
fn own_address(gateway: Ipv4Addr) -> Option<Ipv4Addr> {
    match here::source((gateway, crab_nat::GATEWAY_PORT).into()).ok()? {
        IpAddr::V4(own) if !own.is_unspecified() => Some(own),
        _ => None,
    }
}
