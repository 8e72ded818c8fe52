//! What the desktop is told while one looks elsewhere: whether, in which words, and how often.
//!
//! What comes within a short time is one notification that grows, so that a lively room does not cover the screen. One
//! notification is shown at a time; the desktop is not told anew more than once a second.

use std::time::{Duration, Instant};

use super::{settings::Telling, text};
use crate::wire::text::{beginning, clean_line};

/// What comes so soon after the last is told together with it.
const TOGETHER: Duration = Duration::from_secs(30);
/// The time between two that are shown, at least.
const BETWEEN: Duration = Duration::from_secs(1);
/// Bytes of a first line that are shown.
const LINE: usize = 160;
/// People who are named.
const NAMED: usize = 2;
/// People who are told apart.
const PEOPLE: usize = 32;

/// What the desktop is to show.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Notification {
    /// Which bundle it tells of. One of the same bundle takes the place of the last.
    pub(crate) bundle: u64,
    /// Its heading.
    pub(crate) summary: String,
    /// What is below it, plain; may be empty.
    pub(crate) body: String,
}

/// What came while one looked elsewhere, within a short time.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Bell {
    /// How many bundles there have been.
    bundles: u64,
    count: usize,
    people: Vec<String>,
    line: String,
    room: String,
    last: Option<Instant>,
}

impl Bell {
    /// Somebody wrote, and one was not looking.
    pub(crate) fn ring(&mut self, name: &str, said: &str, room: &str, telling: Telling, now: Instant) {
        if telling == Telling::Nothing {
            return self.hush();
        }
        let goes_on = self.last.is_some_and(|last| now.saturating_duration_since(last) < TOGETHER);
        if !goes_on || self.room != room {
            *self = Self { bundles: self.bundles + 1, room: room.to_owned(), ..Self::default() };
        }
        self.last = Some(now);
        self.count += 1;
        if self.people.len() < PEOPLE && !self.people.iter().any(|known| known == name) {
            self.people.push(name.to_owned());
        }
        self.line = match telling {
            Telling::WhoAndWhat if self.count > 1 => format!("{name}: {}", first_line(said)),
            Telling::WhoAndWhat => first_line(said),
            _ => String::new(),
        };
    }

    /// One looks, or does not want to be told: there is nothing to tell.
    pub(crate) fn hush(&mut self) {
        *self = Self { bundles: self.bundles, ..Self::default() };
    }

    /// What to show now; none if nothing.
    pub(crate) fn notification(&self) -> Option<Notification> {
        let room = &self.room;
        let summary = match (self.count, self.people.as_slice()) {
            (1, [name]) => format!("{name} wrote in {room}"),
            (0, _) | (_, []) => return None,
            (count, people) => format!("{count} messages from {} in {room}", named(people)),
        };
        Some(Notification { bundle: self.bundles, summary, body: self.line.clone() })
    }
}

/// "Ada", "Ada and Ben", "Ada, Ben and 2 others".
fn named(people: &[String]) -> String {
    match people {
        [] => String::new(),
        [one] => one.clone(),
        [one, other] => format!("{one} and {other}"),
        _ => {
            let (named, others) = people.split_at_checked(NAMED).unwrap_or((people, &[]));
            let others = if others.len() == 1 { "1 other".to_owned() } else { format!("{} others", others.len()) };
            format!("{} and {others}", named.join(", "))
        }
    }
}

/// The first line that is not empty, clean and cut.
fn first_line(said: &str) -> String {
    let line = said.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or_default();
    let line = text::unfit(&clean_line(beginning(line, 2 * LINE)));
    if line.len() > LINE { format!("{}…", beginning(&line, LINE).trim_end()) } else { line }
}

