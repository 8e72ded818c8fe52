//! The host's gateway, and multicast.

use super::{asked, isolate, rules};
use crate::{
    daemon,
    examined::Said,
    lab::{Guarded, has},
    net::Net,
    people::Person,
};

/// Whether the gateway speaks UPnP-IGD, NAT-PMP and PCP.
fn spoken(said: &Said) -> Vec<bool> {
    said.details("gateway").iter().map(|line| line.contains("spoken")).collect()
}

#[test]
#[ignore = "needs root: scripts/netlab"]
fn the_doctor_asks_the_gateway_in_all_its_languages_and_maps_nothing() {
    let Some(net) = Net::new() else { return };
    let said = asked(&Person::at(&net.host, "Ana"), &[]);
    said.has("gateway-mute", &["192.168.77.1, cannot be asked", "forward port 7275"]);
    assert_eq!(said.code, 0, "{said:#?}");
    for (upnp, port_control) in [(true, true), (true, false), (false, true)] {
        let Some(net) = daemon::net() else { return };
        let _daemon = daemon::Gateway::start(&net, daemon::Setting { upnp, port_control, ..daemon::USUAL });
        let said = asked(&Person::at(&net.host, "Ana"), &[]);
        said.has("gateway-maps", &[daemon::PUBLIC, "--map-port"]);
        assert_eq!(spoken(&said), [upnp, port_control, port_control], "{said:#?}");
        let open = daemon::open_ports(&net.gw);
        assert!(!open.contains("dnat"), "{open}");
    }
}

/// PCP tells no address without a mapping.
#[test]
#[ignore = "needs root: scripts/netlab"]
fn the_doctor_knows_a_gateway_that_speaks_pcp_alone() {
    let Some(net) = daemon::net() else { return };
    let _daemon = daemon::Gateway::start(&net, daemon::Setting { upnp: false, ..daemon::USUAL });
    daemon::deaf(&net, daemon::NO_NAT_PMP);
    let said = asked(&Person::at(&net.host, "Ana"), &[]);
    said.has("gateway-maps", &["can be asked to forward the port."]);
    assert_eq!(spoken(&said), [false, false, true], "{said:#?}");
}

#[test]
#[ignore = "needs root: scripts/netlab"]
fn the_doctor_sees_that_there_is_a_second_gateway_before_the_first() {
    for (upnp, port_control) in [(true, false), (false, true)] {
        let Some(net) = daemon::net() else { return };
        // Its only address outside is not one of the internet's.
        for address in [daemon::PUBLIC, daemon::OTHER] {
            net.gw.ip(&format!("addr del {address}/32 dev wan0"));
        }
        let setting = daemon::Setting { upnp, port_control, address: None, ..daemon::USUAL };
        let _daemon = daemon::Gateway::start(&net, setting);
        let said = asked(&Person::at(&net.host, "Ana"), &[]);
        said.has("double-nat", &["second gateway"]).lacks("gateway-maps");
        assert_eq!(said.code, 0, "{said:#?}");
    }
}

/// Says in NAT-PMP that its address outside is this one, as gateways do whose provider has none for each customer. miniupnpd
/// would not.
fn gateway_with(net: &Net, outside: [u8; 4]) -> Guarded {
    let answer =
        "socket,struct; s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.bind((\"192.168.77.1\", 5351))";
    let speaker = net.gw.spawn(&format!(
        "python3 -c 'import {answer}
while True:
    asked, who = s.recvfrom(64)
    if asked == bytes(2):
        s.sendto(struct.pack(\">BBHI\", 0, 128, 0, 9) + bytes({outside:?}), who)'"
    ));
    net.gw.shell("while ! ss -Huln sport = :5351 | grep -q .; do sleep 0.05; done");
    speaker
}

#[test]
#[ignore = "needs root: scripts/netlab"]
fn the_doctor_knows_an_address_outside_that_is_none_of_the_internets() {
    if !has(&["python3"]) {
        return;
    }
    for (outside, address, words) in [
        ([100, 64, 3, 4], "100.64.3.4", "Your provider shares one address"),
        ([10, 9, 8, 7], "10.9.8.7", "There is a second gateway"),
    ] {
        let Some(net) = Net::new() else { return };
        let _gateway = gateway_with(&net, outside);
        let said = asked(&Person::at(&net.host, "Ana"), &[]);
        said.has("double-nat", &[address, words]).lacks("gateway-maps");
    }
}

#[test]
#[ignore = "needs root: scripts/netlab"]
fn the_doctor_sees_whether_multicast_gets_through() {
    const TALK: &str = "bash -c 'while :; do echo > /dev/udp/224.0.0.251/5353; sleep 0.2; done'";
    if !has(&["bash"]) {
        return;
    }
    let Some(net) = Net::new() else { return };
    let ana = Person::at(&net.host, "Ana");
    asked(&ana, &[]).has("multicast-alone", &["nobody else on the network answers"]);
    let _other = net.second.spawn(TALK);
    asked(&ana, &[]).has("multicast-works", &["one other machine answers"]).lacks("multicast-alone");
    isolate(&net);
    asked(&ana, &[]).has("multicast-alone", &["client isolation"]).lacks("multicast-works");
    rules(&net.host, "input", "accept", "udp dport 5353 drop");
    let said = asked(&ana, &[]);
    said.has("multicast-blocked", &["eth0 (IPv4), eth0 (IPv6)", "Allow mDNS"]).lacks("multicast-alone");
}
