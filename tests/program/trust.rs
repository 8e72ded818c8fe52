//! Fingerprints, pins, first contact, changed keys.

use std::{fs, process::Command};

use crate::harness::{Installation, in_a_terminal};

const ENCRYPTED: [&str; 2] = ["quic", "tls"];

#[test]
fn a_wrong_fingerprint_stops_the_join_and_the_host_hears_nothing() {
    let (ana, ben, other) = (Installation::new(), Installation::new(), Installation::new());
    let mut host = ana.host("Ana", &["--tcp", "--quic"]);
    let (_, wrong) = other.run(&["id"]);
    let [wrong, expected, _] = wrong.lines().collect::<Vec<_>>()[..] else { panic!("three forms: {wrong}") };
    for transport in ENCRYPTED {
        let join = ["join", &host.address(), "--fingerprint", wrong, "--transport", transport, "--fallback", "plain"];
        let mut member = ben.start(&join);
        let refused = member.wait("refused");
        assert_eq!(refused["reason"], "identity-mismatch");
        assert_eq!((&refused["expected"], &refused["found"]), (&expected.into(), &host.fingerprint().into()));
        assert_eq!(member.wait_end().0, 4);
    }
    let (code, said) = ben.run(&["join", &host.address(), "--fingerprint", wrong, "--console"]);
    assert!(code == 4 && said.contains(wrong) && said.contains(&host.text("id")), "both keys are named: {said}");
    assert_eq!(ben.run(&["hosts"]).1.lines().count(), 1, "nothing was pinned");
    host.program.say("alone");
    host.program.wait_said("alone");
    assert!(!host.program.heard().iter().any(|line| line.contains("joined")), "{}", host.program);
}

#[test]
fn a_changed_key_is_a_mismatch_and_never_leads_to_plaintext() {
    let (ana, mallory, ben) = (Installation::new(), Installation::new(), Installation::new());
    let host = ana.host("Ana", &[]);
    let (address, port) = (host.address(), host.port());
    let mut member = ben.start(&["join", &address, "--accept-new", "--name", "Ben"]);
    assert_eq!(member.wait("welcomed")["security"], "pinned");
    drop((member, host));
    let _impostor = mallory.host_on(port, "Ana", &["--quic", "--tcp"]);
    for options in [&["--accept-new"][..], &["--fallback", "plain"], &["--transport", "tls"], &["--transport", "quic"]]
    {
        let (code, said) = ben.run(&[&["join", &address, "--name", "Ben", "--json"], options].concat());
        assert!(code == 4 && said.contains("identity-mismatch"), "{options:?}: {code} {said}");
    }
    let (code, said) = ben.run(&["join", &address, "--tcp", "--name", "Ben", "--json"]);
    assert!(code == 5 && said.contains("plaintext-refused"), "{code} {said}");
    // Only who removes the pin first can go on.
    assert_eq!(ben.run(&["hosts", "forget", &address]).0, 0);
    let mut member = ben.start(&["join", &address, "--accept-new", "--name", "Ben"]);
    member.wait("welcomed");
}

#[test]
fn a_known_key_at_another_address_is_asked_about_by_the_name_it_is_known_by() {
    let (ana, ben) = (Installation::new(), Installation::new());
    let first = ana.host("Ana", &[]);
    ben.join(&first, "Ben", &[]);
    drop(first);
    let second = ana.host("Ana", &[]);
    let (code, said) = ben.run(&["join", &second.address(), "--name", "Ben", "--console"]);
    assert!(code == 6 && said.contains("You know this key from Ana's room"), "{code} {said}");
    let mut member = ben.start(&["join", &second.address(), "--name", "Ben", "--accept-new"]);
    member.wait("welcomed");
    let (_, hosts) = ben.run(&["hosts"]);
    assert!(hosts.contains(&second.address()) && hosts.contains("Ana's room"), "{hosts}");
}

