//! What an examination comes to, for whoever shows it: rows of what was tried, and what that means.

use std::time::Duration;

use serde::Serialize;

use super::code::Code;

/// How something stands. Shown as a word, not as a colour alone.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Mark {
    /// Stop here: somebody may be in between.
    Stop,
    /// It keeps people from talking.
    Failed,
    /// It could not be found out, or was not tried.
    Unknown,
    /// It works, and there is something to know about it.
    Note,
    /// As it should be.
    Ok,
}

impl Mark {
    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Stop => "STOP",
            Self::Failed => "FAILED",
            Self::Unknown => "?",
            Self::Note => "note",
            Self::Ok => "ok",
        }
    }
}

/// One thing that was tried.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Row {
    /// Which address, interface or machine it was tried with.
    pub about: String,
    /// What was tried, in a word.
    pub step: &'static str,
    /// How it stands.
    pub mark: Mark,
    /// What came of it; clean.
    pub words: String,
    /// How long it took, where that says something.
    pub took: Option<Duration>,
}

/// What it means.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Finding {
    /// How grave it is.
    pub mark: Mark,
    /// Which finding, for scripts.
    pub code: Code,
    /// Which address it is about; empty if it is about all.
    pub about: String,
    /// What is the case.
    pub what: String,
    /// What that most likely means; empty if nothing more.
    pub means: String,
    /// What to do; empty if nothing.
    pub todo: String,
}

/// In a word, for an exit code.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    /// A join would work; or others can come.
    Well,
    /// Something of this machine's own is in the way.
    Local,
    /// Nobody is reached there, or no host of parlor that one could join.
    Unreachable,
    /// The key that answers is not the expected one.
    Mismatch,
}

/// All of it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Report {
    /// What was tried, in the order of the way there.
    pub rows: Vec<Row>,
    /// What it means, the gravest first.
    pub findings: Vec<Finding>,
    /// In a word.
    pub outcome: Outcome,
}
