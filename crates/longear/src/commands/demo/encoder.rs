//! The encoder of the broadcast: ffmpeg with a test picture and a tone.

use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use super::stage::{Stage, end};
use crate::failure::Failure;
use crate::home::file_failure;
use crate::live::ladder::{Holds, ladder};

/// When it ends by itself, whatever becomes of us.
const SECONDS_MAX: u32 = 300;

/// What it says where something goes wrong.
const LOG: &str = "encoder.log";

/// Whether the ffmpeg that is here can make the renditions of a broadcast. That it makes H.264 the video has shown.
pub(super) fn can_broadcast() -> bool {
    let mut command = Command::new("ffmpeg");
    command.args(["-hide_banner", "-loglevel", "quiet", "-encoders"]).stdin(Stdio::null());
    let said = command.output().map(|output| output.stdout).unwrap_or_default();
    String::from_utf8_lossy(&said).split_whitespace().any(|word| word == "libopus")
}

/// An encoder that sends as fast as it plays. It is ended when it is dropped.
pub(super) struct Encoder(Child);

impl Encoder {
    /// Sends to the address that `live start` told: the line that it prints, with segments of one second, not two, so that the
    /// story is short.
    pub fn start(stage: &Stage<'_>, ingest: &str) -> Result<Self, Failure> {
        let log = File::create(stage.path(LOG)).map_err(|error| file_failure("write", &stage.path(LOG), &error))?;
        let (picture, tone) = (format!("testsrc2=size=640x360:rate=25:duration={SECONDS_MAX}"), "sine=frequency=330");
        let mut command = Command::new("ffmpeg");
        command.args(["-loglevel", "error", "-re", "-f", "lavfi", "-i", &format!("{picture}[out0];{tone}[out1]")]);
        command.args(in_short_segments(ladder(Holds::Both, false, ingest)));
        let child = command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(log).spawn();
        child.map(Encoder).map_err(|error| Failure::refused(format!("Cannot start ffmpeg: {error}")))
    }

    /// Refuses to go on where it has ended by itself.
    pub fn must_run(&mut self, stage: &Stage<'_>) -> Result<(), Failure> {
        match self.0.try_wait() {
            Ok(None) => Ok(()),
            _ => Err(complaint(stage)),
        }
    }

    /// Asks it to send what it has, and to end.
    pub fn end(&mut self, stage: &Stage<'_>) -> Result<(), Failure> {
        // What its keyboard would do.
        if let Some(mut keys) = self.0.stdin.take() {
            let _ = keys.write_all(b"q");
            let _ = self.0.wait();
        }
        match self.0.try_wait() {
            Ok(Some(status)) if status.success() => Ok(()),
            _ => Err(complaint(stage)),
        }
    }
}

impl Drop for Encoder {
    fn drop(&mut self) {
        end(&mut self.0);
    }
}

fn complaint(stage: &Stage<'_>) -> Failure {
    let said = std::fs::read_to_string(stage.path(LOG)).unwrap_or_default();
    Failure::bug(format!("ffmpeg gave the broadcast up\n{said}"))
}

fn in_short_segments(arguments: Vec<String>) -> Vec<String> {
    let mut short: Vec<String> = Vec::new();
    for argument in arguments {
        let is_length = short.last().is_some_and(|before| before == "-hls_time");
        short.push(if is_length { "1".to_owned() } else { argument.replace("n_forced*2", "n_forced*1") });
    }
    short
}

/// How long a file plays, in milliseconds, by the word of ffprobe; nothing where there is none.
pub(super) fn length_ms(file: &Path) -> Option<u64> {
    let mut command = Command::new("ffprobe");
    command.args(["-v", "error", "-show_entries", "format=duration", "-of", "csv=p=0"]).arg(file);
    let output = command.stdin(Stdio::null()).output().ok()?;
    let seconds = String::from_utf8_lossy(&output.stdout).trim().parse::<f64>().unwrap_or(0.0);
    Some((seconds * 1_000.0) as u64)
}
