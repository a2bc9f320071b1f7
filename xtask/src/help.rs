//! `cargo xtask help`: what each task does and when to use it.

use crate::step::{Failure, Outcome};

struct Task {
    name: &'static str,
    usage: &'static str,
    summary: &'static str,
    details: &'static str,
}

const TASKS: &[Task] = &[
    Task {
        name: "demo",
        usage: "demo [--exit] [--release] [OPTION…]",
        summary: "tell the whole story on this machine, in about a minute",
        details: "Installs ffmpeg if it is missing, builds longear and starts `longear demo`, which leaves the page\n\
                  open until Ctrl-C. --exit ends by itself; --release builds with all optimisations; every other\n\
                  option goes to `longear demo`.",
    },
    Task {
        name: "test",
        usage: "test [--only tidy|rust|python|reader|browser]…",
        summary: "run every test",
        details: "Installs what the tests need, then runs the source rules (tidy), the Rust tests, the independent\n\
                  verifier in Python, the reader as WebAssembly and the browser tests. --only runs one part and\n\
                  installs only what that part needs; it can be given several times. The last line counts what\n\
                  passed and failed; a part in which no test ran has failed.",
    },
    Task {
        name: "crash",
        usage: "crash [--program | --long]",
        summary: "cut the power, kill the program and fill the disk at every operation",
        details: "First the store over a disk made of memory: every state in which a power cut may leave it. Then the real\n\
                  program under strace: killed at its system calls, and the calls failing one by one. Afterwards\n\
                  everything that was acknowledged must be there. --program leaves the first out; --long plays every\n\
                  call instead of a choice, and measures how long a store of 100,000 items takes to open. Figures:\n\
                  docs/testing.md.",
    },
    Task {
        name: "setup",
        usage: "setup",
        summary: "install what tests, demo and checks need",
        details: "On Debian as root it installs missing packages with apt-get; elsewhere it names them and says how\n\
                  to get them. Python and npm packages go into the project's own folders. Silent when nothing is\n\
                  missing. The other tasks call it themselves.",
    },
    Task {
        name: "tidy",
        usage: "tidy",
        summary: "check the rules for sources and texts that no compiler knows",
        details: "Length of files and functions, names, links, forbidden words and hosts. Takes less than a second.\n\
                  Exceptions stand in xtask/tidy-exceptions.txt, each with its reason.",
    },
    Task {
        name: "wasm",
        usage: "wasm",
        summary: "build core and reader for browsers and prove that they do no input or output",
        details: "Links all of longear-core into one WebAssembly module and reads its import section: it must be\n\
                  empty, so the core can reach no clock, no randomness, no file and no network. Then builds\n\
                  longear-reader into target/reader, small, with vector instructions, and the part for reading\n\
                  posts, packs them with xz, and weighs them.",
    },
    Task {
        name: "web",
        usage: "web [--release-key FILE]",
        summary: "build the reader app",
        details: "Installs its npm packages, checks types and catalogues, and builds the app to web/app among the build\n\
                  products, from where the next build of longear takes it in. Says how much a first visit loads, and fails\n\
                  when that has grown; the app stands there all the same. With the Ed25519 key of a release, in PEM, it\n\
                  signs the list of the app's files (docs/spec/app.md) under the number in web/version.txt, which rises with\n\
                  every release; without one it is a development build, and says so.",
    },
    Task {
        name: "sim",
        usage: "sim --seeds A..B [--release] [--threads N] [--quiet] | sim --seed N [--break 1..10] [--trace]",
        summary: "play hostile worlds on a virtual clock and check the invariants",
        details: "One digest is printed for each seed from A up to, not including, B; the last line counts what the\n\
                  worlds were made of. A seed that fails says how to see it again: --seed plays one, --trace prints\n\
                  its events, --break puts in the fault that breaks an invariant. A release is preceded by\n\
                  --release --seeds 0..100000. sim flood [--writers N] [--hostile PERCENT] [--notes PER_DAY] [--thief]\n\
                  [--seed N] floods a room instead, and says what its members keep. What is checked:\n\
                  docs/design/003-simulator.md.",
    },
    Task {
        name: "fuzz",
        usage: "fuzz [TARGET…] [--seconds N] [--long] [--keep] [--input FILE] [--planted]",
        summary: "look for bytes that break a parser",
        details: "Runs libFuzzer over each target, or those named, 10 seconds each; --long means four minutes each.\n\
                  --keep adds the best of the inputs it found to fuzz/corpus. --input runs one target with one file.\n\
                  --planted breaks a copy of the sources in a few places and fails unless the fuzzer notices each.",
    },
    Task {
        name: "mutants",
        usage: "mutants [--quick] [--shard K/N] [--list] [FILE…]",
        summary: "break the core on purpose and see whether its tests notice",
        details: "Builds the core with all its mutants behind switches and runs the tests against one after the other.\n\
                  FILE chooses mutants of files whose path holds it; --shard takes every Nth mutant from the Kth on;\n\
                  --quick leaves out those in constants, which have to be built one by one.\n\
                  Fails when a mutant is missed that mutants/accepted.txt does not list with a reason.",
    },
    Task {
        name: "attack",
        usage: "attack [--long | --off GUARD]",
        summary: "try known attacks on update systems, and compare two verifiers",
        details: "Runs the attacks of crates/longear-net/tests/attacks and crates/longear-core/tests/attacks, then lets the\n\
                  core and the independent verifier judge the same thousand signatures and thousand objects. --long:\n\
                  a hundred thousand of each, a seizure in a thousand orders of arrival, and every attack again in a\n\
                  copy of the sources in which one guard at a time is off: then some of them must succeed. --off does\n\
                  only the last, for the guards whose names (in xtask/src/attack/guards.rs) contain the word.",
    },
    Task {
        name: "bench",
        usage: "bench [NAME] [OPTION…]",
        summary: "measure speed and memory",
        details: "Builds everything with all optimisations and hands its arguments to the bench programs; without a\n\
                  name they all run. Results and method: docs/benchmarks.md.",
    },
    Task {
        name: "forge",
        usage: "forge [--long] [--seed N]",
        summary: "hand in forged, spliced and oversized objects by the ten thousands",
        details: "Everything that a carrier can give is forged with care and handed to the real way into the store; what is\n\
                  let in must have been made by somebody honest. Checks that are forgotten on purpose must be noticed.\n\
                  Then bombs, carriers that lie, and servers and clients that abuse HTTP. --long builds with all optimisations\n\
                  and hands in a million; --seed chooses other ones.",
    },
    Task {
        name: "leak",
        usage: "leak [--long]",
        summary: "look for sockets, look-ups and secrets that leave a process",
        details: "Runs every command under strace and compares what it reaches and writes with what it was told; plants\n\
                  two hundred secrets and looks for them in logs, temporary files and the store. --long also watches\n\
                  the demo. Installs strace if it is missing.",
    },
    Task {
        name: "ci",
        usage: "ci",
        summary: "run everything that must hold before a change is taken",
        details: "Format, tidy, licences, clippy, tests, simulated worlds, a part of the mutants, documentation, WebAssembly;\n\
                  every check runs, also after one has failed, and the seconds of each are printed at the end.\n\
                  `.ci/run` installs compilers and tools on a bare machine and then calls this.",
    },
];

