//! The bar that always says how safe the conversation is. Pressing it explains.

use druid::{
    BoxConstraints, Cursor, Env, FontFamily, FontWeight, KbKey, Point, Rect,
    kurbo::{Affine, Arc, Vec2},
    piet::{PietText, PietTextLayout, RenderContext, Text, TextAttribute, TextLayout, TextLayoutBuilder},
    widget::prelude::*,
};

use super::button::focus_ring;
use crate::gui::{
    model::{Model, room::Side, security::Tone},
    theme,
};

/// How tall it is, with a line of words.
const HEIGHT: f64 = 32.0;
/// What is free at either end.
const EDGE: f64 = 16.0;

/// The bar.
pub(crate) struct SecurityBar;

/// A padlock, closed or open, around a place.
fn draw_lock(ctx: &mut PaintCtx, center: Point, scale: f64, closed: bool, color: &druid::Color) {
    let lift = if closed { 0.0 } else { 2.5 };
    let body = Rect::from_center_size((0.0, 2.5), (11.0, 8.0)).to_rounded_rect(1.5);
    let shackle = Arc {
        center: Point::new(if closed { 0.0 } else { 3.0 }, -1.5 - lift),
        radii: Vec2::new(3.2, 4.0),
        start_angle: std::f64::consts::PI,
        sweep_angle: std::f64::consts::PI,
        x_rotation: 0.0,
    };
    ctx.with_save(|ctx| {
        ctx.transform(Affine::translate(center.to_vec2()) * Affine::scale(scale));
        ctx.fill(body, color);
        ctx.stroke(shackle, color, 1.6);
    });
}

/// Where the words begin, after the lock.
fn before(env: &Env) -> f64 {
    EDGE + theme::points(env, 24.0)
}

/// The words, in as many lines as they need: nobody is to miss half of them.
fn lay_out(text: &mut PietText, data: &Model, width: f64, color: druid::Color, env: &Env) -> Option<PietTextLayout> {
    text.new_text_layout(data.room.words())
        .max_width((width - before(env) - EDGE).max(1.0))
        .font(FontFamily::SYSTEM_UI, theme::points(env, 13.0))
        .default_attribute(TextAttribute::Weight(FontWeight::SEMI_BOLD))
        .text_color(color)
        .build()
        .ok()
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
        if ctx.env_changed() || old.room.words() != data.room.words() {
            ctx.request_layout();
        } else if old.room.side != data.room.side || old.room.tone() != data.room.tone() {
            ctx.request_paint();
        }
    }

    fn layout(&mut self, ctx: &mut LayoutCtx, bc: &BoxConstraints, data: &Model, env: &Env) -> Size {
        let width = bc.max().width;
        let words = lay_out(ctx.text(), data, width, env.get(theme::TEXT), env);
        let tall = words.map_or(0.0, |words| words.size().height + theme::points(env, 14.0));
        Size::new(width, tall.max(theme::points(env, HEIGHT)).ceil())
    }

    fn paint(&mut self, ctx: &mut PaintCtx, data: &Model, env: &Env) {
        let area = ctx.size().to_rect();
        let tone = data.room.tone();
        let alarm = tone == Tone::Alarm;
        ctx.fill(area, &env.get(if alarm { theme::DANGER } else { theme::SURFACE }));
        let color = if alarm { env.get(theme::ON_ACCENT) } else { env.get(theme::tone(tone)) };
        let words = lay_out(ctx.text(), data, area.width(), color, env);
        let quiet = if alarm { color } else { env.get(theme::QUIET) };
        let open = data.room.side == Side::Security;
        let hint = ctx
            .text()
            .new_text_layout(if open { "Close" } else { "What does this mean?" })
            .font(FontFamily::SYSTEM_UI, theme::points(env, 13.0))
            .text_color(quiet)
            .build();
        // Where nothing is connected, nothing is locked.
        let before = before(env);
        let lock = Point::new(before - theme::points(env, 16.0), area.center().y - 1.0);
        draw_lock(ctx, lock, theme::points(env, 1.0), !alarm && data.room.open(), &color);
        let mut end = before;
        if let Some(words) = &words {
            end += words.size().width;
            ctx.draw_text(words, (before, (area.height() - words.size().height) / 2.0));
        }
        if let Ok(hint) = &hint {
            let free = area.width() - hint.size().width - EDGE;
            // The state goes before the question.
            if free > end + EDGE {
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
