//! How it ends, and how fast.

use std::{
    process::{Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use crate::harness::Installation;

/// Everybody is to be told, and the program gone, in this time.
const SOON: Duration = Duration::from_secs(2);

fn joined_over(transport: &str) -> (Installation, Installation, crate::harness::Host, crate::harness::Program) {
    let (ana, ben) = (Installation::new(), Installation::new());
    let mut host = ana.host("Ana", if transport == "tcp" { &["--tcp"] } else { &[] });
    let member = match transport {
        "tcp" => {
            let mut member = ben.start(&["join", &host.address(), "--tcp", "--name", "Ben"]);
            member.wait("welcomed");
            member
        }
        encrypted => ben.join(&host, "Ben", &["--transport", encrypted]),
    };
    host.program.wait_for("joined", |joined| joined["name"] == "Ben");
    (ana, ben, host, member)
}

fn a_host_that_is_asked_to_stop(transport: &str, signal: &str) {
    let (_ana, _ben, mut host, mut member) = joined_over(transport);
    host.program.say("goodbye");
    host.program.wait_said("goodbye");
    host.program.signal(signal);
    let (code, took) = host.program.wait_end();
    assert!(code == 0 && took < SOON, "{code} after {took:?}");
    member.wait_said("goodbye");
    assert_eq!(member.wait("closed")["reason"], "host-left");
    assert_eq!(member.wait_end().0, 0);
}

#[test]
fn a_host_that_is_asked_to_stop_tells_everyone_over_quic() {
    a_host_that_is_asked_to_stop("quic", "TERM");
}

#[test]
fn a_host_that_is_asked_to_stop_tells_everyone_over_tls() {
    a_host_that_is_asked_to_stop("tls", "INT");
}

#[test]
fn a_host_that_is_asked_to_stop_tells_everyone_over_tcp() {
    a_host_that_is_asked_to_stop("tcp", "TERM");
}

fn a_member_that_is_asked_to_stop(transport: &str) {
    let (_ana, _ben, mut host, mut member) = joined_over(transport);
    member.signal("TERM");
    let (code, took) = member.wait_end();
    assert!(code == 0 && took < SOON, "{code} after {took:?}");
    assert_eq!(host.program.wait_for("left", |left| left["name"] == "Ben")["how"], "left");
}

#[test]
fn a_member_that_is_asked_to_stop_says_so_over_quic() {
    a_member_that_is_asked_to_stop("quic");
}

#[test]
fn a_member_that_is_asked_to_stop_says_so_over_tls() {
    a_member_that_is_asked_to_stop("tls");
}

#[test]
fn a_member_that_is_asked_to_stop_says_so_over_tcp() {
    a_member_that_is_asked_to_stop("tcp");
}

#[test]
fn a_member_leaves_in_time_when_the_host_does_not_answer_any_more() {
    for transport in ["quic", "tls", "tcp"] {
        let (_ana, _ben, host, mut member) = joined_over(transport);
        host.program.freeze();
        member.say("are you there?");
        member.say(&"too long".repeat(8 * 1024));
        // Said before the signal, as the one after it shows.
        member.wait("unsent");
        member.signal("TERM");
        assert_eq!(member.wait("unsent")["text"], "are you there?", "{transport}");
        let (code, took) = member.wait_end();
        assert!(code == 0 && took < SOON, "{transport}: {code} after {took:?}");
    }
}

#[test]
fn a_host_leaves_in_time_when_a_member_does_not_answer_any_more() {
    for transport in ["quic", "tls", "tcp"] {
        let (_ana, _ben, mut host, member) = joined_over(transport);
        member.freeze();
        host.program.say("are you there?");
        host.program.wait_said("are you there?");
        host.program.signal("TERM");
        let (code, took) = host.program.wait_end();
        assert!(code == 0 && took < SOON, "{transport}: {code} after {took:?}");
    }
}

/// The lines that waited behind those without an echo were gone.
#[test]
fn every_line_that_was_not_sent_comes_back() {
    let (_ana, _ben, host, mut member) = joined_over("tls");
    host.program.freeze();
    let line = |number: u32| format!("line {number} {}", "x".repeat(190));
    // 140 kB: a pipe holds 64 KiB, so that when all is written, the program has taken more than 300 of them.
    for number in 0..700 {
        member.say(&line(number));
    }
    host.program.signal("KILL");
    member.wait_for("state", |state| state["state"] == "reconnecting");
    member.signal("TERM");
    for number in 0..300 {
        assert_eq!(member.wait("unsent")["text"], line(number));
    }
    member.wait("closed");
}

/// The end of a script's input was taken for an order to hurry.
#[test]
fn what_a_script_said_last_is_waited_for() {
    let (_ana, _ben, host, mut member) = joined_over("tls");
    host.program.freeze();
    member.say("the build is done");
    member.end_input();
    thread::sleep(2 * SOON);
    host.program.signal("CONT");
    member.wait_said("the build is done");
    assert_eq!(member.wait_end().0, 0);
}

/// The transcript was written where signals were waited for.
#[test]
fn it_stops_though_nobody_reads_the_transcript() {
    let (ana, ben) = (Installation::new(), Installation::new());
    let mut host = ana.host("Ana", &[]);
    let mut command = ben.command(&["join", &host.address(), "--fingerprint", &host.fingerprint(), "--name", "Ben"]);
    let mut member = command.arg("--json").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("it starts");
    host.program.wait_for("joined", |joined| joined["name"] == "Ben");
    let long = "x".repeat(8 * 1024);
    for _ in 0..100 {
        host.program.say(&long);
        host.program.wait_said(&long);
    }
    let start = Instant::now();
    Command::new("kill").arg(member.id().to_string()).status().expect("kill");
    member.wait().expect("its end");
    assert!(start.elapsed() < SOON);
}

fn a_host_that_is_killed_is_waited_for(transport: &str) {
    let (_ana, _ben, host, mut member) = joined_over(transport);
    host.program.signal("KILL");
    member.wait_for("state", |state| state["state"] == "reconnecting");
    member.signal("TERM");
    assert_eq!(member.wait("closed")["reason"], "left");
    assert_eq!(member.wait_end().0, 0);
}

#[test]
fn a_host_that_is_killed_is_waited_for_over_quic() {
    a_host_that_is_killed_is_waited_for("quic");
}

#[test]
fn a_host_that_is_killed_is_waited_for_over_tls() {
    a_host_that_is_killed_is_waited_for("tls");
}

#[test]
fn a_host_that_is_killed_is_waited_for_over_tcp() {
    a_host_that_is_killed_is_waited_for("tcp");
}

#[test]
fn a_member_that_is_killed_is_away_and_then_lost_to_the_others() {
    let (_ana, _ben, mut host, member) = joined_over("tls");
    member.signal("KILL");
    assert_eq!(host.program.wait("away")["name"], "Ben");
    assert_eq!(host.program.wait_for("left", |left| left["name"] == "Ben")["how"], "lost");
}

#[test]
fn nobody_there_is_unreachable() {
    let (ana, ben) = (Installation::new(), Installation::new());
    let host = ana.host("Ana", &[]);
    let address = host.address();
    drop(host);
    for options in [&["--transport", "tls"][..], &["--tcp"]] {
        let (code, said) = ben.run(&[&["join", &address, "--json"], options].concat());
        assert!(code == 3 && said.contains("\"unreachable\""), "{code} {said}");
    }
}

#[test]
fn a_port_that_is_taken_is_named_with_the_way_out() {
    let (ana, ben) = (Installation::new(), Installation::new());
    let host = ana.host("Ana", &[]);
    let port = host.port().to_string();
    for kind in ["--quic", "--tcp"] {
        let (code, said) = ben.run(&["host", kind, "--port", &port, "--bind", "127.0.0.1", "--console"]);
        assert!(code == 1 && said.contains(&port) && said.contains("--port"), "{code} {said}");
    }
}

#[test]
fn a_join_that_is_under_way_can_be_left() {
    let ben = Installation::new();
    // A documentation address (RFC 5737) answers nobody.
    let mut member = ben.start(&["join", "192.0.2.200", "--accept-new"]);
    member.wait_for("state", |state| state["detail"].as_str().is_some_and(|detail| detail.contains("Dialling")));
    member.signal("TERM");
    assert_eq!(member.wait("closed")["reason"], "left");
    assert!(member.wait_end().1 < SOON);
}
