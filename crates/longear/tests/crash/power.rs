//! What a power cut leaves of a command's work: its calls are recorded with everything they wrote, and every state is made
//! anew in which the disk may be found, dropping and reordering what was not synced.
//!
//! This sees the whole program: also key files, drafts of charters, the index and the stick, which the store's own harness
//! does not.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use longear_core::hash::plain;

use crate::scenes::Stage;
use crate::strace::Tracer;

/// Bytes that survive together.
const PAGE_BYTES: usize = 4096;

/// The calls that are recorded.
pub const CALLS: &str = "openat,write,pwrite64,ftruncate,fsync,fdatasync,syncfs,rename,renameat,renameat2,unlink,unlinkat,\
                         mkdir,mkdirat";

/// Something that a command did to the disk.
#[derive(Clone, Debug)]
enum Deed {
    Write {
        file: u64,
        at: usize,
        bytes: Vec<u8>,
    },
    SetLength {
        file: u64,
        length: usize,
    },
    /// Names get files, or lose them.
    Names(Vec<(String, Option<u64>)>),
    MakeFolder(String),
    SyncFile(u64),
    SyncFolder(String),
    SyncAll,
    /// Something was printed.
    Say(Vec<u8>),
}

/// How the names of files reach the disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NameOrder {
    /// In each folder in their order, as file systems with a journal do it.
    InFolder,
    /// In any order, as on sticks.
    Any,
}

/// A command's work, from what was there before to its end.
pub struct Recording {
    before: Tree,
    deeds: Vec<Deed>,
}

/// Files and folders, by their paths below the stage's folder.
#[derive(Clone, Default)]
struct Tree {
    folders: BTreeSet<String>,
    names: BTreeMap<String, u64>,
    contents: BTreeMap<u64, Vec<u8>>,
}

impl Recording {
    /// Plays a stage to its end and records what it does below its folder.
    pub fn of(tracer: &Tracer, stage: &dyn Stage) -> Self {
        let root = fs::canonicalize(stage.folder()).unwrap();
        let mut before = Tree::default();
        before.read(&root, "");
        let log = tracer.record(stage, CALLS);
        let mut reading = Reading {
            root: format!("{}/", root.display()),
            now: before.clone(),
            places: BTreeMap::new(),
            deeds: Vec::new(),
        };
        joined(&log).iter().for_each(|call| reading.call(call));
        Recording { before, deeds: reading.deeds }
    }

    /// How many moments there are at which the power may fail.
    pub fn moments(&self) -> usize {
        self.deeds.len() + 1
    }

    /// Whether each file with the one name was on the disk before a file got the other name.
    pub fn is_ordered(&self, first: &str, then: &str) -> bool {
        let gives = |deed: &Deed, part: &str| match deed {
            Deed::Names(changes) => changes.iter().any(|(name, file)| file.is_some() && name.contains(part)),
            _ => false,
        };
        let mut is_loose = false;
        for deed in &self.deeds {
            is_loose &= !matches!(deed, Deed::SyncAll);
            if is_loose && gives(deed, then) {
                return false;
            }
            is_loose |= gives(deed, first);
        }
        true
    }

    /// What a power cut before deed number `moment` leaves.
    pub fn left(&self, moment: usize, coin: &mut impl FnMut() -> bool, order: NameOrder) -> Left {
        let done = &self.deeds[..moment];
        let mut left = self.before.clone();
        let mut said = Vec::new();
        let mut stopped = BTreeSet::new();
        for (number, deed) in done.iter().enumerate() {
            let later = &done[number + 1..];
            match deed {
                Deed::Write { file, at, bytes } => {
                    let synced = later.iter().any(|deed| deed.syncs_file(*file));
                    let mut start = 0;
                    while start < bytes.len() {
                        let end = ((at + start) / PAGE_BYTES * PAGE_BYTES + PAGE_BYTES - at).min(bytes.len());
                        if synced || coin() {
                            left.write(*file, at + start, &bytes[start..end]);
                        }
                        start = end;
                    }
                }
                Deed::SetLength { file, length } => {
                    if later.iter().any(|deed| deed.syncs_file(*file)) || coin() {
                        left.contents.entry(*file).or_default().resize(*length, 0);
                    }
                }
                Deed::MakeFolder(path) => {
                    if later.iter().any(|deed| deed.syncs_folder(folder_of(path))) || coin() {
                        left.folders.insert(path.clone());
                    }
                }
                Deed::Names(changes) => {
                    let folders = changes.iter().map(|(name, _)| folder_of(name)).collect::<Vec<_>>();
                    let synced = later.iter().any(|deed| folders.iter().any(|folder| deed.syncs_folder(folder)));
                    let overtaken =
                        order == NameOrder::InFolder && folders.iter().any(|folder| stopped.contains(*folder));
                    if synced || coin() && !overtaken {
                        left.rename(changes);
                    } else {
                        stopped.extend(folders.into_iter().map(str::to_owned));
                    }
                }
                Deed::Say(bytes) => said.extend_from_slice(bytes),
                Deed::SyncFile(_) | Deed::SyncFolder(_) | Deed::SyncAll => {}
            }
        }
        Left { tree: left, said: String::from_utf8_lossy(&said).into_owned() }
    }
}

