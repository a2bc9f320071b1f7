//! What every page of a room must hold, whatever strangers write into it.

use longear_pages::{
    ChannelView, Cursor, DigestView, Language, NotePage, NoteState, NoteView, Outcome, ParentView, Pen, Pseudonym,
    Reason, RoomPage, RoomView, RoomsPage, SearchView, TicketSheet, Turn, Visit, WriteView, note, paths, room, rooms,
    tickets,
};

const NOW_MS: u64 = 1_773_561_900_000;
const MINUTE_MS: u64 = 60_000;

/// Tries to leave every place it can be put in: text, attribute, address, form, placeholder; and to reorder the page.
const HOSTILE: &str = "\"'></textarea></title><script>alert(1)</script><form action=//evil.example><img src=http://evil.example/x onerror=alert(1)>{n}{name}&lt;\u{202E}\u{2066}\u{0}\u{200B}\u{301}\u{301}\u{F8FF}";

fn visit(language: Language) -> Visit {
    Visit { language, language_chosen: false, now_ms: NOW_MS }
}

fn channel(name: &str) -> ChannelView {
    ChannelView {
        id: [6; 32],
        name: name.into(),
        address: "longear:k4vq2m7xw3hd6z5rjnapt2ycfba7sgeu4v3k6mq5xwhdzrt3ea".into(),
        digits: "482910376521948302175640093871".into(),
        last_word_ms: Some(NOW_MS - 14 * 60 * MINUTE_MS),
        missing_posts: 0,
        charter_number: 3,
        disputed_charter: false,
    }
}

fn room_view() -> RoomView {
    RoomView {
        id_hex: "0f".repeat(32),
        language: "en".into(),
        title: "After the water".into(),
        rules: vec!["Say where you saw it.".into(), "No names or addresses of private people.".into()],
        opened_ms: NOW_MS - 5 * 24 * 60 * MINUTE_MS,
        needs_ticket: false,
        is_closed: false,
        retention_days: 30,
        about: None,
        notes_here: 212,
        notes_known: None,
        newest_ms: Some(NOW_MS),
    }
}

fn hostile_room() -> RoomView {
    RoomView {
        id_hex: HOSTILE.into(),
        language: HOSTILE.into(),
        title: HOSTILE.into(),
        rules: vec![HOSTILE.into(); 3],
        opened_ms: u64::MAX,
        retention_days: u64::MAX,
        about: Some((HOSTILE.into(), HOSTILE.into())),
        notes_here: u64::MAX - 1,
        notes_known: Some(u64::MAX),
        newest_ms: Some(u64::MAX),
        ..room_view()
    }
}

fn writer(number: u16) -> Pseudonym {
    Pseudonym { adjective: number, noun: number, border: 3, fill: 9 }
}

fn said(id: &str, text: &str) -> NoteView {
    NoteView {
        id_hex: id.repeat(32),
        writer: writer(0),
        is_mine: false,
        time_ms: NOW_MS - 14 * MINUTE_MS,
        text: text.into(),
        state: NoteState::Shown,
        parent: None,
        answers: 0,
    }
}

fn with(state: NoteState, note: NoteView) -> NoteView {
    NoteView { state, ..note }
}

fn pen() -> Pen {
    Pen { writer: writer(4), left: 17, per_day: 20, draft: String::new(), token: "t0k3n".into() }
}

fn room_page(language: Language, notes: Vec<NoteView>) -> RoomPage {
    RoomPage {
        visit: visit(language),
        channel: channel("Sarybulaq News"),
        room: room_view(),
        digest: None,
        pinned: vec![],
        notes,
        turn: Turn::default(),
        search: None,
        show: None,
        write: WriteView::Open(pen()),
        answer: None,
        outcome: None,
    }
}

fn note_page(language: Language, note: NoteView) -> NotePage {
    NotePage {
        visit: visit(language),
        channel: channel("Sarybulaq News"),
        room: room_view(),
        note,
        answers: vec![],
        turn: Turn::default(),
        show: None,
        write: WriteView::Open(pen()),
        outcome: None,
    }
}

