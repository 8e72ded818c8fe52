//! What a conversation tells its front end.
//!
//! The names are those of the `--json` interface: a script and a window are told the same things.

use jiff::Timestamp;

use crate::{
    identity::{Address, Fingerprint, Invite, Name, RoomName},
    reach::mapping::Report,
    transport::Kind,
    wire::{
        CloseCode, Member, MemberId, Security,
        message::{Departure, Refusal},
    },
};

/// One thing that happened.
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    /// Hosting only, first: the room can be joined.
    Listening(Listening),
    /// Where a join has got to.
    State {
        /// The step.
        state: State,
        /// A sentence about it.
        detail: String,
    },
    /// A person has to decide; goes on with [`Command::Answer`](super::Command::Answer).
    Asked(Question),
    /// One is in the room.
    Welcomed(Welcomed),
    /// Somebody said something; one's own messages come back here, which means that the host has them.
    Said(Said),
    /// Somebody came in.
    Joined(Member),
    /// Somebody is gone.
    Left {
        /// Who.
        member: MemberId,
        /// Their name.
        name: Name,
        /// Whether they said so.
        how: Departure,
    },
    /// Somebody's connection was lost; they may come back.
    Away {
        /// Who.
        member: MemberId,
        /// Their name.
        name: Name,
    },
    /// Somebody who was away is connected again.
    Back(Member),
    /// Who is there, exactly: after something was missed that may have told of it.
    Members(Vec<Member>),
    /// One's own connection was lost, and is there again. What was missed follows.
    Resumed {
        /// How one is connected now.
        welcomed: Welcomed,
        /// The host has begun a new log: what was said before one came back, and is not shown, is not known here.
        anew: bool,
    },
    /// The host no longer has this many entries that one would have been sent.
    Gap {
        /// How many.
        missed: u64,
    },
    /// Hosting only: others do not see the room in their lists, for it could not be announced on the network. It can be joined
    /// as ever.
    Unannounced {
        /// What that means and what to do, as sentences.
        detail: String,
    },
    /// Hosting only: whether the room can be saved, when that has changed. While it cannot, nobody hears anything.
    Saving {
        /// Why not, and what to do, as sentences; none when it can be again.
        trouble: Option<String>,
    },
    /// Hosting only, when a way in from outside was asked for: how it stands, whenever that has changed.
    Mapped {
        /// How it stands.
        report: Report,
        /// How the room can be reached now.
        listening: Listening,
    },
    /// One's own message was not sent, or nobody acknowledged it before the end.
    Unsent {
        /// What was to be said, as it was given.
        text: String,
        /// The number that it was given with.
        tag: u64,
        /// Why not, as a sentence.
        why: String,
    },
    /// One's own message is in the room's log, but will not come as [`Event::Said`].
    Delivered {
        /// The number that it was given with.
        tag: u64,
        /// Whether it was shown before, of a log that the host has lost; or else its place is one that was missed.
        was_shown: bool,
    },
    /// The conversation did not come about, or could not be gone on with. The last event.
    Refused(Refused),
    /// The conversation is over. The last event.
    Closed(Closed),
}

/// How a room can be reached.
#[derive(Clone, Debug, PartialEq)]
pub struct Listening {
    /// The room's name.
    pub room: RoomName,
    /// What it accepts, best first.
    pub transports: Vec<Kind>,
    /// The one port of all of them.
    pub port: u16,
    /// `host:port` of each address that others may try, the likeliest first.
    pub addresses: Vec<String>,
    /// The host's key.
    pub fingerprint: Fingerprint,
    /// What to hand out; none when only plain TCP is served or no address is known.
    pub invite: Option<Invite>,
}

/// Where a join has got to.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum State {
    /// Looking up addresses, connecting, shaking hands.
    Dialling,
    /// Connected; waiting for the host to let one in.
    Greeting,
    /// In the room.
    Online,
    /// The connection was lost; it is being made again.
    Reconnecting,
}

/// What a person has to decide.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Question {
    /// First contact: is this the host's key? Nothing was sent yet.
    FirstContact {
        /// Who was dialled.
        address: String,
        /// The key that it proved to have.
        fingerprint: Fingerprint,
        /// Rooms in which this key was met before, at other addresses.
        known_as: Vec<String>,
    },
    /// Every encrypted way failed: talk in the clear?
    Plaintext {
        /// Who was dialled.
        address: String,
        /// Why the encrypted ways failed, as a sentence.
        detail: String,
    },
    /// Several rooms have the name that was asked for: which of them? Goes on with
    /// [`Command::Choose`](super::Command::Choose). Nothing was sent yet.
    Which {
        /// The name.
        name: RoomName,
        /// Two of them or more.
        choices: Vec<Choice>,
    },
}

/// One of several rooms of one name.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Choice {
    /// What it is called.
    pub name: RoomName,
    /// Where it is, and what is known of it and of its key, in some words.
    pub about: String,
}