/// What a power cut left of a command's work.
pub struct Left {
    tree: Tree,
    /// What was printed by then.
    pub said: String,
}

impl Left {
    /// Puts exactly this into a folder.
    pub fn make(&self, folder: &Path) {
        self.tree.make(folder);
    }

    /// The same for the same folders, names and bytes, after the same words.
    pub fn hash(&self) -> [u8; 32] {
        let Tree { folders, names, contents } = &self.tree;
        let files = names.iter().map(|(name, file)| (name, contents.get(file).map(|bytes| plain(bytes))));
        plain(format!("{:?}", (folders, files.collect::<Vec<_>>(), &self.said)).as_bytes())
    }
}

impl Deed {
    fn syncs_file(&self, file: u64) -> bool {
        matches!(self, Deed::SyncAll) || matches!(self, Deed::SyncFile(synced) if *synced == file)
    }

    fn syncs_folder(&self, folder: &str) -> bool {
        matches!(self, Deed::SyncAll) || matches!(self, Deed::SyncFolder(synced) if synced == folder)
    }
}

impl Tree {
    fn read(&mut self, root: &Path, below: &str) {
        for entry in fs::read_dir(root.join(below)).unwrap() {
            let entry = entry.unwrap();
            let path = join(below, entry.file_name().to_str().unwrap());
            if entry.file_type().unwrap().is_dir() {
                self.folders.insert(path.clone());
                self.read(root, &path);
            } else {
                let file = self.new_file();
                self.contents.insert(file, fs::read(entry.path()).unwrap());
                self.names.insert(path, file);
            }
        }
    }

    fn new_file(&mut self) -> u64 {
        let file = self.contents.len() as u64;
        self.contents.insert(file, Vec::new());
        file
    }

    fn write(&mut self, file: u64, at: usize, bytes: &[u8]) {
        let contents = self.contents.entry(file).or_default();
        if contents.len() < at + bytes.len() {
            contents.resize(at + bytes.len(), 0);
        }
        contents[at..at + bytes.len()].copy_from_slice(bytes);
    }

    fn rename(&mut self, changes: &[(String, Option<u64>)]) {
        for (name, file) in changes {
            match file {
                Some(file) => self.names.insert(name.clone(), *file),
                None => self.names.remove(name),
            };
        }
    }

    /// Puts exactly this into a folder. What stands in a folder that was lost is lost.
    fn make(&self, folder: &Path) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() { fs::remove_dir_all(path).unwrap() } else { fs::remove_file(path).unwrap() }
        }
        for below in &self.folders {
            if folder.join(folder_of(below)).is_dir() {
                fs::create_dir(folder.join(below)).unwrap();
                fs::set_permissions(folder.join(below), fs::Permissions::from_mode(0o700)).unwrap();
            }
        }
        for (name, file) in &self.names {
            let path = folder.join(name);
            if path.parent().unwrap().is_dir() {
                fs::write(&path, self.contents.get(file).map_or(&[][..], Vec::as_slice)).unwrap();
                fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
            }
        }
    }
}

fn folder_of(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(folder, _)| folder)
}

fn join(folder: &str, name: &str) -> String {
    if folder.is_empty() { name.to_owned() } else { format!("{folder}/{name}") }
}

/// Calls that other threads interrupted, put together again: each as `name(arguments) = result`.
fn joined(log: &str) -> Vec<String> {
    let mut begun = BTreeMap::<&str, String>::new();
    let mut calls = Vec::new();
    for line in log.lines() {
        let Some((thread, said)) = line.split_once(' ') else { continue };
        let said = said.trim_start();
        if let Some(front) = said.strip_suffix(" <unfinished ...>") {
            begun.insert(thread, front.to_owned());
        } else if let Some((_, rest)) = said.split_once(" resumed>").filter(|_| said.starts_with("<... ")) {
            calls.extend(begun.remove(thread).map(|front| front + rest));
        } else {
            calls.push(said.to_owned());
        }
    }
    calls
}

/// Turns calls into deeds.
struct Reading {
    root: String,
    now: Tree,
    /// Where the next plain write to an open file goes, by descriptor and path.
    places: BTreeMap<String, usize>,
    deeds: Vec<Deed>,
}

impl Reading {
    fn call(&mut self, call: &str) {
        let Some((name, rest)) = call.split_once('(') else { return };
        let Some((arguments, result)) = rest.rsplit_once(" = ") else { return };
        let arguments = arguments.trim_end().trim_end_matches(')');
        if result.starts_with('-') {
            return;
        }
        let arguments = split(arguments);
        match name {
            "openat" => self.open(&arguments, result),
            "write" => self.write(&arguments, None),
            "pwrite64" => self.write(&arguments, Some(number(&arguments[3]))),
            "ftruncate" => self.set_length(&arguments),
            "fsync" | "fdatasync" => self.sync(&arguments),
            "syncfs" => self.deeds.push(Deed::SyncAll),
            "rename" => self.rename(self.path(&arguments[0], None), self.path(&arguments[1], None)),
            "renameat" | "renameat2" => {
                let from = self.path(&arguments[1], Some(&arguments[0]));
                let to = self.path(&arguments[3], Some(&arguments[2]));
                self.rename(from, to);
            }
            "unlink" => self.unlink(self.path(&arguments[0], None)),
            "unlinkat" => self.unlink(self.path(&arguments[1], Some(&arguments[0]))),
            "mkdir" => self.make_folder(self.path(&arguments[0], None)),
            "mkdirat" => self.make_folder(self.path(&arguments[1], Some(&arguments[0]))),
            _ => {}
        }
    }

