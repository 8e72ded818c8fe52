//! What is written: sent, asked of the window, said again, and never lost.

use super::Room;
use crate::{
    conversation::Command,
    gui::model::{
        completion::Suggestions,
        composer,
        pending::{Pending, State as Sent},
        people::Person,
        slash::{self, Meaning, Order},
        text,
    },
};

impl Room {
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

    /// Gives a text that was not sent back to the person.
    pub(in crate::gui::model) fn unsent(&mut self, text: &str, why: &str) {
        if self.draft.is_empty() && text.len() <= composer::LARGEST {
            self.draft = slash::draft_of(text);
            self.given_back = Some(self.next_tag);
            self.feed.notice(&format!("Not sent, and back in the box: {why}"), true);
        } else if !self.not_sent(text, why) {
            self.leftover.push(slash::draft_of(text));
            self.feed.notice(&format!("Not sent: {why}\nYour text was:\n{text}"), true);
        }
    }

    /// Shows a text among those that were not sent, to be said again or thrown away; not, if it could not be said at once.
    fn not_sent(&mut self, text: &str, why: &str) -> bool {
        if self.own_name.is_none() || !composer::verdict(text).sendable() {
            return false;
        }
        let tag = self.next_tag;
        // What the conversation is told of it is for when it is said again.
        let _ = self.say(text.to_owned());
        self.feed.failed(tag, why)
    }

    /// What is written and not sent, in its order.
    pub(in crate::gui::model) fn unsent_texts(&self) -> Vec<String> {
        let log = self.feed.log();
        let failed = log.pending().iter().filter(|pending| pending.has_failed());
        let (before, after): (Vec<_>, Vec<_>) =
            failed.partition(|pending| self.given_back.is_none_or(|tag| pending.tag < tag));
        let draft = Some(&self.draft).filter(|draft| !draft.trim().is_empty()).cloned();
        let (first, last) = if self.given_back.is_some() { (draft, None) } else { (None, draft) };
        let texts = |failed: Vec<&Pending>| -> Vec<String> {
            failed.iter().map(|pending| slash::draft_of(&pending.text)).collect()
        };
        [texts(before), Vec::from_iter(first), texts(after), self.leftover.clone(), Vec::from_iter(last)].concat()
    }

    /// Whether what is written and not sent is the same in both.
    pub(crate) fn has_texts_of(&self, other: &Self) -> bool {
        self.draft == other.draft && self.leftover == other.leftover
    }

    /// Puts what was kept of this room into the box, all of it if it fits.
    pub(in crate::gui::model) fn give_back(&mut self, texts: &[String]) {
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
        self.given_back = Some(self.next_tag);
        self.feed.notice("What you had not sent here is back in the box", false);
        for text in rest {
            let was_shown = match slash::meaning(composer::outgoing(text)) {
                Meaning::Say(said) => self.not_sent(&said, "You had left before it was sent."),
                _ => false,
            };
            if !was_shown {
                self.leftover.push(text.clone());
                self.feed.notice(&format!("This was not sent either:\n{text}"), false);
            }
        }
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
        self.given_back = None;
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
}
