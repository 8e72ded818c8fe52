//! A text as a QR code: a square of dark and light modules, for a camera that is held in front of the screen.

use std::rc::Rc;

use qrcode::{Color, EcLevel, QrCode};

/// Modules of light ground that a camera needs on each side (ISO/IEC 18004, 9.1).
pub(crate) const QUIET: usize = 4;

/// A QR code.
#[derive(Clone, Eq, PartialEq)]
pub(crate) struct Qr {
    side: usize,
    dark: Rc<Vec<bool>>,
}

impl Qr {
    /// The code of a text; none if it is longer than any code can hold.
    ///
    /// Error correction is at its second level of four: a screen is not torn or smudged, but it may be photographed at a slant.
    pub(crate) fn of(text: &str) -> Option<Self> {
        let code = QrCode::with_error_correction_level(text, EcLevel::M).ok()?;
        let side = code.width();
        Some(Self { side, dark: Rc::new(code.to_colors().into_iter().map(|color| color == Color::Dark).collect()) })
    }

    /// Modules on each side, with the quiet ones.
    pub(crate) fn side(&self) -> usize {
        self.side + 2 * QUIET
    }

    /// The dark stretches of each row, as `(row, first, past the last)`, counted with the quiet ones.
    pub(crate) fn stretches(&self) -> impl Iterator<Item = (usize, usize, usize)> {
        self.dark.chunks(self.side.max(1)).enumerate().flat_map(|(row, modules)| {
            let mut at = 0;
            modules
                .chunk_by(|one, next| one == next)
                .filter_map(move |stretch| {
                    let from = at;
                    at += stretch.len();
                    stretch.first().is_some_and(|dark| *dark).then_some((row + QUIET, from + QUIET, at + QUIET))
                })
                .collect::<Vec<_>>()
        })
    }
}

impl std::fmt::Debug for Qr {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Qr({} modules)", self.side)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const INVITE: &str =
        "parlor://192.168.1.20:7275/?room=Kitchen&key=P56IOI7MZJNU2YP56IOI7MZJNU2YP56IOI7MZJNU2YP56IOI7MZJNU2Y";

    #[test]
    fn the_three_corners_are_where_a_camera_looks_for_them() {
        let qr = Qr::of(INVITE).unwrap();
        let last = qr.side() - QUIET;
        let rows: Vec<_> = qr.stretches().collect();
        // The finders: seven dark modules in a row at the top left, the top right, and the bottom left.
        assert!(rows.contains(&(QUIET, QUIET, QUIET + 7)) && rows.contains(&(QUIET, last - 7, last)));
        assert!(rows.contains(&(last - 1, QUIET, QUIET + 7)));
        assert!(rows.iter().all(|(row, from, to)| from < to && *to <= last && (QUIET..last).contains(row)));
    }

    #[test]
    fn an_invite_of_usual_length_is_small_enough_for_the_column() {
        let side = Qr::of(INVITE).unwrap().side();
        assert!(side <= 57, "{side}");
    }

    #[test]
    fn what_no_code_can_hold_has_none() {
        assert_eq!(Qr::of(&"x".repeat(3000)), None);
        assert!(Qr::of(&"x".repeat(2048)).is_some(), "the longest invite has one");
    }
}
