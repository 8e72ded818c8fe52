//! Running a [`Race`]: real attempts, on real transports.

use std::{net::SocketAddr, sync::Arc};

use tokio::{
    net::lookup_host,
    task::JoinSet,
    time::{Instant, sleep_until, timeout},
};

use super::race::{Race, Step};
use crate::{
    identity::{Address, Host},
    transport::{Connection, Error, Expect, Transport},
    wire::limits,
};

/// The first of `transports` to complete its handshake with any of `addresses`.
///
/// Dropping it ends every attempt. None of them has sent anything of ours by then but a handshake.
///
/// # Errors
///
/// The most telling failure. [`Error::IdentityUnknown`] is a result as good as a connection, and comes at once.
pub(super) async fn dial(
    transports: &[Arc<dyn Transport>],
    addresses: &[Resolved],
    expect: Expect,
) -> Result<Arc<dyn Connection>, Error> {
    let kinds: Vec<_> = transports.iter().map(|transport| transport.kind()).collect();
    let addresses: Vec<_> = addresses.iter().map(|resolved| resolved.socket).collect();
    let mut race = Race::new(&addresses, &kinds, Instant::now().into_std());
    let mut attempts = JoinSet::new();
    loop {
        let wait = match race.step(Instant::now().into_std()) {
            Step::GiveUp(error) => return Err(error),
            Step::WaitUntil(then) => then,
            Step::Begin(attempt) => {
                if let Some(transport) = transports.iter().find(|transport| transport.kind() == attempt.kind).cloned() {
                    attempts.spawn(async move {
                        let dialled = timeout(limits::ATTEMPT, transport.dial(attempt.address, expect)).await;
                        dialled.unwrap_or(Err(Error::TimedOut))
                    });
                }
                continue;
            }
        };
        tokio::select! {
            Some(ended) = attempts.join_next() => match ended {
                Ok(Ok(connection)) => return Ok(connection),
                Ok(Err(error @ Error::IdentityUnknown { .. })) => return Err(error),
                Ok(Err(error)) => race.failed(error, Instant::now().into_std()),
                Err(panic) => race.failed(Error::Io(std::io::Error::other(panic)), Instant::now().into_std()),
            },
            () = sleep_until(wait.into()) => {}
        }
    }
}

/// A socket address, and the address as the person has it that led to it.
#[derive(Clone, Debug)]
pub(super) struct Resolved {
    pub(super) socket: SocketAddr,
    pub(super) address: Address,
}

/// Every socket address that `addresses` stand for, without repetition, in their order.
///
/// # Errors
///
/// When not one of them could be resolved.
pub(super) async fn resolve(addresses: &[Address]) -> Result<Vec<Resolved>, Error> {
    let mut resolved: Vec<Resolved> = Vec::new();
    let mut failure = None;
    for address in addresses {
        let host = match &address.host {
            Host::V4(ip) => ip.to_string(),
            Host::V6(ip, None) => ip.to_string(),
            Host::V6(ip, Some(zone)) => format!("{ip}%{zone}"),
            Host::Name(name) => name.clone(),
        };
        match timeout(limits::ATTEMPT, lookup_host((host, address.port))).await {
            Ok(Ok(found)) => {
                for socket in found {
                    if resolved.iter().all(|known| known.socket != socket) {
                        resolved.push(Resolved { socket, address: address.clone() });
                    }
                }
            }
            Ok(Err(error)) => failure = Some(Error::Unreachable(error)),
            Err(_) => failure = Some(Error::TimedOut),
        }
    }
    if resolved.is_empty() { Err(failure.unwrap_or(Error::TimedOut)) } else { Ok(resolved) }
}
