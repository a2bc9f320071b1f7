//! P13: five hundred viewers of one box that is broadcasting, beside nginx with the same files at the same times.

mod crowd;
mod http;
mod player;
mod shown;
mod stream;

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use self::crowd::{Crowd, rush, share, watch_all};
use self::http::Connection;
use self::player::Playlist;
use self::shown::Shown;
use self::stream::{Encoder, RENDITION};
use crate::disk::{Room, settle};
use crate::measure::{cpu_s_of, median};
use crate::nginx::Nginx;
use crate::program::text;
use crate::report::{Target, figure};
use crate::{Bench, Outcome};

const VIEWERS: usize = 500;
/// A turn of each takes a minute and a half.
const REPEATS_MAX: usize = 3;
/// Segments that must be listed before the first viewer comes.
const READY_SEGMENTS: usize = 4;
/// How long the first segments may take.
const READY_MAX: Duration = Duration::from_secs(30);
const READY_POLL: Duration = Duration::from_millis(250);
/// What the box may take while all of them watch.
const MEMORY_MIB_MAX: f64 = 128.0;

/// One side of one turn.
struct Turn {
    crowd: Crowd,
    /// CPU seconds while they watched.
    cpu_s: f64,
    /// Bytes and CPU seconds while as much was asked for as possible.
    rush: (u64, f64),
}

/// What only the box has.
struct BoxTurn {
    turn: Turn,
    /// CPU seconds a second while it was broadcasting and nobody watched.
    idle_cpu: f64,
    memory_kib: u64,
    /// Bits a second of what was watched.
    rate: f64,
}

pub fn run(bench: &Bench) -> Outcome<()> {
    let file = stream::encoded(bench)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let (mut ours, mut peer) = (Vec::new(), Vec::new());
    for _ in 0..bench.repeats.min(REPEATS_MAX) {
        let room = bench.workshop.room()?;
        settle()?;
        let shown = Arc::new(Shown::new());
        let (turn, list) = runtime.block_on(box_turn(bench, &room, &file, &shown))?;
        ours.push(turn);
        settle()?;
        peer.push(runtime.block_on(nginx_turn(&room, &list, &shown))?);
    }
    report(&ours, &peer);
    Ok(())
}

async fn box_turn(bench: &Bench, room: &Room, file: &Path, shown: &Arc<Shown>) -> Outcome<(BoxTurn, String)> {
    let home = room.path("newsroom");
    bench.longear.found(&home)?;
    let served = bench.longear.serve_encoders(&home)?;
    let (_, started) = bench.longear.ask(&home, &["live", "start", "--title", "Evening news", "--lang", "en"])?;
    let list = format!("/live/{}/{RENDITION}.m3u8", text(&started, "id")?);
    let host = served.url.trim_start_matches("http://").to_owned();
    let cpu_s = || cpu_s_of(&served.child);
    let (since, before) = (Instant::now(), cpu_s()?);
    let encoder = Encoder::start(file, &text(&started, "ingest")?)?;
    ready(&host, &list).await?;
    let idle_cpu = (cpu_s()? - before) / since.elapsed().as_secs_f64();
    let turn = turn(&host, &list, shown, cpu_s).await?;
    drop(encoder);
    Ok((BoxTurn { turn, idle_cpu, memory_kib: served.memory_kib(), rate: shown.rate() * 8.0 }, list))
}

/// Waits until there is something to watch.
async fn ready(host: &str, list: &str) -> Outcome<()> {
    let since = Instant::now();
    let mut connection = Connection::open(host).await?;
    while since.elapsed() < READY_MAX {
        let answer = connection.get(list, true).await?;
        let playlist = Playlist::read(&String::from_utf8_lossy(&answer.body));
        if playlist.is_some_and(|playlist| playlist.segments.len() >= READY_SEGMENTS) {
            return Ok(());
        }
        tokio::time::sleep(READY_POLL).await;
    }
    Err("the broadcast has not begun".into())
}

