//! What the tests of the room have in common.

use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use parlor::{
    identity::Fingerprint,
    room::{Candidate, Cursor, Heard, Membership, Room, SayError},
    wire::{
        FromHost, Member, Message, Security, frame,
        message::{Refused, Resume, Roster, Say, Welcome},
    },
};
use tokio::time::{Duration, timeout};

pub(crate) fn key(number: u8) -> Fingerprint {
    Fingerprint::from_bytes([number; 32])
}

pub(crate) fn keyed(name: &str, number: u8) -> Candidate<'_> {
    Candidate {
        name,
        room: None,
        fingerprint: Some(key(number)),
        security: Security::Encrypted,
        conversation: 1,
        resume: None,
    }
}

pub(crate) fn plain(name: &str) -> Candidate<'_> {
    Candidate { name, room: None, fingerprint: None, security: Security::Plaintext, conversation: 1, resume: None }
}

/// A room with its host in it.
pub(crate) fn room() -> (Arc<Room>, Membership) {
    let room = Room::new("Kitchen".parse().unwrap());
    let host = host_of(&room);
    (room, host)
}

pub(crate) fn host_of(room: &Arc<Room>) -> Membership {
    room.admit_host(&"Ana".parse().unwrap(), Some(key(1)), Security::Pinned).unwrap()
}

/// The same, at such an attempt.
pub(crate) fn back_at<'a>(candidate: Candidate<'a>, welcome: &Welcome, next: u64, attempt: u32) -> Candidate<'a> {
    let pass = welcome.pass.clone();
    Candidate { resume: Some(Resume { epoch: welcome.epoch, next, pass, attempt }), ..candidate }
}

/// The same, coming back to where they were.
pub(crate) fn back<'a>(candidate: Candidate<'a>, welcome: &Welcome, next: u64) -> Candidate<'a> {
    back_at(candidate, welcome, next, u32::MAX)
}

pub(crate) fn say(member: &Membership, nonce: u64, text: &str) -> Result<Heard, SayError> {
    member.say(Say { nonce, text: text.to_owned() })
}

/// What lies ahead of a cursor now; stops when it would have to wait longer than members of a busy room do.
pub(crate) async fn ahead(cursor: &mut Cursor) -> Vec<FromHost> {
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
pub(crate) fn listed(member: &mut Membership) -> Vec<Member> {
    let frames = member.take_roster();
    frames.iter().flat_map(|frame| Roster::decode(&frame[frame::HEADER..]).unwrap().members).collect()
}

pub(crate) async fn texts(cursor: &mut Cursor) -> Vec<String> {
    let said = |message| match message {
        FromHost::Said(said) => Some(said.text),
        _ => None,
    };
    ahead(cursor).await.into_iter().filter_map(said).collect()
}

pub(crate) fn refusal(result: Result<Membership, Refused>) -> Refused {
    result.expect_err("a refusal")
}
