//! Coming back: to the same place, and to where one was.

use parlor::{
    room::{Candidate, Heard},
    wire::{
        FromHost, Secret, limits,
        message::{Departure, Refusal, Resume, Welcome},
    },
};
use tokio::time::Duration;

use crate::harness::{ahead, back, back_at, keyed, listed, plain, refusal, room, say, texts};

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
