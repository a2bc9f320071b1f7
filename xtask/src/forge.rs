//! `cargo xtask forge`: forgers, bombs and liars.

use crate::step::{self, Failure, Outcome};
use crate::workspace::Workspace;

/// Candidates of the long form.
const CASES_LONG: &str = "1000000";

/// A program of tests: its package and its name.
type Siege = (&'static str, &'static str);

const FORGE: [Siege; 1] = [("longear-store", "forge")];

/// Runs the sieges; `--long` with all optimisations and a million candidates.
pub fn run(workspace: &Workspace, arguments: &[String]) -> Outcome {
    let (mut long, mut seed) = (false, None);
    let mut words = arguments.iter();
    while let Some(word) = words.next() {
        match word.as_str() {
            "--long" => long = true,
            "--seed" => {
                let number = words.next().filter(|word| word.parse::<u64>().is_ok());
                seed = Some(number.ok_or_else(|| Failure::usage("--seed needs a number"))?);
            }
            unknown => return Err(Failure::usage(format!("forge does not know the option {unknown}"))),
        }
    }
    for (package, name) in FORGE {
        let mut cargo = workspace.cargo(["test", "--package", package, "--test", name]);
        if long {
            cargo.arg("--release").env("LONGEAR_FORGE_CASES", CASES_LONG).env("LONGEAR_FORGE_LONG", "1");
        }
        if let Some(seed) = seed {
            cargo.env("LONGEAR_FORGE_SEED", seed);
        }
        // One after the other: what they say about memory and time is about one of them.
        step::run_loud(name, cargo.args(["--", "--nocapture", "--test-threads", "1"]))?;
    }
    Ok(())
}
