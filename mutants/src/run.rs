//! Runs the tests against the mutants.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use crate::plan::{Mutant, Plan};
use crate::tree::{ALL, CRATE, FIRST, QUICK_TO_BUILD, Tree, is_source};

/// A test that takes this long with a mutant, and ten times as long as without, is stuck.
const PATIENCE: Duration = Duration::from_secs(5);
/// A program of tests that takes this long with a mutant that was built alone is stuck.
const PATIENCE_ALONE: Duration = Duration::from_secs(120);
/// How often it is looked whether a test has ended.
const POLL_INTERVAL: Duration = Duration::from_millis(2);

/// Tests with random input take the same in each run, and what fails is not made smaller: nobody is going to read it.
const REPEATABLE: [(&str, &str); 3] =
    [("PROPTEST_RNG_SEED", "1"), ("PROPTEST_MAX_SHRINK_ITERS", "0"), ("PROPTEST_DISABLE_FAILURE_PERSISTENCE", "1")];

/// What came of a mutant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// A test failed.
    Caught,
    /// A test did not end.
    TimedOut,
    /// All tests passed.
    Missed,
    /// It does not compile.
    Unviable,
}

/// One test function, as it behaves without a mutant.
#[derive(Clone, Debug)]
struct Test {
    program: PathBuf,
    name: String,
    time: Duration,
    /// First numbers of the sites that it comes to.
    sites: BTreeSet<u32>,
}

/// The tests, fastest first.
#[derive(Debug)]
pub struct Tests {
    all: Vec<Test>,
    /// Where they run: the crate's folder, as under cargo.
    folder: PathBuf,
}

impl Tests {
    /// Runs each test once without a mutant.
    ///
    /// # Errors
    /// If one fails: then nothing can be learnt.
    pub fn measure(programs: Vec<PathBuf>, tree: &Tree) -> std::io::Result<Self> {
        let folder = tree.root.join(CRATE);
        let mut all = Vec::new();
        for program in programs {
            let test = |name| Test { program: program.clone(), name, time: Duration::ZERO, sites: BTreeSet::new() };
            all.extend(names(&program, &folder)?.into_iter().map(test));
        }
        let mut tests = Tests { all: Vec::new(), folder };
        tests.all = on_all_cores(&all, |number, test| {
            let trace = tree.root.join(format!("trace-{number}"));
            let start = Instant::now();
            let status = tests.command(test).env("LONGEAR_MUTANT_TRACE", &trace).status()?;
            if !status.success() {
                return Err(std::io::Error::other(format!("{} fails without a mutant", test.name)));
            }
            let sites = fs::read_to_string(&trace).unwrap_or_default();
            let _ = fs::remove_file(&trace);
            let sites = sites.lines().filter_map(|line| line.parse().ok()).collect();
            Ok(Test { time: start.elapsed(), sites, ..test.clone() })
        })?;
        tests.all.sort_by_key(|test| test.time);
        Ok(tests)
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.all.len()
    }

    fn command(&self, test: &Test) -> Command {
        let mut command = quiet(&test.program, &self.folder);
        command.args(["--exact", &test.name, "--test-threads=1"]);
        command
    }

    /// Runs the tests that come to the site of a mutant until one notices.
    fn judge(&self, mutant: &Mutant<'_>) -> std::io::Result<Verdict> {
        for test in self.all.iter().filter(|test| test.sites.contains(&mutant.first)) {
            let child = self.command(test).env("LONGEAR_MUTANT", mutant.number.to_string()).spawn()?;
            match wait(child, PATIENCE.max(test.time * 10))? {
                Some(true) => {}
                Some(false) => return Ok(Verdict::Caught),
                None => return Ok(Verdict::TimedOut),
            }
        }
        Ok(Verdict::Missed)
    }
}

/// A program of tests, of which only the exit code counts.
fn quiet(program: &Path, folder: &Path) -> Command {
    let mut command = Command::new(program);
    command.current_dir(folder).envs(REPEATABLE);
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command
}

