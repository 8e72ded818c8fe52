//! What may be meant by what has been begun: a member's name, an emoji's short code, a command.
//!
//! Short codes, commands and names after an `@` are offered while they are typed, and taken by Tab or Enter. A name without
//! an `@` is an ordinary word, so that only Tab asks for it; it is then put in at once, and Tab goes on to the next.

use super::{slash, text};

/// Candidates that are looked at, at most.
const MOST: usize = 40;

/// Rows of the list that are shown at once.
pub(crate) const ROWS: usize = 6;

/// Letters of a short code from which on it is offered: before, it may be a smiley.
const LETTERS: usize = 2;

/// Names that are looked for may have a few words.
const WORDS: usize = 4;

/// A change of the draft: what is between two places, in bytes, becomes this.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Edit {
    /// Where it begins.
    pub(crate) from: usize,
    /// Where it ends.
    pub(crate) to: usize,
    /// What is put there; the caret is then after it.
    pub(crate) text: String,
}

/// Something that may be meant.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Candidate {
    /// What it is called in the list.
    pub(crate) shown: String,
    /// A word about it.
    pub(crate) about: String,
    /// What is written when it is taken.
    text: String,
}

/// What may be meant, and which of it is chosen.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Completion {
    /// Where what was begun begins.
    from: usize,
    /// Where it ends, or what was put in its place.
    to: usize,
    candidates: Vec<Candidate>,
    chosen: usize,
    /// Whether the chosen one stands in the text already.
    is_in: bool,
}

impl Completion {
    fn new(from: usize, to: usize, candidates: Vec<Candidate>) -> Option<Self> {
        (!candidates.is_empty()).then_some(Self { from, to, candidates, chosen: 0, is_in: false })
    }

    /// Where what was begun begins.
    pub(crate) fn from(&self) -> usize {
        self.from
    }

    /// Whether the chosen one stands in the text already.
    pub(crate) fn is_in(&self) -> bool {
        self.is_in
    }

    /// Whether there is a choice.
    pub(crate) fn is_choice(&self) -> bool {
        self.candidates.len() > 1
    }

    /// The rows that are shown, each with its number and whether it is chosen.
    pub(crate) fn rows(&self) -> impl Iterator<Item = (usize, &Candidate, bool)> {
        let first = self.chosen.saturating_sub(ROWS / 2).min(self.candidates.len().saturating_sub(ROWS));
        let rows = self.candidates.iter().enumerate().skip(first).take(ROWS);
        rows.map(|(row, candidate)| (row, candidate, row == self.chosen))
    }

    /// Chooses the next or the one before, all around. What stands in the text already is replaced.
    pub(crate) fn step(&mut self, forward: bool) -> Option<Edit> {
        let count = self.candidates.len();
        self.chosen = (self.chosen + if forward { 1 } else { count - 1 }) % count;
        if self.is_in { Some(self.put()) } else { None }
    }

    /// Puts the one with this number in.
    pub(crate) fn take(&mut self, row: usize) -> Edit {
        self.chosen = row.min(self.candidates.len() - 1);
        self.put()
    }

    /// Puts the chosen one in.
    pub(crate) fn put(&mut self) -> Edit {
        let text = self.candidates.get(self.chosen).map(|candidate| candidate.text.clone()).unwrap_or_default();
        let edit = Edit { from: self.from, to: self.to, text };
        self.to = self.from + edit.text.len();
        self.is_in = true;
        edit
    }
}

/// What is offered of itself for what stands before the caret.
pub(crate) fn offered<'a>(draft: &str, caret: usize, names: impl Iterator<Item = &'a str>) -> Option<Completion> {
    let (before, rest) = draft.split_at_checked(caret)?;
    // What goes on after the caret was not begun just now.
    if !rest.chars().next().is_none_or(char::is_whitespace) {
        return None;
    }
    let word = before
        .rfind(char::is_whitespace)
        .map_or(0, |at| at + before.get(at..).and_then(|rest| rest.chars().next()).map_or(1, char::len_utf8));
    let begun = before.get(word..)?;
    if let Some(begun) = begun.strip_prefix('/').filter(|_| word == 0) {
        return Completion::new(word, caret, commands(begun));
    }
    if is_code(before) {
        return None;
    }
    if let Some(begun) = begun.strip_prefix('@').filter(|begun| !begun.is_empty()) {
        let candidates = found(begun, names).map(|name| candidate(&name, format!("@{name}"), after(draft, caret)));
        return Completion::new(word, caret, candidates.collect());
    }
    let colon = begun.rfind(':').map(|at| word + at).filter(|at| stands_alone(before, *at))?;
    Completion::new(colon, caret, emojis(before.get(colon + 1..)?))
}

/// The names that Tab finds for what stands before the caret.
pub(crate) fn named<'a>(draft: &str, caret: usize, names: impl Iterator<Item = &'a str>) -> Option<Completion> {
    let before = draft.get(..caret)?;
    let names: Vec<_> = names.collect();
    let line = before.rfind('\n').map_or(0, |at| at + 1);
    let mut last = ' ';
    let mut starts = Vec::new();
    for (at, c) in before.get(line..)?.char_indices() {
        if c.is_alphanumeric() && !last.is_alphanumeric() {
            starts.push(line + at);
        }
        last = c;
    }
    // Of "Ada Lo", "Ada Lovelace" is a better guess than "Lola".
    starts.into_iter().rev().take(WORDS).rev().find_map(|from| {
        let begun = before.get(from..).filter(|begun| begun.trim_end().len() == begun.len())?;
        let end = if from == 0 { ":" } else { "" };
        let candidates = found(begun, names.iter().copied())
            .map(|name| candidate(&name, format!("{name}{end}"), after(draft, caret)))
            .collect();
        Completion::new(from, caret, candidates)
    })
}

