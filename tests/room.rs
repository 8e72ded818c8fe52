//! The room: one log, members as positions in it, and names that belong to keys.

use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use parlor::{
    identity::Fingerprint,
    room::{Candidate, Cursor, Heard, Membership, Room, SayError},
    wire::{
        FromHost, HOST, Member, Message, Secret, Security, frame, limits,
        message::{Departure, Refusal, Refused, Resume, Roster, Say, Welcome},
    },
};
use tokio::time::{Duration, timeout};

fn key(number: u8) -> Fingerprint {
    Fingerprint::from_bytes([number; 32])
}

fn keyed(name: &str, number: u8) -> Candidate<'_> {
    Candidate {
        name,
        room: None,
        fingerprint: Some(key(number)),
        security: Security::Encrypted,
        conversation: 1,
        resume: None,
    }
}

fn plain(name: &str) -> Candidate<'_> {
    Candidate { name, room: None, fingerprint: None, security: Security::Plaintext, conversation: 1, resume: None }
}

/// A room with its host in it.
fn room() -> (Arc<Room>, Membership) {
    let room = Room::new("Kitchen".parse().unwrap());
    let host = host_of(&room);
    (room, host)
}

fn host_of(room: &Arc<Room>) -> Membership {
    room.admit_host(&"Ana".parse().unwrap(), Some(key(1)), Security::Pinned).unwrap()
}

/// The same, at such an attempt.
fn back_at<'a>(candidate: Candidate<'a>, welcome: &Welcome, next: u64, attempt: u32) -> Candidate<'a> {
    let pass = welcome.pass.clone();
    Candidate { resume: Some(Resume { epoch: welcome.epoch, next, pass, attempt }), ..candidate }
}

/// The same, coming back to where they were.
fn back<'a>(candidate: Candidate<'a>, welcome: &Welcome, next: u64) -> Candidate<'a> {
    back_at(candidate, welcome, next, u32::MAX)
}

fn say(member: &Membership, nonce: u64, text: &str) -> Result<Heard, SayError> {
    member.say(Say { nonce, text: text.to_owned() })
}

/// What lies ahead of a cursor now; stops when it would have to wait longer than members of a busy room do.
async fn ahead(cursor: &mut Cursor) -> Vec<FromHost> {
    let mut batch: Vec<Bytes> = Vec::new();
    while let Ok(true) = timeout(Duration::from_millis(60), cursor.next(&mut batch)).await {}
    let mut frames = BytesMut::from(&batch.concat()[..]);
    let mut messages = Vec::new();
    while let Some(frame) = frame::take(&mut frames).unwrap() {
        messages.push(FromHost::read(&frame).unwrap().unwrap());
    }
    assert!(frames.is_empty(), "whole frames");
    messages
}

/// Who was there when this member came in.
fn listed(member: &mut Membership) -> Vec<Member> {
    let frames = member.take_roster();
    frames.iter().flat_map(|frame| Roster::decode(&frame[frame::HEADER..]).unwrap().members).collect()
}

async fn texts(cursor: &mut Cursor) -> Vec<String> {
    let said = |message| match message {
        FromHost::Said(said) => Some(said.text),
        _ => None,
    };
    ahead(cursor).await.into_iter().filter_map(said).collect()
}

fn refusal(result: Result<Membership, Refused>) -> Refused {
    result.expect_err("a refusal")
}

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

#[test]
fn a_key_owns_its_name_whether_it_is_there_or_not() {
    let (room, _host) = room();
    for name in ["Ana", "ana", "A N A"] {
        let refused = refusal(room.admit(&keyed(name, 2)));
        assert_eq!(refused.refusal, Refusal::NameTaken);
        assert!(room.admit(&keyed(refused.suggestion.unwrap().as_str(), 2)).is_ok());
    }
    drop(room.admit(&keyed("Ben", 3)).unwrap());
    assert_eq!(refusal(room.admit(&keyed("Ben", 4))).refusal, Refusal::NameTaken);
    assert_eq!(refusal(room.admit(&plain("Ben"))).refusal, Refusal::NameTaken);
    assert!(room.admit(&keyed("Ben", 3)).is_ok());
}

