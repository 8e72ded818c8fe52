//! The bar that always says how safe the conversation is. Pressing it explains.

use druid::{
    BoxConstraints, Cursor, Env, FontFamily, FontWeight, KbKey, Point, Rect,
    kurbo::{Arc, Vec2},
    piet::{RenderContext, Text, TextAttribute, TextLayout, TextLayoutBuilder},
    widget::prelude::*,
};

use super::button::focus_ring;
use crate::gui::{
    model::{Model, room::Side, security::Tone},
    theme,
};

const HEIGHT: f64 = 32.0;

/// The bar.
pub(crate) struct SecurityBar;

/// A padlock, closed or open, around a place.
fn draw_lock(ctx: &mut PaintCtx, center: Point, closed: bool, color: &druid::Color) {
    let body = Rect::from_center_size(center + Vec2::new(0.0, 2.5), (11.0, 8.0)).to_rounded_rect(1.5);
    ctx.fill(body, color);
    let lift = if closed { 0.0 } else { 2.5 };
    let shackle = Arc {
        center: center + Vec2::new(if closed { 0.0 } else { 3.0 }, -1.5 - lift),
        radii: Vec2::new(3.2, 4.0),
        start_angle: std::f64::consts::PI,
        sweep_angle: std::f64::consts::PI,
        x_rotation: 0.0,
    };
    ctx.stroke(shackle, color, 1.6);
}

impl SecurityBar {
    fn press(data: &mut Model) {
        data.room.toggle_side(Side::Security);
    }
}

impl Widget<Model> for SecurityBar {
    fn event(&mut self, ctx: &mut EventCtx, event: &Event, data: &mut Model, _env: &Env) {
        match event {
            Event::MouseDown(mouse) if mouse.button.is_left() => {
                ctx.set_active(true);
                ctx.set_handled();
            }
            Event::MouseUp(_) if ctx.is_active() => {
                ctx.set_active(false);
                if ctx.is_hot() {
                    Self::press(data);
                }
            }
            Event::MouseMove(_) => ctx.set_cursor(&Cursor::Pointer),
            Event::KeyDown(key) if ctx.is_focused() => {
                match &key.key {
                    KbKey::Enter => Self::press(data),
                    KbKey::Character(c) if c == " " => Self::press(data),
                    KbKey::Tab if key.mods.shift() => ctx.focus_prev(),
                    KbKey::Tab => ctx.focus_next(),
                    _ => return,
                }
                ctx.set_handled();
            }
            _ => {}
        }
    }

    fn lifecycle(&mut self, ctx: &mut LifeCycleCtx, event: &LifeCycle, _data: &Model, _env: &Env) {
        match event {
            LifeCycle::BuildFocusChain => ctx.register_for_focus(),
            LifeCycle::HotChanged(_) | LifeCycle::FocusChanged(_) => ctx.request_paint(),
            _ => {}
        }
    }

    fn update(&mut self, ctx: &mut UpdateCtx, old: &Model, data: &Model, _env: &Env) {
        if ctx.env_changed() {
            ctx.request_layout();
        }
        if ctx.env_changed() || old.room.words() != data.room.words() || old.room.side != data.room.side {
            ctx.request_paint();
        }
    }

    fn layout(&mut self, _ctx: &mut LayoutCtx, bc: &BoxConstraints, _data: &Model, env: &Env) -> Size {
        Size::new(bc.max().width, theme::points(env, HEIGHT))
    }

    fn paint(&mut self, ctx: &mut PaintCtx, data: &Model, env: &Env) {
        let area = ctx.size().to_rect();
        let tone = data.room.tone();
        let alarm = tone == Tone::Alarm;
        ctx.fill(area, &env.get(if alarm { theme::DANGER } else { theme::SURFACE }));
        let color = if alarm { env.get(theme::ON_ACCENT) } else { env.get(theme::tone(tone)) };
        let size = theme::points(env, 13.0);
        let mut lay = |words: &str, weight: FontWeight, color: druid::Color| {
            ctx.text()
                .new_text_layout(words.to_owned())
                .font(FontFamily::SYSTEM_UI, size)
                .default_attribute(TextAttribute::Weight(weight))
                .text_color(color)
                .build()
                .ok()
        };
        let words = lay(&data.room.words(), FontWeight::SEMI_BOLD, color);
        let quiet = if alarm { color } else { env.get(theme::QUIET) };
        let open = data.room.side == Side::Security;
        let hint = lay(if open { "Close" } else { "What does this mean?" }, FontWeight::REGULAR, quiet);
        // Where nothing is connected, nothing is locked.
        draw_lock(ctx, Point::new(24.0, area.center().y - 1.0), !alarm && data.room.open(), &color);
        let (mut end, mut free) = (40.0, area.width());
        if let Some(words) = &words {
            end += words.size().width;
            ctx.draw_text(words, (40.0, (area.height() - words.size().height) / 2.0));
        }
        if let Some(hint) = &hint {
            free -= hint.size().width + 16.0;
            // The state goes before the question.
            if free > end + 16.0 {
                ctx.draw_text(hint, (free, (area.height() - hint.size().height) / 2.0));
            }
        }
        if ctx.is_hot() || ctx.is_focused() {
            let underline = druid::kurbo::Line::new((0.0, area.y1 - 1.0), (area.x1, area.y1 - 1.0));
            ctx.stroke(underline, &color, 2.0);
        }
        focus_ring(ctx, env);
    }
}
