//! Sticks that people carry between nodes.

use std::collections::BTreeMap;

use longear_core::holdings::Holdings;
use longear_core::tree::TreePath;
use longear_core::{Head, LogId, PackName};
use longear_net::sync::decisions::{Listings, SourceMemory};

use super::World;
use super::checks::merged;
use crate::node::{Answer, pack_bytes};
use crate::session::Session;

/// A folder of the tree.
#[derive(Default)]
pub struct Stick {
    files: BTreeMap<TreePath, Vec<u8>>,
}

impl Stick {
    /// What stands at a path of this kind, whichever it is.
    pub fn any(&self, path: &TreePath) -> Option<Vec<u8>> {
        let is_alike = |other: &&TreePath| std::mem::discriminant(*other) == std::mem::discriminant(path);
        self.files.keys().find(is_alike).and_then(|path| self.files.get(path).cloned())
    }

    fn listings(&self) -> Listings {
        let mut listings = Listings::new();
        for path in self.files.keys() {
            if let TreePath::Pack { log, level, index, .. } = *path
                && let Some(name) = PackName::new(level, u64::from(index))
            {
                listings.entry((0, LogId(log))).or_default().insert(name);
            }
        }
        listings
    }
}

impl World {
    /// Writes what a node holds, in the order of `stick write`; sometimes it is pulled out before the end.
    pub(super) fn write_stick(&mut self, no: usize, stick: usize) {
        let files = self.files_of(no, stick);
        let count = if self.random.chance(30) { self.random.place(files.len() + 1) } else { files.len() };
        self.note(format_args!("node {no} writes {count} of {} files to stick {stick}", files.len()));
        let torn = count < files.len() && self.random.chance(50);
        for (place, (path, mut bytes)) in files.into_iter().take(count).enumerate() {
            if torn && place + 1 == count {
                bytes.truncate(self.random.place(bytes.len().max(1)));
            }
            self.sticks[stick].files.insert(path, bytes);
        }
    }

    fn files_of(&mut self, no: usize, stick: usize) -> Vec<(TreePath, Vec<u8>)> {
        let channel = self.newsroom.channel();
        let (Some(state), Some(store)) = (self.nodes[no].state(&channel), &self.nodes[no].store) else {
            return Vec::new();
        };
        let mut files = Vec::new();
        for (charter, number) in state.lineage().charters().iter().zip(1..) {
            files.push((TreePath::Charter { channel: channel.0, number }, charter.encode()));
        }
        for log in state.logs().keys() {
            let fork = state.fork(log).map(|proof| (TreePath::Fork { channel: channel.0, log: log.0 }, proof.encode()));
            files.extend(fork);
        }
        for (log, held) in state.logs() {
            for name in PackName::published(held.end().min(state.items_expected(log))) {
                let bytes = pack_bytes(store, &channel, log, name).ok().flatten();
                files.extend(bytes.map(|bytes| (TreePath::pack(&channel, log, name), bytes)));
            }
        }
        if state.lineage().number() > 0 {
            let path = TreePath::Head { channel: channel.0 };
            let there = self.sticks[stick].files.get(&path).and_then(|bytes| Head::decode(&channel, bytes).ok());
            let head = match there {
                Some(there) => merged(&there, &state.head(), self.broken),
                None => state.head(),
            };
            files.push((path, head.encode()));
        }
        files
    }

    /// Reads a stick; sometimes a bit of it has rotted.
    pub(super) fn read_stick(&mut self, no: usize, stick: usize) {
        if self.nodes[no].store.is_none() {
            return;
        }
        if self.random.chance(20)
            && let Some(bytes) = self.sticks[stick].files.values_mut().next_back().filter(|bytes| !bytes.is_empty())
        {
            let place = self.random.place(bytes.len());
            bytes[place] ^= 1;
        }
        let listings = self.sticks[stick].listings();
        let mut session = Session::new(self.newsroom.channel(), SourceMemory::default(), Some(listings), None);
        loop {
            let polled = session.poll(&mut self.nodes[no]);
            let Some(questions) = self.survive(no, polled) else { break };
            if questions.is_empty() {
                break;
            }
            for question in questions {
                let answer = match self.sticks[stick].files.get(&question.path) {
                    Some(bytes) => Answer::Bytes { bytes: bytes.clone(), is_whole: true, etag: None },
                    None => Answer::Absent,
                };
                let taken = session.take(&mut self.nodes[no], question.no, answer);
                if self.survive(no, taken).is_none() {
                    session.set_aside = Some("the disk here failed");
                }
            }
        }
        self.check_session(no, None, &mut session);
        self.note(format_args!("node {no} reads stick {stick}: {} news", session.news));
        self.look(no);
    }
}
