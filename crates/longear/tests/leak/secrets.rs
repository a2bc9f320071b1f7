//! Two hundred planted secrets: none appears in what is logged at the highest verbosity, in temporary files, or in parts of
//! the store that have no business with it.

use std::path::{Path, PathBuf};

use crate::stage::{Secrets, Stage, newsroom, secret, silent_listener};

/// How many secrets are planted.
const SECRETS: usize = 200;
/// The first number of those that are published; no private one is the same.
const PUBLISHED_FROM: usize = 1_000;

/// A secret as it may be written: plainly, escaped, in hexadecimal digits, or in two bytes a letter.
fn spellings(word: &str) -> Vec<Vec<u8>> {
    let hex = word.bytes().map(|byte| format!("{byte:02x}")).collect::<String>();
    let wide = word.encode_utf16().flat_map(u16::to_le_bytes).collect();
    vec![
        word.as_bytes().to_vec(),
        word.to_uppercase().into_bytes(),
        hex.to_uppercase().into_bytes(),
        hex.into_bytes(),
        wide,
    ]
}

fn holds(bytes: &[u8], word: &str) -> bool {
    spellings(word).iter().any(|spelling| bytes.windows(spelling.len()).any(|window| window == spelling))
}

/// The secrets that appear, by what they are.
fn found<'s>(bytes: &[u8], secrets: impl IntoIterator<Item = &'s (String, String)>) -> Vec<String> {
    secrets.into_iter().filter(|(_, word)| holds(bytes, word)).map(|(what, word)| format!("{what}: {word}")).collect()
}

/// What is logged: everything on stderr but the one object that tells a failure to whoever typed the command.
fn logged(stderr: &[u8]) -> Vec<u8> {
    let lines = stderr.split(|byte| *byte == b'\n').filter(|line| !line.starts_with(b"{\"error\""));
    lines.collect::<Vec<_>>().join(&b'\n')
}

fn files_under(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() { folders.push(path) } else { files.push(path) }
        }
    }
    files
}

/// A channel, its readers and its couriers, every name of whom is a secret.
struct Planted {
    stage: Stage,
    address: String,
    /// Lets an encoder into the broadcast that runs.
    token: String,
    /// What was published, and is in the store for everybody to read.
    published: Secrets,
    /// What is nobody's business.
    private: Secrets,
}

fn planted() -> Planted {
    let mut private = Secrets::default();
    let stage = Stage::new(&private.deal("folder of the user"));
    let (address, _) = newsroom(&stage, &mut private);
    let mut published = Secrets::beginning_at(PUBLISHED_FROM);
    for number in 0..40 {
        let (title, text) = (published.deal("title"), published.deal("text"));
        let text = stage.file(&private.deal("name of a text file"), text.as_bytes());
        let name = format!("{}.bin", published.deal("name of a published file"));
        let file = stage.file(&name, published.deal("content of a file").as_bytes());
        let folder = stage.file(&private.deal("another name"), b"x");
        let words = ["publish", "--title", &title, "--text", &text, &file];
        let made = stage.done("newsroom", &words);
        std::fs::remove_file(folder).unwrap();
        if number == 0 {
            published.learn("ID of an item", made[0]["id"].as_str().unwrap());
        }
    }
    let live = stage.done("newsroom", &["live", "start", "--title", &published.deal("title of a broadcast")]);
    let token = live[0]["token"].as_str().unwrap().to_owned();
    private.learn("a secret key", &token);
    for path in files_under(&stage.root) {
        let Ok(text) = std::fs::read_to_string(&path) else { continue };
        let beginnings = ["longear-root-", "longear-delegate-", "longear-live-"];
        let is_secret = |word: &&str| beginnings.iter().any(|beginning| word.starts_with(beginning));
        for token in text.split_whitespace().filter(is_secret) {
            let token = token.rsplit('-').nth(1).unwrap();
            private.learn("a secret key", &token[..64]);
        }
    }
    published.learn("address of the channel", address.strip_prefix("longear:").unwrap());
    Planted { stage, address, token, published, private }
}

