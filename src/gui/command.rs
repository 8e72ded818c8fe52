//! All that the window's parts tell each other, in one place.

use druid::Selector;

use super::{Opening, model::known::Wish};

/// Begin this.
pub(crate) const OPEN: Selector<Opening> = Selector::new("parlor.open");
/// Begin again, in the way that is offered.
pub(crate) const RETRY: Selector = Selector::new("parlor.retry");
/// Trust the key that was found instead of the one that was expected, and join.
pub(crate) const REPLACE_KEY: Selector = Selector::new("parlor.replace-key");
/// Look into the pins: who is trusted may have changed.
pub(crate) const LOOK_UP: Selector = Selector::new("parlor.look-up");
/// Do this with one of the rooms that one has been in.
pub(crate) const KNOWN: Selector<Wish> = Selector::new("parlor.known");
/// Stop what is under way, or leave what is over, and go back to the start.
pub(crate) const BACK: Selector = Selector::new("parlor.back");
/// The answer to what was asked.
pub(crate) const ANSWER: Selector<bool> = Selector::new("parlor.answer");
/// Say what has been written.
pub(crate) const SEND: Selector = Selector::new("parlor.send");
/// Leave the room.
pub(crate) const LEAVE: Selector = Selector::new("parlor.leave");
/// Typed where nothing can be written: it belongs into the message.
pub(crate) const TYPED: Selector<String> = Selector::new("parlor.typed");
/// So many bytes were pasted, which is more than a text box takes.
pub(crate) const TOO_LARGE: Selector<usize> = Selector::new("parlor.too-large");
/// Scroll the transcript by so many pages.
pub(crate) const PAGE: Selector<f64> = Selector::new("parlor.page");
/// Scroll the transcript to its end.
pub(crate) const TO_END: Selector = Selector::new("parlor.to-end");
/// Begin what the start screen asks for.
pub(crate) const START: Selector = Selector::new("parlor.start");