/// The emoji that a short code becomes when its second colon has just been typed.
pub(crate) fn closed(draft: &str, caret: usize) -> Option<Edit> {
    let before = draft.get(..caret)?.strip_suffix(':')?;
    let from = before.rfind(':').filter(|at| stands_alone(before, *at))?;
    let emoji = emojis::get_by_shortcode(before.get(from + 1..)?).filter(|_| !is_code(before))?;
    Some(Edit { from, to: caret, text: emoji.as_str().to_owned() })
}

/// What goes between a name and what is written next.
fn after(draft: &str, caret: usize) -> &'static str {
    let next = draft.get(caret..).and_then(|rest| rest.chars().next());
    if next.is_some_and(char::is_whitespace) { "" } else { " " }
}

fn candidate(name: &str, text: String, after: &str) -> Candidate {
    Candidate { shown: name.to_owned(), about: String::new(), text: text + after }
}

/// A colon begins a short code at the beginning, or where no word goes on: not in "10:30:45" or "http://".
fn stands_alone(before: &str, colon: usize) -> bool {
    let last = before.get(..colon).and_then(|before| before.chars().next_back());
    last.is_none_or(|c| !c.is_alphanumeric() && c != ':')
}

/// Whether what comes next is code, which is left as it is typed.
fn is_code(before: &str) -> bool {
    before.matches('`').count() % 2 == 1
}

fn found<'a>(begun: &str, names: impl Iterator<Item = &'a str>) -> impl Iterator<Item = String> {
    let begun = begun.to_lowercase();
    let found = names.filter(move |name| !begun.is_empty() && name.to_lowercase().starts_with(&begun));
    found.take(MOST).map(text::unfit)
}

fn commands(begun: &str) -> Vec<Candidate> {
    let begun = begun.to_lowercase();
    let known = slash::KNOWN.iter().filter(|known| known.name.starts_with(&begun) && known.name != begun);
    known
        .map(|known| Candidate {
            shown: format!("/{} {}", known.name, known.takes).trim_end().to_owned(),
            about: known.does.to_owned(),
            text: if known.takes.is_empty() { format!("/{}", known.name) } else { format!("/{} ", known.name) },
        })
        .collect()
}

/// Emojis whose short code begins with these letters, the shortest first; then those that have them in another place.
fn emojis(begun: &str) -> Vec<Candidate> {
    let begun = begun.to_lowercase();
    let is_letter = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '+' | '-');
    if begun.chars().count() < LETTERS || !begun.chars().all(is_letter) {
        return Vec::new();
    }
    let mut codes: Vec<(bool, usize, &str, &str)> = emojis::iter()
        .filter_map(|emoji| {
            let codes = emoji.shortcodes().filter(|code| code.contains(&begun));
            let best = codes.min_by_key(|code| (!code.starts_with(&begun), code.len()))?;
            Some((!best.starts_with(&begun), best.len(), best, emoji.as_str()))
        })
        .collect();
    codes.sort_by_key(|(inside, length, ..)| (*inside, *length));
    let candidate = |(_, _, code, emoji): (bool, usize, &str, &str)| Candidate {
        shown: emoji.to_owned(),
        about: format!(":{code}:"),
        text: emoji.to_owned(),
    };
    codes.into_iter().take(MOST).map(candidate).collect()
}

/// What is offered for one draft, as the box goes along.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(crate) struct Suggestions {
    open: Option<Completion>,
    /// Where what was begun began, when one did not want to have it completed.
    unwanted: Option<usize>,
}

impl Suggestions {
    /// What is offered, if there is something to choose or to take.
    pub(crate) fn list(&self) -> Option<&Completion> {
        self.open.as_ref().filter(|open| open.is_choice() || !open.is_in())
    }

    /// The draft or its caret has changed.
    pub(crate) fn follow<'a>(&mut self, draft: &str, caret: usize, names: impl Iterator<Item = &'a str>) {
        let offered = offered(draft, caret, names);
        let from = offered.as_ref().map(Completion::from);
        self.unwanted = self.unwanted.filter(|unwanted| from == Some(*unwanted));
        self.open = offered.filter(|_| self.unwanted.is_none());
    }

    /// Tab: takes what is offered, goes on to the next, or looks for a name. None if there is nothing to complete.
    pub(crate) fn tab<'a>(
        &mut self,
        draft: &str,
        caret: usize,
        forward: bool,
        names: impl Iterator<Item = &'a str>,
    ) -> Option<Edit> {
        if let Some(open) = self.open.as_mut().filter(|open| open.is_in()) {
            return open.step(forward).filter(|_| open.is_choice());
        }
        if !forward {
            return None;
        }
        if self.open.is_some() {
            return self.take();
        }
        let mut found = named(draft, caret, names)?;
        let edit = found.put();
        self.open = Some(found);
        Some(edit)
    }

    /// Another one is chosen.
    pub(crate) fn step(&mut self, forward: bool) -> Option<Edit> {
        self.open.as_mut().and_then(|open| open.step(forward))
    }

    /// Takes the chosen one, and closes the list. Nothing is to be done if it is in the text already.
    pub(crate) fn take(&mut self) -> Option<Edit> {
        let mut open = self.open.take()?;
        if open.is_in() { None } else { Some(open.put()) }
    }

    /// Takes the one with this number, and closes the list.
    pub(crate) fn take_row(&mut self, row: usize) -> Option<Edit> {
        Some(self.open.take()?.take(row))
    }

    /// It is not wanted.
    pub(crate) fn dismiss(&mut self) {
        self.unwanted = self.open.take().map(|open| open.from());
    }
}

#[cfg(test)]
mod tests;
