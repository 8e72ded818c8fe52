//! What arrives in the place of a message, and does no harm.

use bytes::BytesMut;
use parlor::wire::{
    CloseCode, Frame, FromHost, FromMember, Message, Secret,
    frame::{self, FIRST_SKIPPABLE, FrameError, HEADER},
    limits,
    message::{
        Away, Back, Close, Departure, Gap, Hello, Joined, Left, Ping, Pong, Refusal, Refused, Repeated, Resume, Roster,
        Said, Say,
    },
};

use crate::harness::{ana, ben, name, taken};

#[test]
fn bytes_too_many_and_too_few_are_refused() {
    fn check<M: Message>(message: M) {
        let payload = taken(&message.encode()).payload;
        assert!(M::decode(&[&payload[..], &[0]].concat()).is_err(), "one too many");
        for cut in 0..payload.len() {
            assert!(M::decode(&payload[..cut]).is_err(), "cut to {cut}");
        }
    }
    check(Close::new(CloseCode::Left, "bye"));
    let resume = Some(Resume { epoch: 1, next: 2, pass: Some(Secret::from([3; 16])), attempt: 3 });
    check(Hello { name: "Ana".to_owned(), room: Some("Küche".to_owned()), conversation: 1, resume });
    check(Say { nonce: u64::MAX, text: "hi".to_owned() });
    check(Ping { number: 300 });
    check(Pong { number: 300 });
    check(Gap { from: 1, to: 70_000, head: 70_001, members: 3 });
    check(Repeated { nonce: 300 });
    check(Away { seq: 1, at: 2, member: 3, name: name("Ana") });
    check(Back { seq: 1, at: 2, member: ana() });
    check(Roster { members: vec![ana(), ben()] });
    check(Joined { seq: 1, at: 2, member: ana() });
    check(Left { seq: 1, at: 2, member: 3, name: name("Ana"), how: Departure::Lost });
    check(Said { seq: 1, at: 2, by: 3, name: name("Ana"), nonce: 4, text: "hi".to_owned() });
    check(Refused { refusal: Refusal::Full, detail: "full".to_owned(), suggestion: None });
}

#[test]
fn unknown_kinds_are_skipped_from_0x80_on_and_refused_below() {
    let known_to_host = [0x01, 0x02, 0x03];
    let known_to_member = [0x10, 0x11, 0x12, 0x13, 0x14, 0x15, 0x20, 0x21, 0x22, 0x23, 0x24];
    assert_eq!(FIRST_SKIPPABLE, 0x80);
    for kind in 0..=u8::MAX {
        let frame = Frame { kind, payload: vec![0xff; 3].into() };
        if !known_to_host.contains(&kind) {
            assert_eq!(FromMember::read(&frame).ok(), (kind >= 0x80).then_some(None), "{kind:#x}");
        }
        if !known_to_member.contains(&kind) {
            assert_eq!(FromHost::read(&frame).ok(), (kind >= 0x80).then_some(None), "{kind:#x}");
        }
    }
}

#[test]
fn a_name_that_is_none_is_refused() {
    for bad in ["", " ", "a\u{202e}b", "a:b", "*a", &"a".repeat(33)] {
        let mut payload = vec![1, 2, 3, bad.len() as u8];
        payload.extend(bad.as_bytes());
        payload.push(0);
        assert!(Left::decode(&payload).is_err(), "{bad:?}");
    }
}

#[test]
fn texts_that_are_not_utf_8_are_refused() {
    assert!(Say::decode(&[0, 2, 0xc3, 0x28]).is_err());
    assert!(Close::decode(&[1, 1, 0xff]).is_err());
}

/// What memory is set aside for cannot be watched here: an allocator that counts needs `unsafe`, which this package
/// forbids. What can be seen is what sets it aside: the buffer of the frames, whose capacity is known, and lengths
/// that are refused before anything is read that they count.
#[test]
fn a_frame_sets_no_more_aside_than_a_frame_can_be() {
    for length in [1, 2_000, limits::FRAME as u32 - 1, limits::FRAME as u32] {
        let mut buffer = BytesMut::from(&length.to_be_bytes()[..]);
        assert_eq!(frame::take(&mut buffer), Ok(None));
        assert!(buffer.capacity() <= limits::FRAME + HEADER, "{length}: {}", buffer.capacity());
    }
    for length in [limits::FRAME as u32 + 1, u32::MAX / 2, u32::MAX] {
        let mut buffer = BytesMut::from(&length.to_be_bytes()[..]);
        assert_eq!(frame::take(&mut buffer), Err(FrameError::TooLarge(length)));
        assert!(buffer.capacity() <= 64);
    }
}

/// The lengths as bincode writes them, from just too long to the largest there is.
const LENGTHS: [&[u8]; 4] = [
    &[0xfb, 0xff, 0xff],
    &[0xfc, 0, 0, 1, 0],
    &[0xfc, 0xff, 0xff, 0xff, 0xff],
    &[0xfd, 255, 255, 255, 255, 255, 255, 255, 127],
];

#[test]
fn a_length_that_is_merely_claimed_is_not_believed() {
    for length in LENGTHS {
        assert!(Close::decode(&[&[1], length, b"short"].concat()).is_err());
        assert!(Hello::decode(&[length, b"short"].concat()).is_err());
        assert!(Say::decode(&[&[1], length, b"short"].concat()).is_err());
        assert!(Refused::decode(&[&[0], length, b"short"].concat()).is_err());
    }
}

#[test]
fn a_roster_that_claims_too_many_members_is_refused_at_its_length() {
    for length in LENGTHS {
        let error = Roster::decode(&[length, &[0; 100]].concat()).expect_err("so many members do not fit");
        assert!(error.why.contains("at most 256"), "{error}");
    }
    assert!(Roster::decode(&Roster { members: vec![ben(); 257] }.encode()[HEADER..]).is_err());
    assert!(Roster::decode(&Roster { members: vec![ben(); 256] }.encode()[HEADER..]).is_ok());
}
