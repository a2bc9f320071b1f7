//! What a strict player says of the lists: ffmpeg, with every warning that it has.

use std::process::{Command, Stdio};
use std::time::Duration;

use serde_json::Value;

use crate::encoder::Encoder;
use crate::node::{Live, Newsroom, Serving};

/// Seconds of each of two encoders, one after the other.
const SECONDS: u32 = 4;

/// Seconds that a duration may be off: the last frame or two of sound.
const TOLERANCE: f64 = 0.15;

/// What ffmpeg 5.1 says whenever it reads a list again that goes on, as it takes the initialisation segment again then.
const AT_EACH_RELOAD: &str = "Found duplicated MOOV Atom. Skipped it";

struct Player<'a> {
    serving: &'a Serving,
    live: &'a Live,
    /// Whether lists go on.
    is_running: bool,
}

impl Player<'_> {
    fn url(&self, list: &str) -> String {
        format!("http://{}/live/{}/{list}", self.serving.address, self.live.id)
    }

    fn run(&self, program: &str, arguments: &[&str]) -> String {
        let mut command = Command::new(program);
        command.args(["-v", "warning"]).args(arguments).stdin(Stdio::null());
        let output = command.output().expect("this test needs ffmpeg: install it with `apt-get install ffmpeg`");
        let said = String::from_utf8_lossy(&output.stderr);
        let is_ours = |line: &&str| !self.is_running || !line.contains(AT_EACH_RELOAD);
        let said = said.lines().filter(is_ours).collect::<String>();
        assert!(output.status.success() && said.is_empty(), "{program} {arguments:?}: {said}");
        String::from_utf8(output.stdout).unwrap()
    }

    /// How long a list plays, as it says itself.
    fn duration(&self, list: &str) -> f64 {
        let said = self.run("ffprobe", &["-show_format", "-of", "json", &self.url(list)]);
        let said = serde_json::from_str::<Value>(&said).unwrap();
        said["format"]["duration"].as_str().map_or(f64::NAN, |text| text.parse().unwrap())
    }

    /// Decodes all that a list names, and says how long that was.
    fn play(&self, list: &str) -> f64 {
        let said = self.run("ffmpeg", &["-i", &self.url(list), "-progress", "-", "-nostats", "-f", "null", "-"]);
        let mut times = said.lines().filter_map(|line| line.strip_prefix("out_time_us=")?.parse::<f64>().ok());
        times.next_back().unwrap() / 1e6
    }
}

#[test]
fn ffmpeg_finds_nothing_to_warn_of() {
    let newsroom = Newsroom::new();
    let live = newsroom.go_live();
    let serving = newsroom.serve(&[]);
    let player = Player { serving: &serving, live: &live, is_running: true };
    let lists = ["audio.m3u8", "144p.m3u8", "360p.m3u8"];
    let sends = |count: usize| {
        assert!(Encoder::new(&serving.address, &live.token).ladder(SECONDS).status.success());
        newsroom.wait_for(&live, "all has arrived", |held| held.segments() >= count)
    };
    sends(12);
    // While it goes on: lists have no end, so only a little of their beginning is looked at; what was is played.
    for list in lists.into_iter().chain(["index.m3u8"]) {
        player.run("ffprobe", &["-analyzeduration", "500000", "-show_streams", &player.url(list)]);
        let from = format!("{list}?from=2500");
        let played = player.play(&from);
        assert!((played - 2.0).abs() < TOLERANCE, "{from}: {played} s");
    }
    // Another encoder comes after a hole.
    std::thread::sleep(Duration::from_secs(u64::from(SECONDS)));
    let held = sends(24);
    assert!(held.timeline().tracks().iter().all(|track| track.parts.windows(2).any(|two| !two[0].meets(&two[1]))));
    newsroom.done(&["live", "stop"]);
    let player = Player { is_running: false, ..player };
    // It is over: all of it plays, over the hole.
    let timeline = newsroom.held(&live).timeline();
    for list in lists {
        let parts = &timeline.track(list.strip_suffix(".m3u8").unwrap()).unwrap().parts;
        let seconds = parts.iter().map(|part| f64::from(part.duration_ms)).sum::<f64>() / 1_000.0;
        let text = serving.ask("GET", &format!("/live/{}/{list}", live.id), &[], b"").1;
        assert_eq!(text.matches("#EXT-X-DISCONTINUITY\n").count(), 1, "{text}");
        for found in [player.duration(list), player.play(list)] {
            assert!((found - seconds).abs() < TOLERANCE, "{list}: {found} s instead of {seconds} s");
        }
    }
    assert!((player.play("index.m3u8") - 2.0 * f64::from(SECONDS)).abs() < TOLERANCE);
}
