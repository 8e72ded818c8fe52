//! Whatever stands in the pins file: no line is lost over another, and what is written can be read.

#![no_main]

use std::fs;

use libfuzzer_sys::fuzz_target;
use parlor::identity::{Address, Fingerprint, Pins};
use tempfile::TempDir;

thread_local! {
    static DIR: TempDir = TempDir::new().expect("a temporary folder");
}

fuzz_target!(|content: &[u8]| {
    DIR.with(|dir| {
        let file = dir.path().join("pins");
        fs::write(&file, content).expect("it is written");
        let pins = Pins::open(dir.path());
        let Ok((before, damaged)) = pins.load() else { return };
        let new = Fingerprint::from_bytes([0xa5; 32]);
        let is_known = before.iter().any(|pin| pin.fingerprint == new);
        let address = Address::parse("192.0.2.1:7275", 1).expect("an address");
        if pins.met(new, &address, None, "2026-01-01T00:00:00Z".parse().expect("a time")).is_err() {
            return;
        }
        let (after, still_damaged) = pins.load().expect("what we write can be read");
        assert_eq!(after.len(), before.len() + usize::from(!is_known));
        assert!(before.iter().all(|pin| after.iter().any(|other| other.fingerprint == pin.fingerprint)));
        assert_eq!(still_damaged.len(), damaged.len());
    });
});
