//! What was found on the machine that others are to reach, in words: what is the case, what that most likely means, and what
//! to do, in that order.

use super::{
    firewall::{Firewall, Keeper, LetsIn, Why},
    gateway::Spoken,
    house::{House, Slot},
    journey::Road,
    report::{Finding, Mark, Report, Row},
    rows::failed,
    survey::{Note, outcome},
};
use crate::{
    identity::Address,
    reach::{Reach, here::Here},
    wire::text,
};

/// The report on a machine.
pub(super) fn report(house: &House, notes: &[Note]) -> Report {
    let mut findings: Vec<_> = notes.iter().map(|note| finding(house, note)).collect();
    findings.sort_by_key(|finding| finding.mark);
    Report { rows: rows(house), findings, outcome: outcome(notes) }
}

fn row(about: impl Into<String>, step: &'static str, mark: Mark, words: impl Into<String>) -> Row {
    Row { about: about.into(), step, mark, words: words.into(), took: None }
}

fn rows(house: &House) -> Vec<Row> {
    let mut rows = Vec::new();
    let mut here: Vec<&Here> = house.here.iter().collect();
    here.sort_by_key(|here| Reach::of_ip(here.ip));
    for here in here {
        let name = text::clean_line(&here.interface);
        rows.push(row(
            "this computer",
            "address",
            Mark::Ok,
            format!("{} ({name}): {}", here.ip, Reach::of_ip(here.ip).words()),
        ));
    }
    let port = format!("port {}", house.port);
    for (step, slot) in [("tcp", house.tcp), ("udp", house.udp)] {
        let (mark, words) = match slot {
            Slot::Free => (Mark::Ok, "free"),
            Slot::Taken => (Mark::Note, "taken"),
            Slot::Forbidden => (Mark::Failed, "this system does not give it to you"),
            Slot::Unknown => (Mark::Unknown, "could not be found out"),
        };
        rows.push(row(&port, step, mark, words));
    }
    rows.extend(house.doors.iter().map(|road| door(house, road)));
    rows.push(of_firewall(&house.firewall));
    rows.extend(of_gateway(house));
    for multicast in &house.multicast {
        let family = if multicast.is_v6 { "IPv6" } else { "IPv4" };
        let (mark, words) = match (multicast.is_heard, multicast.others) {
            (false, _) => (Mark::Failed, "does not come back".to_owned()),
            (true, 0) => (Mark::Note, "comes back; nobody else answers".to_owned()),
            (true, 1) => (Mark::Ok, "comes back; one other machine answers".to_owned()),
            (true, others) => (Mark::Ok, format!("comes back; {others} other machines answer")),
        };
        let name = text::clean_line(&multicast.interface);
        rows.push(row("this network", "multicast", mark, format!("{name}, {family}: {words}")));
    }
    rows
}

/// What answers at one of this machine's addresses.
fn door(house: &House, road: &Road) -> Row {
    let about = Address::from(road.to).to_string();
    let Some(beyond) = &road.beyond else {
        return row(about, "answers", Mark::Unknown, "no way there");
    };
    let own = |key| if Some(key) == house.own { "your room" } else { "another key" };
    let quic = match beyond.quic.found {
        Ok(key) => own(key),
        Err(failure) => failed(failure),
    };
    let tls = match (&beyond.tls, beyond.tcp.found) {
        (_, Err(failure)) => failed(failure),
        (Some(tls), _) => tls.found.map_or_else(failed, own),
        (None, Ok(())) => "not tried",
    };
    let is_own = house.own.is_some() && road.keys().any(|key| Some(key) == house.own);
    row(about, "answers", if is_own { Mark::Ok } else { Mark::Note }, format!("QUIC: {quic}; TLS: {tls}"))
}

