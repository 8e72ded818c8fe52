//! `parlor doctor` in networks that have something: each finding with that fault made for real. Those that one machine can
//! have are in `tests/program/doctor.rs`.

use serde_json::Value;

use crate::{
    daemon,
    gateway::{self, Forward, NO_UDP, Nat, SILENCE},
    harness::Host,
    lab::{End, Machine, has, skip, wire},
    net::{HOST, Net, OUTSIDE},
    people::Person,
};

const BOTH: Forward<'_> = Forward::Port(7275, &["udp", "tcp"]);

/// What the doctor says: the exit code, and all events.
struct Said {
    code: i32,
    events: Vec<Value>,
}

impl Said {
    fn by(person: &Person, arguments: &[&str]) -> Self {
        let (code, said) = person.run(&[&["doctor", "--json"], arguments].concat());
        Self::read(code, &said)
    }

    fn read(code: i32, said: &str) -> Self {
        let json = |line| serde_json::from_str(line).unwrap_or_else(|_| panic!("no JSON: {said}"));
        Self { code, events: said.lines().map(json).collect() }
    }

    fn of(&self, event: &str) -> impl Iterator<Item = &Value> {
        self.events.iter().filter(move |found| found["event"] == event)
    }

    fn found(&self) -> Vec<&str> {
        self.of("finding").filter_map(|finding| finding["code"].as_str()).collect()
    }

    fn has(&self, code: &str) -> bool {
        self.found().contains(&code)
    }

    /// The sentence of a finding about what is the case.
    fn what(&self, code: &str) -> &str {
        let mut findings = self.of("finding").filter(|finding| finding["code"] == code);
        findings.next().and_then(|finding| finding["what"].as_str()).unwrap_or_default()
    }
}

/// Rules that a machine has for what comes to it (`input`), leaves it (`output`) or is forwarded there (`prerouting`).
fn rules(machine: &Machine, hook: &str, policy: &str, rules: &str) {
    let kind = if hook == "prerouting" { "type nat hook prerouting priority dstnat" } else { "type filter hook" };
    let begin = if hook == "prerouting" { kind.to_owned() } else { format!("{kind} {hook} priority filter") };
    machine.nft(&format!(
        "table inet own\ndelete table inet own\ntable inet own {{\nchain own {{\n{begin}\npolicy {policy}\n{rules}\n}}\n}}\n"
    ));
}

/// Somebody outside looks at the way through a gateway to a room that is open.
fn outside(forward: Forward<'_>, fault: &str) -> Option<Said> {
    let net = Net::new()?;
    gateway::set_up(&net.gw, forward, Nat::Usual);
    gateway::fault(&net.gw, fault);
    let host = Person::at(&net.host, "Ana").host(&["--quic"]);
    let invite = host.text("invite").replace(HOST, OUTSIDE);
    Some(Said::by(&Person::at(&net.far, "Ben"), &[OUTSIDE, "--fingerprint", &invite]))
}

/// Somebody at home looks at a place; `set_up` says what is wrong.
fn at_home(place: &str, set_up: impl FnOnce(&Net)) -> Option<(Said, Host)> {
    let net = Net::new()?;
    let host = Person::at(&net.host, "Ana").host(&["--quic"]);
    set_up(&net);
    let said = Said::by(&Person::at(&net.second, "Ben"), &[place]);
    Some((said, host))
}

/// The host looks at its own machine; no room is open.
fn host(set_up: impl FnOnce(&Net)) -> Option<Said> {
    let net = Net::new()?;
    set_up(&net);
    Some(Said::by(&Person::at(&net.host, "Ana"), &[]))
}

#[test]
#[ignore = "needs root: scripts/netlab"]
fn the_doctor_sees_that_udp_is_dropped_and_tls_gets_through() {
    for (forward, fault) in [(BOTH, NO_UDP), (Forward::Port(7275, &["tcp"]), gateway::NOTHING)] {
        let Some(said) = outside(forward, fault) else { return };
        assert_eq!((said.code, said.found()), (0, vec!["udp-blocked", "works", "key-expected"]));
    }
}

