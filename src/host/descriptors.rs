//! Descriptors for everybody who may come.

/// Asks the system for as many descriptors as it gives, and has the table of them made large enough for a full room. To be called
/// before there are threads.
///
/// Each connection over TCP takes a descriptor. Many systems give a program 1,024 (for `select`, which nobody here uses), and as
/// many as a full room needs if it asks. And where threads share a table that grows, Linux waits until none of them can be looking
/// at the old one: 8 to 16 ms each time, for which nobody is let in.
pub fn take_descriptors() {
    #[cfg(unix)]
    {
        use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

        use crate::{room::places, wire::limits};
        let Rlimit { maximum, .. } = getrlimit(Resource::Nofile);
        // With what there is, fewer can come in.
        let _ = setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum });
        // A table does not shrink again.
        let last = ((places() + limits::PENDING) as u64).min(maximum.map_or(u64::MAX, |most| most - 1));
        drop(rustix::io::fcntl_dupfd_cloexec(std::io::stderr(), last as i32));
    }
}