fn of_firewall(firewall: &Firewall) -> Row {
    let lets = |lets| match lets {
        LetsIn::Yes => "let in",
        LetsIn::No => "kept out",
        LetsIn::Perhaps => "let in from some",
    };
    let (mark, words) = match *firewall {
        Firewall::Followed { keeper, udp, tcp } => {
            let mark = match (udp, tcp) {
                (LetsIn::No, _) | (_, LetsIn::No) => Mark::Failed,
                (LetsIn::Yes, LetsIn::Yes) => Mark::Ok,
                _ => Mark::Note,
            };
            (mark, format!("{}: UDP is {}, TCP is {}", name(keeper), lets(udp), lets(tcp)))
        }
        Firewall::On(keeper) => {
            (Mark::Unknown, format!("{} is on; what it lets in, it tells only to root", name(keeper)))
        }
        Firewall::Unasked(why) => (Mark::Unknown, unasked(why).to_owned()),
    };
    row("this computer", "firewall", mark, words)
}

fn name(keeper: Keeper) -> &'static str {
    match keeper {
        Keeper::Ufw => "ufw",
        Keeper::Firewalld => "firewalld",
        Keeper::Nftables => "nftables",
    }
}

fn unasked(why: Why) -> &'static str {
    match why {
        Why::Rights => "cannot be asked without an administrator's rights",
        Why::NoTool => "cannot be asked: there is no nft here, or an old one",
        Why::OldRules => "cannot be judged: it has rules of iptables' older kind",
        Why::System => "is not asked on this system",
    }
}

fn of_gateway(house: &House) -> Vec<Row> {
    let Some(gateway) = house.gateway else {
        return vec![row("the gateway", "gateway", Mark::Note, "there is none")];
    };
    let about = format!("the gateway, {}", gateway.ip);
    let spoken = [("UPnP-IGD", gateway.upnp), ("NAT-PMP", gateway.nat_pmp), ("PCP", gateway.pcp)];
    let said = |(language, spoken): (&str, Spoken)| match spoken {
        Spoken::No => row(&about, "gateway", Mark::Note, format!("{language}: no answer")),
        Spoken::Yes => row(&about, "gateway", Mark::Ok, format!("{language}: spoken")),
        Spoken::Nowhere => row(&about, "gateway", Mark::Note, format!("{language}: spoken; it has no address outside")),
        Spoken::Outside(ip) => {
            row(&about, "gateway", Mark::Ok, format!("{language}: spoken; its address outside is {ip}"))
        }
    };
    spoken.into_iter().map(said).collect()
}

/// What is said of the machine as a whole.
fn said(code: &'static str, mark: Mark, what: String, means: &str, todo: String) -> Finding {
    Finding { mark, code, about: String::new(), what, means: means.to_owned(), todo }
}

