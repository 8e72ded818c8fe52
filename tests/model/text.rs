//! What is said: each text once in a case, so that it can be told who said it, and in which order.

use std::fmt;

/// The host, among those who talk.
pub(crate) const HOST: usize = 99;

/// One text: by whom, in which of their conversations, and how many they said there before.
#[derive(Clone, Copy, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub(crate) struct Text {
    pub(crate) member: usize,
    pub(crate) talk: usize,
    pub(crate) number: usize,
}

impl Text {
    /// As it is said, at least so long.
    pub(crate) fn written(self, bytes: usize) -> String {
        format!("{:~<bytes$}", format!("{self:?}"))
    }

    pub(crate) fn read(text: &str) -> Option<Self> {
        let mut parts = text.split('~').next()?.split('.').map(str::parse);
        let mut next = || parts.next()?.ok();
        Some(Self { member: next()?, talk: next()?, number: next()? })
    }
}

impl fmt::Debug for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.member, self.talk, self.number)
    }
}
