//! The log file: what happens to connections, for whoever has to find out why one does not work.
//!
//! What people write is never in it, nor are secrets: the rest of the program does not hand them over. What a peer could
//! have chosen is written with its control characters escaped.

use std::{
    fs, panic,
    path::{Path, PathBuf},
    sync::Mutex,
};

use tracing::{error, info, level_filters::LevelFilter, subscriber};
use tracing_subscriber::{filter::Targets, fmt, layer::SubscriberExt, registry};

use crate::identity::private;

/// Bytes from which on a file is not continued: some eighty thousand lines of two hundred bytes.
const LONG: u64 = 16 * 1024 * 1024;

/// Where to write, and how much.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Log {
    path: PathBuf,
    level: LevelFilter,
}

impl Log {
    /// What was asked for, if a log was.
    ///
    /// # Errors
    ///
    /// What does not make sense.
    pub(super) fn new(path: Option<String>, level: Option<&str>) -> Result<Option<Self>, String> {
        let level = match level {
            None | Some("info") => LevelFilter::INFO,
            Some("error") => LevelFilter::ERROR,
            Some("warn") => LevelFilter::WARN,
            Some("debug") => LevelFilter::DEBUG,
            Some("trace") => LevelFilter::TRACE,
            Some(other) => return Err(format!("--log-level takes error, warn, info, debug or trace, not “{other}”.")),
        };
        Ok(path.map(|path| Self { path: path.into(), level }))
    }

    /// One that is written there, as much of it as usual.
    #[cfg(feature = "gui")]
    pub(super) fn at(path: PathBuf) -> Self {
        Self { path, level: LevelFilter::INFO }
    }

    /// Where it is written.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Begins to write, for as long as the program runs. A file that exists is continued, unless it is [`LONG`]: then it gives
    /// way, and takes the place of one that gave way before.
    ///
    /// # Errors
    ///
    /// When the file cannot be written.
    pub(super) fn start(&self) -> Result<(), String> {
        if fs::metadata(&self.path).is_ok_and(|file| file.is_file() && file.len() > LONG) {
            // If that cannot be, it becomes longer.
            let mut old = self.path.clone().into_os_string();
            old.push(".old");
            let _ = fs::rename(&self.path, old);
        }
        let file = private()
            .create(true)
            .append(true)
            .open(&self.path)
            .map_err(|error| format!("The log file {} cannot be written: {error}.", self.path.display()))?;
        let lines = fmt::layer().with_ansi(false).with_writer(Mutex::new(file));
        // Libraries say much, and most of it is for their own authors.
        let libraries = self.level.min(LevelFilter::WARN);
        let targets = Targets::new().with_default(libraries).with_target("parlor", self.level);
        subscriber::set_global_default(registry().with(lines).with(targets))
            .map_err(|error| format!("There is a log already: {error}."))?;
        info!(version = env!("CARGO_PKG_VERSION"), "the log begins");
        log_panics();
        Ok(())
    }
}

/// A panic is a defect of ours, so it is told where it happened; not its message, which could hold anything.
fn log_panics() {
    let before = panic::take_hook();
    panic::set_hook(Box::new(move |panic| {
        error!(at = panic.location().map(ToString::to_string), "a task has panicked");
        before(panic);
    }));
}

#[cfg(test)]
mod tests {
    use std::thread;

    use super::*;

    #[test]
    fn a_panic_is_told_by_its_place_and_not_by_its_message() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("parlor.log").display().to_string();
        fs::File::create(&path).unwrap().set_len(LONG + 1).unwrap();
        Log::new(Some(path.clone()), Some("error")).unwrap().unwrap().start().unwrap();
        let old = fs::metadata(dir.path().join("parlor.log.old")).unwrap();
        assert_eq!(old.len(), LONG + 1, "what has become too long gives way");
        let panicked = thread::spawn(|| panic!("the cake is a surprise")).join();
        assert!(panicked.is_err());
        let log = fs::read_to_string(path).unwrap();
        assert!(log.contains("a task has panicked at=\"src/cli/log.rs:") && !log.contains("cake"), "{log}");
    }
}
