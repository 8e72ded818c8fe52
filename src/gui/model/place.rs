//! Where the window is and how large, as it is remembered; and where it can open again on the monitors that are there now.

/// The smallest that the window can be.
pub(crate) const SMALLEST: (i32, i32) = (480, 360);
/// As large as it is when nothing is remembered.
pub(crate) const USUAL: (i32, i32) = (960, 720);
/// No coordinate is further out than this.
const FARTHEST: i32 = 32_000;
/// So much of the window's upper edge, by which it is moved, has to be on a monitor.
const GRIP: (i32, i32) = (120, 32);

/// A place for the window, in display points.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Place {
    /// How wide.
    pub(crate) width: i32,
    /// How tall.
    pub(crate) height: i32,
    /// The upper left corner, where that is known.
    pub(crate) at: Option<(i32, i32)>,
    /// Whether the window filled its monitor; the rest is what it goes back to.
    pub(crate) maximized: bool,
}

/// A monitor, or what is free of one.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Monitor {
    /// The upper left corner.
    pub(crate) at: (i32, i32),
    /// Width and height.
    pub(crate) size: (i32, i32),
}

impl Monitor {
    /// How much of a rectangle lies on it, in both directions.
    fn shared(&self, at: (i32, i32), size: (i32, i32)) -> (i32, i32) {
        let shared = |mine: i32, long: i32, theirs: i32, wide: i32| {
            (mine.saturating_add(long)).min(theirs.saturating_add(wide)) - mine.max(theirs)
        };
        (shared(self.at.0, self.size.0, at.0, size.0), shared(self.at.1, self.size.1, at.1, size.1))
    }
}

impl Place {
    /// A place from numbers that anybody may have written.
    pub(crate) fn new(width: i64, height: i64, at: Option<(i64, i64)>, maximized: bool) -> Self {
        // Each is between two numbers of the type that it becomes.
        let within =
            |number: i64, least: i32| i32::try_from(number.clamp(least.into(), FARTHEST.into())).unwrap_or(least);
        Self {
            width: within(width, SMALLEST.0),
            height: within(height, SMALLEST.1),
            at: at.map(|(x, y)| (within(x, -FARTHEST), within(y, -FARTHEST))),
            maximized,
        }
    }

    /// The nearest to it on these monitors: no larger than the one it opens on, and where nobody could take hold of it,
    /// left to the desktop.
    pub(crate) fn on(self, monitors: &[Monitor]) -> Self {
        let grip = |at: (i32, i32)| {
            monitors.iter().find(|monitor| {
                let (wide, tall) = monitor.shared(at, (self.width, GRIP.1));
                wide >= GRIP.0 && tall >= GRIP.1
            })
        };
        let found = self.at.and_then(grip);
        let Some(monitor) = found.or(monitors.first()) else { return Self { at: None, ..self } };
        Self {
            width: self.width.min(monitor.size.0.max(SMALLEST.0)),
            height: self.height.min(monitor.size.1.max(SMALLEST.1)),
            at: self.at.filter(|_| found.is_some()),
            maximized: self.maximized,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: [Monitor; 1] = [Monitor { at: (0, 0), size: (1280, 900) }];
    const TWO: [Monitor; 2] = [Monitor { at: (0, 0), size: (1280, 900) }, Monitor { at: (1280, 0), size: (800, 600) }];

    fn at(x: i64, y: i64) -> Place {
        Place::new(960, 680, Some((x, y)), false)
    }

    #[test]
    fn it_opens_where_it_was() {
        assert_eq!(at(100, 80).on(&ONE), at(100, 80));
        assert_eq!(at(-300, 500).on(&ONE), at(-300, 500), "partly out of sight, as somebody left it");
        assert_eq!(Place::new(700, 500, Some((1290, 20)), true).on(&TWO), Place::new(700, 500, Some((1290, 20)), true));
    }

    #[test]
    fn it_does_not_open_where_nobody_sees_it() {
        for (x, y) in [(1290, 20), (-950, 80), (0, -40), (0, 890), (30_000, 30_000)] {
            assert_eq!(at(x, y).on(&ONE).at, None, "{x}, {y}");
        }
        assert_eq!(at(10, 10).on(&[]).at, None);
    }

    #[test]
    fn it_is_no_larger_than_its_monitor_and_no_smaller_than_can_be() {
        let wide = Place::new(3000, 2000, Some((1290, 10)), false);
        assert_eq!((wide.on(&TWO).width, wide.on(&TWO).height), (800, 600));
        let tiny = [Monitor { at: (0, 0), size: (320, 200) }];
        assert_eq!((at(0, 0).on(&tiny).width, at(0, 0).on(&tiny).height), SMALLEST);
        let wrong = Place::new(i64::MIN, i64::MAX, Some((i64::MIN, i64::MAX)), false);
        assert_eq!((wrong.width, wrong.height, wrong.at), (480, FARTHEST, Some((-FARTHEST, FARTHEST))));
    }
}
