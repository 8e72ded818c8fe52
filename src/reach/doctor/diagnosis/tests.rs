//! All combinations of steps that mean something of their own, each written as the table that it is.

use super::*;
use crate::reach::doctor::{
    code::Code,
    journey::{Lookup, Step},
    report::Mark,
    words,
};

fn key(byte: u8) -> Fingerprint {
    Fingerprint::from_bytes([byte; 32])
}

const HOST: u8 = 1;

fn step<T>(found: T) -> Step<T> {
    Step { found, took: Duration::from_millis(7) }
}

fn road(to: &str, leads: Leads, beyond: Beyond) -> Road {
    let route = Route { source: "192.168.77.3".parse().unwrap(), interface: Some("eth0".to_owned()), leads };
    Road { to: to.parse().unwrap(), route: step(Ok(route)), beyond: Some(beyond) }
}

/// TCP does not connect.
fn no_tcp(tcp: Failure, quic: Result<Fingerprint, Failure>) -> Beyond {
    Beyond { tcp: step(Err(tcp)), connects: Vec::new(), tls: None, behind: None, quic: step(quic) }
}

/// It does.
fn answers(
    tls: Result<Fingerprint, Failure>,
    quic: Result<Fingerprint, Failure>,
    behind: Result<Behind, Failure>,
) -> Beyond {
    Beyond {
        tcp: step(Ok(())),
        connects: vec![Duration::from_millis(1); 5],
        tls: Some(step(tls)),
        behind: Some(step(behind)),
        quic: step(quic),
    }
}

const ENCRYPTED: Result<Behind, Failure> = Ok(Behind::Host { plain: false });
const SILENT: Result<Fingerprint, Failure> = Err(Failure::Silent);

fn well() -> Beyond {
    answers(Ok(key(HOST)), Ok(key(HOST)), ENCRYPTED)
}

fn journey(roads: Vec<Road>) -> Journey {
    Journey {
        lookups: Vec::new(),
        roads,
        passed_over: 0,
        expected: Some(Expected { key: key(HOST), is_pinned: false }),
        own: Some(key(99)),
        pins_trouble: None,
        known: Vec::new(),
        networks: vec!["192.168.77.0/24".to_owned()],
        interfaces: vec!["eth0".to_owned()],
        has_ipv6: true,
    }
}

/// The codes of what is found, the gravest first, and the outcome. Every sentence is there, and in words that people know.
fn found(journey: &Journey) -> (Vec<Code>, Outcome) {
    let report = words::report(journey, &diagnose(journey));
    for finding in &report.findings {
        assert!(!finding.what.is_empty(), "{finding:?}");
        if finding.mark < Mark::Note {
            assert!(!finding.todo.is_empty(), "{finding:?}");
        }
        for word in ["certificate", "handshake", "rustls", "quinn", "os error", "alert", "SPKI", "ALPN", "ARP"] {
            let sentences = [&finding.what, &finding.means, &finding.todo];
            assert!(sentences.iter().all(|text| !text.contains(word)), "{word} in {finding:?}");
        }
    }
    (report.findings.iter().map(|finding| finding.code).collect(), report.outcome)
}

/// What is found on the one way to a neighbour.
fn beside(beyond: Beyond) -> (Vec<Code>, Outcome) {
    found(&journey(vec![road("192.168.77.2:7275", Leads::Beside, beyond)]))
}

#[test]
fn all_is_well() {
    assert_eq!(beside(well()), (vec![Code::Works, Code::KeyExpected], Outcome::Well));
}

#[test]
fn blocked_udp_leads_over_tls_and_blocked_tcp_over_quic() {
    assert_eq!(
        beside(answers(Ok(key(HOST)), SILENT, ENCRYPTED)),
        (vec![Code::UdpBlocked, Code::Works, Code::KeyExpected], Outcome::Well)
    );
    for tcp in [Failure::Silent, Failure::Refused, Failure::Rejected] {
        assert_eq!(
            beside(no_tcp(tcp, Ok(key(HOST)))),
            (vec![Code::TcpBlocked, Code::Works, Code::KeyExpected], Outcome::Well),
            "{tcp:?}"
        );
    }
    assert_eq!(
        beside(answers(Err(Failure::CutOff), Ok(key(HOST)), Err(Failure::CutOff))),
        (vec![Code::TcpBlocked, Code::Works, Code::KeyExpected], Outcome::Well)
    );
}

