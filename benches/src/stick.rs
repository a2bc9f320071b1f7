//! P2: one GB from machine to machine by stick, verified and durable on both. Publishing is not counted.

use crate::disk::{copy_and_sync, settle, write_noise};
use crate::measure::{Cost, median};
use crate::report::{Target, figure};
use crate::{Bench, Outcome};

const FILE_BYTES: u64 = 1_000_000_000;

pub fn run(bench: &Bench) -> Outcome<()> {
    let room = bench.workshop.room()?;
    let (source, home) = (room.path("film.bin"), room.path("newsroom"));
    write_noise(&source, FILE_BYTES, 2)?;
    let address = bench.longear.found(&home)?;
    bench.longear.publish(&home, &source)?;
    let (stick, reader) = (room.path("stick"), room.path("reader"));
    let (mut writes, mut reads, mut first, mut second) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for _ in 0..bench.repeats {
        settle()?;
        first.push(copy_and_sync(&source, &room.path("one"))?);
        settle()?;
        writes.push(bench.longear.run(&home, &["stick".as_ref(), "write".as_ref(), stick.as_os_str()])?);
        settle()?;
        second.push(copy_and_sync(&room.path("one"), &room.path("two"))?);
        bench.longear.run(&reader, &["follow", &address])?;
        settle()?;
        reads.push(bench.longear.run(&reader, &["stick".as_ref(), "read".as_ref(), stick.as_os_str()])?);
        bench.longear.expect_whole(&reader, 1)?;
        for name in ["one", "two", "stick", "reader"] {
            room.remove(name)?;
        }
    }
    let wall = |runs: &[Cost]| median(runs.iter().map(|run| run.wall_s));
    let sums = |first: &[Cost], second: &[Cost]| {
        first.iter().zip(second).map(|(first, second)| first.then(*second)).collect::<Vec<_>>()
    };
    let (ours, peer) = (sums(&writes, &reads), sums(&first, &second));
    let cpu = |runs: &[Cost]| median(runs.iter().map(|run| run.cpu_s / (FILE_BYTES as f64 / 1e9)));
    figure("stick-write", wall(&writes), wall(&first), "s", Target::None);
    figure("stick-read", wall(&reads), wall(&second), "s", Target::None);
    figure("stick-wall", wall(&ours), wall(&peer), "s", Target::RatioMost(1.1));
    figure("stick-cpu", cpu(&ours), cpu(&peer), "CPU-s/GB", Target::None);
    let memory = ours.iter().map(|run| run.memory_kib).max().unwrap_or(0);
    figure("stick-memory", memory as f64 / 1024.0, f64::NAN, "MiB", Target::Most(64.0));
    Ok(())
}
