//! What a join finds through each gateway: QUIC where it gets through, TLS with the same pin where it does not.

use std::{
    fs,
    time::{Duration, Instant},
};

use crate::{
    figures::{record, record_join},
    gateway::{self, Forward, NO_UDP, NOTHING, Nat, SILENCE},
    net::{Net, OUTSIDE},
    people::{Person, converse, events, everybody_heard},
};

/// From the program's start to the welcome, however little of UDP gets through: what is promised, and what a machine whose
/// processors are shared with other cases may add.
const SOON: Duration = Duration::from_millis(1_000 + 500);

const BOTH: &[&str] = &["udp", "tcp"];

/// Somebody outside joins the host through a gateway, and they talk.
fn joins(order: u16, network: &str, forward: Forward<'_>, fault: &str, arguments: &[&str], expected: &str) {
    let Some(net) = Net::new() else { return };
    gateway::set_up(&net.gw, forward, Nat::Usual);
    gateway::fault(&net.gw, fault);
    let (ana, ben) = (Person::at(&net.host, "Ana"), Person::at(&net.far, "Ben"));
    let mut host = ana.host(&["--quic"]);
    let mut joined = ben.join(&host, OUTSIDE, arguments);
    assert_eq!((joined.transport(), joined.security()), (expected, "pinned"));
    assert!(joined.took < SOON, "the join took {:?}", joined.took);
    let said = converse(&mut [&mut host.program, &mut joined.program], 20);
    record_join(order, network, &joined, said, "");
}

#[test]
#[ignore = "needs root: scripts/netlab"]
fn a_gateway_that_forwards_both_is_passed_over_quic() {
    joins(10, "a gateway forwards UDP and TCP", Forward::Port(7275, BOTH), NOTHING, &[], "quic");
}

#[test]
#[ignore = "needs root: scripts/netlab"]
fn a_gateway_that_forwards_tcp_only_is_passed_over_tls_with_the_same_pin() {
    joins(20, "a gateway forwards TCP only", Forward::Port(7275, &["tcp"]), NOTHING, &[], "tls");
}

#[test]
#[ignore = "needs root: scripts/netlab"]
fn where_udp_is_dropped_tls_is_used_with_the_same_pin() {
    joins(30, "a gateway forwards both; UDP is dropped on the way", Forward::Port(7275, BOTH), NO_UDP, &[], "tls");
}

#[test]
#[ignore = "needs root: scripts/netlab"]
fn into_a_dmz_one_comes_over_quic() {
    joins(40, "a DMZ: everything goes to the host", Forward::Everything, NOTHING, &[], "quic");
}

#[test]
#[ignore = "needs root: scripts/netlab"]
fn into_a_dmz_one_comes_over_tls_if_one_wants_to() {
    let tls = &["--transport", "tls"];
    joins(41, "the same, with `--transport tls`", Forward::Everything, NOTHING, tls, "tls");
}

/// So many of a hundred packets are lost in each direction, and not a word.
fn loses_packets_and_no_words(order: u16, percent: u8) {
    let Some(net) = Net::new() else { return };
    gateway::set_up(&net.gw, Forward::Port(7275, BOTH), Nat::Usual);
    gateway::fault(&net.gw, &gateway::loss(percent));
    let (ana, ben) = (Person::at(&net.host, "Ana"), Person::at(&net.far, "Ben"));
    let mut host = ana.host(&["--quic"]);
    let mut joined = ben.join(&host, OUTSIDE, &[]);
    assert_eq!(joined.security(), "pinned");
    let said = converse(&mut [&mut host.program, &mut joined.program], 50);
    record_join(order, &format!("{percent} of 100 packets are lost, each way"), &joined, said, "");
}

#[test]
#[ignore = "needs root: scripts/netlab"]
fn a_network_that_loses_a_packet_in_twenty_loses_no_words() {
    loses_packets_and_no_words(50, 5);
}

#[test]
#[ignore = "needs root: scripts/netlab"]
fn a_network_that_loses_a_packet_in_five_loses_no_words() {
    loses_packets_and_no_words(51, 20);
}

/// The host is outside, and who joins is at home, behind a gateway that gives each of their connections another port. In the
/// middle of the conversation it forgets all of them.
fn a_gateway_that_forgets(order: u16, transport: &str) {
    let Some(net) = Net::new() else { return };
    gateway::set_up(&net.gw, Forward::Nothing, Nat::Symmetric);
    let (ana, ben) = (Person::at(&net.far, "Ana"), Person::at(&net.host, "Ben"));
    let mut host = ana.host(&["--quic"]);
    let mut joined = ben.join(&host, "203.0.113.9", &["--transport", transport]);
    assert_eq!((joined.transport(), joined.security()), (transport, "pinned"));
    converse(&mut [&mut host.program, &mut joined.program], 10);
    net.gw.shell("conntrack -D >/dev/null 2>&1");
    let lines = ["one", "two", "three"].map(str::to_owned);
    lines.iter().for_each(|line| joined.program.say(line));
    everybody_heard(&mut [&mut host.program, &mut joined.program], &lines);
    for kind in ["left", "gap"] {
        assert!(events(&host.program, kind).is_empty(), "{}", host.program);
    }
    let remark = "in the middle, the gateway forgets all connections";
    record_join(order, "the member is behind a symmetric NAT", &joined, 20 + lines.len(), remark);
}

