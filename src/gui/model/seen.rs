//! The rooms that are announced on this network, as the start screen lists them beside those one has been in.
//!
//! A room that is announced and known is listed once, as here now. What an announcement says is shown as what it is: a claim,
//! which is checked when one joins.

use super::{
    Model, Screen,
    known::{Entry, Id},
    security::Tone,
    text,
};
use crate::{
    gui::Opening,
    identity::Pin,
    reach::found::{Claim, PinnedNames, Room},
};

impl Entry {
    /// A room that is announced, as these pins see it.
    pub(super) fn seen(room: &Room, pins: &PinnedNames) -> Self {
        let claim = Claim::of(room, pins);
        let tone = match (&claim, room.is_encrypted()) {
            (Claim::Contradicts(_), _) | (_, false) => Some(Tone::Alarm),
            // What is only said is no good news yet.
            (Claim::Known(_) | Claim::New, true) => None,
        };
        let address = room.addresses.first().map(ToString::to_string).unwrap_or_default();
        let about = match &claim {
            Claim::Known(_) => format!("Here now · {}", claim.words()),
            Claim::New => format!("{address} · {} · {}", room.protection(), claim.words()),
            Claim::Contradicts(_) => format!("{} · {address}", claim.words()),
        };
        let key = match claim {
            Claim::Known(key) => Some(key),
            Claim::New | Claim::Contradicts(_) => None,
        };
        Self { id: Id::Seen(room.id), key, name: text::label(room.name.as_str()), about: text::label(&about), tone }
    }
}

impl Model {
    /// Begins to look anew which rooms are there; gives the number of this look.
    pub(crate) fn look_around(&mut self) -> u64 {
        self.look += 1;
        self.seen = Vec::new();
        self.list_rooms();
        self.look
    }

    /// Whether to look now.
    pub(crate) fn is_to_look_around(&self) -> bool {
        self.screen == Screen::Start && self.settings.looks_around
    }

    /// These rooms are there, as the look with this number tells. What an earlier one tells is no longer wanted.
    pub(crate) fn see(&mut self, look: u64, rooms: Vec<Room>) {
        if look == self.look {
            self.seen = rooms;
            self.list_rooms();
        }
    }

    /// What there is to say where no room is announced.
    pub(crate) fn around(&self) -> &'static str {
        match self.here.entries() {
            [] if !self.settings.looks_around => "Not looked for, as you have set it.",
            [] => "No room is announced here at the moment. One that is shows up by itself.",
            _ => "",
        }
    }

    /// What joining the room with this number asks for.
    pub(crate) fn meet(&self, number: u64, pins: &[Pin]) -> Result<Opening, String> {
        match self.seen.iter().find(|room| room.id == number) {
            Some(room) => self.start.meet(room, &PinnedNames::of(pins)),
            None => Err("This room is no longer announced. Its host may have left.".to_owned()),
        }
    }

    /// Lists anew what is announced and what is known.
    pub(super) fn list_rooms(&mut self) {
        self.here.show(self.seen.iter().map(|room| Entry::seen(room, &self.pins)).collect());
        let here = self.here.entries();
        let is_here = |entry: &&Entry| here.iter().any(|seen| seen.key.is_some() && seen.key == entry.key);
        self.known.show(self.been.iter().filter(|entry| !is_here(entry)).cloned().collect());
    }
}

#[cfg(test)]
mod tests {
    use jiff::{Timestamp, tz::TimeZone};

    use super::*;
    use crate::{
        gui::model::known::Wish,
        identity::{Address, Fingerprint},
        transport::Kind,
    };

    fn key(n: u8) -> Fingerprint {
        Fingerprint::from_bytes([n; 32])
    }

    fn pin(n: u8, name: &str) -> Pin {
        Pin {
            fingerprint: key(n),
            names: vec![name.parse().unwrap()],
            addresses: vec![Address::parse("10.0.0.9", 7275).unwrap()],
            first_met: Timestamp::UNIX_EPOCH,
            last_met: Timestamp::UNIX_EPOCH,
            over: None,
        }
    }

