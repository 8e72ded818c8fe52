//! The messages of the protocol: what a member says to the host, and what the host says to a member.
//!
//! Each travels in a frame of its own kind. A message never grows: what is new comes as a new kind, from
//! [`FIRST_SKIPPABLE`] on if an older peer may pass over it.

use std::fmt;

use serde::{
    Deserialize, Deserializer, Serialize,
    de::{Error, SeqAccess, Visitor},
};

use super::{
    codec::{DecodeError, Message},
    frame::{FIRST_SKIPPABLE, Frame},
    limits,
    secret::Secret,
};
use crate::identity::{Fingerprint, Name, RoomName};

/// Number of a member in a room; the host is [`HOST`]. The same key under the same name keeps its number.
pub type MemberId = u32;

/// The host's own number.
pub const HOST: MemberId = 0;

/// What a connection guarantees, from the least to the most.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Security {
    /// Anybody on the way can read and change what is sent.
    Plaintext,
    /// Nobody on the way can, but who the peer is has not been agreed.
    Encrypted,
    /// Encrypted, and the peer has proved to hold the key that was agreed on.
    Pinned,
}

/// Somebody in the room.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Member {
    /// Their number.
    pub id: MemberId,
    /// The name that is theirs for as long as the room lasts.
    pub name: Name,
    /// Whose key it is; none on plain TCP.
    pub fingerprint: Option<Fingerprint>,
    /// How they are connected to the host.
    pub security: Security,
    /// Their connection was lost, and they are given [`limits::AWAY`] to come back.
    pub away: bool,
}

/// What opens another stream of the same session on a transport that has none of its own (TCP, TLS).
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Ticket {
    /// Which session: 16 random bytes.
    pub session: [u8; 16],
    /// The proof that one was told.
    pub token: Secret,
}

/// The last thing a peer says on the first stream: why it closes the connection. On QUIC the close of the connection,
/// which follows, says the same, for a peer that reads no more.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Close {
    /// Why, as a [`CloseCode`](super::CloseCode).
    pub code: u16,
    /// Why, as a sentence of at most [`limits::REASON`] bytes.
    pub reason: String,
}

/// Member to host, first: who wants to join.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Hello {
    /// The name they want. Not yet a [`Name`]: a bad one gets an answer.
    pub name: String,
    /// The room they expect to find, if they expect a certain one.
    pub room: Option<String>,
    /// Random, chosen anew for each conversation, and the same whenever one comes back to it: of two with the same key and
    /// name, the later one stays.
    pub conversation: u64,
    /// Where they were in the log, if they come back.
    pub resume: Option<Resume>,
}

/// Where somebody was who lost their connection.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Resume {
    /// In which log.
    pub epoch: u64,
    /// The first entry that they have not seen.
    pub next: u64,
    /// The pass of their last welcome, if there was one in it.
    pub pass: Option<Secret>,
    /// How often they have tried to come back since they first joined, this time included. An attempt that was given up may
    /// arrive after a later one.
    pub attempt: u32,
}

/// Member to host: a message for everyone.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Say {
    /// Random, chosen by the member; comes back in the echo. A repeated one is answered by [`Repeated`].
    pub nonce: u64,
    /// 1 to [`limits::TEXT`] bytes.
    pub text: String,
}

/// Host to member: you are in. [`Roster`] frames follow until `members` have been listed, then entries from `first` on.
/// To somebody who comes back to the same log, `first` is where they were, unless they were never shown as much.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Welcome {
    /// The room's name.
    pub room: RoomName,
    /// Which log this is; random.
    pub epoch: u64,
    /// The new member's number.
    pub member: MemberId,
    /// The sequence number of the first entry that will be sent.
    pub first: u64,
    /// The sequence number of the first entry that is yet to come. The roster is as of here.
    pub head: u64,
    /// How many members the roster has, the new one among them.
    pub members: u32,
    /// What opens further streams, on a transport that needs it.
    pub ticket: Option<Ticket>,
    /// The pass: what shows, when they come back, that a member without a key is the same as before.
    pub pass: Option<Secret>,
    /// The host keeps what is said in a file.
    pub saved: bool,
}

/// Host to member: who is in the room. At most [`limits::ROSTER_BATCH`] a frame.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Roster {
    /// Some of the members.
    #[serde(deserialize_with = "bounded")]
    pub members: Vec<Member>,
}

/// Reads members, and no more than one frame may list. Without it, memory would be set aside for a claimed number.
fn bounded<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Member>, D::Error> {
    struct Members;

    impl<'de> Visitor<'de> for Members {
        type Value = Vec<Member>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            write!(f, "at most {} members", limits::ROSTER_BATCH)
        }

        fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<Self::Value, A::Error> {
            let claimed = sequence.size_hint().unwrap_or(0);
            if claimed > limits::ROSTER_BATCH {
                return Err(A::Error::invalid_length(claimed, &self));
            }
            let mut members = Vec::with_capacity(claimed);
            while let Some(member) = sequence.next_element()? {
                members.push(member);
            }
            Ok(members)
        }
    }

    deserializer.deserialize_seq(Members)
}

/// Host to member: you are not let in. The host closes after it.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Refused {
    /// Why.
    pub refusal: Refusal,
    /// Why, as a sentence of at most [`limits::REASON`] bytes.
    pub detail: String,
    /// A name that is free, when the name was the matter.
    pub suggestion: Option<Name>,
}

