//! What is found on the way to a host, in words: what is the case, what that most likely means, and what to do, in that order.
//! No library's words, and none of a peer's.

use std::net::SocketAddr;

use super::{
    diagnosis::{Case, Cause, outcome},
    journey::{Journey, Leads, NotFound, Road},
    report::{Finding, Mark, Report},
    rows::{self, failed},
};
use crate::{
    identity::{Address, Host},
    transport::PROTOCOL,
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
    code: &'static str,
    mark: Mark,
    what: String,
    means: String,
    todo: String,
}

fn said(code: &'static str, mark: Mark, what: impl Into<String>, means: &str, todo: impl Into<String>) -> Said {
    Said { code, mark, what: what.into(), means: means.to_owned(), todo: todo.into() }
}

fn finding(journey: &Journey, case: &Case) -> Finding {
    let place = case.to.map(|to| Address::from(to).to_string()).unwrap_or_default();
    let port = case.to.map_or(0, |to| to.port());
    let Said { code, mark, what, means, todo } = sentences(journey, &case.cause, case.to, &place, port);
    // Another way leads there: it is something to know, and not what is in the way.
    let mark = if case.is_bypassed && mark == Mark::Failed { Mark::Note } else { mark };
    Finding { mark, code, about: place, what, means, todo }
}

fn sentences(journey: &Journey, cause: &Cause, to: Option<SocketAddr>, place: &str, port: u16) -> Said {
    match cause {
        Cause::Mismatch { .. } | Cause::Unproven { .. } | Cause::TwoKeys { .. } => of_identity(cause, place),
        Cause::Works { over, took } => {
            said("works", Mark::Ok, format!("A join to {place} works, over {over} ({} ms).", took.as_millis()), "", "")
        }
        Cause::UdpBlocked { quic } => said(
            "udp-blocked",
            Mark::Note,
            format!("QUIC does not get through to {place} ({}); TLS over TCP does.", failed(*quic)),
            "A gateway or firewall on the way lets only TCP through, or only TCP is forwarded. Joins go over TLS: as safe, \
             with the same key, and a little slower to come back after the network has changed.",
            format!(
                "Nothing has to be done. For QUIC, let UDP on port {port} through as well, at the host's and on the way."
            ),
        ),
        Cause::TcpBlocked { tcp } => said(
            "tcp-blocked",
            Mark::Note,
            format!("QUIC gets through to {place}, TLS over TCP does not ({}).", failed(*tcp)),
            "Only UDP is let through or forwarded. Joins work; but whoever's own network blocks UDP cannot come in.",
            format!("Let TCP on port {port} through as well, at the host's and on the way."),
        ),
        Cause::Loss { delayed, of } => said(
            "loss",
            Mark::Note,
            format!("{delayed} of {of} connections to {place} had to be asked for again: packets get lost on the way."),
            "A weak Wi-Fi or an overloaded network. Messages come, some of them late.",
            "Go nearer to the access point, or use a cable.",
        ),
        Cause::KeyAsGiven => said("key-expected", Mark::Ok, format!("{place} has the key that you expect."), "", ""),
        Cause::KeyAsPinned => {
            said("key-pinned", Mark::Ok, format!("{place} has the key that you have pinned."), "", "")
        }
        Cause::KeyFromElsewhere { found, names } => {
            let names: Vec<_> = names.iter().map(|name| text::clean_line(name)).collect();
            let known = if names.is_empty() { "a room without a name".to_owned() } else { names.join(", ") };
            said(
                "key-known",
                Mark::Note,
                format!("{place} has a key that you know from {known}, though not from this address: {found}"),
                "The host has another address than before, or another room of theirs is here.",
                "If that is who you mean, join: you are asked once.",
            )
        }
        Cause::FirstContact { found } => said(
            "first-contact",
            Mark::Note,
            format!("You have not met {place} before. Its key is {found}"),
            "",
            "Join with the host's invite, and the machine compares; or compare it with them when you are asked.",
        ),
        Cause::OwnRoom => said(
            "own-room",
            Mark::Note,
            format!("{place} is a room of your own: it has this installation's key."),
            "",
            "You are in it already, as its host. Whoever else is to join needs an address that leads here from where they are.",
        ),
        Cause::NotFound { address, why } => not_found(address, *why),
        Cause::PinsTrouble { why } => said(
            "pins-unreadable",
            Mark::Failed,
            text::clean_line(why),
            "So it is not certain whether this host is new to you, and a join stops here.",
            "Mend or remove that line, or join with the host's invite.",
        ),
        Cause::PassedOver { number } => said(
            "passed-over",
            Mark::Note,
            format!("{number} more addresses were not tried."),
            "",
            "Ask about one of them alone.",
        ),
        cause => no_way(journey, cause, to, place, port),
    }
}

