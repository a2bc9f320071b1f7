//! `cargo xtask fuzz`: libFuzzer looks for bytes that break a parser.

mod build;
mod keep;
mod planted;
mod session;

pub use build::{WRAPPED, be_rustc};

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Mutex;

use crate::setup;
use crate::step::{Failure, Outcome};
use crate::workspace::Workspace;
use build::Programs;
use session::{Session, grown};

/// Seconds a target runs for when nothing else is said; what every change has to pass.
const SECONDS: u64 = 3;
/// Seconds a target runs for in the long form.
const SECONDS_LONG: u64 = 240;
/// Targets that run at the same time.
const AT_ONCE: usize = 2;

/// The inputs that are kept: a folder for each program, and in it one for each of its targets.
const CORPUS: &str = "fuzz/corpus";

/// One target: its name, and the program that has it.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Target {
    name: String,
    /// `core` or `node`.
    program: String,
}

impl Target {
    /// The kept inputs.
    fn kept(&self, workspace: &Workspace) -> PathBuf {
        workspace.root.join(CORPUS).join(&self.program).join(&self.name)
    }

    /// The program, told which target is meant.
    fn command(&self, workspace: &Workspace, programs: &Programs) -> Command {
        let program = programs.of(&self.program).expect("the build returned both programs");
        let mut command = workspace.command(program);
        command.env("LONGEAR_FUZZ_TARGET", &self.name).env("RUST_BACKTRACE", "1");
        command
    }
}

/// What was asked for.
#[derive(Debug, Default)]
struct Options {
    names: Vec<String>,
    seconds: Option<u64>,
    long: bool,
    keep: bool,
    planted: bool,
    input: Option<PathBuf>,
}

/// Fuzzes the targets that `arguments` name, all of them if they name none.
pub fn run(workspace: &Workspace, arguments: &[String]) -> Outcome {
    let options = options(arguments)?;
    setup::ready(workspace, setup::FOR_FUZZ)?;
    if options.planted {
        return planted::run(workspace);
    }
    let targets = chosen(targets(workspace)?, &options.names)?;
    let programs = build::run(workspace, &workspace.root)?;
    if let Some(input) = &options.input {
        let [target] = &targets[..] else {
            return Err(Failure::usage("--input needs the name of one target"));
        };
        return crate::step::run_loud(&target.name, target.command(workspace, &programs).arg(input));
    }
    let seconds = options.seconds.unwrap_or(if options.long { SECONDS_LONG } else { SECONDS });
    let sessions = fuzz(workspace, &programs, &targets, seconds);
    if options.keep {
        targets.iter().try_for_each(|target| keep::run(workspace, &programs, target))?;
    }
    session::report(&sessions)
}

fn options(arguments: &[String]) -> Outcome<Options> {
    let mut options = Options::default();
    let mut words = arguments.iter();
    while let Some(word) = words.next() {
        match word.as_str() {
            "--long" => options.long = true,
            "--keep" => options.keep = true,
            "--planted" => options.planted = true,
            "--input" => options.input = words.next().map(PathBuf::from),
            "--seconds" => {
                let seconds = words.next().and_then(|number| number.parse().ok());
                options.seconds = Some(seconds.ok_or_else(|| Failure::usage("--seconds takes a number"))?);
            }
            option if option.starts_with('-') => {
                return Err(Failure::usage(format!("fuzz does not know the option {option}")));
            }
            name => options.names.push(name.to_owned()),
        }
    }
    Ok(options)
}

/// All targets: each one has a folder of kept inputs, and a test of the fuzz crate holds that to be so.
fn targets(workspace: &Workspace) -> Outcome<Vec<Target>> {
    let mut targets = Vec::new();
    for program in ["core", "node"] {
        for name in folder_names(&workspace.root.join(CORPUS).join(program))? {
            targets.push(Target { name, program: program.to_owned() });
        }
    }
    Ok(targets)
}

fn chosen(targets: Vec<Target>, names: &[String]) -> Outcome<Vec<Target>> {
    if let Some(unknown) = names.iter().find(|name| targets.iter().all(|target| target.name != **name)) {
        let known = targets.iter().map(|target| target.name.as_str()).collect::<Vec<_>>().join(", ");
        return Err(Failure::usage(format!("there is no fuzz target {unknown}; there are {known}")));
    }
    Ok(targets.into_iter().filter(|target| names.is_empty() || names.contains(&target.name)).collect())
}

fn folder_names(folder: &Path) -> Outcome<Vec<String>> {
    let entries = fs::read_dir(folder).map_err(|error| failure("reading", folder, &error))?;
    let folders = entries.filter_map(Result::ok).filter(|entry| entry.path().is_dir());
    let mut names = folders.filter_map(|entry| entry.file_name().into_string().ok()).collect::<Vec<_>>();
    names.sort();
    Ok(names)
}

/// Fuzzes the targets, a few at a time.
fn fuzz(workspace: &Workspace, programs: &Programs, targets: &[Target], seconds: u64) -> Vec<Session> {
    let queue = Mutex::new(targets.iter());
    let sessions = Mutex::new(Vec::new());
    // In a call of its own: as the condition of a loop it would hold the queue while the loop's body runs.
    let next = || queue.lock().expect("nobody panics").next();
    std::thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                while let Some(target) = next() {
                    let session = Session::run(workspace, programs, target, seconds, &grown(workspace, target));
                    session.print();
                    sessions.lock().expect("nobody panics").push(session);
                }
            });
        }
    });
    let mut sessions = sessions.into_inner().expect("nobody panics");
    sessions.sort_by(|one, other| one.name.cmp(&other.name));
    sessions
}

fn failure(doing: &str, path: &Path, error: &std::io::Error) -> Failure {
    Failure::step(format!("{doing} {}: {error}", path.display()), "")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(words: &[&str]) -> Vec<String> {
        words.iter().map(|word| (*word).to_owned()).collect()
    }

    #[test]
    fn names_and_options_are_told_apart() {
        let options = options(&words(&["head", "--seconds", "3", "--keep", "pack"])).expect("they make sense");
        assert_eq!((options.names, options.seconds, options.keep), (words(&["head", "pack"]), Some(3), true));
        assert!(matches!(super::options(&words(&["--seconds", "x"])), Err(Failure::Usage(_))));
        assert!(matches!(super::options(&words(&["--dance"])), Err(Failure::Usage(_))));
    }

    #[test]
    fn a_name_that_nobody_knows_is_refused_with_those_that_there_are() {
        let target = |name: &str| Target { name: name.to_owned(), program: "core".to_owned() };
        let all = || vec![target("head"), target("pack")];
        assert_eq!(chosen(all(), &[]).expect("all"), all());
        assert_eq!(chosen(all(), &words(&["pack"])).expect("one"), [target("pack")]);
        let refused = chosen(all(), &words(&["pakc"])).expect_err("a slip").to_string();
        assert!(refused.contains("head, pack"), "{refused}");
    }
}
