//! P8: what a reader who is five days behind asks a plain mirror for.

use std::collections::BTreeSet;
use std::fs;

use crate::disk::Noise;
use crate::nginx::Nginx;
use crate::report::{Target, figure};
use crate::tree::{Newsroom, post, put_blob, still};
use crate::{Bench, Outcome};

/// What the reader lacks: this many items, so many of them with a video.
const ITEMS_BEHIND: u64 = 500;
const VIDEOS: u64 = 20;

/// Long enough that a video comes in more than one group, short enough that twenty are quickly made.
const VIDEO_BYTES: usize = 3 << 20;

/// A still picture of 480 pixels, as beside each video.
const STILL_BYTES: usize = 14_000;

/// Lengths of logs that are tried, and the range they are drawn from: three to ten months of a hundred posts a day.
const LENGTHS: usize = 10;
const LENGTH_MIN: u64 = 9_000;
const LENGTH_SPAN: u64 = 20_000;

/// Requests if every object were fetched by itself: items, videos, head.
const ONE_BY_ONE: u64 = ITEMS_BEHIND + VIDEOS + 1;

pub fn run(bench: &Bench) -> Outcome<()> {
    let mut noise = Noise::new(8);
    let (mut requests, mut trips, mut packs) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..LENGTHS {
        let length = LENGTH_MIN + noise.number() % LENGTH_SPAN;
        let asked = catch_up(bench, length)?;
        requests.push(asked.len() as u64);
        packs.push(asked.iter().filter(|path| kind(path) == "pack").count() as u64);
        trips.push(round_trips_after_the_head(&asked));
    }
    println!("requests of each log length: {requests:?}, packs among them: {packs:?}");
    let mean = requests.iter().sum::<u64>() as f64 / LENGTHS as f64;
    figure("catchup-requests", mean, ONE_BY_ONE as f64, "requests", Target::Most(33.0));
    let most = trips.into_iter().max().unwrap_or(0);
    figure("catchup-round-trips-after-head", most as f64, f64::NAN, "round trips", Target::Most(2.0));
    Ok(())
}

/// What was asked for, in its order, when a log had grown to `length` items.
fn catch_up(bench: &Bench, length: u64) -> Outcome<Vec<String>> {
    let room = bench.workshop.room()?;
    let (before, now, home) = (room.path("before"), room.path("now"), room.path("home"));
    fs::create_dir_all(room.path("nginx"))?;
    let mut noise = Noise::new(length);
    let mut videos = Vec::new();
    for _ in 0..VIDEOS {
        let mut content = vec![0; VIDEO_BYTES];
        noise.fill(&mut content);
        let mut picture = vec![0; STILL_BYTES];
        noise.fill(&mut picture);
        videos.push([put_blob(&now, &content)?, still(picture)]);
    }
    let articles = |seq: u64| {
        let mut article = post(format!("Post {seq}. {}", "Roads are open again. ".repeat(20)));
        let behind = (seq + ITEMS_BEHIND).checked_sub(length);
        if let Some(number) = behind.filter(|number| number % (ITEMS_BEHIND / VIDEOS) == 0) {
            article.renditions.extend(videos[(number / (ITEMS_BEHIND / VIDEOS)) as usize].clone());
        }
        article
    };
    let mut newsroom = Newsroom::new();
    newsroom.sign_until(length - ITEMS_BEHIND, &articles);
    newsroom.write(&before, &articles)?;
    newsroom.sign_until(length, &articles);
    newsroom.write(&now, &articles)?;
    bench.longear.run(&home, &["follow", &newsroom.address()])?;
    bench.longear.run(&home, &["sync".as_ref(), "--pull-only".as_ref(), before.as_os_str()])?;
    bench.longear.expect_whole(&home, length - ITEMS_BEHIND)?;
    let nginx = Nginx::start(&room.path("nginx"), &now)?;
    bench.longear.run(&home, &["sync", "--pull-only", &nginx.url])?;
    bench.longear.expect_whole(&home, length)?;
    nginx.requests()
}

/// Kinds of objects after the head: what is of one kind is asked for at once, and the next kind needs its answers.
/// What is asked for twice is a round trip more.
fn round_trips_after_the_head(asked: &[String]) -> u64 {
    let behind = asked.iter().filter(|path| kind(path) != "head").collect::<Vec<_>>();
    let kinds = behind.iter().map(|path| kind(path)).collect::<BTreeSet<_>>().len();
    let paths = behind.iter().collect::<BTreeSet<_>>().len();
    (kinds + behind.len() - paths) as u64
}

fn kind(path: &str) -> &'static str {
    match path {
        path if path.ends_with("/head") => "head",
        path if path.contains("/p/") => "pack",
        path if path.contains("/charter/") => "charter",
        path if path.ends_with(".o") => "outboard",
        path if path.starts_with("/b/") => "blob",
        _ => "other",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn round_trips_are_kinds_and_repetitions() {
        let asked = |paths: &[&str]| paths.iter().map(|path| (*path).to_owned()).collect::<Vec<_>>();
        let plain = asked(&["/c/aa/head", "/c/aa/p/bb/0-1", "/c/aa/p/bb/1-0", "/b/cc/cc"]);
        assert_eq!(round_trips_after_the_head(&plain), 2);
        let more = asked(&["/c/aa/head", "/c/aa/charter/2", "/c/aa/p/bb/0-1", "/c/aa/p/bb/0-1", "/b/cc/cc.o"]);
        assert_eq!(round_trips_after_the_head(&more), 4);
    }
}
