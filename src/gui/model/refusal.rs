//! Why a conversation did not come about: what happened, the cause, and what to do about it, in place.
//!
//! Every reason has a sentence of its own and a next step of its own, if there is one as a button.

use super::{changed::Changed, examination::Examination, text};
use crate::{
    conversation::{Refused, RefusedReason},
    gui::Opening,
    identity::{Name, Pin},
    session::{Source, Way},
};

/// What can be done about it, beside going back.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) enum Remedy {
    /// Nothing from here.
    #[default]
    None,
    /// Begin the same once more.
    Again,
    /// Come under another name.
    Rename,
    /// Join over an encrypted connection instead of plain TCP.
    Encrypt,
    /// Join the room that is there instead of the one that was expected.
    AnyRoom,
}

/// Why it did not come about.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(crate) struct Refusal {
    /// What happened.
    pub(crate) title: String,
    /// The cause.
    pub(crate) detail: String,
    /// The next step.
    pub(crate) step: String,
    /// The next step as a button.
    pub(crate) remedy: Remedy,
    /// The name to try next, when the name was the matter.
    pub(crate) name: String,
    /// Another key than the expected one: a full stop.
    pub(crate) changed: Option<Changed>,
    /// Finding out more about it.
    pub(crate) examination: Examination,
    /// Whether somebody may be in between.
    pub(crate) serious: bool,
    /// Whether going back is the likelier wish: one has just said no.
    pub(crate) cautious: bool,
}

impl Refusal {
    /// What there is to say about this refusal of what was begun as `opening`, at `place`.
    pub(crate) fn new(refused: &Refused, opening: &Opening, place: &str) -> Self {
        let reason = refused.reason;
        let announced = matches!(opening, Opening::Join(options) if options.target.source != Source::Given);
        let changed = refused.keys.as_deref().map(|keys| Changed::new(*keys, announced));
        let told = text::fit(&refused.detail, text::LINES).text;
        let detail = match told.trim() {
            "" => cause(reason).to_owned(),
            _ => told,
        };
        let remedy = remedy(reason, opening);
        let known = match opening {
            Opening::Join(options) => Some(&options.name),
            Opening::Host(options) => Some(&options.name),
            Opening::Choose => None,
        };
        let name = refused.suggestion.as_ref().or(known).map(|name| text::label(name.as_str()));
        Self {
            title: title(reason).to_owned(),
            detail: changed.as_ref().map_or(detail, |changed| changed.words(place)),
            step: step(reason, remedy).to_owned(),
            remedy,
            name: name.filter(|_| remedy == Remedy::Rename).unwrap_or_default(),
            changed,
            examination: Examination::of(refused, opening),
            serious: reason == RefusedReason::IdentityMismatch,
            cautious: reason == RefusedReason::IdentityUnknown,
        }
    }

    /// Learns from the pins whether an expected key is one of them, and can be replaced.
    pub(crate) fn look_up(&mut self, pins: &[Pin], place: &str) {
        if let Some(changed) = &mut self.changed {
            changed.look_up(pins);
            self.detail = changed.words(place);
        }
    }

    /// It ended before it began, without a refusal.
    pub(crate) fn ended(detail: String) -> Self {
        Self {
            title: "That did not work".to_owned(),
            detail,
            step: "Try again. If it goes on like this, ask the host whether the room is open.".to_owned(),
            remedy: Remedy::Again,
            ..Self::default()
        }
    }

    /// What the button says that takes the next step; none if there is no such button.
    pub(crate) fn button(&self) -> Option<String> {
        Some(match self.remedy {
            Remedy::None => return None,
            Remedy::Again => "Try again".to_owned(),
            Remedy::Encrypt => "Join encrypted".to_owned(),
            Remedy::AnyRoom => "Join the room that is there".to_owned(),
            Remedy::Rename => match self.chosen() {
                Ok(name) => format!("Join as {}", text::label(name.as_str())),
                Err(_) => "Join".to_owned(),
            },
        })
    }

    /// The name that was chosen instead, or what is wrong with it.
    pub(crate) fn chosen(&self) -> Result<Name, String> {
        self.name.parse::<Name>().map_err(|error| error.to_string())
    }

