//! Whether ffmpeg is here, and what it can do.

use std::path::PathBuf;
use std::process::{Command, Stdio};

use super::receiver::Protocol;
use crate::failure::Failure;

/// What is run.
const NAME: &str = "ffmpeg";

/// Where ffmpeg is.
///
/// # Errors
/// What to do where it is not.
pub fn program() -> Result<PathBuf, Failure> {
    let folders = std::env::var_os("PATH").unwrap_or_default();
    let name = format!("{NAME}{}", std::env::consts::EXE_SUFFIX);
    let mut programs = std::env::split_paths(&folders).map(|folder| folder.join(&name));
    programs.find(|program| program.is_file()).ok_or_else(|| {
        Failure::refused("RTMP and SRT come through ffmpeg, and there is none on this machine")
            .hint("Install it (Debian: apt-get install ffmpeg), or encode elsewhere: longear live start without --rtmp and --srt")
    })
}

/// Refuses what the ffmpeg that is here cannot take.
///
/// # Errors
/// There is none, or it was built without the protocol.
pub fn check(protocol: Protocol) -> Result<(), Failure> {
    let program = program()?;
    let mut command = Command::new(&program);
    command.args(["-hide_banner", "-loglevel", "quiet", "-protocols"]).stdin(Stdio::null());
    let said = command.output().map_err(|error| Failure::refused(format!("ffmpeg cannot be run: {error}")))?;
    if knows(&String::from_utf8_lossy(&said.stdout), protocol) {
        return Ok(());
    }
    Err(Failure::refused(format!("The ffmpeg on this machine was built without {}", protocol.name()))
        .hint("Install another one (that of Debian knows both), or let senders use the other protocol"))
}

/// Whether a protocol is in what ffmpeg lists.
fn knows(list: &str, protocol: Protocol) -> bool {
    list.split_whitespace().any(|word| word.eq_ignore_ascii_case(protocol.name()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_protocol_is_a_whole_word_of_the_list() {
        let list = "Supported file protocols:\nInput:\n  async\n  rtmpe\n  srtp\n  srt\nOutput:\n  tcp\n";
        assert!(knows(list, Protocol::Srt) && !knows(list, Protocol::Rtmp));
    }
}
