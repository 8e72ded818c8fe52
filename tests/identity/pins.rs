//! Pins are kept by key, in a file that a person can edit, and no writer loses what another wrote.

use std::{fs, thread};

use jiff::{Timestamp, ToSpan};
use parlor::identity::{Address, DEFAULT_PORT, Fingerprint, Pins, PinsError as Error, RoomName};
use tempfile::{TempDir, tempdir};

fn key(number: u8) -> Fingerprint {
    Fingerprint::of_spki(&[number])
}

fn address(text: &str) -> Address {
    Address::parse(text, DEFAULT_PORT).unwrap()
}

fn room(text: &str) -> RoomName {
    text.parse().unwrap()
}

/// The hour `hours` after the first.
fn at(hours: i64) -> Timestamp {
    "2026-11-22T21:40:00Z".parse::<Timestamp>().unwrap() + hours.hours()
}

fn text(dir: &TempDir) -> String {
    fs::read_to_string(dir.path().join("pins")).unwrap()
}

fn meet(pins: &Pins, number: u8, place: &str, name: &str, hours: i64) {
    pins.met(key(number), &address(place), Some(&room(name)), at(hours)).unwrap();
}

#[test]
fn there_are_no_pins_at_first() {
    let dir = tempdir().unwrap();
    let pins = Pins::open(&dir.path().join("nowhere"));
    assert_eq!(pins.load().unwrap(), (vec![], vec![]));
    assert_eq!(pins.find(&key(1)).unwrap(), None);
    assert!(!dir.path().join("nowhere").exists(), "looking creates nothing");
}

#[test]
fn a_host_that_was_met_is_known_by_key_and_by_address() {
    let dir = tempdir().unwrap();
    let pins = Pins::open(dir.path());
    meet(&pins, 1, "192.168.1.20", "Ana's \"room\"", 0);
    meet(&pins, 1, "[::1]", "Tea", 2);
    let pin = pins.find(&key(1)).unwrap().unwrap();
    assert_eq!(pin.addresses, [address("192.168.1.20"), address("::1")]);
    assert_eq!(pin.names, [room("Ana's \"room\""), room("Tea")]);
    assert_eq!((pin.first_met, pin.last_met), (at(0), at(2)));
    assert_eq!(pins.find_by_address(&[address("10.0.0.1"), address("::1")]).unwrap(), Some(pin));
    assert_eq!(pins.find_by_address(&[address("192.168.1.20:80")]).unwrap(), None);
    assert_eq!(
        text(&dir).lines().last().unwrap(),
        format!(
            "{} first=2026-11-22T21:40:00Z last=2026-11-22T23:40:00Z address=192.168.1.20:7275 address=[::1]:7275 \
             name=\"Ana's \\\"room\\\"\" name=\"Tea\"",
            key(1).sha256_base64()
        )
    );
    assert!(text(&dir).starts_with("# The hosts that parlor trusts"));
}

