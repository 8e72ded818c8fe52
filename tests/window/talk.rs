//! Two windows and a script in one room.

use std::time::Duration;

use crate::{desk::Desk, harness::Installation};

/// The ground of one's own messages, in the light theme.
const OWN: [u8; 3] = [0xe6, 0xee, 0xff];

#[test]
fn two_windows_and_a_script_talk() {
    let desk = Desk::new();
    let [bens, adas, cleos] = [(); 3].map(|()| Installation::new());
    let ben = desk.open(&bens, &["host", "--name", "Ben", "--room", "Kitchen", "--port", "0", "--bind", "127.0.0.1"]);

    // The invite goes from one window to the other by way of the clipboard, as people do it.
    ben.click("Copy invite");
    let invite = desk.invite();
    assert_eq!(ben.title(), "Kitchen – parlor");
    let mut cleo = cleos.start(&["join", &invite, "--name", "Cleo"]);
    assert_eq!(cleo.wait("welcomed")["security"], "pinned");
    ben.sees("Cleo came in");

    let ada = desk.open(&adas, &[]);
    assert_eq!(ada.title(), "parlor");
    let ada = ada.focus().press(&["ctrl+v"]);
    ada.sees("An invite to Kitchen");
    // The keyboard alone is enough: to the fingerprint, past it to the name, and on.
    ada.press(&["Tab", "Tab", "ctrl+a"]).type_text("Ada").press(&["Return"]);
    ada.sees("Encrypted QUIC key checked");
    cleo.wait_for("joined", |joined| joined["name"] == "Ada");

    ada.type_text("hello from Ada").press(&["Return"]);
    let said = cleo.wait_said("hello from Ada");
    assert_eq!(said["from"], "Ada");
    ben.focus().sees("Ada hello from Ada");
    // Somebody else's message stands at the left, and not in the colour of one's own.
    assert_eq!(ben.pixels(OWN), (0, 0));
    ben.press(&["ctrl+a"]).type_text("hello from Ben");
    ben.click("Send");
    assert_eq!(cleo.wait_said("hello from Ben")["from"], "Ben");
    ben.sees("Ben hello from Ben");
    let (left, right) = ben.pixels(OWN);
    assert!(left == 0 && right > 500, "one's own stands at the right: {left}, {right}");
    ada.focus().sees("Ben hello from Ben");

    cleo.say("and from a script");
    ada.sees("Cleo and from a script");
}

#[test]
fn closing_the_hosts_window_ends_the_room_for_everybody() {
    let desk = Desk::new();
    let [bens, adas] = [(); 2].map(|()| Installation::new());
    let ben = desk.open(&bens, &["host", "--name", "Ben", "--port", "0", "--bind", "127.0.0.1"]);
    ben.click("Copy invite");
    let ada = desk.open(&adas, &["join", &desk.invite(), "--name", "Ada"]);
    ada.focus().sees("key checked");
    ada.type_text("half a thought");
    let (code, took) = ben.close();
    assert_eq!(code, 0);
    assert!(took < Duration::from_secs(2), "{took:?}");
    ada.sees("The host left and the room with it");
    ada.sees("half a thought");
    // The box to write in is closed; the keyboard has not gone with it.
    ada.enter().sees("Host a room");
    let (code, took) = ada.terminate();
    assert_eq!(code, 0);
    assert!(took < Duration::from_secs(2), "{took:?}");
}

#[test]
fn a_plain_room_alarms_whoever_is_in_it() {
    let desk = Desk::new();
    let [bens, cleos] = [(); 2].map(|()| Installation::new());
    let host = bens.host("Ben", &["--tcp"]);
    let ada = desk.open(&cleos, &["join", &host.address(), "--tcp", "--name", "Ada"]);
    ada.focus().sees("NOT ENCRYPTED plain TCP");
    ada.sees("you NOT ENCRYPTED");
    let (left, right) = ada.pixels([0xb3, 0x26, 0x1e]);
    assert!(left + right > 10_000, "the whole bar is red");
}

#[test]
fn a_small_window_shows_what_matters() {
    let desk = Desk::new();
    let bens = Installation::new();
    let ben = desk.open(&bens, &["host", "--name", "Ben", "--port", "0", "--bind", "127.0.0.1"]);
    ben.focus().resize(640, 480);
    ben.sees("Copy invite");
    ben.sees("Encrypted");
    ben.sees("Send");
    assert!(ben.shows("Close room"));
}
