//! Who may speak: founding, enrolling, signing, applying, changing the roots.

use std::path::Path;
use std::process::Command;

use super::newsroom::{Newsroom, now_ms};
use super::{Scene, Stage, assert_sound, copy, copy_of, ends_with};
use crate::node::Node;

/// A newsroom, a laptop that has asked to be enrolled, and the draft of the charter that does it.
struct Draft {
    newsroom: Newsroom,
    laptop: Node,
    /// Signed by one root.
    half: String,
    /// Signed by two.
    signed: String,
}

impl Draft {
    fn new() -> Self {
        let newsroom = Newsroom::new(now_ms());
        newsroom.post("Before", now_ms());
        let node = &newsroom.node;
        let (request, stick) = (node.path("request"), node.path("stick"));
        let (half, signed) = (node.path("half.charter"), node.path("signed.charter"));
        node.done(&["stick", "write", &stick]);
        let laptop = Node::following(&newsroom.address);
        laptop.done(&["stick", "read", &stick]);
        laptop.done(&["channel", "enrol", &newsroom.address, "--role", "post", "--out", &request]);
        let roots = newsroom.roots();
        node.done(&["channel", "delegate", "add", &request, "--root", &roots[0], "--out", &half]);
        copy(&half, &signed);
        Node::new().done(&["channel", "sign", &signed, "--root", &roots[1]]);
        Draft { newsroom, laptop, half, signed }
    }
}

fn charter_number(node: &Node) -> u64 {
    node.done(&["channel", "show"]).json()["charter"].as_u64().unwrap()
}

/// `channel sign` of a draft that another holder has signed: that signature must not be lost.
pub struct CharterSign(Draft);

impl CharterSign {
    pub fn new() -> Self {
        CharterSign(Draft::new())
    }
}

struct Signing {
    holder: Node,
    newsroom: Node,
    command: Command,
    draft: String,
    root: String,
}

impl Scene for CharterSign {
    fn name(&self) -> &'static str {
        "channel sign"
    }

    fn prepare(&self) -> Box<dyn Stage> {
        let (holder, newsroom) = (Node::new(), copy_of(&self.0.newsroom.node));
        let (draft, root) = (holder.path("draft.charter"), self.0.newsroom.roots()[1].clone());
        copy(&self.0.half, &draft);
        let command = holder.command(&["channel", "sign", &draft, "--root", &root]);
        Box::new(Signing { holder, newsroom, command, draft, root })
    }
}

impl Stage for Signing {
    fn command(&self) -> &Command {
        &self.command
    }

    fn folder(&self) -> String {
        self.holder.path("")
    }

    fn aftermath(&mut self, what: &str, acknowledged: bool, _out: &str) {
        if !acknowledged {
            ends_with(&self.holder, what, &[0], &["channel", "sign", &self.draft, "--root", &self.root]);
        }
        ends_with(&self.newsroom, what, &[0], &["channel", "apply", &self.draft]);
        assert_eq!(charter_number(&self.newsroom), 2, "{what}");
    }
}

/// `channel apply` of a charter that is wholly signed.
pub struct CharterApply(Draft);

impl CharterApply {
    pub fn new() -> Self {
        CharterApply(Draft::new())
    }
}

struct Applying {
    node: Node,
    command: Command,
    signed: String,
}

impl Scene for CharterApply {
    fn name(&self) -> &'static str {
        "channel apply"
    }

    fn prepare(&self) -> Box<dyn Stage> {
        let (node, signed) = (copy_of(&self.0.newsroom.node), self.0.signed.clone());
        Box::new(Applying { command: node.command(&["channel", "apply", &signed]), node, signed })
    }
}

impl Stage for Applying {
    fn command(&self) -> &Command {
        &self.command
    }

    fn folder(&self) -> String {
        self.node.path("")
    }

    fn aftermath(&mut self, what: &str, acknowledged: bool, _out: &str) {
        assert_sound(&self.node, what, &[]);
        let number = charter_number(&self.node);
        assert!(number == 2 || !acknowledged && number == 1, "{what}: charter {number}");
        ends_with(&self.node, what, &[0], &["channel", "apply", &self.signed]);
        assert_eq!(charter_number(&self.node), 2, "{what}");
    }
}

/// `channel rotate`: a charter that names new roots must never be in force without the files that hold them.
pub struct Rotate(Newsroom);

impl Rotate {
    pub fn new() -> Self {
        let newsroom = Newsroom::new(now_ms());
        newsroom.post("Before", now_ms());
        Rotate(newsroom)
    }
}

