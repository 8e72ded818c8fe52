//! What can be the case on a machine, each written as what was found on it.

use std::time::Duration;

use super::*;
use crate::reach::{
    doctor::{
        code::Code,
        firewall::{Keeper, Why},
        journey::{Beyond, Leads, Route, Step},
        multicast::Multicast,
        notes,
        report::Mark,
    },
    here::Here,
};

fn key(byte: u8) -> Fingerprint {
    Fingerprint::from_bytes([byte; 32])
}

const OWN: u8 = 1;

fn here(ip: &str) -> Here {
    Here { interface: "eth0".to_owned(), index: Some(2), ip: ip.parse().unwrap(), prefix: 24 }
}

fn step<T>(found: T) -> Step<T> {
    Step { found, took: Duration::ZERO }
}

fn door(ip: &str, beyond: Beyond) -> Road {
    let route = Route { source: ip.parse().unwrap(), interface: None, leads: Leads::Home };
    Road { to: (ip.parse::<IpAddr>().unwrap(), 7275).into(), route: step(Ok(route)), beyond: Some(beyond) }
}

type Proved = Result<Fingerprint, Failure>;

fn answers(tls: Proved, quic: Proved, behind: Behind) -> Beyond {
    let (tls, behind) = (Some(step(tls)), Some(step(Ok(behind))));
    Beyond { tcp: step(Ok(())), connects: Vec::new(), tls, behind, quic: step(quic) }
}

const CLOSED: Beyond = Beyond {
    tcp: Step { found: Err(Failure::Refused), took: Duration::ZERO },
    connects: Vec::new(),
    tls: None,
    behind: None,
    quic: Step { found: Err(Failure::Silent), took: Duration::ZERO },
};

fn own_room() -> Beyond {
    answers(Ok(key(OWN)), Ok(key(OWN)), Behind::Host { plain: false })
}

fn multicast(is_heard: bool, others: usize) -> Multicast {
    Multicast { interface: "eth0".to_owned(), is_v6: false, is_heard, others }
}

fn gateway(upnp: Spoken, nat_pmp: Spoken, pcp: Spoken) -> Option<Gateway> {
    Some(Gateway { ip: [192, 168, 77, 1].into(), pcp, nat_pmp, upnp })
}

const PUBLIC: Spoken = Spoken::Outside(IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 1, 1)));

/// All is well, and no room is open.
fn house() -> House {
    House {
        port: 7275,
        here: vec![here("127.0.0.1"), here("192.168.77.2")],
        tcp: Slot::Free,
        udp: Slot::Free,
        doors: Vec::new(),
        own: Some(key(OWN)),
        firewall: Firewall::Followed { keeper: Keeper::Nftables, udp: LetsIn::Yes, tcp: LetsIn::Yes },
        gateway: gateway(PUBLIC, PUBLIC, Spoken::Yes),
        multicast: vec![multicast(true, 2)],
    }
}

fn taken(doors: Vec<Road>) -> House {
    House { tcp: Slot::Taken, udp: Slot::Taken, doors, ..house() }
}

/// The codes beside those of a house where all is well, and the outcome.
fn found(house: &House) -> (Vec<Code>, Outcome) {
    const WELL: [Code; 4] = [Code::PortFree, Code::FirewallOpen, Code::GatewayMaps, Code::MulticastWorks];
    let report = notes::report(house, &survey(house));
    for finding in &report.findings {
        assert!(!finding.what.is_empty(), "{finding:?}");
        if finding.mark == Mark::Failed {
            assert!(!finding.todo.is_empty(), "{finding:?}");
        }
    }
    let codes = report.findings.iter().map(|finding| finding.code).filter(|code| !WELL.contains(code));
    (codes.collect(), report.outcome)
}

#[test]
fn all_is_well_though_no_room_is_open() {
    assert_eq!(found(&house()), (vec![], Outcome::Well));
    let report = notes::report(&house(), &survey(&house()));
    assert_eq!(report.findings.len(), 4);
    assert!(report.findings.iter().all(|finding| finding.mark == Mark::Ok), "{report:?}");
}

#[test]
fn without_an_address_nobody_comes() {
    let none = House { here: vec![here("127.0.0.1"), here("::1")], gateway: None, multicast: vec![], ..house() };
    assert_eq!(found(&none), (vec![Code::NoNetwork], Outcome::Local));
    let link = House { here: vec![here("127.0.0.1"), here("169.254.3.4"), here("fe80::1")], gateway: None, ..house() };
    assert_eq!(found(&link).0, [Code::OnlyLinkLocal, Code::NoGateway]);
    let public = House { here: vec![here("127.0.0.1"), here("8.8.4.4")], ..house() };
    assert_eq!(found(&public).0, [Code::PublicAddress]);
}

