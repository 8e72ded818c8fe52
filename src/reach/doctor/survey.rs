//! What is the case on the machine that others are to reach: a pure function of what was found on it.

use std::net::IpAddr;

use super::{
    firewall::{Firewall, Keeper, LetsIn, Why},
    gateway::{Gateway, Spoken},
    house::{House, Slot},
    journey::{Failure, Road},
    report::Outcome,
};
use crate::{identity::Fingerprint, reach::Reach, transport::knock::Behind};

/// Something that is the case.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum Note {
    /// This machine has no address but its own loopback.
    NoNetwork,
    /// It has only addresses that it has given to itself.
    OnlyLinkLocal,
    /// The port is free: no room is open.
    PortFree,
    /// The system does not give the port away.
    PortForbidden,
    /// A room of this installation is open.
    OwnRoom { quic: bool, tls: bool },
    /// It does not answer under some addresses of this machine.
    OwnRoomAway { from: Vec<String> },
    /// It answers nobody but this machine.
    OnlyHere,
    /// A room of another installation, or another user's, is open.
    OtherRoom { key: Fingerprint },
    /// A room without encryption is open.
    PlainRoom,
    /// Another program has the port.
    OtherProgram { udp: bool, tcp: bool },
    /// The firewall lets nobody in.
    FirewallDrops { keeper: Keeper, udp: bool, tcp: bool },
    /// The firewall lets some in.
    FirewallPerhaps { keeper: Keeper },
    /// The firewall lets everybody in.
    FirewallOpen { keeper: Keeper },
    /// A firewall is on, and does not tell.
    FirewallOn { keeper: Keeper },
    /// The firewall cannot be asked.
    FirewallUnasked { why: Why },
    /// There is no gateway.
    NoGateway,
    /// The gateway can be asked to forward the port.
    GatewaySpeaks { gateway: Gateway },
    /// The gateway speaks none of the languages.
    GatewayMute { ip: IpAddr },
    /// The gateway's outside is not the internet.
    DoubleNat { outside: Option<IpAddr> },
    /// This machine has an address that the internet knows.
    PublicAddress { ip: IpAddr },
    /// Multicast does not come back on some interfaces.
    MulticastLost { on: Vec<String> },
    /// Multicast comes back, and nobody else answers.
    MulticastAlone,
    /// Others answer.
    MulticastHeard { others: usize },
}

/// Who answers at one address of this machine.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Door {
    Own { quic: bool, tls: bool },
    OtherRoom(Fingerprint),
    Plain,
    OtherProgram,
    Closed,
}

/// What is the case.
pub(super) fn survey(house: &House) -> Vec<Note> {
    let mut notes = Vec::new();
    let outward: Vec<_> = house.here.iter().map(|here| here.ip).filter(|ip| !ip.is_loopback()).collect();
    if outward.is_empty() {
        notes.push(Note::NoNetwork);
    } else if outward.iter().all(|ip| Reach::of_ip(*ip) == Reach::Link) {
        notes.push(Note::OnlyLinkLocal);
    }
    notes.extend(of_port(house));
    notes.push(of_firewall(&house.firewall));
    notes.extend(of_gateway(house, &outward));
    notes.extend(of_multicast(house));
    notes
}

/// In a word.
pub(super) fn outcome(notes: &[Note]) -> Outcome {
    let is_in_the_way = |note: &Note| {
        matches!(
            note,
            Note::NoNetwork
                | Note::PortForbidden
                | Note::OnlyHere
                | Note::OtherProgram { .. }
                | Note::OtherRoom { .. }
                | Note::FirewallDrops { udp: true, tcp: true, .. }
        )
    };
    if notes.iter().any(is_in_the_way) { Outcome::Local } else { Outcome::Well }
}

