//! What a process has used, and the machine, as the system tells it. On Linux.

use std::{fs, io, time::Duration};

/// A process.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Process(pub(crate) u32);

/// Time that was had of the processors, up to some moment.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Used {
    /// By the server.
    pub(crate) server: Duration,
    /// Of that, outside the kernel; in steps of 10 ms.
    pub(crate) server_user: Duration,
    /// By this process.
    pub(crate) load: Duration,
    /// By all there is, and what the machine below took away; in steps of 10 ms.
    pub(crate) machine: Duration,
}

impl Process {
    pub(crate) fn used(self) -> io::Result<Used> {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.0))?;
        let user = stat.rsplit(')').next().and_then(|rest| rest.split_whitespace().nth(11));
        Ok(Used {
            server: self.processor()?,
            server_user: ticks(user)?,
            load: Self(std::process::id()).processor()?,
            machine: machine()?,
        })
    }

    /// To the nanosecond, of all its threads that there are.
    fn processor(self) -> io::Result<Duration> {
        let mut sum = 0;
        for thread in fs::read_dir(format!("/proc/{}/task", self.0))? {
            let schedstat = fs::read_to_string(thread?.path().join("schedstat"))?;
            sum += number(schedstat.split_whitespace().next())?;
        }
        Ok(Duration::from_nanos(sum))
    }

    /// Resident memory, in KiB.
    pub(crate) fn resident(self) -> io::Result<u64> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.0))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        number(line.and_then(|line| line.split_whitespace().next()))
    }
}

/// Everything but idling and waiting for disks.
fn machine() -> io::Result<Duration> {
    let stat = fs::read_to_string("/proc/stat")?;
    let mut fields = stat.lines().next().unwrap_or_default().split_whitespace().skip(1);
    let busy = [0, 1, 2, 5, 6, 7];
    let all: Vec<_> = fields.by_ref().take(8).map(Some).collect();
    busy.into_iter().map(|field| ticks(all.get(field).copied().flatten())).sum()
}

/// The unit of /proc: a hundredth of a second on every Linux there is.
fn ticks(field: Option<&str>) -> io::Result<Duration> {
    Ok(Duration::from_millis(10 * number(field)?))
}

fn number(field: Option<&str>) -> io::Result<u64> {
    field.and_then(|field| field.parse().ok()).ok_or_else(|| io::Error::other("/proc is not as it was"))
}
