//! Tables, aligned by the columns that a terminal needs and not by characters.

use std::ops::Range;

use super::line::relay_line;
use super::words::{columns, direction_end, pad, printable, wrap};
use super::{Look, Tint};

/// The fewest columns that a flexible column is squeezed to before the table becomes a list of records.
const FLEXIBLE_COLUMNS_MIN: usize = 16;
const INDENT: usize = 2;
const GAP: usize = 2;

/// Describes a column of a table.
#[derive(Clone, Copy, Debug)]
pub struct Column {
    /// The heading; empty for none.
    pub heading: &'static str,
    /// Where its cells stand.
    pub align: Align,
    /// Whether its cells may be broken into lines when there is little room.
    pub flexible: bool,
}

impl Column {
    /// Makes a column of words.
    pub const fn left(heading: &'static str) -> Self {
        Self { heading, align: Align::Left, flexible: false }
    }

    /// Makes a column of numbers.
    pub const fn right(heading: &'static str) -> Self {
        Self { heading, align: Align::Right, flexible: false }
    }

    /// Makes a column of text that wraps: titles, names.
    pub const fn flexible(heading: &'static str) -> Self {
        Self { heading, align: Align::Left, flexible: true }
    }
}

/// Says where the cells of a column stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Align {
    /// Words.
    Left,
    /// Numbers.
    Right,
}

/// Holds one cell: text, which is neutralised, or a relay line.
#[derive(Clone, Debug)]
pub struct Cell {
    text: String,
    tint: Tint,
    /// Columns of text that is drawn already.
    drawn: Option<usize>,
}

impl Cell {
    /// Makes a cell of text in a colour.
    pub fn tinted(tint: Tint, text: impl AsRef<str>) -> Self {
        Self { text: printable(text.as_ref()).into_owned(), tint, drawn: None }
    }

    /// Makes a cell that shows which bytes are here.
    pub fn relay(look: Look, ranges: &[Range<u64>], size: u64, cells: usize) -> Self {
        Self { text: relay_line(look, ranges, size, cells), tint: Tint::Ink, drawn: Some(cells) }
    }

    fn width(&self) -> usize {
        self.drawn.unwrap_or_else(|| columns(&self.text))
    }

    fn lines(&self, width: usize) -> Vec<(String, usize)> {
        match self.drawn {
            Some(drawn) => vec![(self.text.clone(), drawn)],
            None => wrap(&self.text, width)
                .into_iter()
                .map(|line| {
                    let columns = columns(&line);
                    (line, columns)
                })
                .collect(),
        }
    }
}

impl<T: AsRef<str>> From<T> for Cell {
    fn from(text: T) -> Self {
        Self::tinted(Tint::Ink, text)
    }
}

/// Draws a table with a quiet heading; where it does not fit, one record under the other. Ends with a line break.
pub fn table(look: Look, layout: &[Column], rows: &[Vec<Cell>]) -> String {
    let natural: Vec<usize> = layout
        .iter()
        .enumerate()
        .map(|(index, column)| {
            let cells = rows.iter().filter_map(|row| row.get(index)).map(Cell::width).max();
            cells.unwrap_or(0).max(columns(column.heading))
        })
        .collect();
    let Some(widths) = fitted(look, layout, natural) else {
        return records(look, layout, rows);
    };
    let mut drawn = String::new();
    if layout.iter().any(|column| !column.heading.is_empty()) {
        let headings: Vec<Cell> = layout.iter().map(|column| Cell::tinted(Tint::Edge, column.heading)).collect();
        drawn.push_str(&table_row(look, layout, &widths, &headings));
    }
    for row in rows {
        drawn.push_str(&table_row(look, layout, &widths, row));
    }
    drawn
}

fn fitted(look: Look, layout: &[Column], mut widths: Vec<usize>) -> Option<Vec<usize>> {
    let gaps = INDENT + GAP * widths.len().saturating_sub(1);
    let mut excess = (widths.iter().sum::<usize>() + gaps).saturating_sub(look.width);
    while excess > 0 {
        // The widest flexible column gives first, so that two of them end up alike.
        let widest = (0..widths.len())
            .filter(|index| layout[*index].flexible && widths[*index] > FLEXIBLE_COLUMNS_MIN)
            .max_by_key(|index| widths[*index])?;
        widths[widest] -= 1;
        excess -= 1;
    }
    Some(widths)
}

