//! The program that is measured.

use std::ffi::OsStr;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use serde_json::Value;

use crate::Outcome;
use crate::measure::{Cost, memory_kib_of, run, run_ending};

/// The longear program as it is released.
pub struct Longear {
    path: PathBuf,
}

impl Longear {
    /// Builds it with all optimisations, beside this program.
    pub fn build() -> Outcome<Self> {
        let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let built = Command::new(cargo).args(["build", "--release", "--package", "longear"]).status()?;
        if !built.success() {
            return Err("longear cannot be built".into());
        }
        let path = std::env::current_exe()?.with_file_name("longear");
        if !path.is_file() {
            return Err(format!("run this by `cargo xtask bench`: {} is not there", path.display()).into());
        }
        Ok(Self { path })
    }

    /// Runs a command on a home to its end.
    pub fn run<A: AsRef<OsStr>>(&self, home: &Path, words: &[A]) -> Outcome<Cost> {
        run(self.command(home).args(words)).map(|(cost, _)| cost)
    }

    /// The same for a command that may exit with one of these codes.
    pub fn run_ending<A: AsRef<OsStr>>(&self, home: &Path, words: &[A], codes: &[i32]) -> Outcome<Cost> {
        run_ending(self.command(home).args(words), codes).map(|(cost, _)| cost)
    }

    /// Runs a command on a home to its end, and reads the first JSON object that it prints.
    pub fn ask<A: AsRef<OsStr>>(&self, home: &Path, words: &[A]) -> Outcome<(Cost, Value)> {
        let (cost, printed) = run(self.command(home).arg("--json").args(words))?;
        let line = printed.lines().next().ok_or("longear printed nothing")?;
        Ok((cost, serde_json::from_str(line)?))
    }

    /// Makes a channel in a new home. Returns its address.
    pub fn found(&self, home: &Path) -> Outcome<String> {
        let roots = home.with_extension("roots");
        let words = ["channel".as_ref(), "new".as_ref(), "Newsroom".as_ref(), "--roots".as_ref(), roots.as_os_str()];
        let (_, made) = self.ask(home, &words)?;
        text(&made, "address")
    }

    /// Publishes a file in a home. Returns the cost and the item's ID.
    pub fn publish(&self, home: &Path, file: &Path) -> Outcome<(Cost, String)> {
        let (cost, made) = self.ask(home, &["publish".as_ref(), file.as_os_str()])?;
        Ok((cost, text(&made, "id")?))
    }

    /// Fails unless a home holds this many items and every file whole.
    pub fn expect_whole(&self, home: &Path, items: u64) -> Outcome<()> {
        let (_, status) = self.ask(home, &["status"])?;
        let channel = &status["channels"][0];
        let whole = channel["items"] == items && channel["holes"] == 0 && channel["files_incomplete"] == 0;
        if whole { Ok(()) } else { Err(format!("something did not arrive: {channel}").into()) }
    }

    /// Serves a home on loopback to readers.
    pub fn serve(&self, home: &Path) -> Outcome<Served> {
        self.serve_with(home, &["--read-only"])
    }

    /// Serves a home on loopback to readers, and to the encoders of its broadcasts.
    pub fn serve_encoders(&self, home: &Path) -> Outcome<Served> {
        self.serve_with(home, &[])
    }

    fn serve_with(&self, home: &Path, words: &[&str]) -> Outcome<Served> {
        let mut command = self.command(home);
        command.args(["serve", "--listen", "127.0.0.1:0", "--json"]).args(words);
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn()?;
        let mut line = String::new();
        let read = child.stdout.as_mut().map(|stdout| BufReader::new(stdout).read_line(&mut line));
        let mut served = Served { child, url: String::new() };
        read.ok_or("serve has no output")??;
        let start = line.find("http://").ok_or_else(|| format!("serve said `{line}`"))?;
        let url = &line[start..];
        served.url = url[..url.find(['"', ' ', '\n']).unwrap_or(url.len())].to_owned();
        Ok(served)
    }

    fn command(&self, home: &Path) -> Command {
        let mut command = Command::new(&self.path);
        command.arg("--home").arg(home);
        command
    }
}

/// A running `serve`, ended when it is dropped.
pub struct Served {
    /// The process.
    pub child: Child,
    /// Where it answers.
    pub url: String,
}

impl Served {
    /// Its peak memory until now, in KiB.
    pub fn memory_kib(&self) -> u64 {
        memory_kib_of(self.child.id()).unwrap_or(0)
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A text that longear printed under a name.
pub fn text(object: &Value, key: &str) -> Outcome<String> {
    Ok(object[key].as_str().ok_or_else(|| format!("longear said no {key}: {object}"))?.to_owned())
}