/// Why a host does not let somebody in.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Refusal {
    /// Somebody has the name, or its key has.
    NameTaken,
    /// The name is no name: empty, too long, or made to deceive.
    NameInvalid,
    /// The room has as many members as it can hold.
    Full,
    /// The room here is another one.
    NoSuchRoom,
    /// A later attempt of theirs to come back has arrived before.
    Overtaken,
    /// Their key has joined again under their name since. That conversation goes on; this one is over.
    Replaced,
}

/// Entry: somebody said something. To the one who said it, it is the acknowledgement.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Said {
    /// Place in the log, from 1.
    pub seq: u64,
    /// When the host received it: milliseconds since the start of 1970, UTC.
    pub at: u64,
    /// Who said it.
    pub by: MemberId,
    /// Their name: they may have left when a later member reads this.
    pub name: Name,
    /// The nonce of the [`Say`].
    pub nonce: u64,
    /// What was said.
    pub text: String,
}

/// Entry: somebody came in.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Joined {
    /// Place in the log, from 1.
    pub seq: u64,
    /// When: milliseconds since the start of 1970, UTC.
    pub at: u64,
    /// Who.
    pub member: Member,
}

/// Entry: somebody is gone.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Left {
    /// Place in the log, from 1.
    pub seq: u64,
    /// When: milliseconds since the start of 1970, UTC.
    pub at: u64,
    /// Who.
    pub member: MemberId,
    /// Their name.
    pub name: Name,
    /// Whether they said so.
    pub how: Departure,
}

/// How somebody left.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Departure {
    /// They said so.
    Left,
    /// Their connection ended without a word.
    Lost,
    /// The host ended it, for what they sent.
    Removed,
}

/// Entry: somebody's connection was lost. They are still a member, and have [`limits::AWAY`] to come back.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Away {
    /// Place in the log, from 1.
    pub seq: u64,
    /// When: milliseconds since the start of 1970, UTC.
    pub at: u64,
    /// Who.
    pub member: MemberId,
    /// Their name.
    pub name: Name,
}

/// Entry: somebody who was away is connected again.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Back {
    /// Place in the log, from 1.
    pub seq: u64,
    /// When: milliseconds since the start of 1970, UTC.
    pub at: u64,
    /// Who, and how they are connected now.
    pub member: Member,
}

/// Host to member: the log no longer has the entries `from..to`, which it would have sent next. Since they may have told
/// who came and who left, [`Roster`] frames follow until `members` have been listed.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Gap {
    /// The first entry that is missing.
    pub from: u64,
    /// The first entry that is there again.
    pub to: u64,
    /// The sequence number of the first entry that is yet to come. The roster is as of here.
    pub head: u64,
    /// How many members the roster has.
    pub members: u32,
}

/// Host to member: a [`Say`] came again that the log has already. Its echo has come or comes in its place, or lies in a gap.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Repeated {
    /// The nonce of the [`Say`].
    pub nonce: u64,
}

/// Member to host: are you there?
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Ping {
    /// Comes back in the answer.
    pub number: u32,
}

/// Host to member: I am.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Pong {
    /// The number of the [`Ping`].
    pub number: u32,
}

macro_rules! kinds {
    ($($message:ident = $kind:literal),+ $(,)?) => {
        $(impl Message for $message { const KIND: u8 = $kind; })+
    };
}

kinds! {
    Close = 0x00,
    Hello = 0x01, Say = 0x02, Ping = 0x03,
    Welcome = 0x10, Roster = 0x11, Refused = 0x12, Gap = 0x13, Pong = 0x14, Repeated = 0x15,
    Said = 0x20, Joined = 0x21, Left = 0x22, Away = 0x23, Back = 0x24,
}

/// Declares what one side may send, and how a frame becomes one of it.
macro_rules! side {
    ($(#[$doc:meta])* $side:ident: $($message:ident),+) => {
        $(#[$doc])*
        #[derive(Clone, Debug, Eq, PartialEq)]
        pub enum $side {
            $(
                #[doc = concat!("[`", stringify!($message), "`]")]
                $message($message),
            )+
        }

        impl $side {
            /// Reads a frame; `None` for a kind that is unknown and may be skipped.
            ///
            /// # Errors
            ///
            /// A payload that is not what its kind promises, or an unknown kind that may not be skipped.
            pub fn read(frame: &Frame) -> Result<Option<Self>, DecodeError> {
                match frame.kind {
                    $($message::KIND => $message::decode(&frame.payload).map(|m| Some(Self::$message(m))),)+
                    kind if kind >= FIRST_SKIPPABLE => Ok(None),
                    kind => Err(DecodeError { kind, why: "it has no place here".to_owned() }),
                }
            }
        }
    };
}

side! {
    /// What a member may send.
    FromMember: Hello, Say, Ping
}

side! {
    /// What a host may send.
    FromHost: Welcome, Roster, Refused, Gap, Pong, Repeated, Said, Joined, Left, Away, Back
}

impl FromHost {
    /// The place in the log, if this is an entry of it.
    pub fn seq(&self) -> Option<u64> {
        match self {
            Self::Said(said) => Some(said.seq),
            Self::Joined(joined) => Some(joined.seq),
            Self::Left(left) => Some(left.seq),
            Self::Away(away) => Some(away.seq),
            Self::Back(back) => Some(back.seq),
            Self::Welcome(_)
            | Self::Roster(_)
            | Self::Refused(_)
            | Self::Gap(_)
            | Self::Pong(_)
            | Self::Repeated(_) => None,
        }
    }
}
