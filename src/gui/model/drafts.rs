//! What was written and not sent, by room, so that it is there again when one comes back.
//!
//! It is kept in a file that a person can read: a line `@ host room` for each room, and below it what was written there, its
//! first line after `> ` and the others after `| `. Rooms, and the bytes of all texts, have a bound: the oldest go.

use crate::identity::Fingerprint;

/// Rooms that are remembered.
const ROOMS: usize = 50;

/// Bytes of the texts of one room: more than may be on its way at once, and some more.
const ROOM_BYTES: usize = 2 * 1024 * 1024;

/// Bytes of all texts.
const BYTES: usize = 4 * 1024 * 1024;

/// Bytes of the file: the texts, what stands before each line of them, and the names of rooms.
pub(crate) const FILE_BYTES: u64 = 3 * BYTES as u64 + 1024 * 1024;

const HEADER: &str = "\
# What was written in parlor and not sent, by room. It is put back into the box when you come into that room again.
";

/// A room: a name at a host.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Place {
    /// The host's key; over plain TCP, where there is none, where the host was.
    host: String,
    room: String,
}

impl Place {
    /// The room of a host with this key, or without one at this address.
    pub(crate) fn new(key: Option<&Fingerprint>, address: &str, room: &str) -> Self {
        let host = key.map_or_else(|| format!("tcp:{address}"), ToString::to_string);
        Self { host: host.split_whitespace().collect(), room: room.to_owned() }
    }
}

/// What is kept of all rooms, the one that changed last at the end.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(crate) struct Drafts(Vec<(Place, Vec<String>)>);

impl Drafts {
    /// The texts of a room.
    pub(crate) fn of(&self, place: &Place) -> &[String] {
        self.0.iter().find(|(known, _)| known == place).map_or(&[], |(_, texts)| texts)
    }

    /// These are the texts of a room now.
    pub(crate) fn set(&mut self, place: &Place, texts: &[String]) {
        self.0.retain(|(known, _)| known != place);
        let mut room = ROOM_BYTES;
        let fits = |text: &&String| {
            let left = room.checked_sub(text.len());
            room = left.unwrap_or(room);
            left.is_some() && !text.trim().is_empty()
        };
        let texts: Vec<_> = texts.iter().filter(fits).cloned().collect();
        if !texts.is_empty() {
            self.0.push((place.clone(), texts));
        }
        let mut bytes: usize = self.0.iter().map(bytes).sum();
        while self.0.len() > ROOMS || bytes > BYTES {
            bytes -= self.0.drain(..1).map(|oldest| self::bytes(&oldest)).sum::<usize>();
        }
    }

    /// These texts of a room were not sent either, and came before what is kept of it.
    pub(crate) fn add(&mut self, place: &Place, texts: &[String]) {
        let all = [texts, self.of(place)].concat();
        self.set(place, &all);
    }

    /// The rooms whose texts are not what they were, with what they are now.
    pub(crate) fn changes(&self, since: &Self) -> Vec<(Place, Vec<String>)> {
        let places = self.0.iter().chain(&since.0).map(|(place, _)| place);
        let mut changes: Vec<(Place, Vec<String>)> = Vec::new();
        for place in places.filter(|place| self.of(place) != since.of(place)) {
            if !changes.iter().any(|(known, _)| known == place) {
                changes.push((place.clone(), self.of(place).to_vec()));
            }
        }
        changes
    }

    /// The file.
    pub(crate) fn to_text(&self) -> String {
        let mut file = HEADER.to_owned();
        for (place, texts) in &self.0 {
            file.push_str(&format!("\n@ {} {}\n", place.host, place.room));
            for text in texts {
                let mut before = "> ";
                for line in text.split('\n') {
                    file.push_str(&format!("{before}{line}\n"));
                    before = "| ";
                }
            }
        }
        file
    }

