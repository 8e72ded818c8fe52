//! Something over a screen, which goes on below it: it keeps its place and what was typed, and hears of what happens, while
//! keys and pointer belong to what is above.

use druid::{Env, InternalEvent, Point, Widget, WidgetPod, widget::prelude::*};

use super::button::TAKE_FOCUS;
use crate::gui::model::{Model, adjust::Overlay};

type Any = Box<dyn Widget<Model>>;

/// The screen, and what is over it.
pub(crate) struct Over {
    below: WidgetPod<Model, Any>,
    above: Option<WidgetPod<Model, Any>>,
    build: fn(Overlay) -> Any,
}

impl Over {
    /// What `build` makes goes over `below` while the model has an overlay.
    pub(crate) fn new(below: impl Widget<Model> + 'static, build: fn(Overlay) -> Any) -> Self {
        Self { below: WidgetPod::new(Box::new(below)), above: None, build }
    }
}

impl Widget<Model> for Over {
    fn event(&mut self, ctx: &mut EventCtx, event: &Event, data: &mut Model, env: &Env) {
        let Some(above) = &mut self.above else { return self.below.event(ctx, event, data, env) };
        // A screen that comes up below would take the focus.
        let wants_focus = matches!(event, Event::Internal(InternalEvent::TargetedCommand(told)) if told.is(TAKE_FOCUS));
        if event.should_propagate_to_hidden() && !wants_focus {
            self.below.event(ctx, event, data, env);
        }
        above.event(ctx, event, data, env);
    }

    fn lifecycle(&mut self, ctx: &mut LifeCycleCtx, event: &LifeCycle, data: &Model, env: &Env) {
        if let LifeCycle::WidgetAdded = event {
            self.above = data.overlay.map(|overlay| WidgetPod::new((self.build)(overlay)));
        }
        if self.above.is_none() || event.should_propagate_to_hidden() {
            self.below.lifecycle(ctx, event, data, env);
        }
        if let Some(above) = &mut self.above {
            above.lifecycle(ctx, event, data, env);
        }
    }

    fn update(&mut self, ctx: &mut UpdateCtx, old: &Model, data: &Model, env: &Env) {
        self.below.update(ctx, data, env);
        if old.overlay != data.overlay {
            self.above = data.overlay.map(|overlay| WidgetPod::new((self.build)(overlay)));
            ctx.children_changed();
            ctx.request_paint();
        } else if let Some(above) = &mut self.above {
            above.update(ctx, data, env);
        }
    }

    fn layout(&mut self, ctx: &mut LayoutCtx, bc: &BoxConstraints, data: &Model, env: &Env) -> Size {
        let size = self.below.layout(ctx, bc, data, env);
        self.below.set_origin(ctx, Point::ORIGIN);
        if let Some(above) = &mut self.above {
            above.layout(ctx, &BoxConstraints::tight(bc.max()), data, env);
            above.set_origin(ctx, Point::ORIGIN);
        }
        size
    }

    fn paint(&mut self, ctx: &mut PaintCtx, data: &Model, env: &Env) {
        self.above.as_mut().unwrap_or(&mut self.below).paint(ctx, data, env);
    }
}