fn of_port(house: &House) -> Vec<Note> {
    match (house.tcp, house.udp) {
        (Slot::Forbidden, _) | (_, Slot::Forbidden) => return vec![Note::PortForbidden],
        (Slot::Free, Slot::Free) => return vec![Note::PortFree],
        _ => {}
    }
    let doors: Vec<_> = house.doors.iter().map(|road| (road.to.ip(), door(road, house.own))).collect();
    let is_own = |door: &Door| matches!(door, Door::Own { .. });
    let own: Vec<_> = doors.iter().filter(|(_, door)| is_own(door)).collect();
    if own.is_empty() {
        let other = doors.iter().find_map(|(_, door)| match door {
            Door::OtherRoom(key) => Some(Note::OtherRoom { key: *key }),
            _ => None,
        });
        let plain = doors.iter().any(|(_, door)| *door == Door::Plain).then_some(Note::PlainRoom);
        let taken = |slot| slot == Slot::Taken;
        let program = Note::OtherProgram { udp: taken(house.udp), tcp: taken(house.tcp) };
        return vec![other.or(plain).unwrap_or(program)];
    }
    let over = |is_it: fn(&Door) -> bool| own.iter().any(|(_, door)| is_it(door));
    let (quic, tls) = (
        over(|door| matches!(door, Door::Own { quic: true, .. })),
        over(|door| matches!(door, Door::Own { tls: true, .. })),
    );
    let mut notes = vec![Note::OwnRoom { quic, tls }];
    let away: Vec<_> = doors.iter().filter(|(ip, door)| !is_own(door) && !ip.is_loopback()).collect();
    if !away.is_empty() && own.iter().all(|(ip, _)| ip.is_loopback()) {
        notes.push(Note::OnlyHere);
    } else if !away.is_empty() {
        notes.push(Note::OwnRoomAway { from: away.iter().map(|(ip, _)| ip.to_string()).collect() });
    }
    notes
}

fn door(road: &Road, own: Option<Fingerprint>) -> Door {
    let Some(beyond) = &road.beyond else { return Door::Closed };
    let behind = beyond.behind.as_ref().and_then(|behind| behind.found.as_ref().ok());
    let tls = beyond.tls.as_ref().and_then(|tls| tls.found.ok());
    let quic = beyond.quic.found.ok();
    let is_own = |key: Option<Fingerprint>| key.is_some() && key == own;
    match (quic.or(tls), behind) {
        _ if is_own(quic) || is_own(tls) => Door::Own { quic: is_own(quic), tls: is_own(tls) },
        (Some(key), Some(Behind::Host { .. }) | None) => Door::OtherRoom(key),
        (None, Some(Behind::Host { plain: true })) => Door::Plain,
        _ if beyond.tcp.found == Err(Failure::Refused) => Door::Closed,
        _ => Door::OtherProgram,
    }
}

fn of_firewall(firewall: &Firewall) -> Note {
    match *firewall {
        Firewall::Followed { keeper, udp, tcp } => match (udp, tcp) {
            (LetsIn::No, _) | (_, LetsIn::No) => {
                Note::FirewallDrops { keeper, udp: udp == LetsIn::No, tcp: tcp == LetsIn::No }
            }
            (LetsIn::Yes, LetsIn::Yes) => Note::FirewallOpen { keeper },
            _ => Note::FirewallPerhaps { keeper },
        },
        Firewall::On(keeper) => Note::FirewallOn { keeper },
        Firewall::Unasked(why) => Note::FirewallUnasked { why },
    }
}

fn of_gateway(house: &House, outward: &[IpAddr]) -> Vec<Note> {
    let public = |ip: &&IpAddr| Reach::of_ip(**ip) == Reach::Internet;
    let mut notes: Vec<_> = outward.iter().find(public).map(|ip| Note::PublicAddress { ip: *ip }).into_iter().collect();
    let Some(gateway) = house.gateway else {
        if !outward.is_empty() {
            notes.push(Note::NoGateway);
        }
        return notes;
    };
    let is_mute = [gateway.pcp, gateway.nat_pmp, gateway.upnp] == [Spoken::No; 3];
    notes.push(match gateway.outside() {
        Some(outside) if Reach::of_ip(outside) != Reach::Internet => Note::DoubleNat { outside: Some(outside) },
        None if gateway.is_nowhere() => Note::DoubleNat { outside: None },
        _ if is_mute => Note::GatewayMute { ip: gateway.ip.into() },
        _ => Note::GatewaySpeaks { gateway },
    });
    notes
}

fn of_multicast(house: &House) -> Vec<Note> {
    let lost = house.multicast.iter().filter(|multicast| !multicast.is_heard);
    let on: Vec<_> = lost
        .map(|multicast| format!("{} ({})", multicast.interface, if multicast.is_v6 { "IPv6" } else { "IPv4" }))
        .collect();
    let mut notes = Vec::new();
    if !on.is_empty() {
        notes.push(Note::MulticastLost { on });
    }
    let others = house.multicast.iter().map(|multicast| multicast.others).max().unwrap_or(0);
    if others > 0 {
        notes.push(Note::MulticastHeard { others });
    } else if house.multicast.iter().any(|multicast| multicast.is_heard) {
        notes.push(Note::MulticastAlone);
    }
    notes
}

#[cfg(test)]
mod tests;
