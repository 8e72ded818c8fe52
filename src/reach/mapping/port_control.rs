//! PCP and NAT-PMP: a datagram each way, to the gateway's port 5351. `crab_nat` does both.
//!
//! Its sockets are connected to the gateway, so the system drops what others send; who forges the gateway's address can at most
//! have us believe in a port that is not open, or in another address outside.

use std::{
    future::Future,
    net::{IpAddr, Ipv4Addr},
    num::NonZeroU16,
    time::Duration,
};

use crab_nat::{
    InternetProtocol, PortMapping, PortMappingOptions, PortMappingType, TimeoutConfig, natpmp,
    pcp::{self, BaseMapRequest, DropMappingRange, Nonce},
};
use tracing::debug;

use super::{
    state::{Language, Place},
    way::{Grant, Protocol, Refusal, Way},
};
use crate::transport::BoxFuture;

/// When a request is repeated: after 250 ms as in RFC 6886, 3.1, then 500 ms, 1 s and 1 s: nobody is asked for longer than 2.75 s
/// (a little more or less with PCP, which varies its waits). PCP would begin with 3 s (RFC 6887, 8.1.1); but here a person waits,
/// and both are answered by whatever is on that port.
const REPEATS: TimeoutConfig = TimeoutConfig {
    initial_timeout: Duration::from_millis(250),
    max_retries: 3,
    max_retry_timeout: Some(Duration::from_secs(1)),
};

/// What one says to a gateway by PCP: each opening is bound to a number that only who made it knows (RFC 6887, 11.1).
pub(super) struct Pcp {
    pub(super) place: Place,
    /// The room's port.
    pub(super) port: NonZeroU16,
    /// The number. It outlives the gateway's restarts and our own doubts, so that what was opened can be closed.
    pub(super) nonce: Nonce,
}

/// What one says to a gateway by NAT-PMP.
pub(super) struct NatPmp {
    pub(super) gateway: Ipv4Addr,
    /// The room's port.
    pub(super) port: NonZeroU16,
}

impl Pcp {
    async fn delete(&self, protocol: Protocol) -> Result<(), pcp::Failure> {
        let range = DropMappingRange::Single { protocol: protocol.into(), internal_port: self.port };
        let Place { gateway, own } = self.place;
        pcp::try_drop_mapping(gateway.into(), own.into(), self.nonce, range, Some(REPEATS)).await
    }
}

impl Way for Pcp {
    fn language(&self) -> Language {
        Language::Pcp
    }

    /// Deletes what is not there. Whatever the gateway says to that, it says it in PCP.
    fn greet(&self) -> BoxFuture<'_, Result<(), Refusal>> {
        Box::pin(async {
            match told(self.delete(Protocol::Tcp)).await.map_err(|failure| of_pcp(&failure)) {
                Err(refusal @ (Refusal::Silent | Refusal::Unspoken | Refusal::Odd)) => Err(refusal),
                _ => Ok(()),
            }
        })
    }

    fn open(&self, protocol: Protocol, outside: u16, lease: Duration) -> BoxFuture<'_, Result<Grant, Refusal>> {
        Box::pin(async move {
            let Place { gateway, own } = self.place;
            let request = BaseMapRequest::new(gateway.into(), own.into(), protocol.into(), self.port);
            let asked = pcp::port_mapping(request, Some(self.nonce), None, options(outside, lease));
            told(asked).await.map_err(|failure| of_pcp(&failure)).and_then(|mapping| granted(&mapping))
        })
    }

    /// Never asked for: each grant has it.
    fn address(&self) -> BoxFuture<'_, Result<IpAddr, Refusal>> {
        Box::pin(async { Err(Refusal::Unspoken) })
    }

    fn close(&self, protocol: Protocol, _outside: u16) -> BoxFuture<'_, Result<(), Refusal>> {
        Box::pin(async move { told(self.delete(protocol)).await.map_err(|failure| of_pcp(&failure)) })
    }
}

impl Way for NatPmp {
    fn language(&self) -> Language {
        Language::NatPmp
    }

