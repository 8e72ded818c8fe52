//! Coming back to a host after the connection was lost.

use std::sync::Arc;

use parlor::{
    conversation::{Closed, Command, Event, RefusedReason},
    identity::Identity,
    session::Way,
    transport::{Credentials, Kind, Tls, Transport},
    wire::{
        Message,
        message::{self, Gap, Joined, Refusal, Repeated, Resume, Said, Welcome},
    },
};

use crate::harness::{
    Joiner, accept, heard_say, hello, member, next, options, reconnecting, refused, roster, said, say, welcome,
    welcomed_at,
};

#[tokio::test]
async fn who_is_cut_off_comes_back_to_where_they_were_and_says_again_what_was_not_confirmed() {
    let (mut conversation, mut listener, connection, mut stream) = welcomed_at().await;
    stream.send.send(&mut vec![said(1, "a"), said(2, "b"), said(3, "c")]).await.unwrap();
    say(&conversation, "one").await;
    say(&conversation, "two").await;
    let (one, two) = (heard_say(&mut stream).await, heard_say(&mut stream).await);
    let echo = Said { seq: 4, at: 0, by: 1, name: "Ben".parse().unwrap(), nonce: one.nonce, text: one.text };
    stream.send.send(&mut vec![echo.encode()]).await.unwrap();
    for _ in 0..4 {
        assert!(matches!(next(&mut conversation).await, Event::Said(_)));
    }
    drop((connection, stream));
    reconnecting(&mut conversation).await;
    say(&conversation, "three").await;

    let (_connection, mut stream) = accept(&mut *listener).await;
    let hello = hello(&mut stream).await;
    assert_eq!(hello.resume, Some(Resume { epoch: 1, next: 5, pass: welcome().pass, attempt: 1 }));
    let again = Welcome { first: 5, head: 7, ..welcome() };
    stream.send.send(&mut vec![again.encode(), roster().encode(), said(5, "d")]).await.unwrap();
    assert!(matches!(next(&mut conversation).await, Event::Resumed { anew: false, .. }));
    assert!(matches!(next(&mut conversation).await, Event::Said(said) if said.text == "d" && !said.history));
    // In their order, with the nonces that they had, and what was confirmed is not said again.
    assert_eq!(heard_say(&mut stream).await, two);
    assert_eq!(heard_say(&mut stream).await.text, "three");
    // Who is there is certain only when everything up to there was seen.
    stream.send.send(&mut vec![said(6, "e")]).await.unwrap();
    assert!(matches!(next(&mut conversation).await, Event::Said(said) if said.text == "e"));
    assert!(matches!(next(&mut conversation).await, Event::Members(members) if members.len() == 2));
}

/// The host has it already, and its echo lies in a gap: nothing else would ever have confirmed it.
#[tokio::test]
async fn what_the_host_calls_repeated_is_confirmed() {
    let (mut conversation, _listener, _connection, mut stream) = welcomed_at().await;
    say(&conversation, "once").await;
    let nonce = heard_say(&mut stream).await.nonce;
    let gap = Gap { from: 1, to: 5, head: 5, members: 2 };
    stream.send.send(&mut vec![gap.encode(), roster().encode(), Repeated { nonce }.encode()]).await.unwrap();
    assert!(matches!(next(&mut conversation).await, Event::Gap { missed: 4 }));
    assert!(matches!(next(&mut conversation).await, Event::Members(_)));
    assert_eq!(next(&mut conversation).await, Event::Delivered { tag: 7, was_shown: false });
    conversation.commands.send(Command::Finish).await.unwrap();
    assert_eq!(next(&mut conversation).await, Event::Closed(Closed::Left));
}

/// It was forgotten, and was nowhere when the host was gone before its echo.
#[tokio::test]
async fn what_the_host_calls_repeated_and_does_not_show_is_said_again_to_the_next() {
    let (mut conversation, mut listener, connection, mut stream) = welcomed_at().await;
    say(&conversation, "once").await;
    let once = heard_say(&mut stream).await;
    stream.send.send(&mut vec![Repeated { nonce: once.nonce }.encode(), said(1, "a")]).await.unwrap();
    assert!(matches!(next(&mut conversation).await, Event::Said(_)));
    drop((connection, stream));
    reconnecting(&mut conversation).await;
    let (_connection, mut stream) = accept(&mut *listener).await;
    hello(&mut stream).await;
    let anew = Welcome { epoch: 2, first: 1, head: 2, ..welcome() };
    stream.send.send(&mut vec![anew.encode(), roster().encode()]).await.unwrap();
    assert!(matches!(next(&mut conversation).await, Event::Resumed { anew: true, .. }));
    assert_eq!(heard_say(&mut stream).await, once);
}

