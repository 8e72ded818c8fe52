//! The exact bytes of every message, so that they never change by accident.

use parlor::{
    identity::RoomName,
    wire::{
        CloseCode, Member, Message, Secret, Security, Ticket,
        message::{
            Away, Back, Close, Departure, Gap, Hello, Joined, Left, Ping, Pong, Refusal, Refused, Repeated, Resume,
            Roster, Said, Say, Welcome,
        },
    },
};

use crate::harness::{ana, ben, name, taken};

/// A message and the frame that it is, in hex; spaces are for the eye.
fn is_on_the_wire<M: Message + PartialEq + std::fmt::Debug>(message: M, hex: &str) {
    let expected: String = hex.split_whitespace().collect();
    let bytes = message.encode();
    assert_eq!(data_encoding::HEXLOWER.encode(&bytes), expected, "{message:?}");
    let frame = taken(&bytes);
    assert_eq!(frame.kind, M::KIND);
    assert_eq!(M::decode(&frame.payload).as_ref(), Ok(&message));
}

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
