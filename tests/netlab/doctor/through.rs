//! What gets through, and what does not.

use super::{BOTH, at_home, outside, rules};
use crate::{
    gateway::{self, Forward, NO_UDP},
    net::{HOST, Net},
};

#[test]
#[ignore = "needs root: scripts/netlab"]
fn the_doctor_sees_that_udp_is_dropped_and_tls_gets_through() {
    for (forward, fault) in [(BOTH, NO_UDP), (Forward::Port(7275, &["tcp"]), gateway::NOTHING)] {
        let Some(said) = outside(forward, fault) else { return };
        said.is(0, &["udp-blocked", "works", "key-expected"]).has("udp-blocked", &["A gateway or firewall on the way"]);
    }
}

#[test]
#[ignore = "needs root: scripts/netlab"]
fn the_doctor_sees_that_this_computer_lets_no_udp_out() {
    let forbids = |net: &Net| rules(&net.second, "output", "accept", "udp dport 7275 drop");
    let Some((said, _host)) = at_home(HOST, forbids) else { return };
    said.is(0, &["udp-blocked", "first-contact", "works"]).has("udp-blocked", &["This computer does not let UDP"]);
}

#[test]
#[ignore = "needs root: scripts/netlab"]
fn the_doctor_sees_that_tcp_is_dropped_and_quic_gets_through() {
    for (forward, fault) in [(BOTH, "meta l4proto tcp drop"), (Forward::Port(7275, &["udp"]), gateway::NOTHING)] {
        let Some(said) = outside(forward, fault) else { return };
        said.is(0, &["tcp-blocked", "works", "key-expected"]).has("tcp-blocked", &["Let TCP on port 7275 through"]);
    }
}

/// Every third first packet is lost, so that it is no matter of luck.
#[test]
#[ignore = "needs root: scripts/netlab"]
fn the_doctor_sees_that_packets_are_lost() {
    let Some(said) = outside(BOTH, "tcp flags & (syn | ack) == syn numgen inc mod 3 == 1 drop") else { return };
    said.is(0, &["loss", "works", "key-expected"]).has("loss", &["packets get lost", "use a cable"]);
}

/// Something looks into connections and cuts off those that are encrypted: where TCP has its usual options, the first byte of
/// what is said is the 33rd after its ports.
#[test]
#[ignore = "needs root: scripts/netlab"]
fn the_doctor_sees_that_encryption_is_broken_on_the_way() {
    let breaks = format!("{NO_UDP}\ntcp dport 7275 @th,256,8 0x16 drop");
    let Some(said) = outside(BOTH, &breaks) else { return };
    said.is(3, &["encryption-broken"]).has("encryption-broken", &["Do not fall back to plain TCP"]);
}