/// Prints the list of tasks, or all about one of them.
pub fn print(name: Option<&str>) -> Outcome {
    print!("{}", text(name)?);
    Ok(())
}

fn text(name: Option<&str>) -> Outcome<String> {
    match name.filter(|name| !matches!(*name, "help" | "--help" | "-h")) {
        None => Ok(list()),
        Some(name) => {
            let task = TASKS.iter().find(|task| task.name == name);
            let task = task.ok_or_else(|| Failure::usage(format!("there is no task named {name}")))?;
            Ok(format!("cargo xtask {}\n\n{}.\n\n{}\n", task.usage, sentence(task.summary), task.details))
        }
    }
}

fn list() -> String {
    let mut text = String::from("Usage: cargo xtask TASK\n\n");
    for task in TASKS {
        text.push_str(&format!("  {:<7} {}\n", task.name, task.summary));
    }
    text.push_str("\nStart with `cargo xtask demo`. `cargo xtask help TASK` tells more.\n");
    text
}

fn sentence(summary: &str) -> String {
    let mut letters = summary.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_names_every_task_and_each_has_its_own_page() {
        let list = text(None).expect("the list needs no name");
        for task in TASKS {
            assert!(list.contains(task.summary), "{}", task.name);
            let page = text(Some(task.name)).expect("every task has a page");
            assert!(page.starts_with(&format!("cargo xtask {}", task.name)), "{page}");
        }
        assert!(matches!(text(Some("dance")), Err(Failure::Usage(_))));
    }
}
