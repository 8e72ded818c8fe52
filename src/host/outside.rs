//! What the host is told of the way in from outside, if it has asked for one, and the invite that goes with it.

use std::future::pending;

use super::Options;
use crate::{
    conversation::{Event, Listening},
    identity::{Address, Invite},
    reach::mapping::{Mapping, Report, Wanted},
};

/// Where in the list of addresses those outside stand: after the first one, which is best for who is on the same network. Who
/// dials them begins with one after the other, a little apart.
const PLACE: usize = 1;

/// The way in from outside.
pub(super) struct Outside {
    mapping: Option<Mapping>,
    listening: Listening,
    /// Where the room is reached without it.
    addresses: Vec<Address>,
}

impl Outside {
    /// Asks the gateway in the background, if that is wanted.
    pub(super) fn new(options: &Options, listening: Listening, addresses: Vec<Address>) -> Self {
        let wanted = Wanted {
            port: listening.port,
            udp: options.encrypted,
            tcp: options.encrypted || options.plain,
            encrypted: options.encrypted,
            bind: options.bind,
        };
        Self { mapping: options.map_port.then(|| Mapping::ask(wanted)), listening, addresses }
    }

    /// What has changed, and how the room can be reached now. Cancel-safe; without a way in, it waits for ever.
    pub(super) async fn changed(&mut self) -> Event {
        let report = match &mut self.mapping {
            Some(mapping) => mapping.changed().await,
            None => pending().await,
        };
        let listening = self.listening(&report);
        Event::Mapped { report, listening }
    }

    /// Gives back what was opened, for which the gateway has at most 1.4 s.
    pub(super) async fn close(self) {
        if let Some(mapping) = self.mapping {
            mapping.close().await;
        }
    }

    fn listening(&self, report: &Report) -> Listening {
        let mut addresses = self.addresses.clone();
        for outside in report.places().into_iter().map(Address::from).rev() {
            addresses.retain(|address| *address != outside);
            addresses.insert(PLACE.min(addresses.len()), outside);
        }
        let Listening { invite, fingerprint, room, .. } = &self.listening;
        Listening {
            addresses: addresses.iter().map(ToString::to_string).collect(),
            invite: match report.wanted.encrypted {
                true => Invite::new(*fingerprint, addresses, room.clone()).ok().or_else(|| invite.clone()),
                false => None,
            },
            ..self.listening.clone()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        identity::Fingerprint,
        reach::mapping::{Language, Open, State, Why},
    };

    fn outside(encrypted: bool) -> (Outside, Wanted) {
        let addresses: Vec<_> =
            ["192.168.1.20:7275", "[fd00::20]:7275"].map(|text| Address::parse(text, 1).unwrap()).into();
        let fingerprint = Fingerprint::from_bytes([7; 32]);
        let room: crate::identity::RoomName = "Kitchen".parse().unwrap();
        let listening = Listening {
            room: room.clone(),
            transports: Vec::new(),
            port: 7275,
            addresses: addresses.iter().map(ToString::to_string).collect(),
            fingerprint,
            invite: encrypted.then(|| Invite::new(fingerprint, addresses.clone(), room).unwrap()),
        };
        let wanted = Wanted { port: 7275, udp: encrypted, tcp: true, encrypted, bind: None };
        (Outside { mapping: None, listening, addresses }, wanted)
    }

    fn open(wanted: Wanted, address: [u8; 4], udp: Option<u16>, tcp: Option<u16>) -> Report {
        let open = Open { language: Language::Pcp, address: Some(address.into()), udp, tcp, moved: false };
        Report { wanted, place: None, state: State::Open(open) }
    }

    #[test]
    fn the_address_outside_is_in_the_invite_after_the_first_one() {
        let (outside, wanted) = outside(true);
        let listening = outside.listening(&open(wanted, [192, 0, 1, 1], Some(7276), Some(7276)));
        let all = ["192.168.1.20:7275", "192.0.1.1:7276", "[fd00::20]:7275"];
        assert_eq!(listening.addresses, all);
        let invite = listening.invite.unwrap();
        assert_eq!(invite.addresses().iter().map(ToString::to_string).collect::<Vec<_>>(), all);
        let listening = outside.listening(&open(wanted, [192, 0, 1, 1], Some(7276), Some(7277)));
        assert_eq!(listening.addresses[1..3], ["192.0.1.1:7276", "192.0.1.1:7277"]);
    }

    #[test]
    fn an_address_that_is_not_of_the_internet_is_in_no_invite() {
        let (outside, wanted) = outside(true);
        for report in [
            open(wanted, [100, 64, 0, 1], Some(7275), Some(7275)),
            open(wanted, [224, 0, 0, 1], Some(7275), Some(7275)),
            Report { wanted, place: None, state: State::Shut(Why::Silent) },
        ] {
            assert_eq!(outside.listening(&report), outside.listening);
        }
    }

    #[test]
    fn a_plain_room_has_no_invite_for_anybody() {
        let (outside, wanted) = outside(false);
        let listening = outside.listening(&open(wanted, [192, 0, 1, 1], None, Some(7275)));
        assert_eq!((listening.invite, listening.addresses.len()), (None, 3));
    }
}
