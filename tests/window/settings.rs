//! The settings, the keys, and what a window remembers and tells.

use std::{fs, thread, time::Duration};

use crate::{
    desk::{Desk, until},
    harness::Installation,
};

/// The ground of the dark theme, and of the light one.
const DARK: [u8; 3] = [0x14, 0x16, 0x1b];
const LIGHT: [u8; 3] = [0xff, 0xff, 0xff];

#[test]
fn what_is_set_is_there_at_the_next_start() {
    let desk = Desk::new();
    let adas = Installation::new();
    let settings = adas.path().join("settings.toml");
    let ada = desk.open(&adas, &[]);
    ada.focus().press(&["F1"]).sees("text of the usual size");
    ada.press(&["ctrl+comma"]).sees("Notifications while you look elsewhere");
    assert!(ada.pixels(LIGHT).0 > 1000);
    ada.click("Dark");
    until("a dark window", || (ada.pixels(DARK).0 > 1000).then_some(()));
    // The focus is on the way out, and from there the name is next.
    ada.press(&["Tab", "ctrl+a"]).type_text("Lovelace");
    ada.press(&["ctrl+plus", "ctrl+plus"]).sees("120 %");
    ada.press(&["Escape"]).sees("Invite, address or name");
    // Where one wrote before one writes again.
    ada.type_text("somewhere.example");
    ada.sees("somewhere example");
    ada.sees("Lovelace");
    ada.resize(700, 500);
    thread::sleep(Duration::from_millis(300));
    assert_eq!(ada.close().0, 0);

    let text = fs::read_to_string(&settings).unwrap();
    for line in ["theme = \"dark\"", "text-size = 120", "name = \"Lovelace\"", "width = 700", "height = 500"] {
        assert!(text.contains(line), "{line} in:\n{text}");
    }
    let ada = desk.open(&adas, &[]);
    ada.focus().sees("Lovelace");
    assert!(ada.pixels(DARK).0 > 1000 && ada.pixels(LIGHT).0 < 1000);
    assert_eq!(ada.terminate().0, 0);
    let again = fs::read_to_string(&settings).unwrap();
    assert_eq!(again, text, "it opens where and as it was");

    let log = adas.path().join("here.log");
    fs::write(&settings, format!("look-around = false\nlog = {:?}", log.display().to_string())).unwrap();
    let ada = desk.open(&adas, &[]);
    ada.focus().press(&["ctrl+comma"]).sees("Settings");
    assert_eq!(ada.terminate().0, 0);
    assert!(fs::read_to_string(&log).unwrap().contains("the log begins"));

    fs::write(&settings, "theme = ").unwrap();
    // With nothing set, the start screen would look around in the network.
    let ada = desk.open(&adas, &["join", "127.0.0.1:1"]);
    ada.focus().press(&["ctrl+comma"]).sees("Your settings were damaged");
    assert_eq!(fs::read_to_string(adas.path().join("settings.toml.damaged")).unwrap(), "theme = ");
}

#[test]
fn a_conversation_goes_on_below_the_settings_and_the_title_counts_what_is_not_seen() {
    let desk = Desk::new();
    let [bens, adas, others] = [(); 3].map(|()| Installation::new());
    for installation in [&adas, &others] {
        fs::write(installation.path().join("settings.toml"), "name = \"Lovelace\"\nlook-around = false").unwrap();
    }
    let mut host = bens.host("Ben", &["--room", "Kitchen"]);
    let invite = host.text("invite");
    let ada = desk.open(&adas, &["join", &invite, "--name", "Ada"]);
    ada.focus().sees("key checked");
    // What is typed goes before what is remembered, and that before the user's own name.
    host.program.wait_for("joined", |joined| joined["name"] == "Ada");
    ada.type_text("half a sen").press(&["ctrl+comma"]).sees("Settings");
    host.program.say("said below");
    ada.press(&["Escape"]).sees("Ben said below");
    ada.type_text("tence").press(&["Return"]);
    host.program.wait_said("half a sentence");
    assert_eq!(ada.title(), "Kitchen – parlor");

    let other = desk.open(&others, &["join", &invite]);
    other.focus();
    host.program.wait_for("joined", |joined| joined["name"] == "Lovelace");
    other.sees("key checked");
    host.program.say("one");
    host.program.say("two");
    until("a title that counts", || (ada.title() == "(2) Kitchen – parlor").then_some(()));
    ada.focus();
    until("a title that does not", || (ada.title() == "Kitchen – parlor").then_some(()));
}