    /// The other way round; none if it is not such a file.
    pub(crate) fn read(file: &str) -> Option<Self> {
        let mut found: Vec<(Place, Vec<String>)> = Vec::new();
        for line in file.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
            let (kind, rest) = line.split_once(' ')?;
            let rest: String = rest.chars().filter(|c| !c.is_control() || *c == '\t').collect();
            match kind {
                "@" => {
                    let (host, room) = rest.split_once(' ')?;
                    found.push((Place { host: host.to_owned(), room: room.to_owned() }, Vec::new()));
                }
                ">" => found.last_mut()?.1.push(rest),
                "|" => {
                    let text = found.last_mut()?.1.last_mut()?;
                    text.push('\n');
                    text.push_str(&rest);
                }
                _ => return None,
            }
        }
        let mut drafts = Self::default();
        found.iter().for_each(|(place, texts)| drafts.set(place, texts));
        Some(drafts)
    }
}

fn bytes((_, texts): &(Place, Vec<String>)) -> usize {
    texts.iter().map(String::len).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(n: usize) -> Place {
        Place::new(None, "192.168.1.20:7275", &format!("Room {n}"))
    }

    fn texts(texts: &[&str]) -> Vec<String> {
        texts.iter().map(|text| (*text).to_owned()).collect()
    }

    #[test]
    fn what_is_kept_can_be_read_again() {
        let mut drafts = Drafts::default();
        drafts.set(&place(1), &texts(&["one\n\n  two\tthree\n", "> | @ #", "é 👍"]));
        drafts.set(&Place::new(Some(&Fingerprint::from_bytes([3; 32])), "", "Küche 1"), &texts(&["x"]));
        assert_eq!(Drafts::read(&drafts.to_text()), Some(drafts.clone()));
        assert_eq!(Drafts::read(""), Some(Drafts::default()));
        assert!(
            drafts.to_text().contains("\n@ tcp:192.168.1.20:7275 Room 1\n> one\n| \n|   two\tthree\n| \n> > | @ #\n")
        );
    }

    #[test]
    fn what_is_no_such_file_is_told_from_one() {
        for damaged in ["nonsense", "> without a room", "@ host", "@ host room\n| goes on with nothing", "\0"] {
            assert_eq!(Drafts::read(damaged), None, "{damaged:?}");
        }
        let hostile = Drafts::read("@ host room\n> a\0b\x1b[31m\u{9b}").unwrap();
        assert!(!hostile.to_text().contains(['\0', '\x1b', '\u{9b}']));
    }

    #[test]
    fn what_is_empty_is_forgotten() {
        let mut drafts = Drafts::default();
        drafts.set(&place(1), &texts(&["one"]));
        drafts.set(&place(1), &texts(&["", " \n"]));
        assert_eq!(drafts, Drafts::default());
    }

    #[test]
    fn what_was_not_sent_comes_before_what_was_being_written() {
        let mut drafts = Drafts::default();
        drafts.set(&place(1), &texts(&["half a th"]));
        drafts.add(&place(1), &texts(&["said", "into the wind"]));
        assert_eq!(drafts.of(&place(1)), ["said", "into the wind", "half a th"]);
    }

    #[test]
    fn changes_are_found_room_by_room() {
        let mut before = Drafts::default();
        (0..3).for_each(|n| before.set(&place(n), &texts(&["x"])));
        let mut after = before.clone();
        after.set(&place(0), &[]);
        after.set(&place(1), &texts(&["y"]));
        after.set(&place(3), &texts(&["z"]));
        let changes = after.changes(&before);
        assert_eq!(changes.len(), 3);
        changes.iter().for_each(|(place, texts)| before.set(place, texts));
        assert_eq!(after.changes(&before), []);
    }

    #[test]
    fn the_oldest_rooms_go() {
        let mut drafts = Drafts::default();
        (0..=ROOMS).for_each(|n| drafts.set(&place(n), &texts(&["x"])));
        assert_eq!(drafts.0.len(), ROOMS);
        assert!(drafts.of(&place(0)).is_empty());
        let long = "x".repeat(ROOM_BYTES - 1);
        (0..4).for_each(|n| drafts.set(&place(n), &texts(&[&long, "xx", "y"])));
        assert_eq!(drafts.of(&place(3)), [long.as_str(), "y"]);
        assert!(drafts.0.iter().map(bytes).sum::<usize>() <= BYTES);
        let lines = "\n".repeat(ROOM_BYTES);
        (0..2).for_each(|n| drafts.set(&place(n), &[format!("x{}", &lines[2..])]));
        assert!(drafts.to_text().len() as u64 <= FILE_BYTES);
    }
}
