//! Prints every screen of the command from made-up data, to be looked at and compared with the mockup.
//!
//! `COLUMNS=50 cargo run -p longear --example screens -- always` forces colour; `progress` as a further word runs
//! transfers for a few seconds on stderr.

use std::ops::Range;
use std::time::Duration;

use longear::arguments::ColorChoice;
use longear::failure::Failure;
use longear::terminal::{
    Beside, Cell, ChannelStatus, Column, Fact, Look, Screen, Tint, Transfer, Unit, channel_status, horizon, qr,
    relay_line, store_status, story_row, table, transfer_row, words_row,
};

const HOUR: Duration = Duration::from_secs(3600);
const ADDRESS: &str = "longear:k4vq2m7xaevz3ukydwnm7rhd5s2cq6bpfxojg4litm4vzqyet3ea";

fn main() -> Result<(), Failure> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let is_said = |word: &str| words.iter().any(|said| said == word);
    let color = if is_said("always") { ColorChoice::Always } else { ColorChoice::Auto };
    let screen = Screen::detect(color, false, false);
    if is_said("progress") {
        run_transfers(&screen);
        return Ok(());
    }
    let look = screen.look();
    for part in [status(look), sync(look), refused(look), story(look), list(look), empty(look)] {
        screen.print(&part)?;
    }
    screen.print(&qr(look, ADDRESS).unwrap_or_default())
}

fn title(look: Look, command: &str) -> String {
    format!("\n{}\n\n", look.tinted(Tint::Strong, &format!("$ longear {command}")))
}

fn status(look: Look) -> String {
    let news = ChannelStatus {
        name: "Sarybulaq News".into(),
        address: ADDRESS.into(),
        charter: 3,
        items: 212,
        last_word: Some(14 * HOUR),
        facts: vec![
            Fact {
                text: "3 posts missing, 12 March".into(),
                beside: Beside::Words("try: longear sync CARRIER".into()),
            },
            Fact {
                text: "1 video at 43 %".into(),
                beside: Beside::Line { ranges: vec![0..8_000_000, 10_000_000..14_000_000], size: 24_000_000 },
            },
        ],
    };
    let relief = ChannelStatus {
        name: "Жауапкершіліктеріңіздегілерге көмек".into(),
        address: "longear:7dpw2h3caaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaam6yz".into(),
        charter: 1,
        items: 57,
        last_word: Some(2 * HOUR),
        facts: Vec::new(),
    };
    [
        title(look, "status"),
        channel_status(look, &news),
        "\n".into(),
        channel_status(look, &relief),
        "\n".into(),
        store_status(look, 318_000_000, Some(500_000_000)),
    ]
    .concat()
}

fn sync(look: Look) -> String {
    let row = |carrier, what, unit, held: u64, size, after| {
        let ranges: Vec<Range<u64>> = std::iter::once(0..held).collect();
        transfer_row(look, &Transfer { carrier, what, unit, ranges: &ranges, size, after })
    };
    let rows = [
        words_row(look, "/media/stick", "heads and charters", "whole    0.1 s"),
        row("", "posts", Unit::Pieces, 41, 41, ""),
        row("192.168.43.1", "sound", Unit::Bytes, 4_100_000, 4_100_000, ""),
        row("", "144p", Unit::Bytes, 9_000_000, 16_000_000, "38 s left"),
        words_row(look, "192.168.43.1", "block 712 refused: damaged; fetched from /media/stick", ""),
    ];
    let failure =
        Failure::partial("41 posts, 1 sound, 3 posts still missing. Nothing was lost.").hint("Run it again to go on.");
    let title = title(look, "sync /media/stick http://192.168.43.1");
    format!("{title}{}\n\n{}", rows.join("\n"), failure.drawn(look))
}

fn refused(look: Look) -> String {
    let row = words_row(look, "mirror.example", "head refused: not from this publisher", "");
    let failure = Failure::verification("Its key is not in charter 3 of Sarybulaq News. Nothing was stored.")
        .hint("Try another carrier, or compare the 30 digits: longear channel show");
    format!("{}{row}\n{}", title(look, "sync https://mirror.example/news"), failure.drawn(look))
}

fn story(look: Look) -> String {
    let line = |held: u64| Beside::Line { ranges: std::iter::once(0..held).collect(), size: 24 };
    let rows = [
        story_row(look, "20:10", "newsroom", "goes live", &line(24)),
        story_row(look, "20:10", "box one", "follows, 3 viewers", &line(24)),
        story_row(look, "20:14", "", "the internet is cut", &line(15)),
        story_row(look, "20:14", "viewers", "waiting, not lost; sound plays on", &Beside::Nothing),
        story_row(look, "20:21", "forger", "offers box one a fake post", &Beside::Words("refused, 1 ms".into())),
        story_row(look, "20:31", "courier", "reads a stick at box two", &line(24)),
        story_row(look, "20:40", "", "a witness's sealed message reaches the newsroom; receipt seen", &Beside::Nothing),
    ];
    format!("{}{}\n", title(look, "demo"), rows.join("\n"))
}

fn list(look: Look) -> String {
    let layout = [
        Column::left("id"),
        Column::left("when"),
        Column::flexible("title"),
        Column::right("size"),
        Column::left("here"),
    ];
    let row = |id: &str, when: &str, title: &str, size: &str, held: u64| {
        let ranges: Vec<Range<u64>> = std::iter::once(0..held).collect();
        vec![id.into(), Cell::tinted(Tint::Edge, when), title.into(), size.into(), Cell::relay(look, &ranges, 100, 8)]
    };
    let rows = [
        row("5be1c0d2", "14 h ago", "Талдыда нан таусылды: жауапкершіліктеріңіздегілерге хат", "28 MB", 43),
        row("77aa0132", "2 days ago", "Bread in Taldy", "812 bytes", 100),
        row("01c9e4aa", "5 days ago", "نان در تالدی", "4.1 MB", 100),
    ];
    format!("{}{}", title(look, "list"), table(look, &layout, &rows))
}

fn empty(look: Look) -> String {
    let line = relay_line(look, &[], 1, 24);
    format!("{}{}\n\n  {line}\n\n", title(look, "status"), horizon(look, "New Channel", None))
}

/// Lets two carriers bring things for a few seconds.
fn run_transfers(screen: &Screen) {
    let progress = screen.progress();
    progress.say("/media/stick", "heads and charters", "whole    0.1 s");
    let posts = progress.track("/media/stick", "posts", Unit::Pieces, 41);
    let sound = progress.track("192.168.43.1", "sound", Unit::Bytes, 4_100_000);
    let video = progress.track("192.168.43.1", "144p", Unit::Bytes, 16_000_000);
    let unknown = progress.track("https://mirror.example/news", "360p", Unit::Bytes, 0);
    video.held(0..2_000_000);
    video.held(6_000_000..7_000_000);
    for step in 0..60u64 {
        posts.arrived(step..step + 1);
        sound.arrived(step * 100_000..(step + 1) * 100_000);
        video.arrived(2_000_000 + step * 150_000..2_000_000 + (step + 1) * 150_000);
        match step {
            30 => progress.say("192.168.43.1", "block 712 refused: damaged; fetched from /media/stick", ""),
            41 => {
                posts.finish("");
                sound.finish("");
            }
            45 => unknown.set_size(48_000_000),
            _ => {}
        }
        std::thread::sleep(Duration::from_millis(100));
    }
}
