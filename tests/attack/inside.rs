//! Members who mean harm: they flood the room, never read what it says, or say the same thing for ever. They are read more
//! slowly, and nobody is cut off for it.

use std::{collections::HashMap, time::Duration};

use bytes::Bytes;
use parlor::{
    transport::Stream,
    wire::{
        FromHost, Message, frame, limits,
        message::{Ping, Say},
    },
};
use tokio::time::{Instant, timeout};

use crate::{
    harness::Outcome,
    peer::{KINDS, crowd, from, join, next, rest, send},
    siege::{Aim, siege},
};

/// What the log may hold afterwards that it did not hold before: longer texts, [`limits::LOG_BYTES`] at most.
const LONGER_TEXTS: u64 = limits::LOG_BYTES as u64 / 1_024;

fn say(nonce: u64, text: String) -> Bytes {
    Say { nonce, text }.encode()
}

#[test]
fn floods() {
    siege("floods", LONGER_TEXTS, |aim| async move {
        let mut gentle = aim;
        gentle.window /= 4;
        crowd(gentle, aim.of(9, 24), move |number| flood(aim, number)).await
    });
}

/// Sends as much as is taken, of one sort, and reads what comes.
async fn flood(aim: Aim, number: usize) -> Outcome<&'static str> {
    let begun = Instant::now();
    let inside = join(aim, KINDS[number % 3], from(number), &format!("Flood {} {number}", aim.round)).await?;
    let Stream { mut send, mut recv } = inside.stream;
    let sort = number / 3 % 4;
    let reading = tokio::spawn(async move { while let Ok(Some(_)) = recv.next().await {} });
    let flooding = async {
        for nonce in 0.. {
            let one = match sort {
                0 => say(nonce, "x".to_owned()),
                1 => say(nonce, "\u{1f4a3}".repeat(limits::TEXT / 4)),
                2 => Ping { number: nonce as u32 }.encode(),
                _ => frame::write(0x80, &[0; limits::FRAME - 1]),
            };
            if let Err(error) = send.send(&mut vec![one]).await {
                return Err(format!("cut off after {nonce} frames of sort {sort}: {error:?}"));
            }
        }
        Ok(())
    };
    if let Ok(Err(cut_off)) = timeout(aim.window, flooding).await {
        return Err(cut_off.into());
    }
    assert!(!reading.is_finished(), "after {:?}, the host has hung up", begun.elapsed());
    reading.abort();
    Ok("read more slowly, and still there")
}

#[test]
fn readers_that_never_read() {
    siege("readers that never read", LONGER_TEXTS, |aim| async move {
        let talking = tokio::spawn(talk(aim));
        let mut gentle = aim;
        gentle.window /= 4;
        let met = crowd(gentle, aim.of(30, 300), move |number| never_read(aim, number)).await?;
        talking.await??;
        Ok(met)
    });
}

/// Long texts, so that there is much that is not read.
async fn talk(aim: Aim) -> Outcome {
    let mut talkers = Vec::new();
    for (number, kind) in KINDS.into_iter().enumerate() {
        talkers.push(join(aim, kind, from(number), &format!("Talker {} {number}", aim.round)).await?);
    }
    let until = Instant::now() + aim.window;
    for nonce in 0.. {
        if Instant::now() > until {
            break;
        }
        for talker in &mut talkers {
            let text = say(nonce, "long ".repeat(limits::TEXT / 5));
            // It waits for its turn when it was too fast.
            let _ = timeout(Duration::from_millis(50), talker.stream.send.send(&mut vec![text])).await;
            while let Ok(Ok(Some(_))) = timeout(Duration::from_millis(1), talker.stream.recv.next()).await {}
        }
    }
    Ok(())
}

/// Asks for answers, and reads nothing, not even the welcome.
async fn never_read(aim: Aim, number: usize) -> Outcome<&'static str> {
    let begun = Instant::now();
    let ip = from(100 + number);
    let (_connection, mut stream) = crate::peer::dial(aim, KINDS[number % 3], ip, &crate::peer::stranger()?).await?;
    send(&mut stream, crate::peer::hello(&format!("Deaf {} {number}", aim.round))).await?;
    for number in 0..20 {
        let asked = [Ping { number }.encode(), say(7, "the same".to_owned())];
        let _ = timeout(Duration::from_millis(200), stream.send.send(&mut asked.to_vec())).await;
    }
    rest(begun, aim.window).await;
    Ok("never read")
}

#[test]
fn repeated_nonces() {
    siege("repeated nonces", 0, |aim| async move {
        let mut gentle = aim;
        gentle.window /= 2;
        crowd(gentle, aim.of(6, 30), move |number| repeat(aim, number)).await
    });
}

/// Says something else each time, under a few nonces: it is heard once for each.
async fn repeat(aim: Aim, number: usize) -> Outcome<&'static str> {
    let mut inside = join(aim, KINDS[number % 3], from(number), &format!("Parrot {} {number}", aim.round)).await?;
    let (mut heard, mut repeated) = (HashMap::new(), 0);
    for time in 0..200_u64 {
        let nonce = time % 4;
        send(&mut inside.stream, say(nonce, format!("{time} of {number}"))).await?;
    }
    while repeated < 200 - 4 || heard.len() < 4 {
        match next(&mut inside.stream).await? {
            FromHost::Said(said) if said.by == inside.welcome.member => {
                assert!(heard.insert(said.nonce, said.text).is_none(), "{} was heard twice", said.nonce);
            }
            FromHost::Repeated(_) => repeated += 1,
            _ => {}
        }
    }
    let first = |nonce: u64| heard.get(&nonce).is_some_and(|text| *text == format!("{nonce} of {number}"));
    assert!((0..4).all(first), "what came first is what stays: {heard:?}");
    Ok("heard four times in 200")
}
