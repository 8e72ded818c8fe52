//! What is typed: lines from standard input, and the signals that ask for an end.

use std::{io::BufRead, thread};

use tokio::sync::mpsc;

use crate::conversation::{Command, Question};

/// Lines that may wait. A pipe's writer is held up when there are more.
const LINES: usize = 64;

/// The lines of standard input, read on a thread of their own, since a terminal cannot be waited for in any other way
/// that works everywhere. The thread ends with the program.
pub(super) struct Input {
    lines: mpsc::Receiver<String>,
    is_open: bool,
    held_any: bool,
    /// What the next line answers, if it answers a question.
    answers: Option<Asked>,
}

/// What was asked.
#[derive(Clone, Copy, Debug)]
enum Asked {
    YesOrNo,
    WhichNumber,
}

impl Asked {
    /// The answer in a line; in none, the one that does nothing.
    fn answer(self, line: &str) -> Command {
        let line = line.trim();
        match self {
            Self::YesOrNo => Command::Answer(line.eq_ignore_ascii_case("yes")),
            // They are counted from 1.
            Self::WhichNumber => Command::Choose(line.parse::<usize>().ok().and_then(|number| number.checked_sub(1))),
        }
    }
}

impl Input {
    pub(super) fn start() -> Self {
        let (lines, received) = mpsc::channel(LINES);
        thread::spawn(move || {
            let mut stdin = std::io::stdin().lock();
            let mut bytes = Vec::new();
            // Not `lines`: one byte that is no UTF-8 must not end the conversation.
            while matches!(stdin.read_until(b'\n', &mut bytes), Ok(1..)) {
                let line = String::from_utf8_lossy(&bytes).trim_end_matches(['\r', '\n']).to_owned();
                if lines.blocking_send(line).is_err() {
                    return;
                }
                bytes.clear();
            }
        });
        Self { lines: received, is_open: true, held_any: false, answers: None }
    }

    /// Whether more may come.
    pub(super) fn is_open(&self) -> bool {
        self.is_open
    }

    /// Whether the input ended without a single line, as that of a service does.
    pub(super) fn was_always_empty(&self) -> bool {
        !self.is_open && !self.held_any
    }

    /// The next line is the answer to this.
    pub(super) fn expect_answer(&mut self, question: &Question) {
        self.answers = Some(match question {
            Question::FirstContact { .. } | Question::Plaintext { .. } => Asked::YesOrNo,
            Question::Which { .. } => Asked::WhichNumber,
        });
    }

    /// The answer that does nothing, if a question is open: there will be no other.
    pub(super) fn no_answer(&mut self) -> Option<Command> {
        self.answers.take().map(|asked| asked.answer(""))
    }

    /// Whether the next line is the answer to a question.
    pub(super) fn is_to_answer(&self) -> bool {
        self.answers.is_some()
    }

    /// The lines that were read and not asked for, once nothing more is taken. Those that answer nothing were to be said.
    pub(super) fn rest(&mut self) -> Vec<String> {
        self.lines.close();
        std::iter::from_fn(|| self.lines.try_recv().ok()).filter(|line| !line.trim().is_empty()).collect()
    }

    /// What the next line asks for; `None` at the end of the input. Cancel-safe. Empty lines say nothing.
    pub(super) async fn next(&mut self) -> Option<Command> {
        loop {
            let Some(line) = self.lines.recv().await else {
                self.is_open = false;
                return None;
            };
            self.held_any = true;
            if let Some(asked) = self.answers.take() {
                return Some(asked.answer(&line));
            }
            if !line.trim().is_empty() {
                return Some(Command::Say { text: line, tag: 0 });
            }
        }
    }
}

/// Comes to an end when the system or the person asks the program to end.
pub(super) async fn stop_signals() {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        if let Ok(mut terminate) = signal(SignalKind::terminate()) {
            tokio::select! {
                _ = terminate.recv() => return,
                result = tokio::signal::ctrl_c() => if result.is_ok() { return },
            }
        }
    }
    if tokio::signal::ctrl_c().await.is_err() {
        // No signals to be had: then there is none to wait for.
        std::future::pending().await
    }
}
