//! A still of a video, made by `ffmpeg` in a process of its own.

use std::io::Read;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use longear_core::limits::INLINE_FILE_BYTES_MAX;

use super::inspect;

/// How wide a still is, in pixels; smaller videos keep their width. Enough for a phone's screen.
pub const STILL_WIDTH: u32 = 480;

/// The largest still, in bytes.
pub const STILL_BYTES_MAX: usize = 100_000;

/// How large stills should be: then they travel inside their item, and cost no request of their own.
const STILL_BYTES_WANTED: usize = INLINE_FILE_BYTES_MAX;

/// How long `ffmpeg` may work on all tries together.
pub const STILL_TIME_MAX: Duration = Duration::from_secs(20);

/// The `-q:v` of each try, from good to small; the next is tried when a still is too large.
const QUALITIES: [&str; 4] = ["4", "9", "16", "28"];

/// How often it is looked whether `ffmpeg` has ended.
const POLL_INTERVAL: Duration = Duration::from_millis(15);

/// Returns a JPEG of an early moment of a video, or nothing if there is no `ffmpeg`, no picture or no time.
///
/// The child gets no shell, no input, no network, no playlists that name other files, no environment but `PATH`; it
/// is killed after [`STILL_TIME_MAX`], and what it writes beyond [`STILL_BYTES_MAX`] is not read. The JPEG carries no
/// metadata of the video.
pub fn still(video: &Path) -> Option<Vec<u8>> {
    let video = video.canonicalize().ok()?;
    let media = inspect(&mut std::fs::File::open(&video).ok()?, &video).ok()?;
    if !media.mime.starts_with("video/") {
        return None;
    }
    let deadline = Instant::now() + STILL_TIME_MAX;
    // A tenth into it, for most videos begin in black, but never far: seeking costs time.
    const START_MS_MAX: u64 = 10_000;
    let start_ms = (media.duration_ms.unwrap_or(0) / 10).min(START_MS_MAX);
    let starts = if start_ms > 0 { vec![start_ms, 0] } else { vec![0] };
    for start_ms in starts {
        let mut smallest = None;
        for quality in QUALITIES {
            match run(&video, start_ms, quality, deadline) {
                Some(Attempt::Still(still)) if still.len() <= STILL_BYTES_WANTED => return Some(still),
                Some(Attempt::Still(still)) => smallest = Some(still),
                Some(Attempt::TooLarge) => {}
                Some(Attempt::Nothing) => break,
                None => return smallest,
            }
        }
        if smallest.is_some() {
            return smallest;
        }
    }
    None
}

enum Attempt {
    Still(Vec<u8>),
    TooLarge,
    Nothing,
}

/// Runs `ffmpeg` once; nothing if it cannot be run or there is no time left.
fn run(video: &Path, start_ms: u64, quality: &str, deadline: Instant) -> Option<Attempt> {
    let mut input = std::ffi::OsString::from("file:");
    input.push(video);
    let start = format!("{}.{:03}", start_ms / 1000, start_ms % 1000);
    let filter = format!("scale='min({STILL_WIDTH},iw)':-2,thumbnail=12");
    let mut child = Command::new("ffmpeg")
        .env_clear()
        .envs(std::env::var_os("PATH").map(|path| ("PATH", path)))
        .args(["-nostdin", "-hide_banner", "-loglevel", "quiet", "-threads", "1"])
        .args(["-protocol_whitelist", "file", "-format_whitelist"])
        .arg("mov,matroska,webm,avi,mpegts,mpeg,ogg,flv")
        .args(["-ss", &start, "-i"])
        .arg(input)
        .args(["-map", "0:v:0", "-an", "-sn", "-dn", "-map_metadata", "-1", "-frames:v", "1", "-vf", &filter])
        .args(["-threads", "1", "-q:v", quality, "-pix_fmt", "yuvj420p", "-f", "mjpeg", "pipe:1"])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .ok()?;
    let output = child.stdout.take()?;
    let reader = thread::spawn(move || {
        let mut still = Vec::new();
        let read = output.take(STILL_BYTES_MAX as u64 + 1).read_to_end(&mut still);
        read.ok().map(|_| still)
    });
    let in_time = wait(&mut child, deadline, || reader.is_finished());
    // Whatever it is doing: its answer is here, or comes too late. Both may fail only because it has ended.
    let _ = child.kill();
    let _ = child.wait();
    let still = reader.join().ok().flatten()?;
    if !in_time {
        return None;
    }
    Some(match still.len() {
        0..4 => Attempt::Nothing,
        _ if still.len() > STILL_BYTES_MAX => Attempt::TooLarge,
        _ if still.starts_with(b"\xff\xd8\xff") && still.ends_with(b"\xff\xd9") => Attempt::Still(still),
        _ => Attempt::Nothing,
    })
}

/// Waits until the child has ended or all that is wanted was read; false when the time was up first.
fn wait(child: &mut Child, deadline: Instant, is_read: impl Fn() -> bool) -> bool {
    loop {
        if is_read() || !matches!(child.try_wait(), Ok(None)) {
            return true;
        }
        if Instant::now() >= deadline {
            return false;
        }
        thread::sleep(POLL_INTERVAL);
    }
}
