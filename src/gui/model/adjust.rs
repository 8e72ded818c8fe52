//! What is over the screen: the settings while one changes them, and the list of keys; and the keys that mean the same
//! everywhere. The screen goes on below.

use std::path::{Path, PathBuf};

use super::{Model, keys::Anywhere, settings::Theme, start::Verdict};
use crate::identity::Name;

/// What is shown over the screen, which goes on below it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Overlay {
    /// What one can set.
    Settings,
    /// The keys.
    Keys,
}

/// What the settings' screen shows beside the settings.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(crate) struct Adjusting {
    /// The name as it is typed.
    pub(crate) name: String,
    /// What there is to say about how the settings are kept; empty if they are, and were.
    pub(crate) word: String,
    /// Where key, pins and settings are kept.
    pub(crate) dir: PathBuf,
    /// Where the log is written, if it is.
    pub(crate) log: Option<PathBuf>,
}

/// What a log is called that nobody has named.
const LOG: &str = "parlor.log";

impl Model {
    /// Whether the colours are light on dark.
    pub(crate) fn is_dark(&self) -> bool {
        match self.settings.theme {
            Theme::System => self.dark_desktop,
            Theme::Light => false,
            Theme::Dark => true,
        }
    }

    /// Shows something over the screen.
    pub(crate) fn show(&mut self, overlay: Overlay) {
        self.hide();
        if overlay == Overlay::Settings {
            self.adjusting.name.clone_from(&self.start.name);
        }
        self.overlay = Some(overlay);
    }

    /// Shows the screen again. A name that was typed is taken now, if it is one.
    pub(crate) fn hide(&mut self) {
        if self.overlay.take() == Some(Overlay::Settings) {
            self.take_name();
        }
    }

    /// Goes by the name that was typed into the settings, if it is one.
    pub(crate) fn take_name(&mut self) {
        if let Ok(name) = self.adjusting.name.parse::<Name>()
            && name.as_str() != self.start.name
        {
            self.start.rename(&name);
            self.settings.name = Some(name);
        }
    }

    /// Goes by the name in the start screen's form from now on.
    pub(crate) fn keep_name(&mut self) {
        if let Ok(name) = self.start.name.parse() {
            self.settings.name = Some(name);
        }
    }

    /// What there is to say about the name that is being typed.
    pub(crate) fn name_verdict(&self) -> Verdict {
        match self.adjusting.name.parse::<Name>() {
            Ok(_) => Verdict::None,
            Err(error) => Verdict::Bad(error.to_string()),
        }
    }

    /// Where a log is written or will be, and what there is to say about that.
    pub(crate) fn log(&self) -> (Option<&Path>, &'static str) {
        const WHAT: &str = "What happens to connections, for when one does not work. What people write is never in it.";
        let (now, next) = (self.adjusting.log.as_deref(), self.settings.log.as_deref());
        match (now, next) {
            (None, None) => (None, WHAT),
            (Some(now), None) => (Some(now), "Written until parlor is closed."),
            (Some(now), Some(next)) if now == next => (Some(now), WHAT),
            (_, Some(next)) => (Some(next), "Written from the next start on."),
        }
    }

    /// Has a log written from the next start on, or none.
    pub(crate) fn toggle_log(&mut self) {
        self.settings.log = match self.settings.log {
            Some(_) => None,
            None => Some(self.adjusting.log.clone().unwrap_or_else(|| self.adjusting.dir.join(LOG))),
        };
    }

    /// A key that means the same everywhere. Whether it was of use.
    pub(crate) fn press(&mut self, key: Anywhere) -> bool {
        let toggle = |model: &mut Self, overlay| {
            if model.overlay == Some(overlay) { model.hide() } else { model.show(overlay) }
        };
        match key {
            Anywhere::Keys => toggle(self, Overlay::Keys),
            Anywhere::Settings => toggle(self, Overlay::Settings),
            Anywhere::Close if self.overlay.is_none() => return false,
            Anywhere::Close => self.hide(),
            Anywhere::Larger => self.settings.larger(),
            Anywhere::Smaller => self.settings.smaller(),
            Anywhere::UsualSize => self.settings.usual_size(),
            Anywhere::Mute => self.mute(),
        }
        true
    }

    /// Mutes notifications, or does so no more.
    pub(crate) fn mute(&mut self) {
        self.settings.muted = !self.settings.muted;
        self.bell.hush();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::identity::Fingerprint;

    #[test]
    fn what_is_said_of_the_log_is_what_becomes_of_it() {
        let mut model = Model::new(&"Ada".parse().unwrap(), Fingerprint::from_bytes([1; 32]));
        model.adjusting.dir = PathBuf::from("here");
        assert_eq!(model.log().0, None);
        model.toggle_log();
        let path = Path::new("here").join(LOG);
        assert_eq!(model.log(), (Some(&*path), "Written from the next start on."));
        // At the next start.
        model.adjusting.log = Some(path.clone());
        assert!(model.log() == (Some(&*path), model.log().1) && model.log().1.contains("never in it"));
        model.toggle_log();
        assert_eq!(model.log(), (Some(&*path), "Written until parlor is closed."));
        model.toggle_log();
        assert_eq!(model.settings.log, Some(path), "the one that is written goes on");
    }
}
