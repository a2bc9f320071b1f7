//! What every page must hold, whatever is in it.

use longear_pages::{
    AboutPage, AddressPage, AppFile, BoxPage, ChannelView, ChapterView, ErrorKind, ItemPage, ItemView, Kind, Language,
    LivePhase, LiveView, Origin, RenditionView, RoomLink, SaveView, Status, TrackView, VariantView, Visit, about,
    address, error, feed, item, paths,
};

const NOW_MS: u64 = 1_773_561_900_000;
const HOUR_MS: u64 = 3_600_000;

/// Tries to leave every place it can be put in: text, attribute, address, placeholder; and to reorder the page.
const HOSTILE: &str = "\"'><script>alert(1)</script><img src=http://evil.example/x onerror=alert(1)>{n}{age}&lt;\u{202E}\u{2066}\u{0}\u{200B}";

fn visit(language: Language) -> Visit {
    Visit { language, language_chosen: false, now_ms: NOW_MS }
}

fn channel() -> ChannelView {
    ChannelView {
        id: [6; 32],
        name: "Sarybulaq News".into(),
        address: "longear:k4vq2m7xw3hd6z5rjnapt2ycfba7sgeu4v3k6mq5xwhdzrt3ea".into(),
        digits: "482910376521948302175640093871".into(),
        last_word_ms: Some(NOW_MS - 14 * HOUR_MS),
        missing_posts: 0,
        charter_number: 3,
        disputed_charter: false,
    }
}

fn variant(tag: &str, origin: Origin, title: &str) -> VariantView {
    VariantView { tag: tag.into(), origin, title: title.into(), body_markdown: format!("Body of {title}.") }
}

fn rendition(name: &str, mime: &str, size_bytes: u64, have_bytes: u64) -> RenditionView {
    RenditionView {
        name: name.into(),
        mime: mime.into(),
        size_bytes,
        have_bytes,
        held: std::iter::once(0..have_bytes).collect(),
        duration_ms: Some(1_450_000),
        width: Some(640),
        height: Some(360),
        href: format!("/b/aa/{name}"),
    }
}

fn broadcast() -> ItemView {
    ItemView {
        id_hex: "a1".repeat(32),
        channel_id: [6; 32],
        channel_name: "Sarybulaq News".into(),
        kind: Kind::Media,
        variants: vec![
            variant("kk", Origin::Original, "Кешкі эфир"),
            variant("en", Origin::Human, "Evening broadcast"),
            variant("ru", Origin::Machine, "Вечерний эфир"),
        ],
        time_ms: NOW_MS - 14 * HOUR_MS,
        status: Status::Shown,
        corrected: false,
        renditions: vec![
            rendition("360p", "video/mp4", 28_000_000, 12_040_000),
            rendition("sound", "audio/mp4", 4_100_000, 4_100_000),
        ],
        still: Some("/b/bb/still".into()),
        app_file: None,
        live: None,
    }
}

fn box_page(language: Language, items: Vec<ItemView>) -> BoxPage {
    BoxPage {
        visit: visit(language),
        channels: vec![channel()],
        items,
        page: 0,
        more: false,
        posts_total: 1,
        rooms: Vec::new(),
    }
}

fn item_page(language: Language, item: ItemView) -> ItemPage {
    ItemPage { visit: visit(language), channel: channel(), item, form: None, text: None, play: None, from_ms: None }
}

fn hostile_channel() -> ChannelView {
    ChannelView {
        name: HOSTILE.into(),
        address: HOSTILE.into(),
        digits: HOSTILE.into(),
        missing_posts: 3,
        charter_number: u64::MAX,
        disputed_charter: true,
        last_word_ms: Some(u64::MAX),
        ..channel()
    }
}

