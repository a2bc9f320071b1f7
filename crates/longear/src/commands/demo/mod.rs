//! `longear demo`: the whole story on this machine, with real processes, a real video and a folder as the stick.

mod broadcast;
mod encoder;
mod holding;
mod stage;
mod story;

use super::Context;
use crate::arguments::node::DemoArguments;
use crate::failure::Failure;
use stage::Stage;

/// Plays the story, then leaves the reader's page open until Ctrl-C (not with `--exit`).
pub fn demo(context: &Context<'_>, arguments: &DemoArguments) -> Result<(), Failure> {
    let mut stage = Stage::new(context)?;
    context.screen.print("\n  A newsroom, two towns and a courier, on this machine. About a minute.\n\n")?;
    let address = story::play(&mut stage)?;
    broadcast::play(&mut stage, &address)?;
    let listen = if arguments.exit { "127.0.0.1:0".to_owned() } else { arguments.listen.to_string() };
    let page = stage.serve("town two", &listen)?;
    context.screen.print(&format!("  See it in a browser: {page}\n\n"))?;
    if arguments.exit {
        return Ok(());
    }
    context.screen.note("Ctrl-C ends it; everything it made is deleted then.");
    stage.wait_for_interrupt()
}
