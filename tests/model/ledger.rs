//! What somebody has typed in one conversation, and what became of it: in the end it is acknowledged or given back, once.

use std::collections::BTreeMap;

use crate::{Check, ensure, text::Text};

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Fate {
    Waiting,
    /// Its echo was shown, in this epoch.
    Acknowledged(usize),
    GivenBack,
}

#[derive(Debug, Default)]
pub(crate) struct Ledger(BTreeMap<Text, Fate>);

impl Ledger {
    pub(crate) fn typed(&mut self, text: Text) {
        self.0.insert(text, Fate::Waiting);
    }

    pub(crate) fn fate(&self, text: Text) -> Option<Fate> {
        self.0.get(&text).copied()
    }

    pub(crate) fn decide(&mut self, text: Text, fate: Fate) -> Check {
        let before = self.0.insert(text, fate);
        ensure!(before == Some(Fate::Waiting), "{text:?} is {fate:?}, and was {before:?}");
        Ok(())
    }

    pub(crate) fn with(&self, fate: Fate) -> impl Iterator<Item = Text> {
        self.0.iter().filter(move |(_, it)| **it == fate).map(|(text, _)| *text)
    }
}
