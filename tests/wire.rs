//! What goes over the wire: its exact bytes, so that they never change by accident, and that nothing that arrives in
//! their place does harm.

use std::collections::BTreeMap;

use bytes::BytesMut;
use parlor::{
    identity::{Fingerprint, Name, RoomName},
    wire::{
        CloseCode, Frame, FromHost, FromMember, Listing, Member, Message, Secret, Security, Ticket,
        frame::{self, FIRST_SKIPPABLE, FrameError, HEADER},
        limits,
        message::{
            Away, Back, Close, Departure, Gap, Hello, Joined, Left, Ping, Pong, Refusal, Refused, Repeated, Resume,
            Roster, Said, Say, Welcome,
        },
    },
};
use proptest::{array::uniform16, array::uniform32, collection::vec, option, prelude::*, sample::select};

fn name(text: &str) -> Name {
    text.parse().expect("a name")
}

fn ana() -> Member {
    let fingerprint = Fingerprint::from_bytes(std::array::from_fn(|at| at as u8));
    Member { id: 0, name: name("Ana"), fingerprint: Some(fingerprint), security: Security::Pinned, away: false }
}

fn ben() -> Member {
    Member { id: 300, name: name("Bén"), fingerprint: None, security: Security::Plaintext, away: false }
}

/// A message and the frame that it is, in hex; spaces are for the eye.
fn is_on_the_wire<M: Message + PartialEq + std::fmt::Debug>(message: M, hex: &str) {
    let expected: String = hex.split_whitespace().collect();
    let bytes = message.encode();
    assert_eq!(data_encoding::HEXLOWER.encode(&bytes), expected, "{message:?}");
    let frame = taken(&bytes);
    assert_eq!(frame.kind, M::KIND);
    assert_eq!(M::decode(&frame.payload).as_ref(), Ok(&message));
}

fn taken(bytes: &[u8]) -> Frame {
    let mut buffer = BytesMut::from(bytes);
    let frame = frame::take(&mut buffer).expect("a good frame").expect("a whole frame");
    assert!(buffer.is_empty());
    frame
}

mod golden {
    use super::*;

    #[test]
    fn close() {
        let reason = "Good night".to_owned();
        is_on_the_wire(Close { code: 2, reason }, "0000000d 00 02 0a 476f6f64206e69676874");
        is_on_the_wire(Close { code: 40_000, reason: String::new() }, "00000005 00 fb409c 00");
    }

    #[test]
    fn hello() {
        is_on_the_wire(
            Hello { name: "Ana".to_owned(), room: None, conversation: 9, resume: None },
            "00000008 01 03 416e61 00 09 00",
        );
        let room = Some("Küche".to_owned());
        let resume = Some(Resume { epoch: u64::MAX, next: 251, pass: None, attempt: 7 });
        is_on_the_wire(
            Hello { name: "Ana".to_owned(), room, conversation: u64::MAX, resume },
            "00000025 01 03 416e61 01 06 4bc3bc636865 fdffffffffffffffff 01 fdffffffffffffffff fbfb00 00 07",
        );
        let resume = Some(Resume { epoch: 1, next: 2, pass: Some(Secret::from([0x33; 16])), attempt: 300 });
        is_on_the_wire(
            Hello { name: "Ana".to_owned(), room: None, conversation: 1, resume },
            "0000001e 01 03 416e61 00 01 01 01 02 01 33333333333333333333333333333333 fb2c01",
        );
    }

    #[test]
    fn say() {
        let nonce = 0x0102_0304_0506_0708;
        is_on_the_wire(Say { nonce, text: "hi 👋".to_owned() }, "00000012 02 fd0807060504030201 07 686920f09f918b");
        is_on_the_wire(Say { nonce: 250, text: "a".to_owned() }, "00000004 02 fa 01 61");
    }

    #[test]
    fn ping_and_pong() {
        is_on_the_wire(Ping { number: 7 }, "00000002 03 07");
        is_on_the_wire(Pong { number: 65_536 }, "00000006 14 fc00000100");
    }

