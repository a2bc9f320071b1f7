//! No command opens a socket, connects or looks a name up but for what it was told.

use std::collections::BTreeSet;

use clap::CommandFactory;
use longear::arguments::Cli;

use crate::stage::{Secrets, Stage, Traced, look, newsroom, silent_listener};
use crate::trace::{Asked, read, unsolicited};

/// Every command with words that make it do its work; `{…}` is filled in. What they need was made by those before.
const OFFLINE: [(&str, &str); 52] = [
    ("channel new", "channel new Second --roots {roots2}"),
    ("channel show", "channel show"),
    ("channel enrol", "channel enrol {address} --role post,edit,live,moderate --label Laptop --out {request}"),
    ("channel delegate add", "channel delegate add {request} --root {root1} --out {change} --channel {address}"),
    ("channel sign", "channel sign {change} --root {root2}"),
    ("channel apply", "channel apply {change}"),
    ("channel delegate list", "channel delegate list --channel {address}"),
    ("channel rotate", "channel rotate --root {root1} --root {root2} --channel {address} --out {rotation}"),
    ("publish", "publish {film} --title Film"),
    ("export", "export {post} --to {out}"),
    ("correct", "correct {post} --title Corrected"),
    ("retract", "retract {post}"),
    ("live start", "live start --title Live"),
    ("live list", "live list"),
    (CHAPTER, "live chapter Bridge"),
    ("live stop", "live stop"),
    ("room list", "room list"),
    ("room open", "room open --title Second"),
    ("room say", "room say {room} --words Salem"),
    ("room show", "room show {room}"),
    ("room flag", "room flag {note}"),
    ("room queue", "room queue {room}"),
    ("room pin", "room pin {note}"),
    ("room hide", "room hide {note} --reason other"),
    ("room ban", "room ban {note} --reason other"),
    ("room lift", "room lift {note}"),
    ("room admit", "room admit {note}"),
    ("room digest", "room digest {note}"),
    ("room mute", "room mute {note}"),
    ("room unmute", "room unmute {note}"),
    ("room space", "room space 8GB"),
    ("room tickets", "room tickets {room} --batch 2 --out {tickets}"),
    ("room take-back", "room take-back {mine}"),
    ("room purge", "room purge {note} --reason threats"),
    ("room close", "room close {room}"),
    ("list", "list --all"),
    ("follow", "follow {address}"),
    ("unfollow", "unfollow {address} --delete"),
    ("follow", "follow {address}"),
    ("stick write", "stick write {stick} --plain"),
    ("stick read", "stick read {stick}"),
    ("sync", "sync {stick}"),
    ("archive write", "archive write {archive} --budget 1GB"),
    ("archive show", "archive show {archive}"),
    ("archive read", "archive read {archive}"),
    ("check", "check --repair"),
    ("status", "status"),
    ("completions", "completions bash"),
    ("man", "man --out {man}"),
    (SITE, "site {site}"),
    (VERIFY, "app verify {site}"),
    ("channel revoke", "channel revoke {key} --root {root1} --root {root2} --channel {address}"),
];

/// Writes the app, or says that the program was built without it; neither has anything to do with a network.
const SITE: &str = "site";
/// Looks at what the one before wrote. With an address it reaches that, which is watched in a test of its own.
const VERIFY: &str = "app verify";
/// Says that nothing is on the air yet.
const CHAPTER: &str = "live chapter";
/// Commands that are watched in tests of their own.
const ONLINE: [&str; 1] = ["serve"];
/// Plays the others on loopback; watched by the long form.
const DEMO: &str = "demo";

fn leaves(command: &clap::Command, path: &str, found: &mut BTreeSet<String>) {
    if !command.has_subcommands() {
        found.insert(path.trim().to_owned());
    }
    command.get_subcommands().for_each(|inner| leaves(inner, &format!("{path} {}", inner.get_name()), found));
}