#[test]
#[ignore = "needs root: scripts/netlab"]
fn the_doctor_sees_that_tcp_is_dropped_and_quic_gets_through() {
    for (forward, fault) in [(BOTH, "meta l4proto tcp drop"), (Forward::Port(7275, &["udp"]), gateway::NOTHING)] {
        let Some(said) = outside(forward, fault) else { return };
        assert_eq!((said.code, said.found()), (0, vec!["tcp-blocked", "works", "key-expected"]));
    }
}

#[test]
#[ignore = "needs root: scripts/netlab"]
fn the_doctor_sees_that_nothing_is_forwarded() {
    let Some(said) = outside(Forward::Nothing, gateway::NOTHING) else { return };
    assert_eq!((said.code, said.found()), (3, vec!["nothing-listens"]));
}

#[test]
#[ignore = "needs root: scripts/netlab"]
fn the_doctor_sees_silence_beside_it_and_further_away() {
    let Some((said, _host)) = at_home(HOST, |net| gateway::fault(&net.gw, SILENCE)) else { return };
    assert_eq!((said.code, said.found()), (3, vec!["silent-neighbour"]));
    let away = |net: &Net| {
        gateway::set_up(&net.gw, Forward::Nothing, Nat::Usual);
        gateway::fault(&net.gw, SILENCE);
    };
    let Some((said, _host)) = at_home("203.0.113.9", away) else { return };
    assert_eq!((said.code, said.found()), (3, vec!["silent"]));
}

#[test]
#[ignore = "needs root: scripts/netlab"]
fn the_doctor_sees_that_the_hosts_own_firewall_drops_and_so_does_the_host() {
    const KNOWN: &str = "ct state established,related accept
        iifname \"lo\" accept
        meta l4proto { icmp, ipv6-icmp } accept";
    let Some((said, _host)) = at_home(HOST, |net| rules(&net.host, "input", "drop", KNOWN)) else { return };
    assert_eq!((said.code, said.found()), (3, vec!["silent-neighbour"]));
    let Some(said) = host(|net| rules(&net.host, "input", "drop", KNOWN)) else { return };
    assert!(said.code == 1 && said.what("firewall-blocks").contains("UDP and TCP"), "{:#?}", said.events);

    let opened = format!("{KNOWN}\ntcp dport 7275 accept");
    let Some((said, _host)) = at_home(HOST, |net| rules(&net.host, "input", "drop", &opened)) else { return };
    assert_eq!((said.code, said.found()), (0, vec!["udp-blocked", "first-contact", "works"]));
    let Some(said) = host(|net| rules(&net.host, "input", "drop", &opened)) else { return };
    assert!(said.code == 0 && said.what("firewall-blocks").contains("UDP."), "{:#?}", said.events);

    let both = format!("{KNOWN}\nmeta l4proto {{ tcp, udp }} th dport 7000-7300 accept");
    let Some((said, _host)) = at_home(HOST, |net| rules(&net.host, "input", "drop", &both)) else { return };
    assert_eq!((said.code, said.found()), (0, vec!["first-contact", "works"]));
    let Some(said) = host(|net| rules(&net.host, "input", "drop", &both)) else { return };
    assert!(said.has("firewall-open"), "{:#?}", said.events);

    let some = format!("{KNOWN}\nip saddr 192.168.77.3 accept");
    let Some((said, _host)) = at_home(HOST, |net| rules(&net.host, "input", "drop", &some)) else { return };
    assert_eq!((said.code, said.found()), (0, vec!["first-contact", "works"]));
    let Some(said) = host(|net| rules(&net.host, "input", "drop", &some)) else { return };
    assert!(said.has("firewall-conditions"), "{:#?}", said.events);
}

#[test]
#[ignore = "needs root: scripts/netlab"]
fn the_doctor_sees_that_somebody_says_no() {
    let no = "meta l4proto { tcp, udp } th dport 7275 reject with icmpx admin-prohibited";
    let rejects = |net: &Net| rules(&net.host, "input", "accept", no);
    let Some((said, _host)) = at_home(HOST, rejects) else { return };
    assert_eq!((said.code, said.found()), (3, vec!["rejected"]));
}

