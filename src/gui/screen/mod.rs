//! The screens, one a file, and the switch between them.
//!
//! - [`start`]: host a room, or join one
//! - [`ask`]: getting there, and what has to be decided on the way
//! - [`room`]: the conversation, and the [`bars`] that come up in it
//! - [`settings`], [`keys`]: what goes over any of them

mod ask;
mod bars;
mod keys;
mod room;
mod settings;
mod start;

use druid::{Widget, WidgetExt, widget::ViewSwitcher};

use super::{
    command,
    model::{Model, Screen, adjust::Overlay},
    theme::Themed,
    widget::{
        button::{Button, Weight},
        over::Over,
    },
};

/// The whole window.
pub(crate) fn root() -> impl Widget<Model> {
    let screens = ViewSwitcher::new(
        |model: &Model, _| model.screen,
        |screen, model, _| match screen {
            Screen::Start => start::screen().boxed(),
            Screen::Dialling => ask::dialling().boxed(),
            Screen::Contact => ask::contact().boxed(),
            Screen::Plaintext => ask::plaintext().boxed(),
            Screen::Which => ask::which().boxed(),
            Screen::Refused => ask::refused(&model.refusal).boxed(),
            Screen::Room => room::screen().boxed(),
        },
    );
    Themed::new(Over::new(screens, |overlay| match overlay {
        Overlay::Settings => settings::screen().boxed(),
        Overlay::Keys => keys::screen().boxed(),
    }))
}

/// The way to the settings, on the screens that one stays on.
fn settings_button() -> Button<Model> {
    let show = |ctx: &mut druid::EventCtx, _: &mut Model| ctx.submit_command(command::SHOW.with(Overlay::Settings));
    Button::new("Settings", Weight::Bare, show).small()
}
