//! From a room's name to whom to join.
//!
//! A room of that name is looked for on the network, then among the pins; and where there is none, and a machine can have
//! the name, that is what was meant. What the network says is a hint: the key that must answer is a given or a pinned one,
//! or none, and then it is asked about as on any first contact.

use std::sync::Arc;

use super::{
    Consent, Options, Source, Target, advice,
    run::{End, TOO_EARLY, unless_left},
};
use crate::{
    conversation::{Backstage, Choice, Closed, Command, Event, Question, State},
    identity::{Fingerprint, Pin, Pins, RoomName},
    reach::found::{Browser, Claim, PinnedNames, Room},
};

/// What a name has led to.
#[derive(Clone, Debug, Eq, PartialEq)]
enum Found {
    /// Nothing.
    Nothing,
    /// Just this.
    One(Target),
    /// Any of these.
    Several(Vec<(Choice, Target)>),
}

/// The options with a target that has addresses: what was given, or what the name that was given has led to.
///
/// # Errors
///
/// When there is no such room, when nobody says which of several is meant, and when one leaves.
pub(super) async fn find(options: Options, pins: &Pins, backstage: &mut Backstage) -> Result<Options, End> {
    let Source::Name(name) = options.target.source.clone() else { return Ok(options) };
    // A machine that one has met under this very name is that machine.
    if pins.find_by_address(&options.target.addresses)?.is_some() {
        return Ok(options);
    }
    let detail = format!("Looking for a room called “{name}” on this network.");
    let _ = backstage.events.send(Event::State { state: State::Dialling, detail }).await;
    let pins = pins.load()?.0;
    let names = Arc::new(PinnedNames::of(&pins));
    let given = options.target.fingerprint;
    let rooms = match options.proxy {
        // Who goes through a proxy does not mean this network, and does not want to be heard on it.
        Some(_) => Vec::new(),
        None => {
            let mut browser = Browser::start(names.clone());
            let looked = browser.look(|rooms| sure(&name, rooms, given, &names).is_some());
            unless_left(looked, backstage).await?
        }
    };
    let target = match sort_out(&name, &rooms, given, &pins, &names) {
        Found::One(target) => target,
        Found::Several(found) => which(&name, found, options.first_contact, backstage).await?,
        Found::Nothing if options.target.addresses.is_empty() => return Err(advice::no_such_room(&name).into()),
        Found::Nothing => return Ok(options),
    };
    let room = options.target.room.clone().or(target.room.clone());
    let fingerprint = given.or(target.fingerprint);
    Ok(Options { target: Target { room, fingerprint, ..target }, ..options })
}

/// The room of this name that claims the key that is expected. It is the one that is meant, whoever else has the name.
fn sure<'a>(name: &RoomName, rooms: &'a [Room], given: Option<Fingerprint>, pins: &PinnedNames) -> Option<&'a Room> {
    let is_expected = |room: &&Room| match given {
        Some(key) => room.key == Some(key),
        None => matches!(Claim::of(room, pins), Claim::Known(_)),
    };
    let mut sure = rooms.iter().filter(|room| room.is_called(name)).filter(is_expected);
    // Of two, one cannot be sure.
    sure.next().filter(|_| sure.next().is_none())
}

fn sort_out(name: &RoomName, rooms: &[Room], given: Option<Fingerprint>, pins: &[Pin], names: &PinnedNames) -> Found {
    if let Some(room) = sure(name, rooms, given, names) {
        return Found::One(Target::announced(room, names));
    }
    let announced = rooms.iter().filter(|room| room.is_called(name)).map(|room| {
        let about = format!(
            "{}, {}, {}",
            listed(room.addresses.iter().take(1)),
            room.protection(),
            Claim::of(room, names).words()
        );
        (Choice { name: room.name.clone(), about }, Target::announced(room, names))
    });
    let mut found: Vec<_> = announced.collect();
    if found.is_empty() {
        let folded = name.folded();
        let is_called = |pin: &&Pin| pin.names.iter().any(|name| name.folded() == folded);
        let known = pins.iter().filter(is_called).filter(|pin| !pin.addresses.is_empty());
        found.extend(known.map(|pin| {
            let about = format!("{}, not announced now", listed(pin.addresses.iter().rev().take(1)));
            (Choice { name: name.clone(), about }, Target { room: Some(name.clone()), ..Target::pinned(pin) })
        }));
    }
    match (found.pop(), found.is_empty()) {
        (None, _) => Found::Nothing,
        (Some((_, target)), true) => Found::One(target),
        (Some(last), false) => {
            found.push(last);
            Found::Several(found)
        }
    }
}

fn listed<T: ToString>(addresses: impl Iterator<Item = T>) -> String {
    addresses.map(|address| address.to_string()).collect::<Vec<_>>().join(" ")
}