#[test]
#[ignore = "needs root: scripts/netlab"]
fn the_doctor_sees_that_nobody_there_has_the_address() {
    let Some((said, _host)) = at_home("192.168.77.99", |_| {}) else { return };
    assert_eq!((said.code, said.found()), (3, vec!["nobody-there"]));
}

fn isolate(net: &Net) {
    for port in ["lan1", "lan2"] {
        net.gw.shell(&format!("bridge link set dev {port} isolated on"));
    }
}

/// As a guest network does.
#[test]
#[ignore = "needs root: scripts/netlab"]
fn the_doctor_sees_that_an_access_point_keeps_its_devices_apart() {
    let Some((said, _host)) = at_home(HOST, isolate) else { return };
    assert_eq!((said.code, said.found()), (3, vec!["nobody-there"]));
    let finding = said.of("finding").next().expect("a finding");
    assert!(finding["means"].as_str().is_some_and(|means| means.contains("client isolation")), "{finding}");
}

#[test]
#[ignore = "needs root: scripts/netlab"]
fn the_doctor_sees_that_the_host_is_on_another_network() {
    let Some(net) = Net::new() else { return };
    let ben = Person::at(&net.far, "Ben");
    let said = Said::by(&ben, &[HOST]);
    assert_eq!((said.code, said.found()), (3, vec!["no-route"]));
    net.far.ip("route add default via 203.0.113.1");
    gateway::set_up(&net.gw, Forward::Nothing, Nat::Usual);
    let said = Said::by(&ben, &[HOST]);
    assert_eq!((said.code, said.found()), (3, vec!["other-network"]));
    assert!(said.what("other-network").contains("203.0.113.0/24"), "{:#?}", said.events);
}

#[test]
#[ignore = "needs root: scripts/netlab"]
fn the_doctor_sees_that_there_is_no_network_or_no_ipv6() {
    let Some(net) = Net::new() else { return };
    let ben = Person::at(&net.lab.machine("alone"), "Ben");
    let said = Said::by(&ben, &[HOST]);
    assert_eq!((said.code, said.found()), (3, vec!["no-network"]));
    let said = Said::by(&ben, &[]);
    assert!(said.code == 1 && said.has("no-network"), "{:#?}", said.events);

    let third = net.lab.machine("third");
    wire(&End(&net.gw, "lan3"), &End(&third, "eth0"));
    net.gw.ip("link set lan3 master br0");
    third.address("eth0", "192.168.77.4/24");
    let said = Said::by(&Person::at(&third, "Chi"), &["2001:db8::9"]);
    assert_eq!((said.code, said.found()), (3, vec!["no-ipv6"]));
}

#[test]
#[ignore = "needs root: scripts/netlab"]
fn the_doctor_sees_that_this_computer_lets_nothing_out() {
    let forbids = |net: &Net| rules(&net.second, "output", "accept", "meta l4proto { tcp, udp } th dport 7275 drop");
    let Some((said, _host)) = at_home(HOST, forbids) else { return };
    assert_eq!((said.code, said.found()), (1, vec!["forbidden-here"]));
}

#[test]
#[ignore = "needs root: scripts/netlab"]
fn the_doctor_sees_the_dead_family_of_a_name() {
    let Some(net) = Net::new() else { return };
    let _host = Person::at(&net.host, "Ana").host(&["--quic"]);
    net.second.hosts("fd77::99 ana.example\n192.168.77.2 ana.example");
    let said = Said::by(&Person::at(&net.second, "Ben"), &["ana.example"]);
    assert_eq!((said.code, said.found()), (0, vec!["nobody-there", "first-contact", "works"]));
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
    let said = Said::by(&ben, &[&format!("{ip}%eth0")]);
    assert_eq!((said.code, said.found()), (0, vec!["first-contact", "works"]));
    let said = Said::by(&ben, &[ip]);
    assert_eq!((said.code, said.found()), (3, vec!["no-interface"]));
    let todo = said.of("finding").next().expect("a finding")["todo"].as_str().expect("a text").to_owned();
    assert!(todo.contains("%eth0]:7275"), "{todo}");
}

