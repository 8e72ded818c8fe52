//! What GTK has to be told, and asked, outside of druid.

use gtk::{
    gdk_pixbuf::{self, prelude::PixbufLoaderExt},
    gio,
    gio::prelude::{ApplicationExt, SettingsExt},
    glib::{Char, OptionArg, OptionFlags},
    traits::{IconThemeExt, SettingsExt as _},
};

/// Whether there is a display to open a window on. To be asked before druid does, which ends the process if there is none.
pub(crate) fn has_display() -> bool {
    gtk::init().is_ok()
}

/// Gives the windows to come their icon: the installed one, or else the same drawing from inside the program.
pub(crate) fn show_icon() {
    const NAME: &str = "parlor";
    const DRAWING: &[u8] = include_bytes!("../../share/parlor.svg");
    if gtk::IconTheme::default().is_some_and(|theme| theme.has_icon(NAME)) {
        gtk::Window::set_default_icon_name(NAME);
        return;
    }
    // Without a loader for drawings, there is no icon; no more than that.
    let loader = gdk_pixbuf::PixbufLoader::new();
    if loader.write(DRAWING).is_ok()
        && loader.close().is_ok()
        && let Some(icon) = loader.pixbuf()
    {
        gtk::Window::set_default_icon(&icon);
    }
}

/// Whether the person's desktop is dark.
pub(crate) fn prefers_dark() -> bool {
    const INTERFACE: &str = "org.gnome.desktop.interface";
    const SCHEME: &str = "color-scheme";
    let schema = gio::SettingsSchemaSource::default().and_then(|source| source.lookup(INTERFACE, true));
    if schema.is_some_and(|schema| schema.has_key(SCHEME))
        && gio::Settings::new(INTERFACE).string(SCHEME) == "prefer-dark"
    {
        return true;
    }
    let Some(settings) = gtk::Settings::default() else { return false };
    settings.is_gtk_application_prefer_dark_theme()
        || settings.gtk_theme_name().is_some_and(|name| name.to_lowercase().contains("dark"))
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
