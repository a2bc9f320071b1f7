//! Who writes: a key in a cookie of the reader's browser, made for one room.

use axum::http::HeaderMap;
use axum::http::header::COOKIE;
use longear_core::hash::labelled;
use longear_core::id::from_hex;
use longear_core::room::{RoomId, TicketWord};
use longear_store::Talk;
use zeroize::Zeroizing;

use crate::home::Writer;

/// What the names of the cookies begin with; the beginning of the room's ID follows.
const COOKIE_PREFIX: &str = "room-";
/// Digits of a room's ID in the name of its cookie.
const NAME_DIGITS: usize = 12;
/// How long the browser keeps it, in seconds: thirty days, so that a note can be taken back.
const COOKIE_AGE_S: u32 = 30 * 86_400;
/// Longest header of cookies that is looked at, in bytes.
const COOKIES_BYTES_MAX: usize = 4_096;

/// Who a reader is in a room. It is wiped from memory when dropped.
#[derive(Clone)]
pub(super) struct Pen {
    seed: Zeroizing<[u8; 32]>,
    ticket: Option<TicketWord>,
    /// Whether the browser has it, or is given it with the answer.
    is_kept: bool,
}

impl Pen {
    /// What the browser's cookie says; somebody new where it has none. `None` where this system gives no randomness: nobody shall write
    /// under a key that others can guess.
    pub fn of(headers: &HeaderMap, room: &RoomId) -> Option<Self> {
        Self::read(headers, room).or_else(|| {
            let mut seed = Zeroizing::new([0; 32]);
            getrandom::fill(&mut *seed).ok()?;
            Some(Pen { seed, ticket: None, is_kept: false })
        })
    }

    fn read(headers: &HeaderMap, room: &RoomId) -> Option<Self> {
        let cookies = headers.get(COOKIE)?.to_str().ok().filter(|text| text.len() <= COOKIES_BYTES_MAX)?;
        let name = name(room);
        let value = cookies.split(';').find_map(|pair| pair.trim().strip_prefix(&name)?.strip_prefix('='))?;
        let (seed, ticket) = value.split_once('.').unwrap_or((value, ""));
        let seed = Zeroizing::new(from_hex::<32>(seed).ok()?);
        let ticket = if ticket.is_empty() { None } else { TicketWord::read(&format!("longear-ticket:{ticket}")).ok() };
        Some(Pen { seed, ticket, is_kept: true })
    }

    /// The cookie by which the browser keeps it: for this room only, out of reach of scripts and of other sites. `None` for whom nobody has
    /// written as yet: who only reads is given nothing to be known by.
    pub fn cookie(&self, room: &RoomId) -> Option<Zeroizing<String>> {
        if !self.is_kept {
            return None;
        }
        let seed = Zeroizing::new(hex(&*self.seed));
        let ticket = self.ticket.as_ref().map(TicketWord::word);
        let ticket = ticket.as_ref().and_then(|word| word.split_once(':')).map_or("", |(_, word)| word);
        let path = longear_pages::paths::room(&room.to_string());
        Some(Zeroizing::new(format!(
            "{}={}.{ticket}; Path={path}; Max-Age={COOKIE_AGE_S}; HttpOnly; SameSite=Strict",
            name(room),
            *seed
        )))
    }

    /// What goes back with a form. Where the browser has nothing yet, it is who the reader would be.
    pub fn token(&self) -> Zeroizing<String> {
        match self.is_kept {
            true => Zeroizing::new(hex(&labelled("form token", &[&*self.seed])[..16])),
            false => Zeroizing::new(hex(&*self.seed)),
        }
    }

    /// Who sent a form with this token; `None` if it was not made for this reader. Whom the browser does not know yet becomes with the
    /// first form whom its page named.
    pub fn taking(self, token: &str) -> Option<Self> {
        if self.is_kept {
            return (*token == **self.token()).then_some(self);
        }
        let seed = Zeroizing::new(from_hex::<32>(token).ok()?);
        Some(Pen { seed, ticket: None, is_kept: true })
    }

    /// The same with a ticket, if it is one of this room.
    pub fn with_ticket(mut self, word: &str, talk: &Talk) -> Option<Self> {
        let word = word.trim();
        let whole = if word.contains(':') { word.to_owned() } else { format!("longear-ticket:{word}") };
        let ticket = TicketWord::read(&whole).ok().filter(|ticket| ticket.is_for(&talk.id()))?;
        talk.force.on_roll_since(&ticket.key().entry(&talk.id()))?;
        self.ticket = Some(ticket);
        Some(self)
    }

    /// Who signs.
    pub fn writer(&self) -> Writer {
        let mut writer = Writer::new(*self.seed);
        writer.ticket = self.ticket.clone();
        writer
    }
}

fn name(room: &RoomId) -> String {
    format!("{COOKIE_PREFIX}{}", &room.to_string()[..NAME_DIGITS])
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
