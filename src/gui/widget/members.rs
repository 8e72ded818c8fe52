//! Who is in the room. Rows are painted, and only those in view, so that a thousand members cost what ten do.

use std::rc::Rc;

use druid::{
    Env, FontFamily, FontWeight, Point, Rect,
    kurbo::Circle,
    piet::{PietTextLayout, RenderContext, Text, TextAttribute, TextLayout, TextLayoutBuilder},
    widget::prelude::*,
};

use crate::{
    gui::{model::people::Person, theme, widget::badge},
    wire::text::beginning,
};

const HEIGHT: f64 = 46.0;
const BADGE: f64 = 32.0;
const SIDE: f64 = 16.0;

/// The list.
#[derive(Default)]
pub(crate) struct Members {
    scrolled: f64,
}

impl Members {
    fn clamp(&mut self, members: usize, height: f64) {
        let most = (members as f64 * HEIGHT + theme::GAP - height).max(0.0);
        self.scrolled = self.scrolled.clamp(0.0, most);
    }
}

/// One line of at most this width, with "…" at its end if it is cut.
fn line(
    ctx: &mut PaintCtx,
    words: &str,
    size: f64,
    bold: bool,
    color: druid::Color,
    width: f64,
) -> Option<PietTextLayout> {
    let mut lay = |words: &str| {
        let weight = if bold { FontWeight::SEMI_BOLD } else { FontWeight::REGULAR };
        ctx.text()
            .new_text_layout(words.to_owned())
            .font(FontFamily::SYSTEM_UI, size)
            .default_attribute(TextAttribute::Weight(weight))
            .text_color(color)
            .build()
            .ok()
    };
    let layout = lay(words)?;
    if layout.size().width <= width {
        return Some(layout);
    }
    let end = layout.hit_test_point(Point::new((width - size).max(0.0), 1.0)).idx;
    lay(&format!("{}…", beginning(words, end).trim_end()))
}

impl Widget<Rc<Vec<Person>>> for Members {
    fn event(&mut self, ctx: &mut EventCtx, event: &Event, data: &mut Rc<Vec<Person>>, _env: &Env) {
        if let Event::Wheel(wheel) = event {
            self.scrolled += wheel.wheel_delta.y;
            self.clamp(data.len(), ctx.size().height);
            ctx.request_paint();
            ctx.set_handled();
        }
    }

    fn lifecycle(&mut self, _ctx: &mut LifeCycleCtx, _event: &LifeCycle, _data: &Rc<Vec<Person>>, _env: &Env) {}

    fn update(&mut self, ctx: &mut UpdateCtx, _old: &Rc<Vec<Person>>, _data: &Rc<Vec<Person>>, _env: &Env) {
        ctx.request_paint();
    }

    fn layout(&mut self, _ctx: &mut LayoutCtx, bc: &BoxConstraints, data: &Rc<Vec<Person>>, _env: &Env) -> Size {
        self.clamp(data.len(), bc.max().height);
        bc.max()
    }

    fn paint(&mut self, ctx: &mut PaintCtx, data: &Rc<Vec<Person>>, env: &Env) {
        let size = ctx.size();
        self.clamp(data.len(), size.height);
        ctx.clip(size.to_rect());
        let first = (self.scrolled / HEIGHT) as usize;
        let last = ((self.scrolled + size.height) / HEIGHT) as usize + 1;
        for (row, person) in data.iter().enumerate().take(last).skip(first) {
            let top = row as f64 * HEIGHT - self.scrolled;
            let center = Point::new(SIDE + BADGE / 2.0, top + HEIGHT / 2.0);
            badge::draw(ctx, Circle::new(center, BADGE / 2.0), &person.initial, person.tint, env);
            let x = SIDE + BADGE + 12.0;
            let (words, color) = match (person.unencrypted, person.role()) {
                (true, "") => ("NOT ENCRYPTED".to_owned(), env.get(theme::ALARM)),
                (true, role) => (format!("{role} · NOT ENCRYPTED"), env.get(theme::ALARM)),
                (false, role) => (role.to_owned(), env.get(theme::QUIET)),
            };
            let room = size.width - x - SIDE;
            let name = line(ctx, &person.name, 15.0, false, env.get(theme::TEXT), room);
            let role = (!words.is_empty()).then(|| line(ctx, &words, 12.0, person.unencrypted, color, room)).flatten();
            let tall = |layout: &Option<PietTextLayout>| layout.as_ref().map_or(0.0, |layout| layout.size().height);
            let mut y = center.y - (tall(&name) + tall(&role)) / 2.0;
            for layout in [name, role].into_iter().flatten() {
                ctx.draw_text(&layout, (x, y));
                y += layout.size().height;
            }
        }
        let total = data.len() as f64 * HEIGHT;
        if total > size.height {
            let (from, long) = (self.scrolled / total * size.height, size.height * size.height / total);
            let thumb = Rect::new(size.width - 7.0, from + 2.0, size.width - 2.0, from + long - 2.0);
            ctx.fill(thumb.to_rounded_rect(2.5), &env.get(theme::QUIET).with_alpha(0.45));
        }
    }
}
