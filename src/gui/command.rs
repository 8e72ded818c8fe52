//! All that the window's parts tell each other, in one place.

use druid::{FileInfo, Selector};

use super::{
    Opening,
    model::{adjust::Overlay, completion::Edit, known::Wish},
};

/// Begin this.
pub(crate) const OPEN: Selector<Opening> = Selector::new("parlor.open");
/// Begin again, in the way that is offered.
pub(crate) const RETRY: Selector = Selector::new("parlor.retry");
/// Find out why it did not come about.
pub(crate) const FIND_OUT: Selector = Selector::new("parlor.find-out");
/// Trust the key that was found instead of the one that was expected, and join.
pub(crate) const REPLACE_KEY: Selector = Selector::new("parlor.replace-key");
/// Look into the pins: who is trusted may have changed.
pub(crate) const LOOK_UP: Selector = Selector::new("parlor.look-up");
/// Look which rooms are on this network, or stop looking, as it is wanted now.
pub(crate) const LOOK_AROUND: Selector = Selector::new("parlor.look-around");
/// Do this with one of the rooms that are listed.
pub(crate) const KNOWN: Selector<Wish> = Selector::new("parlor.known");
/// Stop what is under way, or leave what is over, and go back to the start.
pub(crate) const BACK: Selector = Selector::new("parlor.back");
/// The answer to what was asked.
pub(crate) const ANSWER: Selector<bool> = Selector::new("parlor.answer");
/// Say what has been written.
pub(crate) const SEND: Selector = Selector::new("parlor.send");
/// Say again what was not sent, by its tag.
pub(crate) const SAY_AGAIN: Selector<u64> = Selector::new("parlor.say-again");
/// Throw away what was not sent, by its tag.
pub(crate) const DISCARD: Selector<u64> = Selector::new("parlor.discard");
/// Write on: the box for it takes the focus.
pub(crate) const WRITE: Selector = Selector::new("parlor.write");
/// Find this in the transcript, or nothing in particular yet.
pub(crate) const FIND: Selector<String> = Selector::new("parlor.find");
/// Go to the next message that has what is looked for (true), or to the one before.
pub(crate) const FIND_STEP: Selector<bool> = Selector::new("parlor.find-step");
/// Stop finding.
pub(crate) const FIND_END: Selector = Selector::new("parlor.find-end");
/// Bring this row of the transcript into view.
pub(crate) const REVEAL: Selector<usize> = Selector::new("parlor.reveal");
/// Save the transcript into a file, for which is asked.
pub(crate) const SAVE: Selector = Selector::new("parlor.save");
/// Copy this.
pub(crate) const COPY_TEXT: Selector<String> = Selector::new("parlor.copy-text");
/// Copy what is selected in the transcript.
pub(crate) const COPY_SELECTED: Selector = Selector::new("parlor.copy-selected");
/// Select the whole transcript.
pub(crate) const SELECT_ALL: Selector = Selector::new("parlor.select-all");
/// Open this link.
pub(crate) const OPEN_LINK: Selector<String> = Selector::new("parlor.open-link");
/// Leave the room.
pub(crate) const LEAVE: Selector = Selector::new("parlor.leave");
/// Typed where nothing can be written: it belongs into the message.
pub(crate) const TYPED: Selector<String> = Selector::new("parlor.typed");
/// Change the draft.
pub(crate) const EDIT: Selector<Edit> = Selector::new("parlor.edit");
/// Put the candidate with this number into the draft.
pub(crate) const TAKE: Selector<usize> = Selector::new("parlor.take");
/// So many bytes were pasted, which is more than a text box takes.
pub(crate) const TOO_LARGE: Selector<usize> = Selector::new("parlor.too-large");
/// Scroll the transcript by so many pages.
pub(crate) const PAGE: Selector<f64> = Selector::new("parlor.page");
/// Scroll the transcript to its end.
pub(crate) const TO_END: Selector = Selector::new("parlor.to-end");
/// Nothing by itself: something has to happen for druid to do what was asked for before.
pub(crate) const NUDGE: Selector = Selector::new("parlor.nudge");
/// Begin what the start screen asks for.
pub(crate) const START: Selector = Selector::new("parlor.start");
/// Show this over the screen.
pub(crate) const SHOW: Selector<Overlay> = Selector::new("parlor.show");
/// Show the screen again.
pub(crate) const HIDE: Selector = Selector::new("parlor.hide");
/// The screen is shown again: what has the focus at first takes it.
pub(crate) const FOCUS_AGAIN: Selector = Selector::new("parlor.focus-again");
/// The log is to be written into this file.
pub(crate) const LOG: Selector<FileInfo> = Selector::new("parlor.log");
/// Transcripts are to be saved in this folder.
pub(crate) const FOLDER: Selector<FileInfo> = Selector::new("parlor.folder");