fn all_states() -> Vec<NoteState> {
    let reasons = vec![
        Reason::Rule(0),
        Reason::Rule(2),
        Reason::Rule(255),
        Reason::PersonalData,
        Reason::Threats,
        Reason::Advertising,
        Reason::Invented,
        Reason::Other,
    ];
    vec![
        NoteState::Shown,
        NoteState::Hidden(reasons.clone()),
        NoteState::Purged(reasons.clone()),
        NoteState::Banned(reasons),
        NoteState::TakenBack,
        NoteState::Ahead,
        NoteState::AfterClose,
        NoteState::Early,
        NoteState::Beyond,
        NoteState::Unadmitted,
    ]
}

fn hostile_notes() -> Vec<NoteView> {
    let far = Pseudonym { adjective: u16::MAX, noun: u16::MAX, border: u8::MAX, fill: u8::MAX };
    let parents = [
        None,
        Some(ParentView::NotHere),
        Some(ParentView::NotShown { id_hex: HOSTILE.into() }),
        Some(ParentView::Shown { id_hex: HOSTILE.into(), writer: far, text: HOSTILE.into() }),
    ];
    let note = |(number, state): (usize, NoteState)| NoteView {
        id_hex: HOSTILE.into(),
        writer: far,
        is_mine: number % 2 == 0,
        time_ms: u64::MAX,
        text: HOSTILE.into(),
        state,
        parent: parents[number % parents.len()].clone(),
        answers: u64::MAX * (number as u64 % 2),
    };
    all_states().into_iter().cycle().take(13).enumerate().map(note).collect()
}

fn hostile_page(language: Language, write: WriteView) -> RoomPage {
    RoomPage {
        channel: channel(HOSTILE),
        room: hostile_room(),
        digest: Some(DigestView { day_ms: u64::MAX, notes: hostile_notes() }),
        pinned: hostile_notes(),
        turn: Turn { here: None, older: Some(HOSTILE.into()), newer: Some(HOSTILE.into()) },
        show: Some(HOSTILE.into()),
        answer: hostile_notes().pop(),
        write,
        ..room_page(language, hostile_notes())
    }
}

fn hostile_pens() -> [WriteView; 5] {
    let pen = Pen { draft: HOSTILE.into(), token: HOSTILE.into(), left: u64::MAX, per_day: u64::MAX, ..pen() };
    let spent = Pen { left: 0, ..pen.clone() };
    let ticket = WriteView::NeedsTicket { token: HOSTILE.into() };
    [WriteView::Open(pen), WriteView::Open(spent), ticket, WriteView::Off, WriteView::Closed]
}

fn all_pages(language: Language) -> Vec<String> {
    let mut pages = vec![room(&room_page(language, vec![])), room(&room_page(language, vec![said("a1", "One.")]))];
    for (number, write) in hostile_pens().into_iter().enumerate() {
        let page = hostile_page(language, write.clone());
        pages.push(room(&page));
        let search = Some(SearchView { text: HOSTILE.into(), found: u64::MAX });
        let here = Some(Cursor::After(HOSTILE.into()));
        pages.push(room(&RoomPage { search, turn: Turn { here, ..page.turn.clone() }, ..page.clone() }));
        // The ten states on pages of their own, two with each way to write.
        for one in hostile_notes().into_iter().skip(2 * number).take(2) {
            pages.push(note(&NotePage {
                channel: channel(HOSTILE),
                room: hostile_room(),
                answers: hostile_notes(),
                turn: page.turn.clone(),
                show: Some(HOSTILE.into()),
                write: write.clone(),
                ..note_page(language, one)
            }));
        }
    }
    for outcome in [
        Outcome::Posted,
        Outcome::TakenBack,
        Outcome::Flagged,
        Outcome::TicketKept,
        Outcome::NoWords,
        Outcome::TooLong,
        Outcome::NotATicket,
        Outcome::OldPage,
        Outcome::BoxFailed,
    ] {
        pages.push(room(&RoomPage { outcome: Some(outcome), ..room_page(language, vec![]) }));
    }
    let list =
        RoomsPage { visit: visit(language), channel: channel(HOSTILE), rooms: vec![hostile_room(), room_view()] };
    pages.push(rooms(&RoomsPage { rooms: vec![], ..list.clone() }));
    pages.push(rooms(&list));
    let sheet = vec![HOSTILE.to_owned(), "longear-ticket:aa".to_owned(), "x".repeat(9_000)];
    pages.push(tickets(&TicketSheet {
        visit: visit(language),
        channel: channel(HOSTILE),
        room: hostile_room(),
        tickets: sheet,
    }));
    pages
}

