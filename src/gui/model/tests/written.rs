//! What is written: sent, said again, kept, and given back.

use super::*;

#[test]
fn a_draft_that_cannot_be_sent_stays() {
    let mut model = model();
    model.apply(welcomed());
    for draft in ["", " \n", &"x".repeat(9000)] {
        model.room.draft = draft.to_owned();
        assert_eq!(model.room.take_draft(), None);
        assert_eq!(model.room.draft, draft);
    }
    model.room.draft = "hello\n".to_owned();
    assert_eq!(model.room.take_draft(), Some(Command::Say { text: "hello".to_owned(), tag: 0 }));
    assert_eq!(model.room.draft, "");
}

#[test]
fn what_fails_can_be_said_again_or_thrown_away() {
    let mut model = model();
    model.apply(welcomed());
    for text in ["one", "two"] {
        model.room.draft = text.to_owned();
        assert!(model.room.take_draft().is_some());
    }
    assert_eq!(model.room.oldest_failed(), None);
    for (tag, text) in [(0, "one"), (1, "two")] {
        model.apply(Event::Unsent { text: text.to_owned(), tag, why: "too late".to_owned() });
    }
    assert_eq!(model.room.oldest_failed(), Some((0, "one".to_owned(), "too late".to_owned(), 1)));
    assert_eq!(model.room.retry(0), Some(Command::Say { text: "one".to_owned(), tag: 2 }));
    assert_eq!(model.room.oldest_failed().map(|(tag, ..)| tag), Some(1));
    assert_eq!(model.room.feed.take(1).as_deref(), Some("two"));
    model.apply(Event::Delivered { tag: 2, was_shown: false });
    assert!(model.room.feed.log().pending().is_empty());
    assert!(rows(&model).last().is_some_and(|row| row.ends_with("one")), "what one said stays to be seen");
    assert_eq!(model.room.draft, "", "what is typed meanwhile is left alone");
}

/// It came back as a command, and was gone when one pressed Enter.
#[test]
fn a_text_with_a_slash_comes_back_as_what_says_it() {
    let mut model = model();
    model.apply(welcomed());
    model.room.draft = "//leave me alone".to_owned();
    assert_eq!(model.room.take_draft(), Some(Command::Say { text: "/leave me alone".to_owned(), tag: 0 }));
    model.apply(Event::Unsent { text: "/leave me alone".to_owned(), tag: 0, why: "it ended".to_owned() });
    model.apply(Event::Unsent { text: "/save".to_owned(), tag: 99, why: "it ended".to_owned() });
    assert_eq!(model.room.draft, "//save");
    assert_eq!(model.room.unsent_texts(), ["//leave me alone", "//save"]);
}

/// Both the text that was on its way and the draft are there when one joins again.
#[test]
fn what_was_on_its_way_when_it_ended_is_not_lost() {
    let mut model = model();
    model.apply(welcomed());
    model.room.draft = "on its way".to_owned();
    model.room.take_draft();
    model.apply(Event::Unsent { text: "on its way".to_owned(), tag: 0, why: "it ended".to_owned() });
    model.room.draft = "half a th".to_owned();
    model.apply(Event::Closed(Closed::HostLeft));
    assert_eq!(model.room.retry(0), None, "nobody is there to hear it");
    model.back();
    model.start.place = "192.168.1.20".to_owned();
    let opening = model.start.opening().unwrap();
    model.begin(&opening);
    model.apply(welcomed());
    assert_eq!(model.room.draft, "on its way\nhalf a th");
}

#[test]
fn what_was_not_sent_comes_back() {
    let mut model = model();
    model.apply(welcomed());
    model.apply(Event::Unsent { text: "one".to_owned(), tag: 7, why: "too late".to_owned() });
    assert_eq!(model.room.draft, "one");
    model.apply(Event::Unsent { text: "two".to_owned(), tag: 8, why: "too late".to_owned() });
    assert_eq!(model.room.draft, "one", "what is there is not overwritten");
    let (_, text, why, _) = model.room.oldest_failed().unwrap();
    assert_eq!((text.as_str(), why.as_str()), ("two", "too late"));
}

/// It was gone when one joined again.
#[test]
fn what_was_not_sent_is_there_in_the_next_conversation() {
    let mut model = model();
    model.apply(welcomed());
    model.apply(Event::Unsent { text: "wait".to_owned(), tag: 9, why: "too late".to_owned() });
    model.apply(Event::Closed(Closed::HostLeft));
    model.back();
    model.start.place = "192.168.1.20".to_owned();
    let opening = model.start.opening().unwrap();
    model.begin(&opening);
    model.apply(welcomed());
    assert_eq!(model.room.draft, "wait");
}

fn joined_at(model: &mut Model, address: &str, welcomed: Event) {
    model.back();
    model.start.place = address.to_owned();
    let opening = model.start.opening().unwrap();
    model.begin(&opening);
    model.apply(welcomed);
}

