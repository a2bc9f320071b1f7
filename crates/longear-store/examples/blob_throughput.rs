//! Measures hashing, publishing and fetching of a blob against their peers, interleaved.
//!
//! `cargo run --release -p longear-store --example blob_throughput -- FOLDER [MIB] [REPEATS]`
//! needs three times MIB of room in FOLDER and Linux for the CPU figures. Each line is
//! `name ratio=… ours=… peer=… unit=…`, medians.

use std::error::Error;
use std::fs::{self, File};
use std::hint::black_box;
use std::io::Write;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::time::Instant;

use longear_core::blob::{Groups, TreeHasher};
use longear_store::backend::DiskBackend;
use longear_store::blobs::{BlobStore, Imported};

const MIB: usize = 1024 * 1024;

/// The kernel counts CPU time in hundredths of a second.
const TICKS_PER_SECOND: f64 = 100.0;

type Outcome<T> = Result<T, Box<dyn Error>>;

fn main() -> Outcome<()> {
    let mut arguments = std::env::args().skip(1);
    let folder = arguments.next().ok_or("name a folder on the disk to be measured")?;
    let folder = Path::new(&folder).join("blob_throughput");
    let mebibytes: usize = arguments.next().map_or(Ok(1024), |count| count.parse())?;
    let repeats: usize = arguments.next().map_or(Ok(5), |count| count.parse())?;
    fs::create_dir_all(&folder)?;
    let source = folder.join("source");
    write_noise(&source, mebibytes)?;
    measure_hashing(repeats)?;
    let outcome = measure_disk(&folder, &source, repeats);
    fs::remove_dir_all(&folder)?;
    outcome
}

fn write_noise(path: &Path, mebibytes: usize) -> Outcome<()> {
    let mut noise = blake3::Hasher::new().update(b"blob_throughput").finalize_xof();
    let mut file = File::create(path)?;
    let mut buffer = vec![0; MIB];
    for _ in 0..mebibytes {
        noise.fill(&mut buffer);
        file.write_all(&buffer)?;
    }
    Ok(file.sync_all()?)
}

fn measure_hashing(repeats: usize) -> Outcome<()> {
    let buffer = vec![7; 16 * MIB];
    let (mut ours, mut peer) = (Vec::new(), Vec::new());
    for _ in 0..repeats * 3 {
        let start = Instant::now();
        black_box(blake3::hash(&buffer));
        peer.push(start.elapsed().as_secs_f64());
        let start = Instant::now();
        let mut hasher = TreeHasher::new();
        for piece in buffer.chunks(MIB) {
            hasher.update(piece)?;
            while let Some(slice) = hasher.poll_slice() {
                black_box(slice);
            }
        }
        black_box(hasher.finish());
        ours.push(start.elapsed().as_secs_f64());
    }
    let speed = |seconds: f64| buffer.len() as f64 / 1e6 / seconds;
    report("tree-hash", speed(median(ours)), speed(median(peer)), "MB/s");
    Ok(())
}

fn measure_disk(folder: &Path, source: &Path, repeats: usize) -> Outcome<()> {
    let bytes = fs::metadata(source)?.len() as f64;
    let home = folder.join("home");
    let copy = folder.join("copy");
    let store = BlobStore::open(Arc::new(DiskBackend::new(&home)));
    let mut copying = Vec::new();
    let mut importing = Vec::new();
    let mut fetching = Vec::new();
    for _ in 0..repeats {
        copying.push(timed(children_cpu, || {
            run(Command::new("cp").args([source, &copy]))?;
            run(Command::new("sync").arg(&copy))
        })?);
        fs::remove_file(&copy)?;
        let mut imported = None;
        importing.push(timed(own_cpu, || {
            imported = Some(store.import(File::open(source)?, |_| {})?);
            Ok(())
        })?);
        let Imported { hash, groups, .. } = imported.ok_or("nothing was imported")?;
        store.remove(hash)?;
        fetching.push(timed(own_cpu, || fetch(&store, source, &groups))?);
        store.remove(hash)?;
    }
    let wall = |runs: &[(f64, f64)]| median(runs.iter().map(|run| run.0).collect());
    let cpu = |runs: &[(f64, f64)]| median(runs.iter().map(|run| run.1).collect()) / bytes * 1e9;
    report("publish-wall", wall(&importing), wall(&copying), "s");
    report("publish-cpu", cpu(&importing), cpu(&copying), "CPU-s/GB");
    report("fetch-wall", wall(&fetching), wall(&copying), "s");
    report("fetch-cpu", cpu(&fetching), cpu(&copying), "CPU-s/GB");
    for line in fs::read_to_string("/proc/self/status")?.lines() {
        if line.starts_with("VmHWM") {
            println!("{line}");
        }
    }
    Ok(())
}

/// Writes a blob as one carrier does: in order, in pieces of 256 KiB, each group checked.
fn fetch(store: &BlobStore, source: &Path, groups: &Groups) -> Outcome<()> {
    let layout = groups.layout();
    let writer = store.begin(groups.blob(), layout.size(), Some(groups.clone()))?;
    let mut source = File::open(source)?;
    let mut piece = vec![0; 256 * 1024];
    let mut offset = 0;
    loop {
        let length = std::io::Read::read(&mut source, &mut piece)?;
        if length == 0 {
            return Ok(writer.finish()?);
        }
        writer.write(offset, &piece[..length])?;
        offset += length as u64;
    }
}

fn timed(cpu: fn() -> Outcome<f64>, run: impl FnOnce() -> Outcome<()>) -> Outcome<(f64, f64)> {
    let before = cpu()?;
    let start = Instant::now();
    run()?;
    Ok((start.elapsed().as_secs_f64(), cpu()? - before))
}

fn run(command: &mut Command) -> Outcome<()> {
    if command.status()?.success() { Ok(()) } else { Err("a peer failed".into()) }
}

/// CPU seconds of this process, user and system.
fn own_cpu() -> Outcome<f64> {
    Ok(cpu_field(11)? + cpu_field(12)?)
}

/// CPU seconds of the children that ended.
fn children_cpu() -> Outcome<f64> {
    Ok(cpu_field(13)? + cpu_field(14)?)
}

/// A field of `/proc/self/stat`, counted behind the name, which may contain anything.
fn cpu_field(index: usize) -> Outcome<f64> {
    let stat = fs::read_to_string("/proc/self/stat")?;
    let (_, fields) = stat.rsplit_once(')').ok_or("an odd /proc/self/stat")?;
    let ticks = fields.split_whitespace().nth(index).ok_or("an odd /proc/self/stat")?;
    Ok(ticks.parse::<f64>()? / TICKS_PER_SECOND)
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

fn report(name: &str, ours: f64, peer: f64, unit: &str) {
    println!("{name} ratio={:.3} ours={ours:.3} peer={peer:.3} unit={unit}", ours / peer);
}
