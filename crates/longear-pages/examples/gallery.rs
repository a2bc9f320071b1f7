//! Writes sample pages of the box view into a directory, to be looked at: `gallery DIR`.

use std::ops::Range;
use std::path::Path;
use std::{env, fs, io};

use longear_pages::{
    AboutPage, AddressPage, BoxPage, ChannelView, ChapterView, ErrorKind, ItemPage, ItemView, Kind, Language,
    LivePhase, LiveView, Origin, RenditionView, SaveView, Status, TrackView, VariantView, Visit, about, address, error,
    feed, icon, item, stylesheet,
};

const NOW_MS: u64 = 1_773_561_900_000;
const HOUR_MS: u64 = 3_600_000;

fn main() -> io::Result<()> {
    let directory = env::args().nth(1).unwrap_or_else(|| "gallery".to_owned());
    let directory = Path::new(&directory);
    fs::create_dir_all(directory.join("page"))?;
    fs::write(directory.join("page/style.css"), stylesheet())?;
    fs::write(directory.join("page/icon.svg"), icon())?;
    fs::write(directory.join("still.svg"), STILL)?;
    for language in Language::ALL {
        for (name, page) in pages(language) {
            let file = format!("{name}.{}.html", language.tag());
            fs::write(directory.join(file), page)?;
        }
    }
    Ok(())
}

fn pages(language: Language) -> Vec<(&'static str, String)> {
    let visit = Visit { language, language_chosen: true, now_ms: NOW_MS };
    let channels = vec![river_news()];
    let from = |from_ms: Option<u64>, item: ItemView| ItemPage {
        visit,
        channel: river_news(),
        item,
        form: None,
        text: None,
        play: None,
        from_ms,
    };
    let one = |item: ItemView| from(None, item);
    let list = |items, channels, page, more| BoxPage {
        visit,
        channels,
        items,
        page,
        more,
        posts_total: 212,
        rooms: Vec::new(),
    };
    let mut disputed = two_channels();
    disputed[0].disputed_charter = true;
    vec![
        ("feed", feed(&list(items(), channels.clone(), 0, true))),
        ("feed-end", feed(&list(items(), disputed, 17, false))),
        ("empty", feed(&list(vec![], channels.clone(), 0, false))),
        ("fresh", feed(&list(vec![], vec![], 0, false))),
        ("item", item(&one(broadcast()))),
        ("text", item(&one(river()))),
        ("photos", item(&one(photos()))),
        ("disputed", item(&one(hostile()))),
        ("whole", item(&one(election()))),
        ("sound", item(&one(sound()))),
        ("live", item(&one(town_meeting(LivePhase::Live, 0)))),
        ("live-waiting", item(&one(town_meeting(LivePhase::Waiting { since_ms: NOW_MS - 17 * 60_000 }, 0)))),
        ("live-soon", item(&one(town_meeting(LivePhase::Soon, 0)))),
        ("live-over", item(&one(town_meeting(LivePhase::Over, 900_000)))),
        ("live-chapters", item(&from(Some(1_214_000), with_chapters(town_meeting(LivePhase::Over, 0))))),
        ("live-feed", feed(&list(vec![town_meeting(LivePhase::Live, 0), river()], channels.clone(), 0, false))),
        ("retracted", item(&one(with_status(river(), Status::Retracted)))),
        ("refused", item(&one(with_status(river(), Status::Refused)))),
        ("about", about(&AboutPage { visit, channels: two_channels() })),
        ("address", address(&AddressPage { visit, channel: river_news() })),
        ("error", error(ErrorKind::NotFound, &visit)),
        ("not-ready", error(ErrorKind::NotReady, &visit)),
    ]
}

fn channel(id: u8, name: &str, hours: u64, missing_posts: u64) -> ChannelView {
    ChannelView {
        id: [id; 32],
        name: name.to_owned(),
        address: "longear:k4vq2m7xw3hd6z5rjnapt2ycfba7sgeu4v3k6mq5xwhdzrt3ea".to_owned(),
        digits: "482910376521948302175640093871".to_owned(),
        last_word_ms: Some(NOW_MS - hours * HOUR_MS),
        missing_posts,
        charter_number: 3,
        disputed_charter: false,
    }
}

fn river_news() -> ChannelView {
    channel(6, "Сарыбұлақ жаңалықтары", 14, 3)
}

fn two_channels() -> Vec<ChannelView> {
    vec![river_news(), channel(9, "Dala Relief", 30, 1)]
}

fn items() -> Vec<ItemView> {
    vec![broadcast(), river(), sound(), hostile(), photos(), election()]
}

fn post(id: &str, hours: u64, variants: Vec<VariantView>) -> ItemView {
    ItemView {
        id_hex: id.repeat(32),
        channel_id: [6; 32],
        channel_name: "Сарыбұлақ жаңалықтары".to_owned(),
        kind: Kind::Post,
        variants,
        time_ms: NOW_MS - hours * HOUR_MS,
        status: Status::Shown,
        corrected: false,
        renditions: vec![],
        still: None,
        app_file: None,
        live: None,
    }
}

