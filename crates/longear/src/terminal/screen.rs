//! Finding out what the terminal can show, and printing.

use std::io::{IsTerminal, Write};

use serde::Serialize;

use super::Look;
use super::progress::Progress;
use crate::arguments::ColorChoice;
use crate::failure::Failure;

const WIDTH_DEFAULT: usize = 80;
/// Narrower than this nothing can be laid out.
const WIDTH_MIN: usize = 24;
/// Wider than this nothing is gained.
const WIDTH_MAX: usize = 400;

/// Prints results on stdout and everything else on stderr, each in the look that fits it.
#[derive(Clone, Debug)]
pub struct Screen {
    results: Look,
    notes: Look,
    notes_terminal: bool,
    json: bool,
    quiet: bool,
}

impl Screen {
    /// Looks at the environment (`TERM`, `NO_COLOR`, `COLUMNS`, `LC_ALL`, `LC_CTYPE`, `LANG`, `COLORFGBG`) and at
    /// whether stdout and stderr are terminals.
    pub fn detect(color: ColorChoice, json: bool, quiet: bool) -> Self {
        let variable = |name: &str| std::env::var(name).ok();
        let (stdout, stderr) = (std::io::stdout(), std::io::stderr());
        let results_width = system_width(Stream::Results);
        let notes_width = system_width(Stream::Notes);
        Self {
            results: look_of(color, stdout.is_terminal(), results_width, variable),
            notes: look_of(color, stderr.is_terminal(), notes_width, variable),
            notes_terminal: stderr.is_terminal() && variable("TERM").as_deref() != Some("dumb"),
            json,
            quiet,
        }
    }

    /// Returns the look of stdout.
    pub const fn look(&self) -> Look {
        self.results
    }

    /// Returns the look of stderr.
    pub const fn notes_look(&self) -> Look {
        self.notes
    }

    /// Tells whether results are to be JSON.
    pub const fn json(&self) -> bool {
        self.json
    }

    /// Prints a result on stdout, as it is.
    ///
    /// # Errors
    /// [`Failure::from_stdout`]: exit 0 if the reader has gone.
    pub fn print(&self, text: &str) -> Result<(), Failure> {
        self.print_bytes(text.as_bytes())
    }

    /// Prints bytes on stdout.
    ///
    /// # Errors
    /// As [`Screen::print`].
    pub fn print_bytes(&self, bytes: &[u8]) -> Result<(), Failure> {
        let mut stdout = std::io::stdout().lock();
        stdout.write_all(bytes).and_then(|()| stdout.flush()).map_err(|error| Failure::from_stdout(&error))
    }

    /// Prints one JSON value as one line on stdout.
    ///
    /// # Errors
    /// As [`Screen::print`]; a bug if the value cannot be JSON.
    pub fn print_json(&self, value: &impl Serialize) -> Result<(), Failure> {
        let mut line = serde_json::to_string(value)
            .map_err(|error| Failure::bug(format!("A result could not be written as JSON: {error}")))?;
        line.push('\n');
        self.print(&line)
    }

    /// Prints something to know on stderr; nothing with `--quiet` or `--json`. Text from the network must have
    /// passed [`super::printable`].
    pub fn note(&self, text: &str) {
        if !self.quiet && !self.json {
            // A closed stderr is no reason to stop working.
            let _ = writeln!(std::io::stderr().lock(), "{text}");
        }
    }

    /// Starts to show transfers on stderr: rows on a terminal, an occasional line otherwise, nothing with `--quiet`
    /// or `--json`.
    pub fn progress(&self) -> Progress {
        match (self.quiet || self.json, self.notes_terminal) {
            (true, _) => Progress::silent(),
            (false, true) => Progress::rows(self.notes),
            (false, false) => Progress::lines(self.notes),
        }
    }
}

enum Stream {
    Results,
    Notes,
}

