//! The screens of `longear status`.

use std::ops::Range;
use std::time::Duration;

use super::Look;
use super::line::{EAR_INDENT, HORIZON_COLUMNS_MAX, RELAY_CELLS, horizon, relay_line};
use super::words::{amount, bytes, bytes_down, columns, grouped, pad, printable, wrap};

/// The column at which lines and advice stand beside a fact.
const BESIDE_COLUMN: usize = 37;
/// The fewest cells of a line that are worth drawing beside a fact.
pub(super) const RELAY_CELLS_MIN: usize = 12;

/// Holds what `status` says about one channel.
#[derive(Clone, Debug)]
pub struct ChannelStatus {
    /// Its name.
    pub name: String,
    /// Its whole address; it is drawn shortened.
    pub address: String,
    /// The number of its newest charter.
    pub charter: u64,
    /// How many of its items are here.
    pub items: u64,
    /// How old its last word is, if there was one.
    pub last_word: Option<Duration>,
    /// What is missing; nothing means that all is here.
    pub facts: Vec<Fact>,
}

/// Holds one fact, and what stands beside it.
#[derive(Clone, Debug)]
pub struct Fact {
    /// What is so: `3 posts missing, 12 March`.
    pub text: String,
    /// What is drawn beside it.
    pub beside: Beside,
}

/// Names what can stand beside a fact.
#[derive(Clone, Debug)]
pub enum Beside {
    /// Nothing.
    Nothing,
    /// Advice: `try: longear sync CARRIER`.
    Words(String),
    /// A relay line.
    Line {
        /// The bytes that are here.
        ranges: Vec<Range<u64>>,
        /// The bytes that there are.
        size: u64,
    },
}

/// Draws a channel: its horizon, its address, what is missing. Ends with a line break.
pub fn channel_status(look: Look, channel: &ChannelStatus) -> String {
    let items = if channel.items == 1 { "item" } else { "items" };
    let identity = [
        short_address(look, &channel.address),
        format!("charter {}", channel.charter),
        format!("{} {items}", grouped(channel.items)),
    ];
    let mut lines = vec![horizon(look, &channel.name, channel.last_word)];
    lines.extend(spread(look, &identity));
    for fact in &channel.facts {
        lines.extend(fact_lines(look, fact));
    }
    if channel.facts.is_empty() {
        lines.push(indented("whole"));
    }
    lines.join("\n") + "\n"
}

/// Draws how full the store is. Ends with a line break.
pub fn store_status(look: Look, used: u64, budget: Option<u64>) -> String {
    let fact = match budget {
        None => Fact { text: format!("Store {}", bytes(used)), beside: Beside::Nothing },
        Some(budget) => Fact {
            text: if used > budget {
                format!("Store {}, over its {}", bytes(used), bytes(budget))
            } else if used == budget {
                format!("Store full, {}", bytes(used))
            } else {
                format!("Store {}", amount_with_units(used, budget))
            },
            beside: Beside::Line { ranges: std::iter::once(0..used.min(budget)).collect(), size: budget },
        },
    };
    fact_lines(look, &fact).join("\n") + "\n"
}

/// `318 MB of 500 MB`: beside nothing else to compare them with, both numbers keep their unit.
fn amount_with_units(used: u64, budget: u64) -> String {
    let (here, total) = (bytes_down(used), bytes(budget));
    if here == total { amount(used, budget) } else { format!("{here} of {total}") }
}

/// Shortens an address to its beginning and end: enough to tell own channels apart, never to check one.
pub fn short_address(look: Look, address: &str) -> String {
    const FRONT: usize = 8;
    const BACK: usize = 4;
    let address = printable(address);
    let (prefix, rest) = match address.split_once(':') {
        Some((scheme, rest)) => (format!("{scheme}:"), rest),
        None => (String::new(), &*address),
    };
    let characters: Vec<char> = rest.chars().collect();
    if characters.len() <= FRONT + BACK + 1 {
        return address.into_owned();
    }
    let front: String = characters[..FRONT].iter().collect();
    let back: String = characters[characters.len() - BACK..].iter().collect();
    let dots = if look.unicode { "…" } else { "..." };
    format!("{prefix}{front}{dots}{back}")
}