fn finding(house: &House, note: &Note) -> Finding {
    let port = house.port;
    match note {
        Note::NoNetwork => said(
            "no-network",
            Mark::Failed,
            "This computer is on no network.".to_owned(),
            "Wi-Fi is off, the cable is out, or no address was given to it yet.",
            "Connect to the network on which the others are.".to_owned(),
        ),
        Note::OnlyLinkLocal => said(
            "only-link-local",
            Mark::Note,
            "This computer has only addresses that it has given to itself.".to_owned(),
            "The network's router gave it none: it may be off, or be slow. Only who is on the same cable or Wi-Fi can join.",
            "Look whether the network is connected, and wait a little.".to_owned(),
        ),
        Note::PortFree => said(
            "port-free",
            Mark::Ok,
            format!("Port {port} is free: a room can be opened, and none is open now."),
            "",
            format!("To see whether it answers, open it (parlor host{}) and ask again.", option(port)),
        ),
        Note::PortForbidden => said(
            "port-forbidden",
            Mark::Failed,
            format!("This system does not let you listen on port {port}."),
            "Ports below 1024 are kept for its own services.",
            "Choose another one with --port.".to_owned(),
        ),
        Note::OwnRoom { quic, tls } => {
            let over = match (quic, tls) {
                (true, true) => "QUIC and TLS",
                (true, false) => "QUIC, and not over TLS",
                _ => "TLS, and not over QUIC",
            };
            let mark = if *quic && *tls { Mark::Ok } else { Mark::Note };
            said(
                "own-room",
                mark,
                format!("Your room is open on port {port}, and answers over {over}."),
                "",
                String::new(),
            )
        }
        Note::OwnRoomAway { from } => said(
            "not-on-all-addresses",
            Mark::Note,
            format!("Your room does not answer under {}.", from.join(", ")),
            "It was opened on one address only (--bind), or a firewall drops even what comes from this computer.",
            "Open it without --bind, so that it answers under all.".to_owned(),
        ),
        Note::OnlyHere => said(
            "only-here",
            Mark::Failed,
            "Your room answers only on this computer itself.".to_owned(),
            "It was opened with --bind on an address that nobody else can use.",
            "Open it without --bind.".to_owned(),
        ),
        Note::OtherRoom { key } => said(
            "other-room",
            Mark::Failed,
            format!("Port {port} has a room with another key than yours: {key}"),
            "Another user of this computer hosts it, or another installation (--data-dir).",
            "Choose another port with --port, or close that room.".to_owned(),
        ),
        Note::PlainRoom => said(
            "plain-room",
            Mark::Note,
            format!("Port {port} has a room without encryption."),
            "It was opened with --tcp; whose it is cannot be told. Everybody on the way can read and change what is said.",
            "Open it without --tcp, if it is yours.".to_owned(),
        ),
        Note::OtherProgram { udp, tcp } => {
            let over = match (udp, tcp) {
                (true, false) => " for UDP",
                (false, true) => " for TCP",
                _ => "",
            };
            said(
                "other-program",
                Mark::Failed,
                format!("Port {port} is taken{over}, and no room of parlor answers there."),
                "Another program has it, or a room that hangs.",
                "Choose another port with --port, or stop that program.".to_owned(),
            )
        }
        note => of_surroundings(house, note),
    }
}

/// How one says the port to `parlor host`, if one has to.
fn option(port: u16) -> String {
    if port == crate::identity::DEFAULT_PORT { String::new() } else { format!(" --port {port}") }
}

