//! What travels: sticks in both directions, and sync with a tree.

use std::process::Command;
use std::rc::Rc;

use super::newsroom::{FILE_BYTES, Newsroom, now_ms};
use super::{Scene, Stage, assert_sound, assert_whole, bytes, copy, copy_of, ends_with};
use crate::node::Node;

/// Items of the whole publication.
const ITEMS: usize = 10;

/// A newsroom with posts and a file, and a reader's machine that has nothing yet.
struct Both {
    newsroom: Newsroom,
    reader: Node,
    /// A stick with a part of it, and one with everything.
    old_stick: String,
    stick: String,
    /// An archive with the same part.
    old_archive: String,
}

impl Both {
    fn new() -> Rc<Self> {
        let newsroom = Newsroom::new(now_ms());
        for number in 0..2 {
            newsroom.post(&format!("Old {number}"), now_ms());
        }
        let (old_stick, stick) = (newsroom.node.path("old-stick"), newsroom.node.path("stick"));
        newsroom.node.done(&["stick", "write", &old_stick]);
        let old_archive = newsroom.node.path("old.longear");
        newsroom.node.done(&["archive", "write", &old_archive]);
        for number in 3..ITEMS {
            newsroom.post(&format!("Post {number}"), now_ms());
        }
        let file = newsroom.node.file("clip.bin", bytes(FILE_BYTES));
        newsroom.node.publish(&[&file, "--title", "Film", "--lang", "en"]);
        newsroom.node.done(&["stick", "write", &stick]);
        let reader = Node::following(&newsroom.address);
        Rc::new(Both { newsroom, reader, old_stick, stick, old_archive })
    }
}

/// A command that writes a stick or an archive, and a reader who gets it whatever happened.
struct Writing {
    both: Rc<Both>,
    reader: Node,
    command: Command,
    /// `stick` or `archive`.
    kind: &'static str,
    written: String,
    /// Items that stood there before.
    before: usize,
}

impl Writing {
    fn stage(both: &Rc<Both>, kind: &'static str, before: Option<&str>) -> Box<dyn Stage> {
        let reader = copy_of(&both.reader);
        let written = reader.path("written");
        if let Some(before) = before {
            copy(before, &written);
        }
        let command = both.newsroom.node.command(&[kind, "write", &written]);
        Box::new(Writing { both: both.clone(), reader, command, kind, written, before: before.map_or(0, |_| 2) })
    }
}

impl Stage for Writing {
    fn command(&self) -> &Command {
        &self.command
    }

    fn folder(&self) -> String {
        self.reader.path("")
    }

    fn aftermath(&mut self, what: &str, acknowledged: bool, _out: &str) {
        let hurried = copy_of(&self.reader);
        let codes = if acknowledged { &[0][..] } else { &[0, 1, 4] };
        let read = ends_with(&hurried, what, codes, &[self.kind, "read", &self.written]);
        if let Ok(said) = serde_json::from_str::<serde_json::Value>(&read.out) {
            assert_eq!(said["refused"].as_array().map(Vec::len), Some(0), "{what}: nothing there is broken: {said}");
        }
        let came = hurried.list().len();
        assert!(came >= if acknowledged { ITEMS } else { self.before }, "{what}: {came} items came");
        assert_sound(&hurried, what, &[]);
        ends_with(&self.both.newsroom.node, what, &[0], &[self.kind, "write", &self.written]);
        ends_with(&self.reader, what, &[0], &[self.kind, "read", &self.written]);
        assert_whole(&self.reader, what, ITEMS);
    }
}

/// `stick write` on an empty stick.
pub struct StickWrite(Rc<Both>);

impl StickWrite {
    pub fn new() -> Self {
        StickWrite(Both::new())
    }
}

impl Scene for StickWrite {
    fn name(&self) -> &'static str {
        "stick write"
    }

    fn prepare(&self) -> Box<dyn Stage> {
        Writing::stage(&self.0, "stick", None)
    }
}

/// `stick write` on a stick that holds an older state: what stood there before still stands there.
pub struct StickUpdate(Rc<Both>);

impl StickUpdate {
    pub fn new() -> Self {
        StickUpdate(Both::new())
    }
}

impl Scene for StickUpdate {
    fn name(&self) -> &'static str {
        "stick write over an older state"
    }

    fn prepare(&self) -> Box<dyn Stage> {
        Writing::stage(&self.0, "stick", Some(&self.0.old_stick))
    }
}