#[test]
fn every_command_is_watched() {
    let mut all = BTreeSet::new();
    leaves(&Cli::command(), "", &mut all);
    let watched = OFFLINE.iter().map(|(name, _)| *name).chain(ONLINE).chain([DEMO]).map(str::to_owned).collect();
    assert_eq!(all, watched);
}

fn asked_beyond(stage: &Stage, traced: &Traced, told: &[String]) -> Vec<Asked> {
    unsolicited(&read(&traced.trace), told, &[&stage.root])
}

#[test]
fn commands_without_a_carrier_on_the_network_touch_no_network() {
    let stage = Stage::new("stage");
    let (address, post) = newsroom(&stage, &mut Secrets::default());
    let roots = std::fs::read_dir(&stage.root).unwrap().map(|entry| entry.unwrap().path());
    let roots = roots.filter(|path| path.is_dir() && path.file_name().unwrap().to_str().unwrap().starts_with("zq"));
    let folder = roots.last().unwrap();
    let mut keys = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect::<Vec<_>>();
    keys.sort();
    let film = stage.file("film.mp4", include_bytes!("../../src/media/mod.rs"));
    let delegates = stage.done("newsroom", &["channel", "delegate", "list"]);
    let key = delegates[0]["key"].as_str().unwrap().to_owned();
    let said = |words: &[&str]| stage.done("newsroom", words)[0]["id"].as_str().unwrap().to_owned();
    let room = said(&["room", "open", "--title", "Water"]);
    let [note, mine] = ["one", "two"].map(|words| said(&["room", "say", "--words", words]));
    let given = [("address", &address), ("post", &post), ("film", &film), ("key", &key), ("room", &room)];
    let fill = |words: &str| {
        let mut words = words.to_owned();
        for (name, value) in given.into_iter().chain([("note", &note), ("mine", &mine)]) {
            words = words.replace(&format!("{{{name}}}"), value);
        }
        for (number, key) in keys.iter().enumerate() {
            words = words.replace(&format!("{{root{}}}", number + 1), key.to_str().unwrap());
        }
        for name in ["roots2", "request", "change", "rotation", "out", "stick", "archive", "man", "site", "tickets"] {
            words = words.replace(&format!("{{{name}}}"), &stage.text(name));
        }
        words
    };
    for (name, words) in OFFLINE {
        let words = fill(words);
        let home = if name == "channel new" { "another" } else { "newsroom" };
        let traced = stage.traced(home, &words.split(' ').collect::<Vec<_>>());
        let said = String::from_utf8_lossy(&traced.output.stderr);
        assert!(traced.output.status.success() || [SITE, VERIFY, CHAPTER].contains(&name), "{words}: {said}");
        assert_eq!(asked_beyond(&stage, &traced, &[]), [], "{name}");
        assert!(traced.trace.contains("openat("), "{name}: strace saw nothing");
    }
    assert_eq!(
        std::fs::read_dir(&stage.temporary).unwrap().count(),
        0,
        "nothing is left in the folder for such things"
    );
}

#[test]
fn a_sync_reaches_what_it_was_told_and_with_a_proxy_the_proxy_only() {
    let stage = Stage::new("stage");
    let (address, _) = newsroom(&stage, &mut Secrets::default());
    stage.done("reader", &["follow", &address]);
    let (mirror, proxy) = (silent_listener(), silent_listener());
    let url = format!("http://{mirror}/news");
    let traced = stage.traced("reader", &["sync", &url]);
    assert!(read(&traced.trace).contains(&Asked::Reach(mirror.clone())), "strace saw nothing: {}", traced.trace);
    assert_eq!(asked_beyond(&stage, &traced, std::slice::from_ref(&mirror)), []);

    let through = format!("socks5h://{proxy}");
    for target in [url.as_str(), "http://mirror.invalid/news", "https://mirror.invalid/news"] {
        let traced = stage.traced("reader", &["sync", "--proxy", &through, target]);
        assert!(read(&traced.trace).contains(&Asked::Reach(proxy.clone())), "{target}: {}", traced.trace);
        assert_eq!(asked_beyond(&stage, &traced, std::slice::from_ref(&proxy)), [], "{target}");
    }
    let traced = stage.traced("reader", &["follow", &address, "--from", &url]);
    assert_eq!(asked_beyond(&stage, &traced, std::slice::from_ref(&mirror)), []);
}

