//! The addresses under which a node answers about rooms.

use std::fmt;

use longear_core::ChannelId;
use longear_core::id::from_hex;
use longear_core::limits::SYMBOLS_ASKED_MAX;
use longear_core::reconcile::Salt;
use longear_core::room::{NoteId, RoomId};

/// What is asked of a node about a room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RoomAsk {
    /// What it holds of each day.
    Days,
    /// Coded symbols of the notes of a day.
    Symbols {
        /// The day.
        day: u32,
        /// The key of the session.
        salt: Salt,
        /// The first symbol.
        from: u32,
        /// The one behind the last; at most [`SYMBOLS_ASKED_MAX`] of them.
        to: u32,
    },
    /// Notes of a day by their short IDs, which are posted.
    Wanted {
        /// The day.
        day: u32,
        /// The key that the short IDs were made with.
        salt: Salt,
    },
    /// Notes of a day in the order of their IDs.
    Of {
        /// The day.
        day: u32,
        /// Those behind this one.
        after: Option<NoteId>,
    },
    /// Notes that are posted to it.
    Give,
}

/// A question to a node, with the room that it is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RoomPath {
    /// The channel.
    pub channel: ChannelId,
    /// The first half of the room's ID.
    pub room: [u8; 16],
    /// What is asked.
    pub ask: RoomAsk,
}

impl RoomPath {
    /// A question about a room.
    pub fn new(channel: &ChannelId, room: &RoomId, ask: RoomAsk) -> Self {
        RoomPath { channel: *channel, room: room.folder(), ask }
    }

    /// Reads a path without its leading slash, and its query; `None` if nothing is asked so.
    pub fn read(path: &str, query: Option<&str>) -> Option<Self> {
        let mut pieces = path.split('/');
        let (Some("c"), Some(channel), Some("r"), Some(room)) =
            (pieces.next(), pieces.next(), pieces.next(), pieces.next())
        else {
            return None;
        };
        let ask = match (pieces.next()?, pieces.next()) {
            ("days", None) => RoomAsk::Days,
            ("notes", None) => RoomAsk::Give,
            (day, Some(what)) => ask_of_day(day.parse().ok()?, what, query.unwrap_or_default())?,
            _ => return None,
        };
        let path = RoomPath { channel: ChannelId(from_hex(channel).ok()?), room: from_hex(room).ok()?, ask };
        pieces.next().is_none().then_some(path)
    }
}

fn ask_of_day(day: u32, what: &str, query: &str) -> Option<RoomAsk> {
    let value = |name: &str| query.split('&').find_map(|field| field.strip_prefix(name)?.strip_prefix('='));
    let salt = || Some(Salt(from_hex(value("salt")?).ok()?));
    let number = |name: &str| value(name)?.parse::<u32>().ok();
    match what {
        "symbols" => {
            let (from, to) = (number("from")?, number("to")?);
            let count = to.checked_sub(from)?;
            (count <= SYMBOLS_ASKED_MAX).then_some(RoomAsk::Symbols { day, salt: salt()?, from, to })
        }
        "wanted" => Some(RoomAsk::Wanted { day, salt: salt()? }),
        "notes" => match value("after") {
            None => Some(RoomAsk::Of { day, after: None }),
            Some(after) => Some(RoomAsk::Of { day, after: Some(after.parse().ok()?) }),
        },
        _ => None,
    }
}

impl fmt::Display for RoomPath {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "c/{}/r/{}/", self.channel, Hex(&self.room))?;
        match &self.ask {
            RoomAsk::Days => out.write_str("days"),
            RoomAsk::Symbols { day, salt, from, to } => {
                write!(out, "{day}/symbols?salt={}&from={from}&to={to}", Hex(&salt.0))
            }
            RoomAsk::Wanted { day, salt } => write!(out, "{day}/wanted?salt={}", Hex(&salt.0)),
            RoomAsk::Of { day, after: None } => write!(out, "{day}/notes"),
            RoomAsk::Of { day, after: Some(after) } => write!(out, "{day}/notes?after={after}"),
            RoomAsk::Give => out.write_str("notes"),
        }
    }
}

struct Hex<'a>(&'a [u8]);

impl fmt::Display for Hex<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(out, "{byte:02x}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CHANNEL: ChannelId = ChannelId([0x5a; 32]);
    const ROOM: RoomId = RoomId([0x0f; 32]);
    const SALT: Salt = Salt([0x3c; 16]);

    fn read(text: &str) -> Option<RoomPath> {
        match text.split_once('?') {
            Some((path, query)) => RoomPath::read(path, Some(query)),
            None => RoomPath::read(text, None),
        }
    }

    #[test]
    fn every_question_prints_and_reads_back() {
        for ask in [
            RoomAsk::Days,
            RoomAsk::Symbols { day: 7, salt: SALT, from: 3, to: 3 + SYMBOLS_ASKED_MAX },
            RoomAsk::Wanted { day: u32::MAX, salt: SALT },
            RoomAsk::Of { day: 7, after: None },
            RoomAsk::Of { day: 7, after: Some(NoteId([9; 32])) },
            RoomAsk::Give,
        ] {
            let path = RoomPath::new(&CHANNEL, &ROOM, ask);
            assert_eq!(read(&path.to_string()), Some(path), "{path}");
        }
    }

    #[test]
    fn what_is_no_question_is_not_read() {
        let front = format!("c/{CHANNEL}/r/{}", "0f".repeat(16));
        let salt = format!("salt={}", "3c".repeat(16));
        for text in [
            front.clone(),
            format!("{front}/"),
            format!("{front}/7"),
            format!("{front}/days/7"),
            format!("{front}/7/days"),
            format!("{front}/x/notes"),
            format!("{front}/7/notes/8"),
            format!("{front}/7/notes?after=99"),
            format!("{front}/7/symbols?from=0&to=9"),
            format!("{front}/7/symbols?{salt}&from=9&to=0"),
            format!("{front}/7/symbols?{salt}&from=0&to={}", SYMBOLS_ASKED_MAX + 1),
            format!("{front}/7/wanted"),
            format!("{front}/7/wanted?salt=3c"),
            format!("c/{CHANNEL}/r/{}/days", "0f".repeat(32)),
            format!("c/{CHANNEL}/p/{}/days", "0f".repeat(16)),
        ] {
            assert_eq!(read(&text), None, "{text}");
        }
    }
}
