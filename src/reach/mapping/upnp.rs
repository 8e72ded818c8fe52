//! UPnP: a search by multicast, then requests in XML over HTTP. `igd-next` does both.
//!
//! Anybody on the network can answer a search, and say where the requests are to be sent. Only the gateway is listened to: the
//! library sends nothing to an address other than that of who answered, and here an answer that is not the gateway's own is not
//! used. So nobody else can have us send requests to a place of their choosing, or believe that a port is open. The library
//! reads at most 1 MiB of an answer, of at most 64 levels, and follows no redirection.

use std::{
    net::{IpAddr, SocketAddr},
    time::Duration,
};

use igd_next::{
    AddPortError, GetExternalIpError, PortMappingProtocol, RemovePortError, RequestError, SearchOptions,
    aio::{
        Gateway,
        tokio::{Tokio, search_gateway},
    },
};
use tokio::{sync::Mutex, time::timeout};
use tracing::debug;

use super::{
    ANSWER,
    state::{Language, Place},
    way::{Grant, Protocol, Refusal, Way},
};
use crate::{transport::BoxFuture, wire::text};

/// Where gateways listen for a search (UPnP Device Architecture, 1.2).
const PORT: u16 = 1900;

/// What the gateway shows in its own list of open ports.
const NAME: &str = "parlor";

/// What one says to a gateway by UPnP.
pub(super) struct Upnp {
    place: Place,
    /// The room's port.
    port: u16,
    /// The gateway, from when it has been found until it does not answer: one that was restarted is to be asked elsewhere.
    found: Mutex<Option<Gateway<Tokio>>>,
}

impl Upnp {
    pub(super) fn new(place: Place, port: u16) -> Self {
        Self { place, port, found: Mutex::new(None) }
    }

    /// The gateway, which is searched for if it is not known.
    async fn gateway(&self) -> Result<Gateway<Tokio>, Refusal> {
        let mut found = self.found.lock().await;
        match &*found {
            Some(gateway) => Ok(gateway.clone()),
            None => Ok(found.insert(self.search().await?).clone()),
        }
    }

    /// Searches everywhere, as everybody does, and asks the gateway by itself, where nobody can answer faster (UPnP Device
    /// Architecture 1.1, 1.3.2; older ones need not answer that).
    async fn search(&self) -> Result<Gateway<Tokio>, Refusal> {
        let everywhere = search_gateway(self.options(SearchOptions::default().broadcast_address));
        let directly = search_gateway(self.options((self.place.gateway, PORT).into()));
        tokio::pin!(everywhere, directly);
        let (first, is_direct) = tokio::select! {
            found = &mut everywhere => (self.only_the_gateway(found), false),
            found = &mut directly => (self.only_the_gateway(found), true),
        };
        match (first, is_direct) {
            (Ok(gateway), _) => Ok(gateway),
            (Err(_), true) => self.only_the_gateway(everywhere.await),
            (Err(_), false) => self.only_the_gateway(directly.await),
        }
    }

    fn options(&self, to: SocketAddr) -> SearchOptions {
        let mut options = SearchOptions::default();
        options.bind_addr = (self.place.own, 0).into();
        options.broadcast_address = to;
        options.timeout = Some(ANSWER);
        options.single_search_timeout = Some(ANSWER);
        // On this machine, which the library does not trust by itself. Elsewhere, whoever answers may speak of nobody but
        // themselves, which an address in this list would end.
        if self.place.gateway.is_loopback() {
            options.allowed_gateway_ips = vec![self.place.gateway.into()];
        }
        options
    }

    fn only_the_gateway(
        &self,
        found: Result<Gateway<Tokio>, igd_next::SearchError>,
    ) -> Result<Gateway<Tokio>, Refusal> {
        match found {
            Ok(gateway) if gateway.addr.ip() == IpAddr::V4(self.place.gateway) => Ok(gateway),
            Ok(other) => {
                debug!(address = %other.addr, "something that is not the gateway says that it is one");
                Err(Refusal::Unspoken)
            }
            Err(error) => {
                debug!(why = text::reason(&error.to_string()), "no gateway was found by UPnP");
                Err(Refusal::Silent)
            }
        }
    }
}

impl Way for Upnp {
    fn language(&self) -> Language {
        Language::Upnp
    }