#[test]
fn why_tcp_does_not_connect_says_what_is_there() {
    use Leads::{Away, Beside, Home};
    for (to, leads, tcp, code) in [
        ("192.168.77.2:7275", Beside, Failure::Refused, Code::NothingListens),
        ("192.168.77.3:7275", Home, Failure::Refused, Code::NothingListens),
        ("203.0.113.1:7275", Away, Failure::Refused, Code::NothingListens),
        ("192.168.77.2:7275", Beside, Failure::Silent, Code::SilentNeighbour),
        ("192.168.77.3:7275", Home, Failure::Silent, Code::SilentHere),
        ("203.0.113.1:7275", Away, Failure::Silent, Code::Silent),
        ("[2a00:1450::1]:7275", Away, Failure::Silent, Code::Silent),
        ("10.1.2.3:7275", Away, Failure::Silent, Code::OtherNetwork),
        ("10.1.2.3:7275", Away, Failure::Nobody, Code::OtherNetwork),
        ("[fd12::3]:7275", Away, Failure::Silent, Code::OtherNetwork),
        ("10.1.2.3:7275", Away, Failure::Rejected, Code::Rejected),
        ("192.168.77.2:7275", Beside, Failure::Nobody, Code::NobodyThere),
        ("203.0.113.1:7275", Away, Failure::Nobody, Code::NobodyThere),
        ("192.168.77.2:7275", Beside, Failure::Rejected, Code::Rejected),
        ("203.0.113.1:7275", Away, Failure::NoRoute, Code::NoRoute),
        ("203.0.113.1:7275", Away, Failure::Other, Code::Unclear),
        ("203.0.113.1:7275", Away, Failure::CutOff, Code::Unclear),
    ] {
        let journey = journey(vec![road(to, leads, no_tcp(tcp, SILENT))]);
        assert_eq!(found(&journey), (vec![code], Outcome::Unreachable), "{to} {leads:?} {tcp:?}");
    }
    for tcp in [Failure::Forbidden, Failure::Silent, Failure::Refused, Failure::Rejected] {
        let beyond = no_tcp(tcp, Err(Failure::Forbidden));
        assert_eq!(beside(beyond), (vec![Code::ForbiddenHere], Outcome::Local), "{tcp:?}");
    }
}

#[test]
fn what_answers_but_is_no_room_is_told_apart() {
    let foreign = Err(Failure::Foreign);
    for (tls, behind, code) in [
        (foreign, Ok(Behind::Other), Code::OtherProgram),
        (foreign, Ok(Behind::Nothing), Code::OtherProgram),
        (SILENT, Ok(Behind::Other), Code::OtherProgram),
        (foreign, Err(Failure::Silent), Code::OtherProgram),
        (SILENT, Err(Failure::Silent), Code::Mute),
        (Err(Failure::CutOff), Ok(Behind::Nothing), Code::HangsUp),
        (Err(Failure::CutOff), Err(Failure::CutOff), Code::HangsUp),
        (foreign, Ok(Behind::Host { plain: true }), Code::PlainRoom),
        (foreign, Ok(Behind::OtherVersion), Code::OtherVersion),
        (SILENT, Ok(Behind::OtherVersion), Code::OtherVersion),
        (Err(Failure::CutOff), Ok(Behind::Host { plain: false }), Code::EncryptionBroken),
        (SILENT, Ok(Behind::Host { plain: true }), Code::EncryptionBroken),
        (foreign, Ok(Behind::Host { plain: false }), Code::EncryptionBroken),
    ] {
        let got = beside(answers(tls, SILENT, behind.clone()));
        assert_eq!(got, (vec![code], Outcome::Unreachable), "{tls:?} {behind:?}");
    }
}

/// A program with TLS has some key, too. That is none to agree to.
#[test]
fn a_program_that_speaks_tls_is_no_host() {
    for behind in [Behind::Other, Behind::Nothing] {
        let beyond = answers(Ok(key(5)), SILENT, Ok(behind));
        let journey = Journey { expected: None, ..journey(vec![road("192.168.77.2:443", Leads::Beside, beyond)]) };
        assert_eq!(found(&journey), (vec![Code::OtherProgram], Outcome::Unreachable));
    }
}

