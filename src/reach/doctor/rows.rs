//! What was tried on the way to a host, a row each, in a few words.

use super::{
    journey::{Expected, Failure, Journey, Leads, NotFound, Road},
    report::{Mark, Row},
};
use crate::{
    identity::{Address, Fingerprint, Host},
    reach::Reach,
    transport::{PROTOCOL, knock::Behind},
    wire::text,
};

/// What was tried, in the order of the way.
pub(super) fn rows(journey: &Journey) -> Vec<Row> {
    let mut rows = Vec::new();
    for lookup in &journey.lookups {
        let mut row = Row {
            about: lookup.address.to_string(),
            step: "address",
            mark: Mark::Ok,
            words: String::new(),
            took: Some(lookup.step.took),
        };
        match &lookup.step.found {
            Ok(_) if !matches!(lookup.address.host, Host::Name(_)) => {
                row.words = kind(Reach::of(&lookup.address.host)).to_owned();
                row.took = None;
            }
            Ok(sockets) => {
                let ips: Vec<_> = sockets.iter().map(|socket| socket.ip().to_string()).collect();
                row.words = format!("leads to {}", ips.join(" and "));
            }
            Err(why) => {
                row.mark = Mark::Failed;
                row.words = match why {
                    NotFound::Unknown => "nobody knows this name",
                    NotFound::Silent => "nobody answers who might know this name",
                    NotFound::Zone => "what follows the % is no network interface of this computer",
                }
                .to_owned();
            }
        }
        rows.push(row);
    }
    for road in &journey.roads {
        rows.extend(of_road(journey, road));
    }
    rows
}

/// What kind of address one was given. Whose network it is of is not known yet.
fn kind(reach: Reach) -> &'static str {
    match reach {
        Reach::Network => "a private address, which leads there only from its own network",
        Reach::Name => "a name",
        Reach::Outside | Reach::Internet => "an address of the internet",
        Reach::Vpn => "an address of a VPN, such as Tailscale, or of a provider's own network",
        Reach::Link => "an address that leads there only from the same cable or Wi-Fi",
        Reach::Computer => "this computer itself",
        Reach::Unknown => "an unusual address",
    }
}

fn of_road(journey: &Journey, road: &Road) -> Vec<Row> {
    let about = Address::from(road.to).to_string();
    let row = |step, mark, words: String, took| Row { about: about.clone(), step, mark, words, took };
    let mut rows = vec![match &road.route.found {
        Ok(route) => {
            let through = route.interface.as_ref().map(|name| format!(" over {}", text::clean_line(name)));
            let leads = match route.leads {
                Leads::Home => "to this computer itself".to_owned(),
                Leads::Beside => format!("on the same network, from {}{}", route.source, through.unwrap_or_default()),
                Leads::Away => format!("through a gateway, from {}{}", route.source, through.unwrap_or_default()),
            };
            row("route", Mark::Ok, leads, None)
        }
        Err(failure) => row("route", Mark::Failed, failed(*failure).to_owned(), None),
    }];
    let Some(beyond) = &road.beyond else { return rows };
    rows.push(match beyond.tcp.found {
        Ok(()) => row("tcp", Mark::Ok, "connects".to_owned(), Some(beyond.tcp.took)),
        Err(failure) => row("tcp", Mark::Failed, failed(failure).to_owned(), Some(beyond.tcp.took)),
    });
    let key = |found: Result<Fingerprint, Failure>| match found {
        Ok(key) => (Mark::Ok, format!("proves the key {}", key.short())),
        Err(failure) => (Mark::Failed, failed(failure).to_owned()),
    };
    rows.push(match &beyond.tls {
        Some(tls) => {
            let (mark, words) = key(tls.found);
            row("tls", mark, words, Some(tls.took))
        }
        None => row("tls", Mark::Unknown, "not tried without TCP".to_owned(), None),
    });
    let (mark, words) = key(beyond.quic.found);
    rows.push(row("quic", mark, words, Some(beyond.quic.took)));
    if let Some(behind) = &beyond.behind {
        let (mark, words) = version(&behind.found);
        rows.push(row("version", mark, words, Some(behind.took)));
    }
    rows.extend(identity(journey, road).map(|(mark, words)| row("identity", mark, words, None)));
    rows
}

fn version(behind: &Result<Behind, Failure>) -> (Mark, String) {
    let ours = String::from_utf8_lossy(PROTOCOL);
    match behind {
        Ok(Behind::Host { plain: false }) => (Mark::Ok, format!("a host of parlor, {ours}; no plain TCP")),
        Ok(Behind::Host { plain: true }) => (Mark::Ok, format!("a host of parlor, {ours}; plain TCP, too")),
        Ok(Behind::OtherVersion) => (Mark::Failed, format!("a host of parlor, but not {ours}")),
        Ok(Behind::Other) => (Mark::Failed, "not a host of parlor".to_owned()),
        Ok(Behind::Nothing) => (Mark::Failed, "takes the connection and ends it without a word".to_owned()),
        Err(failure) => (Mark::Failed, failed(*failure).to_owned()),
    }
}

fn identity(journey: &Journey, road: &Road) -> Option<(Mark, String)> {
    let found = road.keys().next()?;
    let other = |expected: Expected| road.keys().find(|key| *key != expected.key);
    Some(match journey.expected {
        Some(expected) => match other(expected) {
            Some(wrong) => (Mark::Stop, format!("{wrong} is NOT the expected key, {}", expected.key)),
            None if expected.is_pinned => (Mark::Ok, format!("{found}, which is pinned for this address")),
            None => (Mark::Ok, format!("{found}, the expected key")),
        },
        None if journey.own == Some(found) => (Mark::Ok, format!("{found}, your own key")),
        None => (Mark::Note, format!("{found}; none is pinned for this address")),
    })
}

/// Why a step failed, in a few words.
pub(super) fn failed(failure: Failure) -> &'static str {
    match failure {
        Failure::Silent => "no answer",
        Failure::Refused => "nothing listens on that port",
        Failure::Rejected => "somebody on the way says no",
        Failure::Nobody => "nobody there has that address",
        Failure::NoRoute => "this computer knows no way there",
        Failure::NoZone => "the network interface is missing",
        Failure::Forbidden => "this computer does not let it out",
        Failure::CutOff => "the connection was cut off",
        Failure::Foreign => "what answers speaks something else",
        Failure::Unproven(_) => "shows a key and cannot prove it",
        Failure::Other => "no connection came about",
    }
}
