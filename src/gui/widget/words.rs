//! Text: one line that ends in "…" where there is no room for all of it, or a paragraph that wraps.
//!
//! druid's own label cannot end in "…", and stands two points to the right of everything else.

use druid::{
    ArcStr, Color, Data, Env, FontDescriptor, Key, Point, TextLayout,
    piet::{RenderContext, TextLayout as _},
    widget::prelude::*,
};

use crate::wire::text::beginning;

/// The text.
pub(crate) struct Words<T> {
    words: Box<dyn Fn(&T) -> String>,
    wraps: bool,
    whole: TextLayout<ArcStr>,
    cut: TextLayout<ArcStr>,
    is_cut: bool,
}

impl<T: Data> Words<T> {
    /// One line.
    pub(crate) fn line(font: Key<FontDescriptor>, color: Key<Color>, words: impl Fn(&T) -> String + 'static) -> Self {
        let layout = || {
            let mut layout = TextLayout::new();
            layout.set_font(font.clone());
            layout.set_text_color(color.clone());
            layout
        };
        Self { words: Box::new(words), wraps: false, whole: layout(), cut: layout(), is_cut: false }
    }

    /// A paragraph.
    pub(crate) fn paragraph(
        font: Key<FontDescriptor>,
        color: Key<Color>,
        words: impl Fn(&T) -> String + 'static,
    ) -> Self {
        Self { wraps: true, ..Self::line(font, color, words) }
    }

    fn cut(&mut self, ctx: &mut LayoutCtx, room: f64, env: &Env) {
        let (Some(layout), Some(text)) = (self.whole.layout(), self.whole.text()) else { return };
        let dots = layout.size().height * 0.8;
        let end = layout.hit_test_point(Point::new((room - dots).max(0.0), 1.0)).idx;
        let kept = beginning(text, end).trim_end();
        self.cut.set_text(format!("{kept}…").into());
        self.cut.rebuild_if_needed(ctx.text(), env);
    }
}

impl<T: Data> Widget<T> for Words<T> {
    fn event(&mut self, _ctx: &mut EventCtx, _event: &Event, _data: &mut T, _env: &Env) {}

    fn lifecycle(&mut self, _ctx: &mut LifeCycleCtx, _event: &LifeCycle, _data: &T, _env: &Env) {}

    fn update(&mut self, ctx: &mut UpdateCtx, _old: &T, data: &T, _env: &Env) {
        // Both have to hear of a change of colours.
        let (whole, cut) = (self.whole.needs_rebuild_after_update(ctx), self.cut.needs_rebuild_after_update(ctx));
        // A layout draws the whole window anew: it is for words that have changed, and not for each message.
        if whole || cut || self.whole.text().is_none_or(|text| **text != *(self.words)(data)) {
            ctx.request_layout();
        }
    }

    fn layout(&mut self, ctx: &mut LayoutCtx, bc: &BoxConstraints, data: &T, env: &Env) -> Size {
        let (words, room) = ((self.words)(data), bc.max().width);
        if self.whole.text().is_none_or(|text| **text != *words) {
            self.whole.set_text(words.into());
        }
        self.whole.set_wrap_width(if self.wraps { room } else { f64::INFINITY });
        self.whole.rebuild_if_needed(ctx.text(), env);
        let size = self.whole.size();
        self.is_cut = !self.wraps && size.width > room;
        if self.is_cut {
            self.cut(ctx, room, env);
        }
        ctx.set_baseline_offset(size.height - self.whole.layout_metrics().first_baseline);
        bc.constrain(size.ceil())
    }

    fn paint(&mut self, ctx: &mut PaintCtx, _data: &T, env: &Env) {
        let layout = if self.is_cut { &mut self.cut } else { &mut self.whole };
        layout.rebuild_if_needed(ctx.text(), env);
        let area = ctx.size().to_rect();
        ctx.with_save(|ctx| {
            ctx.clip(area);
            layout.draw(ctx, Point::ZERO);
        });
    }
}
