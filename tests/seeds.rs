//! The seeds of the fuzz targets are what they are called. When a message changes, its seed has to, or nothing grows from it.

use std::{fs, path::Path};

use bytes::BytesMut;
use parlor::{
    identity::{Fingerprint, Pins},
    wire::{Frame, FromHost, FromMember, Message, frame, message::Close},
};

/// Each seed of a target, with its name.
fn seeds(target: &str) -> Vec<(String, Vec<u8>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus").join(target);
    let files = fs::read_dir(folder).unwrap().map(|file| file.unwrap().path());
    let seeds: Vec<_> = files.map(|file| (file.display().to_string(), fs::read(&file).unwrap())).collect();
    assert!(!seeds.is_empty());
    seeds
}

#[test]
fn every_message_has_a_seed_that_can_be_read() {
    let mut kinds = Vec::new();
    for (name, bytes) in seeds("messages") {
        let (&kind, payload) = bytes.split_first().unwrap();
        let frame = Frame { kind, payload: payload.to_vec().into() };
        let is_read = matches!(FromMember::read(&frame), Ok(Some(_)))
            || matches!(FromHost::read(&frame), Ok(Some(_)))
            || (kind == Close::KIND && Close::decode(payload).is_ok());
        assert!(is_read, "{name}");
        kinds.push(kind);
    }
    kinds.sort();
    assert_eq!(kinds, [0x00, 0x01, 0x02, 0x03, 0x10, 0x11, 0x12, 0x13, 0x14, 0x15, 0x20, 0x21, 0x22, 0x23, 0x24]);
}

#[test]
fn every_view_begins_with_a_welcome_and_can_be_read_to_its_end() {
    for (name, bytes) in seeds("view") {
        let mut buffer = BytesMut::from(&bytes[..]);
        let mut messages = Vec::new();
        while let Some(frame) = frame::take(&mut buffer).unwrap() {
            messages.push(FromHost::read(&frame).unwrap_or_else(|error| panic!("{name}: {error}")));
        }
        assert!(buffer.is_empty() && matches!(messages.first(), Some(Some(FromHost::Welcome(_)))), "{name}");
    }
}

#[test]
fn fingerprints_and_pins_among_the_seeds_are_read() {
    for (name, bytes) in seeds("fingerprint") {
        let read = str::from_utf8(&bytes).unwrap().parse::<Fingerprint>();
        assert_eq!(read.is_ok(), !name.ends_with("short"), "{name}");
    }
    for (name, bytes) in seeds("pins") {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("pins"), bytes).unwrap();
        let (pins, damaged) = Pins::open(dir.path()).load().unwrap();
        let expected = if name.ends_with("by-hand") {
            (1, 2)
        } else if name.ends_with("damaged") {
            (0, 2)
        } else {
            (1, 0)
        };
        assert_eq!((pins.len(), damaged.len()), expected, "{name}: {damaged:?}");
    }
}