/// Checks that tags nest, and returns them.
fn tags(page: &str) -> Vec<&str> {
    let mut found = Vec::new();
    let mut open = Vec::new();
    for piece in page.split('<').skip(1) {
        let (tag, _) = piece.split_once('>').expect("every tag ends");
        let name = tag.trim_start_matches('/').split([' ', '/']).next().unwrap_or_default();
        let is_void = ["!doctype", "meta", "link", "img", "br", "hr", "input"].contains(&name);
        if tag.starts_with('/') {
            assert_eq!(open.pop(), Some(name), "<{tag}>");
        } else if !is_void && !tag.ends_with('/') {
            open.push(name);
        }
        found.push(tag);
    }
    assert!(open.is_empty(), "{open:?}");
    found
}

#[test]
fn nothing_a_stranger_writes_becomes_markup_or_an_address() {
    for language in Language::ALL {
        for page in all_pages(language) {
            for tag in tags(&page) {
                let outside: String = tag.split('"').step_by(2).collect();
                let forbidden = ["script", "iframe", "img", " style=", " on"];
                assert!(!forbidden.iter().any(|word| outside.to_lowercase().contains(word)), "{tag}");
            }
            for name in ["src=\"", "href=\"", "action=\""] {
                for piece in page.split(name).skip(1) {
                    let (value, _) = piece.split_once('"').expect("every attribute ends");
                    assert!(value.starts_with('/') && !value.starts_with("//"), "{name}{value}");
                    assert!(!value.contains(['<', '\'', '{', ' ']), "{name}{value}");
                }
            }
            for forbidden in ['\u{202E}', '\u{2066}', '\0', '\u{200B}'] {
                assert!(!page.contains(forbidden), "{forbidden:?}");
            }
            assert!(!page.contains("evil.example\"") && !page.contains("autofocus"));
        }
    }
}

#[test]
fn every_page_has_one_heading_its_language_and_each_place_once() {
    for language in Language::ALL {
        for page in all_pages(language) {
            assert_eq!((page.matches("<h1").count(), page.matches("<main").count()), (1, 1));
            assert!(page.contains(&format!("<html lang=\"{}\" dir=\"{}\">", language.tag(), language.direction())));
            // A raised dot beside Farsi digits reads as a nought.
            assert!(language.direction() == "ltr" || !page.contains('·'));
        }
        let notes = vec![said("a1", "One."), with(NoteState::Ahead, said("a2", "Two."))];
        let digest = Some(DigestView { day_ms: NOW_MS, notes: notes.clone() });
        let page = room(&RoomPage { digest, pinned: notes.clone(), ..room_page(language, notes) });
        let mut places: Vec<&str> = page.split(" id=\"").skip(1).filter_map(|rest| rest.split('"').next()).collect();
        places.sort_unstable();
        let all = places.len();
        places.dedup();
        assert_eq!(places.len(), all, "{places:?}");
    }
}

/// The four honest sentences stand word for word where they are needed.
#[test]
fn the_box_says_what_it_could_do() {
    let page = room(&room_page(Language::English, vec![said("a1", "One.")]));
    let checked = page.find("Checked by this box; this page cannot check the box.").expect("said");
    let whose = page.find("Notes are written by readers, not by the newsroom.").expect("said");
    assert!(checked < whose && whose < page.find("<h1").expect("a heading"));
    let public = page.find("Notes are public and carry no name. Do not write what shows who you are.").expect("said");
    let reads = page.find("This box could read and change what you write before it is signed.").expect("said");
    assert!(public < page.find("<textarea").expect("a field") && reads < page.find("<textarea").expect("a field"));
    assert!(page.contains("You are <b>Brave Starling</b> in this room and nobody anywhere else."));
    assert!(page.contains("17 of 20 notes left today"));
}