#[test]
fn a_name_without_a_key_is_only_held_while_its_member_is_there() {
    let (room, _host) = room();
    let ben = room.admit(&plain("Ben")).unwrap();
    assert_eq!(refusal(room.admit(&plain("Ben"))).refusal, Refusal::NameTaken);
    assert_eq!(refusal(room.admit(&keyed("Ben", 2))).refusal, Refusal::NameTaken);
    let number = ben.member().id;
    drop(ben);
    let other = room.admit(&keyed("Ben", 2)).unwrap();
    assert_ne!(other.member().id, number, "it is somebody else");
}

#[tokio::test(start_paused = true)]
async fn the_same_key_takes_its_own_place() {
    let (room, host) = room();
    let mut cursor = host.cursor();
    let old = room.admit(&keyed("Ben", 2)).unwrap();
    let new = room.admit(&keyed("Ben", 2)).unwrap();
    assert_eq!(old.member().id, new.member().id);
    old.replaced().await;
    say(&old, 1, "from the grave").unwrap();
    drop(old);
    say(&new, 2, "alive").unwrap();
    assert_eq!(texts(&mut cursor).await, ["alive"]);
    assert_eq!(new.welcome().members, 2);
}

#[test]
fn nobody_takes_the_hosts_place() {
    let (room, _host) = room();
    assert_eq!(refusal(room.admit(&keyed("Ana", 1))).refusal, Refusal::NameTaken);
    assert!(room.admit(&keyed("Ana's phone", 1)).is_ok());
}

#[test]
fn a_bad_name_and_another_room_are_refused() {
    let (room, _host) = room();
    for name in ["", " ", "a\u{202e}b", "a:b", &"x".repeat(33)] {
        assert_eq!(refusal(room.admit(&keyed(name, 2))).refusal, Refusal::NameInvalid, "{name:?}");
    }
    let elsewhere = Candidate { room: Some("Attic"), ..keyed("Ben", 2) };
    assert_eq!(refusal(room.admit(&elsewhere)).refusal, Refusal::NoSuchRoom);
}

