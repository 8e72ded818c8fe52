//! Another key answers than the one that is expected: the full stop, and the one way past it.
//!
//! Only a key that this installation has pinned can be replaced, and only by somebody who shows that it is no slip of the
//! hand: by pasting the new fingerprint, which the host has to have told them, or by writing out the room's name. The name does
//! not do where the way there came from an announcement, which anybody on the network can make under it.

use super::{security, start::Verdict, text};
use crate::identity::{Fingerprint, Pin, RoomName};

/// A key that is not the expected one.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Changed {
    /// The key that should have answered.
    pub(crate) expected: Fingerprint,
    /// The key that did.
    pub(crate) found: Fingerprint,
    /// The names of the rooms under which the expected key is pinned, the newest last; none if it is not pinned.
    pinned: Option<Vec<RoomName>>,
    /// Whether the way there may have come from an announcement.
    announced: bool,
    /// Whether one has looked at how the key could be replaced.
    pub(crate) unfolded: bool,
    /// What was pasted as the host's new fingerprint.
    pub(crate) pasted: String,
    /// What was typed as the room's name.
    pub(crate) typed: String,
    /// Why the key was not replaced, when one tried.
    pub(crate) complaint: String,
}

impl Changed {
    /// As it is first seen; [`Changed::look_up`] tells whether the expected key is pinned.
    pub(crate) fn new((expected, found): (Fingerprint, Fingerprint), announced: bool) -> Self {
        Self {
            expected,
            found,
            pinned: None,
            announced,
            unfolded: false,
            pasted: String::new(),
            typed: String::new(),
            complaint: String::new(),
        }
    }

    /// Learns from the pins whether the expected key is one of them.
    pub(crate) fn look_up(&mut self, pins: &[Pin]) {
        let pin = pins.iter().find(|pin| pin.fingerprint == self.expected);
        self.pinned = pin.map(|pin| pin.names.clone());
    }

    /// Whether the expected key is pinned, and hence could be replaced.
    pub(crate) fn is_pinned(&self) -> bool {
        self.pinned.is_some()
    }

    fn room(&self) -> Option<&RoomName> {
        self.pinned.as_ref()?.last()
    }

    /// What happened, and what it may mean.
    pub(crate) fn words(&self, place: &str) -> String {
        let place = if place.is_empty() { "The host" } else { place };
        match (&self.pinned, self.room()) {
            (None, _) => format!(
                "{place} answers, but not with the key that your invite or fingerprint names. Either that is old, and the host \
                 has been set up anew since; or somebody is in between and pretends to be your host. Nothing was sent. Ask the \
                 host, in person or by phone, for a new invite."
            ),
            (Some(_), name) if self.announced => {
                let what =
                    name.map_or("a host of yours".to_owned(), |name| format!("“{}”", text::label(name.as_str())));
                format!(
                    "{place} answers, but not with the key by which you know {what}. Anybody on this network can announce a \
                     room under any name, and somebody may have. Nothing was sent. Join with an invite, or by an address that \
                     you have from the host; if they say that they have a new key, ask them for the new fingerprint."
                )
            }
            (Some(_), name) => {
                let what = name.map_or("this host".to_owned(), |name| format!("“{}”", text::label(name.as_str())));
                format!(
                    "{place} answers, but not with the key by which you know {what}. Either the host was set up anew, on \
                     another computer or without its old files; or somebody is in between and pretends to be your host. Nothing \
                     was sent. Do not go on before you have asked the host, in person or by phone: have you got a new key?"
                )
            }
        }
    }

    /// The names that may be typed, the newest first, for the words above the box.
    pub(crate) fn name(&self) -> Option<String> {
        self.room().filter(|_| !self.announced).map(|name| text::label(name.as_str()))
    }

    /// What there is to say about the pasted fingerprint.
    pub(crate) fn verdict(&self) -> Verdict {
        security::compared(
            &self.pasted,
            Some(self.found),
            "The same: this is the key that answers there.",
            "Another key than the one that answers there! Somebody is in between: do not join from this network.",
        )
    }

