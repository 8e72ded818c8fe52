//! All that the window shows, as plain data that needs no display: druid draws it and nothing more.
//!
//! Events of the conversation go in by [`Model::apply`]; what a person does, by the methods of the parts.
//!
//! - [`start`]: the start screen's form and its verdicts
//! - [`known`]: the rooms one has been in
//! - [`refusal`], [`changed`]: why it did not come about, and the key that is another one
//! - [`room`]: a conversation: members, transcript, draft, security, how it ended
//! - [`transcript`], [`selection`]: what was said, and what is selected of it
//! - [`scroll`], [`heights`]: which rows of it are in view
//! - [`composer`]: whether a draft can be sent
//! - [`people`]: members, their badge and colour
//! - [`security`]: the state of security in words
//! - [`addresses`], [`qr`]: how others come in
//! - [`text`]: text of others, made fit for a layout

pub(crate) mod addresses;
pub(crate) mod changed;
pub(crate) mod composer;
pub(crate) mod heights;
pub(crate) mod known;
pub(crate) mod people;
pub(crate) mod qr;
pub(crate) mod refusal;
pub(crate) mod room;
pub(crate) mod scroll;
pub(crate) mod security;
pub(crate) mod selection;
pub(crate) mod start;
pub(crate) mod text;
pub(crate) mod transcript;

use jiff::{Timestamp, tz::TimeZone};

use crate::{
    conversation::{Closed, Event, Question, Refused},
    identity::{Fingerprint, Name, Pin},
};
use known::Known;
use refusal::Refusal;
use room::Room;
use start::{Start, Verdict};

use super::Opening;

/// Which screen is shown.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) enum Screen {
    /// Host or join?
    #[default]
    Start,
    /// Getting there.
    Dialling,
    /// First contact: is it theirs?
    Contact,
    /// Talk in the clear?
    Plaintext,
    /// It did not come about.
    Refused,
    /// The conversation.
    Room,
}

/// Getting there, and what has to be decided on the way.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(crate) struct Way {
    /// What is being done.
    pub(crate) title: String,
    /// Where it leads: the host's address, as the person knows it.
    pub(crate) place: String,
    /// What it has got to.
    pub(crate) detail: String,
    /// Who was dialled, where a decision is needed.
    pub(crate) address: String,
    /// The key that was found there.
    pub(crate) found: Option<Fingerprint>,
    /// Rooms in which that key was met before.
    pub(crate) known_as: String,
    /// What was pasted to compare it with.
    pub(crate) pasted: String,
}

impl Way {
    /// What first contact is about.
    pub(crate) fn contact_title(&self) -> &'static str {
        match self.known_as.is_empty() {
            true => "You have not met this host before",
            false => "A key you know, at a new address",
        }
    }

    /// What first contact asks for: an ordinary step, once for each host.
    pub(crate) fn contact_words(&self) -> String {
        let Self { address, known_as, .. } = self;
        let first = match known_as.as_str() {
            "" => format!("{address} has answered, and this is its key. That is as it should be the first time."),
            names => {
                format!("{address} has answered, with a key that you know from {names}. Go on if that is who you mean.")
            }
        };
        format!(
            "{first} To be sure that it is your host, and nobody in between, ask them to read you the fingerprint that their \
             window shows under Invite. If it is this one, you are with them:"
        )
    }

    /// Whether the pasted fingerprint is the one that was found.
    pub(crate) fn verdict(&self) -> Verdict {
        security::compared(
            &self.pasted,
            self.found,
            "The same: this is their key.",
            "A different key! What answers there is not who gave you this fingerprint. Do not join.",
        )
    }
}

/// All that the window shows.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Model {
    /// Which screen.
    pub(crate) screen: Screen,
    /// Light on dark.
    pub(crate) dark: bool,
    /// One's own key.
    pub(crate) own: Fingerprint,
    /// The start screen.
    pub(crate) start: Start,
    /// Getting there.
    pub(crate) way: Way,
    /// Why it did not come about.
    pub(crate) refusal: Refusal,
    /// The rooms one has been in.
    pub(crate) known: Known,
    /// What was begun last.
    pub(crate) begun: Opening,
    /// The conversation.
    pub(crate) room: Room,
    /// Whether the window has the keyboard: whether one is looking.
    pub(crate) focused: bool,
    /// Whether the window is to be closed.
    pub(crate) quit: bool,
}

impl Model {
    /// The window as it opens.
    pub(crate) fn new(name: &Name, own: Fingerprint) -> Self {
        Self {
            screen: Screen::Start,
            dark: false,
            own,
            start: Start::new(name),
            way: Way::default(),
            refusal: Refusal::default(),
            known: Known::default(),
            begun: Opening::Choose,
            room: Room::default(),
            focused: true,
            quit: false,
        }
    }

