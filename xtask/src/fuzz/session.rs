//! One run of libFuzzer over one target, and what came of it.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::build::Programs;
use super::{Target, failure};
use crate::step::{self, Failure, Outcome};
use crate::workspace::Workspace;

/// The most memory a target may use, in MiB, libFuzzer's own tables and corpus included.
const MEMORY_MIB_MAX: u32 = 128;
/// The most memory the targets with a store may use: SQLite keeps its pages there.
const MEMORY_STORE_MIB_MAX: u32 = 256;
/// The most time for one input, in seconds: only for what never ends, because a busy machine may let a target wait.
const INPUT_SECONDS_MAX: u32 = 10;
/// Lines of the log that are shown when a target fails.
const LINES_SHOWN: usize = 40;

/// What one target did.
#[derive(Debug, Default)]
pub struct Session {
    /// The target's name.
    pub name: String,
    /// Inputs tried.
    pub executions: u64,
    /// Edges of our code that were reached.
    edges: u64,
    /// The most memory used, in MiB.
    memory_mib: u64,
    elapsed: Duration,
    failed: Option<String>,
}

impl Session {
    /// Lets libFuzzer work on a target for some seconds; what it finds worth keeping goes into the folder `grown`.
    pub fn run(workspace: &Workspace, programs: &Programs, target: &Target, seconds: u64, grown: &Path) -> Self {
        let start = Instant::now();
        let mut session = Session { name: target.name.clone(), ..Session::default() };
        if let Err(failure) = session.attempt(workspace, programs, target, seconds, grown) {
            session.failed = Some(failure.to_string());
        }
        session.elapsed = start.elapsed();
        session
    }

    /// Whether an input broke the target.
    pub fn has_found(&self) -> bool {
        self.failed.is_some()
    }

    fn attempt(
        &mut self,
        workspace: &Workspace,
        programs: &Programs,
        target: &Target,
        seconds: u64,
        grown: &Path,
    ) -> Outcome {
        let log = workspace.target.join("fuzz").join(format!("{}.log", target.name));
        let found = workspace.target.join("fuzz").join(format!("found-{}-", target.name));
        fs::create_dir_all(grown).map_err(|error| failure("making", grown, &error))?;
        let output = File::create(&log).map_err(|error| failure("writing", &log, &error))?;
        let errors = output.try_clone().map_err(|error| failure("writing", &log, &error))?;
        let memory = if target.program == "node" { MEMORY_STORE_MIB_MAX } else { MEMORY_MIB_MAX };
        let mut command = target.command(workspace, programs);
        command.arg(grown).arg(target.kept(workspace)).stdout(output).stderr(errors);
        command.args([
            format!("-max_total_time={seconds}"),
            format!("-timeout={INPUT_SECONDS_MAX}"),
            format!("-rss_limit_mb={memory}"),
            format!("-artifact_prefix={}", found.display()),
            "-print_final_stats=1".to_owned(),
        ]);
        let status = command.status().map_err(|error| failure("starting", &log, &error))?;
        let text = fs::read(&log).map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_default();
        self.read(&text);
        if status.success() {
            return Ok(());
        }
        let lines = text.lines().collect::<Vec<_>>();
        let last = lines[lines.len().saturating_sub(LINES_SHOWN)..].join("\n");
        let input = found_input(&text).unwrap_or_else(|| "FILE".to_owned());
        Err(Failure::step(
            format!("{last}\nfuzz target {}", target.name),
            format!("try that input again: cargo xtask fuzz {} --input {input}", target.name),
        ))
    }

    fn read(&mut self, log: &str) {
        let number = |name: &str| {
            let line = log.lines().rev().find_map(|line| line.strip_prefix(name))?;
            line.trim().parse().ok()
        };
        self.executions = number("stat::number_of_executed_units:").unwrap_or(0);
        self.memory_mib = number("stat::peak_rss_mb:").unwrap_or(0);
        let coverage = log.lines().rev().find_map(|line| line.split_once(" cov: ")).map(|(_, rest)| rest);
        self.edges = coverage.and_then(|rest| rest.split(' ').next()?.parse().ok()).unwrap_or(0);
    }

    /// Prints the line of this target.
    pub fn print(&self) {
        let (executions, edges, memory) = (self.executions, self.edges, self.memory_mib);
        let told = format!("{:<12} {executions:>11} executions {edges:>6} edges {memory:>4} MiB", self.name);
        step::report(&told, self.elapsed, self.failed.is_none());
    }
}

/// Where libFuzzer puts the inputs that it finds worth keeping.
pub fn grown(workspace: &Workspace, target: &Target) -> PathBuf {
    workspace.target.join("fuzz/corpus").join(&target.name)
}

/// Where the input stands that broke the target.
fn found_input(log: &str) -> Option<String> {
    let line = log.lines().rev().find_map(|line| line.split_once("Test unit written to "))?;
    Some(Path::new(line.1.trim()).display().to_string())
}

/// Prints the sum; fails if a target failed.
pub fn report(sessions: &[Session]) -> Outcome {
    let executions = sessions.iter().map(|session| session.executions).sum::<u64>();
    println!("{} targets, {executions} executions", sessions.len());
    let failed = sessions.iter().filter_map(|session| session.failed.as_deref()).collect::<Vec<_>>();
    if failed.is_empty() { Ok(()) } else { Err(Failure::step("fuzzing", failed.join("\n"))) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_figures_are_read_from_the_log() {
        let log = "#2\tINITED cov: 12 ft: 13 corp: 1/1b\n#262144\tpulse  cov: 345 ft: 2030 corp: 210/30Kb\n\
                   stat::number_of_executed_units: 300000\nstat::peak_rss_mb:              57\n\
                   artifact_prefix='x'; Test unit written to target/fuzz/found-head-crash-1\n";
        let mut session = Session::default();
        session.read(log);
        assert_eq!((session.executions, session.edges, session.memory_mib), (300_000, 345, 57));
        assert_eq!(found_input(log).as_deref(), Some("target/fuzz/found-head-crash-1"));
    }
}
