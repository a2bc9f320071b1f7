//! The longear command: newsroom, box and courier in one binary.

use std::process::ExitCode;

use longear::arguments::Cli;
use longear::live::tied;
use longear::terminal::{Screen, log};
use longear::{commands, failure};

fn main() -> ExitCode {
    if let Some(ended) = tied::become_asked(std::env::args_os()) {
        return ended;
    }
    let cli = match Cli::read(std::env::args_os()) {
        Ok(cli) => cli,
        Err(error) => return failure::report_usage(&error, std::env::args_os()),
    };
    failure::install_panic_hook(cli.json);
    log::start(cli.verbose);
    let screen = Screen::detect(cli.color, cli.json, cli.quiet);
    match commands::run(&cli, &screen) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.report(&screen),
    }
}
