//! Rooms as the app asks for them: what is shown, what is refused, what is written down, and what two devices lack of each other.

#![allow(clippy::unwrap_used)]

use longear_core::limits::DAY_MS;
use longear_core::reconcile::{Elements, Encoder, Salt};
use longear_core::room::{
    Admission, DaySum, Decision, Decisions, Facts, Ground, Note, NoteDraft, NoteId, Opening, RoomId, Sheaf,
    SheafWriter, What, write_days,
};
use longear_core::{ChannelId, Header, ItemId, Kind, LogId, SecretKey, SignedHeader};
use longear_reader::rooms::Rooms;
use serde_json::Value;

const CHANNEL: ChannelId = ChannelId([1; 32]);
const DAY: u64 = 20_605;
const NOW: u64 = DAY * DAY_MS + 3_600_000;

/// A room and what was decided in it, as the reader hands it over.
struct Newsroom {
    room: RoomId,
    record: Vec<u8>,
    seq: u64,
    last: ItemId,
}

impl Newsroom {
    fn new() -> Self {
        let opening = Opening {
            language: "en".into(),
            title: "After the water".into(),
            rules: vec!["Be kind.".into(), "No addresses.".into()],
            admission: Admission::Open,
            notes_per_day: 3,
            retention_days: 30,
            under: None,
        };
        let mut record = vec![9; 16];
        record.extend((NOW - 1_000).to_le_bytes());
        let mut newsroom = Newsroom { room: RoomId([0; 32]), record, seq: 0, last: ItemId([0; 32]) };
        newsroom.room = RoomId::from(newsroom.publish(Kind::Room, &opening.encode()));
        newsroom
    }

    fn publish(&mut self, kind: Kind, payload: &[u8]) -> ItemId {
        let header = Header {
            kind,
            log: LogId([2; 16]),
            seq: self.seq,
            time: NOW - 2_000,
            expiry: 0,
            payload_length: payload.len() as u32,
            payload_hash: *blake3::hash(payload).as_bytes(),
            previous: self.last,
            extensions: Vec::new(),
        };
        let signed: SignedHeader = header.sign(&CHANNEL, &SecretKey::from_seed([5; 32]));
        self.seq += 1;
        self.last = signed.id();
        for bytes in [signed.bytes(), payload] {
            self.record.extend((bytes.len() as u32).to_le_bytes());
            self.record.extend(bytes);
        }
        signed.id()
    }

    fn decide(&mut self, decision: Decision) -> ItemId {
        self.publish(Kind::Moderation, &Decisions { room: self.room, list: vec![decision] }.encode())
    }

    fn note(&self, writer: u8, slot: u8, text: &str) -> Note {
        let draft = NoteDraft {
            room: self.room,
            what: What::Words,
            slot,
            time: DAY * DAY_MS + u64::from(writer) * 1_000 + u64::from(slot),
            parent: None,
            seen: None,
            stamp: 0,
            ticket: None,
            text: text.to_owned(),
        };
        draft.sign(&SecretKey::from_seed([writer; 32]))
    }

    fn sheaf(&self, notes: &[Note]) -> Vec<u8> {
        let mut notes = notes.to_vec();
        notes.sort_by_key(Note::id);
        let mut sheaf = SheafWriter::new(&self.room, DAY as u32);
        for note in &notes {
            assert!(sheaf.push(&note.id(), &note.encode()));
        }
        sheaf.finish().1
    }

    /// A device that knows the room and these notes.
    fn phone(&self, notes: &[Note]) -> Phone {
        let mut phone = Phone { rooms: Rooms::default(), room: self.room.to_string() };
        phone.hear(self);
        phone.rooms.writer(&phone.room, &[77; 32], "").unwrap();
        if !notes.is_empty() {
            phone.take(&self.sheaf(notes));
        }
        phone
    }
}

struct Phone {
    rooms: Rooms,
    room: String,
}

