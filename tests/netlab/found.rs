//! Rooms on the network: announced, seen, joined by name; and what a forged announcement comes to. The independent peer is
//! python3-zeroconf (`mdns_peer.py`).

use std::{
    fs,
    process::Command,
    time::{Duration, Instant},
};

use serde_json::Value;

use crate::{
    harness::{Host, Program},
    lab::{Machine, has, skip},
    net::{HOST, Net},
    people::{PORT, Person},
};

/// The python that Debian's packages are for.
const PYTHON: &str = "/usr/bin/python3";

/// The second machine's address at home.
const SECOND: &str = "192.168.77.3";

/// The gateway's address at home.
const GATEWAY: &str = "192.168.77.1";

/// A network, if the independent peer is here too.
pub(crate) fn net() -> Option<Net> {
    if !has(&[PYTHON]) {
        return None;
    }
    let imported = Command::new(PYTHON).args(["-c", "import zeroconf"]).output();
    if !imported.is_ok_and(|output| output.status.success()) {
        skip("python3-zeroconf is missing (scripts/setup test)");
        return None;
    }
    Net::new()
}

/// The independent peer on a machine, once it is ready.
pub(crate) fn zeroconf(machine: &Machine, arguments: &[&str]) -> Program {
    let mut command = machine.command(PYTHON);
    command.arg(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/netlab/mdns_peer.py")).args(arguments);
    let mut program = Program::start(&mut command, &format!("zeroconf at {}: {arguments:?}", machine.name));
    program.wait("ready");
    program
}

/// What `parlor rooms` tells somebody.
fn rooms(person: &Person) -> Vec<Value> {
    let (code, said) = person.run(&["rooms", "--json"]);
    assert_eq!(code, 0, "{said}");
    said.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect()
}

/// What `parlor rooms` tells somebody, once it is as wanted.
fn rooms_until(person: &Person, wanted: impl Fn(&[Value]) -> bool) -> Vec<Value> {
    let begun = Instant::now();
    loop {
        let rooms = rooms(person);
        if wanted(&rooms) {
            return rooms;
        }
        assert!(begun.elapsed() < Duration::from_secs(30), "it never came to that: {rooms:?}");
    }
}

fn names(rooms: &[Value]) -> Vec<&str> {
    rooms.iter().map(|room| room["room"].as_str().expect("a name")).collect()
}

/// A key as it is announced.
fn announced_key(host: &Host) -> String {
    format!("key={}", host.text("id").replace('-', ""))
}

/// The refusal of somebody who joins, and the exit code.
fn refusal(mut program: Program) -> (String, String, i32) {
    let refused = program.wait("refused");
    let text = |field: &str| refused[field].as_str().expect("a text").to_owned();
    (text("reason"), text("detail"), program.wait_end().0)
}

#[test]
#[ignore = "needs root: scripts/netlab"]
fn an_independent_browser_sees_a_room_come_and_go() {
    let Some(net) = net() else { return };
    let ana = Person::at(&net.host, "Ana");
    let mut browser = zeroconf(&net.second, &["browse"]);
    let mut host = ana.host(&["--quic", "--tcp", "--room", "St. John's Küche"]);
    let mut seen = Vec::new();
    while seen.len() < 2 {
        let service = browser.wait_for("service", |service| !seen.contains(&service["kind"]));
        assert_eq!(service["port"], PORT);
        let properties = &service["properties"];
        assert_eq!(properties["room"], "St. John's Küche");
        assert_eq!((&properties["v"], &properties["via"]), (&"1".into(), &"quic,tls,tcp".into()));
        assert_eq!(format!("key={}", properties["key"].as_str().expect("a key")), announced_key(&host));
        let addresses = service["addresses"].as_array().expect("addresses");
        assert!(addresses.contains(&HOST.into()), "{service}");
        seen.push(service["kind"].clone());
    }
    let left = Instant::now();
    host.program.signal("INT");
    for _ in 0..2 {
        browser.wait("gone");
    }
    assert!(left.elapsed() < Duration::from_secs(3), "the goodbye took {:?}", left.elapsed());
    assert_eq!(host.program.wait_end().0, 0);
}

#[test]
#[ignore = "needs root: scripts/netlab"]
fn a_room_that_another_program_announces_is_seen_and_its_end_too() {
    let Some(net) = net() else { return };
    let (ana, ben) = (Person::at(&net.host, "Ana"), Person::at(&net.second, "Ben"));
    let host = ana.host(&["--no-announce"]);
    let key = announced_key(&host);
    let port = PORT.to_string();
    let announcer =
        zeroconf(&net.host, &["announce", "Any label", HOST, &port, "v=1", "room=Kitchen", &key, "via=quic,tls"]);
    let seen = rooms(&ben);
    assert_eq!(names(&seen), ["Kitchen"], "{seen:?}");
    assert_eq!(seen[0]["addresses"], serde_json::json!([format!("{HOST}:{PORT}")]));
    assert_eq!((&seen[0]["fingerprint"], &seen[0]["claim"]), (&host.fingerprint().into(), &"new".into()));
    // Once it is pinned, the claim is told as one.
    ben.join(&host, HOST, &[]);
    assert_eq!(rooms(&ben)[0]["claim"], "known");
    announcer.signal("TERM");
    drop(announcer);
}

#[test]
#[ignore = "needs root: scripts/netlab"]
fn a_room_is_joined_by_its_name_and_found_again_when_it_is_silent() {
    let Some(net) = net() else { return };
    let (ana, ben) = (Person::at(&net.host, "Ana"), Person::at(&net.second, "Ben"));
    let host = ana.host(&["--room", "Kitchen"]);
    rooms_until(&ben, |rooms| names(rooms) == ["Kitchen"]);

    let (reason, _, code) = refusal(ben.start(&["join", "kitchen", "--name", "Ben"]));
    assert_eq!((reason.as_str(), code), ("identity-unknown", 6), "an announcement is no introduction");
    let mut joined = ben.start(&["join", "kitchen", "--name", "Ben", "--accept-new"]);
    let welcomed = joined.wait("welcomed");
    assert_eq!((&welcomed["room"], &welcomed["security"]), (&"Kitchen".into(), &"pinned".into()));
    drop(joined);
    let mut again = ben.start(&["join", "kitchen", "--name", "Ben"]);
    assert_eq!(again.wait("welcomed")["fingerprint"], host.fingerprint());
    drop((again, host));

    let silent = ana.host(&["--room", "Kitchen", "--no-announce"]);
    let mut again = ben.start(&["join", "Kitchen", "--name", "Ben"]);
    assert_eq!(again.wait("welcomed")["fingerprint"], silent.fingerprint());
}

#[test]
#[ignore = "needs root: scripts/netlab"]
fn a_forged_announcement_of_a_known_room_is_a_wrong_key() {
    let Some(net) = net() else { return };
    let (ana, ben, eve) = (Person::at(&net.host, "Ana"), Person::at(&net.second, "Ben"), Person::at(&net.gw, "Eve"));
    let host = ana.host(&["--room", "Kitchen", "--no-announce"]);
    ben.join(&host, HOST, &[]);

    // Under the room's name, with a key of her own.
    let mut false_host = eve.host(&["--room", "Kitchen"]);
    let seen = rooms_until(&ben, |rooms| names(rooms) == ["Kitchen"]);
    assert_eq!((&seen[0]["claim"], &seen[0]["expected"]), (&"contradicts".into(), &host.fingerprint().into()));
    let (reason, _, code) = refusal(ben.start(&["join", "Kitchen", "--name", "Ben", "--accept-new"]));
    assert_eq!((reason.as_str(), code), ("identity-mismatch", 4));
    // Not even who asks for plain TCP gets it.
    let (reason, _, code) = refusal(ben.start(&["join", "Kitchen", "--name", "Ben", "--tcp"]));
    assert_eq!((reason.as_str(), code), ("plaintext-refused", 5));

    // Under any name, with the key of the host that she is not.
    let (key, port) = (announced_key(&host), PORT.to_string());
    let _forged = zeroconf(&net.gw, &["announce", "x", GATEWAY, &port, "v=1", "room=Attic", &key, "via=quic,tls"]);
    rooms_until(&ben, |rooms| names(rooms).contains(&"Attic"));
    let (reason, _, code) = refusal(ben.start(&["join", "Attic", "--name", "Ben", "--accept-new"]));
    assert_eq!((reason.as_str(), code), ("identity-mismatch", 4));

    false_host.program.signal("INT");
    false_host.program.wait_end();
    assert!(!false_host.program.heard().iter().any(|line| line.contains("Ben")), "{}", false_host.program);
}

#[test]
#[ignore = "needs root: scripts/netlab"]
fn an_announced_room_without_encryption_is_not_joined_in_the_clear_by_itself() {
    let Some(net) = net() else { return };
    let (ana, ben) = (Person::at(&net.host, "Ana"), Person::at(&net.second, "Ben"));
    let _host = ana.host(&["--room", "Kitchen", "--tcp"]);
    let seen = rooms_until(&ben, |rooms| names(rooms) == ["Kitchen"]);
    assert_eq!((&seen[0]["encrypted"], &seen[0]["fingerprint"]), (&false.into(), &Value::Null));
    let (_, detail, code) = refusal(ben.start(&["join", "Kitchen", "--name", "Ben", "--accept-new"]));
    assert_eq!(code, 3);
    assert!(detail.contains("--fallback plain"), "{detail}");
    let mut plain = ben.start(&["join", "Kitchen", "--name", "Ben", "--tcp"]);
    assert_eq!(plain.wait("welcomed")["security"], "plaintext");
}

#[test]
#[ignore = "needs root: scripts/netlab"]
fn of_several_rooms_of_one_name_one_is_asked_for() {
    let Some(net) = net() else { return };
    let (ana, eve, ben) = (Person::at(&net.host, "Ana"), Person::at(&net.second, "Eve"), Person::at(&net.gw, "Ben"));
    let first = ana.host(&["--room", "Kitchen"]);
    let second = eve.host(&["--room", "Kitchen"]);
    rooms_until(&ben, |rooms| names(rooms) == ["Kitchen", "Kitchen"]);

    let (reason, detail, code) = refusal(ben.start(&["join", "Kitchen", "--name", "Ben"]));
    assert_eq!((reason.as_str(), code), ("ambiguous", 2));
    assert!(detail.contains(HOST) && detail.contains(SECOND), "{detail}");

    // At a terminal one chooses.
    let join = ben.command(&["join", "Kitchen", "--name", "Ben", "--console"]);
    let words = join.get_args().skip(3).map(|word| word.to_string_lossy());
    let line = words.collect::<Vec<_>>().join(" ");
    let mut script = net.gw.command("script");
    script.args(["-q", "-e", "-c", &line, "/dev/null"]);
    let mut terminal = Program::start(&mut script, "a terminal");
    let listed = terminal.wait_line("* 1  ");
    let expected = if listed.contains(HOST) { &first } else { &second };
    terminal.wait_line("Type its number");
    terminal.say("1");
    terminal.wait_line(&expected.text("id"));
    terminal.wait_line("Type yes");
    terminal.say("no");
    terminal.wait_line("You did not agree");
}

/// A room without encryption shows no key, so its label is its name alone.
#[test]
#[ignore = "needs root: scripts/netlab"]
fn two_rooms_under_one_label_are_both_there_and_the_end_of_one_is_not_that_of_the_other() {
    let Some(net) = net() else { return };
    let (ana, eve, ben) = (Person::at(&net.host, "Ana"), Person::at(&net.second, "Eve"), Person::at(&net.gw, "Ben"));
    let mut browser = zeroconf(&net.gw, &["browse"]);
    let _first = ana.host(&["--room", "Kitchen", "--tcp"]);
    browser.wait_for("service", |service| service["name"] == "Kitchen._parlor._tcp.local.");
    let second = eve.host(&["--room", "Kitchen", "--tcp"]);
    let other = browser.wait_for("service", |service| service["name"] != "Kitchen._parlor._tcp.local.");
    assert_eq!(other["properties"]["room"], "Kitchen", "{other}");
    second.program.signal("INT");
    assert_eq!(browser.wait("gone")["name"], other["name"]);
    let left = rooms(&ben);
    assert_eq!(left.len(), 1, "{left:?}");
    assert!(left[0]["addresses"].to_string().contains(HOST), "{left:?}");
}

/// What a host has told over IPv4 it does not tell there again for a second (RFC 6762, section 6); over IPv6, where nobody has
/// asked yet, it names its IPv6 addresses alone.
#[test]
#[ignore = "needs root: scripts/netlab"]
fn who_looks_right_after_others_sees_a_room_with_all_its_addresses() {
    let Some(net) = net() else { return };
    let (ana, ben) = (Person::at(&net.host, "Ana"), Person::at(&net.second, "Ben"));
    let _host = ana.host(&["--room", "Kitchen"]);
    rooms_until(&ben, |rooms| names(rooms) == ["Kitchen"]);
    // It asks over IPv4 alone.
    let mut browser = zeroconf(&net.gw, &["browse"]);
    browser.wait("service");
    let seen = rooms(&ben);
    assert_eq!(names(&seen), ["Kitchen"], "{seen:?}");
    let addresses = seen[0]["addresses"].to_string();
    assert!([HOST, "fd77::2"].iter().all(|address| addresses.contains(address)), "{addresses}");
}

#[test]
#[ignore = "needs root: scripts/netlab"]
fn a_host_that_is_asked_to_keep_silent_sends_nothing() {
    let Some(net) = net() else { return };
    net.host.nft(
        "table inet count {
             chain out {
                 type filter hook output priority filter
                 udp dport 5353 counter
             }
         }
         ",
    );
    let counted = || net.host.shell("nft list chain inet count out").contains("packets 0 ");
    let (ana, ben) = (Person::at(&net.host, "Ana"), Person::at(&net.second, "Ben"));
    for silent in [&["--no-announce"][..], &["--bind", "127.0.0.1"]] {
        let host = ana.host(silent);
        // The look also asks whoever is there.
        assert_eq!(rooms(&ben), Vec::<Value>::new());
        assert!(counted(), "{silent:?}: something was sent");
        drop(host);
    }
    let host = ana.host(&[]);
    rooms_until(&ben, |rooms| rooms.len() == 1);
    assert!(!counted());
    drop(host);
}

