//! Whatever a host sends after its welcome: a view shows entries in their order and once, or objects.

#![no_main]

use bytes::BytesMut;
use libfuzzer_sys::fuzz_target;
use parlor::{
    conversation::{Event, Outbox, View},
    wire::{FromHost, frame, limits},
};

fuzz_target!(|bytes: &[u8]| {
    let mut buffer = BytesMut::from(bytes);
    let Ok(Some(first)) = frame::take(&mut buffer) else { return };
    let Ok(Some(FromHost::Welcome(welcome))) = FromHost::read(&first) else { return };
    let (mut view, mut outbox) = (View::new(&welcome, &[]), Outbox::default());
    let mut last = None;
    while let Ok(Some(frame)) = frame::take(&mut buffer) {
        let message = match FromHost::read(&frame) {
            Ok(Some(FromHost::Welcome(again))) => {
                // Whether anybody noticed that one was away.
                let was_lost = again.head % 2 == 0;
                if view.resume(&again, Vec::new(), was_lost) {
                    last = None;
                }
                continue;
            }
            Ok(Some(message)) => message,
            Ok(None) => continue,
            Err(_) => return,
        };
        let Ok(events) = view.see(message, &mut outbox) else { return };
        for event in events {
            match event {
                Event::Said(said) => {
                    assert!(last < Some(said.seq), "in order, and once");
                    last = Some(said.seq);
                }
                Event::Members(members) => assert!(members.len() <= limits::MEMBERS),
                Event::Gap { missed } => assert_ne!(missed, 0),
                _ => {}
            }
        }
    }
});
