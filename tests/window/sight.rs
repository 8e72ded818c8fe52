//! What can be read in a picture, by OCR.

use std::{
    io::Write,
    process::{Command, Stdio},
};

use crate::grey::Grey;

/// How much larger a picture is to be than what it shows.
pub(crate) const LARGER: u32 = 2;

/// The last picture that was taken, and what was read in it: by the first reading, by the second, as far as was tried. It is what
/// takes longest, and mostly the next look sees the same.
#[derive(Default)]
pub(crate) struct Sight {
    picture: Grey,
    words: Vec<Vec<Word>>,
}

/// A word on the screen, and the middle of it.
struct Word {
    text: String,
    x: u32,
    y: u32,
}

/// How to read. tesseract sees other words when it looks for scattered ones than when it looks for lines, and light words
/// on a coloured button only when the picture is reduced to what differs from its surroundings.
struct Reading {
    /// How far the surroundings of a point reach, in points of the larger picture; none to leave it as it is.
    surroundings: Option<usize>,
    layout: &'static str,
}

/// Scattered words.
const SCATTERED: &str = "11";
/// Lines of them.
const LINES: &str = "6";

/// The readings, in the order in which they are tried.
const READINGS: [Reading; 5] = [
    Reading { surroundings: None, layout: SCATTERED },
    Reading { surroundings: Some(13), layout: SCATTERED },
    Reading { surroundings: Some(40), layout: SCATTERED },
    Reading { surroundings: Some(13), layout: LINES },
    Reading { surroundings: None, layout: LINES },
];

impl Sight {
    /// Where the wanted words are in this picture, one after the other; or else the words that the last reading finds. tesseract
    /// is started as often as it takes.
    pub(crate) fn find(
        &mut self,
        picture: Grey,
        wanted: &str,
        tesseract: impl Fn() -> Command,
    ) -> Result<(u32, u32), String> {
        let wanted = plain(wanted);
        if picture != self.picture {
            *self = Self { picture, words: Vec::new() };
        }
        for (index, reading) in READINGS.iter().enumerate() {
            if index == self.words.len() {
                self.words.push(reading.words(&self.picture, tesseract()));
            }
            if let Some(place) = find(&self.words[index], &wanted) {
                return Ok(place);
            }
        }
        let last = self.words.last().into_iter().flatten();
        Err(last.map(|word| word.text.as_str()).collect::<Vec<_>>().join(" "))
    }
}

impl Reading {
    fn words(&self, picture: &Grey, mut tesseract: Command) -> Vec<Word> {
        let picture = match self.surroundings {
            Some(reach) => picture.contrast(reach).to_tiff(),
            None => picture.to_tiff(),
        };
        let mut reader = tesseract
            .args(["stdin", "stdout", "--psm", self.layout, "tsv"])
            .env("OMP_THREAD_LIMIT", "1")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("tesseract starts");
        // It reads everything before it writes anything.
        reader.stdin.take().expect("its input").write_all(&picture).expect("it reads");
        let read = reader.wait_with_output().expect("it ends");
        let table = String::from_utf8_lossy(&read.stdout).into_owned();
        table
            .lines()
            .filter_map(|line| {
                let fields: Vec<&str> = line.split('\t').collect();
                let number = |field: usize| fields.get(field)?.parse::<u32>().ok();
                let text = plain(fields.get(11)?);
                let (x, y) = (number(6)? + number(8)? / 2, number(7)? + number(9)? / 2);
                (!text.is_empty()).then_some(Word { text, x: x / LARGER, y: y / LARGER })
            })
            .collect()
    }
}

/// Where the wanted words are, one after the other.
fn find(words: &[Word], wanted: &str) -> Option<(u32, u32)> {
    (0..words.len()).find_map(|first| {
        let mut rest = wanted;
        for last in &words[first..] {
            rest = rest.strip_prefix(last.text.as_str())?;
            if rest.is_empty() {
                return Some(((words[first].x + last.x) / 2, words[first].y));
            }
        }
        None
    })
}

/// What OCR confuses, made equal; and no spaces, which it finds and loses.
fn plain(text: &str) -> String {
    text.chars()
        .filter(|c| c.is_alphanumeric())
        .flat_map(char::to_lowercase)
        .map(|c| match c {
            'l' | '1' | '|' => 'i',
            '0' => 'o',
            c => c,
        })
        .collect()
}
