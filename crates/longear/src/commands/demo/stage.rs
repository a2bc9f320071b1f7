//! Where the story plays: a folder, one home for each node, and this very program as child processes.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Instant;

use longear_store::Store;
use serde_json::Value;

use super::super::Context;
use crate::failure::Failure;
use crate::home::file_failure;
use crate::terminal::{Beside, Screen, story_row};

/// One play. Its folder is deleted and its processes are ended when it is dropped.
pub struct Stage<'c> {
    screen: &'c Screen,
    program: PathBuf,
    folder: PathBuf,
    started: Instant,
    boxes: BTreeMap<String, Child>,
}

/// How a command of the story ended.
pub struct Outcome {
    /// Its exit code.
    pub code: i32,
    /// What it printed as JSON, one value a line.
    pub values: Vec<Value>,
    /// What it said on stderr.
    pub said: String,
}

impl<'c> Stage<'c> {
    /// An empty stage in the system's folder for temporary files.
    pub fn new(context: &Context<'c>) -> Result<Self, Failure> {
        let program = std::env::current_exe()
            .map_err(|error| Failure::refused(format!("Cannot find this program's own file: {error}")))?;
        let seed = context.random()?;
        let name = format!("longear-demo-{:02x}{:02x}{:02x}{:02x}", seed[0], seed[1], seed[2], seed[3]);
        let folder = std::env::temp_dir().join(name);
        std::fs::create_dir(&folder).map_err(|error| file_failure("make", &folder, &error))?;
        Ok(Stage { screen: context.screen, program, folder, started: Instant::now(), boxes: BTreeMap::new() })
    }

    /// A path on the stage.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// A path on the stage as an argument.
    pub fn word(&self, name: &str) -> String {
        self.path(name).to_string_lossy().into_owned()
    }

    /// Writes a file of the story.
    pub fn write(&self, name: &str, text: &str) -> Result<(), Failure> {
        let path = self.path(name);
        std::fs::write(&path, text).map_err(|error| file_failure("write", &path, &error))
    }

    /// Prints a line of the story.
    pub fn tell(&self, who: &str, what: &str, beside: &Beside) -> Result<(), Failure> {
        let seconds = self.started.elapsed().as_secs();
        let clock = format!("{}:{:02}", seconds / 60, seconds % 60);
        self.screen.print(&format!("{}\n", story_row(self.screen.look(), &clock, who, what, beside)))
    }

    /// Prints plain words.
    pub fn say(&self, text: &str) -> Result<(), Failure> {
        self.screen.print(text)
    }

    /// Runs a command as somebody; whatever its exit code, that is part of the story.
    pub fn run(&self, who: &str, words: &[&str]) -> Result<Outcome, Failure> {
        let output = self.command(who).args(words).stdin(Stdio::null()).output();
        let output = output.map_err(|error| Failure::refused(format!("Cannot start a child process: {error}")))?;
        let lines = String::from_utf8_lossy(&output.stdout).into_owned();
        Ok(Outcome {
            code: output.status.code().unwrap_or(-1),
            values: lines.lines().filter_map(|line| serde_json::from_str(line).ok()).collect(),
            said: String::from_utf8_lossy(&output.stderr).into_owned(),
        })
    }

    /// Runs a command that has to succeed for the story to go on.
    pub fn must(&self, who: &str, words: &[&str]) -> Result<Outcome, Failure> {
        let outcome = self.run(who, words)?;
        if outcome.code == 0 {
            return Ok(outcome);
        }
        let command = words.first().copied().unwrap_or_default();
        Err(Failure::bug(format!("The story stopped: {who}: {command} ended with {}\n{}", outcome.code, outcome.said)))
    }

    /// Starts to serve somebody's home; returns the address of the page.
    pub fn serve(&mut self, who: &str, listen: &str) -> Result<String, Failure> {
        let mut command = self.command(who);
        command.args(["serve", "--listen", listen]);
        self.start(who, listen, command)
    }

    /// The same with carriers to fetch from. What it says of those that are away the story says itself.
    pub fn serve_from(&mut self, who: &str, listen: &str, carriers: &[&str]) -> Result<String, Failure> {
        let mut command = self.command(who);
        command.args(["serve", "--listen", listen]).stderr(Stdio::null());
        command.args(carriers.iter().flat_map(|carrier| ["--sync", carrier]));
        self.start(who, listen, command)
    }

    fn start(&mut self, who: &str, listen: &str, mut command: Command) -> Result<String, Failure> {
        let child = command.stdout(Stdio::piped()).spawn();
        let mut child = child.map_err(|error| Failure::refused(format!("Cannot start a child process: {error}")))?;
        let mut line = String::new();
        if let Some(stdout) = child.stdout.take() {
            let _ = BufReader::new(stdout).read_line(&mut line);
        }
        let page = serde_json::from_str::<Value>(&line).ok();
        let page = page.as_ref().and_then(|value| value["listening"].as_str()).map(str::to_owned);
        self.boxes.insert(who.to_owned(), child);
        page.ok_or_else(|| {
            Failure::refused(format!("The box of {who} did not start at {listen}"))
                .hint("Choose another: longear demo --listen 127.0.0.1:0")
        })
    }

    /// Ends a box: for those near it the internet is cut.
    pub fn cut(&mut self, who: &str) {
        if let Some(mut child) = self.boxes.remove(who) {
            end(&mut child);
        }
    }

    /// Looks into somebody's store.
    pub fn store(&self, who: &str) -> Result<Store, Failure> {
        crate::home::Home::open(self.home(who))?.store()
    }

    /// Waits for Ctrl-C, or for the system to end this process.
    pub fn wait_for_interrupt(&self) -> Result<(), Failure> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(|error| Failure::refused(format!("Cannot wait: {error}")))?;
        let _ = std::io::stdout().flush();
        runtime.block_on(asked_to_end());
        Ok(())
    }

    fn command(&self, who: &str) -> Command {
        let mut command = Command::new(&self.program);
        command.arg("--json").arg("--home").arg(self.home(who)).env_remove("LONGEAR_HOME");
        command
    }

    fn home(&self, who: &str) -> PathBuf {
        self.folder.join(who.replace(' ', "-"))
    }
}

impl Drop for Stage<'_> {
    fn drop(&mut self) {
        self.boxes.values_mut().for_each(end);
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

async fn asked_to_end() {
    #[cfg(unix)]
    if let Ok(mut terminated) = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
        tokio::select! {
            _ = terminated.recv() => {}
            _ = tokio::signal::ctrl_c() => {}
        }
        return;
    }
    let _ = tokio::signal::ctrl_c().await;
}

/// Ends a process at once.
pub fn end(child: &mut Child) {
    let _ = child.kill();
    let _ = child.wait();
}

/// Every regular file below a folder.
pub fn files_below(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() { files.extend(files_below(&path)) } else { files.push(path) }
    }
    files.sort();
    files
}
