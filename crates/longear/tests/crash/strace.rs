//! Running a command under strace, which counts its calls, kills it at one, or lets one fail.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use tempfile::NamedTempFile;

use crate::scenes::Stage;

/// The calls by which a program changes a disk.
const CALLS: &[&str] = &[
    "write",
    "writev",
    "pwrite64",
    "pwritev",
    "fsync",
    "fdatasync",
    "syncfs",
    "rename",
    "renameat",
    "renameat2",
    "ftruncate",
    "fallocate",
    "unlink",
    "unlinkat",
    "mkdir",
    "mkdirat",
    "link",
    "linkat",
    "chmod",
    "fchmod",
];

/// Longer than anything that is written at once.
const STRING_BYTES_MAX: &str = "8000000";

/// What happens at a call.
#[derive(Clone, Copy, Debug)]
pub enum Fate {
    /// The process is killed before the call does anything.
    Kill,
    /// The call fails and does nothing.
    Error(&'static str),
}

/// How a traced command ended.
#[derive(Debug)]
pub struct Ended {
    /// Its exit code; `None` if it was killed.
    pub code: Option<i32>,
    pub out: String,
    pub err: String,
    /// Whether it came to the call.
    pub was_injected: bool,
    /// Whether that call was none to a disk: threads wake each other through such files.
    pub was_elsewhere: bool,
}

/// strace, if it is here and allowed to trace.
pub struct Tracer {
    program: PathBuf,
}

impl Tracer {
    /// Looks whether tracing works here; says so where it does not.
    pub fn find() -> Option<Self> {
        let tried = Command::new("strace").args(["-qq", "-e", "trace=none", "true"]).output();
        if tried.is_ok_and(|output| output.status.success()) {
            return Some(Tracer { program: "strace".into() });
        }
        assert!(std::env::var_os("LONGEAR_CRASH").is_none(), "strace is missing, or may not trace here");
        eprintln!("not tried: strace is missing, or may not trace here");
        None
    }

    /// Runs a command and lets `fate` come over call number `number` of that name, counted in each thread.
    pub fn run(&self, command: &Command, call: &str, number: u64, fate: Fate) -> Ended {
        let what = match fate {
            Fate::Kill => "signal=KILL".to_owned(),
            Fate::Error(error) => format!("error={error}"),
        };
        let log = NamedTempFile::new().unwrap();
        let (trace, inject) = (format!("trace={call}"), format!("inject={call}:{what}:when={number}"));
        let mut options = vec!["-y", "-s", "0", "-e", &trace, "-e", &inject];
        // Without a stop at every other call. A signal would not be delivered so.
        options.extend(matches!(fate, Fate::Error(_)).then_some("--seccomp-bpf"));
        let mut traced = self.traced(command, &log, &options);
        let output = traced.output().unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
        let log = std::fs::read_to_string(log.path()).unwrap_or_default();
        let injected = log.lines().find(|line| line.contains("(INJECTED)"));
        Ended {
            code: output.status.code(),
            out: text(output.stdout),
            err: text(output.stderr),
            was_injected: injected.is_some(),
            was_elsewhere: injected.is_some_and(|line| line.contains("anon_inode:")),
        }
    }

    /// Runs a command to its end, and gives the calls that it made, with all bytes in hexadecimal digits.
    pub fn record(&self, stage: &dyn Stage, calls: &str) -> String {
        let log = NamedTempFile::new().unwrap();
        let mut traced =
            self.traced(stage.command(), &log, &["-y", "-xx", "-s", STRING_BYTES_MAX, "-e", &format!("trace={calls}")]);
        let output = traced.output().unwrap();
        assert_eq!(output.status.code(), Some(stage.code()), "undisturbed, it succeeds: {output:?}");
        std::fs::read_to_string(log.path()).unwrap()
    }

    fn traced(&self, command: &Command, log: &NamedTempFile, options: &[&str]) -> Command {
        let mut traced = Command::new(&self.program);
        traced.args(["-f", "-qq", "-o"]).arg(log.path()).args(options);
        traced.arg("--").arg(command.get_program()).args(command.get_args());
        traced.envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
        traced.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        traced
    }
}

/// How often a command makes each call, in the thread that makes it most often.
pub struct Calls {
    counts: BTreeMap<&'static str, u64>,
}

impl Calls {
    /// Counts, by playing a scene to its end.
    pub fn of(tracer: &Tracer, stage: &mut dyn Stage) -> Self {
        let log = NamedTempFile::new().unwrap();
        let trace = format!("trace={}", CALLS.join(","));
        let output = tracer.traced(stage.command(), &log, &["-s", "0", "-e", &trace]).output().unwrap();
        assert_eq!(output.status.code(), Some(stage.code()), "undisturbed, it succeeds: {output:?}");
        let mut by_thread = BTreeMap::<(&str, &'static str), u64>::new();
        let text = std::fs::read_to_string(log.path()).unwrap();
        for line in text.lines() {
            let Some((thread, said)) = line.split_once(' ') else { continue };
            let name = said.trim_start().split('(').next().unwrap_or_default();
            if let Some(call) = CALLS.iter().find(|call| **call == name) {
                *by_thread.entry((thread, call)).or_default() += 1;
            }
        }
        let mut counts = BTreeMap::new();
        for ((_, call), count) in by_thread {
            let most: &mut u64 = counts.entry(call).or_default();
            *most = count.max(*most);
        }
        stage.aftermath("undisturbed", true, &String::from_utf8_lossy(&output.stdout));
        Calls { counts }
    }

    /// Every call once.
    pub fn each(&self) -> impl Iterator<Item = (&'static str, u64)> + '_ {
        self.counts.iter().flat_map(|(call, count)| (1..=*count).map(|number| (*call, number)))
    }

    /// How many these are.
    pub fn total(&self) -> u64 {
        self.counts.values().sum()
    }
}
