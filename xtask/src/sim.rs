//! `cargo xtask sim`: hostile worlds on a virtual clock.

use crate::step::{self, Outcome};
use crate::workspace::Workspace;

/// The simulator.
const PROGRAM: &str = "longear-sim";

/// Builds the simulator and hands it all arguments, `--release` excepted: it chooses the build.
pub fn run(workspace: &Workspace, arguments: &[String]) -> Outcome {
    let is_release = arguments.iter().any(|word| word == "--release");
    // As a package alone, or without a test, it would select other features, and all that it rests on would be built a second
    // time: that took longer than a few hundred worlds take without optimising.
    let mut build = workspace.cargo(["build", "--quiet", "--workspace", "--bin", PROGRAM, "--test", "flood"]);
    if is_release {
        build.arg("--release");
    }
    step::run_loud("building the simulator", &mut build)?;
    let program = workspace.built_program(PROGRAM, if is_release { "release" } else { "debug" });
    let mut sim = workspace.command(program);
    step::run_loud("sim", sim.args(arguments.iter().filter(|word| *word != "--release")))
}
