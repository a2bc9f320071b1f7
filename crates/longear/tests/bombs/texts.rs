//! Posts and addresses that nest, repeat and grow.

use longear::arguments::ColorChoice;
use longear::terminal::{Screen, qr};
use longear_core::Address;
use longear_pages::{OUTPUT_BYTES_MAX, clean_text, excerpt, markdown_to_html};

use crate::gauge::Bomb;

/// As long as a post may be.
const POST_BYTES: usize = 64 << 10;
/// A post, its cleaned copy, the parser's tree and half a MiB of HTML.
const POST_MEMORY_MAX: u64 = 24 << 20;

pub fn bombs() -> Vec<Bomb> {
    let mut bombs = PATTERNS.map(|(name, pattern)| post(name, filled(pattern))).into_iter().collect::<Vec<_>>();
    bombs.extend(built().map(|(name, text)| post(name, text)));
    bombs.extend([addresses(), drawn()]);
    bombs
}

const PATTERNS: [(&str, &str); 22] = [
    ("quotes in quotes", ">"),
    ("quotes and lists in turn", "> * "),
    ("lists in lists", "- "),
    ("brackets", "["),
    ("brackets closed", "]"),
    ("links opened", "[a]("),
    ("links in links", "[a](<b>)["),
    ("pictures in pictures", "![a"),
    ("emphasis opened", "*a "),
    ("emphasis of all sorts", "*_~**__~~"),
    ("emphasis closed and opened", "a**b"),
    ("underscores", "_"),
    ("backticks", "`"),
    ("backticks with gaps", "` `` "),
    ("entities", "&amp;"),
    ("HTML opened", "<a "),
    ("comments opened", "<!--"),
    ("instructions opened", "<?"),
    ("tables of one column", "|\n|-\n"),
    ("code fences", "```\n~~~\n"),
    ("autolinks opened", "<a:"),
    ("letters that turn the direction", "\u{202e}\u{2066}"),
];

fn filled(pattern: &str) -> String {
    pattern.repeat(POST_BYTES / pattern.len())
}

/// Those that are no mere repetition.
fn built() -> [(&'static str, String); 6] {
    let deep = (0..250).map(|depth| format!("{}- a\n", " ".repeat(depth))).collect::<String>();
    let reference = format!("[a]: http://{}.example/\n\n", "b".repeat(30_000));
    let references = format!("{reference}{}", "[a] ".repeat(8_000));
    let columns = format!("{}|\n{}|\n{}", "|a".repeat(5_000), "|-".repeat(5_000), "|b".repeat(5_000));
    let fences = (1..300).map(|length| "`".repeat(length) + " ").collect::<String>();
    let growing = (0..180).map(|depth| format!("{}x\n", ">".repeat(depth))).collect::<String>();
    let links = (0..400).map(|length| format!("[{}](http://a/{})", "[".repeat(40), "c".repeat(length % 60))).collect();
    [
        ("lists that step in", deep),
        ("one long address for thousands of links", references),
        ("a table of 5,000 columns", columns),
        ("backticks of every length", fences),
        ("quotes that grow", growing),
        ("links with brackets in their text", links),
    ]
}

fn post(name: &str, text: String) -> Bomb {
    Bomb::new(format!("a post of {name}"), POST_MEMORY_MAX, move || {
        let html = markdown_to_html(&text, "Table");
        // Closing tags and the last event come on top of the limit.
        assert!(html.len() <= OUTPUT_BYTES_MAX + 2 * POST_BYTES, "{} bytes of HTML", html.len());
        let words = excerpt(&text, 200);
        assert!(words.chars().count() <= 201);
        assert!(clean_text(&text).len() <= 4 * text.len() + 16);
        format!("{} bytes of HTML", html.len())
    })
}

fn addresses() -> Bomb {
    // Nine texts of 4 MiB are ours; of one at a time a copy without spaces is made.
    Bomb::new("addresses of 4 MiB", 48 << 20, || {
        let good = Address::new(longear_core::ChannelId([7; 32])).to_string();
        let long = "a".repeat(4 << 20);
        let many = "&at=b".repeat((4 << 20) / 5);
        let spaces = " ".repeat(4 << 20);
        let refused = [
            format!("longear:{long}"),
            format!("{good}?at={long}"),
            format!("{good}?{many}"),
            format!("{good}?at={}", "%".repeat(1 << 20)),
        ];
        for text in &refused {
            assert!(text.parse::<Address>().is_err());
        }
        assert!(format!("{spaces}{good}").parse::<Address>().is_ok(), "spaces are nothing");
        format!("{} refused", refused.len())
    })
}

fn drawn() -> Bomb {
    Bomb::new("QR codes of longer and longer texts", 4 << 20, || {
        let look = Screen::detect(ColorChoice::Never, true, true).look();
        let lengths = [0, 1, 400, 401, 3_000, 1 << 20];
        let drawn = lengths.iter().filter(|length| qr(look, &"x".repeat(**length)).is_some()).count();
        assert!(drawn < lengths.len(), "a MiB is no QR code");
        format!("{drawn} of {} drawn", lengths.len())
    })
}
