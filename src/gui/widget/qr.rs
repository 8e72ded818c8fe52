//! A QR code, black on white whatever the theme: that is what cameras are made for.

use druid::{Color, Env, Point, Rect, piet::RenderContext, widget::prelude::*};

use crate::gui::model::{Model, qr::Qr};

/// The largest that one is drawn.
const LARGEST: f64 = 280.0;

/// The code that a model has, if it has one.
pub(crate) struct QrCode(pub(crate) fn(&Model) -> Option<Qr>);

/// How large one module is in so much room: whole points, so that their edges are sharp, unless there is not even one for each.
fn module(room: f64, side: usize) -> f64 {
    let exact = room.min(LARGEST) / side.max(1) as f64;
    if exact >= 1.0 { exact.floor() } else { exact }
}

impl Widget<Model> for QrCode {
    fn event(&mut self, _ctx: &mut EventCtx, _event: &Event, _data: &mut Model, _env: &Env) {}

    fn lifecycle(&mut self, _ctx: &mut LifeCycleCtx, _event: &LifeCycle, _data: &Model, _env: &Env) {}

    fn update(&mut self, ctx: &mut UpdateCtx, old: &Model, data: &Model, _env: &Env) {
        if (self.0)(old) != (self.0)(data) {
            ctx.request_layout();
        }
    }

    fn layout(&mut self, _ctx: &mut LayoutCtx, bc: &BoxConstraints, data: &Model, _env: &Env) -> Size {
        let side = (self.0)(data).map_or(0.0, |qr| qr.side() as f64 * module(bc.max().width, qr.side()));
        bc.constrain((side, side))
    }

    fn paint(&mut self, ctx: &mut PaintCtx, data: &Model, _env: &Env) {
        let Some(qr) = (self.0)(data) else { return };
        let area = ctx.size().to_rect();
        ctx.fill(area, &Color::WHITE);
        let module = area.width() / qr.side() as f64;
        let at = |column: usize, row: usize| Point::new(column as f64 * module, row as f64 * module);
        for (row, from, to) in qr.stretches() {
            ctx.fill(Rect::from_points(at(from, row), at(to, row + 1)), &Color::BLACK);
        }
    }
}
