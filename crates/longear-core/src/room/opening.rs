//! The payload of a `room` item.

use super::name::RoomId;
use super::note::day_of;
use crate::bytes::{Reader, Writer};
use crate::header::Header;
use crate::id::ItemId;
use crate::kind::Kind;
use crate::limits::{
    LANGUAGE_BYTES_MAX, NOTES_PER_DAY_MAX, ROOM_DAYS_MAX, ROOM_RULE_BYTES_MAX, ROOM_RULES_MAX, TITLE_BYTES_MAX,
};
use crate::reason::Reason;

/// "Here you may talk": what about, by which rules, and who is let in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Opening {
    /// BCP 47, or empty when unknown; of the title and the rules.
    pub language: String,
    /// What it is called; not empty.
    pub title: String,
    /// Its rules, which are numbered from 1; none empty.
    pub rules: Vec<String>,
    /// Who may write.
    pub admission: Admission,
    /// Notes per writer and UTC day, 1 … [`NOTES_PER_DAY_MAX`].
    pub notes_per_day: u8,
    /// Days that notes are kept, 1 … [`ROOM_DAYS_MAX`].
    pub retention_days: u16,
    /// The item that is talked about; `None`: the channel.
    pub under: Option<ItemId>,
}

/// Who may write in a room.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Admission {
    /// Everybody; who is not on the roll, little.
    Open,
    /// Who is on the roll.
    Tickets,
}

/// Where and since when notes may be written: what they are verified against.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Venue {
    /// The room.
    pub room: RoomId,
    /// Day of its item's header.
    pub first_day: u32,
}

impl Venue {
    /// The room that this item opened.
    pub fn of(item: ItemId, header: &Header) -> Self {
        Venue { room: item.into(), first_day: day_of(header.time) }
    }
}

impl Opening {
    /// The canonical bytes.
    pub fn encode(&self) -> Vec<u8> {
        let mut out = Writer::new();
        out.u8(1).text(&self.language).text(&self.title).u8(self.rules.len() as u8);
        self.rules.iter().fold(&mut out, |out, rule| out.text(rule));
        out.u8(self.admission as u8).u8(self.notes_per_day).u16(self.retention_days);
        out.raw(&self.under.unwrap_or(ItemId::NONE).0);
        out.into_bytes()
    }

    /// Reads the payload. Checks form and limits.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn decode(bytes: &[u8]) -> Result<Self, Reason> {
        let max = Kind::Room.payload_bytes_max();
        if bytes.len() > max {
            return Err(Reason::TooLong { what: "payload", max });
        }
        let mut input = Reader::new(bytes);
        input.version()?;
        let language = input.text("language", LANGUAGE_BYTES_MAX)?;
        if !language.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-') {
            return Err(Reason::BadValue { what: "language" });
        }
        let title = some_text(&mut input, "title", TITLE_BYTES_MAX)?;
        let count = usize::from(input.u8()?);
        if count > ROOM_RULES_MAX {
            return Err(Reason::TooMany { what: "rules", max: ROOM_RULES_MAX });
        }
        let rules = (0..count).map(|_| some_text(&mut input, "rule", ROOM_RULE_BYTES_MAX)).collect::<Result<_, _>>()?;
        let admission = match input.u8()? {
            0 => Admission::Open,
            1 => Admission::Tickets,
            _ => return Err(Reason::BadValue { what: "admission" }),
        };
        let notes_per_day = input.u8()?;
        if !(1..=NOTES_PER_DAY_MAX).contains(&notes_per_day) {
            return Err(Reason::BadValue { what: "notes per day" });
        }
        let retention_days = input.u16()?;
        if !(1..=ROOM_DAYS_MAX).contains(&retention_days) {
            return Err(Reason::BadValue { what: "retention" });
        }
        let under = Some(ItemId(input.array()?)).filter(|item| *item != ItemId::NONE);
        input.finish()?;
        Ok(Opening { language, title, rules, admission, notes_per_day, retention_days, under })
    }

    /// Checks an opening before it is published: what [`Opening::decode`] would refuse later.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn check(&self) -> Result<(), Reason> {
        if self.rules.len() > ROOM_RULES_MAX {
            return Err(Reason::TooMany { what: "rules", max: ROOM_RULES_MAX });
        }
        Opening::decode(&self.encode()).map(|_| ())
    }
}

fn some_text(input: &mut Reader<'_>, what: &'static str, max: usize) -> Result<String, Reason> {
    let text = input.text(what, max)?;
    if text.is_empty() { Err(Reason::BadValue { what }) } else { Ok(text) }
}