/// Firewall, gateway, network.
fn of_surroundings(house: &House, note: &Note) -> Finding {
    let port = house.port;
    match note {
        Note::FirewallDrops { keeper, udp, tcp } => {
            let what = match (udp, tcp) {
                (true, true) => "UDP and TCP",
                (true, false) => "UDP",
                _ => "TCP",
            };
            let means = match (udp, tcp) {
                (true, false) => "Who joins comes in over TLS instead of QUIC.",
                (false, true) => "Who joins comes in over QUIC; whose network blocks UDP does not.",
                _ => "Nobody from another computer can join.",
            };
            said(
                "firewall-blocks",
                // One of the two is enough to come in.
                if *udp && *tcp { Mark::Failed } else { Mark::Note },
                format!("This computer's firewall ({}) lets nobody in on port {port}, {what}.", name(*keeper)),
                means,
                allow(*keeper, port),
            )
        }
        Note::FirewallPerhaps { keeper } => said(
            "firewall-conditions",
            Mark::Note,
            format!("This computer's firewall ({}) lets only some in on port {port}.", name(*keeper)),
            "It depends on who comes, which cannot be judged from here.",
            format!("If somebody does not get in: {}", allow(*keeper, port)),
        ),
        Note::FirewallOpen { keeper } => said(
            "firewall-open",
            Mark::Ok,
            match keeper {
                Keeper::Nftables => format!("No firewall on this computer keeps anybody out of port {port}."),
                keeper => format!("This computer's firewall ({}) lets everybody in on port {port}.", name(*keeper)),
            },
            "",
            String::new(),
        ),
        Note::FirewallOn { keeper } => said(
            "firewall-on",
            Mark::Unknown,
            format!("This computer's firewall ({}) is on; what it lets in, it tells only to root.", name(*keeper)),
            "",
            format!("If somebody does not get in: {}", allow(*keeper, port)),
        ),
        Note::FirewallUnasked { why } => said(
            "firewall-unknown",
            Mark::Unknown,
            format!("This computer's firewall {}.", unasked(*why)),
            "",
            format!("If somebody does not get in, look whether it lets port {port} through, UDP and TCP."),
        ),
        Note::NoGateway => said(
            "no-gateway",
            Mark::Note,
            "There is no gateway.".to_owned(),
            "Whoever is on this network can join, and nobody else.",
            String::new(),
        ),
        Note::GatewaySpeaks { gateway } => {
            let outside = gateway.outside().map(|ip| format!("; its address outside is {ip}")).unwrap_or_default();
            said(
                "gateway-maps",
                Mark::Ok,
                format!("The gateway can be asked to forward the port{outside}."),
                "",
                "Nobody needs that on this network. For who comes from outside: parlor host --map-port.".to_owned(),
            )
        }
        Note::GatewayMute { ip } => said(
            "gateway-mute",
            Mark::Note,
            format!("The gateway, {ip}, cannot be asked to forward the port."),
            "It speaks neither UPnP-IGD nor NAT-PMP nor PCP, or that is switched off in it.",
            format!(
                "Nobody needs that on this network. For who comes from outside, forward port {port}, UDP and TCP, to this \
                 computer in its settings."
            ),
        ),
        Note::DoubleNat { outside } => said(
            "double-nat",
            Mark::Note,
            match outside {
                Some(outside) => format!("The gateway's address outside, {outside}, is none of the internet's."),
                None => "The gateway has no address of the internet's outside.".to_owned(),
            },
            match outside.map(Reach::of_ip) {
                Some(Reach::Vpn) => "Your provider shares one address among several customers.",
                Some(_) => "There is a second gateway before it.",
                None => "There is a second gateway before it, or it is not connected.",
            },
            "On this network all is well. Nobody comes in from the internet over a forwarded port: use a VPN that both sides are \
             in, IPv6, or forward the port in the second gateway, too."
                .to_owned(),
        ),
        Note::PublicAddress { ip } => said(
            "public-address",
            Mark::Note,
            format!("{ip} is an address that the internet knows."),
            "Whoever comes from there can join if the gateway lets the port through; it has the key asked, as anywhere.",
            String::new(),
        ),
        Note::MulticastLost { on } => said(
            "multicast-blocked",
            Mark::Note,
            format!("Multicast does not come back on {}.", on.iter().map(|name| text::clean_line(name)).collect::<Vec<_>>().join(", ")),
            "This computer's firewall drops it, or the interface carries none (some VPNs). Rooms are then not found by themselves.",
            "Allow mDNS (UDP on port 5353) in the firewall; or hand out the invite, which needs no multicast.".to_owned(),
        ),
        Note::MulticastAlone => said(
            "multicast-alone",
            Mark::Note,
            "Multicast works on this computer, and nobody else on the network answers.".to_owned(),
            "Nobody else announces anything; or the Wi-Fi keeps multicast or its devices apart (“guest network”, “client isolation”).",
            "If others do not find the room by itself, hand out the invite.".to_owned(),
        ),
        Note::MulticastHeard { others } => said(
            "multicast-works",
            Mark::Ok,
            match others {
                1 => "Multicast works: one other machine answers.".to_owned(),
                others => format!("Multicast works: {others} other machines answer."),
            },
            "",
            String::new(),
        ),
        _ => said("unclear", Mark::Unknown, String::new(), "", String::new()),
    }
}

/// How the port is let through.
fn allow(keeper: Keeper, port: u16) -> String {
    match keeper {
        Keeper::Ufw => format!("sudo ufw allow {port}"),
        Keeper::Firewalld => {
            format!("sudo firewall-cmd --add-port={port}/udp --add-port={port}/tcp (with --permanent, too, to keep it)")
        }
        Keeper::Nftables => format!("Let port {port} in, UDP and TCP."),
    }
}
