//! `cargo xtask test`: every test of the project, or one part of them.

use std::time::Instant;

use crate::count::Count;
use crate::setup::project::PythonFolder;
use crate::setup::{self, Need};
use crate::step::{self, Failure, Outcome};
use crate::tidy;
use crate::wasm;
use crate::web;
use crate::workspace::{Workspace, find_program};

/// The independent verifier: called with the folder of vectors, it closes with a line `N passed, N failed`.
const VERIFIER: &str = "tests/verifier/verify.py";
/// The vectors that every implementation must agree on.
const VECTORS: &str = "tests/vectors";
/// Node's test runner takes every file in here whose name ends in `.test.mjs`.
const BROWSER_TESTS: &str = "tests/browser";
const NODE_TEST_ENDING: &str = ".test.mjs";
/// Calls Node's test runner so that its totals can be read.
const NODE_TESTS: [&str; 3] = ["--test", "--test-reporter=tap", "--test-concurrency=2"];

/// The tests of the reader as WebAssembly, found in the same way.
const READER_TESTS: &str = "tests/reader";

/// A part of the tests that can be run alone.
struct Part {
    name: &'static str,
    needs: &'static [Need],
    run: fn(&Workspace, &mut Count) -> Outcome<bool>,
}

const PARTS: &[Part] = &[
    Part { name: "tidy", needs: &[], run: run_tidy },
    Part { name: "rust", needs: setup::FOR_RUST_TESTS, run: run_rust },
    Part { name: "python", needs: setup::FOR_VERIFIER, run: run_python },
    Part { name: "reader", needs: setup::FOR_READER_TESTS, run: run_reader },
    Part { name: "browser", needs: setup::FOR_BROWSER_TESTS, run: run_browser },
];

/// Runs the parts that `arguments` choose, all of them if it chooses none, and closes with the counts.
///
/// A part that fails does not keep the others from running.
pub fn run(workspace: &Workspace, arguments: &[String]) -> Outcome {
    let parts = chosen_parts(arguments)?;
    let needs: Vec<Need> = parts.iter().flat_map(|part| part.needs).copied().collect();
    setup::ready(workspace, &needs)?;
    let mut total = Count::default();
    let mut failed_parts = Vec::new();
    for part in parts {
        let mut count = Count::default();
        let good = (part.run)(workspace, &mut count).unwrap_or_else(|failure| {
            eprintln!("{failure}");
            false
        });
        let verdict = verdict(good, count);
        if let Err(reason) = &verdict {
            eprintln!("failed: {}: {reason}", part.name);
            failed_parts.push(part.name);
            // A run that broke before it counted a failure is one, so that the last line cannot look green.
            count.failed = count.failed.max(1);
        }
        total += count;
    }
    println!("{total}");
    if failed_parts.is_empty() {
        return Ok(());
    }
    let again = failed_parts.iter().map(|part| format!(" --only {part}")).collect::<String>();
    Err(Failure::step(
        format!("tests: {}", failed_parts.join(", ")),
        format!("run only those again with `cargo xtask test{again}`"),
    ))
}

/// A part is good if its program says so, some test ran, and none failed.
fn verdict(good: bool, count: Count) -> Result<(), &'static str> {
    match (good, count) {
        (_, Count { failed: 1.., .. }) => Err("some tests failed"),
        (false, _) => Err("the run itself failed"),
        (true, Count { passed: 0, .. }) => Err("no test ran"),
        (true, _) => Ok(()),
    }
}

fn chosen_parts(arguments: &[String]) -> Outcome<Vec<&'static Part>> {
    let mut chosen = Vec::new();
    let mut words = arguments.iter();
    while let Some(word) = words.next() {
        let name = match word.strip_prefix("--only=") {
            Some(name) => Some(name),
            None if word == "--only" => words.next().map(String::as_str),
            None => {
                return Err(Failure::usage(format!("test does not know the option {word}")));
            }
        };
        let part = PARTS.iter().find(|part| Some(part.name) == name).ok_or_else(|| {
            let names: Vec<&str> = PARTS.iter().map(|part| part.name).collect();
            Failure::usage(format!("--only takes one of {}", names.join(", ")))
        })?;
        chosen.push(part);
    }
    if chosen.is_empty() {
        chosen.extend(PARTS);
    }
    Ok(chosen)
}

fn run_tidy(workspace: &Workspace, count: &mut Count) -> Outcome<bool> {
    let start = Instant::now();
    let report = tidy::check(workspace)?;
    report.print();
    *count += report.count();
    let good = report.is_clean();
    step::report("tidy", start.elapsed(), good);
    Ok(good)
}

fn run_rust(workspace: &Workspace, count: &mut Count) -> Outcome<bool> {
    let mut on_line = |line: &str| {
        if let Some(read) = Count::read(line) {
            *count += read;
        }
    };
    let mut tests = if find_program(&["cargo-nextest"]).is_some() {
        let mut nextest = workspace.cargo(["nextest", "run", "--workspace", "--no-fail-fast", "--test-threads"]);
        nextest.arg(rust_tests_at_once().to_string());
        nextest
    } else {
        workspace.cargo(["test", "--workspace", "--all-targets", "--no-fail-fast"])
    };
    let tests_good = step::run_watched("Rust tests", &mut tests, &mut on_line)?;
    // nextest leaves the examples in the documentation out.
    let mut examples = workspace.cargo(["test", "--workspace", "--doc", "--no-fail-fast"]);
    let examples_good = step::run_watched("Rust examples in the documentation", &mut examples, &mut on_line)?;
    Ok(tests_good && examples_good)
}