#[tokio::test]
async fn who_has_joined_again_elsewhere_does_not_fight_for_the_place() {
    let (mut conversation, mut listener, connection, stream) = welcomed_at().await;
    drop((connection, stream));
    reconnecting(&mut conversation).await;
    let (_connection, mut stream) = accept(&mut *listener).await;
    hello(&mut stream).await;
    let refused = message::Refused { refusal: Refusal::Replaced, detail: "Elsewhere.".to_owned(), suggestion: None };
    stream.send.send(&mut vec![refused.encode()]).await.unwrap();
    assert_eq!(next(&mut conversation).await, Event::Closed(Closed::Replaced));
}

#[tokio::test]
async fn a_host_that_has_started_again_is_told_apart_and_nothing_is_shown_twice() {
    let (mut conversation, mut listener, connection, mut stream) = welcomed_at().await;
    let said_by_chi = |seq, nonce| {
        let (name, text) = ("Chi".parse().unwrap(), "hello".to_owned());
        Said { seq, at: 0, by: 2, name, nonce, text }.encode()
    };
    stream.send.send(&mut vec![said(1, "a"), said(2, "b"), said_by_chi(3, 77)]).await.unwrap();
    for _ in 0..3 {
        assert!(matches!(next(&mut conversation).await, Event::Said(_)));
    }
    drop((connection, stream));
    let (_connection, mut stream) = accept(&mut *listener).await;
    hello(&mut stream).await;
    let anew = Welcome { epoch: 2, first: 1, head: 2, ..welcome() };
    let joined = Joined { seq: 1, at: 0, member: member(1, "Ben") };
    // Chi had no echo of it, and says it again; the second is another one of the same words.
    let batch = [anew.encode(), roster().encode(), joined.encode(), said_by_chi(2, 77), said_by_chi(3, 78)];
    stream.send.send(&mut batch.to_vec()).await.unwrap();
    assert!(matches!(next(&mut conversation).await, Event::Resumed { anew: true, .. }));
    assert!(matches!(next(&mut conversation).await, Event::Joined(member) if member.id == 1));
    assert!(matches!(next(&mut conversation).await, Event::Members(_)));
    assert!(matches!(next(&mut conversation).await, Event::Said(said) if said.seq == 3));
}

#[tokio::test]
async fn a_wrong_key_on_coming_back_ends_it() {
    let host = Arc::new(Identity::generate().unwrap());
    let mut listener = Tls::new(Credentials::new(host.clone()), None).listen("127.0.0.1:0".parse().unwrap()).unwrap();
    let address = listener.local_address().unwrap();
    let mut conversation = Joiner::new().join(options(&*listener, Some(host.fingerprint()), Way::Only(Kind::Tls)));
    let (connection, mut stream) = accept(&mut *listener).await;
    hello(&mut stream).await;
    stream.send.send(&mut vec![welcome().encode(), roster().encode()]).await.unwrap();
    assert!(matches!(next(&mut conversation).await, Event::Welcomed(_)));
    say(&conversation, "not for others").await;
    heard_say(&mut stream).await;
    drop(listener);
    let other = Arc::new(Identity::generate().unwrap());
    let mut listener = Tls::new(Credentials::new(other.clone()), None).listen(address).unwrap();
    drop((connection, stream));
    // Somebody has to listen for the handshake to come about.
    let impostor = tokio::spawn(async move {
        loop {
            let handshake = listener.accept().await.unwrap().handshake;
            assert!(handshake.await.is_err(), "nothing of ours is sent to another key");
        }
    });
    assert!(matches!(next(&mut conversation).await, Event::Unsent { text, .. } if text == "not for others"));
    let refused = refused(&mut conversation).await;
    assert_eq!(refused.reason, RefusedReason::IdentityMismatch);
    assert_eq!(refused.keys, Some(Box::new((host.fingerprint(), other.fingerprint()))));
    assert!(!impostor.is_finished());
    impostor.abort();
}
