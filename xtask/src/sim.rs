//! `cargo xtask sim`: hostile worlds on a virtual clock.

use std::process::Command;

use crate::step::{self, Outcome};
use crate::workspace::Workspace;

/// Our crates that the simulator is made of. With dependencies as they are in all tests, optimising these alone makes a
/// world five times as fast for a minute of building; overflow checks and assertions stay.
const OPTIMISED: [&str; 4] = ["longear-core", "longear-store", "longear-net", "longear-sim"];

/// Hands all arguments to the simulator, `--release` excepted: it chooses the build.
pub fn run(workspace: &Workspace, arguments: &[String]) -> Outcome {
    step::run_loud("sim", &mut command(workspace, arguments))
}

/// The simulator with these arguments.
pub fn command(workspace: &Workspace, arguments: &[String]) -> Command {
    let is_release = arguments.iter().any(|word| word == "--release");
    let mut cargo = workspace.cargo(["run", "--quiet", "--package", "longear-sim"]);
    if is_release {
        cargo.arg("--release");
    } else {
        for name in OPTIMISED {
            cargo.args(["--config", &format!("profile.dev.package.{name}.opt-level=2")]);
        }
    }
    cargo.arg("--").args(arguments.iter().filter(|word| *word != "--release"));
    cargo
}
