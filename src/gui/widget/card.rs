//! A card in the middle of the window, for one thing at a time; it scrolls when the window is too small for it.

use druid::{
    Env, Insets, KbKey, UnitPoint, Widget, WidgetExt,
    widget::{Controller, CrossAxisAlignment, Flex, prelude::*},
};

use super::words::Words;
use crate::gui::{model::Model, theme};

/// Puts a widget into a card in the middle.
pub(crate) fn card(content: impl Widget<Model> + 'static) -> impl Widget<Model> {
    content
        .padding(Insets::uniform_xy(32.0, 28.0))
        .background(theme::SURFACE)
        .rounded(14.0)
        .border(theme::BORDER, 1.0)
        .fix_width(theme::CARD)
        .padding(16.0)
        .align_horizontal(UnitPoint::CENTER)
        .scroll()
        .vertical()
        .align_vertical(UnitPoint::new(0.5, 0.42))
}

/// A column that stands at the left.
pub(crate) fn column() -> Flex<Model> {
    Flex::column().cross_axis_alignment(CrossAxisAlignment::Start)
}

/// A heading.
pub(crate) fn heading(words: impl Fn(&Model) -> String + 'static, color: druid::Key<druid::Color>) -> Words<Model> {
    Words::paragraph(theme::TITLE, color, words)
}

/// A paragraph.
pub(crate) fn paragraph(words: impl Fn(&Model) -> String + 'static) -> Words<Model> {
    Words::paragraph(theme::BODY, theme::TEXT, words)
}

/// A paragraph on the side.
pub(crate) fn remark(words: impl Fn(&Model) -> String + 'static) -> Words<Model> {
    Words::paragraph(theme::SMALL, theme::QUIET, words)
}

/// A fingerprint or an invite, on a ground of its own.
pub(crate) fn code(words: impl Fn(&Model) -> String + 'static, color: druid::Key<druid::Color>) -> impl Widget<Model> {
    Words::paragraph(theme::MONO, color, words)
        .padding(Insets::uniform_xy(14.0, 10.0))
        .background(theme::GROUND)
        .rounded(theme::RADIUS)
}

/// Enter does this, unless what has the focus has a use for it.
pub(crate) struct OnEnter(pub(crate) fn(&mut EventCtx));

impl<W: Widget<Model>> Controller<Model, W> for OnEnter {
    fn event(&mut self, child: &mut W, ctx: &mut EventCtx, event: &Event, data: &mut Model, env: &Env) {
        child.event(ctx, event, data, env);
        if let Event::KeyDown(key) = event
            && key.key == KbKey::Enter
            && !ctx.is_handled()
        {
            (self.0)(ctx);
            ctx.set_handled();
        }
    }
}

/// Escape does this wherever the focus is.
pub(crate) struct OnEscape(pub(crate) fn(&mut EventCtx));

impl<W: Widget<Model>> Controller<Model, W> for OnEscape {
    fn event(&mut self, child: &mut W, ctx: &mut EventCtx, event: &Event, data: &mut Model, env: &Env) {
        if let Event::KeyDown(key) = event
            && key.key == KbKey::Escape
        {
            (self.0)(ctx);
            ctx.set_handled();
            return;
        }
        child.event(ctx, event, data, env);
    }
}
