//! A picture in grey, and what makes its words easier to read.

/// A picture in grey, row by row.
#[derive(Default, Eq, PartialEq)]
pub(crate) struct Grey {
    width: usize,
    pixels: Vec<u8>,
}

impl Grey {
    /// Reads a binary PGM of 8 bits: `P5`, width, height and 255, each followed by white space, and the rows.
    pub(crate) fn from_pgm(bytes: &[u8]) -> Option<Self> {
        let mut rest = bytes;
        let mut word = || {
            let end = rest.iter().position(u8::is_ascii_whitespace)?;
            let (word, after) = rest.split_at(end);
            rest = &after[1..];
            std::str::from_utf8(word).ok()
        };
        let (kind, width, height, depth) = (word()?, word()?, word()?, word()?);
        let (width, height): (usize, usize) = (width.parse().ok()?, height.parse().ok()?);
        let is_whole = kind == "P5" && depth == "255" && rest.len() == width * height;
        is_whole.then(|| Self { width, pixels: rest.to_vec() })
    }

    /// As a TIFF file without compression, which tesseract takes in at once. A PGM it reads byte by byte, for a fifth of its time.
    pub(crate) fn to_tiff(&self) -> Vec<u8> {
        const TAGS: u32 = 8;
        let (width, height) = (self.width as u32, (self.pixels.len() / self.width) as u32);
        let pixels_at = 8 + 2 + 12 * TAGS + 4;
        // Width, height, bits of a pixel, no compression, black is zero, one strip: where, of so many rows, and so long.
        let tags: [(u16, u32); TAGS as usize] = [
            (256, width),
            (257, height),
            (258, 8),
            (259, 1),
            (262, 1),
            (273, pixels_at),
            (278, height),
            (279, width * height),
        ];
        let mut bytes = b"II*\0\x08\0\0\0".to_vec();
        bytes.extend((TAGS as u16).to_le_bytes());
        for (tag, value) in tags {
            // One number of 32 bits, as readers take also what has 16 by the book.
            bytes.extend([tag.to_le_bytes(), 4u16.to_le_bytes()].concat());
            bytes.extend([1u32.to_le_bytes(), value.to_le_bytes()].concat());
        }
        bytes.extend(0u32.to_le_bytes());
        bytes.extend(&self.pixels);
        bytes
    }

    /// Dark where a point differs from the mean of its surroundings, `reach` points to each side, and light elsewhere:
    /// dark words on light and light ones on dark come out the same.
    pub(crate) fn contrast(&self, reach: usize) -> Self {
        let (width, height) = (self.width, self.pixels.len() / self.width);
        // The sum of everything above and to the left of each point.
        let mut sums = vec![0u64; (width + 1) * (height + 1)];
        for y in 0..height {
            let mut row = 0;
            for x in 0..width {
                row += u64::from(self.pixels[y * width + x]);
                sums[(y + 1) * (width + 1) + x + 1] = sums[y * (width + 1) + x + 1] + row;
            }
        }
        let mut pixels = Vec::with_capacity(self.pixels.len());
        for y in 0..height {
            let (top, bottom) = (y.saturating_sub(reach), (y + reach + 1).min(height));
            for x in 0..width {
                let (left, right) = (x.saturating_sub(reach), (x + reach + 1).min(width));
                let sum = sums[bottom * (width + 1) + right] + sums[top * (width + 1) + left]
                    - sums[top * (width + 1) + right]
                    - sums[bottom * (width + 1) + left];
                let mean = sum / ((bottom - top) * (right - left)) as u64;
                let differs = u64::from(self.pixels[y * width + x]).abs_diff(mean);
                pixels.push(255 - (differs * 2).min(255) as u8);
            }
        }
        Self { width, pixels }
    }
}
