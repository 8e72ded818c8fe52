//! One's own messages that are not in the room's log yet: on their way, or not sent.
//!
//! They stand below everything else, in the order in which they were said, until the host's echo puts them into their place.

use super::transcript::Message;

/// What has become of it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum State {
    /// It was said, and the host has not confirmed it.
    Sending,
    /// It was not sent: why.
    Failed(String),
}

/// One.
#[derive(Clone, Debug)]
pub(crate) struct Pending {
    /// The number by which the conversation knows it.
    pub(crate) tag: u64,
    /// As it is shown.
    pub(crate) message: Message,
    /// As it was typed.
    pub(crate) text: String,
    /// What has become of it.
    pub(crate) state: State,
}

impl Pending {
    /// Whether it was not sent.
    pub(crate) fn has_failed(&self) -> bool {
        matches!(self.state, State::Failed(_))
    }
}
