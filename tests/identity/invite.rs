//! An invite survives mail and chat, and no part of one passes for a whole one.

use parlor::identity::{Address, DEFAULT_PORT, Fingerprint, Invite, InviteError as Error, RoomName};
use proptest::prelude::*;

use super::{address::any_address, name::any_room};

const TEXT: &str = "parlor://192.168.1.20:7275/?room=Ana%27s%20room&at=%5Bfd00::20%5D:7275\
    &key=P56IOI7MZJNU2YIQGDREYDM2MGTIMGL3BXNPQ6W5BMTBBZ4TJXZWICQ2";

fn parse(text: &str) -> Result<Invite, Error> {
    text.parse()
}

fn address(text: &str) -> Address {
    Address::parse(text, DEFAULT_PORT).unwrap()
}

fn invite(addresses: &[&str]) -> Result<Invite, Error> {
    let fingerprint = "P56IOI7MZJNU2YIQGDREYDM2MGTIMGL3BXNPQ6W5BMTBBZ4TJXZWICQ2".parse().unwrap();
    Invite::new(fingerprint, addresses.iter().map(|text| address(text)), "Ana's room".parse().unwrap())
}

#[test]
fn the_text_is_what_the_documentation_says() {
    let invite = invite(&["192.168.1.20", "fd00::20"]).unwrap();
    assert_eq!(invite.to_string(), TEXT);
    assert_eq!(parse(TEXT), Ok(invite));
}

#[test]
fn what_mail_and_chat_do_to_it_is_undone() {
    let expected = parse(TEXT).unwrap();
    let (head, tail) = TEXT.split_at(80);
    let (tail, end) = tail.split_at(50);
    for text in [
        format!("<{TEXT}>"),
        format!("  \"{TEXT}\"  "),
        format!("'{TEXT}'"),
        format!("Come and join: {TEXT}."),
        format!("({TEXT}), or call me"),
        format!("{TEXT}\nSee you there!\n"),
        format!("<a href=\"{}\">room</a>", TEXT.replace('&', "&amp;")),
        TEXT.replacen("parlor", "PARLOR", 1),
        format!("{head}\r\n  {tail}\r\n  {end}\r\n-- \r\nAna"),
        format!("{head}\n{tail}{end}"),
        format!("{TEXT}&colour=blue"),
        TEXT.replace("?room", "?colour=blue&room"),
        TEXT.replace("/?", "?"),
        TEXT.replace("%20", "+"),
    ] {
        assert_eq!(parse(&text).as_ref(), Ok(&expected), "{text}");
    }
}

#[test]
fn what_is_wrong_is_said() {
    let key = &TEXT[TEXT.find("&key").unwrap()..];
    for (text, error) in [
        ("", Error::NotAnInvite),
        ("http://192.168.1.20/", Error::NotAnInvite),
        (TEXT.split(key).next().unwrap(), Error::Missing { parameter: "key" }),
        (&TEXT.replace("room=", "name="), Error::Missing { parameter: "room" }),
        (&format!("{TEXT}{key}"), Error::Repeated { parameter: "key" }),
        (&TEXT.replace("?room", "?room=x&room"), Error::Repeated { parameter: "room" }),
        (&TEXT.replace("&at", &"&at=10.0.0.1".repeat(8)), Error::TooManyAddresses),
        (&TEXT.replace("&at", &"&x=10.0.0.1".repeat(300)), Error::TooLong),
        (&TEXT.replace("192.168", "ana:pw@192.168"), Error::NotBare),
        (&TEXT.replace("/?", "/path?"), Error::NotBare),
        ("parlor://", Error::NoAddress),
    ] {
        assert_eq!(parse(text), Err(error), "{text}");
    }
    assert!(matches!(parse(&TEXT.replace("P56", "P57")), Err(Error::Key(_))));
    assert!(matches!(parse(&TEXT.replace("Q2", "Q2A")), Err(Error::Key(_))));
    assert!(matches!(parse(&TEXT.replace("7275/", "0/")), Err(Error::Address(_))));
    assert!(matches!(parse(&TEXT.replace("7275/", "99999/")), Err(Error::Damaged { .. })));
    assert!(matches!(parse(&TEXT.replace("Ana", "%E2%80%AE")), Err(Error::Room(_))));
}

#[test]
fn an_address_that_only_this_machine_understands_is_left_out() {
    let mixed = invite(&["fe80::1%eth0", "fd00::1%eth0", "10.0.0.1", "10.0.0.1"]).unwrap();
    assert_eq!(mixed.addresses(), [address("fd00::1"), address("10.0.0.1")]);
    assert_eq!(invite(&["fe80::1%eth0", "fe80::2"]), Err(Error::NoAddress));
    assert_eq!(invite(&[]), Err(Error::NoAddress));
}

#[test]
fn an_invite_that_is_made_is_never_too_long_to_be_read() {
    let addresses: Vec<Address> = (0..20).map(|n| address(&format!("{n}{}", ".abcdefgh".repeat(27)))).collect();
    let room: RoomName = "好".repeat(64).parse().unwrap();
    let invite = Invite::new(Fingerprint::from_bytes([7; 32]), addresses, room).unwrap();
    assert!(invite.to_string().len() <= 2048);
    assert!(!invite.addresses().is_empty());
    assert_eq!(parse(&invite.to_string()), Ok(invite));
}

proptest! {
    #[test]
    fn every_invite_comes_back(
        bytes: [u8; 32],
        addresses in proptest::collection::vec(any_address(), 1..12),
        room in any_room(),
    ) {
        if let Ok(invite) = Invite::new(Fingerprint::from_bytes(bytes), addresses, room) {
            let text = invite.to_string();
            prop_assert_eq!(parse(&text), Ok(invite));
            for (end, _) in text.char_indices() {
                prop_assert!(parse(&text[..end]).is_err(), "{}", &text[..end]);
            }
        }
    }

    #[test]
    fn no_text_panics(text in any::<String>(), place in 0usize..140) {
        let mut damaged = TEXT.to_owned();
        damaged.insert_str(place.min(TEXT.len()), &text);
        for text in [format!("parlor://{text}"), text, damaged] {
            let _ = parse(&text).map_err(|error| error.to_string());
        }
    }
}
