//! What GTK has to be told, and asked, outside of druid.

use std::{
    cell::RefCell,
    path::{Path, PathBuf},
};

use druid::ExtEventSink;
use gtk::{
    gdk,
    gdk_pixbuf::{self, prelude::PixbufLoaderExt},
    gio,
    gio::prelude::{ApplicationExt, SettingsExt},
    glib::{Char, OptionArg, OptionFlags},
    prelude::{Cast, FileChooserExt, GtkWindowExt, NativeDialogExt},
    traits::SettingsExt as _,
};

use super::model::Model;

const INTERFACE: &str = "org.gnome.desktop.interface";
const SCHEME: &str = "color-scheme";

/// Whether there is a display to open a window on. To be asked before druid does, which ends the process if there is none.
pub(crate) fn has_display() -> bool {
    gtk::init().is_ok()
}

/// Gives the windows to come their icon, as pixels: the drawing that they were made from (`share/parlor.svg`, by
/// `rsvg-convert -w 64 -h 64`) would bring ten megabytes of library with it, which the desktop has and parlor does not need.
pub(crate) fn show_icon() {
    const PIXELS: &[u8] = include_bytes!("../../share/parlor.png");
    // Without a loader for them, there is no icon; no more than that.
    let loader = gdk_pixbuf::PixbufLoader::new();
    if loader.write(PIXELS).is_ok()
        && loader.close().is_ok()
        && let Some(icon) = loader.pixbuf()
    {
        gtk::Window::set_default_icon(&icon);
    }
}

/// Whether the person's desktop is dark.
pub(crate) fn prefers_dark() -> bool {
    // Whoever starts a program with this means it.
    if let Ok(theme) = std::env::var("GTK_THEME") {
        return theme.to_lowercase().contains("dark");
    }
    if interface().is_some_and(|settings| settings.string(SCHEME) == "prefer-dark") {
        return true;
    }
    let Some(settings) = gtk::Settings::default() else { return false };
    settings.is_gtk_application_prefer_dark_theme()
        || settings.gtk_theme_name().is_some_and(|name| name.to_lowercase().contains("dark"))
}

thread_local! {
    /// The dialog that asks for a file, for as long as it does.
    static ASKING: RefCell<Option<gtk::FileChooserNative>> = const { RefCell::new(None) };
}

/// Asks for a file to be written, in `folder` and called `name` unless a person has better ones. `kinds` are the names and the
/// endings of the forms that there are; a file without one of them gets the one that was chosen.
///
/// druid's own dialog begins in no folder and does not tell which form was chosen.
pub(crate) fn ask_for_file(
    name: &str,
    folder: Option<&Path>,
    kinds: &'static [(&'static str, &'static str)],
    chosen: impl Fn(PathBuf) + 'static,
) {
    let window = window();
    let dialog = gtk::FileChooserNative::new(
        Some("Save the transcript"),
        window.as_ref(),
        gtk::FileChooserAction::Save,
        Some("Save"),
        Some("Cancel"),
    );
    dialog.set_modal(true);
    dialog.set_do_overwrite_confirmation(true);
    dialog.set_current_name(name);
    if let Some(folder) = folder {
        dialog.set_current_folder(folder);
    }
    for (words, ending) in kinds {
        let filter = gtk::FileFilter::new();
        filter.set_name(Some(words));
        filter.add_pattern(&format!("*.{ending}"));
        dialog.add_filter(&filter);
    }
    dialog.connect_response(move |dialog, response| {
        if response == gtk::ResponseType::Accept
            && let Some(path) = dialog.filename()
        {
            let filter = dialog.filter().and_then(|filter| filter.name());
            let kind = kinds.iter().find(|(words, _)| filter.as_deref() == Some(words)).or(kinds.first());
            chosen(with_ending(path, kinds, kind.map_or("", |(_, ending)| ending)));
        }
        ASKING.with(RefCell::take);
    });
    dialog.show();
    ASKING.with(|asking| asking.replace(Some(dialog)));
}

fn with_ending(path: PathBuf, kinds: &[(&str, &str)], ending: &str) -> PathBuf {
    let has_one = kinds.iter().any(|(_, ending)| path.extension().is_some_and(|theirs| theirs == *ending));
    if has_one || ending.is_empty() {
        return path;
    }
    let mut name = path.into_os_string();
    name.push(".");
    name.push(ending);
    name.into()
}

