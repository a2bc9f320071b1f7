//! Machines of the story: each has a home of its own and runs the real command.

use std::ffi::OsStr;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use serde_json::Value;
use tempfile::TempDir;

use crate::media;

/// One machine.
pub struct Node {
    folder: TempDir,
    home: PathBuf,
}

/// How a command ended, and what it said.
#[derive(Debug)]
pub struct Ended {
    pub code: Option<i32>,
    pub out: String,
    pub err: String,
}

impl Ended {
    /// What it printed with `--json`, as one object.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// The message of a failure with `--json`, with its hint.
    pub fn failure(&self) -> String {
        let line = self.err.lines().find(|line| line.starts_with('{')).unwrap_or_else(|| panic!("{self:?}"));
        serde_json::from_str::<Value>(line).unwrap()["error"].to_string()
    }
}

impl Node {
    pub fn new() -> Self {
        let folder = TempDir::new().unwrap();
        let home = folder.path().join("home");
        Node { folder, home }
    }

    /// A machine whose home stands elsewhere.
    pub fn with_home(home: PathBuf) -> Self {
        Node { folder: TempDir::new().unwrap(), home }
    }

    /// A machine that follows a channel, of which it has nothing yet.
    pub fn following(address: &str) -> Self {
        let node = Node::new();
        node.done(&["follow", address]);
        node
    }

    /// A path in this machine's own folder, beside its home.
    pub fn path(&self, name: &str) -> String {
        self.folder.path().join(name).to_str().unwrap().to_owned()
    }

    pub fn home(&self) -> &Path {
        &self.home
    }

    pub fn file(&self, name: &str, content: impl AsRef<[u8]>) -> String {
        let path = self.path(name);
        std::fs::write(&path, content).unwrap();
        path
    }