#[test]
#[ignore = "needs root: scripts/netlab"]
fn a_host_that_is_killed_is_withdrawn_and_one_that_is_not_there_is_said_not_to_be() {
    let Some(net) = net() else { return };
    let (ana, ben) = (Person::at(&net.host, "Ana"), Person::at(&net.second, "Ben"));
    let host = ana.host(&["--room", "Kitchen"]);
    let mut browser = zeroconf(&net.second, &["browse"]);
    browser.wait("service");
    host.program.signal("KILL");
    // Its helper outlives it for long enough to say goodbye.
    browser.wait("gone");

    // Nobody says goodbye where all is killed at once, nor is anybody there where somebody has made it up.
    let (key, port) = (announced_key(&host), PORT.to_string());
    let _made_up =
        zeroconf(&net.gw, &["announce", "x", "192.168.77.99", &port, "v=1", "room=Attic", &key, "via=quic,tls"]);
    rooms_until(&ben, |rooms| names(rooms) == ["Attic"]);
    let (reason, detail, code) = refusal(ben.start(&["join", "Attic", "--name", "Ben", "--accept-new"]));
    assert_eq!((reason.as_str(), code), ("unreachable", 3), "{detail}");
    assert!(detail.contains("an announcement stays"), "{detail}");
}

#[test]
#[ignore = "needs root: scripts/netlab"]
fn where_a_network_keeps_machines_apart_one_is_told_what_else_there_is() {
    let Some(net) = net() else { return };
    let (ana, ben) = (Person::at(&net.host, "Ana"), Person::at(&net.second, "Ben"));
    net.gw.shell("bridge link set dev lan1 isolated on; bridge link set dev lan2 isolated on");
    let _host = ana.host(&["--room", "Kitchen"]);
    let begun = Instant::now();
    let (code, said) = ben.run(&["rooms"]);
    assert!(code == 0 && said.contains("No room is announced") && said.contains("invite"), "{said}");
    assert!(begun.elapsed() < Duration::from_secs(5));
    for name in ["Ana's Kitchen", "Kitchen"] {
        let (reason, detail, code) = refusal(ben.start(&["join", name, "--name", "Ben"]));
        assert_eq!((reason.as_str(), code), ("unreachable", 3), "{detail}");
        assert!(detail.contains("invite") && detail.contains("announced"), "{detail}");
    }
}

