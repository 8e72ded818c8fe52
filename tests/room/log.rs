//! The log: one order for all, each message once, and what is told to who is behind.

use parlor::{
    room::Heard,
    wire::{FromHost, HOST, limits, message::Departure},
};

use crate::harness::{ahead, keyed, listed, room, say, texts};

#[tokio::test(start_paused = true)]
async fn a_member_is_welcomed_to_the_roster_as_of_the_head() {
    let (room, host) = room();
    assert_eq!(host.member().id, HOST);
    say(&host, 1, "before").unwrap();
    let mut ben = room.admit(&keyed("Ben", 2)).unwrap();
    let welcome = ben.welcome();
    let names: Vec<_> = listed(&mut ben).into_iter().map(|member| member.name.to_string()).collect();
    assert_eq!(names, ["Ana", "Ben"]);
    assert_eq!(welcome.members, 2);
    say(&host, 2, "after").unwrap();
    let seen = ahead(&mut ben.cursor()).await;
    let seqs: Vec<_> = seen
        .iter()
        .map(|message| match message {
            FromHost::Said(said) => (said.seq, said.seq < welcome.head),
            FromHost::Joined(joined) => (joined.seq, joined.seq < welcome.head),
            other => panic!("unexpected {other:?}"),
        })
        .collect();
    assert_eq!(seqs, [(2, true), (3, true), (4, false)]);
}

#[tokio::test(start_paused = true)]
async fn everybody_sees_one_order() {
    let (room, host) = room();
    let ben = room.admit(&keyed("Ben", 2)).unwrap();
    let (mut one, mut two) = (host.cursor(), ben.cursor());
    for nonce in 0..500 {
        let speaker = if nonce % 3 == 0 { &host } else { &ben };
        say(speaker, nonce, &nonce.to_string()).unwrap();
    }
    let order = texts(&mut one).await;
    assert_eq!(order.len(), 500);
    assert_eq!(order, texts(&mut two).await);
}

#[tokio::test(start_paused = true)]
async fn a_message_that_was_sent_twice_is_shown_once() {
    let (room, host) = room();
    let mut cursor = host.cursor();
    let ben = room.admit(&keyed("Ben", 2)).unwrap();
    say(&ben, 7, "hello").unwrap();
    say(&ben, 7, "hello").unwrap();
    // Even over another connection, after the first was lost.
    drop(ben);
    let ben = room.admit(&keyed("Ben", 2)).unwrap();
    say(&ben, 7, "hello").unwrap();
    say(&host, 7, "nonces are each member's own").unwrap();
    assert_eq!(texts(&mut cursor).await, ["hello", "nonces are each member's own"]);
}

/// More than [`limits::OUTSTANDING`], so nobody who keeps to the protocol notices.
#[test]
fn so_many_nonces_of_a_member_are_remembered_and_no_more() {
    let (room, _host) = room();
    let ben = room.admit(&keyed("Ben", 2)).unwrap();
    for nonce in 0..=limits::NONCES as u64 {
        assert_eq!(say(&ben, nonce, "x"), Ok(Heard::Now));
    }
    assert_eq!(say(&ben, 1, "x"), Ok(Heard::Before));
    assert_eq!(say(&ben, 0, "x"), Ok(Heard::Now), "it was forgotten");
    const { assert!(limits::OUTSTANDING <= limits::NONCES) };
}

#[tokio::test(start_paused = true)]
async fn a_slow_member_is_told_the_exact_gap_and_goes_on() {
    let (room, host) = room();
    let ben = room.admit(&keyed("Ben", 2)).unwrap();
    let mut slow = ben.cursor();
    ahead(&mut slow).await;
    let said = limits::LOG_ENTRIES as u64 + 5;
    for nonce in 0..said {
        say(&host, nonce, "x").unwrap();
    }
    let seen = ahead(&mut slow).await;
    match &seen[0] {
        // Two entries came before: both members' arrivals.
        FromHost::Gap(gap) => {
            assert_eq!((gap.from, gap.to, gap.head, gap.members), (3, 8, limits::LOG_ENTRIES as u64 + 8, 2))
        }
        other => panic!("expected the gap, got {other:?}"),
    }
    assert!(matches!(&seen[1], FromHost::Roster(roster) if roster.members.len() == 2));
    assert_eq!(seen.len(), 2 + limits::LOG_ENTRIES);
}

#[tokio::test(start_paused = true)]
async fn a_room_that_closes_lets_everybody_read_to_the_end() {
    let (room, host) = room();
    let mut cursor = host.cursor();
    say(&host, 1, "last words").unwrap();
    room.close();
    let mut batch = Vec::new();
    assert!(cursor.next(&mut batch).await);
    assert!(!cursor.next(&mut batch).await);
    assert_eq!(batch.len(), 1);
    assert_eq!(texts(&mut host.cursor()).await, ["last words"]);
}

#[tokio::test(start_paused = true)]
async fn who_leaves_is_gone_and_who_vanishes_is_lost() {
    let (room, host) = room();
    let mut cursor = host.cursor();
    room.admit(&keyed("Ben", 2)).unwrap().leave(Departure::Left);
    drop(room.admit(&keyed("Chi", 3)).unwrap());
    let how = |message| match message {
        FromHost::Left(left) => Some((left.name.to_string(), left.how)),
        _ => None,
    };
    let left: Vec<_> = ahead(&mut cursor).await.into_iter().filter_map(how).collect();
    assert_eq!(left, [("Ben".to_owned(), Departure::Left), ("Chi".to_owned(), Departure::Lost)]);
}

/// The members' places were given up while the room closed, and every one of them was told of as lost.
#[tokio::test(start_paused = true)]
async fn nothing_is_added_to_a_room_that_has_closed() {
    let (room, host) = room();
    let ben = room.admit(&keyed("Ben", 2)).unwrap();
    let mut cursor = ben.cursor();
    ahead(&mut cursor).await;
    room.close();
    say(&ben, 1, "too late").unwrap();
    drop((host, ben));
    let mut batch = Vec::new();
    assert!(!cursor.next(&mut batch).await && batch.is_empty());
}