    fn room(id: u64, name: &str, claimed: Option<u8>) -> Room {
        let transports = if claimed.is_some() { vec![Kind::Quic, Kind::Tls] } else { vec![Kind::Tcp] };
        let addresses = vec![Address::parse("10.0.0.1", 7275).unwrap()];
        Room { id, name: name.parse().unwrap(), key: claimed.map(key), transports, addresses }
    }

    fn model(pins: &[Pin]) -> Model {
        let mut model = Model::new(&"Ada".parse().unwrap(), key(0));
        model.look_up(pins, Timestamp::UNIX_EPOCH, &TimeZone::UTC);
        model
    }

    fn names(entries: &[Entry]) -> Vec<&str> {
        entries.iter().map(|entry| entry.name.as_str()).collect()
    }

    #[test]
    fn rooms_appear_and_vanish() {
        let mut model = model(&[]);
        let look = model.look_around();
        assert!(!model.around().is_empty());
        model.see(look, vec![room(1, "Kitchen", Some(1)), room(2, "Attic", None)]);
        assert_eq!(names(model.here.entries()), ["Kitchen", "Attic"]);
        assert_eq!(model.here.entries()[0].about, "10.0.0.1:7275 · encrypted · new to you");
        assert_eq!(model.here.entries()[1].tone, Some(Tone::Alarm), "not encrypted");
        assert!(model.around().is_empty());
        model.see(look, vec![room(2, "Attic", None)]);
        assert_eq!(names(model.here.entries()), ["Attic"]);
    }

    #[test]
    fn a_room_that_is_known_and_here_is_listed_once_as_here_now() {
        let mut model = model(&[pin(1, "Kitchen"), pin(2, "Attic")]);
        assert_eq!(names(model.known.entries()), ["Kitchen", "Attic"]);
        let look = model.look_around();
        model.see(look, vec![room(1, "Kitchen", Some(1))]);
        assert_eq!((names(model.here.entries()), names(model.known.entries())), (vec!["Kitchen"], vec!["Attic"]));
        let here = &model.here.entries()[0];
        assert!(here.about.starts_with("Here now") && here.tone.is_none(), "{here:?}");
        model.see(look, vec![]);
        assert_eq!(names(model.known.entries()), ["Kitchen", "Attic"], "it is back among those one has been in");
    }

    #[test]
    fn a_forged_announcement_takes_no_known_room_from_the_list() {
        let mut model = model(&[pin(1, "Kitchen")]);
        let look = model.look_around();
        model.see(look, vec![room(1, "Kitchen", Some(9))]);
        assert_eq!(names(model.known.entries()), ["Kitchen"]);
        assert_eq!(model.here.entries()[0].tone, Some(Tone::Alarm));
        let Ok(Opening::Join(options)) = model.meet(1, &[pin(1, "Kitchen")]) else { panic!() };
        assert_eq!(options.target.fingerprint, Some(key(1)), "the pinned key must answer");
    }

    #[test]
    fn a_new_room_is_met_for_the_first_time_and_never_in_the_clear_by_itself() {
        let mut model = model(&[]);
        let look = model.look_around();
        model.see(look, vec![room(1, "Kitchen", None)]);
        assert_eq!(model.here.press(), Some(Wish::Join(Id::Seen(1))));
        let Ok(Opening::Join(options)) = model.meet(1, &[]) else { panic!() };
        assert_eq!((options.target.fingerprint, options.way), (None, crate::session::Way::Encrypted));
        assert_eq!(options.first_contact, crate::session::Consent::Ask);
        assert!(model.meet(2, &[]).unwrap_err().contains("no longer"));
    }

    #[test]
    fn what_an_earlier_look_has_seen_is_not_shown() {
        let mut model = model(&[]);
        let first = model.look_around();
        model.look_around();
        model.see(first, vec![room(1, "Kitchen", Some(1))]);
        assert!(model.here.entries().is_empty());
    }
}
