//! Events as lines for a person: one each, the sender's name first.
//!
//! `Ben: hello` is what Ben said, `Ana> hello` what one said oneself, and a line that begins with `* ` is a notice. No name
//! can begin with an asterisk or contain a colon or an angle bracket, and no text can begin a line of its own, so nobody
//! can make one of these look like another.

use super::Style;
use crate::{
    conversation::{Closed, Event, Question, Said, State, Welcomed},
    wire::{HOST, Member, Security, message::Departure},
};

const BOLD: &str = "\x1b[1m";
const DIM: &str = "\x1b[2m";
const RED: &str = "\x1b[31m";
const CYAN: &str = "\x1b[36m";
const RESET: &str = "\x1b[0m";

/// Writes lines, and remembers what a line needs to know of the ones before it.
pub(super) struct Transcript {
    colour: bool,
    /// The last message was said before one came in.
    in_history: bool,
    /// One's connection was lost, and is not there again.
    is_lost: bool,
}

impl Transcript {
    pub(super) fn new(style: Style) -> Self {
        Self { colour: style == Style::Human { colour: true }, in_history: false, is_lost: false }
    }

    /// The lines of an event, without their line breaks.
    pub(super) fn lines(&mut self, event: &Event) -> Vec<String> {
        match event {
            Event::State { state: State::Reconnecting, .. } => self.is_lost = true,
            Event::State { .. } => self.is_lost = false,
            _ => {}
        }
        match event {
            Event::Said(said) => self.said(said),
            // Nothing was noticed of it: the next event says in a line what has changed.
            Event::Resumed { anew: false, .. } if !self.is_lost => Vec::new(),
            event => notices(event).into_iter().map(|notice| self.notice(&notice)).collect(),
        }
    }

    fn said(&mut self, said: &Said) -> Vec<String> {
        let mut lines = Vec::new();
        if said.history != self.in_history {
            let notice = if said.history { "What was said before you came:" } else { "What is said from now on:" };
            lines.push(self.notice(&Notice::quiet(notice)));
            self.in_history = said.history;
        }
        let text = said.text.replace('\n', " ⏎ ").replace('\t', " ");
        lines.push(match (self.colour, said.own, said.history) {
            (true, true, _) => format!("{BOLD}{CYAN}{}>{RESET} {text}", said.from),
            (true, false, true) => format!("{DIM}{}: {text}{RESET}", said.from),
            (true, false, false) => format!("{BOLD}{}:{RESET} {text}", said.from),
            (false, true, _) => format!("{}> {text}", said.from),
            (false, false, _) => format!("{}: {text}", said.from),
        });
        lines
    }

    fn notice(&self, notice: &Notice) -> String {
        match (self.colour, notice.is_grave) {
            (true, true) => format!("{BOLD}{RED}* {}{RESET}", notice.text),
            (true, false) => format!("{DIM}* {}{RESET}", notice.text),
            (false, _) => format!("* {}", notice.text),
        }
    }
}

struct Notice {
    text: String,
    is_grave: bool,
}

impl Notice {
    fn quiet(text: impl Into<String>) -> Self {
        Self { text: text.into(), is_grave: false }
    }

    fn grave(text: impl Into<String>) -> Self {
        Self { text: text.into(), is_grave: true }
    }
}

