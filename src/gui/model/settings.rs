//! What a person has set the window to, and the text in which it is kept.
//!
//! The text is TOML that a person may read and edit. What is not understood in it stays in it; a value that makes no sense
//! counts as not given, and one that goes too far is brought back to the nearest that does not.

use std::path::{Path, PathBuf};

use toml::{Table, Value};

use super::place::Place;
use crate::identity::Name;

/// What the text begins with.
const HEADER: &str =
    "# How parlor's window is set. Its settings screen writes this file; so may you, while no window is open.\n\n";

/// The smallest, the largest and the usual text, in per cent, and the step between two sizes.
const SMALLEST: u16 = 80;
const LARGEST: u16 = 200;
const USUAL: u16 = 100;
const STEP: u16 = 10;

/// Light on dark, or dark on light.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) enum Theme {
    /// As the desktop is.
    #[default]
    System,
    /// Dark on light.
    Light,
    /// Light on dark.
    Dark,
}

impl Theme {
    /// All, as they are offered.
    pub(crate) const ALL: [Self; 3] = [Self::System, Self::Light, Self::Dark];

    /// The word for a person.
    pub(crate) fn words(self) -> &'static str {
        match self {
            Self::System => "System",
            Self::Light => "Light",
            Self::Dark => "Dark",
        }
    }

    fn key(self) -> &'static str {
        match self {
            Self::System => "system",
            Self::Light => "light",
            Self::Dark => "dark",
        }
    }
}

/// What the desktop is told while one looks elsewhere.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) enum Telling {
    /// Nothing.
    Nothing,
    /// Who wrote.
    #[default]
    Who,
    /// Who wrote, and the first line.
    WhoAndWhat,
}

impl Telling {
    /// All, as they are offered.
    pub(crate) const ALL: [Self; 3] = [Self::Nothing, Self::Who, Self::WhoAndWhat];

    /// The words for a person.
    pub(crate) fn words(self) -> &'static str {
        match self {
            Self::Nothing => "None",
            Self::Who => "Who",
            Self::WhoAndWhat => "Who and what",
        }
    }

    fn key(self) -> &'static str {
        match self {
            Self::Nothing => "off",
            Self::Who => "who",
            Self::WhoAndWhat => "who-and-what",
        }
    }
}

/// All that is set.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Settings {
    /// The name that one goes by, once one has chosen it.
    pub(crate) name: Option<Name>,
    /// The colours.
    pub(crate) theme: Theme,
    /// The size of text, in per cent of the usual.
    text: u16,
    /// What the desktop is told.
    pub(crate) telling: Telling,
    /// Whether it is told nothing for the time being.
    pub(crate) muted: bool,
    /// Whether the start screen looks which rooms are on this network, of which the network learns.
    pub(crate) looks_around: bool,
    /// Where transcripts are saved, if not where the platform keeps documents.
    pub(crate) folder: Option<PathBuf>,
    /// Where a log is written from the next start on, if one is.
    pub(crate) log: Option<PathBuf>,
    /// Where the window was, and how large.
    pub(crate) place: Option<Place>,
    /// The file as it was read.
    kept: Table,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            name: None,
            theme: Theme::default(),
            text: USUAL,
            telling: Telling::default(),
            muted: false,
            looks_around: true,
            folder: None,
            log: None,
            place: None,
            kept: Table::new(),
        }
    }
}

impl Settings {
    /// Reads the text of a file; also which of its entries make no sense.
    ///
    /// # Errors
    ///
    /// When it is not TOML.
    pub(crate) fn read(text: &str) -> Result<(Self, Vec<&'static str>), toml::de::Error> {
        let kept: Table = text.parse()?;
        let mut entries = Entries { table: &kept, strange: Vec::new() };
        let path = |value: &Value| value.as_str().filter(|path| !path.is_empty()).map(PathBuf::from);
        let one_of = |keys: &[&str], value: &Value| keys.iter().position(|key| value.as_str() == Some(key));
        let settings = Self {
            name: entries.take("name", |value| value.as_str()?.parse().ok()),
            theme: entries
                .take("theme", |value| Theme::ALL.get(one_of(&Theme::ALL.map(Theme::key), value)?).copied())
                .unwrap_or_default(),
            text: entries.take("text-size", |value| Some(nearest_size(number(value)?))).unwrap_or(USUAL),
            telling: entries
                .take("notifications", |value| {
                    Telling::ALL.get(one_of(&Telling::ALL.map(Telling::key), value)?).copied()
                })
                .unwrap_or_default(),
            muted: entries.take("mute", Value::as_bool).unwrap_or_default(),
            looks_around: entries.take("look-around", Value::as_bool).unwrap_or(true),
            folder: entries.take("transcripts", path),
            log: entries.take("log", path),
            place: entries.take("window", |value| place(value.as_table()?)),
            kept: Table::new(),
        };
        let strange = entries.strange;
        Ok((Self { kept, ..settings }, strange))
    }