/// Puts short words side by side, closer together where that saves a line.
fn spread(look: Look, words: &[String]) -> Vec<String> {
    const APART: [usize; 2] = [4, 2];
    let room = line_width(look).saturating_sub(EAR_INDENT);
    let whole = APART.map(|apart| words.join(&" ".repeat(apart)));
    if let Some(line) = whole.iter().find(|line| columns(line) <= room) {
        return vec![indented(line)];
    }
    words.iter().map(|line| indented(line)).collect()
}

fn fact_lines(look: Look, fact: &Fact) -> Vec<String> {
    let width = line_width(look);
    let text = printable(&fact.text);
    let mut lines: Vec<String> =
        wrap(&text, width.saturating_sub(EAR_INDENT)).iter().map(|line| indented(line)).collect();
    let is_short = lines.len() == 1 && columns(&lines[0]) < BESIDE_COLUMN;
    let room = width.saturating_sub(BESIDE_COLUMN);
    let (beside, fits) = match &fact.beside {
        Beside::Nothing => return lines,
        Beside::Words(words) => {
            let words = printable(words).into_owned();
            let fits = columns(&words) <= room;
            (words, fits)
        }
        Beside::Line { ranges, size } => {
            let fits = room >= RELAY_CELLS_MIN;
            let room = if fits && is_short { room } else { width.saturating_sub(EAR_INDENT) };
            (relay_line(look, ranges, *size, room.min(RELAY_CELLS)), fits)
        }
    };
    if is_short && fits {
        let line = lines.pop().unwrap_or_default();
        lines.push(format!("{}{beside}", pad(&line, BESIDE_COLUMN)));
    } else {
        lines.push(indented(&beside));
    }
    lines
}

fn line_width(look: Look) -> usize {
    look.width.min(HORIZON_COLUMNS_MAX)
}

fn indented(text: &str) -> String {
    format!("{}{text}", " ".repeat(EAR_INDENT))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample() -> ChannelStatus {
        ChannelStatus {
            name: "Sarybulaq News".into(),
            address: "longear:k4vq2m7xaaaabbbbccccddddeeeeffffgggghhhhiiiijjjjt3ea".into(),
            charter: 3,
            items: 212,
            last_word: Some(Duration::from_secs(14 * 3600)),
            facts: vec![
                Fact {
                    text: "3 posts missing, 12 March".into(),
                    beside: Beside::Words("try: longear sync CARRIER".into()),
                },
                Fact { text: "1 video at 43 %".into(), beside: Beside::Line { ranges: vec![0..8, 10..12], size: 24 } },
            ],
        }
    }

    #[test]
    fn the_status_is_the_mockups_line_by_line() {
        let drawn = channel_status(Look::plain(80), &sample());
        let lines: Vec<&str> = drawn.lines().collect();
        assert_eq!(lines[2], "       longear:k4vq2m7x…t3ea    charter 3    212 items");
        assert_eq!(lines[3], "       3 posts missing, 12 March     try: longear sync CARRIER");
        assert_eq!(lines[4], "       1 video at 43 %               ━━━━━━━━╍╍━━╍╍╍╍╍╍╍╍╍╍╍╍");
        let store = store_status(Look::plain(80), 318_000_000, Some(500_000_000));
        assert_eq!(store, "       Store 318 MB of 500 MB        ━━━━━━━━━━━━━━━╍╍╍╍╍╍╍╍╍\n");
    }

    #[test]
    fn it_fits_narrow_terminals() {
        for width in [24, 30, 40, 50, 66, 120] {
            let drawn = channel_status(Look::plain(width), &sample());
            assert!(drawn.lines().all(|line| columns(line) <= width.max(32)), "{width}\n{drawn}");
        }
    }

    #[test]
    fn a_full_store_says_so() {
        assert!(store_status(Look::plain(80), 500, Some(500)).contains("Store full, 500 bytes"));
        assert!(store_status(Look::plain(80), 600, Some(500)).contains("over its 500 bytes"));
        assert_eq!(store_status(Look::plain(80), 318_000_000, None), "       Store 318 MB\n");
    }
}