#[test]
#[ignore = "needs root: scripts/netlab"]
fn an_address_that_comes_later_is_announced_too() {
    let Some(net) = net() else { return };
    let (ana, ben) = (Person::at(&net.host, "Ana"), Person::at(&net.second, "Ben"));
    net.host.ip("link set eth0 down");
    let _host = ana.host(&["--room", "Kitchen"]);
    assert_eq!(rooms(&ben), Vec::<Value>::new());
    net.host.ip("link set eth0 up");
    net.host.address("eth0", "fd77::22/64");
    rooms_until(&ben, |rooms| {
        let listed = rooms.first().map(|room| room["addresses"].to_string()).unwrap_or_default();
        listed.contains(HOST) && listed.contains("fd77::22")
    });
}

#[test]
#[ignore = "needs root: scripts/netlab"]
fn where_there_is_nothing_but_link_local_ipv6_a_room_is_joined_with_its_zone() {
    let Some(net) = net() else { return };
    for machine in [&net.host, &net.second] {
        machine.shell("ip -4 addr flush dev eth0; ip -6 addr flush dev eth0 scope global");
    }
    let (ana, ben) = (Person::at(&net.host, "Ana"), Person::at(&net.second, "Ben"));
    let _host = ana.host(&["--room", "Kitchen"]);
    let seen = rooms_until(&ben, |rooms| names(rooms) == ["Kitchen"]);
    let address = seen[0]["addresses"][0].as_str().expect("an address");
    assert!(address.starts_with("[fe80::") && address.ends_with("%eth0]:7275"), "{address}");
    let mut joined = ben.start(&["join", "Kitchen", "--name", "Ben", "--accept-new"]);
    assert_eq!(joined.wait("welcomed")["security"], "pinned");
}