#[test]
#[ignore = "needs root: scripts/netlab"]
fn a_symmetric_nat_that_forgets_is_survived_over_quic() {
    a_gateway_that_forgets(55, "quic");
}

#[test]
#[ignore = "needs root: scripts/netlab"]
fn a_symmetric_nat_that_forgets_is_survived_over_tls() {
    a_gateway_that_forgets(56, "tls");
}

/// From inside to the gateway's outside address.
#[test]
#[ignore = "needs root: scripts/netlab"]
fn through_a_hairpin_one_comes_in_or_is_told_why_not() {
    let Some(net) = Net::new() else { return };
    gateway::set_up(&net.gw, Forward::Port(7275, BOTH), Nat::Usual);
    let (ana, ben) = (Person::at(&net.host, "Ana"), Person::at(&net.second, "Ben"));
    let mut host = ana.host(&["--quic"]);
    let mut refused = ben.begin_to_join(&host, OUTSIDE, &[]);
    let told = refused.wait("refused");
    assert_eq!(told["reason"], "unreachable");
    assert!(told["detail"].as_str().is_some_and(|detail| detail.contains("nothing is listening there")), "{told}");
    assert_eq!(refused.wait_end().0, 3);

    gateway::hairpin(&net.gw, 7275);
    let mut joined = ben.join(&host, OUTSIDE, &[]);
    assert_eq!((joined.transport(), joined.security()), ("quic", "pinned"));
    let said = converse(&mut [&mut host.program, &mut joined.program], 20);
    record_join(57, "both at home, by the outside address (hairpin)", &joined, said, "");
}

#[test]
#[ignore = "needs root: scripts/netlab"]
fn where_everything_is_dropped_one_is_told_in_time() {
    let Some(net) = Net::new() else { return };
    gateway::set_up(&net.gw, Forward::Port(7275, BOTH), Nat::Usual);
    let (ana, ben) = (Person::at(&net.host, "Ana"), Person::at(&net.far, "Ben"));
    let host = ana.host(&["--quic"]);
    gateway::fault(&net.gw, SILENCE);
    let begun = Instant::now();
    let mut refused = ben.begin_to_join(&host, OUTSIDE, &[]);
    let told = refused.wait("refused");
    assert_eq!(told["reason"], "unreachable");
    assert!(told["detail"].as_str().is_some_and(|detail| detail.contains("(no answer)")), "{told}");
    assert_eq!(refused.wait_end().0, 3);
    assert!(begun.elapsed() < Duration::from_secs(12), "it took {:?}", begun.elapsed());
    record(58, "everything is dropped", "nothing", begun.elapsed(), 0, "the join says so, and ends");
}

/// Whose network blocks UDP waits for it once.
#[test]
#[ignore = "needs root: scripts/netlab"]
fn what_worked_is_remembered_and_what_did_not_is_tried_all_the_same() {
    let Some(net) = Net::new() else { return };
    gateway::set_up(&net.gw, Forward::Port(7275, BOTH), Nat::Usual);
    gateway::fault(&net.gw, NO_UDP);
    let (ana, ben) = (Person::at(&net.host, "Ana"), Person::at(&net.far, "Ben"));
    let host = ana.host(&["--quic"]);
    let pins = || fs::read_to_string(ben.installation.path().join("pins")).expect("pins");

    let first = ben.join(&host, OUTSIDE, &[]);
    assert_eq!(first.transport(), "tls");
    assert!(pins().contains(" over=tls "), "{}", pins());
    drop(first);
    let again = ben.join(&host, OUTSIDE, &[]);
    assert_eq!(again.transport(), "tls");
    record_join(31, "the same, for the second time", &again, 0, "TLS no longer waits for QUIC");
    drop(again);

    gateway::fault(&net.gw, NOTHING);
    let mut third = ben.join(&host, OUTSIDE, &[]);
    if third.transport() == "tls" {
        // They begin together, and either may win; from there it is not far.
        assert_eq!(third.program.wait("resumed")["transport"], "quic");
    }
    drop(third.program.wait_for("state", |state| state["state"] == "online"));
    assert!(pins().contains(" over=quic "), "{}", pins());
}
