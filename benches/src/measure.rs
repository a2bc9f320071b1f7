//! Running a child process and reading what it cost.

use std::fs;
use std::io::Read;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use crate::Outcome;

/// The kernel counts CPU time in hundredths of a second.
const TICKS_PER_SECOND: f64 = 100.0;

/// How often the peak memory of a child is read. It only grows, so what is missed is what was added at the very end.
const MEMORY_POLL: Duration = Duration::from_millis(4);

/// Fields of `/proc/PID/stat` behind the name, from 0: user, system.
const OWN_CPU_FIELDS: [usize; 2] = [11, 12];

/// The same, of children that ended and were waited for.
const CHILDREN_CPU_FIELDS: [usize; 2] = [13, 14];

/// What something cost.
#[derive(Clone, Copy, Debug, Default)]
pub struct Cost {
    /// Seconds by the clock on the wall.
    pub wall_s: f64,
    /// Seconds of CPU, user and system.
    pub cpu_s: f64,
    /// Peak resident memory in KiB, where it was looked at.
    pub memory_kib: u64,
}

impl Cost {
    /// One after the other: times add up, memory does not.
    pub fn then(self, next: Cost) -> Cost {
        Cost {
            wall_s: self.wall_s + next.wall_s,
            cpu_s: self.cpu_s + next.cpu_s,
            memory_kib: self.memory_kib.max(next.memory_kib),
        }
    }
}

/// Runs a command to its end. Fails unless it exits with 0. Returns its cost and what it printed.
pub fn run(command: &mut Command) -> Outcome<(Cost, String)> {
    run_ending(command, &[0])
}

/// The same for a command that may exit with one of these codes.
pub fn run_ending(command: &mut Command, codes: &[i32]) -> Outcome<(Cost, String)> {
    let name = command.get_program().to_string_lossy().into_owned();
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let cpu_before = children_cpu_s()?;
    let start = Instant::now();
    let mut child = command.spawn().map_err(|error| format!("{name}: {error}"))?;
    let printed = reader(child.stdout.take());
    let complained = reader(child.stderr.take());
    let watched = child.id();
    let watch = thread::spawn(move || watch_memory(watched));
    let status = child.wait()?;
    let wall_s = start.elapsed().as_secs_f64();
    let cpu_s = children_cpu_s()? - cpu_before;
    let memory_kib = watch.join().map_err(|_| "the memory watch ended badly")?;
    let complaint = complained.join().unwrap_or_default();
    if !status.code().is_some_and(|code| codes.contains(&code)) {
        return Err(format!("{name} {status}: {complaint}").into());
    }
    Ok((Cost { wall_s, cpu_s, memory_kib }, printed.join().unwrap_or_default()))
}

/// CPU seconds of a running process until now.
pub fn cpu_s_of(child: &Child) -> Outcome<f64> {
    cpu_s(&child.id().to_string(), OWN_CPU_FIELDS)
}

/// Peak resident memory of a running process, in KiB.
pub fn memory_kib_of(process: u32) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().strip_suffix(" kB")?.trim().parse().ok()
}

/// The middle of some values; of an even number the upper of the two.
pub fn median(values: impl IntoIterator<Item = f64>) -> f64 {
    let mut values = values.into_iter().collect::<Vec<_>>();
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}

fn reader(pipe: Option<impl Read + Send + 'static>) -> thread::JoinHandle<String> {
    thread::spawn(move || {
        let mut text = String::new();
        if let Some(mut pipe) = pipe {
            // What is not text is nothing that we would look at.
            let _ = pipe.read_to_string(&mut text);
        }
        text
    })
}

/// Follows the peak of a process until it has ended.
fn watch_memory(process: u32) -> u64 {
    let mut peak = 0;
    // A process that ended but was not waited for has no memory, and none that was.
    while let Some(kib) = memory_kib_of(process) {
        peak = peak.max(kib);
        thread::sleep(MEMORY_POLL);
    }
    peak
}

fn children_cpu_s() -> Outcome<f64> {
    cpu_s("self", CHILDREN_CPU_FIELDS)
}

fn cpu_s(process: &str, fields: [usize; 2]) -> Outcome<f64> {
    let stat = fs::read_to_string(format!("/proc/{process}/stat"))?;
    // The name in parentheses may contain anything, so fields are counted from behind it.
    let (_, rest) = stat.rsplit_once(')').ok_or("an odd /proc/PID/stat")?;
    let rest = rest.split_whitespace().collect::<Vec<_>>();
    let ticks = |field: usize| -> Outcome<f64> { Ok(rest.get(field).ok_or("an odd /proc/PID/stat")?.parse()?) };
    Ok((ticks(fields[0])? + ticks(fields[1])?) / TICKS_PER_SECOND)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_median_is_in_the_middle() {
        assert_eq!(median([3.0, 1.0, 2.0]), 2.0);
        assert_eq!(median([4.0, 1.0, 2.0, 3.0]), 3.0);
    }

    #[test]
    fn a_child_is_measured_and_its_failure_told() {
        let (cost, printed) = run(Command::new("sh").args(["-c", "echo word; sleep 0.05"])).unwrap();
        assert_eq!(printed, "word\n");
        assert!(cost.wall_s >= 0.05 && cost.memory_kib > 0, "{cost:?}");
        let failure = run(Command::new("sh").args(["-c", "echo reason >&2; exit 3"])).unwrap_err();
        assert!(failure.to_string().contains("reason"), "{failure}");
    }
}
