//! A way in from outside, asked for with `host --map-port`, of a gateway with a real daemon: miniupnpd, which speaks PCP,
//! NAT-PMP and UPnP.

use std::{
    thread::sleep,
    time::{Duration, Instant},
};

use serde_json::Value;

use crate::{
    daemon::{Gateway, NO_PCP, OTHER, PUBLIC, Setting, USUAL, deaf, forget, net, open_ports},
    figures::record_join,
    gateway::{self, NO_UDP},
    harness::{Host, PATIENCE, Program},
    net::{HOST, Net},
    people::{Joined, PORT, Person, converse, events},
};

/// Hosts a room and asks for a way in.
fn host(net: &Net) -> Host {
    Person::at(&net.host, "Ana").host(&["--quic", "--map-port"])
}

/// Waits until a way in stands like this.
fn stands(program: &mut Program, state: &str) -> Value {
    let so_far = events(program, "mapped").into_iter().rfind(|mapped| mapped["state"] == state);
    so_far.unwrap_or_else(|| program.wait_for("mapped", |mapped| mapped["state"] == state))
}

/// Joins by an invite, as somebody outside who was sent it.
fn join(net: &Net, name: &'static str, mapped: &Value) -> Joined {
    let invite = mapped["invite"].as_str().expect("an invite").to_owned();
    let begun = Instant::now();
    let mut program = Person::at(&net.far, name).start(&["join", &invite, "--name", name]);
    let welcome = program.wait("welcomed");
    Joined { program, welcome, took: begun.elapsed() }
}

/// The sentence of a report.
fn sentence(mapped: &Value) -> &str {
    mapped["detail"].as_str().expect("a sentence")
}

/// Runs a join that is to fail, from outside, and gives its exit code.
fn fails_to_join(net: &Net, host: &Host) -> i32 {
    let (place, fingerprint) = (format!("{PUBLIC}:{PORT}"), host.fingerprint());
    let (code, _) = Person::at(&net.far, "Dan").run(&["join", &place, "--fingerprint", &fingerprint, "--console"]);
    code
}

/// Another computer at home asks for a port.
fn second_takes(net: &Net, protocol: &str) {
    net.second.shell(&format!("natpmpc -g 192.168.77.1 -a {PORT} {PORT} {protocol} 3600"));
}

/// Waits until the gateway's rules are as wanted, and gives them.
fn wait_for_rules(net: &Net, is_wanted: impl Fn(&str) -> bool) -> String {
    let begun = Instant::now();
    loop {
        let rules = open_ports(&net.gw);
        if is_wanted(&rules) {
            return rules;
        }
        assert!(begun.elapsed() < PATIENCE, "{rules}");
        sleep(Duration::from_millis(100));
    }
}

/// A room is opened to the outside, used over QUIC and over TLS, and shut when it ends.
fn is_opened_used_and_shut(order: u16, setting: Setting, deafness: &str, language: &str) {
    let Some(net) = net() else { return };
    let _gateway = Gateway::start(&net, setting);
    if !deafness.is_empty() {
        deaf(&net, deafness);
    }
    let mut host = host(&net);
    let mapped = stands(&mut host.program, "open");
    assert_eq!(mapped["outside"], serde_json::json!([format!("{PUBLIC}:{PORT}")]));
    assert!(sentence(&mapped).contains(&format!("({language})")), "{mapped}");

    let mut ben = join(&net, "Ben", &mapped);
    assert_eq!((ben.transport(), ben.security()), ("quic", "pinned"));
    gateway::fault(&net.gw, NO_UDP);
    let mut cleo = join(&net, "Cleo", &mapped);
    assert_eq!((cleo.transport(), cleo.security()), ("tls", "pinned"));
    gateway::fault(&net.gw, gateway::NOTHING);
    let said = converse(&mut [&mut host.program, &mut ben.program, &mut cleo.program], 3);
    for (more, joined, fault) in [(0, &ben, ""), (1, &cleo, "; UDP is dropped on the way")] {
        let network = format!("a gateway has opened the port when asked by {language}{fault}");
        record_join(order + more, &network, joined, said, "with the invite that has the address outside");
    }

    host.program.signal("INT");
    let (code, took) = host.program.wait_end();
    assert_eq!(code, 0);
    assert!(took < Duration::from_secs(2), "the end took {took:?}");
    let left = open_ports(&net.gw);
    assert!(!left.contains("7275"), "{left}");
}