    /// A path below the stage's folder, of a quoted name and the folder that it is looked up in.
    fn path(&self, name: &str, folder: Option<&str>) -> Option<String> {
        let name = String::from_utf8(unhex(name)).ok()?;
        let whole = match folder.and_then(path_of_descriptor) {
            Some(folder) if !name.starts_with('/') => format!("{folder}/{name}"),
            _ => name,
        };
        whole.strip_prefix(&self.root).map(|path| path.trim_end_matches('/').to_owned())
    }

    fn below(&self, descriptor: &str) -> Option<String> {
        path_of_descriptor(descriptor)?.strip_prefix(&self.root).map(str::to_owned)
    }

    fn file(&self, descriptor: &str) -> Option<u64> {
        self.now.names.get(&self.below(descriptor)?).copied()
    }

    fn open(&mut self, arguments: &[String], result: &str) {
        let Some(path) = self.path(&arguments[1], Some(&arguments[0])) else { return };
        let descriptor = result.split(' ').next().unwrap_or_default();
        self.places.insert(descriptor.split('<').next().unwrap_or_default().to_owned(), 0);
        let flags = &arguments[2];
        match self.now.names.get(&path).copied() {
            None if flags.contains("O_CREAT") => {
                let file = self.now.new_file();
                self.names(vec![(path, Some(file))]);
            }
            Some(file) if flags.contains("O_TRUNC") => {
                self.now.contents.insert(file, Vec::new());
                self.deeds.push(Deed::SetLength { file, length: 0 });
            }
            _ => {}
        }
    }

    fn write(&mut self, arguments: &[String], at: Option<usize>) {
        let bytes = unhex(&arguments[1]);
        if arguments[0].starts_with("1<") {
            self.deeds.push(Deed::Say(bytes));
            return;
        }
        let Some(file) = self.file(&arguments[0]) else { return };
        let descriptor = arguments[0].split('<').next().unwrap_or_default();
        let place = self.places.entry(descriptor.to_owned()).or_default();
        let at = at.unwrap_or_else(|| std::mem::replace(place, *place + bytes.len()));
        self.now.write(file, at, &bytes);
        self.deeds.push(Deed::Write { file, at, bytes });
    }

    fn set_length(&mut self, arguments: &[String]) {
        let Some(file) = self.file(&arguments[0]) else { return };
        let length = number(&arguments[1]);
        self.now.contents.entry(file).or_default().resize(length, 0);
        self.deeds.push(Deed::SetLength { file, length });
    }

    fn sync(&mut self, arguments: &[String]) {
        if let Some(file) = self.file(&arguments[0]) {
            self.deeds.push(Deed::SyncFile(file));
        } else if let Some(path) = path_of_descriptor(&arguments[0]) {
            let root = self.root.trim_end_matches('/');
            let folder = if path == root { Some("") } else { path.strip_prefix(&self.root) };
            self.deeds.extend(folder.map(|folder| Deed::SyncFolder(folder.to_owned())));
        }
    }

    fn rename(&mut self, from: Option<String>, to: Option<String>) {
        let (Some(from), Some(to)) = (from, to) else { return };
        let Some(file) = self.now.names.get(&from).copied() else { return };
        self.names(vec![(from, None), (to, Some(file))]);
    }

    fn unlink(&mut self, path: Option<String>) {
        if let Some(path) = path.filter(|path| self.now.names.contains_key(path)) {
            self.names(vec![(path, None)]);
        }
    }

    fn make_folder(&mut self, path: Option<String>) {
        if let Some(path) = path {
            self.now.folders.insert(path.clone());
            self.deeds.push(Deed::MakeFolder(path));
        }
    }

    fn names(&mut self, changes: Vec<(String, Option<u64>)>) {
        self.now.rename(&changes);
        self.deeds.push(Deed::Names(changes));
    }
}

/// The path that strace writes behind a descriptor.
fn path_of_descriptor(descriptor: &str) -> Option<String> {
    let (_, path) = descriptor.split_once('<')?;
    String::from_utf8(unhex(path)).ok()
}

fn split(arguments: &str) -> Vec<String> {
    // All strings are written in hexadecimal digits, so that no comma stands in one.
    arguments.split(", ").map(str::to_owned).collect()
}

fn number(text: &str) -> usize {
    text.parse().unwrap()
}

/// The bytes of a string that is written as `\x61\x62`.
fn unhex(text: &str) -> Vec<u8> {
    let digits = text.split("\\x").skip(1).filter_map(|pair| u8::from_str_radix(pair.get(..2)?, 16).ok());
    digits.collect()
}
