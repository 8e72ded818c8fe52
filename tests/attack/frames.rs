//! Frames that are none, and messages at the wrong moment, from strangers and from members. Each ends one connection, with
//! a violation, and the others are told that the member was removed.

use bytes::{BufMut, BytesMut};
use parlor::{
    transport::Kind,
    wire::{
        CloseCode, FromHost, Message, frame, limits,
        message::{Ping, Pong, Repeated, Say},
    },
};

use crate::{
    harness::Outcome,
    peer::{Inside, KINDS, crowd, dial, from, hello, is_ended_with, join, leave, next, send, stranger},
    siege::{A_THOUSAND_NAMES, Aim, siege},
};

const ADDRESSES: usize = 64;

/// What no peer may send, whatever the moment.
fn bad_frames() -> Vec<(&'static str, Vec<u8>)> {
    let announced = |length: u32, kind: u8| {
        let mut bytes = BytesMut::new();
        bytes.put_u32(length);
        bytes.put_u8(kind);
        bytes.to_vec()
    };
    let say = |payload: &[u8]| frame::write(Say::KIND, payload).to_vec();
    vec![
        ("a frame of length 0", announced(0, 0)),
        ("a frame one byte too long", announced(limits::FRAME as u32 + 1, Say::KIND)),
        ("a frame of 4 GiB", announced(u32::MAX, 0xff)),
        ("an unknown kind", frame::write(0x7f, b"").to_vec()),
        ("a payload that is too short", say(&[1])),
        ("a payload that is too long", say(&[1, 1, b'x', 0])),
        (
            "a string that claims to be longer than all memory",
            say(&[1, 0xfd, 255, 255, 255, 255, 255, 255, 255, 127, b'x']),
        ),
        ("a number that is none", say(&[0xff, 1, b'x'])),
        ("a text that is no UTF-8", say(&[1, 2, 0xc3, 0x28])),
        ("a close that is none", frame::write(0, &[0xff]).to_vec()),
        ("noise in a hello", frame::write(1, &[0x55; 1_000]).to_vec()),
        ("noise in a full frame", frame::write(Say::KIND, &[0xaa; limits::FRAME - 1]).to_vec()),
    ]
}

#[test]
fn truncated_and_oversized_frames() {
    siege("truncated and oversized frames", 3 * A_THOUSAND_NAMES, |aim| async move {
        let frames = bad_frames().len() + 1;
        crowd(aim, aim.of(4 * 3 * frames, 40 * 3 * frames), move |number| badly_framed(aim, number)).await
    });
}

async fn badly_framed(aim: Aim, number: usize) -> Outcome<&'static str> {
    let (kind, ip) = (KINDS[number % 3], from(number % ADDRESSES));
    let frames = bad_frames();
    let which = number / 3 % (frames.len() + 1);
    let is_member = (number / 3 / (frames.len() + 1)).is_multiple_of(2);
    let (connection, mut stream) = match is_member {
        true => {
            let Inside { connection, stream, .. } = join(aim, kind, ip, &format!("Bad {} {number}", aim.round)).await?;
            (connection, stream)
        }
        false => dial(aim, kind, ip, &stranger()?).await?,
    };
    match frames.get(which) {
        Some((what, bytes)) => {
            send(&mut stream, bytes.clone()).await?;
            is_ended_with(&mut stream, CloseCode::Violation, &format!("{what} over {kind}, a member: {is_member},"))
                .await?;
        }
        // The beginning of a good one, and then no more of it.
        None => {
            send(&mut stream, hello("Ben")[..7].to_vec()).await?;
            stream.send.finish().await?;
        }
    }
    drop(connection);
    Ok(match is_member {
        true => "violations of members",
        false => "violations of strangers",
    })
}

/// Every kind of message there is, a valid one where a member may send it at some time.
fn messages() -> Vec<(u8, Vec<u8>)> {
    let mut messages = vec![
        (1, hello("Somebody").to_vec()),
        (2, Say { nonce: 1, text: "too early".to_owned() }.encode().to_vec()),
        (3, Ping { number: 1 }.encode().to_vec()),
        (0x14, Pong { number: 1 }.encode().to_vec()),
        (0x15, Repeated { nonce: 1 }.encode().to_vec()),
    ];
    messages.extend(
        [0x10, 0x11, 0x12, 0x13, 0x20, 0x21, 0x22, 0x23, 0x24]
            .map(|kind| (kind, frame::write(kind, &[0; 40]).to_vec())),
    );
    messages
}

#[test]
fn every_message_at_the_wrong_moment() {
    siege("every message at the wrong moment", 5 * A_THOUSAND_NAMES, |aim| async move {
        let kinds = messages().len();
        crowd(aim, aim.of(2 * 3 * kinds, 40 * 3 * kinds), move |number| at_the_wrong_moment(aim, number)).await
    });
}

async fn at_the_wrong_moment(aim: Aim, number: usize) -> Outcome<&'static str> {
    let (kind, ip) = (KINDS[number % 3], from(number % ADDRESSES));
    let messages = messages();
    let (message, bytes) = messages[number / 3 % messages.len()].clone();
    let is_member = (number / 3 / messages.len()).is_multiple_of(2);
    let what = format!("{message:#04x} over {kind}, a member: {is_member},");
    if is_member {
        let name = format!("Hasty {} {number}", aim.round);
        let mut inside = join(aim, kind, ip, &name).await?;
        send(&mut inside.stream, bytes).await?;
        // Saying and pinging is what members do.
        if matches!(message, 2 | 3) {
            leave(inside).await?;
            return Ok("allowed");
        }
        is_ended_with(&mut inside.stream, CloseCode::Violation, &what).await?;
        is_told_of_removal(aim, kind, number, &name, inside.welcome.member).await?;
        return Ok("violations of members, of which others were told");
    }
    let (_connection, mut stream) = dial(aim, kind, ip, &stranger()?).await?;
    // What is unknown and may be skipped is skipped; then comes what is too early.
    let bytes = [&frame::write(0x80, &[7; 64])[..], &bytes].concat();
    if message == 1 {
        return Ok("allowed");
    }
    send(&mut stream, bytes).await?;
    is_ended_with(&mut stream, CloseCode::Violation, &what).await?;
    Ok("violations of strangers")
}

/// Somebody who comes in later reads of it in the log.
async fn is_told_of_removal(aim: Aim, kind: Kind, number: usize, name: &str, id: u32) -> Outcome {
    let mut witness = join(aim, kind, from(ADDRESSES + number % ADDRESSES), &format!("Witness of {name}")).await?;
    loop {
        match next(&mut witness.stream).await? {
            FromHost::Left(left) if left.member == id => {
                assert_eq!(left.how, parlor::wire::message::Departure::Removed, "{name}");
                return leave(witness).await;
            }
            _ => {}
        }
    }
}
