//! Conversations over each transport.

use serde_json::Value;

use crate::harness::{Host, Installation, Program};

/// A host and three members, who all say something; everyone has to see the same, in the same order.
fn four_people_talk(host_options: &[&str], join_options: &[&str], transport: &str, security: &str) {
    let installations: Vec<_> = (0..4).map(|_| Installation::new()).collect();
    let mut host = installations[0].host("Ana", host_options);
    let mut members: Vec<Program> = Vec::new();
    for (installation, name) in installations[1..].iter().zip(["Ben", "Chi", "Dee"]) {
        let mut member = start_join(installation, &host, name, join_options);
        let welcomed = member.wait("welcomed");
        assert_eq!((&welcomed["transport"], &welcomed["security"]), (&transport.into(), &security.into()));
        assert_eq!(welcomed["members"].as_array().expect("members").len(), members.len() + 2);
        members.push(member);
    }
    host.program.wait_for("joined", |joined| joined["name"] == "Dee");
    host.program.say("one");
    for (member, text) in members.iter_mut().zip(["two", "three", "four"]) {
        member.say(text);
    }
    let mut orders = vec![said(&mut host.program, 4, "Ana")];
    for (member, name) in members.iter_mut().zip(["Ben", "Chi", "Dee"]) {
        orders.push(said(member, 4, name));
    }
    for order in &orders[1..] {
        assert_eq!(order, &orders[0], "one order for all");
    }

    members[0].end_input();
    assert_eq!(members[0].wait_end().0, 0);
    let left = members[1].wait_for("left", |left| left["name"] == "Ben");
    assert_eq!(left["how"], "left");

    let eve = Installation::new();
    let mut late = start_join(&eve, &host, "Eve", join_options);
    let history: Vec<_> = (0..4).map(|_| late.wait("said")).collect();
    assert!(history.iter().all(|said| said["history"] == true));
    assert_eq!(
        history.iter().map(|said| said["seq"].clone()).collect::<Vec<_>>(),
        orders[0].iter().map(|o| o.0.clone()).collect::<Vec<_>>()
    );
}

fn start_join(installation: &Installation, host: &Host, name: &str, options: &[&str]) -> Program {
    let address = host.address();
    let fingerprint = host.fingerprint();
    let known: &[&str] = if options.contains(&"--tcp") { &[] } else { &["--fingerprint", &fingerprint] };
    installation.start(&[&["join", &address, "--name", name], known, options].concat())
}

/// The next so many messages, as who said what where.
fn said(program: &mut Program, count: usize, own: &str) -> Vec<(Value, Value, Value)> {
    let said: Vec<_> = (0..count).map(|_| program.wait("said")).collect();
    for message in &said {
        assert_eq!(message["own"], message["from"] == own, "{message}");
    }
    said.into_iter().map(|said| (said["seq"].clone(), said["from"].clone(), said["text"].clone())).collect()
}

#[test]
fn four_people_talk_over_quic() {
    four_people_talk(&["--quic"], &[], "quic", "pinned");
}

#[test]
fn four_people_talk_over_tls() {
    four_people_talk(&["--quic"], &["--transport", "tls"], "tls", "pinned");
}

#[test]
fn four_people_talk_over_plain_tcp() {
    four_people_talk(&["--tcp"], &["--tcp"], "tcp", "plaintext");
}

#[test]
fn all_three_transports_share_one_port_and_one_room() {
    let (ana, ben, chi, dee) = (Installation::new(), Installation::new(), Installation::new(), Installation::new());
    let mut host = ana.host("Ana", &["--quic", "--tcp"]);
    assert_eq!(host.listening()["transports"], serde_json::json!(["quic", "tls", "tcp"]));
    let mut quic = ben.join(&host, "Ben", &["--transport", "quic"]);
    let mut tls = chi.join(&host, "Chi", &["--transport", "tls"]);
    let mut tcp = dee.start(&["join", &host.address(), "--tcp", "--name", "Dee"]);
    tcp.wait("welcomed");
    // Everybody is told that one of them is not encrypted.
    for member in [&mut host.program, &mut quic, &mut tls] {
        assert_eq!(member.wait_for("joined", |joined| joined["name"] == "Dee")["security"], "plaintext");
    }
    tcp.say("hello");
    for member in [&mut host.program, &mut quic, &mut tls, &mut tcp] {
        assert_eq!(member.wait_said("hello")["from"], "Dee");
    }
}

