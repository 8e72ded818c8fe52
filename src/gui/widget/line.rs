//! One line of text that ends in "…" where there is no room for all of it.

use druid::{
    ArcStr, Color, Data, Env, FontDescriptor, Key, Point, TextLayout,
    piet::{RenderContext, TextLayout as _},
    widget::prelude::*,
};

/// The line.
pub(crate) struct Line<T> {
    words: Box<dyn Fn(&T) -> String>,
    whole: TextLayout<ArcStr>,
    cut: TextLayout<ArcStr>,
    is_cut: bool,
}

impl<T: Data> Line<T> {
    pub(crate) fn new(font: FontDescriptor, color: Key<Color>, words: impl Fn(&T) -> String + 'static) -> Self {
        let layout = || {
            let mut layout = TextLayout::new();
            layout.set_font(font.clone());
            layout.set_text_color(color.clone());
            layout
        };
        Self { words: Box::new(words), whole: layout(), cut: layout(), is_cut: false }
    }
}

impl<T: Data> Widget<T> for Line<T> {
    fn event(&mut self, _ctx: &mut EventCtx, _event: &Event, _data: &mut T, _env: &Env) {}

    fn lifecycle(&mut self, _ctx: &mut LifeCycleCtx, _event: &LifeCycle, _data: &T, _env: &Env) {}

    fn update(&mut self, ctx: &mut UpdateCtx, old: &T, data: &T, _env: &Env) {
        if ctx.env_changed() || !old.same(data) {
            ctx.request_layout();
            ctx.request_paint();
        }
    }

    fn layout(&mut self, ctx: &mut LayoutCtx, bc: &BoxConstraints, data: &T, env: &Env) -> Size {
        self.whole.set_text((self.words)(data).into());
        self.whole.rebuild_if_needed(ctx.text(), env);
        let size = self.whole.size();
        let room = bc.max().width;
        self.is_cut = size.width > room;
        if self.is_cut && let (Some(layout), Some(text)) = (self.whole.layout(), self.whole.text()) {
            let end = layout.hit_test_point(Point::new((room - size.height * 0.8).max(0.0), 1.0)).idx;
            let end = text.floor_char_boundary(end);
            self.cut.set_text(format!("{}…", text[..end].trim_end()).into());
            self.cut.rebuild_if_needed(ctx.text(), env);
        }
        ctx.set_baseline_offset(size.height - self.whole.layout_metrics().first_baseline);
        bc.constrain(Size::new(size.width.ceil(), size.height.ceil()))
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