fn notices(event: &Event) -> Vec<Notice> {
    match event {
        Event::Listening(listening) => {
            let transports: Vec<_> = listening.transports.iter().map(ToString::to_string).collect();
            let (room, port) = (&listening.room, listening.port);
            let mut lines = vec![
                Notice::quiet(format!("“{room}” is open on port {port}, over {}.", transports.join(", "))),
                Notice::quiet(format!("Reached at {}", listening.addresses.join("  "))),
            ];
            match &listening.invite {
                Some(invite) => {
                    lines.push(Notice::quiet(format!("Your fingerprint {}", listening.fingerprint)));
                    lines.push(Notice::quiet(format!("Invite others with {invite}")));
                }
                None => {
                    lines.push(Notice::grave("NOT ENCRYPTED: everybody on the way can read and change what is said."))
                }
            }
            lines
        }
        Event::State { detail, .. } => vec![Notice::quiet(detail)],
        Event::Asked(Question::FirstContact { address, fingerprint, known_as }) => {
            let mut lines = vec![Notice::grave(format!("First contact with {address}. Its key is {fingerprint}"))];
            if !known_as.is_empty() {
                lines.push(Notice::quiet(format!("You know this key from {}.", known_as.join(", "))));
            }
            let question = "Ask the host what their fingerprint is. Is it this one? Type yes to trust it from now on:";
            lines.push(Notice::grave(question));
            lines
        }
        Event::Asked(Question::Plaintext { detail, .. }) => vec![
            Notice::grave(detail),
            Notice::grave(
                "Talk WITHOUT ENCRYPTION instead? Everybody on the way can read and change it. Type yes if so:",
            ),
        ],
        Event::Asked(Question::Which { name, choices }) => {
            let mut lines = vec![Notice::quiet(format!("Several rooms are called “{name}”:"))];
            let numbered = choices.iter().zip(1..).map(|(choice, n)| Notice::quiet(format!("{n}  {}", choice.about)));
            lines.extend(numbered);
            lines.push(Notice::grave("Which one? Type its number:"));
            lines
        }
        Event::Welcomed(welcomed) => {
            let members: Vec<_> = welcomed.members.iter().map(named).collect();
            let mut lines = vec![
                security(welcomed.security, welcomed.transport.is_none(), welcomed.key_exchange.as_deref()),
                Notice::quiet(format!("You are {}. In the room: {}.", welcomed.name, members.join(", "))),
            ];
            lines.rotate_right(usize::from(welcomed.security == Security::Plaintext));
            lines.extend(saved(welcomed));
            lines
        }
        Event::Said(_) | Event::Delivered { .. } => Vec::new(),
        Event::Joined(member) => vec![Notice::quiet(format!("{} has joined.", named(member)))],
        Event::Left { name, how, .. } => vec![Notice::quiet(match how {
            Departure::Left => format!("{name} has left."),
            Departure::Lost => format!("{name} is gone: the connection was lost."),
            Departure::Removed => format!("{name} was removed by the host."),
        })],
        Event::Away { name, .. } => {
            vec![Notice::quiet(format!("{name} has lost the connection and may be back soon."))]
        }
        Event::Back(member) => vec![Notice::quiet(format!("{} is back.", named(member)))],
        Event::Members(members) => {
            let members: Vec<_> = members.iter().map(named).collect();
            vec![Notice::quiet(format!("In the room: {}.", members.join(", ")))]
        }
        Event::Resumed { welcomed, anew } => {
            let mut lines = vec![security(welcomed.security, false, welcomed.key_exchange.as_deref())];
            lines.extend(saved(welcomed));
            if *anew {
                let what =
                    "The host has started again and has lost what was said before. Some of it may be missing here.";
                lines.push(Notice::grave(what));
            }
            lines
        }
        Event::Gap { missed } => {
            vec![Notice::grave(format!("{missed} entries are missing here; the host no longer has them."))]
        }
        Event::Unannounced { detail } => vec![Notice::quiet(detail)],
        Event::Saving { trouble: Some(trouble) } => {
            vec![Notice::grave(format!("{trouble} Until then nobody hears what is said."))]
        }
        Event::Saving { trouble: None } => vec![Notice::quiet("The room is saved again.")],
        Event::Mapped { report, listening } => {
            let words = report.words();
            let mut lines = vec![if report.is_trouble() { Notice::grave(words) } else { Notice::quiet(words) }];
            if let Some(invite) = listening.invite.as_ref().filter(|_| !report.places().is_empty()) {
                lines.push(Notice::quiet(format!("Invite others with {invite}")));
            }
            lines
        }
        Event::Unsent { text, why, .. } => vec![Notice::grave(format!("NOT SENT: {}: {why}", first_line(text)))],
        Event::Refused(refused) => {
            let mut lines = vec![Notice::grave(&refused.detail)];
            if let Some((expected, found)) = refused.keys.as_deref() {
                lines.push(Notice::grave(format!("Expected {expected}")));
                lines.push(Notice::grave(format!("Found    {found}")));
            }
            lines
        }
        Event::Closed(closed) => vec![match closed {
            Closed::Left => Notice::quiet("You have left."),
            Closed::HostLeft => Notice::quiet("The host has left, and the room has ended."),
            Closed::Lost { detail } => Notice::grave(detail),
            Closed::Replaced => Notice::quiet("You have joined again from elsewhere, and go on there."),
            Closed::Violation { detail } => {
                Notice::grave(format!("You were disconnected, for the host does not keep to the protocol: {detail}"))
            }
            Closed::Removed { detail, .. } => Notice::grave(format!("The host has ended the connection: {detail}")),
        }],
    }
}

