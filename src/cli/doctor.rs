//! `parlor doctor`: looks at what keeps people from talking, and shows what it has found.

use super::{Exit, local, show};
use crate::{
    console::{self, Style},
    identity::DataDir,
    reach::doctor::{self, Outcome, Question},
};

/// What is to be looked at.
#[derive(Debug)]
pub(super) struct Examination {
    /// The way to a host; without it, this machine as the one that others are to reach.
    pub(super) question: Option<Question>,
    /// The port of a room here.
    pub(super) port: u16,
    /// One JSON object a line.
    pub(super) json: bool,
}

/// Looks, shows and says in a number how it stands.
pub(super) fn examine(examination: &Examination, data_dir: &DataDir) -> Exit {
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return local(error),
    };
    if !examination.json {
        eprintln!("Looking; this takes some seconds, and half a minute at most.");
    }
    let report = runtime.block_on(async {
        match &examination.question {
            Some(question) => doctor::examine_join(question, data_dir).await,
            None => doctor::examine_host(examination.port, data_dir).await,
        }
    });
    // A thread that still waits for a name server holds nobody up.
    runtime.shutdown_background();
    let report = match report {
        Ok(report) => report,
        Err(error) => return local(error),
    };
    let lines = console::doctor::lines(&report, Style::new(examination.json));
    show(&lines.iter().map(|line| format!("{line}\n")).collect::<String>());
    match report.outcome {
        Outcome::Well => Exit::Normal,
        Outcome::Local => Exit::Local,
        Outcome::Unreachable => Exit::Unreachable,
        Outcome::Mismatch => Exit::IdentityMismatch,
    }
}
