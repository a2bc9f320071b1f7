//! One step of a task: runs a program, says how long it took, and what to do when it fails.

use std::fmt;
use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

/// What every task returns.
pub type Outcome<T = ()> = Result<T, Failure>;

/// Says why a task stopped.
#[derive(Debug)]
pub enum Failure {
    /// The words on the command line make no sense.
    Usage(String),
    /// Something that was tried did not work; `hint` says what to do next.
    Step { what: String, hint: String },
}

impl Failure {
    pub fn usage(what: impl Into<String>) -> Self {
        Self::Usage(what.into())
    }

    pub fn step(what: impl Into<String>, hint: impl Into<String>) -> Self {
        Self::Step { what: what.into(), hint: hint.into() }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Usage(what) => write!(out, "error: {what}\n  hint: `cargo xtask help` lists the tasks"),
            Self::Step { what, hint } if hint.is_empty() => write!(out, "failed: {what}"),
            Self::Step { what, hint } => write!(out, "failed: {what}\n  hint: {hint}"),
        }
    }
}

/// Runs `command` with its output on this terminal, then prints one line with the name and the seconds.
pub fn run_loud(name: &str, command: &mut Command) -> Outcome {
    let start = Instant::now();
    let status = command.status().map_err(|error| cannot_start(name, command, &error))?;
    finish(name, start.elapsed(), status.success())
}

/// Runs `command` silently; its output is shown only when it fails.
pub fn run_quiet(name: &str, command: &mut Command) -> Outcome {
    let start = Instant::now();
    let output = command.stdin(Stdio::null()).output().map_err(|error| cannot_start(name, command, &error))?;
    if !output.status.success() {
        eprint!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    }
    finish(name, start.elapsed(), output.status.success())
}

/// Runs `command`, passes its output on while it comes, and hands every line of it to `on_line`, colours removed.
///
/// Returns whether it succeeded: a failed test is a result here, no reason to stop.
pub fn run_watched(name: &str, command: &mut Command, on_line: &mut dyn FnMut(&str)) -> Outcome<bool> {
    let start = Instant::now();
    let mut child = command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|error| cannot_start(name, command, &error))?;
    let stdout = child.stdout.take().expect("standard output was asked for as a pipe");
    let stderr = child.stderr.take().expect("standard error was asked for as a pipe");
    let (sender, lines) = std::sync::mpsc::channel();
    let out_sender = sender.clone();
    let out_thread = thread::spawn(move || pass_on(stdout, std::io::stdout(), &out_sender));
    let err_thread = thread::spawn(move || pass_on(stderr, std::io::stderr(), &sender));
    for line in lines {
        on_line(&without_colours(&line));
    }
    let read_all = out_thread.join().is_ok() && err_thread.join().is_ok();
    let status = child.wait().map_err(|error| cannot_start(name, command, &error))?;
    let good = status.success() && read_all;
    report(name, start.elapsed(), good);
    Ok(good)
}

/// Prints the closing line of a step.
pub fn report(name: &str, elapsed: Duration, good: bool) {
    let verdict = if good { "" } else { "  FAILED" };
    eprintln!("{:>7.1} s  {name}{verdict}", elapsed.as_secs_f64());
}

fn finish(name: &str, elapsed: Duration, good: bool) -> Outcome {
    report(name, elapsed, good);
    if good { Ok(()) } else { Err(Failure::step(name, "its own messages stand above")) }
}

fn cannot_start(name: &str, command: &Command, error: &std::io::Error) -> Failure {
    Failure::step(format!("{name}: cannot run {}: {error}", command.get_program().to_string_lossy()), "")
}

fn pass_on(from: impl Read, mut to: impl Write, lines: &std::sync::mpsc::Sender<String>) {
    let mut reader = BufReader::new(from);
    let mut bytes = Vec::new();
    while reader.read_until(b'\n', &mut bytes).is_ok_and(|count| count > 0) {
        // A closed terminal must not stop the tests or hide their result, so what cannot be shown is only counted.
        let _ = to.write_all(&bytes).and_then(|()| to.flush());
        let _ = lines.send(String::from_utf8_lossy(&bytes).trim_end().to_owned());
        bytes.clear();
    }
}

/// Removes the escape sequences `ESC [ … letter` by which programs colour their text.
fn without_colours(line: &str) -> String {
    let mut plain = String::with_capacity(line.len());
    let mut characters = line.chars();
    while let Some(character) = characters.next() {
        if character == '\u{1b}' {
            characters.by_ref().find(char::is_ascii_alphabetic);
        } else {
            plain.push(character);
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_are_removed_and_text_stays() {
        assert_eq!(
            without_colours("\u{1b}[32;1m     Summary\u{1b}[0m [  0.1s] 3 passed"),
            "     Summary [  0.1s] 3 passed"
        );
    }

    #[test]
    fn every_line_of_both_outputs_is_seen_and_the_exit_code_is_told() {
        let mut seen = Vec::new();
        let mut command = Command::new("sh");
        command.args(["-c", "echo one; echo two >&2; printf three; exit 3"]);
        let good = run_watched("sample", &mut command, &mut |line| seen.push(line.to_owned())).expect("sh runs");
        seen.sort();
        assert_eq!(seen, ["one", "three", "two"]);
        assert!(!good);
    }
}