fn hostile_item(status: Status, medium: &str) -> ItemView {
    let rendition = |have_bytes| RenditionView {
        name: HOSTILE.into(),
        mime: format!("{medium}{HOSTILE}"),
        size_bytes: 10,
        have_bytes,
        held: vec![0..u64::MAX, 5..7],
        duration_ms: Some(u64::MAX),
        width: Some(u32::MAX),
        height: Some(0),
        href: format!("/b/{HOSTILE}"),
    };
    ItemView {
        id_hex: HOSTILE.into(),
        channel_name: HOSTILE.into(),
        variants: vec![
            VariantView {
                tag: HOSTILE.into(),
                origin: Origin::Machine,
                title: HOSTILE.into(),
                body_markdown: HOSTILE.into(),
            },
            variant(HOSTILE, Origin::Original, HOSTILE),
        ],
        time_ms: u64::MAX,
        status,
        corrected: true,
        renditions: vec![
            rendition(10),
            rendition(5),
            RenditionView { mime: medium.into(), href: "http://evil.example/x".into(), ..rendition(10) },
        ],
        still: Some("//evil.example/x".into()),
        app_file: Some(AppFile { href: HOSTILE.into(), size_bytes: u64::MAX }),
        live: Some(hostile_live()),
        ..broadcast()
    }
}

fn hostile_live() -> LiveView {
    let chapter = |start_ms, is_here| ChapterView { start_ms, title: HOSTILE.into(), is_here };
    LiveView {
        phase: LivePhase::Waiting { since_ms: u64::MAX },
        length_ms: u64::MAX,
        tracks: vec![TrackView { name: HOSTILE.into(), is_sound: false, held: vec![0..u64::MAX, 5..7] }],
        list_href: None,
        href: Some(HOSTILE.into()),
        sound_href: Some("//evil.example/x".into()),
        past_href: Some("http://evil.example/x".into()),
        from_href: Some(format!("/live/{HOSTILE}")),
        chapters: vec![chapter(0, true), chapter(u64::MAX, false)],
        marks: vec![0, u64::MAX],
        saves: vec![SaveView { href: HOSTILE.into(), name: HOSTILE.into(), is_sound: false, size_bytes: u64::MAX }],
    }
}

fn all_pages(language: Language) -> Vec<String> {
    let mut pages = Vec::new();
    for items in [vec![], vec![broadcast()]] {
        pages.push(feed(&box_page(language, items)));
    }
    for status in [Status::Shown, Status::Disputed, Status::Retracted, Status::Unconfirmed, Status::Refused] {
        for medium in ["video/mp4", "audio/ogg", "image/jpeg", "application/pdf"] {
            let mut page = item_page(language, hostile_item(status, medium));
            page.channel = hostile_channel();
            page.text = Some(HOSTILE.into());
            page.form = Some(usize::MAX);
            page.from_ms = Some(u64::MAX);
            pages.push(item(&page));
            let mut list = box_page(language, vec![hostile_item(status, medium)]);
            list.channels = vec![hostile_channel(), hostile_channel()];
            list.page = u64::MAX;
            list.more = true;
            pages.push(feed(&list));
        }
    }
    pages.push(item(&item_page(language, broadcast())));
    pages.push(about(&AboutPage { visit: visit(language), channels: vec![channel(), hostile_channel()] }));
    for channel in [channel(), hostile_channel()] {
        pages.push(address(&AddressPage { visit: visit(language), channel }));
    }
    for kind in [ErrorKind::NotFound, ErrorKind::Gone, ErrorKind::BoxFailed, ErrorKind::NotReady] {
        pages.push(error(kind, &visit(language)));
    }
    pages
}