#[test]
#[ignore = "needs root: scripts/netlab"]
fn a_room_is_opened_to_the_outside_by_pcp_and_shut_when_it_ends() {
    is_opened_used_and_shut(110, Setting { upnp: false, ..USUAL }, "", "PCP");
}

#[test]
#[ignore = "needs root: scripts/netlab"]
fn a_room_is_opened_to_the_outside_by_nat_pmp_and_shut_when_it_ends() {
    is_opened_used_and_shut(112, Setting { upnp: false, ..USUAL }, NO_PCP, "NAT-PMP");
}

#[test]
#[ignore = "needs root: scripts/netlab"]
fn a_room_is_opened_to_the_outside_by_upnp_and_shut_when_it_ends() {
    is_opened_used_and_shut(114, Setting { port_control: false, ..USUAL }, "", "UPnP");
}

#[test]
#[ignore = "needs root: scripts/netlab"]
fn nobody_outside_gets_in_unless_it_was_asked_for_and_as_long_as_the_room_lasts() {
    let Some(net) = net() else { return };
    let _gateway = Gateway::start(&net, USUAL);
    let mut unasked = Person::at(&net.host, "Ana").host(&["--quic"]);
    assert_eq!(fails_to_join(&net, &unasked), 3);
    assert!(events(&unasked.program, "mapped").is_empty(), "{}", unasked.program);
    unasked.program.signal("TERM");
    unasked.program.wait_end();

    let mut host = host(&net);
    let mapped = stands(&mut host.program, "open");
    drop(join(&net, "Ben", &mapped));
    host.program.signal("TERM");
    host.program.wait_end();
    assert_eq!(fails_to_join(&net, &host), 3);
}

#[test]
#[ignore = "needs root: scripts/netlab"]
fn a_port_is_renewed_while_the_room_lasts_and_ends_by_itself_after_a_host_that_was_killed() {
    // By PCP: only there does this daemon keep to its longest lease, so that one need not wait for minutes.
    for setting in [USUAL, Setting { upnp: false, ..USUAL }] {
        let Some(net) = net() else { return };
        let _gateway = Gateway::start(&net, Setting { lease: 9, ..setting });
        let mut host = host(&net);
        let mapped = stands(&mut host.program, "open");
        // Longer than any lease of this gateway's. Nothing tells of a renewal.
        let begun = Instant::now();
        while begun.elapsed() < Duration::from_secs(14) {
            let rules = open_ports(&net.gw);
            assert!(rules.matches(":7275").count() >= 2, "after {:?}: {rules}", begun.elapsed());
            sleep(Duration::from_millis(500));
        }
        drop(join(&net, "Ben", &mapped));
        host.program.signal("KILL");
        host.program.wait_end();
        assert!(open_ports(&net.gw).contains("7275"));
        wait_for_rules(&net, |rules| !rules.contains("7275"));
    }
}

#[test]
#[ignore = "needs root: scripts/netlab"]
fn where_the_port_is_taken_another_one_serves_udp_and_tcp() {
    let languages = [
        (Setting { upnp: false, ..USUAL }, ""),
        (Setting { upnp: false, ..USUAL }, NO_PCP),
        (USUAL, "udp dport 5351 drop"),
    ];
    for (setting, deafness) in languages {
        for taken in [&["udp", "tcp"][..], &["tcp"], &["udp"]] {
            let Some(net) = net() else { return };
            let _gateway = Gateway::start(&net, setting);
            taken.iter().for_each(|protocol| second_takes(&net, protocol));
            if !deafness.is_empty() {
                deaf(&net, deafness);
            }
            let mut host = host(&net);
            let mapped = stands(&mut host.program, "open");
            assert_eq!(mapped["outside"], serde_json::json!([format!("{PUBLIC}:7276")]), "{mapped}");
            assert!(sentence(&mapped).contains("another port"), "{mapped}");
            assert_eq!(join(&net, "Ben", &mapped).transport(), "quic");
            gateway::fault(&net.gw, NO_UDP);
            assert_eq!(join(&net, "Cleo", &mapped).transport(), "tls");
            host.program.signal("INT");
            host.program.wait_end();
            // What the other computer has is still its own.
            let rules = open_ports(&net.gw);
            assert!(!rules.contains("192.168.77.2") && rules.contains("192.168.77.3:7275"), "{rules}");
        }
    }
}

