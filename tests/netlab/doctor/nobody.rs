//! Why nobody is reached.

use super::{asked, at_home, isolate, rules};
use crate::{
    gateway::{self, Forward, Nat, SILENCE},
    lab::{End, wire},
    net::{HOST, Net, OUTSIDE},
    people::Person,
};

#[test]
#[ignore = "needs root: scripts/netlab"]
fn the_doctor_sees_that_nothing_is_forwarded() {
    let Some(net) = Net::new() else { return };
    gateway::set_up(&net.gw, Forward::Nothing, Nat::Usual);
    let _host = Person::at(&net.host, "Ana").host(&["--quic"]);
    // Further away than the next machine.
    net.far.shell(&format!(
        "ip addr del 203.0.113.9/24 dev eth0; ip addr add 203.0.113.9/32 dev eth0; ip route add {OUTSIDE} dev eth0"
    ));
    let said = asked(&Person::at(&net.far, "Ben"), &[OUTSIDE]);
    said.is(3, &["nothing-listens"]).has("nothing-listens", &["does not forward the port"]);
}

#[test]
#[ignore = "needs root: scripts/netlab"]
fn the_doctor_sees_that_a_neighbour_has_no_room_open_or_its_firewall_says_so() {
    let says_so = |net: &Net| rules(&net.host, "input", "accept", "meta l4proto { tcp, udp } th dport 7275 reject");
    for (place, set_up) in [("192.168.77.2:7276", None), (HOST, Some(says_so))] {
        let Some((said, _host)) = at_home(place, |net| {
            if let Some(set_up) = set_up {
                set_up(net);
            }
        }) else {
            return;
        };
        said.is(3, &["nothing-listens"]).has("nothing-listens", &["The room is not open", "or a firewall on"]);
    }
}

#[test]
#[ignore = "needs root: scripts/netlab"]
fn the_doctor_sees_silence_beside_it_and_further_away() {
    let Some((said, _host)) = at_home(HOST, |net| gateway::fault(&net.gw, SILENCE)) else { return };
    said.is(3, &["silent-neighbour"]).has("silent-neighbour", &["is on your network, and nothing comes back"]);
    let away = |net: &Net| {
        gateway::set_up(&net.gw, Forward::Nothing, Nat::Usual);
        gateway::fault(&net.gw, SILENCE);
    };
    let Some((said, _host)) = at_home("203.0.113.9", away) else { return };
    said.is(3, &["silent"]).has("silent", &["Nothing comes back", "forward port 7275"]);
}

/// Its firewall drops even what comes from itself.
#[test]
#[ignore = "needs root: scripts/netlab"]
fn the_doctor_sees_that_this_computer_does_not_answer_itself() {
    let drops = |net: &Net| rules(&net.second, "input", "accept", "meta l4proto { tcp, udp } th dport 7275 drop");
    let Some((said, _host)) = at_home("192.168.77.3", drops) else { return };
    said.is(3, &["silent-here"]).has("silent-here", &["this computer itself", "Allow port 7275"]);
}

#[test]
#[ignore = "needs root: scripts/netlab"]
fn the_doctor_sees_that_somebody_says_no() {
    let no = "meta l4proto { tcp, udp } th dport 7275 reject with icmpx admin-prohibited";
    let Some((said, _host)) = at_home(HOST, |net| rules(&net.host, "input", "accept", no)) else { return };
    said.is(3, &["rejected"]).has("rejected", &["is refused at once", "allow port 7275"]);
}

/// What comes back means nothing to anybody: that this machine had no TCP.
#[test]
#[ignore = "needs root: scripts/netlab"]
fn the_doctor_does_not_claim_to_know_what_it_does_not() {
    let odd = "meta l4proto { tcp, udp } th dport 7275 reject with icmp type prot-unreachable";
    let Some((said, _host)) = at_home(HOST, |net| rules(&net.host, "input", "accept", odd)) else { return };
    said.is(3, &["unclear"]).has("unclear", &["cannot be reached (no connection came about)"]);
}

#[test]
#[ignore = "needs root: scripts/netlab"]
fn the_doctor_sees_that_nobody_there_has_the_address() {
    let Some((said, _host)) = at_home("192.168.77.99", |_| {}) else { return };
    said.is(3, &["nobody-there"]).has("nobody-there", &["Nobody on your network answers to 192.168.77.99"]);
    let behind = |net: &Net| gateway::set_up(&net.gw, Forward::Nothing, Nat::Usual);
    let Some((said, _host)) = at_home("203.0.113.77", behind) else { return };
    said.is(3, &["nobody-there"]).has("nobody-there", &["The gateway before 203.0.113.77 reports"]);
}

