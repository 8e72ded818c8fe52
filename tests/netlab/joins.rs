//! What a join finds through each gateway: QUIC where it gets through, TLS with the same pin where it does not.

use std::time::Duration;

use crate::{
    figures::record_join,
    gateway::{self, Forward, NO_UDP, Nat},
    net::{Net, OUTSIDE},
    people::{Person, converse},
};

/// From the program's start to the welcome, however little of UDP gets through. Two processors are shared with other cases.
const SOON: Duration = Duration::from_secs(2);

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
    joins(10, "a gateway forwards UDP and TCP", Forward::Port(7275, BOTH), "", &[], "quic");
}

#[test]
#[ignore = "needs root: scripts/netlab"]
fn a_gateway_that_forwards_tcp_only_is_passed_over_tls_with_the_same_pin() {
    joins(20, "a gateway forwards TCP only", Forward::Port(7275, &["tcp"]), "", &[], "tls");
}

#[test]
#[ignore = "needs root: scripts/netlab"]
fn where_udp_is_dropped_tls_is_used_with_the_same_pin() {
    joins(30, "a gateway forwards both; UDP is dropped on the way", Forward::Port(7275, BOTH), NO_UDP, &[], "tls");
}
