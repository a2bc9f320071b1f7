//! A copy of the core, of its tests and of the tables that they read, in which the mutants live.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;

/// The crate whose code is broken.
pub const CRATE: &str = "crates/longear-core";

/// What the core's tests read outside of its crate.
const TABLES: [&str; 2] = ["tests/names", "tests/vectors"];

/// The tests that notice most, to be built and run before the others.
pub const FIRST: &[&str] = &["--test", "edges"];
/// All tests.
pub const ALL: &[&str] = &["--lib", "--tests"];

/// How much tests are optimised that run a few times.
pub const QUICK_TO_BUILD: &str = "0";
/// How much tests are optimised that run a thousand times.
pub const QUICK_TO_RUN: &str = "1";

/// The program of a member that has no code here.
const NOTHING: &str = "nothing.rs";

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
    /// The workspace, of which the core alone has code.
    pub root: PathBuf,
    /// The folder of what is built: that of the workspace, so that no dependency is built twice.
    target: PathBuf,
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
    /// What is equal there already stays as it is, so that nothing is built twice.
    ///
    /// # Errors
    /// Those of the disk.
    pub fn copy(workspace: &Path, target: &Path) -> std::io::Result<Self> {
        let tree = Tree { root: target.join("mutants/copy"), target: target.to_path_buf() };
        copy_folder(&workspace.join(CRATE).join("tests"), &tree.root.join(CRATE).join("tests"))?;
        // Its lints would refuse the code of switches and mutants.
        let manifest = fs::read_to_string(workspace.join(CRATE).join("Cargo.toml"))?;
        write(&tree.root.join(CRATE).join("Cargo.toml"), &manifest.replace("[lints]\nworkspace = true\n", ""))?;
        for folder in TABLES {
            copy_folder(&workspace.join(folder), &tree.root.join(folder))?;
        }
        for file in ["Cargo.toml", "Cargo.lock"] {
            write(&tree.root.join(file), &fs::read_to_string(workspace.join(file))?)?;
        }
        for member in members(workspace)?.iter().filter(|member| *member != Path::new(CRATE)) {
            let manifest = fs::read_to_string(workspace.join(member).join("Cargo.toml"))?;
            write(&tree.root.join(member).join("Cargo.toml"), &hollow(&manifest))?;
            write(&tree.root.join(member).join(NOTHING), "fn main() {}\n")?;
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

    /// Builds tests of the core, [`FIRST`] or [`ALL`], and returns their programs, or what the compiler objects to.
    ///
    /// # Errors
    /// If cargo cannot be run.
    pub fn build(&self, tests: &[&str], opt_level: &str) -> std::io::Result<Result<Vec<PathBuf>, Vec<Objection>>> {
        let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
        cargo.current_dir(&self.root).args(["test", "--workspace", "--no-run", "--message-format=json"]).args(tests);
        cargo.env("CARGO_TARGET_DIR", &self.target);
        // Cargo knows a crate by its place below the root of its workspace and by its profile. Without this it would take
        // what was built here for what the workspace gives.
        cargo.env("CARGO_PROFILE_DEV_DEBUG", "0").env("CARGO_PROFILE_DEV_OPT_LEVEL", opt_level);
        let output = cargo.stdin(Stdio::null()).stderr(Stdio::piped()).output()?;
        if output.status.success() {
            let programs = messages(&output.stdout).filter(|message| message["profile"]["test"] == true);
            return Ok(Ok(programs.filter_map(|message| message["executable"].as_str().map(PathBuf::from)).collect()));
        }
        let objections = messages(&output.stdout).filter_map(|message| objection(&message["message"]));
        let objections = objections.collect::<Vec<_>>();
        if objections.is_empty() {
            return Err(std::io::Error::other(String::from_utf8_lossy(&output.stderr).into_owned()));
        }
        Ok(Err(objections))
    }
}

/// Whether a file, from the root of a copy, is code of the crate.
pub fn is_source(file: &Path) -> bool {
    file.starts_with(Path::new(CRATE).join("src"))
}

fn objection(message: &Value) -> Option<Objection> {
    let spans = message["spans"].as_array().filter(|_| message["level"] == "error")?;
    let span = spans.iter().find(|span| span["is_primary"] == true)?;
    let number = |field: &str| span[field].as_u64().unwrap_or(0) as usize;
    Some(Objection {
        file: span["file_name"].as_str()?.into(),
        start: number("byte_start"),
        end: number("byte_end"),
        message: message["message"].as_str()?.to_owned(),
    })
}

/// The folders of the workspace's members.
fn members(workspace: &Path) -> std::io::Result<Vec<PathBuf>> {
    let manifest = fs::read_to_string(workspace.join("Cargo.toml"))?;
    let line = manifest.lines().find(|line| line.starts_with("members = ")).unwrap_or_default();
    let mut members = Vec::new();
    for pattern in line.split('"').skip(1).step_by(2) {
        let Some(folder) = pattern.strip_suffix("/*") else {
            members.push(PathBuf::from(pattern));
            continue;
        };
        for entry in fs::read_dir(workspace.join(folder))? {
            members.push(Path::new(folder).join(entry?.file_name()));
        }
    }
    Ok(members)
}

/// The manifest of another member, with a program that nobody builds in the place of its code: what it depends on decides
/// with which features the core's dependencies are built. So they are the ones that its tests were built with.
fn hollow(manifest: &str) -> String {
    let mut is_kept = true;
    let mut kept = String::new();
    for line in manifest.lines() {
        if line.starts_with('[') {
            is_kept = ["[package]", "[features]"].contains(&line) || line.contains("dependencies");
        }
        if is_kept {
            kept.extend([line, "\n"]);
        }
    }
    format!("{kept}\n[[bin]]\nname = \"nothing\"\npath = \"{NOTHING}\"\ntest = false\n")
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hollow_member_keeps_its_dependencies_and_has_no_code() {
        let manifest = "[package]\nname = \"a\"\n[lib]\ntest = false\n[[test]]\nname = \"t\"\n[features]\nf = [\"b/f\"]\n\
                        [dependencies]\nb = \"1\"\n[lints]\nworkspace = true\n[dev-dependencies]\nc = \"1\"\n";
        let expected = "[package]\nname = \"a\"\n[features]\nf = [\"b/f\"]\n[dependencies]\nb = \"1\"\n\
                        [dev-dependencies]\nc = \"1\"\n\n[[bin]]\nname = \"nothing\"\npath = \"nothing.rs\"\ntest = false\n";
        assert_eq!(hollow(manifest), expected);
    }
}
