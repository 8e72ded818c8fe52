//! All that the window shows, as plain data that needs no display: druid draws it and nothing more.
//!
//! Events of the conversation go in by [`Model::apply`]; what a person does, by the methods of the parts.
//!
//! - [`start`]: the start screen's form and its verdicts
//! - [`known`], [`seen`]: the rooms one has been in, and those on this network
//! - [`refusal`], [`changed`], [`examination`]: why it did not come about, the key that is another one, and finding out more
//! - [`room`]: a conversation: members, transcript, draft, security, how it ended
//! - [`transcript`], [`selection`]: what was said, and what is selected of it
//! - [`scroll`], [`heights`]: which rows of it are in view
//! - [`composer`]: whether a draft can be sent
//! - [`completion`], [`slash`], [`recall`], [`undo`]: what helps to write it
//! - [`drafts`]: what was written and not sent, by room
//! - [`people`]: members, their badge and colour
//! - [`security`]: the state of security in words
//! - [`text`], [`markup`], [`link`]: text of others, made fit for a layout, its styles and its links
//! - [`find`], [`export`]: words in the transcript; the transcript in a file
//! - [`addresses`], [`qr`]: how others come in
//! - [`settings`], [`adjust`], [`place`]: what a person has set, how they set it, and where the window was
//! - [`looking`], [`unread`], [`notification`]: what came while one looked elsewhere
//! - [`keys`]: the keys

pub(crate) mod addresses;
pub(crate) mod adjust;
pub(crate) mod changed;
pub(crate) mod completion;
pub(crate) mod composer;
pub(crate) mod drafts;
pub(crate) mod examination;
pub(crate) mod export;
pub(crate) mod find;
pub(crate) mod heights;
pub(crate) mod keys;
pub(crate) mod known;
pub(crate) mod link;
mod looking;
pub(crate) mod markup;
pub(crate) mod notices;
pub(crate) mod notification;
pub(crate) mod pending;
pub(crate) mod people;
pub(crate) mod place;
pub(crate) mod qr;
pub(crate) mod recall;
pub(crate) mod refusal;
pub(crate) mod room;
pub(crate) mod scroll;
pub(crate) mod security;
mod seen;
pub(crate) mod selection;
pub(crate) mod settings;
pub(crate) mod slash;
pub(crate) mod start;
pub(crate) mod text;
pub(crate) mod transcript;
pub(crate) mod undo;
pub(crate) mod unread;

use std::rc::Rc;

use jiff::{Timestamp, tz::TimeZone};

use crate::{
    conversation::{Choice, Closed, Event, Question, Refused},
    identity::{Fingerprint, Name, Pin},
    reach::found::{PinnedNames, Room as Announced},
    session::Source,
};
use adjust::{Adjusting, Overlay};
use drafts::Drafts;
use known::{Entry, Id, Known};
use notification::Bell;
use refusal::Refusal;
use room::Room;
use settings::Settings;
use start::{Start, Verdict};
use unread::Unread;

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
    /// Which of several?
    Which,
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
    /// What is over it.
    pub(crate) overlay: Option<Overlay>,
    /// What a person has set.
    pub(crate) settings: Settings,
    /// What the settings' screen shows beside them.
    pub(crate) adjusting: Adjusting,
    /// Whether the desktop is dark.
    pub(crate) dark_desktop: bool,
    /// One's own key.
    pub(crate) own: Fingerprint,
    /// The start screen.
    pub(crate) start: Start,
    /// Getting there.
    pub(crate) way: Way,
    /// Why it did not come about.
    pub(crate) refusal: Refusal,
    /// The rooms one has been in and that are not here now.
    pub(crate) known: Known,
    /// The rooms that are announced on this network.
    pub(crate) here: Known,
    /// Which of several rooms of one name is meant?
    pub(crate) which: Known,
    /// What is announced, as it was seen by this look, of which there may have been others before.
    seen: Vec<Announced>,
    look: u64,
    /// Who is trusted, and the rooms one has been in, all of them.
    pins: Rc<PinnedNames>,
    been: Vec<Entry>,
    /// What was begun last.
    pub(crate) begun: Opening,
    /// The conversation.
    pub(crate) room: Room,
    /// Whether the window has the keyboard: whether one is looking.
    pub(crate) focused: bool,
    /// What was written and not sent, of all rooms.
    pub(crate) drafts: Rc<Drafts>,
    /// How much came while one was not.
    pub(crate) unread: Unread,
    /// What the desktop is told of it.
    pub(crate) bell: Bell,
}