/// Asks which one is meant.
async fn which(
    name: &RoomName,
    found: Vec<(Choice, Target)>,
    consent: Consent,
    backstage: &mut Backstage,
) -> Result<Target, End> {
    let choices: Vec<_> = found.iter().map(|(choice, _)| choice.clone()).collect();
    if consent != Consent::Ask {
        return Err(advice::several_rooms(name, &choices).into());
    }
    let question = Question::Which { name: name.clone(), choices: choices.clone() };
    let _ = backstage.events.send(Event::Asked(question)).await;
    loop {
        match backstage.command(true).await {
            Some(Command::Finish) | None => return Err(End::Closed(Closed::Left)),
            Some(Command::Choose(chosen)) => {
                let chosen = chosen.and_then(|place| found.into_iter().nth(place));
                return chosen.map(|(_, target)| target).ok_or_else(|| advice::several_rooms(name, &choices).into());
            }
            Some(Command::Answer(_)) => {}
            Some(Command::Say { text, tag }) => backstage.unsent(text, tag, TOO_EARLY).await,
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

    fn at(text: &str) -> Address {
        Address::parse(text, 7275).unwrap()
    }

    fn kitchen() -> RoomName {
        "Kitchen".parse().unwrap()
    }

    fn room(name: &str, claimed: Option<u8>, address: &str) -> Room {
        let transports = if claimed.is_some() { vec![Kind::Quic, Kind::Tls] } else { vec![Kind::Tcp] };
        Room { id: 0, name: name.parse().unwrap(), key: claimed.map(key), transports, addresses: vec![at(address)] }
    }

    fn pin(n: u8, name: &str, addresses: &[&str]) -> Pin {
        Pin {
            fingerprint: key(n),
            names: vec![name.parse().unwrap()],
            addresses: addresses.iter().map(|text| at(text)).collect(),
            first_met: Timestamp::UNIX_EPOCH,
            last_met: Timestamp::UNIX_EPOCH,
            over: None,
        }
    }

    fn sorted_out(rooms: &[Room], given: Option<Fingerprint>, pins: &[Pin]) -> Found {
        sort_out(&kitchen(), rooms, given, pins, &PinnedNames::of(pins))
    }

    fn one(rooms: &[Room], given: Option<Fingerprint>, pins: &[Pin]) -> Target {
        match sorted_out(rooms, given, pins) {
            Found::One(target) => target,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_room_that_nobody_knows_is_joined_where_it_is_announced_and_no_key_is_believed() {
        let target = one(&[room("Attic", Some(2), "10.0.0.2"), room("kitchen", Some(1), "10.0.0.1")], None, &[]);
        assert_eq!((target.addresses, target.fingerprint), (vec![at("10.0.0.1")], None));
        assert_eq!(target.source, Source::Announced);
    }

    #[test]
    fn a_known_room_is_joined_with_its_pinned_key_whatever_is_announced() {
        let pins = [pin(1, "Kitchen", &["10.0.0.9"])];
        for claimed in [Some(1), Some(2), None] {
            let target = one(&[room("Kitchen", claimed, "10.0.0.1")], None, &pins);
            assert_eq!((target.addresses, target.fingerprint), (vec![at("10.0.0.1")], Some(key(1))), "{claimed:?}");
        }
    }

    #[test]
    fn nobody_is_asked_where_one_of_several_claims_the_key_that_must_answer() {
        let rooms = [room("Kitchen", Some(2), "10.0.0.2"), room("Kitchen", Some(1), "10.0.0.1")];
        let pins = [pin(1, "Kitchen", &[])];
        assert_eq!(one(&rooms, None, &pins).addresses, [at("10.0.0.1")]);
        assert_eq!(
            one(&rooms, Some(key(2)), &pins).addresses,
            [at("10.0.0.2")],
            "what is given goes before what is pinned"
        );
    }

    #[test]
    fn several_rooms_of_one_name_are_asked_about() {
        let rooms = [room("Kitchen", Some(2), "10.0.0.2"), room("Kitchen", None, "10.0.0.1")];
        let Found::Several(found) = sorted_out(&rooms, None, &[]) else { panic!() };
        let about: Vec<_> = found.iter().map(|(choice, _)| choice.about.as_str()).collect();
        assert_eq!(about, ["10.0.0.2:7275, encrypted, new to you", "10.0.0.1:7275, NOT ENCRYPTED, new to you"]);
        // Also where two claim the same key.
        let twice = [room("Kitchen", Some(1), "10.0.0.2"), room("Kitchen", Some(1), "10.0.0.1")];
        assert!(matches!(sorted_out(&twice, None, &[pin(1, "Kitchen", &[])]), Found::Several(_)));
    }

    #[test]
    fn a_room_that_is_not_announced_is_joined_where_it_was_met_last() {
        let pins = [pin(1, "Kitchen", &["10.0.0.1", "10.0.0.2"]), pin(2, "Attic", &["10.0.0.3"])];
        let target = one(&[room("Attic", Some(2), "10.0.0.3")], None, &pins);
        assert_eq!((target.addresses, target.fingerprint), (vec![at("10.0.0.2"), at("10.0.0.1")], Some(key(1))));
        assert_eq!(target.room, Some(kitchen()), "and not another room that its host may have open now");
    }

    #[test]
    fn nothing_is_nothing() {
        let elsewhere = [pin(1, "Attic", &["10.0.0.1"]), pin(2, "Kitchen", &[])];
        assert_eq!(sorted_out(&[room("Attic", Some(1), "10.0.0.1")], None, &elsewhere), Found::Nothing);
    }
}
