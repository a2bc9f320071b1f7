//! `cargo xtask forge` and `cargo xtask leak`: forgers, bombs, liars, abusers and eavesdroppers.

use crate::setup::{self, FOR_LEAK};
use crate::step::{self, Failure, Outcome};
use crate::workspace::Workspace;

/// Candidates of the long form.
const CASES_LONG: &str = "1000000";

/// Tests that belong together: their package, their program, and the beginning of their names where not all are meant.
struct Siege {
    package: &'static str,
    program: &'static str,
    names: &'static str,
}

const FORGE: [Siege; 6] = [
    Siege { package: "longear-store", program: "forge", names: "" },
    Siege { package: "longear", program: "bombs", names: "" },
    Siege { package: "longear", program: "abuse", names: "" },
    Siege { package: "longear-net", program: "carrier", names: "" },
    Siege { package: "longear-net", program: "http2", names: "" },
    Siege { package: "longear-net", program: "sync", names: "liar::" },
];

const LEAK: Siege = Siege { package: "longear", program: "leak", names: "" };

/// Runs the sieges; `--long` with all optimisations and a million candidates.
pub fn run(workspace: &Workspace, arguments: &[String]) -> Outcome {
    let (long, seed) = options("forge", arguments)?;
    FORGE.iter().try_for_each(|siege| besiege(workspace, siege, long, seed.as_deref()))
}

/// Looks for sockets, names and secrets that leave a process; `--long` also while the demo plays.
pub fn leak(workspace: &Workspace, arguments: &[String]) -> Outcome {
    let (long, _) = options("leak", arguments)?;
    setup::ready(workspace, FOR_LEAK)?;
    besiege(workspace, &LEAK, long, None)
}

fn options(task: &str, arguments: &[String]) -> Outcome<(bool, Option<String>)> {
    let (mut long, mut seed) = (false, None);
    let mut words = arguments.iter();
    while let Some(word) = words.next() {
        match word.as_str() {
            "--long" => long = true,
            "--seed" if task == "forge" => {
                let number = words.next().filter(|word| word.parse::<u64>().is_ok());
                seed = Some(number.ok_or_else(|| Failure::usage("--seed needs a number"))?.clone());
            }
            unknown => return Err(Failure::usage(format!("{task} does not know the option {unknown}"))),
        }
    }
    Ok((long, seed))
}

fn besiege(workspace: &Workspace, siege: &Siege, long: bool, seed: Option<&str>) -> Outcome {
    let mut cargo = workspace.cargo(["test", "--package", siege.package, "--test", siege.program]);
    if long {
        cargo.arg("--release").env("LONGEAR_FORGE_CASES", CASES_LONG).env("LONGEAR_FORGE_LONG", "1");
    }
    if let Some(seed) = seed {
        cargo.env("LONGEAR_FORGE_SEED", seed);
    }
    // One after the other: what they say about memory and time is about one of them.
    cargo.args(["--", "--nocapture", "--test-threads", "1"]);
    cargo.args((!siege.names.is_empty()).then_some(siege.names));
    step::run_loud(siege.program, &mut cargo)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_are_read_and_nonsense_is_refused() {
        let words = |text: &str| text.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
        assert_eq!(options("forge", &words("--seed 7 --long")).expect("both exist"), (true, Some("7".into())));
        for (task, nonsense) in [("forge", "--seed"), ("forge", "--seed x"), ("forge", "--fast"), ("leak", "--seed 7")]
        {
            assert!(matches!(options(task, &words(nonsense)), Err(Failure::Usage(_))), "{task} {nonsense}");
        }
    }
}