    /// The text for a file.
    pub(crate) fn to_text(&self) -> String {
        let mut table = self.kept.clone();
        let mut put = |key: &str, value: Option<Value>| match value {
            Some(value) => drop(table.insert(key.to_owned(), value)),
            None => drop(table.remove(key)),
        };
        put("name", self.name.as_ref().map(|name| name.as_str().into()));
        put("theme", Some(self.theme.key().into()));
        put("text-size", Some(i64::from(self.text).into()));
        put("notifications", Some(self.telling.key().into()));
        put("mute", Some(self.muted.into()));
        put("look-around", Some(self.looks_around.into()));
        // A path that is no text cannot be kept in one; it is asked for again.
        put("transcripts", self.folder.as_deref().and_then(Path::to_str).map(Into::into));
        put("log", self.log.as_deref().and_then(Path::to_str).map(Into::into));
        if let Some(place) = self.place {
            let mut window = self.kept.get("window").and_then(Value::as_table).cloned().unwrap_or_default();
            for (key, value) in [("width", place.width), ("height", place.height)] {
                window.insert(key.to_owned(), i64::from(value).into());
            }
            for (key, value) in [("x", place.at.map(|(x, _)| x)), ("y", place.at.map(|(_, y)| y))] {
                match value {
                    Some(value) => drop(window.insert(key.to_owned(), i64::from(value).into())),
                    None => drop(window.remove(key)),
                }
            }
            window.insert("maximized".to_owned(), place.maximized.into());
            put("window", Some(window.into()));
        }
        format!("{HEADER}{table}")
    }

    /// How much larger than usual text is.
    pub(crate) fn scale(&self) -> f64 {
        f64::from(self.text) / f64::from(USUAL)
    }

    /// The size of text, in per cent of the usual.
    pub(crate) fn text_size(&self) -> u16 {
        self.text
    }

    /// Text one step larger.
    pub(crate) fn larger(&mut self) {
        self.text = nearest_size(i64::from(self.text + STEP));
    }

    /// Text one step smaller.
    pub(crate) fn smaller(&mut self) {
        self.text = nearest_size(i64::from(self.text - STEP));
    }

    /// Text of the usual size.
    pub(crate) fn usual_size(&mut self) {
        self.text = USUAL;
    }

    /// Whether text can become larger, and smaller.
    pub(crate) fn can_grow_and_shrink(&self) -> (bool, bool) {
        (self.text < LARGEST, self.text > SMALLEST)
    }
}

/// Where transcripts are saved: in the folder that was chosen, or else where the platform keeps documents, or downloads.
/// None where there is neither.
pub(crate) fn folder(settings: &Settings) -> Option<PathBuf> {
    settings.folder.clone().or_else(|| {
        let dirs = directories::UserDirs::new()?;
        let known = [dirs.document_dir(), dirs.download_dir(), Some(dirs.home_dir())];
        known.into_iter().flatten().find(|dir| dir.is_dir()).map(Path::to_owned)
    })
}

/// The entries of a file, some of which may make no sense.
struct Entries<'a> {
    table: &'a Table,
    strange: Vec<&'static str>,
}

impl Entries<'_> {
    fn take<T>(&mut self, key: &'static str, read: impl FnOnce(&Value) -> Option<T>) -> Option<T> {
        let read = read(self.table.get(key)?);
        if read.is_none() {
            self.strange.push(key);
        }
        read
    }
}

/// A whole number; one that was written with a fraction loses it.
fn number(value: &Value) -> Option<i64> {
    value.as_integer().or_else(|| value.as_float().filter(|float| !float.is_nan()).map(|float| float as i64))
}

fn nearest_size(wanted: i64) -> u16 {
    let step = i64::from(STEP);
    let rounded = wanted.saturating_add(step / 2) / step * step;
    // Between two numbers of its own type.
    u16::try_from(rounded.clamp(SMALLEST.into(), LARGEST.into())).unwrap_or(USUAL)
}

