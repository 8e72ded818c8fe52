//! The rooms that are there, as many as there is place for.
//!
//! A host announces each of its services; those that tell of the same room of the same machine are one room. There is place
//! for so many announcements and no more, whoever makes them: when all are taken, a new one gets the place of one that says
//! nothing of a room that one knows, if it does so itself, and otherwise none. So a flood of them hides rooms that one does
//! not know, and costs no memory.

use super::{
    Room,
    record::{Heard, ranked},
};

/// Announcements that are kept; a room has one or two.
pub const PLACES: usize = 128;
/// Announcements that are kept of those that claim the same key; of more, the oldest goes. Whoever claims a key that others
/// know cannot take all the places.
pub const PLACES_OF_A_KEY: usize = 8;

/// The rooms that are there.
#[derive(Debug, Default)]
pub struct Seen {
    /// In the order in which they came.
    services: Vec<Service>,
    next: u64,
}

#[derive(Debug)]
struct Service {
    instance: String,
    host: String,
    room: Room,
    /// Whether one knows it.
    is_known: bool,
}

impl Seen {
    /// A service was heard, or heard anew. `is_known` is whether one knows a room by its name or its key, which costs most of what
    /// there is to do: it is asked once at most. Tells whether the rooms have changed.
    pub fn hear(&mut self, heard: Heard, is_known: impl Fn(&Room) -> bool) -> bool {
        let mut known = self.services.iter().position(|service| service.instance == heard.instance);
        let Some(mut room) = heard.room(self.next) else {
            // It was a room, and is none any more.
            return known.map(|index| self.services.remove(index)).is_some();
        };
        // With another key it is another one, for which there has to be a place.
        let is_other = |index: &usize| self.services.get(*index).is_some_and(|service| service.room.key != room.key);
        if let Some(other) = known.take_if(|index| is_other(index)) {
            self.services.remove(other);
        }
        let (instance, host) = (heard.instance, heard.host);
        if let Some(service) = known.and_then(|index| self.services.get_mut(index)) {
            room.id = service.room.id;
            let changed = service.room != room || service.host != host;
            if service.room != room {
                service.is_known = is_known(&room);
            }
            (service.room, service.host) = (room, host);
            return changed;
        }
        let of_the_key = |service: &Service| room.key.is_some() && service.room.key == room.key;
        if self.services.iter().filter(|service| of_the_key(service)).count() >= PLACES_OF_A_KEY {
            self.services.iter().position(of_the_key).map(|oldest| self.services.remove(oldest));
        }
        let is_known = is_known(&room);
        if self.services.len() >= PLACES {
            let stranger = self.services.iter().rposition(|service| !service.is_known);
            match stranger.filter(|_| is_known) {
                Some(stranger) => drop(self.services.remove(stranger)),
                None => return false,
            }
        }
        self.next += 1;
        self.services.push(Service { instance, host, room, is_known });
        true
    }

    /// A service is gone. Tells whether the rooms have changed.
    pub fn lose(&mut self, instance: &str) -> bool {
        let before = self.services.len();
        self.services.retain(|service| service.instance != instance);
        self.services.len() != before
    }

    /// All are gone.
    pub fn clear(&mut self) {
        self.services.clear();
    }

