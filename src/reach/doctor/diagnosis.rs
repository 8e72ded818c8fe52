//! What is the case on the way to a host: a pure function of the table of what each step has found.
//!
//! Nothing is known for sure, so a cause is the likeliest that fits all the steps together: a closed TCP port alone says
//! little, a closed TCP port and a silent QUIC say that nothing listens.

use std::{mem, net::SocketAddr, time::Duration};

use super::{
    journey::{Beyond, Expected, Failure, Journey, Leads, NotFound, Road, Route},
    report::Outcome,
};
use crate::{
    identity::{Address, Fingerprint},
    reach::Reach,
    transport::{Kind, knock::Behind},
};

/// A connection that takes so much longer than the fastest has lost its first packet: TCP sends it again after one second
/// (RFC 6298, section 2).
const SENT_AGAIN: Duration = Duration::from_millis(900);

/// Something that is the case.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Case {
    /// On the way to which socket; none if on all, or on none.
    pub(super) to: Option<SocketAddr>,
    /// What.
    pub(super) cause: Cause,
    /// Whether it keeps nobody from joining, since there is another way.
    pub(super) is_bypassed: bool,
}

/// What may be the case.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum Cause {
    /// Somebody may be in between.
    Stop(Stop),
    /// The key is in order, and this is what is known of it.
    Key(Key),
    /// A join works, over this at best.
    Works { over: Kind, took: Duration },
    /// QUIC does not get through, TLS does.
    UdpBlocked { quic: Failure },
    /// TCP does not get through, QUIC does.
    TcpBlocked { tcp: Failure },
    /// Some packets are lost.
    Loss { delayed: usize, of: usize },
    /// Nobody is reached.
    NoWay(NoWay),
    /// Somebody is, and it is no room that one could join.
    NoRoom(NoRoom),
    /// An address that leads nowhere.
    NotFound { address: Address, why: NotFound },
    /// The pins cannot be read.
    PinsTrouble { why: String },
    /// Addresses that were not tried.
    PassedOver { number: usize },
}

/// Why somebody may be in between.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum Stop {
    /// Another key answers than the expected one.
    Mismatch { expected: Fingerprint, found: Fingerprint, is_pinned: bool },
    /// Somebody shows a key that they do not have.
    Unproven { claimed: Fingerprint },
    /// Two keys answer where one host should be.
    TwoKeys { one: Fingerprint, other: Fingerprint },
}

/// What is known of a key.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum Key {
    /// It is the one that was given.
    AsGiven,
    /// It is the pinned one.
    AsPinned,
    /// It is pinned, but not for this address.
    FromElsewhere { found: Fingerprint, names: Vec<String> },
    /// It is new here.
    New { found: Fingerprint },
    /// It is this installation's own.
    Own,
}

/// Why nobody is reached.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum NoWay {
    /// This machine is on no network.
    NoNetwork,
    /// This machine knows no way there.
    NoRoute,
    /// An IPv6 address, and this machine has none.
    NoIpv6,
    /// A link-local address without its interface.
    NoZone,
    /// This machine does not let it out; that TCP is refused may be its doing, or the host's.
    ForbiddenHere { is_refused: bool },
    /// Nothing listens there, on a machine that answers.
    NothingListens { leads: Leads },
    /// Nothing comes back.
    Silent { leads: Leads },
    /// Nobody on this network has the address.
    NobodyBeside,
    /// Nobody behind the gateway has the address.
    NobodyAway,
    /// A private address that is in none of this machine's networks.
    OtherNetwork { ours: Vec<String> },
    /// Somebody on the way, or the machine itself, says no at once.
    Rejected,
    /// Nothing of the above.
    Unclear { tcp: Failure },
}

/// Why it is no room that one could join.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum NoRoom {
    /// Another program has the port.
    OtherProgram { speaks_tls: bool },
    /// Something takes connections and says nothing.
    Mute,
    /// Something takes connections and ends them.
    HangsUp,
    /// A room in plain TCP only.
    Plain,
    /// A host that speaks another version.
    OtherVersion,
    /// A host whose encrypted handshakes are broken on the way.
    EncryptionBroken,
}