impl Phone {
    fn hear(&mut self, newsroom: &Newsroom) {
        self.rooms
            .record(&CHANNEL.to_string(), &newsroom.record, &(NOW - 1_000).to_string(), &NOW.to_string())
            .unwrap();
    }

    fn take(&mut self, sheaf: &[u8]) -> Value {
        read(&self.rooms.take(&self.room, sheaf, &NOW.to_string(), 0, 4_096, false).unwrap())
    }

    fn page(&mut self) -> Value {
        read(&self.rooms.page(&self.room, "", "en", &NOW.to_string(), usize::MAX, 100).unwrap())
    }

    fn texts(&mut self) -> Vec<String> {
        let page = self.page();
        let lines = page["lines"].as_array().unwrap().iter();
        lines.map(|line| line["text"].as_str().unwrap_or("-").to_owned()).collect()
    }

    fn say(&mut self, words: &str) -> Result<String, &'static str> {
        let said = self.rooms.say(&self.room, "", words, &NOW.to_string()).map_err(|refusal| refusal.0)?;
        Ok(read(&said)["id"].as_str().unwrap().to_owned())
    }
}

fn read(json: &str) -> Value {
    serde_json::from_str(json).unwrap()
}

fn id(text: &str) -> NoteId {
    text.parse().unwrap()
}

#[test]
fn what_was_signed_is_shown_and_what_was_not_is_counted_by_its_reason() {
    let newsroom = Newsroom::new();
    let good = newsroom.note(1, 0, "The bridge holds.");
    let forged = Note { text: "The bridge fails.".into(), ..newsroom.note(2, 0, "The bridge swings.") };
    let mut phone = newsroom.phone(&[]);
    let taken = phone.take(&newsroom.sheaf(&[good.clone(), forged]));
    assert_eq!((&taken["taken"], &taken["refused"][0]["code"]), (&1.into(), &"bad-signature".into()));
    assert_eq!(phone.texts(), ["The bridge holds."]);
    assert_eq!(phone.take(&newsroom.sheaf(&[good]))["known"], 1);
}

#[test]
fn two_phones_show_the_same_in_whatever_order_notes_came() {
    let newsroom = Newsroom::new();
    let notes = [newsroom.note(1, 0, "one"), newsroom.note(2, 0, "two"), newsroom.note(1, 0, "rival of one")];
    let mut forth = newsroom.phone(&notes[..1]);
    notes[1..].iter().for_each(|note| drop(forth.take(&newsroom.sheaf(std::slice::from_ref(note)))));
    let mut back = newsroom.phone(&notes[2..]);
    notes[..2].iter().rev().for_each(|note| drop(back.take(&newsroom.sheaf(std::slice::from_ref(note)))));
    assert_eq!(forth.texts(), back.texts());
    assert_eq!(forth.texts().len(), 2, "of two notes in one place one stands");
}

#[test]
fn hidden_words_are_given_only_to_who_asks_and_quoted_to_nobody() {
    let mut newsroom = Newsroom::new();
    let hidden = newsroom.note(1, 0, "12 Mill Street");
    let answer = NoteDraft { parent: Some(hidden.id()), ..draft_of(&newsroom.note(2, 0, "Why?")) }
        .sign(&SecretKey::from_seed([2; 32]));
    let mut phone = newsroom.phone(&[hidden.clone(), answer]);
    newsroom.decide(Decision::Hide { note: hidden.id(), ground: Ground::Rule(2) });
    phone.hear(&newsroom);
    let page = phone.page();
    assert!(!page.to_string().contains("Mill Street"), "{page}");
    assert_eq!((&page["lines"][0]["state"], &page["lines"][0]["grounds"][0]), (&"hidden".into(), &2.into()));
    assert_eq!(
        (&page["lines"][1]["parent"]["here"], &page["lines"][1]["parent"]["text"]),
        (&true.into(), &Value::Null)
    );
    let asked = phone.rooms.note(&phone.room, &hidden.id().to_string(), "en", &NOW.to_string()).unwrap();
    assert_eq!(read(&asked)["line"]["text"], "12 Mill Street");
    let found = phone.rooms.search(&phone.room, "Mill", "en", &NOW.to_string(), 10).unwrap();
    assert_eq!(read(&found)["total"], 0);
}

