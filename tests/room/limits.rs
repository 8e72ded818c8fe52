//! How much a room holds, and who gives way.

use parlor::{
    room::{Candidate, SayError},
    wire::{FromHost, Message, limits, message::Refusal},
};

use crate::harness::{ahead, keyed, plain, refusal, room, say};

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
