//! A copy of the core, of its tests and of the vectors, in which the mutants live.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;

/// The crate whose code is broken.
pub const CRATE: &str = "crates/longear-core";

/// What is put beside the code: the switch, and a note of which sites a test came to.
pub const SWITCH: &str = r#"
pub mod mutation {
    use std::io::Write;
    use std::sync::LazyLock;
    use std::sync::atomic::{AtomicBool, Ordering};

    static NUMBER: LazyLock<u32> =
        LazyLock::new(|| std::env::var("LONGEAR_MUTANT").ok().and_then(|number| number.parse().ok()).unwrap_or(0));
    static TRACE: LazyLock<Option<std::fs::File>> = LazyLock::new(|| {
        let path = std::env::var_os("LONGEAR_MUTANT_TRACE")?;
        std::fs::OpenOptions::new().append(true).create(true).open(path).ok()
    });
    static SEEN: [AtomicBool; 8192] = [const { AtomicBool::new(false) }; 8192];

    pub fn on(first: u32) -> u32 {
        if *NUMBER == 0 && !SEEN[first as usize].swap(true, Ordering::Relaxed) {
            if let Some(mut file) = TRACE.as_ref() {
                let _ = file.write_all(format!("{first}\n").as_bytes());
            }
        }
        *NUMBER
    }
}
"#;

/// The copy, and where it is built.
#[derive(Clone, Debug)]
pub struct Tree {
    /// The workspace with the core alone.
    pub root: PathBuf,
    /// The folder of what is built.
    builds: PathBuf,
}

/// What the compiler objects to, and where: a path from the root of the copy, and bytes of that file.
#[derive(Debug)]
pub struct Objection {
    /// The file.
    pub file: PathBuf,
    /// Where in it.
    pub start: usize,
    /// Where that ends.
    pub end: usize,
    /// The compiler's words.
    pub message: String,
}

impl Tree {
    /// Copies the tests and what they need out of the workspace at `workspace`; the code is written into it later.
    ///
    /// What is equal there already stays as it is, so that nothing is built twice. Cargo knows a crate by its place below
    /// the root of its workspace, and takes what was built of one tree for what another gives: they need two folders
    /// `builds`.
    ///
    /// # Errors
    /// Those of the disk.
    pub fn copy(workspace: &Path, root: PathBuf, builds: PathBuf) -> std::io::Result<Self> {
        let tree = Tree { root, builds };
        copy_folder(&workspace.join(CRATE).join("tests"), &tree.root.join(CRATE).join("tests"))?;
        // Its lints would refuse the code of switches and mutants.
        let manifest = fs::read_to_string(workspace.join(CRATE).join("Cargo.toml"))?;
        write(&tree.root.join(CRATE).join("Cargo.toml"), &manifest.replace("[lints]\nworkspace = true\n", ""))?;
        copy_folder(&workspace.join("tests/vectors"), &tree.root.join("tests/vectors"))?;
        let manifest = fs::read_to_string(workspace.join("Cargo.toml"))?;
        let alone = |line: &str| match line.starts_with("members = ") {
            true => format!("members = [\"{CRATE}\"]\n"),
            false => format!("{line}\n"),
        };
        write(&tree.root.join("Cargo.toml"), &manifest.lines().map(alone).collect::<String>())?;
        if !tree.root.join("Cargo.lock").exists() {
            fs::copy(workspace.join("Cargo.lock"), tree.root.join("Cargo.lock"))?;
        }
        Ok(tree)
    }

    /// Writes a file of the copy, if that changes it.
    ///
    /// # Errors
    /// Those of the disk.
    pub fn write(&self, file: &Path, text: &str) -> std::io::Result<()> {
        write(&self.root.join(file), text)
    }

    fn cargo(&self, words: &[&str]) -> Command {
        let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
        command.current_dir(&self.root).args(words).args(["--package", "longear-core", "--message-format=json"]);
        command.env("CARGO_TARGET_DIR", &self.builds);
        command.env("CARGO_PROFILE_DEV_DEBUG", "0").env("CARGO_INCREMENTAL", "1");
        command.stdin(Stdio::null()).stderr(Stdio::null());
        command
    }

    /// Asks the compiler what it objects to.
    ///
    /// # Errors
    /// If cargo cannot be run.
    pub fn check(&self) -> std::io::Result<Vec<Objection>> {
        let output = self.cargo(&["check", "--lib"]).output()?;
        let mut objections = Vec::new();
        for message in messages(&output.stdout) {
            let message = &message["message"];
            if message["level"] != "error" {
                continue;
            }
            let Some(spans) = message["spans"].as_array() else { continue };
            let Some(span) = spans.iter().find(|span| span["is_primary"] == true) else { continue };
            let number = |field: &str| span[field].as_u64().unwrap_or(0) as usize;
            objections.push(Objection {
                file: span["file_name"].as_str().unwrap_or_default().into(),
                start: number("byte_start"),
                end: number("byte_end"),
                message: message["message"].as_str().unwrap_or_default().to_owned(),
            });
        }
        if objections.is_empty() && !output.status.success() {
            return Err(std::io::Error::other("cargo check failed without saying where"));
        }
        Ok(objections)
    }

    /// Builds the tests of the core and returns their programs; `None` if it does not build.
    ///
    /// # Errors
    /// If cargo cannot be run.
    pub fn build(&self, opt_level: &str) -> std::io::Result<Option<Vec<PathBuf>>> {
        let mut cargo = self.cargo(&["test", "--no-run", "--lib", "--tests"]);
        let output = cargo.env("CARGO_PROFILE_DEV_OPT_LEVEL", opt_level).output()?;
        if !output.status.success() {
            return Ok(None);
        }
        let programs = messages(&output.stdout).filter(|message| message["profile"]["test"] == true);
        Ok(Some(programs.filter_map(|message| message["executable"].as_str().map(PathBuf::from)).collect()))
    }
}

fn messages(output: &[u8]) -> impl Iterator<Item = Value> + '_ {
    output.split(|byte| *byte == b'\n').filter_map(|line| serde_json::from_slice(line).ok())
}

fn copy_folder(from: &Path, to: &Path) -> std::io::Result<()> {
    fs::create_dir_all(to)?;
    let mut there = fs::read_dir(to)?.filter_map(|entry| Some(entry.ok()?.file_name())).collect::<Vec<_>>();
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        there.retain(|name| *name != entry.file_name());
        let (source, copy) = (entry.path(), to.join(entry.file_name()));
        if entry.file_type()?.is_dir() {
            copy_folder(&source, &copy)?;
        } else if let Ok(text) = fs::read_to_string(&source) {
            write(&copy, &text)?;
        }
    }
    // What was taken out of the workspace since must not be tested here.
    for name in there {
        let gone = to.join(name);
        if gone.is_dir() { fs::remove_dir_all(gone)? } else { fs::remove_file(gone)? }
    }
    Ok(())
}

/// Leaves a file that is right as it is alone, so that nothing is built twice.
fn write(path: &Path, text: &str) -> std::io::Result<()> {
    if fs::read_to_string(path).is_ok_and(|there| there == text) {
        return Ok(());
    }
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    fs::write(path, text)
}
