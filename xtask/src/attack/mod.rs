//! `cargo xtask attack`: the attacks on update systems, what two verifiers make of the same cases, and whether each attack
//! would be seen if the guard against it were gone.

mod guards;

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::Instant;

use crate::setup::{self, project::PythonFolder};
use crate::step::{self, Failure, Outcome};
use crate::workspace::Workspace;
use guards::{GUARDS, Guard, OFF};

/// Prints cases of signatures and of whole objects, each with what the core makes of it.
const CASE_PROGRAMS: [&str; 2] = ["signature_cases", "object_cases"];
/// The independent verifier's word on the same cases.
const AGREEMENT: &str = "tests/verifier/signature_cases.py";
/// Cases of each program, in every change and in the long form. The vectors hold a thousand signatures of seed 1 already.
const CASES: &str = "1000";
const CASES_LONG: &str = "100000";
const SEED: &str = "2";
/// Orders of arrival of the seizure in the long form, in the core and through the store.
const ORDERS_LONG: &str = "1000";
/// So many guards are tried at a time: attacks mostly wait, and a guard is off in one process only.
const AT_ONCE: usize = 2;
/// Names the guard that is off in a copy of the sources.
const BROKEN: &str = "LONGEAR_BROKEN";
/// All members of the workspace, which cargo wants to see, and the vectors.
const COPIED: [&str; 8] =
    ["Cargo.toml", "Cargo.lock", "crates", "benches", "fuzz", "mutants", "xtask", "tests/vectors"];

/// Runs what the arguments ask for.
pub fn run(workspace: &Workspace, arguments: &[String]) -> Outcome {
    let long = match arguments {
        [] => false,
        [word] if word == "--long" => true,
        [word, part] if word == "--off" => return break_guards(workspace, part),
        _ => return Err(Failure::usage("attack takes --long, or --off and a part of a guard's name")),
    };
    setup::ready(workspace, setup::FOR_VERIFIER)?;
    step::run_loud("attacks", &mut attacks(workspace, "dev"))?;
    for program in CASE_PROGRAMS {
        agree(workspace, program, if long { ("release", CASES_LONG) } else { ("dev", CASES) })?;
    }
    if long {
        let mut seizure = attacks(workspace, "release");
        step::run_loud("seizure in all orders", seizure.args(["seizure"]).env("LONGEAR_ORDERS", ORDERS_LONG))?;
        break_guards(workspace, "")?;
    }
    Ok(())
}

fn attacks(workspace: &Workspace, profile: &str) -> Command {
    // As a package alone it would select other features, and all dependencies would be built a second time.
    let mut cargo = workspace.cargo(["test", "--profile", profile, "--workspace", "--test", "attacks"]);
    cargo.env("CARGO_TARGET_DIR", &workspace.target);
    cargo
}

/// Lets the core judge so many cases, and the independent verifier judge them again.
fn agree(workspace: &Workspace, program: &str, (profile, count): (&str, &str)) -> Outcome {
    let path = workspace.target.join(format!("{program}.jsonl"));
    let file = |result: std::io::Result<File>| {
        result.map_err(|error| Failure::step(format!("{}: {error}", path.display()), "is the disk full?"))
    };
    let mut build = workspace.cargo(["build", "--quiet", "--profile", profile, "--workspace", "--example", program]);
    step::run_loud(&format!("build {program}"), &mut build)?;
    let folder = if profile == "dev" { "debug" } else { profile };
    let mut core = workspace.command(workspace.built_program(&format!("examples/{program}"), folder));
    core.args([count, SEED]).stdout(file(File::create(&path))?);
    step::run_loud(&format!("{program} {count} {SEED}, by the core"), &mut core)?;
    let mut verifier = workspace.command(PythonFolder::verifier(workspace).program("python"));
    verifier.arg(AGREEMENT).stdin(file(File::open(&path))?);
    step::run_loud(&format!("{program} {count} {SEED}, by the verifier in Python"), &mut verifier)
}

