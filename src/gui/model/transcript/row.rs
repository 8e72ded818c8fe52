//! One row of the transcript: a message, a notice, or a line between two times, as the text that is laid out.

use jiff::Timestamp;

use crate::{
    conversation::Said,
    gui::model::{
        link::Link,
        markup::Span,
        notices::{self, Quiet},
        people, text,
    },
    identity::{Fingerprint, Name},
    wire::MemberId,
};

/// What stands between a name and what was said. A selection copies it as `": "`.
const GAP: &str = "\u{2002}";

/// One row.
#[derive(Clone, Debug)]
pub(crate) enum Row {
    /// Somebody said something.
    Message(Message),
    /// Something happened.
    Notice(Box<Notice>),
    /// A line between two times.
    Divider(String),
}

/// Somebody said something.
#[derive(Clone, Debug)]
pub(crate) struct Message {
    /// Whose it is.
    pub(super) member: MemberId,
    /// Its place in the room's log; none for what is not there yet.
    pub(crate) seq: Option<u64>,
    /// Name, gap and text, as they are laid out.
    pub(crate) shown: String,
    /// Bytes of the name at the beginning of `shown`.
    pub(crate) name: usize,
    /// The styles of `shown`.
    pub(crate) spans: Box<[Span]>,
    /// The links in `shown`.
    pub(crate) links: Box<[Link]>,
    /// The sender's colour.
    pub(crate) tint: usize,
    /// Whether it is one's own.
    pub(crate) own: bool,
    /// Whether it was said before one came.
    pub(crate) history: bool,
    /// Whether the row before is not by the same person.
    pub(crate) leads: bool,
    /// When the host received it.
    pub(crate) at: Timestamp,
    /// Lines that are not shown; asking for them shows them.
    pub(crate) hidden: usize,
    /// The whole text as it was typed, where that is not what is shown.
    source: Option<Box<str>>,
}

/// Something happened.
#[derive(Clone, Debug)]
pub(crate) struct Notice {
    /// What.
    pub(crate) shown: String,
    /// Whether it should be seen rather than merely be there.
    pub(crate) loud: bool,
    /// Notices that are told together, of which asking shows each.
    pub(crate) hidden: usize,
    /// The notices, if they are quiet.
    pub(super) quiet: Vec<Quiet>,
    /// Whether somebody has asked to see each.
    pub(super) open: bool,
}

impl Message {
    pub(super) fn new(said: &Said, key: Option<&Fingerprint>, leads: bool) -> Self {
        let tint = people::tint(&said.from, key);
        let mut message = Self::by(&said.from, tint, &said.text);
        (message.member, message.seq, message.at) = (said.member, Some(said.seq), said.at);
        (message.own, message.history, message.leads) = (said.own, said.history, leads);
        message
    }

    /// One's own, as it is shown until it is in the log.
    pub(super) fn by(from: &Name, tint: usize, text: &str) -> Self {
        let name = text::label(from.as_str());
        let mut message = Self {
            // Nobody: it stands by itself.
            member: MemberId::MAX,
            seq: None,
            shown: String::new(),
            name: name.len(),
            spans: Box::default(),
            links: Box::default(),
            tint,
            own: true,
            history: false,
            leads: true,
            at: Timestamp::UNIX_EPOCH,
            hidden: 0,
            source: None,
        };
        message.shown = name;
        message.show(text, text::LINES);
        message
    }

    /// Shows so many lines of a text behind the name.
    pub(super) fn show(&mut self, text: &str, lines: usize) {
        let drawn = text::drawn(text, lines);
        self.shown.truncate(self.name);
        self.shown.push_str(GAP);
        // What has a ground of its own begins on its own line.
        if drawn.spans.first().is_some_and(|span| span.from == 0 && span.style.is_of_lines()) {
            self.shown.push('\n');
        }
        let begin = self.shown.len();
        self.shown.push_str(&drawn.text);
        self.shown.shrink_to_fit();
        self.spans =
            drawn.spans.into_iter().map(|span| Span { from: span.from + begin, to: span.to + begin, ..span }).collect();
        self.links =
            drawn.links.into_iter().map(|link| Link { from: link.from + begin, to: link.to + begin, ..link }).collect();
        self.hidden = drawn.hidden;
        let is_whole = drawn.hidden == 0 && text::unfit(&drawn.text) == text;
        self.source = (!is_whole).then(|| text.into());
    }

    /// Where the text begins in `shown`.
    pub(crate) fn body(&self) -> usize {
        self.name + GAP.len()
    }

    /// The sender's name.
    pub(crate) fn from(&self) -> &str {
        self.shown.get(..self.name).unwrap_or_default()
    }

    /// The whole text as it was typed.
    pub(crate) fn source(&self) -> String {
        match &self.source {
            Some(source) => source.to_string(),
            None => text::unfit(self.shown.get(self.body()..).unwrap_or_default()),
        }
    }
}

impl Notice {
    pub(super) fn fold(&mut self) {
        let (shown, hidden) = notices::shown(&self.quiet, self.open);
        self.shown = text::fit(&shown, usize::MAX).text;
        self.hidden = hidden;
    }
}

impl Row {
    /// The text as it is laid out.
    pub(crate) fn shown(&self) -> &str {
        match self {
            Self::Message(message) => &message.shown,
            Self::Notice(notice) => &notice.shown,
            Self::Divider(text) => text,
        }
    }

    pub(super) fn bytes(&self) -> usize {
        self.shown().len()
            + match self {
                Self::Message(message) => {
                    let links: usize = message.links.iter().map(|link| size_of::<Link>() + link.target.len()).sum();
                    message.source.as_ref().map_or(0, |source| source.len()) + size_of_val(&*message.spans) + links
                }
                Self::Notice(notice) => notice.quiet.iter().map(Quiet::bytes).sum(),
                Self::Divider(_) => 0,
            }
    }

    /// What a selection of these bytes of `shown` copies. `whole` puts the sender's name first in any case.
    pub(crate) fn copied(&self, from: usize, to: usize, whole: bool) -> String {
        let part = |from: usize, to: usize| text::unfit(self.shown().get(from..to.max(from)).unwrap_or_default());
        match self {
            Self::Message(message) if from < message.body() && to > message.body() || whole => {
                let body = part(from.max(message.body()), to);
                // A block of code begins on a line of its own, which the copy does not need.
                let body = body.strip_prefix('\n').unwrap_or(&body);
                // A name is copied whole or, inside a single row, from where the selection began.
                let name = part(if whole { 0 } else { from.min(message.name) }, message.name);
                if name.is_empty() { body.to_owned() } else { format!("{name}: {body}") }
            }
            Self::Message(message) if from < message.body() => part(from, to.min(message.name)),
            _ => part(from, to),
        }
    }
}
