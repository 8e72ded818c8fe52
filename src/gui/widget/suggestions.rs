//! What may be meant by what is being written, in a list above the box: the chosen one is marked, and a click takes one.

use druid::{
    Color, Cursor, Env, FontFamily, Point, Rect,
    piet::{PietTextLayout, RenderContext, Text, TextLayout, TextLayoutBuilder},
    widget::prelude::*,
};

use crate::gui::{
    command,
    model::{Model, completion::Completion},
    theme,
};

/// One row.
const HEIGHT: f64 = 30.0;
/// Around the rows.
const MARGIN: f64 = 4.0;
/// Before the words, and between a candidate and what is said about it.
const SIDE: f64 = 12.0;

/// The list; without room while there is nothing to choose.
#[derive(Default)]
pub(crate) struct Suggestions {
    /// The row that the pointer is on.
    hot: Option<usize>,
}

fn list(data: &Model) -> Option<&Completion> {
    data.room.suggestions.list().filter(|_| data.room.open())
}

/// The place in the list, from the top.
fn at(place: Point, env: &Env) -> usize {
    ((place.y - MARGIN).max(0.0) / theme::points(env, HEIGHT)) as usize
}

fn lay(ctx: &mut PaintCtx, words: &str, size: f64, color: Color) -> Option<PietTextLayout> {
    let layout = ctx.text().new_text_layout(words.to_owned()).font(FontFamily::SYSTEM_UI, size).text_color(color);
    layout.build().ok()
}

impl Widget<Model> for Suggestions {
    fn event(&mut self, ctx: &mut EventCtx, event: &Event, data: &mut Model, env: &Env) {
        let Some(list) = list(data) else { return };
        match event {
            Event::MouseMove(mouse) => {
                let hot = ctx.is_hot().then(|| at(mouse.pos, env));
                if self.hot != hot {
                    self.hot = hot;
                    ctx.request_paint();
                }
                ctx.set_cursor(&Cursor::Pointer);
            }
            Event::MouseDown(mouse) if mouse.button.is_left() => {
                if let Some((row, ..)) = list.rows().nth(at(mouse.pos, env)) {
                    ctx.submit_command(command::TAKE.with(row));
                }
                ctx.set_handled();
            }
            _ => {}
        }
    }

    fn lifecycle(&mut self, ctx: &mut LifeCycleCtx, event: &LifeCycle, _data: &Model, _env: &Env) {
        if let LifeCycle::HotChanged(false) = event {
            self.hot = None;
            ctx.request_paint();
        }
    }

    fn update(&mut self, ctx: &mut UpdateCtx, old: &Model, data: &Model, _env: &Env) {
        let rows = |data| list(data).map(|list| list.rows().count());
        if rows(old) != rows(data) || ctx.env_changed() {
            ctx.request_layout();
        }
        if old.room.suggestions != data.room.suggestions {
            ctx.request_paint();
        }
    }

    fn layout(&mut self, _ctx: &mut LayoutCtx, bc: &BoxConstraints, data: &Model, env: &Env) -> Size {
        let height = list(data)
            .map_or(0.0, |list| list.rows().count() as f64 * theme::points(env, HEIGHT) + 2.0 * MARGIN + theme::GAP);
        bc.constrain(Size::new(bc.max().width, height))
    }

    fn paint(&mut self, ctx: &mut PaintCtx, data: &Model, env: &Env) {
        let Some(list) = list(data) else { return };
        let size = ctx.size() - Size::new(0.0, theme::GAP);
        let frame = size.to_rect().inset(-0.5).to_rounded_rect(theme::RADIUS);
        ctx.fill(frame, &env.get(theme::CHOICE));
        ctx.stroke(frame, &env.get(theme::BORDER), 1.0);
        ctx.clip(frame);
        let height = theme::points(env, HEIGHT);
        for (place, (_, candidate, is_chosen)) in list.rows().enumerate() {
            let row =
                Rect::from_origin_size((MARGIN, MARGIN + place as f64 * height), (size.width - 2.0 * MARGIN, height));
            let ground = match (is_chosen, self.hot == Some(place)) {
                (true, _) => Some(theme::SELECTED),
                (false, true) => Some(theme::BUTTON_HOT),
                (false, false) => None,
            };
            if let Some(ground) = &ground {
                ctx.fill(row.to_rounded_rect(theme::RADIUS - 2.0), &env.get(ground));
            }
            let quiet = if ground.is_some() { theme::TEXT } else { theme::QUIET };
            let words = lay(ctx, &candidate.shown, theme::points(env, 15.0), env.get(theme::TEXT));
            let about = lay(ctx, &candidate.about, theme::points(env, 13.0), env.get(quiet));
            let mut x = row.x0 + SIDE;
            for layout in [words, about].into_iter().flatten() {
                ctx.draw_text(&layout, (x, row.center().y - layout.size().height / 2.0));
                x += layout.size().width + SIDE;
            }
        }
    }
}