struct Rotating {
    node: Node,
    command: Command,
    roots: Vec<String>,
}

impl Scene for Rotate {
    fn name(&self) -> &'static str {
        "channel rotate"
    }

    fn prepare(&self) -> Box<dyn Stage> {
        let node = copy_of(&self.0.node);
        copy(&self.0.node.path("roots"), &node.path("roots"));
        let roots = (1..=2).map(|number| node.path(&format!("roots/root-{number}-of-3.key"))).collect::<Vec<_>>();
        let command = node.command(&["channel", "rotate", "--root", &roots[0], "--root", &roots[1]]);
        Box::new(Rotating { node, command, roots })
    }
}

impl Stage for Rotating {
    fn command(&self) -> &Command {
        &self.command
    }

    fn folder(&self) -> String {
        self.node.path("")
    }

    fn aftermath(&mut self, what: &str, acknowledged: bool, _out: &str) {
        assert_sound(&self.node, what, &[]);
        let number = charter_number(&self.node);
        assert!(number == 2 || !acknowledged && number == 1, "{what}: charter {number}");
        let rotate =
            |roots: [&str; 2]| ["channel", "rotate", "--root", roots[0], "--root", roots[1]].map(str::to_owned);
        let run = |words: [String; 6]| {
            ends_with(&self.node, what, &[0], &words.iter().map(String::as_str).collect::<Vec<_>>());
        };
        if number == 1 {
            // New files of a change that did not come about are in the way, until their holder has thrown them away.
            for entry in std::fs::read_dir(Path::new(&self.roots[0]).parent().unwrap()).unwrap() {
                let path = entry.unwrap().path();
                if path.extension().is_some_and(|extension| extension == "new") {
                    std::fs::remove_file(path).unwrap();
                }
            }
            run(rotate([&self.roots[0], &self.roots[1]]));
        }
        let new = [0, 1].map(|index: usize| format!("{}.new", self.roots[index]));
        run(rotate([&new[0], &new[1]]));
        assert_eq!(charter_number(&self.node), 3, "{what}");
    }
}

/// `channel enrol` on a device that is enrolled: its key must not be lost.
pub struct Enrol(Draft);

impl Enrol {
    pub fn new() -> Self {
        let draft = Draft::new();
        draft.laptop.done(&["channel", "apply", &draft.signed]);
        Enrol(draft)
    }
}

struct Enrolling {
    node: Node,
    command: Command,
}

impl Scene for Enrol {
    fn name(&self) -> &'static str {
        "channel enrol"
    }

    fn prepare(&self) -> Box<dyn Stage> {
        let node = copy_of(&self.0.laptop);
        let out = node.path("again.request");
        let address = &self.0.newsroom.address;
        let command = node.command(&["channel", "enrol", address, "--role", "post", "--out", &out]);
        Box::new(Enrolling { node, command })
    }
}

impl Stage for Enrolling {
    fn command(&self) -> &Command {
        &self.command
    }

    fn folder(&self) -> String {
        self.node.path("")
    }

    fn aftermath(&mut self, what: &str, _acknowledged: bool, _out: &str) {
        ends_with(&self.node, what, &[0], &["publish", "--title", "Still here", "--lang", "en"]);
        assert_sound(&self.node, what, &[]);
    }
}

/// `channel new` on a new machine.
pub struct ChannelNew;

struct Founding {
    node: Node,
    command: Command,
}

impl Scene for ChannelNew {
    fn name(&self) -> &'static str {
        "channel new"
    }

    fn prepare(&self) -> Box<dyn Stage> {
        let node = Node::new();
        let command = node.command(&["channel", "new", "First", "--roots", &node.path("roots")]);
        Box::new(Founding { node, command })
    }
}

impl Stage for Founding {
    fn command(&self) -> &Command {
        &self.command
    }

    fn folder(&self) -> String {
        self.node.path("")
    }

    fn aftermath(&mut self, what: &str, acknowledged: bool, out: &str) {
        assert_sound(&self.node, what, &[]);
        let said = serde_json::from_str::<serde_json::Value>(out);
        assert!(!acknowledged || said.is_ok(), "{what}: it says what it founded");
        if said.is_ok() {
            ends_with(&self.node, what, &[0], &["publish", "--title", "One", "--lang", "en"]);
        }
        ends_with(&self.node, what, &[0], &["channel", "new", "Second", "--roots", &self.node.path("other-roots")]);
        assert_sound(&self.node, what, &[]);
    }
}
