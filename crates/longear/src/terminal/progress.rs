//! Transfers while they run: rows with relay lines on a terminal, an occasional line in a log.

use std::collections::{BTreeMap, VecDeque};
use std::ops::Range;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::line::{RELAY_CELLS, relay_line};
use super::screen::notes_width_now;
use super::words::{amount, columns, grouped, pad, printable, time_left};
use super::{Look, Tint};

const INDENT: usize = 2;
const CARRIER_COLUMNS: usize = 20;
const WHAT_COLUMNS: usize = 9;
/// Room for `999 of 999 MB`, so that lines begin at one place while the numbers grow.
const AMOUNT_COLUMNS: usize = 14;
/// What stands after a line: three spaces and `38 s left`.
const AFTER_COLUMNS: usize = 13;
const RELAY_CELLS_MIN: usize = 6;
/// Narrower than this the carrier gets a row of its own.
const SIDE_BY_SIDE_COLUMNS_MIN: usize = 70;
const NARROW_INDENT: usize = 4;

/// The shortest time between two drawings of a row.
const REDRAW_INTERVAL: Duration = Duration::from_millis(100);
/// The shortest time between two lines about one transfer, where stderr is not a terminal.
const LINE_INTERVAL: Duration = Duration::from_secs(10);
/// How far back the speed is measured.
const SPEED_WINDOW: Duration = Duration::from_secs(10);
const SPEED_SAMPLES_MAX: usize = 32;
/// The most separate ranges remembered of one transfer, about 6 MB; what would need more is drawn as missing.
const RANGES_MAX: usize = 1 << 18;

/// Says what the numbers of a transfer count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// `9 of 16 MB`.
    Bytes,
    /// `41 of 41`: posts, charters, files.
    Pieces,
}

/// Holds what one row says about a transfer.
#[derive(Clone, Debug)]
pub struct Transfer<'a> {
    /// Where it comes from; empty if the row above says so.
    pub carrier: &'a str,
    /// What it is: `posts`, `sound`, `144p`.
    pub what: &'a str,
    /// What the numbers count.
    pub unit: Unit,
    /// The parts that are here.
    pub ranges: &'a [Range<u64>],
    /// How much there is.
    pub size: u64,
    /// What stands after the line: `38 s left`.
    pub after: &'a str,
}

/// Draws a transfer as a row (two in a narrow terminal). Ends without a line break.
///
/// ```text
///   192.168.43.1        144p     9 of 16 MB    ━━━━━━━━━━━━━╍╍╍╍╍╍╍╍╍╍   38 s left
/// ```
pub fn transfer_row(look: Look, transfer: &Transfer<'_>) -> String {
    let front = row_front(look, transfer.carrier);
    let what = pad(&printable(transfer.what), WHAT_COLUMNS - 1);
    let held: u64 = transfer.ranges.iter().map(|range| range.end.saturating_sub(range.start)).sum();
    let amount = pad(&amount_of(transfer.unit, held.min(transfer.size), transfer.size), AMOUNT_COLUMNS - 1);
    let words = format!("{what} {amount} ");
    let indent = front.rsplit('\n').next().map_or(0, columns);
    let after = match printable(transfer.after) {
        after if after.is_empty() => String::new(),
        after => format!("   {after}"),
    };
    let room = look.width.saturating_sub(indent + columns(&words));
    let reserved = AFTER_COLUMNS.max(columns(&after));
    let cells = room.saturating_sub(reserved).clamp(RELAY_CELLS_MIN, RELAY_CELLS);
    let line = relay_line(look, transfer.ranges, transfer.size, cells);
    // In the narrowest terminals the line itself says the most.
    let after = if cells + columns(&after) <= room { after } else { String::new() };
    format!("{front}{words}{line}{after}")
}