    /// Whether the button can be pressed.
    pub(crate) fn is_ready(&self) -> bool {
        self.remedy != Remedy::Rename || self.chosen().is_ok()
    }

    /// What to begin instead of `last`.
    pub(crate) fn instead(&self, last: &Opening) -> Option<Opening> {
        let mut next = last.clone();
        match (self.remedy, &mut next) {
            (Remedy::None, _) => return None,
            (Remedy::Again, _) => {}
            (Remedy::Rename, _) => next = next.named(&self.chosen().ok()?),
            (Remedy::Encrypt, Opening::Join(options)) => options.way = Way::Encrypted,
            (Remedy::AnyRoom, Opening::Join(options)) => options.target.room = None,
            (Remedy::Encrypt | Remedy::AnyRoom, _) => return None,
        }
        Some(next)
    }
}

fn title(reason: RefusedReason) -> &'static str {
    match reason {
        RefusedReason::IdentityMismatch => "Stop: this is not the key you expect",
        RefusedReason::IdentityUnknown => "You did not join",
        RefusedReason::IdentityRefused => "The host does not accept your key",
        RefusedReason::Unreachable => "Nobody answers there",
        RefusedReason::PlaintextRefused => "Plain TCP is not allowed",
        RefusedReason::WrongProtocol => "Something else answers there",
        RefusedReason::Version => "The host has another version of parlor",
        RefusedReason::NameTaken => "Somebody already has that name",
        RefusedReason::NameInvalid => "That name cannot be used",
        RefusedReason::Full => "The room is full",
        RefusedReason::NoSuchRoom => "Another room is open there",
        RefusedReason::Busy => "The host is busy",
        RefusedReason::Ambiguous => "Several rooms have that name",
        RefusedReason::Local => "That cannot be done on this computer",
    }
}

/// What is said where nothing more is known than the reason: a host need not give one in words.
fn cause(reason: RefusedReason) -> &'static str {
    match reason {
        RefusedReason::IdentityMismatch => "The key that answers is not the one you expect. Nothing was sent.",
        RefusedReason::IdentityUnknown => "You did not agree to the key that answers there. Nothing was sent.",
        RefusedReason::IdentityRefused => "The host knows your key and does not want it in the room.",
        RefusedReason::Unreachable => "There was no answer.",
        RefusedReason::PlaintextRefused => "Without encryption, nobody is let in there.",
        RefusedReason::WrongProtocol => "What answers there is not a room of parlor.",
        RefusedReason::Version => "The two programs do not speak the same language any more.",
        RefusedReason::NameTaken => "Two people in a room cannot have the same name.",
        RefusedReason::NameInvalid => "The host does not take that name.",
        RefusedReason::Full => "No more people fit in.",
        RefusedReason::NoSuchRoom => "It is not the room that you asked for.",
        RefusedReason::Busy => "Too many people are knocking at once.",
        RefusedReason::Ambiguous => "It is not clear which of them you mean.",
        RefusedReason::Local => "Something on this computer is in the way.",
    }
}

fn step(reason: RefusedReason, remedy: Remedy) -> &'static str {
    match (reason, remedy) {
        (RefusedReason::IdentityMismatch, _) => "Do not join from here before the host has told you what has happened.",
        (RefusedReason::IdentityUnknown, _) => {
            "Ask the host for an invite: with one, parlor compares the key for you. Or try again, and compare it with them."
        }
        (RefusedReason::IdentityRefused, _) => "Ask the host to let you in, then try again.",
        (RefusedReason::Unreachable, _) => "Compare the address with the one in the host's window, and try again.",
        (RefusedReason::PlaintextRefused, Remedy::Encrypt) => "Join over an encrypted connection: that is safer, too.",
        (RefusedReason::PlaintextRefused, _) => "Ask the host for an invite, and join with that.",
        (RefusedReason::WrongProtocol, _) => "Compare the address and the port with those in the host's window.",
        (RefusedReason::Version, _) => "Bring both programs to the newest version, yours and the host's.",
        (RefusedReason::NameTaken | RefusedReason::NameInvalid, _) => "Choose another name:",
        (RefusedReason::Full, _) => "Try again when somebody has left.",
        (RefusedReason::NoSuchRoom, Remedy::AnyRoom) => {
            "Join it if that is where you want to go, or ask for a new invite."
        }
        (RefusedReason::NoSuchRoom, _) => "Ask the host for a new invite.",
        (RefusedReason::Busy, _) => "Wait a moment, then try again.",
        (RefusedReason::Ambiguous, _) => "Choose it in the list of rooms on this network, or join it by its address.",
        (RefusedReason::Local, _) => "Once that is mended, try again.",
    }
}

