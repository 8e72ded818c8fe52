//! UPnP: a search, then requests in XML over HTTP. `igd-next` does both.
//!
//! Anybody on the network can answer a search, and say where the requests are to be sent. Only the gateway is heard
//! (`search`), and it may speak of no other address than its own. So nobody else can have us send requests to a place of their
//! choosing, or believe that a port is open. The library reads at most 1 MiB of an answer, of at most 64 levels, and follows no
//! redirection.

use std::{
    net::{IpAddr, SocketAddr},
    time::Duration,
};

use igd_next::{
    AddPortError, GetExternalIpError, PortMappingProtocol, RemovePortError, RequestError,
    aio::{Gateway, tokio::Tokio},
};
use tokio::{sync::Mutex, time::timeout};
use tracing::debug;

use super::{
    ANSWER,
    search::search,
    state::{Language, Place},
    way::{Grant, Protocol, Refusal, Way},
};
use crate::{transport::BoxFuture, wire::text};

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
        if let Some(gateway) = &*found {
            return Ok(gateway.clone());
        }
        match search(self.place).await {
            Ok(gateway) => Ok(found.insert(gateway).clone()),
            Err(error) => Err(told(&error, Refusal::Silent)),
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
