//! What was found on the machine that others are to reach, in words: what is the case, what that most likely means, and what
//! to do, in that order.

mod around;
mod firewall;
mod port;

use super::{
    code::Code,
    firewall::{Firewall, LetsIn},
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
    let mut findings: Vec<_> = notes.iter().map(|note| finding(house.port, note)).collect();
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

fn of_firewall(found: &Firewall) -> Row {
    let lets = |lets| match lets {
        LetsIn::Yes => "let in",
        LetsIn::No => "kept out",
        LetsIn::Perhaps => "let in from some",
    };
    let (mark, words) = match *found {
        Firewall::Followed { keeper, udp, tcp } => {
            let mark = match (udp, tcp) {
                (LetsIn::No, _) | (_, LetsIn::No) => Mark::Failed,
                (LetsIn::Yes, LetsIn::Yes) => Mark::Ok,
                _ => Mark::Note,
            };
            (mark, format!("{}: UDP is {}, TCP is {}", firewall::name(keeper), lets(udp), lets(tcp)))
        }
        Firewall::On(keeper) => {
            (Mark::Unknown, format!("{} is on; what it lets in, it tells only to root", firewall::name(keeper)))
        }
        Firewall::Unasked(why) => (Mark::Unknown, firewall::unasked(why).to_owned()),
    };
    row("this computer", "firewall", mark, words)
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

fn finding(port: u16, note: &Note) -> Finding {
    match note {
        Note::Addresses(addresses) => around::addresses(*addresses),
        Note::Port(found) => port::port(port, found),
        Note::Firewall(found) => firewall::firewall(port, *found),
        Note::Way(way) => around::way(port, *way),
        Note::Multicast(multicast) => around::multicast(multicast),
    }
}

/// What is said of the machine as a whole.
fn said(code: Code, mark: Mark, what: impl Into<String>, means: &str, todo: impl Into<String>) -> Finding {
    Finding { mark, code, about: String::new(), what: what.into(), means: means.to_owned(), todo: todo.into() }
}
