//! The text of the file of pins, line by line. A line that was not changed is written back byte for byte,
//! so that comments, damaged lines and a person's own spacing outlive every change.
//!
//! ```text
//! SHA256:… first=2026-11-22T21:40:00Z last=2026-11-23T08:00:00Z over=quic address=192.168.1.20:7275 name="Ana's room"
//! ```

use jiff::Timestamp;

use super::{DamagedLine, MAX_ADDRESSES, MAX_NAMES, Pin, append, is_over};
use crate::identity::{Address, DEFAULT_PORT, Fingerprint, RoomName};

/// The whole file; its lines keep their places, hence their numbers.
pub(super) struct Page(Vec<Line>);

enum Line {
    /// A pin; fields and comments of its line that are not ours; and its text, until the pin is changed.
    Pin { pin: Pin, rest: String, text: Option<Vec<u8>> },
    /// A comment, a blank line, or a damaged one.
    Other { text: Vec<u8>, damage: Option<String> },
    /// A line that is no longer there.
    Removed,
}

impl Page {
    pub(super) fn read(bytes: &[u8]) -> Self {
        let mut page = Self(Vec::new());
        for text in bytes.split_inclusive(|byte| *byte == b'\n') {
            let text = text.strip_suffix(b"\n").unwrap_or(text);
            let line = match read_line(text) {
                Ok(None) => Line::Other { text: text.into(), damage: None },
                Err(why) => Line::Other { text: text.into(), damage: Some(why) },
                Ok(Some((pin, rest))) => match page.find(&pin.fingerprint) {
                    // A key has one pin; a second line for it adds to the first.
                    Some(_) => {
                        page.add(pin);
                        Line::Removed
                    }
                    None => Line::Pin { pin, rest, text: Some(text.into()) },
                },
            };
            page.0.push(line);
        }
        page
    }

    pub(super) fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        for line in &self.0 {
            match line {
                Line::Pin { text: Some(text), .. } | Line::Other { text, .. } => bytes.extend_from_slice(text),
                Line::Pin { pin, rest, text: None } => bytes.extend_from_slice(written(pin, rest).as_bytes()),
                Line::Removed => continue,
            }
            bytes.push(b'\n');
        }
        bytes
    }

    pub(super) fn into_parts(self) -> (Vec<Pin>, Vec<DamagedLine>) {
        let (mut pins, mut damaged) = (Vec::new(), Vec::new());
        for (index, line) in self.0.into_iter().enumerate() {
            match line {
                Line::Pin { pin, .. } => pins.push(pin),
                Line::Other { damage: Some(why), .. } => damaged.push(DamagedLine { number: index + 1, why }),
                Line::Other { .. } | Line::Removed => {}
            }
        }
        (pins, damaged)
    }

    pub(super) fn pins(&self) -> impl Iterator<Item = &Pin> {
        self.0.iter().filter_map(|line| match line {
            Line::Pin { pin, .. } => Some(pin),
            _ => None,
        })
    }

    /// Passes every pin to `change`, which says whether it changed it.
    pub(super) fn change(&mut self, mut change: impl FnMut(&mut Pin) -> bool) {
        for line in &mut self.0 {
            if let Line::Pin { pin, text, .. } = line
                && change(pin)
            {
                *text = None;
            }
        }
    }

    /// Adds a pin, or what it tells to the one that its key has.
    pub(super) fn add(&mut self, pin: Pin) {
        match self.find(&pin.fingerprint) {
            Some(Line::Pin { pin: known, text, .. }) => {
                known.absorb(pin);
                *text = None;
            }
            _ => self.0.push(Line::Pin { pin, rest: String::new(), text: None }),
        }
    }

    pub(super) fn remove(&mut self, fingerprint: &Fingerprint) {
        if let Some(line) = self.find(fingerprint) {
            *line = Line::Removed;
        }
    }

    fn find(&mut self, fingerprint: &Fingerprint) -> Option<&mut Line> {
        self.0.iter_mut().find(|line| matches!(line, Line::Pin { pin, .. } if pin.fingerprint == *fingerprint))
    }
}

