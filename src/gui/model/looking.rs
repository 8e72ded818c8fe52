//! Whether one looks at the window, and what happens to news when one does not.

use std::time::Instant;

use super::{Model, settings::Telling, text, unread};
use crate::conversation::Said;

impl Model {
    /// One has begun to look at the window, or looks elsewhere.
    pub(crate) fn focus_changed(&mut self, on: bool) {
        self.focused = on;
        self.room.feed.focus_changed(on);
        if on {
            self.forget_unread();
        }
    }

    pub(super) fn forget_unread(&mut self) {
        self.unread.seen();
        self.bell.hush();
    }

    /// Somebody said something: one who looks elsewhere is to hear of it.
    pub(super) fn heard(&mut self, said: &Said) {
        if self.focused || !unread::is_news(said) {
            return;
        }
        self.unread.add();
        let telling = if self.settings.muted { Telling::Nothing } else { self.settings.telling };
        let name = text::unfit(&text::label(said.from.as_str()));
        self.bell.ring(&name, &said.text, &text::unfit(&self.room.name), telling, Instant::now());
    }
}