/// What was selected last, in whatever program: what the middle button pastes. Waits for that program to hand it over.
pub(crate) fn primary() -> Option<String> {
    gtk::Clipboard::get(&gdk::SELECTION_PRIMARY).wait_for_text().map(Into::into)
}

/// This is selected now.
pub(crate) fn set_primary(text: &str) {
    // In a test there is no display, and nobody to paste it.
    if gtk::is_initialized() {
        gtk::Clipboard::get(&gdk::SELECTION_PRIMARY).set_text(text);
    }
}

/// Where the desktop keeps whether it is dark, if it is one that does.
fn interface() -> Option<gio::Settings> {
    let schema = gio::SettingsSchemaSource::default()?.lookup(INTERFACE, true)?;
    schema.has_key(SCHEME).then(|| gio::Settings::new(INTERFACE))
}

/// druid's window, once it is there.
pub(crate) fn window() -> Option<gtk::Window> {
    let windows = gtk::Window::list_toplevels();
    windows.into_iter().find_map(|widget| widget.downcast::<gtk::ApplicationWindow>().ok()).map(Cast::upcast)
}

/// Tells the model from now on whether the window has the keyboard, and whether the desktop is dark. To be called once, when
/// the window is there.
pub(crate) fn watch(sink: &ExtEventSink) {
    if let Some(window) = window() {
        tell(sink, window.is_active(), Model::focus_changed);
        let sink = sink.clone();
        window.connect_is_active_notify(move |window| tell(&sink, window.is_active(), Model::focus_changed));
    }
    let changed = {
        let sink = sink.clone();
        move || tell(&sink, prefers_dark(), |model, dark| model.dark_desktop = dark)
    };
    if let Some(settings) = gtk::Settings::default() {
        let theme = changed.clone();
        settings.connect_gtk_theme_name_notify(move |_| theme());
        let preferred = changed.clone();
        settings.connect_gtk_application_prefer_dark_theme_notify(move |_| preferred());
    }
    if let Some(settings) = interface() {
        settings.connect_changed(Some(SCHEME), move |_, _| changed());
        SCHEME_KEPT.with(|kept| kept.replace(Some(settings)));
    }
}

thread_local! {
    /// It tells of changes for as long as it lives.
    static SCHEME_KEPT: RefCell<Option<gio::Settings>> = const { RefCell::new(None) };
}

/// Tells the model later: GTK may speak from inside druid, which must not be entered twice.
fn tell(sink: &ExtEventSink, what: bool, then: impl FnOnce(&mut Model, bool) + Send + 'static) {
    sink.add_idle_callback(move |model: &mut Model| then(model, what));
}

/// Makes GTK accept the command line, which it reads once more by itself and would complain about.
///
/// Every option that is there is declared as known, hidden and without effect. To be called when the window is connected:
/// later than the application's registration and before it runs.
pub(crate) fn swallow_arguments(arguments: impl Iterator<Item = String>) {
    let Some(application) = gio::Application::default() else { return };
    let declare = |name: &str, short: char, value: OptionArg| {
        let short = u8::try_from(short).map_or(Char::from(b'\0'), Char::from);
        application.add_main_option(name, short, OptionFlags::HIDDEN, value, "", None);
    };
    // The empty name stands for everything that is not an option.
    declare("", '\0', OptionArg::FilenameArray);
    let mut known = std::collections::HashSet::new();
    for argument in arguments.take_while(|argument| argument != "--") {
        if let Some(option) = argument.strip_prefix("--") {
            let (name, value) = match option.split_once('=') {
                Some((name, _)) => (name, OptionArg::String),
                None => (option, OptionArg::None),
            };
            if !name.is_empty() && known.insert(name.to_owned()) {
                declare(name, '\0', value);
            }
        } else if let Some(letters) = argument.strip_prefix('-') {
            for letter in letters.chars().filter(char::is_ascii_graphic) {
                let name = format!("short-{letter}");
                if known.insert(name.clone()) {
                    declare(&name, letter, OptionArg::None);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_without_a_known_ending_gets_the_one_that_was_chosen() {
        let kinds = [("Text", "txt"), ("Markdown", "md")];
        for (path, ending, named) in [
            ("/a/Kitchen 2026-11-25", "md", "/a/Kitchen 2026-11-25.md"),
            ("/a/Kitchen.txt", "md", "/a/Kitchen.txt"),
            ("/a/v1.2", "txt", "/a/v1.2.txt"),
            ("/a/b", "", "/a/b"),
        ] {
            assert_eq!(with_ending(path.into(), &kinds, ending), Path::new(named));
        }
    }
}