#[test]
#[ignore = "needs root: scripts/netlab"]
fn a_gateway_that_allows_nothing_is_told_with_what_to_do_by_hand() {
    let Some(net) = net() else { return };
    // By PCP and NAT-PMP, this daemon would try each port that there is.
    let _gateway = Gateway::start(&net, Setting { port_control: false, allows: false, ..USUAL });
    let mut host = host(&net);
    let mapped = stands(&mut host.program, "shut");
    assert_eq!(mapped["reason"], "denied", "{mapped}");
    assert!(sentence(&mapped).contains("forward UDP and TCP port 7275 to 192.168.77.2, port 7275"), "{mapped}");
    assert!(!mapped["invite"].as_str().expect("an invite").contains(PUBLIC));
}

#[test]
#[ignore = "needs root: scripts/netlab"]
fn a_gateway_that_opens_tcp_only_leads_over_tls() {
    let Some(net) = net() else { return };
    let _gateway = Gateway::start(&net, Setting { upnp: false, ..USUAL });
    // What a request by PCP is about is in its 37th byte.
    deaf(&net, "udp dport 5351 @th,352,8 17 drop");
    let mut host = host(&net);
    let mapped = stands(&mut host.program, "half");
    assert!(sentence(&mapped).contains("over TLS only"), "{mapped}");
    assert_eq!(join(&net, "Ben", &mapped).transport(), "tls");
}

#[test]
#[ignore = "needs root: scripts/netlab"]
fn a_gateway_behind_another_one_is_told_in_every_language() {
    let private = Setting { address: None, ..USUAL };
    for (setting, deafness) in [
        (Setting { upnp: false, ..private }, ""),
        (Setting { upnp: false, ..private }, NO_PCP),
        (Setting { port_control: false, ..private }, ""),
    ] {
        let Some(net) = net() else { return };
        // Its only address outside is not one of the internet's.
        for address in [PUBLIC, OTHER] {
            net.gw.ip(&format!("addr del {address}/32 dev wan0"));
        }
        let _gateway = Gateway::start(&net, setting);
        if !deafness.is_empty() {
            deaf(&net, deafness);
        }
        let mut host = host(&net);
        let mapped = host.program.wait_for("mapped", |mapped| mapped["state"] != "asking");
        let is_inner = mapped["state"] == "inner" || mapped["reason"] == "inner";
        assert!(is_inner && sentence(&mapped).contains("another gateway in front of it"), "{mapped}");
        assert_eq!(mapped["outside"], serde_json::json!([]));
    }
}

#[test]
#[ignore = "needs root: scripts/netlab"]
fn a_gateway_without_a_daemon_or_with_a_silent_one_is_told_and_the_room_is_open_meanwhile() {
    for rule in ["", "meta l4proto { tcp, udp } drop"] {
        let Some(net) = net() else { return };
        if !rule.is_empty() {
            deaf(&net, rule);
        }
        let mut host = host(&net);
        let ben = Person::at(&net.second, "Ben").join(&host, HOST, &[]);
        assert_eq!(ben.transport(), "quic");
        let mapped = stands(&mut host.program, "shut");
        assert_eq!(mapped["reason"], "silent", "{mapped}");
        assert!(sentence(&mapped).contains("(192.168.77.1)"), "{mapped}");
        host.program.signal("INT");
        let (_, took) = host.program.wait_end();
        assert!(took < Duration::from_secs(2), "the end took {took:?}");
    }
}

#[test]
#[ignore = "needs root: scripts/netlab"]
fn a_computer_without_a_gateway_is_told_so_until_it_has_one() {
    let Some(net) = net() else { return };
    let _gateway = Gateway::start(&net, USUAL);
    net.host.ip("route del default");
    let mut host = host(&net);
    assert_eq!(stands(&mut host.program, "shut")["reason"], "no-gateway");
    net.host.ip("route add default via 192.168.77.1");
    let mapped = stands(&mut host.program, "open");
    assert_eq!(join(&net, "Ben", &mapped).transport(), "quic");
}

