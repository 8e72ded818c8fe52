//! Whom to join: addresses, and the key that must answer there if it is known.

use crate::{
    identity::{Address, AddressError, Fingerprint, Host, Invite, InviteError, ParseFingerprintError, Pin, RoomName},
    reach::found::{Claim, PinnedNames, Room},
};

/// Whom to join.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Target {
    /// Where, in the order in which to try; empty only where [`Source::Name`] is still to be looked for.
    pub addresses: Vec<Address>,
    /// The key that must answer. Without it the saved pins are asked, and then the person.
    pub fingerprint: Option<Fingerprint>,
    /// The room that must be there, if a certain one is meant.
    pub room: Option<RoomName>,
    /// Where this comes from.
    pub source: Source,
}

/// Where it comes from whom to join.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub enum Source {
    /// From a person, or from what they have kept.
    #[default]
    Given,
    /// From a person, who may mean a room: one of this name is looked for first, on this network and among the pins. The
    /// addresses are for when there is none: those of a machine of this name, if one can have it.
    Name(RoomName),
    /// From an announcement, which may be anybody's.
    Announced,
}

/// What was typed says not whom to join.
#[derive(Debug, thiserror::Error)]
pub enum TargetError {
    /// The invite is damaged.
    #[error(transparent)]
    Invite(#[from] InviteError),
    /// The address is none.
    #[error(transparent)]
    Address(#[from] AddressError),
    /// The fingerprint is none.
    #[error(transparent)]
    Fingerprint(#[from] ParseFingerprintError),
    /// Two different keys were given.
    #[error("the invite names one key and the fingerprint another; ask the host which of them is theirs")]
    TwoKeys,
}

impl Target {
    /// The host as the person knows it.
    pub(super) fn place(&self) -> String {
        self.addresses.first().map(Address::to_string).unwrap_or_default()
    }

    /// Reads an address, an invite or the name of a room, and a fingerprint if one was pasted beside it.
    ///
    /// # Errors
    ///
    /// The first thing that cannot be read, or an invite and a fingerprint that name different keys.
    pub fn parse(place: &str, fingerprint: Option<&str>, default_port: u16) -> Result<Self, TargetError> {
        let fingerprint = fingerprint.map(str::parse::<Fingerprint>).transpose()?;
        if !Invite::is_in(place) {
            let address = Address::parse(place, default_port);
            return match (address, name(place)) {
                (Ok(address), name) => {
                    let source = name.filter(|_| may_be_a_room(place, &address)).map_or(Source::Given, Source::Name);
                    Ok(Self { addresses: vec![address], fingerprint, room: None, source })
                }
                // Who mistypes an address does not want to hear of rooms.
                (Err(error @ AddressError::V4 { .. }), _) if place.contains('.') => Err(error.into()),
                (Err(_), Some(name)) => {
                    Ok(Self { addresses: Vec::new(), fingerprint, room: None, source: Source::Name(name) })
                }
                (Err(error), None) => Err(error.into()),
            };
        }
        let invite: Invite = place.parse()?;
        let key = invite.fingerprint();
        if fingerprint.is_some_and(|given| given != key) {
            return Err(TargetError::TwoKeys);
        }
        let (addresses, room) = (invite.addresses().to_vec(), Some(invite.room().clone()));
        Ok(Self { addresses, fingerprint: Some(key), room, source: Source::Given })
    }

    /// A room that was announced. The key that must answer is a pinned one or none, whatever the announcement claims.
    pub fn announced(room: &Room, pins: &PinnedNames) -> Self {
        Self {
            addresses: room.addresses.clone(),
            fingerprint: Claim::of(room, pins).expected(),
            // Whoever wants to be in this room does not want to be in another one.
            room: Some(room.name.clone()).filter(|_| !room.is_cut()),
            source: Source::Announced,
        }
    }

    /// A room that one has been in: where it was met last comes first.
    pub fn pinned(pin: &Pin) -> Self {
        let addresses = pin.addresses.iter().rev().cloned().collect();
        Self { addresses, fingerprint: Some(pin.fingerprint), room: None, source: Source::Given }
    }
}

fn name(place: &str) -> Option<RoomName> {
    place.parse().ok()
}

/// Whether what can be read as an address may be the name of a room all the same: a bare word.
fn may_be_a_room(place: &str, address: &Address) -> bool {
    match &address.host {
        Host::Name(name) => name != "localhost" && !place.contains(['.', ':']),
        Host::V4(_) | Host::V6(..) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(place: &str) -> (usize, Option<String>) {
        let target = Target::parse(place, None, 7275).unwrap();
        let name = match target.source {
            Source::Name(name) => Some(name.to_string()),
            _ => None,
        };
        (target.addresses.len(), name)
    }

    #[test]
    fn a_bare_word_may_be_a_room_or_a_machine() {
        for word in ["Kitchen", "nas", "Küche", "my-room"] {
            assert_eq!(source(word), (1, Some(word.to_owned())), "{word}");
        }
    }

    #[test]
    fn what_no_machine_is_called_is_a_room() {
        for name in ["Ana's room", "Room #1", "1984", "St. John's", "AC/DC", "🫖 Tea"] {
            assert_eq!(source(name), (0, Some(name.to_owned())), "{name}");
        }
    }

    #[test]
    fn an_address_is_an_address() {
        for address in ["192.168.1.20", "kitchen:7275", "kitchen.local", "::1", "fe80::1%eth0", "[::1]:1", "localhost"]
        {
            assert_eq!(source(address), (1, None), "{address}");
        }
        for slip in ["192.168.1", "300.1.1.1", "kitchen:", "", "http://kitchen"] {
            assert!(Target::parse(slip, None, 7275).is_err(), "{slip}");
        }
    }

    /// Its name was taken for the beginning of an invite.
    #[test]
    fn a_host_may_be_called_parlor() {
        for place in ["parlor:7275", "my-parlor:7391"] {
            let target = Target::parse(place, None, 1).unwrap();
            assert_eq!(target.addresses[0].to_string(), place);
        }
    }
}
