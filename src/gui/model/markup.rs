//! A small part of Markdown: bold, italic, code, blocks of code and quotes.
//!
//! Marks that belong together are taken out and what was between them is drawn differently; marks that are not closed, and
//! everything else that looks like Markdown, stay as they were typed. Nothing here can hide a word or lead anywhere: what
//! comes out is the same text, less its marks. One pass over the text; nesting is bounded.

use super::link::{self, Link};

/// How a stretch of text is drawn.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Style {
    /// `**bold**`
    Bold,
    /// `*italic*` or `_italic_`
    Italic,
    /// `` `code` ``
    Code,
    /// Lines between two of ` ``` `.
    Block,
    /// Lines that begin with `>`.
    Quote,
}

impl Style {
    /// Whether it is the style of whole lines.
    pub(crate) fn is_of_lines(self) -> bool {
        matches!(self, Self::Block | Self::Quote)
    }
}

/// A stretch of text that is drawn in a style: its bytes.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Span {
    /// Its first byte.
    pub(crate) from: usize,
    /// The byte after its last.
    pub(crate) to: usize,
    /// How it is drawn.
    pub(crate) style: Style,
}

/// A text without its marks, and where its styles and links are.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(crate) struct Marked {
    /// What is shown.
    pub(crate) text: String,
    /// In the order in which they begin.
    pub(crate) spans: Vec<Span>,
    /// In their order.
    pub(crate) links: Vec<Link>,
}

/// Marks within marks, at most.
const DEPTH: usize = 3;

const FENCE: &str = "```";

/// Takes the marks out of a clean text.
pub(crate) fn marked(source: &str) -> Marked {
    let mut marked = Marked::default();
    let lines: Vec<&str> = source.split('\n').collect();
    // The last fence that can close a block, so that blocks without an end cost one look.
    let last_fence = lines.iter().rposition(|line| is_closing(line));
    let mut at = 0;
    while let Some(line) = lines.get(at) {
        let end = if is_opening(line) && last_fence.is_some_and(|last| last > at) {
            lines.iter().enumerate().skip(at + 1).find(|(_, line)| is_closing(line)).map(|(end, _)| end)
        } else {
            None
        };
        match end {
            // A block of nothing stays as it was typed.
            Some(end) if end > at + 1 => {
                let code = lines.get(at + 1..end).unwrap_or_default().join("\n");
                marked.styled(Style::Block, |marked| marked.text.push_str(&code));
                at = end;
            }
            _ => {
                match line.strip_prefix("> ").or_else(|| line.strip_prefix('>')).filter(|line| !line.trim().is_empty())
                {
                    Some(quoted) => marked.styled(Style::Quote, |marked| marked.line(quoted)),
                    None => marked.line(line),
                }
            }
        }
        at += 1;
        if at < lines.len() {
            marked.text.push('\n');
        }
    }
    marked
}

/// Whether a line begins a block: a fence, and the name of a language at most.
fn is_opening(line: &str) -> bool {
    line.strip_prefix(FENCE).is_some_and(|language| language.len() <= 20 && !language.contains(['`', ' ']))
}

fn is_closing(line: &str) -> bool {
    line.trim_end() == FENCE
}

/// A mark around words.
#[derive(Clone, Copy)]
struct Mark {
    typed: &'static str,
    style: Style,
}

impl Mark {
    /// Whether two of it stand at the beginning: `**` is not two of `*`, and `__` is nothing.
    fn is_doubled(self, rest: &str) -> bool {
        self.style != Style::Bold && rest.strip_prefix(self.typed).is_some_and(|rest| rest.starts_with(self.typed))
    }
}

/// The longest first.
const MARKS: [Mark; 4] = [
    Mark { typed: "`", style: Style::Code },
    Mark { typed: "**", style: Style::Bold },
    Mark { typed: "*", style: Style::Italic },
    Mark { typed: "_", style: Style::Italic },
];

impl Marked {
    fn styled(&mut self, style: Style, write: impl FnOnce(&mut Self)) {
        let (from, index) = (self.text.len(), self.spans.len());
        // Before those within it.
        self.spans.push(Span { from, to: from, style });
        write(self);
        let to = self.text.len();
        if let Some(span) = self.spans.get_mut(index) {
            span.to = to;
        }
    }

    /// One line, its links as they are and its marks taken out.
    fn line(&mut self, line: &str) {
        let links = if self.links.len() < link::MOST { link::find(line) } else { Vec::new() };
        self.words(line, 0, &links, DEPTH);
    }

    /// A part of a line that begins at byte `start` of it.
    fn words(&mut self, part: &str, start: usize, links: &[Link], depth: usize) {
        let mut rest = part;
        // Marks for which no end was found: nothing later on this line can close an earlier one either.
        let mut unclosed = [false; MARKS.len()];
        let mut before = None;
        while let Some(c) = rest.chars().next() {
            let at = start + part.len() - rest.len();
            if let Some(link) = links.iter().find(|link| link.from == at && link.to <= start + part.len()) {
                let (shown, after) = rest.split_at_checked(link.to - link.from).unwrap_or((rest, ""));
                let from = self.text.len();
                self.text.push_str(shown);
                self.links.push(Link { from, to: self.text.len(), ..link.clone() });
                (before, rest) = (shown.chars().next_back(), after);
                continue;
            }
            let found = MARKS.iter().enumerate().find(|(_, mark)| rest.starts_with(mark.typed));
            if let Some((index, mark)) = found
                && !unclosed.get(index).copied().unwrap_or(true)
                && depth > 0
                && (mark.style == Style::Code || !before.is_some_and(char::is_alphanumeric))
                && !mark.is_doubled(rest)
            {
                let inside = rest.get(mark.typed.len()..).unwrap_or_default();
                match closing(inside, *mark, at + mark.typed.len(), links) {
                    Some(end) => {
                        let (words, after) = inside.split_at_checked(end).unwrap_or((inside, ""));
                        self.styled(mark.style, |marked| match mark.style {
                            Style::Code => marked.text.push_str(words),
                            _ => marked.words(words, at + mark.typed.len(), links, depth - 1),
                        });
                        before = words.chars().next_back();
                        rest = after.get(mark.typed.len()..).unwrap_or_default();
                        continue;
                    }
                    // A mark before a space may still be followed by a pair.
                    None if inside.starts_with(char::is_whitespace) => {}
                    None => unclosed[index] = true,
                }
                self.text.push_str(mark.typed);
                before = mark.typed.chars().next_back();
                rest = inside;
                continue;
            }
            self.text.push(c);
            before = Some(c);
            rest = rest.get(c.len_utf8()..).unwrap_or_default();
        }
    }
}

