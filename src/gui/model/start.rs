//! The start screen's form: what was typed, and what there is to say about it.

use std::net::IpAddr;

use super::text;
use crate::{
    gui::Opening,
    host::{self, Save},
    identity::{DEFAULT_PORT as PORT, Fingerprint, Invite, Name, Pin, RoomName},
    reach::found::{PinnedNames, Room},
    session::{self, Consent, Source, Target, Way},
};

/// What one is about to do.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) enum Doing {
    /// Join a room.
    #[default]
    Join,
    /// Host one.
    Host,
}

/// What a room of one's own accepts.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) enum Protection {
    /// QUIC and TLS.
    #[default]
    Encrypted,
    /// Plain TCP, on purpose.
    Plain,
}

/// What there is to say about a field.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Verdict {
    /// Nothing yet.
    None,
    /// It is right, and why.
    Good(String),
    /// It is wrong, and what to do.
    Bad(String),
}

impl Verdict {
    /// The sentence.
    pub(crate) fn words(&self) -> &str {
        match self {
            Self::None => "",
            Self::Good(words) | Self::Bad(words) => words,
        }
    }

    fn of<T>(result: Result<T, impl ToString>, good: impl FnOnce(T) -> String) -> Self {
        match result {
            Ok(value) => Self::Good(good(value)),
            Err(error) => Self::Bad(error.to_string()),
        }
    }
}

/// The form.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(crate) struct Start {
    /// Host or join.
    pub(crate) doing: Doing,
    /// One's own name.
    pub(crate) name: String,
    /// Join: an address or an invite.
    pub(crate) place: String,
    /// Join: the host's fingerprint.
    pub(crate) fingerprint: String,
    /// Host: the room's name.
    pub(crate) room: String,
    /// Host: the port.
    pub(crate) port: String,
    /// Host: what the room accepts.
    pub(crate) protection: Protection,
    /// Host: let people outside this network in.
    pub(crate) outside: bool,
    /// Host: what only the command line can ask for, and is not lost when the form is sent again.
    bind: Option<IpAddr>,
    save: Option<Save>,
    unannounced: bool,
    /// Why it did not start, when one tried.
    pub(crate) complaint: String,
}

impl Start {
    /// The form as it is first seen.
    pub(crate) fn new(name: &Name) -> Self {
        Self {
            name: name.as_str().to_owned(),
            room: RoomName::of(name).to_string(),
            port: PORT.to_string(),
            ..Self::default()
        }
    }

    /// One goes by another name. A room that was to be called after the old one is called after the new.
    pub(crate) fn rename(&mut self, name: &Name) {
        let old = self.name.parse().map(|old: Name| RoomName::of(&old).to_string());
        if old.is_ok_and(|old| old == self.room) {
            self.room = RoomName::of(name).to_string();
        }
        self.name = name.as_str().to_owned();
    }

    /// Fills in an invite that comes from outside, such as a link in a web page; nothing is done with it yet. Anything may be in
    /// it: what is no invite is not filled in.
    pub(crate) fn fill_in(&mut self, link: &str) {
        if link.is_empty() {
            return;
        }
        self.doing = Doing::Join;
        match link.parse::<Invite>() {
            Ok(invite) => self.place = invite.to_string(),
            Err(error) => self.complaint = text::label(&format!("The link was not filled in. {error}")),
        }
    }

    /// The form as it would have been filled in to start `opening`: what one comes back to.
    pub(crate) fn remember(&mut self, opening: &Opening) {
        match opening {
            Opening::Choose => {}
            Opening::Host(options) => {
                self.doing = Doing::Host;
                self.name = options.name.as_str().to_owned();
                self.room = options.room.as_ref().map(ToString::to_string).unwrap_or_default();
                self.bind = options.bind;
                self.save.clone_from(&options.save);
                self.outside = options.map_port;
                self.unannounced = !options.announce;
                self.port = options.port.to_string();
                self.protection = if options.encrypted { Protection::Encrypted } else { Protection::Plain };
            }
            Opening::Join(options) => {
                self.doing = Doing::Join;
                self.name = options.name.as_str().to_owned();
                let begun = (&options.target.addresses, options.target.fingerprint);
                if self.target().is_ok_and(|typed| (&typed.addresses, typed.fingerprint) == begun) {
                    return;
                }
                let address = options.target.addresses.first().map(ToString::to_string);
                let place = match &options.target.source {
                    Source::Name(name) => Some(name.to_string()),
                    Source::Given => address,
                    // It is in the list for as long as it is there; what one had typed stays.
                    Source::Announced => None,
                };
                if let Some(place) = place {
                    self.place = place;
                    self.fingerprint = options.target.fingerprint.map(|key| key.to_string()).unwrap_or_default();
                }
            }
        }
    }

