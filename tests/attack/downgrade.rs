//! Somebody on the way who blocks UDP, or blocks all that is encrypted, and offers plain TCP in its place: that slows a join
//! down or ends it, and never weakens it.

use std::{thread, time::Duration};

use tokio::runtime::Runtime;

use crate::{
    harness::{Outcome, PATIENCE},
    path::{Path, To},
    program::{Host, Installation, Program},
};

/// What is on the member's tongue.
const SECRET: &str = "the key lies under the mat";

/// What the program ends with when there is no way to the host that it may take.
const UNREACHABLE: i32 = 3;

fn at(host: &Host) -> To {
    To::Peer(host.address().parse().expect("an address"))
}

/// Joins, with something to say.
fn tongue_tied(installation: &Installation, address: &str, way: &[&str]) -> Program {
    let mut member = installation.start(&[&["join", address, "--name", "Ben"], way].concat());
    member.say(SECRET);
    member
}

fn blocked(tcp: To) -> Outcome<(Runtime, Path)> {
    let runtime = Runtime::new()?;
    let path = runtime.block_on(Path::leading(tcp, To::Nowhere))?;
    Ok((runtime, path))
}

#[test]
fn blocked_udp_leads_to_tls_with_the_same_pin() -> Outcome {
    let ana = Installation::new();
    let mut host = ana.host("Ana", &["--quic", "--tcp"]);
    let (_runtime, path) = blocked(at(&host))?;
    let (address, key) = (path.address.to_string(), host.fingerprint());
    for (who, trust) in [("Ben", &["--fingerprint", &key][..]), ("Chi", &["--accept-new"])] {
        let installation = Installation::new();
        let mut member = installation.start(&[&["join", &address, "--name", who], trust].concat());
        let welcomed = member.wait("welcomed");
        assert_eq!((&welcomed["transport"], &welcomed["security"]), (&"tls".into(), &"pinned".into()), "{member}");
        assert_eq!(welcomed["fingerprint"], key.as_str());
        member.say(SECRET);
        host.program.wait_for("said", |said| said["from"] == who && said["text"] == SECRET);
    }
    path.saw_nothing_of(SECRET);
    Ok(())
}

#[test]
fn where_both_are_blocked_nothing_is_said() -> Outcome {
    let (ana, ben) = (Installation::new(), Installation::new());
    let key = ana.host("Ana", &["--quic", "--tcp"]).fingerprint();
    for tcp in [To::Nowhere, To::Refusal] {
        let (_runtime, path) = blocked(tcp)?;
        let address = path.address.to_string();
        let ways = [&["--fingerprint", &key][..], &["--accept-new"], &["--fingerprint", &key, "--fallback", "plain"]];
        // It takes them a while to give up.
        let members = ways.map(|way| tongue_tied(&ben, &address, way));
        for mut member in members {
            assert_eq!(member.wait("refused")["reason"], "unreachable", "{tcp:?}, {member}");
            assert_eq!(member.wait_end().0, UNREACHABLE, "{member}");
            path.saw_nothing_of(SECRET);
        }
    }
    Ok(())
}

/// The attacker's own room, under the host's name, on the port of the host, with everything else blocked.
#[test]
fn plain_tcp_that_an_attacker_offers_is_never_talked_to() -> Outcome {
    let [ana, mallory, ben] = [(); 3].map(|()| Installation::new());
    let key = ana.host("Ana", &["--quic", "--tcp"]).fingerprint();
    let mut impostor = mallory.host("Ana", &["--tcp"]);
    let (_runtime, path) = blocked(at(&impostor))?;
    let address = path.address.to_string();
    let ways = [&["--fingerprint", &key][..], &["--accept-new"], &["--fingerprint", &key, "--fallback", "plain"]];
    let members = ways.map(|way| tongue_tied(&ben, &address, way));
    for mut member in members {
        member.wait("refused");
        assert_ne!(member.wait_end().0, 0, "{member}");
        path.saw_nothing_of(SECRET);
    }
    impostor.program.say("who is here?");
    impostor.program.wait_said("who is here?");
    assert!(!impostor.program.heard().iter().any(|line| line.contains("joined")), "{}", impostor.program);
    Ok(())
}

#[test]
fn plain_tcp_is_not_talked_to_in_mid_conversation_either() -> Outcome {
    let [ana, mallory, ben] = [(); 3].map(|()| Installation::new());
    let mut host = ana.host("Ana", &["--quic", "--tcp"]);
    let mut impostor = mallory.host("Ana", &["--tcp"]);
    let (_runtime, path) = blocked(at(&host))?;
    let (address, key) = (path.address.to_string(), host.fingerprint());
    let mut member = ben.start(&["join", &address, "--fingerprint", &key, "--name", "Ben", "--fallback", "plain"]);
    member.wait("welcomed");
    member.say("nobody listens");
    host.program.wait_said("nobody listens");
    let before = path.connections();
    path.lead(at(&impostor), To::Nowhere);
    member.say(SECRET);
    member.wait_for("state", |state| state["state"] == "reconnecting");
    let begun = std::time::Instant::now();
    while path.connections() < before + 4 {
        assert!(begun.elapsed() < PATIENCE, "it does not try any more: {member}");
        thread::sleep(Duration::from_millis(20));
    }
    path.saw_nothing_of(SECRET);
    impostor.program.say("who is here?");
    impostor.program.wait_said("who is here?");
    assert!(!impostor.program.heard().iter().any(|line| line.contains("joined")), "{}", impostor.program);
    // The way is free again: the member is back with whom they agreed on, and nothing was lost.
    path.lead(at(&host), To::Nowhere);
    host.program.wait_said(SECRET);
    path.saw_nothing_of(SECRET);
    Ok(())
}