/// A text for a desktop that reads markup in it: shown as it is, and nothing in it is obeyed.
pub(crate) fn without_markup(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// When the next one may be shown.
#[derive(Debug, Default)]
pub(crate) struct Pace(Option<Instant>);

impl Pace {
    /// How long to wait before the next.
    pub(crate) fn wait(&self, now: Instant) -> Duration {
        self.0.map_or(Duration::ZERO, |last| BETWEEN.saturating_sub(now.saturating_duration_since(last)))
    }

    /// One was shown.
    pub(crate) fn shown(&mut self, now: Instant) {
        self.0 = Some(now);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(begun: Instant, seconds: u64) -> Instant {
        begun + Duration::from_secs(seconds)
    }

    fn shown(bell: &Bell) -> (u64, String, String) {
        let told = bell.notification().unwrap();
        (told.bundle, told.summary, told.body)
    }

    #[test]
    fn it_says_who_or_also_what_as_one_likes() {
        let now = Instant::now();
        let mut bell = Bell::default();
        assert_eq!(bell.notification(), None);
        bell.ring("Ada", "secret\nmore", "Kitchen", Telling::Who, now);
        assert_eq!(shown(&bell), (1, "Ada wrote in Kitchen".into(), String::new()));
        let mut bell = Bell::default();
        bell.ring("Ada", "\n\n  first \u{202e}line \nmore", "Kitchen", Telling::WhoAndWhat, now);
        let (_, summary, body) = shown(&bell);
        assert_eq!(summary, "Ada wrote in Kitchen");
        assert!(body.starts_with("first ") && body.ends_with("line") && !body.contains('\u{202e}'), "{body:?}");
        let mut bell = Bell::default();
        bell.ring("Ada", "secret", "Kitchen", Telling::Nothing, now);
        assert_eq!(bell.notification(), None);
    }

    #[test]
    fn what_comes_together_is_told_together() {
        let begun = Instant::now();
        let mut bell = Bell::default();
        for (second, name) in [(0, "Ada"), (1, "Ben"), (2, "Ada"), (20, "Ada"), (49, "Ben")] {
            bell.ring(name, "hello", "Kitchen", Telling::WhoAndWhat, at(begun, second));
        }
        assert_eq!(shown(&bell), (1, "5 messages from Ada and Ben in Kitchen".into(), "Ben: hello".into()));
        bell.ring("Cleo", "hello", "Kitchen", Telling::Who, at(begun, 50));
        assert_eq!(shown(&bell), (1, "6 messages from Ada, Ben and 1 other in Kitchen".into(), String::new()));
        bell.ring("Ada", "hello", "Kitchen", Telling::Who, at(begun, 80));
        assert_eq!(shown(&bell), (2, "Ada wrote in Kitchen".into(), String::new()));
        bell.ring("Ada", "hello", "Kitchen", Telling::Who, at(begun, 81));
        assert_eq!(shown(&bell).1, "2 messages from Ada in Kitchen");
        bell.ring("Ada", "hello", "Cellar", Telling::Who, at(begun, 82));
        assert_eq!(shown(&bell), (3, "Ada wrote in Cellar".into(), String::new()));
    }

    #[test]
    fn once_one_has_looked_it_begins_anew() {
        let now = Instant::now();
        let mut bell = Bell::default();
        bell.ring("Ada", "hello", "Kitchen", Telling::Who, now);
        bell.hush();
        assert_eq!(bell.notification(), None);
        bell.ring("Ben", "hello", "Kitchen", Telling::Who, now);
        assert_eq!(shown(&bell), (2, "Ben wrote in Kitchen".into(), String::new()));
        bell.ring("Ben", "hello", "Kitchen", Telling::Nothing, now);
        assert_eq!(bell.notification(), None, "who has switched it off is told nothing any more");
    }

    #[test]
    fn a_crowd_and_a_long_line_stay_small() {
        let now = Instant::now();
        let mut bell = Bell::default();
        for n in 0..10_000 {
            bell.ring(&format!("M{n}"), &"é".repeat(5000), "Kitchen", Telling::WhoAndWhat, now);
        }
        let (_, summary, body) = shown(&bell);
        assert!(summary.starts_with("10000 messages from M0, M1 and ") && summary.len() < 100, "{summary}");
        assert!(body.ends_with('…') && body.len() < 200, "{body}");
    }

    #[test]
    fn no_text_is_markup() {
        assert_eq!(without_markup("<b>1 & 2</b>"), "&lt;b&gt;1 &amp; 2&lt;/b&gt;");
        assert_eq!(without_markup("&lt;"), "&amp;lt;");
    }

    #[test]
    fn the_desktop_is_not_told_more_than_once_a_second() {
        let begun = Instant::now();
        let mut pace = Pace::default();
        assert_eq!(pace.wait(begun), Duration::ZERO);
        pace.shown(begun);
        assert_eq!(pace.wait(begun + Duration::from_millis(300)), Duration::from_millis(700));
        assert_eq!(pace.wait(at(begun, 5)), Duration::ZERO);
    }
}
