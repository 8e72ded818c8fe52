//! Writing the transcript into a file, without keeping the window waiting.

use std::{path::PathBuf, thread};

use druid::ExtEventSink;

use super::model::{
    Model,
    export::{self, Format},
};

/// Writes it; the transcript tells what has come of it.
pub(super) fn save(model: &Model, path: PathBuf, sink: ExtEventSink) {
    let room = &model.room;
    let written = export::written(&room.feed.log(), &room.name, room.feed.zone(), Format::of(&path));
    thread::spawn(move || {
        let told = std::fs::write(&path, written).map_err(|error| error.to_string());
        sink.add_idle_callback(move |model: &mut Model| match told {
            Ok(()) => model.room.feed.notice(&format!("Saved in {}", path.display()), false),
            Err(why) => model.room.feed.notice(&format!("Not saved in {}: {why}", path.display()), true),
        });
    });
}
