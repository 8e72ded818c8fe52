//! What changes in the middle of a conversation: UDP dies and comes back, addresses change, cables are pulled, machines
//! sleep. The conversation goes on, nothing is lost, and nobody sees anybody leave.

use std::{
    thread::sleep,
    time::{Duration, Instant},
};

use serde_json::Value;

use crate::{
    figures::record,
    gateway::{self, Forward, NO_UDP, NOTHING, Nat, SILENCE},
    harness::{Host, Program},
    lab::{End, Machine, wire},
    net::{Net, OUTSIDE},
    people::{Joined, Person, converse, events, everybody_heard},
};

const BOTH: Forward<'static> = Forward::Port(7275, &["udp", "tcp"]);

/// From when the network is there to when the conversation is: what is promised, and what a machine that two processors
/// share with other cases may add.
const BACK: Duration = Duration::from_millis(2_000 + 500);

/// A host at home, and somebody outside who has joined over this transport.
struct Talk {
    net: Net,
    host: Host,
    far: Joined,
    number: usize,
    lines: Vec<String>,
}

impl Talk {
    fn over(transport: Option<&str>) -> Option<Self> {
        let net = Net::new()?;
        gateway::set_up(&net.gw, BOTH, Nat::Usual);
        let (ana, ben) = (Person::at(&net.host, "Ana"), Person::at(&net.far, "Ben"));
        let host = ana.host(&["--quic", "--tcp"]);
        let arguments: &[&str] = match transport {
            None => &[],
            Some(transport) => &["--transport", transport],
        };
        let far = ben.join(&host, OUTSIDE, arguments);
        assert_eq!(far.transport(), transport.unwrap_or("quic"));
        Some(Self { net, host, far, number: 0, lines: Vec::new() })
    }

    /// Each says something, and nobody waits until it is heard.
    fn both_speak(&mut self) {
        for (who, program) in [("Ana", &mut self.host.program), ("Ben", &mut self.far.program)] {
            let line = format!("{who} says {}", self.number);
            program.say(&line);
            self.lines.push(line);
        }
        self.number += 1;
    }

    /// Everything that was said is heard by both, once; nobody was seen to leave, and nothing is missing.
    fn nothing_is_lost(&mut self) -> usize {
        everybody_heard(&mut [&mut self.host.program, &mut self.far.program], &self.lines);
        for program in [&self.host.program, &self.far.program] {
            for kind in ["left", "gap", "unsent"] {
                assert_eq!(events(program, kind), Vec::<Value>::new(), "{program}");
            }
        }
        self.lines.len()
    }

    /// Over what the member is connected now.
    fn now_over(&self) -> String {
        let resumed = events(&self.far.program, "resumed").pop();
        resumed.as_ref().unwrap_or(&self.far.welcome)["transport"].as_str().expect("a transport").to_owned()
    }

    fn nobody_noticed(&self) {
        assert_eq!(events(&self.host.program, "away"), Vec::<Value>::new(), "{}", self.host.program);
        let lost = events(&self.far.program, "state").into_iter().filter(|state| state["state"] == "reconnecting");
        assert_eq!(lost.count(), 0, "{}", self.far.program);
    }
}

fn resumed_over(member: &mut Program, transport: &str) -> String {
    let resumed = member.wait("resumed");
    assert_eq!((&resumed["transport"], &resumed["security"]), (&transport.into(), &"pinned".into()), "{member}");
    let online = member.wait_for("state", |state| state["state"] == "online");
    online["detail"].as_str().expect("a sentence").to_owned()
}

#[test]
#[ignore = "needs root: scripts/netlab"]
fn when_udp_dies_the_conversation_goes_on_over_tls_and_later_over_quic_again() {
    let Some(mut talk) = Talk::over(None) else { return };
    talk.both_speak();
    talk.nothing_is_lost();
    gateway::fault(&talk.net.gw, NO_UDP);
    let died = Instant::now();
    talk.both_speak();
    let told = resumed_over(&mut talk.far.program, "tls");
    assert!(told.contains("QUIC does not get through any more"), "{told}");
    let noticed = died.elapsed();
    assert!(noticed < Duration::from_secs(6), "it took {noticed:?}");
    let said = talk.nothing_is_lost();
    talk.nobody_noticed();
    record(
        60,
        "UDP dies in the middle of the conversation",
        "tls",
        noticed,
        said,
        "from when it died until TLS was used",
    );

    talk.both_speak();
    gateway::fault(&talk.net.gw, NOTHING);
    let told = resumed_over(&mut talk.far.program, "quic");
    assert!(told.contains("QUIC gets through again"), "{told}");
    talk.both_speak();
    let said = talk.nothing_is_lost();
    talk.nobody_noticed();
    // It is said once, by each of the two changes.
    assert_eq!(events(&talk.far.program, "resumed").len(), 2, "{}", talk.far.program);
    record(61, "UDP comes back", "quic", died.elapsed(), said, "from when it died until QUIC was used again");
}

