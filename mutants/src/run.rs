//! Runs the tests against the mutants.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use crate::plan::{Mutant, Plan};
use crate::tree::{CRATE, Tree};

/// A test that takes this long with a mutant, and ten times as long as without, is stuck.
const PATIENCE: Duration = Duration::from_secs(5);
/// How often it is looked whether a test has ended.
const POLL_INTERVAL: Duration = Duration::from_millis(2);

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
    pub fn measure(programs: Vec<PathBuf>, folder: &Path, scratch: &Path) -> std::io::Result<Self> {
        let mut tests = Tests { all: Vec::new(), folder: folder.to_path_buf() };
        let trace = scratch.join("trace");
        for program in programs {
            for name in names(&program, folder)? {
                let _ = fs::remove_file(&trace);
                let test = Test { program: program.clone(), name, time: Duration::ZERO, sites: BTreeSet::new() };
                let start = Instant::now();
                let mut command = tests.command(&test);
                let status = command.env("LONGEAR_MUTANT_TRACE", &trace).status()?;
                if !status.success() {
                    return Err(std::io::Error::other(format!("{} fails without a mutant", test.name)));
                }
                let sites = fs::read_to_string(&trace).unwrap_or_default();
                let sites = sites.lines().filter_map(|line| line.parse().ok()).collect();
                tests.all.push(Test { time: start.elapsed(), sites, ..test });
            }
        }
        tests.all.sort_by_key(|test| test.time);
        Ok(tests)
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.all.len()
    }

    fn command(&self, test: &Test) -> Command {
        let mut command = Command::new(&test.program);
        command.current_dir(&self.folder).args(["--exact", &test.name, "--test-threads=1"]);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
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

/// Judges the mutants, on all cores, and those that stand apart one after the other.
///
/// # Errors
/// Those of the disk and of starting programs.
pub fn all(
    plan: &Plan,
    workspace: &Path,
    target: &Path,
    tests: &Tests,
    mutants: &[Mutant<'_>],
) -> std::io::Result<Vec<Verdict>> {
    let verdicts = Mutex::new(vec![Verdict::Unviable; mutants.len()]);
    let (next, failure) = (AtomicUsize::new(0), Mutex::new(None));
    let work = || {
        while let Some(mutant) = mutants.get(next.fetch_add(1, Ordering::Relaxed)) {
            if plan.is_unviable(mutant.number) || plan.is_apart(mutant.number) {
                continue;
            }
            match tests.judge(mutant) {
                Ok(verdict) => {
                    if verdict == Verdict::Missed {
                        eprintln!("no test noticed: {}", mutant.name());
                    }
                    let place = mutants.iter().position(|other| other.number == mutant.number);
                    verdicts.lock().expect("nobody panics")[place.expect("it is one of them")] = verdict;
                }
                Err(error) => *failure.lock().expect("nobody panics") = Some(error),
            }
        }
    };
    std::thread::scope(|scope| {
        let workers = std::thread::available_parallelism().map_or(1, usize::from);
        (0..workers).for_each(|_| drop(scope.spawn(work)));
    });
    if let Some(error) = failure.into_inner().expect("nobody panics") {
        return Err(error);
    }
    let mut verdicts = verdicts.into_inner().expect("nobody panics");
    let apart = mutants.iter().zip(&mut verdicts).filter(|(mutant, _)| plan.is_apart(mutant.number));
    let apart = apart.collect::<Vec<_>>();
    if apart.is_empty() {
        return Ok(verdicts);
    }
    let tree = Tree::copy(workspace, target.join("mutants/apart"), target.join("mutants/apart-builds"))?;
    for (mutant, verdict) in apart {
        plan.write_alone(&tree, mutant)?;
        *verdict = alone(&tree)?;
        if *verdict == Verdict::Missed {
            eprintln!("no test noticed: {}", mutant.name());
        }
    }
    Ok(verdicts)
}

/// Builds and runs all tests against the one mutant that is written there.
fn alone(tree: &Tree) -> std::io::Result<Verdict> {
    if !tree.check()?.is_empty() {
        return Ok(Verdict::Unviable);
    }
    // A constant that is wrong may keep the tests from compiling: that is noticed too.
    let Some(mut programs) = tree.build("1")? else { return Ok(Verdict::Caught) };
    programs.sort_by_key(|program| !program.to_string_lossy().contains("longear_core"));
    for program in programs {
        let mut command = Command::new(&program);
        command.current_dir(tree.root.join(CRATE)).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        match wait(command.spawn()?, Duration::from_secs(120))? {
            Some(true) => {}
            Some(false) => return Ok(Verdict::Caught),
            None => return Ok(Verdict::TimedOut),
        }
    }
    Ok(Verdict::Missed)
}