/// What is the case, in the order of the ways.
pub(super) fn diagnose(journey: &Journey) -> Vec<Case> {
    let mut cases = Vec::new();
    let everywhere = |cause| Case { to: None, cause, is_bypassed: false };
    if let Some(why) = &journey.pins_trouble {
        cases.push(everywhere(Cause::PinsTrouble { why: why.clone() }));
    }
    for lookup in &journey.lookups {
        match lookup.step.found {
            // There is nobody whom it could ask.
            Err(NotFound::Unknown | NotFound::Silent) if journey.interfaces.is_empty() => {
                cases.push(everywhere(Cause::NoWay(NoWay::NoNetwork)));
            }
            Err(why) => cases.push(everywhere(Cause::NotFound { address: lookup.address.clone(), why })),
            Ok(_) => {}
        }
    }
    cases.extend(two_keys(journey).map(everywhere));
    for road in &journey.roads {
        let on_it = |cause| {
            // That is no matter of where it leads.
            let to = Some(road.to).filter(|_| cause != Cause::NoWay(NoWay::NoNetwork));
            Case { to, cause, is_bypassed: false }
        };
        let key = of_keys(journey, road);
        // Where somebody may be in between, nothing else matters.
        if !matches!(key, Some(Cause::Stop(_))) {
            cases.extend(of_road(journey, road).into_iter().map(on_it));
        }
        cases.extend(key.map(on_it));
    }
    if journey.passed_over > 0 {
        cases.push(everywhere(Cause::PassedOver { number: journey.passed_over }));
    }
    let mut is_offline = false;
    cases.retain(|case| case.cause != Cause::NoWay(NoWay::NoNetwork) || !mem::replace(&mut is_offline, true));
    let works = cases.iter().any(|case| matches!(case.cause, Cause::Works { .. }));
    for case in &mut cases {
        case.is_bypassed = works && !matches!(case.cause, Cause::PinsTrouble { .. });
    }
    cases
}

/// In a word. A wrong key is never outweighed by something else.
pub(super) fn outcome(cases: &[Case]) -> Outcome {
    let is_there = |is_it: fn(&Cause) -> bool| cases.iter().any(|case| is_it(&case.cause));
    if is_there(|cause| matches!(cause, Cause::Stop(_))) {
        Outcome::Mismatch
    } else if is_there(|cause| matches!(cause, Cause::PinsTrouble { .. })) {
        // A join would not begin.
        Outcome::Local
    } else if is_there(|cause| matches!(cause, Cause::Works { .. })) {
        Outcome::Well
    } else if is_there(|cause| matches!(cause, Cause::NoWay(NoWay::ForbiddenHere { .. }))) {
        Outcome::Local
    } else {
        Outcome::Unreachable
    }
}

/// Without an expectation, there are still not two keys of one host.
fn two_keys(journey: &Journey) -> Option<Cause> {
    let mut keys = journey.roads.iter().filter(|road| is_host(road)).flat_map(Road::keys);
    let one = keys.next().filter(|_| journey.expected.is_none())?;
    keys.find(|other| *other != one).map(|other| Cause::Stop(Stop::TwoKeys { one, other }))
}

/// Whose key answers.
fn of_keys(journey: &Journey, road: &Road) -> Option<Cause> {
    let beyond = road.beyond.as_ref()?;
    let failures = [beyond.quic.found.err(), beyond.tls.as_ref().and_then(|tls| tls.found.err())];
    for failure in failures.into_iter().flatten() {
        if let Failure::Unproven(claimed) = failure {
            return Some(Cause::Stop(Stop::Unproven { claimed }));
        }
    }
    let found = road.keys().next()?;
    match journey.expected {
        Some(Expected { key, is_pinned }) => match road.keys().find(|found| *found != key) {
            Some(found) => Some(Cause::Stop(Stop::Mismatch { expected: key, found, is_pinned })),
            None if journey.own == Some(found) => Some(Cause::Key(Key::Own)),
            None if is_pinned => Some(Cause::Key(Key::AsPinned)),
            None => Some(Cause::Key(Key::AsGiven)),
        },
        // What is no host has no key that one could agree to.
        None if !is_host(road) => None,
        None if journey.own == Some(found) => Some(Cause::Key(Key::Own)),
        None => Some(Cause::Key(match journey.names_of(found) {
            Some(names) => Key::FromElsewhere { found, names: names.to_vec() },
            None => Key::New { found },
        })),
    }
}

/// Whether what answers is a host of parlor: who answers over QUIC is, for there the protocol is agreed on before the key; and
/// a host never leaves the question unanswered.
fn is_host(road: &Road) -> bool {
    let Some(beyond) = &road.beyond else { return false };
    beyond.quic.found.is_ok() || !matches!(behind(beyond), Some(Ok(Behind::Other | Behind::Nothing)))
}

fn behind(beyond: &Beyond) -> Option<Result<&Behind, Failure>> {
    beyond.behind.as_ref().map(|step| step.found.as_ref().map_err(|failure| *failure))
}