#[test]
fn the_check_of_an_app_reaches_the_website_it_was_told_and_with_a_proxy_the_proxy_only() {
    let stage = Stage::new("stage");
    let (website, proxy) = (silent_listener(), silent_listener());
    let traced = stage.traced("reader", &["app", "verify", &format!("http://{website}/app")]);
    assert!(read(&traced.trace).contains(&Asked::Reach(website.clone())), "strace saw nothing: {}", traced.trace);
    assert_eq!(asked_beyond(&stage, &traced, &[website]), []);
    let through = format!("socks5h://{proxy}");
    let traced = stage.traced("reader", &["app", "verify", "--proxy", &through, "https://mirror.invalid/app"]);
    assert!(read(&traced.trace).contains(&Asked::Reach(proxy.clone())), "{}", traced.trace);
    assert_eq!(asked_beyond(&stage, &traced, &[proxy]), []);
}

/// The same commands without the proxy that should have been set: the look-up and the connection must be noticed.
#[test]
fn a_sync_around_its_proxy_is_noticed() {
    let stage = Stage::new("stage");
    let (address, _) = newsroom(&stage, &mut Secrets::default());
    stage.done("reader", &["follow", &address]);
    let (mirror, proxy) = (silent_listener(), silent_listener());
    let traced = stage.traced("reader", &["sync", &format!("http://{mirror}/news")]);
    assert_eq!(asked_beyond(&stage, &traced, std::slice::from_ref(&proxy)), [Asked::Reach(mirror)]);
    let traced = stage.traced("reader", &["sync", "http://mirror.invalid/news"]);
    assert_ne!(asked_beyond(&stage, &traced, &[proxy]), [], "a look-up went unnoticed: {}", traced.trace);
}

#[test]
fn a_box_listens_where_it_was_told_and_reaches_nobody() {
    let stage = Stage::new("stage");
    newsroom(&stage, &mut Secrets::default());
    let told = ["listen 127.0.0.1:0".to_owned()];
    let traced = stage.traced_box("newsroom", &["--read-only"], look);
    assert!(traced.output.status.success(), "{}", String::from_utf8_lossy(&traced.output.stderr));
    assert!(read(&traced.trace).contains(&Asked::Listen("127.0.0.1:0".into())), "{}", traced.trace);
    assert_eq!(asked_beyond(&stage, &traced, &told), []);

    let mirror = silent_listener();
    let told = [told[0].clone(), mirror.clone()];
    let traced = stage.traced_box("newsroom", &["--sync", &format!("http://{mirror}")], |url| {
        look(url);
        std::thread::sleep(std::time::Duration::from_millis(700));
    });
    assert_eq!(asked_beyond(&stage, &traced, &told), []);
}

#[test]
fn the_demo_stays_on_this_machine() {
    if std::env::var_os("LONGEAR_FORGE_LONG").is_none() {
        return;
    }
    let stage = Stage::new("stage");
    let traced = stage.traced("demo", &["demo", "--exit", "--listen", "127.0.0.1:0"]);
    assert!(traced.output.status.success(), "{}", String::from_utf8_lossy(&traced.output.stderr));
    let away = asked_beyond(&stage, &traced, &[]).into_iter().filter(|asked| match asked {
        Asked::Reach(address) | Asked::Listen(address) => !address.starts_with("127.0.0.1:"),
        _ => true,
    });
    assert_eq!(away.collect::<Vec<_>>(), []);
}
