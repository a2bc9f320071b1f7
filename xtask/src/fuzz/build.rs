//! Building the fuzz programs, with the compiler's pass that counts which code ran.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::time::Instant;

use super::failure;
use crate::step::{self, Failure, Outcome};
use crate::workspace::Workspace;

/// Set while cargo calls this program in rustc's place.
pub const WRAPPED: &str = "LONGEAR_XTASK_IS_RUSTC";

/// What cargo-fuzz hands to rustc. Works with the stable compiler: the pass is part of LLVM, the counters are libFuzzer's.
const COVERAGE: [&str; 6] = [
    "-Cpasses=sancov-module",
    "-Cllvm-args=-sanitizer-coverage-level=4",
    "-Cllvm-args=-sanitizer-coverage-inline-8bit-counters",
    "-Cllvm-args=-sanitizer-coverage-pc-table",
    "-Cllvm-args=-sanitizer-coverage-trace-compares",
    "-Ccodegen-units=1",
];

/// Where the speed of the targets comes from, and no more: the large crates take long to optimise.
const OPTIMISED: [&str; 3] = [
    "profile.dev.opt-level=1",
    "profile.dev.package.longear-core.opt-level=3",
    "profile.dev.package.longear-pages.opt-level=3",
];

/// The fuzz programs.
#[derive(Debug)]
pub struct Programs(Vec<PathBuf>);

impl Programs {
    /// The program with the targets of `core` or `node`.
    pub fn of(&self, name: &str) -> Option<&Path> {
        let stem = format!("fuzz_{name}-");
        let is_it = |path: &&PathBuf| path.file_name().is_some_and(|file| file.to_string_lossy().starts_with(&stem));
        self.0.iter().find(is_it).map(PathBuf::as_path)
    }
}

/// Builds the programs from the sources at `root`.
///
/// Only our own crates are counted and optimised: dependencies are those of the tests, so that nothing of them is built
/// twice, and the fuzzer does not get lost in the arithmetic of curves.
pub fn run(workspace: &Workspace, root: &Path) -> Outcome<Programs> {
    let start = Instant::now();
    let wrapper = wrapper(workspace, root)?;
    let mut cargo = workspace.cargo(["test", "--quiet", "--no-run", "--workspace", "--message-format=json"]);
    cargo.args(["--features", "longear-fuzz/libfuzzer", "--test", "fuzz-core", "--test", "fuzz-node"]);
    for setting in OPTIMISED {
        cargo.args(["--config", setting]);
    }
    cargo.current_dir(root).stderr(Stdio::inherit());
    cargo.env("RUSTC_WORKSPACE_WRAPPER", wrapper).env(WRAPPED, "1").env("CARGO_TARGET_DIR", &workspace.target);
    let output = cargo.output().map_err(|error| Failure::step(format!("starting cargo: {error}"), ""))?;
    let text = String::from_utf8_lossy(&output.stdout);
    let programs = text.lines().filter_map(|line| line.split_once("\"executable\":\"")?.1.split('"').next());
    let programs = Programs(programs.map(PathBuf::from).collect());
    let good = output.status.success() && programs.of("core").is_some() && programs.of("node").is_some();
    step::report("building the fuzz programs", start.elapsed(), good);
    if good {
        return Ok(programs);
    }
    for line in text.lines().filter_map(|line| line.split_once("\"rendered\":\"")?.1.split_once("\",\"")) {
        eprintln!("{}", line.0.replace("\\n", "\n").replace("\\\"", "\""));
    }
    Err(Failure::step("building the fuzz programs", "the compiler's messages stand above"))
}

/// The program that cargo shall call in rustc's place: this one.
///
/// Cargo knows a crate of ours by its place below the root, so it takes what was built from a copy with faults for what the
/// real sources give. What another wrapper made it keeps apart: a copy of the sources gets a copy of this program, too.
fn wrapper(workspace: &Workspace, root: &Path) -> Outcome<PathBuf> {
    let program = std::env::current_exe()
        .map_err(|error| Failure::step(format!("finding this program: {error}"), "run it as `cargo xtask`"))?;
    if root == workspace.root {
        return Ok(program);
    }
    let copy = root.join("rustc");
    fs::copy(&program, &copy).map_err(|error| failure("writing", &copy, &error))?;
    Ok(copy)
}

/// Calls rustc as cargo asks, with the coverage pass for libraries and programs that will be fuzzed.
pub fn be_rustc() -> ExitCode {
    let mut words = std::env::args_os().skip(1).collect::<Vec<OsString>>();
    if words.is_empty() {
        return ExitCode::FAILURE;
    }
    let rustc = words.remove(0);
    // A build script runs while building: there are no counters for it to link with.
    let is_build_script = words.windows(2).any(|pair| pair[0] == "--crate-name" && pair[1] == "build_script_build");
    let mut command = Command::new(rustc);
    command.args(&words);
    if !is_build_script && words.iter().any(|word| word == "--crate-name") {
        command.args(COVERAGE);
    }
    match command.status() {
        Ok(status) => ExitCode::from(u8::try_from(status.code().unwrap_or(1)).unwrap_or(1)),
        Err(_) => ExitCode::FAILURE,
    }
}