/// Where the mark is that closes one before `inside`, which begins at byte `start` of its line. It stands behind a
/// character that is no space, not before a letter, and not within a link.
fn closing(inside: &str, mark: Mark, start: usize, links: &[Link]) -> Option<usize> {
    if inside.starts_with(char::is_whitespace) && mark.style != Style::Code {
        return None;
    }
    inside.match_indices(mark.typed).map(|(at, _)| at).find(|at| {
        let (words, after) = inside.split_at_checked(*at).unwrap_or_default();
        let after = after.get(mark.typed.len()..).unwrap_or_default();
        if words.is_empty() {
            return false;
        }
        if mark.style == Style::Code {
            return true;
        }
        let doubled = mark.style == Style::Italic && (after.starts_with(mark.typed) || words.ends_with(mark.typed));
        !doubled
            && !words.ends_with(char::is_whitespace)
            && !after.starts_with(char::is_alphanumeric)
            && !links.iter().any(|link| (link.from..link.to).contains(&(start + at)))
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The text with each styled part in brackets that name its style.
    fn seen(source: &str) -> String {
        let marked = marked(source);
        let mut seen = String::new();
        for (at, c) in marked.text.char_indices().chain([(marked.text.len(), '\0')]) {
            let name = |style| match style {
                Style::Bold => 'b',
                Style::Italic => 'i',
                Style::Code => 'c',
                Style::Block => 'B',
                Style::Quote => 'q',
            };
            for span in marked.spans.iter().rev().filter(|span| span.to == at) {
                seen.push_str(&format!(" {}>", name(span.style)));
            }
            for span in marked.spans.iter().filter(|span| span.from == at && c != '\0') {
                seen.push_str(&format!("<{} ", name(span.style)));
            }
            if c != '\0' {
                seen.push(c);
            }
        }
        seen
    }

    #[test]
    fn what_is_closed_is_drawn() {
        assert_eq!(seen("a **b c** d"), "a <b b c b> d");
        assert_eq!(seen("*a* and _b_."), "<i a i> and <i b i>.");
        assert_eq!(seen("run `ls -la`!"), "run <c ls -la c>!");
        assert_eq!(seen("**a *b* c**"), "<b a <i b i> c b>");
        assert_eq!(seen("(*a*, **b**)"), "(<i a i>, <b b b>)");
        assert_eq!(seen("> so they said\nno"), "<q so they said q>\nno");
        assert_eq!(seen("> **so**"), "<q <b so b> q>");
        assert_eq!(seen("look:\n```rust\nfn *x*() {\n}\n```\nsee?"), "look:\n<B fn *x*() {\n} B>\nsee?");
    }

    #[test]
    fn what_is_not_closed_stays_as_typed() {
        for typed in [
            "**a",
            "a*",
            "2*3*4 = 24",
            "2 * 3 * 4",
            "snake_case_name",
            "__init__",
            "`a",
            "``",
            "****",
            "```\ncode",
            "```\n```",
            "* one\n* two",
            "** a **",
            "# no heading",
            "[no](link)",
            "<b>no</b>",
            ">",
            "*a\nb*",
        ] {
            assert_eq!(seen(typed), typed);
        }
    }

    #[test]
    fn code_is_left_alone() {
        assert_eq!(seen("`**a** https://example.org`"), "<c **a** https://example.org c>");
        assert!(marked("`https://example.org`").links.is_empty());
    }

    #[test]
    fn a_link_keeps_its_underscores_and_stars() {
        let found = marked("see _https://example.org/a_b_c_ or *https://example.org/*");
        assert_eq!(found.links.len(), 2);
        assert!(found.text.contains("https://example.org/a_b_c"));
        assert_eq!(&found.text[found.links[0].from..found.links[0].to], found.links[0].target.trim_end_matches('/'));
    }

    proptest! {
        #[test]
        fn only_marks_are_taken_out(source in "[ab*_`> \n.é]{0,60}") {
            let found = marked(&source);
            let letters = |text: &str| text.chars().filter(|c| c.is_alphanumeric()).collect::<String>();
            // The name of a language may go with its fence; there is none here that could.
            if !source.contains(FENCE) {
                prop_assert_eq!(letters(&found.text), letters(&source));
            }
            for span in &found.spans {
                prop_assert!(span.from < span.to && found.text.get(span.from..span.to).is_some());
            }
            prop_assert!(found.spans.is_sorted_by_key(|span| span.from));
        }
    }

    /// Each of these once took a time that grew with the square of its length.
    #[test]
    fn a_text_of_nothing_but_marks_is_read_at_once() {
        for typed in ["**a ", "*", "_a", "`", "> *", "```\n", "*a_"] {
            marked(&typed.repeat(16 * 1024 / typed.len()));
        }
    }
}
