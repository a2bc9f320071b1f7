//! Breaks the code of the core on purpose, each time in one place, and asks whether a test of the core notices.
//!
//! The mutants are those of cargo-mutants, but they are built all at once, see [`render`], and each one meets only the
//! tests that come to its place. `cargo xtask mutants` runs this program.

mod accepted;
mod find;
mod plan;
mod render;
mod run;
mod tree;
mod values;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Instant;

use plan::Plan;
use run::{Tests, Verdict};
use tree::Tree;

/// What was asked for.
struct Options {
    /// Of `count` equal parts of the mutants, this one.
    shard: Option<(usize, usize)>,
    /// Only mutants of files whose path holds one of these.
    files: Vec<String>,
    /// Leave out the mutants that have to be built one by one.
    quick: bool,
    /// Only name the mutants.
    list: bool,
}

fn main() -> ExitCode {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).parent().map(Path::to_path_buf).unwrap_or_default();
    let outcome = options().and_then(|options| run(&workspace, &options).map_err(|error| error.to_string()));
    match outcome {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn options() -> Result<Options, String> {
    let mut options = Options { shard: None, files: Vec::new(), quick: false, list: false };
    let mut words = std::env::args().skip(1);
    while let Some(word) = words.next() {
        match word.as_str() {
            "--list" => options.list = true,
            "--quick" => options.quick = true,
            "--shard" => {
                let shard = words.next().unwrap_or_default();
                let parts = shard.split_once('/').and_then(|(k, n)| Some((k.parse().ok()?, n.parse().ok()?)));
                let fits = parts.filter(|(k, n): &(usize, usize)| k < n);
                options.shard = Some(fits.ok_or("--shard takes K/N, with K from 0 to N - 1")?);
            }
            option if option.starts_with('-') => return Err(format!("there is no option {option}")),
            file => options.files.push(file.to_owned()),
        }
    }
    Ok(options)
}

fn run(workspace: &Path, options: &Options) -> std::io::Result<bool> {
    let target = target_folder(workspace);
    let mut plan = Plan::make(workspace)?;
    let is_meant = |file: &Path| {
        options.files.is_empty() || options.files.iter().any(|part| file.to_string_lossy().contains(part))
    };
    if options.list {
        plan.mutants().filter(|mutant| is_meant(mutant.file)).for_each(|mutant| println!("{}", mutant.name()));
        return Ok(true);
    }
    let start = Instant::now();
    let meant = plan.mutants().filter(|mutant| is_meant(mutant.file)).enumerate();
    let meant = meant.filter(|(place, _)| options.shard.is_none_or(|(shard, count)| place % count == shard));
    let meant = meant.map(|(_, mutant)| mutant.number).collect::<BTreeSet<_>>();
    // Whoever goes on to write tests while this runs does not change it.
    let tree = Tree::copy(workspace, &target)?;
    let programs = plan.build(&tree, &meant)?;
    eprintln!("{:>7.1} s  built the tests with {} mutants", start.elapsed().as_secs_f64(), meant.len());
    let start = Instant::now();
    let tests = Tests::measure(programs, &tree)?;
    let chosen = plan.mutants().filter(|mutant| meant.contains(&mutant.number));
    let chosen = chosen.filter(|mutant| !options.quick || !plan.is_apart(mutant.number)).collect::<Vec<_>>();
    let apart = chosen.iter().filter(|mutant| plan.is_apart(mutant.number)).count();
    eprintln!("{:>7.1} s  saw where each of {} tests comes", start.elapsed().as_secs_f64(), tests.count());
    let (count, all, start) = (chosen.len(), plan.mutants().count(), Instant::now());
    let verdicts = run::all(&plan, &tests, &chosen, &tree)?;
    eprintln!("{:>7.1} s  {count} mutants of {all}, {apart} of them built alone", start.elapsed().as_secs_f64());
    let is_all = options.shard.is_none() && options.files.is_empty() && !options.quick;
    Ok(report(workspace, &chosen, &verdicts, is_all))
}

/// Prints what came of each mutant that no test noticed, and the sums; tells whether all is as it should be.
fn report(workspace: &Path, chosen: &[plan::Mutant<'_>], verdicts: &[Verdict], is_all: bool) -> bool {
    let mut accepted = accepted::read(&workspace.join("mutants/accepted.txt"));
    let (mut unexpected, mut listed) = (0, 0);
    for (mutant, _) in chosen.iter().zip(verdicts).filter(|(_, verdict)| **verdict == Verdict::Missed) {
        if accepted.take(&mutant.key()).is_some() {
            listed += 1;
        } else {
            println!("MISSED {}", mutant.name());
            unexpected += 1;
        }
    }
    // Only a whole run knows that a line of the list has nothing left to excuse.
    let stale = if is_all { accepted.left() } else { Vec::new() };
    stale.iter().for_each(|key| println!("CAUGHT, though listed as accepted: {key}"));
    let count = |wanted: Verdict| verdicts.iter().filter(|verdict| **verdict == wanted).count();
    let (caught, late, unviable) = (count(Verdict::Caught), count(Verdict::TimedOut), count(Verdict::Unviable));
    let (all, viable, missed) = (verdicts.len(), verdicts.len() - unviable, unexpected + listed);
    let percent = 100.0 * (caught + late) as f64 / viable.max(1) as f64;
    println!(
        "{all} mutants: {unviable} do not compile; of {viable} others {caught} caught, {late} by a time limit, \
         {missed} missed ({listed} of them listed with a reason): {percent:.1} % caught",
    );
    unexpected == 0 && stale.is_empty()
}

fn target_folder(workspace: &Path) -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| workspace.join("target"), PathBuf::from)
}
