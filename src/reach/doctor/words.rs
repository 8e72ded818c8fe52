//! What is found on the way to a host, in words: what is the case, what that most likely means, and what to do, in that order.
//! No library's words, and none of a peer's.

mod no_room;
mod nobody;
mod whose;

use std::net::SocketAddr;

use super::{
    code::Code,
    diagnosis::{Case, Cause, outcome},
    journey::{Failure, Journey, NotFound},
    report::{Finding, Mark, Report},
    rows::{self, failed},
};
use crate::{
    identity::{Address, Host},
    wire::text,
};

/// The report on a way.
pub(super) fn report(journey: &Journey, cases: &[Case]) -> Report {
    let mut findings: Vec<_> = cases.iter().map(|case| finding(journey, case)).collect();
    findings.sort_by_key(|finding| finding.mark);
    Report { rows: rows::rows(journey), findings, outcome: outcome(cases) }
}

/// What a case is called, how grave it is, and its three sentences.
struct Said {
    code: Code,
    mark: Mark,
    what: String,
    means: String,
    todo: String,
}

fn said(code: Code, mark: Mark, what: impl Into<String>, means: &str, todo: impl Into<String>) -> Said {
    Said { code, mark, what: what.into(), means: means.to_owned(), todo: todo.into() }
}

/// The same for what keeps one from joining.
fn fails(code: Code, what: impl Into<String>, means: &str, todo: impl Into<String>) -> Said {
    said(code, Mark::Failed, what, means, todo)
}

/// Where a case is, in the forms that sentences need. Empty, and 0, if it is everywhere.
#[derive(Default)]
struct Place {
    /// Address and port.
    full: String,
    ip: String,
    port: u16,
}

impl Place {
    fn of(case: &Case) -> Self {
        let at =
            |to: SocketAddr| Self { full: Address::from(to).to_string(), ip: to.ip().to_string(), port: to.port() };
        case.to.map(at).unwrap_or_default()
    }
}

fn finding(journey: &Journey, case: &Case) -> Finding {
    let place = Place::of(case);
    let Said { code, mark, what, means, todo } = sentences(journey, &case.cause, &place);
    // Another way leads there: it is something to know, and not what is in the way.
    let mark = if case.is_bypassed && mark == Mark::Failed { Mark::Note } else { mark };
    Finding { mark, code, about: place.full, what, means, todo }
}

fn sentences(journey: &Journey, cause: &Cause, place: &Place) -> Said {
    let Place { full, port, .. } = place;
    match cause {
        Cause::Stop(stop) => whose::stop(stop, full),
        Cause::Key(key) => whose::key(key, full),
        Cause::Works { over, took } => said(
            Code::Works,
            Mark::Ok,
            format!("A join to {full} works, over {over} ({} ms).", took.as_millis()),
            "",
            "",
        ),
        Cause::UdpBlocked { quic: Failure::Forbidden } => said(
            Code::UdpBlocked,
            Mark::Note,
            format!("This computer does not let UDP to {full} out; TLS over TCP gets through."),
            "Its own firewall, or whoever administers it, forbids it. Joins go over TLS: as safe, with the same key, and a \
             little slower to come back after the network has changed.",
            format!("Nothing has to be done. For QUIC, let UDP to port {port} out of this computer."),
        ),
        Cause::UdpBlocked { quic } => said(
            Code::UdpBlocked,
            Mark::Note,
            format!("QUIC does not get through to {full} ({}); TLS over TCP does.", failed(*quic)),
            "A gateway or firewall on the way lets only TCP through, or only TCP is forwarded. Joins go over TLS: as safe, \
             with the same key, and a little slower to come back after the network has changed.",
            format!(
                "Nothing has to be done. For QUIC, let UDP on port {port} through as well, at the host's and on the way."
            ),
        ),
        Cause::TcpBlocked { tcp } => said(
            Code::TcpBlocked,
            Mark::Note,
            format!("QUIC gets through to {full}, TLS over TCP does not ({}).", failed(*tcp)),
            "Only UDP is let through or forwarded. Joins work; but whoever's own network blocks UDP cannot come in.",
            format!("Let TCP on port {port} through as well, at the host's and on the way."),
        ),
        Cause::Loss { delayed, of } => said(
            Code::Loss,
            Mark::Note,
            format!("{delayed} of {of} connections to {full} had to be asked for again: packets get lost on the way."),
            "A weak Wi-Fi or an overloaded network. Messages come, some of them late.",
            "Go nearer to the access point, or use a cable.",
        ),
        Cause::NoWay(why) => nobody::no_way(journey, why, place),
        Cause::NoRoom(why) => no_room::no_room(*why, full),
        Cause::NotFound { address, why } => not_found(address, *why),
        Cause::PinsTrouble { why } => fails(
            Code::PinsUnreadable,
            text::clean_line(why),
            "So it is not certain whether this host is new to you, and a join stops here.",
            "Mend it, or remove it; or join with the host's invite.",
        ),
        Cause::PassedOver { number } => said(
            Code::PassedOver,
            Mark::Note,
            match number {
                1 => "One more address was not tried.".to_owned(),
                number => format!("{number} more addresses were not tried."),
            },
            "",
            "Ask about one of them alone.",
        ),
    }
}

fn not_found(address: &Address, why: NotFound) -> Said {
    const NUMBERS: &str =
        "Take an address in numbers, which need not be looked up: the host's window shows them beside the invite.";
    let name = match &address.host {
        Host::Name(name) => name.clone(),
        _ => address.to_string(),
    };
    let is_local = name.ends_with(".local");
    let neighbours = "Names that end in .local are asked of the machines on this network themselves: the host is off, on another \
                      network, or the network keeps multicast apart.";
    match why {
        NotFound::Zone => fails(
            Code::NoSuchInterface,
            format!("{address} names a network interface that this computer does not have."),
            "What follows the % is the name that the interface has on the computer that uses the address, and no other's.",
            "Put the name of your own interface there: parlor doctor lists them.",
        ),
        NotFound::Unknown => fails(
            Code::NameNotFound,
            format!("Nobody knows a machine called {name} from here."),
            match name.contains('.') {
                _ if is_local => neighbours,
                true => "It is mistyped, does not exist, or this computer has no name server that answers.",
                false => "It is mistyped, or a name that only another network knows.",
            },
            NUMBERS,
        ),
        NotFound::Silent => fails(
            Code::NameNotFound,
            format!("Nobody answers who might know a machine called {name}."),
            match is_local {
                true => neighbours,
                false => "The name server that this computer asks, most often the gateway, does not answer.",
            },
            NUMBERS,
        ),
    }
}
