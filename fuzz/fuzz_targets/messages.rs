//! The first byte is the kind. A payload of any kind is a message or is not. What is one is the same after it was written and read again.

#![no_main]

use libfuzzer_sys::fuzz_target;
use parlor::wire::{
    Frame, Message,
    message::{
        Away, Back, Close, FromHost, FromMember, Gap, Hello, Joined, Left, Ping, Pong, Refused, Repeated, Roster, Said,
        Say, Welcome,
    },
};

fuzz_target!(|input: &[u8]| {
    let Some((&kind, payload)) = input.split_first() else { return };
    let frame = Frame { kind, payload: payload.to_vec().into() };
    let _ = (FromMember::read(&frame), FromHost::read(&frame));
    macro_rules! every {
        ($($message:ident),+) => { $(if kind == $message::KIND { comes_back::<$message>(payload); })+ };
    }
    every!(Close, Hello, Say, Ping, Welcome, Roster, Refused, Gap, Pong, Repeated, Said, Joined, Left, Away, Back);
});

fn comes_back<M: Message + PartialEq + std::fmt::Debug>(payload: &[u8]) {
    if let Ok(message) = M::decode(payload) {
        // After the length and the kind.
        assert_eq!(M::decode(&message.encode()[5..]), Ok(message));
    }
}
