//! A conversation, as its screen shows it.

use std::rc::Rc;

use super::{
    addresses::{self, Place},
    composer,
    people::{self, Person},
    qr::Qr,
    security::{Standing, Tone},
    text,
    transcript::Feed,
};
use crate::{
    conversation::{Closed, Command, Listening, Said, State, Welcomed},
    identity::{Fingerprint, Name},
    transport::Kind,
    wire::{Member, MemberId, limits, message::Departure},
};

/// Keys that are remembered, also of members who have left, for the colour of what they said.
const KEYS: usize = 2 * limits::MEMBERS;

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
    pub(crate) places: Vec<Place>,
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
    /// What was said.
    pub(crate) feed: Feed,
    /// What is being written.
    pub(crate) draft: String,
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
    pub(super) expects_quic: bool,
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
    pub(super) fn listening(&mut self, listening: &Listening) {
        let encrypted = listening.transports.iter().any(|kind| *kind != Kind::Tcp);
        self.standing.served = listening.transports.clone();
        let invite = listening.invite.as_ref().map(ToString::to_string);
        self.door = Some(Rc::new(Door {
            qr: invite.as_deref().and_then(Qr::of),
            invite,
            places: addresses::explained(&listening.addresses),
            fingerprint: encrypted.then_some(listening.fingerprint),
        }));
        self.side = Side::Invite;
    }

    pub(super) fn welcomed(&mut self, welcomed: &Welcomed) {
        self.changed_transport(welcomed.transport);
        self.name = text::label(welcomed.room.as_str());
        self.me = Some(welcomed.member);
        self.standing.security = welcomed.security;
        self.standing.transport = welcomed.transport;
        self.standing.fingerprint = welcomed.fingerprint;
        self.standing.key_exchange = welcomed.key_exchange.as_deref().map(text::label);
        self.list(&welcomed.members);
        if welcomed.saved && !self.saved {
            let who = if welcomed.transport.is_none() { "This machine" } else { "The host" };
            self.feed.notice(&format!("{who} keeps what is said here in a file"), false);
        }
        self.saved = welcomed.saved;
    }

    /// Whether a room that is saved can be.
    pub(super) fn saving(&mut self, trouble: Option<&str>) {
        match trouble {
            Some(trouble) => self.feed.notice(&format!("{trouble} Until then nobody hears what is said."), true),
            None => self.feed.notice("The room is saved again", false),
        }
    }

    /// Tells of how one is connected from now on, if that is news.
    fn changed_transport(&mut self, now: Option<Kind>) {
        let (before, first) = (self.standing.transport, self.me.is_none());
        if now == before && !first {
            return;
        }
        let what = match (now, before) {
            (Some(Kind::Tls), _) if self.expects_quic => {
                "QUIC did not get through here; TLS is used. It is just as safe."
            }
            (Some(Kind::Quic), Some(_)) if !first => "You are connected over QUIC again.",
            (Some(Kind::Tls), Some(_)) if !first => "You are connected over TLS now. It is just as safe.",
            _ => return,
        };
        self.feed.notice(what, false);
    }

    /// Where the connection has got to.
    pub(super) fn state(&mut self, state: State, detail: &str) {
        let before = std::mem::replace(&mut self.reconnecting, state == State::Reconnecting);
        // While it is gone, each attempt may fail in another way; that it is gone is told once.
        if self.reconnecting && !before {
            self.feed.notice(&text::label(detail), true);
        }
    }

    /// One is connected again.
    pub(super) fn resumed(&mut self, welcomed: &Welcomed, anew: bool) {
        if anew {
            // Numbers mean other people now.
            self.keys = Rc::default();
            let what = "The host has started again and has lost what was said before. Some of it may be missing here.";
            self.feed.notice(what, true);
        }
        self.welcomed(welcomed);
        self.feed.notice("You are back", false);
    }

    /// Who is there, exactly.
    pub(super) fn list(&mut self, members: &[Member]) {
        self.members = Rc::new(members.iter().map(|member| self.person(member)).collect());
        for member in members {
            self.remember_key(member);
        }
    }

    pub(super) fn away(&mut self, member: MemberId, name: &Name) {
        if let Some(person) = Rc::make_mut(&mut self.members).iter_mut().find(|person| person.id == member) {
            person.away = true;
        }
        self.feed.notice(&format!("{} lost the connection and may be back soon", text::label(name.as_str())), false);
    }

    pub(super) fn back(&mut self, member: &Member) {
        let person = self.person(member);
        let notice = format!("{} is back", person.name);
        self.remember_key(member);
        let members = Rc::make_mut(&mut self.members);
        match members.iter_mut().find(|known| known.id == person.id) {
            Some(known) => *known = person,
            None => {
                members.truncate(limits::MEMBERS - 1);
                members.push(person);
            }
        }
        self.feed.notice(&notice, false);
    }

    /// Keeps a member's key, also when they leave: what they said is still there, in their colour.
    fn remember_key(&mut self, member: &Member) {
        if let Some(key) = member.fingerprint {
            let keys = Rc::make_mut(&mut self.keys);
            keys.retain(|(id, _)| *id != member.id);
            if keys.len() >= KEYS {
                keys.remove(0);
            }
            keys.push((member.id, key));
        }
    }

    fn person(&self, member: &Member) -> Person {
        Person::new(member, self.me == Some(member.id))
    }

    pub(super) fn said(&mut self, said: &Said) {
        let key = self.keys.iter().find(|(id, _)| *id == said.member).map(|(_, key)| *key);
        self.feed.said(said, key.as_ref());
    }

    pub(super) fn joined(&mut self, member: &Member) {
        let person = self.person(member);
        self.remember_key(member);
        let (name, you, unencrypted) = (person.name.clone(), person.you, person.unencrypted);
        let members = Rc::make_mut(&mut self.members);
        members.retain(|other| other.id != person.id);
        // After a gap, some may be shown who have left; a host that lets in more than a room holds is not followed.
        members.truncate(limits::MEMBERS - 1);
        members.push(person);
        if you {
            return;
        }
        if unencrypted {
            self.feed.notice(&format!("{name} came in over plain TCP: NOT encrypted"), true);
        } else {
            self.feed.notice(&format!("{name} came in"), false);
        }
        if !self.chosen && self.side == Side::Invite {
            self.side = Side::Members;
        }
    }

    pub(super) fn left(&mut self, member: MemberId, name: &Name, how: Departure) {
        Rc::make_mut(&mut self.members).retain(|person| person.id != member);
        let what = match how {
            Departure::Left => "left",
            Departure::Lost => "lost the connection",
            Departure::Removed => "was removed by the host",
        };
        self.feed.notice(&format!("{} {what}", text::label(name.as_str())), false);
    }

    pub(super) fn gap(&mut self, missed: u64) {
        let what = if missed == 1 { "1 entry is".to_owned() } else { format!("{missed} entries are") };
        self.feed.notice(&format!("{what} missing here: the host no longer had them"), true);
    }

    /// Gives a text that was not sent back to the person.
    pub(super) fn unsent(&mut self, text: &str, why: &str) {
        if self.draft.is_empty() && text.len() <= composer::LARGEST {
            self.draft = text.to_owned();
            self.feed.notice(&format!("Not sent, and back in the box: {why}"), true);
        } else {
            self.feed.notice(&format!("Not sent: {why}\nYour text was:\n{text}"), true);
        }
    }

    pub(super) fn closed(&mut self, how: &Closed) {
        let why = match how {
            Closed::Left => "You left the room.".to_owned(),
            Closed::HostLeft => "The host left, and the room with it.".to_owned(),
            Closed::Lost { detail } => detail.clone(),
            Closed::Replaced => "You joined again from elsewhere, and go on there.".to_owned(),
            Closed::Removed { detail, .. } => with_detail("The host ended your connection.", detail),
            // What exactly is for the log: nobody can do anything with it here.
            Closed::Violation { .. } => "The host's program sent something that does not belong there, so the connection was \
                                         ended. Join again; if that helps nothing, bring both programs to the newest version."
                .to_owned(),
        };
        let why = text::label(&why);
        if !self.draft.trim().is_empty() {
            // The box is closed now; from here it can be copied.
            self.feed.notice(&format!("What you had not sent:\n{}", self.draft), true);
        }
        self.feed.notice(&why, true);
        self.over = Some(why);
        self.members = Rc::default();
        self.filter.clear();
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

    /// Takes the draft, to be said. What cannot be sent stays.
    pub(crate) fn take_draft(&mut self) -> Option<Command> {
        if !self.open() || !composer::verdict(&self.draft).sendable() {
            return None;
        }
        let text = composer::outgoing(&self.draft).to_owned();
        self.draft.clear();
        self.complaint.clear();
        Some(Command::Say(text))
    }

    /// What to say below the draft.
    pub(crate) fn hint(&self) -> String {
        if self.complaint.is_empty() { composer::verdict(&self.draft).words() } else { self.complaint.clone() }
    }

    /// Whether that is about something that went wrong.
    pub(crate) fn is_hint_alarming(&self) -> bool {
        !self.complaint.is_empty() || matches!(composer::verdict(&self.draft), composer::Verdict::Over(_))
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

fn with_detail(what: &str, detail: &str) -> String {
    if detail.is_empty() { what.to_owned() } else { format!("{what} {detail}") }
}
