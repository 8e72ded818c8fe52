//! What a screen is about, and a column beside it that takes as much room as it likes, up to half of it.

use druid::{Env, Point, Rect, Widget, WidgetPod, piet::RenderContext, widget::prelude::*};

use crate::gui::{model::Model, theme};

type Child = WidgetPod<Model, Box<dyn Widget<Model>>>;

/// Both, with a line between them.
pub(crate) struct Beside {
    main: Child,
    side: Child,
}

impl Beside {
    /// `side` goes to the right of `main`.
    pub(crate) fn new(main: impl Widget<Model> + 'static, side: impl Widget<Model> + 'static) -> Self {
        Self { main: WidgetPod::new(Box::new(main)), side: WidgetPod::new(Box::new(side)) }
    }
}

impl Widget<Model> for Beside {
    fn event(&mut self, ctx: &mut EventCtx, event: &Event, data: &mut Model, env: &Env) {
        self.main.event(ctx, event, data, env);
        self.side.event(ctx, event, data, env);
    }

    fn lifecycle(&mut self, ctx: &mut LifeCycleCtx, event: &LifeCycle, data: &Model, env: &Env) {
        self.main.lifecycle(ctx, event, data, env);
        self.side.lifecycle(ctx, event, data, env);
    }

    fn update(&mut self, ctx: &mut UpdateCtx, _old: &Model, data: &Model, env: &Env) {
        self.main.update(ctx, data, env);
        self.side.update(ctx, data, env);
    }

    fn layout(&mut self, ctx: &mut LayoutCtx, bc: &BoxConstraints, data: &Model, env: &Env) -> Size {
        let all = bc.max();
        let column = BoxConstraints::new(Size::new(0.0, all.height), Size::new((all.width / 2.0).floor(), all.height));
        let side = self.side.layout(ctx, &column, data, env);
        let main = Size::new((all.width - side.width - 1.0).max(0.0), all.height);
        self.main.layout(ctx, &BoxConstraints::tight(main), data, env);
        self.main.set_origin(ctx, Point::ORIGIN);
        self.side.set_origin(ctx, Point::new(main.width + 1.0, 0.0));
        all
    }

    fn paint(&mut self, ctx: &mut PaintCtx, data: &Model, env: &Env) {
        self.main.paint(ctx, data, env);
        self.side.paint(ctx, data, env);
        let x = self.side.layout_rect().x0;
        let line = Rect::new(x - 1.0, 0.0, x, ctx.size().height);
        ctx.fill(line, &env.get(theme::BORDER));
    }
}
