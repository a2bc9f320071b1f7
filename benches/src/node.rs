//! P3: one GiB from node to node, verified and durable, beside curl from nginx, which checks nothing.

use std::process::Command;

use crate::disk::{settle, write_noise};
use crate::measure::{Cost, cpu_s_of, median, run as run_command};
use crate::nginx::Nginx;
use crate::report::{Target, figure};
use crate::{Bench, Outcome};

const FILE_BYTES: u64 = 1 << 30;

pub fn run(bench: &Bench) -> Outcome<()> {
    let room = bench.workshop.room()?;
    let (www, home, reader) = (room.path("www"), room.path("newsroom"), room.path("reader"));
    std::fs::create_dir_all(&www)?;
    write_noise(&www.join("film.bin"), FILE_BYTES, 3)?;
    let address = bench.longear.found(&home)?;
    bench.longear.publish(&home, &www.join("film.bin"))?;
    std::fs::create_dir_all(room.path("nginx"))?;
    let nginx = Nginx::start(&room.path("nginx"), &www)?;
    let served = bench.longear.serve(&home)?;
    let (mut ours, mut peer) = (Vec::new(), Vec::new());
    for _ in 0..bench.repeats {
        settle()?;
        peer.push(curl_and_sync(&nginx, &room.path("fetched"))?);
        room.remove("fetched")?;
        bench.longear.run(&reader, &["follow", &address])?;
        settle()?;
        let before = cpu_s_of(&served.child)?;
        let mut cost = bench.longear.run(&reader, &["sync", "--pull-only", &served.url])?;
        cost.cpu_s += cpu_s_of(&served.child)? - before;
        ours.push(cost);
        bench.longear.expect_whole(&reader, 1)?;
        room.remove("reader")?;
    }
    let speed = |runs: &[Cost]| median(runs.iter().map(|run| FILE_BYTES as f64 / 1e6 / run.wall_s));
    let cpu = |runs: &[Cost]| median(runs.iter().map(|run| run.cpu_s / (FILE_BYTES as f64 / 1e9)));
    figure("node-speed", speed(&ours), speed(&peer), "MB/s", Target::RatioLeast(0.7));
    figure("node-cpu", cpu(&ours), cpu(&peer), "CPU-s/GB", Target::Most(2.5));
    let memory = ours.iter().map(|run| run.memory_kib).max().unwrap_or(0);
    figure("node-memory-sync", memory as f64 / 1024.0, f64::NAN, "MiB", Target::Most(64.0));
    figure("node-memory-serve", served.memory_kib() as f64 / 1024.0, f64::NAN, "MiB", Target::Most(64.0));
    Ok(())
}

fn curl_and_sync(nginx: &Nginx, to: &std::path::Path) -> Outcome<Cost> {
    let before = nginx.cpu_s()?;
    let url = format!("{}/film.bin", nginx.url);
    let fetch = run_command(
        Command::new("curl")
            .args(["--silent", "--show-error", "--fail", "--noproxy", "*", "--output"])
            .arg(to)
            .arg(url),
    );
    let (fetch, _) = fetch.map_err(|error| format!("{error}; curl is needed, on Debian `apt-get install curl`"))?;
    let (sync, _) = run_command(Command::new("sync").arg(to))?;
    let mut cost = fetch.then(sync);
    cost.cpu_s += nginx.cpu_s()? - before;
    Ok(cost)
}
