//! What a newsroom's own machine does: publish, delete, repair.

use std::process::Command;
use std::time::{SystemTime, UNIX_EPOCH};

use longear::home::Home;
use longear::newsroom::founding::found;
use longear::newsroom::signing::Signer;
use longear_core::{Address, Article, ChannelId, Groups, ItemId, Kind, Origin, Rendition, Retraction, Variant};
use longear_store::Store;

use super::{Kept, Scene, Stage, assert_sound, assert_whole, bytes, copy_of, ends_with};
use crate::node::Node;

const DAY_MS: u64 = 86_400_000;
/// A file of more than one group, so that it has an outboard.
pub const FILE_BYTES: usize = 1_100_000;
/// Stands in what is deleted, and nowhere else.
const SECRET: &str = "she waits at the second bridge";

/// A newsroom's machine, made by the library: founding would otherwise take most of the time.
pub struct Newsroom {
    pub node: Node,
    pub address: String,
    channel: ChannelId,
    home: Home,
    store: Store,
}

impl Newsroom {
    pub fn new(time_ms: u64) -> Self {
        let node = Node::new();
        let home = Home::open(node.home().to_owned()).unwrap();
        let store = home.store().unwrap();
        let roots = node.path("roots");
        std::fs::create_dir(&roots).unwrap();
        let channel = found(&home, &store, "Crash", roots.as_ref(), time_ms, &mut random()).unwrap();
        let address = Address::new(channel).to_string();
        Newsroom { node, address, channel, home, store }
    }

    pub fn publish(&self, article: &Article, time_ms: u64) -> ItemId {
        self.sign(article.kind(), &article.encode(), time_ms)
    }

    pub fn post(&self, title: &str, time_ms: u64) -> Kept {
        (self.publish(&article(title, ""), time_ms).to_string(), title.to_owned())
    }

    fn sign(&self, kind: Kind, payload: &[u8], time_ms: u64) -> ItemId {
        let signer = Signer::new(&self.home, &self.store, &self.channel, &mut random()).unwrap();
        signer.publish(&self.store, kind, payload, time_ms).unwrap()
    }

    /// The root files, in their order.
    pub fn roots(&self) -> Vec<String> {
        (1..=3).map(|number| self.node.path(&format!("roots/root-{number}-of-3.key"))).collect()
    }
}

pub fn now_ms() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis() as u64
}

/// The same bytes in every run.
fn random() -> impl FnMut() -> Result<[u8; 32], longear::failure::Failure> {
    let mut count = 0_u64;
    move || {
        count += 1;
        Ok(longear_core::hash::plain(&count.to_le_bytes()))
    }
}

fn article(title: &str, body: &str) -> Article {
    let variant = Variant { language: "en".into(), origin: Origin::Original, title: title.into(), body: body.into() };
    Article { corrects: None, variants: vec![variant], renditions: Vec::new() }
}

/// `publish FILE --title …` on a machine that has published before.
pub struct Publish;

struct Publishing {
    node: Node,
    command: Command,
    arguments: Vec<String>,
    kept: Vec<Kept>,
}

impl Publishing {
    fn new(node: Node, kept: Vec<Kept>) -> Self {
        let file = node.file("clip.bin", bytes(FILE_BYTES));
        let arguments = ["publish", &file, "--title", "New", "--lang", "en"].map(str::to_owned).to_vec();
        Publishing { command: node.command(&arguments), node, arguments, kept }
    }
}

impl Scene for Publish {
    fn name(&self) -> &'static str {
        "publish"
    }

    fn prepare(&self) -> Box<dyn Stage> {
        let newsroom = Newsroom::new(now_ms());
        let kept = vec![newsroom.post("Before", now_ms())];
        Box::new(Publishing::new(newsroom.node, kept))
    }
}

impl Stage for Publishing {
    fn command(&self) -> &Command {
        &self.command
    }

    fn folder(&self) -> String {
        self.node.path("")
    }

