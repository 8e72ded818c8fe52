//! Plain TCP through the same gateways: only for who asks for it, always marked, never where a key is known.

use crate::{
    figures::record_join,
    gateway::{self, Forward, NOTHING, Nat},
    harness::Host,
    net::{Net, OUTSIDE},
    people::{Joined, Person, converse},
};

/// What blocks everything that is encrypted: UDP, and what begins as TLS does, with the byte 22, after a TCP header of 20
/// to 60 bytes (its length is in the upper half of its 13th byte, in words of 32 bits).
const NOTHING_ENCRYPTED: &str = "meta l4proto udp drop
tcp dport 7275 @ih,0,8 22 drop";

fn net(fault: &str, host_arguments: &[&str]) -> Option<(Net, Host, Person)> {
    let net = Net::new()?;
    gateway::set_up(&net.gw, Forward::Port(7275, &["udp", "tcp"]), Nat::Usual);
    gateway::fault(&net.gw, fault);
    let host = Person::at(&net.host, "Ana").host(host_arguments);
    let ben = Person::at(&net.far, "Ben");
    Some((net, host, ben))
}

fn talks_in_the_clear(
    order: u16,
    network: &str,
    mut host: Host,
    begun: std::time::Instant,
    join: crate::harness::Program,
) {
    let mut joined = Joined::of(join, begun);
    assert_eq!((joined.transport(), joined.security()), ("tcp", "plaintext"));
    // Everybody is shown it.
    assert_eq!(host.program.wait("joined")["security"], "plaintext");
    let said = converse(&mut [&mut host.program, &mut joined.program], 20);
    record_join(order, network, &joined, said, "marked as not encrypted, for everybody in the room");
}

#[test]
#[ignore = "needs root: scripts/netlab"]
fn plain_tcp_passes_a_gateway_for_who_asks_for_it() {
    let Some((_net, host, ben)) = net(NOTHING, &["--tcp"]) else { return };
    let begun = std::time::Instant::now();
    let join = ben.start(&["join", OUTSIDE, "--name", "Ben", "--tcp"]);
    talks_in_the_clear(80, "a gateway forwards both; `--tcp`", host, begun, join);
}

#[test]
#[ignore = "needs root: scripts/netlab"]
fn where_nothing_encrypted_passes_plain_tcp_is_the_last_way_for_who_said_so() {
    let Some((_net, host, ben)) = net(NOTHING_ENCRYPTED, &["--quic", "--tcp"]) else { return };
    let mut refused = ben.start(&["join", OUTSIDE, "--name", "Ben"]);
    let told = refused.wait("refused");
    assert_eq!(told["reason"], "unreachable");
    assert!(told["detail"].as_str().is_some_and(|detail| detail.contains("--fallback plain")), "{told}");

    let begun = std::time::Instant::now();
    let join = ben.start(&["join", OUTSIDE, "--name", "Ben", "--fallback", "plain"]);
    talks_in_the_clear(81, "nothing encrypted gets through; `--fallback plain`", host, begun, join);
}

/// Neither does a network that blocks everything else bring a host whose key is known into the clear.
#[test]
#[ignore = "needs root: scripts/netlab"]
fn a_host_with_a_pin_is_never_talked_to_in_the_clear() {
    let Some((net, host, ben)) = net(NOTHING, &["--quic", "--tcp"]) else { return };
    drop(ben.join(&host, OUTSIDE, &[]));
    gateway::fault(&net.gw, NOTHING_ENCRYPTED);
    for arguments in [["--fallback", "plain"].as_slice(), &["--tcp"]] {
        let mut refused = ben.start(&[&["join", OUTSIDE, "--name", "Ben"], arguments].concat());
        let told = refused.wait("refused");
        let reason = if arguments == ["--tcp"] { "plaintext-refused" } else { "unreachable" };
        assert_eq!(told["reason"], reason, "{told}");
        assert_ne!(refused.wait_end().0, 0);
    }
}

/// Somebody else answers in the host's place.
#[test]
#[ignore = "needs root: scripts/netlab"]
fn after_a_wrong_key_nothing_is_said_in_the_clear() {
    let Some((net, host, ben)) = net(NOTHING, &["--quic"]) else { return };
    drop(ben.join(&host, OUTSIDE, &[]));
    drop(host);
    let _other = Person::at(&net.host, "Mallory").host(&["--quic", "--tcp"]);
    let mut refused = ben.start(&["join", OUTSIDE, "--name", "Ben", "--fallback", "plain"]);
    assert_eq!(refused.wait("refused")["reason"], "identity-mismatch");
    assert_eq!(refused.wait_end().0, 4);
}
