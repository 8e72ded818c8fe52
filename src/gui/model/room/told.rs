//! What the conversation tells, as it changes what is shown.

use std::rc::Rc;

use jiff::Timestamp;

use super::{Door, Room, Side};
use crate::{
    conversation::{Closed, Listening, Said, State, Welcomed},
    gui::model::{addresses, drafts, notices::What, people::Person, qr::Qr, text},
    identity::{Fingerprint, Name},
    transport::Kind,
    wire::{Member, MemberId, limits, message::Departure},
};

/// Keys that are remembered, also of members who have left, for the colour of what they said.
const KEYS: usize = 2 * limits::MEMBERS;

impl Room {
    pub(in crate::gui::model) fn listening(&mut self, listening: &Listening) {
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

    pub(in crate::gui::model) fn welcomed(&mut self, welcomed: &Welcomed) {
        self.changed_transport(welcomed.transport);
        self.name = text::label(welcomed.room.as_str());
        self.me = Some(welcomed.member);
        self.own_name = Some(welcomed.name.clone());
        // A host that renames its room while one is there does not move what one has written.
        if self.place.is_none() {
            self.place = Some(drafts::Place::new(welcomed.fingerprint.as_ref(), &self.address, welcomed.room.as_str()));
        }
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
    pub(in crate::gui::model) fn saving(&mut self, trouble: Option<&str>) {
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
            (Some(Kind::Tls), _) if self.expects_quic && first => {
                "QUIC did not get through here; TLS is used. It is just as safe."
            }
            (Some(Kind::Tls), Some(Kind::Quic)) if self.expects_quic => {
                "QUIC does not get through any more; TLS is used now. It is just as safe."
            }
            (Some(Kind::Quic), Some(_)) if !first => "You are connected over QUIC again.",
            (Some(Kind::Tls), Some(_)) if !first => "You are connected over TLS now. It is just as safe.",
            _ => return,
        };
        self.feed.notice(what, false);
    }

    /// Where the connection has got to.
    pub(in crate::gui::model) fn state(&mut self, state: State, detail: &str) {
        let before = std::mem::replace(&mut self.reconnecting, state == State::Reconnecting);
        // While it is gone, each attempt may fail in another way; that it is gone is told once.
        if self.reconnecting && !before {
            self.feed.notice(&text::label(detail), true);
        }
    }

    /// One is connected again.
    pub(in crate::gui::model) fn resumed(&mut self, welcomed: &Welcomed, anew: bool) {
        if anew {
            // Numbers mean other people now.
            self.keys = Rc::default();
            let what = "The host has started again and has lost what was said before. Some of it may be missing here.";
            self.feed.notice(what, true);
        }
        let was_lost = std::mem::take(&mut self.reconnecting);
        self.welcomed(welcomed);
        if was_lost {
            self.feed.notice("You are back", false);
        }
    }

    /// Who is there, exactly.
    pub(in crate::gui::model) fn list(&mut self, members: &[Member]) {
        self.members = Rc::new(members.iter().map(|member| self.person(member)).collect());
        for member in members {
            self.remember_key(member);
        }
    }

    pub(in crate::gui::model) fn away(&mut self, member: MemberId, name: &Name) {
        if let Some(person) = Rc::make_mut(&mut self.members).iter_mut().find(|person| person.id == member) {
            person.away = true;
        }
        self.feed.happened(What::Away, &text::label(name.as_str()));
    }

    pub(in crate::gui::model) fn back(&mut self, member: &Member) {
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

    pub(in crate::gui::model) fn said(&mut self, said: &Said) {
        let key = self.key(Some(said.member));
        self.feed.said(said, key.as_ref());
        self.follow();
    }

    pub(super) fn key(&self, member: Option<MemberId>) -> Option<Fingerprint> {
        self.keys.iter().find(|(id, _)| Some(*id) == member).map(|(_, key)| *key)
    }

    /// What is looked for may have been said just now.
    fn follow(&mut self) {
        if let Some(find) = &mut self.find {
            find.follow(&self.feed.log());
        }
    }

    pub(in crate::gui::model) fn joined(&mut self, member: &Member) {
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

    pub(in crate::gui::model) fn left(&mut self, member: MemberId, name: &Name, how: Departure) {
        Rc::make_mut(&mut self.members).retain(|person| person.id != member);
        let what = match how {
            Departure::Left => What::Left,
            Departure::Lost => What::Lost,
            Departure::Removed => What::Removed,
        };
        self.feed.happened(what, &text::label(name.as_str()));
    }

    pub(in crate::gui::model) fn gap(&mut self, missed: u64) {
        let what = if missed == 1 { "1 entry is".to_owned() } else { format!("{missed} entries are") };
        self.feed.notice(&format!("{what} missing here: the host no longer had them"), true);
    }

    /// The host has it, at a place that one has missed.
    pub(in crate::gui::model) fn delivered(&mut self, tag: u64, was_shown: bool) {
        if was_shown {
            self.feed.settled(tag);
        } else {
            self.feed.missed(tag, Timestamp::now());
        }
    }

    /// Something was not sent: it is marked so where it stands.
    pub(in crate::gui::model) fn failed(&mut self, tag: u64, text: &str, why: &str) {
        if !self.feed.failed(tag, why) {
            self.unsent(text, why);
        }
    }

    pub(in crate::gui::model) fn closed(&mut self, how: &Closed) {
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
}

fn with_detail(what: &str, detail: &str) -> String {
    if detail.is_empty() { what.to_owned() } else { format!("{what} {detail}") }
}
