//! First contact, and a changed key.

use crate::{desk::Desk, harness::Installation};

#[test]
fn first_contact_is_asked_about_and_remembered() {
    let desk = Desk::new();
    let [bens, adas] = [(); 2].map(|()| Installation::new());
    let mut host = bens.host("Ben", &[]);
    let arguments = ["join", &host.address(), "--name", "Ada"];
    let ada = desk.open(&adas, &arguments);
    ada.focus().sees("You have not met this host before");

    let other = Installation::new().host("Eve", &[]);
    desk.copy(&other.fingerprint());
    ada.press(&["shift+Tab", "ctrl+v"]).sees("A different key");
    // It cannot be trusted now, by no click.
    ada.click("trust and join");
    assert!(ada.shows("A different key"));
    desk.copy(&host.fingerprint());
    ada.click("Or paste the fingerprint")
        .press(&["shift+Tab", "Tab", "ctrl+a", "ctrl+v"])
        .sees("The same this is their key");
    ada.click("trust and join").sees("key checked");
    host.program.wait_for("joined", |joined| joined["name"] == "Ada");
    assert_eq!(ada.close().0, 0);

    let ada = desk.open(&adas, &arguments);
    ada.focus().sees("key checked");
}

#[test]
fn whoever_does_not_say_yes_does_not_join() {
    let desk = Desk::new();
    let [bens, adas] = [(); 2].map(|()| Installation::new());
    let mut host = bens.host("Ben", &[]);
    let ada = desk.open(&adas, &["join", &host.address(), "--name", "Ada"]);
    ada.focus().sees("You have not met this host before");
    // Enter presses what has the focus, which is Cancel.
    ada.enter().sees("You did not join");
    ada.enter().sees("Invite, address or name");
    let cleo = Installation::new().join(&host, "Cleo", &[]);
    host.program.wait_for("joined", |joined| joined["name"] == "Cleo");
    assert!(!host.program.heard().iter().any(|line| line.contains("Ada")), "{cleo}");
}

#[test]
fn plain_tcp_is_asked_about_and_the_answer_is_no_unless_one_says_yes() {
    let desk = Desk::new();
    let [bens, adas] = [(); 2].map(|()| Installation::new());
    let mut host = bens.host("Ben", &["--tcp"]);
    let arguments = ["join", &host.address(), "--transport", "tls", "--name", "Ada"];
    let ada = desk.open(&adas, &arguments);
    ada.focus().sees("Join without encryption");
    ada.press(&["Escape"]).sees("Something else answers there");
    assert_eq!(ada.close().0, 0);
    let ada = desk.open(&adas, &arguments);
    ada.focus().sees("Join without encryption");
    ada.press(&["shift+Tab"]).enter().sees("NOT ENCRYPTED plain TCP");
    let joined = host.program.wait_for("joined", |joined| joined["name"] == "Ada");
    assert_eq!(joined["security"], "plaintext");
}

#[test]
fn a_changed_key_is_a_full_stop() {
    let desk = Desk::new();
    let [bens, adas, others] = [(); 3].map(|()| Installation::new());
    let host = bens.host("Ben", &[]);
    let (port, address) = (host.port(), host.address());
    adas.join(&host, "Ada", &[]);
    drop(host);
    let _other = others.host_on(port, "Ben", &[]);
    let ada = desk.open(&adas, &["join", &address, "--name", "Ada"]);
    ada.focus().sees("this is not the key you expect");
    ada.sees("The key you expect");
    ada.sees("The key that answered");
    assert!(!ada.shows("trust"), "there is no way to trust it by habit");
    // Enter presses what has the focus.
    ada.enter().sees("Invite, address or name");
}

