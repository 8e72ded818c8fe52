//! Knocking at a host's door again: at the same addresses, looked up anew, and with the same key expected as the first time,
//! or as plainly as then.

use std::sync::Arc;

use tracing::Instrument;

use super::{
    Options, Way,
    dial::{self, Resolved, dial, left_to_a_proxy, resolve},
    greet::{self, LetIn, NotWelcome},
    watch::Why,
};
use crate::{
    identity::{Fingerprint, Pins},
    transport::{Connection, Error, Expect, Kind, Transport},
    wire::message::Resume,
};

/// What one may dial over.
pub(super) struct Transports {
    pub(super) encrypted: Vec<Arc<dyn Transport>>,
    pub(super) plain: Vec<Arc<dyn Transport>>,
}

impl Transports {
    pub(super) fn new(all: Vec<Arc<dyn Transport>>, way: Way) -> Self {
        let (plain, mut encrypted): (Vec<_>, Vec<_>) = all.into_iter().partition(|one| one.kind() == Kind::Tcp);
        if let Way::Only(kind) = way {
            encrypted.retain(|transport| transport.kind() == kind);
        }
        Self { encrypted, plain }
    }

    fn quic(&self) -> Vec<Arc<dyn Transport>> {
        self.encrypted.iter().filter(|transport| transport.kind() == Kind::Quic).cloned().collect()
    }
}

/// The door of a host who has let one in before.
#[derive(Clone, Copy)]
pub(super) struct Door<'a> {
    pub(super) options: &'a Options,
    pub(super) transports: &'a Transports,
    pub(super) pins: &'a Pins,
    /// What tells this conversation from another of the same key.
    pub(super) conversation: u64,
    /// The host's key; none over plain TCP.
    pub(super) key: Option<Fingerprint>,
}

impl Door<'_> {
    /// Where it is now.
    ///
    /// # Errors
    ///
    /// When nobody knows.
    pub(super) async fn find(&self) -> Result<Vec<Resolved>, Error> {
        find(self.options).await
    }

    /// A connection to the host, over whatever may be used.
    ///
    /// # Errors
    ///
    /// Why there is none, or none yet.
    pub(super) async fn dial(&self, addresses: &[Resolved]) -> Result<Arc<dyn Connection>, Error> {
        match self.key {
            Some(key) => {
                let worked = worked(self.pins, key);
                dial(&self.transports.encrypted, addresses, Expect::Key(key), worked).await
            }
            None => dial(&self.transports.plain, addresses, Expect::Unknown, None).await,
        }
        .map(|reached| reached.connection)
    }

    /// The same beside a connection that is still there, for this reason.
    ///
    /// # Errors
    ///
    /// Why there is none.
    pub(super) async fn dial_beside(&self, why: Why) -> Result<Arc<dyn Connection>, Error> {
        let addresses = self.find().await?;
        let reached = match (why, self.key) {
            (Why::Return, Some(key)) => dial(&self.transports.quic(), &addresses, Expect::Key(key), None).await?,
            // QUIC may be what has failed: it gets no head start.
            (Why::Doubt, Some(key)) => {
                dial(&self.transports.encrypted, &addresses, Expect::Key(key), Some(Kind::Tls)).await?
            }
            (_, None) => return self.dial(&addresses).await,
        };
        Ok(reached.connection)
    }

    /// Greets over it, as who comes back.
    ///
    /// # Errors
    ///
    /// Why one was not let in.
    pub(super) async fn greet(&self, connection: &dyn Connection, resume: Resume) -> Result<LetIn, NotWelcome> {
        let Options { name, target, .. } = self.options;
        let span = dial::span(&connection.peer().remote, connection.peer().kind);
        greet::greet(connection, name, target.room.as_ref(), self.conversation, Some(resume)).instrument(span).await
    }

    /// Whether somebody who is connected over this should return to QUIC.
    pub(super) fn may_return_from(&self, kind: Kind) -> bool {
        kind == Kind::Tls && self.key.is_some() && !self.transports.quic().is_empty()
    }
}

/// Where the host is, as far as that is for this machine to find out.
///
/// # Errors
///
/// When nobody knows.
pub(super) async fn find(options: &Options) -> Result<Vec<Resolved>, Error> {
    match options.proxy {
        Some(_) => Ok(left_to_a_proxy(&options.target.addresses)),
        None => resolve(&options.target.addresses).await,
    }
}

/// Over what the host with this key was last reached, if that is known. Pins that cannot be read are no reason to stop here:
/// it is only a hint.
pub(super) fn worked(pins: &Pins, key: Fingerprint) -> Option<Kind> {
    match pins.find(&key).ok()??.over?.as_str() {
        "quic" => Some(Kind::Quic),
        "tls" => Some(Kind::Tls),
        _ => None,
    }
}
