//! Plain TCP is asked for, and never happens by itself.

use crate::harness::Installation;

#[test]
fn an_encrypted_host_refuses_plaintext_in_one_sentence() {
    let (ana, ben) = (Installation::new(), Installation::new());
    let host = ana.host("Ana", &["--quic"]);
    let (code, said) = ben.run(&["join", &host.address(), "--tcp", "--console"]);
    assert!(code == 5 && said.contains("This room is encrypted"), "{code} {said}");
}

#[test]
fn a_plain_host_is_not_joined_unless_plaintext_is_asked_for() {
    let (ana, ben) = (Installation::new(), Installation::new());
    let host = ana.host("Ana", &["--tcp"]);
    assert!(host.listening()["invite"].is_null());
    let (code, said) = ben.run(&["join", &host.address(), "--accept-new", "--console"]);
    assert!(code == 3 && said.contains("--fallback plain"), "{code} {said}");
    let mut member = ben.start(&["join", &host.address(), "--fallback", "plain", "--name", "Ben"]);
    let welcomed = member.wait("welcomed");
    assert_eq!((&welcomed["transport"], &welcomed["security"]), (&"tcp".into(), &"plaintext".into()));
    assert!(welcomed["fingerprint"].is_null());
}

#[test]
fn a_fingerprint_rules_plaintext_out() {
    let (ana, ben) = (Installation::new(), Installation::new());
    let host = ana.host("Ana", &["--tcp"]);
    let (_, fingerprint) = ana.run(&["id"]);
    let fingerprint = fingerprint.lines().next().expect("a fingerprint");
    let known = ["join", &host.address(), "--fingerprint", fingerprint, "--console"];
    let (code, said) = ben.run(&[&known[..], &["--tcp"]].concat());
    assert!(code == 2 && said.contains("Leave --tcp out"), "{code} {said}");
    let (code, said) = ben.run(&[&known[..], &["--fallback", "plain"]].concat());
    assert!(code == 3 && !said.contains("In the room"), "{code} {said}");
}

#[test]
fn plaintext_shows_to_everyone_in_the_room() {
    let (ana, ben) = (Installation::new(), Installation::new());
    let host = ana.host("Ana", &["--tcp"]);
    let (_, said) = ben.run(&["join", &host.address(), "--tcp", "--name", "Ben", "--room", "elsewhere", "--console"]);
    assert!(said.contains("The room here is"), "{said}");
    let mut command = ben.command(&["join", &host.address(), "--tcp", "--name", "Ben", "--console"]);
    let mut member = crate::harness::Program::start(&mut command, "join --tcp");
    member.wait_line("NOT ENCRYPTED");
}

/// The pin was looked for under the address as it was typed, and not where that leads.
#[test]
fn a_pinned_host_is_not_talked_to_in_the_clear_under_another_of_its_addresses() {
    let (ana, ben) = (Installation::new(), Installation::new());
    let host = ana.host("Ana", &["--quic", "--tcp"]);
    let mut member = ben.start(&[
        "join",
        &format!("localhost:{}", host.port()),
        "--fingerprint",
        &host.fingerprint(),
        "--name",
        "Ben",
    ]);
    member.wait("welcomed");
    let elsewhere = Installation::new().host("Ana", &["--tcp"]);
    for address in [host.address(), format!("localhost:{}", host.port()), elsewhere.address()] {
        for options in [&["--tcp"][..], &["--transport", "tls", "--fallback", "plain", "--accept-new"]] {
            let (_, said) =
                ben.run(&[&["join", &address, "--name", "Ben 2", "--room", "none", "--json"], options].concat());
            assert!(!said.contains("\"greeting\"") || said.contains("TLS; asking"), "{address} {options:?}: {said}");
        }
    }
}
