//! The peak memory of each command with a file of 4 GiB.

use std::fs;

use crate::disk::write_noise;
use crate::report::{Target, figure};
use crate::{Bench, Outcome};

const FILE_BYTES: u64 = 4 << 30;

/// What no command may exceed.
const MEMORY_MIB_MAX: f64 = 64.0;

pub fn run(bench: &Bench) -> Outcome<()> {
    let room = bench.workshop.room()?;
    let longear = &bench.longear;
    let (newsroom, reader, stick) = (room.path("newsroom"), room.path("reader"), room.path("stick"));
    let source = room.path("film.bin");
    write_noise(&source, FILE_BYTES, 4)?;
    let address = longear.found(&newsroom)?;
    let (published, item) = longear.publish(&newsroom, &source)?;
    tell("publish", published.memory_kib);
    fs::remove_file(&source)?;

    let served = longear.serve(&newsroom)?;
    longear.run(&reader, &["follow", &address])?;
    let pulled = longear.run(&reader, &["sync", "--pull-only", &served.url])?;
    longear.expect_whole(&reader, 1)?;
    tell("serve", served.memory_kib());
    tell("sync", pulled.memory_kib);
    drop(served);

    tell("check", longear.run(&reader, &["check"])?.memory_kib);
    let exported = room.path("exported");
    let export = longear.run(&reader, &["export".as_ref(), item.as_ref(), "--to".as_ref(), exported.as_os_str()])?;
    let bytes = fs::metadata(exported.join("film.bin"))?.len();
    if bytes != FILE_BYTES {
        return Err(format!("the exported file has {bytes} bytes").into());
    }
    tell("export", export.memory_kib);
    room.remove("exported")?;
    room.remove("reader")?;

    let written = longear.run(&newsroom, &["stick".as_ref(), "write".as_ref(), stick.as_os_str()])?;
    tell("stick-write", written.memory_kib);
    longear.run(&reader, &["follow", &address])?;
    let read = longear.run(&reader, &["stick".as_ref(), "read".as_ref(), stick.as_os_str()])?;
    longear.expect_whole(&reader, 1)?;
    tell("stick-read", read.memory_kib);
    Ok(())
}

fn tell(command: &str, kib: u64) {
    figure(&format!("memory-{command}"), kib as f64 / 1024.0, f64::NAN, "MiB", Target::Most(MEMORY_MIB_MAX));
}
