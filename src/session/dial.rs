//! Running a [`Race`]: real attempts, on real transports.

use std::{fmt, sync::Arc};

use tokio::{
    task::JoinSet,
    time::{Instant, sleep_until, timeout, timeout_at},
};

use tracing::{Instrument, Span, error_span, info, warn};

use super::race::{Race, Step};
use crate::{
    identity::{Address, Host},
    reach::lookup,
    transport::{Connection, Error, Expect, Kind, Place, Transport, warmed_up},
    wire::limits,
};

/// The first of `transports` to complete its handshake with any of `addresses`. Others get no head start before the one that
/// `worked` the last time.
///
/// The race begins when this process is ready for handshakes: what it does once is not the network's fault.
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
    worked: Option<Kind>,
) -> Result<Reached, Error> {
    let kinds: Vec<_> = transports.iter().map(|transport| transport.kind()).collect();
    let places: Vec<_> = addresses.iter().map(|resolved| resolved.place.clone()).collect();
    if kinds.iter().any(|kind| matches!(kind, Kind::Quic | Kind::Tls)) {
        let _ = timeout(limits::DIAL, warmed_up()).await;
    }
    let mut race = Race::new(&places, &kinds, worked, Instant::now().into_std());
    let mut attempts = JoinSet::new();
    loop {
        let wait = match race.step(Instant::now().into_std()) {
            Step::GiveUp(error) => return Err(error),
            Step::WaitUntil(then) => then,
            Step::Begin(attempt) => {
                if let Some(transport) = transports.iter().find(|transport| transport.kind() == attempt.kind).cloned() {
                    let span = span(&attempt.place, attempt.kind);
                    let attempted = async move {
                        info!("dialling");
                        let place = attempt.place;
                        let dialled = timeout(limits::ATTEMPT, transport.dial_place(place.clone(), expect)).await;
                        let connection = dialled.unwrap_or(Err(Error::TimedOut)).inspect_err(log)?;
                        Ok((connection, place))
                    };
                    attempts.spawn(attempted.instrument(span));
                }
                continue;
            }
        };
        tokio::select! {
            Some(ended) = attempts.join_next() => match ended {
                Ok(Ok((connection, place))) => {
                    let span = span(&place, connection.peer().kind);
                    info!(parent: &span, given_up = attempts.len(), "the first to get through");
                    let at = addresses.iter().find(|known| known.place == place).cloned();
                    return Ok(Reached { connection, at });
                }
                Ok(Err(error @ Error::IdentityUnknown { .. })) => return Err(error),
                Ok(Err(error)) => race.failed(error, Instant::now().into_std()),
                Err(panic) => race.failed(Error::Io(std::io::Error::other(panic)), Instant::now().into_std()),
            },
            () = sleep_until(wait.into()) => {}
        }
    }
}

/// A connection, and where it leads.
pub(super) struct Reached {
    pub(super) connection: Arc<dyn Connection>,
    /// None only if it was not dialled for.
    pub(super) at: Option<Resolved>,
}

/// What the log calls one connection, from the attempt to its end.
pub(super) fn span(to: &impl fmt::Display, over: Kind) -> Span {
    error_span!("connection", %to, %over)
}

/// Tells the log why an attempt has come to nothing.
fn log(error: &Error) {
    match error {
        Error::IdentityUnknown { found } => info!(key = found.base32(), "its key is not known yet"),
        error if error.is_about_identity() => warn!(why = %error, "not the one we expect"),
        error => info!(why = %error, "not reached"),
    }
}

/// Where to dial, and the address as the person has it that led there.
#[derive(Clone, Debug)]
pub(super) struct Resolved {
    pub(super) place: Place,
    pub(super) address: Address,
}

/// The same addresses for a proxy: it looks names up, and what it finds is its own business.
pub(super) fn left_to_a_proxy(addresses: &[Address]) -> Vec<Resolved> {
    let place = |address: &Address| match &address.host {
        Host::V4(ip) => Place::Socket((*ip, address.port).into()),
        Host::V6(ip, _) => Place::Socket((*ip, address.port).into()),
        Host::Name(name) => Place::Name(name.clone(), address.port),
    };
    addresses.iter().map(|address| Resolved { place: place(address), address: address.clone() }).collect()
}

/// Every socket address that `addresses` stand for, without repetition, in their order. They are all looked up at once,
/// and together within [`limits::DIAL`].
///
/// # Errors
///
/// When not one of them could be resolved.
pub(super) async fn resolve(addresses: &[Address]) -> Result<Vec<Resolved>, Error> {
    let deadline = Instant::now() + limits::DIAL;
    let lookups: Vec<_> = addresses.iter().cloned().map(|address| tokio::spawn(look_up(address, deadline))).collect();
    let mut resolved: Vec<Resolved> = Vec::new();
    let mut failure = None;
    for lookup in lookups {
        match lookup.await.unwrap_or_else(|panic| Err(Error::Io(std::io::Error::other(panic)))) {
            Ok(found) => {
                let is_new = |new: &Resolved| resolved.iter().all(|known| known.place != new.place);
                let new: Vec<_> = found.into_iter().filter(is_new).collect();
                resolved.extend(new);
            }
            Err(error) => {
                info!(why = %error, "an address cannot be looked up");
                failure = Some(error);
            }
        }
    }
    if resolved.is_empty() { Err(failure.unwrap_or(Error::TimedOut)) } else { Ok(resolved) }
}

async fn look_up(address: Address, deadline: Instant) -> Result<Vec<Resolved>, Error> {
    match timeout_at(deadline, lookup::look_up(&address)).await {
        Ok(Ok(found)) => {
            let place = |socket| Resolved { place: Place::Socket(socket), address: address.clone() };
            Ok(found.into_iter().map(place).collect())
        }
        Ok(Err(error)) => Err(Error::Unreachable(error)),
        Err(_) => Err(Error::TimedOut),
    }
}
