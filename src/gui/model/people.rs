//! The people in the room, as a list can show them.

use crate::{
    identity::{Fingerprint, Name},
    wire::{HOST, Member, MemberId, Security},
};

use super::text;

/// How many colours people can have; a theme has one for each.
pub(crate) const TINTS: usize = 8;

/// One person.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Person {
    /// Their number.
    pub(crate) id: MemberId,
    /// Their name.
    pub(crate) name: String,
    /// What their round badge shows.
    pub(crate) initial: String,
    /// Their colour.
    pub(crate) tint: usize,
    /// Whether it is oneself.
    pub(crate) you: bool,
    /// Whether what they say and hear can be read on the way.
    pub(crate) unencrypted: bool,
    /// Whether their connection was lost and they may come back.
    pub(crate) away: bool,
}

impl Person {
    pub(crate) fn new(member: &Member, you: bool) -> Self {
        let name = text::label(member.name.as_str());
        Self {
            id: member.id,
            initial: initial(&name),
            tint: tint(&member.name, member.fingerprint.as_ref()),
            you,
            // The host's own place is inside the process: nothing of it travels.
            unencrypted: member.security == Security::Plaintext && member.id != HOST,
            away: member.away,
            name,
        }
    }

    /// What stands below the name, quietly.
    pub(crate) fn role(&self) -> &'static str {
        match (self.id == HOST, self.you) {
            _ if self.away => "reconnecting…",
            (true, true) => "host · you",
            (true, false) => "host",
            (false, true) => "you",
            (false, false) => "",
        }
    }
}

/// The first letter of a name, large.
pub(crate) fn initial(name: &str) -> String {
    name.chars()
        .find(|c| c.is_alphanumeric())
        .or_else(|| name.chars().next())
        .map(|c| c.to_uppercase().collect())
        .unwrap_or_default()
}

/// A colour that stays the same wherever the key goes; without a key, wherever the name does.
pub(crate) fn tint(name: &Name, key: Option<&Fingerprint>) -> usize {
    let hash = |bytes: &[u8]| {
        // FNV-1a: stable across versions, which the standard library's hasher does not promise.
        bytes
            .iter()
            .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3))
    };
    let hash = key.map_or_else(|| hash(name.as_str().as_bytes()), |key| hash(key.as_bytes()));
    ((hash ^ (hash >> 32)) % TINTS as u64) as usize
}

/// More than so many cannot be taken in at a glance.
const FEW: usize = 12;

/// Whether there are so many that one needs a way to find somebody.
pub(crate) fn are_many(members: usize) -> bool {
    members > FEW
}

/// Which of these people to show, by their places in the list: the host first, then as they came; with a filter, those with it
/// in their name, whatever the case.
pub(crate) fn shown(people: &[Person], filter: &str) -> Vec<usize> {
    let filter = filter.trim().to_lowercase();
    let is_wanted = |person: &Person| filter.is_empty() || person.name.to_lowercase().contains(&filter);
    let mut places: Vec<usize> = (0..people.len()).filter(|place| people.get(*place).is_some_and(is_wanted)).collect();
    places.sort_by_key(|place| people.get(*place).is_none_or(|person| person.id != HOST));
    places
}

/// "1 member", "3 members".
pub(crate) fn count(members: usize) -> String {
    if members == 1 { "1 member".to_owned() } else { format!("{members} members") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn person(id: MemberId, name: &str) -> Person {
        let name = name.parse().unwrap();
        Person::new(&Member { id, name, fingerprint: None, security: Security::Pinned, away: false }, false)
    }

    #[test]
    fn the_host_comes_first_and_a_name_is_found_by_any_part_of_it() {
        let people = [person(3, "Zoë"), person(7, "Ada Lovelace"), person(HOST, "Ben"), person(2, "Lada")];
        assert_eq!(shown(&people, ""), [2, 0, 1, 3]);
        assert_eq!(shown(&people, " ADA "), [1, 3]);
        assert_eq!(shown(&people, "zoË"), [0]);
        assert_eq!(shown(&people, "nobody"), [] as [usize; 0]);
        assert!(!are_many(12) && are_many(13));
    }

    #[test]
    fn an_initial_is_a_letter_if_there_is_one() {
        assert_eq!(initial("ada"), "A");
        assert_eq!(initial("*ß"), "SS");
        assert_eq!(initial("👍"), "👍");
        assert_eq!(initial(""), "");
    }

    #[test]
    fn a_colour_belongs_to_the_key_and_not_to_the_name() {
        let key = Fingerprint::from_bytes([7; 32]);
        let (ada, ben) = ("Ada".parse().unwrap(), "Ben".parse().unwrap());
        assert_eq!(tint(&ada, Some(&key)), tint(&ben, Some(&key)));
        let tints: std::collections::HashSet<usize> =
            (0..100).map(|n| tint(&ada, Some(&Fingerprint::from_bytes([n; 32])))).collect();
        assert_eq!(tints.len(), TINTS, "all colours are in use");
    }
}
