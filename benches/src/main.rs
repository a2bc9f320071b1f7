//! Measures speed and memory beside well-known tools: `cargo xtask bench [NAME…] [--repeats N]`.
//!
//! Ours and the peer take turns in the same run, so that a busy machine slows both; medians are compared. Each figure
//! is one line `name ratio=… ours=… peer=… unit=…`, followed by its target and whether it was reached. Results and
//! method: `docs/benchmarks.md`.

mod catchup;
mod disk;
mod liar;
#[path = "../../crates/longear-net/tests/support/liar.rs"]
#[allow(dead_code, clippy::unwrap_used)]
mod liar_server;
mod measure;
mod memory;
mod nginx;
mod node;
mod packs;
mod posts;
mod program;
mod publish;
mod report;
mod rooms;
mod rooms_sync;
mod stick;
mod tree;
mod viewers;

use std::error::Error;
use std::process::ExitCode;

use disk::Workshop;
use program::Longear;

/// What can go wrong here is told in words and ends the run.
type Outcome<T> = Result<T, Box<dyn Error>>;

/// What every benchmark gets.
struct Bench {
    longear: Longear,
    workshop: Workshop,
    /// How often ours and the peer take turns, unless a benchmark has a reason to choose otherwise.
    repeats: usize,
}

/// Turns, unless told otherwise.
const REPEATS_DEFAULT: usize = 5;

/// A benchmark: its short name, its long one, what it does.
type Entry = (&'static str, &'static str, Measure);

#[derive(Clone, Copy)]
enum Measure {
    /// Runs the program.
    Program(fn(&Bench) -> Outcome<()>),
    /// Calls the core or the store, so many times: the program need not be built for it.
    Core(fn(usize) -> Outcome<()>),
}
use Measure::{Core, Program};

const BENCHES: [Entry; 10] = [
    ("p1", "publish", Program(publish::run)),
    ("p2", "stick", Program(stick::run)),
    ("p3", "node", Program(node::run)),
    ("p4", "packs", Program(packs::run)),
    ("p8", "catchup", Program(catchup::run)),
    ("p13", "viewers", Program(viewers::run)),
    ("memory", "memory", Program(memory::run)),
    ("liar", "liar", Program(liar::run)),
    ("rooms", "rooms", Core(rooms::run)),
    ("rooms-sync", "rooms-sync", Core(rooms_sync::run)),
];

const USAGE: &str = "\
bench [NAME…] [--repeats N]

  p1 publish    publishing 1 GiB, beside cp + sync
  p2 stick      1 GB by stick, beside two legs of cp + sync
  p3 node       1 GiB from node to node, beside curl from nginx + sync
  p4 packs      100,000 items of 4 kB from packs, beside cp -r + sync
  p8 catchup    requests of a reader who is five days behind
  p13 viewers   500 viewers of a broadcast, beside nginx with the same files
  memory        peak memory of each command with a file of 4 GiB
  liar          what a carrier costs that lies, beside two honest ones
  rooms         a room of 1,000,000 notes: merging, pages, search, disk, memory
  rooms-sync    what two nodes lack of each other's notes, beside negentropy
  tree DIR N    no benchmark: writes a mirror with N posts, for the reader's

Without a name all run. They need about 20 GB of room under the target folder, Linux, curl, ffmpeg and nginx";

fn main() -> ExitCode {
    let words = std::env::args().skip(1).collect::<Vec<_>>();
    if words.iter().any(|word| word == "--help" || word == "-h") {
        println!("{USAGE}");
        return ExitCode::SUCCESS;
    }
    match run(&words) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("bench: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(words: &[String]) -> Outcome<()> {
    if let [first, rest @ ..] = words
        && first == "tree"
    {
        return posts::write(rest);
    }
    if let [first, rest @ ..] = words
        && first == rooms::CHILD
    {
        return rooms::process_main(rest);
    }
    let (chosen, repeats) = choose(words)?;
    let mut bench = None;
    for (short, long, measure) in chosen {
        println!("\n{short}: {long}");
        match measure {
            Core(measure) => measure(repeats)?,
            Program(measure) => {
                if bench.is_none() {
                    bench = Some(Bench { longear: Longear::build()?, workshop: Workshop::open()?, repeats });
                }
                bench.as_ref().map_or(Ok(()), measure)?;
            }
        }
    }
    Ok(())
}

fn choose(words: &[String]) -> Outcome<(Vec<&'static Entry>, usize)> {
    let (mut chosen, mut repeats) = (Vec::new(), REPEATS_DEFAULT);
    let mut words = words.iter();
    while let Some(word) = words.next() {
        if word == "--repeats" {
            let count = words.next().ok_or("--repeats needs a number")?;
            repeats = count.parse().map_err(|_| format!("`{count}` is no number of repeats"))?;
            if repeats == 0 {
                return Err("--repeats needs at least 1".into());
            }
            continue;
        }
        let entry = BENCHES.iter().find(|(short, long, _)| word == short || word == long);
        chosen.push(entry.ok_or_else(|| format!("there is no benchmark named {word}\n\n{USAGE}"))?);
    }
    if chosen.is_empty() {
        chosen.extend(&BENCHES);
    }
    Ok((chosen, repeats))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<String> {
        text.split_whitespace().map(str::to_owned).collect()
    }

    #[test]
    fn benches_are_chosen_by_either_name_and_all_by_none() {
        let (chosen, repeats) = choose(&words("stick p8 --repeats 7")).unwrap();
        assert_eq!(chosen.iter().map(|entry| entry.0).collect::<Vec<_>>(), ["p2", "p8"]);
        assert_eq!(repeats, 7);
        assert_eq!(choose(&[]).unwrap().0.len(), BENCHES.len());
    }

    #[test]
    fn nonsense_is_refused() {
        for nonsense in ["p5", "--repeats", "--repeats 0", "--repeats many", "--fast"] {
            assert!(choose(&words(nonsense)).is_err(), "{nonsense}");
        }
    }
}