/// Checks that tags nest, and returns them.
fn tags(page: &str) -> Vec<&str> {
    let mut found = Vec::new();
    let mut open = Vec::new();
    for piece in page.split('<').skip(1) {
        let (tag, _) = piece.split_once('>').expect("every tag ends");
        let name = tag.trim_start_matches('/').split([' ', '/']).next().unwrap_or_default();
        let is_void = ["!doctype", "meta", "link", "img", "br", "hr"].contains(&name);
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
fn nothing_a_publisher_writes_becomes_markup() {
    for language in Language::ALL {
        for page in all_pages(language) {
            for tag in tags(&page) {
                let lower = tag.to_lowercase();
                assert!(!lower.starts_with("script") && !lower.starts_with("iframe"), "{tag}");
                for word in [" style=", " onerror", " onload", " onclick", "javascript:"] {
                    assert!(!attribute_names(tag).contains(word.trim()), "{tag}");
                }
            }
            for forbidden in ['\u{202E}', '\u{2066}', '\0', '\u{200B}'] {
                assert!(!page.contains(forbidden), "{forbidden:?}");
            }
            assert!(!page.contains("<script") && !page.contains("<img src=http"));
        }
    }
}

/// The part of a tag outside of its quoted values.
fn attribute_names(tag: &str) -> String {
    tag.split('"').step_by(2).collect()
}

#[test]
fn nothing_is_loaded_from_elsewhere() {
    for language in Language::ALL {
        for page in all_pages(language) {
            for name in ["src=\"", "poster=\"", "href=\""] {
                for piece in page.split(name).skip(1) {
                    let (value, _) = piece.split_once('"').expect("every attribute ends");
                    assert!(value.starts_with('/') && !value.starts_with("//"), "{name}{value}");
                }
            }
            assert!(!page.contains("srcset") && !page.contains("http-equiv"));
        }
    }
}

#[test]
fn every_page_has_one_heading_of_the_first_rank_and_its_language() {
    for language in Language::ALL {
        for page in all_pages(language) {
            assert_eq!(page.matches("<h1").count(), 1);
            assert_eq!(page.matches("<main").count(), 1);
            let root = format!("<html lang=\"{}\" dir=\"{}\">", language.tag(), language.direction());
            assert!(page.contains(&root));
            assert!(!page.contains("autofocus") && !page.contains("autoplay"));
        }
    }
}

#[test]
fn who_checked_it_comes_before_everything_else() {
    let sentence = "Checked by this box; this page cannot check the box.";
    for page in
        [feed(&box_page(Language::English, vec![broadcast()])), item(&item_page(Language::English, broadcast()))]
    {
        let place = page.find(sentence).expect("said");
        assert!(place < page.find("Evening broadcast</").unwrap_or(usize::MAX));
        assert!(place < page.find("<article").expect("an item"));
        assert!(place < page.find("<h1").expect("a heading"));
    }
}

#[test]
fn no_badge_and_no_route_in_the_box_view() {
    let badges = [
        "From the publisher, unchanged",
        "От издателя, без изменений",
        "Жариялаушыдан, өзгертілмеген",
        "Checking…",
        "by stick",
        "by hotspot",
    ];
    for language in Language::ALL {
        for page in all_pages(language) {
            for badge in badges {
                assert!(!page.contains(badge), "{badge}");
            }
        }
    }
}

fn plain(page: String) -> String {
    page.replace('\u{a0}', " ")
}

#[test]
fn a_partial_video_plays_and_says_how_much_is_here() {
    let page = plain(item(&item_page(Language::English, broadcast())));
    assert!(page.contains("<video controls preload=\"metadata\" playsinline src=\"/b/aa/360p\""));
    assert!(page.contains("poster=\"/b/bb/still\" width=\"640\" height=\"360\""));
    assert!(page.contains("43 % here, 12 of 28 MB"));
    assert!(page.contains("aria-label=\"43 % here, missing from 10:23 to 24:10\""));
    assert!(page.contains("M0 2.5H43\""));
    assert!(!page.contains("Save video"), "not before it is whole");
    assert!(page.contains("Save sound <small>4.1 MB"));
    assert!(page.contains("translated by a person from Kazakh"));
    let kazakh = plain(item(&item_page(Language::Kazakh, broadcast())));
    assert!(kazakh.contains("43 % осында, 28 МБ-тан 12 МБ"));
    assert!(kazakh.contains("<h1 lang=\"kk\" dir=\"auto\">Кешкі эфир</h1>"));
}

#[test]
fn a_whole_video_can_be_saved_and_its_line_is_quiet() {
    let mut whole = broadcast();
    whole.renditions[0] = rendition("360p", "video/mp4", 28_000_000, 28_000_000);
    let page = plain(item(&item_page(Language::Russian, whole.clone())));
    assert!(page.contains("download=\"360p.mp4\""));
    assert!(page.contains("Сохранить видео <small>28 МБ"));
    assert!(page.contains("<div class=\"line whole\" role=\"img\" aria-label=\"Здесь целиком\">"));
    let list = plain(feed(&box_page(Language::English, vec![whole])));
    assert!(list.contains("Save video <small>28 MB"));
    assert!(!list.contains("% here"));
}

#[test]
fn a_reader_chooses_the_form_and_the_text() {
    let mut page = item_page(Language::English, broadcast());
    page.form = Some(1);
    page.text = Some("kk".into());
    let html = item(&page);
    assert!(html.contains("<audio controls preload=\"metadata\" src=\"/b/aa/sound\""));
    assert!(html.contains("<h1 lang=\"kk\" dir=\"auto\">Кешкі эфир</h1>"));
    assert!(html.contains(&format!("{}?form=0#player", paths::item(&"a1".repeat(32)))));
    assert!(html.contains("?text=ru\""));
}

#[test]
fn a_broadcast_begins_where_its_reader_wants() {
    let chapter = |start_ms, title: &str, is_here| ChapterView { start_ms, title: title.into(), is_here };
    let live = LiveView {
        phase: LivePhase::Over,
        length_ms: 1_500_000,
        tracks: vec![TrackView { name: "360p".into(), is_sound: false, held: std::iter::once(0..600_000).collect() }],
        list_href: None,
        href: Some("/live/a1/index.m3u8".into()),
        sound_href: None,
        past_href: None,
        from_href: Some("/live/a1/index.m3u8?from=".into()),
        chapters: vec![chapter(0, "The <bridge>", true), chapter(1_200_000, "Дауыс беру", false)],
        marks: vec![0, 600_000],
        saves: vec![],
    };
    let mut page = item_page(Language::English, ItemView { renditions: vec![], live: Some(live), ..broadcast() });
    let path = paths::item(&"a1".repeat(32));
    let html = item(&page);
    assert!(html.contains("<video controls preload=\"metadata\" playsinline src=\"/live/a1/index.m3u8\""));
    assert!(
        html.contains(&format!("<a href=\"{path}?from=0\"><b>0:00</b><span><bdi>The &lt;bridge&gt;</bdi></span></a>"))
    );
    assert!(html.contains("<span><b>20:00</b><span><bdi>Дауыс беру</bdi></span></span>"), "nothing is here of it");
    page.from_ms = Some(600_000);
    let html = item(&page);
    assert!(html.contains("src=\"/live/a1/index.m3u8?from=600000\""));
    assert!(html.contains(&format!("<a href=\"{path}?from=600000\" aria-current=\"true\">10:00</a>")));
}

#[test]
fn what_may_not_be_shown_is_not_shown() {
    for status in [Status::Retracted, Status::Unconfirmed, Status::Refused] {
        let hidden = ItemView { status, ..broadcast() };
        let page = item(&item_page(Language::English, hidden.clone()));
        for secret in ["Evening broadcast", "Body of", "/b/aa/", "Кешкі эфир", "/b/bb/still"] {
            assert!(!page.contains(secret), "{status:?} {secret}");
        }
        let list = feed(&box_page(Language::English, vec![hidden]));
        assert!(!list.contains("<article") && list.contains("Nothing here yet."));
    }
    let retracted = ItemView { status: Status::Retracted, ..broadcast() };
    let page = item(&item_page(Language::English, retracted));
    assert!(page.contains("Taken back by the publisher"));
}

#[test]
fn a_dispute_is_said_on_the_card_and_on_the_page() {
    let disputed = ItemView { status: Status::Disputed, ..broadcast() };
    let card = feed(&box_page(Language::English, vec![disputed.clone()]));
    assert!(card.contains("This post is in dispute") && card.contains("Evening broadcast"));
    assert!(item(&item_page(Language::English, disputed)).contains("class=\"say stop\""));
    let mut page = box_page(Language::Russian, vec![broadcast()]);
    page.channels[0].disputed_charter = true;
    assert!(feed(&page).contains("Две разные хартии называют себя номером 4"));
}

#[test]
fn missing_posts_have_their_own_row_in_the_right_number() {
    let mut page = box_page(Language::Russian, vec![broadcast()]);
    for (count, words) in [
        (1, "1 сообщение ещё не дошло до этого узла."),
        (3, "3 сообщения ещё не дошли до этого узла."),
        (11, "11 сообщений ещё не дошли до этого узла."),
    ] {
        page.channels[0].missing_posts = count;
        assert!(feed(&page).contains(words), "{words}");
    }
    page.channels[0].missing_posts = 0;
    assert!(!feed(&page).contains("не дошл"));
}

#[test]
fn the_horizon_and_the_sentence_agree() {
    let page = plain(feed(&box_page(Language::English, vec![broadcast()])));
    assert!(page.contains("class=\"horizon age-66\""));
    assert!(page.contains("Last word from the publisher: <b>14 h ago</b>"));
    let mut silent = box_page(Language::English, vec![]);
    silent.channels[0].last_word_ms = None;
    let page = feed(&silent);
    assert!(page.contains("class=\"horizon none\""));
    assert!(page.contains("No word from a publisher has reached this box yet."));
}

/// A raised dot beside Farsi digits reads as another nought: fourteen hours became a hundred and forty.
#[test]
fn no_raised_dot_stands_beside_farsi_digits() {
    for language in [Language::Farsi, Language::Arabic] {
        for page in all_pages(language) {
            assert!(!page.contains('·'));
        }
    }
}

#[test]
fn a_chosen_language_stays_chosen() {
    let mut page = box_page(Language::Kazakh, vec![broadcast()]);
    page.more = true;
    assert!(feed(&page).contains("href=\"/?page=1\""));
    page.visit.language_chosen = true;
    let html = feed(&page);
    assert!(html.contains("href=\"/?page=1&amp;lang=kk\""));
    assert!(html.contains(&format!("{}?lang=kk\"", paths::item(&"a1".repeat(32)))));
    for (tag, name) in [("kk", "Қазақша"), ("ru", "Русский"), ("en", "English"), ("fa", "فارسی"), ("ar", "العربية")]
    {
        assert!(html.contains(&format!("href=\"/?lang={tag}\" hreflang=\"{tag}\"")));
        assert!(html.contains(name));
    }
}

#[test]
fn the_address_goes_along_in_text_digits_and_picture() {
    let page = address(&AddressPage { visit: visit(Language::Farsi), channel: channel() });
    assert!(page.contains("longear:k4vq2m7xw3hd6z5rjnapt2ycfba7sgeu4v3k6mq5xwhdzrt3ea</p>"));
    let digits = "<span>48291</span> <span>03765</span> <span>21948</span> <span>30217</span> <span>56400</span> <span>93871</span>";
    assert!(page.contains(digits), "never in Farsi digits");
    assert!(page.contains("shape-rendering=\"crispEdges\""));
    let list = feed(&box_page(Language::English, vec![broadcast()]));
    assert!(list.contains(&format!("href=\"{}\"", paths::address(&[6; 32]))));
    assert!(list.contains("Get the app later: take the address with you"));
}

#[test]
fn media_without_words_still_have_a_name() {
    let mut silent = broadcast();
    silent.variants.clear();
    let page = item(&item_page(Language::English, silent.clone()));
    assert!(page.contains("<h1 dir=\"auto\">Video</h1>"));
    silent.renditions.clear();
    let page = item(&item_page(Language::Russian, silent));
    assert!(page.contains("Сообщение без заголовка"));
}

#[test]
fn the_feed_leads_to_rooms_whatever_they_are_called() {
    let room =
        RoomLink { id_hex: "ab".repeat(32), language: "en".into(), title: "Water <b>\u{202E}\" onclick=".into() };
    let page = BoxPage { rooms: vec![room], ..box_page(Language::English, Vec::new()) };
    let html = feed(&page);
    assert!(
        html.contains(&format!("href=\"/room/{}?lang=en\"", "ab".repeat(32)))
            || html.contains(&format!("href=\"/room/{}\"", "ab".repeat(32))),
        "{html}"
    );
    assert!(html.contains("Water &lt;b&gt;") && !html.contains('\u{202E}'));
    assert!(!feed(&BoxPage { page: 1, ..page }).contains("/room/"), "on the first page only");
}
