//! Who tells the desktop: notifications, on the network's threads, because asking the desktop takes time and may fail.
//!
//! The newest of what there is to tell is shown; where nobody shows such things, nothing happens, and the log says so once.

use notify_rust::{Hint, Notification as Note, NotificationHandle};
use tokio::sync::watch;

use super::model::notification::{Notification, Pace, without_markup};

/// Tells the desktop.
pub(crate) struct Herald {
    wanted: watch::Sender<Option<Notification>>,
}

impl Herald {
    /// Begins to.
    pub(crate) fn start(runtime: &tokio::runtime::Handle) -> Self {
        let (wanted, waiting) = watch::channel(None);
        runtime.spawn(tell(waiting));
        Self { wanted }
    }

    /// This is what there is to tell now; none takes away what is shown.
    pub(crate) fn tell(&self, notification: Option<Notification>) {
        self.wanted.send_if_modified(|wanted| {
            let changed = *wanted != notification;
            *wanted = notification;
            changed
        });
    }
}

async fn tell(mut waiting: watch::Receiver<Option<Notification>>) {
    let mut pace = Pace::default();
    let mut shown: Option<(u64, NotificationHandle)> = None;
    let mut failed = false;
    let mut reads_markup = None;
    while waiting.changed().await.is_ok() {
        if waiting.borrow().is_some() {
            tokio::time::sleep(pace.wait(std::time::Instant::now())).await;
        }
        let wanted = waiting.borrow_and_update().clone();
        let Some(wanted) = wanted else {
            if let Some((_, handle)) = shown.take() {
                handle.close_async().await;
            }
            continue;
        };
        let replaces = shown.as_ref().filter(|(bundle, _)| *bundle == wanted.bundle).map(|(_, handle)| handle.id());
        pace.shown(std::time::Instant::now());
        let escape = match reads_markup {
            Some(known) => known,
            None => *reads_markup.insert(desktop_reads_markup().await),
        };
        match show(&wanted, replaces, escape).await {
            Ok(handle) => shown = Some((wanted.bundle, handle)),
            Err(error) if !failed => {
                failed = true;
                tracing::info!(%error, "the desktop shows no notifications");
            }
            Err(_) => {}
        }
    }
}

/// Whether what is shown is read as markup; taken for granted where nobody says.
async fn desktop_reads_markup() -> bool {
    match tokio::task::spawn_blocking(notify_rust::get_capabilities).await {
        Ok(Ok(capabilities)) => capabilities.iter().any(|capability| capability == "body-markup"),
        _ => true,
    }
}

async fn show(
    wanted: &Notification,
    replaces: Option<u32>,
    escape: bool,
) -> notify_rust::error::Result<NotificationHandle> {
    let mut note = Note::new();
    note.appname("parlor").icon("parlor").summary(&wanted.summary);
    note.hint(Hint::Category("im.received".to_owned()));
    if !wanted.body.is_empty() {
        note.body(&if escape { without_markup(&wanted.body) } else { wanted.body.clone() });
    }
    if let Some(id) = replaces {
        note.id(id);
    }
    note.show_async().await
}
