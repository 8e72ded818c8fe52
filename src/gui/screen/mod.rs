//! The screens, one a file, and the switch between them.
//!
//! - [`start`]: host a room, or join one
//! - [`ask`]: getting there, and what has to be decided on the way
//! - [`room`]: the conversation, and the [`bars`] that come up in it

mod ask;
mod bars;
mod room;
mod start;

use druid::{Widget, WidgetExt, widget::ViewSwitcher};

use super::{
    model::{Model, Screen},
    theme::Themed,
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
            Screen::Refused => ask::refused(&model.refusal).boxed(),
            Screen::Room => room::screen().boxed(),
        },
    );
    Themed::new(screens)
}