#[test]
fn a_note_says_who_when_and_what_in_the_page_s_language() {
    let page = room(&room_page(Language::Russian, vec![said("a1", "Мост <закрыт>\nдо вечера")])).replace('\u{a0}', " ");
    assert!(page.contains("<span class=\"bead rim-3 middle-9\" aria-hidden=\"true\"></span>"));
    assert!(page.contains("<b>Тихий Журавль</b>"));
    assert!(page.contains("<time class=\"num\" datetime=\"2026-03-15T07:51:00Z\">14 минут назад</time>"));
    assert!(page.contains("<p dir=\"auto\">Мост &lt;закрыт&gt;<br>до вечера</p>"));
    let empty = room(&room_page(Language::English, vec![said("a1", " \u{202E}\u{200B}\n")]));
    assert!(empty.contains("There is nothing in this note that can be shown."));
}

#[test]
fn an_answer_stands_in_and_quotes_one_line() {
    let text = format!("line one\nline two {}", "long ".repeat(100));
    let shown = ParentView::Shown { id_hex: "a1".repeat(32), writer: writer(1), text };
    let answer = |parent| NoteView { parent: Some(parent), ..said("b2", "Yes.") };
    let page = room(&room_page(Language::English, vec![answer(shown)]));
    assert!(page.contains("<li class=\"note reply\""));
    let href = paths::note(&"0f".repeat(32), &"a1".repeat(32));
    assert!(
        page.contains(&format!("<p class=\"q\"><a href=\"{href}\"><b>Early Stork</b>: <bdi>line one line two long"))
    );
    let secret = room(&room_page(Language::English, vec![answer(ParentView::NotShown { id_hex: "a1".repeat(32) })]));
    assert!(secret.contains("an answer to a note that is not shown"));
    let gone = room(&room_page(Language::English, vec![answer(ParentView::NotHere)]));
    assert!(gone.contains("an answer to a note that is not here"));
}

#[test]
fn what_is_not_shown_comes_by_choice_only_and_what_is_gone_never() {
    for state in all_states().into_iter().filter(|state| *state != NoteState::Shown) {
        let is_gone = matches!(state, NoteState::Purged(_) | NoteState::TakenBack);
        let mut page = room_page(Language::English, vec![with(state.clone(), said("a1", "what nobody should read"))]);
        let silent = room(&page);
        assert!(!silent.contains("what nobody should read"), "{state:?}");
        let ask = format!("{}?show={id}#n-{id}", paths::room(&"0f".repeat(32)), id = "a1".repeat(32));
        assert_eq!(silent.contains(&ask), !is_gone, "{state:?}");
        page.show = Some("a1".repeat(32));
        let asked = room(&page);
        assert_eq!(asked.contains("what nobody should read"), !is_gone, "{state:?}");
        assert_eq!(asked.contains("Hide again"), !is_gone, "{state:?}");
        page.show = Some("b2".repeat(32));
        assert!(!room(&page).contains("what nobody should read"), "{state:?}");
    }
}

#[test]
fn a_moderator_s_reason_is_the_rule_s_own_words() {
    let hidden = |reason| with(NoteState::Hidden(vec![reason]), said("a1", "x"));
    let page = room(&room_page(Language::English, vec![hidden(Reason::Rule(2))]));
    assert!(page.contains("Hidden by a moderator. Rule 2: <bdi>No names or addresses of private people.</bdi></span>"));
    assert!(page.contains("#rule-2\"><span>Read the rules"));
    let unknown = room(&room_page(Language::English, vec![hidden(Reason::Rule(9))]));
    assert!(unknown.contains("Hidden by a moderator. Rule 9.</span>") && !unknown.contains("#rule-9"));
    let personal = room(&room_page(Language::English, vec![hidden(Reason::PersonalData)]));
    assert!(personal.contains("Hidden by a moderator. Personal data.</span>"));
}