    /// What there is to say about the name.
    pub(crate) fn name_verdict(&self) -> Verdict {
        match self.name.parse::<Name>() {
            Ok(_) => Verdict::None,
            Err(_) if self.name.is_empty() => Verdict::None,
            Err(error) => Verdict::Bad(error.to_string()),
        }
    }

    /// What there is to say about the address or invite.
    pub(crate) fn place_verdict(&self) -> Verdict {
        let place = self.place.trim();
        if place.is_empty() {
            return Verdict::None;
        }
        match Target::parse(place, None, PORT) {
            Ok(Target { room: Some(room), .. }) => {
                Verdict::Good(format!("An invite to “{}”, with the host's key in it.", room.as_str()))
            }
            Ok(target) if target.addresses.is_empty() => {
                Verdict::Good("A room of this name is looked for on this network.".to_owned())
            }
            Ok(_) => Verdict::None,
            Err(error) => Verdict::Bad(error.to_string()),
        }
    }

    /// What there is to say about the fingerprint.
    pub(crate) fn fingerprint_verdict(&self) -> Verdict {
        if self.fingerprint.trim().is_empty() {
            return Verdict::None;
        }
        let target = Target::parse(self.place.trim(), Some(&self.fingerprint), PORT);
        if let Err(error @ session::TargetError::TwoKeys) = target {
            return Verdict::Bad(error.to_string());
        }
        Verdict::of(self.fingerprint.parse::<Fingerprint>(), |_| {
            "Complete. It will be compared when you join.".to_owned()
        })
    }

    /// What there is to say about the room's name.
    pub(crate) fn room_verdict(&self) -> Verdict {
        match self.room.parse::<RoomName>() {
            Ok(_) => Verdict::None,
            Err(_) if self.room.is_empty() => Verdict::None,
            Err(error) => Verdict::Bad(error.to_string()),
        }
    }

    /// What there is to say about the port.
    pub(crate) fn port_verdict(&self) -> Verdict {
        match self.port.trim().parse::<u16>() {
            Ok(_) => Verdict::None,
            Err(_) if self.port.is_empty() => Verdict::None,
            Err(_) => Verdict::Bad("A port is a number up to 65535; 0 takes any that is free.".to_owned()),
        }
    }

    /// What there is to say about what the room accepts.
    pub(crate) fn protection_verdict(&self) -> Verdict {
        match self.protection {
            Protection::Encrypted => Verdict::Good("Nobody on the way can read or change what is said.".to_owned()),
            Protection::Plain => Verdict::Bad(
                "Everybody on the way can read and change what is said. Only for a network where nothing else gets \
                 through, and for words that may be overheard."
                    .to_owned(),
            ),
        }
    }

    /// What there is to say about who can come in.
    pub(crate) fn outside_verdict(&self) -> Verdict {
        match (self.outside, self.protection) {
            (false, _) => Verdict::None,
            (true, Protection::Encrypted) => Verdict::Good(
                "Your gateway is asked to open the port until the room ends. Whoever has the invite, or finds the address, can \
                 then come in from anywhere."
                    .to_owned(),
            ),
            (true, Protection::Plain) => Verdict::Bad(
                "Your gateway is asked to open the port until the room ends. Anybody on the internet can then come in, and \
                 everybody on a long way can read and change what is said."
                    .to_owned(),
            ),
        }
    }

    /// What the form asks for, or the first thing that keeps it from being done.
    pub(crate) fn opening(&self) -> Result<Opening, String> {
        let name: Name = self.name.parse().map_err(|error| format!("Your name: {error}"))?;
        match self.doing {
            Doing::Host => {
                let room = Some(self.room.trim()).filter(|room| !room.is_empty()).map(str::parse).transpose();
                let room = room.map_err(|error| format!("The room's name: {error}"))?;
                let port = self.port.trim().parse().map_err(|_| {
                    format!("The port: a number up to 65535 is needed; {PORT} is what others will try first.")
                })?;
                let encrypted = self.protection == Protection::Encrypted;
                let (bind, plain, save, map_port) = (self.bind, !encrypted, self.save.clone(), self.outside);
                let announce = !self.unannounced;
                Ok(Opening::Host(host::Options { room, name, port, bind, encrypted, plain, announce, save, map_port }))
            }
            Doing::Join => {
                if self.place.trim().is_empty() {
                    return Err(
                        "Paste the invite that the host sent you, or type the host's address or the room's name."
                            .to_owned(),
                    );
                }
                let mut target = self.target().map_err(|error| error.to_string())?;
                // The room's name in an invite tells a person where they go; it is no condition.
                target.room = None;
                Ok(join(name, target))
            }
        }
    }

