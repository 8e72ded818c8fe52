//! Lists of rooms to join: those one has been in, one for each pinned key, the newest met first; and any others that a person
//! chooses from in the same way.

use std::{collections::HashSet, rc::Rc};

use jiff::{Timestamp, tz::TimeZone};

use super::{security::Tone, text};
use crate::identity::{Fingerprint, Pin};

/// One of them.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Entry {
    /// Which one.
    pub(crate) id: Id,
    /// The key that it is pinned under; with it, it can be forgotten.
    pub(crate) key: Option<Fingerprint>,
    /// What the room is called, or was last.
    pub(crate) name: String,
    /// Where, with which key, and when last.
    pub(crate) about: String,
    /// How that is to be taken, if it is more than an explanation.
    pub(crate) tone: Option<Tone>,
}

/// Which room is meant.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub(crate) enum Id {
    /// The one of this pinned key.
    Pinned(Fingerprint),
    /// The one that was seen on the network under this number.
    Seen(u64),
    /// The one at this place of what was asked about.
    Choice(usize),
}

/// What a person wants with one of them.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Wish {
    /// To join it.
    Join(Id),
    /// To be asked about this key anew.
    Forget(Fingerprint),
}

/// All of them.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(crate) struct Known {
    entries: Rc<Vec<Entry>>,
    marked: usize,
    /// Whether it is asked if the marked one is to be forgotten, and if so, whether the answer under the marker is yes.
    asking: Option<bool>,
}

impl Known {
    /// Lists these. The marker, and a question about what it is on, stay with their room if that is still there.
    pub(crate) fn show(&mut self, entries: Vec<Entry>) {
        let before = self.entries.get(self.marked).map(|entry| entry.id);
        let asking = self.asking;
        let place = entries.iter().position(|entry| Some(entry.id) == before);
        self.entries = Rc::new(entries);
        self.mark(place.unwrap_or(self.marked));
        self.asking = asking.filter(|_| place.is_some());
    }

    /// The room with this identity, if it is listed.
    pub(crate) fn place(&self, id: Id) -> Option<usize> {
        self.entries.iter().position(|entry| entry.id == id)
    }

    /// What is listed.
    pub(crate) fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// The row with the marker.
    pub(crate) fn marked(&self) -> usize {
        self.marked
    }

    /// Whether it is asked if the marked one is to be forgotten; if so, whether yes is under the marker.
    pub(crate) fn asking(&self) -> Option<bool> {
        self.asking
    }

    /// Sets the marker on a row, or on the last one. A question that was open is dropped.
    pub(crate) fn mark(&mut self, row: usize) {
        self.marked = row.min(self.entries.len().saturating_sub(1));
        self.asking = None;
    }

    /// Moves the marker by so many rows.
    pub(crate) fn step(&mut self, rows: isize) {
        self.mark(self.marked.saturating_add_signed(rows));
    }

    /// Asks whether the marked one is to be forgotten. What is safe has the marker.
    pub(crate) fn ask(&mut self) {
        self.asking = self.entries.get(self.marked).and_then(|entry| entry.key).map(|_| false);
    }

    /// Moves the marker to the other answer.
    pub(crate) fn turn(&mut self) {
        self.asking = self.asking.map(|yes| !yes);
    }

    /// Answers. The entry goes at once; the pin is for whoever is told the wish.
    pub(crate) fn answer(&mut self, yes: bool) -> Option<Wish> {
        self.asking.take()?;
        let key = self.entries.get(self.marked).filter(|_| yes)?.key?;
        Rc::make_mut(&mut self.entries).retain(|entry| entry.key != Some(key));
        self.mark(self.marked);
        Some(Wish::Forget(key))
    }

    /// Enter: the answer under the marker, or to join the marked one.
    pub(crate) fn press(&mut self) -> Option<Wish> {
        match self.asking {
            Some(yes) => self.answer(yes),
            None => self.entries.get(self.marked).map(|entry| Wish::Join(entry.id)),
        }
    }
}

/// What these pins are as entries, the newest met first.
pub(crate) fn entries(pins: &[Pin], now: Timestamp, zone: &TimeZone) -> Vec<Entry> {
    let mut pins: Vec<&Pin> = pins.iter().collect();
    pins.sort_by_key(|pin| std::cmp::Reverse(pin.last_met));
    let mut listed = HashSet::new();
    let entries = pins.into_iter().filter(|pin| listed.insert(pin.fingerprint));
    entries.map(|pin| Entry::new(pin, now, zone)).collect()
}

impl Entry {
    fn new(pin: &Pin, now: Timestamp, zone: &TimeZone) -> Self {
        let address = pin.addresses.last().map_or("no address any more".to_owned(), ToString::to_string);
        let name = match pin.names.last() {
            Some(name) => name.to_string(),
            None => "A room without a name yet".to_owned(),
        };
        let about = format!("{address} · {}… · {}", pin.fingerprint.short(), when(pin.last_met, now, zone));
        Self {
            id: Id::Pinned(pin.fingerprint),
            key: Some(pin.fingerprint),
            name: text::label(&name),
            about: text::label(&about),
            tone: None,
        }
    }
}

