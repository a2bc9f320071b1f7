//! A child process that does not outlive this one, even if this one is killed.
//!
//! The system kills a process with its parent if the process itself asks for that (`PR_SET_PDEATHSIG`). Other programs do not ask.
//! So this program is run once more, asks, and becomes the other program.

use std::ffi::OsString;
use std::path::Path;
use std::process::{Command, ExitCode};

/// The first argument of a process that is to be tied to its parent; the others are the parent, a program and its arguments.
const TIED: &str = "tied-to";

/// What a shell answers for a program that cannot be run.
#[cfg(target_os = "linux")]
const NOT_RUN: u8 = 127;

/// A command that ends with the *thread* that spawns it, and so with its process. Elsewhere than on Linux an ordinary one.
pub fn command(program: &Path) -> Command {
    if !cfg!(target_os = "linux") {
        return Command::new(program);
    }
    // This very program, even if its file was replaced meanwhile.
    let mut command = Command::new("/proc/self/exe");
    command.arg(TIED).arg(std::process::id().to_string()).arg(program);
    command
}

/// Becomes another program if the arguments ask for that; an exit code if that fails, nothing if they do not.
pub fn become_asked(mut arguments: impl Iterator<Item = OsString>) -> Option<ExitCode> {
    if arguments.nth(1)? != TIED {
        return None;
    }
    become_tied(arguments)
}

#[cfg(target_os = "linux")]
fn become_tied(mut arguments: impl Iterator<Item = OsString>) -> Option<ExitCode> {
    use std::os::unix::process::CommandExt;
    let parent = arguments.next()?.to_str()?.parse::<i32>().ok()?;
    let program = arguments.next()?;
    let tied = rustix::process::set_parent_process_death_signal(Some(rustix::process::Signal::KILL));
    // A parent that ended before we asked sends no signal any more.
    let is_there = rustix::process::getppid().is_some_and(|now| now.as_raw_nonzero().get() == parent);
    if tied.is_ok() && is_there {
        let error = Command::new(&program).args(arguments).exec();
        eprintln!("[fatal] {} cannot be run: {error}", program.display());
    }
    Some(ExitCode::from(NOT_RUN))
}

#[cfg(not(target_os = "linux"))]
fn become_tied(_: impl Iterator<Item = OsString>) -> Option<ExitCode> {
    None
}