#[test]
fn words_that_the_reader_does_not_want_are_given_only_to_who_asks_and_quoted_to_nobody() {
    let newsroom = Newsroom::new();
    let avoided = newsroom.note(1, 0, "Win at the CASINOS tonight");
    let answer = NoteDraft { parent: Some(avoided.id()), ..draft_of(&newsroom.note(2, 0, "Where is it?")) }
        .sign(&SecretKey::from_seed([2; 32]));
    let mut phone = newsroom.phone(&[avoided.clone(), answer]);
    phone.rooms.avoid(&phone.room, "lottery, Casino").unwrap();
    let page = phone.page();
    assert!(!page.to_string().contains("tonight"), "{page}");
    assert_eq!((&page["lines"][0]["avoided"], &page["lines"][0]["state"]), (&true.into(), &"shown".into()));
    assert_eq!((&page["lines"][1]["avoided"], &page["lines"][1]["text"]), (&false.into(), &"Where is it?".into()));
    let asked = phone.rooms.note(&phone.room, &avoided.id().to_string(), "en", &NOW.to_string()).unwrap();
    assert_eq!(read(&asked)["line"]["text"], "Win at the CASINOS tonight");
    phone.rooms.avoid(&phone.room, " ").unwrap();
    assert!(phone.page().to_string().contains("tonight"));
}

fn draft_of(note: &Note) -> NoteDraft {
    let Note { room, what, slot, time, parent, seen, stamp, ticket, text, .. } = note.clone();
    NoteDraft { room, what, slot, time, parent, seen, stamp, ticket, text }
}

/// Purged words must leave the phone's disk, too: the day is written anew without them.
#[test]
fn purged_words_are_dropped_and_the_day_is_written_without_them() {
    let mut newsroom = Newsroom::new();
    let (purged, other) = (newsroom.note(1, 0, "12 Mill Street"), newsroom.note(2, 0, "The pharmacy is open."));
    let mut phone = newsroom.phone(&[purged.clone(), other]);
    assert!(kept(&mut phone).contains("Mill Street"));
    phone.rooms.written(&phone.room, DAY as u32).unwrap();
    let spot = Facts::of(&purged).spot;
    newsroom.decide(Decision::Purge { note: purged.id(), spot, ground: Ground::PersonalData });
    phone.hear(&newsroom);
    assert_eq!(phone.texts(), ["The pharmacy is open."]);
    assert_eq!(read(&phone.rooms.changes(&phone.room).unwrap())["days"][0]["all"], true);
    assert!(!kept(&mut phone).contains("Mill Street") && kept(&mut phone).contains("pharmacy"));
    let again = phone.take(&newsroom.sheaf(&[purged]));
    assert_eq!(again["refused"][0]["code"], "purged");
}

fn kept(phone: &mut Phone) -> String {
    let sheaf = phone.rooms.changed(&phone.room, DAY as u32, 0).unwrap();
    String::from_utf8_lossy(&sheaf).into_owned()
}

#[test]
fn a_writer_has_so_many_notes_a_day_and_takes_back_his_own() {
    let newsroom = Newsroom::new();
    let mut phone = newsroom.phone(&[newsroom.note(1, 0, "somebody else")]);
    let first = phone.say("one").unwrap();
    assert_eq!(phone.page()["me"]["left"], 2);
    phone.rooms.take_back(&phone.room, &first, &NOW.to_string()).unwrap();
    assert_eq!(phone.texts(), ["somebody else"], "nobody answered it, so that it has no place");
    assert_eq!(phone.page()["me"]["left"], 2, "its place stays used");
    let others = newsroom.note(1, 0, "somebody else").id().to_string();
    let refused = phone.rooms.take_back(&phone.room, &others, &NOW.to_string()).unwrap_err();
    assert_eq!(refused.0, "not-yours");
    phone.say("two").unwrap();
    phone.say("three").unwrap();
    assert_eq!(phone.say("four"), Err("used-up"));
    assert_eq!(phone.say(" \u{202e}\n"), Err("no-words"));
    assert_eq!(phone.say(&"x".repeat(1_601)), Err("too-long"));
}

