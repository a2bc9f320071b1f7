//! Writes sample pages of rooms into a directory, to be looked at: `rooms DIR`.

use std::path::Path;
use std::{env, fs, io};

use longear_pages::{
    ChannelView, Cursor, DigestView, Language, NotePage, NoteState, NoteView, Outcome, ParentView, Pen, Pseudonym,
    Reason, RoomPage, RoomView, RoomsPage, SearchView, TicketSheet, Turn, Visit, WriteView, icon, note, room, rooms,
    stylesheet, tickets,
};

const NOW_MS: u64 = 1_773_561_900_000;
const MINUTE_MS: u64 = 60_000;

fn main() -> io::Result<()> {
    let directory = env::args().nth(1).unwrap_or_else(|| "rooms".to_owned());
    let directory = Path::new(&directory);
    fs::create_dir_all(directory.join("page"))?;
    fs::write(directory.join("page/style.css"), stylesheet())?;
    fs::write(directory.join("page/icon.svg"), icon())?;
    for language in Language::ALL {
        for (name, page) in pages(language) {
            fs::write(directory.join(format!("{name}.{}.html", language.tag())), page)?;
        }
    }
    Ok(())
}

fn pages(language: Language) -> Vec<(&'static str, String)> {
    let visit = Visit { language, language_chosen: true, now_ms: NOW_MS };
    let page = sample(visit);
    let mut pages = talks(&page);
    pages.extend(lists(&page));
    pages
}

/// A room in several states.
fn talks(page: &RoomPage) -> Vec<(&'static str, String)> {
    let older = |here| Turn { here, older: Some("1b".to_owned()), newer: None };
    let searching = RoomPage {
        search: Some(SearchView { text: "көпір bridge".to_owned(), found: 2 }),
        notes: page.notes[..2].to_vec(),
        turn: older(None),
        ..page.clone()
    };
    let not_found = RoomPage {
        search: Some(SearchView { text: "<b>zzz</b>".to_owned(), found: 0 }),
        notes: vec![],
        turn: Turn::default(),
        write: WriteView::Off,
        ..page.clone()
    };
    let earlier = RoomPage {
        turn: Turn { newer: Some("2c".to_owned()), ..older(Some(Cursor::Before("9z".to_owned()))) },
        show: Some("a3".repeat(32)),
        answer: Some(page.notes[0].clone()),
        outcome: Some(Outcome::TooLong),
        ..page.clone()
    };
    let fresh = RoomView {
        needs_ticket: true,
        notes_here: 0,
        notes_known: None,
        rules: vec![],
        about: None,
        ..page.room.clone()
    };
    let empty = RoomPage {
        notes: vec![],
        pinned: vec![],
        digest: None,
        turn: Turn::default(),
        write: WriteView::NeedsTicket { token: "t".to_owned() },
        room: fresh,
        ..page.clone()
    };
    vec![
        ("room", room(page)),
        ("room-earlier", room(&earlier)),
        ("room-posted", room(&RoomPage { outcome: Some(Outcome::Posted), write: pen(0, ""), ..page.clone() })),
        ("room-search", room(&searching)),
        ("room-not-found", room(&not_found)),
        ("room-ticket", room(&empty)),
    ]
}

/// Lists of rooms, notes on pages of their own, tickets.
fn lists(page: &RoomPage) -> Vec<(&'static str, String)> {
    let closed =
        RoomView {
            is_closed: true, title: "Отключения света".to_owned(), notes_known: None, ..page.room.clone()
        };
    let list = RoomsPage { visit: page.visit, channel: page.channel.clone(), rooms: vec![page.room.clone(), closed] };
    let one = |note: NoteView, answers: Vec<NoteView>| NotePage {
        visit: page.visit,
        channel: page.channel.clone(),
        room: page.room.clone(),
        note,
        answers,
        turn: Turn::default(),
        show: None,
        write: pen(17, ""),
        outcome: None,
    };
    let letters = "k4vq2m7xw3hd6z5rjnapt2ycfba7sgeu4v3k6mq5xwhdzrt3ea".repeat(2);
    let sheet = TicketSheet {
        visit: page.visit,
        channel: page.channel.clone(),
        room: page.room.clone(),
        tickets: (0..11).map(|number| format!("longear-ticket:{letters}{number:02}")).collect(),
    };
    vec![
        ("rooms", rooms(&list)),
        ("rooms-none", rooms(&RoomsPage { rooms: vec![], ..list.clone() })),
        ("note", note(&one(page.notes[0].clone(), page.notes[1..3].to_vec()))),
        ("note-mine", note(&one(NoteView { is_mine: true, ..page.notes[1].clone() }, vec![]))),
        ("tickets", tickets(&sheet)),
    ]
}

fn pen(left: u64, draft: &str) -> WriteView {
    let writer = Pseudonym { adjective: 4, noun: 20, border: 13, fill: 1 };
    WriteView::Open(Pen { writer, left, per_day: 20, draft: draft.to_owned(), token: "t0k3n".to_owned() })
}