#[test]
fn a_draft_belongs_to_its_room() {
    let elsewhere = |key: Option<Fingerprint>| {
        let Event::Welcomed(welcomed) = welcomed() else { panic!() };
        Event::Welcomed(Welcomed { fingerprint: key, ..welcomed })
    };
    let mut model = model();
    joined_at(&mut model, "192.168.1.20", welcomed());
    model.room.draft = "for Ben".to_owned();
    joined_at(&mut model, "192.168.1.20", elsewhere(Some(key(9))));
    assert_eq!(model.room.draft, "", "another host, another room");
    joined_at(&mut model, "192.168.1.99", elsewhere(None));
    model.room.draft = "in the clear".to_owned();
    joined_at(&mut model, "10.0.0.1", welcomed());
    assert_eq!(model.room.draft, "for Ben", "whatever the address");
    joined_at(&mut model, "192.168.1.20", elsewhere(None));
    assert_eq!(model.room.draft, "");
    joined_at(&mut model, "192.168.1.99", elsewhere(None));
    assert_eq!(model.room.draft, "in the clear", "without a key, it is the address");
    joined_at(&mut model, "10.0.0.1", welcomed());
    assert!(model.room.take_draft().is_some());
    model.keep();
    joined_at(&mut model, "10.0.0.1", welcomed());
    assert_eq!(model.room.draft, "", "what was sent does not come back");
}

#[test]
fn all_that_was_not_sent_comes_back_in_its_order() {
    let mut model = model();
    joined_at(&mut model, "192.168.1.20", welcomed());
    model.room.draft = "being written".to_owned();
    for text in ["one", "two"] {
        model.apply(Event::Unsent { text: text.to_owned(), tag: 99, why: "too late".to_owned() });
    }
    model.apply(Event::Closed(Closed::HostLeft));
    joined_at(&mut model, "192.168.1.20", welcomed());
    assert_eq!(model.room.draft, "one\ntwo\nbeing written");
    model.room.draft.clear();
    let long = "x".repeat(9000);
    for text in ["one", &long, &long] {
        model.apply(Event::Unsent { text: text.to_owned(), tag: 99, why: "too late".to_owned() });
    }
    joined_at(&mut model, "192.168.1.20", welcomed());
    assert_eq!(model.room.draft, format!("one\n{long}"));
    assert!(rows(&model).iter().any(|row| row.contains("not sent either")), "what does not fit is shown");
    assert!(model.room.take_draft().is_none(), "it has to be sent in parts");
    model.room.draft.clear();
    joined_at(&mut model, "192.168.1.20", welcomed());
    assert_eq!(model.room.draft, long, "and is there the next time");
}

/// They stood in notices that were cut off, and only coming back to the room brought them within reach.
#[test]
fn what_finds_no_room_in_the_box_is_said_again_where_it_stands() {
    let mut model = model();
    joined_at(&mut model, "192.168.1.20", welcomed());
    let long = |letter: &str| letter.repeat(8190);
    for text in ["one", &long("a"), &long("b"), "/c"] {
        model.apply(Event::Unsent { text: text.to_owned(), tag: 99, why: "too late".to_owned() });
    }
    assert_eq!(model.room.draft, "one");
    assert_eq!(model.room.unsent_texts(), ["one", &long("a"), &long("b"), "//c"]);
    model.apply(Event::Closed(Closed::HostLeft));
    joined_at(&mut model, "192.168.1.20", welcomed());
    assert_eq!(model.room.unsent_texts(), [format!("one\n{}", long("a")), long("b"), "//c".to_owned()]);
    let mut said = Vec::new();
    while let Some((tag, ..)) = model.room.oldest_failed() {
        let Some(Command::Say { text, .. }) = model.room.retry(tag) else { panic!() };
        said.push(text);
    }
    assert_eq!(said, [long("b"), "/c".to_owned()], "as they were said");
}

#[test]
fn what_begins_with_a_slash_is_not_said() {
    let mut model = model();
    model.apply(welcomed());
    model.room.draft = "/etc/hosts is broken".to_owned();
    assert_eq!((model.room.take_order(), model.room.take_draft()), (None, None));
    assert!(model.room.is_hint_alarming() && model.room.hint().contains("/etc/hosts"));
    assert_eq!(model.room.draft, "/etc/hosts is broken");
    model.room.draft.insert(0, '/');
    assert_eq!(model.room.take_order(), None);
    assert_eq!(model.room.take_draft(), Some(Command::Say { text: "/etc/hosts is broken".to_owned(), tag: 0 }));
    assert_eq!(model.room.recall.earlier("").as_deref(), Some("//etc/hosts is broken"), "as it was typed");
    model.room.draft = "/help ".to_owned();
    assert_eq!(model.room.take_order(), Some(slash::Order::Help));
    model.room.help();
    assert!(rows(&model)[0].contains("/find words") && model.room.draft.is_empty());
}
