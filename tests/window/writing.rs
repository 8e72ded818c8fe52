//! Several lines, other layouts, copying.

use crate::{
    desk::{Desk, Window},
    harness::{Host, Installation},
};

fn room(desk: &Desk) -> (Host, Window<'_>) {
    let [bens, adas] = [(); 2].map(|()| Installation::new());
    let host = bens.host("Ben", &[]);
    let known = ["join", &host.address(), "--fingerprint", &host.fingerprint(), "--name", "Ada"];
    let ada = desk.open(&adas, &known);
    ada.focus().sees("key checked");
    (host, ada)
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
    ada.press(&["ctrl+v"]).sees("Too long by");
    ada.press(&["Return", "ctrl+a", "BackSpace"]).type_text("short").press(&["Return"]);
    host.program.wait_said("short");
    desk.copy(&"w".repeat(64 * 1024));
    ada.press(&["ctrl+v"]).sees("That was not pasted");
    ada.type_text("still here").press(&["Return"]);
    host.program.wait_said("still here");
}
