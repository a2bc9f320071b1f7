//! Build, test, bench and demo entry points: `cargo xtask help` lists them.
//!
//! It depends on nothing but the standard library, so that it starts in seconds on a machine that has built nothing yet.

mod attack;
mod bench;
mod ci;
mod count;
mod crash;
mod demo;
mod forge;
mod fuzz;
mod help;
mod setup;
mod sim;
mod step;
mod test;
mod tidy;
mod wasm;
mod web;
mod workspace;

use std::process::ExitCode;

use step::{Failure, Outcome};
use workspace::Workspace;

/// The exit code of a command that was called with words it does not know, as in the `longear` command itself.
const EXIT_USAGE: u8 = 2;

fn main() -> ExitCode {
    if std::env::var_os(fuzz::WRAPPED).is_some() {
        return fuzz::be_rustc();
    }
    let words: Vec<String> = std::env::args().skip(1).collect();
    match run(&words) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("{failure}");
            match failure {
                Failure::Usage(_) => ExitCode::from(EXIT_USAGE),
                Failure::Step { .. } => ExitCode::FAILURE,
            }
        }
    }
}

fn run(words: &[String]) -> Outcome {
    let (command, rest) = match words.split_first() {
        Some((command, rest)) => (command.as_str(), rest),
        None => ("help", words),
    };
    if rest.iter().any(|word| word == "--help" || word == "-h") && command != "demo" {
        return help::print(Some(command));
    }
    let workspace = Workspace::here()?;
    match command {
        "help" | "--help" | "-h" => help::print(rest.first().map(String::as_str)),
        "setup" => without_arguments(command, rest).and_then(|()| setup::everything(&workspace)),
        "test" => test::run(&workspace, rest),
        "crash" => crash::run(&workspace, rest),
        "demo" => demo::run(&workspace, rest),
        "fuzz" => fuzz::run(&workspace, rest),
        "mutants" => mutants(&workspace, rest),
        "bench" => bench::run(&workspace, rest),
        "forge" => forge::run(&workspace, rest),
        "sim" => sim::run(&workspace, rest),
        "attack" => attack::run(&workspace, rest),
        "leak" => forge::leak(&workspace, rest),
        "wasm" => without_arguments(command, rest).and_then(|()| wasm::run(&workspace)),
        "web" => web::run(&workspace, rest),
        "tidy" => without_arguments(command, rest).and_then(|()| tidy::run(&workspace)),
        "ci" => without_arguments(command, rest).and_then(|()| ci::run(&workspace)),
        unknown => Err(Failure::usage(format!("there is no task named {unknown}"))),
    }
}

fn without_arguments(command: &str, rest: &[String]) -> Outcome {
    match rest.first() {
        None => Ok(()),
        Some(word) => Err(Failure::usage(format!("{command} takes no arguments, but was given {word}"))),
    }
}

/// Hands all arguments to the program that breaks the core; it knows its own options.
fn mutants(workspace: &Workspace, rest: &[String]) -> Outcome {
    // Of the whole workspace: so its dependencies are those that the tests were built with.
    step::run_quiet(
        "building the mutants' program",
        &mut workspace.cargo(["build", "--quiet", "--workspace", "--bin", "longear-mutants"]),
    )?;
    let mut program = workspace.command(workspace.built_program("longear-mutants", "debug"));
    program.args(rest).env("CARGO_TARGET_DIR", &workspace.target);
    step::run_loud("mutants", &mut program)
}