/// A broadcast that was cut after 34 minutes; `filled_ms` of what was missed has come since.
fn town_meeting(phase: LivePhase, filled_ms: u64) -> ItemView {
    let cut = 2_040_000 + filled_ms;
    let has_begun = phase != LivePhase::Soon;
    let track = |name: &str, is_sound, end: u64| TrackView {
        name: name.to_owned(),
        is_sound,
        held: [0..end, 3_060_000..4_300_000].into_iter().take(if phase == LivePhase::Over { 2 } else { 1 }).collect(),
    };
    let length_ms = if phase == LivePhase::Over { 4_300_000 } else { 2_040_000 };
    let tracks = vec![track("360p", false, 1_400_000), track("144p", false, 1_900_000), track("audio", true, cut)];
    let href = has_begun.then(|| "/live/00/index.m3u8".to_owned());
    let live = LiveView {
        phase,
        length_ms: if has_begun { length_ms } else { 0 },
        tracks: if has_begun { tracks } else { vec![] },
        from_href: has_begun.then(|| "/live/00/index.m3u8?from=".to_owned()),
        chapters: vec![],
        marks: vec![],
        past_href: href.clone().filter(|_| phase != LivePhase::Over),
        saves: match phase {
            LivePhase::Over => vec![save("144p.mp4", false, 31_000_000), save("audio.m4a", true, 8_600_000)],
            _ => vec![],
        },
        sound_href: has_begun.then(|| "/live/00/audio.m3u8".to_owned()),
        list_href: href.clone(),
        href,
    };
    let title =
        text("en", Origin::Original, "Town meeting: the bridge, the power, the vote", "Questions by note to the hall.");
    ItemView { live: Some(live), still: Some("/still.svg".to_owned()), ..post("a1", 1, vec![title]) }
}

fn with_chapters(mut item: ItemView) -> ItemView {
    let Some(live) = &mut item.live else { return item };
    let chapter = |start_ms: u64, title: &str, is_here| ChapterView { start_ms, title: title.to_owned(), is_here };
    live.chapters = vec![
        chapter(0, "Opening words", true),
        chapter(1_214_000, "Көпір туралы сұрақтар: қашан ашылады, кім жауап береді, құны қанша болады", true),
        chapter(2_460_000, "Отключения света", false),
        chapter(3_600_000, "رأی‌گیری", true),
        chapter(4_080_000, "Zhauapkershilikterinizdegilergezhauapkershilikterinizdegilerge", true),
    ];
    live.marks = (0..=7).map(|number| number * 600_000).filter(|start| *start != 2_400_000).collect();
    item
}

fn save(name: &str, is_sound: bool, size_bytes: u64) -> SaveView {
    SaveView { href: format!("/live/00/{name}"), name: name.to_owned(), is_sound, size_bytes }
}

fn with_status(item: ItemView, status: Status) -> ItemView {
    ItemView { status, ..item }
}

fn text(tag: &str, origin: Origin, title: &str, body: &str) -> VariantView {
    VariantView { tag: tag.to_owned(), origin, title: title.to_owned(), body_markdown: body.to_owned() }
}

fn rendition(name: &str, mime: &str, size_bytes: u64, held: &[Range<u64>]) -> RenditionView {
    let is_played = mime.starts_with("video") || mime.starts_with("audio");
    RenditionView {
        name: name.to_owned(),
        mime: mime.to_owned(),
        size_bytes,
        have_bytes: held.iter().map(|range| range.end - range.start).sum(),
        held: held.to_vec(),
        duration_ms: is_played.then_some(1_450_000),
        width: None,
        height: name.strip_suffix('p').and_then(|height| height.parse().ok()),
        href: if mime.starts_with("image") { "/still.svg".to_owned() } else { "/b/00/00".to_owned() },
    }
}