/// Draws a row of words: what a carrier brought, or why it was refused. Ends without a line break.
///
/// ```text
///   /media/stick        heads and charters     whole    0.1 s
///   192.168.43.1        block 712 refused: damaged; fetched from /media/stick
/// ```
pub fn words_row(look: Look, carrier: &str, what: &str, words: &str) -> String {
    let front = row_front(look, carrier);
    let (what, words) = (printable(what), printable(words));
    let text = if words.is_empty() {
        what.into_owned()
    } else {
        format!("{}{words}", pad(&format!("{what} "), WHAT_COLUMNS + AMOUNT_COLUMNS))
    };
    let indent = front.rsplit('\n').next().map_or(0, columns);
    let room = look.width.saturating_sub(indent).max(1);
    let text = if columns(&text) <= room {
        text
    } else {
        super::words::wrap(&text, room).join(&format!("\n{}", " ".repeat(indent)))
    };
    let text = ["not from this publisher", "refused"]
        .into_iter()
        .fold(text, |text, forged| text.replace(forged, &look.tinted(Tint::Madder, forged)));
    format!("{front}{text}")
}

fn row_front(look: Look, carrier: &str) -> String {
    let carrier = printable(carrier);
    let indent = " ".repeat(INDENT);
    if look.width >= SIDE_BY_SIDE_COLUMNS_MIN && columns(&carrier) < CARRIER_COLUMNS {
        return format!("{indent}{}", pad(&carrier, CARRIER_COLUMNS));
    }
    let below = if look.width >= SIDE_BY_SIDE_COLUMNS_MIN { INDENT + CARRIER_COLUMNS } else { NARROW_INDENT };
    if carrier.is_empty() {
        return " ".repeat(below);
    }
    let lines = super::words::wrap(&carrier, look.width.saturating_sub(INDENT));
    format!("{indent}{}\n{}", lines.join(&format!("\n{indent}")), " ".repeat(below))
}

fn amount_of(unit: Unit, done: u64, size: u64) -> String {
    match unit {
        Unit::Bytes => amount(done, size),
        Unit::Pieces => format!("{} of {}", grouped(done), grouped(size)),
    }
}

/// Shows transfers on stderr while they run. Cheap to clone; made by [`super::Screen::progress`].
///
/// What is dropped unfinished stays on the screen as it was last.
#[derive(Clone, Debug)]
pub struct Progress {
    board: Arc<Mutex<Board>>,
}

/// Shows one transfer; made by [`Progress::track`]. Cheap to clone, usable from any thread.
#[derive(Clone, Debug)]
pub struct Track {
    board: Arc<Mutex<Board>>,
    number: u64,
}

#[derive(Debug)]
enum Surface {
    Silent,
    Lines(Look),
    Rows(Look, MultiProgress),
}

#[derive(Debug)]
struct Board {
    surface: Surface,
    rows: BTreeMap<u64, Row>,
    next_number: u64,
    /// The carrier of the last row that stays.
    carrier_above: String,
}

#[derive(Debug)]
struct Row {
    carrier: String,
    what: String,
    unit: Unit,
    size: u64,
    /// Start → end; neither touching nor overlapping.
    held: BTreeMap<u64, u64>,
    done: u64,
    samples: VecDeque<(Instant, u64)>,
    shown: Instant,
    bar: Option<ProgressBar>,
}

impl Progress {
    /// Makes one that shows nothing.
    pub fn silent() -> Self {
        Self::on(Surface::Silent)
    }

    /// Makes one that writes an occasional line.
    pub fn lines(look: Look) -> Self {
        Self::on(Surface::Lines(look))
    }

    /// Makes one that draws rows on the terminal behind stderr.
    pub fn rows(look: Look) -> Self {
        let target = ProgressDrawTarget::stderr_with_hz(20);
        Self::on(Surface::Rows(look, MultiProgress::with_draw_target(target)))
    }

    fn on(surface: Surface) -> Self {
        let board = Board { surface, rows: BTreeMap::new(), next_number: 0, carrier_above: String::new() };
        Self { board: Arc::new(Mutex::new(board)) }
    }

    /// Starts a row for a transfer. A size of zero means that it is not known yet.
    pub fn track(&self, carrier: &str, what: &str, unit: Unit, size: u64) -> Track {
        let mut board = locked(&self.board);
        let number = board.next_number;
        board.next_number += 1;
        let bar = match &board.surface {
            Surface::Rows(_, rows) => {
                let style = ProgressStyle::with_template("{msg}").expect("a constant template");
                Some(rows.add(ProgressBar::new_spinner().with_style(style)))
            }
            _ => None,
        };
        let now = Instant::now();
        board.rows.insert(
            number,
            Row {
                carrier: carrier.to_owned(),
                what: what.to_owned(),
                unit,
                size,
                held: BTreeMap::new(),
                done: 0,
                samples: VecDeque::from([(now, 0)]),
                shown: now,
                bar,
            },
        );
        board.redraw();
        Track { board: Arc::clone(&self.board), number }
    }

