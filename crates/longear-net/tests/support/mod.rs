//! A reader's machine and the trees it reads, for all tests of synchronisation.

#![allow(dead_code, clippy::unwrap_used)]

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use longear_core::tree::TreePath;
use longear_core::{ChannelId, LogId, PackName};
use longear_net::carrier::{Carrier, CarrierOptions};
use longear_net::sync::{SyncOptions, SyncReport, sync};
use longear_store::Store;
use tempfile::TempDir;

/// A reader's machine.
pub struct Reader {
    _folder: TempDir,
    pub store: Arc<Store>,
    pub channel: ChannelId,
}

impl Reader {
    pub fn of(channel: ChannelId) -> Self {
        let folder = TempDir::new().unwrap();
        let store = Store::open(folder.path()).unwrap();
        let mut batch = store.write().unwrap();
        batch.follow(&channel).unwrap();
        batch.commit().unwrap();
        Reader { _folder: folder, store: Arc::new(store), channel }
    }

    pub async fn pull(&self, trees: &[&Tree]) -> SyncReport {
        let carriers = trees.iter().map(|tree| open(&tree.folder)).collect();
        sync(self.store.clone(), carriers, SyncOptions::default(), |_| {}).await.unwrap()
    }

    pub fn items(&self) -> u64 {
        let state = self.store.channel(&self.channel).unwrap().unwrap();
        state.logs().values().map(|log| log.complete().len()).sum()
    }

    pub fn have(&self, blob: [u8; 32]) -> u64 {
        use longear_store::blobs::BlobState;
        match self.store.blobs().state(longear_core::blob::BlobHash::from_bytes(blob)).unwrap() {
            BlobState::Absent => 0,
            BlobState::Partial { have_bytes, .. } => have_bytes,
            BlobState::Complete { size } => size,
        }
    }
}

pub fn open(folder: &Path) -> Carrier {
    Carrier::open(folder.to_str().unwrap(), &CarrierOptions::default()).unwrap()
}

/// A tree in a folder.
#[derive(Clone)]
pub struct Tree {
    pub folder: PathBuf,
    pub channel: ChannelId,
}

impl Tree {
    pub fn head(&self) -> TreePath {
        TreePath::Head { channel: self.channel.0 }
    }

    pub fn charter(&self, number: u32) -> TreePath {
        TreePath::Charter { channel: self.channel.0, number }
    }

    pub fn pack(&self, log: LogId, name: PackName) -> TreePath {
        TreePath::Pack { channel: self.channel.0, log: log.0, level: name.level, index: name.index as u32 }
    }

    pub fn file(&self, path: &TreePath) -> PathBuf {
        self.folder.join(path.to_string())
    }

    pub fn put(&self, path: &TreePath, bytes: &[u8]) {
        let file = self.file(path);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, bytes).unwrap();
    }

    pub fn read(&self, path: &TreePath) -> Vec<u8> {
        fs::read(self.file(path)).unwrap()
    }

    pub fn remove(&self, path: &TreePath) {
        fs::remove_file(self.file(path)).unwrap();
    }

    pub fn cut(&self, path: &TreePath, bytes: usize) {
        let content = self.read(path);
        self.put(path, &content[..bytes]);
    }

    pub fn flip(&self, path: &TreePath, at: usize) {
        let mut content = self.read(path);
        content[at] ^= 0x10;
        self.put(path, &content);
    }

    pub fn copy_to(&self, folder: &Path) -> Tree {
        copy_folder(&self.folder, folder);
        Tree { folder: folder.to_owned(), channel: self.channel }
    }
}

fn copy_folder(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy_folder(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}
