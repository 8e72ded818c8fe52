//! The file of what was written and not sent: `drafts` in the data folder, for its owner alone.
//!
//! It is written on a thread of its own, so that the window does not wait for a disk; whole or not at all; and by room, for
//! another window may have written of other rooms. A file that is damaged is set aside and not lost.

use std::{
    cell::RefCell,
    io,
    path::{Path, PathBuf},
    sync::mpsc,
    thread::{self, JoinHandle},
};

use super::set_aside;
use crate::{
    gui::model::drafts::{Drafts, FILE_BYTES, Place},
    identity::{FileError, files},
};

const FILE: &str = "drafts";
const LOCK_FILE: &str = "drafts.lock";

enum Change {
    /// These are the texts of a room now.
    Set(Place, Vec<String>),
    /// These came before them.
    Add(Place, Vec<String>),
}

/// Keeps drafts.
pub(crate) struct Keeper {
    /// The way to the thread, and the thread, until it has ended.
    work: RefCell<Option<(mpsc::Sender<Change>, JoinHandle<()>)>>,
    /// Where one is.
    here: RefCell<Option<Place>>,
}

impl Keeper {
    /// Reads what is kept in `dir`, and keeps what is said from then on.
    pub(crate) fn open(dir: PathBuf) -> (Self, Drafts) {
        let drafts = match dir.join(FILE).exists() {
            true => told(files::lock(&dir, LOCK_FILE).and_then(|_lock| read(&dir))),
            false => None,
        };
        let (changes, changed) = mpsc::channel();
        let thread = thread::spawn(move || {
            while let Ok(first) = changed.recv() {
                let all: Vec<Change> = std::iter::once(first).chain(changed.try_iter()).collect();
                told(write(&dir, &all));
            }
        });
        (Self { work: RefCell::new(Some((changes, thread))), here: RefCell::default() }, drafts.unwrap_or_default())
    }

    /// Keeps these texts of a room, and no others.
    pub(crate) fn set(&self, place: Place, texts: Vec<String>) {
        self.tell(Change::Set(place, texts));
    }

    fn tell(&self, change: Change) {
        if let Some((changes, _)) = &*self.work.borrow() {
            // It ends with this.
            let _ = changes.send(change);
        }
    }

    /// This is where one is now.
    pub(crate) fn is_here(&self, place: Option<&Place>) {
        if self.here.borrow().as_ref() != place {
            self.here.replace(place.cloned());
        }
    }

    /// Waits until all is in the file, and with it what turned out not to have been sent where one was last.
    pub(crate) fn finish(&self, unsent: Vec<String>) {
        if let Some(place) = self.here.take().filter(|_| !unsent.is_empty()) {
            self.tell(Change::Add(place, unsent));
        }
        if let Some((changes, thread)) = self.work.take() {
            drop(changes);
            // It has nothing to tell.
            let _ = thread.join();
        }
    }
}

/// What went wrong goes into the log: it is no reason to stop anybody from writing.
fn told<T>(result: Result<T, FileError>) -> Option<T> {
    result.inspect_err(|error| tracing::warn!(%error, "drafts are not kept")).ok()
}

fn write(dir: &Path, changes: &[Change]) -> Result<(), FileError> {
    files::create_private_dir(dir)?;
    let _lock = files::lock(dir, LOCK_FILE)?;
    let mut drafts = read(dir)?;
    for change in changes {
        match change {
            Change::Set(place, texts) => drafts.set(place, texts),
            Change::Add(place, texts) => drafts.add(place, texts),
        }
    }
    files::replace(dir, FILE, drafts.to_text().as_bytes())
}

/// To be called with the lock. A file that is damaged is renamed, and there are no drafts.
fn read(dir: &Path) -> Result<Drafts, FileError> {
    let path = dir.join(FILE);
    let bytes = match files::read(&path, FILE_BYTES) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Drafts::default()),
        read => read.map_err(FileError::new("read", &path))?,
    };
    let whole = (bytes.len() as u64 <= FILE_BYTES).then(|| String::from_utf8(bytes).ok()).flatten();
    if let Some(drafts) = whole.as_deref().and_then(Drafts::read) {
        return Ok(drafts);
    }
    let aside = set_aside(dir, FILE).map_err(FileError::new("set aside", &path))?;
    tracing::warn!(path = %path.display(), aside = %aside.display(), "damaged, and set aside");
    Ok(Drafts::default())
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn place(room: &str) -> Place {
        Place::new(None, "192.168.1.20:7275", room)
    }

    #[test]
    fn what_was_kept_is_there_the_next_time() {
        let home = tempfile::tempdir().unwrap();
        let dir = home.path().join("data");
        let (keeper, drafts) = Keeper::open(dir.clone());
        assert_eq!(drafts, Drafts::default());
        assert!(!dir.exists(), "nothing is made before there is something to keep");
        // Another window, in another room.
        let (other, _) = Keeper::open(dir.clone());
        keeper.set(place("Kitchen"), vec!["half a\nth".to_owned()]);
        other.set(place("Attic"), vec!["x".to_owned()]);
        keeper.is_here(Some(&place("Kitchen")));
        keeper.finish(vec!["never sent".to_owned()]);
        other.finish(vec!["from nowhere".to_owned()]);
        let (keeper, drafts) = Keeper::open(dir.clone());
        assert_eq!(drafts.of(&place("Kitchen")), ["never sent", "half a\nth"]);
        assert_eq!(drafts.of(&place("Attic")), ["x"]);
        keeper.set(place("Attic"), Vec::new());
        keeper.finish(Vec::new());
        assert!(Keeper::open(dir.clone()).1.of(&place("Attic")).is_empty());
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let mode = fs::metadata(dir.join(FILE)).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600);
        }
    }

    #[test]
    fn a_damaged_file_is_set_aside() {
        for damaged in [&b"nonsense"[..], b"@ host room\n> \xff", &vec![b'\n'; FILE_BYTES as usize + 1]] {
            let home = tempfile::tempdir().unwrap();
            fs::write(home.path().join(FILE), damaged).unwrap();
            let (keeper, drafts) = Keeper::open(home.path().to_owned());
            assert_eq!(drafts, Drafts::default());
            keeper.set(place("Kitchen"), vec!["x".to_owned()]);
            keeper.finish(Vec::new());
            assert_eq!(Keeper::open(home.path().to_owned()).1.of(&place("Kitchen")), ["x"]);
            assert_eq!(fs::read(home.path().join("drafts.damaged")).unwrap(), damaged);
            // Another damaged one does not take its place.
            fs::write(home.path().join(FILE), "nonsense, too").unwrap();
            let _ = Keeper::open(home.path().to_owned());
            assert_eq!(fs::read(home.path().join("drafts.damaged")).unwrap(), damaged);
            assert_eq!(fs::read(home.path().join("drafts.damaged-2")).unwrap(), b"nonsense, too");
        }
    }
}