    fn greet(&self) -> BoxFuture<'_, Result<(), Refusal>> {
        Box::pin(async { self.gateway().await.map(|_| ()) })
    }

    fn open(&self, protocol: Protocol, outside: u16, lease: Duration) -> BoxFuture<'_, Result<Grant, Refusal>> {
        Box::pin(async move {
            let seconds = u32::try_from(lease.as_secs()).unwrap_or(u32::MAX);
            // With 0 it would be for ever.
            if seconds == 0 {
                return Err(Refusal::Odd);
            }
            let gateway = self.gateway().await?;
            let here = SocketAddr::from((self.place.own, self.port));
            let asked = gateway.add_port(protocol.into(), outside, here, seconds, NAME);
            let answer = match timeout(ANSWER, asked).await {
                // How long it lasts is not said: as long as was asked for.
                Ok(Ok(())) => Ok(Grant { port: outside, lease, address: None }),
                Ok(Err(error)) => Err(told(&error, of_opening(&error))),
                Err(_) => Err(Refusal::Silent),
            };
            if answer == Err(Refusal::Silent) {
                *self.found.lock().await = None;
            }
            answer
        })
    }

    fn address(&self) -> BoxFuture<'_, Result<IpAddr, Refusal>> {
        Box::pin(async {
            match timeout(ANSWER, self.gateway().await?.get_external_ip()).await {
                Ok(Ok(address)) => Ok(address.to_canonical()),
                Ok(Err(error)) => Err(told(&error, of_address(&error))),
                Err(_) => Err(Refusal::Silent),
            }
        })
    }

    fn close(&self, protocol: Protocol, outside: u16) -> BoxFuture<'_, Result<(), Refusal>> {
        Box::pin(async move {
            match timeout(ANSWER, self.gateway().await?.remove_port(protocol.into(), outside)).await {
                Ok(Ok(()) | Err(RemovePortError::NoSuchPortMapping)) => Ok(()),
                Ok(Err(error)) => Err(told(&error, of_closing(&error))),
                Err(_) => Err(Refusal::Silent),
            }
        })
    }
}

impl From<Protocol> for PortMappingProtocol {
    fn from(protocol: Protocol) -> Self {
        match protocol {
            Protocol::Udp => Self::UDP,
            Protocol::Tcp => Self::TCP,
        }
    }
}

/// What went wrong is for the log. There are words of the gateway's in it.
fn told(error: &impl std::fmt::Display, refusal: Refusal) -> Refusal {
    debug!(why = text::reason(&error.to_string()), ?refusal, "the gateway, by UPnP");
    refusal
}

fn of_opening(error: &AddPortError) -> Refusal {
    match error {
        AddPortError::ActionNotAuthorized => Refusal::Denied,
        // Where only the room's own port would be right, that one was tried first.
        AddPortError::PortInUse | AddPortError::SamePortValuesRequired => Refusal::Taken,
        AddPortError::OnlyPermanentLeasesSupported => Refusal::OnlyForGood,
        AddPortError::RequestError(error) => of_request(error),
        _ => Refusal::Odd,
    }
}

fn of_address(error: &GetExternalIpError) -> Refusal {
    match error {
        GetExternalIpError::ActionNotAuthorized => Refusal::Denied,
        // “Action failed”, or an answer without an address: it has none (WANIPConnection:1, 2.2.16).
        GetExternalIpError::RequestError(RequestError::ErrorCode(501, _) | RequestError::InvalidResponse(_)) => {
            Refusal::Offline
        }
        GetExternalIpError::RequestError(error) => of_request(error),
    }
}

fn of_closing(error: &RemovePortError) -> Refusal {
    match error {
        RemovePortError::RequestError(error) => of_request(error),
        _ => Refusal::Denied,
    }
}

fn of_request(error: &RequestError) -> Refusal {
    match error {
        // UPnP Device Architecture, 3.2.2, and WANIPConnection:2, 2.5.
        RequestError::ErrorCode(401 | 602, _) | RequestError::UnsupportedAction(_) => Refusal::Unspoken,
        RequestError::ErrorCode(501, _) => Refusal::Denied,
        RequestError::ErrorCode(728, _) => Refusal::Full,
        RequestError::IoError(_) | RequestError::HyperError(_) | RequestError::HyperClientError(_) => Refusal::Silent,
        _ => Refusal::Odd,
    }
}