/// Everybody is told that what they say is kept.
fn saved(welcomed: &Welcomed) -> Option<Notice> {
    let who = if welcomed.transport.is_none() { "This machine" } else { "The host" };
    welcomed.saved.then(|| Notice::quiet(format!("{who} keeps what is said here in a file.")))
}

fn security(security: Security, is_host: bool, key_exchange: Option<&str>) -> Notice {
    let key_exchange = key_exchange.map(|name| format!(" (key exchange {name})")).unwrap_or_default();
    match (security, is_host) {
        (Security::Plaintext, true) => {
            Notice::grave("This room also takes members WITHOUT ENCRYPTION; what is said reaches them in the clear.")
        }
        (Security::Plaintext, false) => {
            Notice::grave("NOT ENCRYPTED: everybody on the way can read and change what is said.")
        }
        (_, true) => Notice::quiet("Everybody in this room is connected with encryption."),
        (Security::Encrypted, false) => {
            Notice::quiet(format!("Encrypted; the host's key is not yet compared{key_exchange}."))
        }
        (Security::Pinned, false) => {
            Notice::quiet(format!("Encrypted, and the host's key is the agreed one{key_exchange}."))
        }
    }
}

fn named(member: &Member) -> String {
    match member.security {
        // The host is where everything comes from; in a plain room, what is not encrypted is the way there.
        Security::Plaintext if member.id != HOST => format!("{} (NOT ENCRYPTED)", member.name),
        _ => member.name.to_string(),
    }
}

fn first_line(text: &str) -> String {
    let line = text.lines().next().unwrap_or_default();
    match line.char_indices().nth(60).and_then(|(end, _)| line.get(..end)) {
        Some(beginning) => format!("{beginning}…"),
        None => line.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;

    fn said(text: &str, own: bool, history: bool) -> Event {
        let from = "Ben".parse().unwrap();
        Event::Said(Said {
            seq: 1,
            member: 1,
            from,
            own,
            tag: None,
            history,
            text: text.to_owned(),
            at: Timestamp::UNIX_EPOCH,
        })
    }

    fn lines(transcript: &mut Transcript, event: &Event) -> Vec<String> {
        transcript.lines(event)
    }

    #[test]
    fn a_message_is_one_line_that_begins_with_its_sender() {
        let mut transcript = Transcript::new(Style::Human { colour: false });
        assert_eq!(lines(&mut transcript, &said("hi\nAna: no", false, false)), ["Ben: hi ⏎ Ana: no"]);
        assert_eq!(lines(&mut transcript, &said("hi", true, false)), ["Ben> hi"]);
    }

    /// One's connection was made anew, and nothing was noticed of it but this.
    #[test]
    fn a_connection_that_takes_the_place_of_another_is_told_in_one_line() {
        let welcomed = Welcomed {
            room: "Kitchen".parse().unwrap(),
            name: "Ben".parse().unwrap(),
            member: 1,
            transport: Some(crate::transport::Kind::Tls),
            security: Security::Pinned,
            fingerprint: None,
            key_exchange: None,
            saved: true,
            members: Vec::new(),
        };
        let resumed = |anew| Event::Resumed { welcomed: welcomed.clone(), anew };
        let state = |state, detail: &str| Event::State { state, detail: detail.to_owned() };
        let mut transcript = Transcript::new(Style::Human { colour: false });
        assert_eq!(lines(&mut transcript, &resumed(false)), Vec::<String>::new());
        assert_eq!(lines(&mut transcript, &state(State::Online, "It goes on.")), ["* It goes on."]);
        assert!(!lines(&mut transcript, &resumed(true)).is_empty(), "the host has lost what was said");
        lines(&mut transcript, &state(State::Reconnecting, "Lost."));
        assert!(!lines(&mut transcript, &resumed(false)).is_empty(), "who was away is told how they are back");
    }

    #[test]
    fn history_is_set_apart() {
        let mut transcript = Transcript::new(Style::Human { colour: false });
        assert_eq!(lines(&mut transcript, &said("old", false, true)).len(), 2);
        assert_eq!(lines(&mut transcript, &said("old", false, true)).len(), 1);
        assert_eq!(lines(&mut transcript, &said("new", false, false)).len(), 2);
    }
}
