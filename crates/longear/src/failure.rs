//! How a command ends when it does not simply succeed: one type, one table of exit codes, one way to say it.

use std::ffi::OsString;
use std::io::Write;
use std::process::ExitCode;

use serde_json::json;

use crate::terminal::{Look, Screen, Tint, printable_block, wrap};

/// Names every way in which a command can end without being done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum FailureKind {
    /// Nobody reads our output any more (`longear list | head`): not a failure, and nothing is said.
    ReaderGone,
    /// Refused, or asked for something that cannot be done; the user can change that.
    Refused,
    /// The command line itself is wrong.
    Usage,
    /// Something did not verify, and nothing new was kept.
    Verification,
    /// Something good was kept, and something is missing or was refused; run it again to go on.
    Partial,
    /// Our mistake.
    Bug,
}

impl FailureKind {
    /// Maps each kind to its exit code, its name in JSON and its words: the only such table.
    const fn row(self) -> (u8, &'static str, &'static str) {
        match self {
            Self::ReaderGone => (0, "reader_gone", "done"),
            Self::Refused => (1, "refused", "refused"),
            Self::Usage => (2, "usage", "wrong usage"),
            Self::Verification => (3, "verification", "verification failed"),
            Self::Partial => (4, "partial", "partial progress saved"),
            Self::Bug => (70, "bug", "a mistake in longear"),
        }
    }

    /// Returns the process exit code.
    pub const fn exit_code(self) -> u8 {
        self.row().0
    }

    /// Returns the stable name used in JSON.
    pub const fn name(self) -> &'static str {
        self.row().1
    }

    /// Returns the words that stand beside the exit code.
    pub const fn words(self) -> &'static str {
        self.row().2
    }
}

/// Says what is so (`message`), and what to do about it (`hint`).
///
/// Both are whole sentences without a name of a reader in them; text from the network may be part of them, because
/// [`Failure::report`] neutralises it.
///
/// ```
/// use longear::failure::{Failure, FailureKind};
/// let failure = Failure::verification("Its key is not in charter 3. Nothing was stored.")
///     .hint("Try another carrier, or compare the 30 digits: longear channel show");
/// assert_eq!(failure.kind, FailureKind::Verification);
/// assert_eq!(failure.kind.exit_code(), 3);
/// ```
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Failure {
    /// What kind of end this is.
    pub kind: FailureKind,
    /// What happened and what it means; may hold several lines.
    pub message: String,
    /// What to do next.
    pub hint: Option<String>,
}

impl Failure {
    /// Makes a failure of a kind.
    pub fn new(kind: FailureKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), hint: None }
    }

    /// Makes a refusal: exit 1.
    pub fn refused(message: impl Into<String>) -> Self {
        Self::new(FailureKind::Refused, message)
    }

    /// Makes a usage error that only a command, not the parser, could find: exit 2.
    pub fn usage(message: impl Into<String>) -> Self {
        Self::new(FailureKind::Usage, message)
    }

    /// Makes a failed verification of which nothing was kept: exit 3.
    pub fn verification(message: impl Into<String>) -> Self {
        Self::new(FailureKind::Verification, message)
    }

    /// Makes a partial success: exit 4.
    pub fn partial(message: impl Into<String>) -> Self {
        Self::new(FailureKind::Partial, message)
    }

    /// Makes a bug report: exit 70.
    pub fn bug(message: impl Into<String>) -> Self {
        Self::new(FailureKind::Bug, message)
    }

    /// Adds what to do next.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Makes a failure of an error from writing to stdout: a reader that has gone is success.
    pub fn from_stdout(error: &std::io::Error) -> Self {
        if error.kind() == std::io::ErrorKind::BrokenPipe {
            return Self::new(FailureKind::ReaderGone, "");
        }
        Self::refused(format!("Could not write the answer: {error}"))
            .hint("Look whether the disk is full or the output was closed")
    }

    /// Prints the failure on stderr, in words or, with `--json`, as one object, and returns the exit code.
    pub fn report(&self, screen: &Screen) -> ExitCode {
        if self.kind != FailureKind::ReaderGone {
            let text = if screen.json() { self.to_json() } else { self.drawn(screen.notes_look()) };
            write_stderr(&text);
        }
        ExitCode::from(self.kind.exit_code())
    }

    /// Draws the message, the hint and the exit code, indented by two as everything the command says.
    pub fn drawn(&self, look: Look) -> String {
        let mut lines = Vec::new();
        for text in [Some(&self.message), self.hint.as_ref()].into_iter().flatten() {
            for line in wrap(&printable_block(text), look.width.saturating_sub(4)) {
                lines.push(format!("  {}", emphasised(look, &line)));
            }
        }
        let exit = format!("exit {}: {}", self.kind.exit_code(), self.kind.words());
        lines.push(format!("  {exit}\n"));
        lines.join("\n")
    }

    fn to_json(&self) -> String {
        let error = json!({"error": {
            "kind": self.kind.name(),
            "message": self.message,
            "hint": self.hint,
            "exit": self.kind.exit_code(),
        }});
        format!("{error}\n")
    }
}

/// Colours the words that name a forgery; they are the only ones that deserve it.
fn emphasised(look: Look, line: &str) -> String {
    const WORDS: [&str; 2] = ["not from this publisher", "refused"];
    let mut line = line.to_owned();
    for words in WORDS {
        line = line.replace(words, &look.tinted(Tint::Madder, words));
    }
    line
}

