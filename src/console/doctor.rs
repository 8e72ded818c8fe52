//! What the doctor has found, in a terminal: rows of what was tried, then what it means; or the same as JSON, one object a line.
//!
//! How something stands is a word in a column of its own; colour only repeats it.

use std::time::Duration;

use serde::Serialize;

use super::Style;
use crate::reach::doctor::{Code, Finding, Mark, Outcome, Report, Row};

/// Columns of a terminal that nobody has made wider.
const WIDTH: usize = 100;

/// The columns before the words of a row, and before those of a finding.
const ROW: usize = 21;
const FINDING: usize = 8;

/// The report as lines, without their line breaks.
pub fn lines(report: &Report, style: Style) -> Vec<String> {
    match style {
        Style::Human { colour } => human(report, colour),
        Style::Json => json(report),
    }
}

fn human(report: &Report, colour: bool) -> Vec<String> {
    let mut lines = Vec::new();
    let mut about = None;
    for row in &report.rows {
        if about != Some(&row.about) {
            lines.push(row.about.clone());
            about = Some(&row.about);
        }
        let mark = format!("{:<7}", row.mark.word());
        let took = row.took.map(|took| format!(" ({})", in_words(took))).unwrap_or_default();
        let words = wrapped(&format!("{}{took}", row.words), WIDTH - ROW);
        lines.extend(words.iter().enumerate().map(|(number, line)| match number {
            0 => format!("  {:<11}{} {line}", row.step, coloured(&mark, row.mark, colour)),
            _ => format!("{:ROW$}{line}", ""),
        }));
    }
    for finding in &report.findings {
        lines.push(String::new());
        let mark = coloured(&format!("{:<7}", finding.mark.word()), finding.mark, colour);
        let paragraphs = [&finding.what, &finding.means, &finding.todo].into_iter().filter(|text| !text.is_empty());
        let words: Vec<_> = paragraphs.flat_map(|text| wrapped(text, WIDTH - FINDING)).collect();
        lines.extend(words.iter().enumerate().map(|(number, line)| match number {
            0 => format!("{mark} {line}"),
            _ => format!("{:FINDING$}{line}", ""),
        }));
    }
    lines
}

fn coloured(text: &str, mark: Mark, colour: bool) -> String {
    let code = match mark {
        _ if !colour => return text.to_owned(),
        Mark::Stop | Mark::Failed => "\x1b[1m\x1b[31m",
        Mark::Unknown | Mark::Note => "\x1b[33m",
        Mark::Ok => "\x1b[32m",
    };
    format!("{code}{text}\x1b[0m")
}

fn in_words(took: Duration) -> String {
    match took.as_millis() {
        0 => "under 1 ms".to_owned(),
        ms @ 1..1000 => format!("{ms} ms"),
        _ => format!("{:.1} s", took.as_secs_f64()),
    }
}

/// The text in lines of at most `width` characters, broken between words; a longer word has a line of its own.
fn wrapped(text: &str, width: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split_whitespace() {
        let Some(line) = lines.last_mut() else { break };
        if line.is_empty() {
            line.push_str(word);
        } else if line.chars().count() + 1 + word.chars().count() <= width {
            line.push(' ');
            line.push_str(word);
        } else {
            lines.push(word.to_owned());
        }
    }
    lines
}

#[derive(Serialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
enum Json<'a> {
    Step {
        about: &'a str,
        step: &'a str,
        mark: Mark,
        detail: &'a str,
        ms: Option<f64>,
    },
    Finding {
        code: Code,
        mark: Mark,
        about: Option<&'a str>,
        what: &'a str,
        means: Option<&'a str>,
        todo: Option<&'a str>,
    },
    Examined {
        outcome: Outcome,
    },
}

fn json(report: &Report) -> Vec<String> {
    let step = |row: &Row| {
        let ms = row.took.map(|took| (took.as_secs_f64() * 10_000.0).round() / 10.0);
        line(&Json::Step { about: &row.about, step: row.step, mark: row.mark, detail: &row.words, ms })
    };
    let finding = |Finding { mark, code, about, what, means, todo }: &Finding| {
        let (about, means, todo) = (some(about), some(means), some(todo));
        line(&Json::Finding { code: *code, mark: *mark, about, what, means, todo })
    };
    let steps = report.rows.iter().map(step);
    let last = line(&Json::Examined { outcome: report.outcome });
    steps.chain(report.findings.iter().map(finding)).chain([last]).flatten().collect()
}

fn some(text: &str) -> Option<&str> {
    Some(text).filter(|text| !text.is_empty())
}

/// These types have nothing in them that JSON could not hold.
fn line(json: &Json<'_>) -> Option<String> {
    serde_json::to_string(json).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report() -> Report {
        let row = |step, mark, words: &str, took| Row {
            about: "192.168.1.20:7275".to_owned(),
            step,
            mark,
            words: words.to_owned(),
            took,
        };
        Report {
            rows: vec![
                row("tcp", Mark::Ok, "connects", Some(Duration::from_micros(1234))),
                row("quic", Mark::Failed, "no answer", Some(Duration::from_secs(8))),
            ],
            findings: vec![Finding {
                mark: Mark::Note,
                code: Code::UdpBlocked,
                about: "192.168.1.20:7275".to_owned(),
                what: "QUIC does not get through.".to_owned(),
                means: "word ".repeat(30),
                todo: String::new(),
            }],
            outcome: Outcome::Well,
        }
    }

    #[test]
    fn a_person_reads_it_without_colours_and_in_columns() {
        let lines = lines(&report(), Style::Human { colour: false });
        assert_eq!(
            lines,
            [
                "192.168.1.20:7275",
                "  tcp        ok      connects (1 ms)",
                "  quic       FAILED  no answer (8.0 s)",
                "",
                "note    QUIC does not get through.",
                &format!("        {}", ["word"; 18].join(" ")),
                &format!("        {}", ["word"; 12].join(" ")),
            ]
        );
        assert!(lines.iter().all(|line| line.chars().count() <= WIDTH));
        let coloured = super::lines(&report(), Style::Human { colour: true });
        assert!(coloured[2].contains("\x1b[31mFAILED "), "{coloured:?}");
    }

    #[test]
    fn a_script_reads_one_object_a_line() {
        assert_eq!(
            lines(&report(), Style::Json)[1..],
            [
                r#"{"event":"step","about":"192.168.1.20:7275","step":"quic","mark":"failed","detail":"no answer","ms":8000.0}"#
                    .to_owned(),
                format!(
                    r#"{{"event":"finding","code":"udp-blocked","mark":"note","about":"192.168.1.20:7275","what":"QUIC does not get through.","means":"{}","todo":null}}"#,
                    "word ".repeat(30)
                ),
                r#"{"event":"examined","outcome":"well"}"#.to_owned(),
            ]
        );
    }
}