#[test]
fn runs_of_moderation_are_one_line() {
    let hidden = |id: &str| with(NoteState::Hidden(vec![Reason::Other]), said(id, "x"));
    let three = vec![hidden("a1"), hidden("a2"), hidden("a3"), said("a4", "shown")];
    let page = room(&room_page(Language::English, three.clone()));
    assert_eq!(page.matches("3 notes are not shown").count(), 1);
    assert_eq!(page.matches("Show anyway").count(), 3);
    let two = room(&room_page(Language::English, three[1..].to_vec()));
    assert!(!two.contains("notes are not shown"));
    let asked = room(&RoomPage { show: Some("a2".repeat(32)), ..room_page(Language::English, three) });
    assert!(!asked.contains("notes are not shown"), "what was asked for is not folded away");
}

#[test]
fn the_digest_and_pins_stand_before_the_talk_on_the_newest_page_only() {
    let notes = vec![said("a1", "talk")];
    let digest =
        Some(DigestView { day_ms: NOW_MS, notes: vec![said("d1", "chosen"), said("d2", "b"), said("d3", "c")] });
    let page = RoomPage { digest, pinned: vec![said("e1", "pinned")], ..room_page(Language::English, notes) };
    let html = room(&page);
    assert!(html.contains("The day in three notes") && html.contains("Chosen by a moderator. All notes are below."));
    let at = |text: &str| html.find(&format!(">{text}</p>")).expect("shown");
    assert!(at("chosen") < at("pinned") && at("pinned") < at("talk"));
    let turn = Turn { here: Some(Cursor::Before("9z".into())), ..Turn::default() };
    for other in [
        RoomPage { turn, ..page.clone() },
        RoomPage { search: Some(SearchView { text: "talk".into(), found: 1 }), ..page.clone() },
    ] {
        let html = room(&other);
        assert!(!html.contains("chosen") && !html.contains("pinned") && html.contains("talk"));
    }
}

#[test]
fn pages_turn_by_cursor_and_keep_what_was_asked() {
    let turn = Turn { here: Some(Cursor::Before("9z".into())), older: Some("1b".into()), newer: Some("2c".into()) };
    let hidden = with(NoteState::Ahead, said("a1", "x"));
    let mut page = RoomPage { turn, ..room_page(Language::English, vec![hidden, said("a2", "y")]) };
    let at = paths::room(&"0f".repeat(32));
    let html = room(&page);
    assert!(html.contains(&format!("rel=\"prev\" href=\"{at}?before=1b\"")), "{html}");
    assert!(html.contains(&format!("rel=\"next\" href=\"{at}?after=2c\"")));
    assert!(
        html.contains(&format!("{at}?before=9z&amp;show=")) && html.contains(&format!("{at}?before=9z&amp;answer="))
    );
    assert!(html.contains(&format!("{at}?before=9z&amp;lang=fa\"")));
    page.search = Some(SearchView { text: "су & нан".into(), found: 1 });
    page.visit.language_chosen = true;
    let html = room(&page);
    assert!(html.contains(&format!("{at}?q=%D1%81%D1%83%20%26%20%D0%BD%D0%B0%D0%BD&amp;before=1b&amp;lang=en")));
    assert!(html.contains("name=\"q\"") && html.contains("value=\"су &amp; нан\""));
    assert!(html.contains("<input type=\"hidden\" name=\"lang\" value=\"en\">"), "a form that asks drops its query");
}

#[test]
fn every_form_that_changes_something_is_posted_with_its_token() {
    let mine = NoteView { is_mine: true, ..said("a1", "x") };
    let at = paths::note(&"0f".repeat(32), &"a1".repeat(32));
    let cases = [
        (note(&note_page(Language::English, mine.clone())), format!("{at}/take-back"), format!("{at}/flag")),
        (note(&note_page(Language::English, said("a1", "x"))), format!("{at}/flag"), format!("{at}/take-back")),
    ];
    for (page, present, absent) in cases {
        assert!(page.contains(&format!("method=\"post\" action=\"{present}\"")) && !page.contains(&absent));
        assert!(page.contains(&format!("method=\"post\" action=\"{}/write\"", paths::room(&"0f".repeat(32)))));
        assert!(page.contains(&format!("<input type=\"hidden\" name=\"parent\" value=\"{}\">", "a1".repeat(32))));
        let posts = page.matches("method=\"post\"").count();
        assert_eq!(page.matches("name=\"token\" value=\"t0k3n\"").count(), posts);
        assert_eq!(posts, 2);
    }
    let gone = note(&note_page(Language::English, with(NoteState::TakenBack, mine)));
    assert!(!gone.contains("/take-back"));
}