/// A stranger's room name was quoted in the refusal, which then did not fit its frame.
#[test]
fn a_long_room_name_in_a_hello_does_not_end_the_host() {
    let (room, _host) = room();
    let long = "\0".repeat(60_000);
    let elsewhere = Candidate { room: Some(&long), ..keyed("Ben", 2) };
    let refused = refusal(room.admit(&elsewhere));
    assert!(refused.detail.len() <= limits::REASON);
    refused.encode();
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

/// Who was refused for want of room still took a name and a number.
#[test]
fn who_finds_the_room_full_takes_no_name() {
    let (room, _host) = room();
    let names: Vec<_> = (1..limits::MEMBERS).map(|number| format!("Member {number}")).collect();
    let mut members: Vec<_> = names.iter().map(|name| room.admit(&plain(name)).unwrap()).collect();
    assert_eq!(refusal(room.admit(&keyed("Eve", 66))).refusal, Refusal::Full);
    members.pop();
    assert!(room.admit(&keyed("Eve", 67)).is_ok(), "the name is still free");
}

/// The others would have known one member under two spellings.
#[test]
fn who_takes_their_own_place_keeps_their_spelling() {
    let (room, _host) = room();
    let _old = room.admit(&keyed("Ben", 2)).unwrap();
    assert_eq!(room.admit(&keyed("BEN", 2)).unwrap().member().name.as_str(), "Ben");
}

#[test]
fn a_room_has_its_limits() {
    let (room, host) = room();
    assert_eq!(say(&host, 1, ""), Err(SayError::Empty));
    assert_eq!(say(&host, 1, &"x".repeat(limits::TEXT + 1)), Err(SayError::TooLong(limits::TEXT + 1)));
    let names: Vec<_> = (1..limits::MEMBERS).map(|number| format!("Member {number}")).collect();
    let mut members: Vec<_> = names.iter().map(|name| room.admit(&plain(name)).unwrap()).collect();
    assert_eq!(refusal(room.admit(&plain("One more"))).refusal, Refusal::Full);
    members.pop();
    assert!(room.admit(&plain("One more")).is_ok());
}

#[test]
fn one_key_does_not_own_more_than_its_share_of_names() {
    let (room, _host) = room();
    let names: Vec<_> = (0..=limits::NAMES_PER_KEY).map(|number| format!("Ben {number}")).collect();
    let mut members: Vec<_> =
        names.iter().take(limits::NAMES_PER_KEY).map(|name| room.admit(&keyed(name, 2)).unwrap()).collect();
    assert_eq!(refusal(room.admit(&keyed(&names[limits::NAMES_PER_KEY], 2))).refusal, Refusal::Full);
    // When one of them is absent, its name goes to make place.
    members.remove(3);
    let _last = room.admit(&keyed(&names[limits::NAMES_PER_KEY], 2)).unwrap();
    assert!(room.admit(&keyed("Ben 3", 9)).is_ok(), "that name is free");
}

#[test]
fn names_of_the_absent_are_forgotten_when_there_are_too_many() {
    let (room, _host) = room();
    drop(room.admit(&keyed("Ben", 2)).unwrap());
    for number in 0..=limits::NAMES_REMEMBERED {
        drop(room.admit(&plain(&format!("Passer-by {number}"))).unwrap());
    }
    assert_eq!(refusal(room.admit(&plain("Ben"))).refusal, Refusal::NameTaken, "those with a key last");
}

#[tokio::test(start_paused = true)]
async fn who_comes_back_reads_on_where_they_were() {
    let (room, host) = room();
    let ben = room.admit(&keyed("Ben", 2)).unwrap();
    let welcome = ben.welcome();
    say(&host, 1, "seen").unwrap();
    let seen = ahead(&mut ben.cursor()).await.len() as u64;
    let next = welcome.first + seen;
    say(&host, 2, "missed").unwrap();
    // Over a connection that nobody has noticed to be dead: the others are told nothing.
    let again = room.admit(&back(keyed("Ben", 2), &welcome, next)).unwrap();
    assert_eq!((again.member().id, again.welcome().first), (ben.member().id, next));
    assert_eq!(texts(&mut again.cursor()).await, ["missed"]);
    assert_eq!(ahead(&mut again.cursor()).await.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn nobody_reads_more_of_the_past_than_they_were_sent_at_first() {
    let (room, host) = room();
    for nonce in 0..limits::HISTORY as u64 + 50 {
        say(&host, nonce, "x").unwrap();
    }
    let epoch = host.welcome().epoch;
    let newcomer = Candidate { resume: Some(Resume { epoch, next: 1, pass: None, attempt: 1 }), ..keyed("Eve", 5) };
    let eve = room.admit(&newcomer).unwrap();
    let first = eve.welcome().first;
    assert_eq!(texts(&mut eve.cursor()).await.len(), limits::HISTORY);
    // Nor later; and a position that is not there yet is none.
    for (attempt, next) in (2..).zip([0, 1, first - 1, eve.welcome().head + 10, u64::MAX]) {
        let again = room.admit(&back_at(keyed("Eve", 5), &eve.welcome(), next, attempt)).unwrap();
        assert!(again.welcome().first >= first, "{next}");
        assert!(again.welcome().first <= again.welcome().head, "{next}");
    }
}

#[tokio::test(start_paused = true)]
async fn who_loses_the_connection_is_away_and_then_back_and_has_not_left() {
    let (room, host) = room();
    let mut cursor = host.cursor();
    let ben = room.admit(&keyed("Ben", 2)).unwrap();
    let welcome = ben.welcome();
    let lingering = tokio::spawn(ben.linger());
    tokio::task::yield_now().await;
    let chi = listed(&mut room.admit(&keyed("Chi", 3)).unwrap());
    assert!(chi.iter().any(|member| member.name.as_str() == "Ben" && member.away));
    tokio::time::sleep(limits::AWAY - Duration::from_secs(1)).await;
    let again = room.admit(&back(keyed("Ben", 2), &welcome, welcome.head)).unwrap();
    lingering.await.unwrap();
    tokio::time::sleep(limits::AWAY * 2).await;
    let seen = ahead(&mut cursor).await;
    let about_ben = |message: &&FromHost| match message {
        FromHost::Joined(joined) => joined.member.id == welcome.member,
        FromHost::Left(left) => left.member == welcome.member,
        FromHost::Away(_) | FromHost::Back(_) => true,
        _ => false,
    };
    let about_ben: Vec<_> = seen.iter().filter(about_ben).collect();
    assert!(matches!(about_ben[..], [FromHost::Joined(_), FromHost::Away(_), FromHost::Back(_)]), "{about_ben:?}");
    assert_eq!(again.member().id, welcome.member);
}

#[tokio::test(start_paused = true)]
async fn who_does_not_come_back_in_time_has_left() {
    let (room, host) = room();
    let mut cursor = host.cursor();
    room.admit(&keyed("Ben", 2)).unwrap().linger().await;
    let seen = ahead(&mut cursor).await;
    let [.., FromHost::Away(away), FromHost::Left(left)] = &seen[..] else { panic!("{seen:?}") };
    assert_eq!((away.member, left.member, left.how), (1, 1, Departure::Lost));
    assert!(left.at >= away.at);
    // Not even then is what they say twice heard twice.
    let again = room.admit(&keyed("Ben", 2)).unwrap();
    assert_eq!(again.member().id, 1);
}

#[tokio::test(start_paused = true)]
async fn what_is_said_again_over_another_connection_is_heard_once() {
    let (room, _host) = room();
    for candidate in [keyed("Ben", 2), plain("Chi")] {
        let first = room.admit(&candidate).unwrap();
        let welcome = first.welcome();
        assert_eq!(say(&first, 1, "once"), Ok(Heard::Now));
        first.linger().await;
        let again = room.admit(&back(candidate, &welcome, welcome.head)).unwrap();
        assert_eq!(say(&again, 1, "once"), Ok(Heard::Before));
        assert_eq!(say(&again, 2, "more"), Ok(Heard::Now));
        assert_eq!(texts(&mut again.cursor()).await, ["once", "more"]);
    }
}

#[tokio::test(start_paused = true)]
async fn a_member_without_a_key_comes_back_by_their_pass_and_nobody_else_does() {
    let (room, _host) = room();
    let ben = room.admit(&plain("Ben")).unwrap();
    let welcome = ben.welcome();
    assert!(welcome.pass.is_some());
    let lingering = tokio::spawn(ben.linger());
    tokio::task::yield_now().await;
    assert_eq!(refusal(room.admit(&plain("Ben"))).refusal, Refusal::NameTaken);
    let forged = Welcome { pass: Some(Secret::from([0; 16])), ..welcome.clone() };
    assert_eq!(refusal(room.admit(&back(plain("Ben"), &forged, 1))).refusal, Refusal::NameTaken);
    // A key proves nothing about somebody who has none.
    assert_eq!(refusal(room.admit(&back(keyed("Ben", 9), &welcome, 1))).refusal, Refusal::NameTaken);
    let again = room.admit(&back(plain("Ben"), &welcome, welcome.head)).unwrap();
    assert_eq!(again.member().id, welcome.member);
    lingering.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn in_a_full_room_who_is_away_gives_way() {
    let (room, host) = room();
    let names: Vec<_> = (1..limits::MEMBERS).map(|number| format!("Member {number}")).collect();
    let mut members: Vec<_> = names.iter().map(|name| room.admit(&plain(name)).unwrap()).collect();
    assert_eq!(refusal(room.admit(&plain("One more"))).refusal, Refusal::Full);
    let lingering = tokio::spawn(members.remove(7).linger());
    tokio::task::yield_now().await;
    let one_more = room.admit(&plain("One more")).unwrap();
    assert_eq!(one_more.welcome().members as usize, limits::MEMBERS);
    lingering.await.unwrap();
    let mut cursor = host.cursor();
    let left: Vec<_> = ahead(&mut cursor).await.into_iter().filter(|m| matches!(m, FromHost::Left(_))).collect();
    assert!(matches!(&left[..], [FromHost::Left(left)] if left.name.as_str() == "Member 8"), "{left:?}");
    assert_eq!(refusal(room.admit(&plain("And another"))).refusal, Refusal::Full);
}

#[tokio::test(start_paused = true)]
async fn a_name_that_looks_like_a_keys_name_is_refused_and_another_is_suggested() {
    let (room, _host) = room();
    drop(room.admit(&keyed("Alice", 2)).unwrap());
    for alike in ["AIice", "аlice", "alice", "A-lice", "АІісе"] {
        for candidate in [keyed(alike, 3), plain(alike)] {
            let refused = refusal(room.admit(&candidate));
            // What mixes scripts is refused for that.
            let Refusal::NameTaken = refused.refusal else {
                assert_eq!(refused.refusal, Refusal::NameInvalid, "{alike}");
                continue;
            };
            let suggestion = refused.suggestion.unwrap();
            assert!(room.admit(&Candidate { name: suggestion.as_str(), ..candidate }).is_ok(), "{suggestion}");
        }
    }
    assert_eq!(room.admit(&keyed("ALICE", 2)).unwrap().member().id, 1, "to its own key it is still the same name");
}

#[tokio::test(start_paused = true)]
async fn a_member_without_a_key_never_displaces_one_who_has_a_key() {
    let (room, _host) = room();
    let without = room.admit(&plain("Ben")).unwrap();
    assert_eq!(refusal(room.admit(&keyed("Ben", 2))).refusal, Refusal::NameTaken);
    without.leave(Departure::Left);
    drop(room.admit(&keyed("Ben", 2)).unwrap());
    assert_eq!(refusal(room.admit(&plain("Ben"))).refusal, Refusal::NameTaken);
}

/// They fought for the place, and what both had said pushed the nonces of each other out.
#[tokio::test(start_paused = true)]
async fn of_two_conversations_with_one_key_the_later_one_stays() {
    let (room, _host) = room();
    let older = keyed("Ben", 2);
    let newer = Candidate { conversation: 2, ..older.clone() };
    let welcome = room.admit(&older).unwrap().welcome();
    let stays = room.admit(&newer).unwrap();
    let refused = refusal(room.admit(&back_at(older.clone(), &welcome, welcome.head, 99)));
    assert_eq!(refused.refusal, Refusal::Replaced);
    drop(stays);
    let refused = refusal(room.admit(&back_at(older, &welcome, welcome.head, 100)));
    assert_eq!(refused.refusal, Refusal::Replaced, "also when the later one is gone");
    room.admit(&back_at(newer, &welcome, welcome.head, 1)).expect("it counts its own attempts");
}

/// A connection that was given up, and whose bytes arrived late, took the place of the one that came after it.
#[tokio::test(start_paused = true)]
async fn an_attempt_that_arrives_late_does_not_take_over_a_later_one() {
    let (room, _host) = room();
    let welcome = room.admit(&keyed("Ben", 2)).unwrap().welcome();
    let second = room.admit(&back_at(keyed("Ben", 2), &welcome, welcome.head, 2)).unwrap();
    for late in [1, 2] {
        let refused = refusal(room.admit(&back_at(keyed("Ben", 2), &welcome, welcome.head, late)));
        assert_eq!(refused.refusal, Refusal::Overtaken);
    }
    assert_eq!(say(&second, 1, "still here"), Ok(Heard::Now));
    assert_eq!(texts(&mut second.cursor()).await, ["still here"]);
    // Who joins anew begins to count anew.
    let anew = room.admit(&keyed("Ben", 2)).unwrap();
    assert!(room.admit(&back_at(keyed("Ben", 2), &anew.welcome(), 1, 1)).is_ok());
}
