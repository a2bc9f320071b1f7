//! A channel's mark, drawn from its ID.

const HEADS: [&str; 8] = [
    "M6 3a6 6 0 0 0 12 0",
    "M6 9a6 6 0 0 1 12 0",
    "M7 4l5 5 5-5",
    "M6 5h12M12 5v4",
    "M12 9a3 3 0 1 0 0-6 3 3 0 0 0 0 6",
    "M12 9V4h6",
    "M5 4v1.5a3.5 3.5 0 0 0 7 0 3.5 3.5 0 0 0 7 0V4M12 5.5V9",
    "M12 9l4-3-4-3-4 3z",
];
const STEMS: [&str; 4] =
    ["M12 9v6", "M12 9v6M7 12h10", "M12 9v6M12 12h5", "M9.5 12a2.5 2.5 0 1 0 5 0 2.5 2.5 0 1 0-5 0M12 9v.5M12 14.5v.5"];
const FEET: [&str; 8] = [
    "M6 21a6 6 0 0 1 12 0M12 15v-1",
    "M6 15a6 6 0 0 0 12 0M12 15v6",
    "M7 21l5-5 5 5",
    "M6 20h12M12 20v-5",
    "M12 15a3 3 0 1 0 0 6 3 3 0 0 0 0-6",
    "M8 21v-5h8v5",
    "M12 15v2.5a3.5 3.5 0 0 0 7 0",
    "M12 15l4 3-4 3-4-3z",
];
const DOTS: [&str; 4] = ["", "M4 12h.01", "M20.5 12h.01", "M3.5 12h.01M20.5 12h.01"];

/// Draws a channel's tamga: path data in a 24 × 24 box, stroke 2, round ends.
///
/// A mark that the eye remembers, so that another key under the same name looks different. Ten bits of the ID choose
/// the strokes: it helps recognition and proves nothing; the full ID decides.
pub fn tamga(id: &[u8; 32]) -> String {
    [
        HEADS[usize::from(id[0]) % HEADS.len()],
        STEMS[usize::from(id[1]) % STEMS.len()],
        FEET[usize::from(id[2]) % FEET.len()],
        DOTS[usize::from(id[3]) % DOTS.len()],
    ]
    .concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Computed with the design's own script.
    #[test]
    fn marks_are_those_of_the_reader() {
        let cases: [([u8; 4], &str); 6] = [
            ([0, 0, 0, 0], "M6 3a6 6 0 0 0 12 0M12 9v6M6 21a6 6 0 0 1 12 0M12 15v-1"),
            ([1, 2, 3, 1], "M6 9a6 6 0 0 1 12 0M12 9v6M12 12h5M6 20h12M12 20v-5M4 12h.01"),
            ([255, 254, 253, 252], "M12 9l4-3-4-3-4 3zM12 9v6M12 12h5M8 21v-5h8v5"),
            (
                [7, 3, 7, 3],
                "M12 9l4-3-4-3-4 3zM9.5 12a2.5 2.5 0 1 0 5 0 2.5 2.5 0 1 0-5 0M12 9v.5M12 14.5v.5M12 15l4 3-4 3-4-3zM3.5 12h.01M20.5 12h.01",
            ),
            ([0x12, 0x34, 0x56, 0x78], "M7 4l5 5 5-5M12 9v6M12 15v2.5a3.5 3.5 0 0 0 7 0"),
            (
                [6, 1, 4, 2],
                "M5 4v1.5a3.5 3.5 0 0 0 7 0 3.5 3.5 0 0 0 7 0V4M12 5.5V9M12 9v6M7 12h10M12 15a3 3 0 1 0 0 6 3 3 0 0 0 0-6M20.5 12h.01",
            ),
        ];
        for (start, expected) in cases {
            let mut id = [9; 32];
            id[..4].copy_from_slice(&start);
            assert_eq!(tamga(&id), expected);
        }
    }
}