#[test]
#[ignore = "needs root: scripts/netlab"]
fn the_doctor_sees_that_an_access_point_keeps_its_devices_apart() {
    let Some((said, _host)) = at_home(HOST, isolate) else { return };
    said.is(3, &["nobody-there"]).has("nobody-there", &["client isolation"]);
}

#[test]
#[ignore = "needs root: scripts/netlab"]
fn the_doctor_sees_that_the_host_is_on_another_network() {
    let Some(net) = Net::new() else { return };
    let ben = Person::at(&net.far, "Ben");
    asked(&ben, &[HOST]).is(3, &["no-route"]).has("no-route", &["without a gateway"]);
    net.far.ip("route add default via 203.0.113.1");
    gateway::set_up(&net.gw, Forward::Nothing, Nat::Usual);
    asked(&ben, &[HOST]).is(3, &["other-network"]).has("other-network", &["It is in: ", "203.0.113.0/24"]);
}

#[test]
#[ignore = "needs root: scripts/netlab"]
fn the_doctor_sees_that_there_is_no_network_or_no_ipv6() {
    let Some(net) = Net::new() else { return };
    let ben = Person::at(&net.lab.machine("alone"), "Ben");
    // No name is blamed for it.
    for place in [HOST, "2001:db8::9", "ana.example", "ana.local"] {
        asked(&ben, &[place]).is(3, &["no-network"]).has("no-network", &["This computer is on no network."]);
    }
    let said = asked(&ben, &[]);
    said.has("no-network", &["Connect to the network on which the others are."]).lacks("no-gateway");
    assert_eq!(said.code, 1, "{said:#?}");

    let third = net.lab.machine("third");
    wire(&End(&net.gw, "lan3"), &End(&third, "eth0"));
    net.gw.ip("link set lan3 master br0");
    third.address("eth0", "192.168.77.4/24");
    let said = asked(&Person::at(&third, "Chi"), &["2001:db8::9"]);
    said.is(3, &["no-ipv6"]).has("no-ipv6", &["Ask the host for an IPv4 address"]);
}

#[test]
#[ignore = "needs root: scripts/netlab"]
fn the_doctor_sees_that_this_computer_lets_nothing_out() {
    for (verdict, words) in [
        ("drop", "does not let a connection to 192.168.77.2:7275 out"),
        ("reject with icmpx admin-prohibited", "does not let a connection to 192.168.77.2:7275 out"),
        ("reject", "does not let UDP to 192.168.77.2:7275 out, and TCP is refused"),
    ] {
        let rule = format!("meta l4proto {{ tcp, udp }} th dport 7275 {verdict}");
        let Some((said, _host)) = at_home(HOST, |net| rules(&net.second, "output", "accept", &rule)) else { return };
        said.is(1, &["forbidden-here"]).has("forbidden-here", &[words, "in the firewall of this computer"]);
    }
    let prohibits = |net: &Net| drop(net.second.ip("route add prohibit 203.0.113.9"));
    let Some((said, _host)) = at_home("203.0.113.9", prohibits) else { return };
    said.is(1, &["forbidden-here"]);
}

#[test]
#[ignore = "needs root: scripts/netlab"]
fn the_doctor_goes_to_a_link_local_address() {
    let Some(net) = Net::new() else { return };
    let _host = Person::at(&net.host, "Ana").host(&["--quic"]);
    let own = net.host.ip("-6 -o addr show dev eth0 scope link");
    let own = own.split_whitespace().find(|word| word.starts_with("fe80")).expect("an address");
    let ip = own.split('/').next().expect("an address");
    let ben = Person::at(&net.second, "Ben");
    asked(&ben, &[&format!("{ip}%eth0")]).is(0, &["first-contact", "works"]);
    asked(&ben, &[ip]).is(3, &["no-interface"]).has("no-interface", &["%eth0]:7275"]);
    asked(&ben, &[&format!("{ip}%wlan9")])
        .is(3, &["no-such-interface"])
        .has("no-such-interface", &["names a network interface that this computer does not have"]);
}