    fn aftermath(&mut self, what: &str, acknowledged: bool, out: &str) {
        if let Ok(said) = serde_json::from_str::<serde_json::Value>(out) {
            // It may have been killed after it had said so.
            self.kept.push((said["id"].as_str().unwrap().to_owned(), "New".into()));
        }
        assert!(!acknowledged || self.kept.len() == 2, "{what}: it says what it published");
        assert_sound(&self.node, what, &self.kept);
        ends_with(&self.node, what, &[0], &self.arguments.iter().map(String::as_str).collect::<Vec<_>>());
        assert_sound(&self.node, what, &self.kept);
        let listed = self.node.list();
        assert_whole(&self.node, what, listed.len());
        // In each log the numbers are dense: none is lost, and none was used twice.
        let mut logs = std::collections::BTreeMap::<String, Vec<u64>>::new();
        for item in &listed {
            logs.entry(item["log"].to_string()).or_default().push(item["seq"].as_u64().unwrap());
        }
        for numbers in logs.values_mut() {
            numbers.sort_unstable();
            assert!(numbers.iter().copied().eq(0..numbers.len() as u64), "{what}: {numbers:?}");
        }
        assert_eq!(self.node.holes(), 0, "{what}");
    }
}

/// The same from a home that was copied: there the key file is written anew first.
pub struct PublishFromCopy {
    newsroom: Newsroom,
    kept: Vec<Kept>,
}

impl PublishFromCopy {
    pub fn new() -> Self {
        let newsroom = Newsroom::new(now_ms());
        let kept = vec![newsroom.post("Before", now_ms())];
        PublishFromCopy { newsroom, kept }
    }
}

impl Scene for PublishFromCopy {
    fn name(&self) -> &'static str {
        "publish from a copied home"
    }

    fn prepare(&self) -> Box<dyn Stage> {
        Box::new(Publishing::new(copy_of(&self.newsroom.node), self.kept.clone()))
    }
}

/// A newsroom with items that were taken back more than thirty days ago.
struct Aged {
    newsroom: Newsroom,
    kept: Vec<Kept>,
    /// The file that goes with one of them.
    blob: String,
}

impl Aged {
    fn new() -> Self {
        let long_ago = now_ms() - 40 * DAY_MS;
        let newsroom = Newsroom::new(long_ago);
        let kept = vec![newsroom.post("Stays", long_ago)];
        let imported = newsroom.store.blobs().import(&bytes(FILE_BYTES)[..], |_| {}).unwrap();
        let mut with_file = article("Goes with its file", SECRET);
        with_file.renditions.push(Rendition {
            name: "clip.bin".into(),
            blob: *imported.hash.as_bytes(),
            size: imported.size,
            mime: String::new(),
            duration_ms: 0,
            width: 0,
            height: 0,
            groups: Groups::Inline(imported.groups.list().to_vec()),
        });
        let mut targets = vec![newsroom.publish(&article("Goes", SECRET), long_ago)];
        targets.push(newsroom.publish(&with_file, long_ago));
        targets.sort_unstable();
        let payload = Retraction { targets, reason: String::new() }.encode();
        newsroom.sign(Kind::Retraction, &payload, long_ago);
        newsroom.store.collect(long_ago).unwrap();
        Aged { newsroom, kept, blob: imported.hash.to_string() }
    }
}

/// `publish`, with items that were taken back more than thirty days ago and are deleted on this occasion.
pub struct Deletion;

impl Scene for Deletion {
    fn name(&self) -> &'static str {
        "publish and delete what was taken back"
    }

    fn prepare(&self) -> Box<dyn Stage> {
        let Aged { newsroom, kept, blob } = Aged::new();
        Deleting::stage(newsroom.node, kept, blob)
    }
}

/// The same from a home that was copied, so that each stage begins with the same bytes.
pub struct DeletionFromCopy(Aged);

impl DeletionFromCopy {
    pub fn new() -> Self {
        DeletionFromCopy(Aged::new())
    }
}

impl Scene for DeletionFromCopy {
    fn name(&self) -> &'static str {
        "publish from a copied home and delete what was taken back"
    }

    fn prepare(&self) -> Box<dyn Stage> {
        let Aged { newsroom, kept, blob } = &self.0;
        Deleting::stage(copy_of(&newsroom.node), kept.clone(), blob.clone())
    }
}

