//! Where the settings are kept: `settings.toml` in the folder of key and pins.
//!
//! It is read once and written on a thread of its own, whole or not at all, the newest of what waits. A file that cannot be
//! understood is put aside, where a person can look at it, and is never written over.

use std::{
    cell::RefCell,
    io,
    path::{Path, PathBuf},
    sync::mpsc,
    thread,
    time::Duration,
};

use druid::ExtEventSink;

use super::set_aside;
use crate::{
    gui::model::{Model, settings::Settings},
    identity::{FileError, files},
};

const FILE: &str = "settings.toml";
const LOCK: &str = "settings.lock";
/// Bytes of the file, at most.
const LARGEST: u64 = 64 * 1024;

/// What was found.
pub(crate) struct Found {
    pub(crate) settings: Settings,
    /// What a person should know about it; empty if nothing.
    pub(crate) word: String,
    /// Whether the file may be written.
    pub(crate) writable: bool,
}

impl Found {
    /// Begins the log that is set, and gives its place; none if there is none, or if that cannot be.
    pub(crate) fn begin_log(&mut self, begin: fn(&Path) -> Result<(), String>) -> Option<PathBuf> {
        let path = self.settings.log.clone()?;
        match begin(&path) {
            Ok(()) => Some(path),
            Err(why) => {
                self.word = [std::mem::take(&mut self.word), why].join(" ").trim().to_owned();
                None
            }
        }
    }
}

/// Reads the settings in `dir`.
pub(crate) fn find(dir: &Path) -> Found {
    let path = dir.join(FILE);
    let text = match files::read(&path, LARGEST) {
        Ok(bytes) if bytes.len() as u64 > LARGEST => None,
        Ok(bytes) => String::from_utf8(bytes).ok(),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return Found { settings: Settings::default(), word: String::new(), writable: true };
        }
        Err(error) => {
            let word = format!("{} cannot be read ({error}), so nothing is remembered.", path.display());
            return Found { settings: Settings::default(), word, writable: false };
        }
    };
    match text.as_deref().map(Settings::read) {
        Some(Ok((settings, strange))) => Found { settings, word: word_about(&strange), writable: true },
        Some(Err(_)) | None => damaged(dir),
    }
}

fn word_about(strange: &[&str]) -> String {
    match strange {
        [] => String::new(),
        _ => format!("In {FILE} this makes no sense, and is as usual: {}.", strange.join(", ")),
    }
}

fn damaged(dir: &Path) -> Found {
    let (word, writable) = match put_aside(dir) {
        Ok(to) => {
            (format!("Your settings were damaged and are as usual again. The old file is {}.", to.display()), true)
        }
        Err(error) => (format!("Your settings are damaged, and nothing is remembered: {error}"), false),
    };
    Found { settings: Settings::default(), word, writable }
}

fn put_aside(dir: &Path) -> Result<PathBuf, String> {
    // Another window may be doing the same.
    let _lock = files::lock(dir, LOCK).map_err(|error| error.to_string())?;
    set_aside(dir, FILE).map_err(|error| error.to_string())
}

fn write(dir: &Path, settings: &Settings) -> Result<(), FileError> {
    files::create_private_dir(dir)?;
    let _lock = files::lock(dir, LOCK)?;
    files::replace(dir, FILE, settings.to_text().as_bytes())
}

/// Who writes the settings.
pub(crate) struct Keeper {
    wanted: RefCell<Option<mpsc::Sender<Settings>>>,
    ended: mpsc::Receiver<()>,
}

impl Keeper {
    /// Keeps settings in `dir`, and tells `trouble` when that is not possible.
    pub(crate) fn start(dir: PathBuf, trouble: impl Fn(String) + Send + 'static) -> Self {
        let (wanted, waiting) = mpsc::channel::<Settings>();
        let (end, ended) = mpsc::channel();
        thread::spawn(move || {
            while let Ok(mut settings) = waiting.recv() {
                while let Ok(newer) = waiting.try_recv() {
                    settings = newer;
                }
                if let Err(error) = write(&dir, &settings) {
                    tracing::warn!(%error, "the settings were not written");
                    trouble(format!("What you set is not remembered: {error}"));
                }
            }
            // Nobody may be waiting for it.
            let _ = end.send(());
        });
        Self { wanted: RefCell::new(Some(wanted)), ended }
    }