fn sample(visit: Visit) -> RoomPage {
    let notes = talk();
    let digest = DigestView {
        day_ms: NOW_MS - 26 * 60 * MINUTE_MS,
        notes: vec![
            said("d1", 7, 300, "The pharmacy on Mill Street has insulin again. Bring the old prescription."),
            said("d2", 2, 330, "Мектепте түстен бастап екі сорғы тегін беріледі, алты сағаттық жанармайымен."),
            said("d3", 9, 360, "درمانگاه از در بالا باز است. در پایین زیر آب است."),
        ],
    };
    RoomPage {
        visit,
        channel: ChannelView {
            id: [6; 32],
            name: "Сарыбұлақ жаңалықтары".to_owned(),
            address: "longear:k4vq2m7xw3hd6z5rjnapt2ycfba7sgeu4v3k6mq5xwhdzrt3ea".to_owned(),
            digits: "482910376521948302175640093871".to_owned(),
            last_word_ms: Some(NOW_MS - 14 * 60 * MINUTE_MS),
            missing_posts: 0,
            charter_number: 3,
            disputed_charter: false,
        },
        room: RoomView {
            id_hex: "0f".repeat(32),
            language: "en".to_owned(),
            title: "After the water: who needs what".to_owned(),
            rules: vec![
                "Say where and when you saw it yourself.".to_owned(),
                "No names or addresses of private people.".to_owned(),
                "Сатпаңыз, жарнамаламаңыз.".to_owned(),
            ],
            opened_ms: NOW_MS - 5 * 24 * 60 * MINUTE_MS,
            needs_ticket: false,
            is_closed: false,
            retention_days: 30,
            about: Some(("b2".repeat(32), "River falls 20 cm overnight, lower bridge still closed".to_owned())),
            notes_here: 212,
            notes_known: Some(1_284),
            newest_ms: Some(NOW_MS - 4 * MINUTE_MS),
        },
        digest: Some(digest),
        pinned: vec![said("e1", 11, 600, "Lists of who is missing hang at School No. 2. Ask there, not here.")],
        notes,
        turn: Turn { here: None, older: Some("1b".to_owned()), newer: None },
        search: None,
        show: None,
        write: pen(17, "I stood at the bridge at nine and"),
        answer: None,
        outcome: None,
    }
}

fn talk() -> Vec<NoteView> {
    let question = "Does anybody know whether the lower bridge holds people on foot? I have to get my mother across before it is dark.";
    let reply = |note: NoteView, parent: ParentView| NoteView { parent: Some(parent), ..note };
    let parent = |id: &str, number: u16, text: &str| ParentView::Shown {
        id_hex: id.repeat(32),
        writer: writer(number),
        text: text.to_owned(),
    };
    let with = |note: NoteView, state: NoteState| NoteView { state, ..note };
    vec![
        NoteView { answers: 2, ..said("a1", 1, 94, question) },
        reply(
            said("a2", 2, 80, "No. A rope is across it, and someone stands there until evening."),
            parent("a1", 1, question),
        ),
        with(
            said("a3", 3, 71, "Serik lives at Kamys 14, he has a boat"),
            NoteState::Hidden(vec![Reason::Rule(2), Reason::PersonalData]),
        ),
        NoteView {
            is_mine: true,
            ..said("a4", 77, 64, "Power on Kamys Street came back at 10:20, earlier than on the list.")
        },
        said(
            "a5",
            5,
            50,
            "Қамыс көшесінде көршілерге көмектесіп жатқандарға рақмет!\nЖауапкершіліктеріңіздегілерге де айтыңыздар.\n\nСу 18:00-де беріледі.",
        ),
        with(said("a6", 6, 49, "x"), NoteState::Banned(vec![Reason::Advertising])),
        with(said("a7", 6, 48, "x"), NoteState::Purged(vec![Reason::Threats])),
        with(said("a8", 6, 47, "x"), NoteState::Beyond),
        with(said("a9", 6, 46, "x"), NoteState::TakenBack),
        reply(said("b1", 9, 33, "پل پایین بسته است؛ از پل بالا بروید. https://example.org/river"), ParentView::NotHere),
        said(
            "b2",
            10,
            21,
            &format!(
                "\u{202E}evil <b>bold</b> **x** {} Z{}algo {}",
                "Жауапкершіліктеріңіздегілерге".repeat(5),
                "\u{301}\u{489}".repeat(40),
                "\u{FDFD}".repeat(8)
            ),
        ),
        with(said("b3", 12, 10, "My ticket is new: the clinic needs a generator."), NoteState::Unadmitted),
        reply(
            said("b4", 13, 4, "هل يوجد وقود في المدرسة الآن؟ نحتاج إلى عشرين لترًا قبل المساء."),
            ParentView::NotShown { id_hex: "a3".repeat(32) },
        ),
    ]
}

fn said(id: &str, number: u16, minutes: u64, text: &str) -> NoteView {
    NoteView {
        id_hex: id.repeat(32),
        writer: writer(number),
        is_mine: false,
        time_ms: NOW_MS - minutes * MINUTE_MS,
        text: text.to_owned(),
        state: NoteState::Shown,
        parent: None,
        answers: 0,
    }
}

fn writer(number: u16) -> Pseudonym {
    let byte = (number % 251) as u8;
    Pseudonym { adjective: number * 37, noun: number * 53, border: byte.wrapping_mul(5), fill: byte.wrapping_mul(7) }
}
