//! One's own messages on their way: said, and not yet echoed by the host.
//!
//! The echo is the acknowledgement. What is still here when a conversation ends was not acknowledged, and its writer is
//! told so: nothing that was typed disappears without a word.

use std::collections::VecDeque;

use super::Event;
use crate::{
    random,
    wire::{limits, message::Say},
};

/// Why a text was not sent that came when nothing was sent any more.
pub(crate) const TOO_LATE: &str = "The conversation was over before it could be sent.";

/// Messages without an echo, in the order in which they were said.
#[derive(Debug, Default)]
pub struct Outbox(VecDeque<Waiting>);

#[derive(Debug)]
struct Waiting {
    say: Say,
    /// The front end's number for it.
    tag: u64,
    /// The host has it: its echo is on its way, or lies in a gap.
    is_known: bool,
    /// There was a gap since it was said.
    may_be_missed: bool,
}

impl Outbox {
    /// Gives a text, which has passed [`check`], a nonce, and keeps it until its echo.
    pub fn add(&mut self, text: String, tag: u64) -> Say {
        let say = Say { nonce: random::number(), text };
        self.0.push_back(Waiting { say: say.clone(), tag, is_known: false, may_be_missed: false });
        say
    }

    /// The echo of a message has come. Its tag, if it was waited for.
    pub fn acknowledge(&mut self, nonce: u64) -> Option<u64> {
        let index = self.0.iter().position(|waiting| waiting.say.nonce == nonce)?;
        self.0.remove(index).map(|waiting| waiting.tag)
    }

    /// The host says that it has this message. Until its echo comes it is kept: the host may be gone before, and its log.
    /// The tags of those of which no echo will come.
    pub fn is_known(&mut self, nonce: u64) -> Vec<u64> {
        self.0.iter_mut().filter(|waiting| waiting.say.nonce == nonce).for_each(|waiting| waiting.is_known = true);
        self.forget_missed()
    }

    /// Entries are missing, and echoes may have been among them. The tags of those of which no echo will come.
    pub fn missed(&mut self) -> Vec<u64> {
        self.0.iter_mut().for_each(|waiting| waiting.may_be_missed = true);
        self.forget_missed()
    }

    /// The host has begun a new log, and knows nothing of what was in the old one.
    pub fn begin_anew(&mut self) {
        self.0.iter_mut().for_each(|waiting| (waiting.is_known, waiting.may_be_missed) = (false, false));
    }

    fn forget_missed(&mut self) -> Vec<u64> {
        let is_missed = |waiting: &Waiting| waiting.is_known && waiting.may_be_missed;
        let missed = self.0.iter().filter(|waiting| is_missed(waiting)).map(|waiting| waiting.tag).collect();
        self.0.retain(|waiting| !is_missed(waiting));
        missed
    }

    /// What is on its way, in the order in which it was said: what to say again over a new connection.
    pub fn waiting(&self) -> impl Iterator<Item = &Say> {
        self.0.iter().map(|waiting| &waiting.say)
    }

    /// Whether as many messages are on their way as may be.
    pub fn is_full(&self) -> bool {
        self.0.len() >= limits::OUTSTANDING
    }

    /// Whether every message has had its echo.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// What to tell of those that never had an echo.
    pub fn into_unsent(self) -> impl Iterator<Item = Event> {
        let why = "The conversation ended before the host had confirmed it.";
        self.0.into_iter().map(move |waiting| Event::Unsent {
            text: waiting.say.text,
            tag: waiting.tag,
            why: why.to_owned(),
        })
    }
}

/// Whether a text can be said.
///
/// # Errors
///
/// Why not, as a sentence.
pub fn check(text: &str) -> Result<(), String> {
    if text.trim().is_empty() {
        return Err("There is nothing in it.".to_owned());
    }
    if text.len() > limits::TEXT {
        return Err(format!(
            "It is too long: {} bytes, and a message holds {}. Send it in parts.",
            text.len(),
            limits::TEXT
        ));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_kept_until_its_echo() {
        let mut outbox = Outbox::default();
        let first = outbox.add("one".to_owned(), 7);
        outbox.add("two".to_owned(), 8);
        assert_eq!(outbox.acknowledge(first.nonce), Some(7));
        assert_eq!(outbox.acknowledge(first.nonce), None);
        let unsent: Vec<_> = outbox.into_unsent().collect();
        assert!(matches!(&unsent[..], [Event::Unsent { text, tag: 8, .. }] if text == "two"));
    }

    /// It was forgotten when the host said that it had it, and when the host was gone before its echo, so was the text.
    #[test]
    fn a_message_that_the_host_has_is_kept_until_its_echo_or_a_gap() {
        let mut outbox = Outbox::default();
        let nonces = ["echoed", "missed", "missed before", "unknown"]
            .map(|text| outbox.add(text.to_owned(), text.len() as u64).nonce);
        outbox.is_known(nonces[0]);
        outbox.is_known(nonces[1]);
        assert_eq!(outbox.waiting().count(), 4);
        outbox.acknowledge(nonces[0]);
        assert_eq!(outbox.missed(), ["missed".len() as u64]);
        assert_eq!(outbox.waiting().count(), 2);
        assert_eq!(outbox.is_known(nonces[2]), ["missed before".len() as u64]);
        assert_eq!(outbox.waiting().map(|say| say.text.as_str()).collect::<Vec<_>>(), ["unknown"]);
        outbox.begin_anew();
        outbox.is_known(nonces[3]);
        assert!(!outbox.is_empty(), "the gap was in another log");
    }

    #[test]
    fn what_cannot_be_said_is_told_so() {
        assert!(check("").is_err());
        assert!(check(" \n").is_err());
        assert!(check(&"x".repeat(limits::TEXT + 1)).is_err());
        assert!(check(&"x".repeat(limits::TEXT)).is_ok());
    }
}