/// Whether a child succeeded; `None` if it had to be stopped.
fn wait(mut child: Child, patience: Duration) -> std::io::Result<Option<bool>> {
    let start = Instant::now();
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(Some(status.success()));
        }
        if start.elapsed() > patience {
            child.kill()?;
            child.wait()?;
            return Ok(None);
        }
        std::thread::sleep(POLL_INTERVAL);
    }
}

fn names(program: &Path, folder: &Path) -> std::io::Result<Vec<String>> {
    let output = Command::new(program).current_dir(folder).args(["--list", "--format", "terse"]).output()?;
    let text = String::from_utf8_lossy(&output.stdout);
    Ok(text.lines().filter_map(|line| line.strip_suffix(": test")).map(str::to_owned).collect())
}

/// Does the same with all of them, on all cores, and returns the results in their order.
fn on_all_cores<T: Sync, R: Send>(
    all: &[T],
    work: impl Fn(usize, &T) -> std::io::Result<R> + Sync,
) -> std::io::Result<Vec<R>> {
    let (next, results) = (AtomicUsize::new(0), Mutex::new(BTreeMap::new()));
    let worker = || {
        loop {
            let number = next.fetch_add(1, Ordering::Relaxed);
            let Some(one) = all.get(number) else { return };
            let result = work(number, one);
            results.lock().expect("nobody panics").insert(number, result);
        }
    };
    std::thread::scope(|scope| {
        let workers = std::thread::available_parallelism().map_or(1, usize::from);
        (0..workers).for_each(|_| drop(scope.spawn(worker)));
    });
    results.into_inner().expect("nobody panics").into_values().collect()
}

/// Judges the mutants, on all cores, and those that stand apart one after the other, in `tree`.
///
/// # Errors
/// Those of the disk and of starting programs.
pub fn all(plan: &Plan, tests: &Tests, mutants: &[Mutant<'_>], tree: &Tree) -> std::io::Result<Vec<Verdict>> {
    let mut verdicts = on_all_cores(mutants, |_, mutant| {
        if plan.is_unviable(mutant.number) || plan.is_apart(mutant.number) {
            return Ok(Verdict::Unviable);
        }
        tests.judge(mutant).inspect(|verdict| tell(mutant, *verdict))
    })?;
    for (mutant, verdict) in mutants.iter().zip(&mut verdicts).filter(|(mutant, _)| plan.is_apart(mutant.number)) {
        plan.write_alone(tree, mutant)?;
        *verdict = alone(tree)?;
        tell(mutant, *verdict);
    }
    Ok(verdicts)
}

/// Whoever waits for the sums can begin to write the missing test, and see whether what was stopped had only a slow machine.
fn tell(mutant: &Mutant<'_>, verdict: Verdict) {
    match verdict {
        Verdict::Missed => eprintln!("no test noticed: {}", mutant.name()),
        Verdict::TimedOut => eprintln!("a test did not end: {}", mutant.name()),
        Verdict::Caught | Verdict::Unviable => {}
    }
}

/// Builds and runs the tests against the one mutant that is written there, those that notice most before the others.
fn alone(tree: &Tree) -> std::io::Result<Verdict> {
    for tests in [FIRST, ALL] {
        let programs = match tree.build(tests, QUICK_TO_BUILD)? {
            Ok(programs) => programs,
            Err(objections) if tests == FIRST && objections.iter().any(|objection| is_source(&objection.file)) => {
                return Ok(Verdict::Unviable);
            }
            // A constant that is wrong may keep the tests from compiling: that is noticed too.
            Err(_) => return Ok(Verdict::Caught),
        };
        for program in programs {
            match wait(quiet(&program, &tree.root.join(CRATE)).spawn()?, PATIENCE_ALONE)? {
                Some(true) => {}
                Some(false) => return Ok(Verdict::Caught),
                None => return Ok(Verdict::TimedOut),
            }
        }
    }
    Ok(Verdict::Missed)
}