/// Every third first packet is lost, so that it is no matter of luck.
#[test]
#[ignore = "needs root: scripts/netlab"]
fn the_doctor_sees_that_packets_are_lost() {
    let Some(said) = outside(BOTH, "tcp flags & (syn | ack) == syn numgen inc mod 3 == 1 drop") else { return };
    assert_eq!((said.code, said.found()), (0, vec!["loss", "works", "key-expected"]));
}

/// The gateway forwards to somebody else now.
#[test]
#[ignore = "needs root: scripts/netlab"]
fn the_doctor_stops_where_another_key_answers() {
    let Some(net) = Net::new() else { return };
    gateway::set_up(&net.gw, Forward::Nothing, Nat::Usual);
    let host = Person::at(&net.host, "Ana").host(&["--quic"]);
    let mallory = Person::at(&net.second, "Mallory").host(&["--quic", "--tcp"]);
    rules(&net.gw, "prerouting", "accept", "meta l4proto { tcp, udp } th dport 7275 dnat ip to 192.168.77.3");
    let ben = Person::at(&net.far, "Ben");
    let said = Said::by(&ben, &[OUTSIDE, "--fingerprint", &host.fingerprint()]);
    assert_eq!((said.code, said.found()), (4, vec!["key-mismatch"]));
    assert!(said.what("key-mismatch").contains(&mallory.text("id")), "{:#?}", said.events);
    // QUIC is answered by the one, TLS by the other.
    let each = "iifname \"wan0\" udp dport 7275 dnat ip to 192.168.77.2
        iifname \"wan0\" tcp dport 7275 dnat ip to 192.168.77.3";
    rules(&net.gw, "prerouting", "accept", each);
    let said = Said::by(&ben, &[OUTSIDE, "--fingerprint", &host.fingerprint()]);
    assert_eq!((said.code, said.found()), (4, vec!["key-mismatch"]));
    let said = Said::by(&ben, &[OUTSIDE]);
    assert_eq!((said.code, said.found()[0]), (4, "two-keys"));
}

#[test]
#[ignore = "needs root: scripts/netlab"]
fn the_doctor_knows_a_program_that_speaks_tls() {
    if !has(&["openssl"]) {
        return;
    }
    let Some(net) = Net::new() else { return };
    let files = tempfile::tempdir().expect("a folder");
    let (key, certificate) = (files.path().join("key"), files.path().join("certificate"));
    let (key, certificate) = (key.display(), certificate.display());
    net.host.shell(&format!(
        "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=web -keyout {key} -out {certificate} 2>/dev/null"
    ));
    let _web =
        net.host.spawn(&format!("openssl s_server -quiet -accept 7275 -key {key} -cert {certificate} >/dev/null"));
    net.host.shell("while ! ss -tln | grep -q :7275; do sleep 0.05; done");
    let said = Said::by(&Person::at(&net.second, "Ben"), &[HOST]);
    assert_eq!((said.code, said.found()), (3, vec!["other-program"]));
    assert!(said.what("other-program").contains("TLS"), "{:#?}", said.events);
}

/// Something looks into connections and cuts off those that are encrypted: where TCP has its usual options, the first byte of
/// what is said is the 33rd after its ports.
#[test]
#[ignore = "needs root: scripts/netlab"]
fn the_doctor_sees_that_encryption_is_broken_on_the_way() {
    let breaks = format!("{NO_UDP}\ntcp dport 7275 @th,256,8 0x16 drop");
    let Some(said) = outside(BOTH, &breaks) else { return };
    assert_eq!((said.code, said.found()), (3, vec!["encryption-broken"]));
}