#[test]
fn a_wrong_key_outweighs_everything_else() {
    let wrong = || Ok(key(66));
    for beyond in [
        answers(wrong(), wrong(), ENCRYPTED),
        answers(wrong(), SILENT, ENCRYPTED),
        answers(Ok(key(HOST)), wrong(), ENCRYPTED),
        answers(wrong(), Ok(key(HOST)), ENCRYPTED),
        answers(wrong(), SILENT, Ok(Behind::Other)),
        no_tcp(Failure::Silent, wrong()),
    ] {
        for is_pinned in [true, false] {
            let roads = vec![
                road("192.168.77.2:7275", Leads::Beside, beyond.clone()),
                road("203.0.113.1:7275", Leads::Away, well()),
            ];
            let expected = Some(Expected { key: key(HOST), is_pinned });
            let (codes, outcome) = found(&Journey { expected, ..journey(roads) });
            assert_eq!((codes[0], outcome), (Code::KeyMismatch, Outcome::Mismatch), "{beyond:?}");
            let works = codes.iter().filter(|code| **code == Code::Works).count();
            assert_eq!(works, 1, "only the other way works: {codes:?}");
        }
    }
    let unproven = Err(Failure::Unproven(key(HOST)));
    for beyond in [answers(unproven, SILENT, ENCRYPTED), answers(Ok(key(HOST)), unproven, ENCRYPTED)] {
        assert_eq!(beside(beyond), (vec![Code::KeyUnproven], Outcome::Mismatch));
    }
}

#[test]
fn two_keys_of_one_host_are_no_first_contact() {
    let roads = vec![road("192.168.77.2:7275", Leads::Beside, answers(Ok(key(1)), Ok(key(2)), ENCRYPTED))];
    let (codes, outcome) = found(&Journey { expected: None, ..journey(roads) });
    assert_eq!((codes[0], outcome), (Code::TwoKeys, Outcome::Mismatch));
    let other = answers(Ok(key(2)), SILENT, ENCRYPTED);
    let roads = vec![road("192.168.77.2:7275", Leads::Beside, well()), road("[fd77::2]:7275", Leads::Beside, other)];
    let (codes, outcome) = found(&Journey { expected: None, ..journey(roads) });
    assert_eq!((codes[0], outcome), (Code::TwoKeys, Outcome::Mismatch));
}

#[test]
fn whose_key_it_is_is_said() {
    let road = || vec![road("192.168.77.2:7275", Leads::Beside, well())];
    let codes = |journey: Journey| found(&journey).0;
    let pinned = Some(Expected { key: key(HOST), is_pinned: true });
    assert_eq!(codes(Journey { expected: pinned, ..journey(road()) }), [Code::Works, Code::KeyPinned]);
    assert_eq!(codes(Journey { expected: None, ..journey(road()) }), [Code::FirstContact, Code::Works]);
    let known = vec![(key(HOST), vec!["Kitchen".to_owned()])];
    assert_eq!(codes(Journey { expected: None, known, ..journey(road()) }), [Code::KeyKnown, Code::Works]);
    for expected in [None, pinned] {
        assert_eq!(codes(Journey { expected, own: Some(key(HOST)), ..journey(road()) }), [Code::OwnRoom, Code::Works]);
    }
}