/// Prints what the parser said about the command line (help and version included) and returns its exit code: 0 for
/// help and version, 2 for a wrong usage. With `--json` among the arguments a wrong usage is reported as an object.
pub fn report_usage(error: &clap::Error, arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    if error.use_stderr() && arguments.into_iter().any(|argument| argument == "--json") {
        let rendered = error.render().to_string();
        let mut paragraphs = rendered.splitn(2, "\n\n");
        let message = paragraphs.next().unwrap_or_default();
        let failure = Failure::usage(message.trim_start_matches("error: ").trim());
        let hint = paragraphs.next().map_or("", str::trim);
        write_stderr(&failure.hint(hint).to_json());
    } else {
        // Whoever closed the pipe has read enough.
        let _ = error.print();
    }
    ExitCode::from(if error.use_stderr() { FailureKind::Usage.exit_code() } else { 0 })
}

/// Makes every panic, in any thread, print one calm sentence and end the process with exit code 70.
///
/// The payload is not printed: it could hold a name or a key. A `println!` into a closed pipe ends quietly with 0.
pub fn install_panic_hook(json: bool) {
    std::panic::set_hook(Box::new(move |panic| {
        if panic_is_broken_pipe(panic.payload()) {
            std::process::exit(0);
        }
        let place =
            panic.location().map(|location| place_in_source(location.file(), location.line())).unwrap_or_default();
        let failure = panic_failure(&place);
        write_stderr(&if json { failure.to_json() } else { failure.drawn(Look::plain(80)) });
        std::process::exit(i32::from(FailureKind::Bug.exit_code()));
    }));
}

fn panic_failure(place: &str) -> Failure {
    Failure::bug(format!("Longear met a mistake of its own{place} and stopped. What it had acknowledged is on disk."))
        .hint("Try `longear check`, then the command again; please report the place named here")
}

fn panic_is_broken_pipe(payload: &(dyn std::any::Any + Send)) -> bool {
    let text = payload
        .downcast_ref::<String>()
        .map(String::as_str)
        .or_else(|| payload.downcast_ref::<&str>().copied())
        .unwrap_or_default();
    text.starts_with("failed printing to stdout") && text.contains("os error 32")
}

/// Names file and line without the folders of the machine it was built on.
fn place_in_source(file: &str, line: u32) -> String {
    let file = file.replace('\\', "/");
    let short = match file.rfind("/src/") {
        Some(at) => {
            let parent = file[..at].rfind('/').map_or(0, |slash| slash + 1);
            &file[parent..]
        }
        None => file.as_str(),
    };
    format!(" ({short}:{line})")
}

fn write_stderr(text: &str) {
    // There is nowhere left to say that stderr itself is gone.
    let _ = std::io::stderr().lock().write_all(text.as_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exit_codes_are_the_documented_ones() {
        let kinds = [
            (FailureKind::ReaderGone, 0),
            (FailureKind::Refused, 1),
            (FailureKind::Usage, 2),
            (FailureKind::Verification, 3),
            (FailureKind::Partial, 4),
            (FailureKind::Bug, 70),
        ];
        for (kind, code) in kinds {
            assert_eq!(kind.exit_code(), code, "{kind:?}");
        }
    }

    #[test]
    fn a_failure_is_drawn_as_message_hint_and_exit() {
        let failure = Failure::partial("41 posts, 3 still missing. Nothing was lost.").hint("Run it again to go on.");
        assert_eq!(
            failure.drawn(Look::plain(80)),
            "  41 posts, 3 still missing. Nothing was lost.\n  Run it again to go on.\n  exit 4: partial progress saved\n"
        );
    }

    #[test]
    fn a_message_with_escapes_cannot_move_the_cursor() {
        let drawn = Failure::refused("title \u{1b}[2J\u{202e}gnp.exe").drawn(Look::plain(80));
        assert!(!drawn.contains('\u{1b}') && !drawn.contains('\u{202e}'), "{drawn:?}");
    }

    #[test]
    fn json_holds_all_four_fields() {
        let text = Failure::verification("no").to_json();
        let value: serde_json::Value = serde_json::from_str(&text).expect("one JSON object");
        assert_eq!(value["error"]["kind"], "verification");
        assert_eq!(value["error"]["message"], "no");
        assert_eq!(value["error"]["hint"], serde_json::Value::Null);
        assert_eq!(value["error"]["exit"], 3);
    }

    #[test]
    fn a_closed_pipe_is_success_and_a_full_disk_is_not() {
        let gone = std::io::Error::from(std::io::ErrorKind::BrokenPipe);
        assert_eq!(Failure::from_stdout(&gone).kind.exit_code(), 0);
        let full = std::io::Error::from(std::io::ErrorKind::StorageFull);
        assert_eq!(Failure::from_stdout(&full).kind.exit_code(), 1);
    }

    #[test]
    fn a_panic_names_no_folder_of_the_build_machine() {
        assert_eq!(place_in_source("/users/somebody/longear-core/src/pack.rs", 7), " (longear-core/src/pack.rs:7)");
        assert_eq!(place_in_source("build.rs", 1), " (build.rs:1)");
    }

    #[test]
    fn a_panic_is_one_calm_sentence_without_its_payload() {
        const ASKED: &str = "LONGEAR_TEST_PANIC";
        if std::env::var_os(ASKED).is_some() {
            install_panic_hook(false);
            panic!("a planted secret");
        }
        let output = std::process::Command::new(std::env::current_exe().expect("this test"))
            .args(["--exact", "--nocapture", "failure::tests::a_panic_is_one_calm_sentence_without_its_payload"])
            .env(ASKED, "1")
            .output()
            .expect("this test runs");
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(70), "{said}");
        assert!(said.contains("a mistake of its own (") && said.contains("failure.rs:"), "{said}");
        assert!(!said.contains("secret"), "{said}");
    }
}