/// Nobody says anything; the silence alone shows it.
#[test]
#[ignore = "needs root: scripts/netlab"]
fn when_udp_dies_in_silence_it_is_noticed() {
    let Some(mut talk) = Talk::over(None) else { return };
    gateway::fault(&talk.net.gw, NO_UDP);
    let died = Instant::now();
    resumed_over(&mut talk.far.program, "tls");
    assert!(died.elapsed() < Duration::from_secs(11), "it took {:?}", died.elapsed());
    talk.both_speak();
    talk.nothing_is_lost();
    talk.nobody_noticed();
}

/// A hole of two seconds in UDP is waited for: QUIC bridges it by itself.
#[test]
#[ignore = "needs root: scripts/netlab"]
fn a_short_hole_in_udp_changes_nothing() {
    let Some(mut talk) = Talk::over(None) else { return };
    gateway::fault(&talk.net.gw, NO_UDP);
    talk.both_speak();
    sleep(Duration::from_secs(2));
    gateway::fault(&talk.net.gw, NOTHING);
    talk.both_speak();
    talk.nothing_is_lost();
    talk.nobody_noticed();
    assert_eq!(events(&talk.far.program, "resumed"), Vec::<Value>::new(), "{}", talk.far.program);
}

/// Wi-Fi to cable: another address on the same network.
fn moves(far: &Machine) {
    far.shell("ip addr del 203.0.113.9/24 dev eth0; ip addr add 203.0.113.10/24 dev eth0");
}

#[test]
#[ignore = "needs root: scripts/netlab"]
fn over_quic_a_change_of_address_is_not_even_noticed() {
    let Some(mut talk) = Talk::over(None) else { return };
    talk.both_speak();
    moves(&talk.net.far);
    let moved = Instant::now();
    talk.both_speak();
    let said = talk.nothing_is_lost();
    record(70, "the member's address changes", "quic", moved.elapsed(), said, "until what was said then was heard");
    assert!(moved.elapsed() < BACK, "it took {:?}", moved.elapsed());
    talk.nobody_noticed();
    // Longer than whoever moved waits for an answer.
    sleep(Duration::from_secs(2));
    assert_eq!(events(&talk.far.program, "resumed"), Vec::<Value>::new(), "{}", talk.far.program);
}

#[test]
#[ignore = "needs root: scripts/netlab"]
fn over_tls_a_change_of_address_is_noticed_at_once() {
    let Some(mut talk) = Talk::over(Some("tls")) else { return };
    talk.both_speak();
    moves(&talk.net.far);
    let moved = Instant::now();
    talk.both_speak();
    resumed_over(&mut talk.far.program, "tls");
    let said = talk.nothing_is_lost();
    record(71, "the member's address changes", "tls", moved.elapsed(), said, "until what was said then was heard");
    assert!(moved.elapsed() < BACK, "it took {:?}", moved.elapsed());
    talk.nobody_noticed();
}

/// A gateway on the way has forgotten this one connection and drops all that belongs to it; neither end is told, and neither has
/// moved.
#[test]
#[ignore = "needs root: scripts/netlab"]
fn what_is_said_into_a_tls_connection_that_has_died_unseen_is_heard_soon() {
    let Some(mut talk) = Talk::over(Some("tls")) else { return };
    talk.both_speak();
    talk.nothing_is_lost();
    let shown = talk.net.far.shell("ss -Htn state established dport = :7275");
    let port = shown.split_whitespace().nth(2).and_then(|local| local.rsplit(':').next()).expect("a connection");
    gateway::fault(&talk.net.gw, &format!("tcp sport {port} drop\ntcp dport {port} drop"));
    let died = Instant::now();
    talk.both_speak();
    let told = resumed_over(&mut talk.far.program, "tls");
    let noticed = died.elapsed();
    assert!(told.contains("You go on over a new connection"), "{told}");
    assert!(noticed < Duration::from_secs(8), "it took {noticed:?}");
    let said = talk.nothing_is_lost();
    talk.nobody_noticed();
    record(80, "a TLS connection dies unseen", "tls", noticed, said, "from when it died until another was used");
}

