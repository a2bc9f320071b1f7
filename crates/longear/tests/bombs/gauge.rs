//! What one bomb costs: memory of the process at its peak, CPU of the thread.

use std::fmt;
use std::fs;

/// CPU that one bomb may take, in seconds.
const CPU_SECONDS_MAX: f64 = 1.0;

/// Something that asks for much.
pub struct Bomb {
    name: String,
    /// Memory that it may take above what was held before.
    memory_bytes_max: u64,
    /// Reads it, checks that it was refused or bounded, and says how.
    read: Box<dyn Fn() -> String>,
}

/// What it took.
#[derive(Debug)]
pub struct Cost {
    outcome: String,
    memory_bytes: u64,
    cpu_seconds: f64,
}

impl Bomb {
    pub fn new(name: impl Into<String>, memory_bytes_max: u64, read: impl Fn() -> String + 'static) -> Self {
        Bomb { name: name.into(), memory_bytes_max, read: Box::new(read) }
    }

    /// Reads it; nothing where the system does not tell what that cost.
    pub fn explode(&self) -> Option<Cost> {
        // Forgets the peak until now (Linux, proc(5)).
        fs::write("/proc/self/clear_refs", "5").ok()?;
        let (held, cpu) = (memory_bytes("VmRSS:")?, cpu_seconds()?);
        let outcome = (self.read)();
        let cpu_seconds = cpu_seconds()? - cpu;
        let memory_bytes = memory_bytes("VmHWM:")?.saturating_sub(held);
        Some(Cost { outcome, memory_bytes, cpu_seconds })
    }

    /// What is wrong with that, if anything.
    pub fn objections(&self, cost: &Cost, with_cpu: bool) -> Option<String> {
        let name = &self.name;
        if cost.memory_bytes > self.memory_bytes_max {
            return Some(format!(
                "{name}: {} bytes of memory, {} are its limit",
                cost.memory_bytes, self.memory_bytes_max
            ));
        }
        let too_slow = with_cpu && cost.cpu_seconds > CPU_SECONDS_MAX;
        too_slow.then(|| format!("{name}: {:.2} s of CPU", cost.cpu_seconds))
    }
}

impl fmt::Display for Bomb {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:<58}", self.name)
    }
}

impl fmt::Display for Cost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kib = self.memory_bytes >> 10;
        write!(f, "{kib:>6} KiB {:>7.1} ms CPU  {}", self.cpu_seconds * 1000.0, self.outcome)
    }
}

fn memory_bytes(line: &str) -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let kib =
        status.lines().find_map(|text| text.strip_prefix(line))?.trim().strip_suffix(" kB")?.trim().parse::<u64>();
    Some(kib.ok()? << 10)
}

/// CPU of this thread, by the scheduler's own count in nanoseconds.
fn cpu_seconds() -> Option<f64> {
    let stat = fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    Some(stat.split(' ').next()?.parse::<f64>().ok()? / 1e9)
}
