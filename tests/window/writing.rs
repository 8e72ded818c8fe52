//! Several lines, other layouts, copying, taking back, completing; and that nothing is lost.

use crate::{
    desk::{Desk, Window, until},
    harness::{Host, Installation},
};

fn room(desk: &Desk) -> (Host, Window<'_>) {
    let host = Installation::new().host("Ben", &[]);
    let ada = join(desk, &Installation::new(), &host);
    (host, ada)
}

fn join<'a>(desk: &'a Desk, adas: &Installation, host: &Host) -> Window<'a> {
    let known = ["join", &host.address(), "--fingerprint", &host.fingerprint(), "--name", "Ada"];
    let ada = desk.open(adas, &known);
    ada.focus().sees("key checked");
    ada
}

/// The first key was lost if it came within half a second: druid's shell learned with the event after it which box had the keyboard.
#[test]
fn the_first_key_in_a_room_is_heard_however_soon_it_comes() {
    let desk = Desk::new();
    let mut host = Installation::new().host("Ben", &[]);
    let known = ["join", &host.address(), "--fingerprint", &host.fingerprint(), "--name", "Ada"];
    let ada = desk.open(&Installation::new(), &known);
    // Which is sooner than one could read it.
    until("a room", || (ada.focus().title() == "Ben's room – parlor").then_some(()));
    ada.type_text("soon").press(&["Return"]);
    host.program.wait_said("soon");
}