fn of_identity(cause: &Cause, place: &str) -> Said {
    const ASK: &str = "Do not join from here. Ask the host, in person or by phone, for their fingerprint.";
    match cause {
        Cause::Mismatch { expected, found, is_pinned } => {
            let whose = if *is_pinned { "you have pinned" } else { "you were given" };
            let forget = match is_pinned {
                true => format!(
                    " If they do have a new key, the old one has to be forgotten: parlor hosts forget {expected}"
                ),
                false => " If they do have a new key, they have a new invite, too.".to_owned(),
            };
            said(
                "key-mismatch",
                Mark::Stop,
                format!("{place} has the key {found}. The one that {whose} is {expected}"),
                "Somebody may be pretending to be your host, or the address is another machine's now. Nothing was sent.",
                format!("{ASK}{forget}"),
            )
        }
        Cause::Unproven { claimed } => said(
            "key-unproven",
            Mark::Stop,
            format!("{place} shows the key {claimed} but cannot prove that it has it."),
            "Somebody is between you and the host, with a copy of what they show. Nothing was sent.",
            ASK,
        ),
        Cause::TwoKeys { one, other } => said(
            "two-keys",
            Mark::Stop,
            format!("Two different keys answer: {one} and {other}"),
            "Two machines share the address or the name; or somebody is in between on one of the ways. Nothing was sent.",
            "Ask the host for an invite, and join with that: then only the right key is talked to.",
        ),
        _ => said("unclear", Mark::Unknown, "", "", ""),
    }
}

fn not_found(address: &Address, why: NotFound) -> Said {
    let name = match &address.host {
        Host::Name(name) => name.clone(),
        _ => address.to_string(),
    };
    match why {
        NotFound::Zone => said(
            "no-such-interface",
            Mark::Failed,
            format!("{address} names a network interface that this computer does not have."),
            "What follows the % is the name that the interface has on the computer that uses the address, and no other's.",
            "Put the name of your own interface there: parlor doctor lists them.",
        ),
        NotFound::Unknown | NotFound::Silent => {
            let means = match name.ends_with(".local") {
                true => {
                    "Names that end in .local are asked of the machines on this network themselves: the host is off, on another \
                     network, or the network keeps multicast apart."
                }
                false if name.contains('.') => {
                    "It is mistyped, does not exist, or this computer has no name server that answers."
                }
                false => "It is mistyped, or a name that only another network knows.",
            };
            said(
                "name-not-found",
                Mark::Failed,
                format!("Nobody knows a machine called {name} from here."),
                means,
                "Take an address in numbers, which need not be looked up: the host's window shows them beside the invite.",
            )
        }
    }
}