impl Model {
    /// The window as it opens.
    pub(crate) fn new(name: &Name, own: Fingerprint) -> Self {
        Self {
            screen: Screen::Start,
            overlay: None,
            settings: Settings::default(),
            adjusting: Adjusting { name: name.as_str().to_owned(), ..Adjusting::default() },
            dark_desktop: false,
            own,
            start: Start::new(name),
            way: Way::default(),
            refusal: Refusal::default(),
            known: Known::default(),
            here: Known::default(),
            which: Known::default(),
            seen: Vec::new(),
            look: 0,
            pins: Rc::default(),
            been: Vec::new(),
            begun: Opening::Choose,
            room: Room::default(),
            focused: true,
            drafts: Rc::default(),
            unread: Unread::default(),
            bell: Bell::default(),
        }
    }

    /// A conversation begins.
    pub(crate) fn begin(&mut self, opening: &Opening) {
        self.start.remember(opening);
        self.start.complaint.clear();
        // What one had not sent is there again when one comes back to that room: nothing that was typed is thrown away.
        self.keep();
        self.forget_unread();
        self.room = Room::default();
        self.room.feed.focus_changed(self.focused);
        self.begun = opening.clone();
        self.room.expects_quic = matches!(opening, Opening::Join(options) if options.way == crate::session::Way::Encrypted && options.proxy.is_none());
        let place = match opening {
            Opening::Join(options) => match (&options.target.source, options.target.addresses.first()) {
                (Source::Name(name), _) => name.to_string(),
                (_, address) => address.map(ToString::to_string).unwrap_or_default(),
            },
            _ => String::new(),
        };
        self.room.address.clone_from(&place);
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
        self.keep();
        self.forget_unread();
        self.screen = Screen::Start;
    }

    /// Keeps what is written and not sent in this room.
    pub(crate) fn keep(&mut self) {
        let Some(place) = self.room.place() else { return };
        let texts = self.room.unsent_texts();
        if self.drafts.of(place) != texts {
            Rc::make_mut(&mut self.drafts).set(place, &texts);
        }
    }

    /// One has decided; on to the next.
    pub(crate) fn answered(&mut self) {
        self.screen = Screen::Dialling;
    }

    /// Learns which keys are trusted, as of `now`.
    pub(crate) fn look_up(&mut self, pins: &[Pin], now: Timestamp, zone: &TimeZone) {
        self.been = known::entries(pins, now, zone);
        self.pins = Rc::new(PinnedNames::of(pins));
        self.list_rooms();
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
                if let Some(place) = self.room.place() {
                    let texts = self.drafts.of(place).to_vec();
                    self.room.give_back(&texts);
                }
                self.screen = Screen::Room;
            }
            Event::Said(said) => {
                self.heard(&said);
                self.room.said(&said);
            }
            Event::Joined(member) => self.room.joined(&member),
            Event::Left { member, name, how } => self.room.left(member, &name, how),
            Event::Away { member, name } => self.room.away(member, &name),
            Event::Back(member) => self.room.back(&member),
            Event::Members(members) => self.room.list(&members),
            Event::Resumed { welcomed, anew } => self.room.resumed(&welcomed, anew),
            Event::Gap { missed } => self.room.gap(missed),
            Event::Unannounced { detail } => self.room.feed.notice(&text::label(&detail), false),
            Event::Saving { trouble } => self.room.saving(trouble.as_deref()),
            Event::Mapped { report, listening } => self.room.mapped(&report, &listening),
            Event::Unsent { text, tag, why } => {
                self.room.failed(tag, &text, &why);
                self.keep();
            }
            Event::Delivered { tag, was_shown } => self.room.delivered(tag, was_shown),
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
            Question::Which { name, choices } => {
                self.way.title = text::label(&format!("Several rooms are called “{name}”"));
                let entry = |(place, choice): (usize, Choice)| Entry {
                    id: Id::Choice(place),
                    key: None,
                    name: text::label(choice.name.as_str()),
                    about: text::label(&choice.about),
                    tone: None,
                };
                self.which = Known::default();
                self.which.show(choices.into_iter().enumerate().map(entry).collect());
                self.screen = Screen::Which;
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
            (Screen::Room, how) => {
                self.keep();
                self.room.closed(how);
            }
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
        match self.screen {
            Screen::Room => self.unread.before(&format!("{} – parlor", text::unfit(&self.room.name))),
            _ => "parlor".to_owned(),
        }
    }
}

#[cfg(test)]
mod tests;
