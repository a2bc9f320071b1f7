//! `cargo xtask bench`: speed and memory, of the program and of the reader for browsers.

use crate::setup;
use crate::step::{self, Failure, Outcome};
use crate::wasm;
use crate::web;
use crate::workspace::Workspace;

/// The bench program, which also writes mirrors.
const WRITER: &str = "longear-bench";
/// Benchmarks that are run by Node; all others are the bench program's.
const READER_NAMES: [&str; 2] = ["p14", "reader"];
const READER_PROGRAM: &str = "benches/reader/bench.mjs";
/// Its second half: the whole app, from a mirror with a long channel.
const APP_PROGRAM: &str = "benches/reader/app.mjs";
/// How long after its end a segment of a broadcast plays in a browser, at another box.
const LATENCY_NAME: &str = "latency";
const LATENCY_PROGRAM: &str = "benches/reader/latency.mjs";

/// Hands the arguments to the bench program, which knows its own names and says itself what it misses. Without a name
/// everything runs.
pub fn run(workspace: &Workspace, arguments: &[String]) -> Outcome {
    let is_ours = |word: &String| word == LATENCY_NAME || READER_NAMES.contains(&word.as_str());
    let (chosen, rest): (Vec<String>, Vec<String>) = arguments.iter().cloned().partition(is_ours);
    let is_chosen = |names: &[&str]| arguments.is_empty() || chosen.iter().any(|word| names.contains(&word.as_str()));
    let is_named = |rest: &[String]| rest.iter().any(|word| !word.starts_with('-') && word.parse::<u64>().is_err());
    if chosen.is_empty() || is_named(&rest) {
        let mut cargo = workspace.cargo(["run", "--release", "--package", "longear-bench", "--"]);
        step::run_loud("bench", cargo.args(&rest))?;
    }
    if is_chosen(&READER_NAMES) {
        reader(workspace, repeats(&rest))?;
    }
    if is_chosen(&[LATENCY_NAME]) {
        latency(workspace)?;
    }
    Ok(())
}

/// The number behind `--repeats`, as the bench program takes it.
fn repeats(words: &[String]) -> Option<&String> {
    let place = words.iter().position(|word| word == "--repeats")?;
    words.get(place + 1)
}

fn reader(workspace: &Workspace, repeats: Option<&String>) -> Outcome {
    setup::ready(workspace, setup::FOR_READER_TESTS)?;
    setup::ready(workspace, setup::FOR_BROWSER_TESTS)?;
    web::build(workspace)?;
    let mut node = wasm::node_with_reader(workspace);
    step::run_loud("bench reader", node.arg(READER_PROGRAM).args(repeats))?;
    // The bench program writes the mirror; it measures nothing here.
    let writer = workspace.cargo(["build", "--quiet", "--workspace", "--bin", WRITER]).status();
    let is_built = writer.is_ok_and(|status| status.success());
    if !is_built {
        return Err(Failure::step("the program that writes the mirror was not built", "cargo says why above"));
    }
    let mut node = wasm::node_with_reader(workspace);
    node.env("APP", web::app_folder(workspace)).env("TREE_WRITER", workspace.built_program(WRITER, "debug"));
    step::run_loud("bench app", node.arg(APP_PROGRAM).args(repeats))
}

fn latency(workspace: &Workspace) -> Outcome {
    setup::ready(workspace, setup::FOR_READER_TESTS)?;
    setup::ready(workspace, setup::FOR_BROWSER_TESTS)?;
    web::build(workspace)?;
    let mut cargo = workspace.cargo(["build", "--quiet", "--release", "--package", "longear"]);
    step::run_loud("building longear", &mut cargo)?;
    let mut node = wasm::node_with_reader(workspace);
    node.env("LONGEAR", workspace.built_program("longear", "release"));
    step::run_loud("bench latency", node.arg(LATENCY_PROGRAM))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn repeats_are_the_number_behind_the_word() {
        let words = |text: &str| text.split(' ').map(String::from).collect::<Vec<_>>();
        assert_eq!(repeats(&words("p1 --repeats 7")).map(String::as_str), Some("7"));
        assert_eq!(repeats(&words("p1 --repeats")), None);
    }
}