/// Whether one gets there.
fn of_road(journey: &Journey, road: &Road) -> Vec<Cause> {
    let (route, beyond) = match (&road.route.found, &road.beyond) {
        (Ok(route), Some(beyond)) => (route, beyond),
        (Err(failure), _) => return vec![Cause::NoWay(of_route(journey, road.to, *failure))],
        (Ok(_), None) => return Vec::new(),
    };
    let mut causes = Vec::new();
    let quic = &beyond.quic;
    let tls = beyond.tls.as_ref().filter(|tls| tls.found.is_ok() && is_host(road));
    match (quic.found, tls) {
        (Ok(_), Some(_)) => causes.push(Cause::Works { over: Kind::Quic, took: quic.took }),
        (Ok(_), None) => {
            causes.push(Cause::Works { over: Kind::Quic, took: quic.took });
            let tls = beyond.tls.as_ref().and_then(|tls| tls.found.err());
            let tcp = beyond.tcp.found.err().or(tls).unwrap_or(Failure::Foreign);
            causes.push(Cause::TcpBlocked { tcp });
        }
        (Err(failure), Some(tls)) => {
            causes.push(Cause::Works { over: Kind::Tls, took: tls.took });
            causes.push(Cause::UdpBlocked { quic: failure });
        }
        (Err(_), None) => causes.push(match beyond.tcp.found {
            Ok(()) => Cause::NoRoom(of_answer(beyond)),
            // What this machine's own firewall rejects, TCP takes for somebody's answer.
            Err(tcp @ (Failure::Silent | Failure::Refused | Failure::Rejected))
                if quic.found == Err(Failure::Forbidden) =>
            {
                Cause::NoWay(NoWay::ForbiddenHere { is_refused: tcp == Failure::Refused })
            }
            Err(failure) => Cause::NoWay(of_silence(journey, road.to, route, failure)),
        }),
    }
    let fastest = beyond.connects.iter().min().copied().unwrap_or_default();
    let delayed = beyond.connects.iter().filter(|took| **took >= fastest + SENT_AGAIN).count();
    if delayed > 0 {
        causes.push(Cause::Loss { delayed, of: beyond.connects.len() });
    }
    causes
}

fn of_route(journey: &Journey, to: SocketAddr, failure: Failure) -> NoWay {
    match failure {
        Failure::NoZone => NoWay::NoZone,
        Failure::Forbidden => NoWay::ForbiddenHere { is_refused: false },
        _ if journey.networks.is_empty() => NoWay::NoNetwork,
        _ if to.is_ipv6() && !journey.has_ipv6 => NoWay::NoIpv6,
        _ => NoWay::NoRoute,
    }
}

/// TCP connects, and no key was proved over anything.
fn of_answer(beyond: &Beyond) -> NoRoom {
    let tls = beyond.tls.as_ref().map(|tls| tls.found);
    match (behind(beyond), tls) {
        (Some(Ok(Behind::OtherVersion)), _) => NoRoom::OtherVersion,
        (Some(Ok(Behind::Host { plain: true })), Some(Err(Failure::Foreign))) => NoRoom::Plain,
        (Some(Ok(Behind::Host { .. })), _) => NoRoom::EncryptionBroken,
        (_, Some(Ok(_))) => NoRoom::OtherProgram { speaks_tls: true },
        (Some(Ok(Behind::Other)), _) | (_, Some(Err(Failure::Foreign))) => NoRoom::OtherProgram { speaks_tls: false },
        (Some(Ok(Behind::Nothing) | Err(Failure::CutOff)), _) | (_, Some(Err(Failure::CutOff))) => NoRoom::HangsUp,
        _ => NoRoom::Mute,
    }
}

/// TCP does not connect, and QUIC does not either.
fn of_silence(journey: &Journey, to: SocketAddr, route: &Route, tcp: Failure) -> NoWay {
    let is_elsewhere = route.leads == Leads::Away && Reach::of_ip(to.ip()) == Reach::Network;
    match (tcp, route.leads) {
        (Failure::Refused, leads) => NoWay::NothingListens { leads },
        (Failure::Forbidden, _) => NoWay::ForbiddenHere { is_refused: false },
        (Failure::NoRoute | Failure::NoZone, _) => of_route(journey, to, tcp),
        (Failure::Silent | Failure::Nobody, _) if is_elsewhere => {
            NoWay::OtherNetwork { ours: journey.networks.clone() }
        }
        (Failure::Rejected, _) => NoWay::Rejected,
        (Failure::Nobody, Leads::Away) => NoWay::NobodyAway,
        (Failure::Nobody, _) => NoWay::NobodyBeside,
        (Failure::Silent, leads) => NoWay::Silent { leads },
        (Failure::CutOff | Failure::Foreign | Failure::Unproven(_) | Failure::Other, _) => NoWay::Unclear { tcp },
    }
}

#[cfg(test)]
mod tests;