#[test]
#[ignore = "needs root: scripts/netlab"]
fn a_gateway_that_restarts_with_another_address_leads_to_the_room_again_and_the_invite_is_new() {
    let Some(net) = net() else { return };
    let short = Setting { lease: 9, ..USUAL };
    let gateway = Gateway::start(&net, short);
    let mut host = host(&net);
    stands(&mut host.program, "open");
    drop(gateway);
    forget(&net.gw, "br0");
    assert_eq!(stands(&mut host.program, "shut")["reason"], "gone");
    let _gateway = Gateway::start(&net, Setting { address: Some(OTHER), ..short });
    let outside = serde_json::json!([format!("{OTHER}:{PORT}")]);
    let mapped = host.program.wait_for("mapped", |mapped| mapped["outside"] == outside);
    assert!(sentence(&mapped).contains("hand out the new one"), "{mapped}");
    assert_eq!(join(&net, "Ben", &mapped).transport(), "quic");
}

#[test]
#[ignore = "needs root: scripts/netlab"]
fn the_end_is_not_held_up_by_a_gateway_that_has_fallen_silent() {
    let Some(net) = net() else { return };
    let gateway = Gateway::start(&net, USUAL);
    let mut host = host(&net);
    stands(&mut host.program, "open");
    deaf(&net, "meta l4proto { tcp, udp } drop");
    drop(gateway);
    host.program.signal("INT");
    let (code, took) = host.program.wait_end();
    assert!(code == 0 && took < Duration::from_secs(2), "the end took {took:?}");
}

#[test]
#[ignore = "needs root: scripts/netlab"]
fn another_computer_that_says_it_is_the_gateway_is_not_believed() {
    let Some(net) = net() else { return };
    net.second.shell("ip link add wan0 type veth peer name wan1; ip link set wan0 up; ip link set wan1 up");
    forget(&net.second, "eth0");
    let _rogue = Gateway::start_on(&net.second, "eth0", Setting { port_control: false, address: Some(OTHER), ..USUAL });
    let mut host = host(&net);
    assert_eq!(stands(&mut host.program, "shut")["reason"], "silent");
    // It is asked again, and then there is somebody to answer.
    let _gateway = Gateway::start(&net, Setting { port_control: false, ..USUAL });
    let mapped = stands(&mut host.program, "open");
    assert_eq!(mapped["outside"], serde_json::json!([format!("{PUBLIC}:{PORT}")]));
    let rules = open_ports(&net.second);
    assert!(!rules.contains("7275"), "{rules}");
}

/// As older gateways do, it answers only when everybody is asked, and whoever says that they are the gateway may be sooner.
#[test]
#[ignore = "needs root: scripts/netlab"]
fn a_gateway_that_answers_among_others_is_the_one_that_is_believed() {
    let Some(net) = net() else { return };
    net.second.shell("ip link add wan0 type veth peer name wan1; ip link set wan0 up; ip link set wan1 up");
    forget(&net.second, "eth0");
    let upnp = Setting { port_control: false, ..USUAL };
    let _rogue = Gateway::start_on(&net.second, "eth0", Setting { address: Some(OTHER), ..upnp });
    let _gateway = Gateway::start(&net, upnp);
    deaf(&net, "ip daddr 192.168.77.1 udp dport 1900 drop");
    let mut host = host(&net);
    let mapped = stands(&mut host.program, "open");
    assert_eq!(mapped["outside"], serde_json::json!([format!("{PUBLIC}:{PORT}")]));
    let (ours, theirs) = (open_ports(&net.gw), open_ports(&net.second));
    assert!(ours.contains("7275") && !theirs.contains("7275"), "{ours}{theirs}");
}

#[test]
#[ignore = "needs root: scripts/netlab"]
fn a_host_whose_address_changes_asks_for_a_way_to_the_new_one() {
    let Some(net) = net() else { return };
    let _gateway = Gateway::start(&net, USUAL);
    let mut host = host(&net);
    stands(&mut host.program, "open");
    net.host.ip("addr del 192.168.77.2/24 dev eth0");
    net.host.address("eth0", "192.168.77.5/24");
    net.host.ip("route add default via 192.168.77.1");
    let mapped = host.program.wait_for("mapped", |mapped| mapped["state"] == "open");
    let rules = open_ports(&net.gw);
    assert!(rules.contains("dnat ip to 192.168.77.5:7275"), "{rules}");
    assert_eq!(join(&net, "Ben", &mapped).transport(), "quic");
}
