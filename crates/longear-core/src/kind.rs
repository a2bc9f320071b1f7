//! Kinds of items: the kind alone fixes who may sign, how long the payload may be, and in which class it travels.

use crate::keys::Roles;
use crate::limits::{PAYLOAD_BYTES_MAX, UNKNOWN_KIND_BYTES_PER_DAY};

/// What an item is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Kind {
    /// Text in one or more languages.
    Post,
    /// Text with files.
    Media,
    /// Something short that has an end.
    Notice,
    /// Takes items back.
    Retraction,
    /// A broadcast begins.
    Live,
    /// Ticks of a broadcast, gathered.
    RollUp,
    /// A room is opened.
    Room,
    /// Decisions of a moderator.
    Moderation,
    /// Keys for sealed reports.
    ReportKeys,
    /// Receipts for reports.
    Receipts,
    /// Made by a newer Longear: kept, passed on last, never shown.
    Unknown(u8),
}

/// The order in which things travel; the first goes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Class {
    /// Charters, closures, heads, retractions.
    Closures,
    /// Notices.
    Notices,
    /// Posts and the texts of media.
    Posts,
    /// Sound, and files up to 300 kB.
    Sound,
    /// Video of the lowest quality.
    SmallVideo,
    /// Everything larger.
    Large,
    /// Kinds that this Longear does not know.
    Unknown,
}

const KINDS: [(u8, Kind, &str); 10] = [
    (1, Kind::Post, "post"),
    (2, Kind::Media, "media"),
    (3, Kind::Notice, "notice"),
    (4, Kind::Retraction, "retraction"),
    (5, Kind::Live, "live"),
    (6, Kind::RollUp, "roll-up"),
    (7, Kind::Room, "room"),
    (8, Kind::Moderation, "moderation"),
    (9, Kind::ReportKeys, "report-keys"),
    (10, Kind::Receipts, "receipts"),
];

impl Kind {
    /// The kind of a number. 0 is no kind.
    pub fn from_number(number: u8) -> Option<Kind> {
        if number == 0 {
            return None;
        }
        let known = KINDS.iter().find(|(known, ..)| *known == number);
        Some(known.map_or(Kind::Unknown(number), |(_, kind, _)| *kind))
    }

    /// The number in headers.
    pub fn number(self) -> u8 {
        match self {
            Kind::Unknown(number) => number,
            known => KINDS.iter().find(|(_, kind, _)| *kind == known).map_or(0, |(number, ..)| *number),
        }
    }

    /// The name in `--json`.
    pub fn name(self) -> &'static str {
        KINDS.iter().find(|(_, kind, _)| *kind == self).map_or("unknown", |(.., name)| name)
    }

    /// Roles of which the signer needs one; `None`: any delegate.
    pub fn roles(self) -> Option<Roles> {
        match self {
            Kind::Post | Kind::Media | Kind::Notice => Some(Roles::POST),
            Kind::Retraction => Some(Roles::POST.with(Roles::EDIT)),
            Kind::Live | Kind::RollUp => Some(Roles::LIVE),
            Kind::Room | Kind::Moderation => Some(Roles::MODERATE),
            Kind::ReportKeys | Kind::Receipts => Some(Roles::DESK),
            Kind::Unknown(_) => None,
        }
    }

    /// Longest payload in bytes.
    pub fn payload_bytes_max(self) -> usize {
        match self {
            Kind::Post => PAYLOAD_BYTES_MAX / 2,
            Kind::Media => PAYLOAD_BYTES_MAX,
            Kind::Notice | Kind::Retraction => 4_096,
            _ => 65_536,
        }
    }

    /// The class in which the item itself travels.
    pub fn class(self) -> Class {
        match self {
            Kind::Retraction | Kind::ReportKeys | Kind::Receipts => Class::Closures,
            Kind::Notice => Class::Notices,
            Kind::Unknown(_) => Class::Unknown,
            _ => Class::Posts,
        }
    }

    /// Whether the payload is an article.
    pub fn is_article(self) -> bool {
        matches!(self, Kind::Post | Kind::Media | Kind::Notice)
    }

    /// Payload bytes kept per log and UTC day, where they are limited.
    pub fn bytes_per_day_max(self) -> Option<u64> {
        matches!(self, Kind::Unknown(_)).then_some(UNKNOWN_KIND_BYTES_PER_DAY)
    }
}