    /// Prints a row of words above the running transfers.
    pub fn say(&self, carrier: &str, what: &str, words: &str) {
        let mut board = locked(&self.board);
        let row = match board.surface {
            Surface::Lines(_) => log_words(carrier, what, words),
            _ => words_row(board.look_now(), carrier, what, words),
        };
        board.stay(&row);
        carrier.clone_into(&mut board.carrier_above);
        board.redraw();
    }

    /// Stops showing; what is unfinished stays on the screen as it is.
    pub fn close(&self) {
        let mut board = locked(&self.board);
        let numbers: Vec<u64> = board.rows.keys().copied().collect();
        for number in numbers {
            board.settle(number, "");
        }
    }
}

impl Track {
    /// Says how much there is, once it is known.
    pub fn set_size(&self, size: u64) {
        self.change(|row| row.size = size);
    }

    /// Marks a part that was here before; it counts for the line and not for the speed.
    pub fn held(&self, range: Range<u64>) {
        self.change(|row| {
            row.insert(range);
            row.samples = VecDeque::from([(Instant::now(), row.done)]);
        });
    }

    /// Marks a part that has arrived and was checked. Parts may repeat.
    pub fn arrived(&self, range: Range<u64>) {
        self.change(|row| {
            row.insert(range);
            row.sample(Instant::now());
        });
    }

    /// Ends the row; it stays on the screen. `after` stands behind the line and may be empty.
    pub fn finish(&self, after: &str) {
        locked(&self.board).settle(self.number, after);
    }

    fn change(&self, change: impl FnOnce(&mut Row)) {
        let mut board = locked(&self.board);
        let Some(row) = board.rows.get_mut(&self.number) else {
            return;
        };
        change(row);
        board.show(self.number);
    }
}

impl Board {
    fn look_now(&self) -> Look {
        match &self.surface {
            Surface::Silent => Look::plain(80),
            Surface::Lines(look) => *look,
            Surface::Rows(look, _) => {
                let width = notes_width_now().unwrap_or(look.width);
                // The last column stays free: some terminals wrap as soon as it is written to.
                Look { width: width - 1, ..*look }
            }
        }
    }

    /// Prints a row that stays.
    fn stay(&self, row: &str) {
        match &self.surface {
            Surface::Silent => {}
            Surface::Lines(_) => eprint_line(row),
            Surface::Rows(_, rows) => {
                // The terminal has gone: then nobody misses the row.
                let _ = rows.println(row);
            }
        }
    }

    fn show(&mut self, number: u64) {
        let interval = match self.surface {
            Surface::Silent => return,
            Surface::Lines(_) => LINE_INTERVAL,
            Surface::Rows(..) => REDRAW_INTERVAL,
        };
        let look = self.look_now();
        let Some(row) = self.rows.get_mut(&number) else {
            return;
        };
        if row.shown.elapsed() < interval {
            return;
        }
        row.shown = Instant::now();
        let is_log = matches!(self.surface, Surface::Lines(_));
        if is_log {
            let row = &self.rows[&number];
            eprint_line(&row.log_line(&row.speed_words()));
            return;
        }
        let above = self.rows.range(..number).next_back().map(|(_, row)| row.carrier.clone());
        let above = above.unwrap_or_else(|| self.carrier_above.clone());
        self.rows[&number].draw(look, &above);
    }

    /// Draws all rows anew, because one came or went.
    fn redraw(&self) {
        if !matches!(self.surface, Surface::Rows(..)) {
            return;
        }
        let look = self.look_now();
        let mut above = &self.carrier_above;
        for row in self.rows.values() {
            row.draw(look, above);
            above = &row.carrier;
        }
    }