fn remedy(reason: RefusedReason, opening: &Opening) -> Remedy {
    let join = match opening {
        Opening::Join(options) => Some(options),
        _ => None,
    };
    match reason {
        RefusedReason::IdentityMismatch => Remedy::None,
        RefusedReason::NameTaken | RefusedReason::NameInvalid => Remedy::Rename,
        RefusedReason::PlaintextRefused if join.is_some_and(|options| options.way == Way::Plain) => Remedy::Encrypt,
        RefusedReason::PlaintextRefused => Remedy::None,
        RefusedReason::NoSuchRoom if join.is_some_and(|options| options.target.room.is_some()) => Remedy::AnyRoom,
        RefusedReason::NoSuchRoom => Remedy::None,
        RefusedReason::IdentityUnknown
        | RefusedReason::IdentityRefused
        | RefusedReason::Unreachable
        | RefusedReason::WrongProtocol
        | RefusedReason::Version
        | RefusedReason::Full
        | RefusedReason::Busy
        | RefusedReason::Ambiguous
        | RefusedReason::Local => Remedy::Again,
    }
}

#[cfg(test)]
pub(super) mod tests {
    use std::collections::HashSet;

    use super::*;
    use crate::{
        identity::{DEFAULT_PORT, Fingerprint},
        session::{self, Consent, Target},
    };

    const REASONS: [RefusedReason; 14] = [
        RefusedReason::IdentityMismatch,
        RefusedReason::IdentityUnknown,
        RefusedReason::IdentityRefused,
        RefusedReason::Unreachable,
        RefusedReason::PlaintextRefused,
        RefusedReason::WrongProtocol,
        RefusedReason::Version,
        RefusedReason::NameTaken,
        RefusedReason::NameInvalid,
        RefusedReason::Full,
        RefusedReason::NoSuchRoom,
        RefusedReason::Busy,
        RefusedReason::Ambiguous,
        RefusedReason::Local,
    ];

    /// What only whoever has written the program understands.
    const JARGON: [&str; 17] = [
        "certificate",
        "verify",
        "handshake",
        "alert",
        "rustls",
        "quinn",
        "os error",
        "errno",
        "frame",
        "eof",
        "socket",
        "protocol",
        "spki",
        "epoch",
        "--",
        "identity",
        "peer",
    ];

    pub(in crate::gui::model) fn join(way: Way, room: Option<&str>) -> Opening {
        let mut target = Target::parse("192.168.1.20", None, DEFAULT_PORT).unwrap();
        target.room = room.map(|room| room.parse().unwrap());
        let (name, ask) = ("Ada".parse().unwrap(), Consent::Ask);
        Opening::Join(session::Options {
            target,
            name,
            way,
            first_contact: ask,
            plaintext: ask,
            bind: None,
            proxy: None,
        })
    }

    fn refused(reason: RefusedReason, opening: &Opening) -> Refusal {
        Refusal::new(&Refused::new(reason, String::new()), opening, "192.168.1.20:7275")
    }

    #[test]
    fn every_reason_has_its_own_words_and_its_own_next_step_and_no_jargon() {
        let mut seen = HashSet::new();
        for reason in REASONS {
            for (way, room) in [(Way::Encrypted, None), (Way::Plain, Some("Kitchen"))] {
                let Refusal { title, detail, step, .. } = refused(reason, &join(way, room));
                for words in [&title, &detail, &step] {
                    assert!(!words.trim().is_empty(), "{reason:?}");
                    let small = words.to_lowercase();
                    let found: Vec<_> = JARGON.iter().filter(|word| small.contains(**word)).collect();
                    assert!(found.is_empty(), "{found:?} in: {words}");
                }
                seen.insert((reason.as_str(), title, detail));
            }
        }
        assert_eq!(seen.len(), REASONS.len(), "no title or cause stands for two reasons");
        let titles: HashSet<_> = seen.iter().map(|(_, title, _)| title).collect();
        assert_eq!(titles.len(), REASONS.len());
    }

