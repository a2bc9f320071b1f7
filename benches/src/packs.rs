//! P4: 100,000 small items received from packs, verified, durable, indexed.

use std::path::Path;

use crate::disk::{Noise, bytes_taken, copy_folder_and_sync, settle};
use crate::measure::{Cost, median};
use crate::report::{Target, figure};
use crate::tree::{Newsroom, post};
use crate::{Bench, Outcome};

const ITEMS: u64 = 100_000;

/// Payload of an item in bytes, all of it.
const PAYLOAD_BYTES: usize = 4_096;

/// What an article takes beside its body.
const FRAME_BYTES: usize = 23;

pub fn run(bench: &Bench) -> Outcome<()> {
    let tree = bench.workshop.kept("packs-100000", write_tree)?;
    let address = Newsroom::new().address();
    let room = bench.workshop.room()?;
    let home = room.path("home");
    let (mut ours, mut peer) = (Vec::new(), Vec::new());
    let mut taken = 0;
    for _ in 0..bench.repeats {
        settle()?;
        peer.push(copy_folder_and_sync(&tree, &room.path("copy"))?);
        room.remove("copy")?;
        bench.longear.run(&home, &["follow", &address])?;
        settle()?;
        ours.push(bench.longear.run(&home, &["sync".as_ref(), "--pull-only".as_ref(), tree.as_os_str()])?);
        bench.longear.expect_whole(&home, ITEMS)?;
        taken = bytes_taken(&home)?;
        room.remove("home")?;
    }
    let speed = |runs: &[Cost]| median(runs.iter().map(|run| ITEMS as f64 / run.wall_s));
    let cpu = |runs: &[Cost]| median(runs.iter().map(|run| run.cpu_s * 1e6 / ITEMS as f64));
    figure("packs-speed", speed(&ours), speed(&peer), "items/s", Target::Least(60_000.0));
    figure("packs-cpu", cpu(&ours), cpu(&peer), "CPU-us/item", Target::Most(15.0));
    let payload = (ITEMS * PAYLOAD_BYTES as u64) as f64;
    figure("packs-disk", taken as f64 / 1e6, payload / 1e6, "MB", Target::RatioMost(1.1));
    let memory = ours.iter().map(|run| run.memory_kib).max().unwrap_or(0);
    figure("packs-memory", memory as f64 / 1024.0, f64::NAN, "MiB", Target::Most(64.0));
    Ok(())
}

fn write_tree(folder: &Path) -> Outcome<()> {
    let articles = |seq: u64| {
        let mut noise = Noise::new(seq + 1);
        let letters = (0..PAYLOAD_BYTES - FRAME_BYTES).map(|_| char::from(b'a' + (noise.number() >> 59) as u8 % 26));
        post(letters.collect())
    };
    let length = articles(0).encode().len();
    if length != PAYLOAD_BYTES {
        return Err(format!("an item of {length} bytes was made, not of {PAYLOAD_BYTES}").into());
    }
    let mut newsroom = Newsroom::new();
    newsroom.sign_until(ITEMS, &articles);
    newsroom.write(folder, &articles)
}