    /// The rooms, in the order in which they came.
    pub fn rooms(&self) -> Vec<Room> {
        let mut rooms: Vec<(&str, Room)> = Vec::new();
        for Service { host, room, .. } in &self.services {
            let is_same = |(machine, other): &&mut (&str, Room)| {
                let port = |room: &Room| room.addresses.first().map(|address| address.port);
                *machine == host && other.name == room.name && other.key == room.key && port(other) == port(room)
            };
            match rooms.iter_mut().find(is_same) {
                Some((_, other)) => {
                    let addresses = std::mem::take(&mut other.addresses);
                    other.addresses = ranked(addresses.into_iter().chain(room.addresses.iter().cloned()));
                    let new: Vec<_> =
                        room.transports.iter().filter(|kind| !other.transports.contains(kind)).copied().collect();
                    other.transports.extend(new);
                    other.transports.sort();
                }
                None => rooms.push((host, room.clone())),
            }
        }
        rooms.into_iter().map(|(_, room)| room).collect()
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;
    use crate::identity::Fingerprint;

    fn key(n: u8) -> String {
        Fingerprint::from_bytes([n; 32]).base32().replace('-', "")
    }

    fn heard(instance: &str, room: &str, claimed: u8) -> Heard {
        Heard {
            instance: instance.to_owned(),
            host: "a.local.".to_owned(),
            port: 7275,
            addresses: vec!["10.0.0.1".to_owned()],
            version: Some("1".to_owned()),
            room: Some(room.to_owned()),
            key: Some(key(claimed)),
            via: Some("quic,tls".to_owned()),
        }
    }

    fn names(seen: &Seen) -> Vec<String> {
        seen.rooms().iter().map(|room| room.name.to_string()).collect()
    }

    fn nobody(_: &Room) -> bool {
        false
    }

    #[test]
    fn the_services_of_one_room_are_one_room() {
        let mut seen = Seen::default();
        assert!(seen.hear(heard("K._parlor._udp.local.", "Kitchen", 1), nobody));
        let tcp = Heard { addresses: vec!["fd00::1".to_owned()], ..heard("K._parlor._tcp.local.", "Kitchen", 1) };
        assert!(seen.hear(tcp, nobody));
        let rooms = seen.rooms();
        assert_eq!(rooms.len(), 1, "{rooms:?}");
        let addresses: Vec<_> = rooms[0].addresses.iter().map(ToString::to_string).collect();
        assert_eq!(addresses, ["10.0.0.1:7275", "[fd00::1]:7275"]);
        // It is gone when the last of them is.
        assert!(seen.lose("K._parlor._udp.local."));
        assert_eq!(names(&seen), ["Kitchen"]);
        assert!(seen.lose("K._parlor._tcp.local.") && !seen.lose("K._parlor._tcp.local."));
        assert!(seen.rooms().is_empty());
    }

    #[test]
    fn rooms_of_one_name_that_differ_in_anything_else_are_several() {
        let mut seen = Seen::default();
        seen.hear(heard("1", "Kitchen", 1), nobody);
        seen.hear(heard("2", "Kitchen", 2), nobody);
        seen.hear(Heard { port: 1, ..heard("3", "Kitchen", 1) }, nobody);
        seen.hear(Heard { host: "b.local.".to_owned(), ..heard("4", "Kitchen", 1) }, nobody);
        assert_eq!(names(&seen).len(), 4);
    }

    #[test]
    fn a_room_keeps_its_number_and_its_place_when_it_is_heard_anew() {
        let mut seen = Seen::default();
        seen.hear(heard("1", "Kitchen", 1), nobody);
        seen.hear(heard("2", "Attic", 2), nobody);
        let before: Vec<_> = seen.rooms().iter().map(|room| room.id).collect();
        assert!(!seen.hear(heard("1", "Kitchen", 1), nobody), "nothing is new");
        assert!(seen.hear(heard("1", "Cellar", 1), nobody));
        assert_eq!(seen.rooms().iter().map(|room| room.id).collect::<Vec<_>>(), before);
        assert_eq!(names(&seen), ["Cellar", "Attic"]);
        assert!(seen.hear(Heard { port: 0, ..heard("1", "Cellar", 1) }, nobody), "no room any more");
        assert_eq!(names(&seen), ["Attic"]);
    }

    #[test]
    fn a_flood_takes_no_more_than_the_places_there_are_and_none_from_a_known_room() {
        let mut seen = Seen::default();
        let kitchen = |room: &Room| room.name.as_str() == "Kitchen";
        seen.hear(heard("first", "Kitchen", 1), kitchen);
        for n in 0..10 * PLACES {
            let forged = Heard { key: None, via: Some("tcp".to_owned()), ..heard(&n.to_string(), &format!("R{n}"), 0) };
            seen.hear(forged, kitchen);
        }
        assert_eq!(seen.rooms().len(), PLACES);
        assert!(!seen.hear(heard("late", "Attic", 3), kitchen), "who comes too late is not seen");
        assert!(seen.hear(heard("later", "Kitchen", 2), kitchen), "unless one knows them");
        assert_eq!((seen.rooms().len(), names(&seen)[0].as_str()), (PLACES, "Kitchen"));
        assert_eq!(names(&seen).iter().filter(|name| *name == "Kitchen").count(), 2);
    }

    /// Of all that were there, too, while all places were taken.
    #[test]
    fn whether_a_room_is_known_is_asked_once_for_each_that_is_heard() {
        let (mut seen, asked) = (Seen::default(), Cell::new(0));
        let count = |_: &Room| {
            asked.set(asked.get() + 1);
            false
        };
        for n in 0..2 * PLACES {
            let forged = Heard { key: None, via: Some("tcp".to_owned()), ..heard(&n.to_string(), &format!("R{n}"), 0) };
            seen.hear(forged, count);
        }
        assert_eq!(asked.get(), 2 * PLACES);
    }

    #[test]
    fn whoever_claims_one_key_has_few_places() {
        let mut seen = Seen::default();
        for n in 0..10 * PLACES {
            seen.hear(heard(&n.to_string(), &format!("R{n}"), 1), |_| true);
        }
        assert_eq!(seen.rooms().len(), PLACES_OF_A_KEY);
    }
}