#[test]
#[ignore = "needs root: scripts/netlab"]
fn a_room_that_cannot_be_announced_is_open_and_its_host_is_told_once() {
    let Some(net) = net() else { return };
    let (ana, ben) = (Person::at(&net.host, "Ana"), Person::at(&net.second, "Ben"));
    let _taken = zeroconf(&net.host, &["occupy"]);
    let mut host = ana.host(&["--room", "Kitchen"]);
    let told = host.program.wait("unannounced");
    assert!(told["detail"].as_str().is_some_and(|detail| detail.contains("invite")), "{told}");
    let mut joined = ben.join(&host, HOST, &[]);
    joined.program.say("hello");
    host.program.wait_said("hello");
    let times = host.program.heard().iter().filter(|line| line.contains("unannounced")).count();
    assert_eq!(times, 1, "{}", host.program);
}

/// Resident memory of a process and of those that it has started, in KiB.
fn memory(id: u32) -> u64 {
    let of = |id: &str| {
        let status = fs::read_to_string(format!("/proc/{id}/status")).unwrap_or_default();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok()).unwrap_or(0)
    };
    let threads = fs::read_dir(format!("/proc/{id}/task")).into_iter().flatten().flatten();
    let children = threads.filter_map(|thread| fs::read_to_string(thread.path().join("children")).ok());
    let children: String = children.collect();
    children.split_whitespace().map(of).sum::<u64>() + of(&id.to_string())
}