fn place(window: &Table) -> Option<Place> {
    let at = |key| window.get(key).and_then(number);
    Some(Place::new(
        at("width")?,
        at("height")?,
        at("x").zip(at("y")),
        window.get("maximized").and_then(Value::as_bool).unwrap_or_default(),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all_set() -> Settings {
        Settings {
            name: Some("Ada".parse().unwrap()),
            theme: Theme::Dark,
            text: 150,
            telling: Telling::WhoAndWhat,
            muted: true,
            looks_around: false,
            folder: Some("/home/ada/Said here".into()),
            log: Some("/home/ada/parlor.log".into()),
            place: Some(Place::new(800, 600, Some((-40, 30)), true)),
            kept: Table::new(),
        }
    }

    fn read(text: &str) -> Settings {
        Settings::read(text).unwrap().0
    }

    #[test]
    fn what_is_set_is_read_again() {
        for settings in [Settings::default(), all_set()] {
            let text = settings.to_text();
            let (again, strange) = Settings::read(&text).unwrap();
            assert_eq!(Settings { kept: Table::new(), ..again.clone() }, settings, "{text}");
            assert!(strange.is_empty(), "{strange:?}");
            assert_eq!(again.to_text(), text);
        }
        assert!(Settings::default().to_text().contains("\ntheme = \"system\"\n"), "a person can read it");
    }

    #[test]
    fn nothing_that_is_there_means_everything_as_usual() {
        assert_eq!(read(""), Settings::default());
    }

    #[test]
    fn what_a_later_parlor_has_written_stays() {
        let mut settings = read(
            "theme = \"dark\"\nsparkle = [1, 2]\n[window]\nwidth = 700\nheight = 500\nscreen = \"left\"\n[more]\nx = 1\n",
        );
        settings.theme = Theme::Light;
        let text = settings.to_text();
        for kept in ["sparkle = [1, 2]", "screen = \"left\"", "[more]", "theme = \"light\""] {
            assert!(text.contains(kept), "{kept} in:\n{text}");
        }
        assert_eq!(read(&text).place, settings.place);
    }

    #[test]
    fn an_entry_that_makes_no_sense_does_not_cost_the_others() {
        let text = "name = \"a:b\"\ntheme = \"purple\"\ntext-size = \"big\"\nnotifications = 3\nmute = \"yes\"\nlook-around = 0\ntranscripts = 1\nlog = true\nwindow = 2\n";
        let (settings, strange) = Settings::read(text).unwrap();
        assert_eq!(Settings { kept: Table::new(), ..settings }, Settings::default());
        assert_eq!(
            strange,
            ["name", "theme", "text-size", "notifications", "mute", "look-around", "transcripts", "log", "window"]
        );
        let (settings, strange) = Settings::read("theme = \"purple\"\nname = \"Ada\"\n").unwrap();
        assert_eq!((settings.name.unwrap().as_str(), strange.as_slice()), ("Ada", ["theme"].as_slice()));
        assert!(Settings::read("theme = ").is_err());
    }

    #[test]
    fn what_goes_too_far_is_brought_back() {
        for (given, size) in [
            ("0", 80),
            ("-9223372036854775808", 80),
            ("9223372036854775807", 200),
            ("1e99", 200),
            ("104", 100),
            ("105.0", 110),
        ] {
            assert_eq!(read(&format!("text-size = {given}")).text_size(), size, "{given}");
        }
        let place =
            read("[window]\nwidth = 1\nheight = 9223372036854775807\nx = 0\ny = -9223372036854775808\n").place.unwrap();
        assert!(place.width >= 480 && place.height < 100_000 && place.at.unwrap().1 > i32::MIN);
    }

    #[test]
    fn text_grows_and_shrinks_in_steps_and_within_bounds() {
        let mut settings = Settings::default();
        let mut sizes = Vec::new();
        for _ in 0..12 {
            settings.larger();
            sizes.push(settings.text_size());
        }
        assert_eq!((sizes.first(), sizes.last()), (Some(&110), Some(&200)));
        assert_eq!(settings.can_grow_and_shrink(), (false, true));
        assert_eq!(settings.scale(), 2.0);
        for _ in 0..20 {
            settings.smaller();
        }
        assert_eq!((settings.text_size(), settings.can_grow_and_shrink()), (80, (true, false)));
        settings.usual_size();
        assert_eq!(settings.text_size(), 100);
    }

    #[test]
    fn a_chosen_folder_goes_before_the_usual_one() {
        assert_eq!(folder(&all_set()), Some("/home/ada/Said here".into()));
    }
}
