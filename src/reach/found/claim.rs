//! What the pins have to say about an announcement: which key must answer where it leads.
//!
//! An announcement is forged as easily as it is made, so what it claims never becomes what is expected. If one knows the
//! room by its name or by its key, what is expected is the pinned key; if one knows neither, nothing is, and the join is a
//! first contact like any other.

use std::{
    cmp::Reverse,
    collections::{BTreeSet, HashMap},
};

use super::{Room, record::announced};
use crate::identity::{Fingerprint, Pin};

/// How an announcement stands to the pins.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Claim {
    /// Neither its name nor its key is known. Joining it is a first contact.
    New,
    /// It claims a key that is pinned. Joining it, that key must answer.
    Known(Fingerprint),
    /// Its name, or one that looks like it, is that of a room that one knows, and the key that it claims is another one, or
    /// none. Joining it, the pinned key must answer; as things look, it will not.
    Contradicts(Fingerprint),
}

/// The pins, as announcements are compared with them. What names look like takes longer to find out than all else that is done
/// about an announcement, and anybody can make many: so it is found out once.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct PinnedNames {
    /// The newest met first.
    keys: Vec<Fingerprint>,
    /// By what a name looks like: the places, in that list, of those with a name that does.
    alike: HashMap<String, BTreeSet<usize>>,
}

impl PinnedNames {
    /// Of these pins, of which there are as many as their file has place for.
    pub fn of(pins: &[Pin]) -> Self {
        let mut pins: Vec<&Pin> = pins.iter().collect();
        pins.sort_by_key(|pin| Reverse(pin.last_met));
        let mut alike: HashMap<_, BTreeSet<_>> = HashMap::new();
        for (place, pin) in pins.iter().enumerate() {
            for likeness in pin.names.iter().flat_map(|name| announced(name).likenesses()) {
                alike.entry(likeness).or_default().insert(place);
            }
        }
        Self { keys: pins.into_iter().map(|pin| pin.fingerprint).collect(), alike }
    }
}

impl Claim {
    /// What these pins say of this room.
    pub fn of(room: &Room, pins: &PinnedNames) -> Self {
        let likenesses = room.name.likenesses();
        let alike = likenesses.iter().filter_map(|likeness| pins.alike.get(likeness)).flatten();
        let namesakes: BTreeSet<usize> = alike.copied().collect();
        let key_at = |place: usize| pins.keys.get(place).copied();
        let is_claimed = |place: &usize| key_at(*place) == room.key;
        let namesake = namesakes.iter().find(|place| is_claimed(place)).or(namesakes.first()).copied();
        match (namesake.and_then(key_at), room.key) {
            (Some(namesake), claimed) if claimed == Some(namesake) => Self::Known(namesake),
            // Also when the claimed key is pinned under other names: whoever has it is not who is meant here.
            (Some(namesake), _) => Self::Contradicts(namesake),
            (None, Some(claimed)) if pins.keys.contains(&claimed) => Self::Known(claimed),
            (None, _) => Self::New,
        }
    }

    /// The key that must answer, if one is known.
    pub fn expected(&self) -> Option<Fingerprint> {
        match self {
            Self::New => None,
            Self::Known(key) | Self::Contradicts(key) => Some(*key),
        }
    }

    /// What a person is told of it, to stand after what else there is to say of a room. It is nothing but a claim until one has
    /// joined.
    pub fn words(&self) -> &'static str {
        match self {
            Self::New => "new to you",
            Self::Known(_) => "says it is one you know; checked when you join",
            Self::Contradicts(_) => "NOT THE KEY you know under this name",
        }
    }

    /// The name in the `--json` interface.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Known(_) => "known",
            Self::Contradicts(_) => "contradicts",
        }
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;
    use crate::{identity::Address, transport::Kind};

    fn key(n: u8) -> Fingerprint {
        Fingerprint::from_bytes([n; 32])
    }

    fn pin(n: u8, names: &[&str], met: i64) -> Pin {
        let met = Timestamp::from_second(met).unwrap();
        let names = names.iter().map(|name| name.parse().unwrap()).collect();
        Pin { fingerprint: key(n), names, addresses: Vec::new(), first_met: met, last_met: met, over: None }
    }

    fn room(name: &str, claimed: Option<u8>) -> Room {
        let transports = vec![if claimed.is_some() { Kind::Quic } else { Kind::Tcp }];
        let addresses = vec![Address::parse("10.0.0.1", 1).unwrap()];
        Room { id: 0, name: name.parse().unwrap(), key: claimed.map(key), transports, addresses }
    }

    #[test]
    fn the_expected_key_is_a_pinned_one_or_none_whatever_is_claimed() {
        let pins = [pin(1, &["Old", "Kitchen"], 10), pin(2, &["Attic"], 20), pin(3, &["Kitchen"], 5)];
        for (announced, expected) in [
            (room("Kitchen", Some(1)), Claim::Known(key(1))),
            (room("Kitchen", Some(3)), Claim::Known(key(3))),
            (room("kitchen", Some(9)), Claim::Contradicts(key(1))),
            (room("Kitchen", None), Claim::Contradicts(key(1))),
            (room("Old", Some(9)), Claim::Contradicts(key(1))),
            // In Cyrillic letters.
            (room("Аttiс", Some(9)), Claim::Contradicts(key(2))),
            // Whoever is trusted as one is not trusted as another.
            (room("Kitchen", Some(2)), Claim::Contradicts(key(1))),
            (room("Under a new name", Some(2)), Claim::Known(key(2))),
            (room("Cellar", Some(9)), Claim::New),
            (room("Cellar", None), Claim::New),
        ] {
            let claim = Claim::of(&announced, &PinnedNames::of(&pins));
            assert_eq!(claim, expected, "{announced:?}");
            assert!(claim.expected().is_none_or(|key| pins.iter().any(|pin| pin.fingerprint == key)));
        }
    }

    /// What was known by a whole name was new to who heard of it by a cut one.
    #[test]
    fn a_name_that_is_announced_cut_is_known_by_the_whole_one() {
        let whole = "𝔸".repeat(64);
        let cut = announced(&whole.parse().unwrap());
        assert!(cut.as_str().len() < whole.len());
        let claim = Claim::of(&room(cut.as_str(), Some(9)), &PinnedNames::of(&[pin(1, &[&whole], 10)]));
        assert_eq!(claim, Claim::Contradicts(key(1)));
    }

    #[test]
    fn without_pins_all_is_new() {
        assert_eq!(Claim::of(&room("Kitchen", Some(1)), &PinnedNames::default()), Claim::New);
    }
}