#[test]
#[ignore = "needs root: scripts/netlab"]
fn a_flood_of_forged_announcements_costs_neither_the_room_nor_its_memory() {
    let Some(net) = net() else { return };
    let (ana, ben) = (Person::at(&net.host, "Ana"), Person::at(&net.second, "Ben"));
    let log = ana.installation.path().join("log");
    let mut host = ana.host(&["--room", "Kitchen", "--log", &log.to_string_lossy()]);
    let mut joined = ben.join(&host, HOST, &[]);
    let id = host.program.id();
    let before = memory(id);
    let flood = zeroconf(&net.gw, &["flood", GATEWAY]);
    let begun = Instant::now();
    let mut most = 0;
    while begun.elapsed() < Duration::from_secs(15) {
        std::thread::sleep(Duration::from_millis(20));
        most = most.max(memory(id));
    }
    eprintln!("the host and its helper had {before} KiB before the flood, and {most} KiB at most in it");
    assert!(most < before + 200 * 1024, "{before} KiB became {most} KiB");
    let log = fs::read_to_string(log).expect("a log");
    assert!(log.contains("has ended by itself"), "the flood was none: {log}");
    let begun = Instant::now();
    assert!(rooms(&ben).len() <= 128);
    assert!(begun.elapsed() < Duration::from_secs(6), "a look took {:?}", begun.elapsed());
    drop(flood);
    // And when it is over, all is as before.
    rooms_until(&ben, |rooms| names(rooms).contains(&"Kitchen"));
    joined.program.say("still here?");
    host.program.wait_said("still here?");
}
