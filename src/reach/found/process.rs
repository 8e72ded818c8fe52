//! Keeps a helper: begins it, passes on what it tells, and begins it anew when it has ended by itself.

use std::{io, path::PathBuf, process::Stdio, time::Duration};

use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    process::{Child, ChildStdin, ChildStdout, Command},
    sync::mpsc,
    time::{Instant, sleep_until, timeout},
};
use tracing::{info, warn};

use super::helper::{self, Task, Told};

/// Bytes of a line that a helper may write: it has bounds of its own, well below.
const LINE: u64 = 64 * 1024;
/// A helper that has ended is begun anew after this, and after twice as long each time...
const FIRST: Duration = Duration::from_secs(1);
/// ... up to this: while somebody floods the network, this is how seldom it costs anything.
const LAST: Duration = Duration::from_secs(30);
/// A helper that was told to end says goodbye twice, in 160 ms, and has a little more for it.
const GOODBYE: Duration = Duration::from_millis(700);

/// Lines that may wait to be looked at. With more, the helper has to wait, and gives up when it has waited for long.
const LINES: usize = 64;
/// A helper that has lived for so long was not flooded at once.
const CALM: Duration = Duration::from_secs(60);

/// A helper that is kept running. Dropping it ends it without a goodbye.
pub(super) struct Kept {
    task: Task,
    process: Option<Process>,
    patience: Patience,
    /// When it is begun anew, while there is none.
    again: Instant,
}

/// What happened.
#[derive(Debug)]
pub(super) enum Happened {
    /// The helper has told something.
    Told(Told),
    /// The helper has ended by itself, or could not be begun. It will be once more.
    Ended,
}

impl Kept {
    /// One for this task; it begins with [`next`](Self::next).
    pub(super) fn new(task: Task) -> Self {
        Self { task, process: None, patience: Patience::new(), again: Instant::now() }
    }

    /// What happens next. Cancel-safe.
    pub(super) async fn next(&mut self) -> Happened {
        loop {
            if let Some(process) = &mut self.process {
                match process.told.recv().await {
                    Some(told) => return Happened::Told(told),
                    None => self.process = None,
                }
            } else {
                sleep_until(self.again).await;
                self.patience.begins();
                match Process::start(&self.task).await {
                    Ok(process) => {
                        self.process = Some(process);
                        continue;
                    }
                    Err(error) => warn!(%error, "the helper for multicast DNS cannot be started"),
                }
            }
            self.again = Instant::now() + self.patience.wait();
            return Happened::Ended;
        }
    }

    /// Ends it, with a goodbye if it has announced something.
    pub(super) async fn end(self) {
        if let Some(Process { mut child, input, .. }) = self.process {
            drop(input);
            let _ = timeout(GOODBYE, child.wait()).await;
        }
    }
}

struct Process {
    child: Child,
    /// Its end is the end of the task.
    input: ChildStdin,
    told: mpsc::Receiver<Told>,
}

impl Process {
    async fn start(task: &Task) -> io::Result<Self> {
        let mut command = Command::new(program()?);
        command.arg(helper::ARGUMENT).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        command.kill_on_drop(true);
        // A Ctrl-C in the terminal is for whoever leaves first and then lets the helper say so.
        #[cfg(unix)]
        command.process_group(0);
        #[cfg(windows)]
        command.creation_flags(NO_WINDOW | GROUP_OF_ITS_OWN);
        let mut child = command.spawn()?;
        let (Some(mut input), Some(output)) = (child.stdin.take(), child.stdout.take()) else {
            return Err(io::ErrorKind::BrokenPipe.into());
        };
        let mut line = serde_json::to_vec(task)?;
        line.push(b'\n');
        input.write_all(&line).await?;
        input.flush().await?;
        let (tell, told) = mpsc::channel(LINES);
        tokio::spawn(listen(BufReader::new(output), tell));
        Ok(Self { child, input, told })
    }
}

async fn listen(mut output: BufReader<ChildStdout>, tell: mpsc::Sender<Told>) {
    loop {
        let mut line = String::new();
        let read = (&mut output).take(LINE).read_line(&mut line).await;
        if !matches!(read, Ok(1..)) {
            return;
        }
        match serde_json::from_str(&line) {
            Ok(told) => {
                if tell.send(told).await.is_err() {
                    return;
                }
            }
            Err(error) => warn!(%error, "the helper for multicast DNS says what nobody understands"),
        }
    }
}

/// How long to wait before a helper is begun anew.
struct Patience {
    next: Duration,
    begun: Instant,
}

impl Patience {
    fn new() -> Self {
        Self { next: FIRST, begun: Instant::now() }
    }

    /// A helper is begun.
    fn begins(&mut self) {
        self.begun = Instant::now();
    }

    /// How long to wait now that it has ended: longer each time, unless it was there for long.
    fn wait(&mut self) -> Duration {
        if self.begun.elapsed() > CALM {
            self.next = FIRST;
        }
        let wait = self.next;
        self.next = (wait * 2).min(LAST);
        info!(again_in = ?wait, "the helper for multicast DNS has ended by itself, and is given a rest");
        wait
    }
}

/// This program. Where its file was replaced by a newer one meanwhile, the one that runs is meant.
fn program() -> io::Result<PathBuf> {
    if cfg!(target_os = "linux") { Ok("/proc/self/exe".into()) } else { std::env::current_exe() }
}

/// `CREATE_NO_WINDOW` and `CREATE_NEW_PROCESS_GROUP`, of Windows.
#[cfg(windows)]
const NO_WINDOW: u32 = 0x0800_0000;
#[cfg(windows)]
const GROUP_OF_ITS_OWN: u32 = 0x0000_0200;

#[cfg(test)]
mod tests {
    use tokio::time::advance;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn who_ends_again_and_again_is_begun_ever_less_often() {
        let mut patience = Patience::new();
        let waits: Vec<_> = (0..8)
            .map(|_| {
                patience.begins();
                patience.wait().as_secs()
            })
            .collect();
        assert_eq!(waits, [1, 2, 4, 8, 16, 30, 30, 30]);
        patience.begins();
        advance(2 * CALM).await;
        assert_eq!(patience.wait(), FIRST, "one that was there for long was not flooded at once");
    }
}
