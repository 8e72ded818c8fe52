//! A conversation, as its screen shows it.

use std::rc::Rc;

use jiff::civil::Date;

use super::{
    addresses,
    completion::Suggestions,
    composer, drafts,
    find::Find,
    notices::What,
    pending::State as Sent,
    people::{self, Person},
    qr::Qr,
    recall::Recall,
    security::{Standing, Tone},
    slash::{self, Meaning, Order},
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
    pub(crate) places: Vec<addresses::Place>,
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
    /// What came back unsent and found no room in the box.
    leftover: Vec<String>,
    /// Whether the draft came back unsent, too: then the others came after it.
    is_given_back: bool,
    place: Option<drafts::Place>,
    /// Where the host was dialled.
    pub(super) address: String,
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
        self.own_name = Some(welcomed.name.clone());
        self.place = Some(drafts::Place::new(welcomed.fingerprint.as_ref(), &self.address, welcomed.room.as_str()));
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
        self.reconnecting = false;
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
        self.feed.happened(What::Away, &text::label(name.as_str()));
    }

    pub(super) fn back(&mut self, member: &Member) {
        let person = self.person(member);
        let name = person.name.clone();
        self.remember_key(member);
        let members = Rc::make_mut(&mut self.members);
        match members.iter_mut().find(|known| known.id == person.id) {
            Some(known) => *known = person,
            None => {
                members.truncate(limits::MEMBERS - 1);
                members.push(person);
            }
        }
        self.feed.happened(What::Back, &name);
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
        let key = self.key(Some(said.member));
        self.feed.said(said, key.as_ref());
        self.follow();
    }

    fn key(&self, member: Option<MemberId>) -> Option<Fingerprint> {
        self.keys.iter().find(|(id, _)| Some(*id) == member).map(|(_, key)| *key)
    }

    /// What is looked for may have been said just now.
    fn follow(&mut self) {
        if let Some(find) = &mut self.find {
            find.follow(&self.feed.log());
        }
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
            self.feed.happened(What::Came, &name);
        }
        if !self.chosen && self.side == Side::Invite {
            self.side = Side::Members;
        }
    }

    pub(super) fn left(&mut self, member: MemberId, name: &Name, how: Departure) {
        Rc::make_mut(&mut self.members).retain(|person| person.id != member);
        let what = match how {
            Departure::Left => What::Left,
            Departure::Lost => What::Lost,
            Departure::Removed => What::Removed,
        };
        self.feed.happened(what, &text::label(name.as_str()));
    }

    pub(super) fn gap(&mut self, missed: u64) {
        let what = if missed == 1 { "1 entry is".to_owned() } else { format!("{missed} entries are") };
        self.feed.notice(&format!("{what} missing here: the host no longer had them"), true);
    }

    /// The host has it, at a place that one has missed.
    pub(super) fn delivered(&mut self, tag: u64) {
        self.feed.settled(tag);
    }

    /// Something was not sent: it is marked so where it stands.
    pub(super) fn failed(&mut self, tag: u64, text: &str, why: &str) {
        if !self.feed.failed(tag, why) {
            self.unsent(text, why);
        }
    }

    /// Says again what was not sent.
    pub(crate) fn retry(&mut self, tag: u64) -> Option<Command> {
        let text = if self.open() { self.feed.take(tag)? } else { return None };
        Some(self.say(text))
    }

    /// Something is on its way from here on.
    fn say(&mut self, text: String) -> Command {
        let tag = self.next_tag;
        self.next_tag += 1;
        if let Some(name) = self.own_name.clone() {
            let key = self.key(self.me);
            self.feed.saying(tag, &text, &name, key.as_ref());
        }
        Command::Say { text, tag }
    }

    /// The oldest that was not sent: its tag, its text on one line, why, and how many more there are.
    pub(crate) fn oldest_failed(&self) -> Option<(u64, String, String, usize)> {
        let log = self.feed.log();
        let mut failed = log.pending().iter().filter(|pending| pending.has_failed());
        let first = failed.next()?;
        let why = match &first.state {
            Sent::Failed(why) => why.clone(),
            Sent::Sending => String::new(),
        };
        Some((first.tag, text::label(&first.text), why, failed.count()))
    }

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

    /// What a file with the transcript is called, unless somebody has a better name.
    pub(crate) fn file_name(&self, today: Date) -> String {
        let room: String = self.name.chars().map(|c| if c.is_alphanumeric() || c == ' ' { c } else { '-' }).collect();
        format!("{} {today}.txt", room.trim())
    }

    /// Gives a text that was not sent back to the person.
    pub(super) fn unsent(&mut self, text: &str, why: &str) {
        if self.draft.is_empty() && text.len() <= composer::LARGEST {
            self.draft = text.to_owned();
            self.is_given_back = true;
            self.feed.notice(&format!("Not sent, and back in the box: {why}"), true);
        } else {
            self.leftover.push(text.to_owned());
            self.feed.notice(&format!("Not sent: {why}\nYour text was:\n{text}"), true);
        }
    }

    /// What is written and not sent, in its order.
    pub(super) fn unsent_texts(&self) -> Vec<String> {
        let draft = Some(&self.draft).filter(|draft| !draft.trim().is_empty()).cloned();
        let (first, last) = if self.is_given_back { (draft, None) } else { (None, draft) };
        let log = self.feed.log();
        let failed = log.pending().iter().filter(|pending| pending.has_failed()).map(|pending| pending.text.clone());
        failed.chain(first).chain(self.leftover.iter().cloned()).chain(last).collect()
    }

    /// Whether what is written and not sent is the same in both.
    pub(crate) fn has_texts_of(&self, other: &Self) -> bool {
        self.draft == other.draft && self.leftover == other.leftover
    }

    /// Puts what was kept of this room into the box, all of it if it fits.
    pub(super) fn give_back(&mut self, texts: &[String]) {
        if texts.is_empty() || !self.draft.is_empty() {
            return;
        }
        let mut length = 0;
        let fits = texts.iter().take_while(|text| {
            length += text.len() + 1;
            length <= composer::LARGEST
        });
        let fits = fits.count();
        let (fitting, rest) = texts.split_at_checked(fits).unwrap_or((texts, &[]));
        self.draft = fitting.join("\n");
        self.is_given_back = true;
        self.leftover = rest.to_vec();
        self.feed.notice("What you had not sent here is back in the box", false);
        for text in rest {
            self.feed.notice(&format!("This was not sent either:\n{text}"), false);
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
            let what = "What you had not sent, which will be in the box when you come into this room again:";
            self.feed.notice(&format!("{what}\n{}", self.draft), true);
        }
        self.feed.notice(&why, true);
        self.over = Some(why);
        self.members = Rc::default();
        self.filter.clear();
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

    /// Takes the draft, to be said. What cannot be sent stays.
    pub(crate) fn take_draft(&mut self) -> Option<Command> {
        if !self.open() || !composer::verdict(&self.draft).sendable() {
            return None;
        }
        let Meaning::Say(text) = slash::meaning(composer::outgoing(&self.draft)) else { return None };
        let sent = composer::outgoing(&self.draft);
        self.recall.sent(sent);
        self.leftover.retain(|text| text != sent);
        self.is_given_back = false;
        self.clear_draft();
        Some(self.say(text))
    }

    fn clear_draft(&mut self) {
        self.draft.clear();
        self.complaint.clear();
        self.suggestions = Suggestions::default();
    }

    /// Takes what the draft asks the window to do. What is not known stays, with a complaint.
    pub(crate) fn take_order(&mut self) -> Option<Order> {
        match slash::meaning(composer::outgoing(&self.draft)) {
            Meaning::Say(_) => None,
            Meaning::Do(order) => {
                self.clear_draft();
                Some(order)
            }
            Meaning::Unknown(why) => {
                self.complaint = why;
                None
            }
        }
    }

    /// Lists what can be typed.
    pub(crate) fn help(&mut self) {
        self.feed.notice(&slash::help(), false);
    }

    /// The names by which others are called.
    pub(crate) fn names(members: &[Person]) -> impl Iterator<Item = &str> {
        members.iter().filter(|person| !person.you).map(|person| person.name.as_str())
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
