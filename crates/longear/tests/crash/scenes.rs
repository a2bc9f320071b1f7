//! Commands, each with everything before it and everything that must hold afterwards.

mod charters;
mod newsroom;
mod routes;

use std::process::Command;

pub use charters::{ChannelNew, CharterApply, CharterSign, Enrol, Rotate};
pub use newsroom::{Deletion, DeletionFromCopy, Publish, PublishFromCopy, Repair};
pub use routes::{ArchiveWrite, StickRead, StickUpdate, StickWrite, Sync, Unfollow};

use crate::node::Node;

/// A command that can be prepared again and again.
pub trait Scene {
    fn name(&self) -> &'static str;
    fn prepare(&self) -> Box<dyn Stage>;
}

/// A command, ready to run once.
pub trait Stage {
    fn command(&self) -> &Command;

    /// The exit code with which it ends when nothing disturbs it.
    fn code(&self) -> i32 {
        0
    }

    /// The folder below which the command writes.
    fn folder(&self) -> String;

    /// Asserts what must hold after the command ended somehow: `acknowledged` tells whether it said that it was done, and
    /// `out` what it printed. Runs it once more, undisturbed.
    fn aftermath(&mut self, what: &str, acknowledged: bool, out: &str);
}

/// An item that somebody was told is kept: its ID and title.
pub type Kept = (String, String);

/// Asserts that a home is sound, and that everything that was acknowledged is here.
fn assert_sound(node: &Node, what: &str, kept: &[Kept]) {
    let check = node.run(&["check"]);
    assert_eq!(check.code, Some(0), "{what}: {check:?}");
    let listed = node.list();
    for (id, title) in kept {
        let found = listed.iter().find(|item| item["id"] == **id);
        let found = found.unwrap_or_else(|| panic!("{what}: {title} is lost"));
        assert!(found["title"] == **title && found["status"] == "shown", "{what}: {found}");
    }
}

/// Asserts that every file of every item is here wholly.
fn assert_whole(node: &Node, what: &str, items: usize) {
    let listed = node.list();
    assert_eq!(listed.len(), items, "{what}");
    for rendition in listed.iter().flat_map(|item| item["renditions"].as_array().unwrap()) {
        assert_eq!(rendition["size"], rendition["have"], "{what}");
    }
    assert_eq!(node.run(&["check"]).code, Some(0), "{what}");
}

/// Runs a command that must end with one of these codes.
fn ends_with(node: &Node, what: &str, codes: &[i32], arguments: &[&str]) -> crate::node::Ended {
    let ended = node.run(arguments);
    assert!(ended.code.is_some_and(|code| codes.contains(&code)), "{what}: {arguments:?}: {ended:?}");
    ended
}

/// A copy of a folder.
fn copy(from: &str, to: &str) {
    let status = Command::new("cp").args(["-a", from, to]).status().unwrap();
    assert!(status.success());
}

/// A machine with a copy of another one's home.
fn copy_of(node: &Node) -> Node {
    let copied = Node::new();
    copy(node.home().to_str().unwrap(), copied.home().to_str().unwrap());
    copied
}

/// Bytes that repeat nowhere, the same each time.
fn bytes(count: usize) -> Vec<u8> {
    let blocks = (0..count.div_ceil(32) as u64).flat_map(|number| longear_core::hash::plain(&number.to_le_bytes()));
    blocks.take(count).collect()
}