    fn greet(&self) -> BoxFuture<'_, Result<(), Refusal>> {
        Box::pin(async {
            match self.address().await {
                // It speaks; what it says will be the same when it is asked for a port.
                Ok(_) | Err(Refusal::Denied | Refusal::Offline | Refusal::Full) => Ok(()),
                Err(refusal) => Err(refusal),
            }
        })
    }

    fn open(&self, protocol: Protocol, outside: u16, lease: Duration) -> BoxFuture<'_, Result<Grant, Refusal>> {
        Box::pin(async move {
            let asked = natpmp::port_mapping(self.gateway.into(), protocol.into(), self.port, options(outside, lease));
            told(asked).await.map_err(|failure| of_nat_pmp(&failure)).and_then(|mapping| granted(&mapping))
        })
    }

    fn address(&self) -> BoxFuture<'_, Result<IpAddr, Refusal>> {
        Box::pin(async {
            let asked = natpmp::external_address(self.gateway.into(), Some(REPEATS));
            told(asked).await.map(IpAddr::V4).map_err(|failure| of_nat_pmp(&failure))
        })
    }

    fn close(&self, protocol: Protocol, _outside: u16) -> BoxFuture<'_, Result<(), Refusal>> {
        Box::pin(async move {
            let asked = natpmp::try_drop_mapping(self.gateway.into(), protocol.into(), Some(self.port), Some(REPEATS));
            told(asked).await.map_err(|failure| of_nat_pmp(&failure))
        })
    }
}

impl From<Protocol> for InternetProtocol {
    fn from(protocol: Protocol) -> Self {
        match protocol {
            Protocol::Udp => Self::Udp,
            Protocol::Tcp => Self::Tcp,
        }
    }
}

fn options(outside: u16, lease: Duration) -> PortMappingOptions {
    PortMappingOptions {
        external_port: NonZeroU16::new(outside),
        lifetime_seconds: u32::try_from(lease.as_secs()).ok(),
        timeout_config: Some(REPEATS),
    }
}

fn granted(mapping: &PortMapping) -> Result<Grant, Refusal> {
    let address = match mapping.mapping_type() {
        PortMappingType::Pcp { external_ip, .. } => Some(external_ip.to_canonical()),
        PortMappingType::NatPmp => None,
    };
    let lease = Duration::from_secs(mapping.lifetime().into());
    Ok(Grant { port: mapping.external_port().get(), lease, address })
}

/// What went wrong is for the log. All of it is words of the library's own and numbers.
async fn told<T, E: std::fmt::Display>(asked: impl Future<Output = Result<T, E>>) -> Result<T, E> {
    asked.await.inspect_err(|failure| debug!(why = %failure, "the gateway, on port 5351"))
}

fn of_pcp(failure: &pcp::Failure) -> Refusal {
    use pcp::{Failure, InvalidResponseKind};
    match failure {
        Failure::Socket(_) | Failure::Timeout => Refusal::Silent,
        Failure::UnsupportedVersion(_) | Failure::UnsupportedOpcode => Refusal::Unspoken,
        // Something older than PCP, which answers as it always does.
        Failure::InvalidResponse(InvalidResponseKind::TooFewBytes { .. }) => Refusal::Unspoken,
        // It keeps what was deleted for a while, and says for how long (RFC 6887, 15.1).
        Failure::InvalidResponse(InvalidResponseKind::InvalidDeletionResponse { .. }) => Refusal::Denied,
        Failure::NotAuthorized(_) | Failure::AddressMismatch | Failure::UnsupportedProtocol => Refusal::Denied,
        Failure::NetworkFailure(_) => Refusal::Offline,
        Failure::NoResources(_) | Failure::UserExceededQuota(_) | Failure::CannotProvideExternal(_) => Refusal::Full,
        Failure::Nonce
        | Failure::InvalidResponse(_)
        | Failure::MalformedRequest
        | Failure::UnsupportedOption
        | Failure::MalformedOption
        | Failure::ExcessiveRemotePeers => Refusal::Odd,
    }
}

fn of_nat_pmp(failure: &natpmp::Failure) -> Refusal {
    use natpmp::Failure;
    match failure {
        Failure::Socket(_) | Failure::Timeout => Refusal::Silent,
        Failure::UnsupportedVersion(_) => Refusal::Unspoken,
        // Of a protocol, UDP or TCP, that it does not pass on.
        Failure::UnsupportedOpcode | Failure::NotAuthorized => Refusal::Denied,
        Failure::NetworkFailure => Refusal::Offline,
        Failure::OutOfResources => Refusal::Full,
        Failure::InvalidResponse(_) => Refusal::Odd,
    }
}