    /// Whether the key may be replaced: what was pasted fits, or nothing was and the room's name was typed.
    pub(crate) fn may_replace(&self) -> bool {
        match self.verdict() {
            Verdict::Good(_) => self.is_pinned(),
            Verdict::Bad(_) => false,
            Verdict::None => self.is_name_typed(),
        }
    }

    fn is_name_typed(&self) -> bool {
        let Ok(typed) = self.typed.trim().parse::<RoomName>() else { return false };
        !self.announced && self.pinned.iter().flatten().any(|name| name.folded() == typed.folded())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(n: u8) -> Fingerprint {
        Fingerprint::from_bytes([n; 32])
    }

    fn pin(n: u8, names: &[&str]) -> Pin {
        Pin {
            fingerprint: key(n),
            names: names.iter().map(|name| name.parse().unwrap()).collect(),
            addresses: vec![],
            first_met: jiff::Timestamp::UNIX_EPOCH,
            last_met: jiff::Timestamp::UNIX_EPOCH,
            over: None,
        }
    }

    fn changed() -> Changed {
        let mut changed = Changed::new((key(1), key(2)), false);
        changed.look_up(&[pin(7, &["Cellar"]), pin(1, &["Hall", "Ana's Kitchen"])]);
        changed
    }

    #[test]
    fn a_pinned_key_is_not_replaced_by_habit() {
        let changed = changed();
        assert!(changed.is_pinned() && !changed.unfolded && !changed.may_replace());
        assert!(changed.words("192.168.1.20:7275").contains("“Ana's Kitchen”"));
    }

    #[test]
    fn the_new_fingerprint_in_any_form_replaces_it() {
        for form in [key(2).to_string(), key(2).sha256_base64(), key(2).hex(), format!(" {} ", key(2))] {
            let changed = Changed { pasted: form.clone(), ..changed() };
            assert!(changed.may_replace(), "{form}");
        }
    }

    #[test]
    fn the_rooms_name_replaces_it_whatever_its_case() {
        for (typed, may) in
            [("ana's kitchen", true), (" Hall ", true), ("Ana's Kitche", false), ("Cellar", false), ("", false)]
        {
            assert_eq!(Changed { typed: typed.to_owned(), ..changed() }.may_replace(), may, "{typed}");
        }
    }

    /// Else whoever announces a room under its name would be one slip away from being it.
    #[test]
    fn no_name_replaces_the_key_of_a_room_that_was_announced() {
        let mut changed = Changed { announced: true, ..changed() };
        changed.typed = "Ana's Kitchen".to_owned();
        assert!(!changed.may_replace() && changed.name().is_none());
        assert!(changed.words("192.168.1.66:7275").contains("can announce"));
        changed.pasted = key(2).to_string();
        assert!(changed.may_replace());
    }

    #[test]
    fn a_wrong_fingerprint_is_said_to_be_wrong_and_no_name_overrules_it() {
        for wrong in [key(1).to_string(), key(9).hex(), "ABC".to_owned()] {
            let changed = Changed { pasted: wrong, typed: "Hall".to_owned(), ..changed() };
            assert!(matches!(changed.verdict(), Verdict::Bad(_)));
            assert!(!changed.may_replace());
        }
    }

    #[test]
    fn a_key_from_an_invite_cannot_be_replaced() {
        let mut changed = Changed { pasted: key(2).to_string(), typed: "Cellar".to_owned(), ..changed() };
        changed.look_up(&[pin(7, &["Cellar"])]);
        assert!(!changed.is_pinned() && !changed.may_replace());
        assert!(changed.words("").contains("new invite"));
        changed.pasted.clear();
        assert!(!changed.may_replace());
    }

    #[test]
    fn a_pin_without_a_name_asks_for_the_fingerprint() {
        let mut changed = Changed { typed: "x".to_owned(), ..changed() };
        changed.look_up(&[pin(1, &[])]);
        assert!(changed.is_pinned() && changed.name().is_none() && !changed.may_replace());
        changed.pasted = key(2).to_string();
        assert!(changed.may_replace());
    }
}