    fn settle(&mut self, number: u64, after: &str) {
        let Some(row) = self.rows.remove(&number) else {
            return;
        };
        match &self.surface {
            Surface::Silent => return,
            Surface::Lines(_) => eprint_line(&row.log_line(after)),
            Surface::Rows(_, rows) => {
                let drawn = row.drawn(self.look_now(), &self.carrier_above, after);
                if let Some(bar) = &row.bar {
                    bar.finish_and_clear();
                    rows.remove(bar);
                }
                self.stay(&drawn);
            }
        }
        self.carrier_above = row.carrier;
        self.redraw();
    }
}

impl Drop for Board {
    fn drop(&mut self) {
        while let Some(number) = self.rows.keys().next().copied() {
            self.settle(number, "");
        }
    }
}

impl Row {
    fn insert(&mut self, range: Range<u64>) {
        let (mut start, mut end) = (range.start, range.end.min(self.size.max(range.start)));
        if start >= end || self.held.len() >= RANGES_MAX {
            return;
        }
        // Every range that touches the new one starts at or before its end; the last of them reaches furthest.
        while let Some((&known_start, &known_end)) = self.held.range(..=end).next_back() {
            if known_end < start {
                break;
            }
            self.held.remove(&known_start);
            self.done -= known_end - known_start;
            start = start.min(known_start);
            end = end.max(known_end);
        }
        self.held.insert(start, end);
        self.done += end - start;
    }

    fn sample(&mut self, now: Instant) {
        let spacing = SPEED_WINDOW / u32::try_from(SPEED_SAMPLES_MAX).unwrap_or(1);
        if self.samples.back().is_none_or(|(at, _)| now.duration_since(*at) >= spacing) {
            self.samples.push_back((now, self.done));
        }
        while self.samples.len() > SPEED_SAMPLES_MAX {
            self.samples.pop_front();
        }
    }

    fn speed_words(&self) -> String {
        let Some((since, done_then)) = self.samples.front() else {
            return String::new();
        };
        seconds_left(since.elapsed(), self.done.saturating_sub(*done_then), self.size.saturating_sub(self.done))
            .map(time_left)
            .unwrap_or_default()
    }

    fn draw(&self, look: Look, carrier_above: &str) {
        if let Some(bar) = &self.bar {
            bar.set_message(self.drawn(look, carrier_above, &self.speed_words()));
        }
    }

    fn drawn(&self, look: Look, carrier_above: &str, after: &str) -> String {
        if self.size == 0 {
            // Nothing is known to be missing, and nothing to be here: a line would claim either.
            let carrier = if self.carrier == carrier_above { "" } else { &self.carrier };
            return words_row(look, carrier, &self.what, if after.is_empty() { "size not known yet" } else { after });
        }
        let ranges: Vec<Range<u64>> = self.held.iter().map(|(start, end)| *start..*end).collect();
        let is_repeated = self.carrier == carrier_above;
        transfer_row(
            look,
            &Transfer {
                carrier: if is_repeated { "" } else { &self.carrier },
                what: &self.what,
                unit: self.unit,
                ranges: &ranges,
                size: self.size,
                after,
            },
        )
    }

    fn log_line(&self, after: &str) -> String {
        let amount = amount_of(self.unit, self.done, self.size);
        let comma = if after.is_empty() { "" } else { ", " };
        log_words(&self.carrier, &self.what, &format!("{amount}{comma}{after}"))
    }
}

/// Says in a log what a row would say: no columns, for nobody reads a log as a table.
fn log_words(carrier: &str, what: &str, words: &str) -> String {
    let words = format!("{what} {words}");
    let words = printable(words.trim_end());
    if carrier.is_empty() { words.into_owned() } else { format!("{}: {words}", printable(carrier)) }
}

/// Foretells from the last seconds; nothing while there is too little to go by, or nothing left.
fn seconds_left(elapsed: Duration, arrived: u64, missing: u64) -> Option<Duration> {
    const ELAPSED_MIN: Duration = Duration::from_secs(1);
    if elapsed < ELAPSED_MIN || arrived == 0 || missing == 0 {
        return None;
    }
    let milliseconds = elapsed.as_millis().saturating_mul(u128::from(missing)) / u128::from(arrived);
    u64::try_from(milliseconds).ok().map(Duration::from_millis)
}

fn eprint_line(line: &str) {
    use std::io::Write;
    // A closed stderr is no reason to stop working.
    let _ = writeln!(std::io::stderr().lock(), "{line}");
}