/// Builds a copy of the sources in which each guard can be off, and shows that the attacks see it. With a part of a name only
/// the guards that have it are tried.
fn break_guards(workspace: &Workspace, part: &str) -> Outcome {
    let copy = Workspace { root: workspace.target.join("broken"), target: workspace.target.join("broken/target") };
    make_copy(workspace, &copy)?;
    let mut killed_by = names_of_attacks(&copy)?;
    let whole = failed_with(&copy, "")?;
    if !whole.is_empty() {
        let what = format!("with all guards on, the copy fails {}", whole.join(", "));
        return Err(Failure::step(what, "the replacements in xtask/src/attack/guards.rs change more than they say"));
    }
    let mut unseen = Vec::new();
    let chosen = GUARDS.iter().filter(|guard| guard.name.contains(part)).collect::<Vec<_>>();
    for (guard, failed) in switch_off(&copy, &chosen)? {
        if failed.is_empty() {
            unseen.push(format!("nobody notices that this guard is off: {guard}"));
        }
        failed.into_iter().for_each(|name| killed_by.entry(name).or_default().push(guard));
    }
    let immortal = killed_by.iter().filter(|(_, guards)| part.is_empty() && guards.is_empty()).map(|(name, _)| name);
    unseen.extend(immortal.map(|name| format!("this attack has never been seen to succeed: {name}")));
    println!("{} guards, {} attacks, {} unseen", chosen.len(), killed_by.len(), unseen.len());
    if unseen.is_empty() { Ok(()) } else { Err(Failure::step(unseen.join("\n"), "")) }
}

/// Runs the attacks once for each guard with that one off; gives the names of the guards with those of the attacks that succeed.
fn switch_off(copy: &Workspace, guards: &[&'static Guard]) -> Outcome<Vec<(&'static str, Vec<String>)>> {
    let (next, found) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    let work = || {
        while let Some(guard) = guards.get(next.fetch_add(1, Ordering::Relaxed)) {
            let start = Instant::now();
            let failed = failed_with(copy, guard.name);
            let mut found = found.lock().unwrap_or_else(PoisonError::into_inner);
            if let Ok(failed) = &failed {
                let what = format!("off: {}: {} attacks succeed", guard.name, failed.len());
                step::report(&what, start.elapsed(), !failed.is_empty());
                println!("{}: {}", guard.name, failed.join(", "));
            }
            found.push(failed.map(|failed| (guard.name, failed)));
        }
    };
    thread::scope(|scope| (0..AT_ONCE).for_each(|_| drop(scope.spawn(work))));
    found.into_inner().unwrap_or_else(PoisonError::into_inner).into_iter().collect()
}

/// Runs the attacks with one guard off; gives the names of those that succeed.
fn failed_with(copy: &Workspace, guard: &str) -> Outcome<Vec<String>> {
    let lines =
        run_captured(attacks(copy, "dev").args(["--no-fail-fast", "--", "--format=pretty"]).env(BROKEN, guard))?;
    Ok(lines.iter().filter_map(|line| verdict(line, "FAILED")).collect())
}

fn names_of_attacks(copy: &Workspace) -> Outcome<BTreeMap<String, Vec<&'static str>>> {
    let lines = run_captured(attacks(copy, "dev").args(["--", "--list"]).env(BROKEN, ""))?;
    let names = lines.iter().filter_map(|line| line.strip_suffix(": test"));
    let names: BTreeMap<_, _> = names.map(|name| (name.to_owned(), Vec::new())).collect();
    if names.is_empty() { Err(Failure::step("the copy has no attacks", "does it build?")) } else { Ok(names) }
}

/// The name of a test from a line `test NAME … VERDICT`.
fn verdict(line: &str, wanted: &str) -> Option<String> {
    let (name, verdict) = line.strip_prefix("test ")?.split_once(" ... ")?;
    (verdict.trim() == wanted).then(|| name.to_owned())
}