fn system_width(stream: Stream) -> Option<usize> {
    let size = match stream {
        Stream::Results => terminal_size::terminal_size_of(std::io::stdout()),
        Stream::Notes => terminal_size::terminal_size_of(std::io::stderr()),
    };
    size.map(|(width, _)| usize::from(width.0))
}

/// Returns the width of stderr now, which may have changed since the start.
pub(super) fn notes_width_now() -> Option<usize> {
    let width = system_width(Stream::Notes)?;
    Some(width.clamp(WIDTH_MIN, WIDTH_MAX))
}

fn look_of(
    color: ColorChoice,
    is_terminal: bool,
    system_width: Option<usize>,
    variable: impl Fn(&str) -> Option<String>,
) -> Look {
    let terminal = variable("TERM").unwrap_or_default();
    let set = |name: &str| variable(name).filter(|value| !value.is_empty());
    let colour = match color {
        ColorChoice::Always => true,
        ColorChoice::Never => false,
        ColorChoice::Auto => is_terminal && terminal != "dumb" && set("NO_COLOR").is_none(),
    };
    let width = set("COLUMNS").and_then(|columns| columns.parse().ok()).or(system_width).unwrap_or(WIDTH_DEFAULT);
    let locale = ["LC_ALL", "LC_CTYPE", "LANG"].into_iter().find_map(set).unwrap_or_default();
    let locale = locale.to_ascii_lowercase();
    // The text consoles of the kernel know no rounded corners, whatever the locale says.
    let is_console = matches!(terminal.as_str(), "linux" | "dumb" | "vt100" | "vt220");
    let unicode = !is_console && (cfg!(windows) || locale.contains("utf-8") || locale.contains("utf8"));
    let background = set("COLORFGBG").and_then(|pair| pair.rsplit(';').next().map(str::to_owned));
    Look {
        width: width.clamp(WIDTH_MIN, WIDTH_MAX),
        colour,
        unicode,
        light: matches!(background.as_deref(), Some("7" | "15")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn look(color: ColorChoice, is_terminal: bool, variables: &[(&str, &str)]) -> Look {
        look_of(color, is_terminal, Some(100), |name| {
            variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned())
        })
    }

    #[test]
    fn the_environment_decides_the_look() {
        let xterm = [("TERM", "xterm-256color"), ("LANG", "kk_KZ.UTF-8")];
        let drawn = look(ColorChoice::Auto, true, &xterm);
        assert_eq!((drawn.width, drawn.colour, drawn.unicode, drawn.light), (100, true, true, false));
        assert!(!look(ColorChoice::Auto, false, &xterm).colour);
        assert!(look(ColorChoice::Always, false, &xterm).colour);
        assert!(!look(ColorChoice::Never, true, &xterm).colour);
        assert!(!look(ColorChoice::Auto, true, &[xterm[0], ("NO_COLOR", "1")]).colour);
        assert!(look(ColorChoice::Auto, true, &[xterm[0], ("NO_COLOR", "")]).colour);
        assert!(!look(ColorChoice::Auto, true, &[("TERM", "dumb")]).colour);
        assert!(!look(ColorChoice::Auto, true, &[xterm[1], ("TERM", "linux")]).unicode);
        assert!(!look(ColorChoice::Auto, true, &[xterm[1], ("LC_ALL", "C")]).unicode || cfg!(windows));
        assert_eq!(look(ColorChoice::Auto, true, &[("COLUMNS", "50")]).width, 50);
        assert_eq!(look(ColorChoice::Auto, true, &[("COLUMNS", "0")]).width, WIDTH_MIN);
        assert_eq!(look(ColorChoice::Auto, true, &[("COLUMNS", "wide")]).width, 100);
        assert!(look(ColorChoice::Auto, true, &[("COLORFGBG", "0;default;15")]).light);
        assert!(!look(ColorChoice::Auto, true, &[("COLORFGBG", "15;0")]).light);
    }
}