/// `archive write` where an older one stands: that one stays until the new one is whole.
pub struct ArchiveWrite(Rc<Both>);

impl ArchiveWrite {
    pub fn new() -> Self {
        ArchiveWrite(Both::new())
    }
}

impl Scene for ArchiveWrite {
    fn name(&self) -> &'static str {
        "archive write over an older one"
    }

    fn prepare(&self) -> Box<dyn Stage> {
        Writing::stage(&self.0, "archive", Some(&self.0.old_archive))
    }
}

/// A command that brings everything to a reader.
struct Reading {
    reader: Node,
    command: Command,
    again: Vec<String>,
}

impl Stage for Reading {
    fn command(&self) -> &Command {
        &self.command
    }

    fn folder(&self) -> String {
        self.reader.path("")
    }

    fn aftermath(&mut self, what: &str, acknowledged: bool, _out: &str) {
        if acknowledged {
            assert_whole(&self.reader, what, ITEMS);
        }
        assert_sound(&self.reader, what, &[]);
        ends_with(&self.reader, what, &[0], &self.again.iter().map(String::as_str).collect::<Vec<_>>());
        assert_whole(&self.reader, what, ITEMS);
        assert_eq!(self.reader.holes(), 0, "{what}");
    }
}

/// `stick read` on a machine that has nothing yet.
pub struct StickRead(Rc<Both>);

impl StickRead {
    pub fn new() -> Self {
        StickRead(Both::new())
    }
}

impl Scene for StickRead {
    fn name(&self) -> &'static str {
        "stick read"
    }

    fn prepare(&self) -> Box<dyn Stage> {
        let reader = copy_of(&self.0.reader);
        let again = ["stick", "read", &self.0.stick].map(str::to_owned).to_vec();
        Box::new(Reading { command: reader.command(&again), reader, again })
    }
}

/// `sync` with an older and a newer tree: both are pulled, and the older one is brought what it lacks.
pub struct Sync(Rc<Both>);

impl Sync {
    pub fn new() -> Self {
        Sync(Both::new())
    }
}

impl Scene for Sync {
    fn name(&self) -> &'static str {
        "sync"
    }

    fn prepare(&self) -> Box<dyn Stage> {
        let reader = copy_of(&self.0.reader);
        let older = reader.path("older");
        copy(&self.0.old_stick, &older);
        let again = ["sync", &self.0.stick, &older].map(str::to_owned).to_vec();
        Box::new(Reading { command: reader.command(&again), reader, again })
    }
}

/// `unfollow --delete` on a machine that has everything.
pub struct Unfollow {
    both: Rc<Both>,
    reader: Node,
}

impl Unfollow {
    pub fn new() -> Self {
        let both = Both::new();
        let reader = copy_of(&both.reader);
        reader.done(&["stick", "read", &both.stick]);
        Unfollow { both, reader }
    }
}

struct Unfollowing {
    both: Rc<Both>,
    reader: Node,
    command: Command,
}

impl Scene for Unfollow {
    fn name(&self) -> &'static str {
        "unfollow --delete"
    }

    fn prepare(&self) -> Box<dyn Stage> {
        let reader = copy_of(&self.reader);
        let command = reader.command(&["unfollow", &self.both.newsroom.address, "--delete"]);
        Box::new(Unfollowing { both: self.both.clone(), reader, command })
    }
}

impl Stage for Unfollowing {
    fn command(&self) -> &Command {
        &self.command
    }

    fn folder(&self) -> String {
        self.reader.path("")
    }

    fn aftermath(&mut self, what: &str, _acknowledged: bool, _out: &str) {
        assert_sound(&self.reader, what, &[]);
        ends_with(&self.reader, what, &[0], &["unfollow", &self.both.newsroom.address, "--delete"]);
        let held = self.reader.list().into_iter().flat_map(|item| item["renditions"].as_array().unwrap().clone());
        assert!(held.into_iter().all(|rendition| rendition["have"] == 0), "{what}: the files are deleted");
        ends_with(&self.reader, what, &[0], &["follow", &self.both.newsroom.address]);
        ends_with(&self.reader, what, &[0], &["stick", "read", &self.both.stick]);
        assert_whole(&self.reader, what, ITEMS);
    }
}