/// From one network to another: both lead to the host, then only the second one is there.
fn roams(order: u16, transport: &str) {
    let Some(mut talk) = Talk::over(Some(transport)) else { return };
    let Net { far, gw, .. } = &talk.net;
    wire(&End(gw, "wan1"), &End(far, "eth1"));
    gw.address("wan1", "198.51.100.1/24");
    // As it reaches the host by the gateway's one outside address, over either.
    gw.nft("add rule ip nat pre iifname \"wan1\" ip daddr 203.0.113.1 dnat to 192.168.77.2");
    let far = far.clone();
    talk.both_speak();
    far.shell(
        "ip addr add 198.51.100.9/24 dev eth1
         ip link set eth0 down
         ip route add default via 198.51.100.1",
    );
    let moved = Instant::now();
    talk.both_speak();
    let said = talk.nothing_is_lost();
    let network = "the member changes over to another network";
    record(order, network, &talk.now_over(), moved.elapsed(), said, "until what was said then was heard");
    assert!(moved.elapsed() < BACK, "it took {:?}", moved.elapsed());
    talk.nobody_noticed();
}

#[test]
#[ignore = "needs root: scripts/netlab"]
fn over_quic_one_goes_on_in_another_network() {
    roams(77, "quic");
}

#[test]
#[ignore = "needs root: scripts/netlab"]
fn over_tls_one_goes_on_in_another_network() {
    roams(78, "tls");
}

/// The cable is out for this long: longer than QUIC waits, or shorter.
fn is_back_soon_after_an_outage(order: u16, transport: &str, out: Duration) {
    let Some(mut talk) = Talk::over(Some(transport)) else { return };
    talk.both_speak();
    let far = talk.net.far.clone();
    far.ip("link set eth0 down");
    talk.both_speak();
    sleep(out);
    far.shell("ip link set eth0 up");
    let up = Instant::now();
    talk.both_speak();
    let said = talk.nothing_is_lost();
    let network = format!("the cable is out for {} s", out.as_secs());
    record(order, &network, transport, up.elapsed(), said, "from when it is in again");
    assert!(up.elapsed() < BACK, "it took {:?}", up.elapsed());
}

#[test]
#[ignore = "needs root: scripts/netlab"]
fn over_quic_one_is_back_within_two_seconds_of_the_network() {
    is_back_soon_after_an_outage(72, "quic", Duration::from_secs(10));
}

#[test]
#[ignore = "needs root: scripts/netlab"]
fn over_tls_one_is_back_within_two_seconds_of_the_network() {
    is_back_soon_after_an_outage(73, "tls", Duration::from_secs(10));
}

/// Longer than QUIC waits, and shorter than the room does.
#[test]
#[ignore = "needs root: scripts/netlab"]
fn after_a_long_outage_one_is_back_within_two_seconds_of_the_network() {
    is_back_soon_after_an_outage(74, "quic", Duration::from_secs(25));
}

/// Sleeps for longer than the host waits for anybody who is silent over QUIC; the room waits longer.
#[test]
#[ignore = "needs root: scripts/netlab"]
fn who_has_slept_is_back_within_two_seconds() {
    let Some(mut talk) = Talk::over(None) else { return };
    talk.both_speak();
    talk.nothing_is_lost();
    talk.far.program.freeze();
    talk.host.program.say("good night");
    talk.lines.push("good night".to_owned());
    sleep(Duration::from_secs(25));
    talk.far.program.signal("CONT");
    let awake = Instant::now();
    talk.both_speak();
    let said = talk.nothing_is_lost();
    record(75, "the member sleeps for 25 s", "quic", awake.elapsed(), said, "from when they wake");
    assert!(awake.elapsed() < BACK, "it took {:?}", awake.elapsed());
}

/// Nothing gets through, and nobody is told by anything: everything that is said meanwhile is heard later.
#[test]
#[ignore = "needs root: scripts/netlab"]
fn what_is_said_while_everything_is_silent_is_heard_later() {
    let Some(mut talk) = Talk::over(None) else { return };
    gateway::fault(&talk.net.gw, SILENCE);
    talk.both_speak();
    sleep(Duration::from_secs(8));
    talk.both_speak();
    gateway::fault(&talk.net.gw, NOTHING);
    let healed = Instant::now();
    let said = talk.nothing_is_lost();
    talk.nobody_noticed();
    record(
        76,
        "everything is dropped for 8 s",
        &talk.now_over(),
        healed.elapsed(),
        said,
        "from when it is not any more",
    );
    assert!(converse(&mut [&mut talk.host.program, &mut talk.far.program], 5) == 10);
}
