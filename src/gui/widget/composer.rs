//! The box in which a message is written: it grows with its text up to some lines, Enter sends, Shift+Enter breaks.

use druid::{
    Env, KbKey, Widget, WidgetExt, WidgetPod,
    widget::{Controller, TextBox, prelude::*},
};

use super::writing::Writing;
use crate::gui::{command, model::Model};

/// How tall it gets: eight lines.
const TALLEST: f64 = 8.0 * 20.0 + 20.0;

/// The box.
pub(crate) fn composer() -> impl Widget<Model> {
    let text_box = TextBox::multiline()
        .with_line_wrapping(true)
        .with_placeholder("Write a message")
        .controller(Writing::several_lines());
    Composer { child: WidgetPod::new(text_box.controller(Sending).lens(druid::lens!(Model, room.draft)).boxed()) }
}

/// Enter sends; pages scroll what is read, not what is written.
struct Sending;

impl<W: Widget<String>> Controller<String, W> for Sending {
    fn event(&mut self, child: &mut W, ctx: &mut EventCtx, event: &Event, data: &mut String, env: &Env) {
        if let Event::KeyDown(key) = event {
            let handled = match &key.key {
                KbKey::Enter if !key.mods.shift() => Some(command::SEND.into()),
                KbKey::PageUp => Some(command::PAGE.with(-1.0)),
                KbKey::PageDown => Some(command::PAGE.with(1.0)),
                _ => None,
            };
            if let Some(handled) = handled {
                let handled: druid::Command = handled;
                ctx.submit_command(handled);
                ctx.set_handled();
                return;
            }
        }
        child.event(ctx, event, data, env);
    }
}

/// Lets the box be as tall as its text, within bounds.
struct Composer {
    child: WidgetPod<Model, Box<dyn Widget<Model>>>,
}

impl Widget<Model> for Composer {
    fn event(&mut self, ctx: &mut EventCtx, event: &Event, data: &mut Model, env: &Env) {
        self.child.event(ctx, event, data, env);
    }

    fn lifecycle(&mut self, ctx: &mut LifeCycleCtx, event: &LifeCycle, data: &Model, env: &Env) {
        self.child.lifecycle(ctx, event, data, env);
    }

    fn update(&mut self, ctx: &mut UpdateCtx, _old: &Model, data: &Model, env: &Env) {
        self.child.update(ctx, data, env);
    }

    fn layout(&mut self, ctx: &mut LayoutCtx, bc: &BoxConstraints, data: &Model, env: &Env) -> Size {
        let most = Size::new(bc.max().width, bc.max().height.min(TALLEST));
        let size = self.child.layout(ctx, &BoxConstraints::new(Size::new(bc.max().width, 0.0), most), data, env);
        self.child.set_origin(ctx, druid::Point::ZERO);
        ctx.set_baseline_offset(self.child.baseline_offset());
        size
    }

    fn paint(&mut self, ctx: &mut PaintCtx, data: &Model, env: &Env) {
        self.child.paint(ctx, data, env);
    }
}
