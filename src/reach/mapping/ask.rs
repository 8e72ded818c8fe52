//! Who answers first, and what is granted.
//!
//! All languages are tried at once, without changing anything: two that both open the port would get in each other's way when
//! one of them is to be closed. Then the port is asked for in one of them; in the next one only if nothing at all was granted.
//!
//! One port for all is what people can hand on. Where the gateway gives other ports, and not the same for UDP and TCP, it is
//! asked a few times for one that is free for both, before both are used.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use tokio::{task::JoinSet, time::timeout};
use tracing::info;

use super::{
    keep::{Door, Ended, Keeper},
    state::{Open, Place, Why},
    way::{Grant, Protocol, Refusal, Way},
};
use crate::reach::range::is_public;

/// A better language than one that was answered is waited for so long: what one repetition of it takes (RFC 6886, 3.1).
const GRACE: Duration = Duration::from_millis(250);

/// So often the gateway is asked for a port that is free for UDP and for TCP.
const TRIES: usize = 4;

/// What is asked for: how long a port stays open unless it is renewed. A host that was killed leaves it open for so long, to a
/// computer on which nothing listens; and a gateway that was restarted is asked again after half of it. Gateways should grant
/// anything from 120 s on (RFC 6887, 15).
pub(super) const LEASE: Duration = Duration::from_secs(240);

/// What was granted.
pub(super) struct Held {
    pub(super) open: Open,
    /// The shortest of the leases.
    pub(super) lease: Duration,
}

impl Keeper {
    /// Asks in all languages, and for the port in those that are answered, until something is granted.
    pub(super) async fn ask(&mut self, place: Place) -> Result<Result<Held, Why>, Ended> {
        let ways = self.around.ways(place);
        let mut greetings = JoinSet::new();
        for (rank, way) in ways.iter().cloned().enumerate() {
            greetings.spawn(async move { (rank, way.greet().await) });
        }
        let mut waiting: BTreeSet<usize> = (0..ways.len()).collect();
        let mut answered = BTreeSet::new();
        let mut why = Why::Silent;
        loop {
            let best = answered.first().copied();
            let may_be_better = best.is_none_or(|best| waiting.first().is_some_and(|rank| *rank < best));
            if may_be_better && !waiting.is_empty() {
                let wait = if best.is_some() { GRACE } else { Duration::MAX };
                match self.unless_ended(timeout(wait, greetings.join_next())).await? {
                    Ok(Some(Ok((rank, greeting)))) => {
                        waiting.remove(&rank);
                        if greeting.is_ok() {
                            answered.insert(rank);
                        }
                        continue;
                    }
                    // A library has panicked, and this language is gone.
                    Ok(Some(Err(_))) => continue,
                    Ok(None) => {
                        waiting.clear();
                        continue;
                    }
                    // What is better is late.
                    Err(_) => {}
                }
            }
            let Some(way) = best.and_then(|best| ways.get(best)) else { return Ok(Err(why)) };
            match self.attempt(way).await? {
                Ok(held) => return Ok(Ok(held)),
                Err(refused) => {
                    info!(language = way.language().name(), ?refused, "the gateway opens no port");
                    if refused.tells() > why.tells() {
                        why = refused;
                    }
                    answered.pop_first();
                }
            }
        }
    }

    /// Asks for the port in one language. Fails if nothing was granted.
    async fn attempt(&mut self, way: &Arc<dyn Way>) -> Result<Result<Held, Why>, Ended> {
        let mut port = self.wanted.port;
        let mut tries = TRIES;
        loop {
            tries -= 1;
            let answers = self.open_all(way, port).await?;
            if tries > 0
                && let Some(other) = other_port(port, &answers)
            {
                self.give_back().await;
                port = other;
                continue;
            }
            return self.result(way, &answers).await;
        }
    }

    /// Asks for the same port outside for everything that the room serves.
    async fn open_all(
        &mut self,
        way: &Arc<dyn Way>,
        mut port: u16,
    ) -> Result<Vec<(Protocol, Result<Grant, Refusal>)>, Ended> {
        let mut answers = Vec::new();
        for protocol in self.protocols() {
            let answer = self.open(way, protocol, port).await?;
            if let Ok(grant) = answer {
                port = grant.port;
            }
            answers.push((protocol, answer));
        }
        Ok(answers)
    }

    /// Asks for one port, and remembers what was granted.
    pub(super) async fn open(
        &mut self,
        way: &Arc<dyn Way>,
        protocol: Protocol,
        port: u16,
    ) -> Result<Result<Grant, Refusal>, Ended> {
        let answer = self.step(way.open(protocol, port, LEASE)).await?;
        let Ok(grant) = answer else { return Ok(answer) };
        self.doors.retain(|door| door.protocol != protocol);
        self.doors.push(Door { way: way.clone(), protocol, port: grant.port });
        Ok(if grant.lease.is_zero() || grant.port == 0 { Err(Refusal::Odd) } else { Ok(grant) })
    }

    /// What has come of it.
    async fn result(
        &mut self,
        way: &Arc<dyn Way>,
        answers: &[(Protocol, Result<Grant, Refusal>)],
    ) -> Result<Result<Held, Why>, Ended> {
        let port = |wanted: Protocol| {
            let granted = |(protocol, answer): &(Protocol, Result<Grant, Refusal>)| {
                answer.ok().filter(|_| *protocol == wanted).map(|grant| grant.port)
            };
            answers.iter().find_map(granted)
        };
        let grants: Vec<Grant> = answers.iter().filter_map(|(_, answer)| answer.ok()).collect();
        let Some(lease) = grants.iter().map(|grant| grant.lease).min() else {
            let refusal = answers.iter().find_map(|(_, answer)| answer.err()).unwrap_or(Refusal::Silent);
            self.give_back().await;
            return Ok(Err(self.explained(way, refusal).await?));
        };
        let address = match grants.iter().find_map(|grant| grant.address) {
            Some(address) => Some(address),
            None => self.step(way.address()).await?.ok(),
        };
        let (udp, tcp) = (port(Protocol::Udp), port(Protocol::Tcp));
        let open = Open { language: way.language(), address, udp, tcp, moved: false };
        Ok(Ok(Held { open, lease: lease.min(LEASE) }))
    }

    /// Why a gateway grants nothing. Some that have no address on the internet themselves refuse with any of these.
    async fn explained(&mut self, way: &Arc<dyn Way>, refusal: Refusal) -> Result<Why, Ended> {
        if matches!(refusal, Refusal::Denied | Refusal::Odd | Refusal::Offline | Refusal::Unspoken) {
            match self.step(way.address()).await? {
                Ok(address) if !is_public(address) => return Ok(Why::Inner(Some(address))),
                Err(Refusal::Offline) => return Ok(Why::Inner(None)),
                _ => {}
            }
        }
        Ok(match Why::from(refusal) {
            // It has answered before.
            Why::Silent => Why::Odd,
            why => why,
        })
    }
}

/// Another port that may be free for both, if this one is not.
fn other_port(port: u16, answers: &[(Protocol, Result<Grant, Refusal>)]) -> Option<u16> {
    if answers.iter().any(|(_, answer)| *answer == Err(Refusal::Taken)) {
        // Below 1024 are those of services that everybody knows.
        return Some(port.checked_add(1).unwrap_or(1024));
    }
    let mut ports = answers.iter().filter_map(|(_, answer)| answer.ok()).map(|grant| grant.port);
    let (first, second) = (ports.next()?, ports.next()?);
    (first != second).then_some(second)
}