#[test]
fn a_changed_key_is_replaced_by_who_pastes_the_new_one() {
    let desk = Desk::new();
    let [bens, adas, others] = [(); 3].map(|()| Installation::new());
    let host = bens.host("Ben", &["--room", "Kitchen"]);
    let (port, address, old) = (host.port(), host.address(), host.fingerprint());
    adas.join(&host, "Ada", &[]);
    drop(host);
    let host = others.host_on(port, "Ben", &["--room", "Kitchen"]);
    let ada = desk.open(&adas, &["join", &address, "--name", "Ada"]);
    ada.focus().sees("this is not the key you expect");
    ada.resize(960, 900).press(&["shift+Tab", "Return"]).sees("Paste the new fingerprint");
    // The old one is what an impostor would have to talk somebody out of.
    desk.copy(&old);
    ada.press(&["Tab", "ctrl+v"]).sees("do not join from this network");
    ada.press(&["Tab"]).type_text("Kitchen").click("Replace the key and join");
    assert!(ada.shows("do not join from this network"), "what was pasted and does not fit is not overruled");
    desk.copy(&host.fingerprint());
    ada.press(&["shift+Tab", "ctrl+a", "ctrl+v"]).sees("the key that answers there");
    ada.click("Replace the key and join").sees("key checked");
    assert_eq!(ada.close().0, 0);
    let (_, pins) = adas.run(&["hosts"]);
    assert!(pins.contains(&host.text("id")) && pins.matches("key ").count() == 1, "{pins}");
}

#[test]
fn a_room_one_has_been_in_is_joined_with_a_click_and_forgotten_with_two() {
    let desk = Desk::new();
    let [bens, adas] = [(); 2].map(|()| Installation::new());
    let mut host = bens.host("Ben", &["--room", "Pantry"]);
    adas.join(&host, "Ada", &[]);
    let ada = desk.open(&adas, &[]);
    ada.focus().sees("Rooms you have been in");
    ada.click("Pantry").sees("key checked");
    ada.click("Leave").sees("Rooms you have been in");
    // From the box for the address: fingerprint, name, Join, the list.
    ada.press(&["Tab", "Tab", "Tab", "Tab", "Delete"]).sees("Forget Pantry");
    ada.press(&["Return"]).sees("today at");
    ada.press(&["Delete", "Right", "Return"]);
    assert_eq!(ada.close().0, 0);
    assert!(adas.run(&["hosts"]).1.contains("No host is pinned"));
    host.program.wait("joined");
}

#[test]
fn a_link_joins_nothing_before_a_person_says_so() {
    let desk = Desk::new();
    let [bens, adas] = [(); 2].map(|()| Installation::new());
    let mut host = bens.host("Ben", &["--room", "Kitchen"]);
    let ada = desk.open(&adas, &["open", &host.text("invite")]);
    ada.focus().sees("An invite to Kitchen");
    host.program.say("nobody is here");
    host.program.wait_said("nobody is here");
    assert!(!host.program.heard().iter().any(|line| line.contains("joined")), "{}", host.program);
    ada.enter().sees("key checked");
    host.program.wait("joined");
}

#[test]
fn a_fingerprint_is_judged_as_it_is_typed() {
    let desk = Desk::new();
    let [bens, adas] = [(); 2].map(|()| Installation::new());
    let host = bens.host("Ben", &[]);
    let ada = desk.open(&adas, &[]);
    ada.focus().type_text(&host.address()).press(&["Tab"]);
    let fingerprint = host.text("id");
    let (beginning, end) = fingerprint.split_at(30);
    ada.type_text(beginning).sees("The fingerprint is incomplete");
    ada.type_text(end).sees("It will be compared");
    ada.press(&["Return"]).sees("key checked");
}

/// A mail had wrapped it, and its lines were joined by spaces; and the second Enter pressed what came next.
#[test]
fn a_wrapped_invite_is_pasted_whole_and_an_enter_too_many_does_no_harm() {
    let desk = Desk::new();
    let [bens, adas] = [(); 2].map(|()| Installation::new());
    let mut host = bens.host("Ben", &["--room", "Kitchen"]);
    let invite = host.text("invite");
    let wrapped: Vec<_> = invite.as_bytes().chunks(40).map(String::from_utf8_lossy).collect();
    desk.copy(&wrapped.join("\n"));
    let ada = desk.open(&adas, &[]);
    ada.focus().press(&["ctrl+v"]).sees("An invite to Kitchen");
    ada.press(&["Return", "Return"]).sees("key checked");
    host.program.wait("joined");
}
