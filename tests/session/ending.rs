//! How a conversation ends, and what becomes of what was not sent.

use parlor::{
    conversation::{Closed, Command, Event},
    wire::{CloseCode, limits},
};
use tokio::time::timeout;

use crate::harness::{PATIENCE, heard, next, reconnecting, say, welcomed, welcomed_at};

/// The order to leave waited behind what could not be sent.
#[tokio::test]
async fn one_can_leave_however_much_waits_to_be_sent() {
    let (mut conversation, listener, connection, stream) = welcomed_at().await;
    drop((listener, connection, stream));
    reconnecting(&mut conversation).await;
    let waiting = limits::OUTSTANDING + conversation.commands.max_capacity();
    for number in 0..waiting {
        timeout(PATIENCE, say(&conversation, &number.to_string())).await.expect("there is a place for it");
    }
    assert!(conversation.commands.try_reserve().is_err(), "and for no more");
    conversation.exit.leave();
    for number in 0..waiting {
        match next(&mut conversation).await {
            Event::Unsent { text, .. } => assert_eq!(text, number.to_string()),
            other => panic!("expected what was to be said, got {other:?}"),
        }
    }
    assert_eq!(next(&mut conversation).await, Event::Closed(Closed::Left));
}

#[tokio::test]
async fn an_end_that_the_host_states_is_no_lost_connection() {
    for (code, closed) in [(CloseCode::HostLeft, "host-left"), (CloseCode::Replaced, "replaced")] {
        let (mut conversation, _listener, connection, stream) = welcomed_at().await;
        drop(stream);
        connection.close(code, "").await;
        match next(&mut conversation).await {
            Event::Closed(how) => assert_eq!(how.as_str(), closed),
            other => panic!("expected the end, got {other:?}"),
        }
    }
}

#[tokio::test]
async fn what_was_never_confirmed_is_given_back() {
    let (mut conversation, connection, mut stream) = welcomed().await;
    conversation.commands.send(Command::Say { text: "did you get this?".to_owned(), tag: 9 }).await.unwrap();
    heard(&mut stream).await;
    drop((connection, stream));
    conversation.exit.leave();
    match next(&mut conversation).await {
        Event::Unsent { text, tag, .. } => assert_eq!((text.as_str(), tag), ("did you get this?", 9)),
        other => panic!("expected the text back, got {other:?}"),
    }
    assert_eq!(next(&mut conversation).await, Event::Closed(Closed::Left));
}