    #[test]
    fn welcome() {
        let room: RoomName = "Küche".parse().expect("a name");
        let ticket = Ticket { session: [0x11; 16], token: Secret::from([0x22; 16]) };
        let welcome = Welcome {
            room,
            epoch: u64::MAX,
            member: 1,
            first: 2,
            head: 251,
            members: 3,
            ticket: Some(ticket),
            pass: None,
            saved: false,
        };
        is_on_the_wire(
            welcome.clone(),
            "0000003a 10 06 4bc3bc636865 fdffffffffffffffff 01 02 fbfb00 03
             01 11111111111111111111111111111111 22222222222222222222222222222222 00 00",
        );
        is_on_the_wire(
            Welcome { ticket: None, pass: Some(Secret::from([0x33; 16])), saved: true, ..welcome },
            "0000002a 10 06 4bc3bc636865 fdffffffffffffffff 01 02 fbfb00 03 00 01 33333333333333333333333333333333 01",
        );
    }

    #[test]
    fn roster() {
        is_on_the_wire(Roster { members: vec![] }, "00000002 11 00");
        is_on_the_wire(
            Roster { members: vec![ana(), ben()] },
            "00000035 11 02
             00 03 416e61 01 000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f 02 00
             fb2c01 04 42c3a96e 00 00 00",
        );
    }

    #[test]
    fn refused() {
        let detail = "Taken".to_owned();
        let refused = Refused { refusal: Refusal::NameTaken, detail, suggestion: Some(name("Ana 2")) };
        is_on_the_wire(refused, "0000000f 12 00 05 54616b656e 01 05 416e612032");
        let kinds = [
            (Refusal::NameInvalid, "01"),
            (Refusal::Full, "02"),
            (Refusal::NoSuchRoom, "03"),
            (Refusal::Overtaken, "04"),
            (Refusal::Replaced, "05"),
        ];
        for (refusal, byte) in kinds {
            let refused = Refused { refusal, detail: String::new(), suggestion: None };
            is_on_the_wire(refused, &format!("00000004 12 {byte} 00 00"));
        }
    }

    #[test]
    fn gap() {
        is_on_the_wire(Gap { from: 1, to: 1_000, head: 1_001, members: 2 }, "00000009 13 01 fbe803 fbe903 02");
    }

    #[test]
    fn repeated() {
        is_on_the_wire(Repeated { nonce: 7 }, "00000002 15 07");
    }

    #[test]
    fn said() {
        let text = "hi".to_owned();
        is_on_the_wire(
            Said { seq: 5, at: 1_700_000_000_000, by: 300, name: name("Ana"), nonce: 9, text },
            "00000016 20 05 fd0068e5cf8b010000 fb2c01 03 416e61 09 02 6869",
        );
    }

    #[test]
    fn joined() {
        is_on_the_wire(
            Joined { seq: 6, at: 1, member: ana() },
            "0000002b 21 06 01 00 03 416e61 01 000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f 02 00",
        );
        let encrypted = Member { security: Security::Encrypted, ..ben() };
        is_on_the_wire(Joined { seq: 6, at: 1, member: encrypted }, "0000000e 21 06 01 fb2c01 04 42c3a96e 00 01 00");
    }

    #[test]
    fn left() {
        for (how, byte) in [(Departure::Left, "00"), (Departure::Lost, "01"), (Departure::Removed, "02")] {
            let left = Left { seq: 7, at: 2, member: 1, name: name("Ana"), how };
            is_on_the_wire(left, &format!("00000009 22 07 02 01 03 416e61 {byte}"));
        }
    }

    #[test]
    fn away_and_back() {
        is_on_the_wire(Away { seq: 8, at: 3, member: 1, name: name("Ana") }, "00000008 23 08 03 01 03 416e61");
        let away = Member { away: true, ..ben() };
        is_on_the_wire(Back { seq: 9, at: 4, member: away }, "0000000e 24 09 04 fb2c01 04 42c3a96e 00 00 01");
    }

    #[test]
    fn close_codes() {
        use CloseCode::*;
        let codes = [Left, HostLeft, Violation, Refused, Replaced, TooSlow, PlaintextRefused, Busy, Version];
        for (code, number) in codes.into_iter().zip(1u16..) {
            assert_eq!((code.number(), CloseCode::from(number)), (number, code));
        }
        assert_eq!([0, 10, u16::MAX].map(CloseCode::from), [Other(0), Other(10), Other(u16::MAX)]);
    }
}

mod largest {
    use super::*;