/// When that was, as one would say it.
fn when(then: Timestamp, now: Timestamp, zone: &TimeZone) -> String {
    let (then, now) = (then.to_zoned(zone.clone()), now.to_zoned(zone.clone()));
    let days = now.date().duration_since(then.date()).as_hours() / 24;
    match days {
        // A clock that was set back makes it the future.
        ..0 => "just now".to_owned(),
        0 => format!("today at {}", then.strftime("%H:%M")),
        1 => "yesterday".to_owned(),
        2..7 => format!("{days} days ago"),
        _ if then.year() == now.year() => then.strftime("on %-d %B").to_string(),
        _ => then.strftime("on %-d %B %Y").to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::identity::{Address, DEFAULT_PORT};

    const NOW: &str = "2026-05-04T09:41:00Z";

    fn key(n: u8) -> Fingerprint {
        Fingerprint::from_bytes([n; 32])
    }

    fn at(time: &str) -> Timestamp {
        time.parse().unwrap()
    }

    fn pin(n: u8, name: &str, met: &str) -> Pin {
        Pin {
            fingerprint: key(n),
            names: ["Old name", name].iter().filter_map(|name| name.parse().ok()).collect(),
            addresses: ["10.0.0.1", "192.168.1.20"].map(|text| Address::parse(text, DEFAULT_PORT).unwrap()).to_vec(),
            first_met: at("2025-01-01T00:00:00Z"),
            last_met: at(met),
            over: None,
        }
    }

    fn known() -> Known {
        let mut known = Known::default();
        let pins = [
            pin(1, "Kitchen", "2026-05-03T08:00:00Z"),
            pin(2, "Cellar", "2026-05-04T08:05:00Z"),
            pin(3, "Attic", "2024-12-31T12:00:00Z"),
        ];
        known.show(entries(&pins, at(NOW), &TimeZone::UTC));
        known
    }

    #[test]
    fn the_newest_met_comes_first_with_where_and_when() {
        let known = known();
        let names: Vec<_> = known.entries().iter().map(|entry| entry.name.as_str()).collect();
        assert_eq!(names, ["Cellar", "Kitchen", "Attic"]);
        let about = |row: usize| known.entries()[row].about.as_str();
        assert_eq!(about(0), format!("192.168.1.20:7275 · {}… · today at 08:05", key(2).short()));
        assert!(about(1).ends_with("· yesterday") && about(2).ends_with("· on 31 December 2024"));
    }

    #[test]
    fn a_time_is_said_as_people_say_it() {
        let berlin = TimeZone::fixed(jiff::tz::offset(2));
        for (then, said) in [
            ("2026-05-04T09:40:00Z", "today at 09:40"),
            ("2026-05-04T12:00:00Z", "today at 12:00"),
            ("2026-05-05T00:00:01Z", "just now"),
            ("2026-05-03T23:59:59Z", "yesterday"),
            ("2026-05-02T10:00:00Z", "2 days ago"),
            ("2026-04-28T10:00:00Z", "6 days ago"),
            ("2026-04-27T10:00:00Z", "on 27 April"),
            ("2025-05-04T09:41:00Z", "on 4 May 2025"),
        ] {
            assert_eq!(when(at(then), at(NOW), &TimeZone::UTC), said, "{then}");
        }
        assert_eq!(when(at("2026-05-03T23:59:59Z"), at(NOW), &berlin), "today at 01:59");
    }

    #[test]
    fn the_marker_stays_on_the_list() {
        let mut known = known();
        known.step(-1);
        assert_eq!(known.marked(), 0);
        known.step(9);
        assert_eq!(known.marked(), 2);
        assert_eq!(known.press(), Some(Wish::Join(Id::Pinned(key(3)))));
        known.show(Vec::new());
        assert_eq!((known.marked(), known.press()), (0, None));
    }

    #[test]
    fn one_is_asked_before_a_room_is_forgotten_and_no_is_under_the_marker() {
        let mut known = known();
        known.mark(1);
        known.ask();
        assert_eq!(known.press(), None);
        assert_eq!((known.entries().len(), known.asking()), (3, None));
        known.ask();
        known.turn();
        assert_eq!(known.press(), Some(Wish::Forget(key(1))));
        assert_eq!((known.entries().len(), known.marked(), known.asking()), (2, 1, None));
        known.ask();
        known.step(-1);
        assert_eq!(known.asking(), None, "whoever moves on was not asked about the next one");
        assert_eq!(known.answer(true), None);
    }

    /// Rooms come and go while one looks at the list, and what one is about to press must not become another one.
    #[test]
    fn the_marker_stays_with_its_room_when_others_come_and_go() {
        let mut known = known();
        let all = known.entries().to_vec();
        known.mark(1);
        known.ask();
        known.show(all[1..].to_vec());
        assert_eq!((known.marked(), known.asking()), (0, Some(false)));
        known.show(all.clone());
        assert_eq!((known.marked(), known.asking()), (1, Some(false)));
        known.show(vec![all[0].clone(), all[2].clone()]);
        assert_eq!(known.asking(), None, "what was asked about is gone");
    }

    #[test]
    fn what_is_not_pinned_cannot_be_forgotten() {
        let mut known = Known::default();
        let entry = Entry { id: Id::Seen(1), key: None, name: String::new(), about: String::new(), tone: None };
        known.show(vec![entry]);
        known.ask();
        assert_eq!((known.asking(), known.press()), (None, Some(Wish::Join(Id::Seen(1)))));
    }

    #[test]
    fn nobody_is_asked_about_nothing() {
        let mut known = Known::default();
        known.ask();
        assert_eq!((known.asking(), known.press()), (None, None));
    }
}