#[test]
#[ignore = "needs root: scripts/netlab"]
fn the_doctor_asks_the_gateway_in_all_its_languages_and_maps_nothing() {
    let Some(net) = Net::new() else { return };
    let ana = Person::at(&net.host, "Ana");
    let said = Said::by(&ana, &[]);
    assert!(said.has("gateway-mute") && said.code == 0, "{:#?}", said.events);
    let lines = |said: &Said| {
        let rows = said.of("step").filter(|step| step["step"] == "gateway");
        rows.map(|row| row["detail"].as_str().expect("a text").to_owned()).collect::<Vec<_>>()
    };
    for (upnp, port_control) in [(true, true), (true, false), (false, true)] {
        let Some(net) = daemon::net() else { return };
        let _daemon = daemon::Gateway::start(&net, daemon::Setting { upnp, port_control, ..daemon::USUAL });
        let said = Said::by(&Person::at(&net.host, "Ana"), &[]);
        assert!(said.what("gateway-maps").contains(daemon::PUBLIC), "{:#?}", said.events);
        let found: Vec<_> = lines(&said).iter().map(|line| line.contains("spoken")).collect();
        assert_eq!(found, [upnp, port_control, port_control], "{:#?}", said.events);
        let open = daemon::open_ports(&net.gw);
        assert!(!open.contains("dnat"), "{open}");
    }
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
        let said = Said::by(&Person::at(&net.host, "Ana"), &[]);
        assert!(said.has("double-nat") && !said.has("gateway-maps") && said.code == 0, "{:#?}", said.events);
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
    assert!(Said::by(&ana, &[]).has("multicast-alone"));
    let _other = net.second.spawn(TALK);
    let said = Said::by(&ana, &[]);
    assert!(said.has("multicast-works") && !said.has("multicast-alone"), "{:#?}", said.events);
    isolate(&net);
    assert!(Said::by(&ana, &[]).has("multicast-alone"));
    rules(&net.host, "input", "accept", "udp dport 5353 drop");
    let said = Said::by(&ana, &[]);
    assert!(said.has("multicast-blocked") && !said.has("multicast-alone"), "{:#?}", said.events);
    assert!(said.what("multicast-blocked").contains("eth0 (IPv4), eth0 (IPv6)"), "{:#?}", said.events);
}

#[test]
#[ignore = "needs root: scripts/netlab"]
fn the_doctor_sees_where_a_room_does_not_listen() {
    let Some(net) = Net::new() else { return };
    let ana = Person::at(&net.host, "Ana");
    let room = ana.host(&["--quic", "--bind", "127.0.0.1"]);
    let said = Said::by(&ana, &[]);
    assert!(said.has("only-here") && said.code == 1, "{:#?}", said.events);
    drop(room);
    let room = ana.host(&["--quic", "--bind", HOST]);
    let said = Said::by(&ana, &[]);
    assert!(said.has("not-on-all-addresses") && said.has("own-room") && said.code == 0, "{:#?}", said.events);
    drop(room);
    let _room = ana.host(&["--quic"]);
    let said = Said::by(&ana, &[]);
    assert!(said.has("own-room") && !said.has("not-on-all-addresses") && said.code == 0, "{:#?}", said.events);
}

#[test]
#[ignore = "needs root: scripts/netlab"]
fn the_doctor_sees_addresses_that_are_special() {
    let Some(net) = Net::new() else { return };
    net.host.ip("addr flush dev eth0");
    net.host.address("eth0", "169.254.7.8/16");
    let ana = Person::at(&net.host, "Ana");
    let said = Said::by(&ana, &[]);
    assert!(said.has("only-link-local") && said.has("no-gateway"), "{:#?}", said.events);
    net.host.address("eth0", "192.0.1.77/24");
    let said = Said::by(&ana, &[]);
    assert!(said.has("public-address") && !said.has("only-link-local"), "{:#?}", said.events);
}

/// Somebody without rights, as most people are.
#[test]
#[ignore = "needs root: scripts/netlab"]
fn the_doctor_says_what_it_may_not_ask() {
    if !has(&["setpriv"]) {
        return;
    }
    let Some(net) = Net::new() else { return };
    let program = env!("CARGO_BIN_EXE_parlor");
    let nobody = "setpriv --reuid 65534 --regid 65534 --clear-groups --no-new-privs";
    if !net.host.succeeds(&format!("{nobody} {program} --version")) {
        return skip("somebody without rights cannot reach the program where it was built");
    }
    let said = net.host.shell(&format!("{nobody} {program} doctor --json --data-dir /proc/nowhere"));
    let said = Said::read(0, &said);
    assert!(said.what("firewall-unknown").contains("rights"), "{:#?}", said.events);
    let said = net.host.shell(&format!("{nobody} {program} doctor --json --data-dir /proc/nowhere --port 80 || true"));
    assert!(Said::read(1, &said).has("port-forbidden"), "{said}");
}