#[test]
fn who_has_the_port_is_said() {
    let both = || vec![door("127.0.0.1", own_room()), door("192.168.77.2", own_room())];
    assert_eq!(found(&taken(both())), (vec![Code::OwnRoom], Outcome::Well));
    let half = vec![door("192.168.77.2", answers(Ok(key(OWN)), Err(Failure::Silent), Behind::Host { plain: false }))];
    assert_eq!(found(&taken(half)), (vec![Code::OwnRoom], Outcome::Well));
    let only_here = vec![door("127.0.0.1", own_room()), door("192.168.77.2", CLOSED)];
    assert_eq!(found(&taken(only_here)), (vec![Code::OnlyHere, Code::OwnRoom], Outcome::Local));
    let on_one = vec![door("127.0.0.1", CLOSED), door("192.168.77.2", own_room()), door("10.0.0.2", CLOSED)];
    assert_eq!(found(&taken(on_one)), (vec![Code::NotOnAllAddresses, Code::OwnRoom], Outcome::Well));
    let other = answers(Ok(key(2)), Ok(key(2)), Behind::Host { plain: false });
    assert_eq!(found(&taken(vec![door("192.168.77.2", other.clone())])), (vec![Code::OtherRoom], Outcome::Local));
    let none_yet = House { own: None, ..taken(vec![door("192.168.77.2", other)]) };
    assert_eq!(found(&none_yet), (vec![Code::OtherRoom], Outcome::Local));
    let plain = answers(Err(Failure::Foreign), Err(Failure::Silent), Behind::Host { plain: true });
    let plain = House { udp: Slot::Free, ..taken(vec![door("192.168.77.2", plain)]) };
    assert_eq!(found(&plain), (vec![Code::PlainRoom], Outcome::Well));
    let program = answers(Err(Failure::Foreign), Err(Failure::Silent), Behind::Other);
    assert_eq!(found(&taken(vec![door("192.168.77.2", program)])), (vec![Code::OtherProgram], Outcome::Local));
    let on_udp = House { tcp: Slot::Free, ..taken(vec![door("192.168.77.2", CLOSED)]) };
    assert_eq!(found(&on_udp), (vec![Code::OtherProgram], Outcome::Local));
    let forbidden = House { tcp: Slot::Forbidden, udp: Slot::Forbidden, ..house() };
    assert_eq!(found(&forbidden), (vec![Code::PortForbidden], Outcome::Local));
    for (port, is_low) in [(1023, true), (1024, false)] {
        let report = |house: &House| notes::report(house, &survey(house));
        let report = report(&House { port, ..forbidden.clone() });
        assert_eq!(report.findings[0].means.contains("1024"), is_low, "{:?}", report.findings[0]);
    }
}

#[test]
fn the_firewall_is_told_as_far_as_it_is_known() {
    use LetsIn::{No, Perhaps, Yes};
    let with = |firewall| found(&House { firewall, ..house() });
    for (udp, tcp, code, outcome) in [
        (No, No, Code::FirewallBlocks, Outcome::Local),
        (No, Yes, Code::FirewallBlocks, Outcome::Well),
        (Yes, No, Code::FirewallBlocks, Outcome::Well),
        (No, Perhaps, Code::FirewallBlocks, Outcome::Well),
        (Perhaps, Yes, Code::FirewallConditions, Outcome::Well),
        (Perhaps, Perhaps, Code::FirewallConditions, Outcome::Well),
    ] {
        let followed = Firewall::Followed { keeper: Keeper::Ufw, udp, tcp };
        assert_eq!(with(followed), (vec![code], outcome), "{udp:?} {tcp:?}");
    }
    for keeper in [Keeper::Ufw, Keeper::Firewalld] {
        assert_eq!(with(Firewall::On(keeper)), (vec![Code::FirewallOn], Outcome::Well));
    }
    for why in [Why::Rights, Why::NoTool, Why::NoAnswer, Why::OldRules, Why::System] {
        assert_eq!(with(Firewall::Unasked(why)), (vec![Code::FirewallUnknown], Outcome::Well));
    }
}

#[test]
fn what_the_gateway_says_is_told_and_two_of_them_are_noticed() {
    use Spoken::{No, Yes};
    let with = |gateway| found(&House { gateway, ..house() }).0;
    let outside = |ip: [u8; 4]| Spoken::Outside(ip.into());
    assert_eq!(with(None), [Code::NoGateway]);
    assert_eq!(with(gateway(No, No, No)), [Code::GatewayMute]);
    for spoken in [gateway(PUBLIC, No, No), gateway(No, PUBLIC, No), gateway(No, No, Yes), gateway(Yes, No, No)] {
        assert_eq!(with(spoken), Vec::<Code>::new(), "{spoken:?}");
    }
    for spoken in [gateway(Spoken::Nowhere, No, No), gateway(No, Spoken::Nowhere, Yes)] {
        assert_eq!(with(spoken), [Code::DoubleNat], "{spoken:?}");
    }
    assert_eq!(with(gateway(Spoken::Nowhere, PUBLIC, Yes)), Vec::<Code>::new(), "one of them tells");
    for ip in [[192, 168, 1, 7], [10, 0, 0, 1], [100, 64, 3, 4], [203, 0, 113, 1]] {
        assert_eq!(with(gateway(No, outside(ip), Yes)), [Code::DoubleNat], "{ip:?}");
        assert_eq!(with(gateway(outside(ip), No, No)), [Code::DoubleNat], "{ip:?}");
    }
}

#[test]
fn multicast_that_is_lost_is_told_from_multicast_that_nobody_answers() {
    let with = |multicast| found(&House { multicast, ..house() }).0;
    assert_eq!(with(vec![multicast(true, 1)]), Vec::<Code>::new());
    assert_eq!(with(vec![multicast(true, 0)]), [Code::MulticastAlone]);
    assert_eq!(with(vec![multicast(false, 0)]), [Code::MulticastBlocked]);
    assert_eq!(with(vec![multicast(false, 0), multicast(true, 3)]), [Code::MulticastBlocked]);
}