/// Half of the time most tests wait: for a disk, for a carrier that stays silent, for a program to end. Twice as many as there are
/// cores would starve those that wait for fractions of a second.
fn rust_tests_at_once() -> usize {
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    cores + cores.div_ceil(2)
}

fn run_python(workspace: &Workspace, count: &mut Count) -> Outcome<bool> {
    let mut verifier = workspace.command(PythonFolder::verifier(workspace).program("python"));
    verifier.args([VERIFIER, VECTORS]);
    // The line that closes the run counts; a verifier may print others like it for single files.
    step::run_watched("independent verifier", &mut verifier, &mut |line| *count = Count::read(line).unwrap_or(*count))
}

fn run_reader(workspace: &Workspace, count: &mut Count) -> Outcome<bool> {
    // The app's modules last: the browser tests find them built then.
    wasm::build_reader(workspace, wasm::Features::Vectors)?;
    wasm::build_reader(workspace, wasm::Features::App)?;
    let mut node = wasm::node_with_reader(workspace);
    node.args(NODE_TESTS).args(node_test_files(workspace, READER_TESTS)?);
    step::run_watched("reader tests", &mut node, &mut |line| read_tap_total(line, count))
}

fn run_browser(workspace: &Workspace, count: &mut Count) -> Outcome<bool> {
    // Before the program, which takes the app in.
    web::build(workspace)?;
    step::run_loud("building longear", workspace.build_longear().arg("--quiet"))?;
    let mut node = wasm::node_with_reader(workspace);
    node.args(NODE_TESTS).args(node_test_files(workspace, BROWSER_TESTS)?);
    node.env("LONGEAR", workspace.built_program("longear", "debug"));
    step::run_watched("browser tests", &mut node, &mut |line| read_tap_total(line, count))
}

fn node_test_files(workspace: &Workspace, folder: &str) -> Outcome<Vec<String>> {
    let entries = std::fs::read_dir(workspace.root.join(folder))
        .map_err(|error| Failure::step(format!("reading {folder}: {error}"), ""))?;
    let mut files: Vec<String> = entries
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .filter(|name| name.ends_with(NODE_TEST_ENDING))
        .map(|name| format!("{folder}/{name}"))
        .collect();
    files.sort();
    if files.is_empty() {
        let what = format!("{folder} holds no file whose name ends in {NODE_TEST_ENDING}");
        return Err(Failure::step(what, ""));
    }
    Ok(files)
}

/// Reads the totals that node's test runner prints at the end: `# pass 3`, `# fail 0`, `# skipped 1`.
fn read_tap_total(line: &str, count: &mut Count) {
    let mut words = line.split_whitespace();
    let (Some("#"), Some(kind), Some(number), None) = (words.next(), words.next(), words.next(), words.next()) else {
        return;
    };
    let Ok(number) = number.parse::<u64>() else {
        return;
    };
    match kind {
        "pass" => count.passed += number,
        "fail" | "cancelled" => count.failed += number,
        "skipped" | "todo" => count.skipped += number,
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(arguments: &[&str]) -> Outcome<Vec<&'static str>> {
        let words: Vec<String> = arguments.iter().map(ToString::to_string).collect();
        Ok(chosen_parts(&words)?.iter().map(|part| part.name).collect())
    }

    #[test]
    fn without_a_choice_every_part_runs() {
        assert_eq!(names(&[]).expect("no option is fine"), ["tidy", "rust", "python", "reader", "browser"]);
    }

    #[test]
    fn parts_can_be_chosen_and_unknown_ones_are_refused() {
        assert_eq!(names(&["--only", "python", "--only=tidy"]).expect("both exist"), ["python", "tidy"]);
        for wrong in [&["--only"][..], &["--only", "perl"], &["--all"]] {
            assert!(matches!(names(wrong), Err(Failure::Usage(_))), "{wrong:?}");
        }
    }

    #[test]
    fn totals_of_node_are_read() {
        let mut count = Count::default();
        for line in ["# tests 5", "# pass 3", "# fail 1", "# cancelled 1", "# skipped 2", "# pass on to the next"] {
            read_tap_total(line, &mut count);
        }
        assert_eq!(count, Count { passed: 3, failed: 2, skipped: 2 });
    }

    #[test]
    fn a_part_that_ran_no_test_has_failed() {
        let count = |passed, failed| Count { passed, failed, skipped: 0 };
        assert!(verdict(true, count(1, 0)).is_ok());
        assert_eq!(verdict(true, count(0, 0)), Err("no test ran"));
        assert_eq!(verdict(false, count(1, 0)), Err("the run itself failed"));
        assert_eq!(verdict(true, count(1, 1)), Err("some tests failed"));
    }
}
