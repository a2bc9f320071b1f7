//! Completions and man pages, made of the same definition that parses.

use std::path::{Path, PathBuf};

use clap::{Args, CommandFactory};
use clap_complete::Shell;

use super::Cli;
use crate::failure::Failure;
use crate::terminal::Screen;

/// Holds the arguments of `completions`.
#[derive(Clone, Debug, Args)]
#[command(after_help = "\
Examples:
  longear completions bash > ~/.local/share/bash-completion/completions/longear
  longear completions zsh > ~/.zfunc/_longear
  longear completions fish > ~/.config/fish/completions/longear.fish")]
pub struct CompletionsArguments {
    /// Complete for this shell
    pub shell: Shell,
}

/// Holds the arguments of `man`.
#[derive(Clone, Debug, Args)]
#[command(after_help = "\
Examples:
  longear man | man -l -
  longear man --out ~/.local/share/man/man1")]
pub struct ManArguments {
    /// Write a page for each command to DIR
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
}

/// Prints the completions for a shell on stdout.
///
/// # Errors
/// Refused if stdout cannot be written.
pub fn completions(arguments: &CompletionsArguments, screen: &Screen) -> Result<(), Failure> {
    let mut script = Vec::new();
    clap_complete::generate(arguments.shell, &mut Cli::command(), "longear", &mut script);
    screen.print_bytes(&script)
}

/// Prints the manual page of `longear`, or writes `longear.1` and one page for each command to a folder.
///
/// # Errors
/// Refused if stdout or the folder cannot be written.
pub fn man(arguments: &ManArguments, screen: &Screen) -> Result<(), Failure> {
    let mut command = Cli::command();
    command.build();
    let Some(folder) = &arguments.out else {
        return screen.print_bytes(&page(&command)?);
    };
    std::fs::create_dir_all(folder).map_err(|error| unwritable(folder, &error))?;
    write_pages(&command, folder)
}

fn write_pages(command: &clap::Command, folder: &Path) -> Result<(), Failure> {
    let name = command.get_display_name().unwrap_or(command.get_name());
    let path = folder.join(format!("{name}.1"));
    std::fs::write(&path, page(command)?).map_err(|error| unwritable(&path, &error))?;
    for below in command.get_subcommands() {
        write_pages(below, folder)?;
    }
    Ok(())
}

fn page(command: &clap::Command) -> Result<Vec<u8>, Failure> {
    let mut page = Vec::new();
    clap_mangen::Man::new(command.clone())
        .render(&mut page)
        .map_err(|error| Failure::bug(format!("The manual page could not be made: {error}")))?;
    Ok(page)
}

fn unwritable(path: &Path, error: &std::io::Error) -> Failure {
    Failure::refused(format!("Could not write {}: {error}", path.display()))
        .hint("Choose another folder with --out, or make room")
}
