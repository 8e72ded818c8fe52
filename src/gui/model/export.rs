//! The transcript as a file: plain text, Markdown, or one JSON object a line.

use std::{fmt::Write, path::Path};

use jiff::tz::TimeZone;
use serde::Serialize;

use super::{
    markup::{Span, Style},
    text,
    transcript::{Log, Message, Row},
};

/// A form of file.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Format {
    /// Lines that begin with time and name.
    Text,
    /// What was bold is bold again.
    Markdown,
    /// The objects that `--json` prints.
    JsonLines,
}

impl Format {
    /// What the end of a file's name asks for; plain text if it asks for nothing known.
    pub(crate) fn of(path: &Path) -> Self {
        let ending = path.extension().and_then(|ending| ending.to_str()).unwrap_or_default().to_lowercase();
        match ending.as_str() {
            "md" | "markdown" => Self::Markdown,
            "jsonl" | "json" | "ndjson" => Self::JsonLines,
            _ => Self::Text,
        }
    }
}

/// A line of a JSON file.
#[derive(Serialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
enum Json<'a> {
    Said { seq: Option<u64>, from: &'a str, own: bool, history: bool, text: String, at: String },
    Notice { text: String },
}

/// The transcript of a room in this form.
pub(crate) fn written(log: &Log, room: &str, zone: &TimeZone, format: Format) -> String {
    let mut file = String::new();
    if format == Format::Markdown {
        let _ = writeln!(file, "# {}\n", escaped(room));
    }
    for row in (log.first()..log.end()).filter_map(|row| log.get(row)) {
        match format {
            Format::Text => plain(&mut file, row, zone),
            Format::Markdown => markdown(&mut file, row, zone),
            Format::JsonLines => json(&mut file, row),
        }
    }
    file
}

// Writing to a string does not fail.

fn plain(file: &mut String, row: &Row, zone: &TimeZone) {
    let _ = match row {
        Row::Message(message) => {
            let at = message.at.to_zoned(zone.clone()).strftime("%F %R");
            // A line of a message cannot pass for the next message.
            writeln!(file, "[{at}] {}: {}", message.from(), message.source().replace('\n', "\n    "))
        }
        Row::Notice(_) => writeln!(file, "-- {}", text::unfit(row.shown()).replace('\n', "\n-- ")),
        Row::Divider(words) => writeln!(file, "\n--- {words} ---\n"),
    };
}

fn json(file: &mut String, row: &Row) {
    let line = match row {
        Row::Message(message) => Json::Said {
            seq: message.seq,
            from: message.from(),
            own: message.own,
            history: message.history,
            text: message.source(),
            at: message.at.to_string(),
        },
        Row::Notice(_) => Json::Notice { text: text::unfit(row.shown()) },
        Row::Divider(_) => return,
    };
    if let Ok(line) = serde_json::to_string(&line) {
        let _ = writeln!(file, "{line}");
    }
}

fn markdown(file: &mut String, row: &Row, zone: &TimeZone) {
    let _ = match row {
        Row::Message(message) => {
            let at = message.at.to_zoned(zone.clone()).strftime("%R");
            writeln!(file, "**{}** {at}  \n{}\n", escaped(message.from()), marked(message))
        }
        Row::Notice(_) => writeln!(file, "*{}*\n", escaped(&text::unfit(row.shown())).replace('\n', "*  \n*")),
        Row::Divider(words) => writeln!(file, "## {}\n", escaped(words)),
    };
}

/// A message with the marks that it had, and with everything else as it is shown. One pass over it.
fn marked(message: &Message) -> String {
    let whole = text::drawn(&message.source(), usize::MAX);
    // A block that has fences in it needs a longer one.
    let fence = "`".repeat(whole.text.split(|c| c != '`').map(str::len).max().unwrap_or(0).max(2) + 1);
    let marks = |style| match style {
        Style::Bold => ("**".to_owned(), "**".to_owned()),
        Style::Italic => ("*".to_owned(), "*".to_owned()),
        Style::Code => ("`".to_owned(), "`".to_owned()),
        Style::Block => (format!("{fence}\n"), format!("\n{fence}")),
        Style::Quote => ("> ".to_owned(), String::new()),
    };
    let mut written = String::new();
    let mut spans = whole.spans.iter().peekable();
    // Those within each other, the innermost last.
    let mut open: Vec<&Span> = Vec::new();
    let mut links = whole.links.iter().peekable();
    for (at, c) in whole.text.char_indices().chain([(whole.text.len(), '\0')]) {
        while let Some(span) = open.pop_if(|span| span.to <= at) {
            written.push_str(&marks(span.style).1);
        }
        if links.next_if(|link| link.to == at).is_some() {
            written.push('>');
        }
        if at == whole.text.len() {
            break;
        }
        while let Some(span) = spans.next_if(|span| span.from <= at) {
            written.push_str(&marks(span.style).0);
            open.push(span);
        }
        let is_link = links.peek().is_some_and(|link| (link.from..link.to).contains(&at));
        if links.peek().is_some_and(|link| link.from == at) {
            // Whatever is in it, nothing of it is Markdown.
            written.push('<');
        }
        match c {
            '<' | '>' if is_link => written.push_str(if c == '<' { "%3C" } else { "%3E" }),
            _ if is_link || open.iter().any(|span| matches!(span.style, Style::Code | Style::Block)) => written.push(c),
            // Without spaces at its end, Markdown would join a line to the next.
            '\n' => written.push_str("  \n"),
            c => escape(&mut written, c),
        }
    }
    text::unfit(&written)
}