#[test]
fn what_a_phone_says_others_take() {
    let newsroom = Newsroom::new();
    let mut phone = newsroom.phone(&[]);
    let said = phone.say("Two pumps are free.").unwrap();
    let sheaf = phone.rooms.sheaf(&phone.room, DAY as u32, 0).unwrap();
    let read = Sheaf::decode(&newsroom.room, &sheaf).unwrap();
    assert_eq!(read.notes[0].id(), id(&said));
    assert_eq!(read.notes[0].seen.unwrap().time, NOW - 1_000);
    let mut other = newsroom.phone(&[]);
    assert_eq!(other.take(&sheaf)["taken"], 1);
    assert_eq!(other.texts(), ["Two pumps are free."]);
}

#[test]
fn a_phone_and_a_node_find_out_what_each_lacks() {
    let newsroom = Newsroom::new();
    let notes = (1..40).map(|writer| newsroom.note(writer, 0, &format!("note {writer}"))).collect::<Vec<_>>();
    let mut phone = newsroom.phone(&notes[..35]);
    let theirs = notes[3..].iter().map(|note| note.id().0).collect::<Vec<_>>();
    let days = write_days(&[(DAY as u32, DaySum { notes: theirs.len() as u32, sum: [0; 16] })]);
    let wish = read(&phone.rooms.days(&phone.room, &days, 0).unwrap());
    assert_eq!(wish["days"][0]["what"], "reconcile");
    let salt = Salt([3; 16]);
    phone.rooms.reconcile(&phone.room, &salt.0, DAY as u32).unwrap();
    let mut symbols = Vec::new();
    Encoder::new(Elements::new(&salt, &theirs).unwrap()).write(200, &mut symbols);
    let progress = read(&phone.rooms.symbols(&phone.room, &symbols).unwrap());
    assert_eq!((&progress["done"], &progress["theirs"], &progress["ours"]), (&true.into(), &4.into(), &3.into()));
    assert_eq!(phone.rooms.wanted(&phone.room, 0).unwrap().len(), 4 * 8);
    let lacking = Sheaf::decode(&newsroom.room, &phone.rooms.lacking(&phone.room, 0).unwrap()).unwrap();
    assert_eq!(lacking.notes.len(), 3);
    assert!(lacking.notes.iter().all(|note| notes[..3].contains(note)));
}

#[test]
fn of_days_whose_sums_agree_one_is_looked_at_by_chance() {
    let newsroom = Newsroom::new();
    let mut phone = newsroom.phone(&[newsroom.note(1, 0, "hello")]);
    let mut sum = DaySum::default();
    sum.add(&newsroom.note(1, 0, "hello").id());
    let other = (DAY as u32 + 1, DaySum { notes: 3, sum: [1; 16] });
    let days = write_days(&[(DAY as u32, sum), other]);
    let mut asked = |random| {
        let wish = read(&phone.rooms.days(&phone.room, &days, random).unwrap());
        wish["days"].as_array().unwrap().iter().map(|day| day["what"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!([6, 7].map(&mut asked), [vec!["ask", "reconcile"], vec!["ask"]]);
}

#[test]
fn a_room_that_readers_do_not_see_any_more_is_gone() {
    let newsroom = Newsroom::new();
    let mut phone = newsroom.phone(&[newsroom.note(1, 0, "hello")]);
    let nothing = &newsroom.record[..24];
    phone.rooms.record(&CHANNEL.to_string(), nothing, "", &NOW.to_string()).unwrap();
    assert_eq!(phone.rooms.page(&phone.room, "", "en", &NOW.to_string(), 0, 10).unwrap_err().0, "not-held");
}
