//! What is the case on the machine that others are to reach: a pure function of what was found on it.

use std::net::{IpAddr, Ipv4Addr};

use super::{
    firewall::{Firewall, LetsIn},
    gateway::{Gateway, Spoken},
    house::{House, Slot},
    journey::{Failure, Road},
    report::Outcome,
};
use crate::{identity::Fingerprint, reach::Reach, transport::knock::Behind};

/// Something that is the case.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum Note {
    /// Of this machine's addresses.
    Addresses(Addresses),
    /// Of the port, and of the room that may be open on it.
    Port(Port),
    /// Of the firewall, as it was found.
    Firewall(Firewall),
    /// Of the gateway.
    Way(Way),
    /// Of multicast.
    Multicast(Multicast),
}

/// What is to be known of this machine's addresses.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Addresses {
    /// It has none but its own loopback.
    None,
    /// It has only such as it has given to itself.
    OnlyLinkLocal,
    /// The internet knows this one.
    Public(IpAddr),
}

/// What is to be known of the port.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum Port {
    /// It is free: no room is open.
    Free,
    /// The system does not give it away.
    Forbidden,
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
}

/// What is to be known of the way out of this network.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Way {
    /// There is no gateway.
    None,
    /// The gateway can be asked to forward the port.
    Speaks(Gateway),
    /// It speaks none of the languages.
    Mute(Ipv4Addr),
    /// Its outside is not the internet.
    DoubleNat { outside: Option<IpAddr> },
}

/// What is to be known of multicast.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum Multicast {
    /// It does not come back on some interfaces.
    Lost { on: Vec<String> },
    /// It comes back, and nobody else answers.
    Alone,
    /// Others answer.
    Heard { others: usize },
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
    let outward: Vec<_> = house.here.iter().map(|here| here.ip).filter(|ip| !ip.is_loopback()).collect();
    let mut notes: Vec<_> = of_addresses(&outward).map(Note::Addresses).into_iter().collect();
    notes.extend(of_port(house).into_iter().map(Note::Port));
    notes.push(Note::Firewall(house.firewall));
    let public = outward.iter().find(|ip| Reach::of_ip(**ip) == Reach::Internet);
    notes.extend(public.map(|ip| Note::Addresses(Addresses::Public(*ip))));
    match house.gateway {
        Some(gateway) => notes.push(Note::Way(of_gateway(gateway))),
        None if outward.is_empty() => {}
        None => notes.push(Note::Way(Way::None)),
    }
    notes.extend(of_multicast(house).into_iter().map(Note::Multicast));
    notes
}

/// In a word.
pub(super) fn outcome(notes: &[Note]) -> Outcome {
    let is_in_the_way = |note: &Note| match note {
        Note::Addresses(addresses) => *addresses == Addresses::None,
        Note::Port(port) => match port {
            Port::Forbidden | Port::OnlyHere | Port::OtherProgram { .. } | Port::OtherRoom { .. } => true,
            Port::Free | Port::OwnRoom { .. } | Port::OwnRoomAway { .. } | Port::PlainRoom => false,
        },
        Note::Firewall(firewall) => {
            matches!(firewall, Firewall::Followed { udp: LetsIn::No, tcp: LetsIn::No, .. })
        }
        Note::Way(_) | Note::Multicast(_) => false,
    };
    if notes.iter().any(is_in_the_way) { Outcome::Local } else { Outcome::Well }
}

fn of_addresses(outward: &[IpAddr]) -> Option<Addresses> {
    if outward.is_empty() {
        Some(Addresses::None)
    } else if outward.iter().all(|ip| Reach::of_ip(*ip) == Reach::Link) {
        Some(Addresses::OnlyLinkLocal)
    } else {
        None
    }
}

fn of_port(house: &House) -> Vec<Port> {
    match (house.tcp, house.udp) {
        (Slot::Forbidden, _) | (_, Slot::Forbidden) => return vec![Port::Forbidden],
        (Slot::Free, Slot::Free) => return vec![Port::Free],
        (Slot::Taken, _) | (_, Slot::Taken) => {}
    }
    let doors: Vec<_> = house.doors.iter().map(|road| (road.to.ip(), door(road, house.own))).collect();
    let is_own = |door: &Door| matches!(door, Door::Own { .. });
    let own: Vec<_> = doors.iter().filter(|(_, door)| is_own(door)).collect();
    if own.is_empty() {
        let other = doors.iter().find_map(|(_, door)| match door {
            Door::OtherRoom(key) => Some(Port::OtherRoom { key: *key }),
            _ => None,
        });
        let plain = doors.iter().any(|(_, door)| *door == Door::Plain).then_some(Port::PlainRoom);
        let taken = |slot| slot == Slot::Taken;
        let program = Port::OtherProgram { udp: taken(house.udp), tcp: taken(house.tcp) };
        return vec![other.or(plain).unwrap_or(program)];
    }
    let over = |is_it: fn(&Door) -> bool| own.iter().any(|(_, door)| is_it(door));
    let (quic, tls) = (
        over(|door| matches!(door, Door::Own { quic: true, .. })),
        over(|door| matches!(door, Door::Own { tls: true, .. })),
    );
    let mut ports = vec![Port::OwnRoom { quic, tls }];
    let away: Vec<_> = doors.iter().filter(|(ip, door)| !is_own(door) && !ip.is_loopback()).collect();
    if !away.is_empty() && own.iter().all(|(ip, _)| ip.is_loopback()) {
        ports.push(Port::OnlyHere);
    } else if !away.is_empty() {
        ports.push(Port::OwnRoomAway { from: away.iter().map(|(ip, _)| ip.to_string()).collect() });
    }
    ports
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

fn of_gateway(gateway: Gateway) -> Way {
    let is_mute = [gateway.pcp, gateway.nat_pmp, gateway.upnp] == [Spoken::No; 3];
    match gateway.outside() {
        Some(outside) if Reach::of_ip(outside) != Reach::Internet => Way::DoubleNat { outside: Some(outside) },
        None if gateway.is_nowhere() => Way::DoubleNat { outside: None },
        _ if is_mute => Way::Mute(gateway.ip),
        _ => Way::Speaks(gateway),
    }
}

fn of_multicast(house: &House) -> Vec<Multicast> {
    let lost = house.multicast.iter().filter(|multicast| !multicast.is_heard);
    let on: Vec<_> = lost
        .map(|multicast| format!("{} ({})", multicast.interface, if multicast.is_v6 { "IPv6" } else { "IPv4" }))
        .collect();
    let mut found = Vec::new();
    if !on.is_empty() {
        found.push(Multicast::Lost { on });
    }
    let others = house.multicast.iter().map(|multicast| multicast.others).max().unwrap_or(0);
    if others > 0 {
        found.push(Multicast::Heard { others });
    } else if house.multicast.iter().any(|multicast| multicast.is_heard) {
        found.push(Multicast::Alone);
    }
    found
}

#[cfg(test)]
mod tests;