fn run_captured(command: &mut Command) -> Outcome<Vec<String>> {
    // Hundreds of backtraces would take longer than the attacks.
    let output = command.env("RUST_BACKTRACE", "0").stdin(Stdio::null()).stderr(Stdio::null()).output();
    let output = output.map_err(|error| Failure::step(format!("running the copy: {error}"), ""))?;
    Ok(String::from_utf8_lossy(&output.stdout).lines().map(str::to_owned).collect())
}

fn make_copy(workspace: &Workspace, copy: &Workspace) -> Outcome {
    let failed = |error: std::io::Error| Failure::step(format!("copying the sources: {error}"), "is the disk full?");
    for name in COPIED {
        copy_all(&workspace.root.join(name), &copy.root.join(name)).map_err(failed)?;
    }
    for guard in GUARDS {
        for edit in guard.edits {
            let path = copy.root.join(edit.file);
            let is_core = edit.file.starts_with("crates/longear-core/");
            let question = format!("{}::broken::off({:?})", if is_core { "crate" } else { "longear_core" }, guard.name);
            let text = fs::read_to_string(&path).map_err(failed)?;
            let text = text.replacen(edit.whole, &edit.broken.replace(OFF, &question), 1);
            fs::write(&path, text).map_err(failed)?;
        }
    }
    let core = copy.root.join("crates/longear-core/src");
    let library = fs::read_to_string(core.join("lib.rs")).map_err(failed)?;
    let library = library.replacen("pub mod address;", "#[allow(missing_docs)]\npub mod broken;\npub mod address;", 1);
    fs::write(core.join("lib.rs"), library).map_err(failed)?;
    fs::write(core.join("broken.rs"), SWITCH).map_err(failed)
}

/// The module that answers whether a guard is off. It exists in the copy only.
const SWITCH: &str = r#"
pub fn off(guard: &str) -> bool {
    static OFF: std::sync::OnceLock<String> = std::sync::OnceLock::new();
    OFF.get_or_init(|| std::env::var("LONGEAR_BROKEN").unwrap_or_default()) == guard
}
"#;

/// Copies a file or a folder.
fn copy_all(from: &Path, to: &Path) -> std::io::Result<()> {
    if !from.is_dir() {
        fs::create_dir_all(to.parent().unwrap_or(to))?;
        return fs::copy(from, to).map(|_| ());
    }
    let _ = fs::remove_dir_all(to);
    fs::create_dir_all(to)?;
    let mut entries: Vec<PathBuf> =
        fs::read_dir(from)?.map(|entry| entry.map(|entry| entry.path())).collect::<Result<_, _>>()?;
    entries.sort();
    for entry in entries {
        if let Some(name) = entry.file_name() {
            copy_all(&entry, &to.join(name))?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A guard whose text has changed would silently stay on.
    #[test]
    fn each_guard_stands_in_the_sources_exactly_once() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the workspace");
        for guard in GUARDS {
            for edit in guard.edits {
                let text = fs::read_to_string(root.join(edit.file)).expect(edit.file);
                assert_eq!(text.matches(edit.whole).count(), 1, "{}: {} in {}", guard.name, edit.whole, edit.file);
                assert!(edit.broken.contains(OFF), "{}", guard.name);
            }
        }
        let names: std::collections::BTreeSet<_> = GUARDS.iter().map(|guard| guard.name).collect();
        assert_eq!(names.len(), GUARDS.len());
    }

    #[test]
    fn verdicts_are_read() {
        assert_eq!(
            verdict("test forks::a_false_accusation ... FAILED", "FAILED").as_deref(),
            Some("forks::a_false_accusation")
        );
        assert_eq!(verdict("test forks::a_false_accusation ... ok", "FAILED"), None);
        assert_eq!(verdict("test result: FAILED. 1 passed", "FAILED"), None);
    }
}