/// Plants what is only known while a command runs: carriers, sticks, proxies.
fn use_carriers(planted: &mut Planted, log: &mut Vec<u8>) {
    let Planted { stage, address, private, .. } = planted;
    stage.done("reader", &["follow", address]);
    let mirror = silent_listener();
    for _ in 0..2 {
        let (path, host) = (private.deal("path of a mirror"), private.deal("name of a mirror"));
        let (user, password) = (private.deal("user of a mirror"), private.deal("password of a mirror"));
        let proxy =
            format!("socks5h://{}:{}@{mirror}", private.deal("user of a proxy"), private.deal("password of a proxy"));
        let stick = stage.text(&private.deal("name of a stick"));
        let export = stage.text(&private.deal("folder of an export"));
        for words in [
            &["sync", &format!("http://{mirror}/{path}")][..],
            &["sync", "--proxy", &proxy, &format!("http://{host}.example/{path}")],
            &["follow", address, "--from", &format!("http://{mirror}/{path}")],
            &["stick", "write", &stick],
            &["export", &"0".repeat(64), "--to", &export],
            &["stick", "read", &stick],
            &["publish", "--text", &stage.text(&private.deal("a file that is not there"))],
        ] {
            log.extend(logged(&stage.loud("reader", words).stderr));
        }
        // Whoever types a password into an address gets it back from nobody, not even in the message of the failure.
        let typed = format!("http://{user}:{password}@{mirror}/{path}");
        let refused = stage.loud("reader", &["sync", &typed]);
        assert!(!refused.status.success());
        assert!(!holds(&refused.stderr, &password), "{}", String::from_utf8_lossy(&refused.stderr));
        log.extend(logged(&refused.stderr));
    }
}

#[test]
fn no_secret_is_logged_or_left_where_it_has_no_business() {
    let mut planted = planted();
    let mut log = Vec::new();
    use_carriers(&mut planted, &mut log);
    let Planted { stage, token, published, private, .. } = &planted;
    log.extend(logged(&stage.box_with_encoder("newsroom", token)));
    let stick = stage.text("stick");
    for words in [
        &["status"][..],
        &["list", "--all"],
        &["channel", "show"],
        &["channel", "delegate", "list"],
        &["check"],
        &["stick", "write", &stick, "--plain"],
        &["sync", &stick],
    ] {
        let output = stage.loud("newsroom", words);
        assert!(output.status.success(), "{words:?}: {}", String::from_utf8_lossy(&output.stderr));
        log.extend(logged(&output.stderr));
    }
    log.extend(damage_is_logged(stage));
    let all = published.all.iter().chain(&private.all).collect::<Vec<_>>();
    assert!(all.len() >= SECRETS, "{} secrets", all.len());
    assert_eq!(
        found(&log, all.iter().copied()),
        Vec::<String>::new(),
        "in the log:\n{}",
        String::from_utf8_lossy(&log)
    );
    assert_eq!(files_under(&stage.temporary), Vec::<PathBuf>::new());
    store_keeps_to_its_business(stage, private);
    println!("{} secrets, {} bytes of log", all.len(), log.len());
}

/// The log is not just empty: a damaged index and a damaged text are told, without naming them.
fn damage_is_logged(stage: &Stage) -> Vec<u8> {
    let files = files_under(&stage.path("newsroom"));
    let index = files.iter().find(|path| path.ends_with("index.db")).unwrap();
    std::fs::write(index, b"this is no index").unwrap();
    let output = stage.loud("newsroom", &["list"]);
    let log = logged(&output.stderr);
    assert!(!log.is_empty(), "nothing is said about a damaged index");
    log
}

/// Private things stand nowhere in the homes, but for each key in its own file; and a stick carries none of them.
fn store_keeps_to_its_business(stage: &Stage, private: &Secrets) {
    for home in ["newsroom", "reader", "stick"] {
        for path in files_under(&stage.path(home)) {
            let bytes = std::fs::read(&path).unwrap();
            let begins = |mark: &[u8]| bytes.windows(mark.len()).any(|window| window == mark);
            let is_key_file = begins(b"longear-delegate-") || begins(b"longear-live-");
            let (mut hidden, published) = (Vec::new(), ["name of the channel", "title of a post", "text of a post"]);
            hidden.extend(private.all.iter().filter(|(what, _)| !published.contains(&what.as_str())));
            hidden.retain(|(what, _)| !(is_key_file && what == "a secret key"));
            assert_eq!(found(&bytes, hidden), Vec::<String>::new(), "{}", path.display());
        }
    }
}

/// A logger that prints a title, in any of the ways in which bytes end in a log, is noticed.
#[test]
fn a_secret_in_a_log_is_noticed() {
    let mut secrets = Secrets::default();
    let title = secrets.deal("title");
    for line in [
        format!(" INFO longear::publish: published title={title}"),
        format!(" INFO longear::publish: published title={:?}", title.to_uppercase()),
        format!("DEBUG longear_store: payload {}", title.bytes().map(|byte| format!("{byte:02X}")).collect::<String>()),
    ] {
        assert_eq!(found(&logged(line.as_bytes()), &secrets.all).len(), 1, "{line}");
    }
    assert_eq!(found(secret(7).as_bytes(), &secrets.all), Vec::<String>::new());
}