    /// One has begun to look at the window, or looks elsewhere.
    pub(crate) fn focus_changed(&mut self, on: bool) {
        self.focused = on;
    }

    /// A conversation begins.
    pub(crate) fn begin(&mut self, opening: &Opening) {
        self.start.remember(opening);
        self.start.complaint.clear();
        // What one had not sent goes along: nothing that was typed is thrown away.
        let last = std::mem::take(&mut self.room);
        self.room.draft = last.draft;
        self.begun = opening.clone();
        self.room.expects_quic =
            matches!(opening, Opening::Join(options) if options.way == crate::session::Way::Encrypted);
        let place = match opening {
            Opening::Join(options) => options.target.addresses.first().map(ToString::to_string).unwrap_or_default(),
            _ => String::new(),
        };
        let title = match opening {
            Opening::Choose => return,
            Opening::Host(options) => match &options.room {
                Some(room) => format!("Opening “{room}”"),
                None => "Opening the room".to_owned(),
            },
            Opening::Join(options) => match &options.target.room {
                Some(room) => format!("Joining “{}”", room.as_str()),
                None => format!("Joining {place}"),
            },
        };
        self.way = Way { title: text::label(&title), place: text::label(&place), ..Way::default() };
        self.screen = Screen::Dialling;
    }

    /// Back to the start screen, with what had been typed.
    pub(crate) fn back(&mut self) {
        self.screen = Screen::Start;
    }

    /// One has decided; on to the next.
    pub(crate) fn answered(&mut self) {
        self.screen = Screen::Dialling;
    }

    /// Learns which keys are trusted, as of `now`.
    pub(crate) fn look_up(&mut self, pins: &[Pin], now: Timestamp, zone: &TimeZone) {
        self.known.list(pins, now, zone);
        self.refusal.look_up(pins, &self.way.place);
    }

    /// What to begin when one tries again, in whatever way is offered.
    pub(crate) fn again(&self) -> Option<Opening> {
        match self.screen {
            Screen::Refused => self.refusal.instead(&self.begun),
            Screen::Room if self.room.can_join_again() => Some(self.begun.clone()),
            _ => None,
        }
    }

    /// Something happened.
    pub(crate) fn apply(&mut self, event: Event) {
        match event {
            Event::Listening(listening) => self.room.listening(&listening),
            Event::State { state, detail } => {
                self.room.state(state, &detail);
                self.way.detail = text::label(&detail);
            }
            Event::Asked(question) => self.asked(question),
            Event::Welcomed(welcomed) => {
                self.room.welcomed(&welcomed);
                self.screen = Screen::Room;
            }
            Event::Said(said) => self.room.said(&said),
            Event::Joined(member) => self.room.joined(&member),
            Event::Left { member, name, how } => self.room.left(member, &name, how),
            Event::Away { member, name } => self.room.away(member, &name),
            Event::Back(member) => self.room.back(&member),
            Event::Members(members) => self.room.list(&members),
            Event::Resumed { welcomed, anew } => self.room.resumed(&welcomed, anew),
            Event::Gap { missed } => self.room.gap(missed),
            Event::Saving { trouble } => self.room.saving(trouble.as_deref()),
            Event::Unsent { text, why } => self.room.unsent(&text, &why),
            Event::Refused(refused) => self.refused(refused),
            Event::Closed(how) => self.closed(&how),
        }
    }

    fn asked(&mut self, question: Question) {
        match question {
            Question::FirstContact { address, fingerprint, known_as } => {
                self.way.known_as = text::label(&known_as.join(", "));
                self.way.address = text::label(&address);
                self.way.found = Some(fingerprint);
                self.way.pasted.clear();
                self.screen = Screen::Contact;
            }
            Question::Plaintext { address, detail } => {
                self.way.address = text::label(&address);
                self.way.detail = text::label(&detail);
                self.screen = Screen::Plaintext;
            }
        }
    }

    fn refused(&mut self, refused: Refused) {
        self.refusal = Refusal::new(&refused, &self.begun, &self.way.place);
        self.screen = Screen::Refused;
    }

    fn closed(&mut self, how: &Closed) {
        match (self.screen, how) {
            (Screen::Room, Closed::Left) => self.back(),
            (Screen::Room, how) => self.room.closed(how),
            (Screen::Start, _) => {}
            // It ended before it began, without a refusal: said in the same place.
            (_, how) => {
                let mut room = Room::default();
                room.closed(how);
                let detail = room.over.unwrap_or_default();
                self.refusal = Refusal::ended(detail);
                self.screen = Screen::Refused;
            }
        }
    }

    /// The window's title.
    pub(crate) fn title(&self) -> String {
        if self.screen == Screen::Room { format!("{} – parlor", self.room.name) } else { "parlor".to_owned() }
    }
}

#[cfg(test)]
mod tests;
