//! The stream that is watched: encoded once, then sent in real time without encoding, so that the encoder takes no part in
//! what is measured.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use super::crowd::{COMING, WATCHING};
use crate::measure::run;
use crate::{Bench, Outcome};

/// How long the stream is: it begins before the first viewer comes, and is still on when all have been counted.
const SECONDS: u64 = COMING.as_secs() + WATCHING.as_secs() + 40;
/// The rendition that is watched.
pub const RENDITION: &str = "360p";

/// A picture that changes everywhere at once, and noise.
const INPUTS: [&str; 2] =
    ["testsrc2=size=640x360:rate=25,noise=alls=12:allf=t", "anoisesrc=color=pink:amplitude=0.3:seed=1"];
/// As the printed line for encoders has it (`longear live start`), with a little more for the large picture: 570 kbit/s.
const ENCODING: &str = "-filter_complex [0:v]split=2[a][large];[a]scale=-2:144,fps=15[small] \
    -map 1:a -map [small] -map 1:a -map [large] -map 1:a -c:v libx264 -preset veryfast -pix_fmt yuv420p \
    -force_key_frames expr:gte(t,n_forced*2) -sc_threshold 0 -b:v:0 70k -maxrate:v:0 90k -bufsize:v:0 180k \
    -b:v:1 512k -maxrate:v:1 600k -bufsize:v:1 1200k -ac 1 -c:a:0 libopus -b:a:0 16k -frame_duration:a:0 60 \
    -c:a:1 aac -b:a:1 24k -c:a:2 aac -b:a:2 48k -map_metadata -1";
const SENDING: &str = "-map 0 -c copy -map_metadata -1 -f hls -hls_segment_type fmp4 -hls_time 2 -hls_list_size 10 \
    -hls_flags independent_segments -hls_fmp4_init_filename init.mp4 -hls_fmp4_init_resend 1 -method PUT \
    -http_persistent 1 -ignore_io_errors 1";
const RENDITIONS: &str = "a:0,name:audio v:0,a:1,name:144p v:1,a:2,name:360p";

/// The file with all renditions, which stays for the next run.
pub fn encoded(bench: &Bench) -> Outcome<PathBuf> {
    let folder = bench.workshop.kept(&format!("stream-{SECONDS}"), |folder| {
        let mut command = ffmpeg();
        for input in INPUTS {
            command.args(["-f", "lavfi", "-i", input]);
        }
        command.args(["-t", &SECONDS.to_string()]).args(ENCODING.split_whitespace()).arg(folder.join("stream.mp4"));
        let encoded = run(&mut command);
        encoded
            .map(drop)
            .map_err(|error| format!("{error}; ffmpeg is needed, on Debian `apt-get install ffmpeg`").into())
    })?;
    Ok(folder.join("stream.mp4"))
}

/// An encoder that sends at the speed at which it plays, ended when it is dropped.
pub struct Encoder(Child);

impl Encoder {
    /// Sends a file to an address that `longear live start` printed.
    pub fn start(file: &Path, ingest: &str) -> Outcome<Self> {
        let mut command = ffmpeg();
        command.arg("-re").arg("-i").arg(file).args(SENDING.split_whitespace()).args(["-var_stream_map", RENDITIONS]);
        command.arg("-hls_segment_filename").arg(format!("{ingest}%v/%06d.m4s")).arg(format!("{ingest}%v/index.m3u8"));
        Ok(Self(command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn()?))
    }
}

impl Drop for Encoder {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn ffmpeg() -> Command {
    let mut command = Command::new("ffmpeg");
    command.args(["-nostdin", "-hide_banner", "-loglevel", "error", "-y"]);
    command
}
