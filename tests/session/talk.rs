//! What a host sends to who is in its room.

use parlor::{
    conversation::{Closed, Event},
    wire::{
        FromMember, Message, frame, limits,
        message::{Joined, Ping, Said},
    },
};

use crate::harness::{heard, member, next, said, welcome, welcomed};

#[tokio::test]
async fn who_says_nothing_is_still_heard_of() {
    let (_conversation, _connection, mut stream) = welcomed().await;
    let begun = std::time::Instant::now();
    match FromMember::read(&heard(&mut stream).await) {
        Ok(Some(FromMember::Ping(_))) => assert!(begun.elapsed() > limits::HEARTBEAT / 2),
        other => panic!("expected a ping, got {other:?}"),
    }
}

#[tokio::test]
async fn what_others_say_is_made_harmless() {
    let (mut conversation, _connection, mut stream) = welcomed().await;
    stream.send.send(&mut vec![said(3, "\0\x1b]0;owned\x07\r\nline two\u{202e}")]).await.unwrap();
    match next(&mut conversation).await {
        Event::Gap { missed: 2 } => {}
        other => panic!("entries 1 and 2 never came: {other:?}"),
    }
    match next(&mut conversation).await {
        Event::Said(said) => assert_eq!(said.text, "␀␛]0;owned␇\nline two\u{fffd}"),
        other => panic!("expected the message, got {other:?}"),
    }
}

#[tokio::test]
async fn what_is_unknown_is_skipped_and_what_was_seen_is_not_shown_again() {
    let (mut conversation, _connection, mut stream) = welcomed().await;
    let joined = Joined { seq: 4, at: u64::MAX, member: member(2, "Chi") };
    let mut batch =
        vec![said(1, "a"), frame::write(0xff, b"from the future"), said(2, "b"), said(2, "b"), said(1, "a")];
    batch.extend([said(3, "c"), joined.encode(), said(9, "d")]);
    stream.send.send(&mut batch).await.unwrap();
    let mut seen = Vec::new();
    while seen.last().is_none_or(|last| last != "d") {
        seen.push(match next(&mut conversation).await {
            Event::Said(said) => said.text,
            Event::Joined(member) => member.name.to_string(),
            Event::Gap { missed } => format!("{missed} missing"),
            other => panic!("unexpected {other:?}"),
        });
    }
    assert_eq!(seen, ["a", "b", "c", "Chi", "4 missing", "d"]);
}

#[tokio::test]
async fn a_host_that_breaks_the_rules_is_left() {
    for broken in
        [welcome().encode(), frame::write(0x7f, b"?"), frame::write(Said::KIND, b"\xff"), Ping { number: 1 }.encode()]
    {
        let (mut conversation, _connection, mut stream) = welcomed().await;
        stream.send.send(&mut vec![broken]).await.unwrap();
        match next(&mut conversation).await {
            Event::Closed(Closed::Violation { .. }) => {}
            other => panic!("expected the end, got {other:?}"),
        }
    }
}