    #[test]
    fn what_can_be_tried_again_is_tried_again_as_it_was() {
        let last = join(Way::Encrypted, None);
        for reason in [RefusedReason::Unreachable, RefusedReason::Full, RefusedReason::Busy, RefusedReason::Local] {
            let refusal = refused(reason, &last);
            assert_eq!(refusal.button().as_deref(), Some("Try again"));
            assert_eq!(refusal.instead(&last).as_ref(), Some(&last));
        }
        let stop = refused(RefusedReason::IdentityMismatch, &last);
        assert_eq!((stop.button(), stop.instead(&last)), (None, None), "a wrong key is not tried again by habit");
    }

    #[test]
    fn a_taken_name_is_replaced_by_the_suggestion_or_by_what_is_typed() {
        let last = join(Way::Encrypted, None);
        let told = Refused {
            suggestion: Some("Ada 2".parse().unwrap()),
            ..Refused::new(RefusedReason::NameTaken, "Ada is here already.".to_owned())
        };
        let mut refusal = Refusal::new(&told, &last, "");
        assert_eq!((refusal.name.as_str(), refusal.button().as_deref()), ("Ada 2", Some("Join as Ada 2")));
        refusal.name = "Grace".to_owned();
        assert_eq!(refusal.instead(&last), Some(last.clone().named(&"Grace".parse().unwrap())));
        refusal.name = " ".to_owned();
        assert!(!refusal.is_ready() && refusal.chosen().is_err() && refusal.instead(&last).is_none());
        assert_eq!(
            refused(RefusedReason::NameInvalid, &last).name,
            "Ada",
            "without a suggestion one mends what one had"
        );
    }

    #[test]
    fn who_asked_for_plain_tcp_is_offered_encryption_and_nothing_weaker_is_ever_offered() {
        let plain = join(Way::Plain, None);
        let refusal = refused(RefusedReason::PlaintextRefused, &plain);
        assert_eq!(refusal.button().as_deref(), Some("Join encrypted"));
        assert_eq!(refusal.instead(&plain), Some(join(Way::Encrypted, None)));
        let encrypted = join(Way::Encrypted, None);
        assert_eq!(refused(RefusedReason::PlaintextRefused, &encrypted).button(), None);
        for reason in REASONS {
            let refusal = Refusal { name: "Ada".to_owned(), ..refused(reason, &encrypted) };
            if let Some(Opening::Join(options)) = refusal.instead(&encrypted) {
                assert_eq!(options.way, Way::Encrypted, "{reason:?}");
            }
        }
    }

    #[test]
    fn another_room_can_be_joined_if_a_certain_one_was_expected() {
        let last = join(Way::Encrypted, Some("Kitchen"));
        let refusal = refused(RefusedReason::NoSuchRoom, &last);
        assert_eq!(refusal.instead(&last), Some(join(Way::Encrypted, None)));
        assert_eq!(refused(RefusedReason::NoSuchRoom, &join(Way::Encrypted, None)).remedy, Remedy::None);
    }

    #[test]
    fn a_wrong_key_is_told_in_our_own_words_and_not_in_those_of_the_terminal() {
        let keys = (Fingerprint::from_bytes([1; 32]), Fingerprint::from_bytes([2; 32]));
        let told = Refused {
            keys: Some(Box::new(keys)),
            ..Refused::new(RefusedReason::IdentityMismatch, "parlor hosts forget".to_owned())
        };
        let refusal = Refusal::new(&told, &join(Way::Encrypted, None), "192.168.1.20:7275");
        assert!(refusal.serious && refusal.detail.starts_with("192.168.1.20:7275 answers"), "{}", refusal.detail);
        assert!(!refusal.detail.contains("forget"));
    }
}