#[test]
fn enter_sends_and_shift_enter_breaks_the_line() {
    let desk = Desk::new();
    let (mut host, ada) = room(&desk);
    ada.press(&["Return"]).type_text("one").press(&["shift+Return"]).type_text("two").press(&["Return", "Return"]);
    ada.type_text("last").press(&["Return"]);
    host.program.wait_said("one\ntwo");
    host.program.wait_said("last");
    let said = host.program.heard().iter().filter(|line| line.contains(r#""event":"said""#)).count();
    assert_eq!(said, 2, "what is empty is not sent");
}

#[test]
fn dead_keys_and_compose_make_letters() {
    let desk = Desk::new();
    let (mut host, ada) = room(&desk);
    desk.keyboard(&["us", "-variant", "intl"]);
    ada.press(&["dead_acute", "e", "dead_tilde", "n", "dead_diaeresis", "u", "Return"]);
    host.program.wait_said("éñü");
    desk.keyboard(&["fr", "-option", "compose:ralt"]);
    ada.press(&["dead_circumflex", "a", "Return"]);
    host.program.wait_said("â");
    ada.press(&["Multi_key", "o", "e", "Return"]);
    host.program.wait_said("œ");
}

#[test]
fn what_is_dragged_over_is_copied_with_its_names() {
    let desk = Desk::new();
    let (mut host, ada) = room(&desk);
    host.program.say("first words");
    host.program.say("second words");
    let from = ada.sees("first words");
    let to = ada.sees("second words");
    ada.drag((100, from.1), (to.0 + 120, to.1)).press(&["ctrl+c"]);
    desk.clipboard(|copied| copied.contains("first words\nBen: second words"));
    ada.click_at(ada.sees("second words"), 3).press(&["ctrl+c"]);
    desk.clipboard(|copied| copied == "Ben: second words");

    // What is typed while the transcript has the keyboard belongs into the message.
    ada.type_text("typed on").press(&["Return"]);
    host.program.wait_said("typed on");
}

#[test]
fn a_message_that_is_too_long_stays_and_is_told_about() {
    let desk = Desk::new();
    let (mut host, ada) = room(&desk);
    desk.copy(&"many words ".repeat(800));
    ada.press(&["ctrl+v"]).sees("characters do not fit into one message");
    ada.press(&["Return", "ctrl+a", "BackSpace"]).type_text("short").press(&["Return"]);
    host.program.wait_said("short");
    desk.copy(&"w".repeat(64 * 1024));
    ada.press(&["ctrl+v"]).sees("That was not pasted");
    ada.type_text("still here").press(&["Return"]);
    host.program.wait_said("still here");
}

/// In a field of the start screen and in the box of a room alike.
#[test]
fn letters_are_composed_in_every_field() {
    let desk = Desk::new();
    let mut host = Installation::new().host("Ben", &[]);
    let compose = |ada: &Window<'_>| {
        desk.keyboard(&["us", "-variant", "intl"]);
        ada.press(&["dead_acute", "e", "dead_tilde", "n"]);
        desk.keyboard(&["fr"]);
        ada.press(&["dead_circumflex", "a"]);
    };
    desk.copy(&host.text("invite"));
    let installation = Installation::new();
    let ada = desk.open(&installation, &[]);
    ada.focus().press(&["ctrl+v"]).sees("An invite to");
    ada.press(&["Tab", "Tab", "ctrl+a"]);
    compose(&ada);
    ada.press(&["Return"]);
    host.program.wait_for("joined", |joined| joined["name"] == "éñâ");
    ada.sees("key checked");
    compose(&ada);
    ada.press(&["Return"]);
    host.program.wait_said("éñâ");
}

#[test]
fn what_was_done_is_taken_back_and_done_again() {
    let desk = Desk::new();
    let (mut host, ada) = room(&desk);
    ada.type_text("one two").press(&["ctrl+z", "Return"]);
    host.program.wait_said("one");
    // What was sent is not taken back.
    ada.press(&["ctrl+z"]).type_text("three four").press(&["ctrl+z", "ctrl+z", "ctrl+y", "ctrl+shift+z", "Return"]);
    host.program.wait_said("three four");
    desk.copy("five\nsix");
    ada.type_text("x").press(&["ctrl+v", "ctrl+a", "ctrl+x", "ctrl+z", "Return"]);
    host.program.wait_said("xfive\nsix");
    ada.press(&["ctrl+v", "ctrl+v", "Return"]);
    host.program.wait_said("xfive\nsixxfive\nsix");
}

#[test]
fn a_field_of_the_start_screen_takes_back_too() {
    let desk = Desk::new();
    let mut host = Installation::new().host("Ben", &[]);
    desk.copy(&host.text("invite"));
    let installation = Installation::new();
    let ada = desk.open(&installation, &[]);
    ada.focus().press(&["ctrl+v"]).sees("An invite to");
    ada.press(&["ctrl+a", "ctrl+x", "ctrl+z"]).sees("An invite to");
    ada.press(&["Tab", "Tab", "ctrl+a"]).type_text("Ada Lovelace").press(&["ctrl+z", "Return"]);
    host.program.wait_for("joined", |joined| joined["name"] == "Ada");
}

#[test]
fn names_emojis_and_what_was_sent_are_at_hand() {
    let desk = Desk::new();
    let (mut host, ada) = room(&desk);
    ada.type_text("be").press(&["Tab"]).type_text("hi :tada: :smi").press(&["Tab", "Return"]);
    host.program.wait_said("Ben: hi 🎉 😄");
    ada.type_text("second").press(&["Return"]);
    host.program.wait_said("second");
    ada.press(&["Up", "Up", "Down", "Up"]).type_text("!").press(&["Return"]);
    host.program.wait_said("Ben: hi 🎉 😄!");
    // By pointer: the second in the list.
    ada.type_text("x :smi");
    ada.click("smirk:").press(&["Return"]);
    host.program.wait_said("x 😏");
    // Nothing to complete: on to the button, which sends.
    ada.type_text("with the keyboard").press(&["Tab", "space"]);
    host.program.wait_said("with the keyboard");
}

#[test]
fn what_begins_with_a_slash_is_not_said_by_mistake() {
    let desk = Desk::new();
    let (mut host, ada) = room(&desk);
    ada.type_text("/etc/hosts is broken").press(&["Return"]).sees("There is no command");
    ada.press(&["Home"]).type_text("/").press(&["Return"]);
    host.program.wait_said("/etc/hosts is broken");
    ada.type_text("/he").press(&["Tab", "Return"]).sees("finds words in what was said");
    ada.type_text("/leave").press(&["Return"]).sees("Host a room");
    host.program.wait("left");
}

#[test]
fn a_draft_is_there_again_after_the_window_was_closed() {
    let desk = Desk::new();
    let mut host = Installation::new().host("Ben", &[]);
    let adas = Installation::new();
    let ada = join(&desk, &adas, &host);
    ada.type_text("half a").press(&["shift+Return"]).type_text("thought");
    assert_eq!(ada.close().0, 0);
    let ada = join(&desk, &adas, &host);
    ada.sees("half a");
    ada.type_text(", and the rest").press(&["Return"]);
    host.program.wait_said("half a\nthought, and the rest");
    assert_eq!(ada.close().0, 0);
    let ada = join(&desk, &adas, &host);
    ada.press(&["Return"]).type_text("done").press(&["Return"]);
    host.program.wait_said("done");
}

#[test]
fn the_middle_button_pastes_what_was_selected_last() {
    let desk = Desk::new();
    let (mut host, ada) = room(&desk);
    ada.type_text("> ");
    let send = ada.sees("Send");
    let place = (send.0 - 200, send.1);
    desk.select("from elsewhere");
    ada.middle_click_at(place).type_text("!").press(&["Return"]);
    host.program.wait_said("> from elsewhere!");
    ada.type_text("one two").press(&["shift+ctrl+Left"]);
    desk.selected(|selected| selected == "two");
    ada.press(&["End"]).middle_click_at(place).press(&["Return"]);
    host.program.wait_said("one twotwo");
}

/// Of a long text, the end was below the box.
#[test]
fn the_caret_stays_in_view() {
    let desk = Desk::new();
    let (_host, ada) = room(&desk);
    desk.copy(&format!("{}the end", "many lines\n".repeat(30)));
    ada.press(&["ctrl+v"]).sees("the end");
    ada.press(&["shift+Return"]).type_text("further down").sees("further down");
    ada.press(&["ctrl+Home"]).type_text("on top ").sees("on top");
    assert!(!ada.shows("further down"));
}