fn escaped(text: &str) -> String {
    text.chars().fold(String::new(), |mut escaped, c| {
        escape(&mut escaped, c);
        escaped
    })
}

fn escape(written: &mut String, c: char) {
    if c.is_ascii_punctuation() && !matches!(c, '.' | ',' | ':' | ';' | '?' | '\'' | '"' | '/' | '(' | ')' | '@' | '%')
    {
        written.push('\\');
    }
    written.push(c);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        conversation::Said,
        gui::model::{
            notices::What,
            transcript::{Feed, tests::said},
        },
    };

    fn file(format: Format) -> String {
        let mut feed = Feed::in_zone(TimeZone::UTC);
        feed.said(&said(1, "Ada", "two\nlines, **bold** <b>no</b>"), None);
        feed.happened(What::Left, "Ben");
        feed.said(&Said { own: true, ..said(2, "Chiara", "`x*y` https://example.org/a_b?c=d") }, None);
        written(&feed.log(), "Kitchen", &TimeZone::UTC, format)
    }

    #[test]
    fn plain_text_has_a_line_for_each() {
        assert_eq!(
            file(Format::Text),
            "\n--- Monday, 4 May 2026 ---\n\n[2026-05-04 09:41] Ada: two\n    lines, **bold** <b>no</b>\n-- Ben left\n\
             [2026-05-04 09:41] Chiara: `x*y` https://example.org/a_b?c=d\n"
        );
    }

    #[test]
    fn markdown_shows_what_the_window_shows() {
        assert_eq!(
            file(Format::Markdown),
            "# Kitchen\n\n## Monday, 4 May 2026\n\n**Ada** 09:41  \ntwo  \nlines, **bold** \\<b\\>no\\</b\\>\n\n*Ben left*\n\n\
             **Chiara** 09:41  \n`x*y` <https://example.org/a_b?c=d>\n\n"
        );
    }

    #[test]
    fn what_others_write_does_not_become_markdown_in_the_file() {
        let mut feed = Feed::in_zone(TimeZone::UTC);
        for (seq, text) in [
            "https://x.example/![](https://evil.example/p.png)",
            "```\ncode\n````\n![](https://evil.example/q.png)\n```",
            "![](/r.png) <img src=x>",
        ]
        .iter()
        .enumerate()
        {
            feed.said(&said(seq as u64, "Eve", text), None);
        }
        let file = written(&feed.log(), "Kitchen", &TimeZone::UTC, Format::Markdown);
        assert!(file.contains("<https://x.example/!"), "{file}");
        assert!(file.contains("`````\ncode\n````\n![](https://evil.example/q.png)\n`````\n"), "{file}");
        assert!(file.contains("\\!\\[\\](/r.png) \\<img"), "{file}");
    }

    #[test]
    fn json_lines_are_the_objects_of_the_terminal() {
        let file = file(Format::JsonLines);
        let lines: Vec<serde_json::Value> = file.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!(lines.len(), 3);
        assert_eq!(lines[0]["event"], "said");
        assert_eq!(lines[0]["text"], "two\nlines, **bold** <b>no</b>");
        assert_eq!(lines[0]["at"], "2026-05-04T09:41:00Z");
        assert_eq!(lines[1], serde_json::json!({ "event": "notice", "text": "Ben left" }));
        assert_eq!((&lines[2]["own"], &lines[2]["from"]), (&true.into(), &"Chiara".into()));
    }

    #[test]
    fn the_name_of_the_file_says_which() {
        for (name, format) in
            [("a.txt", Format::Text), ("a", Format::Text), ("a.MD", Format::Markdown), ("a.jsonl", Format::JsonLines)]
        {
            assert_eq!(Format::of(Path::new(name)), format);
        }
    }
}
