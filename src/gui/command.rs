//! All that the window's parts tell each other, in one place.

use druid::{FileInfo, Selector};

use super::{Opening, model::adjust::Overlay};
use crate::identity::Name;

/// Begin this.
pub(crate) const OPEN: Selector<Opening> = Selector::new("parlor.open");
/// Begin again, under another name.
pub(crate) const RETRY_AS: Selector<Name> = Selector::new("parlor.retry-as");
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
/// Show this over the screen.
pub(crate) const SHOW: Selector<Overlay> = Selector::new("parlor.show");
/// Show the screen again.
pub(crate) const HIDE: Selector = Selector::new("parlor.hide");
/// The screen is shown again: what has the focus at first takes it.
pub(crate) const FOCUS_AGAIN: Selector = Selector::new("parlor.focus-again");
/// Transcripts are to be saved in this folder.
pub(crate) const FOLDER: Selector<FileInfo> = Selector::new("parlor.folder");