#[cfg(unix)]
#[test]
fn only_the_owner_can_read_the_pins() {
    use std::os::unix::fs::PermissionsExt;
    let dir = tempdir().unwrap();
    meet(&Pins::open(dir.path()), 1, "host", "Tea", 0);
    let mode = fs::metadata(dir.path().join("pins")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
}

#[test]
fn an_address_belongs_to_the_key_that_was_last_met_there() {
    let dir = tempdir().unwrap();
    let pins = Pins::open(dir.path());
    meet(&pins, 1, "host", "Tea", 0);
    meet(&pins, 1, "other", "Tea", 0);
    meet(&pins, 2, "host", "Coffee", 1);
    assert_eq!(pins.find_by_address(&[address("host")]).unwrap().unwrap().fingerprint, key(2));
    assert_eq!(pins.find(&key(1)).unwrap().unwrap().addresses, [address("other")]);
    let both = [address("host"), address("other")];
    assert_eq!(pins.find_by_address(&both).unwrap().unwrap().fingerprint, key(2), "the latest met");
}

#[test]
fn a_pin_has_bounds_and_keeps_the_newest() {
    let dir = tempdir().unwrap();
    let pins = Pins::open(dir.path());
    for number in 0..20 {
        meet(&pins, 1, &format!("host{number}"), &format!("Room {number}"), number);
    }
    let pin = pins.find(&key(1)).unwrap().unwrap();
    assert_eq!((pin.names.len(), pin.addresses.len()), (8, 16));
    assert_eq!((pin.names.last(), pin.addresses.first()), (Some(&room("Room 19")), Some(&address("host4"))));
}

#[test]
fn comments_spacing_and_damaged_lines_outlive_a_change() {
    let dir = tempdir().unwrap();
    let kept = format!("{}   first=2026-11-22T21:40:00Z\tname=\"By hand\"  # mine", key(1).sha256_base64());
    let moved = format!("{} first=2026-11-22T21:40:00Z address=host note=\"of later\" # mine", key(2).hex());
    let before = format!("# top\n\n{kept}\r\nnonsense\n  # indented\n{moved}\nSHA256:cut first=");
    let bytes = [before.as_bytes(), b"\n\xFF\xFE not text\n"].concat();
    fs::write(dir.path().join("pins"), &bytes).unwrap();

    let pins = Pins::open(dir.path());
    let (known, damaged) = pins.load().unwrap();
    assert_eq!(known.iter().map(|pin| pin.fingerprint).collect::<Vec<_>>(), [key(1), key(2)]);
    assert_eq!(known[0].names, [room("By hand")]);
    assert_eq!(damaged.iter().map(|line| line.number).collect::<Vec<_>>(), [4, 7, 8]);

    meet(&pins, 3, "host", "Tea", 1);
    let after = fs::read(dir.path().join("pins")).unwrap();
    let lines: Vec<&[u8]> = after.split(|byte| *byte == b'\n').collect();
    let expected: Vec<&[u8]> = bytes.split(|byte| *byte == b'\n').collect();
    assert_eq!(lines[..5], expected[..5]);
    assert_eq!(
        String::from_utf8_lossy(lines[5]),
        format!(
            "{} first=2026-11-22T21:40:00Z last=2026-11-22T21:40:00Z note=\"of later\" # mine",
            key(2).sha256_base64()
        )
    );
    assert_eq!(lines[6..8], expected[6..8]);
    assert!(lines[8].starts_with(key(3).sha256_base64().as_bytes()));
}

#[test]
fn what_is_wrong_with_a_line_is_said() {
    let dir = tempdir().unwrap();
    let key = key(1).sha256_base64();
    let lines = [
        key.clone(),
        format!("{key} first=yesterday"),
        format!("{key} first=2026-11-22T21:40:00Z name=\"open"),
        format!("{key} first=2026-11-22T21:40:00Z address=a:b"),
        format!("{key} first=2026-11-22T21:40:00Z name=..."),
        format!("{key} first=2026-11-22T21:40:00Z word"),
    ];
    fs::write(dir.path().join("pins"), lines.join("\n")).unwrap();
    let (pins, damaged) = Pins::open(dir.path()).load().unwrap();
    assert_eq!((pins.len(), damaged.len()), (0, lines.len()));
    assert!(damaged[1].why.contains("\"yesterday\" is not a time"));
    assert!(damaged[3].why.contains("\"b\" is not a port"));
}

#[test]
fn two_lines_of_one_key_are_one_pin() {
    let dir = tempdir().unwrap();
    let key = key(1).sha256_base64();
    let lines =
        format!("{key} first=2026-11-22T21:40:00Z name=Tea\n# between\n{key} first=2026-01-01T00:00:00Z name=Milk\n");
    fs::write(dir.path().join("pins"), lines).unwrap();
    let pins = Pins::open(dir.path());
    let (known, damaged) = pins.load().unwrap();
    assert_eq!((known.len(), damaged.len()), (1, 0));
    assert_eq!(known[0].names, [room("Tea"), room("Milk")]);
    assert_eq!(pins.forget("milk").unwrap(), known[0]);
    assert_eq!(text(&dir), "# between\n");
}

#[test]
fn a_pin_is_forgotten_by_name_address_or_fingerprint() {
    let dir = tempdir().unwrap();
    let pins = Pins::open(dir.path());
    let invite = format!("parlor://x/?room=x&key={}", key(1));
    for who in ["ana's ROOM", "host", "HOST:7275", &key(1).base32(), &key(1).hex(), &invite] {
        meet(&pins, 1, "host", "Ana's room", 0);
        meet(&pins, 2, "other", "Tea", 0);
        assert_eq!(pins.forget(who).unwrap().fingerprint, key(1), "{who}");
        assert_eq!(pins.load().unwrap().0.len(), 1, "{who}");
    }
    for who in ["", "nobody", &key(1).base32(), &key(2).short(), "10.0.0.1"] {
        assert!(matches!(pins.forget(who), Err(Error::NotFound { .. })), "{who}");
    }
}

#[test]
fn a_name_that_several_keys_have_removes_none() {
    let dir = tempdir().unwrap();
    let pins = Pins::open(dir.path());
    meet(&pins, 1, "host", "Tea", 0);
    meet(&pins, 2, "other", "tea", 0);
    let error = pins.forget("TEA").unwrap_err();
    assert!(matches!(&error, Error::Ambiguous { pins, .. } if pins.len() == 2));
    assert!(error.to_string().contains(&key(1).base32()) && error.to_string().contains(&key(2).base32()));
    assert_eq!(pins.load().unwrap().0.len(), 2);
}

#[test]
fn a_file_that_is_too_large_is_neither_read_nor_made() {
    let dir = tempdir().unwrap();
    let pins = Pins::open(dir.path());
    fs::write(dir.path().join("pins"), "#".repeat(1024 * 1024)).unwrap();
    assert!(matches!(pins.met(key(1), &address("host"), Some(&room("Tea")), at(0)), Err(Error::Full { .. })));
    assert_eq!(text(&dir).len(), 1024 * 1024, "left as it was");
    fs::write(dir.path().join("pins"), "#".repeat(1024 * 1024 + 1)).unwrap();
    assert!(matches!(pins.load(), Err(Error::Full { .. })));
}

#[test]
fn nothing_is_lost_when_many_write_at_once() {
    let dir = tempdir().unwrap();
    fs::write(dir.path().join("pins"), "# mine\nnonsense\n").unwrap();
    thread::scope(|scope| {
        for writer in 0..4 {
            let pins = Pins::open(dir.path());
            scope.spawn(move || {
                for number in 0..10 {
                    let number = writer * 10 + number;
                    meet(&pins, number, &format!("host{number}"), "Tea", 0);
                    meet(&pins, 200, &format!("shared{writer}"), "Tea", 0);
                }
            });
        }
    });
    let pins = Pins::open(dir.path());
    assert_eq!(pins.load().unwrap().0.len(), 41);
    assert_eq!(pins.find(&key(200)).unwrap().unwrap().addresses.len(), 4);
    assert!(text(&dir).starts_with("# mine\nnonsense\n"));
}

#[test]
fn a_new_key_takes_the_place_of_the_old_one_and_no_other_does() {
    let dir = tempdir().unwrap();
    let pins = Pins::open(dir.path());
    meet(&pins, 1, "192.168.1.20", "Kitchen", 0);
    meet(&pins, 1, "[::1]", "Tea", 1);
    meet(&pins, 2, "10.0.0.1", "Cellar", 2);
    pins.replace(&key(1), key(3), at(5)).unwrap();
    assert_eq!(pins.find(&key(1)).unwrap(), None);
    let new = pins.find(&key(3)).unwrap().unwrap();
    assert_eq!(new.addresses, [address("192.168.1.20"), address("::1")]);
    assert_eq!(new.names, [room("Kitchen"), room("Tea")]);
    assert_eq!((new.first_met, new.last_met), (at(5), at(5)), "it was not agreed to before");
    assert_eq!(pins.find_by_address(&[address("192.168.1.20")]).unwrap(), Some(new));
    assert_eq!(pins.find(&key(2)).unwrap().unwrap().addresses, [address("10.0.0.1")]);

    let before = text(&dir);
    assert!(matches!(pins.replace(&key(1), key(4), at(6)), Err(Error::NotFound { .. })), "it is pinned no more");
    pins.replace(&key(2), key(2), at(7)).unwrap();
    assert_eq!(text(&dir), before);
}

#[test]
fn a_new_key_that_has_a_pin_keeps_what_that_says() {
    let dir = tempdir().unwrap();
    let pins = Pins::open(dir.path());
    meet(&pins, 1, "192.168.1.20", "Kitchen", 0);
    meet(&pins, 2, "10.0.0.1", "Cellar", 2);
    pins.replace(&key(1), key(2), at(5)).unwrap();
    let (all, damaged) = pins.load().unwrap();
    assert_eq!((all.len(), damaged.len()), (1, 0));
    assert_eq!(all[0].names, [room("Cellar"), room("Kitchen")]);
    assert_eq!(all[0].addresses, [address("10.0.0.1"), address("192.168.1.20")]);
    assert_eq!((all[0].first_met, all[0].last_met), (at(2), at(5)));
}

#[test]
fn over_what_a_host_was_met_is_a_hint_that_is_kept_with_its_pin() {
    let dir = TempDir::new().unwrap();
    let pins = Pins::open(dir.path());
    let over = |pins: &Pins| pins.find(&key(1)).unwrap().unwrap().over;
    pins.met_over(&key(1), "tls").unwrap();
    assert_eq!(pins.load().unwrap().0, vec![], "nobody is pinned by it");
    meet(&pins, 1, "host", "Tea", 0);
    assert_eq!(over(&pins), None);
    pins.met_over(&key(1), "tls").unwrap();
    assert_eq!(over(&pins).as_deref(), Some("tls"));
    meet(&pins, 1, "other", "Tea", 1);
    assert_eq!(over(&pins).as_deref(), Some("tls"), "who meets the host otherwise knows nothing of it");
    pins.met_over(&key(1), "quic").unwrap();
    assert_eq!(over(&pins).as_deref(), Some("quic"));
    let long = "x".repeat(17);
    for word in ["", "two words", "Ümlaut", "quic=", long.as_str()] {
        pins.met_over(&key(1), word).unwrap();
        assert_eq!(over(&pins).as_deref(), Some("quic"));
    }
}

/// A hint must not cost anybody their pin.
#[test]
fn a_damaged_hint_damages_no_pin() {
    let dir = TempDir::new().unwrap();
    let pins = Pins::open(dir.path());
    meet(&pins, 1, "host", "Tea", 0);
    pins.met_over(&key(1), "tls").unwrap();
    let file = dir.path().join("pins");
    let damaged = fs::read_to_string(&file).unwrap().replace("over=tls", "over=\"\u{202e}\"");
    fs::write(&file, damaged).unwrap();
    let (known, lines) = pins.load().unwrap();
    assert_eq!((known.len(), lines.len(), known[0].over.as_deref()), (1, 0, None));
    pins.met_over(&key(1), "quic").unwrap();
    assert_eq!(pins.find(&key(1)).unwrap().unwrap().over.as_deref(), Some("quic"));
}