#[test]
fn who_comes_late_is_sent_the_last_two_hundred_messages() {
    let (ana, ben) = (Installation::new(), Installation::new());
    let mut host = ana.host("Ana", &[]);
    for number in 0..250 {
        host.program.say(&format!("message {number}"));
    }
    host.program.wait_said("message 249");
    let mut late = ben.join(&host, "Ben", &[]);
    let history: Vec<_> = (0..200).map(|_| late.wait("said")).collect();
    assert_eq!(history[0]["text"], "message 50");
    assert_eq!(history[199]["text"], "message 249");
    assert!(history.iter().all(|said| said["history"] == true));
    host.program.say("now");
    assert_eq!(late.wait_said("now")["history"], false);
}

#[test]
fn a_name_that_is_taken_is_refused_with_one_that_is_free() {
    let (ana, ben) = (Installation::new(), Installation::new());
    let host = ana.host("Ana", &[]);
    let address = host.address();
    for name in ["Ana", "ANA", "a.n.a"] {
        let mut member = ben.start(&["join", &address, "--fingerprint", &host.fingerprint(), "--name", name]);
        let refused = member.wait("refused");
        assert_eq!(refused["reason"], "name-taken");
        let suggestion = refused["suggestion"].as_str().expect("a suggestion").to_owned();
        assert_eq!(member.wait_end().0, 5);
        ben.join(&host, &suggestion, &[]);
    }
}

#[test]
fn a_key_keeps_its_name_after_it_has_left() {
    let (ana, ben, mallory) = (Installation::new(), Installation::new(), Installation::new());
    let mut host = ana.host("Ana", &[]);
    let mut member = ben.join(&host, "Ben", &[]);
    member.end_input();
    member.signal("TERM");
    member.wait_end();
    host.program.wait_for("left", |left| left["name"] == "Ben");
    let (code, said) =
        mallory.run(&["join", &host.address(), "--fingerprint", &host.fingerprint(), "--name", "Ben", "--json"]);
    assert!(code == 5 && said.contains("name-taken"), "{code} {said}");
    ben.join(&host, "Ben", &[]);
}

#[test]
fn the_same_key_takes_its_own_place_and_nobody_else_notices() {
    let (ana, ben) = (Installation::new(), Installation::new());
    let mut host = ana.host("Ana", &[]);
    let mut first = ben.join(&host, "Ben", &[]);
    let mut second = ben.join(&host, "Ben", &["--transport", "tls"]);
    assert_eq!(first.wait("closed")["reason"], "replaced");
    second.say("still me");
    host.program.wait_said("still me");
    let joins = host.program.heard().iter().filter(|line| line.contains("\"joined\"")).count();
    let leaves = host.program.heard().iter().filter(|line| line.contains("\"left\"")).count();
    assert_eq!((joins, leaves), (1, 0));
}

#[test]
fn a_room_that_is_not_there_is_not_joined() {
    let (ana, ben) = (Installation::new(), Installation::new());
    let host = ana.host("Ana", &["--room", "Kitchen"]);
    let mut member =
        ben.start(&["join", &host.address(), "--fingerprint", &host.fingerprint(), "--name", "Ben", "--room", "Attic"]);
    assert_eq!(member.wait("refused")["reason"], "no-such-room");
    assert_eq!(member.wait_end().0, 5);
    ben.join(&host, "Ben", &["--room", "Kitchen"]);
}

#[test]
fn what_is_too_long_is_not_sent_and_not_lost() {
    let ana = Installation::new();
    let mut host = ana.host("Ana", &[]);
    let long = "x".repeat(8 * 1024 + 1);
    host.program.say(&long);
    assert_eq!(host.program.wait("unsent")["text"], long);
    let just = "x".repeat(8 * 1024);
    host.program.say(&just);
    host.program.wait_said(&just);
}

/// Where threads share a table of descriptors, Linux makes whoever needs a larger one wait, and with them all who knock: a crowd
/// waited for 25 ms of 50.
#[cfg(target_os = "linux")]
#[test]
fn a_host_has_a_descriptor_for_everybody_from_the_start() {
    let ana = Installation::new();
    let host = ana.host("Ana", &["--tcp"]);
    let status = std::fs::read_to_string(format!("/proc/{}/status", host.program.id())).expect("its status");
    let size = status.lines().find_map(|line| line.strip_prefix("FDSize:")).expect("the size of its table");
    let size: usize = size.trim().parse().expect("a number");
    assert!(size > parlor::wire::limits::MEMBERS, "{size}");
}