fn broadcast() -> ItemView {
    let kk = "Жоғарғы көпір маңында судың деңгейі **412 см**, түн ортасындағыдан 20 см төмен. Бейсенбіде таудағы қар ерігенде су қайта көтеріледі, бірақ осы аптадағыдан аз болады.\n\nТөменгі көпір жабық, екінші тірегі тексеріліп жатыр. Жауапкершіліктеріңіздегілерге де ескертіңіздер.";
    let ru = "Вода у верхнего моста стоит на отметке **412 см**, на 20 см ниже, чем в полночь. В четверг, когда в горах растает снег, она снова поднимется, но меньше, чем на этой неделе.\n\nНижний мост закрыт, второй опоре делают осмотр.";
    let en = "The water stands at **412 cm** at the upper bridge, 20 cm lower than at midnight. It will rise again on Thursday when the snow of the hills comes down, but by less than this week.\n\nLower bridge: closed, the second pier is being examined. More at [the river service](https://example.org/river).";
    let fa = "آب در پل بالایی **۴۱۲** سانتی‌متر است، ۲۰ سانتی‌متر پایین‌تر از نیمه‌شب. پنجشنبه دوباره بالا می‌آید.";
    ItemView {
        kind: Kind::Media,
        renditions: vec![
            rendition("sound.m4a", "audio/mp4", 4_100_000, std::slice::from_ref(&(0..4_100_000))),
            rendition("144p", "video/mp4", 9_000_000, &[0..2_000_000, 5_000_000..7_000_000]),
            rendition("360p", "video/mp4", 28_000_000, &[0..8_680_000, 10_640_000..14_000_000]),
            rendition("1080p", "video/mp4", 120_000_000, &[]),
        ],
        still: Some("/still.svg".to_owned()),
        ..post(
            "a1",
            14,
            vec![
                text("kk", Origin::Original, "Кешкі эфир: судың деңгейі ертеңгі күнге нені білдіреді", kk),
                text("ru", Origin::Human, "Вечерний эфир: что уровень воды значит для завтрашнего дня", ru),
                text("en", Origin::Human, "Evening broadcast: what the water level means for tomorrow", en),
                text("fa", Origin::Machine, "برنامهٔ شب: سطح آب برای فردا چه معنایی دارد", fa),
            ],
        )
    }
}

fn river() -> ItemView {
    let en = "Buses 3 and 7 go over the upper bridge until further notice. Drinking water is handed out at School No. 2 from 9 to 18.\n\n## Where to find help\n\n1. School No. 2: water, blankets\n2. Clinic on Kamys Street: open day and night\n\n> Keep papers, medicine and a torch in one bag.\n\n| Street | Hours without power | Who to call |\n|---|---|---|\n| Kamys | 9–12 | 102 |\n| Tasbulaq, upper part | 13–16 | 102 |\n\n<script>alert('hello')</script>";
    let ru = "Автобусы 3 и 7 пока ходят по верхнему мосту. Питьевую воду раздают в школе № 2 с 9 до 18.";
    ItemView {
        corrected: true,
        ..post(
            "b2",
            15,
            vec![
                text("en", Origin::Original, "River falls 20 cm overnight, lower bridge still closed", en),
                text("ru", Origin::Machine, "За ночь вода упала на 20 см, нижний мост ещё закрыт", ru),
            ],
        )
    }
}

fn sound() -> ItemView {
    ItemView {
        kind: Kind::Notice,
        channel_id: [9; 32],
        channel_name: "Dala Relief".to_owned(),
        renditions: vec![rendition("notice.opus", "audio/ogg", 600_000, std::slice::from_ref(&(0..600_000)))],
        ..post("c3", 16, vec![text("ru", Origin::Original, "Отключения света сегодня: улицы и часы", "")])
    }
}

fn hostile() -> ItemView {
    let title = format!(
        "Z\u{0335}{} <b>\u{202E}gnp.exe",
        "algo\u{0301}\u{0302}\u{0303}\u{0304}\u{0305}\u{0306}\u{0307}".repeat(3)
    );
    ItemView {
        status: Status::Disputed,
        ..post("d4", 20, vec![text("en", Origin::Original, &title, &"Жауапкершіліктеріңіздегілерге".repeat(12))])
    }
}

fn photos() -> ItemView {
    let whole = 0..1_200_000;
    ItemView {
        kind: Kind::Media,
        renditions: vec![
            rendition("volunteers.jpg", "image/jpeg", 1_200_000, std::slice::from_ref(&whole)),
            rendition("bags.jpg", "image/jpeg", 3_000_000, &[0..400_000, 900_000..2_000_000]),
            rendition("list-of-shelters.pdf", "application/pdf", 310_000, std::slice::from_ref(&(0..310_000))),
        ],
        ..post(
            "e5",
            50,
            vec![text(
                "en",
                Origin::Original,
                "Pictures: 400 volunteers, 9,000 sandbags, one night",
                "Taken between midnight and dawn.",
            )],
        )
    }
}

fn election() -> ItemView {
    ItemView {
        kind: Kind::Media,
        renditions: vec![rendition("720p", "video/mp4", 60_000_000, std::slice::from_ref(&(0..60_000_000)))],
        ..post(
            "f6",
            26,
            vec![text(
                "kk",
                Origin::Original,
                "Қалалық мәслихат сайлауы: 14 учаске, кім және қалай дауыс береді",
                "Жексенбіде 7-ден 20-ға дейін ашық.",
            )],
        )
    }
}

const STILL: &str = "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 320 180\"><rect width=\"320\" height=\"180\" fill=\"#e9c9a0\"/><circle cx=\"228\" cy=\"74\" r=\"17\" fill=\"#f6e6c4\"/><path d=\"M0 92L40 78 86 88 130 68 182 86 236 72 320 90V180H0z\" fill=\"#5d6d63\"/><rect y=\"108\" width=\"320\" height=\"72\" fill=\"#6f8791\"/></svg>";
