//! Reading: finding words, staying where one reads, what a link says before it is opened, both themes, twice the size.

use crate::{
    desk::{Desk, Window},
    harness::{Host, Installation},
};

/// The ground of what tells that there is something new, in the light theme.
const ACCENT: [u8; 3] = [0x24, 0x5a, 0xd0];

/// A member's window in a room of a program's, on a desk that is dressed like this.
fn room<'a>(desk: &'a Desk, dress: &[(&str, &str)]) -> (Host, Window<'a>) {
    let [bens, adas] = [(); 2].map(|()| Installation::new());
    let host = bens.host("Ben", &[]);
    let known = ["join", &host.address(), "--fingerprint", &host.fingerprint(), "--name", "Ada"];
    let ada = desk.open_dressed(&adas, &known, dress);
    ada.focus().sees("key checked");
    (host, ada)
}

#[test]
fn words_are_found_as_they_are_typed() {
    let desk = Desk::new();
    let (mut host, ada) = room(&desk, &[]);
    for text in ["the kettle is on", "nothing of note", "who moved the Kettle", "lunch"] {
        host.program.say(text);
    }
    ada.sees("lunch");
    ada.press(&["ctrl+f"]).type_text("kettle");
    ada.sees("2 of 2");
    ada.press(&["Return"]).sees("1 of 2");
    ada.type_text("s").sees("Not found");
    // Escape ends it, and one writes on.
    ada.press(&["Escape"]).type_text("found it").press(&["Return"]);
    host.program.wait_said("found it");
}

#[test]
fn a_thousand_messages_do_not_move_what_one_reads() {
    let desk = Desk::new();
    let (mut host, ada) = room(&desk, &[]);
    for number in 0..40 {
        host.program.say(&format!("early words {number}"));
    }
    ada.click("early words 39").press(&["Home"]);
    let before = ada.sees("early words 3");
    for number in 0..1000 {
        host.program.say(&format!("late words {number}"));
    }
    host.program.wait_said("late words 999");
    // White on blue, above other words, is not read by OCR; what it says, a test of the widget knows.
    ada.sees_color(ACCENT);
    assert_eq!(ada.sees("early words 3"), before);
    ada.press(&["End"]).sees("late words 999");
    ada.resize(640, 480).sees("late words 999");
    ada.press(&["Prior", "Prior", "End"]).sees("late words 999");
}

#[test]
fn what_is_dragged_over_can_be_pasted_with_the_middle_button() {
    let desk = Desk::new();
    let (mut host, ada) = room(&desk, &[]);
    host.program.say("words to be dragged over");
    let at = ada.sees("words to be dragged over");
    ada.drag((100, at.1), (at.0 + 200, at.1));
    desk.selected(|selected| selected.contains("words to be dragged over"));
}

#[test]
fn a_link_tells_where_it_leads() {
    let desk = Desk::new();
    let (mut host, ada) = room(&desk, &[]);
    host.program.say("lies in https://example.org/shelf as ever");
    let (x, y) = ada.sees("as ever");
    ada.hover((x - 120, y));
    ada.sees("Opens https example org shelf");
}

#[test]
fn text_that_means_harm_does_not_end_the_window() {
    let desk = Desk::new();
    let (mut host, ada) = room(&desk, &[]);
    host.program.say("a nul \0, a bell \u{7}, an override \u{202e}live");
    host.program.say(&"w".repeat(8 * 1024));
    host.program.say(&"e\u{301}\u{302}".repeat(1000));
    host.program.say("after all that");
    ada.sees("after all that");
    ada.type_text("still here").press(&["Return"]);
    host.program.wait_said("still here");
}

#[test]
fn what_the_host_has_not_confirmed_is_on_its_way_until_it_has() {
    let desk = Desk::new();
    let (mut host, ada) = room(&desk, &[]);
    host.program.freeze();
    ada.type_text("did it arrive").press(&["Return"]);
    ada.sees("sending");
    host.program.signal("CONT");
    host.program.wait_said("did it arrive");
    ada.sees("Ada did it arrive");
    ada.sees_no_more("sending");
}

#[test]
fn the_transcript_is_saved_where_one_says() {
    let desk = Desk::new();
    let (mut host, ada) = room(&desk, &[]);
    host.program.say("worth keeping");
    ada.sees("worth keeping");
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("kept.md");
    let dialog = ada.press(&["ctrl+s"]).dialog("Save the transcript");
    dialog.type_text(&path.display().to_string()).press(&["Return"]);
    ada.focus().sees("Saved in");
    let saved = std::fs::read_to_string(&path).expect("it was written");
    assert!(saved.contains("**Ben**") && saved.contains("worth keeping"), "{saved}");
}

/// Where things are and what they are called is the same in either theme and at any size.
fn copies_across_messages(dress: &[(&str, &str)], own: [u8; 3]) {
    let desk = Desk::new();
    let (mut host, ada) = room(&desk, dress);
    host.program.say("first words");
    ada.type_text("my own words").press(&["Return"]);
    host.program.wait_said("my own words");
    let (from, to) = (ada.sees("first words"), ada.sees("my own words"));
    let (_, right) = ada.pixels(own);
    assert!(right > 500, "one's own has its colour: {right}");
    ada.drag((from.0 - from.0 / 3, from.1), (to.0 + 200, to.1)).press(&["ctrl+c"]);
    desk.clipboard(|copied| copied.starts_with("Ben: ") && copied.ends_with("\nAda: my own words"));
}

#[test]
fn it_can_be_read_and_copied_in_the_dark() {
    copies_across_messages(&[("GTK_THEME", "Adwaita:dark")], [0x1b, 0x2f, 0x5a]);
}

#[test]
fn it_can_be_read_and_copied_at_twice_the_size() {
    copies_across_messages(&[("GDK_SCALE", "2")], [0xe6, 0xee, 0xff]);
}
