//! The hot paths. None of them encrypts: cryptography picks its code by the processor, and counts would be of one machine.

use std::{hint::black_box, iter, sync::Arc};

use bytes::{Bytes, BytesMut};
use parlor::{
    identity::Fingerprint,
    room::{Candidate, Cursor, Membership, Room},
    wire::{
        FromMember, Message, Security, frame, limits,
        message::{Said, Say},
    },
};
use tokio::runtime::Builder;

/// Something that is done often.
pub(crate) struct Path {
    pub(crate) name: &'static str,
    /// How much of it is done at once.
    pub(crate) elements: u64,
    /// Makes what does it.
    pub(crate) prepare: fn() -> Box<dyn FnMut()>,
}

pub(crate) const PATHS: &[Path] = &[
    Path { name: "encode a message", elements: 1, prepare: encode },
    Path { name: "decode a message", elements: 1, prepare: decode },
    Path { name: "append to the log", elements: 1, prepare: append },
    Path { name: "deliver to 5", elements: BATCH * 5, prepare: || deliver(5) },
    Path { name: "deliver to 50", elements: BATCH * 50, prepare: || deliver(50) },
    Path { name: "deliver to 500", elements: BATCH * 500, prepare: || deliver(500) },
    Path { name: "read a fingerprint in base32", elements: 1, prepare: || fingerprint(Fingerprint::base32) },
    Path { name: "read a fingerprint in base64", elements: 1, prepare: || fingerprint(Fingerprint::sha256_base64) },
    Path { name: "read a fingerprint in hex", elements: 1, prepare: || fingerprint(Fingerprint::hex) },
];

/// Messages that are said before anybody reads: what piles up while one sweep over a busy room lasts.
const BATCH: u64 = 16;

fn text() -> String {
    "x".repeat(100)
}

fn encode() -> Box<dyn FnMut()> {
    let (seq, at, name) = (70_000, 1_767_225_600_000, "Ben".parse().expect("a name"));
    let said = Said { seq, at, by: 2, name, nonce: u64::MAX, text: text() };
    Box::new(move || drop(black_box(black_box(&said).encode())))
}

fn decode() -> Box<dyn FnMut()> {
    let bytes = Say { nonce: u64::MAX, text: text() }.encode();
    Box::new(move || {
        let frame = frame::take(&mut BytesMut::from(black_box(&bytes[..]))).expect("a frame").expect("whole");
        black_box(FromMember::read(&frame).expect("a message"));
    })
}

fn append() -> Box<dyn FnMut()> {
    let (_, mut members) = room(1);
    let host = members.remove(0);
    let mut nonce = 0;
    let mut once = move || {
        nonce += 1;
        host.say(Say { nonce, text: text() }).expect("said");
    };
    // The log forgets one for each that comes.
    (0..=limits::LOG_ENTRIES).for_each(|_| once());
    Box::new(once)
}

/// What is said by one is read by all, each by their cursor. The figure to watch is that it costs no more with more members.
fn deliver(members: usize) -> Box<dyn FnMut()> {
    let runtime = Builder::new_current_thread().build().expect("a runtime");
    let (_, members) = room(members);
    let mut cursors: Vec<Cursor> = members.iter().map(Membership::cursor).collect();
    let mut nonce = 0;
    let mut batch: Vec<Bytes> = Vec::new();
    let mut once = move || {
        for _ in 0..BATCH {
            nonce += 1;
            members[0].say(Say { nonce, text: text() }).expect("said");
        }
        runtime.block_on(async {
            for cursor in &mut cursors {
                batch.clear();
                cursor.next(&mut batch).await;
                black_box(&batch);
            }
        });
    };
    (0..=limits::LOG_ENTRIES as u64 / BATCH).for_each(|_| once());
    Box::new(once)
}

fn fingerprint(written: fn(&Fingerprint) -> String) -> Box<dyn FnMut()> {
    let text = written(&Fingerprint::from_bytes(std::array::from_fn(|byte| byte as u8 * 7)));
    Box::new(move || {
        black_box(black_box(&text).parse::<Fingerprint>().expect("a fingerprint"));
    })
}

fn room(members: usize) -> (Arc<Room>, Vec<Membership>) {
    let room = Room::new("Bench".parse().expect("a name"));
    let host = room.admit_host(&"Host".parse().expect("a name"), None, Security::Plaintext).expect("a place");
    let admit = |number: usize| {
        let mut key = [0; 32];
        key[..8].copy_from_slice(&number.to_le_bytes());
        room.admit(&Candidate {
            name: &format!("Member {number}"),
            room: None,
            fingerprint: Some(Fingerprint::from_bytes(key)),
            security: Security::Encrypted,
            conversation: 1,
            resume: None,
        })
        .expect("a place")
    };
    let members = iter::once(host).chain((1..members).map(admit)).collect();
    (room, members)
}
