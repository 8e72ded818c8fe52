//! The doctor: why a join does not come about, or nobody comes; which step fails, what that means, and what to do.
//!
//! It looks and changes nothing: nothing is pinned, no key is made, no port is mapped. What it sends to a host is never more
//! than the beginning of a handshake, which ends before our own key is shown; no member sees anything of it.
//!
//! On the joining side: [`journey`] is the table of what each step found, `travel` fills it, `diagnosis` makes of it what is
//! the case, `rows` and `words` say so. On the hosting side [`house`] is that table, `inspect` fills it, `survey` concludes and
//! `notes` says so.
//! Both give a [`Report`], which a front end shows. What a finding is called is in [`Code`]; `docs/DOCTOR.md` has all of them.

mod code;
mod diagnosis;
pub mod firewall;
pub mod gateway;
pub mod house;
mod inspect;
pub mod journey;
pub mod multicast;
#[cfg(target_os = "linux")]
mod nft;
mod notes;
pub mod report;
mod rows;
mod survey;
mod travel;
mod words;

pub use code::Code;
pub use journey::Question;
pub use report::{Finding, Mark, Outcome, Report, Row};

use crate::identity::{DataDir, IdentityError};

/// Looks at the way to a host, and at who answers there. Takes as long as a join that fails, most often under ten seconds;
/// where a name is looked up in vain, or somebody draws out every answer, up to half a minute.
///
/// Reads the installation's key and pins in `dir`, and writes neither. Dropping the future ends it.
///
/// # Errors
///
/// When this installation has a key that cannot be used: no join would begin.
pub async fn examine_join(question: &Question, dir: &DataDir) -> Result<Report, IdentityError> {
    let own = dir.fingerprint()?;
    let journey = travel::travel(question, own, &dir.pins()).await?;
    Ok(words::report(&journey, &diagnosis::diagnose(&journey)))
}

/// Looks at this machine as the one that others are to reach, on `port`. Takes up to ten seconds.
///
/// Reads the installation's key in `dir`, and makes none. Dropping the future ends it.
///
/// # Errors
///
/// When this installation has a key that cannot be used: no room would open.
pub async fn examine_host(port: u16, dir: &DataDir) -> Result<Report, IdentityError> {
    let house = inspect::inspect(port, dir.fingerprint()?).await?;
    Ok(notes::report(&house, &survey::survey(&house)))
}