/// No way to be in a room there.
fn no_way(journey: &Journey, cause: &Cause, to: Option<SocketAddr>, place: &str, port: u16) -> Said {
    let failed = |code, what: String, means: &str, todo: &str| said(code, Mark::Failed, what, means, todo);
    let ip = to.map(|to| to.ip().to_string()).unwrap_or_default();
    match cause {
        Cause::NothingListens { leads: Leads::Home } => failed(
            "nothing-listens",
            format!("No room is open at {place}, which is this computer itself."),
            "The address is your own. Another computer's room is not found under it.",
            "Take the host's address; or open a room here first.",
        ),
        Cause::NothingListens { .. } => failed(
            "nothing-listens",
            format!("{ip} answers, and nothing listens on its port {port}."),
            "The room is not open at this moment, has another port, or the address is another machine's now.",
            "Ask the host whether the room is open, and compare address and port with those in their window.",
        ),
        Cause::SilentNeighbour => failed(
            "silent-neighbour",
            format!(
                "{ip} is on your network, and nothing comes back from its port {port}, neither over TCP nor over UDP."
            ),
            "The firewall of that computer drops what it does not know. (Windows asks once, and remembers the answer.)",
            &format!("On the host's computer, allow parlor or port {port}, UDP and TCP: parlor doctor there says how."),
        ),
        Cause::NobodyBeside => failed(
            "nobody-there",
            format!("Nobody on your network answers to {ip}."),
            "The host's computer is off or asleep, has another address now, or the Wi-Fi keeps its devices apart (“guest network”, \
             “client isolation”).",
            "Compare the address with the one in the host's window. If it is right, use the same ordinary Wi-Fi, or a cable.",
        ),
        Cause::NobodyAway => failed(
            "nobody-there",
            format!("The gateway before {ip} reports that nobody there has that address."),
            "The host's computer is off, or has another address now.",
            "Ask the host for the address that their window shows now.",
        ),
        Cause::OtherNetwork { ours } => {
            let ours = if ours.is_empty() { "none".to_owned() } else { ours.join(", ") };
            failed(
                "other-network",
                format!("{ip} is an address of a private network that this computer is not in. It is in: {ours}."),
                "You and the host are on different networks, and such an address leads nowhere from outside its own.",
                "Join the host's network; or ask for an address that leads there from yours: a VPN's, or the gateway's, with the \
                 port forwarded.",
            )
        }
        Cause::SilentElsewhere => failed(
            "silent",
            format!("Nothing comes back from {place}, neither over TCP nor over UDP."),
            "The gateway on the host's side does not forward the port, a firewall drops it, or the address is wrong.",
            &format!(
                "On the host's side, forward port {port}, UDP and TCP, to the host's computer (parlor doctor there says what its \
                 gateway can do), and compare the address."
            ),
        ),
        Cause::SilentHere => failed(
            "silent-here",
            format!("{ip} is this computer itself, and its port {port} does not answer."),
            "The firewall of this computer drops even what comes from itself.",
            &format!("Allow port {port}, UDP and TCP: parlor doctor says how."),
        ),
        Cause::Rejected => failed(
            "rejected",
            format!("{place} is refused at once, by a machine on the way or by a firewall."),
            "A firewall does not let the port through, and says so; or a gateway knows no way there.",
            &format!("On the host's computer and its gateway, allow port {port}, UDP and TCP."),
        ),
        Cause::ForbiddenHere => failed(
            "forbidden-here",
            format!("This computer does not let a connection to {place} out."),
            "Its own firewall, or whoever administers it, forbids it.",
            "Allow parlor in the firewall of this computer.",
        ),
        Cause::NoRoute { has_network: false } => failed(
            "no-network",
            format!("This computer knows no way to {place}: it is on no network."),
            "Wi-Fi is off, the cable is out, or no address was given to this computer yet.",
            "Connect to the network on which the host is.",
        ),
        Cause::NoRoute { has_network: true } => failed(
            "no-route",
            format!("This computer knows no way to {ip}."),
            "It is on a network without a gateway, or a VPN is off that leads there.",
            "Connect to the network on which the host is; look whether it says that it is connected.",
        ),
        Cause::NoIpv6 => failed(
            "no-ipv6",
            format!(
                "{ip} is an IPv6 address, and this computer has none of that kind that leads further than its own cable."
            ),
            "Your network has no IPv6.",
            "Ask the host for an IPv4 address; their window shows all that they have.",
        ),
        Cause::NoZone => failed(
            "no-interface",
            format!("{ip} is good on every network at once: it does not say on which."),
            "A link-local address needs the interface of your computer behind which the host is.",
            &format!("Write it with your own interface: [{ip}%{}]:{port}", interface(journey)),
        ),
        Cause::OtherProgram { speaks_tls } => failed(
            "other-program",
            match speaks_tls {
                true => format!("Another program answers at {place}: it speaks TLS, and is no host of parlor."),
                false => format!("Another program answers at {place}, which is no host of parlor."),
            },
            "The port or the address is not the room's.",
            "Compare both with those in the host's window.",
        ),
        Cause::Mute => failed(
            "mute",
            format!("{place} takes connections and then says nothing."),
            "Another program has the port; or the host's computer hangs, or is asleep.",
            "Compare address and port with those in the host's window; if they are right, ask the host to look at their computer.",
        ),
        Cause::HangsUp => failed(
            "hangs-up",
            format!("{place} takes connections and ends them without a word."),
            "A gateway forwards the port to a machine where nothing listens, a proxy is in between, or it is another program.",
            "Ask the host whether the room is open, and where their gateway forwards the port to.",
        ),
        Cause::PlainRoom => failed(
            "plain-room",
            format!("{place} is a room without encryption: it takes plain TCP only."),
            "Its host has opened it with --tcp.",
            "Ask the host for an encrypted room. If it has to be so: join with --tcp, and everybody on the way can read and change \
             what is said.",
        ),
        Cause::OtherVersion => failed(
            "other-version",
            format!(
                "{place} is a host of parlor of another version, which does not speak {}.",
                String::from_utf8_lossy(PROTOCOL)
            ),
            "One of the two programs is too old for the other.",
            "Bring both to the newest version, yours and the host's.",
        ),
        Cause::EncryptionBroken => failed(
            "encryption-broken",
            format!("{place} is a host of parlor, and no encrypted connection to it comes about."),
            "Something on the way lets plain TCP through and breaks TLS: a firewall that looks into connections, or a proxy.",
            "Use another network, or a VPN. Do not fall back to plain TCP here: somebody wants to read along.",
        ),
        Cause::Unclear { tcp } => failed(
            "unclear",
            format!("{place} cannot be reached ({}).", rows::failed(*tcp)),
            "",
            "Try again; and compare address and port with those in the host's window.",
        ),
        // All others have their sentences elsewhere.
        _ => failed("unclear", format!("{place} cannot be reached."), "", ""),
    }
}

/// An interface that a link-local address could be behind.
fn interface(journey: &Journey) -> String {
    let through = |road: &Road| road.route.found.as_ref().ok().and_then(|route| route.interface.clone());
    let found = journey.roads.iter().find_map(through).or_else(|| journey.interfaces.first().cloned());
    found.map_or_else(|| "eth0".to_owned(), |name| text::clean_line(&name))
}