#[test]
fn who_cannot_write_is_told_why() {
    let cases = [
        (WriteView::Off, "Nobody can write at this box."),
        (WriteView::Closed, "This room is closed."),
        (WriteView::Open(Pen { left: 0, ..pen() }), "No notes are left today."),
        (WriteView::NeedsTicket { token: "t0k3n".into() }, "To write here you need a ticket"),
    ];
    for (write, said_why) in cases {
        let page = room(&RoomPage { write, ..room_page(Language::English, vec![said("a1", "x")]) });
        assert!(page.contains(said_why) && !page.contains("<textarea"), "{said_why}");
        assert!(!page.contains("answer="), "{said_why}");
    }
}

#[test]
fn an_answer_names_its_note_and_a_draft_comes_back_whole() {
    let draft = "\n  </textarea> my words".to_owned();
    let page = RoomPage {
        answer: Some(said("a1", "the question")),
        write: WriteView::Open(Pen { draft, ..pen() }),
        ..room_page(Language::English, vec![])
    };
    let html = room(&page);
    assert!(html.contains("Write an answer") && html.contains("<bdi>the question</bdi>"));
    assert!(html.contains(&format!("name=\"parent\" value=\"{}\"", "a1".repeat(32))));
    assert!(html.contains(">\n\n  &lt;/textarea&gt; my words</textarea>"));
    let hidden = with(NoteState::Hidden(vec![]), said("a1", "the question"));
    assert!(!room(&RoomPage { answer: Some(hidden), ..page }).contains("the question"));
}

#[test]
fn how_much_is_here_is_said_as_far_as_it_is_known() {
    let said_of = |known| {
        let view = RoomView { notes_known: known, ..room_view() };
        room(&RoomPage { room: view, ..room_page(Language::English, vec![]) })
    };
    assert!(said_of(None).contains("212 notes are here."));
    assert!(said_of(Some(12_840)).contains("212 of 12,840 notes are here."));
    assert!(said_of(Some(200)).contains("212 notes are here."), "who knows fewer has told of less");
    let none = RoomView { notes_here: 0, ..room_view() };
    let empty = room(&RoomPage { room: none, ..room_page(Language::English, vec![]) });
    assert!(empty.contains("No notes are here yet.") && !empty.contains(">0 notes"));
}

#[test]
fn tickets_stand_eight_on_a_sheet_and_say_nothing_of_anybody() {
    let ticket = |number| format!("longear-ticket:k4vq2m7xw3hd{number}");
    let sheet = TicketSheet {
        visit: visit(Language::Kazakh),
        channel: channel("Sarybulaq News"),
        room: room_view(),
        tickets: (0..9).map(ticket).collect(),
    };
    let page = tickets(&sheet);
    assert_eq!((page.matches("<ul class=\"sheet\">").count(), page.matches("<li class=\"ticket\">").count()), (2, 9));
    assert_eq!(page.matches("role=\"img\"").count(), 9);
    assert_eq!(page.matches("Кімге тигенін ешкім жазып қоймайды.").count(), 9);
    assert!(page.contains("longear-ticket:k4vq2m7xw3hd8</p>") && page.contains("After the water</p>"));
    // It is a file on somebody's disk: without its style in it, printers gave a page to each code.
    assert!(page.contains(".ticket svg {") && !page.contains("href=") && !page.contains("src="));
    // Neither the frame of a page nor a time tells where and when it was printed.
    assert!(!page.contains("<header") && !page.contains("<footer") && !page.contains("<time"));
}
