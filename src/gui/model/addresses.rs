//! What each address of a host is good for, in words: a person who is to pass one on has to know who can use it.

use super::text;
use crate::{
    identity::{Address, DEFAULT_PORT},
    reach::Reach,
};

/// One address, and what it is good for.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Place {
    /// The address with its port.
    pub(crate) address: String,
    /// From where it can be reached.
    pub(crate) reach: Reach,
}

/// These addresses explained, the likeliest first; those of a kind in the order that they have. Those that are also `outside`
/// are the gateway's.
pub(crate) fn explained(addresses: &[String], outside: &[String]) -> Vec<Place> {
    let explain = |address: &String| {
        let reach = match Address::parse(address, DEFAULT_PORT) {
            Ok(_) if outside.contains(address) => Reach::Outside,
            Ok(parsed) => Reach::of(&parsed.host),
            Err(_) => Reach::Unknown,
        };
        Place { address: text::label(address), reach }
    };
    let mut places: Vec<Place> = addresses.iter().map(explain).collect();
    places.sort_by_key(|place| place.reach);
    places
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_address_is_shown_all_the_same() {
        assert_eq!(explained(&["no address at all".to_owned()], &[])[0].reach, Reach::Unknown);
    }

    #[test]
    fn the_likeliest_comes_first_and_equals_keep_their_order() {
        let given = ["[::1]:1", "[fe80::1%eth0]:1", "8.8.8.8:1", "192.168.1.20:1", "100.64.0.1:1", "10.0.0.1:1"];
        let given = given.map(str::to_owned);
        let places = explained(&given, &[]);
        let sorted: Vec<_> = places.iter().map(|place| place.address.as_str()).collect();
        assert_eq!(
            sorted,
            ["192.168.1.20:1", "10.0.0.1:1", "8.8.8.8:1", "100.64.0.1:1", "[fe80::1%eth0]:1", "[::1]:1"]
        );
        assert!(places.iter().all(|place| !place.reach.words().is_empty()));
        let mapped = explained(&given, &["8.8.8.8:1".to_owned()]);
        assert_eq!((mapped[2].reach, mapped[2].address.as_str()), (Reach::Outside, "8.8.8.8:1"));
    }
}
