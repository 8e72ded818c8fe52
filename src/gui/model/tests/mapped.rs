//! A way in from outside, as the window shows it.

use super::*;
use crate::{
    conversation::Listening,
    identity::{Address, Invite},
    reach::Reach,
    reach::mapping::{Language, Open, Report, State, Wanted, Why},
};

const OUTSIDE: &str = "192.0.1.1:7275";

fn listening(addresses: &[&str]) -> Listening {
    let room: crate::identity::RoomName = "Kitchen".parse().unwrap();
    let parsed: Vec<_> = addresses.iter().map(|address| Address::parse(address, 1).unwrap()).collect();
    Listening {
        room: room.clone(),
        transports: vec![Kind::Quic, Kind::Tls],
        port: 7275,
        addresses: addresses.iter().map(|address| (*address).to_owned()).collect(),
        fingerprint: key(0),
        invite: Invite::new(key(0), parsed, room).ok(),
    }
}

fn mapped(state: State, addresses: &[&str]) -> Event {
    let wanted = Wanted { port: 7275, udp: true, tcp: true, encrypted: true, bind: None };
    Event::Mapped { report: Report { wanted, place: None, state }, listening: listening(addresses) }
}

fn open() -> State {
    let address = Some([192, 0, 1, 1].into());
    State::Open(Open { language: Language::Upnp, address, udp: Some(7275), tcp: Some(7275), moved: false })
}

fn hosting() -> Model {
    let mut model = model();
    model.apply(Event::Listening(listening(&["192.168.1.20:7275"])));
    model.apply(welcomed());
    model
}

#[test]
fn the_address_outside_comes_into_the_invite_and_goes_out_of_it_again() {
    let mut model = hosting();
    let before = model.room.door.clone().unwrap();
    model.apply(mapped(State::Asking, &["192.168.1.20:7275"]));
    let door = model.room.door.clone().unwrap();
    assert!(!door.asking.is_empty() && door.outside == Verdict::None && door.invite == before.invite);
    assert!(rows(&model).is_empty(), "nothing has come of it yet");

    model.apply(mapped(open(), &["192.168.1.20:7275", OUTSIDE]));
    let door = model.room.door.clone().unwrap();
    assert!(door.invite.as_ref().unwrap().contains(OUTSIDE) && door.qr != before.qr && door.asking.is_empty());
    assert_eq!((door.places[1].address.as_str(), door.places[1].reach), (OUTSIDE, Reach::Outside));
    assert!(matches!(&door.outside, Verdict::Good(words) if words.contains(OUTSIDE)));
    assert!(rows(&model)[0].contains(OUTSIDE));

    model.apply(mapped(State::Shut(Why::Gone), &["192.168.1.20:7275"]));
    let door = model.room.door.clone().unwrap();
    assert_eq!((&door.invite, &door.qr, &door.places), (&before.invite, &before.qr, &before.places));
    assert!(matches!(door.outside, Verdict::Bad(_)));
}

#[test]
fn news_of_the_way_in_do_not_move_what_one_looks_at() {
    let mut model = hosting();
    model.room.toggle_side(Side::Security);
    model.apply(mapped(open(), &["192.168.1.20:7275", OUTSIDE]));
    assert_eq!(model.room.side, Side::Security);
}