/// A thread that panicked while it drew has not harmed the numbers.
fn locked(board: &Mutex<Board>) -> MutexGuard<'_, Board> {
    board.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::single_range_in_vec_init, reason = "a list of ranges may well hold one")]

    use super::*;

    fn transfer<'a>(carrier: &'a str, what: &'a str, ranges: &'a [Range<u64>], size: u64) -> Transfer<'a> {
        Transfer { carrier, what, unit: Unit::Bytes, ranges, size, after: "" }
    }

    #[test]
    fn rows_are_the_mockups_line_by_line() {
        let look = Look::plain(82);
        let posts = Transfer { unit: Unit::Pieces, ..transfer("", "posts", std::slice::from_ref(&(0..41)), 41) };
        assert_eq!(transfer_row(look, &posts), "                      posts    41 of 41      ━━━━━━━━━━━━━━━━━━━━━━━━");
        let sound = [0..4_100_000];
        assert_eq!(
            transfer_row(look, &transfer("192.168.43.1", "sound", &sound, 4_100_000)),
            "  192.168.43.1        sound    4.1 MB        ━━━━━━━━━━━━━━━━━━━━━━━━"
        );
        let video = [0..9_000_000];
        let row = Transfer { after: "38 s left", ..transfer("", "144p", &video, 16_000_000) };
        assert_eq!(
            transfer_row(look, &row),
            "                      144p     9 of 16 MB    ━━━━━━━━━━━━━╍╍╍╍╍╍╍╍╍╍╍   38 s left"
        );
        assert_eq!(
            words_row(look, "/media/stick", "heads and charters", "whole    0.1 s"),
            "  /media/stick        heads and charters     whole    0.1 s"
        );
        assert_eq!(
            words_row(look, "192.168.43.1", "block 712 refused: damaged; fetched from /media/stick", ""),
            "  192.168.43.1        block 712 refused: damaged; fetched from /media/stick"
        );
    }

    #[test]
    fn rows_fit_narrow_terminals_and_long_carriers() {
        let video = [0..9_000_000];
        for width in [40, 50, 60, 70, 80, 120] {
            for carrier in ["", "192.168.43.1", "https://a-rather-long-name.mirror.example/news/of/the/day"] {
                let row = Transfer { after: "38 s left", ..transfer(carrier, "144p", &video, 16_000_000) };
                let drawn = transfer_row(Look::plain(width), &row);
                assert!(drawn.lines().all(|line| columns(line) <= width), "{width}\n{drawn}");
                let said = words_row(Look::plain(width), carrier, "block 712 refused: damaged; fetched elsewhere", "");
                assert!(said.lines().all(|line| columns(line) <= width), "{width}\n{said}");
            }
        }
    }

    #[test]
    fn logs_get_plain_lines() {
        assert_eq!(
            log_words("192.168.43.1", "144p", "9 of 16 MB, 38 s left"),
            "192.168.43.1: 144p 9 of 16 MB, 38 s left"
        );
        assert_eq!(log_words("", "block 7 refused\n", ""), "block 7 refused");
    }

    #[test]
    fn parts_may_repeat_overlap_and_come_in_any_order() {
        let progress = Progress::silent();
        let track = progress.track("a", "b", Unit::Bytes, 100);
        for range in [10..20, 30..40, 0..5, 15..35, 15..35, 90..200, 7..7] {
            track.arrived(range);
        }
        let board = locked(&track.board);
        let row = &board.rows[&track.number];
        assert_eq!(row.held, BTreeMap::from([(0, 5), (10, 40), (90, 100)]));
        assert_eq!(row.done, 45);
    }

    #[test]
    fn the_time_left_needs_something_to_go_by() {
        let seconds = Duration::from_secs;
        assert_eq!(seconds_left(seconds(10), 100, 380), Some(seconds(38)));
        assert_eq!(seconds_left(Duration::from_millis(10), 100, 380), None);
        assert_eq!(seconds_left(seconds(10), 0, 380), None);
        assert_eq!(seconds_left(seconds(10), 100, 0), None);
        assert_eq!(seconds_left(seconds(u64::MAX), 1, u64::MAX), None);
    }
}
