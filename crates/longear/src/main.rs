//! The longear command: newsroom, box and courier in one binary.

use std::process::ExitCode;

use longear::arguments::{Cli, Command, generate};
use longear::failure::{self, Failure};
use longear::terminal::{Screen, log};

fn main() -> ExitCode {
    let cli = match Cli::read(std::env::args_os()) {
        Ok(cli) => cli,
        Err(error) => return failure::report_usage(&error, std::env::args_os()),
    };
    failure::install_panic_hook(cli.json);
    log::start(cli.verbose);
    let screen = Screen::detect(cli.color, cli.json, cli.quiet);
    match dispatch(&cli, &screen) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.report(&screen),
    }
}

fn dispatch(cli: &Cli, screen: &Screen) -> Result<(), Failure> {
    match &cli.command {
        Command::Completions(arguments) => generate::completions(arguments, screen),
        Command::Man(arguments) => generate::man(arguments, screen),
        _ => Err(Failure::refused("This build knows the command but cannot carry it out")
            .hint("Try `longear completions` or `longear man`")),
    }
}