#[test]
fn where_there_is_no_way_it_says_why() {
    let blocked = |to: &str, failure| Road { to: to.parse().unwrap(), route: step(Err(failure)), beyond: None };
    let codes = |journey: &Journey| found(journey).0;
    let far = blocked("203.0.113.1:7275", Failure::NoRoute);
    assert_eq!(codes(&journey(vec![far.clone()])), [Code::NoRoute]);
    assert_eq!(codes(&Journey { networks: Vec::new(), ..journey(vec![far]) }), [Code::NoNetwork]);
    let v6 = blocked("[2001:db8::1]:7275", Failure::NoRoute);
    assert_eq!(codes(&Journey { has_ipv6: false, ..journey(vec![v6.clone()]) }), [Code::NoIpv6]);
    assert_eq!(codes(&journey(vec![v6])), [Code::NoRoute]);
    let link = journey(vec![blocked("[fe80::1]:7275", Failure::NoZone)]);
    assert_eq!(codes(&link), [Code::NoInterface]);
    let report = words::report(&link, &diagnose(&link));
    assert!(report.findings[0].todo.contains("[fe80::1%eth0]:7275"), "{report:?}");
    let several = vec![blocked("203.0.113.1:7275", Failure::NoRoute), blocked("[2001:db8::1]:7275", Failure::NoRoute)];
    let offline = Journey { networks: Vec::new(), has_ipv6: false, ..journey(several) };
    assert_eq!(codes(&offline), [Code::NoNetwork], "it is said once");
    let forbidden = journey(vec![blocked("203.0.113.1:7275", Failure::Forbidden)]);
    assert_eq!(found(&forbidden), (vec![Code::ForbiddenHere], Outcome::Local));
}

#[test]
fn a_name_that_nobody_knows_is_said_as_such() {
    for (address, why, code) in [
        ("ada.local", NotFound::Unknown, Code::NameNotFound),
        ("ada", NotFound::Silent, Code::NameNotFound),
        ("ada.example.org", NotFound::Unknown, Code::NameNotFound),
        ("fe80::1%wlan9", NotFound::Zone, Code::NoSuchInterface),
    ] {
        let lookup = Lookup { address: Address::parse(address, 7275).unwrap(), step: step(Err(why)) };
        let journey = Journey { lookups: vec![lookup], ..journey(Vec::new()) };
        assert_eq!(found(&journey), (vec![code], Outcome::Unreachable), "{address}");
    }
}

#[test]
fn without_a_network_no_name_is_blamed() {
    let lookup = Lookup { address: Address::parse("ada", 7275).unwrap(), step: step(Err(NotFound::Unknown)) };
    let offline = Journey { lookups: vec![lookup], interfaces: Vec::new(), ..journey(Vec::new()) };
    assert_eq!(found(&offline), (vec![Code::NoNetwork], Outcome::Unreachable));
}

#[test]
fn a_dead_way_beside_one_that_works_is_only_noted() {
    let roads = vec![
        road("[fd77::2]:7275", Leads::Beside, no_tcp(Failure::Silent, SILENT)),
        road("192.168.77.2:7275", Leads::Beside, well()),
    ];
    let journey = journey(roads);
    assert_eq!(found(&journey), (vec![Code::SilentNeighbour, Code::Works, Code::KeyExpected], Outcome::Well));
    let report = words::report(&journey, &diagnose(&journey));
    assert_eq!(report.findings[0].mark, Mark::Note);
}

#[test]
fn a_first_packet_that_is_sent_again_shows_loss() {
    let mut lossy = well();
    lossy.connects[3] = Duration::from_millis(1_020);
    assert_eq!(beside(lossy).0, [Code::Loss, Code::Works, Code::KeyExpected]);
    // Far away is not the same as lossy.
    let mut far = well();
    far.connects = vec![Duration::from_millis(950), Duration::from_millis(1_200)];
    assert_eq!(beside(far).0, [Code::Works, Code::KeyExpected]);
}

#[test]
fn pins_that_cannot_be_read_stop_a_join() {
    let journey = Journey {
        expected: None,
        pins_trouble: Some("Line 3 of your pins file cannot be read.".to_owned()),
        ..journey(vec![road("192.168.77.2:7275", Leads::Beside, well())])
    };
    let (codes, outcome) = found(&journey);
    assert!(codes.contains(&Code::PinsUnreadable), "{codes:?}");
    assert_eq!(outcome, Outcome::Local);
    let report = words::report(&journey, &diagnose(&journey));
    assert_eq!(report.findings[0].mark, Mark::Failed, "that another way leads there does not help");
}

#[test]
fn addresses_that_were_not_tried_are_counted() {
    let journey = Journey { passed_over: 3, ..journey(vec![road("192.168.77.2:7275", Leads::Beside, well())]) };
    assert_eq!(found(&journey).0, [Code::PassedOver, Code::Works, Code::KeyExpected]);
}
