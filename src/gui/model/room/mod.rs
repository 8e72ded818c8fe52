//! A conversation, as its screen shows it.
//!
//! - `told`: what the conversation tells
//! - `writing`: what is written, said again, and not lost

mod told;
mod writing;

use std::rc::Rc;

use jiff::civil::Date;

use super::{
    addresses,
    completion::Suggestions,
    drafts,
    find::Find,
    people::{self, Person},
    qr::Qr,
    recall::Recall,
    security::{Standing, Tone},
    start::Verdict,
    transcript::Feed,
};
use crate::{
    identity::{Fingerprint, Name},
    wire::MemberId,
};

/// What the column at the side shows.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) enum Side {
    /// Who is there.
    #[default]
    Members,
    /// What the state of security means.
    Security,
    /// How others come in.
    Invite,
}

/// How others come in.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Door {
    /// What to hand out.
    pub(crate) invite: Option<String>,
    /// The same, to be read by a camera.
    pub(crate) qr: Option<Qr>,
    /// Where the room can be reached, the likeliest first.
    pub(crate) places: Vec<addresses::Place>,
    /// That the gateway is being asked for a way in from outside, while it is.
    pub(crate) asking: String,
    /// What has come of it.
    pub(crate) outside: Verdict,
    /// The host's key; it is of no use to somebody who joins over plain TCP.
    pub(crate) fingerprint: Option<Fingerprint>,
}

/// A conversation.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Room {
    /// The room's name.
    pub(crate) name: String,
    /// How one is connected.
    pub(crate) standing: Standing,
    /// Who is there, the host first, then as they came.
    pub(crate) members: Rc<Vec<Person>>,
    keys: Rc<Vec<(MemberId, Fingerprint)>>,
    me: Option<MemberId>,
    /// One's own name in the room.
    own_name: Option<Name>,
    /// The tag of what is said next.
    next_tag: u64,
    /// What was said.
    pub(crate) feed: Feed,
    /// What is looked for in it, while one does.
    pub(crate) find: Option<Find>,
    /// What is being written.
    pub(crate) draft: String,
    /// What came back unsent, found no room in the box, and cannot be said as it is.
    leftover: Vec<String>,
    /// The tag of what is said next when the draft came back unsent, too: others that did came before it or after.
    given_back: Option<u64>,
    place: Option<drafts::Place>,
    /// Where the host was dialled.
    pub(in crate::gui::model) address: String,
    /// What may be meant by what was begun in it.
    pub(crate) suggestions: Suggestions,
    /// What one has sent.
    pub(crate) recall: Recall,
    /// Why something was not taken into the draft, until one writes on.
    pub(crate) complaint: String,
    /// How others come in, when one hosts.
    pub(crate) door: Option<Rc<Door>>,
    /// Why it is over, when it is.
    pub(crate) over: Option<String>,
    /// Whether the host keeps what is said in a file.
    saved: bool,
    /// Whether the connection was lost and is being made again.
    pub(crate) reconnecting: bool,
    /// Whether QUIC is tried before TLS; that it did not get through is worth a word then.
    pub(in crate::gui::model) expects_quic: bool,
    /// What was pasted to be compared with the host's key.
    pub(crate) compare: String,
    /// Only these members are shown: those with this in their name.
    pub(crate) filter: String,
    /// What the column at the side shows.
    pub(crate) side: Side,
    /// Whether the column was chosen by a person, who then is not overruled.
    chosen: bool,
}

impl Room {
    /// Looks for words in the transcript, and gives the row to be shown.
    pub(crate) fn look_for(&mut self, words: &str) -> Option<usize> {
        let find = self.find.get_or_insert_default();
        find.look_for(words, &self.feed.log());
        find.row()
    }

    /// The next place where they are, or the one before.
    pub(crate) fn find_step(&mut self, forward: bool) -> Option<usize> {
        let find = self.find.as_mut()?;
        find.follow(&self.feed.log());
        find.step(forward);
        find.row()
    }

    /// What a file with the transcript is called, unless somebody has a better name; without its ending.
    pub(crate) fn file_name(&self, today: Date) -> String {
        let room: String = self.name.chars().map(|c| if c.is_alphanumeric() || c == ' ' { c } else { '-' }).collect();
        format!("{} {today}", room.trim())
    }

    /// Where drafts of this room are kept, once one is in it.
    pub(crate) fn place(&self) -> Option<&drafts::Place> {
        self.place.as_ref()
    }

    /// What the button says that leads out. A host's room ends with them.
    pub(crate) fn way_out(&self) -> &'static str {
        match (self.open(), &self.door) {
            (false, _) => "Back to start",
            (true, Some(_)) => "Close room",
            (true, None) => "Leave",
        }
    }

    /// Whether it may help to join once more.
    pub(crate) fn can_join_again(&self) -> bool {
        !self.open() && self.door.is_none()
    }

    /// How many are here.
    pub(crate) fn count(&self) -> String {
        if self.open() { people::count(self.members.len()) } else { "closed".to_owned() }
    }

    /// Whether one can speak.
    pub(crate) fn open(&self) -> bool {
        self.over.is_none()
    }

    /// Shows this at the side, or the members if it is shown already.
    pub(crate) fn toggle_side(&mut self, side: Side) {
        self.side = if self.side == side { Side::Members } else { side };
        self.chosen = true;
    }

    /// How many others can be read on the way.
    pub(crate) fn unencrypted(&self) -> usize {
        self.members.iter().filter(|person| person.unencrypted && !person.you).count()
    }

    /// How loud to be about security.
    pub(crate) fn tone(&self) -> Tone {
        if self.open() && !self.reconnecting { self.standing.tone(self.unencrypted()) } else { Tone::Warn }
    }

    /// The line about security that is always in sight.
    pub(crate) fn words(&self) -> String {
        match (self.open(), self.reconnecting) {
            (true, false) => self.standing.words(self.unencrypted()),
            (true, true) => "Connection lost; trying again. What you write is kept and sent then".to_owned(),
            (false, _) => "Not connected any more".to_owned(),
        }
    }
}