async fn nginx_turn(room: &Room, list: &str, shown: &Arc<Shown>) -> Outcome<Turn> {
    let (www, folder) = (room.path("www"), room.path("nginx"));
    fs::create_dir_all(&folder)?;
    shown.write(&www, list)?;
    let nginx = Nginx::start(&folder, &www)?;
    let host = nginx.url.trim_start_matches("http://").to_owned();
    let replay = shown.replay(&www, list);
    let turn = turn(&host, list, shown, || nginx.cpu_s());
    let (replayed, turn) = tokio::join!(replay, turn);
    replayed?;
    turn
}

/// All watch, then as much is asked for as possible.
async fn turn(host: &str, list: &str, shown: &Arc<Shown>, cpu_s: impl Fn() -> Outcome<f64>) -> Outcome<Turn> {
    let before = cpu_s()?;
    let crowd = watch_all(host, list, VIEWERS, shown).await?;
    let watched = cpu_s()?;
    let bytes = rush(host, list, shown).await?;
    Ok(Turn { crowd, cpu_s: watched - before, rush: (bytes, cpu_s()? - watched) })
}

fn report(ours: &[BoxTurn], peer: &[Turn]) {
    let own = || ours.iter().map(|ours| &ours.turn);
    let compare = |name: &str, unit: &str, target: Target, value: &dyn Fn(&Turn) -> f64| {
        figure(name, median(own().map(value)), median(peer.iter().map(value)), unit, target);
    };
    let alone = |name: &str, unit: &str, target: Target, value: &dyn Fn(&BoxTurn) -> f64| {
        figure(name, median(ours.iter().map(value)), f64::NAN, unit, target);
    };
    figure("viewers", VIEWERS as f64, VIEWERS as f64, "viewers", Target::Least(500.0));
    alone("viewers-stream", "kbit/s", Target::None, &|turn| turn.rate / 1_000.0);
    let stalls = |turn: &Turn| turn.crowd.stalls as f64;
    let most = own().map(stalls).fold(0.0, f64::max);
    figure("viewers-stalls-worst", most, peer.iter().map(stalls).fold(0.0, f64::max), "stalls", Target::Most(0.0));
    compare("viewers-stalled", "s", Target::None, &|turn| turn.crowd.stalled_s);
    compare("viewers-bytes", "MB", Target::None, &|turn| turn.crowd.bytes as f64 / 1e6);
    for (name, at) in [("p50", 0.5), ("p99", 0.99), ("max", 1.0)] {
        compare(&format!("viewers-segment-{name}"), "ms", Target::None, &|turn| share(&turn.crowd.segments_ms, at));
        compare(&format!("viewers-list-{name}"), "ms", Target::None, &|turn| share(&turn.crowd.lists_ms, at));
    }
    compare("viewers-spare-least", "ms", Target::None, &|turn| share(&turn.crowd.spare_ms, 0.0));
    compare("viewers-cpu", "CPU-s", Target::None, &|turn| turn.cpu_s);
    alone("viewers-cpu-unwatched", "CPU-ms/s", Target::None, &|turn| turn.idle_cpu * 1_000.0);
    let per_cpu = |bytes: u64, cpu_s: f64| bytes as f64 / 1e6 / cpu_s;
    let watched = |turn: &Turn| per_cpu(turn.crowd.bytes, turn.cpu_s);
    compare("viewers-bytes-per-cpu", "MB/CPU-s", Target::RatioLeast(0.7), &watched);
    compare("viewers-rush", "MB/CPU-s", Target::None, &|turn| per_cpu(turn.rush.0, turn.rush.1));
    let memory = ours.iter().map(|turn| turn.memory_kib).max().unwrap_or(0);
    figure("viewers-memory", memory as f64 / 1024.0, f64::NAN, "MiB", Target::Most(MEMORY_MIB_MAX));
}