    pub fn command<A: AsRef<OsStr>>(&self, arguments: &[A]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_longear"));
        command.env("LONGEAR_HOME", &self.home).arg("--json").args(arguments);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    pub fn run<A: AsRef<OsStr>>(&self, arguments: &[A]) -> Ended {
        let output = self.command(arguments).output().unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        Ended { code: output.status.code(), out: text(output.stdout), err: text(output.stderr) }
    }

    /// Runs a command that must end with `code`.
    pub fn ends<A: AsRef<OsStr> + std::fmt::Debug>(&self, code: i32, arguments: &[A]) -> Ended {
        let ended = self.run(arguments);
        assert_eq!(ended.code, Some(code), "{arguments:?}: {ended:?}");
        ended
    }

    /// Runs a command that must succeed.
    pub fn done<A: AsRef<OsStr> + std::fmt::Debug>(&self, arguments: &[A]) -> Ended {
        self.ends(0, arguments)
    }

    /// Publishes, and gives the ID of the item.
    pub fn publish(&self, arguments: &[&str]) -> String {
        let ended = self.done(&[&["publish"], arguments].concat());
        ended.json()["id"].as_str().unwrap().to_owned()
    }

    /// Every item of `list`, newest first.
    pub fn list(&self) -> Vec<Value> {
        self.done(&["list"]).out.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// One item of `list`.
    pub fn item(&self, id: &str) -> Value {
        self.list().into_iter().find(|item| item["id"] == id).unwrap_or_else(|| panic!("{id} is not here"))
    }

    /// Status and reason of an item, as `list` tells them.
    pub fn status(&self, id: &str) -> (String, String) {
        let item = self.item(id);
        (item["status"].as_str().unwrap().to_owned(), item["reason"].as_str().unwrap().to_owned())
    }

    /// Size of a file of an item, and its verified bytes that are here. Nothing is here of an item that is not.
    pub fn size_and_have(&self, name: &str) -> (u64, u64) {
        let items = self.list();
        let mut renditions = items.iter().flat_map(|item| item["renditions"].as_array().unwrap());
        let number = |value: &Value| value.as_u64().unwrap();
        renditions
            .find(|rendition| rendition["name"] == name)
            .map_or((0, 0), |rendition| (number(&rendition["size"]), number(&rendition["have"])))
    }

    pub fn holes(&self) -> u64 {
        self.done(&["status"]).json()["channels"][0]["holes"].as_u64().unwrap()
    }

    /// Starts `serve` at a free port.
    pub fn serve(&self) -> Serving {
        let mut child = self.command(&["serve", "--listen", "127.0.0.1:0"]).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let Ok(said) = serde_json::from_str::<Value>(&line) else {
            panic!("serve said {line:?}, and: {:?}", child.wait_with_output());
        };
        Serving { url: said["listening"].as_str().unwrap().to_owned(), child }
    }

    /// Asserts that the whole publication is here, byte for byte.
    pub fn assert_whole(&self, publication: &Publication) {
        assert_eq!(self.holes(), 0);
        for (id, files) in &publication.items {
            let folder = self.path(&format!("export-{id}"));
            self.done(&["export", id, "--to", &folder]);
            for (name, original) in files {
                let exported = std::fs::read(Path::new(&folder).join(name)).unwrap();
                assert!(exported == std::fs::read(original).unwrap(), "{name} differs");
            }
        }
        self.done(&["check"]);
    }
}

/// A `serve` that runs until it is dropped.
pub struct Serving {
    pub url: String,
    pub child: Child,
}

impl Drop for Serving {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What a newsroom published: per item its ID, and each exported file's name with the original.
pub struct Publication {
    pub items: Vec<(String, Vec<(String, PathBuf)>)>,
}

/// A newsroom with its channel and its three root files.
pub struct Newsroom {
    pub node: Node,
    pub address: String,
}

impl Newsroom {
    pub fn new() -> Self {
        let node = Node::new();
        let new = node.done(&["channel", "new", "Sarybulaq News", "--roots", &node.path("roots")]).json();
        Newsroom { address: new["address"].as_str().unwrap().to_owned(), node }
    }

    /// The root files, each of which belongs to another holder.
    pub fn roots(&self) -> Vec<String> {
        let entries = std::fs::read_dir(self.node.path("roots")).unwrap();
        let mut paths: Vec<_> =
            entries.map(|entry| entry.unwrap().path().into_os_string().into_string().unwrap()).collect();
        paths.sort();
        assert_eq!(paths.len(), 3);
        paths
    }

    /// Publishes a post in three languages with photo and video, a document and a sound.
    pub fn publish_all(&self) -> Publication {
        let node = &self.node;
        let texts = [("kk", "Нан", "Дүкенде **нан** бар.\n"), ("ru", "Хлеб", "В лавке есть **хлеб**.\n")];
        let texts = [texts.as_slice(), &[("en", "Bread", "There is **bread** in the shop.\n")]].concat();
        let mut words = Vec::new();
        let mut files = Vec::new();
        for (language, title, text) in &texts {
            let original = node.file(&format!("{language}.md"), text);
            words.extend(["--lang", language, "--title", title, "--text"].map(str::to_owned));
            words.push(original.clone());
            files.push((format!("{title}.{language}.md"), PathBuf::from(original)));
        }
        for original in [media::video(), media::photo()] {
            words.push(original.to_str().unwrap().to_owned());
            files.push((original.file_name().unwrap().to_str().unwrap().to_owned(), original));
        }
        let mut items = vec![(node.publish(&words.iter().map(String::as_str).collect::<Vec<_>>()), files)];
        for (original, title) in [(media::document(), "Price list"), (media::sound(), "Radio minute")] {
            let id = node.publish(&[original.to_str().unwrap(), "--title", title, "--lang", "en"]);
            items.push((id, vec![(original.file_name().unwrap().to_str().unwrap().to_owned(), original)]));
        }
        Publication { items }
    }

    /// Writes a whole stick.
    pub fn stick(&self) -> String {
        let stick = self.node.path("stick");
        self.node.done(&["stick", "write", &stick]);
        stick
    }
}