struct Deleting {
    node: Node,
    command: Command,
    kept: Vec<Kept>,
    blob: String,
}

impl Deleting {
    fn stage(node: Node, kept: Vec<Kept>, blob: String) -> Box<dyn Stage> {
        let command = node.command(&["publish", "--title", "New", "--lang", "en"]);
        Box::new(Deleting { node, command, kept, blob })
    }

    /// Files of the home in which the secret stands.
    fn secret_files(&self) -> Vec<String> {
        let home = self.node.home().to_str().unwrap();
        let found = Command::new("grep").args(["-r", "-l", "-a", SECRET, home]).output().unwrap();
        String::from_utf8(found.stdout).unwrap().lines().map(str::to_owned).collect()
    }
}

impl Stage for Deleting {
    fn command(&self) -> &Command {
        &self.command
    }

    fn folder(&self) -> String {
        self.node.path("")
    }

    fn aftermath(&mut self, what: &str, acknowledged: bool, out: &str) {
        if let Ok(said) = serde_json::from_str::<serde_json::Value>(out) {
            self.kept.push((said["id"].as_str().unwrap().to_owned(), "New".into()));
        }
        assert!(!acknowledged || self.kept.len() == 2, "{what}: it says what it published");
        assert_sound(&self.node, what, &self.kept);
        let shown = self.node.list().into_iter().filter(|item| item["status"] == "shown").count();
        assert!((1..=2).contains(&shown), "{what}: {shown} are shown");
        ends_with(&self.node, what, &[0], &["publish", "--title", "New", "--lang", "en"]);
        assert_sound(&self.node, what, &self.kept);
        assert_eq!(self.secret_files(), Vec::<String>::new(), "{what}");
        let blob = self.node.home().join("store/blobs").join(&self.blob[..2]).join(&self.blob);
        assert!(!blob.exists(), "{what}: the file is deleted");
        assert_eq!(self.node.holes(), 0, "{what}");
    }
}

/// `check --repair` after a byte went bad.
pub struct Repair {
    newsroom: Newsroom,
    kept: Vec<Kept>,
    tree: String,
}

impl Repair {
    pub fn new() -> Self {
        let newsroom = Newsroom::new(now_ms());
        let mut kept = Vec::new();
        for number in 0..3 {
            kept.push(newsroom.post(&format!("Post number {number}"), now_ms()));
        }
        let tree = newsroom.node.path("tree");
        std::fs::create_dir(&tree).unwrap();
        newsroom.node.done(&["sync", &tree]);
        let segment = newsroom.node.home().join("store/items/00000000");
        let mut stored = std::fs::read(&segment).unwrap();
        let title = b"Post number 1";
        // The last place where it stands is the payload; the one before it is what was about to be signed.
        let place = stored.windows(title.len()).rposition(|window| window == title).unwrap();
        stored[place] ^= 1;
        std::fs::write(&segment, stored).unwrap();
        Repair { newsroom, kept, tree }
    }
}

struct Repairing {
    node: Node,
    command: Command,
    kept: Vec<Kept>,
    tree: String,
}

impl Scene for Repair {
    fn name(&self) -> &'static str {
        "check --repair"
    }

    fn prepare(&self) -> Box<dyn Stage> {
        let node = copy_of(&self.newsroom.node);
        let command = node.command(&["check", "--repair"]);
        Box::new(Repairing { node, command, kept: self.kept.clone(), tree: self.tree.clone() })
    }
}

impl Stage for Repairing {
    fn command(&self) -> &Command {
        &self.command
    }

    /// Something was damaged, and is set aside.
    fn code(&self) -> i32 {
        4
    }

    fn folder(&self) -> String {
        self.node.path("")
    }

    fn aftermath(&mut self, what: &str, _acknowledged: bool, _out: &str) {
        ends_with(&self.node, what, &[0, 4], &["check", "--repair"]);
        let sound = [self.kept[0].clone(), self.kept[2].clone()];
        assert_sound(&self.node, what, &sound);
        ends_with(&self.node, what, &[0], &["sync", "--pull-only", &self.tree]);
        assert_sound(&self.node, what, &self.kept);
    }
}