/// What one finds when one is let in.
#[derive(Clone, Debug, PartialEq)]
pub struct Welcomed {
    /// The room's name.
    pub room: RoomName,
    /// One's own name in it.
    pub name: Name,
    /// One's own number in it.
    pub member: MemberId,
    /// How one is connected; none for the host, who is there already.
    pub transport: Option<Kind>,
    /// What that guarantees. For the host: the least that its room accepts.
    pub security: Security,
    /// The host's key, when it has shown one.
    pub fingerprint: Option<Fingerprint>,
    /// The key exchange that was negotiated, by its standard name, such as `X25519MLKEM768`.
    pub key_exchange: Option<String>,
    /// The host keeps what is said in a file.
    pub saved: bool,
    /// Who is there, the host first, oneself among them.
    pub members: Vec<Member>,
}

/// A message.
#[derive(Clone, Debug, PartialEq)]
pub struct Said {
    /// Its place in the room's log.
    pub seq: u64,
    /// Who said it.
    pub member: MemberId,
    /// Their name.
    pub from: Name,
    /// Whether it is one's own.
    pub own: bool,
    /// The number that it was given with, if it was said in this conversation and is heard for the first time.
    pub tag: Option<u64>,
    /// Whether it was said before one joined.
    pub history: bool,
    /// What was said: clean, but for line breaks and tabs as written.
    pub text: String,
    /// When the host received it.
    pub at: Timestamp,
}

/// Why a conversation did not come about.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Refused {
    /// The reason, for programs.
    pub reason: RefusedReason,
    /// The cause and the next step, for people.
    pub detail: String,
    /// A name that is free, when the name was the matter.
    pub suggestion: Option<Name>,
    /// The keys, when they were the matter: the one expected and the one found.
    pub keys: Option<Box<(Fingerprint, Fingerprint)>>,
    /// Where the name has led that was asked for, and the key that was expected there, if one was: for who wants to know why
    /// nobody was met. None where it has led nowhere, and where an address was asked for.
    pub led_to: Option<Box<(Vec<Address>, Option<Fingerprint>)>>,
}

impl Refused {
    /// A refusal that is about neither names nor keys.
    pub fn new(reason: RefusedReason, detail: String) -> Self {
        Self { reason, detail, suggestion: None, keys: None, led_to: None }
    }
}

/// Why a conversation did not come about, for programs.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum RefusedReason {
    /// The host's key is not the expected one, or it could not prove to have it.
    IdentityMismatch,
    /// First contact, and nobody said yes.
    IdentityUnknown,
    /// The host did not accept our key.
    IdentityRefused,
    /// No answer.
    Unreachable,
    /// Plain TCP was asked for and is not allowed, here or there.
    PlaintextRefused,
    /// Something answers, but not parlor.
    WrongProtocol,
    /// The host speaks another version.
    Version,
    /// Somebody has the name.
    NameTaken,
    /// The name is no name.
    NameInvalid,
    /// The room is full.
    Full,
    /// The room there is another one.
    NoSuchRoom,
    /// Too many connections were being made there.
    Busy,
    /// Several rooms have the name that was asked for, and nobody has said which.
    Ambiguous,
    /// Something of this installation's own is in the way: a port taken, a key that cannot be read.
    Local,
}

impl RefusedReason {
    /// The name in the `--json` interface.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::IdentityMismatch => "identity-mismatch",
            Self::IdentityUnknown => "identity-unknown",
            Self::IdentityRefused => "identity-refused",
            Self::Unreachable => "unreachable",
            Self::PlaintextRefused => "plaintext-refused",
            Self::WrongProtocol => "wrong-protocol",
            Self::Version => "version",
            Self::NameTaken => "name-taken",
            Self::NameInvalid => "name-invalid",
            Self::Full => "full",
            Self::NoSuchRoom => "no-such-room",
            Self::Busy => "busy",
            Self::Ambiguous => "ambiguous",
            Self::Local => "local",
        }
    }
}

impl From<Refusal> for RefusedReason {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::NameTaken => Self::NameTaken,
            Refusal::NameInvalid => Self::NameInvalid,
            Refusal::Full => Self::Full,
            Refusal::NoSuchRoom => Self::NoSuchRoom,
            // Whoever made a later attempt does not hear this, and nobody who has just come can be replaced: for now only.
            Refusal::Overtaken | Refusal::Replaced => Self::Busy,
        }
    }
}

/// How a conversation ended.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Closed {
    /// One left.
    Left,
    /// The host left, and the room with it.
    HostLeft,
    /// The connection ended without a word.
    Lost {
        /// What is known of the cause, as a sentence.
        detail: String,
    },
    /// The same key joined again elsewhere under the same name.
    Replaced,
    /// One ended it, since the host does not keep to the protocol.
    Violation {
        /// What it did, as a sentence.
        detail: String,
    },
    /// The host ended it.
    Removed {
        /// Its code.
        code: CloseCode,
        /// Its reason, clean.
        detail: String,
    },
}

impl Closed {
    /// The name in the `--json` interface.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Left => "left",
            Self::HostLeft => "host-left",
            Self::Lost { .. } => "lost",
            Self::Replaced => "replaced",
            Self::Violation { .. } => "violation",
            Self::Removed { .. } => "removed",
        }
    }
}

impl State {
    /// The name in the `--json` interface.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Dialling => "dialling",
            Self::Greeting => "greeting",
            Self::Online => "online",
            Self::Reconnecting => "reconnecting",
        }
    }
}
