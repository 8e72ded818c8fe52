//! From the network to a real window and back, again and again, each time only once the last has arrived: a wake-up that
//! is lost ends the journey.

use std::time::Duration;

use druid::{
    AppLauncher, Env, Event, Size, Widget, WidgetExt, WindowDesc,
    widget::{Controller, SizedBox, prelude::*},
};
use tokio::{sync::mpsc, time::timeout};

use crate::{
    conversation::{Backstage, Conversation, Event as Happened},
    gui::{bridge::Link, keep_closing, model::Model},
    identity::{Fingerprint, Name},
};

/// Nothing takes so long on the way to a window that is there.
const LOST: Duration = Duration::from_secs(20);

/// Tells when the window has learnt of something.
struct Answering {
    begin: Option<(Conversation, tokio::runtime::Handle)>,
    link: Option<Link>,
    heard: mpsc::UnboundedSender<()>,
}

impl<W: Widget<Model>> Controller<Model, W> for Answering {
    fn event(&mut self, child: &mut W, ctx: &mut EventCtx, event: &Event, model: &mut Model, env: &Env) {
        if let Event::WindowConnected = event
            && let Some((conversation, runtime)) = self.begin.take()
        {
            #[cfg(target_os = "linux")]
            crate::gui::desktop::swallow_arguments(std::env::args().skip(1));
            // Each event is to wake the window by itself.
            self.link = Some(Link::new(conversation, ctx.get_external_handle(), &runtime, Duration::ZERO));
        }
        child.event(ctx, event, model, env);
    }

    fn update(&mut self, child: &mut W, ctx: &mut UpdateCtx, old: &Model, model: &Model, env: &Env) {
        // Nobody may be waiting any more.
        let _ = self.heard.send(());
        child.update(ctx, old, model, env);
    }
}

/// Sends so many events to a window of its own, one by one, and gives how many of them arrived. Needs a display, and blocks
/// until the window is closed again.
///
/// # Errors
///
/// Why there is no window.
pub fn round_trips(count: u64, name: &Name) -> Result<u64, String> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_time().build();
    let runtime = runtime.map_err(|error| error.to_string())?;
    let (conversation, backstage) = Conversation::new();
    let (heard, answers) = mpsc::unbounded_channel();
    let answering = Answering { begin: Some((conversation, runtime.handle().clone())), link: None, heard };
    let root = SizedBox::<Model>::empty().expand().controller(answering);
    let launcher = AppLauncher::with_window(WindowDesc::new(root).window_size(Size::new(200.0, 100.0)));
    let sink = launcher.get_external_handle();
    let journey = runtime.spawn(async move {
        let arrived = travel(count, &backstage, answers).await;
        tokio::spawn(keep_closing(sink));
        arrived
    });
    launcher.launch(Model::new(name, Fingerprint::from_bytes([0; 32]))).map_err(|error| error.to_string())?;
    runtime.block_on(journey).map_err(|error| error.to_string())
}

async fn travel(count: u64, backstage: &Backstage, mut answers: mpsc::UnboundedReceiver<()>) -> u64 {
    for number in 0..count {
        // The numbers differ, so that each event changes what is shown.
        let sent = backstage.events.send(Happened::Gap { missed: 1 + number }).await;
        if sent.is_err() || !matches!(timeout(LOST, answers.recv()).await, Ok(Some(()))) {
            return number;
        }
        // One event may take more than one update.
        while answers.try_recv().is_ok() {}
    }
    count
}