    /// What joining a room that one has been in asks for: its key, where it was met last, and then where before.
    pub(crate) fn again(&self, pin: &Pin) -> Result<Opening, String> {
        let name: Name = self.name.parse().map_err(|error| format!("Your name: {error}"))?;
        if pin.addresses.is_empty() {
            return Err(
                "Nobody knows any more where this room is: its address belongs to another. Ask for an invite.".into()
            );
        }
        Ok(join(name, Target::pinned(pin)))
    }

    /// What joining a room that is announced on this network asks for.
    pub(crate) fn meet(&self, room: &Room, pins: &PinnedNames) -> Result<Opening, String> {
        let name: Name = self.name.parse().map_err(|error| format!("Your name: {error}"))?;
        Ok(join(name, Target::announced(room, pins)))
    }

    fn target(&self) -> Result<Target, session::TargetError> {
        let fingerprint = Some(self.fingerprint.trim()).filter(|typed| !typed.is_empty());
        Target::parse(self.place.trim(), fingerprint, PORT)
    }
}

fn join(name: Name, target: Target) -> Opening {
    Opening::Join(session::Options {
        target,
        name,
        way: Way::Encrypted,
        first_contact: Consent::Ask,
        plaintext: Consent::Ask,
        bind: None,
        proxy: None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn start() -> Start {
        Start::new(&"Ada".parse().unwrap())
    }

    fn key() -> Fingerprint {
        Fingerprint::from_bytes([9; 32])
    }

    #[test]
    fn a_fingerprint_is_judged_as_it_is_typed() {
        let mut start = start();
        assert_eq!(start.fingerprint_verdict(), Verdict::None);
        let whole = key().to_string();
        start.fingerprint = whole[..20].to_owned();
        assert!(matches!(start.fingerprint_verdict(), Verdict::Bad(_)));
        start.fingerprint = whole;
        assert!(matches!(start.fingerprint_verdict(), Verdict::Good(_)));
    }

    #[test]
    fn an_address_and_a_fingerprint_make_a_target() {
        let start = Start { place: " 192.168.1.20 ".into(), fingerprint: key().to_string(), ..start() };
        let Ok(Opening::Join(options)) = start.opening() else { panic!() };
        assert_eq!(options.target.fingerprint, Some(key()));
        assert_eq!(options.target.addresses[0].to_string(), "192.168.1.20:7275");
        assert_eq!((options.way, options.plaintext), (Way::Encrypted, Consent::Ask));
    }

    #[test]
    fn a_damaged_fingerprint_is_never_ignored() {
        let start = Start { place: "192.168.1.20".into(), fingerprint: "ABC".into(), ..start() };
        assert!(start.opening().is_err());
    }

    #[test]
    fn what_is_missing_is_said() {
        assert!(start().opening().unwrap_err().contains("invite"));
        assert!(Start { name: String::new(), ..start() }.opening().unwrap_err().starts_with("Your name"));
        let host = Start { doing: Doing::Host, ..start() };
        assert!(Start { port: "70000".into(), ..host.clone() }.opening().unwrap_err().starts_with("The port"));
        assert!(Start { room: "x".repeat(65), ..host }.opening().unwrap_err().starts_with("The room's name"));
    }

    #[test]
    fn a_room_is_encrypted_unless_it_is_asked_not_to_be() {
        let mut start = Start { doing: Doing::Host, ..start() };
        let Ok(Opening::Host(options)) = start.opening() else { panic!() };
        assert_eq!((options.encrypted, options.plain, options.port), (true, false, PORT));
        start.protection = Protection::Plain;
        let Ok(Opening::Host(options)) = start.opening() else { panic!() };
        assert_eq!((options.encrypted, options.plain), (false, true));
        assert!(matches!(start.protection_verdict(), Verdict::Bad(_)));
    }

    #[test]
    fn nobody_outside_is_let_in_unless_it_is_asked_for() {
        let mut start = Start { doing: Doing::Host, ..start() };
        let Ok(Opening::Host(options)) = start.opening() else { panic!() };
        assert_eq!((options.map_port, start.outside_verdict()), (false, Verdict::None));
        start.outside = true;
        let opening = start.opening().unwrap();
        let Opening::Host(options) = &opening else { panic!() };
        assert!(options.map_port && matches!(start.outside_verdict(), Verdict::Good(_)));
        let mut again = self::start();
        again.remember(&opening);
        assert!(again.outside, "one comes back to what one had chosen");
        start.protection = Protection::Plain;
        assert!(matches!(start.outside_verdict(), Verdict::Bad(_)));
    }

    #[test]
    fn another_name_is_also_that_of_the_room_called_after_it() {
        let mut form = start();
        form.rename(&"Lovelace".parse().unwrap());
        assert_eq!((form.name.as_str(), form.room.as_str()), ("Lovelace", "Lovelace's room"));
        form.room = "Kitchen".to_owned();
        form.rename(&"Ada".parse().unwrap());
        assert_eq!((form.name.as_str(), form.room.as_str()), ("Ada", "Kitchen"));
    }

    #[test]
    fn a_link_is_filled_in_if_it_is_an_invite_and_nothing_else_is() {
        let address = crate::identity::Address::parse("192.168.1.20", PORT).unwrap();
        let invite = Invite::new(key(), [address], "Kitchen".parse().unwrap()).unwrap().to_string();
        let mut start = Start { doing: Doing::Host, ..start() };
        start.fill_in("");
        assert_eq!(start.doing, Doing::Host);
        start.fill_in(&format!(" <{invite}> and more"));
        assert_eq!((start.doing, start.place.as_str()), (Doing::Join, invite.as_str()));
        assert!(matches!(start.place_verdict(), Verdict::Good(words) if words.contains("Kitchen")));
        for link in [
            "parlor:",
            "parlor://",
            "http://example.com",
            &"parlor://x".repeat(100_000),
            "parlor://a\0b/?room=x&key=\0\u{202e}",
        ] {
            let mut start = Start { ..Start::new(&"Ada".parse().unwrap()) };
            start.fill_in(link);
            assert!(start.place.is_empty() && !start.complaint.is_empty(), "{start:?}");
            assert!(start.complaint.len() < 300 && !start.complaint.contains('\0'), "{}", start.complaint);
        }
    }

    #[test]
    fn a_known_room_is_joined_with_its_key_where_it_was_met_last() {
        let mut pin = Pin {
            fingerprint: key(),
            names: vec![],
            addresses: ["10.0.0.1:1", "192.168.1.20:2"]
                .map(|text| crate::identity::Address::parse(text, PORT).unwrap())
                .to_vec(),
            first_met: jiff::Timestamp::UNIX_EPOCH,
            last_met: jiff::Timestamp::UNIX_EPOCH,
            over: None,
        };
        let mut start = Start { place: "elsewhere".to_owned(), ..start() };
        let opening = start.again(&pin).unwrap();
        let Opening::Join(options) = &opening else { panic!() };
        assert_eq!(options.target.fingerprint, Some(key()));
        assert_eq!(
            options.target.addresses.iter().map(ToString::to_string).collect::<Vec<_>>(),
            ["192.168.1.20:2", "10.0.0.1:1"]
        );
        start.remember(&opening);
        assert_eq!((start.place.as_str(), start.fingerprint.clone()), ("192.168.1.20:2", key().to_string()));
        pin.addresses.clear();
        assert!(start.again(&pin).unwrap_err().contains("invite"));
    }

    /// The old key stayed in the form when a new one had taken its place.
    #[test]
    fn the_form_shows_the_key_that_was_joined_with() {
        let mut start = Start { place: "192.168.1.20".into(), fingerprint: key().to_string(), ..start() };
        let Ok(Opening::Join(mut options)) = start.opening() else { panic!() };
        let new = Fingerprint::from_bytes([10; 32]);
        options.target.fingerprint = Some(new);
        start.remember(&Opening::Join(options));
        assert_eq!(start.fingerprint, new.to_string());
    }

    #[test]
    fn one_comes_back_to_what_one_had_typed() {
        let typed = Start { place: "192.168.1.20:99".into(), fingerprint: key().to_string(), ..start() };
        let mut again = start();
        again.remember(&typed.opening().unwrap());
        assert_eq!(again, typed);
    }
}