    /// Four bytes a character, in UTF-8, and there is no longer name.
    fn longest_name() -> Name {
        name(&"𝕒".repeat(32))
    }

    fn largest_member() -> Member {
        let fingerprint = Some(Fingerprint::from_bytes([0xff; 32]));
        Member { id: u32::MAX, name: longest_name(), fingerprint, security: Security::Pinned, away: false }
    }

    fn fits(message: &impl Message) -> usize {
        let bytes = message.encode();
        assert!(bytes.len() <= 4 + limits::FRAME);
        bytes.len()
    }

    #[test]
    fn every_message_fits_its_frame() {
        let ticket = Some(Ticket { session: [0xff; 16], token: Secret::from([0xff; 16]) });
        let room = "𝕒".repeat(64).parse().expect("a name");
        let (epoch, first, head) = (u64::MAX, u64::MAX, u64::MAX);
        fits(&Welcome {
            room,
            epoch,
            member: u32::MAX,
            first,
            head,
            members: u32::MAX,
            ticket,
            pass: Some(Secret::from([0xff; 16])),
            saved: true,
        });
        let largest = fits(&Roster { members: vec![largest_member(); limits::ROSTER_BATCH] });
        assert!(largest > limits::FRAME / 2, "the batch is made to fill a frame: {largest}");
        let text = "ä".repeat(limits::TEXT / 2);
        fits(&Say { nonce: u64::MAX, text: text.clone() });
        let (seq, at, nonce) = (u64::MAX, u64::MAX, u64::MAX);
        fits(&Said { seq, at, by: u32::MAX, name: longest_name(), nonce, text });
        fits(&Joined { seq, at, member: largest_member() });
        fits(&Back { seq, at, member: largest_member() });
        fits(&Away { seq, at, member: u32::MAX, name: longest_name() });
        fits(&Left { seq, at, member: u32::MAX, name: longest_name(), how: Departure::Removed });
        let detail = "ä".repeat(limits::REASON / 2);
        fits(&Refused { refusal: Refusal::NoSuchRoom, detail, suggestion: Some(longest_name()) });
    }

    #[test]
    fn the_largest_member_takes_what_the_limits_say() {
        let one = Roster { members: vec![largest_member()] }.encode().len();
        let two = Roster { members: vec![largest_member(); 2] }.encode().len();
        assert_eq!(two - one, 169);
    }

    /// However it came about: members come, change, and go.
    #[test]
    fn a_listing_is_sent_as_the_rosters_of_its_members() {
        for count in [0, 1, 250, 251, limits::ROSTER_BATCH, limits::ROSTER_BATCH + 1, limits::MEMBERS] {
            let (mut listing, mut members) = (Listing::default(), BTreeMap::new());
            let member = |id: u32, away| Member { id, away, ..[ana(), ben()][id as usize % 2].clone() };
            // Each third one comes later, each fifth is somebody else for a while, and each fourth goes.
            for id in (0..count as u32).filter(|id| id % 3 > 0).chain((0..count as u32).step_by(3)) {
                members.insert(id, member(id, id % 7 == 0));
                listing.set(&members[&id]);
            }
            for id in (0..count as u32).step_by(5) {
                listing.set(&Member { id, ..largest_member() });
            }
            for id in (0..count as u32).step_by(5) {
                listing.set(&members[&id]);
            }
            for id in (0..count as u32).filter(|id| id % 4 == 1).chain([u32::MAX]) {
                listing.remove(id);
                members.remove(&id);
            }
            let members: Vec<_> = members.into_values().collect();
            let whole = members.chunks(limits::ROSTER_BATCH).map(|some| Roster { members: some.to_vec() }.encode());
            assert_eq!(listing.frames(), whole.collect::<Vec<_>>());
        }
    }

    #[test]
    fn a_reason_is_cut_where_a_character_ends() {
        let close = Close::new(CloseCode::Other(u16::MAX), &format!("a{}", "€".repeat(1_000)));
        assert_eq!(close.reason.len(), 511);
        fits(&close);
    }
}

/// A check for every message there is.
macro_rules! every_message {
    ($check:ident) => {
        $check!(Close, Hello, Say, Ping, Welcome, Roster, Refused, Gap, Pong, Repeated, Said, Joined, Left, Away, Back)
    };
}

mod hostile {
    use super::*;

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
}

mod any {
    use super::*;

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
}
