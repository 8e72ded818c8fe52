//! What is shown: lines to standard output, written on a thread of their own.
//!
//! Whoever reads them may stop for a while, as a pager does. Then the transcript waits, but not a Ctrl-C.

use std::{
    io::{self, Write},
    thread,
};

use tokio::sync::{mpsc, oneshot};

/// Lines that may wait to be written. When there are more, the conversation waits.
const LINES: usize = 256;

/// The way to standard output.
pub(super) struct Output {
    lines: mpsc::Sender<String>,
    written: oneshot::Receiver<()>,
}

/// Nobody reads what is written any more.
pub(super) struct Broken;

impl Output {
    pub(super) fn start() -> Self {
        let (lines, mut waiting) = mpsc::channel::<String>(LINES);
        let (all, written) = oneshot::channel();
        thread::spawn(move || {
            let mut lines = Vec::new();
            // What has come meanwhile goes out together.
            while waiting.blocking_recv_many(&mut lines, LINES) > 0 {
                let text = lines.drain(..).fold(String::new(), |text, line| text + &line + "\n");
                let mut out = io::stdout().lock();
                if out.write_all(text.as_bytes()).and_then(|()| out.flush()).is_err() {
                    break;
                }
            }
            // Nobody may be waiting for it.
            let _ = all.send(());
        });
        Self { lines, written }
    }

    /// Writes lines, in their order.
    pub(super) async fn write(&self, lines: Vec<String>) -> Result<(), Broken> {
        for line in lines {
            self.lines.send(line).await.map_err(|_| Broken)?;
        }
        Ok(())
    }

    /// Waits until all is written.
    pub(super) async fn finish(self) {
        drop(self.lines);
        let _ = self.written.await;
    }
}