    /// The same, and the window says what the trouble is.
    pub(crate) fn telling(dir: PathBuf, sink: ExtEventSink) -> Self {
        Self::start(dir, move |word| sink.add_idle_callback(move |model: &mut Model| model.adjusting.word = word))
    }

    /// Keeps these.
    pub(crate) fn keep(&self, settings: &Settings) {
        if let Some(wanted) = &*self.wanted.borrow() {
            // The thread lives for as long as this does.
            let _ = wanted.send(settings.clone());
        }
    }

    /// Waits until all is written, but not for longer than `patience`.
    pub(crate) fn finish(&self, patience: Duration) {
        if self.wanted.take().is_some() {
            let _ = self.ended.recv_timeout(patience);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::gui::kept::ASIDE;

    const LONG: Duration = Duration::from_secs(10);

    fn larger(times: usize) -> Settings {
        let mut settings = Settings::default();
        (0..times).for_each(|_| settings.larger());
        settings
    }

    fn text_size(dir: &Path) -> u16 {
        find(dir).settings.text_size()
    }

    #[test]
    fn the_newest_is_there_at_the_next_start() {
        let dir = tempfile::tempdir().unwrap();
        let home = dir.path().join("not there yet");
        assert_eq!(find(&home).word, "");
        let keeper = Keeper::start(home.clone(), |word| panic!("{word}"));
        for times in 0..=5 {
            keeper.keep(&larger(times));
        }
        keeper.finish(LONG);
        assert_eq!(text_size(&home), 150);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            assert_eq!(home.join(FILE).metadata().unwrap().permissions().mode() & 0o777, 0o600);
        }
    }

    #[test]
    fn a_damaged_file_is_put_aside_and_said_so_and_none_is_lost() {
        let dir = tempfile::tempdir().unwrap();
        let damaged: [&[u8]; 4] = [b"theme = ", b"\xff\xfe", b"[[[", &vec![b'#'; LARGEST as usize + 1]];
        for bytes in damaged {
            fs::write(dir.path().join(FILE), bytes).unwrap();
            let found = find(dir.path());
            assert!(found.writable && found.word.contains("damaged"), "{}", found.word);
            assert_eq!(found.settings, Settings::default());
            assert_eq!(find(dir.path()).word, "", "it is said once");
        }
        for (number, bytes) in ["", "-2", "-3", "-4"].into_iter().zip(damaged) {
            assert_eq!(fs::read(dir.path().join(format!("{FILE}.damaged{number}"))).unwrap(), bytes);
        }
    }

    #[test]
    fn a_file_that_cannot_be_put_aside_or_read_is_left_alone() {
        let dir = tempfile::tempdir().unwrap();
        for number in 2..=ASIDE {
            fs::write(dir.path().join(format!("{FILE}.damaged-{number}")), "").unwrap();
        }
        fs::write(dir.path().join(format!("{FILE}.damaged")), "").unwrap();
        fs::write(dir.path().join(FILE), "theme = ").unwrap();
        let found = find(dir.path());
        assert!(!found.writable && found.word.contains("nothing is remembered"), "{}", found.word);
        assert_eq!(fs::read(dir.path().join(FILE)).unwrap(), b"theme = ");
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir(dir.path().join(FILE)).unwrap();
        let found = find(dir.path());
        assert!(!found.writable && found.word.contains("cannot be read"), "{}", found.word);
    }

    #[test]
    fn an_entry_that_makes_no_sense_is_named() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join(FILE), "theme = \"purple\"\ntext-size = 120\n").unwrap();
        let found = find(dir.path());
        assert!(found.word.contains("theme"), "{}", found.word);
        assert_eq!(found.settings.text_size(), 120);
    }

    #[test]
    fn what_cannot_be_written_is_told() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("a file");
        fs::write(&file, "").unwrap();
        let (tell, told) = mpsc::channel();
        let keeper = Keeper::start(file, move |word| tell.send(word).unwrap());
        keeper.keep(&Settings::default());
        keeper.finish(LONG);
        assert!(told.try_recv().unwrap().contains("not remembered"));
    }
}
