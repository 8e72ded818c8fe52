//! Whatever is in a message, it comes back; whatever the bytes, nothing panics.

use bytes::BytesMut;
use parlor::{
    identity::{Fingerprint, Name, RoomName},
    wire::{
        FromHost, FromMember, Member, Message, Secret, Security, Ticket,
        frame::{self, HEADER},
        limits,
        message::{
            Away, Back, Close, Departure, Gap, Hello, Joined, Left, Ping, Pong, Refusal, Refused, Repeated, Resume,
            Roster, Said, Say, Welcome,
        },
    },
};
use proptest::{
    array::{uniform16, uniform32},
    collection::vec,
    option,
    prelude::*,
    sample::select,
};

use crate::harness::taken;

/// A check for every message there is.
macro_rules! every_message {
    ($check:ident) => {
        $check!(Close, Hello, Say, Ping, Welcome, Roster, Refused, Gap, Pong, Repeated, Said, Joined, Left, Away, Back)
    };
}

fn a_name() -> impl Strategy<Value = Name> {
    "[a-zA-Zäßçñøأबあ漢]{1,32}".prop_filter_map("a name", |text| text.parse().ok())
}

fn a_room() -> impl Strategy<Value = RoomName> {
    "[a-zA-Zäßçñøأबあ漢]{1,64}".prop_filter_map("a name", |text| text.parse().ok())
}

fn text(most: usize) -> impl Strategy<Value = String> {
    vec(any::<char>(), 0..most / 4).prop_map(String::from_iter)
}

fn a_member() -> impl Strategy<Value = Member> {
    let security = select(vec![Security::Plaintext, Security::Encrypted, Security::Pinned]);
    (any::<u32>(), a_name(), option::of(uniform32(any::<u8>())), security, any::<bool>()).prop_map(
        |(id, name, fingerprint, security, away)| Member {
            id,
            name,
            fingerprint: fingerprint.map(Fingerprint::from_bytes),
            security,
            away,
        },
    )
}

fn a_secret() -> impl Strategy<Value = Secret> {
    uniform16(any::<u8>()).prop_map(Secret::from)
}

fn a_ticket() -> impl Strategy<Value = Ticket> {
    (uniform16(any::<u8>()), a_secret()).prop_map(|(session, token)| Ticket { session, token })
}

fn comes_back<M: Message + PartialEq + std::fmt::Debug>(message: M) -> Result<(), TestCaseError> {
    let frame = taken(&message.encode());
    prop_assert_eq!(frame.kind, M::KIND);
    prop_assert_eq!(M::decode(&frame.payload), Ok(message));
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn bytes_decode_or_do_not_but_never_panic(bytes in vec(any::<u8>(), 0..300)) {
        macro_rules! decode { ($($message:ident),+) => { $(let _ = $message::decode(&bytes);)+ }; }
        every_message!(decode);
    }

    /// Mostly small bytes: these are short lengths, and known variants of an enum.
    #[test]
    fn likely_bytes_decode_or_do_not_but_never_panic(bytes in vec(prop_oneof![0u8..8, any::<u8>()], 0..100)) {
        macro_rules! decode { ($($message:ident),+) => { $(let _ = $message::decode(&bytes);)+ }; }
        every_message!(decode);
    }

    #[test]
    fn bytes_become_frames_or_do_not_but_never_panic(bytes in vec(prop_oneof![0u8..4, any::<u8>()], 0..300)) {
        let mut buffer = BytesMut::from(&bytes[..]);
        while let Ok(Some(frame)) = frame::take(&mut buffer) {
            prop_assert!(frame.payload.len() < limits::FRAME);
            let _ = (FromHost::read(&frame), FromMember::read(&frame));
        }
        prop_assert!(buffer.capacity() <= limits::FRAME + HEADER + bytes.len());
    }

    /// However the bytes are cut on their way.
    #[test]
    fn frames_are_told_apart(
        payloads in vec(vec(any::<u8>(), 0..50), 0..10),
        piece in 1usize..70,
    ) {
        let frames = payloads.iter().zip(0u8..).map(|(payload, kind)| frame::write(kind, payload));
        let bytes: Vec<u8> = frames.flatten().collect();
        let mut buffer = BytesMut::new();
        let mut arrived = Vec::new();
        for piece in bytes.chunks(piece) {
            buffer.extend_from_slice(piece);
            while let Some(frame) = frame::take(&mut buffer).expect("good frames") {
                prop_assert_eq!(usize::from(frame.kind), arrived.len());
                arrived.push(frame.payload.to_vec());
            }
        }
        prop_assert_eq!(arrived, payloads);
    }

    #[test]
    fn close(code in any::<u16>(), reason in text(limits::REASON)) {
        comes_back(Close { code, reason })?;
    }

    #[test]
    fn hello(
        name in text(200),
        room in option::of(text(200)),
        (conversation, is_back, epoch, next, attempt) in any::<(u64, bool, u64, u64, u32)>(),
        pass in option::of(a_secret()),
    ) {
        let resume = is_back.then_some(Resume { epoch, next, pass, attempt });
        comes_back(Hello { name, room, conversation, resume })?;
    }

    #[test]
    fn say(nonce in any::<u64>(), text in text(limits::TEXT)) {
        comes_back(Say { nonce, text })?;
    }

    #[test]
    fn ping_and_pong(number in any::<u32>()) {
        comes_back(Ping { number })?;
        comes_back(Pong { number })?;
    }

    #[test]
    fn welcome(
        room in a_room(),
        (epoch, member, first, head, members) in any::<(u64, u32, u64, u64, u32)>(),
        ticket in option::of(a_ticket()),
        pass in option::of(a_secret()),
        saved in any::<bool>(),
    ) {
        comes_back(Welcome { room, epoch, member, first, head, members, ticket, pass, saved })?;
    }

    #[test]
    fn roster(members in vec(a_member(), 0..20)) {
        comes_back(Roster { members })?;
    }

    #[test]
    fn refused(
        refusal in select(vec![
            Refusal::NameTaken, Refusal::NameInvalid, Refusal::Full, Refusal::NoSuchRoom, Refusal::Overtaken, Refusal::Replaced,
        ]),
        detail in text(limits::REASON),
        suggestion in option::of(a_name()),
    ) {
        comes_back(Refused { refusal, detail, suggestion })?;
    }

    #[test]
    fn gap_and_repeated((from, to, head, members, nonce) in any::<(u64, u64, u64, u32, u64)>()) {
        comes_back(Gap { from, to, head, members })?;
        comes_back(Repeated { nonce })?;
    }

    #[test]
    fn said((seq, at, by, nonce) in any::<(u64, u64, u32, u64)>(), name in a_name(), text in text(limits::TEXT)) {
        comes_back(Said { seq, at, by, name, nonce, text })?;
    }

    #[test]
    fn joined((seq, at) in any::<(u64, u64)>(), member in a_member()) {
        comes_back(Joined { seq, at, member })?;
    }

    #[test]
    fn left(
        (seq, at, member) in any::<(u64, u64, u32)>(),
        name in a_name(),
        how in select(vec![Departure::Left, Departure::Lost, Departure::Removed]),
    ) {
        comes_back(Left { seq, at, member, name, how })?;
    }
}
