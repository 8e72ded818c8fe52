//! Text of others, made fit for a layout.
//!
//! The network side has already cleaned it ([`crate::wire::text`]); what is left is what only a drawn window minds: one
//! word of many kilobytes takes seconds to lay out, thousands of line breaks make a row taller than any screen, and a NUL
//! ends the process in glib. The last is cleaned once more here, because a window must not depend on somebody else's care.

use super::{
    link::Link,
    markup::{self, Marked, Span},
};
use crate::wire::text::{beginning, clean};

/// Where a long word may be broken: a space without width. Taken out again when the text is copied.
pub(crate) const BREAK: char = '\u{200b}';

/// Characters of a word after which it may be broken.
const WORD: usize = 64;

/// Lines of a message that are shown before somebody asks for the rest.
pub(crate) const LINES: usize = 40;

/// Bytes of a text that are shown at all: more than a message can have, for texts that come from elsewhere.
const LARGEST: usize = 64 * 1024;

/// A text as it can be laid out.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Fit {
    /// What is shown.
    pub(crate) text: String,
    /// Lines that are not.
    pub(crate) hidden: usize,
}

/// What somebody has said, as it can be laid out.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Drawn {
    /// What is shown.
    pub(crate) text: String,
    /// Its styles.
    pub(crate) spans: Vec<Span>,
    /// Its links.
    pub(crate) links: Vec<Link>,
    /// Lines that are not shown.
    pub(crate) hidden: usize,
}

/// The text with breaks in its long words, and its first `lines` lines only.
pub(crate) fn fit(text: &str, lines: usize) -> Fit {
    let text = clean(beginning(text, LARGEST));
    let (shown, hidden) = cut(&text, lines);
    Fit { text: broken(shown).0, hidden }
}

/// The same for what somebody has said, with its marks taken out.
pub(crate) fn drawn(text: &str, lines: usize) -> Drawn {
    let text: String = clean(beginning(text, LARGEST)).chars().filter(|c| *c != BREAK).collect();
    let (shown, hidden) = cut(&text, lines);
    let Marked { text: shown, mut spans, mut links } = markup::marked(shown);
    let (text, breaks) = broken(&shown);
    // Each break before a place moves it.
    let moved = |place: usize| place + BREAK.len_utf8() * breaks.partition_point(|at| *at < place);
    for span in &mut spans {
        (span.from, span.to) = (moved(span.from), moved(span.to));
    }
    for link in &mut links {
        (link.from, link.to) = (moved(link.from), moved(link.to));
    }
    Drawn { text, spans, links, hidden }
}

/// The first `lines` lines, and how many are left.
fn cut(text: &str, lines: usize) -> (&str, usize) {
    let hidden = text.split('\n').count().saturating_sub(lines);
    let end = text.match_indices('\n').nth(lines.max(1) - 1).filter(|_| hidden > 0).map_or(text.len(), |(at, _)| at);
    (text.get(..end).unwrap_or_default(), hidden)
}

/// The text with breaks in its long words, and before which bytes of it they were put.
fn broken(text: &str) -> (String, Vec<usize>) {
    let mut broken = String::with_capacity(text.len() + text.len() / WORD);
    let mut breaks = Vec::new();
    let mut run = 0;
    for (at, c) in text.char_indices().filter(|(_, c)| *c != BREAK) {
        run = if c.is_whitespace() { 0 } else { run + 1 };
        if run > WORD {
            broken.push(BREAK);
            breaks.push(at);
            run = 1;
        }
        broken.push(c);
    }
    (broken, breaks)
}

/// One line for a label: clean, without line breaks, with breaks in long words.
pub(crate) fn label(text: &str) -> String {
    fit(&crate::wire::text::clean_line(text), 1).text
}

/// A text that may be broken anywhere, for a long string in a narrow column.
pub(crate) fn wrapped(text: &str) -> String {
    text.chars().flat_map(|c| [c, BREAK]).collect()
}

/// What to put on the clipboard for a shown text.
pub(crate) fn unfit(text: &str) -> String {
    text.chars().filter(|c| *c != BREAK).collect()
}

/// The word around a place, as a range of bytes. A place between words gives what is between them.
pub(crate) fn word_at(text: &str, place: usize) -> (usize, usize) {
    let place = text.floor_char_boundary(place);
    let (before, after) = text.split_at_checked(place).unwrap_or((text, ""));
    let inside = |c: char| c.is_alphanumeric() || c == '_' || c == BREAK || c == '\u{301}';
    let Some(at) = after.chars().next().or_else(|| before.chars().next_back()) else { return (0, 0) };
    let kind = inside(at);
    let same = |c: &char| inside(*c) == kind && *c != '\n';
    let before: usize = before.chars().rev().take_while(same).map(char::len_utf8).sum();
    let after: usize = after.chars().take_while(same).map(char::len_utf8).sum();
    (place - before, place + after)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_words_get_breaks_that_a_copy_does_not_have() {
        let word = "é".repeat(8 * 1024);
        let fitted = fit(&word, LINES);
        assert!(fitted.text.split(BREAK).all(|part| part.chars().count() <= WORD));
        assert_eq!(unfit(&fitted.text), word);
        assert_eq!(fit("short words only", LINES).text, "short words only");
    }

    #[test]
    fn styles_and_links_move_with_the_breaks_before_them() {
        let word = "w".repeat(200);
        let drawn = drawn(&format!("{word} **bold** https://example.org/{word} `c`"), LINES);
        let part = |from: usize, to: usize| unfit(&drawn.text[from..to]);
        assert_eq!(drawn.spans.iter().map(|span| part(span.from, span.to)).collect::<Vec<_>>(), ["bold", "c"]);
        assert_eq!(part(drawn.links[0].from, drawn.links[0].to), format!("https://example.org/{word}"));
    }

    #[test]
    fn many_lines_are_cut_and_counted() {
        let lines = vec!["x"; 100].join("\n");
        let fitted = fit(&lines, LINES);
        assert_eq!((fitted.text.lines().count(), fitted.hidden), (LINES, 60));
        assert_eq!(fit(&lines, usize::MAX).hidden, 0);
        assert_eq!(fit("one\ntwo", 2), Fit { text: "one\ntwo".to_owned(), hidden: 0 });
    }

    #[test]
    fn nothing_that_ends_the_process_gets_through() {
        assert!(!fit("a\0b", LINES).text.contains('\0'));
        assert_eq!(label("a\0b\nc"), "a␀b c");
    }

    #[test]
    fn a_word_is_what_is_between_its_neighbours() {
        assert_eq!(word_at("one two", 5), (4, 7));
        assert_eq!(word_at("one two", 3), (3, 4));
        assert_eq!(word_at("über-all", 0), (0, 5));
        assert_eq!(word_at("end", 3), (0, 3));
        assert_eq!(word_at("", 0), (0, 0));
    }
}