#[test]
fn first_contact_without_anybody_to_ask_is_refused() {
    let (ana, ben) = (Installation::new(), Installation::new());
    let host = ana.host("Ana", &[]);
    for transport in ENCRYPTED {
        let (code, said) = ben.run(&["join", &host.address(), "--transport", transport, "--json"]);
        assert!(code == 6 && said.contains("identity-unknown") && said.contains("--accept-new"), "{code} {said}");
    }
    assert!(ben.run(&["hosts"]).1.contains("No host is pinned"));
}

#[test]
fn first_contact_in_a_terminal_asks() {
    let (ana, ben) = (Installation::new(), Installation::new());
    let host = ana.host("Ana", &[]);
    let join = ["join", &host.address(), "--name", "Ben", "--console"];
    let no = in_a_terminal(&ben, &join, &[("Type yes", "no\n")]);
    assert!(no.contains(&host.text("id")) && no.contains("did not agree"), "{no}");
    assert!(ben.run(&["hosts"]).1.contains("No host is pinned"));
    let end = in_a_terminal(&ben, &join, &[("Type yes", "\u{4}")]);
    assert!(end.contains("did not agree"), "the end of the input is a no: {end}");
    let yes = in_a_terminal(&ben, &join, &[("Type yes", "yes\n"), ("In the room: ", "\u{4}")]);
    assert!(yes.contains("You are Ben") && yes.contains("You have left"), "{yes}");
    assert!(ben.run(&["hosts"]).1.contains(&host.text("id")));
}

#[test]
fn an_invite_is_all_one_needs() {
    let (ana, ben) = (Installation::new(), Installation::new());
    let mut host = ana.host("Ana", &["--room", "Ana & Ben: “tea”?".trim_end_matches(": “tea”?")]);
    let mangled = format!("<{}>.", host.text("invite").replace("&at", "&amp;at"));
    let mut member = ben.start(&["join", &mangled, "--name", "Ben"]);
    let welcomed = member.wait("welcomed");
    assert_eq!((&welcomed["security"], &welcomed["room"]), (&"pinned".into(), &"Ana & Ben".into()));
    assert_eq!(welcomed["key_exchange"], "X25519MLKEM768");
    host.program.wait_for("joined", |joined| joined["name"] == "Ben");
}

#[test]
fn a_fingerprint_is_taken_in_every_form() {
    let (ana, ben) = (Installation::new(), Installation::new());
    let host = ana.host("Ana", &[]);
    let (_, forms) = ana.run(&["id"]);
    let lower = host.text("id").to_lowercase().replace('-', " ");
    for form in forms.lines().chain([&*lower, &host.text("invite")]) {
        let (code, said) = ben.run(&[
            "join",
            &host.address(),
            "--fingerprint",
            form,
            "--name",
            "Ben",
            "--json",
            "--room",
            "elsewhere",
        ]);
        assert!(code == 5 && said.contains("no-such-room"), "{form}: {code} {said}");
    }
    let (code, said) = ben.run(&["join", &host.address(), "--fingerprint", &host.text("id")[..50], "--console"]);
    assert!(code == 2 && said.contains("missing"), "{code} {said}");
}

#[test]
fn a_damaged_line_of_the_pins_is_not_taken_for_a_new_host() {
    let (ana, ben) = (Installation::new(), Installation::new());
    let host = ana.host("Ana", &[]);
    ben.join(&host, "Ben", &[]);
    let pins = ben.path().join("pins");
    let damaged = fs::read_to_string(&pins).expect("pins").replace("SHA256:", "SHA255:");
    fs::write(&pins, damaged).expect("pins");
    let (code, said) = ben.run(&["join", &host.address(), "--accept-new", "--name", "Ben", "--console"]);
    assert!(code == 1 && said.contains("Line "), "{code} {said}");
    assert!(ben.run(&["hosts"]).1.contains("cannot be read"));
}

#[cfg(unix)]
#[test]
fn a_key_that_others_can_read_is_not_used() {
    let ana = Installation::new();
    ana.run(&["id"]);
    let key = ana.path().join("identity.key");
    Command::new("chmod").arg("644").arg(&key).status().expect("chmod");
    let (code, said) = ana.run(&["host", "--console", "--port", "0"]);
    assert!(code == 1 && said.contains("chmod 600"), "{code} {said}");
}
