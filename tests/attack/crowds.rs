//! Thousands who come and go: as members who do no harm, as one key that joins again and again, as knocks without end.

use std::net::Ipv4Addr;

use parlor::wire::{CloseCode, limits};
use tokio::time::timeout;

use crate::{
    figures::Tally,
    harness::Outcome,
    peer::{KINDS, crowd, dial, ended, from, is_ended_with, join, join_as, leave, sent_away, stranger, tcp},
    siege::{A_THOUSAND_NAMES, Aim, siege},
};

#[test]
fn thousands_of_joins_and_leaves() {
    siege("thousands of joins and leaves", 5 * A_THOUSAND_NAMES, |aim| async move {
        crowd(aim, aim.of(150, 1_500), move |number| come_and_go(aim, number)).await
    });
}

async fn come_and_go(aim: Aim, number: usize) -> Outcome<&'static str> {
    let name = format!("Visitor {} {number}", aim.round);
    let inside = join(aim, KINDS[number % 3], from(number % 100), &name).await?;
    leave(inside).await?;
    Ok("welcomed, and gone")
}

/// What the host keeps of a thousand members who may come back, in KiB: their place, and a task that waits for them.
const A_THOUSAND_AWAY: u64 = 4 * 1_024;

#[test]
fn members_who_vanish_by_the_hundred() {
    siege("members who vanish by the hundred", A_THOUSAND_AWAY + A_THOUSAND_NAMES, |aim| async move {
        crowd(aim, aim.of(60, 300), move |number| vanish(aim, number)).await
    });
}

/// Without a word: their place is kept for a while.
async fn vanish(aim: Aim, number: usize) -> Outcome<&'static str> {
    let name = format!("Ghost {} {number}", aim.round);
    drop(join(aim, KINDS[number % 3], from(number % 100), &name).await?);
    Ok("welcomed, and vanished")
}

#[test]
fn one_key_that_joins_again_and_again() {
    siege("one key that joins again and again", 0, |aim| async move {
        let key = stranger()?;
        let name = format!("Again {}", aim.round);
        let mut last = join_as(aim, KINDS[0], from(0), &name, &key).await?;
        let times = aim.of(60, 600);
        for number in 0..times {
            let next = join_as(aim, KINDS[number % 2], from(number % 20), &name, &key).await?;
            assert_eq!(next.welcome.member, last.welcome.member, "the same member");
            is_ended_with(&mut last.stream, CloseCode::Replaced, "an older connection").await?;
            last = next;
            tokio::time::sleep(aim.window / aim.of(100, 1_000) as u32).await;
        }
        leave(last).await?;
        Ok(Tally::from([("taken over", times)]))
    });
}

/// All of them from the address that the ten honest members have: whoever is in stays in.
#[test]
fn knocks_without_end_from_the_honest_members_own_address() {
    siege("knocks without end, from their own address", 0, |aim| async move {
        crowd(aim, aim.of(600, 3 * limits::KNOCK_BURST as usize), move |number| knock(aim, number)).await
    });
}

async fn knock(aim: Aim, number: usize) -> Outcome<&'static str> {
    let here = Ipv4Addr::LOCALHOST.into();
    match number % 3 {
        0 => {
            drop(tcp(aim, here).await);
            Ok("connected, and gone")
        }
        _ => {
            let Ok((_connection, mut stream)) = dial(aim, KINDS[number % 2], here, &stranger()?).await else {
                return Ok("not let in");
            };
            match timeout(aim.window, ended(&mut stream)).await {
                Ok(end) => sent_away(end?),
                Err(_) => Ok("still there when they went"),
            }
        }
    }
}
