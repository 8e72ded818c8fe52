//! What every peer needs: an outcome that can be anything that went wrong, and a bound on every wait.

use std::{future::Future, net::SocketAddr, panic::Location, time::Duration};

use tokio::time::timeout;

pub(crate) type Outcome<T = ()> = Result<T, Box<dyn std::error::Error + Send + Sync>>;

/// Far more than anything here takes, however busy the machine is.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// What `future` gives, or an error that says where it was waited for, if it takes unreasonably long.
#[track_caller]
pub(crate) fn in_time<T>(future: impl Future<Output = T>) -> impl Future<Output = Outcome<T>> {
    let place = Location::caller();
    async move {
        timeout(PATIENCE, future).await.map_err(|_| format!("at {place}, nothing has happened for too long").into())
    }
}

pub(crate) fn loopback() -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], 0))
}
