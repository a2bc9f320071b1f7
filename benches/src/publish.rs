//! P1: publishing a file is hashing it and keeping a durable copy.

use crate::disk::{copy_and_sync, settle, write_noise};
use crate::measure::median;
use crate::report::{Target, figure};
use crate::{Bench, Outcome};

const FILE_BYTES: u64 = 1 << 30;

pub fn run(bench: &Bench) -> Outcome<()> {
    let room = bench.workshop.room()?;
    let source = room.path("film.bin");
    write_noise(&source, FILE_BYTES, 1)?;
    let (mut ours, mut peer) = (Vec::new(), Vec::new());
    for _ in 0..bench.repeats {
        settle()?;
        peer.push(copy_and_sync(&source, &room.path("copy"))?);
        room.remove("copy")?;
        let home = room.path("home");
        bench.longear.found(&home)?;
        settle()?;
        ours.push(bench.longear.publish(&home, &source)?.0);
        bench.longear.expect_whole(&home, 1)?;
        room.remove("home")?;
        room.remove("home.roots")?;
    }
    let gigabytes = FILE_BYTES as f64 / 1e9;
    let wall = |runs: &[crate::measure::Cost]| median(runs.iter().map(|run| run.wall_s));
    let cpu = |runs: &[crate::measure::Cost]| median(runs.iter().map(|run| run.cpu_s / gigabytes));
    figure("publish-wall", wall(&ours), wall(&peer), "s", Target::RatioMost(1.1));
    figure("publish-cpu", cpu(&ours), cpu(&peer), "CPU-s/GB", Target::Most(0.7));
    let memory = ours.iter().map(|run| run.memory_kib).max().unwrap_or(0);
    figure("publish-memory", memory as f64 / 1024.0, f64::NAN, "MiB", Target::Most(64.0));
    Ok(())
}
