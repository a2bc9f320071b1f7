//! `cargo xtask demo`: builds Longear and lets it tell its story.

use crate::setup;
use crate::step::{self, Failure, Outcome};
use crate::workspace::Workspace;

/// Builds the binary and becomes `longear demo`; all arguments but `--release` are passed on.
pub fn run(workspace: &Workspace, arguments: &[String]) -> Outcome {
    setup::ready(workspace, setup::FOR_DEMO)?;
    let release = arguments.iter().any(|word| word == "--release");
    let mut build = match release {
        true => workspace.cargo(["build", "--package", "longear", "--release"]),
        false => workspace.build_longear(),
    };
    step::run_loud("building longear", &mut build)?;
    let program = workspace.built_program("longear", if release { "release" } else { "debug" });
    let mut demo = workspace.command(program);
    demo.arg("demo").args(arguments.iter().filter(|word| *word != "--release"));
    become_program(demo)
}

/// Replaces this process, so that Ctrl-C and the exit code are the demo's own.
#[cfg(unix)]
fn become_program(mut command: std::process::Command) -> Outcome {
    use std::os::unix::process::CommandExt;
    let error = command.exec();
    Err(Failure::step(format!("starting {}: {error}", command.get_program().to_string_lossy()), ""))
}

#[cfg(not(unix))]
fn become_program(mut command: std::process::Command) -> Outcome {
    match command.status() {
        Ok(status) => std::process::exit(status.code().unwrap_or(1)),
        Err(error) => Err(Failure::step(format!("starting the demo: {error}"), "")),
    }
}