fn written(pin: &Pin, rest: &str) -> String {
    let mut line = format!("{} first={} last={}", pin.fingerprint.sha256_base64(), pin.first_met, pin.last_met);
    if let Some(over) = &pin.over {
        line += &format!(" over={over}");
    }
    for address in &pin.addresses {
        line += &format!(" address={address}");
    }
    for name in &pin.names {
        line += &format!(" name={}", serde_json::Value::from(name.as_str()));
    }
    line + rest
}

/// The pin in a line and what of the line is not ours; `None` for a comment or a blank line.
fn read_line(text: &[u8]) -> Result<Option<(Pin, String)>, String> {
    let text = str::from_utf8(text).map_err(|_| "It is not text in UTF-8.")?.trim();
    if text.is_empty() || text.starts_with('#') {
        return Ok(None);
    }
    let (fingerprint, mut left) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
    let fingerprint: Fingerprint = fingerprint.parse().map_err(|why| format!("{why}"))?;
    let (mut first, mut last, mut over) = (None, None, None);
    let (mut names, mut addresses, mut rest) = (Vec::new(), Vec::new(), String::new());
    while let Some(field) = next_field(&mut left)? {
        match field {
            Field { key: "first", value, .. } => first = Some(time(&value)?),
            Field { key: "last", value, .. } => last = Some(time(&value)?),
            // Only a hint: one that says nothing is let be, with the rest.
            Field { key: "over", value, .. } if is_over(&value) => over = Some(value),
            Field { key: "address", value, .. } => {
                append(
                    &mut addresses,
                    Address::parse(&value, DEFAULT_PORT).map_err(|why| why.to_string())?,
                    MAX_ADDRESSES,
                );
            }
            Field { key: "name", value, .. } => {
                append(&mut names, value.parse::<RoomName>().map_err(|why| why.to_string())?, MAX_NAMES);
            }
            Field { text, .. } => rest = rest + " " + text,
        }
    }
    let first_met = first.ok_or("It does not say when the host was first met, such as first=2026-11-22T21:40:00Z.")?;
    Ok(Some((Pin { fingerprint, names, addresses, first_met, last_met: last.unwrap_or(first_met), over }, rest)))
}

fn time(value: &str) -> Result<Timestamp, String> {
    value.parse().map_err(|_| format!("{value:?} is not a time: write one such as 2026-11-22T21:40:00Z."))
}

/// `key=value` or `key="value"`, and all of its text. A comment at the end of a line is a field without a key.
struct Field<'a> {
    key: &'a str,
    value: String,
    text: &'a str,
}

/// Takes the next field off `left`.
fn next_field<'a>(left: &mut &'a str) -> Result<Option<Field<'a>>, String> {
    let text = left.trim_start();
    let word = text.split(char::is_whitespace).next().unwrap_or_default();
    let (key, value, length) = match word.split_once('=') {
        _ if text.is_empty() => return Ok(None),
        _ if text.starts_with('#') => ("", String::new(), text.len()),
        None => {
            return Err(format!("{word:?} is not a field: one is such as address=192.168.1.20:{DEFAULT_PORT}."));
        }
        Some((key, value)) if value.starts_with('"') => {
            let quoted = text.get(key.len() + 1..).unwrap_or_default();
            let mut values = serde_json::Deserializer::from_str(quoted).into_iter::<String>();
            let value = values.next().and_then(Result::ok).ok_or(format!("The quotes after {key}= are not closed."))?;
            (key, value, key.len() + 1 + values.byte_offset())
        }
        Some((key, value)) => (key, value.to_owned(), word.len()),
    };
    let (text, after) = text.split_at_checked(length).unwrap_or((text, ""));
    *left = after;
    Ok(Some(Field { key, value, text }))
}