fn table_row(look: Look, layout: &[Column], widths: &[usize], row: &[Cell]) -> String {
    let cells: Vec<Vec<(String, usize)>> = row.iter().zip(widths).map(|(cell, width)| cell.lines(*width)).collect();
    let height = cells.iter().map(Vec::len).max().unwrap_or(0);
    let mut drawn = String::new();
    for index in 0..height {
        let mut line = " ".repeat(INDENT);
        for (at, lines) in cells.iter().enumerate() {
            let (text, taken) = lines.get(index).map_or(("", 0), |(text, taken)| (text.as_str(), *taken));
            let blank = " ".repeat(widths[at].saturating_sub(taken));
            let text = look.tinted(row[at].tint, text) + direction_end(text);
            let (before, after) = match layout[at].align {
                Align::Left => ("", blank.as_str()),
                Align::Right => (blank.as_str(), ""),
            };
            line.push_str(&format!("{before}{text}{after}{}", " ".repeat(GAP)));
        }
        drawn.push_str(line.trim_end());
        drawn.push('\n');
    }
    drawn
}

fn records(look: Look, layout: &[Column], rows: &[Vec<Cell>]) -> String {
    let label = layout.iter().map(|column| columns(column.heading)).max().unwrap_or(0);
    let room = look.width.saturating_sub(INDENT + label + GAP).max(FLEXIBLE_COLUMNS_MIN);
    let mut drawn = String::new();
    for (index, row) in rows.iter().enumerate() {
        if index > 0 {
            drawn.push('\n');
        }
        for (column, cell) in layout.iter().zip(row) {
            for (number, (text, _)) in cell.lines(room).into_iter().enumerate() {
                let heading = if number == 0 { column.heading } else { "" };
                let heading = look.tinted(Tint::Edge, &pad(heading, label));
                let line =
                    format!("{}{heading}{}{}", " ".repeat(INDENT), " ".repeat(GAP), look.tinted(cell.tint, &text));
                drawn.push_str(line.trim_end());
                drawn.push('\n');
            }
        }
    }
    drawn
}

#[cfg(test)]
mod tests {
    #![expect(clippy::single_range_in_vec_init, reason = "a list of ranges may well hold one")]

    use super::*;

    fn sample(look: Look) -> String {
        let layout = [Column::left("id"), Column::flexible("title"), Column::right("size")];
        let rows = [
            vec!["5be1c0".into(), "Жауапкершіліктеріңіздегілерге нан".into(), "4.1 MB".into()],
            vec!["77aa01".into(), "日本語 bread".into(), Cell::relay(look, &[0..1], 2, 4)],
        ];
        table(look, &layout, &rows)
    }

    #[test]
    fn cells_are_aligned_by_width() {
        assert_eq!(
            sample(Look::plain(80)),
            "  id      title                                size\n\
             \x20 5be1c0  Жауапкершіліктеріңіздегілерге нан  4.1 MB\n\
             \x20 77aa01  日本語 bread                         ━━╍╍\n"
        );
    }

    #[test]
    fn a_flexible_column_wraps_before_anything_is_lost() {
        let drawn = sample(Look::plain(40));
        assert!(drawn.lines().all(|line| columns(line) <= 40), "{drawn}");
        assert_eq!(drawn.lines().count(), 4, "{drawn}");
    }

    #[test]
    fn a_narrow_table_becomes_records() {
        let drawn = sample(Look::plain(30));
        assert!(drawn.contains("  title  Жауапкершіліктеріңізд\n"), "{drawn}");
        assert!(drawn.lines().all(|line| columns(line) <= 30), "{drawn}");
    }

    #[test]
    fn right_to_left_titles_do_not_draw_numbers_into_them() {
        let drawn =
            table(Look::plain(80), &[Column::flexible(""), Column::right("")], &[vec!["نان".into(), "4".into()]]);
        assert_eq!(drawn, "  نان\u{200e}  4\n");
    }

    #[test]
    fn cells_cannot_smuggle_escapes() {
        let drawn = table(Look::plain(80), &[Column::left("")], &[vec!["\u{1b}[2J\nx".into()]]);
        assert_eq!(drawn, "  \u{fffd}[2J x\n");
    }
}
